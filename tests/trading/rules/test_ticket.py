"""What a ticket lets through, what it refuses, and what it offers instead."""

from dataclasses import replace
from decimal import Decimal, localcontext

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from tests.clock import START
from tests.trading.rules.markets import market, markets, rule
from tgbot.core.errors import Refused, UsageError
from tgbot.core.market import Tick
from tgbot.core.money import ONE, ZERO, ceil_to, is_multiple
from tgbot.core.orders import Fees, OrderType, Side
from tgbot.trading.rules.amounts import read_amount
from tgbot.trading.rules.grammar import parse_order
from tgbot.trading.rules.market import Market
from tgbot.trading.rules.ticket import Ticket, decide, require_funds

BUY, SELL = Side.BUY, Side.SELL


def ticket(side: Side, text: str, at: Market | None = None) -> Ticket:
    at = at or market()
    request = parse_order(side, f"{at.rule.symbol} {text}", ".")
    shown = decide(request, read_amount(request, at.rule), at)
    require_funds(request, shown, at)
    return shown


def refusal(side: Side, text: str, at: Market | None = None) -> tuple[str, list[str]]:
    """The key of the text, and what the buttons ask for."""
    with pytest.raises(Refused) as caught:
        ticket(side, text, at)
    offers = [button.data for row in caught.value.buttons for button in row]
    return caught.value.text.key.removeprefix("trading."), offers


# --- What is sent ---------------------------------------------------------------------------------------------------


def test_market_buy_spends_what_was_written_and_the_fee_comes_on_top() -> None:
    shown = ticket(BUY, "100")
    assert (shown.spec.type, shown.spec.funds, shown.spec.size) == (OrderType.MARKET, Decimal(100), None)
    assert shown.fee == Decimal("0.1")
    assert shown.free_after == Decimal("900.9")
    assert shown.size == Decimal("0.00999"), "at least so much, at the price of 10,001"


def test_market_sell_of_an_amount_of_quote_needs_a_little_more_coins_than_that() -> None:
    shown = ticket(SELL, "100u")
    assert (shown.spec.funds, shown.spec.size) == (Decimal(100), None)
    assert shown.size == Decimal("0.01001")
    assert shown.free_after == Decimal("1.98999")


def test_limit_order_by_quote_buys_what_that_comes_to_rounded_down() -> None:
    shown = ticket(BUY, "100 @ 9900")
    assert (shown.spec.size, shown.spec.price) == (Decimal("0.01010"), Decimal(9900))
    assert shown.funds == Decimal("99.99")


def test_limit_order_by_size_is_sent_as_written() -> None:
    shown = ticket(SELL, "0.5 @ 10100.5 post")
    assert (shown.spec.size, shown.spec.price, shown.spec.post_only) == (Decimal("0.5"), Decimal("10100.5"), True)


@pytest.mark.parametrize(
    ("side", "text", "price"),
    [(BUY, "1% @ -1%", "9900"), (BUY, "1% @ -0.0007%", "9999.9"), (SELL, "1% @ +0.0007%", "10000.1")],
)
def test_relative_limit_is_rounded_away_from_the_market(side: Side, text: str, price: str) -> None:
    assert ticket(side, text).spec.price == Decimal(price)


@pytest.mark.parametrize(
    ("side", "text", "sent"),
    [
        (BUY, "max", "1000"),
        (BUY, "50%", "500"),
        (BUY, "max @ 10000", "0.1"),
        (BUY, "33.3333333%", "333.333333"),
        (SELL, "max", "2"),
        (SELL, "25%", "0.5"),
    ],
)
def test_share_of_what_is_free_leaves_room_for_the_fee(side: Side, text: str, sent: str) -> None:
    shown = ticket(side, text)
    assert (shown.spec.funds or shown.spec.size) == Decimal(sent)


def test_the_higher_fee_is_set_aside_until_the_order_has_filled() -> None:
    cheap_maker = market(fees=Fees(maker=Decimal("-0.0001"), taker=Decimal("0.001")))
    shown = ticket(BUY, "max @ 9000 post", cheap_maker)
    assert shown.fee_rate == Decimal("-0.0001")
    assert shown.spec.size == Decimal("0.11111")
    assert shown.free_after >= 0


@pytest.mark.parametrize(
    ("options", "rate"), [("", "0.002"), ("post", "0.0005"), ("post hidden", "0.002"), ("post iceberg 0.05", "0.002")]
)
def test_fee_is_that_of_a_taker_unless_the_order_is_sure_to_make(options: str, rate: str) -> None:
    at = market(fees=Fees(maker=Decimal("0.0005"), taker=Decimal("0.001")), rule=rule(taker_coefficient=Decimal(2)))
    assert ticket(BUY, f"0.05btc @ 9000 {options}", at).fee_rate == Decimal(rate)


def test_value_is_exact_however_many_digits_it_has() -> None:
    at = market(
        rule=rule(price_increment=Decimal("1E-12"), base_increment=Decimal("1E-8"), price_limit_rate=Decimal(0)),
        free_quote=Decimal("1E+20"),
    )
    shown = ticket(BUY, "9999999.12345679 btc @ 12345.123456789013", at)
    assert shown.funds == Decimal("123451223746.85598733986225224827")
    assert shown.free_after == Decimal("99999999876425325029.39715667279788549948173")


def test_impact_is_how_far_the_book_moves_the_average() -> None:
    deep = market(free_quote=Decimal(1_000_000))
    shown = ticket(BUY, "10btc", deep)
    assert shown.price == Decimal("10001.5")
    assert shown.impact is not None
    assert shown.impact.quantize(Decimal("0.00001")) == Decimal("0.00500")


def test_what_the_book_does_not_show_is_reckoned_at_its_last_level() -> None:
    at = market(free_quote=Decimal(1_000_000))
    shown = ticket(BUY, "20btc", at)
    assert shown.funds == 5 * 10_001 + 15 * 10_002
    assert shown.impact is None


@pytest.mark.parametrize("side", Side)
def test_empty_book_and_empty_quotes_leave_the_last_price(side: Side) -> None:
    plain = market()
    at = replace(
        plain,
        tick=Tick("BTC-USDT", Decimal(10_000), bid=Decimal(0), ask=Decimal(0), sequence=1, at=START),
        book=replace(plain.book, bids=(), asks=()),
    )
    shown = ticket(side, "0.01btc", at)
    assert (shown.price, shown.reference) == (Decimal(10_000), Decimal(10_000))


# --- What is refused, and what would do -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("side", "text", "key", "offers"),
    [
        (BUY, "0.0000001", "too_precise", ["buy:BTC-USDT 0.1usdt"]),
        (BUY, "100.0000001", "too_precise", ["buy:BTC-USDT 100usdt"]),
        (SELL, "0.123456", "too_precise", ["sell:BTC-USDT 0.12345btc"]),
        (BUY, "0.05", "too_small", ["buy:BTC-USDT 0.1usdt"]),
        (BUY, "0.01u @ 9900", "too_small", ["buy:BTC-USDT 0.198usdt @ 9900"]),
        (SELL, "0.00001 @ 9999", "too_small", ["sell:BTC-USDT 0.00002btc @ 9999"]),
        (BUY, "999999999", "too_large", ["buy:BTC-USDT 99999999usdt"]),
        (BUY, "9999999999999999999999999999", "too_large", ["buy:BTC-USDT 99999999usdt"]),
        (SELL, "20000000", "too_large", ["sell:BTC-USDT 10000000btc"]),
        (BUY, "99999999u @ 0.1", "too_large", ["buy:BTC-USDT 1000000usdt @ 0.1"]),
        (BUY, "1001", "no_funds", ["buy:BTC-USDT max"]),
        (BUY, "1000.5", "no_funds", ["buy:BTC-USDT max"]),
        (BUY, "1btc @ 9000", "no_funds", ["buy:BTC-USDT max @ 9000"]),
        (SELL, "3", "no_funds", ["sell:BTC-USDT max"]),
        (SELL, "30000u", "no_funds", ["sell:BTC-USDT max"]),
        (BUY, "100 @ 9900.05", "price_increment", ["buy:BTC-USDT 100 @ 9900"]),
        (SELL, "1 @ 10100.05", "price_increment", ["sell:BTC-USDT 1 @ 10100.1"]),
        (BUY, "100 @ 0.05", "price_increment", ["buy:BTC-USDT 100 @ 0.1"]),
        (BUY, "100 @ 11002", "price_too_high", ["buy:BTC-USDT 100 @ 11001.1"]),
        (BUY, "100 @ 99999999999999999999999999", "price_too_high", ["buy:BTC-USDT 100 @ 11001.1"]),
        (SELL, "1 @ 8999", "price_too_low", ["sell:BTC-USDT 1 @ 8999.1"]),
        (BUY, "0.1btc @ 9000 iceberg 0.001", "iceberg_shows", ["buy:BTC-USDT 0.1btc @ 9000 iceberg 0.005"]),
        (BUY, "0.1btc @ 9000 iceberg 0.2", "iceberg_shows", ["buy:BTC-USDT 0.1btc @ 9000 iceberg 0.1"]),
        (BUY, "0.1btc @ 9000 iceberg 0.0500001", "iceberg_shows", ["buy:BTC-USDT 0.1btc @ 9000 iceberg 0.05"]),
    ],
)
def test_refuses_and_offers_the_nearest_that_fits(side: Side, text: str, key: str, offers: list[str]) -> None:
    assert refusal(side, text) == (key, offers)


@pytest.mark.parametrize(("side", "text"), [(BUY, "1btc @ 5"), (SELL, "1 @ 9000000")])
def test_limit_far_behind_the_market_may_rest_there(side: Side, text: str) -> None:
    assert ticket(side, text).spec.price is not None


def test_suspended_pair_is_refused_before_anything_else() -> None:
    at = market(rule=rule(is_trading=False))
    assert refusal(BUY, "0.0000001 @ 1", at) == ("pair_suspended", [])


@pytest.mark.parametrize("side", Side)
def test_share_of_nothing_is_refused(side: Side) -> None:
    at = market(free_base=Decimal(0), free_quote=Decimal(0))
    assert refusal(side, "max", at) == ("nothing_free", [])


def test_value_below_the_smallest_is_refused_whatever_the_size() -> None:
    at = market(rule=rule(min_funds=Decimal(50)))
    assert refusal(SELL, "0.005 @ 9999", at) == ("too_small", ["sell:BTC-USDT 0.00501btc @ 9999"])
    assert refusal(BUY, "49", at) == ("too_small", ["buy:BTC-USDT 50usdt"])


def test_no_button_is_offered_that_would_not_fit() -> None:
    at = market(rule=rule("1000000MOG-USDT", price_increment=Decimal("0.0000000001")))
    assert refusal(BUY, "5 1000000mog @ 0.12345678901 gtt 2591999s post hidden", at) == ("price_increment", [])


# --- Whatever the market ---------------------------------------------------------------------------------------------


def broken_rules(shown: Ticket, at: Market) -> list[str]:
    """What KuCoin would object to, reckoned anew from the order that would be sent."""
    spec, its = shown.spec, at.rule
    best = at.best(spec.side)
    found = {
        "one of size and funds": (spec.size is None) == (spec.funds is None),
        "size step": spec.size is not None and not is_multiple(spec.size, its.base_increment),
        "size bounds": spec.size is not None and not its.base_min <= spec.size <= its.base_max,
        "funds step": spec.funds is not None and not is_multiple(spec.funds, its.quote_increment),
        "funds bounds": spec.funds is not None and not its.quote_min <= spec.funds <= its.quote_max,
        "value": (spec.funds or value_of(spec.size, spec.price or best)) < its.min_funds,
    }
    if spec.type is OrderType.LIMIT:
        price, size = spec.price or Decimal(0), spec.size or Decimal(0)
        visible = spec.visible_size
        rate = its.price_limit_rate or Decimal(10**12)
        is_near = (
            price <= max(best, at.tick.price) * (1 + rate)
            if spec.side is BUY
            else price >= min(best, at.tick.price) * (1 - rate)
        )
        found |= {
            "price": price <= 0 or not is_multiple(price, its.price_increment),
            "band": not is_near,
            "visible": visible is not None and not max(size / 20, its.base_min) <= visible <= size,
            "visible step": visible is not None and not is_multiple(visible, its.base_increment),
        }
    return [name for name, is_broken in found.items() if is_broken]


def value_of(size: Decimal | None, price: Decimal) -> Decimal:
    return (size or ZERO) * price


def is_affordable(shown: Ticket, at: Market) -> bool:
    spec = shown.spec
    if spec.side is SELL:
        return (spec.size if spec.size is not None else shown.size) <= at.free_base
    rate = max(at.fees.taker * at.rule.taker_coefficient, at.fees.maker * at.rule.maker_coefficient, Decimal(0))
    funds = spec.funds if spec.funds is not None else value_of(spec.size, shown.price)
    return funds * (1 + rate) <= at.free_quote


@st.composite
def written(draw: st.DrawFn, at: Market) -> str:
    """An order for this market, often one that fits."""
    its, crooked = at.rule, st.sampled_from([ONE, ONE, ONE, ONE, Decimal("0.3")])
    least = max(its.base_min, ceil_to(its.min_funds / at.tick.price, its.base_increment))
    size = least * draw(st.integers(1, 400)) * draw(crooked)
    third = (size / 3).quantize(Decimal("1E-9"))
    funds = ceil_to(size * at.tick.price, its.quote_increment) * draw(crooked)
    amount = draw(
        st.sampled_from([f"{size:f} {its.base}", f"{funds:f}{its.quote}", "max", "25%", "0.01%", f"{size:f}", "10k"])
    )
    far = (at.tick.price / 3).quantize(Decimal("1E-9"))
    nearby = at.tick.price + draw(st.integers(-30, 30)) * at.rule.price_increment
    price = draw(st.sampled_from(["", "", f"@ {nearby:f}", f"@ {far:f}", "@ -0.5%", "@ +2%", "@ -99%", "@ 98%"]))
    option = draw(st.sampled_from(["", "post", "hidden", f"iceberg {third:f}", f"iceberg {size:f}"]))
    return f"{amount} {price} {option if price else ''}"


@settings(max_examples=300)
@given(st.data(), st.sampled_from(Side))
def test_nothing_that_is_shown_would_break_a_rule_of_the_pair(data: st.DataObject, side: Side) -> None:
    at = data.draw(markets())
    text = data.draw(written(at))
    with localcontext(prec=80):
        try:
            shown = ticket(side, text, at)
        except (Refused, UsageError) as error:
            event(error.text.key)
            return
        event("shown")
        assert broken_rules(shown, at) == []
        assert is_affordable(shown, at)
        assert shown.free_after >= 0


@given(st.data(), st.sampled_from(Side))
def test_numbers_are_sent_as_they_were_written(data: st.DataObject, side: Side) -> None:
    """But for an amount of quote in a limit order, and then it is the most that this amount comes to."""
    at = data.draw(markets())
    text = data.draw(written(at))
    try:
        request = parse_order(side, f"{at.rule.symbol} {text}", ".")
        amount = read_amount(request, at.rule)
        spec = decide(request, amount, at).spec
    except (Refused, UsageError):
        return
    assert spec.side is side
    assert spec.symbol == at.rule.symbol
    assert (spec.post_only, spec.hidden, spec.visible_size) == (request.post_only, request.hidden, request.iceberg)
    if request.price is not None and request.price.level is not None:
        assert spec.price == request.price.level
    if amount.unit.value == "base":
        assert (spec.size, spec.funds) == (amount.value, None)
    elif amount.unit.value == "quote" and spec.price is None:
        assert (spec.size, spec.funds) == (None, amount.value)
    elif amount.unit.value == "quote":
        with localcontext(prec=80):
            size = spec.size or Decimal(0)
            assert size * (spec.price or 0) <= amount.value < (size + at.rule.base_increment) * (spec.price or 0)


@given(st.data(), st.sampled_from(Side))
def test_offers_lead_to_a_ticket_or_to_a_shortage(data: st.DataObject, side: Side) -> None:
    """Whoever keeps tapping what is offered gets a ticket in a few taps, or learns that the account has too little."""
    at = data.draw(markets())
    asked = data.draw(written(at))
    seen: list[str] = []
    for _ in range(8):
        try:
            ticket(side, asked, at)
        except (Refused, UsageError) as error:
            seen.append(error.text.key)
            buttons = [button for row in error.buttons for button in row]
            if not buttons:
                return
            asked = buttons[0].data.removeprefix(f"{side}:{at.rule.symbol} ")
        else:
            return
    assert {"trading.no_funds", "trading.too_small"} <= set(seen), f"going round in circles: {seen}"
