"""Who is let in, and what is kept of them."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import text

from tests.accounts.conftest import ANN, BOB, OPERATOR, MakeAccounts
from tests.clock import JumpClock
from tgbot.accounts.service import INVITED_FOR, Accounts, Door
from tgbot.core.errors import NotAllowed, Refused
from tgbot.core.people import Mode
from tgbot.core.routing import Incoming, Origin
from tgbot.db.engine import Database

Writes = Callable[..., Incoming]


# The door


async def test_an_open_door_lets_everybody_in_as_they_are(make_accounts: MakeAccounts, writes: Writes) -> None:
    accounts = make_accounts(Door.OPEN)
    ann = await accounts.admit(writes(language="ru-RU", name="Ann Lee"))
    assert (ann.id, ann.name, ann.language, ann.time_zone, ann.quote) == (ANN, "Ann Lee", "ru", "UTC", "USDT")
    assert (ann.mode, ann.is_operator) == (None, False)
    assert await accounts.admit(writes(language="en")) == ann, "what was chosen stays"


async def test_whoever_speaks_another_language_is_spoken_to_in_english(
    make_accounts: MakeAccounts, writes: Writes
) -> None:
    for number, language in enumerate(["pt-br", "zh-hans", "", "-", "xx" * 50]):
        assert (await make_accounts(Door.OPEN).admit(writes(100 + number, language=language))).language == "en"


async def test_operators_always_come_in(make_accounts: MakeAccounts, writes: Writes) -> None:
    for door in Door:
        assert (await make_accounts(door).admit(writes(OPERATOR))).is_operator


async def test_strangers_stay_outside_and_leave_no_trace(
    make_accounts: MakeAccounts, writes: Writes, database: Database
) -> None:
    for door in (Door.INVITE, Door.OPERATORS):
        for words in ("hello", "/start", "/start nonsense", "/help", "/buy btc 100"):
            with pytest.raises(NotAllowed) as refused:
                await make_accounts(door).admit(writes(text=words))
            assert refused.value.text.values["id"] == str(ANN)
    assert await known(database) == []


async def test_an_invitation_lets_one_person_in_once(
    make_accounts: MakeAccounts, writes: Writes, database: Database
) -> None:
    accounts = make_accounts()
    token = await accounts.invite()
    await accounts.admit(writes(text=f"/start {token}"))
    await accounts.admit(writes(text="hello"))
    with pytest.raises(NotAllowed) as refused:
        await accounts.admit(writes(BOB, f"/start {token}"))
    assert refused.value.text.key == "accounts.bad_invitation"
    assert await known(database) == [ANN]
    await accounts.admit(writes(BOB, f"/start {await accounts.invite()}"))


async def test_whoever_is_in_does_not_use_up_an_invitation(make_accounts: MakeAccounts, writes: Writes) -> None:
    accounts = make_accounts()
    await accounts.admit(writes(text=f"/start {await accounts.invite()}"))
    second = await accounts.invite()
    await accounts.admit(writes(text=f"/start {second}"))
    await accounts.admit(writes(BOB, f"/start {second}"))


async def test_an_invitation_is_good_for_a_week(make_accounts: MakeAccounts, writes: Writes, clock: JumpClock) -> None:
    accounts = make_accounts()
    early, late = await accounts.invite(), await accounts.invite()
    clock.advance((INVITED_FOR - timedelta(seconds=1)).total_seconds())
    await accounts.admit(writes(text=f"/start {early}"))
    clock.advance(1)
    with pytest.raises(NotAllowed):
        await accounts.admit(writes(BOB, f"/start {late}"))


async def test_of_many_who_open_one_link_at_once_one_comes_in(
    make_accounts: MakeAccounts, writes: Writes, database: Database, database_url: str
) -> None:
    elsewhere = Database(database_url)  # as another process would
    doors = [make_accounts(), make_accounts(on=elsewhere)]
    token = await doors[0].invite()

    async def try_door(person_id: int) -> bool:
        try:
            await doors[person_id % 2].admit(writes(person_id, f"/start {token}"))
        except NotAllowed:
            return False
        return True

    came_in = await asyncio.gather(*(try_door(person_id) for person_id in range(100, 140)))
    await elsewhere.close()
    assert sum(came_in) == 1
    assert len(await known(database)) == 1


async def test_an_invitation_counts_only_where_it_is_opened_oneself(
    make_accounts: MakeAccounts, writes: Writes
) -> None:
    accounts = make_accounts()
    opening = f"/start {await accounts.invite()}"
    for copied in (
        writes(text=opening, origin=Origin.FORWARDED),
        writes(text=opening, origin=Origin.EDITED),
        writes(text=opening, origin=Origin.VIA_BOT),
        writes(text=opening, is_private=False),
        writes(text=opening.replace("/start", "/help")),
        writes(text=opening.removeprefix("/start ")),
    ):
        with pytest.raises(NotAllowed):
            await accounts.admit(copied)
    await accounts.admit(writes(text=opening))


async def test_the_table_of_invitations_lets_nobody_in(
    make_accounts: MakeAccounts, writes: Writes, database: Database
) -> None:
    accounts = make_accounts()
    token = await accounts.invite()
    async with database.read() as session:
        (stored,) = [row[0] for row in await session.execute(text("SELECT digest FROM invitations"))]
    assert token not in stored
    with pytest.raises(NotAllowed):
        await accounts.admit(writes(text=f"/start {stored}"))


async def test_when_the_door_is_for_operators_only_others_are_put_out(
    make_accounts: MakeAccounts, writes: Writes
) -> None:
    token = await make_accounts().invite()
    await make_accounts(Door.OPEN).admit(writes())
    for words in ("hello", f"/start {token}"):
        with pytest.raises(NotAllowed):
            await make_accounts(Door.OPERATORS).admit(writes(text=words))
    assert (await make_accounts(Door.INVITE).admit(writes())).id == ANN, "and are let in again with the next change"


async def test_very_long_names_are_cut(make_accounts: MakeAccounts, writes: Writes) -> None:
    assert len((await make_accounts(Door.OPEN).admit(writes(name="🪙" * 500))).name) == 140


# What is chosen


@pytest.fixture
def accounts(make_accounts: MakeAccounts) -> Accounts:
    return make_accounts(Door.OPEN)


async def test_time_zones_are_found_in_any_case(accounts: Accounts, writes: Writes) -> None:
    ann = await accounts.admit(writes())
    for typed, kept in {
        "Europe/Berlin": "Europe/Berlin",
        "europe/berlin": "Europe/Berlin",
        "America/new york": "America/New_York",
        "utc": "UTC",
        "Etc/GMT-3": "Etc/GMT-3",
    }.items():
        assert (await accounts.set_time_zone(ann, typed)).time_zone == kept
        assert (await accounts.admit(writes())).time_zone == kept


async def test_what_is_no_time_zone_changes_nothing(accounts: Accounts, writes: Writes) -> None:
    ann = await accounts.admit(writes())
    for typed in ("Berlin", "Mars/Olympus", "", "+3", "../../etc/passwd", "Europe/Berlin; DROP TABLE"):
        with pytest.raises(Refused) as refused:
            await accounts.set_time_zone(ann, typed)
        assert refused.value.text.key == "accounts.no_time_zone"
    assert await accounts.admit(writes()) == ann


async def test_languages_and_currencies_are_those_that_are_offered(accounts: Accounts, writes: Writes) -> None:
    ann = await accounts.admit(writes())
    ann = await accounts.set_language(ann, "RU")
    ann = await accounts.set_display_currency(ann, "eur")
    ann = await accounts.set_quote(ann, "Usdc")
    assert (ann.language, ann.display_currency, ann.quote) == ("ru", "EUR", "USDC")
    assert await accounts.admit(writes()) == ann
    for change, value in (
        (accounts.set_language, "xx"),
        (accounts.set_display_currency, "DOGE"),
        (accounts.set_quote, "EUR"),
    ):
        with pytest.raises(Refused):
            await change(ann, value)
    assert await accounts.admit(writes()) == ann


async def test_who_has_blocked_us_can_come_back(accounts: Accounts, writes: Writes, database: Database) -> None:
    ann = await accounts.admit(writes())
    async with database.write() as session:
        await accounts.lose(session, ann.id)
        await accounts.lose(session, -1001)
    assert await reachable(database) == [False]
    await accounts.greet(ann)
    assert await reachable(database) == [True]


async def test_the_mode_is_kept(accounts: Accounts, writes: Writes, database: Database) -> None:
    ann = await accounts.admit(writes())
    for mode in (Mode.PAPER, Mode.LIVE, None):
        async with database.write() as session:
            await accounts.set_mode(session, ann.id, mode)
        assert (await accounts.admit(writes())).mode is mode


async def known(database: Database) -> list[int]:
    async with database.read() as session:
        return [row[0] for row in await session.execute(text("SELECT id FROM people ORDER BY id"))]


async def reachable(database: Database) -> list[bool]:
    async with database.read() as session:
        return [bool(row[0]) for row in await session.execute(text("SELECT is_reachable FROM people"))]
