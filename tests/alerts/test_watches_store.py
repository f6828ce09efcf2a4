"""The rows of watches, on both databases."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import pytest
from sqlalchemy.exc import IntegrityError

from tests.clock import START
from tgbot.alerts.rules.watching import Watch
from tgbot.alerts.watches import store
from tgbot.alerts.watches.store import Card
from tgbot.db.engine import Database

ANN, BORIS = 7, 8
MOVE, PRICE = Decimal("0.025"), Decimal("0.00001234")
NOW: datetime = START


async def add(
    database: Database, chat_id: int, symbol: str, move: Decimal | None = None, thread_id: int | None = None
) -> Watch:
    async with database.write() as session:
        return await store.add(session, Watch(0, chat_id, symbol, move, PRICE, thread_id), NOW)


async def of_chat(database: Database, chat_id: int) -> list[Watch]:
    async with database.read() as session:
        return await store.of_chat(session, chat_id)


async def test_watches_are_found_as_they_were_set_in_their_order(database: Database) -> None:
    eth = await add(database, ANN, "ETH-USDT")
    btc = await add(database, ANN, "BTC-USDT", MOVE, 5)
    other = await add(database, BORIS, "BTC-USDT")
    assert await of_chat(database, ANN) == [eth, btc]
    assert (btc.move, btc.reference, btc.thread_id) == (MOVE, PRICE, 5)
    async with database.read() as session:
        assert await store.all_watches(session) == [eth, btc, other]


async def test_a_chat_watches_a_pair_once(database: Database) -> None:
    await add(database, ANN, "BTC-USDT")
    with pytest.raises(IntegrityError):
        await add(database, ANN, "BTC-USDT")


async def test_a_move_is_written_once(database: Database) -> None:
    watch = await add(database, ANN, "BTC-USDT", MOVE)
    async with database.write() as session:
        assert await store.advance(session, watch, Decimal(2))
    async with database.write() as session:
        assert not await store.advance(session, watch, Decimal(3)), "it was counted from another price"
    assert [one.reference for one in await of_chat(database, ANN)] == [Decimal(2)]


async def test_a_move_of_a_watch_that_was_changed_or_ended_is_not_written(database: Database) -> None:
    changed, ended = await add(database, ANN, "BTC-USDT", MOVE), await add(database, ANN, "ETH-USDT", MOVE)
    async with database.write() as session:
        await store.change(session, replace(changed, move=Decimal("0.5")))
        await store.drop(session, ANN, ["ETH-USDT"])
    async with database.write() as session:
        assert not await store.advance(session, changed, Decimal(3))
        assert not await store.advance(session, ended, Decimal(3))
    assert await of_chat(database, ANN) == [replace(changed, move=Decimal("0.5"))]


async def test_dropping_is_for_one_chat_alone(database: Database) -> None:
    for chat_id in (ANN, BORIS):
        await add(database, chat_id, "BTC-USDT")
        await add(database, chat_id, "ETH-USDT")
    async with database.write() as session:
        await store.set_card(session, ANN, Card("watch:1", None))
        await store.set_card(session, BORIS, Card("watch:2", None))
        await store.drop(session, ANN, ["BTC-USDT"])
        await store.drop(session, ANN, [])
    assert [watch.symbol for watch in await of_chat(database, ANN)] == ["ETH-USDT"]
    assert len(await of_chat(database, BORIS)) == 2


async def test_what_a_lost_chat_watches_is_not_loaded_and_comes_back(database: Database) -> None:
    lost, other = await add(database, ANN, "BTC-USDT"), await add(database, BORIS, "ETH-USDT")
    async with database.write() as session:
        await store.lose_chat(session, ANN)
        assert await store.all_watches(session) == [other]
        assert await store.regain_chat(session, ANN) == [lost]
        assert await store.regain_chat(session, ANN) == []
        assert await store.all_watches(session) == [lost, other]


async def test_a_chat_that_moves_takes_along_what_it_watches_but_for_its_card(database: Database) -> None:
    for chat_id, symbol in ((ANN, "BTC-USDT"), (ANN, "ETH-USDT"), (BORIS, "ETH-USDT")):
        await add(database, chat_id, symbol)
    async with database.write() as session:
        await store.set_card(session, ANN, Card("watch:1", None))
        moved = await store.move_chat(session, ANN, BORIS)
        assert await store.cards(session, [ANN, BORIS]) == {}
    assert [(watch.chat_id, watch.symbol) for watch in moved] == [(BORIS, "BTC-USDT")]
    assert await of_chat(database, ANN) == []
    assert sorted(watch.symbol for watch in await of_chat(database, BORIS)) == ["BTC-USDT", "ETH-USDT"]


async def test_the_card_of_a_chat_is_the_last_one_named(database: Database) -> None:
    async with database.write() as session:
        await store.set_card(session, ANN, Card("watch:1", None))
        await store.set_card(session, ANN, Card("watch:2", 5))
        assert await store.cards(session, [ANN, BORIS]) == {ANN: Card("watch:2", 5)}
