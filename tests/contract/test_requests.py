"""Whatever the code can ask of KuCoin stands in KuCoin's catalogue."""

import inspect
import re
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.contract.catalogue import Catalogue, faults_of_request, needs_catalogue
from tests.contract.exchange import BTC, FORMS, ORDER, Client, Exchange, as_json
from tests.contract.reference import OPERATIONS
from tests.kucoin.host import Request
from tgbot.core.orders import (
    LONGEST_GTT,
    Direction,
    OcoSpec,
    OrderSpec,
    OrderType,
    Side,
    StopSpec,
    TimeInForce,
    Trigger,
)
from tgbot.credentials.rules import HARMLESS
from tgbot.settings import Settings
from tgbot.system import SystemIds

pytestmark = [pytest.mark.rig, needs_catalogue]


def test_no_call_of_ours_is_forgotten_here(ours: Client) -> None:
    methods = {name for part in (ours.market, ours.account, ours.dialer) for name in calls_of(part)}
    assert methods == set(FORMS)


def calls_of(part: object) -> Iterator[str]:
    """The public calls of something, and those of its public parts, however deep they lie."""
    for name, member in inspect.getmembers(part):
        if name.startswith("_"):
            continue
        if inspect.iscoroutinefunction(member) or inspect.isasyncgenfunction(member):
            yield name
        elif type(member).__module__.startswith("tgbot.kucoin"):
            yield from (f"{name}.{call}" for call in calls_of(member))


async def test_every_request_is_in_the_catalogue_and_every_listed_operation_is_used(
    ours: Client, exchange: Exchange
) -> None:
    for name, forms in FORMS.items():
        for arguments in forms:
            await ours.call(name, *arguments)
    assert exchange.faults == []
    used = {(entry["method"], entry["path"]) for entry in exchange.asked}
    assert used == {(operation.method, operation.path) for operation in OPERATIONS.values()}


@pytest.mark.parametrize("name", OPERATIONS)
def test_pool_weight_and_permission_are_those_of_the_catalogue(name: str, catalogue: Catalogue) -> None:
    operation = OPERATIONS[name]
    entry = catalogue.operation(operation.method, operation.path)
    assert (operation.permission or "NULL") == entry["permission"]
    assert (operation.pool.value, operation.weight) == (entry["rate_pool"], entry["rate_weight"])


def test_no_call_needs_a_right_that_we_refuse_in_a_key() -> None:
    assert {operation.permission for operation in OPERATIONS.values()} - {None} <= HARMLESS


def test_requests_go_to_the_host_that_the_catalogue_calls_spot() -> None:
    assert Settings.model_fields["kucoin_url"].default == "https://api.kucoin.com"


amounts = st.decimals("0.00000001", "999999999999", places=8)
markets = st.builds(
    lambda side, amount, by: OrderSpec(BTC, side, OrderType.MARKET, **{by: amount}),
    st.sampled_from(Side),
    amounts,
    st.sampled_from(["size", "funds"]),
)
limits = st.builds(
    OrderSpec,
    st.just(BTC),
    st.sampled_from(Side),
    st.just(OrderType.LIMIT),
    size=amounts,
    price=amounts,
    time_in_force=st.sampled_from(TimeInForce),
    cancel_after=st.none() | st.just(LONGEST_GTT) | st.timedeltas(timedelta(seconds=1), LONGEST_GTT),
    post_only=st.booleans(),
    hidden=st.booleans(),
    iceberg=st.booleans(),
    visible_size=st.none() | amounts,
)


stops = st.builds(StopSpec, markets | limits, st.builds(Trigger, amounts, st.sampled_from(Direction)))
ocos = st.builds(OcoSpec, st.just(BTC), st.sampled_from(Side), amounts, amounts, amounts, amounts)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(markets | limits | stops | ocos)
async def test_any_order_is_written_as_the_catalogue_wants_it(
    ours: Client, catalogue: Catalogue, spec: OrderSpec | StopSpec | OcoSpec
) -> None:
    call = ours.prepared(spec).call
    headers = {name.lower(): value for name, value in call.headers.items()}
    request = Request(call.operation.method, call.target, headers, call.body)
    entry = catalogue.asked(request)
    assert entry is not None
    assert list(faults_of_request(entry, request)) == []
    body = as_json(call.body)
    for name, value in amounts_of(spec).items():
        assert (Decimal(body[name]) if name in body else None) == value
        assert re.fullmatch(r"\d+(\.\d*[1-9])?", body.get(name, "0")), "an exponent, or needless zeros"


@pytest.mark.parametrize(("direction", "word"), [(Direction.DOWN, "loss"), (Direction.UP, "entry")])
def test_the_direction_of_a_stop_order_is_always_said(ours: Client, direction: Direction, word: str) -> None:
    body = as_json(ours.prepared(StopSpec(ORDER, Trigger(Decimal(70000), direction))).call.body)
    assert body["stop"] == word


def amounts_of(spec: OrderSpec | StopSpec | OcoSpec) -> dict[str, Decimal | None]:
    match spec:
        case StopSpec(order, trigger):
            return amounts_of(order) | {"stopPrice": trigger.price}
        case OcoSpec():
            prices = {"price": spec.price, "stopPrice": spec.stop_price, "limitPrice": spec.stop_limit_price}
            return {"size": spec.size, **prices}
    return {"size": spec.size, "funds": spec.funds, "price": spec.price}


def test_an_order_id_of_ours_has_the_letters_and_the_length_that_kucoin_takes() -> None:
    assert re.fullmatch(r"tb[A-Za-z0-9_-]{1,38}", SystemIds().client_oid())
