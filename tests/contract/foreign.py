"""Somebody else's KuCoin client on our paper exchange: it acts and says what it sees, we compare with what paper has.

Their programs are in `peers/`. Each runs in an environment of its own and prints one JSON object a line; `move` asks
for another price of BTC-USDT, everything else is remembered. What book, orders, trades and balances have to be is
looked up behind the REST of the exchange, since our own client would be told there what they were told.
"""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tgbot.core.market import Interval, Tick
from tgbot.core.orders import OrderType
from tgbot.kucoin.http import make_client, make_transport
from tgbot.kucoin.market import SpotMarket
from tgbot.kucoin.rest import Rest
from tgbot.paper.book import ladder
from tgbot.paper.exchange import Credentials, PaperExchange
from tgbot.paper.orders import PaperOrder
from tgbot.paper.prices import Handed
from tgbot.paper.rules import walk_pairs
from tgbot.paper.store import Page
from tgbot.system import SystemClock, SystemIds

ROOT = Path(__file__).parents[2]
BTC = "BTC-USDT"
LEVELS = 20
CLOCK, IDS = SystemClock(), SystemIds()  # their clients know no other clock

Facts = dict[str, Any]


def peer_python(name: str) -> Path:
    """The python with that client, or a skip."""
    python = ROOT / f".venv-{name}/bin/python"
    if not python.exists():
        pytest.skip(f"no environment for {name}: `python3 dev.py test -m peers` makes it")
    return python


@dataclass
class Stage:
    """A paper exchange whose price the play moves, an account with 10,000 USDT, and our own client beside theirs."""

    prices: Handed
    exchange: PaperExchange
    url: str
    credentials: Credentials
    market: SpotMarket
    ticks: dict[str, list[Tick]] = field(default_factory=dict)

    def quote(self, price: str, symbol: str = BTC) -> None:
        ticks = self.ticks.setdefault(symbol, [])
        middle = Decimal(price)
        ticks.append(Tick(symbol, middle, middle - 1, middle + 1, len(ticks) + 1, CLOCK.now()))
        self.prices.hand(ticks[-1])

    async def play(self, python: Path, program: str) -> Facts:
        """What the program said, once it has ended well."""
        keys = (self.credentials.key, self.credentials.secret, self.credentials.passphrase)
        process = await asyncio.create_subprocess_exec(
            python,
            Path(__file__).parent / "peers" / program,
            self.url,
            *keys,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        assert process.stdout is not None
        assert process.stderr is not None
        complaints = asyncio.ensure_future(process.stderr.read())
        facts: Facts = {}
        try:
            async for line in process.stdout:
                said = json.loads(line)
                if "move" in said:
                    self.quote(said["move"])
                facts |= said
            await process.wait()
        finally:
            if process.returncode is None:
                process.kill()
        assert process.returncode == 0, f"after {facts}:\n{(await complaints).decode()}"
        return facts

    async def check(self, facts: Facts) -> None:
        """Everything that was said is so."""
        await self._check_market(facts)
        self._check_book(facts)
        self._check_orders(facts)
        assert facts["balances"] == {"USDT": ["10000", "0"]}
        balances = self.exchange._store.balances(self.credentials.key)
        held = {currency: [balance.available, balance.hold] for currency, balance in balances.items()}
        assert _decimals(facts["balances_at_the_end"]) == held
        assert _decimals(facts["balance_heard"]) == held["USDT"]
        assert _decimals(facts["price_heard"]) == self.ticks[BTC][-1].price

    async def _check_market(self, facts: Facts) -> None:
        rules = await self.market.symbols()
        assert _decimals(facts["markets"]) == {
            rule.symbol: [rule.base, rule.quote, rule.price_increment, rule.base_increment] for rule in rules
        }
        start, end = (datetime.fromtimestamp(second, UTC) for second in facts["candles_of"])
        candles = await self.market.candles(BTC, Interval.MINUTE_1, start, end)
        ours = {
            int(candle.at.timestamp()): [candle.open, candle.high, candle.low, candle.close, candle.volume]
            for candle in candles
        }
        theirs = {int(second): row for second, *row in _decimals(facts["candles"])}
        assert len(theirs) >= 20
        assert theirs == {second: ours[second] for second in theirs}

    def _check_book(self, facts: Facts) -> None:
        """They look before they ask for another price: at the first."""
        first = self.ticks[BTC][0]
        book = ladder(first, self.exchange.market.rule(BTC), LEVELS)
        assert _decimals(facts["ticker"]) == [first.price, first.bid, first.ask]
        assert _decimals(facts["tickers"]) == {symbol: ticks[0].price for symbol, ticks in self.ticks.items()}
        assert _decimals(facts["bids"]) == [[level.price, level.size] for level in book.bids]
        assert _decimals(facts["asks"]) == [[level.price, level.size] for level in book.asks]
        assert (len(book.bids), len(book.asks)) == (LEVELS, LEVELS)

    def _check_orders(self, facts: Facts) -> None:
        """What they placed is what paper has taken in; what they listed, and looked at in the end, is what it has."""
        orders = {order_id: self._order(order_id) for order_id in facts["placed"]}
        kept = {order_id: _terms(order) for order_id, order in orders.items()}
        assert _decimals(facts["placed"]) == kept
        assert {side for side, *_ in kept.values()} == {"buy", "sell"}
        listed = {order_id: kept[order_id] for order_id in (facts["resting"], facts["offered"])}
        assert _decimals(facts["open"]) == listed
        assert _decimals(facts["orders"]) == {
            order_id: [*kept[order_id], order.is_active, order.deal_size, order.deal_funds]
            for order_id, order in orders.items()
        }
        trades = self.exchange._store.fills(self.credentials.key, Page(BTC, 20, order_id=facts["filled"]))
        assert _decimals(facts["trades"]) == [
            [trade.side.value, trade.price, trade.size, trade.fee] for trade in trades
        ]
        assert facts["refused"]
        heard = facts["orders_heard"]
        assert set(heard) == set(orders)
        assert [order_id for order_id in heard if heard[order_id] in {"canceled", "cancelled"}] == [facts["resting"]]

    def _order(self, order_id: str) -> PaperOrder:
        order = self.exchange._store.order(self.credentials.key, order_id)
        assert order is not None
        return order


@asynccontextmanager
async def staged() -> AsyncIterator[Stage]:
    rules = {rule.symbol: rule for rule, _ in walk_pairs()}
    prices = Handed(CLOCK)
    prices.hand_rules(rules[symbol] for symbol in (BTC, "ETH-USDT", "PEPE-USDT", "ETH-BTC"))
    exchange = PaperExchange(prices, CLOCK, IDS)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    async with exchange.serve() as served, make_client(make_transport(context)) as client:
        credentials = await exchange.open_account({"USDT": Decimal(10_000)})
        market = SpotMarket(Rest(client, CLOCK, IDS, served.url))
        stage = Stage(prices, exchange, served.url, credentials, market)
        stage.quote("2480", "ETH-USDT")
        stage.quote("67000")
        yield stage


def _terms(order: PaperOrder) -> list[Any]:
    """Side, price and size; a market order has no price, and instead of its size there is what it may spend."""
    if order.type is OrderType.MARKET:
        return [order.side.value, "market", order.funds]
    return [order.side.value, order.price, order.size]


def _decimals(said: Any) -> Any:
    """The same with numbers and the texts of numbers as `Decimal`."""
    match said:
        case dict():
            return {name: _decimals(value) for name, value in said.items()}
        case list():
            return [_decimals(value) for value in said]
        case str() if said and not said.strip("0123456789.e-"):
            return Decimal(said)
        case int() | float() if not isinstance(said, bool):
            return Decimal(str(said))
    return said
