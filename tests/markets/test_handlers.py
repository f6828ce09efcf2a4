"""`/price`, `/book` and `/movers`, as they read in the chat."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from tests.clock import START, JumpClock
from tests.markets.exchange import MemoryExchange, rule_of
from tgbot.core.errors import ExchangeUnavailable, NotFound, UsageError
from tgbot.core.market import Book, Level
from tgbot.core.people import Person
from tgbot.core.reply import Reply
from tgbot.core.routing import Command, Handler, Incoming, Press
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
async def handlers(exchange: MemoryExchange, clock: JumpClock) -> MarketHandlers:
    symbols = Symbols(exchange, clock)
    await symbols.load()
    return MarketHandlers(symbols, exchange)


def asking(handler: Handler) -> Ask:
    async def ask(args: str = "", person: Person = ANNA) -> Reply:
        answer = await handler(person, Incoming(1, 1, True, None, 1, "Anna", "en", 1, START, args=args))
        assert isinstance(answer, Reply)
        return answer

    return ask


@pytest.fixture
def price(handlers: MarketHandlers) -> Ask:
    return asking(handlers.price)


@pytest.fixture
def book(handlers: MarketHandlers) -> Ask:
    return asking(handlers.book)


@pytest.fixture
def movers(handlers: MarketHandlers) -> Ask:
    return asking(handlers.movers)


def read(reply: Reply, language: str = "en") -> str:
    return RENDERER.render(reply, Reader(language, "UTC")).plain


def data_of(reply: Reply) -> list[str]:
    return [button.data for row in reply.buttons for button in row]


async def test_the_card_answers_in_its_first_line(price: Ask) -> None:
    assert read(await price("btc")).splitlines() == [
        "BTC-USDT 67,012.3 -1.25%",
        "Bid              67,012.2",
        "Ask              67,012.4",
        "Spread      0.2 (0.0003%)",
        "24 h high       134,024.6",
        "24 h low        33,506.15",
        "24 h volume   2,227.7 BTC",
    ]


async def test_the_card_leads_on(price: Ask) -> None:
    assert data_of(await price("btc")) == [
        "buy:BTC-USDT",
        "sell:BTC-USDT",
        "watch:BTC-USDT",
        "alert:BTC-USDT",
        "chart:BTC-USDT",
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


async def test_the_book_is_a_ladder_that_adds_up_from_the_market(book: Ask, exchange: MemoryExchange) -> None:
    exchange.books["BTC-USDT"] = Book(
        "BTC-USDT",
        bids=(Level(Decimal("67012.2"), Decimal("0.5")), Level(Decimal(67000), Decimal(1500))),
        asks=(Level(Decimal("67012.4"), Decimal("0.25")), Level(Decimal(67013), Decimal("499.25"))),
        at=START,
    )
    card = await book("btc")
    assert read(card).splitlines() == [
        "BTC-USDT 67,012.2 / 67,012.4",
        "Spread 0.2 (0.0003%)",
        "Of the size below, 75% wants to buy.",
        "Price     Size    Sum",
        "67,013   499.3  499.5",
        "67,012.4  0.25   0.25",
        "",
        "67,012.2   0.5    0.5",
        "67,000    1.5k 1.501k",
    ]
    assert data_of(card) == ["buy:BTC-USDT", "sell:BTC-USDT", "book:BTC-USDT"]


async def test_a_book_with_nobody_on_a_side_says_so(book: Ask, exchange: MemoryExchange) -> None:
    assert read(await book("btc")) == "The order book of BTC-USDT is empty."
    exchange.books["BTC-USDT"] = Book("BTC-USDT", (), (Level(Decimal(5), Decimal(2)),), START)
    first, balance, *_ = read(await book("btc")).splitlines()
    assert (first, balance) == ("BTC-USDT nobody / 5", "Of the size below, 0% wants to buy.")


@pytest.mark.parametrize("language", ["en", "ru"])
async def test_the_widest_book_fits_a_phone(book: Ask, exchange: MemoryExchange, language: str) -> None:
    levels = tuple(
        Level(Decimal("0.0000010048") + step, Decimal("123456789.0123") * 7**index)
        for index, step in enumerate(Decimal("0.0000000001") * index for index in range(8))
    )
    exchange.books["SHIB-USDT"] = Book("SHIB-USDT", tuple(reversed(levels)), levels, START)
    table = read(await book("shib"), language).splitlines()[3:]
    assert max(map(len, table)) <= 34
    assert not any("…" in line for line in table)
    assert len(table) == 1 + 8 + 1 + 8


async def test_movers_are_those_of_the_persons_quote_that_are_really_traded(
    movers: Ask, exchange: MemoryExchange
) -> None:
    exchange.days = {
        "BTC-USDT": ("0.01", "100000000"),
        "ETH-USDT": ("-0.05", "2500000"),
        "KCS-USDT": ("0.2", "100000"),
        "DOGE-USDT": ("9", "99999"),  # hardly traded
        "ETH-BTC": ("0.5", "100000000"),
    }
    for symbol in exchange.days:
        exchange.trade(symbol, "2")
    rising, falling, busiest = await movers(), await movers("losers"), await movers("VOLUME")
    assert read(rising).splitlines() == ["Risen most in 24 h against USDT", "KCS 2 +20%", "BTC 2  +1%"]
    assert read(falling).splitlines() == ["Fallen most in 24 h against USDT", "ETH 2 -5%"]
    assert read(busiest).splitlines() == [
        "Traded most in 24 h, in USDT",
        "BTC 100M  +1%",
        "ETH 2.5M  -5%",
        "KCS 100k +20%",
    ]
    assert data_of(falling) == ["movers:gainers", "movers:losers", "movers:volume", "movers:losers"]
    assert "None at the moment" in read(await movers("losers", replace(ANNA, quote="BTC")))


async def test_what_is_missing_or_unknown_opens_buttons(book: Ask, movers: Ask) -> None:
    assert data_of(await book())[:2] == ["book:BTC-USDT", "book:ETH-USDT"]
    with pytest.raises(NotFound) as unknown:
        await book("btcc")
    assert unknown.value.buttons[0][0].data == "book:BTC-USDT"
    with pytest.raises(UsageError) as wrong:
        await movers("winners")
    assert [button.data for button in wrong.value.buttons[0]] == ["movers:gainers", "movers:losers", "movers:volume"]


async def test_commands_aliases_and_buttons_lead_here(price: Ask, exchange: MemoryExchange, clock: JumpClock) -> None:
    routes = MarketHandlers(Symbols(exchange, clock), exchange).routes()
    names = {name for route in routes if isinstance(route, Command) for name in (route.name, *route.aliases)}
    assert names == {"price", "p", "book", "movers"}
    assert [route.verb for route in routes if isinstance(route, Press)] == ["price", "book", "movers"]
