"""Every change of state is a race that the database decides."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from tests.clock import START
from tests.ids import CountingIds
from tgbot.core.orders import Fill, Order, OrderSpec, OrderType, Side, TimeInForce
from tgbot.core.people import Mode
from tgbot.db.engine import Database
from tgbot.trading import fills as fills_book
from tgbot.trading import store
from tgbot.trading.rules.settlement import PENDING, UNSETTLED, Misses, State
from tgbot.trading.store import Attempt, Intent
from tgbot.trading.terms import encode_spec

ZERO = Decimal(0)
SPEC = OrderSpec("BTC-USDT", Side.BUY, OrderType.MARKET, funds=Decimal(100))
NOW = START + timedelta(seconds=10)
ids = CountingIds()
numbers = iter(range(1, 10_000))


def an_intent(**changes: object) -> Intent:
    number = next(numbers)
    plain = Intent(
        id=ids.unique(),
        short=f"S{number:04}",
        update_id=number,
        person_id=7,
        chat_id=7,
        key_id="key",
        mode=Mode.LIVE,
        request="BTC-USDT 100",
        spec=SPEC,
        digest="d" * 64,
        reference=Decimal(67_000),
        value=Decimal(100),
        is_locked=False,
        state=State.TICKET,
        order_id="",
        filled_size=ZERO,
        filled_funds=ZERO,
        fee=ZERO,
        fee_currency="",
        created_at=START,
        expires_at=START + timedelta(seconds=60),
        changed_at=START,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]  # the fields of Intent


def an_attempt(intent: Intent) -> Attempt:
    return Attempt(ids.client_oid(), intent.id, NOW, NOW + timedelta(seconds=3), "b" * 64, Misses(), NOW)


def an_order(intent: Intent, filled: str = "0", *, is_active: bool = True) -> Order:
    return Order(
        order_id="o1",
        client_oid="tb1",
        symbol=intent.spec.symbol,
        side=Side.BUY,
        type=OrderType.LIMIT,
        price=Decimal(100),
        size=Decimal(1),
        funds=ZERO,
        filled_size=Decimal(filled),
        filled_funds=Decimal(filled) * 100,
        fee=Decimal(filled) / 10,
        fee_currency="USDT",
        is_active=is_active,
        is_cancelled=False,
        created_at=START,
    )


def a_fill(trade_id: str, order_id: str = "o1", size: str = "0.1") -> Fill:
    return Fill(
        trade_id=trade_id,
        order_id=order_id,
        symbol="BTC-USDT",
        side=Side.BUY,
        price=Decimal(100),
        size=Decimal(size),
        funds=Decimal(10),
        fee=Decimal("0.01"),
        fee_currency="USDT",
        is_maker=True,
        at=START,
    )


@pytest.fixture
async def both(database: Database, database_url: str) -> AsyncIterator[tuple[Database, Database]]:
    """Two processes on one database."""
    second = Database(database_url)
    yield database, second
    await second.close()


async def kept(database: Database, **changes: object) -> Intent:
    intent = an_intent(**changes)
    async with database.write() as session:
        await store.add(session, intent)
    return intent


async def now(database: Database, intent: Intent) -> Intent:
    async with database.read() as session:
        found = await store.by_id(session, intent.id)
    assert found is not None
    return found


async def raced(databases: tuple[Database, Database], times: int, act: Callable[[Database], Awaitable[bool]]) -> int:
    """How many of so many at once have won."""
    return sum(await asyncio.gather(*(act(databases[turn % 2]) for turn in range(times))))


async def test_what_was_stored_comes_back_the_same(database: Database) -> None:
    spec = OrderSpec(
        "BTC-USDT",
        Side.SELL,
        OrderType.LIMIT,
        size=Decimal("0.00000001"),
        price=Decimal("123456.1234567890123"),
        time_in_force=TimeInForce.GTT,
        cancel_after=timedelta(hours=1),
        post_only=True,
        iceberg=True,
        visible_size=Decimal("1E-8"),
    )
    intent = await kept(database, spec=spec, value=None)
    assert await now(database, intent) == intent
    assert encode_spec((await now(database, intent)).spec) == encode_spec(spec)


async def test_right_to_send_is_used_up_once(both: tuple[Database, Database]) -> None:
    intent = await kept(both[0])

    async def consume(database: Database) -> bool:
        async with database.write() as session:
            return await store.consume(session, intent, an_attempt(intent), NOW)

    assert await raced(both, 40, consume) == 1
    assert (await now(both[0], intent)).state is State.SENT
    async with both[1].read() as session:
        assert await store.attempt_of(session, intent) is not None


async def test_using_and_dropping_exclude_each_other(both: tuple[Database, Database]) -> None:
    for _ in range(10):
        intent = await kept(both[0])

        async def consume(database: Database, intent: Intent = intent) -> bool:
            async with database.write() as session:
                return await store.consume(session, intent, an_attempt(intent), NOW)

        async def drop(database: Database, intent: Intent = intent) -> bool:
            async with database.write() as session:
                return await store.move(session, intent, {State.TICKET}, State.DROPPED, NOW)

        used, dropped = await asyncio.gather(consume(both[0]), drop(both[1]))
        assert used is not dropped
        assert (await now(both[0], intent)).state is (State.SENT if used else State.DROPPED)


async def test_right_to_send_that_is_rolled_back_is_there_again(database: Database) -> None:
    intent = await kept(database)

    async def fail_afterwards() -> None:
        async with database.write() as session:
            assert await store.consume(session, intent, an_attempt(intent), NOW)
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        await fail_afterwards()
    async with database.write() as session:
        assert await store.attempt_of(session, intent) is None
        assert await store.consume(session, intent, an_attempt(intent), NOW)


@pytest.mark.parametrize(
    ("changes", "digest", "moment"),
    [
        ({"state": State.DROPPED}, "d" * 64, NOW),
        ({"state": State.SENT}, "d" * 64, NOW),
        ({"is_locked": True}, "d" * 64, NOW),
        ({}, "e" * 64, NOW),
        ({}, "d" * 64, START + timedelta(seconds=60)),
        ({}, "d" * 64, START - timedelta(seconds=1)),
    ],
)
async def test_right_to_send_needs_an_open_unlocked_unchanged_ticket_in_its_time(
    database: Database, changes: dict[str, object], digest: str, moment: object
) -> None:
    intent = await kept(database, **changes)
    async with database.write() as session:
        seen = replace(intent, digest=digest)
        assert not await store.consume(session, seen, an_attempt(intent), moment)  # type: ignore[arg-type]  # a moment
    async with database.read() as session:
        assert await store.attempt_of(session, intent) is None


async def test_one_update_makes_one_intent(both: tuple[Database, Database]) -> None:
    first = await kept(both[0])
    with pytest.raises(Exception, match="update_id"):
        await kept(both[1], update_id=first.update_id)
    async with both[1].read() as session:
        assert await store.by_update(session, first.update_id) == first


async def test_a_move_is_made_by_one(both: tuple[Database, Database]) -> None:
    intent = await kept(both[0], state=State.SENT)

    async def settle(database: Database) -> bool:
        async with database.write() as session:
            return await store.move(session, intent, UNSETTLED, State.REJECTED, NOW)

    assert await raced(both, 20, settle) == 1


async def test_a_ticket_is_unlocked_by_one(both: tuple[Database, Database]) -> None:
    intent = await kept(both[0], is_locked=True)

    async def unlock(database: Database) -> bool:
        async with database.write() as session:
            return await store.unlock(session, intent, NOW + timedelta(seconds=60))

    assert await raced(both, 10, unlock) == 1
    after = await now(both[1], intent)
    assert (after.is_locked, after.expires_at) == (False, NOW + timedelta(seconds=60))


async def test_the_same_progress_is_taken_over_by_one(both: tuple[Database, Database]) -> None:
    intent = await kept(both[0], state=State.OPEN)

    async def take(database: Database) -> bool:
        async with database.write() as session:
            moved = await store.progress(session, intent, an_order(intent, "0.4"), State.PARTIAL, NOW)
        return moved is not None

    assert await raced(both, 20, take) == 1
    after = await now(both[0], intent)
    assert (after.state, after.filled_size, after.filled_funds, after.order_id) == (
        State.PARTIAL,
        Decimal("0.4"),
        Decimal(40),
        "o1",
    )


async def test_progress_from_an_old_reading_is_not_taken(database: Database) -> None:
    old = await kept(database, state=State.OPEN)
    async with database.write() as session:
        assert await store.progress(session, old, an_order(old, "0.4"), State.PARTIAL, NOW)
        assert await store.progress(session, old, an_order(old, "0.2"), State.PARTIAL, NOW) is None
    current = await now(database, old)
    async with database.write() as session:
        assert await store.progress(session, current, an_order(old, "0.6"), State.PARTIAL, NOW)
        assert await store.progress(session, current, an_order(old, "0.5"), State.PARTIAL, NOW) is None
    current = await now(database, old)
    async with database.write() as session:
        assert await store.progress(session, current, an_order(old, "1", is_active=False), State.FILLED, NOW)
    assert (await now(database, old)).state is State.FILLED


async def test_fills_are_kept_once_in_any_repetition(both: tuple[Database, Database]) -> None:
    intent = await kept(both[0])
    fills = [a_fill(str(number)) for number in range(5)]

    async def keep(database: Database) -> bool:
        async with database.write() as session:
            await fills_book.add_fills(session, intent, [*fills, *fills[:2]])
        return True

    await raced(both, 8, keep)
    async with both[0].read() as session:
        assert sorted(fill.trade_id for fill in await fills_book.fills_of(session, "key")) == ["0", "1", "2", "3", "4"]


async def test_trade_between_two_orders_of_one_account_belongs_to_both(database: Database) -> None:
    mine, also_mine = await kept(database), await kept(database)
    async with database.write() as session:
        await fills_book.add_fills(session, mine, [a_fill("t1", "o1")])
        await fills_book.add_fills(session, also_mine, [a_fill("t1", "o2")])
        assert len(await fills_book.fills_of(session, "key")) == 2


async def test_answer_of_any_characters_and_length_is_noted(database: Database) -> None:
    intent = await kept(database)
    async with database.write() as session:
        await store.consume(session, intent, an_attempt(intent), NOW)
        await store.note_answer(session, intent, "x\0" * 99, "a\0b" + "ü😀" * 400)


async def test_misses_come_back_as_they_were_noted(database: Database) -> None:
    intent = await kept(database)
    misses = Misses(3, NOW, NOW + timedelta(seconds=9))
    async with database.write() as session:
        await store.consume(session, intent, an_attempt(intent), NOW)
        await store.note_misses(session, intent, misses)
        attempt = await store.attempt_of(session, intent)
    assert attempt is not None
    assert attempt.misses == misses


async def test_pending_are_those_on_their_way(database: Database) -> None:
    kept_intents = {state: await kept(database, state=state) for state in State}
    async with database.read() as session:
        assert {intent.state for intent in await store.pending(session)} == PENDING
        assert {intent.state for intent in await store.pending_of(session, 7, "key")} == PENDING
        assert await store.pending_of(session, 8, "key") == []
        assert await store.pending_with(session, "key", {State.WAITING}) == [kept_intents[State.WAITING].id]
        assert await store.pending_with(session, "other", PENDING) == []
        assert await store.pending_of(session, 7, "other") == []
        lately = await store.changed_since(session, State.NOT_PLACED, START - timedelta(seconds=1))
        assert lately == [kept_intents[State.NOT_PLACED]]
        assert await store.changed_since(session, State.NOT_PLACED, START) == []


async def test_intents_are_found_by_what_they_were_sent_as(database: Database) -> None:
    intent, other = await kept(database), await kept(database)
    attempt = an_attempt(intent)
    async with database.write() as session:
        await store.consume(session, intent, attempt, NOW)
    async with database.read() as session:
        found = await store.by_client_oids(session, [attempt.client_oid, "web1"])
        assert {client_oid: found[client_oid].id for client_oid in found} == {attempt.client_oid: intent.id}
        assert await store.intent_of(session, attempt.client_oid) == intent.id
        assert await store.intent_of(session, "web1") is None
        assert {each.id for each in await store.with_ids(session, [intent.id, other.id])} == {intent.id, other.id}
        assert await store.find(session, 8, intent.short) is None, "nobody finds another's"


async def test_last_order_of_a_key_is_the_newest_that_left(database: Database) -> None:
    async with database.write() as session:
        assert await store.last_sent(session, "key") is None
        ages = {State.OPEN: 3, State.FILLED: 2, State.NOT_SENT: 1, State.TICKET: 0}
        for state, age in ages.items():
            made = START - timedelta(days=age)
            intent = an_intent(created_at=made, expires_at=made + timedelta(seconds=60))
            await store.add(session, intent)
            if state is not State.TICKET:
                await store.consume(session, intent, replace(an_attempt(intent), signed_at=made), made)
                await store.move(session, intent, {State.SENT}, state, made)
        assert await store.last_sent(session, "key") == START - timedelta(days=2)
        assert await store.last_sent(session, "other") is None
