"""What things cost now."""

from collections.abc import Collection
from datetime import timedelta
from decimal import Decimal

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


def test_after_an_interruption_too_the_next_one_has_to_confirm_a_leap(
    board: PriceBoard, exchange: MemoryExchange, heard: list[Tick]
) -> None:
    gaps: list[Collection[str]] = []
    board.listen(lambda tick: None, gaps.append)
    before, wrong, after = (exchange.trade(BTC, price) for price in ("100", "1000", "120"))
    board.on_tick(before)
    board.on_gap([BTC])
    for tick in (wrong, wrong, after):
        board.on_tick(tick)
    assert heard == [before, after]
    board.on_gap([BTC])
    leap, confirming = exchange.trade(BTC, "1000"), exchange.trade(BTC, "1010")
    board.on_tick(leap._replace(sequence=0))
    board.on_gap([BTC])  # also if there is another one in between
    board.on_tick(confirming._replace(sequence=1))
    assert [tick.price for tick in heard] == [100, 120, 1010]
    assert gaps == [[BTC], {BTC}, [BTC], {BTC}, [BTC]]


def test_the_first_price_is_compared_with_what_is_expected(
    board: PriceBoard, exchange: MemoryExchange, heard: list[Tick]
) -> None:
    board.expect(BTC, Decimal(100))
    wrong, right = exchange.trade(BTC, "10000"), exchange.trade(BTC, "101")
    board.on_tick(wrong)
    assert board.latest(BTC) is None
    board.on_tick(right)
    board.expect(BTC, Decimal(1_000))  # what is heard counts for more
    board.on_tick(exchange.trade(BTC, "102"))
    assert [tick.price for tick in heard] == [101, 102]


def test_what_is_doubted_later_is_as_if_it_had_not_come_until_the_next_one_confirms_it(
    board: PriceBoard, exchange: MemoryExchange, heard: list[Tick]
) -> None:
    first, second, third = (exchange.trade(BTC, price) for price in ("10000", "100", "10100"))
    board.on_tick(first)
    board.doubt(first)
    board.expect(BTC, Decimal(100))
    assert (board.latest(BTC), board.has_doubts(BTC)) == (None, True)
    board.on_tick(first)
    assert heard == [first]
    board.on_tick(third)
    board.doubt(first)
    assert (board.latest(BTC), board.has_doubts(BTC)) == (third, False)
    board.on_tick(second._replace(sequence=third.sequence + 1))
    assert heard == [first, third]


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
