from datetime import datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tests.clock import START
from tgbot.core.money import ZERO
from tgbot.core.orders import Fill, Side
from tgbot.portfolio.rules.profit import profits, trades

LONG_AGO = START - timedelta(days=400)


def fill(
    side: Side,
    size: str | int | Decimal,
    price: str | int | Decimal,
    *,
    day: int = 0,
    fee: str = "0",
    fee_currency: str = "USDT",
    symbol: str = "BTC-USDT",
    order: str = "",
) -> Fill:
    at = START + timedelta(days=day)
    amount, cost = Decimal(size), Decimal(price)
    trade = f"{symbol} {side} {size} {price} {day}"
    return Fill(trade, order or trade, symbol, side, cost, amount, amount * cost, Decimal(fee), fee_currency, False, at)


def test_profit_is_what_a_sale_brought_above_the_average_cost() -> None:
    bought = [fill(Side.BUY, 1, "100"), fill(Side.BUY, 1, "200", day=1)]
    (found,) = profits([*bought, fill(Side.SELL, "0.5", "250", day=2)], LONG_AGO)
    assert (found.symbol, found.realised, found.without_cost) == ("BTC-USDT", Decimal(50), ZERO)


def test_fees_in_quote_and_base_lower_the_profit_and_others_stand_beside() -> None:
    (in_quote,) = profits([fill(Side.BUY, 1, "100", fee="1"), fill(Side.SELL, 1, "110", day=1, fee="1")], LONG_AGO)
    assert in_quote.realised == 8
    (in_base,) = profits(
        [fill(Side.BUY, 2, "100", fee="1", fee_currency="BTC"), fill(Side.SELL, 1, "200", day=1)], LONG_AGO
    )
    assert in_base.realised == 0, "two hundred were paid for the one that arrived"
    (in_kcs,) = profits(
        [fill(Side.BUY, 1, "1", fee="0.2", fee_currency="KCS"), fill(Side.SELL, 1, "1", fee="0.3", fee_currency="KCS")],
        LONG_AGO,
    )
    assert in_kcs.realised == 0
    assert in_kcs.fees == {"KCS": Decimal("0.5")}


def test_what_was_bought_elsewhere_has_no_cost_and_makes_no_profit() -> None:
    (found,) = profits([fill(Side.BUY, 1, "100"), fill(Side.SELL, 3, "120", day=1)], LONG_AGO)
    assert found.realised == 20
    assert found.without_cost == 2


def test_only_sales_within_the_span_count_but_earlier_buys_give_their_cost() -> None:
    fills = [fill(Side.BUY, 2, "100"), fill(Side.SELL, 1, "500", day=1), fill(Side.SELL, 1, "130", day=9)]
    (found,) = profits(fills, START + timedelta(days=5))
    assert found.realised == 30
    assert profits(fills, START + timedelta(days=10)) == []


sizes = st.decimals("0.001", "100", places=3)
prices = st.decimals("0.01", "1000", places=2)
steps = st.lists(st.tuples(st.sampled_from(Side), sizes, prices), max_size=30)


@given(steps)
def test_profit_and_what_is_held_at_cost_add_up_to_the_money_that_moved(
    moves: list[tuple[Side, Decimal, Decimal]],
) -> None:
    """As long as nothing is sold that was not bought."""
    held, money, fills = ZERO, ZERO, list[Fill]()
    for day, (side, size, price) in enumerate(moves):
        if side is Side.SELL and size > held:
            continue
        held += size if side is Side.BUY else -size
        money += size * price * (1 if side is Side.SELL else -1)
        fills.append(fill(side, size, price, day=day))
    last = Decimal(777)
    closing = [fill(Side.SELL, held, last, day=len(moves))] if held else []
    found = profits([*fills, *closing], LONG_AGO)
    realised = found[0].realised if found else ZERO
    assert abs(realised - (money + held * last)) < Decimal("1e-9")


@given(st.permutations([fill(Side.BUY, 1, "10"), fill(Side.BUY, 2, "20", day=1), fill(Side.SELL, 1, "30", day=2)]))
def test_the_order_in_which_fills_are_listed_does_not_matter(fills: list[Fill]) -> None:
    assert profits(fills, LONG_AGO) == profits(sorted(fills, key=at), LONG_AGO)


def test_fills_of_one_order_are_one_trade_and_the_newest_comes_first() -> None:
    several = [
        fill(Side.BUY, 1, "100", order="a"),
        fill(Side.BUY, 3, "200", day=2, order="a"),
        fill(Side.SELL, 1, "150", day=1, order="b"),
    ]
    assert [(trade.side, str(trade.size), str(trade.funds)) for trade in trades(several)] == [
        (Side.BUY, "4", "700"),
        (Side.SELL, "1", "150"),
    ]


def at(each: Fill) -> datetime:
    return each.at
