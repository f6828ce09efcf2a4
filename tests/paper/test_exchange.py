"""Accounts, and what outlives a restart."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path

import httpx
import pytest

from tests.clock import JumpClock
from tests.ids import CountingIds
from tests.paper.conftest import NO_TLS, RULES, Floor
from tests.paper.trader import Trader
from tgbot.core.market import Tick
from tgbot.paper.exchange import Credentials, PaperExchange
from tgbot.paper.prices import Handed

ORDERS = "/api/v1/hf/orders"


async def test_credentials_look_like_kucoins_and_do_not_show_the_secret(floor: Floor) -> None:
    credentials = await floor.exchange.open_account({"USDT": Decimal(1)})
    assert len(credentials.key) == 24
    assert [len(part) for part in credentials.secret.split("-")] == [8, 4, 4, 4, 12]
    assert credentials.secret not in repr(credentials)
    assert credentials.passphrase not in repr(credentials)


async def test_account_with_a_known_key_is_left_as_it_is(floor: Floor, trader: Trader) -> None:
    await trader.buy(funds="100")
    before = await trader.balances()
    again = await floor.exchange.open_account({"USDT": Decimal(5)}, key=trader.credentials.key, secret="other")
    assert again == trader.credentials
    assert await trader.balances() == before


async def test_reset_cancels_what_is_open_and_gives_new_balances(floor: Floor, trader: Trader) -> None:
    placed = await trader.buy(price="66000", size="0.1")
    await trader.buy(funds="100")
    await floor.exchange.reset_account(trader.credentials.key, {"USDT": Decimal(500)})
    assert await trader.balances() == {"USDT": ("500", "0")}
    assert not (await trader.get(f"{ORDERS}/{placed['orderId']}?symbol=BTC-USDT"))["active"]
    floor.quote("60000")
    assert await trader.balances() == {"USDT": ("500", "0")}


async def test_accounts_do_not_see_each_other(floor: Floor, trader: Trader) -> None:
    other = await floor.trader(BTC="1")
    await trader.buy(funds="100")
    assert await other.balances() == {"BTC": ("1", "0")}


async def test_fees_are_kucoins(trader: Trader) -> None:
    assert await trader.get("/api/v1/base-fee") == {"takerFeeRate": "0.001", "makerFeeRate": "0.001"}
    fees = await trader.get("/api/v1/trade-fees?symbols=BTC-USDT,ETH-USDT")
    assert [fee["symbol"] for fee in fees] == ["BTC-USDT", "ETH-USDT"]
    assert (await trader.refusal("GET", "/api/v1/trade-fees"))[0] == "400100"


async def test_balances_are_filtered_by_currency_and_account(floor: Floor) -> None:
    trader = await floor.trader(USDT="5", BTC="1")
    assert [row["currency"] for row in await trader.get("/api/v1/accounts?currency=BTC&type=trade")] == ["BTC"]
    assert await trader.get("/api/v1/accounts?type=main") == []


@asynccontextmanager
async def opened(
    state: Path, clock: JumpClock, ids: CountingIds, price: str
) -> AsyncIterator[tuple[PaperExchange, httpx.AsyncClient]]:
    prices = Handed(clock)
    prices.hand_rules([RULES["BTC-USDT"]])
    prices.hand(Tick("BTC-USDT", Decimal(price), Decimal(price), Decimal(price), 1, clock.now()))
    exchange = PaperExchange(prices, clock, ids, state)
    async with exchange.serve() as served, httpx.AsyncClient(base_url=served.url, verify=NO_TLS) as http:
        yield exchange, http


async def test_accounts_orders_and_fills_outlive_a_restart(tmp_path: Path, clock: JumpClock, ids: CountingIds) -> None:
    state = tmp_path / "paper.db"
    async with opened(state, clock, ids, "67000") as (exchange, http):
        credentials = await exchange.open_account({"USDT": Decimal(10000)})
        before = Trader(http, clock, credentials)
        await before.buy(clientOid="tb1", size="0.01")
        await before.buy(clientOid="tb2", price="66000", size="0.1")
        balances, fills = await before.balances(), await before.get("/api/v1/hf/fills?symbol=BTC-USDT")

    async with opened(state, clock, ids, "65900") as (exchange, http):
        after = Trader(http, clock, credentials)
        assert await after.get("/api/v1/hf/fills?symbol=BTC-USDT") != fills
        found = await after.get(f"{ORDERS}/client-order/tb2?symbol=BTC-USDT")
        assert (found["active"], found["dealFunds"]) == (False, "6600")
        assert (await after.balances())["BTC"] == ("0.11", "0")
        assert balances["USDT"][0] == (await after.balances())["USDT"][0]


async def test_stops_and_ocos_outlive_a_restart_and_are_triggered_by_the_first_price(
    tmp_path: Path, clock: JumpClock, ids: CountingIds
) -> None:
    state = tmp_path / "paper.db"
    stop = {"symbol": "BTC-USDT", "side": "buy", "type": "market", "funds": "100"}
    oco = {"clientOid": "tb2", "symbol": "BTC-USDT", "side": "sell", "size": "0.1"}
    async with opened(state, clock, ids, "67000") as (exchange, http):
        credentials = await exchange.open_account({"USDT": Decimal(1000), "BTC": Decimal(1)})
        before = Trader(http, clock, credentials)
        due = await before.post(
            "/api/v1/stop-order", {**stop, "stop": "entry", "stopPrice": "68000", "clientOid": "tb1"}
        )
        later = await before.post("/api/v1/stop-order", {**stop, "stop": "entry", "stopPrice": "70000"})
        pair = {"price": "68500", "stopPrice": "60000", "limitPrice": "59000"}
        both = await before.post("/api/v3/oco/order", {**oco, **pair})

    async with opened(state, clock, ids, "69000") as (exchange, http):
        after = Trader(http, clock, credentials)
        waiting = await after.get("/api/v1/stop-order")
        assert [row["id"] for row in waiting["items"]] == [later["orderId"]]
        assert (await after.get(f"/api/v1/stop-order/{due['orderId']}"))["status"] == "TRIGGERED"
        assert not (await after.get(f"{ORDERS}/client-order/tb1?symbol=BTC-USDT"))["active"]
        assert (await after.get(f"/api/v3/oco/order/{both['orderId']}"))["status"] == "DONE"
        assert len((await after.get(f"{ORDERS}/done?symbol=BTC-USDT"))["items"]) == 2


async def test_account_of_the_command_line_is_the_same_after_a_restart(
    tmp_path: Path, clock: JumpClock, ids: CountingIds
) -> None:
    state = tmp_path / "paper.db"
    given = {"key": "k1", "secret": "s1", "passphrase": "p1"}
    async with opened(state, clock, ids, "67000") as (exchange, http):
        await exchange.open_account({"USDT": Decimal(1000)}, **given)
        await Trader(http, clock, Credentials("k1", "s1", "p1")).buy(size="0.01")
    async with opened(state, clock, ids, "67000") as (exchange, http):
        credentials = await exchange.open_account({"USDT": Decimal(1000)}, **given)
        assert (await Trader(http, clock, credentials).balances())["BTC"] == ("0.01", "0")


@pytest.mark.parametrize("path", ["url", "futures_url"])
async def test_both_rest_addresses_are_given(clock: JumpClock, ids: CountingIds, path: str) -> None:
    async with PaperExchange(Handed(clock), clock, ids).serve() as served:
        assert getattr(served, path).startswith("http://127.0.0.1:")
