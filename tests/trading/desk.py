"""The order path without a chat: a real database, a real exchange over HTTP with faults in front of it, and every
message that would be sent."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from sqlalchemy import select, update

from tests.kucoin.conftest import HurryClock
from tgbot.accounts.guards.service import Guards
from tgbot.core import crash
from tgbot.core.ids import Ids, mark_of
from tgbot.core.market import SymbolRule, Tick
from tgbot.core.orders import Side
from tgbot.core.people import Mode as AccountMode
from tgbot.core.people import Person
from tgbot.core.reply import Reply
from tgbot.credentials.envelope import MasterKey
from tgbot.credentials.service import Keys
from tgbot.credentials.store import LinkedKey
from tgbot.db.engine import Database, WriteSession
from tgbot.delivery.codec import decode
from tgbot.delivery.outbox import Outbox
from tgbot.delivery.store import OutboxRow, State
from tgbot.intake.store import Dialogues
from tgbot.kucoin.account import SpotAccount
from tgbot.kucoin.market import SpotMarket
from tgbot.kucoin.rest import Rest
from tgbot.kucoin.sign import Credentials
from tgbot.markets.prices import PriceBoard, Prices
from tgbot.markets.symbols import Symbols
from tgbot.packaged import folder
from tgbot.paper.exchange import PaperExchange
from tgbot.paper.faults import Fault, Faults, Mode
from tgbot.paper.orders import PaperOrder
from tgbot.paper.prices import Handed
from tgbot.system import MarkedIds
from tgbot.texts.catalogue import Catalogue
from tgbot.texts.notation import Reader
from tgbot.texts.renderer import Renderer
from tgbot.trading import store, watched
from tgbot.trading.adoption import Adoption
from tgbot.trading.amending import Amended, Amending
from tgbot.trading.exits import StandingExits
from tgbot.trading.fills_elsewhere import FillsElsewhere
from tgbot.trading.orders import Orders
from tgbot.trading.reconcile import Reconciler
from tgbot.trading.restoration import Restoration
from tgbot.trading.rules.grammar import parse_order
from tgbot.trading.sending import Sending
from tgbot.trading.store import Intent
from tgbot.trading.succession import hand_over
from tgbot.trading.tickets import Shown, Tickets
from tgbot.trading.witness import Witness

ANN, BORIS = 7, 8
CARD = 500  # the message under which every ticket stands
INSTALLATION = "installation-1"
MARK = mark_of(INSTALLATION)
MASTER = MasterKey(1, b"m" * 32)
RENDERER = Renderer(Catalogue(folder("locales")))

PLACE = "/api/v1/hf/orders"
BY_CLIENT_OID = "/api/v1/hf/orders/client-order/.*"
FILLS = "/api/v1/hf/fills"


def read(reply: Reply, language: str = "en") -> str:
    return RENDERER.render(reply, Reader(language, "UTC")).plain


def edited(change: Callable[[Any], Any]) -> Callable[[bytes], bytes]:
    """An answer of the exchange whose `data` are changed on the way."""

    def edit(body: bytes) -> bytes:
        envelope = json.loads(body)
        return json.dumps(envelope | {"data": change(envelope.get("data"))}).encode()

    return edit


class Killed(BaseException):
    """The process ends here, without a chance to clean up."""


@contextmanager
def at_point(name: str, act: Callable[[], None]) -> Iterator[None]:
    """Does something when the code comes to a crash point."""

    def hook(point: str) -> None:
        if point == name:
            act()

    crash.arm(hook)
    try:
        yield
    finally:
        crash.arm(None)


def die() -> None:
    raise Killed


class BotClock:
    """The bot's clock: its wall may be wrong or jump, while that of the exchange goes on."""

    def __init__(self, clock: HurryClock) -> None:
        self._clock = clock
        self.skew = timedelta(0)

    def now(self) -> datetime:
        return self._clock.now() + self.skew

    def monotonic(self) -> float:
        return self._clock.monotonic()

    async def sleep(self, seconds: float) -> None:
        await self._clock.sleep(seconds)


@dataclass
class Process:
    """One life of the bot: what is in memory goes with it."""

    database: Database
    keys: Keys
    tickets: Tickets
    reconciler: Reconciler
    sending: Sending
    orders: Orders
    adoption: Adoption
    fills_elsewhere: FillsElsewhere
    exits: StandingExits
    amending: Amending
    restoration: Restoration


@dataclass
class Desk:
    database: Database
    clock: HurryClock
    wall: BotClock
    ids: Ids
    rest: Rest
    exchange: PaperExchange
    market: Handed
    faults: Faults
    symbols: Symbols
    witness: Witness
    modes: dict[int, AccountMode | None] = field(default_factory=dict)
    updates: int = 0
    sequence: int = 1000

    def __post_init__(self) -> None:
        self.outbox = Outbox(self.wall)
        self.now = self.process(self.database)

    def process(self, database: Database) -> Process:
        """A process on that database; several may run side by side."""

        async def set_mode(session: WriteSession, person_id: int, mode: AccountMode | None) -> None:
            self.modes[person_id] = mode

        keys = Keys(
            database=database,
            clock=self.wall,
            ids=self.ids,
            installation=INSTALLATION,
            master=MASTER,
            connect=lambda mode, credentials: SpotAccount(self.rest, credentials),
            set_mode=set_mode,
            paper=self.exchange,  # type: ignore[arg-type]  # its credentials have the same fields, of another class
        )
        keys.forget_by(watched.forget)
        market = SpotMarket(self.rest)
        prices = Prices(market, PriceBoard(self.wall))
        tickets = Tickets(
            database=database,
            clock=self.wall,
            ids=self.ids,
            keys=keys,
            symbols=self.symbols,
            prices=prices,
            books=market,
            dialogues=Dialogues(),
            guards=Guards(database, self.wall),
        )
        reconciler = Reconciler(database, self.wall, keys, self.outbox)
        keys.hand_over_by(partial(hand_over, reconciler.look_at))
        ids = MarkedIds(self.ids, MARK)
        sending = Sending(
            database=database,
            clock=self.wall,
            ids=ids,
            keys=keys,
            prices=prices,
            tickets=tickets,
            outbox=self.outbox,
            reconciler=reconciler,
            witness=self.witness,
            symbols=self.symbols,
        )
        exits = StandingExits(
            database=database,
            clock=self.wall,
            ids=ids,
            keys=keys,
            prices=prices,
            symbols=self.symbols,
            guards=Guards(database, self.wall),
            outbox=self.outbox,
            reconciler=reconciler,
            witness=self.witness,
        )
        fills_elsewhere = FillsElsewhere(database, self.wall, keys, self.outbox)
        adoption = Adoption(
            database=database,
            clock=self.wall,
            ids=ids,
            symbols=self.symbols,
            outbox=self.outbox,
            reconciler=reconciler,
            mark=MARK,
        )
        orders = Orders(
            database=database,
            clock=self.wall,
            keys=keys,
            outbox=self.outbox,
            reconciler=reconciler,
            adoption=adoption,
            fills_elsewhere=fills_elsewhere,
        )
        amending = Amending(
            database=database,
            keys=keys,
            guards=Guards(database, self.wall),
            symbols=self.symbols,
            orders=orders,
            tickets=tickets,
        )
        restoration = Restoration(
            database=database,
            clock=self.wall,
            keys=keys,
            symbols=self.symbols,
            outbox=self.outbox,
            adoption=adoption,
            witness=self.witness,
        )
        return Process(
            database,
            keys,
            tickets,
            reconciler,
            sending,
            orders,
            adoption,
            fills_elsewhere,
            exits,
            amending,
            restoration,
        )

    def restart(self) -> None:
        self.now = self.process(self.database)

    # people

    def person(self, person_id: int = ANN, language: str = "en", quote: str = "USDT") -> Person:
        mode = self.modes.get(person_id)
        return Person(person_id, "Ann", language, "UTC", "USDT", quote, mode, is_operator=False)

    async def link(self, person_id: int = ANN, balances: Mapping[str, str] | None = None) -> LinkedKey:
        """A key of a fresh account at the exchange."""
        money = {name: Decimal(amount) for name, amount in (balances or {"USDT": "5000", "BTC": "0.1"}).items()}
        made = await self.exchange.open_account(money)
        return await self.now.keys.link(self.person(person_id), Credentials(made.key, made.secret, made.passphrase))

    async def disconnect(self) -> Credentials:
        """Ann's only key; returns what she would type again."""
        (key,) = await self.now.keys.linked(self.person())
        credentials = self.credentials_of(key)
        await self.now.keys.disconnect(self.person(), key)
        return credentials

    async def relink(self) -> LinkedKey:
        """The same account, with a key that is another one here."""
        credentials = await self.disconnect()
        return await self.now.keys.link(self.person(), credentials)

    def credentials_of(self, key: LinkedKey) -> Credentials:
        spot = self.now.keys.spot_of(key)
        assert spot is not None
        return spot._credentials

    # the market

    def price(self, symbol: str, price: str | int) -> None:
        """Last, and a spread of two steps around it."""
        last, step = Decimal(price), self.market.rules[symbol].price_increment
        self.sequence += 1
        self.market.hand(Tick(symbol, last, last - step, last + step, self.sequence, self.clock.now()))

    def rules(self, **changes: object) -> None:
        """Changes those of all pairs, here and at the exchange."""
        rules: list[SymbolRule] = [replace(rule, **changes) for rule in self.market.rules.values()]  # type: ignore[arg-type]  # the fields of SymbolRule
        self.market.hand_rules(rules)

    # what a person does

    async def ticket(self, text: str, side: Side = Side.BUY, person: Person | None = None) -> Shown:
        self.updates += 1
        request = parse_order(side, text, ".")
        return await self.now.tickets.prepare(person or self.person(), request, self.updates)

    async def confirm(self, intent: Intent, process: Process | None = None) -> Shown | None:
        self.updates += 1
        process = process or self.now
        person = self.person(intent.person_id)
        fresh = await process.tickets.find(person, intent.short)
        return await process.sending.confirm(person, fresh, self.updates, CARD)

    async def amend(self, intent: Intent) -> Amended:
        self.updates += 1
        return await self.now.amending.amend(self.person(intent.person_id), intent, self.updates)

    async def send(self, text: str, side: Side = Side.BUY) -> Intent:
        """A ticket, confirmed at once; the intent as it is then."""
        shown = await self.ticket(text, side)
        assert await self.confirm(shown.intent) is None
        return await self.intent(shown.intent)

    # what time brings

    async def rounds(self, *seconds: float) -> None:
        """Lets so much time pass, and looks, again and again."""
        for wait in seconds:
            self.clock.advance(wait)
            await self.now.reconciler.look()
            await self.now.exits.look()

    async def settle(self) -> None:
        """Long enough for every doubt to end, also after KuCoin told us to wait."""
        await self.rounds(*[2] * 8, *[4] * 8)

    # what can be seen

    async def intent(self, intent: Intent) -> Intent:
        async with self.database.read() as session:
            found = await store.by_id(session, intent.id)
        assert found is not None
        return found

    async def told(self) -> list[str]:
        """What is to be sent since the last time, in order: `✎` an edit of the card, `↩` an answer to it."""
        async with self.database.write() as session:
            rows = list(
                await session.scalars(select(OutboxRow).where(OutboxRow.state == State.NEW).order_by(OutboxRow.id))
            )
            await session.execute(update(OutboxRow).where(OutboxRow.state == State.NEW).values(state=State.SENT))
        return [f"{'✎' if row.card else '↩' if row.reply_to_card else '·'} {read(decode(row.payload))}" for row in rows]

    async def offered(self) -> dict[str, list[str]]:
        """The buttons, by their words, under each message that has not been taken by `told` yet."""
        async with self.database.read() as session:
            rows = await session.scalars(select(OutboxRow).where(OutboxRow.state == State.NEW).order_by(OutboxRow.id))
            replies = [decode(row.payload) for row in rows]
        return {read(reply): [read(Reply((one.label,))) for row in reply.buttons for one in row] for reply in replies}

    async def headlines(self) -> list[str]:
        """The same, of each only the words that never vary."""
        return [text.partition(":")[0] for text in await self.told()]

    def placed(self) -> list[PaperOrder]:
        """Every order that the exchange has ever taken, the oldest first."""
        rows = self.exchange._store._db.execute("SELECT account, id FROM orders ORDER BY number")
        found = [self.exchange._store.order(account, order_id) for account, order_id in rows]
        return [order for order in found if order is not None]

    # faults

    def lose(self, times: int = 1) -> Fault:
        """The reply to an order gets lost."""
        return self.faults.add("POST", PLACE, Mode.LOST, times)

    def hide(self, times: int) -> Fault:
        """The exchange does not find the order by its clientOid yet."""
        return self.faults.add(
            "GET", BY_CLIENT_OID, Mode.ERROR, times, code="400100", message="The order does not exist."
        )

    def show(self, change: Callable[[Any], Any], times: int = 99, path: str = BY_CLIENT_OID) -> Fault:
        """The exchange says something else of its orders or fills."""
        return self.faults.add("GET", path, Mode.EDITED, times, edit=edited(change))
