"""From /start to a filled order, on paper and live."""

from tests.flows.stage import Seat, Stage


async def test_newcomer_is_greeted_with_the_three_ways_on(ann: Seat) -> None:
    greeting = await ann.say("/start")
    assert greeting.text.startswith("Hello Ann!")
    assert greeting.labels == ["Try on paper", "Connect KuCoin", "Help"]


async def test_paper_order_is_shown_confirmed_and_filled(trader: Seat) -> None:
    ticket = await trader.say("/buy btc 100", "Buy BTC-USDT")
    assert "100 USDT" in ticket.text
    assert "PAPER" in ticket.text
    filled = await trader.press("Confirm", "^Filled")
    assert filled.id == ticket.id, "the ticket's own message says what became of it"
    assert "67,000.1" in filled.text
    balance = await trader.say("/balance")
    assert "BTC" in balance.text


async def test_second_tap_places_nothing(trader: Seat, stage: Stage) -> None:
    ticket = await trader.say("/buy btc 100", "Buy BTC-USDT")
    data = ticket.buttons[0][0]["callback_data"]
    await trader.press("Confirm", "^Filled")
    for _ in range(3):
        assert "Already done" in await trader.press_for_toast("", ticket, data=data)
    balance = await trader.say("/balance")
    assert "9,900.07" in balance.text
