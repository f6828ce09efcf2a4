"""Somebody else's KuCoin client on our paper exchange: it acts and says what it sees, we compare with what paper has.

Their programs are in `peers/`. Each runs in an environment of its own and prints one JSON object a line; `move` asks
for another price of BTC-USDT, everything else is remembered.
"""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tgbot.core.market import Interval, Tick
from tgbot.core.money import ZERO
from tgbot.core.orders import Order
from tgbot.kucoin.account import SpotAccount
from tgbot.kucoin.http import make_client, make_transport
from tgbot.kucoin.market import SpotMarket
from tgbot.kucoin.rest import Rest
from tgbot.kucoin.sign import Credentials
from tgbot.paper.exchange import PaperExchange
from tgbot.paper.prices import Handed
from tgbot.paper.rules import walk_pairs
from tgbot.system import SystemClock, SystemIds

ROOT = Path(__file__).parents[2]
BTC = "BTC-USDT"
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
    url: str
    credentials: Credentials
    market: SpotMarket
    account: SpotAccount
    quotes: int = 0

    def quote(self, price: str, symbol: str = BTC) -> None:
        self.quotes += 1
        middle = Decimal(price)
        self.prices.hand(Tick(symbol, middle, middle - 1, middle + 1, self.quotes, CLOCK.now()))

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
        await self._check_orders(facts)
        assert facts["balances"] == {"USDT": ["10000", "0"]}
        held = {balance.currency: [balance.available, balance.hold] for balance in await self.account.balances()}
        assert _decimals(facts["balances_at_the_end"]) == held
        assert _decimals(facts["balance_heard"]) == held["USDT"]
        assert _decimals(facts["price_heard"]) == Decimal(67100)

    async def _check_market(self, facts: Facts) -> None:
        rules = await self.market.symbols()
        assert _decimals(facts["markets"]) == {
            rule.symbol: [rule.base, rule.quote, rule.price_increment, rule.base_increment] for rule in rules
        }
        assert _decimals(facts["ticker"]) == [Decimal(67000), Decimal(66999), Decimal(67001)]
        assert _decimals(facts["tickers"]) == {BTC: Decimal(67000), "ETH-USDT": Decimal(2480)}
        assert _decimals(facts["best"]) == [Decimal(66999), Decimal(67001)]
        start, end = (datetime.fromtimestamp(second, UTC) for second in facts["candles_of"])
        candles = await self.market.candles(BTC, Interval.MINUTE_1, start, end)
        ours = {
            int(candle.at.timestamp()): [candle.open, candle.high, candle.low, candle.close, candle.volume]
            for candle in candles
        }
        theirs = {int(second): row for second, *row in _decimals(facts["candles"])}
        assert len(theirs) >= 20
        assert theirs == {second: ours[second] for second in theirs}

    async def _check_orders(self, facts: Facts) -> None:
        bought = await self._order(facts["bought"])
        assert (bought.is_active, bought.filled_funds, bought.filled_size) == _order(facts, "bought")
        assert facts["resting"] in facts["open"]
        cancelled = await self._order(facts["resting"])
        assert (cancelled.is_active, cancelled.is_cancelled, cancelled.filled_size) == (False, True, ZERO)
        filled = await self._order(facts["filled"])
        assert (filled.is_active, filled.filled_funds, filled.filled_size) == _order(facts, "filled")
        trades = await self.account.fills(BTC, facts["filled"])
        assert _decimals(facts["trades"]) == [[fill.price, fill.size, fill.fee] for fill in trades]
        assert facts["refused"]
        heard = facts["orders_heard"]
        assert {facts["bought"], facts["resting"], facts["filled"]} <= set(heard)
        assert heard[facts["resting"]] in {"canceled", "cancelled"}

    async def _order(self, order_id: str) -> Order:
        order = await self.account.order(order_id, BTC)
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
        made = await exchange.open_account({"USDT": Decimal(10_000)})
        credentials = Credentials(made.key, made.secret, made.passphrase)
        rest = Rest(client, CLOCK, IDS, served.url)
        stage = Stage(prices, served.url, credentials, SpotMarket(rest), SpotAccount(rest, credentials))
        stage.quote("2480", "ETH-USDT")
        stage.quote("67000")
        yield stage


def _order(facts: Facts, name: str) -> tuple[bool, Decimal, Decimal]:
    is_active, funds, size = facts[f"{name}_order"]
    return is_active, Decimal(str(funds)), Decimal(str(size))


def _decimals(said: Any) -> Any:
    """The same with numbers and the texts of numbers as `Decimal`."""
    match said:
        case dict():
            return {name: _decimals(value) for name, value in said.items()}
        case list():
            return [_decimals(value) for value in said]
        case str() if said and not said.strip("0123456789.e-"):
            return Decimal(said)
        case int() | float():
            return Decimal(str(said))
    return said
