from collections.abc import Callable

import pytest

from tests.clock import JumpClock
from tests.ids import CountingIds
from tgbot.accounts.service import Accounts, Door
from tgbot.core.routing import Incoming, Origin
from tgbot.db.engine import Database

OPERATOR, ANN, BOB = 1, 7, 8

MakeAccounts = Callable[..., Accounts]


@pytest.fixture
def make_accounts(database: Database, clock: JumpClock, ids: CountingIds) -> MakeAccounts:
    def make(door: Door = Door.INVITE, on: Database = database) -> Accounts:
        return Accounts(on, clock, ids, door=door, operators=frozenset({OPERATOR}), languages=frozenset({"en", "ru"}))

    return make


@pytest.fixture
def writes(clock: JumpClock) -> Callable[..., Incoming]:
    def write(
        sender: int = ANN,
        text: str = "hello",
        language: str = "en",
        origin: Origin = Origin.FRESH,
        *,
        is_private: bool = True,
        name: str = "Ann",
    ) -> Incoming:
        command, _, args = text.removeprefix("/").partition(" ") if text.startswith("/") else ("", "", "")
        chat = sender if is_private else -1001
        return Incoming(1, chat, is_private, None, sender, name, language, 9, clock.now(), origin, text, command, args)

    return write
