"""What accounts were worth, day by day, as history for later."""

from decimal import Decimal

import pytest

from tests.trading.conftest import on_both_databases
from tests.trading.desk import Desk
from tgbot.core.errors import ExchangeError
from tgbot.kucoin.market import SpotMarket
from tgbot.paper.faults import Mode
from tgbot.portfolio import store
from tgbot.portfolio.days import Days
from tgbot.portfolio.store import Day

DAY = 86_400
TICKERS = "/api/v1/market/allTickers"
BALANCES = "/api/v1/accounts"


def days(desk: Desk) -> Days:
    return Days(desk.database, desk.clock, desk.now.keys, SpotMarket(desk.rest))


async def known(desk: Desk) -> list[Day]:
    async with desk.database.read() as session:
        found = [await store.days_of(session, key.id) for key in await desk.now.keys.everybodys()]
    return [day for days in found for day in days]


@on_both_databases
async def test_each_account_is_noted_once_a_day_at_its_worth(desk: Desk) -> None:
    bob = await desk.link(8, {"USDT": "70"})
    today = desk.clock.now().date()
    await days(desk).look()
    desk.price("BTC-USDT", 68_000)
    await days(desk).look()
    assert {day.worth for day in await known(desk)} == {Decimal(5_000) + Decimal(6700), Decimal(70)}
    desk.clock.advance(DAY)
    await days(desk).look()
    noted = await known(desk)
    assert len(noted) == 4
    assert [(day.day > today, day.worth) for day in noted if day.key_id == bob.id] == [
        (False, Decimal(70)),
        (True, Decimal(70)),
    ]
    assert Decimal(5_000) + Decimal(6800) in {day.worth for day in noted}


async def test_an_account_that_does_not_answer_is_asked_again_and_keeps_nobody_else_from_it(desk: Desk) -> None:
    await desk.link(8, {"USDT": "70"})
    desk.faults.add("GET", BALANCES, Mode.ERROR, times=1, code="400007", message="Access denied")
    await days(desk).look()
    assert len(await known(desk)) == 1
    await days(desk).look()
    assert len(await known(desk)) == 2


async def test_without_prices_nothing_is_noted(desk: Desk) -> None:
    desk.faults.add("GET", TICKERS, Mode.ERROR, code="400100", message="no")
    with pytest.raises(ExchangeError):
        await days(desk).look()
    assert await known(desk) == []
