"""Watches in memory: who is fed, and which moves are found."""

from collections import Counter
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tests.alerts.feed import CountedFeed
from tests.clock import START
from tgbot.alerts.rules.watching import Watch
from tgbot.alerts.watches.followed import Followed, Move
from tgbot.core.market import Tick

ANN, BORIS = 7, 8
BTC, ETH = "BTC-USDT", "ETH-USDT"


def tick(price: Decimal | int, symbol: str = BTC) -> Tick:
    value = Decimal(price)
    return Tick(symbol, value, value, value, 1, START)


def watch(watch_id: int, chat_id: int, symbol: str = BTC, move: str | None = None, reference: int = 100) -> Watch:
    return Watch(watch_id, chat_id, symbol, None if move is None else Decimal(move), Decimal(reference))


def test_a_symbol_is_held_once_from_the_first_to_the_last_who_watches_it() -> None:
    feed = CountedFeed()
    followed = Followed(feed)
    followed.put(watch(1, ANN))
    followed.put(watch(2, BORIS))
    followed.put(watch(1, ANN, move="0.02"))
    followed.put(watch(3, BORIS, ETH))
    assert (feed.held, feed.held_stats) == (Counter({BTC: 1, ETH: 1}), Counter({BTC: 1, ETH: 1}))
    followed.drop(ANN, BTC)
    followed.drop(ANN, BTC)
    assert feed.held == Counter({BTC: 1, ETH: 1})
    followed.drop_chat(BORIS)
    followed.drop_chat(BORIS)
    assert not feed.held
    assert not feed.held_stats
    assert not followed.symbols


def test_watches_of_a_chat_keep_their_order() -> None:
    followed = Followed(CountedFeed())
    for put in (watch(1, ANN, ETH), watch(2, ANN), watch(3, BORIS)):
        followed.put(put)
    followed.put(watch(1, ANN, ETH, move="0.1"))
    assert [one.symbol for one in followed.watched(ANN)] == [ETH, BTC]
    assert set(followed.chats(BTC)) == {ANN, BORIS}


def test_a_move_is_found_once_and_the_next_is_counted_from_there() -> None:
    followed = Followed(CountedFeed())
    start = watch(1, ANN, move="0.02")
    followed.put(start)
    for price in (101, 99, Decimal("101.99")):
        followed.on_tick(tick(price))
    assert followed.take_moves() == []
    for price in (102, 200, 50):
        followed.on_tick(tick(price))
    (move,) = followed.take_moves()
    assert move == Move(start, Decimal(102))
    assert followed.take_moves() == []
    followed.settle(move)
    followed.on_tick(tick(104))
    assert followed.take_moves() == []
    followed.on_tick(tick(Decimal("99.96")))
    (move,) = followed.take_moves()
    assert (move.watch.reference, move.price) == (Decimal(102), Decimal("99.96"))


def test_a_watch_set_anew_or_ended_forgets_its_move() -> None:
    followed = Followed(CountedFeed())
    followed.put(watch(1, ANN, move="0.02"))
    followed.put(watch(2, BORIS, move="0.02"))
    followed.on_tick(tick(103))
    followed.put(watch(1, ANN, move="0.02", reference=103))
    followed.drop(BORIS, BTC)
    assert followed.take_moves() == []


def test_a_move_told_too_late_does_not_bring_back_what_has_changed() -> None:
    followed = Followed(CountedFeed())
    followed.put(watch(1, ANN, move="0.02"))
    followed.put(watch(2, BORIS, move="0.02"))
    followed.on_tick(tick(103))
    moves = followed.take_moves()
    followed.put(watch(1, ANN, move="0.5", reference=103))
    followed.drop(BORIS, BTC)
    for move in moves:
        followed.settle(move)
    assert followed.watched(ANN) == [watch(1, ANN, move="0.5", reference=103)]
    assert followed.watched(BORIS) == []


@given(
    st.lists(st.none() | st.sampled_from(["0.01", "0.05", "0.3"]), min_size=1, max_size=6),
    st.lists(st.integers(50, 200), max_size=40),
)
def test_every_move_is_found_as_a_look_at_each_watch_would(moves: list[str | None], prices: list[int]) -> None:
    followed = Followed(CountedFeed())
    references: dict[int, Decimal] = {}
    for chat_id, move in enumerate(moves):
        followed.put(watch(chat_id, chat_id, move=move))
        references[chat_id] = Decimal(100)
    for price in prices:
        followed.on_tick(tick(price))
        found = followed.take_moves()
        for move_found in found:
            followed.settle(move_found)
        expected = {
            chat_id: (references[chat_id], Decimal(price))
            for chat_id, move in enumerate(moves)
            if move is not None and abs(price - references[chat_id]) >= references[chat_id] * Decimal(move)
        }
        assert {move.watch.chat_id: (move.watch.reference, move.price) for move in found} == expected
        references |= {chat_id: price for chat_id, (_, price) in expected.items()}
