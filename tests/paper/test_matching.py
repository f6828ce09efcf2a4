from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.clock import START
from tests.paper.conftest import RULES
from tgbot.core.market import SymbolRule, Tick
from tgbot.core.money import ZERO
from tgbot.core.orders import Balance, OrderType, Side, TimeInForce
from tgbot.paper.ledger import QUANTUM, InsufficientBalance, Ledger
from tgbot.paper.matching import cancel, is_touched, place, touch
from tgbot.paper.orders import PaperFill, PaperOrder

RULE = RULES["BTC-USDT"]


def order(side: Side, *, price: str = "0", size: str = "0", funds: str = "0", **changes: Any) -> PaperOrder:
    kind = OrderType.LIMIT if price != "0" else OrderType.MARKET
    plain = PaperOrder(
        id="1", account="key", client_oid="tb1", symbol="BTC-USDT", base="BTC", quote="USDT", side=side, type=kind,
        price=Decimal(price), size=Decimal(size), funds=Decimal(funds) or Decimal(price) * Decimal(size),
        time_in_force=TimeInForce.GTC, created_at=START, updated_at=START,
    )  # fmt: skip
    return replace(plain, **changes)


def tick(price: str, spread: str = "1") -> Tick:
    return Tick(
        "BTC-USDT", Decimal(price), Decimal(price) - Decimal(spread), Decimal(price) + Decimal(spread), 1, START
    )


def wallet(**amounts: str) -> Ledger:
    return Ledger({name: Balance(name, Decimal(amount), ZERO) for name, amount in amounts.items()})


def total(ledger: Ledger, currency: str) -> Decimal:
    return ledger.balance(currency).total


def test_market_buy_by_size_pays_the_ask_and_the_fee_on_top() -> None:
    ledger = wallet(USDT="1000")
    done, fill = place(order(Side.BUY, size="0.01"), ledger, RULE, tick("67000"), START)
    assert fill is not None
    assert (fill.price, fill.funds, fill.fee) == (Decimal(67001), Decimal("670.01"), Decimal("0.67001"))
    assert ledger.balance("USDT") == Balance("USDT", Decimal("329.31999"), ZERO)
    assert ledger.balance("BTC") == Balance("BTC", Decimal("0.01"), ZERO)
    assert not done.is_active
    assert not done.cancel_exists


def test_market_sell_gets_the_bid_less_the_fee() -> None:
    ledger = wallet(BTC="0.01")
    _, fill = place(order(Side.SELL, size="0.01"), ledger, RULE, tick("67000"), START)
    assert fill is not None
    assert fill.price == Decimal(66999)
    assert ledger.balance("USDT").available == Decimal("669.99") - Decimal("0.66999")


def test_market_order_without_a_quote_takes_the_last_price() -> None:
    bare = tick("67000")._replace(bid=ZERO, ask=ZERO)
    _, fill = place(order(Side.BUY, size="0.01"), wallet(USDT="1000"), RULE, bare, START)
    assert fill is not None
    assert fill.price == Decimal(67000)


def test_market_buy_by_funds_spends_them_and_the_fee_on_top() -> None:
    ledger = wallet(USDT="100.1")
    done, fill = place(order(Side.BUY, funds="100"), ledger, RULE, tick("50000", "0"), START)
    assert fill is not None
    assert (fill.size, fill.funds, fill.fee) == (Decimal("0.002"), Decimal(100), Decimal("0.1"))
    assert total(ledger, "USDT") == ZERO
    assert done.deal_funds == Decimal(100)


def test_market_buy_by_funds_without_money_for_the_fee_is_refused() -> None:
    ledger = wallet(USDT="100.09")
    with pytest.raises(InsufficientBalance):
        place(order(Side.BUY, funds="100"), ledger, RULE, tick("50000", "0"), START)
    assert ledger.entries == []


def test_limit_that_crosses_fills_at_once_at_the_better_price() -> None:
    ledger = wallet(USDT="1000")
    done, fill = place(order(Side.BUY, price="68000", size="0.01"), ledger, RULE, tick("67000"), START)
    assert fill is not None
    assert (fill.price, fill.is_maker) == (Decimal(67001), False)
    assert ledger.balance("USDT").hold == ZERO
    assert done.remain_funds == Decimal(680) - Decimal("670.01")


def test_limit_that_does_not_cross_rests_with_price_and_fee_held() -> None:
    """KuCoin's own example: 0.5 USDT at a fee of 0.1 % holds 0.5005."""
    ledger = wallet(USDT="26")
    resting, fill = place(order(Side.BUY, price="50000", size="0.00001"), ledger, RULE, tick("67000"), START)
    assert fill is None
    assert resting.is_active
    assert ledger.balance("USDT") == Balance("USDT", Decimal("25.4995"), Decimal("0.5005"))


def test_resting_order_fills_at_its_own_price_as_maker_when_the_price_comes() -> None:
    ledger = wallet(USDT="1000")
    resting, _ = place(order(Side.BUY, price="66000", size="0.01"), ledger, RULE, tick("67000"), START)
    assert not is_touched(resting, tick("66000"))
    assert is_touched(resting, tick("65999"))
    later = START + timedelta(minutes=1)
    done, fill = touch(resting, ledger, RULE, later)
    assert fill is not None
    assert (fill.price, fill.is_maker, fill.at) == (Decimal(66000), True, later)
    assert ledger.balance("USDT") == Balance("USDT", Decimal("339.34"), ZERO)
    assert not done.is_active


def test_hidden_and_iceberg_orders_pay_the_takers_fee_also_as_maker() -> None:
    dear_taker = replace(RULE, taker_coefficient=Decimal(2))
    flags: list[dict[str, Any]] = [{"hidden": True}, {"iceberg": True}]
    for flag in flags:
        ledger = wallet(USDT="1000")
        resting, _ = place(
            order(Side.BUY, price="66000", size="0.01", **flag), ledger, dear_taker, tick("67000"), START
        )
        _, fill = touch(resting, ledger, dear_taker, START)
        assert fill is not None
        assert fill.fee == Decimal("1.32")
        assert ledger.balance("USDT").hold == ZERO


def test_post_only_that_would_cross_is_cancelled() -> None:
    ledger = wallet(USDT="1000")
    done, fill = place(order(Side.BUY, price="68000", size="0.01", post_only=True), ledger, RULE, tick("67000"), START)
    assert fill is None
    assert done.cancel_exists
    assert ledger.balance("USDT") == Balance("USDT", Decimal(1000), ZERO)


@pytest.mark.parametrize("patience", [TimeInForce.IOC, TimeInForce.FOK])
def test_impatient_order_that_does_not_cross_is_cancelled(patience: TimeInForce) -> None:
    ledger = wallet(USDT="1000")
    impatient = order(Side.BUY, price="66000", size="0.01", time_in_force=patience)
    done, fill = place(impatient, ledger, RULE, tick("67000"), START)
    assert fill is None
    assert done.cancelled_size == Decimal("0.01")
    assert ledger.balance("USDT") == Balance("USDT", Decimal(1000), ZERO)


def test_funds_too_small_for_one_increment_are_cancelled() -> None:
    coarse = replace(RULE, base_increment=Decimal(1))
    ledger = wallet(USDT="1000")
    done, fill = place(order(Side.BUY, funds="100"), ledger, coarse, tick("67000"), START)
    assert fill is None
    assert done.cancelled_funds == Decimal(100)
    assert ledger.balance("USDT") == Balance("USDT", Decimal(1000), ZERO)


sides = st.sampled_from(Side)
prices = st.decimals("0.01", "200000", places=2)
sizes = st.decimals("0.00001", "50", places=8)
coefficients = st.sampled_from([Decimal(0), Decimal(1), Decimal("1.5"), Decimal(3)])


@st.composite
def requests(draw: st.DrawFn) -> PaperOrder:
    side, kind = draw(sides), draw(st.sampled_from(["limit", "size", "funds"]))
    if kind == "limit":
        patience = draw(st.sampled_from([TimeInForce.GTC, TimeInForce.IOC]))
        flags: dict[str, Any] = {"post_only": draw(st.booleans()), "hidden": draw(st.booleans())}
        return order(side, price=str(draw(prices)), size=str(draw(sizes)), time_in_force=patience, **flags)
    if kind == "size":
        return order(side, size=str(draw(sizes)))
    return order(side, funds=str(draw(st.decimals("0.1", "100000", places=6))))


@given(requests(), prices, prices, coefficients, coefficients)
def test_nothing_is_made_or_lost(
    request: PaperOrder, first: Decimal, second: Decimal, maker: Decimal, taker: Decimal
) -> None:
    """Whatever happens to an order: balances and holds change by exactly what its fill says, and no hold is left over
    once it is finished."""
    rule = replace(RULE, maker_coefficient=maker, taker_coefficient=taker)
    ledger = wallet(USDT="1000000", BTC="100")
    try:
        now, fill = place(request, ledger, rule, tick(str(first), "0.01"), START)
    except InsufficientBalance:
        assert ledger.entries == []
        return
    assert_conserved(ledger, fill, held=now)
    if not now.is_active:
        return
    if is_touched(now, tick(str(second), "0.01")):
        now, fill = touch(now, ledger, rule, START)
    else:
        now = cancel(now, ledger, START)
    assert_conserved(ledger, fill, held=now)
    assert not now.is_active


def assert_conserved(ledger: Ledger, fill: PaperFill | None, held: PaperOrder) -> None:
    quote, base = ledger.balance("USDT"), ledger.balance("BTC")
    assert min(quote.available, quote.hold, base.available, base.hold) >= ZERO
    paid = received = ZERO
    if fill:
        assert fill.fee >= ZERO
        assert abs(fill.funds - fill.price * fill.size) < QUANTUM
        sign = 1 if fill.side is Side.BUY else -1
        paid, received = sign * fill.funds + fill.fee, sign * fill.size
    assert quote.total == Decimal(1000000) - paid
    assert base.total == Decimal(100) + received
    holds = {"USDT": quote.hold, "BTC": base.hold}
    assert holds.pop(held.held_currency) == held.held
    assert list(holds.values()) == [ZERO]
    assert bool(held.held) <= held.is_active


@given(prices, sizes, coefficients)
def test_a_ledger_never_carries_more_digits_than_it_keeps(price: Decimal, size: Decimal, coefficient: Decimal) -> None:
    rule: SymbolRule = replace(RULE, taker_coefficient=coefficient)
    ledger = wallet(USDT="100000000")
    place(order(Side.BUY, size=str(size)), ledger, rule, tick(str(price), "0"), START)
    assert ledger.balance("USDT").available % QUANTUM == ZERO
