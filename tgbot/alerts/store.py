"""The table of alerts, and how far each symbol's prices have been judged."""

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, cast

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Index,
    Integer,
    Row,
    String,
    Table,
    UniqueConstraint,
    bindparam,
    case,
    func,
    literal,
    select,
    true,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column

from tgbot.alerts.rules.crossing import Armed, Kind, Stance
from tgbot.core.people import STEP_BACK
from tgbot.db.engine import ReadSession, WriteSession
from tgbot.db.statements import insert_into
from tgbot.db.types import Base, Money, RowId, UtcTime


class State(StrEnum):
    ARMED = "armed"
    PAUSED = "paused"
    SNOOZED = "snoozed"
    LOST = "lost"  # nobody reads its chat
    FIRED = "fired"
    ENDED = "ended"
    DELETED = "deleted"


BATCH = 1_000  # rows between two looks at everything else
UNSEEN = (State.DELETED, State.LOST)
LISTED = (State.ARMED, State.PAUSED, State.SNOOZED)


class AlertRow(Base):
    """`stance` and `since` are as in `rules.crossing.Armed`; they may lag behind what is known in memory."""

    __tablename__ = "alerts"
    __table_args__ = (UniqueConstraint("chat_id", "short"), Index(None, "state", "symbol"))

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=True)
    short: Mapped[str] = mapped_column(String(10))
    update_id: Mapped[int] = mapped_column(BigInteger, unique=True)
    chat_id: Mapped[int] = mapped_column(BigInteger)
    thread_id: Mapped[int | None] = mapped_column(BigInteger)
    person_id: Mapped[int] = mapped_column(BigInteger)
    symbol: Mapped[str] = mapped_column(String(40))
    kind: Mapped[str] = mapped_column(String(10))
    level: Mapped[Decimal] = mapped_column(Money)
    condition: Mapped[str] = mapped_column(String(120))
    cooldown_seconds: Mapped[int | None] = mapped_column(Integer)
    note: Mapped[str] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(10))
    stance: Mapped[str] = mapped_column(String(10))
    since: Mapped[datetime] = mapped_column(UtcTime)
    fires: Mapped[int] = mapped_column(Integer)
    fired_at: Mapped[datetime | None] = mapped_column(UtcTime)
    wakes_at: Mapped[datetime | None] = mapped_column(UtcTime, index=True)
    ends_at: Mapped[datetime | None] = mapped_column(UtcTime, index=True)
    step_back: Mapped[Decimal] = mapped_column(Money, server_default="0.0005")
    created_at: Mapped[datetime] = mapped_column(UtcTime)


class JudgedRow(Base):
    """Every price of the symbol up to `until` has been judged, and what came of it is in the table."""

    __tablename__ = "alerts_judged"

    symbol: Mapped[str] = mapped_column(String(40), primary_key=True)
    until: Mapped[datetime] = mapped_column(UtcTime)


@dataclass(frozen=True, slots=True)
class Alert:
    """`id` is 0 before it is stored. `cooldown` is `None` for one that fires once. `wakes_at` is that of a snoozed one,
    `ends_at` when it runs out. It rings in the topic `thread_id` of its chat."""

    id: int
    short: str
    update_id: int
    chat_id: int
    person_id: int
    symbol: str
    kind: Kind
    level: Decimal
    cooldown: timedelta | None
    note: str
    state: State
    stance: Stance
    since: datetime
    fires: int
    fired_at: datetime | None
    created_at: datetime
    wakes_at: datetime | None = None
    ends_at: datetime | None = None
    step_back: Decimal = STEP_BACK
    condition: str = ""
    thread_id: int | None = None

    def armed(self) -> Armed:
        resting_until = None
        if self.fired_at is not None and self.cooldown is not None:
            resting_until = self.fired_at + self.cooldown
        return Armed(
            id=self.id,
            symbol=self.symbol,
            kind=self.kind,
            level=self.level,
            stance=self.stance,
            since=self.since,
            fires=self.fires,
            cooldown=self.cooldown,
            resting_until=resting_until,
            ends_at=self.ends_at,
            step_back=self.step_back,
            condition=self.condition,
        )


async def add(session: WriteSession, alert: Alert) -> Alert:
    """As it is stored, with its id."""
    values = {name: getattr(alert, name) for name in _SHARED}
    row = AlertRow(**values, cooldown_seconds=_seconds(alert.cooldown))
    session.add(row)
    await session.flush()
    return _alert(row)


async def by_update(session: ReadSession, update_id: int) -> Alert | None:
    """The alert that this update has made already, if it is handled a second time after a crash."""
    row = await session.scalar(select(AlertRow).where(AlertRow.update_id == update_id))
    return _alert(row) if row else None


async def find(session: ReadSession, chat_id: int, short: str) -> Alert | None:
    """In a write session nobody else can change it until the transaction ends."""
    rows = select(AlertRow).where(AlertRow.chat_id == chat_id, AlertRow.short == short, AlertRow.state.not_in(UNSEEN))
    row = await session.scalar(rows.with_for_update() if isinstance(session, WriteSession) else rows)
    return _alert(row) if row else None


async def is_taken(session: ReadSession, chat_id: int, short: str) -> bool:
    found = select(AlertRow.id).where(AlertRow.chat_id == chat_id, AlertRow.short == short)
    return await session.scalar(found) is not None


async def listed(session: ReadSession, chat_id: int) -> list[Alert]:
    rows = select(AlertRow).where(AlertRow.chat_id == chat_id, AlertRow.state.in_(LISTED)).order_by(AlertRow.id)
    return [_alert(row) for row in await session.scalars(rows)]


async def count_listed(session: ReadSession, chat_id: int) -> int:
    rows = select(func.count()).where(AlertRow.chat_id == chat_id, AlertRow.state.in_(LISTED))
    return await session.scalar(rows) or 0


async def recent_symbols(session: ReadSession, chat_id: int, count: int) -> list[str]:
    """Of the chat's latest alerts, the newest first."""
    newest = func.max(AlertRow.id)
    rows = select(AlertRow.symbol).where(AlertRow.chat_id == chat_id).group_by(AlertRow.symbol).order_by(newest.desc())
    return list(await session.scalars(rows.limit(count)))


async def keepers_of(session: ReadSession, chat_ids: Collection[int]) -> dict[int, int]:
    """By group, where it has or had alerts, the person who set the first."""
    if not chat_ids:
        return {}
    first = select(func.min(AlertRow.id)).where(AlertRow.chat_id.in_(chat_ids)).group_by(AlertRow.chat_id)
    rows = await session.execute(select(AlertRow.chat_id, AlertRow.person_id).where(AlertRow.id.in_(first)))
    return {row.chat_id: row.person_id for row in rows}


async def change(session: WriteSession, alert: Alert) -> None:
    """All of it that people can change, of an alert that was found in the same transaction."""
    values = {name: getattr(alert, name) for name in _CHANGED}
    values["cooldown_seconds"] = _seconds(alert.cooldown)
    await session.execute(update(AlertRow).where(AlertRow.id == alert.id).values(**values))


async def pause_chat(session: WriteSession, chat_id: int) -> list[Alert]:
    """Those of this chat that were armed or snoozed; until `regain_chat` they are lost."""
    return await _pause(session, AlertRow.chat_id == chat_id, State.LOST)


async def regain_chat(session: WriteSession, chat_id: int, now: datetime) -> int:
    """What was lost wakes now, or when it would have; how many do that have not run out meanwhile."""
    wakes_at = case((AlertRow.wakes_at > now, AlertRow.wakes_at), else_=literal(now, UtcTime()))
    lost = (AlertRow.chat_id == chat_id) & (AlertRow.state == State.LOST)
    regained = update(AlertRow).where(lost).values(state=State.SNOOZED, wakes_at=wakes_at).returning(AlertRow.ends_at)
    return sum(ends_at is None or ends_at > now for ends_at in await session.scalars(regained))


async def move_chat(session: WriteSession, chat_id: int, new_chat_id: int) -> None:
    """A group became a supergroup. An alert whose name is taken there stays behind, and rings there all the same: what
    is sent to the old chat is sent on."""
    taken = select(AlertRow.short).where(AlertRow.chat_id == new_chat_id)
    old = (AlertRow.chat_id == chat_id) & AlertRow.short.not_in(taken)
    await session.execute(update(AlertRow).where(old).values(chat_id=new_chat_id))


async def pause_symbol(session: WriteSession, symbol: str, chat_id: int | None = None) -> list[Alert]:
    """Those of this symbol that were armed, or snoozed, in all chats or in one."""
    in_chat = AlertRow.chat_id == chat_id if chat_id is not None else true()
    return await _pause(session, (AlertRow.symbol == symbol) & in_chat)


async def next_turn(session: ReadSession) -> datetime | None:
    """When the clock has something to do: an alert wakes or runs out."""
    wakes = select(func.min(AlertRow.wakes_at)).where(AlertRow.state == State.SNOOZED)
    ends = select(func.min(AlertRow.ends_at)).where(AlertRow.state.in_(LISTED))
    turns = [await session.scalar(which) for which in (wakes, ends)]
    return min((turn for turn in turns if turn is not None), default=None)


async def waking(session: ReadSession, now: datetime, most: int, besides: Collection[str] = ()) -> list[Alert]:
    """Those that have been snoozed for long enough and have not run out meanwhile, the longest waiting first; but none
    of the symbols `besides`."""
    rows = select(AlertRow).where(_is_waking(now), AlertRow.symbol.not_in(besides))
    return [_alert(row) for row in await session.scalars(rows.order_by(AlertRow.wakes_at).limit(most))]


async def pause_waking(session: WriteSession, symbol: str, now: datetime) -> list[Alert]:
    """Those of this symbol that `waking` tells."""
    return await _pause(session, _is_waking(now) & (AlertRow.symbol == symbol))


async def ending(session: ReadSession, now: datetime, most: int, unjudged: Collection[str] = ()) -> list[Alert]:
    """Those whose time has run out; but none that is armed on a symbol of `unjudged`."""
    is_judged = (AlertRow.state != State.ARMED) | AlertRow.symbol.not_in(unjudged)
    rows = select(AlertRow).where(AlertRow.state.in_(LISTED), AlertRow.ends_at <= now, is_judged)
    return [_alert(row) for row in await session.scalars(rows.order_by(AlertRow.ends_at).limit(most))]


async def fire(session: WriteSession, due: Sequence[Armed], now: datetime) -> list[Alert | None]:
    """Each as it is after firing; `None` if it is not armed any more, waits for something else by now, or has fired
    already. One look and one change for all of them, past the mapper: they come by the hundred."""
    table = cast("Table", AlertRow.__table__)
    connection = await session.connection()
    rows = select(table).where(table.c.id.in_({armed.id for armed in due})).order_by(table.c.id).with_for_update()
    known = {row.id: _alert(row) for row in await connection.execute(rows)}
    fired: dict[int, Alert] = {}
    after: list[Alert | None] = []
    for armed in due:
        alert = known.get(armed.id)
        if alert is None or not _waits_for(alert, armed):
            after.append(None)
            continue
        state = State.FIRED if armed.cooldown is None else State.ARMED
        alert = replace(alert, state=state, stance=Stance.SPENT, since=now, fires=armed.fires + 1, fired_at=now)
        known[alert.id] = fired[alert.id] = alert
        after.append(alert)
    if fired:
        values = [{"row": alert.id, "to": alert.state, "rung": alert.fires} for alert in fired.values()]
        change = update(table).where(table.c.id == bindparam("row"))
        change = change.values(state=bindparam("to"), fires=bindparam("rung"))
        change = change.values(stance=Stance.SPENT, since=now, fired_at=now)
        await connection.execute(change, values)
    return after


def _waits_for(alert: Alert, armed: Armed) -> bool:
    is_same = (alert.kind, alert.level, alert.condition) == (armed.kind, armed.level, armed.condition)
    return alert.state is State.ARMED and alert.fires == armed.fires and is_same


async def all_armed(session: ReadSession) -> AsyncIterator[list[Armed]]:
    """In batches, and past the mapper: with very many rows it would cost more than all the rest."""
    table = cast("Table", AlertRow.__table__)
    connection = await session.connection()
    rows = await connection.stream(select(*(table.c[name] for name in _ARMED)).where(table.c.state == State.ARMED))
    async for batch in rows.partitions(BATCH):
        yield [_armed(*row) for row in batch]


async def save_stances(session: WriteSession, moved: Iterable[Armed]) -> None:
    """What has fired, or was set for something else, in the meantime stays as it is."""
    values = [
        {
            "row": armed.id,
            "fired": armed.fires,
            "at": armed.level,
            "side": armed.kind,
            "waits": armed.condition,
            "stance": armed.stance,
            "since": armed.since,
        }
        for armed in moved
    ]
    if values:
        table = cast("Table", AlertRow.__table__)
        same = (table.c.fires == bindparam("fired")) & (table.c.level == bindparam("at"))
        same &= (table.c.kind == bindparam("side")) & (table.c.condition == bindparam("waits"))
        where = (table.c.id == bindparam("row")) & same
        connection = await session.connection()
        await connection.execute(update(table).where(where), values)


async def judged(session: ReadSession) -> dict[str, datetime]:
    rows = await session.execute(select(JudgedRow.symbol, JudgedRow.until))
    return {row.symbol: row.until for row in rows}


async def save_judged(session: WriteSession, until: Mapping[str, datetime]) -> None:
    if until:
        insert = insert_into(session, JudgedRow)
        values = [{"symbol": symbol, "until": moment} for symbol, moment in until.items()]
        await session.execute(
            insert.on_conflict_do_update(index_elements=["symbol"], set_={"until": insert.excluded.until}), values
        )


async def _pause(session: WriteSession, which: ColumnElement[bool], state: State = State.PAUSED) -> list[Alert]:
    awake = AlertRow.state.in_((State.ARMED, State.SNOOZED))
    rows = await session.scalars(update(AlertRow).where(awake, which).values(state=state).returning(AlertRow))
    return [_alert(row) for row in rows]


def _lasts(now: datetime) -> ColumnElement[bool]:
    return AlertRow.ends_at.is_(None) | (AlertRow.ends_at > now)


def _is_waking(now: datetime) -> ColumnElement[bool]:
    return (AlertRow.state == State.SNOOZED) & (AlertRow.wakes_at <= now) & _lasts(now)


def _seconds(cooldown: timedelta | None) -> int | None:
    return None if cooldown is None else int(cooldown.total_seconds())


_CHANGED = (
    *("state", "kind", "level", "condition", "note", "stance", "since", "fires", "fired_at"),
    *("wakes_at", "ends_at", "step_back"),
)
# The fields that row and dataclass have alike; `id` is the database's to give.
_SHARED = tuple(field.name for field in fields(Alert) if field.name not in {"id", "cooldown"})


# What an alert in memory is made of, in the order in which `_armed` takes it.
_ARMED = (
    *("id", "symbol", "kind", "level", "stance", "since", "fires", "cooldown_seconds", "fired_at", "ends_at"),
    *("step_back", "condition"),
)


def _armed(
    row_id: int,
    symbol: str,
    kind: str,
    level: Decimal,
    stance: str,
    since: datetime,
    fires: int,
    cooldown_seconds: int | None,
    fired_at: datetime | None,
    ends_at: datetime | None,
    step_back: Decimal,
    condition: str,
) -> Armed:
    cooldown = None if cooldown_seconds is None else timedelta(seconds=cooldown_seconds)
    resting_until = fired_at + cooldown if fired_at is not None and cooldown is not None else None
    return Armed(
        *(row_id, symbol, _KINDS[kind], level, _STANCES[stance], since, fires, cooldown, resting_until),
        *(ends_at, step_back, condition),
    )


_KINDS, _STANCES = {kind.value: kind for kind in Kind}, {stance.value: stance for stance in Stance}


def _alert(row: AlertRow | Row[Any]) -> Alert:
    values = {name: getattr(row, name) for name in _SHARED}
    values |= {"kind": Kind(row.kind), "state": State(row.state), "stance": Stance(row.stance)}
    seconds = row.cooldown_seconds
    return Alert(**values, id=row.id, cooldown=None if seconds is None else timedelta(seconds=seconds))
