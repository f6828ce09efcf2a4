"""Row R16: however a list of fills is paged, sorted and repeated, each fill is read once and kept once."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import httpx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.ids import CountingIds
from tests.kucoin.conftest import HurryClock
from tests.trading.desk import ANN, Desk
from tgbot.core.orders import Fill, Side
from tgbot.kucoin.account import PAGE, SpotAccount
from tgbot.kucoin.rest import Rest
from tgbot.kucoin.sign import Credentials
from tgbot.kucoin.wire.values import milliseconds
from tgbot.trading import fills as fills_book

FILLS = "/api/v1/hf/fills"


def row(number: int) -> dict[str, Any]:
    return {
        "orderId": "o1",
        "tradeId": number,
        "symbol": "BTC-USDT",
        "side": "buy",
        "liquidity": "taker",
        "price": "67000.1",
        "size": f"0.{number:05}",
        "funds": "1",
        "fee": "0.001",
        "feeCurrency": "USDT",
        "createdAt": 1729577515473 + number % 7,
    }


def kucoin(clock: HurryClock, trades: int, spoil: Callable[[list[int]], list[int]]) -> httpx.MockTransport:
    """In memory: pages of a hundred, the newest first, each spoilt on its way."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path != FILLS:
            return httpx.Response(200, json={"code": "200000", "data": milliseconds(clock.now())})
        below = int(request.url.params.get("lastId", trades + 1))
        page = list(range(below - 1, max(0, below - 1 - PAGE), -1))
        items = [row(number) for number in spoil(page)]
        return httpx.Response(200, json={"code": "200000", "data": {"items": items, "lastId": page[-1] if page else 0}})

    return httpx.MockTransport(answer)


@given(trades=st.integers(1, 350), dice=st.randoms(use_true_random=False), copies=st.integers(1, 3))
@settings(max_examples=60, deadline=None)
async def test_every_fill_is_read_once_from_any_pages(trades: int, dice: Any, copies: int) -> None:
    def spoil(page: list[int]) -> list[int]:
        rows = page * copies
        dice.shuffle(rows)
        return rows

    clock = HurryClock()
    clock.hurries = True
    async with httpx.AsyncClient(transport=kucoin(clock, trades, spoil)) as client:
        account = SpotAccount(
            Rest(client, clock, CountingIds(), "http://kucoin"), Credentials("key", "secret", "phrase")
        )
        fills = await account.fills("BTC-USDT", "o1")
    assert sorted(int(fill.trade_id) for fill in fills) == list(range(1, trades + 1))
    assert [fill.at for fill in fills] == sorted(fill.at for fill in fills)


async def test_a_server_that_repeats_a_page_for_ever_is_left(desk: Desk) -> None:
    """What is missing then is asked for again in the next round, for the sum does not fit."""
    asked = 0

    def spoil(page: list[int]) -> list[int]:
        nonlocal asked
        asked += 1
        return list(range(300, 200, -1))

    async with httpx.AsyncClient(transport=kucoin(desk.clock, 300, spoil)) as client:
        rest = Rest(client, desk.clock, desk.ids, "http://kucoin")
        fills = await SpotAccount(rest, Credentials("key", "secret", "phrase")).fills("BTC-USDT", "o1")
    assert (len(fills), asked) == (100, 2)


@given(data=st.data())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_every_fill_is_kept_once_in_any_sequence(desk: Desk, data: st.DataObject) -> None:
    shown = await desk.ticket("btc 0.001btc @ 66000", person=desk.person(ANN))
    fills = [fill(number, shown.intent.id) for number in range(data.draw(st.integers(1, 40)))]
    told = data.draw(st.lists(st.sampled_from(fills), min_size=1, max_size=60))
    cuts = data.draw(st.lists(st.integers(0, len(told)), max_size=5).map(sorted))
    for start, end in zip([0, *cuts], [*cuts, len(told)], strict=True):
        async with desk.database.write() as session:
            await fills_book.add_fills(session, shown.intent, told[start:end])
    async with desk.database.read() as session:
        kept = await fills_book.fills_of(session, shown.intent.key_id)
    ours = sorted(one.trade_id for one in kept if one.order_id == shown.intent.id)
    assert ours == sorted({one.trade_id for one in told})


def fill(number: int, order_id: str) -> Fill:
    one = Decimal(1)
    at = HurryClock().now()
    return Fill(str(number), order_id, "BTC-USDT", Side.BUY, one, one, one, one, "USDT", is_maker=True, at=at)
