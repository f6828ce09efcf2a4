"""Topics that bring nothing although the market moves: REST tells them from those of a quiet market."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count

from tests.clock import a_moment
from tests.kucoin.board import Board
from tests.kucoin.conftest import HurryClock
from tests.kucoin.host import Answer, Host, Request, success
from tests.kucoin.patience import eventually, passing, running
from tests.kucoin.sockets import Client, Sockets, ticker
from tgbot.core.market import Tick
from tgbot.kucoin.doubts import Doubts
from tgbot.kucoin.feed import ALL_TICKERS, TICKER
from tgbot.kucoin.hub import CHECK_EVERY, WIDE_ABOVE, TickerHub
from tgbot.kucoin.shards import TOPICS_A_SOCKET

BTC, ETH = "BTC-USDT", "ETH-USDT"
SYMBOLS = [f"C{number}-USDT" for number in range(WIDE_ABOVE + 1)]
SOME, OTHER = SYMBOLS[7], SYMBOLS[8]

Prices = Mapping[str, Callable[[], object]]


def rest_tells(host: Host, prices: Prices) -> None:
    def answer(_: Request) -> Answer:
        rows = [{"symbol": symbol, "last": str(price()), "buy": "1", "sell": "2"} for symbol, price in prices.items()]
        return success({"time": 1_800_000_000_000, "ticker": rows})

    host.on("GET", "/api/v1/market/allTickers", answer)


def moving() -> Callable[[], object]:
    """Another price every time."""
    return count(60_000, 100).__next__


def still() -> object:
    return 67_000


async def waiting(clock: HurryClock, seconds: int, meanwhile: Callable[[], object] = lambda: None) -> None:
    for _ in range(seconds):
        clock.advance(1)
        meanwhile()
        for _ in range(5):
            await a_moment()


async def hold_wide(hub: TickerHub, sockets: Sockets, symbols: Iterable[str] = SYMBOLS) -> Client:
    for symbol in symbols:
        hub.hold(symbol)
    await sockets.until(lambda: bool(sockets.clients) and sockets.client.topics == {ALL_TICKERS})
    await eventually(lambda: hub.is_live(SOME))
    sockets.client.said.clear()
    return sockets.client


async def test_a_topic_that_was_dead_from_the_first_is_asked_for_anew_and_read_back(
    hub: TickerHub, sockets: Sockets, board: Board, host: Host, clock: HurryClock
) -> None:
    rest_tells(host, {BTC: moving()})
    hub.hold(BTC)
    async with running(hub.run()):
        client = await sockets.until_subscribed(TICKER + BTC)
        took = await passing(clock, 60, lambda: len(client.saying("subscribe")) == 2)
        assert took <= 3 * CHECK_EVERY
        await eventually(lambda: board.gaps == [frozenset({BTC})])
    assert [message["topic"] for message in client.saying("unsubscribe")] == [TICKER + BTC]


async def test_a_market_in_which_nothing_happens_is_asked_for_anew_once(
    hub: TickerHub, sockets: Sockets, board: Board, host: Host, clock: HurryClock
) -> None:
    rest_tells(host, {BTC: still})
    hub.hold(BTC)
    async with running(hub.run()):
        client = await sockets.until_subscribed(TICKER + BTC)
        await waiting(clock, 120)
    assert len(client.saying("subscribe")) == 2
    assert board.gaps == [frozenset({BTC})]


async def test_a_topic_that_stays_dead_is_read_back_whenever_the_price_has_moved(
    hub: TickerHub, sockets: Sockets, board: Board, host: Host, clock: HurryClock
) -> None:
    rest_tells(host, {BTC: moving(), ETH: still})
    hub.hold(BTC)
    hub.hold(ETH)
    async with running(hub.run()):
        await sockets.until_subscribed(TICKER + BTC, TICKER + ETH)
        await passing(clock, 120, lambda: len(board.gaps) == 4)
    assert board.gaps == [frozenset({BTC, ETH}), frozenset({BTC}), frozenset({BTC}), frozenset({BTC})]


async def test_of_a_topic_that_is_not_confirmed_yet_nothing_is_expected(
    hub: TickerHub, sockets: Sockets, board: Board, host: Host, clock: HurryClock
) -> None:
    rest_tells(host, {BTC: moving()})
    sockets.is_welcoming = False
    hub.hold(BTC)
    async with running(hub.run()):
        await waiting(clock, 60)
    assert not host.seen("GET", "allTickers")
    assert board.gaps == []


async def test_a_silent_one_among_others_gets_a_topic_of_its_own_beside_the_one_for_all(
    hub: TickerHub, sockets: Sockets, board: Board, host: Host, clock: HurryClock
) -> None:
    rest_tells(host, {SOME: moving(), OTHER: moving()})
    async with running(hub.run()):
        client = await hold_wide(hub, sockets)
        for second in range(25):
            clock.advance(1)
            await client.push(ALL_TICKERS, ticker("5", second + 1), subject=OTHER)
            await board.ticks.get()
            for _ in range(5):
                await a_moment()
        await sockets.until(lambda: client.topics == {ALL_TICKERS, TICKER + SOME})
        await eventually(lambda: board.gaps[:1] == [frozenset({SOME})])
        await client.push(TICKER + SOME, ticker("6", 1))
        assert (await board.ticks.get()).symbol == SOME
        assert not client.saying("unsubscribe")
        hub.release(SOME)
        hub.hold("MORE-USDT")
        await sockets.until(lambda: client.topics == {ALL_TICKERS})


async def test_of_one_with_a_topic_of_its_own_the_topic_for_all_says_nothing(
    hub: TickerHub, sockets: Sockets, board: Board, host: Host, clock: HurryClock
) -> None:
    """The topic for all stays up while the other socket is away: that is a gap all the same."""
    rest_tells(host, {SOME: moving(), OTHER: moving()})
    async with running(hub.run()):
        client = await hold_wide(hub, sockets)
        for symbol in SYMBOLS:
            hub.hold_stats(symbol)
        for number in range(TOPICS_A_SOCKET - len(SYMBOLS) - 1):
            hub.hold_stats(f"S{number}-USDT")
        for second in range(25):
            clock.advance(1)
            await client.push(ALL_TICKERS, ticker("5", second + 1), subject=OTHER)
            await board.ticks.get()
            for _ in range(5):
                await a_moment()
        await sockets.until(lambda: sockets.client.topics == {TICKER + SOME})
        await eventually(lambda: hub.is_live(SOME))
        own = sockets.client
        await own.push(TICKER + SOME, ticker("6", 1))
        assert (await board.ticks.get()).symbol == SOME
        board.gaps.clear()
        await own.socket.close()
        await eventually(lambda: not hub.is_live(SOME))
        await passing(clock, 10, lambda: hub.is_live(SOME))
        await eventually(lambda: board.gaps == [frozenset({SOME})])


async def test_the_topic_for_all_is_asked_for_anew_when_it_brings_nothing_at_all(
    hub: TickerHub, sockets: Sockets, board: Board, host: Host, clock: HurryClock
) -> None:
    """Whoever was heard by it before may have missed something."""
    rest_tells(host, {SOME: moving()})
    async with running(hub.run()):
        client = await hold_wide(hub, sockets)
        await client.push(ALL_TICKERS, ticker("5", 1), subject=OTHER)
        await board.ticks.get()
        await passing(clock, 60, lambda: bool(client.saying("subscribe")))
        await eventually(lambda: board.gaps == [frozenset({SOME, OTHER})])
    assert [message["topic"] for message in client.said if message["type"] != "ping"] == [ALL_TICKERS] * 2


def test_what_rest_said_is_forgotten_once_the_feed_has_said_something_newer() -> None:
    doubts = Doubts()
    assert doubts.settle({BTC: None}, {BTC: Decimal(5)}) == frozenset()
    assert doubts.settle({BTC: None}, {BTC: Decimal(5)}) == {BTC}
    heard = Tick(BTC, Decimal(6), Decimal(1), Decimal(2), 1, datetime(2026, 1, 1, tzinfo=UTC))
    for expected in (frozenset[str](), frozenset({BTC})):
        assert doubts.settle({BTC: heard}, {BTC: Decimal(5)}) == expected
    for _ in range(3):
        assert doubts.settle({BTC: heard}, {BTC: Decimal(5)}) == frozenset()


def test_another_price_has_to_be_told_twice_in_a_row() -> None:
    doubts = Doubts()
    for price in (Decimal(5), None, Decimal(5), None):
        prices = {} if price is None else {BTC: price}
        assert doubts.settle({BTC: None}, prices) == frozenset()
