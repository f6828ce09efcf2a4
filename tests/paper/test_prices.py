from datetime import timedelta
from decimal import Decimal

from tests.clock import JumpClock
from tests.paper.conftest import RULES
from tgbot.core.market import Tick
from tgbot.paper.prices import Handed


def tick(clock: JumpClock, price: str, symbol: str = "BTC-USDT", age: float = 0) -> Tick:
    amount = Decimal(price)
    return Tick(symbol, amount, amount, amount, 1, clock.now() - timedelta(seconds=age))


def handed(clock: JumpClock) -> tuple[Handed, list[Tick]]:
    prices = Handed(clock)
    prices.hand_rules([RULES["BTC-USDT"]])
    heard: list[Tick] = []
    prices.listen(heard.append)
    return prices, heard


async def test_late_listener_hears_the_present_prices(clock: JumpClock) -> None:
    prices, heard = handed(clock)
    prices.hand(tick(clock, "1"))
    prices.hand(tick(clock, "2"))
    late: list[Tick] = []
    prices.listen(late.append)
    assert [each.price for each in heard] == [1, 2]
    assert [each.price for each in late] == [2]


class Feed:
    def __init__(self) -> None:
        self.held: list[str] = []

    def hold(self, symbol: str) -> None:
        self.held.append(symbol)

    def release(self, symbol: str) -> None:
        self.held.remove(symbol)


def test_pairs_with_open_orders_are_held_once_for_as_long_as_they_are_followed(clock: JumpClock) -> None:
    prices, feed = Handed(clock), Feed()
    prices.follow({"BTC-USDT"})
    prices.feed_from(feed)
    assert feed.held == ["BTC-USDT"]
    prices.follow({"BTC-USDT", "ETH-USDT"})
    assert feed.held == ["BTC-USDT", "ETH-USDT"]
    prices.follow(set())
    assert feed.held == []


async def test_older_tick_and_unknown_pair_change_nothing(clock: JumpClock) -> None:
    prices, heard = handed(clock)
    prices.hand(tick(clock, "1"))
    prices.hand(tick(clock, "2", age=1))
    prices.hand(tick(clock, "3", symbol="NO-PE"))
    assert [each.price for each in heard] == [1]


async def test_without_a_source_an_old_price_is_good_enough(clock: JumpClock) -> None:
    prices, _ = handed(clock)
    assert not await prices.refresh("BTC-USDT")
    prices.hand(tick(clock, "1", age=60))
    assert await prices.refresh("BTC-USDT")


async def test_source_that_knows_no_price_leaves_none(clock: JumpClock) -> None:
    async def fetch(_: str) -> Tick | None:
        return None

    prices = Handed(clock, fetch)
    assert not await prices.refresh("BTC-USDT")
