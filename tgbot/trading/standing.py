"""Standing rules: exits that were authorised together with their entry, and are placed when it has filled."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import ColumnElement, ForeignKey, String, or_, select, update
from sqlalchemy.orm import Mapped, mapped_column

from tgbot.core.errors import Reason
from tgbot.core.money import ZERO
from tgbot.core.orders import StopLeg, TimeInForce, Trigger
from tgbot.db.engine import ReadSession, WriteSession
from tgbot.db.types import Base
from tgbot.kucoin.errors import definite_reason
from tgbot.trading import store
from tgbot.trading.rules.exits import FAILED, Refusal, Sent, uncovered
from tgbot.trading.rules.settlement import PENDING, UNSETTLED, State
from tgbot.trading.store import AttemptRow, Intent, IntentRow

MAY_SELL = PENDING | {State.INDETERMINATE}
MAY_COME_AGAIN = UNSETTLED | FAILED | {State.REJECTED}


class Standing(StrEnum):
    """ARMED → one of the others, once all is done, given up, or taken back."""

    ARMED = "armed"
    DONE = "done"
    GIVEN_UP = "given_up"
    DROPPED = "dropped"


class StandingExitRow(Base):
    """The exit of one entry. `revision` grows with every order that is sent for it: who has not seen the newest may
    not send."""

    __tablename__ = "standing_exits"

    entry_id: Mapped[str] = mapped_column(ForeignKey("intents.id"), primary_key=True)
    state: Mapped[str] = mapped_column(String(10), index=True)
    revision: Mapped[int]


@dataclass(frozen=True, slots=True)
class StandingExit:
    entry: Intent
    revision: int


def held(entry: Intent) -> Decimal:
    """What it has brought: KuCoin may take the fee out of it."""
    is_in_kind = entry.fee_currency == entry.spec.symbol.split("-")[0]
    return entry.filled_size - (entry.fee if is_in_kind else ZERO)


async def sent_for(session: ReadSession, entry: Intent) -> list[Sent]:
    """The exits of this entry, the oldest first, each with KuCoin's no to it."""
    exits = await store.exits_of(session, entry.id)
    refused = [one.id for one in exits if one.state is State.REJECTED]
    answers = await session.execute(
        select(AttemptRow.intent_id, AttemptRow.code, AttemptRow.message).where(AttemptRow.intent_id.in_(refused))
    )
    refusals = {intent_id: _refusal(code, message) for intent_id, code, message in answers}
    return [
        Sent(
            one.spec.size or ZERO,
            one.state,
            one.changed_at,
            isinstance(one.wait, StopLeg),
            refusals.get(one.id),
            _never_rests(one),
            one.filled_size,
        )
        for one in exits
    ]


async def arm(session: WriteSession, entry: Intent) -> None:
    """In the transaction that uses up the right to send the entry."""
    session.add(StandingExitRow(entry_id=entry.id, state=Standing.ARMED, revision=0))
    await session.flush()


async def with_fills(session: ReadSession) -> list[StandingExit]:
    """Those whose entry has bought something."""
    found = await session.execute(
        select(StandingExitRow.entry_id, StandingExitRow.revision)
        .join(IntentRow, IntentRow.id == StandingExitRow.entry_id)
        .where(StandingExitRow.state == Standing.ARMED, IntentRow.filled_size != ZERO)
    )
    revisions = {row.entry_id: row.revision for row in found}
    entries = await store.with_ids(session, revisions)
    return [StandingExit(entry, revisions[entry.id]) for entry in entries]


async def armed(session: ReadSession) -> list[Intent]:
    """The entries of all of them."""
    found = await session.scalars(select(StandingExitRow.entry_id).where(StandingExitRow.state == Standing.ARMED))
    return await store.with_ids(session, found.all())


async def open_of(session: ReadSession, person_id: int, key_id: str) -> list[Intent]:
    """Entries of this account whose exit lives in the bot: it waits for a fill, or has not been placed yet."""
    found = await session.scalars(
        select(StandingExitRow.entry_id)
        .join(IntentRow, IntentRow.id == StandingExitRow.entry_id)
        .where(IntentRow.person_id == person_id, IntentRow.key_id == key_id, StandingExitRow.state == Standing.ARMED)
        .where(or_(IntentRow.state.in_(PENDING), IntentRow.filled_size != ZERO))
    )
    entries = await store.with_ids(session, found.all())
    return [entry for entry in entries if entry.state in PENDING or await is_uncovered(session, entry)]


async def is_uncovered(session: ReadSession, entry: Intent) -> bool:
    """Whether some of what it has bought has had no exit at KuCoin."""
    return uncovered(held(entry), await sent_for(session, entry)) > ZERO


async def advance(session: WriteSession, one: StandingExit) -> bool:
    """Whether nobody has sent for it, or ended it, since it was read; then nobody else will on the same ground."""
    moved = await session.execute(
        update(StandingExitRow)
        .where(StandingExitRow.entry_id == one.entry.id, StandingExitRow.state == Standing.ARMED)
        .where(StandingExitRow.revision == one.revision)
        .values(revision=one.revision + 1)
        .returning(StandingExitRow.entry_id)
    )
    return moved.first() is not None


async def end(session: WriteSession, one: StandingExit, state: Standing) -> bool:
    """Whether it was armed until now, and nobody has sent for it, nor its entry moved on, since it was read: what has
    filled since is not done. Who takes a fill over moves the entry first, so that either this sees the fill, or
    `rearm` the end."""
    entry = await store.hold(session, one.entry.id)
    if entry is None or (entry.state, entry.filled_size) != (one.entry.state, one.entry.filled_size):
        return False
    return await _leave(session, one.entry, state, StandingExitRow.revision == one.revision)


async def drop(session: WriteSession, entry: Intent) -> bool:
    """Whether it was armed until now; it is taken back, whatever has filled."""
    return await _leave(session, entry, Standing.DROPPED)


async def take_back(session: WriteSession, entry: Intent) -> bool:
    """Whether the bot would have sent an exit for it: for what it still buys, for what no exit covers, or once more for
    one that may not have arrived. From now on it sends none."""
    if not await _lock(session, entry.id):
        return False
    now = await store.by_id(session, entry.id) or entry
    may_send = now.state in PENDING or await is_uncovered(session, now) or await _is_in_doubt(session, now)
    return may_send and await drop(session, now)


async def call_back(session: WriteSession, exit_: Intent) -> Intent | None:
    """The entry of an exit that was asked to end, if the bot would have sent that once more because it may not have
    come to be. From now on it sends none for it."""
    if not await _lock(session, exit_.entry_id or ""):
        return None
    now, entry = await store.by_id(session, exit_.id), await store.by_id(session, exit_.entry_id or "")
    if now is None or entry is None:
        return None
    may_come_again = now.state in UNSETTLED or await _is_owed_again(session, now, entry)
    return entry if may_come_again and await drop(session, entry) else None


async def goes_on(session: ReadSession, exit_: Intent) -> bool:
    """Whether the bot sends another in place of this exit, which has come to nothing or not sold all."""
    row = await session.get(StandingExitRow, exit_.entry_id or "")
    entry = await store.by_id(session, exit_.entry_id or "")
    if row is None or entry is None or row.state != Standing.ARMED:
        return False
    return await _is_owed_again(session, exit_, entry)


def may_come_again(exit_: Intent) -> bool:
    return exit_.state in MAY_COME_AGAIN or (exit_.state is State.CANCELLED and _never_rests(exit_))


async def live_exits_of(session: ReadSession, entry: Intent) -> list[Intent]:
    """Those that were sent for it and may still sell, as far as anybody can tell."""
    return [one for one in await store.exits_of(session, entry.id) if one.state in MAY_SELL]


async def stops_alone(session: ReadSession, entry: Intent) -> list[Intent]:
    """Those of its exits that guard against the loss and are no OCO, and have not been due yet. A price that was beyond
    it already leaves out no profit."""
    stops = [one for one in await store.exits_of(session, entry.id) if one.state is State.WAITING]
    return [one for one in stops if isinstance(one.wait, Trigger) and one.reference > one.wait.price]


async def is_dropped(session: ReadSession, entry: Intent) -> bool:
    row = await session.get(StandingExitRow, entry.id)
    return row is not None and row.state == Standing.DROPPED


async def rearm(session: WriteSession, entry: Intent) -> None:
    """Its end was not one: more has filled since all of it was done or given up. What was taken back stays so."""
    await session.execute(
        update(StandingExitRow)
        .where(StandingExitRow.entry_id == entry.id, StandingExitRow.state.in_((Standing.DONE, Standing.GIVEN_UP)))
        .values(state=Standing.ARMED)
    )


def _refusal(code: str, message: str) -> Refusal:
    return Refusal(code, message, definite_reason(code, message) or Reason.OTHER)


def _never_rests(exit_: Intent) -> bool:
    return exit_.spec.time_in_force is TimeInForce.IOC


async def _is_owed_again(session: ReadSession, exit_: Intent, entry: Intent) -> bool:
    """Whether no other covers what it has not sold. What the fee leaves over is less than that."""
    left = uncovered(held(entry), await sent_for(session, entry))
    return may_come_again(exit_) and left >= (exit_.spec.size or ZERO) - exit_.filled_size


async def _lock(session: WriteSession, entry_id: str) -> bool:
    """Whether its exit lives in the bot, and nobody else changes that now."""
    armed = StandingExitRow.state == Standing.ARMED
    found = select(StandingExitRow.entry_id).where(StandingExitRow.entry_id == entry_id, armed).with_for_update()
    return await session.scalar(found) is not None


async def _is_in_doubt(session: ReadSession, entry: Intent) -> bool:
    return any(one.state in UNSETTLED for one in await store.exits_of(session, entry.id))


async def _leave(session: WriteSession, entry: Intent, state: Standing, *conditions: ColumnElement[bool]) -> bool:
    moved = await session.execute(
        update(StandingExitRow)
        .where(StandingExitRow.entry_id == entry.id, StandingExitRow.state == Standing.ARMED, *conditions)
        .values(state=state)
        .returning(StandingExitRow.entry_id)
    )
    return moved.first() is not None
