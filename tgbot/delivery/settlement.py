"""What becomes of a row once its message was sent, refused or lost. One transaction settles all that is known."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import structlog
from sqlalchemy import bindparam, delete, update

from tgbot.core.errors import (
    ButtonsRefused,
    ChatGone,
    ChatMoved,
    DeliveryError,
    DeliveryUnknown,
    Malformed,
    MessageGone,
    TopicGone,
)
from tgbot.core.reply import T
from tgbot.db.engine import WriteSession
from tgbot.delivery.claims import Claim
from tgbot.delivery.codec import decode, encode
from tgbot.delivery.gone import leave_chat
from tgbot.delivery.outbox import Priority
from tgbot.delivery.store import OUTBOX, OWED, CardRow, OutboxRow, State, adopt_cards

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class PartSent:
    """A long text goes on with the part of this number."""

    next_part: int


Outcome = int | PartSent | DeliveryError  # the id of the message, or why there may be none

MOST_TRIES = 8
REPEATED = (Priority.FILL, Priority.ALERT)


_SENT = (
    update(OUTBOX)
    .where(OUTBOX.c.id == bindparam("row"))
    .values(state=State.SENT, sent_at=bindparam("now"), sent_message_id=bindparam("message"), picture=None)
)


@dataclass(frozen=True, slots=True)
class Settlement:
    """`on_chat_gone` and `on_chat_moved` (old id, new id) hear of it in the transaction that moves the queue."""

    on_chat_gone: Callable[[WriteSession, int], Awaitable[None]]
    on_chat_moved: Callable[[WriteSession, int, int], Awaitable[None]]

    async def settle(self, session: WriteSession, done: Sequence[tuple[Claim, Outcome]], now: datetime) -> None:
        await _mark_sent(session, [(claim, outcome) for claim, outcome in done if isinstance(outcome, int)], now)
        gone: dict[int, str] = {}
        moved: dict[int, int] = {}
        for claim, outcome in done:
            match outcome:
                case int():
                    continue
                case PartSent(number):
                    await _change(session, claim, {"state": State.NEW, "part": number})
                case ChatGone():
                    gone[claim.chat_id] = str(outcome)
                case ChatMoved():
                    moved[claim.chat_id] = outcome.new_chat_id
                case _:
                    await _change(session, claim, after(claim, outcome))
        for chat_id, reason in gone.items():
            log.info("chat_gone", chat=chat_id, reason=reason)
            await leave_chat(session, chat_id, reason, now)
            await self.on_chat_gone(session, chat_id)
        for chat_id, new_chat_id in moved.items():
            await self._move_chat(session, chat_id, new_chat_id)

    async def _move_chat(self, session: WriteSession, chat_id: int, new_chat_id: int) -> None:
        """Messages of the old chat cannot be edited in the new one: what would have edited them is sent anew."""
        log.info("chat_moved", chat=chat_id, new_chat=new_chat_id)
        await session.execute(delete(CardRow).where(CardRow.chat_id == chat_id))
        await session.execute(
            update(OutboxRow)
            .where(OutboxRow.chat_id == chat_id, OutboxRow.state.in_(OWED))
            .values(chat_id=new_chat_id, message_id=None, state=State.NEW)
        )
        told = (OutboxRow.chat_id == chat_id) & (OutboxRow.state == State.SENT)
        await session.execute(update(OutboxRow).where(told).values(chat_id=new_chat_id))
        await self.on_chat_moved(session, chat_id, new_chat_id)


def after(claim: Claim, error: DeliveryError) -> dict[str, object]:
    """The changes to a row whose message has failed."""
    match error:
        case DeliveryUnknown():
            return _after_doubt(claim)
        case TopicGone() if claim.thread_id is not None:
            return {"state": State.NEW, "thread_id": None}
        case Malformed():
            return _after_refusal(claim, error)
        case MessageGone() if claim.message_id is not None:
            return {"state": State.NEW, "message_id": None}
        case MessageGone() | TopicGone():
            return _dead(str(error))
        case _:
            return {"state": State.NEW}


def _after_refusal(claim: Claim, error: Malformed) -> dict[str, object]:
    """Better a message without its picture, its markup or its buttons than none."""
    bare = _without_buttons(claim.payload)
    if bare and isinstance(error, ButtonsRefused):
        return {"state": State.NEW, "payload": bare}
    if claim.picture is not None:
        return {"state": State.NEW, "picture": None}
    if not claim.is_plain:
        return {"state": State.NEW, "is_plain": True}
    if bare:
        return {"state": State.NEW, "payload": bare}
    return _dead(str(error))


def _without_buttons(payload: str) -> str | None:
    """`None` where there are none, or where nobody can read it."""
    try:
        reply = decode(payload)
    except Malformed:
        return None
    if not reply.buttons:
        return None
    return encode(replace(reply, buttons=(), lines=(*reply.lines, T("delivery.no_buttons"))))


def _after_doubt(claim: Claim) -> dict[str, object]:
    """It may have arrived. An edit does no harm twice; fills and alerts go once more and say so; the rest is let go."""
    if claim.message_id is not None and claim.tries < MOST_TRIES:
        return {"state": State.NEW, "tries": claim.tries + 1}
    if claim.message_id is None and claim.priority in REPEATED and not claim.is_repeat:
        return {"state": State.NEW, "is_repeat": True}
    return _dead("unknown whether it arrived")


def _dead(reason: str) -> dict[str, object]:
    return {"state": State.DEAD, "reason": reason[:200], "picture": None}


async def _change(session: WriteSession, claim: Claim, changes: dict[str, object]) -> None:
    if changes["state"] == State.DEAD:
        log.warning("notice_dead", row=claim.id, chat=claim.chat_id, reason=changes["reason"])
    if claim.card is not None and "message_id" in changes:
        await session.execute(delete(CardRow).where(CardRow.chat_id == claim.chat_id, CardRow.card == claim.card))
    await session.execute(
        update(OutboxRow).where(OutboxRow.id == claim.id, OutboxRow.state == State.CLAIMED).values(**changes)
    )


async def _mark_sent(session: WriteSession, sent: Sequence[tuple[Claim, int]], now: datetime) -> None:
    if not sent:
        return
    connection = await session.connection()
    await connection.execute(
        _SENT, [{"row": claim.id, "now": now, "message": message_id} for claim, message_id in sent]
    )
    await adopt_cards(
        session, [(claim.chat_id, claim.card, message_id) for claim, message_id in sent if claim.card is not None]
    )
    # Nobody asks for them again, and a live card has thousands of them a day.
    past = [claim.id for claim, _ in sent if claim.card is not None and claim.priority == Priority.DIGEST]
    if past:
        await session.execute(delete(OUTBOX).where(OUTBOX.c.id.in_(past), OUTBOX.c.dedup_key.is_(None)))
