"""What a chart shows of somebody's trading."""

from dataclasses import replace
from decimal import Decimal

import pytest

from tests.trading.desk import BORIS, Desk
from tgbot.core.orders import Side
from tgbot.core.people import Mode
from tgbot.markets.charts.chart import Line, LineKind, Marks
from tgbot.trading import marks
from tgbot.trading.marks import trading_marks


async def marks_of(desk: Desk, symbol: str = "BTC-USDT") -> Marks:
    return await trading_marks(desk.database, desk.now.keys, desk.person(), symbol)


async def test_orders_that_wait_are_lines_and_fills_are_trades(desk: Desk) -> None:
    await desk.send("btc 0.001btc @ 66000")
    await desk.send("btc 0.001 @ 68000", Side.SELL)
    await desk.send("eth 50")
    await desk.send("btc 100")
    bought_at = desk.clock.now()
    await desk.rounds(2)
    found = await marks_of(desk)
    assert found.lines == (Line(LineKind.BUY, Decimal(66_000)), Line(LineKind.SELL, Decimal(68_000)))
    (trade,) = found.trades
    assert (trade.side, trade.price, trade.at) == (Side.BUY, Decimal("67000.1"), bought_at)


async def test_the_latest_trades_are_enough(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(marks, "MOST_TRADES", 2)
    for price in (67_000, 67_100, 67_200):
        desk.price("BTC-USDT", price)
        await desk.send("btc 100")
        await desk.rounds(2)
    assert [trade.price for trade in (await marks_of(desk)).trades] == [Decimal("67200.1"), Decimal("67100.1")]


async def test_marks_are_those_of_the_account_in_use(desk: Desk) -> None:
    await desk.send("btc 0.001btc @ 66000")
    assert (await marks_of(desk)).lines
    assert await marks_of(desk, "ETH-USDT") == Marks()
    paper = replace(desk.person(), mode=Mode.PAPER)
    for other in (paper, replace(desk.person(), mode=None), desk.person(BORIS)):
        assert await trading_marks(desk.database, desk.now.keys, other, "BTC-USDT") == Marks()
