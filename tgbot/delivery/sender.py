"""The role `delivery`: the one process that sends what the outbox owes."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from math import inf

import structlog

from tgbot.chat.sending import Messenger
from tgbot.core.clock import Clock
from tgbot.core.crash import crash_point
from tgbot.core.errors import ChatGone, DeliveryError, DeliveryNotSent, DeliveryUnknown, Malformed, Throttled
from tgbot.core.notices import Recipient
from tgbot.core.reply import T, say
from tgbot.db.engine import Database, WriteSession
from tgbot.delivery.claims import left_claimed, next_due, tend
from tgbot.delivery.holds import keep_holds, load_holds
from tgbot.delivery.limiter import EVERYWHERE, Limiter
from tgbot.delivery.outbox import Outbox
from tgbot.delivery.packing import Packing, RecipientsOf
from tgbot.delivery.parcels import Parcel
from tgbot.delivery.recall import recall_sent
from tgbot.delivery.retention import forget
from tgbot.delivery.settlement import Outcome, PartSent, Settlement
from tgbot.texts.markup import without_markup
from tgbot.texts.notation import Reader
from tgbot.texts.pages import shortened, split
from tgbot.texts.renderer import Renderer

log = structlog.get_logger()

IDLE = 1.0
TEND_EVERY = 1.0
# Old messages are forgotten where nothing is to be sent, step by step until none is left. Not at once: a start has
# enough to do.
FORGET_EVERY = 300.0
# What has been sent is noted for many at once, and at the latest so many seconds after it was.
NOTED_WITHIN = 0.1
LONGEST_BACKOFF = 30.0
# Between two messages everybody else has so many turns of the event loop. A transaction takes several of them for
# each of its statements, and all that a message has to do stands in its way.
TURNS_BETWEEN = 8


class Sender:
    """At most one may run at a time. `recipients_of` says who reads each of these chats, `heard_until` until when
    Telegram has answered us: whoever is cut off for weeks has to own up to those who were written to last, and may not
    have forgotten them by then."""

    def __init__(
        self,
        *,
        database: Database,
        outbox: Outbox,
        messenger: Messenger,
        renderer: Renderer,
        clock: Clock,
        recipients_of: RecipientsOf,
        on_chat_gone: Callable[[WriteSession, int], Awaitable[None]],
        on_chat_moved: Callable[[WriteSession, int, int], Awaitable[None]],
        limiter: Limiter,
        heard_until: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._outbox = outbox
        self._messenger = messenger
        self._renderer = renderer
        self._clock = clock
        self._recipients_of = recipients_of
        self._packing = Packing(recipients_of, limiter, outbox.wake)
        self._settlement = Settlement(on_chat_gone, on_chat_moved)
        self._limiter = limiter
        self._heard_until = heard_until
        self._in_flight: dict[int, float] = {}  # when each left
        self._done: list[tuple[Parcel, Outcome]] = []
        self._failures = 0
        self._failed_at = -inf
        self._tend_at = 0.0
        self._forget_at = clock.monotonic() + FORGET_EVERY
        self._next_due: float | None = None
        self._is_stopping = False

    async def run(self) -> None:
        """Until stopped or cancelled; ends with `ConfigError` when the token is refused."""
        await self._recover()
        async with asyncio.TaskGroup() as sends:
            while True:
                self._outbox.woken.clear()
                for parcel in await self._turn():
                    sends.create_task(self._deliver(parcel), name=f"notice {parcel.head.id}")
                    await _give_way()
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
        async with self._database.read() as session:
            await recall_sent(session, self._limiter, now, self._clock.monotonic())
        for chat_id, until in holds.items():
            self._hold(chat_id, (until - now).total_seconds())

    async def _turn(self) -> Sequence[Parcel]:
        """Settle what is done and claim what may go now, in one transaction."""
        done, self._done = self._done, []
        now = self._clock.now()
        moment = self._clock.monotonic()
        holds = self._holds_for(done, now)
        for parcel, _ in done:
            del self._in_flight[parcel.head.id]
        if not done and (self._is_stopping or not self._packing.has_room(moment, len(self._in_flight))):
            return []
        async with self._database.write() as session:
            await self._settlement.settle(session, [(row, how) for parcel, how in done for row in parcel.rows], now)
            await keep_holds(session, holds)
            parcels = await self._pack(session, moment, now)
            if parcels:
                crash_point("C10")
        self._outbox.gone |= {parcel.head.chat_id for parcel, how in done if isinstance(how, ChatGone)}
        # Not before the commit: how long that takes must not bring two messages closer together.
        moment = self._clock.monotonic()
        for parcel in parcels:
            self._in_flight[parcel.head.id] = moment
            self._limiter.take(parcel.head.chat_id, moment)
        return parcels

    async def _pack(self, session: WriteSession, moment: float, now: datetime) -> list[Parcel]:
        if self._is_stopping:
            return []
        if moment >= self._tend_at:
            await tend(session, now)
            self._tend_at = moment + TEND_EVERY
        parcels = await self._packing.pack(session, len(self._in_flight), moment, now)
        if not parcels:
            due = await next_due(session, now)
            self._next_due = None if due is None else moment + (due - now).total_seconds()
            if moment >= self._forget_at:
                has_more = await forget(session, min(now, self._heard_until()))
                self._forget_at = moment + (TEND_EVERY if has_more else FORGET_EVERY)
        return parcels

    async def _deliver(self, parcel: Parcel) -> None:
        outcome: Outcome
        try:
            outcome = await self._send(parcel)
        except DeliveryError as error:
            outcome = error
        else:
            self._failures = 0
            crash_point("C11")
        self._done.append((parcel, outcome))
        if self._is_noting_due():
            self._outbox.wake()

    async def _send(self, parcel: Parcel) -> Outcome:
        head, reply = parcel.head, parcel.reply()
        reader = await self._reader(parcel.recipient, reply.asked_by)
        rendered = self._renderer.render(reply, reader)
        if head.is_plain:
            rendered = without_markup(rendered)
        if head.message_id is not None or head.card is not None:
            rendered = shortened(rendered, self._renderer.text(T("delivery.cut"), reader))
        if head.message_id is not None:
            await self._messenger.edit(head.chat_id, head.message_id, rendered)
            return head.message_id
        if reply.only_for not in {None, head.chat_id}:
            return await self._send_to_one(parcel, reply.only_for)
        parts = split(rendered)
        message_id = await self._messenger.send(
            head.chat_id,
            parts[min(head.part, len(parts) - 1)],
            thread_id=head.thread_id,
            reply_to=head.reply_to,
            is_silent=reply.is_silent or head.part > 0,
        )
        return message_id if head.part + 1 >= len(parts) else PartSent(head.part + 1)

    async def _send_to_one(self, parcel: Parcel, person_id: int) -> int:
        """In the group for one person alone; else in their private chat, without its buttons, which belong into the
        group; else the group reads where to look."""
        head = parcel.head
        reader = await self._reader_of(person_id)
        rendered = self._renderer.render(parcel.reply(), reader)
        with suppress(Malformed):
            return await self._messenger.send_to_one(head.chat_id, person_id, rendered, thread_id=head.thread_id)
        with suppress(Malformed, ChatGone):
            return await self._messenger.send(person_id, replace(rendered, buttons=()))
        elsewhere = self._renderer.render(say("delivery.for_one"), reader)
        return await self._messenger.send(head.chat_id, elsewhere, thread_id=head.thread_id)

    async def _reader(self, recipient: Recipient, asked_by: int | None) -> Reader:
        """In a group that nobody keeps whoever has asked is spoken to."""
        if not recipient.is_known and asked_by is not None:
            return await self._reader_of(asked_by)
        return Reader(recipient.language, recipient.time_zone)

    async def _reader_of(self, person_id: int) -> Reader:
        async with self._database.read() as session:
            recipient = (await self._recipients_of(session, [person_id]))[person_id]
        return Reader(recipient.language, recipient.time_zone)

    def _holds_for(self, done: Sequence[tuple[Parcel, Outcome]], now: datetime) -> dict[int, datetime]:
        """Holds back what has to wait after these outcomes; returns the waits that Telegram ordered."""
        ordered: dict[int, datetime] = {}
        for parcel, outcome in done:
            row = parcel.head
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
                    self._note_outage(self._in_flight[row.id], str(outcome))
                case DeliveryUnknown():
                    self._hold(row.chat_id, _backoff(row.tries + 1))
        return ordered

    def _note_outage(self, left: float, reason: str) -> None:
        """Telegram cannot be reached. Failures of what left before we knew are the same one: else a second without a
        network would silence us for as long as an hour does."""
        if left <= self._failed_at:
            return
        self._failures += 1
        self._failed_at = self._clock.monotonic()
        log.warning("telegram_unreachable", reason=reason, failures=self._failures)
        self._hold(EVERYWHERE, _backoff(self._failures))

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
        moment = self._clock.monotonic()
        waits = [NOTED_WITHIN if self._in_flight else IDLE]
        if (change := self._limiter.next_change(moment)) is not None:
            waits.append(change)
        if self._next_due is not None and self._next_due > moment:
            waits.append(self._next_due - moment)
        async with asyncio.TaskGroup() as group:
            timer = group.create_task(self._clock.sleep(min(waits)))
            timer.add_done_callback(lambda _: self._outbox.wake())
            await self._outbox.woken.wait()
            timer.cancel()


async def _give_way() -> None:
    """Prices and orders come between two messages, not behind twenty."""
    for _ in range(TURNS_BETWEEN):
        await asyncio.sleep(0)  # noqa: TID251 - a turn of the loop takes no time that a clock could keep


def _backoff(failures: int) -> float:
    return min(2.0 ** min(failures, 10), LONGEST_BACKOFF)
