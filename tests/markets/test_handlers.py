"""`/price`, as it reads in the chat."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from tests.clock import START, JumpClock
from tests.markets.exchange import MemoryExchange, rule_of
from tgbot.core.errors import ExchangeUnavailable, NotFound, UsageError
from tgbot.core.people import Person
from tgbot.core.reply import Reply
from tgbot.core.routing import Command, Incoming, Press
from tgbot.markets.handlers import MarketHandlers
from tgbot.markets.symbols import Symbols
from tgbot.markets.views import price_card
from tgbot.packaged import folder
from tgbot.texts.catalogue import Catalogue
from tgbot.texts.notation import Reader
from tgbot.texts.renderer import Renderer

ANNA = Person(1, "Anna", "en", "UTC", "USDT", "USDT", None, is_operator=False)
RENDERER = Renderer(Catalogue(folder("locales")))

Ask = Callable[..., Awaitable[Reply]]


@pytest.fixture
def exchange(clock: JumpClock) -> MemoryExchange:
    exchange = MemoryExchange(clock)
    for symbol, price in (("BTC-USDT", "67012.3"), ("ETH-USDT", "3120.4"), ("ETH-BTC", "0.0465")):
        exchange.trade(symbol, price)
    return exchange


@pytest.fixture
async def price(exchange: MemoryExchange, clock: JumpClock) -> Ask:
    symbols = Symbols(exchange, clock)
    await symbols.load()
    handlers = MarketHandlers(symbols, exchange)

    async def ask(args: str, person: Person = ANNA) -> Reply:
        return await handlers.price(person, Incoming(1, 1, True, None, 1, "Anna", "en", 1, START, args=args))

    return ask


def read(reply: Reply, language: str = "en") -> str:
    return RENDERER.render(reply, Reader(language, "UTC")).plain


def data_of(reply: Reply) -> list[str]:
    return [button.data for row in reply.buttons for button in row]


async def test_the_card_answers_in_its_first_line(price: Ask) -> None:
    assert read(await price("btc")).splitlines() == [
        "BTC-USDT 67,012.3 -1.25%",
        "Bid            67,012.2",
        "Ask            67,012.4",
        "Spread         0.2 (0%)",
        "24 h high     134,024.6",
        "24 h low      33,506.15",
        "24 h volume 2,227.7 BTC",
    ]


async def test_the_card_leads_on(price: Ask) -> None:
    assert data_of(await price("btc")) == [
        "buy:BTC-USDT",
        "sell:BTC-USDT",
        "watch:BTC-USDT",
        "alert:BTC-USDT",
        "price:BTC-USDT",
    ]


async def test_several_pairs_share_a_table(price: Ask) -> None:
    table = await price("btc eth BTC-USDT ethbtc")
    assert read(table).splitlines()[0] == "3 pairs"
    assert [line.split() for line in read(table).splitlines()[1:]] == [
        ["BTC-USDT", "67,012.3", "-1.25%"],
        ["ETH-USDT", "3,120.4", "-1.25%"],
        ["ETH-BTC", "0.0465", "-1.25%"],
    ]
    assert data_of(table) == ["price:BTC-USDT ETH-USDT ETH-BTC"]


async def test_the_reader_gets_their_own_notation(price: Ask) -> None:
    assert "67\u00a0012,3" in read(await price("btc"), "ru")


async def test_a_bare_coin_follows_the_chosen_quote(price: Ask) -> None:
    assert read(await price("eth", replace(ANNA, quote="BTC"))).startswith("ETH-BTC 0.0465")


async def test_no_pair_opens_buttons(price: Ask) -> None:
    offer = await price("")
    assert data_of(offer)[:3] == ["price:BTC-USDT", "price:ETH-USDT", "price:KCS-USDT"]
    assert all(len(row) <= 3 for row in offer.buttons)


async def test_a_pair_that_cannot_be_traded_says_so(exchange: MemoryExchange) -> None:
    card = price_card(rule_of("BTC-USDT", is_trading=False), await exchange.stats("BTC-USDT"))
    assert "suspended" in read(card)
    assert "suspended" not in read(price_card(rule_of("BTC-USDT"), await exchange.stats("BTC-USDT")))


async def test_unknown_too_many_and_unavailable_are_said(price: Ask, exchange: MemoryExchange) -> None:
    with pytest.raises(NotFound):
        await price("btc nonsense")
    with pytest.raises(UsageError):
        await price("btc " * 11)
    exchange.is_down = True
    with pytest.raises(ExchangeUnavailable):
        await price("btc eth")


async def test_command_alias_and_button_lead_here(price: Ask, exchange: MemoryExchange, clock: JumpClock) -> None:
    routes = MarketHandlers(Symbols(exchange, clock), exchange).routes()
    names = {name for route in routes if isinstance(route, Command) for name in (route.name, *route.aliases)}
    assert names == {"price", "p"}
    assert [route.verb for route in routes if isinstance(route, Press)] == ["price"]
