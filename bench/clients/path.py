"""What our part of an order costs: from the tap on Confirm to the answer that is owed, beside the bare call."""

import base64
import hashlib
import hmac
import json
import ssl
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from pathlib import Path
from statistics import median, quantiles

import httpx
import structlog

from bench.clients.ours import CLOCK, IDS, reached
from bench.meter import cpu, report
from bench.paper import PRICE, SYMBOL
from tgbot.accounts.guards.service import Guards
from tgbot.core.market import Tick
from tgbot.core.orders import OrderSpec, OrderType, Side, TimeInForce
from tgbot.core.people import Mode, Person
from tgbot.credentials.envelope import MasterKey
from tgbot.credentials.service import Keys
from tgbot.db.engine import Database, WriteSession
from tgbot.delivery.outbox import Outbox
from tgbot.intake.store import Dialogues
from tgbot.kucoin.account import SpotAccount
from tgbot.kucoin.market import SpotMarket
from tgbot.kucoin.rest import Rest
from tgbot.kucoin.sign import Credentials
from tgbot.markets.prices import PriceBoard, Prices
from tgbot.markets.symbols import Symbols
from tgbot.schema import migrate
from tgbot.system import spare_collector
from tgbot.trading.reconcile import Reconciler
from tgbot.trading.rules.grammar import parse_order
from tgbot.trading.sending import Sending
from tgbot.trading.tickets import Tickets
from tgbot.trading.witness import Witness

ANN = Person(7, "Ann", "en", "UTC", "USDT", "USDT", Mode.LIVE, is_operator=False)
WANTED = "btc 0.001btc @ 61000"
# At once or not at all: only two hundred may be open, and those of the whole path stay.
SAME = OrderSpec(
    SYMBOL, Side.BUY, OrderType.LIMIT, size=Decimal("0.001"), price=Decimal(61_000), time_in_force=TimeInForce.IOC
)
WARM_UP = 10
CARD = 500


class _Counted(Database):
    """Knows how many transactions have written, and what they took."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.commits, self.used, self.took = 0, 0.0, 0.0

    @asynccontextmanager
    async def write(self) -> AsyncIterator[WriteSession]:
        began, since = cpu(), time.perf_counter()
        async with super().write() as session:
            yield session
        self.commits += 1
        self.used += cpu() - began
        self.took += time.perf_counter() - since


@dataclass
class _Laps:
    """Of one way to send an order."""

    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)

    async def run(self, call: Callable[[], Awaitable[object]]) -> None:
        began, since = cpu(), time.perf_counter()
        await call()
        self.wall.append(time.perf_counter() - since)
        self.cpu.append(cpu() - began)

    def figures(self, name: str) -> dict[str, float]:
        wall, used = quantiles(self.wall[WARM_UP:], n=100), quantiles(self.cpu[WARM_UP:], n=100)
        return {
            f"{name}_cpu_us": used[49] * 1e6,
            f"{name}_cpu_p99_us": used[98] * 1e6,
            f"{name}_p50_ms": wall[49] * 1e3,
            f"{name}_p99_ms": wall[98] * 1e3,
        }


@dataclass
class _Bot:
    database: _Counted
    board: PriceBoard
    keys: Keys
    tickets: Tickets
    sending: Sending
    reconciler: Reconciler

    def hear(self, sequence: int) -> None:
        """The pair of an open ticket is live."""
        self.board.on_tick(Tick(SYMBOL, PRICE, PRICE - 1, PRICE + 1, sequence, CLOCK.now()))


async def confirm(url: str, orders: int, key: str, secret: str, passphrase: str) -> None:
    """The same order in three ways, in turns: bare, by our client, and by the whole path. Then the reconciler looks at
    all of them once."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    credentials = Credentials(key, secret, passphrase)
    bare, client, path = _Laps(), _Laps(), _Laps()
    with tempfile.TemporaryDirectory() as folder:
        async with (
            reached(url, ssl.create_default_context()) as rest,
            httpx.AsyncClient(base_url=url) as plain,
            _bot(rest, Path(folder), credentials) as bot,
        ):
            account = SpotAccount(rest, credentials)
            commits, used, took = [], [], []
            for number in range(1, orders + WARM_UP + 1):
                await bare.run(lambda: _post(plain, credentials))
                await client.run(lambda: account.send(account.prepare_order(IDS.client_oid(), SAME)))
                bot.hear(number)
                shown = await bot.tickets.prepare(ANN, parse_order(Side.BUY, WANTED, "."), number)
                before = (bot.database.commits, bot.database.used, bot.database.took)
                await path.run(partial(bot.sending.confirm, ANN, shown.intent, number, CARD))
                commits.append(bot.database.commits - before[0])
                used.append(bot.database.used - before[1])
                took.append(bot.database.took - before[2])
            began, since = cpu(), time.perf_counter()
            await bot.reconciler.look()
            seconds, looked = time.perf_counter() - since, cpu() - began
    count = orders + WARM_UP
    commits_us = median(used[WARM_UP:]) * 1e6
    figures = bare.figures("bare") | client.figures("client") | path.figures("path")
    own_us = figures["path_cpu_us"] - commits_us - figures["bare_cpu_us"]
    report(
        **figures,
        own_cpu_us=own_us,
        commits=max(commits),
        commits_cpu_us=commits_us,
        commits_ms=median(took[WARM_UP:]) * 1e3,
        looks_a_second=count / seconds,
        look_cpu_us=looked / count * 1e6,
    )


async def _post(client: httpx.AsyncClient, credentials: Credentials) -> None:
    """The bytes that our client sends, sent as one writes it first."""
    order = {"clientOid": IDS.client_oid(), "symbol": SYMBOL, "side": "buy", "type": "limit"}
    body = json.dumps({**order, "size": "0.001", "price": "61000", "timeInForce": "IOC"}, separators=(",", ":"))
    timestamp = str(int(time.time() * 1000))

    def signed(text: str) -> str:
        return base64.b64encode(hmac.new(credentials.secret.encode(), text.encode(), hashlib.sha256).digest()).decode()

    headers = {
        "KC-API-KEY": credentials.key,
        "KC-API-SIGN": signed(f"{timestamp}POST/api/v1/hf/orders{body}"),
        "KC-API-TIMESTAMP": timestamp,
        "KC-API-PASSPHRASE": signed(credentials.passphrase),
        "KC-API-KEY-VERSION": "3",
        "Content-Type": "application/json",
    }
    answer = (await client.post("/api/v1/hf/orders", content=body, headers=headers)).json()
    if answer["code"] != "200000":
        raise RuntimeError(answer)


@asynccontextmanager
async def _bot(rest: Rest, folder: Path, credentials: Credentials) -> AsyncIterator[_Bot]:
    """The order path of the bot, one key linked."""
    database = _Counted(f"sqlite+aiosqlite:///{folder}/bench.db")
    await migrate(database)
    market, board = SpotMarket(rest), PriceBoard(CLOCK)
    symbols = Symbols(market, CLOCK)
    await symbols.load()
    keys = Keys(
        database=database,
        clock=CLOCK,
        ids=IDS,
        installation="bench",
        master=MasterKey(1, b"m" * 32),
        connect=lambda mode, credentials: SpotAccount(rest, credentials),
        set_mode=_keep_mode,
        paper=None,
    )
    await keys.link(ANN, credentials)
    prices = Prices(market, board)
    tickets = Tickets(
        database=database,
        clock=CLOCK,
        ids=IDS,
        keys=keys,
        symbols=symbols,
        prices=prices,
        books=market,
        dialogues=Dialogues(),
        guards=Guards(database, CLOCK),
    )
    outbox = Outbox(CLOCK)
    reconciler = Reconciler(database, CLOCK, keys, outbox)
    sending = Sending(
        database=database,
        clock=CLOCK,
        ids=IDS,
        keys=keys,
        prices=prices,
        tickets=tickets,
        outbox=outbox,
        reconciler=reconciler,
        witness=Witness(folder / "last-order"),
        symbols=symbols,
    )
    spare_collector()
    yield _Bot(database, board, keys, tickets, sending, reconciler)
    await database.close()


async def _keep_mode(session: WriteSession, person_id: int, mode: Mode | None) -> None:
    """Ann trades live from the start."""
