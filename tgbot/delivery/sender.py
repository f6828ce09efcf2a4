"""The role `delivery`: the one process that sends what the outbox owes."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from tgbot.chat.sending import Messenger
from tgbot.core.clock import Clock
from tgbot.core.crash import crash_point
from tgbot.core.errors import DeliveryError, DeliveryNotSent, DeliveryUnknown, Throttled
from tgbot.core.reply import T
from tgbot.db.engine import Database, ReadSession, WriteSession
from tgbot.delivery.claims import PATIENT, URGENT, Claim, claim, drop_stale, left_claimed
from tgbot.delivery.codec import decode
from tgbot.delivery.holds import keep_holds, load_holds
from tgbot.delivery.limiter import EVERYWHERE, Limiter
from tgbot.delivery.outbox import Outbox
from tgbot.delivery.settlement import Outcome, Settlement
from tgbot.texts.markup import without_markup
from tgbot.texts.notation import Reader
from tgbot.texts.renderer import Renderer

log = structlog.get_logger()

ReadersOf = Callable[[ReadSession, Collection[int]], Awaitable[Mapping[int, Reader]]]

# So many messages at most are ambiguous after a crash, and so many sends share the event loop with everybody else.
MOST_IN_FLIGHT = 20
# So many of them may be messages that are not urgent, and after so many urgent ones it is once their turn.
MOST_PATIENT = 14
URGENT_IN_A_ROW = 7
IDLE = 1.0
# What has been sent is noted for many at once, and at the latest so many seconds after it was.
NOTED_WITHIN = 0.1
LONGEST_BACKOFF = 30.0


class Sender:
    """At most one may run at a time. `readers_of` says in which language and time zone
    each of these chats reads."""

    def __init__(
        self,
        *,
        database: Database,
        outbox: Outbox,
        messenger: Messenger,
        renderer: Renderer,
        clock: Clock,
        readers_of: ReadersOf,
        on_chat_gone: Callable[[WriteSession, int], Awaitable[None]],
        on_chat_moved: Callable[[WriteSession, int, int], Awaitable[None]],
        limiter: Limiter,
    ) -> None:
        self._database = database
        self._outbox = outbox
        self._messenger = messenger
        self._renderer = renderer
        self._clock = clock
        self._readers_of = readers_of
        self._settlement = Settlement(on_chat_gone, on_chat_moved)
        self._limiter = limiter
        self._in_flight: set[int] = set()
        self._done: list[tuple[Claim, Outcome]] = []
        self._failures = 0
        self._urgent_in_a_row = 0
        self._is_stopping = False

    async def run(self) -> None:
        """Until stopped or cancelled; ends with `ConfigError` when the token is refused."""
        await self._recover()
        async with asyncio.TaskGroup() as sends:
            while True:
                self._outbox.woken.clear()
                claims = await self._turn()
                for row, reader in claims:
                    sends.create_task(self._deliver(row, reader), name=f"notice {row.id}")
                if self._is_stopping and not self._in_flight:
                    return
                await self._rest()

    def stop(self) -> None:
        """Claim nothing more; `run` returns when what is under way is settled. Whoever cancels it instead leaves rows
        of which nobody knows whether they were sent."""
        self._is_stopping = True
        self._outbox.wake()

    async def _recover(self) -> None:
        now = self._clock.now()
        async with self._database.write() as session:
            interrupted = await left_claimed(session)
            doubts = [(row, DeliveryUnknown("interrupted")) for row in interrupted]
            await self._settlement.settle(session, doubts, now)
            holds = await load_holds(session, now)
        for chat_id, until in holds.items():
            self._hold(chat_id, (until - now).total_seconds())

    async def _turn(self) -> Sequence[tuple[Claim, Reader]]:
        """Settle what is done and claim what may go now, in one transaction."""
        done, self._done = self._done, []
        self._in_flight -= {row.id for row, _ in done}
        now = self._clock.now()
        moment = self._clock.monotonic()
        holds = self._holds_for(done, now)
        if not done and (self._is_stopping or self._room(moment, is_urgent=True) <= 0):
            return []
        async with self._database.write() as session:
            await self._settlement.settle(session, done, now)
            await keep_holds(session, holds)
            await drop_stale(session, now)
            rows = [] if self._is_stopping else await self._claim(session, moment)
            readers = await self._readers_of(session, {row.chat_id for row in rows}) if rows else {}
            if rows:
                crash_point("C10")
        # Not before the commit: how long that takes must not bring two messages closer together.
        moment = self._clock.monotonic()
        for row in rows:
            self._in_flight.add(row.id)
            self._limiter.take(row.chat_id, moment)
        return [(row, readers[row.chat_id]) for row in rows]

    async def _claim(self, session: WriteSession, moment: float) -> list[Claim]:
        """What is urgent first. Of the rest, chats that have not heard from us lately go before those that have; and
        however much is urgent, the rest has its turn now and then."""
        room, room_for_rest = (self._room(moment, is_urgent=is_urgent) for is_urgent in (True, False))
        waiting, waiting_for_rest = (
            self._limiter.waiting_chats(moment, is_urgent=is_urgent) for is_urgent in (True, False)
        )
        recent = self._limiter.recent_chats(moment)
        rows: list[Claim] = []
        if self._urgent_in_a_row >= URGENT_IN_A_ROW:
            rows = await claim(session, min(room, 1), PATIENT, waiting_for_rest)
        urgent = await claim(session, room - len(rows), URGENT, waiting)
        self._urgent_in_a_row = 0 if rows else self._urgent_in_a_row + len(urgent)
        rows += urgent
        for left_out in [waiting_for_rest | recent, waiting_for_rest] if recent else [waiting_for_rest]:
            rows += await claim(session, room_for_rest - len(rows), PATIENT, left_out)
        return rows

    def _room(self, moment: float, *, is_urgent: bool) -> int:
        most = MOST_IN_FLIGHT if is_urgent else MOST_PATIENT
        return min(self._limiter.room(moment, is_urgent=is_urgent), most - len(self._in_flight))

    async def _deliver(self, row: Claim, reader: Reader) -> None:
        outcome: Outcome
        try:
            outcome = await self._send(row, reader)
        except DeliveryError as error:
            outcome = error
        else:
            self._failures = 0
            crash_point("C11")
        self._done.append((row, outcome))
        if self._is_noting_due():
            self._outbox.wake()

    async def _send(self, row: Claim, reader: Reader) -> int:
        reply = decode(row.payload, row.picture)
        if row.is_repeat:
            reply = replace(reply, lines=(*reply.lines, T.of("delivery.may_repeat")))
        rendered = self._renderer.render(reply, reader)
        if row.is_plain:
            rendered = without_markup(rendered)
        if row.message_id is not None:
            await self._messenger.edit(row.chat_id, row.message_id, rendered)
            return row.message_id
        return await self._messenger.send(
            row.chat_id,
            rendered,
            thread_id=row.thread_id,
            reply_to=row.reply_to,
            is_silent=reply.is_silent,
        )

    def _holds_for(self, done: Sequence[tuple[Claim, Outcome]], now: datetime) -> dict[int, datetime]:
        """Holds back what has to wait after these outcomes; returns the waits that Telegram ordered."""
        ordered: dict[int, datetime] = {}
        for row, outcome in done:
            match outcome:
                case Throttled():
                    chat_id = self._throttled_chat(row.chat_id)
                    seconds = float(outcome.retry_after)
                    log.warning("telegram_throttles", chat=chat_id, seconds=seconds)
                    if chat_id == EVERYWHERE:
                        self._limiter.slow_down(self._clock.monotonic())
                    self._hold(chat_id, seconds)
                    ordered[chat_id] = now + timedelta(seconds=seconds)
                case DeliveryNotSent():
                    self._failures += 1
                    log.warning("telegram_unreachable", reason=str(outcome), failures=self._failures)
                    self._hold(EVERYWHERE, _backoff(self._failures))
                case DeliveryUnknown():
                    self._hold(row.chat_id, _backoff(row.tries + 1))
        return ordered

    def _throttled_chat(self, chat_id: int) -> int:
        """A 429 does not say what it is about. If we wrote a lot to this chat it is the chat, else all we send."""
        return chat_id if self._limiter.is_busy(chat_id, self._clock.monotonic()) else EVERYWHERE

    def _hold(self, chat_id: int, seconds: float) -> None:
        self._limiter.hold(chat_id, self._clock.monotonic() + seconds)

    def _is_noting_due(self) -> bool:
        """Whether half of what was under way is done: one transaction for many costs hardly more than for one."""
        return bool(self._done) and 2 * len(self._done) >= len(self._in_flight)

    async def _rest(self) -> None:
        """Until somebody wakes us, a limit lets more through, or it is time to look by ourselves."""
        if self._is_noting_due():
            return
        change = self._limiter.next_change(self._clock.monotonic())
        longest = NOTED_WITHIN if self._in_flight else IDLE
        async with asyncio.TaskGroup() as group:
            timer = group.create_task(self._clock.sleep(longest if change is None else min(longest, change)))
            timer.add_done_callback(lambda _: self._outbox.wake())
            await self._outbox.woken.wait()
            timer.cancel()


def _backoff(failures: int) -> float:
    return min(2.0 ** min(failures, 10), LONGEST_BACKOFF)
