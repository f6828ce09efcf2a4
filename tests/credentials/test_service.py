"""Keys: checked before they are kept, sealed where they belong, several of a person, one in use."""

import pytest

from tests.credentials.conftest import MINE, OTHER, Bank
from tests.ids import CountingIds
from tests.kucoin.host import success
from tgbot.core.errors import NotFound, Refused
from tgbot.core.people import Mode
from tgbot.credentials import store
from tgbot.credentials.rules import Suspension, Trouble
from tgbot.credentials.service import MOST_KEYS
from tgbot.db.engine import WriteSession
from tgbot.kucoin.sign import Credentials

KEY_INFO = "/api/v1/user/api-key"


async def test_a_harmless_key_is_kept_sealed_and_can_be_used(bank: Bank) -> None:
    key = await bank.keys.link(bank.person(), MINE)
    assert (key.last_four, set(key.permissions), key.is_active) == ("2930", {"General", "Spot"}, True)
    assert await bank.holds(MINE.key, MINE.secret, MINE.passphrase) == []
    bank.kucoin.on("GET", "/api/v1/accounts", success([]))
    linked = await bank.keys.account(bank.person())
    assert await linked.spot.balances() == []
    (asked,) = bank.kucoin.seen("GET", "/api/v1/accounts")
    assert asked.headers["kc-api-key"] == MINE.key


async def test_the_first_key_makes_a_newcomer_live_and_moves_nobody_else(bank: Bank) -> None:
    await bank.keys.link(bank.person(), MINE)
    assert bank.modes == {7: Mode.LIVE}
    bank.modes[8] = Mode.PAPER
    await bank.keys.link(bank.person(8), MINE)
    assert bank.modes[8] is Mode.PAPER


async def test_of_several_keys_the_newest_is_in_use_until_another_is_chosen(bank: Bank) -> None:
    first = await bank.keys.link(bank.person(), MINE)
    second = await bank.keys.link(bank.person(), OTHER)
    assert await in_use(bank) == [second.short]
    await bank.keys.use(first)
    assert await in_use(bank) == [first.short]
    assert (await bank.keys.account(bank.person())).key_id == first.id


async def test_a_key_that_is_linked_again_is_sealed_anew_in_its_place(bank: Bank) -> None:
    first = await bank.keys.link(bank.person(), MINE)
    await bank.keys.rename(first, "Savings")
    await bank.keys.link(bank.person(), OTHER)
    bank.key_may("General,Spot,Futures")
    again = await bank.keys.link(bank.person(), Credentials(MINE.key, MINE.secret, "a-new-phrase"))
    assert (again.id, again.short, again.label, again.version) == (first.id, first.short, "Savings", 2)
    assert len(await bank.keys.linked(bank.person())) == 2
    assert await in_use(bank) == [first.short]
    await bank.change("UPDATE keys SET version = 1 WHERE id = :id", id=first.id)
    assert await bank.keys.account_of(first.id) is None, "an older version of the record does not come back"


async def test_there_is_room_for_a_number_of_keys_and_no_more(bank: Bank) -> None:
    for number in range(MOST_KEYS):
        await bank.keys.link(bank.person(), Credentials(f"key-{number}", MINE.secret, MINE.passphrase))
    with pytest.raises(Refused) as refused:
        await bank.keys.link(bank.person(), MINE)
    assert (refused.value.text.key, refused.value.text.values["count"]) == ("credentials.too_many_keys", MOST_KEYS)
    assert len(await bank.stored()) == MOST_KEYS
    await bank.keys.link(bank.person(), Credentials("key-3", MINE.secret, "another"))  # one that is there already
    await bank.keys.link(bank.person(8), MINE)


@pytest.mark.parametrize(("label", "kept"), [("  My   main\nkey ", "My main key"), ("x" * 40, "x" * 40)])
async def test_a_key_can_be_named(bank: Bank, label: str, kept: str) -> None:
    await bank.keys.rename(await bank.keys.link(bank.person(), MINE), label)
    (key,) = await bank.keys.linked(bank.person())
    assert key.label == kept


@pytest.mark.parametrize("label", ["", "   ", "x" * 41])
async def test_a_name_that_does_not_fit_changes_nothing(bank: Bank, label: str) -> None:
    key = await bank.keys.link(bank.person(), MINE)
    with pytest.raises(Refused):
        await bank.keys.rename(key, label)
    assert [other.label for other in await bank.keys.linked(bank.person())] == ["mine"]


async def test_after_the_key_in_use_another_of_its_mode_is_in_use(bank: Bank) -> None:
    first = await bank.keys.link(bank.person(), MINE)
    second = await bank.keys.link(bank.person(), OTHER)
    await bank.keys.disconnect(bank.person(), second)
    assert await in_use(bank) == [first.short]
    assert bank.modes == {7: Mode.LIVE}
    await bank.keys.disconnect(bank.person(), first)
    assert bank.modes == {7: None}
    assert await bank.stored() == []


async def test_disconnecting_while_on_paper_leaves_a_live_key_in_use(bank: Bank) -> None:
    await bank.keys.link(bank.person(), MINE)
    second = await bank.keys.link(bank.person(), OTHER)
    await bank.keys.switch(bank.person(), Mode.PAPER)
    await bank.keys.disconnect(bank.person(), second)
    assert bank.modes[7] is Mode.PAPER
    assert await bank.keys.switch(bank.person(), Mode.LIVE) is False
    assert (await bank.keys.account(bank.person())).mode is Mode.LIVE


async def test_disconnecting_a_live_key_never_touches_paper(bank: Bank) -> None:
    await bank.keys.switch(bank.person(), Mode.PAPER)
    live = await bank.keys.link(bank.person(), MINE)
    await bank.keys.disconnect(bank.person(), live)
    assert bank.modes[7] is Mode.PAPER
    assert (await bank.keys.account(bank.person())).mode is Mode.PAPER


async def test_a_key_that_is_gone_is_succeeded_by_another_of_its_account_and_person(bank: Bank) -> None:
    """Whichever comes first: the new key, or the end of the old one."""
    handed: list[tuple[str, str]] = []

    async def hand_over(session: WriteSession, gone: str, next_key: str) -> None:
        handed.append((gone, next_key))

    bank.keys.hand_over_by(hand_over)
    first = await bank.keys.link(bank.person(), MINE)
    second = await bank.keys.link(bank.person(), OTHER)
    assert handed == [], "both can be used"
    await bank.keys.disconnect(bank.person(), first)
    assert handed == [(first.id, second.id)]
    await bank.keys.disconnect(bank.person(), second)
    bank.key_may(uid=124)
    await bank.keys.link(bank.person(), MINE)
    bank.key_may(uid=123)
    await bank.keys.link(bank.person(8), OTHER)
    assert len(handed) == 1, "another account, another person"
    third = await bank.keys.link(bank.person(), OTHER)
    assert set(handed[1:]) == {(first.id, third.id), (second.id, third.id)}


async def test_a_suspended_key_is_succeeded_as_soon_as_there_is_another(bank: Bank) -> None:
    handed: list[tuple[str, str]] = []

    async def hand_over(session: WriteSession, gone: str, next_key: str) -> None:
        handed.append((gone, next_key))

    bank.keys.hand_over_by(hand_over)
    first = await bank.keys.link(bank.person(), MINE)
    async with bank.database.write() as session:
        await store.suspend(session, first, Suspension(Trouble.REVOKED))
    second = await bank.keys.link(bank.person(), OTHER)
    assert handed == [(first.id, second.id)]


async def test_keys_are_of_one_account_whatever_became_of_them(bank: Bank) -> None:
    first, second = await bank.keys.link(bank.person(), MINE), await bank.keys.link(bank.person(), OTHER)
    strangers = await bank.keys.link(bank.person(8), OTHER)
    await bank.keys.disconnect(bank.person(), first)
    async with bank.database.write() as session:
        await store.suspend(session, second, Suspension(Trouble.REVOKED))
    bank.key_may(uid=124)
    another = await bank.keys.link(bank.person(), MINE)
    async with bank.database.read() as session:
        assert await bank.keys.are_of_one_account(session, first.id, second.id)
        assert await bank.keys.are_of_one_account(session, second.id, first.id)
        for other in (strangers.id, another.id, "gone"):
            assert not await bank.keys.are_of_one_account(session, first.id, other)
            assert not await bank.keys.are_of_one_account(session, other, second.id)


async def test_of_keys_only_those_that_are_linked_and_not_suspended_are_sound(bank: Bank) -> None:
    first = await bank.keys.link(bank.person(), MINE)
    second = await bank.keys.link(bank.person(), OTHER)
    async with bank.database.write() as session:
        await store.suspend(session, first, Suspension(Trouble.REVOKED))
    assert await bank.keys.sound([first.id, second.id, "gone"]) == {second.id}


async def test_an_account_is_found_by_its_own_person_only(bank: Bank) -> None:
    key = await bank.keys.link(bank.person(), MINE)
    assert (await bank.keys.find(bank.person(), f"#{key.short.lower()}")).id == key.id
    for stranger in (bank.person(8), bank.person(9)):
        with pytest.raises(NotFound):
            await bank.keys.find(stranger, key.short)
    for nonsense in ("", "!!!!", "7F3", "x" * 60, "' OR 1=1"):
        with pytest.raises(NotFound):
            await bank.keys.find(bank.person(), nonsense)


async def test_two_keys_of_a_person_have_different_short_names(bank: Bank) -> None:
    ids = Repeating()
    bank.keys._ids = ids
    names = {(await bank.keys.link(bank.person(), credentials)).short for credentials in (MINE, OTHER)}
    assert names == {"7F3K", "9QWE"}


@pytest.mark.parametrize("column", ["data", "wrapped_key", "data, wrapped_key"])
async def test_rows_exchanged_between_people_open_for_neither(
    bank: Bank, column: str, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = await bank.keys.link(bank.person(), MINE)
    theirs = await bank.keys.link(bank.person(8), OTHER)
    rows = {row["id"]: row for row in await bank.stored()}
    for key, other in ((mine, theirs), (theirs, mine)):
        for name in column.split(", "):
            await bank.change(f"UPDATE keys SET {name} = :box WHERE id = :id", box=rows[other.id][name], id=key.id)  # noqa: S608 - our own names
    for key in (mine, theirs):
        assert await bank.keys.account_of(key.id) is None
    with pytest.raises(Refused) as refused:
        await bank.keys.account(bank.person())
    assert refused.value.text.key == "credentials.suspended"
    assert "key_does_not_open" in capsys.readouterr().out, "the operator hears of it"


@pytest.mark.parametrize(
    "change",
    [
        "person_id = 8",
        "version = 2",
        "master_version = 2",
        "id = '00000000000000000000000000000000'",
        "data = wrapped_key",
        "wrapped_key = data",
    ],
)
async def test_a_row_that_was_changed_does_not_open(bank: Bank, change: str) -> None:
    await bank.keys.link(bank.person(), MINE)
    await bank.change(f"UPDATE keys SET {change}")  # noqa: S608 - our own words
    (row,) = await bank.stored()
    assert await bank.keys.account_of(str(row["id"])) is None


async def test_one_row_that_does_not_open_stops_nobody_else(bank: Bank) -> None:
    broken = await bank.keys.link(bank.person(), MINE)
    await bank.change("UPDATE keys SET data = wrapped_key")
    await bank.keys.link(bank.person(8), OTHER)
    assert (await bank.keys.account(bank.person(8))).mode is Mode.LIVE
    await bank.keys.link(bank.person(), MINE)
    assert await in_use(bank) != [broken.short], "the person can link the key again"
    await bank.keys.disconnect(bank.person(), broken)


async def test_another_installation_cannot_open_the_rows(bank: Bank) -> None:
    key = await bank.keys.link(bank.person(), MINE)
    bank.keys._installation = "installation-2"
    assert await bank.keys.account_of(key.id) is None


async def test_paper_opens_once_and_begins_anew_on_request(bank: Bank) -> None:
    assert await bank.keys.switch(bank.person(), Mode.PAPER) is True
    assert await bank.keys.switch(bank.person(), Mode.PAPER) is False
    assert bank.modes[7] is Mode.PAPER
    before = await bank.keys.account(bank.person())
    assert [str(balance.total) for balance in await before.spot.balances()] == ["10000"]
    assert await bank.keys.reset_paper(bank.person()) is False
    assert (await bank.keys.account(bank.person())).key_id == before.key_id


async def test_a_paper_account_that_does_not_open_is_replaced_by_reset(bank: Bank) -> None:
    await bank.keys.switch(bank.person(), Mode.PAPER)
    await bank.change("UPDATE keys SET data = wrapped_key")
    assert await bank.keys.reset_paper(bank.person()) is True
    assert (await bank.keys.account(bank.person())).mode is Mode.PAPER


async def test_without_a_key_live_is_refused_and_the_mode_stays(bank: Bank) -> None:
    await bank.keys.switch(bank.person(), Mode.PAPER)
    with pytest.raises(NotFound):
        await bank.keys.switch(bank.person(), Mode.LIVE)
    assert bank.modes[7] is Mode.PAPER


async def test_without_an_account_the_two_ways_to_one_are_offered(bank: Bank) -> None:
    with pytest.raises(NotFound) as missing:
        await bank.keys.account(bank.person())
    assert [row[0].data for row in missing.value.buttons] == ["paper_try", "connect", "help"]


async def test_where_paper_is_turned_off_it_is_said(bank: Bank) -> None:
    bank.keys._paper = None
    with pytest.raises(Refused) as refused:
        await bank.keys.switch(bank.person(), Mode.PAPER)
    assert refused.value.text.key == "credentials.no_paper"


class Repeating(CountingIds):
    """The same short name twice before another."""

    def __init__(self) -> None:
        super().__init__()
        self.names = iter(["7F3K", "7F3K", "9QWE"])

    def short(self, length: int = 4) -> str:
        return next(self.names)


async def in_use(bank: Bank) -> list[str]:
    return [key.short for key in await bank.keys.linked(bank.person()) if key.is_active]
