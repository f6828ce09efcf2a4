import base64
import gzip
import hashlib
import hmac
import json
from datetime import timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

import pytest

from tests.clock import JumpClock
from tests.kucoin.conftest import HurryClock
from tests.kucoin.host import Answer, Host, Manner, Request, html, refusal, success
from tgbot.core.errors import ExchangeError, ExchangeRejected, ExchangeUnavailable, NotSent, OutcomeUnknown, Reason
from tgbot.core.keys import AccountMode
from tgbot.core.orders import Balance, Fees, OrderAck, OrderSpec, OrderType, Side, TimeInForce
from tgbot.kucoin.account import SpotAccount
from tgbot.kucoin.rest import Rest
from tgbot.kucoin.sign import Credentials
from tgbot.kucoin.wire.values import milliseconds

PLACE = ("POST", "/api/v1/hf/orders")
SPEC = OrderSpec("BTC-USDT", Side.BUY, OrderType.MARKET, funds=Decimal("100.50"))
ORDER: dict[str, Any] = {
    "id": "6717422bd51c29000775ea03",
    "clientOid": "tb1",
    "symbol": "BTC-USDT",
    "opType": "DEAL",
    "type": "limit",
    "side": "buy",
    "price": "70000",
    "size": "0.00001",
    "funds": "0.7",
    "dealSize": "0.00001",
    "dealFunds": "0.677176",
    "fee": "0.000677176",
    "feeCurrency": "USDT",
    "cancelExist": False,
    "active": False,
    "createdAt": 1729577515444,
}


@pytest.fixture
def account(rest: Rest, credentials: Credentials) -> SpotAccount:
    return SpotAccount(rest, credentials)


def assert_signed(request: Request, credentials: Credentials) -> None:
    text = request.headers["kc-api-timestamp"] + request.method + unquote(request.target) + request.body.decode()
    digest = hmac.new(credentials.secret.encode(), text.encode(), hashlib.sha256).digest()
    assert request.headers["kc-api-sign"] == base64.b64encode(digest).decode()
    assert request.headers["kc-api-key-version"] == "3"


async def test_a_market_order_goes_out_as_prepared(
    account: SpotAccount, host: Host, credentials: Credentials, clock: JumpClock
) -> None:
    host.on(*PLACE, success({"orderId": "o1", "clientOid": "tb1"}))
    prepared = account.prepare_order("tb1", SPEC)
    assert not host.requests
    assert await account.send(prepared) == OrderAck("o1", "tb1")
    (request,) = host.seen("POST")
    assert_signed(request, credentials)
    assert json.loads(request.body) == {
        "clientOid": "tb1",
        "symbol": "BTC-USDT",
        "side": "buy",
        "type": "market",
        "funds": "100.5",
        "clientTimestamp": milliseconds(clock.now()),
        "allowMaxTimeWindow": 3000,
    }
    assert prepared.digest == hashlib.sha256(request.body).hexdigest()
    assert prepared.deadline == prepared.signed_at + timedelta(seconds=3)


async def test_a_limit_order_carries_its_options(account: SpotAccount, host: Host) -> None:
    host.on(*PLACE, success({"orderId": "o1", "clientOid": "tb1"}))
    spec = OrderSpec(
        "BTC-USDT",
        Side.SELL,
        OrderType.LIMIT,
        size=Decimal("1E+3"),
        price=Decimal("0.00000010"),
        time_in_force=TimeInForce.GTT,
        cancel_after=timedelta(hours=1),
        post_only=True,
        iceberg=True,
        visible_size=Decimal(100),
    )
    await account.send(account.prepare_order("tb1", spec))
    body = json.loads(host.seen("POST")[0].body)
    assert (
        body.items()
        >= {
            "size": "1000",
            "price": "0.0000001",
            "timeInForce": "GTT",
            "cancelAfter": 3600,
            "postOnly": True,
            "iceberg": True,
            "visibleSize": "100",
        }.items()
    )
    assert "hidden" not in body
    assert "funds" not in body


async def test_a_prepared_order_shows_no_secret(account: SpotAccount) -> None:
    shown = repr(account.prepare_order("tb1", SPEC))
    assert "the-key" not in shown
    assert "KC-API" not in shown


async def test_a_prepared_order_goes_out_with_the_time_at_which_it_was_signed(
    account: SpotAccount, host: Host, credentials: Credentials, clock: JumpClock
) -> None:
    host.on(*PLACE, success({"orderId": "o1", "clientOid": "tb1"}))
    prepared = account.prepare_order("tb1", SPEC)
    clock.advance(2)
    await account.send(prepared)
    (request,) = host.seen("POST")
    assert request.headers["kc-api-timestamp"] == str(milliseconds(prepared.signed_at))
    assert_signed(request, credentials)


async def test_an_order_that_waited_too_long_is_not_sent(account: SpotAccount, host: Host, clock: JumpClock) -> None:
    prepared = account.prepare_order("tb1", SPEC)
    clock.advance(2.6)
    with pytest.raises(NotSent):
        await account.send(prepared)
    assert not host.requests


LOST = {
    "hung up": Answer(manner=Manner.HANG_UP),
    "reset": Answer(manner=Manner.RESET),
    "cut": Answer(b'{"code":"200000","data":{"orderId":"1"}}', manner=Manner.CUT),
    "bad gateway": html(502),
    "not json": Answer(b"OK"),
    "half json": Answer(b'{"code":"200000","data":{"orde'),
    "no code": Answer(b'{"data":{"orderId":"o1"}}'),
    "a list": Answer(b"[]"),
    "empty": Answer(b""),
    "gzip garbage": Answer(b"garbage", headers=(("Content-Encoding", "gzip"),)),
    "gzip beyond all measure": Answer(gzip.compress(b" " * 2**25), headers=(("Content-Encoding", "gzip"),)),
    "too large": Answer(b" " * (2 * 1024 * 1024 + 1)),
    "deep": Answer(b"[" * 100_000),
    "no data": Answer(b'{"code":"200000"}'),
    "null data": success(None),
    "wrong data": success([1]),
    "no order id": success({"clientOid": "tb1"}),
    "empty order id": success({"orderId": "", "clientOid": "tb1"}),
    "null order id": success({"orderId": None, "clientOid": "tb1"}),
    "another client oid": success({"orderId": "o1", "clientOid": "tb2"}),
    "cloudflare": html(403, "error code: 1015"),
    "redirect": Answer(status=307, headers=(("Location", "/api/v1/hf/orders"),)),
    "throttled": refusal("429000", "too many requests", 429),
    "300000": refusal("300000"),
    "500000": refusal("500000"),
    "408000": refusal("408000", "Network timeout, please try again later"),
    "126038": refusal("126038"),
    "never heard of": refusal("987654", "what?"),
    "duplicate by message": refusal("400100", "validation.createOrder.clientOidDuplicated"),
    "duplicate 126044": refusal("126044"),
    "duplicate 126033": refusal("126033"),
}


@pytest.mark.parametrize("name", LOST)
async def test_an_unclear_answer_leaves_the_outcome_unknown(name: str, account: SpotAccount, host: Host) -> None:
    host.on(*PLACE, LOST[name])
    with pytest.raises(OutcomeUnknown):
        await account.send(account.prepare_order("tb1", SPEC))
    assert len(host.seen("POST")) == 1


@pytest.mark.parametrize(
    ("code", "message", "reason"),
    [
        ("200004", "Balance insufficient!", Reason.FUNDS),
        ("400100", "account.available.amount", Reason.FUNDS),
        ("400100", "Order size increment invalid.", Reason.INCREMENT),
        ("400100", "Order size below the minimum requirement.", Reason.TOO_SMALL),
        ("400100", "anything else", Reason.OTHER),
        ("600101", "The order funds should more then 0.1 USDT.", Reason.TOO_SMALL),
        ("900001", "symbol not exists", Reason.SYMBOL),
        ("400370", "Max. price", Reason.PRICE_BAND),
        ("400005", "Invalid KC-API-SIGN", Reason.KEY),
        ("400006", "The IP is not in the whitelist", Reason.IP),
        ("400007", "Access denied", Reason.PERMISSION),
        ("411100", "User is frozen", Reason.ACCOUNT),
        ("200001", "suspended", Reason.SUSPENDED),
    ],
)
async def test_a_definite_no_is_told_with_its_reason(
    code: str, message: str, reason: Reason, account: SpotAccount, host: Host
) -> None:
    host.on(*PLACE, refusal(code, message))
    with pytest.raises(ExchangeRejected) as refused:
        await account.send(account.prepare_order("tb1", SPEC))
    assert (refused.value.code, refused.value.message, refused.value.reason) == (code, message, reason)


async def test_silence_ends_at_the_deadline(host: Host, rest: Rest, credentials: Credentials) -> None:
    host.on(*PLACE, Answer(manner=Manner.SILENCE))
    rest._deadline = 0.1
    account = SpotAccount(rest, credentials)
    with pytest.raises(OutcomeUnknown):
        await account.send(account.prepare_order("tb1", SPEC))


async def test_a_dripping_answer_ends_at_the_deadline(host: Host, rest: Rest, credentials: Credentials) -> None:
    host.on(*PLACE, Answer(b"x" * 100, manner=Manner.DRIP))
    rest._deadline = 0.1
    account = SpotAccount(rest, credentials)
    with pytest.raises(OutcomeUnknown):
        await account.send(account.prepare_order("tb1", SPEC))


async def test_a_refused_timestamp_means_not_sent_and_the_clock_is_read_again(
    account: SpotAccount, host: Host, clock: JumpClock
) -> None:
    host.on("GET", "/api/v1/accounts", success([]))
    await account.balances()
    host.on("GET", "/api/v1/timestamp", lambda _: success(milliseconds(clock.now()) + 7000))
    host.on(*PLACE, refusal("400002", "Invalid KC-API-TIMESTAMP", 401))
    with pytest.raises(NotSent):
        await account.send(account.prepare_order("tb1", SPEC))
    await account.balances()
    assert account.prepare_order("tb1", SPEC).signed_at == clock.now() + timedelta(seconds=7)


async def test_the_timestamp_is_kucoins_even_if_our_clock_is_half_a_minute_off(
    account: SpotAccount, host: Host, clock: JumpClock
) -> None:
    host.on("GET", "/api/v1/timestamp", lambda _: success(milliseconds(clock.now()) - 30_000))
    host.on("GET", "/api/v1/accounts", success([]))
    await account.balances()
    (request,) = host.seen("GET", "/accounts")
    assert int(request.headers["kc-api-timestamp"]) == milliseconds(clock.now()) - 30_000


async def test_a_throttled_pool_sends_no_order(account: SpotAccount, host: Host, clock: JumpClock) -> None:
    limits = (("gw-ratelimit-limit", "4000"), ("gw-ratelimit-remaining", "0"), ("gw-ratelimit-reset", "5000"))
    host.on(*PLACE, Answer(b'{"code":"429000","msg":"slow down"}', 429, limits))
    with pytest.raises(OutcomeUnknown):
        await account.send(account.prepare_order("tb1", SPEC))
    with pytest.raises(NotSent):
        await account.send(account.prepare_order("tb2", SPEC))
    assert len(host.seen("POST")) == 1
    clock.advance(5.1)
    host.on(*PLACE, success({"orderId": "o3", "clientOid": "tb3"}))
    await account.send(account.prepare_order("tb3", SPEC))


async def test_an_order_by_client_oid(account: SpotAccount, host: Host, credentials: Credentials) -> None:
    host.on("GET", "/api/v1/hf/orders/client-order/tb1", success(ORDER))
    order = await account.order_by_client_oid("tb1", "BTC-USDT")
    assert order is not None
    assert (order.order_id, order.filled_funds, order.is_active) == (ORDER["id"], Decimal("0.677176"), False)
    request = host.seen("GET", "client-order")[0]
    assert_signed(request, credentials)
    assert request.query == {"symbol": "BTC-USDT"}


@pytest.mark.parametrize(
    "answer",
    [
        success(None),
        refusal("400100", "order_not_exist_or_not_allow_to_cancel"),
        refusal("order_not_exist", "order_not_exist"),
        refusal("126043", "order not exist"),
        refusal("400100", "The order does not exist.", 404),
    ],
)
async def test_no_such_order_is_none(answer: Answer, account: SpotAccount, host: Host) -> None:
    host.on("GET", "/api/v1/hf/orders/o1", answer)
    assert await account.order("o1", "BTC-USDT") is None


@pytest.mark.parametrize("answer", [html(404), refusal("404000", "Url not found", 404), success([]), html(502)])
async def test_a_failed_look_up_is_not_a_miss(
    answer: Answer, host: Host, account: SpotAccount, clock: HurryClock
) -> None:
    host.on("GET", "/api/v1/hf/orders/o1", answer)
    clock.hurries = True
    with pytest.raises((ExchangeUnavailable, ExchangeRejected)):
        await account.order("o1", "BTC-USDT")


async def test_balances_are_those_of_the_trading_account(account: SpotAccount, host: Host) -> None:
    host.on(
        "GET",
        "/api/v1/accounts",
        success(
            [
                {"id": "1", "currency": "USDT", "type": "trade", "balance": "26.7", "available": "20", "holds": "6.7"},
                {"id": "2", "currency": "USDT", "type": "main", "balance": "1", "available": "1", "holds": "0"},
            ]
        ),
    )
    assert await account.balances() == [Balance("USDT", Decimal(20), Decimal("6.7"))]
    assert host.seen("GET", "/accounts")[0].query == {"type": "trade"}


async def test_the_fee_of_a_maker_is_told_from_that_of_a_taker(account: SpotAccount, host: Host) -> None:
    row = {"symbol": "BTC-USDT", "takerFeeRate": "0.002", "makerFeeRate": "-0.0001"}
    host.on("GET", "/api/v1/trade-fees", success([{**row, "symbol": "ETH-USDT", "takerFeeRate": "0.003"}, row]))
    assert await account.fees("BTC-USDT") == Fees(maker=Decimal("-0.0001"), taker=Decimal("0.002"))


async def test_fills_are_read_page_by_page_and_each_trade_once(account: SpotAccount, host: Host) -> None:
    def fill(number: int) -> dict[str, Any]:
        row = {name: ORDER[name] for name in ("symbol", "side", "fee", "feeCurrency")}
        row |= {
            "id": number,
            "orderId": "o1",
            "tradeId": number,
            "liquidity": "maker" if number > 150 else "taker",
            "createdAt": 1729577515473 + number,
        }
        return row | {"price": "67717.6", "size": "0.00001", "funds": "0.677176"}

    pages = {None: ([*range(200, 100, -1)], 101), "101": ([*range(101, 1, -1)], 2), "2": ([2, 1], 1)}

    def page(request: Request) -> Answer:
        numbers, last_id = pages[request.query.get("lastId")]
        return success({"items": [fill(number) for number in numbers], "lastId": last_id})

    host.on("GET", "/api/v1/hf/fills", page)
    fills = await account.fills("BTC-USDT", "o1")
    assert [int(fill.trade_id) for fill in fills] == list(range(1, 201))
    assert [int(fill.trade_id) for fill in fills if fill.is_maker] == list(range(151, 201))


async def test_a_page_that_repeats_ends_the_reading(account: SpotAccount, host: Host) -> None:
    row = {**ORDER, "active": False}
    host.on("GET", "/api/v1/hf/orders/done", success({"items": [row] * 100, "lastId": 7}))
    start = JumpClock().now()
    assert len(await account.done_orders("BTC-USDT", start, start + timedelta(days=1))) == 1
    assert len(host.seen("GET", "/done")) == 2


async def test_a_cancel_of_nothing_says_so(account: SpotAccount, host: Host) -> None:
    host.on("DELETE", "/api/v1/hf/orders/o1", refusal("400100", "order_not_exist_or_not_allow_to_cancel"))
    with pytest.raises(ExchangeRejected) as refused:
        await account.cancel("o1", "BTC-USDT")
    assert refused.value.reason is Reason.NOT_FOUND


async def test_a_cancel_is_sent_once_and_its_lost_reply_is_unknown(account: SpotAccount, host: Host) -> None:
    host.on("DELETE", "/api/v1/hf/orders", Answer(manner=Manner.HANG_UP))
    with pytest.raises(OutcomeUnknown):
        await account.cancel_all("BTC-USDT")
    assert len(host.seen("DELETE")) == 1


async def test_what_a_key_may_do(account: SpotAccount, host: Host) -> None:
    host.on(
        "GET",
        "/api/v1/user/api-key",
        success(
            {
                "remark": "bot",
                "apiKey": "6705",
                "apiVersion": 3,
                "permission": "General, Spot,InnerTransfer",
                "ipWhitelist": "203.**.154,103.**.34",
                "createdAt": 1728443843000,
                "uid": 165111215,
                "isMaster": True,
            }
        ),
    )
    info = await account.key_info()
    assert info.permissions == {"General", "Spot", "InnerTransfer"}
    assert info.ip_whitelist == ("203.**.154", "103.**.34")
    assert info.uid == "165111215"


async def test_account_mode_is_unknown_where_kucoin_has_no_such_endpoint(
    account: SpotAccount, host: Host, clock: HurryClock
) -> None:
    path = "/api/ua/v1/account/mode"
    host.on("GET", path, success({"selfAccountMode": "UNIFIED"}))
    assert await account.account_mode() is AccountMode.UNIFIED
    clock.hurries = True
    for absent in (refusal("404000", "Url not found", 404), html(404)):
        host.on("GET", path, absent)
        assert await account.account_mode() is AccountMode.UNKNOWN


async def test_errors_carry_neither_key_nor_signature(account: SpotAccount, host: Host) -> None:
    host.on(*PLACE, Answer(manner=Manner.HANG_UP))
    prepared = account.prepare_order("tb1", SPEC)
    with pytest.raises(OutcomeUnknown) as unknown:
        await account.send(prepared)
    secrets = [value for name, value in prepared.call.headers.items() if name in {"KC-API-KEY", "KC-API-SIGN"}]
    error: BaseException | None = unknown.value
    while error is not None:
        shown = f"{error} {error!r} {vars(error)} {getattr(getattr(error, 'request', None), 'headers', '')}"
        assert not any(secret in shown for secret in secrets)
        error = error.__cause__ or error.__context__


@pytest.mark.parametrize(
    ("code", "is_about_the_key"),
    [("400003", True), ("400004", True), ("400006", True), ("400007", True), ("200004", False), ("500000", False)],
)
async def test_refusals_of_the_key_are_overheard_whatever_was_asked(
    account: SpotAccount, host: Host, clock: HurryClock, code: str, *, is_about_the_key: bool
) -> None:
    clock.hurries = True
    heard: list[str] = []
    account.listen(lambda: heard.append("refused"))
    host.on(*PLACE, refusal(code, "as told"))
    host.on("DELETE", "/api/v1/hf/orders/o1", refusal(code, "as told"))
    host.on("GET", "/api/v1/accounts", refusal(code, "as told"))
    prepared = account.prepare_order("tb1", SPEC)
    for asking in (account.balances(), account.cancel("o1", "BTC-USDT"), account.send(prepared)):
        with pytest.raises(ExchangeError):
            await asking
    assert heard == ["refused"] * (3 if is_about_the_key else 0)
