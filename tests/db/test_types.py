"""Values come back as they went, on both databases."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, Integer, MetaData, Table, insert, select
from sqlalchemy.dialects.sqlite.aiosqlite import SQLiteDialect_aiosqlite

from tgbot.db.engine import Database
from tgbot.db.types import Money, UtcTime

VALUES = Table(
    "values_of_types",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("money", Money),
    Column("at", UtcTime),
)
MOMENTS = [
    datetime(2026, 11, 22, 12, 0, 0, 123456, tzinfo=UTC),
    datetime(1970, 1, 1, tzinfo=UTC),
    datetime(1969, 7, 20, 20, 17, 40, tzinfo=UTC),
    datetime(9999, 12, 31, tzinfo=UTC),
]
SQLITE = SQLiteDialect_aiosqlite()
AMOUNTS = ["0", "0.1", "100", "1E+3", "0.000000000000000001", "123456789012345678901234567890.123456789", "-5.50"]


async def test_money_and_moments_survive_the_database(database: Database) -> None:
    amounts = [Decimal(amount) for amount in AMOUNTS]
    rows = [
        {"id": number, "money": amount, "at": MOMENTS[number % len(MOMENTS)]} for number, amount in enumerate(amounts)
    ]
    async with database.write() as session:
        await (await session.connection()).run_sync(VALUES.metadata.create_all)
        await session.execute(insert(VALUES), rows)
        await session.execute(insert(VALUES).values(id=99, money=None, at=None))
    async with database.read() as session:
        found = (await session.execute(select(VALUES).order_by(VALUES.c.id))).all()
        in_order = list(
            await session.scalars(select(VALUES.c.at).where(VALUES.c.at > MOMENTS[1]).order_by(VALUES.c.at))
        )
    assert [(row.money, row.at) for row in found[:-1]] == [(row["money"], row["at"]) for row in rows]
    assert (found[-1].money, found[-1].at) == (None, None)
    assert in_order == sorted(in_order)
    assert all(at.tzinfo is UTC for at in in_order)


@given(money=st.decimals(allow_nan=False, allow_infinity=False, places=18, min_value=-(10**20), max_value=10**20))
def test_money_is_kept_to_the_last_digit_and_without_an_exponent(money: Decimal) -> None:
    stored = Money().process_bind_param(money, SQLITE)
    assert stored is not None
    assert "E" not in stored
    assert Money().process_result_value(stored, SQLITE) == money


@given(moment=st.datetimes(timezones=st.just(UTC)), hours=st.integers(-12, 12))
def test_a_moment_is_the_same_in_every_zone(moment: datetime, hours: int) -> None:
    if not timedelta(days=1) < moment - datetime(1, 1, 1, tzinfo=UTC) < timedelta(days=3_652_000):
        return
    elsewhere = moment.astimezone(timezone(timedelta(hours=hours)))
    kind = UtcTime()
    assert kind.process_bind_param(elsewhere, SQLITE) == kind.process_bind_param(moment, SQLITE)
    assert kind.process_result_value(kind.process_bind_param(elsewhere, SQLITE), SQLITE) == moment


def test_a_moment_without_a_zone_is_a_mistake() -> None:
    with pytest.raises(TypeError):
        UtcTime().process_bind_param(datetime(2026, 1, 1), SQLITE)  # noqa: DTZ001 - the mistake
