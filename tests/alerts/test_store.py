"""The table decides: what fires, what is paused, and what is only late news from memory."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from tests.alerts.desk import ANN, BORIS, BTC, ETH
from tests.clock import START
from tgbot.alerts import store
from tgbot.alerts.rules.crossing import Kind, Stance
from tgbot.alerts.store import Alert, State
from tgbot.db.engine import Database

LATER = START + timedelta(minutes=5)
WANTED = Alert(
    id=0,
    short="7F3K",
    update_id=1,
    chat_id=ANN,
    person_id=ANN,
    symbol=BTC,
    kind=Kind.ABOVE,
    level=Decimal("70000.10"),
    cooldown=timedelta(minutes=30),
    note="sell “half”",
    state=State.ARMED,
    stance=Stance.UNDER,
    since=START,
    fires=0,
    fired_at=None,
    created_at=START,
)


@pytest.fixture
async def alert(database: Database) -> Alert:
    return await added(database, WANTED)


async def test_an_alert_comes_back_as_it_was_stored(database: Database, alert: Alert) -> None:
    assert alert == replace(WANTED, id=alert.id)
    async with database.read() as session:
        assert await store.find(session, ANN, "7F3K") == alert
        assert await store.by_update(session, 1) == alert
        assert await store.by_update(session, 2) is None
        assert await store.find(session, BORIS, "7F3K") is None, "it belongs to its chat"


async def test_a_row_fires_once_for_each_crossing(database: Database, alert: Alert) -> None:
    async with database.write() as session:
        [fired] = await store.fire(session, [alert.armed()], LATER)
    assert fired is not None
    assert fired == replace(alert, stance=Stance.SPENT, since=LATER, fires=1, fired_at=LATER)
    assert fired.armed().resting_until == LATER + timedelta(minutes=30)
    async with database.write() as session:
        assert await store.fire(session, [alert.armed()], LATER) == [None]
        [again, too_often] = await store.fire(session, [fired.armed()] * 2, LATER)
    assert again is not None
    assert too_often is None
    async with database.read() as session:
        assert await store.find(session, ANN, "7F3K") == again


@pytest.mark.parametrize(
    "now", [{"state": State.PAUSED}, {"state": State.DELETED}, {"level": Decimal(71_000)}, {"kind": Kind.CROSS}]
)
async def test_what_waits_no_more_or_for_something_else_does_not_fire(
    database: Database, alert: Alert, now: dict[str, object]
) -> None:
    async with database.write() as session:
        await store.change(session, replace(alert, **now))  # type: ignore[arg-type]  # fields of an alert
        assert await store.fire(session, [alert.armed()], LATER) == [None]


async def test_those_of_a_crowd_that_may_fire_do_and_each_by_itself(database: Database, alert: Alert) -> None:
    others = [await added(database, replace(WANTED, update_id=n, short=f"AAA{n}")) for n in (2, 3)]
    async with database.write() as session:
        await store.change(session, replace(others[0], state=State.PAUSED))
        once = replace(others[1].armed(), cooldown=None)
        after = await store.fire(session, [once, others[0].armed(), alert.armed()], LATER)
    assert [fired and (fired.id, fired.state) for fired in after] == [
        (others[1].id, State.FIRED),
        None,
        (alert.id, State.ARMED),
    ]
    async with database.read() as session:
        stored = [await store.by_update(session, update_id) for update_id in (3, 2, 1)]
    assert stored == [after[0], replace(others[0], state=State.PAUSED), after[2]]


async def test_one_that_fires_once_is_listed_no_more(database: Database) -> None:
    alert = await added(database, replace(WANTED, cooldown=None))
    async with database.write() as session:
        [fired] = await store.fire(session, [alert.armed()], LATER)
        assert fired is not None
        assert fired.state is State.FIRED
        assert await store.listed(session, ANN) == []
        assert await store.count_listed(session, ANN) == 0
        assert await store.find(session, ANN, "7F3K") == fired, "its buttons still work"


async def test_a_deleted_one_is_found_no_more_but_keeps_its_name(database: Database, alert: Alert) -> None:
    async with database.write() as session:
        await store.change(session, replace(alert, state=State.DELETED))
        assert await store.find(session, ANN, "7F3K") is None
        assert await store.is_taken(session, ANN, "7F3K")
        assert not await store.is_taken(session, BORIS, "7F3K")


async def test_only_what_is_armed_is_loaded(database: Database, alert: Alert) -> None:
    await added(database, replace(WANTED, update_id=2, short="AAAA", state=State.PAUSED))
    once = await added(database, replace(WANTED, update_id=3, short="BBBB", cooldown=None))
    async with database.read() as session:
        loaded = [armed async for batch in store.all_armed(session) for armed in batch]
    assert sorted(loaded, key=lambda armed: armed.id) == [alert.armed(), once.armed()]


async def test_stances_are_saved_where_nothing_has_happened_since(database: Database, alert: Alert) -> None:
    others = [await added(database, replace(WANTED, update_id=n, short=f"AAA{n}")) for n in (2, 3, 4)]
    moved = [replace(known.armed(), stance=Stance.SPENT, since=LATER) for known in (alert, *others)]
    async with database.write() as session:
        await store.fire(session, [others[0].armed()], START)
        await store.change(session, replace(others[1], level=Decimal(80_000)))
        await store.change(session, replace(others[2], kind=Kind.BELOW))
    async with database.write() as session:
        await store.save_stances(session, moved)
        await store.save_stances(session, [])
    async with database.read() as session:
        stored = [await store.by_update(session, update_id) for update_id in (1, 2, 3, 4)]
    assert [known and known.since for known in stored] == [LATER, START, START, START]
    assert [known and known.stance for known in stored] == [Stance.SPENT, Stance.SPENT, Stance.UNDER, Stance.UNDER]


async def test_pausing_tells_which_were_armed(database: Database, alert: Alert) -> None:
    other_pair = await added(database, replace(WANTED, update_id=2, short="AAAA", symbol=ETH))
    other_chat = await added(database, replace(WANTED, update_id=3, chat_id=BORIS))
    await added(database, replace(WANTED, update_id=4, short="BBBB", state=State.PAUSED))
    async with database.write() as session:
        paused = await store.pause_symbol(session, BTC)
        assert sorted(known.id for known in paused) == [alert.id, other_chat.id]
        assert {known.state for known in paused} == {State.PAUSED}
        assert [known.id for known in await store.pause_chat(session, ANN)] == [other_pair.id]
        assert await store.pause_chat(session, ANN) == []


async def test_the_latest_symbols_of_a_chat_come_first(database: Database) -> None:
    for number, (symbol, chat_id) in enumerate([(BTC, ANN), (ETH, ANN), (BTC, ANN), ("KCS-USDT", BORIS)]):
        await added(database, replace(WANTED, update_id=number, short=f"AAA{number}", symbol=symbol, chat_id=chat_id))
    async with database.read() as session:
        assert await store.recent_symbols(session, ANN, 6) == [BTC, ETH]
        assert await store.recent_symbols(session, ANN, 1) == [BTC]


async def test_how_far_prices_are_judged_is_kept_by_symbol(database: Database) -> None:
    async with database.write() as session:
        await store.save_judged(session, {})
        await store.save_judged(session, {BTC: START, ETH: START})
        await store.save_judged(session, {BTC: LATER})
    async with database.read() as session:
        assert await store.judged(session) == {BTC: LATER, ETH: START}


async def added(database: Database, alert: Alert) -> Alert:
    async with database.write() as session:
        return await store.add(session, alert)


async def test_the_keeper_of_a_groups_alerts_is_who_set_the_first(database: Database) -> None:
    for number, person_id in enumerate((BORIS, ANN)):
        await added(database, replace(WANTED, update_id=number, short=f"AAA{number}", chat_id=-1, person_id=person_id))
    async with database.read() as session:
        assert await store.keepers_of(session, [-1, -2]) == {-1: BORIS}
        assert await store.keepers_of(session, []) == {}


async def test_where_a_name_is_taken_in_the_supergroup_its_namesake_stays_behind(database: Database) -> None:
    for number, (chat_id, short) in enumerate([(-1, "AAAA"), (-1, "BBBB"), (-2, "AAAA")]):
        await added(database, replace(WANTED, update_id=number, chat_id=chat_id, short=short))
    async with database.write() as session:
        await store.move_chat(session, -1, -2)
        assert [alert.short for alert in await store.listed(session, -1)] == ["AAAA"]
        assert [alert.short for alert in await store.listed(session, -2)] == ["BBBB", "AAAA"]
