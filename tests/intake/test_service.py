"""From a raw update to an answer: kept once, judged, handled, and whoever asked hears of it."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import text as sql

from tests.intake.conftest import ANN, BOB, DESK, MALLORY, Desk, Raw, all_of, message
from tgbot.core import crash
from tgbot.core.people import Person
from tgbot.core.routing import Answer, Incoming

KEY = "66f0a1b2c3d4e5f607182930"


class Killed(BaseException):
    """The process is gone."""


# Once


async def test_an_update_that_comes_twice_is_handled_once(desk: Desk) -> None:
    async with desk.open() as intake:
        await intake.receive([message(1, "/buy btc 100"), message(1, "/buy btc 100")])
        await intake.receive([message(1, "/buy btc 100")])
        await intake.idle()
        await desk.until_answered()
    await desk.receives(message(1, "/buy btc 100"))
    assert desk.heard == ["buy btc 100"]
    assert desk.said() == ["Confirm"]


async def test_two_processes_that_get_the_same_update_handle_it_once(desk: Desk) -> None:
    async with desk.open() as first, desk.open() as second:
        for intake in (first, second):  # what one of them found at its start would be no race but left over
            await intake._is_ready.wait()
        await asyncio.gather(*(intake.receive([message(1, "/buy btc 100")]) for intake in (first, second)))
        await first.idle()
        await second.idle()
    assert desk.heard == ["buy btc 100"]


async def test_what_arrives_while_it_starts_is_handled_once_and_after_what_was_left(desk: Desk) -> None:
    await die_at("C1", desk)
    intake = desk.intake()
    async with asyncio.TaskGroup() as group:
        early = group.create_task(intake.receive([message(2, "/buy eth 5")]))
        async with desk.open(intake):
            await early
            await intake.idle()
            await desk.until_answered()
    assert desk.heard == ["buy btc 100", "buy eth 5"]


# Crashes


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:
    yield
    crash.arm(None)


async def die_at(point: str, desk: Desk) -> None:
    """One life of the process, which ends at a crash point when it is given an update."""

    def kill(name: str) -> None:
        if name == point:
            raise Killed

    async with desk.open() as intake:
        crash.arm(kill)
        with pytest.raises(Killed):
            await intake.receive([message(1, "/buy btc 100")])
        crash.arm(None)


async def test_killed_before_it_is_stored_telegram_gives_it_again(desk: Desk) -> None:
    await die_at("C0", desk)
    assert await desk.states() == {}
    await desk.receives(message(1, "/buy btc 100"))
    assert desk.heard == ["buy btc 100"]


async def test_killed_after_it_is_stored_the_next_process_handles_it(desk: Desk) -> None:
    await die_at("C1", desk)
    assert await desk.states() == {1: "new"}
    await desk.receives(message(1, "/buy btc 100"))
    assert desk.heard == ["buy btc 100"]
    assert await desk.states() == {1: "done"}


async def test_any_number_of_kills_loses_nothing(desk: Desk) -> None:
    await die_at("C1", desk)
    for _ in range(20):
        async with asyncio.TaskGroup() as group:
            role = group.create_task(desk.intake().run())
            role.cancel()
    assert await desk.states() == {1: "new"}, "none of them has begun on it"
    await desk.receives()
    assert desk.heard == ["buy btc 100"]


async def test_killed_between_handling_and_the_end_it_is_begun_again(desk: Desk) -> None:
    async def die(person: Person, incoming: Incoming) -> Answer:
        raise Killed

    desk.handlers["buy"] = die
    with pytest.raises((BaseExceptionGroup, Killed)):
        await desk.receives(message(1, "/buy btc 100"))
    del desk.handlers["buy"]
    await desk.receives()
    assert desk.heard == ["buy btc 100", "buy btc 100"], "its handler is asked again, and says what it did already"
    assert desk.said() == ["Confirm"]


async def test_an_update_that_kills_every_process_is_given_up_and_its_sender_told(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    async def die(person: Person, incoming: Incoming) -> Answer:
        raise Killed

    desk.handlers["buy"] = die
    updates = [message(1, "/buy poison"), message(2, "/price btc", BOB)]
    for _ in range(4):
        with pytest.raises((BaseExceptionGroup, Killed)):
            await desk.receives(*updates)
        updates = []
    await desk.receives()
    assert desk.heard.count("buy poison") == 4
    assert await desk.states() == {1: "dead", 2: "done"}
    (apology,) = desk.said()
    assert apology.startswith("Something went wrong on my side (#")
    assert "update_given_up" in capsys.readouterr().out
    await desk.receives()
    assert desk.said() == [apology], "once"


async def test_what_was_waiting_is_still_too_old_after_the_restart(desk: Desk) -> None:
    await die_at("C1", desk)
    desk.clock.advance(61)
    await desk.receives()
    assert desk.heard == []
    assert desk.said()[0].startswith("Too old (61 s), nothing sent.")


# Lanes


async def test_a_handler_that_fails_stops_nobody(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    async def fail(person: Person, incoming: Incoming) -> Answer:
        raise ZeroDivisionError("by accident")

    desk.handlers["buy"] = fail
    await desk.receives(message(1, "/buy btc 100"), message(2, "/price btc"), message(3, "/price btc", BOB))
    assert desk.heard == ["buy btc 100", "price btc", "price btc"]
    apology, answer = desk.said()
    reference = apology.partition("#")[2][:4]
    assert answer == "Confirm"
    logged = capsys.readouterr().out
    assert reference in logged
    assert "by accident" in logged


async def test_a_slow_person_keeps_nobody_waiting_and_stays_in_order(desk: Desk) -> None:
    gate = asyncio.Event()

    async def wait(person: Person, incoming: Incoming) -> Answer:
        await gate.wait()
        return None

    desk.handlers["buy"] = wait
    async with desk.open() as intake:
        await intake.receive([message(1, "/buy btc 100"), message(2, "/price btc"), message(3, "/price eth", BOB)])
        await all_of(lambda: "price eth" in desk.heard)
        assert "price btc" not in desk.heard
        gate.set()
        await intake.idle()
        await desk.until_answered()
    assert desk.heard[-1] == "price btc"


@pytest.mark.parametrize(
    "raw",
    [
        {"update_id": 1},
        {"update_id": 1, "message": None},
        {"update_id": 1, "message": "text"},
        {"update_id": 1, "message": []},
        {"update_id": 1, "message": {"message_id": 5}},
        {"update_id": 1, "message": {"message_id": 5, "chat": {"id": "x", "type": 5}, "from": "me", "text": {}}},
        {"update_id": 1, "message": {"text": 5, "chat": None, "from": None}},
        {"update_id": 1, "callback_query": {}},
        {"update_id": 1, "callback_query": {"id": 5, "data": ["connect"]}},
        {"update_id": 1, "poll_answer": {"option_ids": [1]}},
        {"update_id": 1, "something_new": {"a": [{"b": None}]}},
        {"update_id": 1, "message": {"message_id": 5, "text": "half of a pair \ud83d and nothing \x00"}},
        {"update_id": 1, "edited_channel_post": {"message_id": 5, "chat": {"id": -5, "type": "channel"}, "text": "x"}},
    ],
)
async def test_what_nobody_can_read_is_kept_and_blocks_nothing(desk: Desk, raw: Raw) -> None:
    await desk.receives(raw, message(2, "/price btc"))
    assert desk.heard == ["price btc"]
    assert await desk.states() == {1: "done", 2: "done"}


async def test_text_of_any_characters_passes(desk: Desk) -> None:
    await desk.receives(message(1, "/price \ud83d\x00 \u202e btc 🪙"))
    assert desk.heard == ["price \ud83d\x00 \u202e btc 🪙"]


# Questions and tombstones


async def test_plain_text_answers_the_question_that_is_open(desk: Desk) -> None:
    await ask(desk, ANN)
    await desk.receives(
        message(1, "100"), message(2, "100", BOB), message(3, "100", chat=DESK), message(4, "/price btc")
    )
    assert sorted(desk.heard) == ["price btc", "size 100"]


async def test_a_question_does_not_stay_open_for_ever(desk: Desk) -> None:
    await ask(desk, ANN)
    desk.clock.advance(60)
    await desk.receives(message(1, "100"))
    assert desk.heard == []


async def test_a_copied_answer_is_no_answer(desk: Desk) -> None:
    await ask(desk, ANN)
    await desk.receives(message(1, "100", forward_origin={"type": "hidden_user", "date": 1}))
    await desk.receives(message(2, "100", kind="edited_message"))
    assert desk.heard == []


async def ask(desk: Desk, person_id: int) -> None:
    async with desk.post.database.write() as session:
        until = desk.clock.now() + timedelta(seconds=60)
        await desk.dialogues.open(session, person_id, "size", "abc", until)


async def test_text_like_a_key_goes_to_whoever_erases_it_and_nowhere_else(desk: Desk) -> None:
    await ask(desk, ANN)
    await desk.receives(
        message(1, f"/buy {KEY}"), message(2, KEY, MALLORY, DESK), message(3, KEY, kind="edited_message")
    )
    assert desk.heard == []
    assert [(leak.chat_id, leak.message_id) for leak in desk.leaks] == [(ANN, 1), (DESK, 2), (ANN, 3)]
    assert not await holds(desk, KEY)


async def test_a_secret_of_a_stranger_is_neither_stored_nor_held(desk: Desk) -> None:
    desk.redaction.begin(MALLORY)
    await desk.receives(message(1, "my-passphrase", MALLORY))
    assert not await holds(desk, "my-passphrase")
    assert desk.redaction._texts == {}


async def holds(desk: Desk, secret: str) -> bool:
    async with desk.post.database.read() as session:
        rows = [*await session.execute(sql("SELECT payload FROM inbox UNION ALL SELECT payload FROM outbox"))]
    return any(secret in row[0] for row in rows)
