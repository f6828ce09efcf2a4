"""What things cost now."""

from collections.abc import Collection
from datetime import timedelta

import pytest

from tests.clock import JumpClock
from tests.markets.exchange import MemoryExchange
from tgbot.core.errors import ExchangeUnavailable
from tgbot.core.market import Tick
from tgbot.markets.prices import PriceBoard, Prices

BTC = "BTC-USDT"


@pytest.fixture
def exchange(clock: JumpClock) -> MemoryExchange:
    return MemoryExchange(clock)


@pytest.fixture
def board(clock: JumpClock) -> PriceBoard:
    return PriceBoard(clock)


@pytest.fixture
def heard(board: PriceBoard) -> list[Tick]:
    ticks: list[Tick] = []
    board.listen(ticks.append)
    return ticks


def test_the_board_shows_the_newest_and_tells_it_once(
    board: PriceBoard, exchange: MemoryExchange, heard: list[Tick], clock: JumpClock
) -> None:
    first, second = exchange.trade(BTC, "100"), exchange.trade(BTC, "101")
    for tick in (first, second, first, second):
        board.on_tick(tick)
    assert board.latest(BTC) == second
    assert heard == [first, second]
    clock.advance(7)
    assert board.age(BTC) == timedelta(seconds=7)


@pytest.mark.parametrize("absurd", ["0.01", "50", "210", "1000000000"])
def test_a_price_beyond_all_measure_is_not_believed_unless_the_next_one_confirms_it(
    board: PriceBoard, exchange: MemoryExchange, heard: list[Tick], absurd: str
) -> None:
    gaps: list[Collection[str]] = []
    board.listen(lambda tick: None, gaps.append)
    first, wrong, second = (exchange.trade(BTC, price) for price in ("100", absurd, "101"))
    for tick in (first, wrong, second):
        board.on_tick(tick)
    assert heard == [first, second]
    assert gaps == [{BTC}]
    again, confirming = exchange.trade(BTC, absurd), exchange.trade(BTC, absurd)
    for tick in (again, confirming):
        board.on_tick(tick)
    assert heard == [first, second, confirming]
    assert board.latest(BTC) == confirming


def test_after_an_interruption_any_price_is_believed(
    board: PriceBoard, exchange: MemoryExchange, heard: list[Tick]
) -> None:
    board.on_tick(exchange.trade(BTC, "100"))
    board.on_gap([BTC])
    board.on_tick(exchange.trade(BTC, "1000"))
    assert [tick.price for tick in heard] == [100, 1000]


def test_nothing_is_known_of_a_silent_symbol(board: PriceBoard) -> None:
    assert board.latest(BTC) is None
    assert board.age(BTC) is None


async def test_figures_of_the_day_are_kept_and_break_the_silence(
    board: PriceBoard, exchange: MemoryExchange, clock: JumpClock
) -> None:
    assert (board.day(BTC), board.silence(BTC)) == (None, None)
    board.on_tick(exchange.trade(BTC, "100"))
    clock.advance(7)
    assert board.silence(BTC) == timedelta(seconds=7)
    board.on_stats(stats := await exchange.stats(BTC))
    clock.advance(2)
    assert board.day(BTC) == stats
    assert (board.silence(BTC), board.age(BTC)) == (timedelta(seconds=2), timedelta(seconds=9))


def test_after_an_interruption_an_exchange_may_count_anew(
    board: PriceBoard, exchange: MemoryExchange, heard: list[Tick]
) -> None:
    gaps: list[Collection[str]] = []
    board.listen(lambda tick: None, gaps.append)
    before = exchange.trade(BTC, "100")
    restarted = before._replace(sequence=0)
    board.on_tick(before)
    board.on_gap([BTC])
    assert gaps == [[BTC]]
    board.on_tick(restarted)
    board.on_tick(restarted)
    assert heard == [before, restarted]


async def test_a_fresh_price_of_the_stream_costs_no_call(
    board: PriceBoard, exchange: MemoryExchange, clock: JumpClock
) -> None:
    prices = Prices(exchange, board)
    tick = exchange.trade(BTC, "100")
    board.on_tick(tick)
    clock.advance(4.9)
    assert await prices.price(BTC) == tick
    assert exchange.calls == []


async def test_an_old_or_missing_price_is_asked_for(
    board: PriceBoard, exchange: MemoryExchange, clock: JumpClock, heard: list[Tick]
) -> None:
    prices = Prices(exchange, board)
    before = exchange.trade(BTC, "100")
    assert await prices.price(BTC) == before
    board.on_tick(before)
    clock.advance(5)
    newer = exchange.trade(BTC, "102")
    assert await prices.price(BTC) == newer
    assert exchange.calls == [f"ticker {BTC}"] * 2
    assert heard == [before]


async def test_no_price_at_all_is_an_error_not_a_guess(
    board: PriceBoard, exchange: MemoryExchange, clock: JumpClock
) -> None:
    prices = Prices(exchange, board)
    board.on_tick(exchange.trade(BTC, "100"))
    clock.advance(60)
    exchange.is_down = True
    with pytest.raises(ExchangeUnavailable):
        await prices.price(BTC)
