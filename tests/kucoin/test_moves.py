"""From a topic for each symbol to the one for all, and back: at no moment is a symbol unheard."""

from tests.clock import a_moment
from tests.kucoin.board import Board
from tests.kucoin.conftest import HurryClock
from tests.kucoin.patience import eventually, passing, running
from tests.kucoin.sockets import Client, Sockets, ticker
from tgbot.kucoin.feed import ALL_TICKERS, TICKER
from tgbot.kucoin.hub import NARROW_BELOW, WIDE_ABOVE, TickerHub

SYMBOLS = [f"C{number}-USDT" for number in range(WIDE_ABOVE + 1)]
SOME = SYMBOLS[7]
FULL = 30  # figures, which with the tickers leave no room for another topic


def narrow(client: Client) -> set[str]:
    return {topic for topic in client.topics if topic.startswith(TICKER)} - {ALL_TICKERS}


async def hold_narrow(hub: TickerHub, sockets: Sockets, figures: int = 0) -> Client:
    """As many as still have a topic each."""
    for symbol in SYMBOLS[:WIDE_ABOVE]:
        hub.hold(symbol)
    for symbol in SYMBOLS[:figures]:
        hub.hold_stats(symbol)
    await sockets.until(lambda: bool(sockets.clients) and len(sockets.client.topics) == WIDE_ABOVE + figures)
    await eventually(lambda: all(hub.is_live(symbol) for symbol in SYMBOLS[:WIDE_ABOVE]))
    return sockets.client


async def test_the_topic_for_all_is_confirmed_before_the_narrow_ones_are_left(
    hub: TickerHub, sockets: Sockets, board: Board
) -> None:
    async with running(hub.run()):
        client = await hold_narrow(hub, sockets)
        before = len(client.said)
        hub.hold(SYMBOLS[-1])
        await sockets.until(lambda: client.topics == {ALL_TICKERS})
        said = [message["type"] for message in client.said[before:]]
    assert said == ["subscribe", "unsubscribe", "unsubscribe", "unsubscribe"]
    assert board.gaps == []


async def test_while_the_topic_for_all_is_not_confirmed_every_symbol_is_still_heard(
    hub: TickerHub, sockets: Sockets, board: Board, clock: HurryClock
) -> None:
    """It goes to a second socket, and that one is slow."""
    async with running(hub.run()):
        client = await hold_narrow(hub, sockets, FULL)
        sockets.is_welcoming = False
        hub.hold(SYMBOLS[-1])
        for second in range(40):
            clock.advance(1)
            await a_moment()
            await client.push(TICKER + SOME, ticker("5", second + 1))
        assert len(narrow(client)) == WIDE_ABOVE
        assert [(await board.ticks.get()).symbol for _ in range(40)] == [SOME] * 40
        sockets.is_welcoming = True
        await passing(clock, 60, lambda: sockets.client.topics == {ALL_TICKERS})
        await sockets.until(lambda: not narrow(client))
        assert all(hub.is_live(symbol) for symbol in SYMBOLS)
    assert board.gaps == []


async def test_a_symbol_that_was_unheard_during_a_move_is_read_back(
    hub: TickerHub, sockets: Sockets, board: Board, clock: HurryClock
) -> None:
    """The old socket dies while the new one, with the topic for all, is not up for the first time yet."""
    async with running(hub.run()):
        client = await hold_narrow(hub, sockets, FULL)
        await client.push(TICKER + SOME, ticker("5", 1))
        await board.ticks.get()
        sockets.is_welcoming = False
        hub.hold(SYMBOLS[-1])
        await client.socket.close()
        await eventually(lambda: not hub.is_live(SOME))
        assert board.gaps == []
        sockets.is_welcoming = True
        await passing(clock, 60, lambda: hub.is_live(SOME))
        await eventually(lambda: board.gaps == [frozenset({SOME})])


async def test_a_connection_lost_before_all_its_topics_were_confirmed_is_a_gap_as_well(
    hub: TickerHub, sockets: Sockets, board: Board, clock: HurryClock
) -> None:
    sockets.ignored_topics = {"/market/snapshot:ETH-USDT"}
    hub.hold("BTC-USDT")
    hub.hold_stats("ETH-USDT")
    async with running(hub.run()):
        client = await sockets.until_subscribed(TICKER + "BTC-USDT")
        await eventually(lambda: hub.is_live("BTC-USDT"))
        await client.push(TICKER + "BTC-USDT", ticker("5", 1))
        await board.ticks.get()
        await passing(clock, 20, lambda: not hub.is_live("BTC-USDT"))
        sockets.ignored_topics.clear()
        await passing(clock, 60, lambda: hub.is_live("BTC-USDT"))
        await eventually(lambda: board.gaps == [frozenset({"BTC-USDT"})])


async def test_the_topic_for_all_is_left_when_each_symbol_has_its_own_again(
    hub: TickerHub, sockets: Sockets, board: Board, clock: HurryClock
) -> None:
    async with running(hub.run()):
        client = await hold_narrow(hub, sockets)
        hub.hold(SYMBOLS[-1])
        await sockets.until(lambda: client.topics == {ALL_TICKERS})
        sockets.is_acking = False
        for symbol in SYMBOLS[NARROW_BELOW:]:
            hub.release(symbol)
        await sockets.until(lambda: len(client.saying("subscribe")) == 6)
        assert ALL_TICKERS in client.topics
        assert all(hub.is_live(symbol) for symbol in SYMBOLS[:NARROW_BELOW])
        sockets.is_acking = True
        await passing(clock, 60, lambda: len(narrow(sockets.client)) == NARROW_BELOW)
        await sockets.until(lambda: ALL_TICKERS not in sockets.client.topics)
        assert all(hub.is_live(symbol) for symbol in SYMBOLS[:NARROW_BELOW])
    assert board.gaps == []


async def test_what_was_never_confirmed_is_not_even_asked_for(hub: TickerHub, sockets: Sockets) -> None:
    """As at every start with many symbols."""
    for symbol in SYMBOLS:
        hub.hold(symbol)
    async with running(hub.run()):
        await sockets.until(lambda: bool(sockets.clients) and sockets.client.topics == {ALL_TICKERS})
        await eventually(lambda: hub.is_live(SOME))
    assert [message["topic"] for message in sockets.client.said] == [ALL_TICKERS]


async def test_a_pair_that_has_no_topic_does_not_keep_the_one_for_all(
    hub: TickerHub, sockets: Sockets, clock: HurryClock
) -> None:
    sockets.unknown_topics = {TICKER + SOME}
    fed = {TICKER + symbol for symbol in SYMBOLS[:NARROW_BELOW]} - sockets.unknown_topics
    async with running(hub.run()):
        for symbol in SYMBOLS:
            hub.hold(symbol)
        await sockets.until(lambda: bool(sockets.clients) and sockets.client.topics == {ALL_TICKERS})
        for symbol in SYMBOLS[NARROW_BELOW:]:
            hub.release(symbol)
        await passing(clock, 60, lambda: sockets.client.topics == fed)


async def test_whoever_changes_their_mind_during_a_move_is_served(hub: TickerHub, sockets: Sockets) -> None:
    """One more and one less, again and again: KuCoin is asked for what is held in the end, and is live."""
    async with running(hub.run()):
        client = await hold_narrow(hub, sockets)
        for _ in range(3):
            hub.hold(SYMBOLS[-1])
            await a_moment()
            for symbol in SYMBOLS[NARROW_BELOW:]:
                hub.release(symbol)
            await a_moment()
            for symbol in SYMBOLS[NARROW_BELOW:WIDE_ABOVE]:
                hub.hold(symbol)
        await sockets.until(lambda: len(narrow(client)) == WIDE_ABOVE and ALL_TICKERS not in client.topics)
        await eventually(lambda: all(hub.is_live(symbol) for symbol in SYMBOLS[:WIDE_ABOVE]))
    assert sockets.dials == 1
