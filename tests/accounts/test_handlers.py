"""/help and /settings as their handlers answer them; the words are in `tests/flows/test_access.py`."""

import ast
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from tests.accounts.conftest import MakeAccounts
from tests.clock import JumpClock
from tgbot.accounts import views
from tgbot.accounts.guards.handlers import GuardsHandlers
from tgbot.accounts.guards.service import Guards
from tgbot.accounts.handlers import AccountsHandlers
from tgbot.accounts.notices.handlers import NoticesHandlers
from tgbot.accounts.notices.service import Notices
from tgbot.accounts.service import DISPLAY_CURRENCIES, QUOTES, Door
from tgbot.accounts.views import TASKS, ZONES
from tgbot.core.errors import NotFound, Refused, UserError
from tgbot.core.market import SymbolRule
from tgbot.core.people import Person
from tgbot.core.reply import Button, Percent, Reply, T
from tgbot.core.routing import Incoming
from tgbot.db.engine import Database, WriteSession
from tgbot.packaged import PACKAGE, folder
from tgbot.texts.catalogue import Catalogue
from tgbot.texts.notation import Reader
from tgbot.texts.renderer import Renderer

Writes = Callable[..., Incoming]
NAMES = {"en": "English", "ru": "Русский"}


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


@pytest.fixture
async def ann(make_accounts: MakeAccounts, writes: Writes) -> Person:
    return await make_accounts(Door.OPEN).admit(writes())


@pytest.fixture
def handlers(make_accounts: MakeAccounts, database: Database, clock: JumpClock) -> AccountsHandlers:
    def read_pair(text: str, quote: str) -> SymbolRule:
        raise NotFound(T("common.help"))

    guards = GuardsHandlers(Guards(database, clock), read_pair, clock)
    return AccountsHandlers(make_accounts(Door.OPEN), guards, NoticesHandlers(Notices(database, nobody_waits)), NAMES)


async def nobody_waits(session: WriteSession, chat_id: int) -> None:
    """Nothing has been kept for this chat."""


def test_every_command_of_the_bot_is_in_help_and_menu_and_no_other() -> None:
    assert sorted(commands_in_code()) == sorted(name for names in TASKS.values() for name in names)


async def test_help_has_a_page_for_every_task_and_command(
    handlers: AccountsHandlers, ann: Person, writes: Writes
) -> None:
    menu = await handlers.help(ann, writes(text="/help"))
    assert isinstance(menu, Reply)
    assert [button.data for row in menu.buttons for button in row] == [f"help:{task}" for task in TASKS]
    for task, names in TASKS.items():
        page = await handlers.help(ann, writes(text=f"/help {task}"))
        assert isinstance(page, Reply)
        assert keys(page)[1:] == [f"accounts.help_{name}" for name in names]
        for name in names:
            for typed in (name, f"/{name}", name.upper()):
                shown = await handlers.help(ann, writes(text=f"/help {typed}"))
                assert isinstance(shown, Reply)
                if name not in TASKS:  # `/help alerts` is the task
                    assert keys(shown) == [f"accounts.help_{name}"]


@pytest.mark.parametrize("typed", ["nonsense", "buy btc", "x" * 500, "ключи"])
async def test_help_for_what_is_no_command_says_so(
    handlers: AccountsHandlers, ann: Person, writes: Writes, typed: str
) -> None:
    with pytest.raises(NotFound) as missing:
        await handlers.help(ann, writes(text=f"/help {typed}"))
    assert missing.value.text == T.of("accounts.no_help", command=typed[:32])


async def test_settings_are_changed_by_text_and_by_the_same_words_in_buttons(
    handlers: AccountsHandlers, ann: Person, writes: Writes
) -> None:
    shown = await handlers.settings(ann, writes(text="/settings"))
    assert isinstance(shown, Reply)
    for name in [button.data.partition(":")[2] for button in buttons(shown) if button.data.startswith("set:")]:
        choices = await handlers.settings(ann, writes(text=f"/settings {name}"))
        assert isinstance(choices, Reply)
        for choice in [button for button in buttons(choices) if button.data.startswith("set:")]:
            saved = await handlers.settings(ann, writes(text=f"/settings {choice.data.partition(':')[2]}"))
            assert isinstance(saved, Reply)
            assert keys(saved)[0] == "accounts.saved"


@pytest.mark.parametrize(
    ("typed", "line"),
    [
        ("zone Europe/Berlin", T.of("accounts.settings_zone", zone="Europe/Berlin")),
        ("ZONE   europe/berlin", T.of("accounts.settings_zone", zone="Europe/Berlin")),
        ("language RU", T.of("accounts.settings_language", language="Русский")),
        ("display btc", T.of("accounts.settings_display", currency="BTC")),
        ("quote kcs", T.of("accounts.settings_quote", currency="KCS")),
        ("drift 0.3%", T.of("accounts.settings_drift", drift=Percent(Decimal("0.3"), places=4))),
        ("confirm 500", T.of("accounts.settings_confirm", above=Decimal(500))),
        ("notice alert silent", T.of("notices.kind_alert", level=T("notices.silent"))),
        ("quiet 22-7", T.of("notices.quiet", hours="22:00–07:00")),
    ],
)
async def test_a_setting_can_be_typed(
    handlers: AccountsHandlers, ann: Person, writes: Writes, typed: str, line: T
) -> None:
    saved = await handlers.settings(ann, writes(text=f"/settings {typed}"))
    assert isinstance(saved, Reply)
    assert line in saved.lines


@pytest.mark.parametrize(
    ("typed", "key", "kind"),
    [
        ("zone Mars/Olympus", "no_time_zone", Refused),
        ("language xx", "no_language", Refused),
        ("display doge", "no_currency", Refused),
        ("quote eur", "no_currency", Refused),
        ("drift 6%", "no_drift", Refused),
        ("drift 0", "no_drift", Refused),
        ("drift -1", "no_drift", Refused),
        ("confirm 100001", "no_typed_above", Refused),
        ("confirm 1,500", "no_typed_above", Refused),
        ("confirm often", "no_typed_above", Refused),
        ("colour red", "no_setting", NotFound),
        ("colour", "no_setting", NotFound),
        ("__class__ x", "no_setting", NotFound),
    ],
)
async def test_what_is_no_setting_or_value_is_refused_in_words(
    handlers: AccountsHandlers, ann: Person, writes: Writes, typed: str, key: str, kind: type[UserError]
) -> None:
    with pytest.raises(kind) as refused:
        await handlers.settings(ann, writes(text=f"/settings {typed}"))
    assert refused.value.text.key == f"accounts.{key}"


def test_every_value_that_is_offered_fits_into_a_button() -> None:
    offered = [f"set:zone {zone}" for zone in ZONES]
    offered += [f"set:display {currency}" for currency in DISPLAY_CURRENCIES] + [
        f"set:quote {quote}" for quote in QUOTES
    ]
    assert all(len(Button(T("accounts.value"), data).data.encode()) <= 64 for data in offered)


def buttons(reply: Reply) -> list[Button]:
    return [button for row in reply.buttons for button in row]


def keys(reply: Reply) -> list[str]:
    return [line.key for line in reply.lines if isinstance(line, T)]


def commands_in_code() -> set[str]:
    """The names that any `Command(…)` of the bot is made with."""
    return {
        str(node.args[0].value)
        for file in Path(PACKAGE).rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "Command" and isinstance(node.args[0], ast.Constant)
    }


@pytest.mark.parametrize(
    ("setting", "labels"),
    [("rearm", ["0 %", "0,05 %", "0,1 %", "0,5 %"]), ("confirm", ["0 USDT", "100 USDT", "1 000 USDT", "10 000 USDT"])],
)
def test_what_a_setting_can_be_is_written_as_its_reader_writes_numbers(setting: str, labels: list[str]) -> None:
    shown = Renderer(Catalogue(folder("locales"))).render(views.choose(setting, {}), Reader("ru", "UTC"))
    assert [button.text.replace("\u00a0", " ") for row in shown.buttons for button in row][:-1] == labels
