import asyncio
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from tests.clock import START, JumpClock
from tgbot.accounts import store as people
from tgbot.accounts.guards.rules import RAISED_AFTER, Limit, Limits, Setting, effective_at, in_force, require_within
from tgbot.accounts.guards.service import Guards
from tgbot.accounts.guards.store import EVERYBODY, By
from tgbot.core.errors import NotAllowed, Refused
from tgbot.core.people import Person
from tgbot.db.engine import Database, ReadSession

ANN = Person(11, "Ann", "en", "UTC", "USDT", "USDT", None, is_operator=False)


@pytest.fixture
def guards(database: Database, clock: JumpClock) -> Guards:
    return Guards(database, clock)


async def nothing_spent(session: ReadSession, *, since: datetime) -> Decimal:
    return Decimal(0)


async def try_order(
    guards: Guards, database: Database, value: str, symbol: str = "BTC-USDT", chat_id: int = 11
) -> None:
    async with database.read() as session:
        await guards.require(
            session, person_id=ANN.id, chat_id=chat_id, symbol=symbol, value=Decimal(value), spent=nothing_spent
        )


@pytest.mark.parametrize(
    ("limit", "old", "new", "is_tighter"),
    [
        (Limit.ORDER, "", "100", True),
        (Limit.ORDER, "100", "99.9", True),
        (Limit.ORDER, "100", "100", True),
        (Limit.ORDER, "100", "101", False),
        (Limit.DAY, "100", "", False),
        (Limit.DAY, "", "", True),
        (Limit.PAIRS, "", "BTC-USDT", True),
        (Limit.PAIRS, "BTC-USDT ETH-USDT", "ETH-USDT", True),
        (Limit.PAIRS, "ETH-USDT", "BTC-USDT ETH-USDT", False),
        (Limit.PAIRS, "ETH-USDT", "BTC-USDT", False),
    ],
)
def test_a_tighter_limit_begins_at_once_and_a_looser_one_a_day_later(
    limit: Limit, old: str, new: str, is_tighter: bool
) -> None:
    assert effective_at(limit, old, new, START) == (START if is_tighter else START + RAISED_AFTER)


amounts = st.decimals("0.01", "100000", places=2)


@given(amounts, amounts, st.none() | amounts, st.none() | amounts)
def test_nothing_passes_that_exceeds_a_limit(
    value: Decimal, spent: Decimal, per_order: Decimal | None, per_day: Decimal | None
) -> None:
    is_within = (per_order is None or value <= per_order) and (per_day is None or spent + value <= per_day)
    try:
        require_within(Limits(per_order, per_day), "BTC-USDT", value, spent)
    except Refused:
        assert not is_within
    else:
        assert is_within


def test_an_order_of_unknown_worth_is_refused_where_worth_is_limited() -> None:
    require_within(Limits(), "ABC-XYZ", None, Decimal(0))
    with pytest.raises(Refused):
        require_within(Limits(per_order=Decimal(5)), "ABC-XYZ", None, Decimal(0))


def test_of_each_limit_the_newest_that_has_begun_counts() -> None:
    settings = [
        Setting(Limit.ORDER, "100", START),
        Setting(Limit.DAY, "500", START),
        Setting(Limit.ORDER, "50", START + timedelta(hours=1)),
        Setting(Limit.ORDER, "", START + timedelta(hours=9)),
    ]
    assert in_force(settings, START + timedelta(hours=2)) == Limits(Decimal(50), Decimal(500))
    assert in_force(settings, START + timedelta(hours=10)) == Limits(None, Decimal(500))


async def test_limits_hold_and_loosen_only_after_a_day(guards: Guards, database: Database, clock: JumpClock) -> None:
    await guards.set_limit(ANN, Limit.ORDER, "100")
    await try_order(guards, database, "100")
    with pytest.raises(Refused):
        await try_order(guards, database, "100.01")
    await guards.set_limit(ANN, Limit.ORDER, "1000")
    with pytest.raises(Refused):
        await try_order(guards, database, "101")
    clock.advance(RAISED_AFTER.total_seconds())
    await try_order(guards, database, "101")


async def test_a_looser_limit_that_waits_is_taken_back_by_a_tighter_one(
    guards: Guards, database: Database, clock: JumpClock
) -> None:
    for value in ("100", "1000", "90"):
        await guards.set_limit(ANN, Limit.ORDER, value)
    clock.advance(2 * RAISED_AFTER.total_seconds())
    with pytest.raises(Refused):
        await try_order(guards, database, "91")


async def test_pairs_that_are_not_allowed_are_refused(guards: Guards, database: Database) -> None:
    await guards.set_limit(ANN, Limit.PAIRS, "BTC-USDT")
    await try_order(guards, database, "1")
    with pytest.raises(Refused):
        await try_order(guards, database, "1", "ETH-USDT")


@pytest.mark.parametrize("subject", [ANN.id, -100, EVERYBODY])
async def test_kill_switch_stops_a_person_a_chat_or_all_and_only_the_operator_resumes(
    guards: Guards, database: Database, subject: int
) -> None:
    await guards.freeze(subject, By.OPERATOR)
    await guards.freeze(subject, By.OPERATOR)
    with pytest.raises(NotAllowed):
        await try_order(guards, database, "1", chat_id=-100)
    assert not await guards.thaw(subject, By.SELF)
    with pytest.raises(NotAllowed):
        await try_order(guards, database, "1", chat_id=-100)
    assert await guards.thaw(subject, By.OPERATOR)
    await try_order(guards, database, "1", chat_id=-100)


async def test_of_many_orders_at_once_no_more_pass_than_the_day_allows(guards: Guards, database: Database) -> None:
    """The sum is read after the place in line is taken: two writers never reckon with the same rest."""
    async with database.write() as session:
        await people.add(session, ANN, START)
    await guards.set_limit(ANN, Limit.DAY, "500")

    async def spent(session: ReadSession, *, since: datetime) -> Decimal:
        # Any table that the transaction writes will do: names stand for orders here.
        return Decimal(100 * await invitations(session))

    async def order(number: int) -> bool:
        try:
            async with database.write() as session:
                await guards.require(
                    session, person_id=ANN.id, chat_id=ANN.id, symbol="BTC-USDT", value=Decimal(100), spent=spent
                )
                await people.add_invitation(session, str(number), START, START)
        except Refused:
            return False
        return True

    passed = await asyncio.gather(*(order(number) for number in range(12)))
    assert sum(passed) == 5


async def invitations(session: ReadSession) -> int:
    return await session.scalar(select(func.count()).select_from(people.InvitationRow)) or 0
