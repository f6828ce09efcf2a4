"""Pairs that KuCoin takes off its list while somebody holds them: the topic for all says nothing of them."""

from collections.abc import Iterable

import pytest

from tests.kucoin.board import Board
from tests.kucoin.conftest import HurryClock
from tests.kucoin.patience import running
from tests.kucoin.sockets import Sockets, ticker
from tests.markets.exchange import rule_of
from tgbot.core.market import SymbolRule
from tgbot.kucoin.feed import TICKER
from tgbot.kucoin.hub import WIDE_ABOVE, TickerHub
from tgbot.kucoin.listed import GONE_AFTER, Listed

SYMBOLS = [f"C{number}-USDT" for number in range(WIDE_ABOVE + 1)]
GONE = SYMBOLS[7]


def listing(without: Iterable[str] = (), halted: Iterable[str] = ()) -> list[SymbolRule]:
    return [rule_of(symbol, is_trading=symbol not in halted) for symbol in SYMBOLS if symbol not in without]


@pytest.mark.parametrize("rules", [listing(without=[GONE]), listing(halted=[GONE])], ids=["delisted", "halted"])
@pytest.mark.parametrize("held", [SYMBOLS, [GONE]], ids=["by the topic for all", "by its own"])
def test_a_pair_that_is_gone_is_told_once(
    held: list[str], rules: list[SymbolRule], hub: TickerHub, board: Board, clock: HurryClock
) -> None:
    for symbol in held:
        hub.hold(symbol)
    hub.compare(rules)
    assert board.refused == []
    for _ in range(3):
        clock.advance(GONE_AFTER)
        hub.compare(rules)
    assert board.refused == [GONE]


def test_whoever_holds_a_pair_that_is_gone_hears_so(hub: TickerHub, board: Board, clock: HurryClock) -> None:
    hub.hold(GONE)
    hub.compare(listing(without=[GONE]))
    clock.advance(GONE_AFTER)
    hub.compare(listing(without=[GONE]))
    hub.release(GONE)
    hub.hold(GONE)
    assert board.refused == [GONE] * 2
    hub.compare(listing())
    hub.hold(GONE)
    assert board.refused == [GONE] * 2


def test_one_list_that_lacks_a_pair_pauses_nothing_however_often_it_is_read_within_a_minute(
    hub: TickerHub, board: Board, clock: HurryClock
) -> None:
    hub.hold(GONE)
    for rules in (listing(without=[GONE]), listing(), listing(without=[GONE])):
        hub.compare(rules)
        clock.advance(GONE_AFTER - 1)
        hub.compare(rules)
        clock.advance(1)
    assert board.refused == []


@pytest.mark.parametrize(
    "rules",
    [[], listing(without=SYMBOLS[: WIDE_ABOVE // 2 + 1]), listing(halted=SYMBOLS)],
    ids=["none", "half", "halt"],
)
def test_a_list_that_lacks_half_the_market_pauses_nothing(
    rules: list[SymbolRule], hub: TickerHub, board: Board, clock: HurryClock
) -> None:
    for symbol in SYMBOLS:
        hub.hold(symbol)
    hub.compare(listing())
    for _ in range(5):
        clock.advance(GONE_AFTER)
        hub.compare(rules)
    assert board.refused == []


def test_a_pair_that_is_heard_is_fed_whatever_the_list_says(clock: HurryClock) -> None:
    listed, rules = Listed(clock), listing(without=[GONE])
    for _ in range(4):
        assert not listed.read(rules, [GONE], {GONE: clock.monotonic()})
        clock.advance(GONE_AFTER - 1)
    heard = {GONE: clock.monotonic()}
    assert not listed.read(rules, [GONE], heard)
    clock.advance(GONE_AFTER)
    assert listed.read(rules, [GONE], heard) == {GONE}


async def test_what_the_feed_has_brought_counts_as_heard(
    hub: TickerHub, sockets: Sockets, board: Board, clock: HurryClock
) -> None:
    hub.hold(GONE)
    hub.compare(listing(without=[GONE]))
    clock.advance(GONE_AFTER - 1)
    async with running(hub.run()):
        client = await sockets.until_subscribed(TICKER + GONE)
        await client.push(TICKER + GONE, ticker("5", 1))
        await board.ticks.get()
        clock.advance(1)
        hub.compare(listing(without=[GONE]))
    assert board.refused == []
