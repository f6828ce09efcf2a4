import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text

from tests.ids import CountingIds
from tests.kucoin.conftest import HurryClock, client, host, ssl_context
from tests.kucoin.host import Host, success
from tgbot.core.people import Mode, Person
from tgbot.credentials.envelope import MasterKey
from tgbot.credentials.service import Keys
from tgbot.db.engine import Database, WriteSession
from tgbot.kucoin.account import SpotAccount
from tgbot.kucoin.rest import Rest
from tgbot.kucoin.sign import Credentials
from tgbot.paper.exchange import PaperExchange
from tgbot.paper.prices import Handed
from tgbot.system import SystemClock, SystemIds

__all__ = ["client", "host", "ssl_context"]

MASTER = MasterKey(1, b"m" * 32)
MINE = Credentials("66f0a1b2c3d4e5f607182930", "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0", "a-phrase-1")
OTHER = Credentials("77f0a1b2c3d4e5f607182931", "1f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f1", "a-phrase-2")


@pytest.fixture
def clock() -> HurryClock:
    clock = HurryClock()
    clock.hurries = True
    return clock


@dataclass
class Bank:
    """Keys over a real database, a KuCoin that answers as told, and a real paper exchange."""

    database: Database
    kucoin: Host
    keys: Keys
    modes: dict[int, Mode | None] = field(default_factory=dict)

    def person(self, person_id: int = 7) -> Person:
        return Person(person_id, "Ann", "en", "UTC", "USDT", "USDT", self.modes.get(person_id), is_operator=False)

    def key_may(self, permission: str = "General,Spot", **more: object) -> None:
        """What KuCoin says of the next keys that it is asked about."""
        facts = {"permission": permission, "createdAt": 1700000000000, "uid": 123, "apiVersion": 3, "remark": "mine"}
        self.kucoin.on("GET", "/api/v1/user/api-key", success(facts | more))
        self.kucoin.on("GET", "/api/ua/v1/account/mode", success({"selfAccountMode": "CLASSIC"}))

    async def stored(self) -> list[dict[str, object]]:
        """The rows of keys, the oldest first."""
        async with self.database.read() as session:
            rows = await session.execute(text("SELECT * FROM keys ORDER BY linked_at, id"))
            return [dict(row) for row in rows.mappings()]

    async def change(self, statement: str, **values: object) -> None:
        """What somebody does who can write to the database."""
        async with self.database.write() as session:
            await session.execute(text(statement), values)

    async def holds(self, *secrets: str) -> list[str]:
        """Which of them are anywhere in the tables, or in the files of SQLite."""
        async with self.database.read() as session:
            tables = ("keys", "inbox", "outbox", "dialogues", "people")
            rows = [tuple(row) for table in tables for row in await session.execute(text(f"SELECT * FROM {table}"))]  # noqa: S608 - our own names
        content = json.dumps(rows, default=repr).encode()
        if self.database.is_sqlite:
            file = Path(str(self.database.url.database))
            content += b"".join(part.read_bytes() for part in file.parent.glob(f"{file.name}*"))
        return [secret for secret in secrets if secret.encode() in content]


@pytest.fixture
async def paper() -> AsyncIterator[tuple[PaperExchange, str]]:
    exchange = PaperExchange(Handed(SystemClock()), SystemClock(), SystemIds())
    async with exchange.serve() as served:
        yield exchange, served.url


@pytest.fixture
async def bank(
    database: Database,
    clock: HurryClock,
    ids: CountingIds,
    host: Host,
    client: httpx.AsyncClient,
    paper: tuple[PaperExchange, str],
) -> Bank:
    exchange, paper_url = paper
    rests = {Mode.LIVE: Rest(client, clock, ids, host.url), Mode.PAPER: Rest(client, clock, ids, paper_url)}
    modes: dict[int, Mode | None] = {}

    async def set_mode(session: WriteSession, person_id: int, mode: Mode | None) -> None:
        modes[person_id] = mode

    keys = Keys(
        database=database,
        clock=clock,
        ids=ids,
        installation="installation-1",
        master=MASTER,
        connect=lambda mode, credentials: SpotAccount(rests[mode], credentials),
        set_mode=set_mode,
        paper=exchange,  # type: ignore[arg-type]  # its credentials have the same fields as KuCoin's, of another class
    )
    bank = Bank(database, host, keys, modes)
    bank.key_may()
    return bank
