"""The directory of pairs over time."""

import asyncio

import pytest

from tests.clock import JumpClock
from tests.markets.exchange import MemoryExchange, rule_of
from tgbot.core.errors import ExchangeUnavailable, NotFound
from tgbot.markets.symbols import Symbols


@pytest.fixture
def exchange(clock: JumpClock) -> MemoryExchange:
    return MemoryExchange(clock)


@pytest.fixture
def symbols(exchange: MemoryExchange, clock: JumpClock) -> Symbols:
    return Symbols(exchange, clock)


async def test_before_the_first_load_the_exchange_is_to_blame(symbols: Symbols) -> None:
    with pytest.raises(ExchangeUnavailable):
        symbols.read_pair("btc", "USDT")
    with pytest.raises(ExchangeUnavailable):
        symbols.rule("BTC-USDT")
    assert symbols.popular("USDT") == ()


async def test_an_unknown_pair_offers_the_nearest_as_buttons(symbols: Symbols) -> None:
    await symbols.load()
    with pytest.raises(NotFound) as caught:
        symbols.read_pair("bct", "USDT")
    assert caught.value.text.key == "markets.unknown_pair_near"
    assert caught.value.text.values == {"pair": "bct", "near": "BTC-USDT, BCH-USDT"}
    assert [button.data for button in caught.value.buttons[0]] == ["price:BTC-USDT", "price:BCH-USDT"]


async def test_the_buttons_of_an_unknown_pair_do_what_was_wanted(symbols: Symbols) -> None:
    await symbols.load()
    with pytest.raises(NotFound) as caught:
        symbols.read_pair("bct", "USDT", lambda symbol: f"alert:{symbol} > 1")
    assert caught.value.buttons[0][0].data == "alert:BTC-USDT > 1"


async def test_nothing_near_means_no_buttons(symbols: Symbols) -> None:
    await symbols.load()
    for text in ("qqqqqqqq", "x" * 3000):
        with pytest.raises(NotFound) as caught:
            symbols.read_pair(text, "USDT")
        assert caught.value.text.key == "markets.unknown_pair"
        assert caught.value.buttons == ()
        assert len(str(caught.value.text.values["pair"])) <= 24
    with pytest.raises(NotFound):
        symbols.rule("QQQ-USDT")


async def test_new_pairs_appear_within_ten_minutes(
    symbols: Symbols, exchange: MemoryExchange, clock: JumpClock
) -> None:
    async with asyncio.TaskGroup() as group:
        role = group.create_task(symbols.run())
        await clock.until_sleeping()
        exchange.rules["NEW-USDT"] = rule_of("NEW-USDT")
        clock.advance(600)
        await clock.until_sleeping()
        assert symbols.rule("NEW-USDT").base == "NEW"
        role.cancel()


async def test_whoever_compares_with_the_list_gets_each_and_none_that_could_not_be_had(
    exchange: MemoryExchange, clock: JumpClock
) -> None:
    lists = list[int]()
    symbols = Symbols(exchange, clock, lambda rules: lists.append(len(rules)))
    known = len(exchange.rules)
    await symbols.load()
    exchange.is_down = True
    await symbols.refresh()
    exchange.is_down = False
    exchange.rules["NEW-USDT"] = rule_of("NEW-USDT")
    await symbols.refresh()
    assert lists == [known, known + 1]


async def test_an_exchange_out_of_reach_leaves_what_was_known(
    symbols: Symbols, exchange: MemoryExchange, clock: JumpClock
) -> None:
    exchange.is_down = True
    async with asyncio.TaskGroup() as group:
        role = group.create_task(symbols.run())
        await clock.until_sleeping()
        exchange.is_down = False
        clock.advance(5)
        await clock.until_sleeping()
        assert symbols.read_pair("btc", "USDT").symbol == "BTC-USDT"
        exchange.is_down = True
        clock.advance(600)
        await clock.until_sleeping()
        assert symbols.read_pair("btc", "USDT").symbol == "BTC-USDT"
        role.cancel()
    assert exchange.calls == ["symbols"] * 3
