"""How an order is written."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tgbot.core.errors import Refused, UsageError
from tgbot.core.orders import Side, TimeInForce
from tgbot.core.reply import Button, T
from tgbot.trading.rules.grammar import BUTTON_BYTES, OrderRequest, PriceWish, choice, parse_order

BUY, SELL = Side.BUY, Side.SELL
AT_67000 = PriceWish(level=Decimal(67_000))


def order(**fields: object) -> OrderRequest:
    return OrderRequest(BUY, pair="btc", **fields)  # type: ignore[arg-type]  # the fields of OrderRequest


@pytest.mark.parametrize(
    ("text", "request_"),
    [
        ("", OrderRequest(BUY)),
        ("btc", order()),
        ("btc 100", order(amount="100")),
        ("btc 50u", order(amount="50u")),
        ("btc $50", order(amount="$50")),
        ("btc 0.01btc", order(amount="0.01btc")),
        ("btc 0.01 btc", order(amount="0.01 btc")),
        ("btc 10 1inch", order(amount="10 1inch")),
        ("btc 25%", order(amount="25%")),
        ("btc 25 %", order(amount="25 %")),
        ("btc max", order(amount="max")),
        ("btc 5k", order(amount="5k")),
        ("btc 5 k", order(amount="5 k")),
        ("btc 100 @ 67000", order(amount="100", price=AT_67000)),
        ("btc 100 @67000", order(amount="100", price=AT_67000)),
        ("btc 100@67k", order(amount="100", price=AT_67000)),
        ("btc @ 67000 100", order(amount="100", price=AT_67000)),
        ("btc @ 67000", order(price=AT_67000)),
        ("btc 100 @ -1%", order(amount="100", price=PriceWish(percent=Decimal(-1)))),
        ("btc 100 @-1%", order(amount="100", price=PriceWish(percent=Decimal(-1)))),
        ("btc 100 @ - 1%", order(amount="100", price=PriceWish(percent=Decimal(-1)))),
        ("btc 100 @ −1.5%", order(amount="100", price=PriceWish(percent=Decimal("-1.5")))),
        ("btc 100 @ +0.5%", order(amount="100", price=PriceWish(percent=Decimal("0.5")))),
        ("btc 100 @ 2%", order(amount="100", price=PriceWish(percent=Decimal(2)))),
        ("btc 100 @ 67000 post", order(amount="100", price=AT_67000, post_only=True)),
        ("btc post 100 @ 67000", order(amount="100", price=AT_67000, post_only=True)),
        ("btc IOC @ 67000 100", order(amount="100", price=AT_67000, time_in_force=TimeInForce.IOC)),
        ("btc 100 fok @ 67000", order(amount="100", price=AT_67000, time_in_force=TimeInForce.FOK)),
        (
            "btc gtt 90m 100 hidden @ 67000",
            order(
                amount="100",
                price=AT_67000,
                hidden=True,
                time_in_force=TimeInForce.GTT,
                cancel_after=timedelta(minutes=90),
            ),
        ),
        ("btc 1 btc iceberg 0.1 @ 67000", order(amount="1 btc", price=AT_67000, iceberg=Decimal("0.1"))),
    ],
)
def test_reads(text: str, request_: OrderRequest) -> None:
    assert parse_order(BUY, text, ".") == request_


@pytest.mark.parametrize(
    ("text", "amount"),
    [("btc 1,5", "1.5"), ("btc 2,500btc", "2.500btc"), ("btc 10.000,50", "10,000.50"), ("btc 1.5", "1,5")],
)
def test_amount_of_a_comma_reader_is_kept_in_our_notation(text: str, amount: str) -> None:
    assert parse_order(BUY, text, ",").amount == amount


@pytest.mark.parametrize("sign", [".", ","])
@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("btc {}", "amount"),
        ("btc {}btc @ 67000", "amount"),
        ("btc ${} @ 67000 post", "amount"),
        ("btc 100 @ {}", "price"),
        ("btc 100 @ -{}%", "price"),
        ("btc 100 @ {} ioc", "price"),
        ("btc 100 @ 67000 iceberg {}", "iceberg"),
    ],
)
def test_number_with_two_readings_is_asked_back_with_both_as_buttons(text: str, where: str, sign: str) -> None:
    """And each button asks for the same order, with nothing else changed."""
    typed, smaller, larger = ("1,500", "1.5", "1500") if sign == "." else ("1.500", "1.5", "1500")
    if where == "price" and "%" in text:
        typed, smaller, larger = typed.replace("500", "125"), "1.125", "1125"
    with pytest.raises(UsageError) as caught:
        parse_order(SELL, text.format(typed), sign)  # type: ignore[arg-type]  # one of the two signs
    assert caught.value.text.key == "trading.ambiguous"
    ((first, second),) = caught.value.buttons
    assert first.data == f"sell:{as_spaced(text.format(smaller))}"
    assert second.data == f"sell:{as_spaced(text.format(larger))}"


def as_spaced(text: str) -> str:
    return " ".join(text.replace("@", " @ ").split()).replace("@ - ", "@ -")


def test_two_unclear_numbers_are_asked_one_after_the_other() -> None:
    with pytest.raises(UsageError) as caught:
        parse_order(BUY, "btc 2.500 @ 1.500", ",")
    second_amount = caught.value.buttons[0][1].data.removeprefix("buy:")
    assert second_amount == "btc 2500 @ 1,500", "the price still has both readings"
    with pytest.raises(UsageError) as caught:
        parse_order(BUY, second_amount, ".")
    assert [button.data for button in caught.value.buttons[0]] == ["buy:btc 2500 @ 1.5", "buy:btc 2500 @ 1500"]


def test_readings_show_what_stands_around_the_number() -> None:
    with pytest.raises(UsageError) as caught:
        parse_order(BUY, "btc 1,500k", ".")
    assert caught.value.buttons[0][1].label == T.of("trading.reading", before="", value=Decimal(1500), after="k")


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("btc 100 200", "trading.not_understood"),
        ("btc 1 000 000", "trading.not_understood"),
        ("btc 67 000", "trading.not_understood"),
        ("btc 100 usdt now", "trading.not_understood"),
        ("btc max btc", "trading.not_understood"),
        ("btc 100 @", "trading.option_incomplete"),
        ("btc 100 @ 67000 iceberg", "trading.option_incomplete"),
        ("btc 100 @ cheap", "trading.not_a_number"),
        ("btc 100 @ 0", "trading.not_a_number"),
        ("btc 100 @ -67000", "trading.not_a_number"),
        ("btc 100 @ 1e5", "trading.not_a_number"),
        ("btc 100 @ --1%", "trading.not_a_number"),
        ("btc 100 @ 1%%", "trading.not_a_number"),
        ("btc 100 @ -100%", "trading.percent_too_far"),
        ("btc 100 @ 67000 @ 68000", "trading.option_twice"),
        ("btc 100 @ 67000 ioc fok", "trading.option_twice"),
        ("btc 100 @ 67000 gtt 1h ioc", "trading.option_twice"),
        ("btc 100 @ 67000 post post", "trading.option_twice"),
        ("btc 1btc @ 67000 iceberg 0.1 iceberg 0.2", "trading.option_twice"),
        ("btc 100 @ 67000 gtt 0s", "trading.bad_span"),
        ("btc 100 @ 67000 gtt 30d", "trading.bad_span"),
        ("btc 100 @ 67000 gtt forever", "trading.bad_span"),
        ("btc 100 borrow", "trading.option_later"),
        ("btc 100 stop", "trading.option_incomplete"),
        ("btc 100 stop 66000 stop 67000", "trading.option_twice"),
        ("btc 100 tp -4%", "trading.exit_sign"),
        ("btc 100 sl +2%", "trading.exit_sign"),
    ],
)
def test_says_what_it_cannot_read(text: str, key: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_order(BUY, text, ".")
    assert caught.value.text.key == key


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("btc 100 post", "trading.limit_only"),
        ("btc 100 ioc", "trading.limit_only"),
        ("btc 100 gtt 1h", "trading.limit_only"),
        ("btc 1btc iceberg 0.1", "trading.limit_only"),
        ("btc 100 @ 67000 post ioc", "trading.post_excludes"),
        ("btc 1btc @ 67000 hidden iceberg 0.1", "trading.hidden_or_iceberg"),
    ],
)
def test_options_that_exclude_each_other_are_refused(text: str, key: str) -> None:
    with pytest.raises(Refused) as caught:
        parse_order(BUY, text, ".")
    assert caught.value.text.key == key


@pytest.mark.parametrize("text", ["btc 1,5xrp @ 1.500", "btc 100 @ 1,0,0"])
def test_words_are_quoted_as_they_were_typed(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_order(BUY, text, ",")
    assert caught.value.text.values["text"] in text.split()


def test_choice_too_long_for_a_button_is_none() -> None:
    label = T("trading.take_max")
    assert choice("buy", order(amount="100"), label) is not None
    assert choice("buy", order(amount="1" * BUTTON_BYTES), label) is None


numbers = st.decimals(Decimal("0.00000001"), 10**9, places=8).filter(bool)
prices = st.builds(PriceWish, level=numbers) | st.builds(PriceWish, percent=st.decimals(-99, 99, places=2).filter(bool))
amounts = st.sampled_from(["", "100", "50u", "$5", "0.01btc", "0.5 btc", "25%", "max", "5k", "10 1inch"])
limit_requests = st.builds(
    OrderRequest,
    side=st.sampled_from(Side),
    pair=st.sampled_from(["btc", "BTC-USDT", "eth/btc"]),
    amount=amounts,
    price=prices,
    post_only=st.booleans(),
    iceberg=st.none() | numbers,
) | st.builds(
    OrderRequest,
    side=st.sampled_from(Side),
    pair=st.just("1INCH-USDT"),
    amount=amounts,
    price=prices,
    time_in_force=st.sampled_from([TimeInForce.IOC, TimeInForce.FOK, TimeInForce.GTC]),
    hidden=st.booleans(),
)
gtt_requests = st.builds(
    OrderRequest,
    side=st.sampled_from(Side),
    pair=st.just("btc"),
    amount=amounts,
    price=prices,
    time_in_force=st.just(TimeInForce.GTT),
    cancel_after=st.integers(1, 2_591_999).map(lambda seconds: timedelta(seconds=seconds)),
)
market_requests = st.builds(OrderRequest, side=st.sampled_from(Side), pair=st.just("btc"), amount=amounts)
stop_requests = st.builds(
    OrderRequest,
    side=st.sampled_from(Side),
    pair=st.just("btc"),
    amount=amounts,
    stop=prices,
    price=st.none() | prices,
)
profits = st.builds(PriceWish, level=numbers) | st.builds(PriceWish, percent=st.decimals("0.01", 99, places=2))
losses = st.builds(PriceWish, level=numbers) | st.builds(PriceWish, percent=st.decimals(-99, "-0.01", places=2))
exit_requests = st.builds(
    OrderRequest,
    side=st.just(Side.SELL),
    pair=st.just("btc"),
    amount=amounts,
    take_profit=st.none() | profits,
    stop_loss=st.none() | losses,
)


@given(market_requests | limit_requests | gtt_requests | stop_requests | exit_requests)
def test_reads_back_what_is_written(request_: OrderRequest) -> None:
    assert parse_order(request_.side, request_.to_text(), ".") == request_


words = st.lists(
    st.sampled_from(
        [
            "@",
            "stop",
            "tp",
            "sl",
            "-2%",
            "post",
            "ioc",
            "fok",
            "gtt",
            "1h",
            "hidden",
            "iceberg",
            "100",
            "0.5",
            "1,500",
            "25%",
            "max",
        ]
    )
    | st.text(st.characters(blacklist_categories=["Cs"]), max_size=8),
    max_size=8,
)


@given(st.sampled_from(Side), words, st.sampled_from([".", ","]))
def test_any_text_is_read_or_refused_and_buttons_are_short_enough(side: Side, typed: list[str], sign: str) -> None:
    text = " ".join(["btc", *typed])
    request, buttons = None, list[Button]()
    try:
        request = parse_order(side, text, sign)  # type: ignore[arg-type]  # one of the two signs
    except (UsageError, Refused) as error:
        buttons = [button for row in error.buttons for button in row]
    assert all(len(button.data.encode()) <= BUTTON_BYTES for button in buttons)
    assert request is None or parse_order(side, request.to_text(), ".") == request


@given(limit_requests, st.randoms(use_true_random=False))
def test_options_stand_in_any_order(request_: OrderRequest, dice: object) -> None:
    assume(request_.amount)
    parts = [request_.amount, *split_options(request_.options())]
    dice.shuffle(parts)  # type: ignore[attr-defined]  # Hypothesis's Random
    assert parse_order(request_.side, " ".join([request_.pair, *parts]), ".") == request_


def split_options(text: str) -> list[str]:
    """Each option with its value."""
    parts: list[str] = []
    for word in text.split():
        if parts and parts[-1] in {"@", "iceberg", "gtt"}:
            parts[-1] += f" {word}"
        else:
            parts.append(word)
    return parts
