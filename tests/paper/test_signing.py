"""The gate in front of every private operation, over HTTP."""

from collections.abc import Callable

import pytest

from tests.paper.conftest import Floor
from tests.paper.trader import Trader

KEY = "/api/v1/user/api-key"

Spoil = Callable[[dict[str, str]], dict[str, str]]


def without(name: str) -> Spoil:
    return lambda headers: {key: value for key, value in headers.items() if key != name}


def with_(name: str, value: str) -> Spoil:
    return lambda headers: {**headers, name: value}


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (without("KC-API-KEY"), "400001"),
        (without("KC-API-SIGN"), "400001"),
        (without("KC-API-TIMESTAMP"), "400001"),
        (without("KC-API-PASSPHRASE"), "400001"),
        (with_("KC-API-TIMESTAMP", "soon"), "400002"),
        (with_("KC-API-KEY", "6" * 24), "400003"),
        (with_("KC-API-PASSPHRASE", "plain"), "400004"),
        (with_("KC-API-SIGN", "c2lnbmVk"), "400005"),
    ],
)
async def test_spoilt_headers_are_refused_with_401_and_kucoins_code(trader: Trader, spoil: Spoil, code: str) -> None:
    answer = await trader.http.get(KEY, headers=spoil(trader.headers("GET", KEY)))
    assert (answer.status_code, answer.json()["code"]) == (401, code)


async def test_well_signed_request_is_answered(trader: Trader) -> None:
    assert (await trader.get(KEY))["apiKey"] == trader.credentials.key


@pytest.mark.parametrize(("skew", "code"), [(4.9, "200000"), (5.0, "400002")])
async def test_timestamp_may_be_just_under_five_seconds_old(
    floor: Floor, trader: Trader, skew: float, code: str
) -> None:
    headers = trader.headers("GET", KEY)
    floor.clock.advance(skew)
    assert (await trader.http.get(KEY, headers=headers)).json()["code"] == code


async def test_signature_covers_the_unencoded_query(trader: Trader) -> None:
    path = "/api/v1/trade-fees?symbols="
    plain, encoded = path + "BTC-USDT,ETH-USDT", path + "BTC-USDT%2CETH-USDT"
    signed_plain = await trader.http.get(encoded, headers=trader.headers("GET", plain))
    signed_encoded = await trader.http.get(encoded, headers=trader.headers("GET", encoded))
    assert signed_plain.json()["code"] == "200000"
    assert signed_encoded.json()["code"] == "400005"


async def test_signature_covers_the_body(trader: Trader) -> None:
    path = "/api/v1/hf/orders"
    answer = await trader.http.post(path, content="{} ", headers=trader.headers("POST", path, "{}"))
    assert answer.json()["code"] == "400005"


async def test_key_without_the_spot_right_may_look_but_not_trade(floor: Floor) -> None:
    onlooker = await floor.trader(permission="General")
    assert await onlooker.balances() == {"USDT": ("10000", "0")}
    answer = await onlooker.send("POST", "/api/v1/hf/orders", {})
    assert (answer.status_code, answer.json()["code"]) == (401, "400007")


async def test_rights_of_a_key_can_change_while_it_is_in_use(floor: Floor, trader: Trader) -> None:
    await floor.exchange.set_permission(trader.credentials.key, "General,Spot,Transfer")
    assert (await trader.get(KEY))["permission"] == "General,Spot,Transfer"


async def test_revoked_key_is_unknown(floor: Floor, trader: Trader) -> None:
    await floor.exchange.revoke(trader.credentials.key)
    assert (await trader.refusal("GET", KEY))[0] == "400003"
