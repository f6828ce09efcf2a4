"""The whole bot between a playground and a KuCoin-compatible exchange, over real HTTP and WebSockets."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

from tgbot import app
from tgbot.core.market import SymbolRule, Tick
from tgbot.paper.exchange import Credentials, PaperExchange
from tgbot.paper.faults import Faults
from tgbot.paper.prices import Handed
from tgbot.playground.chats import Chat, Message, Person
from tgbot.playground.playground import Playground
from tgbot.settings import Settings
from tgbot.system import SystemClock, SystemIds

Opened = TypeVar("Opened")

TOKEN = "7000000001:stage-token-0123456789-abcdefghijklmnop"


class ShiftedClock(SystemClock):
    """The real clock, moved forward on command; sleeping takes as long as it does."""

    def __init__(self) -> None:
        self.shift = timedelta(0)

    def now(self) -> datetime:
        return super().now() + self.shift

    def monotonic(self) -> float:
        return super().monotonic() + self.shift.total_seconds()


def rule(symbol: str, *, price_step: str = "0.1", base_step: str = "0.00001") -> SymbolRule:
    base, quote = symbol.split("-")
    return SymbolRule(
        symbol=symbol,
        base=base,
        quote=quote,
        fee_currency=quote,
        base_min=Decimal(base_step),
        base_max=Decimal(10_000_000),
        base_increment=Decimal(base_step),
        quote_min=Decimal("0.1"),
        quote_max=Decimal(99_999_999),
        quote_increment=Decimal("0.000001"),
        price_increment=Decimal(price_step),
        price_limit_rate=Decimal("0.1"),
        min_funds=Decimal("0.1"),
        is_trading=True,
        maker_coefficient=Decimal(1),
        taker_coefficient=Decimal(1),
    )


RULES = [rule("BTC-USDT"), rule("ETH-USDT"), rule("ETH-BTC", price_step="0.00001", base_step="0.0001")]
START_PRICES = {"BTC-USDT": Decimal(67_000), "ETH-USDT": Decimal(3_200), "ETH-BTC": Decimal("0.0477")}


@dataclass
class Seat:
    """A person in a chat with the bot, who acts at most once a second, and in a group less often: that is how fast
    Telegram lets a chat be answered, and the clock is moved so that nobody waits for it."""

    stage: "Stage"
    person: Person
    chat: Chat
    last: Message | None = None

    async def say(self, text: str, expect: str = "", *, patience: float = 5, **how: object) -> Message:
        """Writes, and waits for the bot's next message here (one that matches `expect`)."""
        self._take_time()
        mine = await self.stage.playground.say(self.person, self.chat, text, **how)  # type: ignore[arg-type]  # keywords of `say`
        self.last = await self.stage.playground.wait_for(self.chat, expect, patience, since=mine)
        return self.last

    async def press(self, label: str, expect: str = "", message: Message | None = None) -> Message:
        """Presses a button of `message` (else of the newest that has it), and waits for what changes."""
        self._take_time()
        press = await self.stage.playground.press(self.person, message or self.newest_with(label), label)
        self.last = await self.stage.playground.wait_for(self.chat, expect, since=press)
        return self.last

    async def press_for_toast(self, label: str, message: Message | None = None, *, data: str | None = None) -> str:
        """The words that answer a press: over the screen or, where they took the bot a moment, as a message."""
        shown = message or self.newest_with(label)
        press = await self.stage.playground.press(self.person, shown, label, data=data)
        if toast := (await self.stage.playground.answered(press)).text:
            return toast
        return (await self.stage.playground.wait_for(self.chat, "", since=press)).text

    async def press_for_link(self, label: str) -> str:
        """The address that is opened for whoever presses, and for nobody else."""
        self._take_time()
        press = await self.stage.playground.press(self.person, self.newest_with(label), label)
        return (await self.stage.playground.answered(press)).url

    async def press_first(self, expect: str) -> Message:
        """The first button of the newest message."""
        return await self.press(self.stage.playground.messages(self.chat)[-1].labels[0], expect)

    async def hears(self, expect: str, timeout: float = 10) -> Message:  # noqa: ASYNC109 - passed on
        """What the bot says by itself, or has said."""
        self._take_time()
        return await self.stage.playground.wait_for(self.chat, expect, timeout)

    def _take_time(self) -> None:
        self.stage.clock.shift += timedelta(seconds=1 if self.chat.is_private else 12)

    def newest_with(self, label: str) -> Message:
        for message in reversed(self.stage.playground.messages(self.chat)):
            if any(label in {text, text.partition(" ")[2]} for text in message.labels):
                return message
        raise LookupError(f"nothing here has a button {label!r}")

    def texts(self) -> list[str]:
        return [message.text for message in self.stage.playground.messages(self.chat)]


@dataclass
class Stage:
    clock: ShiftedClock
    playground: Playground
    kucoin: PaperExchange
    market: Handed
    faults: Faults
    settings: Settings
    folder: Path
    sequence: int = 1000

    def seat(self, name: str) -> Seat:
        person = self.playground.person(name)
        return Seat(self, person, self.playground.private(person))

    def seat_in_group(self, name: str) -> Seat:
        return Seat(self, self.playground.person(name), self.playground.desk)

    def price(self, symbol: str, price: str | int | Decimal) -> None:
        """The market moves: last, and a spread of two steps around it."""
        last = Decimal(price)
        step = self.market.rules[symbol].price_increment
        self.sequence += 1
        self.market.hand(Tick(symbol, last, last - step, last + step, self.sequence, self.clock.now()))

    async def until(self, condition: Callable[[], bool], patience: float = 10) -> None:
        """Looks again and again; for what nobody tells of. A look may read a database, so however fast the clock of the
        stage runs, this one does not."""
        async with asyncio.timeout(patience):
            while not condition():
                await SystemClock().sleep(0.02)

    @asynccontextmanager
    async def bot(self, **changes: object) -> AsyncIterator[None]:
        """One life of the bot; on leaving it is told to stop."""
        settings = self.settings.model_copy(update=changes)
        stopping = asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(app.run(settings, self.clock, SystemIds(), stopping))
            try:
                yield
            finally:
                stopping.set()
                await asyncio.wait([running])

    async def kucoin_account(self, balances: Mapping[str, Decimal] | None = None, **how: str) -> Credentials:
        return await self.kucoin.open_account(balances or {"USDT": Decimal(5_000), "BTC": Decimal("0.1")}, **how)


@asynccontextmanager
async def open_stage(folder: Path, database_url: str, clock: ShiftedClock | None = None) -> AsyncIterator[Stage]:
    """Servers on loopback; no bot yet."""
    clock, ids = clock or ShiftedClock(), SystemIds()
    market = Handed(clock)
    market.hand_rules(RULES)
    kucoin = PaperExchange(market, clock, ids)
    faults = Faults(kucoin.app, clock)
    playground = Playground(clock, ids, TOKEN)
    async with AsyncExitStack() as stack:
        exchange = await stack.enter_async_context(kucoin.serve(app=faults))
        telegram = await stack.enter_async_context(playground.serve())
        settings = Settings.model_validate(
            {
                "telegram_token": TOKEN,
                "telegram_api_url": telegram.url,
                "kucoin_url": exchange.url,
                "kucoin_futures_url": exchange.futures_url,
                "database_url": database_url,
                "master_key_file": folder / "master.key",
                "access": "open",
                "web_bind": "127.0.0.1:0",
            }
        )
        stage = Stage(clock, playground, kucoin, market, faults, settings, folder)
        for symbol, price in START_PRICES.items():
            stage.price(symbol, price)
        yield stage


@asynccontextmanager
async def kept_open(resource: AbstractAsyncContextManager[Opened]) -> AsyncIterator[Opened]:
    """Enters and leaves it in one task of its own: pytest sets up and tears down in two, which task groups forbid."""
    opened: asyncio.Future[Opened] = asyncio.get_running_loop().create_future()
    done = asyncio.Event()

    async def hold() -> None:
        try:
            async with resource as value:
                opened.set_result(value)
                await done.wait()
        except BaseException as error:
            if opened.done():
                raise
            opened.set_exception(error)

    holder = asyncio.ensure_future(hold())
    try:
        yield await opened
    finally:
        done.set()
        await holder
