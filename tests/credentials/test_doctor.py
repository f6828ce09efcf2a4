"""The key doctor: a real database, and the paper exchange as the KuCoin that is asked."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import product

import httpx
import pytest
from sqlalchemy import select, text, update

from tests.clock import JumpClock, a_moment
from tests.credentials.conftest import MASTER
from tests.ids import CountingIds
from tests.kucoin.patience import eventually, running
from tgbot.core.errors import ExchangeError, NotFound, Refused, TooLate
from tgbot.core.people import Mode, Person
from tgbot.credentials.doctor import KeyDoctor
from tgbot.credentials.rules import Trouble
from tgbot.credentials.service import Keys
from tgbot.credentials.store import LinkedKey
from tgbot.credentials.views import keys as shown
from tgbot.db.engine import Database, ReadSession, WriteSession
from tgbot.delivery.codec import decode
from tgbot.delivery.outbox import Outbox, Priority
from tgbot.delivery.store import OutboxRow, State
from tgbot.kucoin.account import SpotAccount
from tgbot.kucoin.rest import Rest
from tgbot.kucoin.sign import Credentials
from tgbot.packaged import folder
from tgbot.paper.exchange import PaperExchange
from tgbot.paper.faults import Faults
from tgbot.paper.faults import Mode as Fault
from tgbot.paper.prices import Handed
from tgbot.paper.server import listening
from tgbot.texts.catalogue import Catalogue
from tgbot.texts.notation import Reader
from tgbot.texts.renderer import Renderer

KEY_INFO, ACCOUNT_MODE = "/api/v1/user/api-key", "/api/ua/v1/account/mode"
ANN, BORIS = 7, 8
QUARTER = 15 * 60
DAY = 24 * 3600
RENDERER = Renderer(Catalogue(folder("locales")))


@dataclass
class Surgery:
    database: Database
    clock: JumpClock
    exchange: PaperExchange
    faults: Faults
    rest: Rest
    keys: Keys
    outbox: Outbox
    doctor: KeyDoctor
    modes: dict[int, Mode | None]
    last_orders: dict[str, datetime]
    at_kucoin: dict[str, str] = field(default_factory=dict)

    def person(self, person_id: int = ANN) -> Person:
        return Person(person_id, "Ann", "en", "UTC", "USDT", "USDT", self.modes.get(person_id), is_operator=False)

    async def link(self, person_id: int = ANN) -> LinkedKey:
        made = await self.exchange.open_account({"USDT": Decimal(1000)}, permission="General,Spot")
        key = await self.keys.link(self.person(person_id), Credentials(made.key, made.secret, made.passphrase))
        self.at_kucoin[key.id] = made.key
        return key

    async def allow(self, key: LinkedKey, permission: str) -> None:
        await self.exchange.set_permission(self.at_kucoin[key.id], permission)

    async def key(self, key: LinkedKey) -> LinkedKey:
        return next(found for found in await self.keys.linked(self.person(key.person_id)) if found.id == key.id)

    async def trouble(self, key: LinkedKey) -> Trouble | None:
        suspension = (await self.key(key)).suspension
        return suspension.trouble if suspension else None

    async def told(self) -> list[str]:
        """What is owed since the last time, with the id of the person in front."""
        async with self.database.write() as session:
            rows = list(
                await session.scalars(select(OutboxRow).where(OutboxRow.state == State.NEW).order_by(OutboxRow.id))
            )
            await session.execute(update(OutboxRow).values(state=State.SENT))
        assert all(row.priority == Priority.FILL for row in rows)
        reader = Reader("en", "UTC")
        return [f"{row.chat_id} {RENDERER.render(decode(row.payload), reader).plain}" for row in rows]

    async def listed(self, person_id: int = ANN, language: str = "en") -> str:
        linked = await self.keys.linked(self.person(person_id))
        reply = shown(linked, await self.doctor.idle_left(linked), self.clock.now())
        return RENDERER.render(reply, Reader(language, "UTC")).plain

    async def change(self, statement: str, **values: object) -> None:
        """What somebody does who can write to the database."""
        async with self.database.write() as session:
            await session.execute(text(statement), values)

    def refuse(self, code: str, times: int = 1, path: str = KEY_INFO, status: int = 200) -> None:
        self.faults.add("GET", path, Fault.ERROR, times, code=code, message="as told", status=status)

    def says(self, times: int = 1, path: str = KEY_INFO, **facts: object) -> None:
        """The exchange says something else of a key."""

        def edit(body: bytes) -> bytes:
            envelope = json.loads(body)
            return json.dumps(envelope | {"data": envelope["data"] | facts}).encode()

        self.faults.add("GET", path, Fault.EDITED, times, edit=edit)

    def counted(self) -> Callable[[], int]:
        """How often KuCoin has been asked about a key from now on."""
        fault = self.faults.add("GET", KEY_INFO, Fault.DELAY, 10_000)
        return lambda: fault.hits


async def quiet() -> None:
    """Long enough for a request that nobody should make."""
    for _ in range(50):
        await a_moment()


@pytest.fixture
def clock() -> JumpClock:
    return JumpClock()


@pytest.fixture
async def surgery(
    database: Database, clock: JumpClock, ids: CountingIds, client: httpx.AsyncClient
) -> AsyncIterator[Surgery]:
    exchange = PaperExchange(Handed(clock), clock, ids)
    faults = Faults(exchange.app, clock)
    modes: dict[int, Mode | None] = {}
    last_orders: dict[str, datetime] = {}

    async def set_mode(session: WriteSession, person_id: int, mode: Mode | None) -> None:
        modes[person_id] = mode

    async def last_order(session: ReadSession, key_id: str) -> datetime | None:
        return last_orders.get(key_id)

    async with listening(faults, "127.0.0.1", 0) as served:
        rest = Rest(client, clock, ids, served.url, deadline=timedelta(seconds=1))
        keys = Keys(
            database=database,
            clock=clock,
            ids=ids,
            installation="installation-1",
            master=MASTER,
            connect=lambda mode, credentials: SpotAccount(rest, credentials),
            set_mode=set_mode,
            paper=exchange,  # type: ignore[arg-type]  # its credentials have the same fields, of another class
        )
        outbox = Outbox(clock)
        doctor = KeyDoctor(database, clock, keys, outbox, last_order)
        yield Surgery(database, clock, exchange, faults, rest, keys, outbox, doctor, modes, last_orders)
    exchange.close()


only_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


# What is found


@pytest.mark.parametrize(
    ("permission", "trouble", "words"),
    [
        ("General,Spot,Transfer", Trouble.WITHDRAWAL, "It can move money out (Transfer)"),
        ("General,Spot,Withdrawal", Trouble.WITHDRAWAL, "It can move money out (Withdrawal)"),
        ("General,Spot,InnerTransfer,Transfer", Trouble.WITHDRAWAL, "(InnerTransfer, Transfer)"),
        ("General,Spot,InnerTransfer", Trouble.INNER_TRANSFER, "between your own accounts"),
        ("General,Spot,Earn", Trouble.RIGHTS, "more rights than I accept (Earn)"),
        ("General,Futures", Trouble.NO_TRADE, "lacks the right Spot"),
        ("Spot", Trouble.PERMISSION, "400007"),
    ],
)
async def test_a_key_with_other_rights_is_suspended_and_lifted_when_mended_each_told_once(
    surgery: Surgery, permission: str, trouble: Trouble, words: str
) -> None:
    key = await surgery.link()
    await surgery.allow(key, permission)
    for _ in range(2):
        surgery.clock.advance(QUARTER)
        assert await surgery.doctor.examine(key.id)
    assert await surgery.trouble(key) is trouble
    (notice,) = await surgery.told()
    assert notice.startswith(f"{ANN} Suspended: paper …{key.last_four} #{key.short}")
    assert words in notice
    with pytest.raises(Refused) as refused:
        await surgery.keys.account(surgery.person())
    assert words in RENDERER.plain(refused.value.text, Reader("en", "UTC"))
    assert words in await surgery.listed()

    await surgery.allow(key, "General,Spot")
    for _ in range(2):
        surgery.clock.advance(QUARTER)
        assert await surgery.doctor.examine(key.id)
    (notice,) = await surgery.told()
    assert notice.startswith(f"{ANN} Works again")
    assert await surgery.trouble(key) is None
    assert (await surgery.keys.account(surgery.person())).key_id == key.id


@only_sqlite
@pytest.mark.parametrize(
    ("code", "trouble"),
    [
        ("400003", Trouble.REVOKED),
        ("400004", Trouble.SECRET),
        ("400005", Trouble.SECRET),
        ("400006", Trouble.IP),
        ("400007", Trouble.PERMISSION),
        ("400008", Trouble.VERSION),
        ("400009", Trouble.VERSION),
        ("400010", Trouble.PERMISSION),
    ],
)
@pytest.mark.parametrize("path", [KEY_INFO, ACCOUNT_MODE])
async def test_a_key_that_kucoin_refuses_is_suspended_with_its_words_until_it_takes_it(
    surgery: Surgery, code: str, trouble: Trouble, path: str
) -> None:
    key = await surgery.link()
    surgery.refuse(code, path=path, status=401)
    await surgery.doctor.examine(key.id)
    assert await surgery.trouble(key) is trouble
    (notice,) = await surgery.told()
    assert f"{code}: as told" in notice
    await surgery.doctor.examine(key.id)
    assert await surgery.trouble(key) is None


@only_sqlite
@pytest.mark.parametrize("was_suspended", [False, True])
@pytest.mark.parametrize(
    ("mode", "code", "path"),
    [
        *product((Fault.DROP, Fault.LOST, Fault.HTML, Fault.TRUNCATED), ("",), (KEY_INFO, ACCOUNT_MODE)),
        *product((Fault.ERROR,), ("429000", "500000", "400001"), (KEY_INFO, ACCOUNT_MODE)),
        (Fault.ERROR, "400002", KEY_INFO),
        (Fault.ERROR, "411100", KEY_INFO),
    ],
)
async def test_whatever_is_no_answer_about_the_key_changes_nothing(
    surgery: Surgery, mode: Fault, code: str, path: str, *, was_suspended: bool
) -> None:
    key = await surgery.link()
    if was_suspended:
        await surgery.allow(key, "General,Spot,Transfer")
        await surgery.doctor.examine(key.id)
        await surgery.told()
        await surgery.allow(key, "General,Spot")
    before = await surgery.key(key)
    surgery.clock.advance(QUARTER)
    surgery.faults.add("GET", path, mode, 99, code=code, status=503)
    examined = asyncio.ensure_future(surgery.doctor.examine(key.id))
    while not examined.done():
        surgery.clock.advance(0.3)  # whoever waits before asking again
        await a_moment()
    assert not await examined
    assert await surgery.key(key) == before
    assert await surgery.told() == []


async def test_a_unified_account_is_explained(surgery: Surgery) -> None:
    key = await surgery.link()
    surgery.says(path=ACCOUNT_MODE, selfAccountMode="UNIFIED")
    await surgery.doctor.examine(key.id)
    assert await surgery.trouble(key) is Trouble.UNIFIED
    (notice,) = await surgery.told()
    assert "Unified mode" in notice


async def test_another_trouble_is_told_too(surgery: Surgery) -> None:
    key = await surgery.link()
    await surgery.allow(key, "General,Spot,Transfer")
    await surgery.doctor.examine(key.id)
    await surgery.exchange.revoke(surgery.at_kucoin[key.id])
    await surgery.doctor.examine(key.id)
    assert await surgery.trouble(key) is Trouble.REVOKED
    assert [notice.partition("\n")[2][:20] for notice in await surgery.told()] == [
        "It can move money ou",
        "KuCoin does not know",
    ]


async def test_a_second_episode_of_the_same_trouble_is_told_again(surgery: Surgery) -> None:
    key = await surgery.link()
    for permission in ("General", "General,Spot", "General"):
        await surgery.allow(key, permission)
        surgery.clock.advance(QUARTER)
        await surgery.doctor.examine(key.id)
    assert [notice.split(":")[0] for notice in await surgery.told()] == [
        f"{ANN} Suspended",
        f"{ANN} Works again",
        f"{ANN} Suspended",
    ]


async def test_two_doctors_at_once_tell_it_once(surgery: Surgery) -> None:
    key = await surgery.link()
    await surgery.allow(key, "General,Spot,Transfer")
    await asyncio.gather(*(surgery.doctor.examine(key.id) for _ in range(5)))
    assert len(await surgery.told()) == 1


# What is kept


async def test_the_facts_are_kept_fresh(surgery: Surgery) -> None:
    key = await surgery.link()
    surgery.clock.advance(60)
    surgery.says(permission="General,Spot,Futures", ipWhitelist="203.**.154,103.**.34", isMaster=False)
    await surgery.doctor.examine(key.id)
    found = await surgery.key(key)
    assert found.permissions == {"General", "Spot", "Futures"}
    assert (found.ip_count, found.is_master) == (2, False)
    assert found.checked_at == surgery.clock.now()
    assert await surgery.told() == []


async def test_the_name_follows_kucoin_until_the_person_gives_another(surgery: Surgery) -> None:
    key = await surgery.link()
    surgery.says(remark="desk")
    await surgery.doctor.examine(key.id)
    assert (await surgery.key(key)).label == "desk"
    await surgery.keys.rename(key, "Savings")
    surgery.says(remark="other")
    await surgery.doctor.examine(key.id)
    assert (await surgery.key(key)).label == "Savings"


async def test_words_of_kucoin_that_no_database_takes_stop_nobody(surgery: Surgery) -> None:
    key = await surgery.link()
    surgery.says(remark="a\0b" * 100, permission=",".join(["General", "Spot", *(f"R\0{n}" for n in range(200))]))
    await surgery.doctor.examine(key.id)
    assert await surgery.trouble(key) is Trouble.RIGHTS


async def test_an_answer_about_the_key_as_it_was_before_it_was_linked_anew_is_forgotten(surgery: Surgery) -> None:
    key = await surgery.link()
    held = asyncio.Event()
    fault = surgery.faults.add("GET", KEY_INFO, Fault.DELAY, until=held)
    await surgery.allow(key, "General,Spot,Transfer")
    examining = asyncio.ensure_future(surgery.doctor.examine(key.id))
    await eventually(lambda: fault.hits == 1)
    await surgery.change("UPDATE keys SET version = version + 1")
    held.set()
    assert await examining
    assert await surgery.trouble(key) is None
    assert await surgery.told() == []


async def test_linking_anew_lifts_a_suspension(surgery: Surgery) -> None:
    key = await surgery.link()
    surgery.refuse("400004")
    await surgery.doctor.examine(key.id)
    account = surgery.exchange._store.account(surgery.at_kucoin[key.id])
    assert account is not None
    again = await surgery.keys.link(surgery.person(), Credentials(account.key, account.secret, account.passphrase))
    assert again.id == key.id
    assert await surgery.trouble(key) is None


# What a suspended key is still good for


async def test_a_suspended_key_sends_nothing_and_can_be_looked_at(surgery: Surgery) -> None:
    key = await surgery.link()
    await surgery.allow(key, "General,Spot,Transfer")
    await surgery.doctor.examine(key.id)
    seen = await surgery.keys.account_to_look_at(surgery.person())
    assert [balance.currency for balance in await seen.spot.balances()] == ["USDT"]
    assert await surgery.keys.account_of(key.id) is not None
    async with surgery.database.write() as session:
        with pytest.raises(Refused):
            await surgery.keys.require_sound(session, key.id)


async def test_a_sound_key_may_send_and_one_that_is_gone_may_not(surgery: Surgery) -> None:
    key = await surgery.link()
    async with surgery.database.write() as session:
        await surgery.keys.require_sound(session, key.id)
    await surgery.keys.disconnect(surgery.person(), key)
    async with surgery.database.write() as session:
        with pytest.raises(NotFound):
            await surgery.keys.require_sound(session, key.id)


async def test_a_record_that_does_not_open_counts_as_suspended_and_others_go_on(surgery: Surgery) -> None:
    broken, sound = await surgery.link(), await surgery.link(BORIS)
    await surgery.allow(sound, "General,Spot,Transfer")
    await surgery.change("UPDATE keys SET data = wrapped_key WHERE id = :id", id=broken.id)
    async with running(surgery.doctor.run()):
        await surgery.clock.until_sleeping()
    assert await surgery.trouble(broken) is Trouble.BROKEN
    assert await surgery.trouble(sound) is Trouble.WITHDRAWAL
    notices = await surgery.told()
    assert sorted(notice.partition(" ")[0] for notice in notices) == [str(ANN), str(BORIS)]
    assert any("changed or damaged" in notice for notice in notices)


@only_sqlite
async def test_a_record_that_is_found_damaged_while_in_use_is_told_of_at_once(surgery: Surgery) -> None:
    key = await surgery.link()
    async with running(surgery.doctor.run()):
        await surgery.clock.until_sleeping()
        surgery.outbox.woken.clear()
        await surgery.change("UPDATE keys SET data = wrapped_key")
        assert await surgery.keys.account_of(key.id) is None
        await eventually(surgery.outbox.woken.is_set)
    assert await surgery.trouble(key) is Trouble.BROKEN


async def test_a_record_that_was_put_back_works_again(surgery: Surgery) -> None:
    key = await surgery.link()
    await surgery.change("UPDATE keys SET version = version + 1")
    await surgery.doctor.examine(key.id)
    assert await surgery.trouble(key) is Trouble.BROKEN
    await surgery.change("UPDATE keys SET version = version - 1")
    await surgery.doctor.examine(key.id)
    assert await surgery.trouble(key) is None


# When


@only_sqlite
async def test_every_key_is_examined_at_the_start_and_every_quarter_of_an_hour(surgery: Surgery) -> None:
    key = await surgery.link()
    asked = surgery.counted()
    async with running(surgery.doctor.run()):
        await surgery.clock.until_sleeping()
        assert asked() == 1
        await surgery.allow(key, "General,Spot,Transfer")
        surgery.clock.advance(QUARTER - 1)
        await quiet()
        assert asked() == 1
        surgery.clock.advance(1)
        await eventually(lambda: asked() == 2)
        await surgery.clock.until_sleeping()
    assert await surgery.trouble(key) is Trouble.WITHDRAWAL


@only_sqlite
async def test_a_key_refused_somewhere_is_examined_at_once_and_then_not_for_five_minutes(surgery: Surgery) -> None:
    key = await surgery.link()
    asked = surgery.counted()
    async with running(surgery.doctor.run()):
        await surgery.clock.until_sleeping()
        await surgery.exchange.revoke(surgery.at_kucoin[key.id])
        surgery.outbox.woken.clear()
        await refused_balances(surgery, key)
        await eventually(surgery.outbox.woken.is_set)
        assert asked() == 2
        assert await surgery.trouble(key) is Trouble.REVOKED
        for _ in range(9):
            await refused_balances(surgery, key)
            surgery.clock.advance(30)
            await quiet()
        assert asked() == 2, "270 seconds later"
        surgery.clock.advance(30)
        await eventually(lambda: asked() == 3)
    assert len(await surgery.told()) == 1


async def refused_balances(surgery: Surgery, key: LinkedKey) -> None:
    linked = await surgery.keys.account_of(key.id)
    assert linked is not None
    with pytest.raises(ExchangeError):
        await linked.spot.balances()


@only_sqlite
async def test_examining_raises_no_doubt_of_its_own(surgery: Surgery) -> None:
    key = await surgery.link()
    await surgery.exchange.revoke(surgery.at_kucoin[key.id])
    asked = surgery.counted()
    async with running(surgery.doctor.run()):
        await surgery.clock.until_sleeping()
        surgery.clock.advance(QUARTER - 1)
        await quiet()
        assert asked() == 1


@only_sqlite
async def test_paper_keys_are_not_examined(surgery: Surgery) -> None:
    await surgery.keys.switch(surgery.person(), Mode.PAPER)
    (key,) = await surgery.keys.linked(surgery.person())
    asked = surgery.counted()
    async with running(surgery.doctor.run()):
        await surgery.clock.until_sleeping()
        surgery.keys.doubt(key.id)
        await quiet()
    await surgery.doctor.refresh(surgery.person())
    assert asked() == 0


@only_sqlite
async def test_many_keys_are_asked_about_a_few_at_a_time(surgery: Surgery) -> None:
    for person_id in range(12):
        await surgery.link(person_id)
    asked = surgery.counted()
    async with running(surgery.doctor.run()):
        for due in (5, 10, 12):
            await eventually(lambda due=due: asked() == due)  # type: ignore[misc]  # a default binds the loop's value
            await quiet()
            assert asked() == due
            surgery.clock.advance(1)


@only_sqlite
async def test_refresh_examines_now_and_not_again_within_a_minute(surgery: Surgery) -> None:
    key = await surgery.link()
    await surgery.allow(key, "General,Spot,Transfer")
    assert await surgery.doctor.refresh(surgery.person())
    assert await surgery.trouble(key) is Trouble.WITHDRAWAL
    with pytest.raises(TooLate) as late:
        await surgery.doctor.refresh(surgery.person())
    assert late.value.text.values["wait"] == timedelta(seconds=60)
    assert await surgery.doctor.refresh(surgery.person(BORIS)), "another person need not wait"
    await surgery.allow(key, "General,Spot")
    surgery.clock.advance(60)
    assert await surgery.doctor.refresh(surgery.person())
    assert await surgery.trouble(key) is None


# KuCoin's rule of thirty days


@pytest.mark.parametrize("has_traded", [False, True])
async def test_a_key_without_an_ip_list_is_counted_down_and_its_owner_warned_twice(
    surgery: Surgery, *, has_traded: bool
) -> None:
    key = await surgery.link()
    if has_traded:
        surgery.clock.advance(20 * DAY)
        surgery.last_orders[key.id] = surgery.clock.now()
    warned = []
    for day in range(32):
        await surgery.doctor.examine(key.id)
        warned += [(day, notice) for notice in await surgery.told()]
        surgery.clock.advance(DAY)
    assert [day for day, _ in warned] == [23, 29]
    assert all(notice.startswith(f"{ANN} Use it or lose it") for _, notice in warned)
    assert ["in 7 d." in warned[0][1], "in 1 d." in warned[1][1]] == [True, True]
    assert "KuCoin may take its trading right at any time" in await surgery.listed()


async def test_an_order_starts_the_count_anew(surgery: Surgery) -> None:
    key = await surgery.link()
    surgery.clock.advance(25 * DAY)
    await surgery.doctor.examine(key.id)
    assert "in 5 d" in await surgery.listed()
    surgery.last_orders[key.id] = surgery.clock.now()
    assert "in 30 d" in await surgery.listed()
    surgery.clock.advance(24 * DAY)
    await surgery.doctor.examine(key.id)
    assert len(await surgery.told()) == 2


async def test_a_key_with_an_ip_list_is_not_counted_down(surgery: Surgery) -> None:
    key = await surgery.link()
    surgery.clock.advance(29 * DAY)
    surgery.says(ipWhitelist="203.**.154")
    await surgery.doctor.examine(key.id)
    assert await surgery.told() == []
    assert "Works from 1 address only" in await surgery.listed()


# How it looks


@only_sqlite
async def test_the_list_shows_what_is_known_of_a_key(surgery: Surgery) -> None:
    key = await surgery.link()
    surgery.clock.advance(3600)
    surgery.says(isMaster=False)
    await surgery.doctor.examine(key.id)
    surgery.clock.advance(120)
    lines = (await surgery.listed()).splitlines()
    assert lines[0] == "1 account"
    assert lines[2].startswith(
        f"Key …{key.last_four}, rights: General, Spot, 1 h 2 min old, uid {key.uid}, sub-account"
    )
    assert lines[4] == "Checked 2 min ago."


@only_sqlite
@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("trouble", Trouble)
async def test_every_trouble_has_its_words(surgery: Surgery, trouble: Trouble, language: str) -> None:
    await surgery.link()
    await surgery.change("UPDATE keys SET trouble = :trouble, trouble_detail = 'Zeta'", trouble=trouble.value)
    text = await surgery.listed(language=language)
    assert "credentials." not in text
    assert ("Zeta" in text) is (trouble not in {Trouble.UNIFIED, Trouble.BROKEN})
