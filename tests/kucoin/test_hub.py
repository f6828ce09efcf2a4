import asyncio
import gc
from decimal import Decimal

import pytest

from tests.clock import a_moment
from tests.ids import CountingIds
from tests.kucoin.board import Board
from tests.kucoin.conftest import HurryClock
from tests.kucoin.host import Host, success
from tests.kucoin.patience import eventually, passing, running
from tests.kucoin.sockets import Sockets, ticker
from tgbot.kucoin.dialer import Dialer
from tgbot.kucoin.hub import NARROW_BELOW, WIDE_ABOVE, TickerHub
from tgbot.kucoin.market import SpotMarket
from tgbot.kucoin.rest import Rest
from tgbot.markets.prices import PriceBoard

FLOOD = 2_000  # frames
BTC, ETH, ALL = "/market/ticker:BTC-USDT", "/market/ticker:ETH-USDT", "/market/ticker:all"


async def test_two_hold_one_topic_one_leaves_the_other_is_still_fed_the_last_unsubscribes(
    hub: TickerHub, sockets: Sockets, board: Board
) -> None:
    hub.hold("BTC-USDT")
    hub.hold("BTC-USDT")
    async with running(hub.run()):
        client = await sockets.until_subscribed(BTC)
        assert len(client.saying("subscribe")) == 1
        hub.release("BTC-USDT")
        await client.push(BTC, ticker("67000", 1))
        assert (await board.ticks.get()).price == 67000
        assert not client.saying("unsubscribe")
        hub.release("BTC-USDT")
        await sockets.until(lambda: not client.topics)
        (message,) = client.saying("unsubscribe")
        assert message["topic"] == BTC


async def test_everybody_shares_one_socket(hub: TickerHub, sockets: Sockets) -> None:
    async with running(hub.run()):
        for number in range(WIDE_ABOVE):
            hub.hold(f"C{number}-USDT")
        await sockets.until(lambda: bool(sockets.clients) and len(sockets.client.topics) == WIDE_ABOVE)
    assert sockets.dials == 1


async def test_statistics_beyond_one_sockets_measure_get_a_second(hub: TickerHub, sockets: Sockets) -> None:
    async with running(hub.run()):
        for number in range(300):
            hub.hold_stats(f"C{number}-USDT")
        await sockets.until(lambda: len(sockets.clients) == 2)
        await eventually(lambda: sum(len(client.saying("subscribe")) for client in sockets.clients) >= 110)
    assert max(len(client.topics) for client in sockets.clients) <= 300


async def test_very_many_symbols_are_served_by_the_one_topic_for_all(
    hub: TickerHub, sockets: Sockets, board: Board
) -> None:
    symbols = [f"C{number}-USDT" for number in range(WIDE_ABOVE + 1)]
    async with running(hub.run()):
        for symbol in symbols[:-1]:
            hub.hold(symbol)
        await sockets.until(lambda: bool(sockets.clients) and len(sockets.client.topics) == WIDE_ABOVE)
        hub.hold(symbols[-1])
        await sockets.until(lambda: sockets.client.topics == {ALL})
        await sockets.client.push(ALL, ticker("5", 1), subject="NOT-HELD")
        await sockets.client.push(ALL, ticker("6", 1), subject="C7-USDT")
        assert (await board.ticks.get()).symbol == "C7-USDT"
        for symbol in symbols[NARROW_BELOW:]:
            hub.release(symbol)
        await sockets.until(lambda: len(sockets.client.topics) == NARROW_BELOW)
    assert sockets.dials == 1


async def test_a_tick_that_is_repeated_or_late_is_not_told(hub: TickerHub, sockets: Sockets, board: Board) -> None:
    hub.hold("BTC-USDT")
    async with running(hub.run()):
        client = await sockets.until_subscribed(BTC)
        for price, sequence in (("1", 5), ("2", 5), ("3", 4), ("4", 6)):
            await client.push(BTC, ticker(price, sequence))
        assert [(await board.ticks.get()).price for _ in range(2)] == [1, 4]
    assert board.ticks.empty()


async def test_counting_begun_anew_is_a_gap_and_goes_on(hub: TickerHub, sockets: Sockets, board: Board) -> None:
    hub.hold("BTC-USDT")
    async with running(hub.run()):
        client = await sockets.until_subscribed(BTC)
        await client.push(BTC, ticker("1", 1000, time=1_800_000_000_000))
        await client.push(BTC, ticker("2", 1, time=1_800_000_006_000))
        assert [(await board.ticks.get()).price for _ in range(2)] == [1, 2]
    assert board.gaps == [frozenset({"BTC-USDT"})]


async def test_after_a_reconnect_there_is_a_gap_for_whoever_was_heard_before(
    hub: TickerHub, sockets: Sockets, board: Board, clock: HurryClock
) -> None:
    hub.hold("BTC-USDT")
    hub.hold("ETH-USDT")
    async with running(hub.run()):
        client = await sockets.until_subscribed(BTC, ETH)
        await eventually(lambda: hub.is_live("BTC-USDT"))
        await client.push(BTC, ticker("1", 1))
        await board.ticks.get()
        assert not board.gaps
        await client.socket.close()
        await eventually(lambda: not hub.is_live("BTC-USDT"))
        await passing(clock, 10, lambda: hub.is_live("BTC-USDT"))
        await eventually(lambda: board.gaps == [frozenset({"BTC-USDT"})])
        await sockets.client.push(BTC, ticker("2", 2))
        assert (await board.ticks.get()).price == 2


async def test_a_symbol_the_feed_does_not_have_is_reported(hub: TickerHub, sockets: Sockets, board: Board) -> None:
    sockets.unknown_topics = {"/market/ticker:NO-PE"}
    hub.hold("NO-PE")
    hub.hold("BTC-USDT")
    async with running(hub.run()):
        await sockets.until_subscribed(BTC)
        await eventually(lambda: board.refused == ["NO-PE"])


async def test_everybody_who_holds_a_symbol_that_the_feed_lacks_hears_so(
    hub: TickerHub, sockets: Sockets, board: Board
) -> None:
    sockets.unknown_topics.add("/market/ticker:NO-PE")
    hub.hold("NO-PE")
    async with running(hub.run()):
        await eventually(lambda: board.refused == ["NO-PE"])
        hub.hold("NO-PE")
        await eventually(lambda: board.refused == ["NO-PE"] * 2)
        sockets.unknown_topics.clear()
        hub.release("NO-PE")
        hub.release("NO-PE")
        hub.hold("NO-PE")
        await sockets.until_subscribed("/market/ticker:NO-PE")
    assert board.refused == ["NO-PE"] * 2


@pytest.mark.parametrize("price", ["0", "-1", "NaN", "1e999999", None, "", "abc", []])
async def test_an_absurd_price_is_dropped(price: object, hub: TickerHub, sockets: Sockets, board: Board) -> None:
    hub.hold("BTC-USDT")
    async with running(hub.run()):
        client = await sockets.until_subscribed(BTC)
        await client.push(BTC, ticker(price, 1))
        await client.push(BTC, ticker("7", 2))
        assert (await board.ticks.get()).price == 7


async def test_a_feed_faster_than_any_market_leaves_no_queue_behind(
    dialer: Dialer, rest: Rest, clock: HurryClock, ids: CountingIds, sockets: Sockets
) -> None:
    """Frames as fast as they can be sent: none is lost, the newest price is there within a second of its frame, and
    what was read leaves nothing in memory."""
    prices, seen, gaps = PriceBoard(clock), list[int](), list[frozenset[str]]()
    prices.listen(lambda tick: seen.append(tick.sequence))
    hub = TickerHub(
        dialer.public,
        SpotMarket(rest).all_tickers,
        clock,
        ids,
        on_tick=prices.on_tick,
        on_gap=gaps.append,
        on_stats=prices.on_stats,
        on_refused=prices.on_refused,
    )
    hub.hold("BTC-USDT")
    async with running(hub.run()):
        client = await sockets.until_subscribed(BTC)
        kept = list[int]()
        for last in (FLOOD, 2 * FLOOD):
            for number in range(last - FLOOD + 1, last + 1):
                await client.push(BTC, ticker(str(60_000 + number), number))
            async with asyncio.timeout(1):
                await eventually(lambda: len(seen) == last)  # noqa: B023 - it is awaited here
            gc.collect()
            kept.append(len(gc.get_objects()))
    assert seen == list(range(1, 2 * FLOOD + 1))
    assert gaps == []
    assert kept[1] - kept[0] < FLOOD / 10


async def test_a_topic_that_died_on_a_living_connection_is_asked_for_anew(
    hub: TickerHub, sockets: Sockets, board: Board, host: Host, clock: HurryClock
) -> None:
    row = {"symbol": "BTC-USDT", "last": "70000", "buy": "1", "sell": "2"}
    host.on("GET", "/api/v1/market/allTickers", success({"time": 1_800_000_000_000, "ticker": [row]}))
    hub.hold("BTC-USDT")
    async with running(hub.run()):
        client = await sockets.until_subscribed(BTC)
        await client.push(BTC, ticker("67000", 1))
        await board.ticks.get()
        took = await passing(clock, 60, lambda: len(client.saying("subscribe")) == 2)
        assert took <= 30
        await eventually(lambda: board.gaps == [frozenset({"BTC-USDT"})])
        assert len(client.saying("unsubscribe")) == 1
    assert sockets.dials == 1


async def test_a_quiet_market_is_left_in_peace(
    hub: TickerHub, sockets: Sockets, board: Board, host: Host, clock: HurryClock
) -> None:
    row = {"symbol": "BTC-USDT", "last": "67000", "buy": "1", "sell": "2"}
    host.on("GET", "/api/v1/market/allTickers", success({"time": 1_800_000_000_000, "ticker": [row]}))
    hub.hold("BTC-USDT")
    async with running(hub.run()):
        client = await sockets.until_subscribed(BTC)
        await client.push(BTC, ticker("67000", 1))
        await board.ticks.get()
        await passing(clock, 60, lambda: len(host.seen("GET", "allTickers")) == 4)
    assert len(client.saying("subscribe")) == 1
    assert not board.gaps


async def test_day_figures_of_a_held_symbol(hub: TickerHub, sockets: Sockets, board: Board) -> None:
    topic = "/market/snapshot:BTC-USDT"
    figures = {"symbol": "BTC-USDT", "lastTradedPrice": 67158.1, "changeRate": 0.0047, "datetime": 1729758286011}
    hub.hold_stats("BTC-USDT")
    async with running(hub.run()):
        client = await sockets.until_subscribed(topic)
        await client.push(topic, {"sequence": "1", "data": figures}, subject="trade.snapshot")
        stats = await board.stats.get()
        assert (stats.last, stats.change) == (Decimal("67158.1"), Decimal("0.0047"))
        hub.release_stats("BTC-USDT")
        await sockets.until(lambda: not client.topics)


async def test_a_symbol_held_again_is_told_its_price_even_if_it_has_not_moved(
    hub: TickerHub, sockets: Sockets, board: Board
) -> None:
    hub.hold("BTC-USDT")
    async with running(hub.run()):
        client = await sockets.until_subscribed(BTC)
        await client.push(BTC, ticker("1", 1))
        await board.ticks.get()
        hub.release("BTC-USDT")
        await sockets.until(lambda: not client.topics)
        hub.hold("BTC-USDT")
        await sockets.until_subscribed(BTC)
        await client.push(BTC, ticker("1", 1))
        assert (await board.ticks.get()).price == 1
        await a_moment()
