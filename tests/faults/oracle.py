"""What must hold after every scenario of the order path, whatever went wrong in it. The numbers are those of the table:

O1  an attempt is one order at most, and an intent one attempt; exits never sell more than their entry has brought;
O2  "not placed", "not sent" and "rejected" are said only of what never lands, "filled" and "cancelled" only of what the
    exchange has ended;
O3  each fill is kept once, and all of them once the order is done;
O4  the message of an order that was sent ends with the truth;
O5  no secret leaves: not into the database, a message or a line of the log;
O6  what waits is bounded: the messages about one order, and the tasks of the event loop. Of a bot that is a process of
    its own the crash harness also looks at memory, sockets and threads (tests/faults/crashes.py).
"""

import asyncio
import os
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import msgspec
from sqlalchemy import select

from tests.faults import truth
from tgbot.core.money import ZERO
from tgbot.core.orders import OrderSpec, TimeInForce
from tgbot.db.engine import Database
from tgbot.delivery.codec import decode
from tgbot.delivery.store import OutboxRow
from tgbot.packaged import folder
from tgbot.paper.exchange import PaperExchange
from tgbot.paper.orders import PaperOrder
from tgbot.texts.catalogue import Catalogue
from tgbot.texts.notation import Reader
from tgbot.texts.renderer import Renderer
from tgbot.trading.fills import FillRow
from tgbot.trading.rules.settlement import DONE, GIVEN_UP, UNSETTLED, State
from tgbot.trading.store import AttemptRow, IntentRow
from tgbot.trading.views.orders import card

OURS = "tb"
MOST_NOTICES, MOST_TASKS = 12, 20  # twice what any scenario needs
NEVER_LANDED = GIVEN_UP - {State.INDETERMINATE, State.CHECKED}
RENDERER = Renderer(Catalogue(folder("locales")))
# How the message of an order begins, by what became of it. A market order that found too little is partly filled.
FIRST_WORDS: dict[State, tuple[str, ...]] = {
    State.SENT: ("",),
    State.UNKNOWN: ("Unknown, checking",),
    State.NOT_SENT: ("Not sent",),
    State.REJECTED: ("Rejected",),
    State.WAITING: ("Placed",),
    State.OPEN: ("Placed",),
    State.PARTIAL: ("Partly filled",),
    State.FILLED: ("Filled",),
    State.CANCELLED: ("Cancelled", "Partly filled"),
    State.NOT_PLACED: ("Not placed",),
    State.INDETERMINATE: ("Unknown, for you to check",),
    State.CHECKED: ("Unknown, ",),
}


@dataclass
class Figures:
    """Over all scenarios of a run. `unsettled` are orders whose truth was not yet asked for when a scenario ended.
    `doubts` says of each other how many seconds it was in doubt, and in which test. `sound` are the tests in which
    nothing was found, each with how many orders were sent in it."""

    scenarios: int = 0
    placed: int = 0
    duplicates: int = 0
    lost: int = 0
    unsettled: int = 0
    breaches: list[str] = field(default_factory=list)
    doubts: dict[str, tuple[float, str]] = field(default_factory=dict)
    sound: dict[str, int] = field(default_factory=dict)

    def add(self, other: "Figures") -> None:
        """Those of another process."""
        self.scenarios += other.scenarios
        self.placed += other.placed
        self.duplicates += other.duplicates
        self.lost += other.lost
        self.unsettled += other.unsettled
        self.breaches += other.breaches
        self.doubts |= other.doubts
        self.sound |= other.sound


FIGURES = Figures()


@dataclass(frozen=True)
class Books:
    """What our database says after a scenario."""

    intents: dict[str, IntentRow]
    attempts: dict[str, AttemptRow]
    fills: Sequence[FillRow]
    notices: Sequence[OutboxRow]


def orders_at(exchange: PaperExchange) -> list[PaperOrder]:
    """Every order that this exchange has ever taken, the oldest first."""
    rows = exchange._store._db.execute("SELECT account, id FROM orders ORDER BY number")
    return [order for account, order_id in rows if (order := exchange._store.order(account, order_id))]


def waits_at(exchange: PaperExchange) -> list[str]:
    """The clientOid of every stop order and every OCO that this exchange has ever taken."""
    stops = exchange._store._db.execute("SELECT client_oid FROM stops WHERE oco = ''").fetchall()
    ocos = exchange._store._db.execute("SELECT min(client_oid) FROM stops WHERE oco != '' GROUP BY oco").fetchall()
    return [client_oid for (client_oid,) in (*stops, *ocos)]


def active_at(exchange: PaperExchange) -> set[str]:
    """The clientOid of each order that can still fill there, whether in the book or outside."""
    in_book = {order.client_oid for order in exchange._store.active_orders()}
    return in_book | {stop.client_oid for stop in exchange._store.waiting_stops()}


def secrets_of(exchange: PaperExchange) -> set[str]:
    rows = exchange._store._db.execute("SELECT key FROM accounts").fetchall()
    accounts = [account for (key,) in rows if (account := exchange._store.account(key))]
    return {secret for account in accounts for secret in (account.secret, account.passphrase)}


async def judge(
    exchange: PaperExchange, database: Database, said: str, foreign: Collection[str] = (), *, is_settled: bool = False
) -> list[str]:
    """Every breach, in words. `said` is all that was printed; `foreign` are clientOids of
    orders which this database cannot know. `is_settled`: nothing may be in doubt any more."""
    books = await read_books(database)
    orders = [order for order in orders_at(exchange) if order.client_oid.startswith(OURS)]
    orders = [order for order in orders if order.client_oid not in foreign]
    waits = [client_oid for client_oid in waits_at(exchange) if client_oid.startswith(OURS)]
    waits = [client_oid for client_oid in waits if client_oid not in foreign]
    breaches = [
        *_once(books, [order.client_oid for order in orders]),
        *_once(books, waits),
        *_exits(books, {order.client_oid for order in orders} | set(waits)),
        *_never_landed(books, {order.client_oid for order in orders} | set(waits)),
        *_ended(books, active_at(exchange)),
        *_fills(books, exchange, orders),
        *_told(books),
        *_kept_secret(database, books, secrets_of(exchange), said),
        *_bounded(books),
    ]
    doubtful = [row.id for row in books.intents.values() if row.state in UNSETTLED]
    if is_settled:
        breaches += [f"O4: {intent} is still in doubt" for intent in doubtful]
    FIGURES.scenarios += 1
    FIGURES.placed += len({order.client_oid for order in orders} | set(waits))
    FIGURES.unsettled += len(doubtful)
    FIGURES.breaches += breaches
    test = os.environ["PYTEST_CURRENT_TEST"].rpartition(" (")[0]
    if not breaches:
        FIGURES.sound[test] = FIGURES.sound.get(test, 0) + len(books.attempts)
    for intent, doubt in (await truth.doubts(database)).items():
        FIGURES.doubts[f"{database.url} {intent}"] = (doubt.total_seconds(), test)
    return breaches


async def read_books(database: Database) -> Books:
    async with database.read() as session:
        return Books(
            {row.id: row for row in await session.scalars(select(IntentRow))},
            {row.client_oid: row for row in await session.scalars(select(AttemptRow))},
            list(await session.scalars(select(FillRow))),
            list(await session.scalars(select(OutboxRow).order_by(OutboxRow.id))),
        )


def _once(books: Books, client_oids: Sequence[str]) -> Iterable[str]:
    """Of what waits outside the book, and of what is in it: a stop order becomes an order with the same id."""
    for client_oid, count in Counter(client_oids).items():
        if count > 1:
            FIGURES.duplicates += count - 1
            yield f"O1: {client_oid} is {count} orders"
        if client_oid not in books.attempts:
            FIGURES.lost += 1
            yield f"O1: nobody here knows of {client_oid}"
    of_intents = Counter(attempt.intent_id for attempt in books.attempts.values())
    yield from (f"O1: {intent} has {count} attempts" for intent, count in of_intents.items() if count > 1)


def _exits(books: Books, landed: Collection[str]) -> Iterable[str]:
    """Of what has landed, whatever became of it since."""
    sold: dict[str, Decimal] = {}
    for client_oid, attempt in books.attempts.items():
        intent = books.intents[attempt.intent_id]
        if intent.entry_id is not None and client_oid in landed:
            spec = msgspec.json.decode(intent.spec, type=OrderSpec)
            is_short = spec.time_in_force is TimeInForce.IOC and State(intent.state) is State.CANCELLED
            sold[intent.entry_id] = sold.get(intent.entry_id, ZERO) + (
                intent.filled_size if is_short else spec.size or ZERO
            )
    for entry_id, size in sold.items():
        brought = _brought(books.intents[entry_id])
        if size > brought:
            FIGURES.duplicates += 1
            yield f"O1: {entry_id} has brought {brought}, and its exits sell {size}"


def _brought(entry: IntentRow) -> Decimal:
    """What a buy has left in the account: a fee in the currency that was bought is gone already."""
    base = msgspec.json.decode(entry.spec, type=OrderSpec).symbol.partition("-")[0]
    return entry.filled_size - (entry.fee if entry.fee_currency == base else ZERO)


def _never_landed(books: Books, landed: Collection[str]) -> Iterable[str]:
    for client_oid, attempt in books.attempts.items():
        state = State(books.intents[attempt.intent_id].state)
        if client_oid in landed and state in NEVER_LANDED:
            FIGURES.lost += 1
            yield f"O2: {client_oid} was called {state} and is at the exchange"
        if client_oid not in landed and state in {State.WAITING, State.OPEN, State.PARTIAL, *DONE}:
            yield f"O2: {client_oid} is called {state} and is not at the exchange"


def _ended(books: Books, active: Collection[str]) -> Iterable[str]:
    for client_oid, attempt in books.attempts.items():
        state = State(books.intents[attempt.intent_id].state)
        if client_oid in active and state in DONE:
            FIGURES.lost += 1
            yield f"O2: {client_oid} was called {state} and can still fill"


def _fills(books: Books, exchange: PaperExchange, orders: Sequence[PaperOrder]) -> Iterable[str]:
    kept = Counter((fill.order_id, fill.trade_id) for fill in books.fills)
    yield from (f"O3: fill {fill} is kept {count} times" for fill, count in kept.items() if count > 1)
    sizes: Counter[str] = Counter()
    for fill in books.fills:
        sizes[fill.intent_id] += fill.size  # type: ignore[assignment]  # a counter of Decimals
    for order in orders:
        attempt = books.attempts.get(order.client_oid)
        intent = books.intents[attempt.intent_id] if attempt else None
        if intent is None or State(intent.state) not in DONE:
            continue
        size = Decimal(sizes[intent.id])
        if not (size == intent.filled_size == order.deal_size):
            FIGURES.lost += 1
            yield f"O3: {order.client_oid}: {order.deal_size} there, {intent.filled_size} here, {size} in fills"


def _told(books: Books) -> Iterable[str]:
    """The newest message of each order that was sent."""
    newest = {row.card: row for row in books.notices}
    for intent in books.intents.values():
        state = State(intent.state)
        if state not in FIRST_WORDS:
            continue
        notice = newest.get(card(intent))  # type: ignore[arg-type]  # only its id is read
        text = _text(notice) if notice else ""
        if not text.startswith(FIRST_WORDS[state]):
            yield f"O4: {intent.id} is {state}, and its message says {text.partition(chr(10))[0]!r}"


def _text(row: OutboxRow) -> str:
    return RENDERER.render(decode(row.payload), Reader("en", "UTC")).plain


def _kept_secret(database: Database, books: Books, secrets: Collection[str], said: str) -> Iterable[str]:
    places = {"the log": said, "a message": "\n".join(row.payload for row in books.notices)}
    if database.is_sqlite:
        file = Path(database.url.database or "")
        for path in (file, Path(f"{file}-wal")):
            places[path.name] = path.read_bytes().decode("latin-1") if path.exists() else ""
    for place, text in places.items():
        yield from (f"O5: a secret is in {place}" for secret in secrets if secret in text)


def _bounded(books: Books) -> Iterable[str]:
    about = Counter(row.card or row.reply_to_card for row in books.notices)
    for intent in books.intents.values():
        count = about[card(intent)]  # type: ignore[arg-type]  # only its id is read
        if count > MOST_NOTICES:
            yield f"O6: {count} messages about {intent.id}"
    if (count := len(asyncio.all_tasks())) > MOST_TASKS:
        yield f"O6: {count} tasks"
