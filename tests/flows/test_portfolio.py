"""What I have, what I did, what it brought."""

from decimal import Decimal

import pytest

from tests.faults import oracle
from tests.flows.stage import Seat, Stage
from tests.flows.test_fills import connect, hears_orders, place, unheard
from tgbot.paper.faults import Mode
from tgbot.paper.ledger import Ledger


async def buy_and_sell(trader: Seat, stage: Stage) -> None:
    await trader.say("/buy btc 500", "Buy BTC-USDT")
    await trader.press("Confirm", "^Filled")
    stage.price("BTC-USDT", 70_000)
    await trader.say("/sell btc max", "Sell BTC-USDT")
    await trader.press("Confirm", "^Filled")


async def test_balance_is_the_total_and_then_what_it_is_made_of(trader: Seat) -> None:
    shown = await trader.say("/balance", "USDT")
    assert shown.text.splitlines()[0] == "10,000 USDT · PAPER"


@pytest.mark.usefixtures("judged")
async def test_while_kucoin_cannot_be_asked_the_last_known_balances_are_shown_with_their_age(
    ann: Seat, stage: Stage
) -> None:
    """Also what only the account's stream has told of."""
    await connect(ann, stage)
    stage.faults.add("GET", "/api/v1/accounts", Mode.HTML, 3)
    await ann.say("/balance", "KuCoin could not be asked")
    await place(ann)
    await stage.until(lambda: hears_orders(stage))
    await ann.say("/balance", "660.66 USDT in open orders")
    stage.price("BTC-USDT", 65_990)
    await ann.hears("^Filled")
    stage.faults.add("GET", "/api/v1/(accounts|market/allTickers)", Mode.DROP, 9_999)
    shown = (await ann.say("/balance", "^As of ")).text.splitlines()
    assert shown[0].endswith(", not of now")
    assert shown[1].startswith("KuCoin cannot be asked at the moment (")
    assert not any("open orders" in line or "5,0" in line for line in shown)
    assert any(line.split() == ["BTC", "0.11", "?"] for line in shown)
    stage.faults.clear()
    assert (await ann.press("Refresh", "USDT")).text[0].isdigit()


async def test_a_deposit_that_no_stream_told_of_is_known_when_it_is_back(ann: Seat, stage: Stage) -> None:
    """Before anybody asks, for by then KuCoin cannot be asked."""
    await connect(ann, stage)
    await place(ann)
    await stage.until(lambda: hears_orders(stage))
    assert "ETH" not in (await ann.say("/balance", "660.66 USDT in open orders")).text
    async with unheard(stage):
        deposit(stage, "ETH", "2")
        swept = stage.faults.add("GET", "/api/v1/accounts", Mode.EDITED)
    await stage.until(lambda: swept.hits == 1)
    stage.faults.add("GET", "/api/v1/accounts", Mode.DROP, 9_999)
    shown = (await ann.say("/balance", "^As of ")).text.splitlines()
    assert any(line.split()[:2] == ["ETH", "2"] for line in shown)


def deposit(stage: Stage, currency: str, amount: str) -> None:
    """To the account of the one order there is."""
    (order,) = oracle.orders_at(stage.kucoin)
    ledger = Ledger(stage.kucoin._store.balances(order.account))
    ledger.receive(currency, Decimal(amount))
    stage.kucoin._store.save(order, None, ledger.entries)


async def test_history_and_profit_tell_of_what_was_traded(trader: Seat, stage: Stage) -> None:
    await buy_and_sell(trader, stage)
    history = await trader.say("/history", "2 orders filled in 7 d")
    assert ["sold" in line for line in history.text.splitlines()[1:]] == [True, False]
    profit = await trader.say("/pnl", "realised in 30 d")
    assert profit.text.startswith("+21.3"), "3000 a coin on 500 USDT of it, less the fees"
    shorter = await trader.press("1 d", "realised in 1 d")
    assert shorter.id == profit.id


async def test_nothing_traded_is_said_as_such(trader: Seat) -> None:
    assert (await trader.say("/history eth 30d")).text.startswith("No order filled in 30 d")
    assert (await trader.say("/pnl 7d")).text.startswith("Nothing was sold in 7 d")


async def test_a_span_that_is_none_changes_nothing(trader: Seat) -> None:
    assert "not a time span" in (await trader.say("/pnl soon")).text
    assert "no pair" in (await trader.say("/history nonsense")).text
