"""`python -m bench.soak 10m`: ten thousand people with ten watches and ten alerts each, five thousand frames a second.

Memory has to stay where it is after the warm-up, every price that touches a level has to be told, and nothing twice.
"""

import asyncio
import re
import ssl
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from itertools import islice
from typing import Any

import structlog
from sqlalchemy import func, insert, select

from bench.__main__ import running
from bench.clients.alerts import BATCH, alert_row, resident
from bench.clients.crossings import FAR
from bench.clients.engine import make_monitor
from bench.clients.notices import make_sender
from bench.clients.ours import CLOCK, IDS, make_hub, reached
from bench.exchange import BEGIN, END, PEAK, SOAK_PEAK_EVERY, SOAKED
from bench.meter import cpu
from bench.playground import TOKEN
from tgbot.alerts.rules.crossing import Armed, Kind, Stance
from tgbot.alerts.store import AlertRow, State
from tgbot.alerts.watches.live import LivePrices
from tgbot.alerts.watches.store import WatchCardRow, WatchRow
from tgbot.chat.bot import connected
from tgbot.chat.sending import Messenger
from tgbot.core.market import Tick
from tgbot.core.reply import Rendered
from tgbot.db.engine import Database
from tgbot.delivery.limiter import Limits
from tgbot.delivery.outbox import Outbox
from tgbot.kucoin.dialer import Dialer
from tgbot.kucoin.http import make_transport
from tgbot.kucoin.readers import fastest
from tgbot.markets.prices import PriceBoard
from tgbot.schema import migrate
from tgbot.system import spare_collector

PEOPLE, WATCHES, ALERTS = 10_000, 10, 10
A_SECOND = 5_000
SAMPLE_EVERY = 5.0
MOST_GROWTH = 1.0  # MB a minute
PATIENCE = 60


class _Ears(Messenger):
    """How often each alert has been told, by its number."""

    def __init__(self, bot: Any) -> None:
        super().__init__(bot)
        self.told: Counter[int] = Counter()
        self.count = 0

    async def send(self, chat_id: int, rendered: Rendered, **more: Any) -> int:
        number = await super().send(chat_id, rendered, **more)
        self.count += 1
        self.told.update(int(short) for short in re.findall(r"#(\d+)", rendered.plain))
        return number

    async def edit(self, chat_id: int, message_id: int, rendered: Rendered) -> None:
        await super().edit(chat_id, message_id, rendered)
        self.count += 1


@dataclass
class _Watch:
    began: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    frames: int = 0

    def on_tick(self, tick: Tick) -> None:
        if tick.symbol == BEGIN:
            self.frames = 0
            self.began.set()
        elif tick.symbol == END:
            self.ended.set()
        else:
            self.frames += 1


@dataclass
class _Found:
    """What came of it."""

    peaks: int
    frames: int
    fired: int
    told: Mapping[int, int]
    growth: float

    def complaints(self, frames: int) -> list[str]:
        lost = self.peaks - len(self.told)
        twice = sum(count > 1 for count in self.told.values())
        said = [
            (self.frames != frames, f"{self.frames:,} frames were heard of {frames:,}; was the stream lost?"),
            (self.fired != self.peaks, f"{self.peaks - self.fired:,} alerts have not fired"),
            (lost > 0, f"{lost:,} alerts were not told"),
            (twice > 0, f"{twice:,} alerts were told twice"),
            (self.growth > MOST_GROWTH, f"memory grows by {self.growth:.2f} MB a minute"),
        ]
        return [words for is_so, words in said if is_so]


async def soak(url: str, seconds: int) -> _Found:
    peaks = A_SECOND * seconds // SOAK_PEAK_EVERY
    context = ssl.create_default_context()
    with tempfile.TemporaryDirectory() as rows:
        database = Database(f"sqlite+aiosqlite:///{rows}/soak.db")
        await migrate(database)
        await _fill(database)
        async with (
            reached(f"{url}/soak/{A_SECOND}/{seconds}", context) as rest,
            connected(TOKEN, url, lambda: make_transport(context), CLOCK) as bot,
            asyncio.TaskGroup() as group,
        ):
            outbox, board, watch, ears = Outbox(CLOCK), PriceBoard(CLOCK), _Watch(), _Ears(bot)
            dialer = Dialer(rest, context, CLOCK, IDS, fastest())
            hub = make_hub(dialer, rest, board)
            monitor = make_monitor(database, outbox, dialer, hub, board)
            live = LivePrices(database=database, clock=CLOCK, outbox=outbox, board=board, feed=hub)
            board.listen(live.on_tick)
            board.listen(watch.on_tick)
            hub.hold(BEGIN)
            hub.hold(END)
            sender = make_sender(database, outbox, ears, CLOCK, Limits())
            running = [group.create_task(work) for work in (monitor.run(), live.run())]
            while not monitor.is_up_to_date(SOAKED.symbols[0]):
                await CLOCK.sleep(0.05)
            running += [group.create_task(work) for work in (hub.run(), sender.run())]
            spare_collector()
            await watch.began.wait()
            samples = await _sample(watch, ears, seconds)
            for _ in range(PATIENCE * 10):
                if len(ears.told) >= peaks:
                    break
                await CLOCK.sleep(0.1)
            await CLOCK.sleep(2)  # for whatever might come a second time
            sender.stop()
            for task in running[:-1]:
                task.cancel()
        async with database.read() as session:
            fired = await session.scalar(select(func.count()).where(AlertRow.state == State.FIRED)) or 0
        await database.close()
    return _Found(peaks, watch.frames, fired, ears.told, _growth(samples))


async def _sample(watch: _Watch, ears: _Ears, seconds: int) -> list[tuple[float, float]]:
    """Seconds, and megabytes."""
    samples: list[tuple[float, float]] = []
    began, used = CLOCK.monotonic(), cpu()
    while not watch.ended.is_set():
        await CLOCK.sleep(SAMPLE_EVERY)
        at, memory = CLOCK.monotonic() - began, resident()
        samples.append((at, memory))
        busy = (cpu() - used) / at
        print(
            f"{at:5.0f} s of {seconds}: {memory:6.1f} MB, {watch.frames:,} frames, {len(ears.told):,} alerts told, "
            f"{ears.count:,} messages, {busy:.0%} of a core",
            flush=True,
        )
    return samples


def _growth(samples: list[tuple[float, float]]) -> float:
    """MB a minute, by the straight line through what comes after the first fifth, or after the first minute."""
    rest = [each for each in samples if each[0] > min(60.0, samples[-1][0] / 5)]
    middle = sum(at for at, _ in rest) / len(rest)
    mean = sum(memory for _, memory in rest) / len(rest)
    slope = sum((at - middle) * (memory - mean) for at, memory in rest) / sum((at - middle) ** 2 for at, _ in rest)
    return slope * 60


async def _fill(database: Database) -> None:
    """Alert number n waits for peak n, as far as there are peaks; nobody's cards are about one pair alone."""
    now = datetime.now(UTC)
    alerts = _armed(now)
    while rows := [alert_row(alert) for alert in islice(alerts, BATCH)]:
        async with database.write() as session:
            await session.execute(insert(AlertRow), rows)
    for first in range(1, PEOPLE + 1, BATCH // WATCHES):
        people = range(first, min(first + BATCH // WATCHES, PEOPLE + 1))
        async with database.write() as session:
            await session.execute(
                insert(WatchRow),
                [
                    {"chat_id": chat, "symbol": _watched(chat, number), "reference": Decimal(1_000), "created_at": now}
                    for chat in people
                    for number in range(WATCHES)
                ],
            )
            await session.execute(insert(WatchCardRow), [{"chat_id": chat, "card": f"watch:{chat}"} for chat in people])


def _watched(chat: int, number: int) -> str:
    return SOAKED.symbols[(chat * 7 + number * 101) % len(SOAKED.symbols)]


def _armed(since: datetime) -> Iterator[Armed]:
    """Every alert may ring once in a run, and one that has no peak waits for a price that never comes."""
    pairs = len(SOAKED.symbols)
    for number in range(PEOPLE * ALERTS):
        height, which = divmod(number, pairs)
        level = min(PEAK + height - Decimal("0.25"), FAR)
        yield Armed(number + 1, SOAKED.symbols[which], Kind.ABOVE, level, Stance.UNDER, since)


def main(length: str) -> int:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(30))
    known = re.fullmatch(r"(\d+)([sm])", length)
    if known is None:
        print(f"How long? 10m or 90s, not {length}.")
        return 2
    seconds = int(known[1]) * (60 if known[2] == "m" else 1)
    with running("bench.exchange", "0") as (url, *_):
        found = asyncio.run(soak(url, seconds))
    complaints = found.complaints(A_SECOND * seconds)
    print(
        f"{found.frames:,} frames heard, {found.peaks:,} prices touched a level, {len(found.told):,} told, "
        f"{sum(found.told.values()) - len(found.told):,} twice; memory {found.growth:+.2f} MB a minute."
    )
    print("\n".join(complaints) or "soak: all as it should be")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "10m"))
