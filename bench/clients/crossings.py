"""Prices that touch a level for the length of one frame: how many of them ring, and how long after they were sent."""

import asyncio
import ssl
import tempfile
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from itertools import islice
from statistics import quantiles

import structlog
from sqlalchemy import insert

from bench.clients.alerts import BATCH, alert_row
from bench.clients.engine import make_monitor
from bench.clients.notices import ANY_RATE, WORDS, batched, make_sender
from bench.clients.ours import CLOCK, IDS, make_hub, reached
from bench.exchange import BEGIN, END, PACED_SECONDS, PEAK, PEAK_EVERY, SYMBOLS
from bench.meter import Pauses, peak_memory, report
from bench.playground import TOKEN
from tgbot.alerts.rules.crossing import Armed, Kind, Stance
from tgbot.alerts.store import AlertRow
from tgbot.chat.bot import connected
from tgbot.chat.sending import Messenger
from tgbot.core.market import Tick
from tgbot.db.engine import Database, WriteSession
from tgbot.delivery.outbox import Notice, Outbox, Priority
from tgbot.kucoin.dialer import Dialer
from tgbot.kucoin.http import make_transport
from tgbot.kucoin.readers import Reader, by_aiofastnet, by_asyncio
from tgbot.markets.prices import PriceBoard
from tgbot.schema import migrate
from tgbot.system import spare_collector

FAR = Decimal(1500)  # no price comes near


async def rung(url: str, a_second: int, armed: int, notices: int) -> None:
    """`armed` alerts besides those that ring; in the middle of it so many `notices` are sent."""
    await _rung(url, a_second, armed, notices, by_asyncio())


async def fast_rung(url: str, a_second: int, armed: int, notices: int) -> None:
    """With the extra `fast`."""
    await _rung(url, a_second, armed, notices, by_aiofastnet())


async def _rung(url: str, a_second: int, armed: int, notices: int, reader: Reader) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(30))
    peaks = a_second * PACED_SECONDS // PEAK_EVERY
    context = ssl.create_default_context()
    with tempfile.TemporaryDirectory() as rows:
        database = Database(f"sqlite+aiosqlite:///{rows}/alerts.db")
        await migrate(database)
        await _arm(database, peaks, armed)
        spare_collector()
        pauses = Pauses()
        async with (
            reached(f"{url}/paced/{a_second}", context) as rest,
            connected(TOKEN, url, lambda: make_transport(context), CLOCK) as bot,
            asyncio.TaskGroup() as group,
        ):
            outbox, board, watch = _Stamped(), PriceBoard(CLOCK), _Watch()
            dialer = Dialer(rest, context, CLOCK, IDS, reader)
            sender = make_sender(database, outbox, Messenger(bot), CLOCK, ANY_RATE)
            hub = make_hub(dialer, rest, board)
            monitor = make_monitor(database, outbox, dialer, hub, board)
            board.listen(watch.on_tick)
            hub.hold(BEGIN)
            hub.hold(END)
            running = [group.create_task(monitor.run())]
            while not monitor.is_up_to_date(SYMBOLS[0]):
                await CLOCK.sleep(0.01)
            running.append(group.create_task(hub.run()))
            await watch.began.wait()
            if notices:
                await _owe(database, outbox, notices)
                watch.quiet.clear()
                running.append(group.create_task(sender.run()))
            await watch.ended.wait()
            await outbox.until_rung(peaks)
            for task in running:
                task.cancel()
        await database.close()
    waits = [rung_at - watch.peaks[number] for number, rung_at in outbox.rung.items()]
    ticks = quantiles(watch.quiet, n=100)
    rings = quantiles(waits, n=100)
    report(
        sent=peaks,
        share=len(outbox.rung) / peaks,
        twice=outbox.twice,
        quiet_p50_ms=ticks[49] / 1e6,
        quiet_p99_ms=ticks[98] / 1e6,
        quiet_most_ms=max(watch.quiet) / 1e6,
        rung_p50_ms=rings[49] / 1e6,
        rung_p99_ms=rings[98] / 1e6,
        pause_ms=pauses.most_ms,
        memory_mb=peak_memory(),
    )


class _Stamped(Outbox):
    """Notes when what alert number so and so has to say was committed."""

    def __init__(self) -> None:
        super().__init__(CLOCK)
        self._put: list[int] = []
        self.rung: dict[int, int] = {}
        self.twice = 0

    async def put_all(self, session: WriteSession, notices: Iterable[Notice]) -> None:
        notices = list(notices)
        await super().put_all(session, notices)
        self._put += [int(notice.dedup_key.split(":")[1]) for notice in notices if notice.dedup_key]

    def wake(self) -> None:
        now = time.monotonic_ns()
        for number in self._put:
            self.twice += number in self.rung
            self.rung.setdefault(number, now)
        self._put.clear()
        super().wake()

    async def until_rung(self, count: int) -> None:
        """Or until it is clear that no more of them will ring."""
        for _ in range(200):
            if len(self.rung) >= count:
                return
            await CLOCK.sleep(0.01)


class _Watch:
    """Hears each tick after the alerts have; its sequence says when it was sent. `peaks` are by the alert's number."""

    def __init__(self) -> None:
        self.began, self.ended = asyncio.Event(), asyncio.Event()
        self.quiet: list[int] = []
        self.peaks: dict[int, int] = {}

    def on_tick(self, tick: Tick) -> None:
        if tick.symbol == BEGIN:
            self.quiet.clear()
            self.began.set()
        elif tick.symbol == END:
            self.ended.set()
        elif tick.price >= PEAK:
            number = int(tick.price - PEAK) * len(SYMBOLS) + SYMBOLS.index(tick.symbol)
            self.peaks[number + 1] = tick.sequence
        else:
            self.quiet.append(time.monotonic_ns() - tick.sequence)


async def _arm(database: Database, peaks: int, others: int) -> None:
    alerts = _armed(peaks, others)
    while rows := [alert_row(alert) for alert in islice(alerts, BATCH)]:
        async with database.write() as session:
            await session.execute(insert(AlertRow), rows)


def _armed(peaks: int, others: int) -> Iterator[Armed]:
    """Number n waits for peak n, the others for none."""
    since = datetime.now(UTC)
    for number in range(peaks):
        height, which = divmod(number, len(SYMBOLS))
        level = PEAK + height - Decimal("0.25")
        yield Armed(number + 1, SYMBOLS[which], Kind.ABOVE, level, Stance.UNDER, since)
    for number in range(peaks, peaks + others):
        level = FAR + Decimal(number % 100_000) / 100
        yield Armed(number + 1, SYMBOLS[number % len(SYMBOLS)], Kind.ABOVE, level, Stance.UNDER, since)


async def _owe(database: Database, outbox: Outbox, notices: int) -> None:
    for chats in batched(range(1, notices + 1)):
        async with database.write() as session:
            await outbox.put_all(session, [Notice(chat, WORDS, Priority.ANSWER) for chat in chats])
