"""The record: what was written cannot be deleted, changed or moved without the verifier naming the row."""

import asyncio
import csv
from collections.abc import Callable
from dataclasses import replace
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, text, update

from tests.clock import START
from tgbot.audit import store
from tgbot.audit.rules import FIRST, Event, Head, Record, flaws, seal
from tgbot.audit.store import AuditHeadRow, AuditRow
from tgbot.audit.verification import has_row, verify, written
from tgbot.db.engine import Database

DESK = "d" * 32
EVENTS = [Event("proposed", 7, "Ann", "7F3K", "ab" * 32), Event("approve", 8, "Bob", "7F3K"), Event("granted")]


async def write(database: Database, *events: Event, chain: str = DESK) -> list[Record]:
    records = []
    for event in events:
        async with database.write() as session:
            records.append(await store.append(session, chain, event, START))
    return records


async def complaints(database: Database) -> list[tuple[int, str]]:
    async with database.read() as session:
        return [(flaw.number, flaw.what) for verdict in await verify(session) for flaw in verdict.flaws]


async def test_what_was_written_is_read_again_and_whole(database: Database) -> None:
    records = await write(database, *EVENTS)
    async with database.read() as session:
        assert await store.latest(session, DESK, 2) == [records[2], records[1]]
        assert [record async for record in store.whole(session, DESK)] == records
        assert await store.head(session, DESK) == Head(DESK, 3, records[2].seal)
    assert [record.event for record in records] == EVENTS
    assert await complaints(database) == []


async def test_a_row_is_there_only_with_the_fact_that_it_tells_of(database: Database) -> None:
    await write(database, EVENTS[0])
    with pytest.raises(RuntimeError):
        await undone(database)
    assert await complaints(database) == []
    async with database.read() as session:
        assert (await store.head(session, DESK)) is not None
        assert len(await store.latest(session, DESK, 9)) == 1


async def undone(database: Database) -> None:
    async with database.write() as session:
        await store.append(session, DESK, EVENTS[1], START)
        raise RuntimeError


async def test_writers_side_by_side_make_one_chain_without_a_gap(database: Database) -> None:
    other = Database(database.url.render_as_string(hide_password=False))
    await asyncio.gather(*(write(each, *EVENTS * 3) for each in (database, other, database, other)))
    await other.close()
    assert await complaints(database) == []
    async with database.read() as session:
        assert [record.number for record in await store.latest(session, DESK, 99)] == list(range(36, 0, -1))


async def test_chains_know_nothing_of_each_other(database: Database) -> None:
    await write(database, *EVENTS)
    await write(database, EVENTS[1], chain="e" * 32)
    async with database.read() as session:
        assert [verdict.head for verdict in await verify(session)] == [
            await store.head(session, DESK),
            await store.head(session, "e" * 32),
        ]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("act", "reject"),
        ("actor_id", 99),
        ("actor", "Mallory"),
        ("subject", "AAAA"),
        ("digest", "0" * 64),
        ("detail", '{"why": "x"}'),
        ("at", START.replace(year=2027)),
        ("previous", "1" * 64),
        ("seal", "2" * 64),
    ],
)
async def test_no_column_of_a_row_can_be_changed_unseen(database: Database, column: str, value: object) -> None:
    await write(database, *EVENTS)
    async with database.write() as session:
        await session.execute(update(AuditRow).where(AuditRow.number == 2).values({column: value}))
    found = await complaints(database)
    assert found
    assert {number for number, _ in found} <= {2, 3}


@pytest.mark.parametrize("number", [1, 2, 3])
async def test_no_row_can_be_deleted_unseen_not_even_the_last(database: Database, number: int) -> None:
    await write(database, *EVENTS)
    async with database.write() as session:
        await session.execute(delete(AuditRow).where(AuditRow.number == number))
    assert await complaints(database) != []


async def test_rows_that_change_places_are_seen(database: Database) -> None:
    await write(database, *EVENTS)
    async with database.write() as session:
        for old, new in ((2, 9), (3, 2), (9, 3)):
            await session.execute(text(f"UPDATE audit SET number = {new} WHERE number = {old}"))  # noqa: S608 - our own numbers
    assert {number for number, _ in await complaints(database)} == {2, 3}


async def test_a_forged_end_with_its_head_is_seen_by_who_remembers_the_head(database: Database) -> None:
    records = await write(database, *EVENTS)
    async with database.write() as session:
        await session.execute(delete(AuditRow).where(AuditRow.number == 3))
        await session.execute(update(AuditHeadRow).values(number=2, seal=records[1].seal))
    assert await complaints(database) == []
    async with database.read() as session:
        assert await has_row(session, 2, records[1].seal[:8].upper())
        assert not await has_row(session, 3, records[2].seal[:8])


async def test_names_full_of_tricks_are_kept_as_far_as_a_database_can(database: Database) -> None:
    await write(database, Event("proposed", 7, "\0\u202e<b>" + "x" * 300, detail={"why": "a\0b"}))
    assert await complaints(database) == []
    async with database.read() as session:
        (record,) = await store.latest(session, DESK, 1)
    assert record.event.actor.startswith("\u202e<b>x")
    assert record.event.detail == {"why": "ab"}


def test_csv_says_everything_and_calculates_nothing() -> None:
    event = Event("proposed", 7, "=HYPERLINK(1)", "7F3K", "ab", {"why": "-1"})
    record = Record(DESK, 1, START, event, FIRST, "c" * 64)
    header, row = csv.reader(StringIO(written([record])))
    told = dict(zip(header, row, strict=True))
    assert told["actor"] == "'=HYPERLINK(1)"
    assert (told["number"], told["actor_id"], told["subject"], told["detail"]) == ("1", "7", "7F3K", "why=-1")
    assert (told["previous"], told["seal"]) == (FIRST, "c" * 64)


def chain_of(events: list[Event]) -> tuple[list[Record], Head]:
    records, previous = [], FIRST
    for number, event in enumerate(events, 1):
        sealed = seal(DESK, number, START, event, previous)
        records.append(Record(DESK, number, START, event, previous, sealed))
        previous = sealed
    return records, Head(DESK, len(records), previous)


texts = st.text(max_size=5)
events = st.builds(Event, texts, st.integers(0, 9), texts, texts, texts, st.dictionaries(texts, texts, max_size=2))
Spoil = Callable[[list[Record], int, int], list[Record]]


def drop(records: list[Record], place: int, other: int) -> list[Record]:
    return records[:place] + records[place + 1 :]


def swap(records: list[Record], place: int, other: int) -> list[Record]:
    spoilt = list(records)
    spoilt[place], spoilt[other] = spoilt[other], spoilt[place]
    return spoilt


def change(records: list[Record], place: int, other: int) -> list[Record]:
    spoilt = list(records)
    event = records[place].event
    spoilt[place] = replace(records[place], event=replace(event, actor=event.actor + "!"))
    return spoilt


@given(st.lists(events, min_size=1, max_size=8), st.sampled_from([drop, swap, change]), st.integers(0), st.integers(0))
def test_any_chain_is_whole_until_something_happens_to_it(
    written_events: list[Event], spoil: Spoil, place: int, other: int
) -> None:
    records, head = chain_of(written_events)
    assert list(flaws(records, head)) == []
    spoilt = spoil(records, place % len(records), other % len(records))
    assert (spoilt == records) == (list(flaws(spoilt, head)) == [])


async def test_a_row_that_was_changed_and_sealed_anew_is_seen_by_the_one_behind_it(database: Database) -> None:
    records = await write(database, *EVENTS)
    forged = replace(records[1].event, actor_id=666)
    changed = seal(DESK, 2, START, forged, records[1].previous)
    async with database.write() as session:
        where = (AuditRow.chain == DESK, AuditRow.number == 2)
        await session.execute(update(AuditRow).where(*where).values(actor_id=666, seal=changed))
    assert await complaints(database) == [(3, "does not follow from the one before it")]


@pytest.mark.parametrize(
    "spoilt", ["detail = 'x'", "detail = '[1]'", "detail = 'null'", "detail = '{}'", "at = -5", f"at = {2**62}"]
)
async def test_a_row_that_nobody_could_have_written_is_found_and_stops_nothing(database: Database, spoilt: str) -> None:
    await write(database, *EVENTS[:1], Event("policy", detail={"version": "2"}), *EVENTS[2:])
    async with database.write() as session:
        await session.execute(text(f"UPDATE audit SET {spoilt} WHERE number = 2"))  # noqa: S608 - from the list above
    assert await complaints(database) == [(2, "was changed")]


async def test_a_row_that_was_put_before_the_first_is_found(database: Database) -> None:
    await write(database, *EVENTS)
    async with database.write() as session:
        await session.execute(text("UPDATE audit SET number = -5 WHERE number = 1"))
    assert (1, "is missing") in await complaints(database)


async def test_a_chain_that_is_gone_as_a_whole_is_missed_where_it_must_be(database: Database) -> None:
    await write(database, *EVENTS)
    async with database.write() as session:
        await session.execute(delete(AuditRow))
        await session.execute(delete(AuditHeadRow))
    async with database.read() as session:
        (verdict,) = await verify(session, [DESK])
    assert [(flaw.chain, flaw.number, flaw.what) for flaw in verdict.flaws] == [(DESK, 1, "is missing")]


async def test_half_a_character_in_a_name_does_not_keep_the_record_from_being_a_file(database: Database) -> None:
    records = await write(database, Event("granted", detail={"voters": "a\ud800b\0"}), Event("x", actor="\uff1d1+1"))
    rows = list(csv.reader(StringIO(written(records).encode().decode())))
    assert rows[1][7] == "voters=a?b"
    assert rows[2][4] == "'\uff1d1+1"
