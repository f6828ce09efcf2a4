"""KuCoin and the paper exchange: opened, connected to each other, and closed together."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from tgbot.core.clock import Clock
from tgbot.core.errors import ConfigError
from tgbot.core.ids import Ids
from tgbot.core.market import SymbolRule, Tick
from tgbot.core.people import Mode
from tgbot.kucoin.account import SpotAccount
from tgbot.kucoin.budget import Patience
from tgbot.kucoin.dialer import Dialer
from tgbot.kucoin.http import make_client, make_transport
from tgbot.kucoin.hub import TickerHub
from tgbot.kucoin.market import SpotMarket
from tgbot.kucoin.readers import fastest
from tgbot.kucoin.rest import Rest
from tgbot.kucoin.server_clock import ExchangeClock
from tgbot.kucoin.sign import Credentials
from tgbot.paper.exchange import PaperExchange
from tgbot.paper.prices import Handed


@dataclass(frozen=True, slots=True)
class Exchanges:
    """Where orders go: KuCoin, and the paper exchange where it is offered. Prices always come from KuCoin; `history`
    is for reading back what many pairs have done, in which no order and no answer to a person may get stuck, `foreseen`
    for that of it by which an alert is to ring. `clock` is KuCoin's."""

    tls: ssl.SSLContext
    clock: Clock
    market: SpotMarket
    history: SpotMarket
    foreseen: SpotMarket
    rests: Mapping[Mode, Rest]
    dialers: Mapping[Mode, Dialer]
    handed: Handed
    paper: PaperExchange | None

    def account(self, mode: Mode, credentials: Credentials) -> SpotAccount:
        return SpotAccount(self.rests[mode], credentials)

    async def symbols(self) -> list[SymbolRule]:
        """The rules of all pairs; the paper exchange trades by the same."""
        rules = await self.market.symbols()
        self.handed.hand_rules(rules)
        return rules

    async def open_account(self, balances: Mapping[str, Decimal]) -> Credentials:
        made = await self._required_paper().open_account(balances)
        return Credentials(made.key, made.secret, made.passphrase)

    async def reset_account(self, key: str, balances: Mapping[str, Decimal]) -> None:
        await self._required_paper().reset_account(key, balances)

    def _required_paper(self) -> PaperExchange:
        if self.paper is None:
            raise ConfigError("paper accounts are turned off (TGBOT_PAPER)")
        return self.paper


@asynccontextmanager
async def open_exchanges(url: str, clock: Clock, ids: Ids, paper_file: Path | None) -> AsyncIterator[Exchanges]:
    """`url` is KuCoin's REST host; without `paper_file` no paper accounts are offered."""
    async with AsyncExitStack() as stack:
        tls = ssl.create_default_context()
        client = await stack.enter_async_context(make_client(make_transport(tls)))
        live = Rest(client, clock, ids, url)
        market = SpotMarket(live)
        handed = _handed(market, clock)
        rests, paper = {Mode.LIVE: live}, None
        if paper_file is not None:
            paper = PaperExchange(handed, clock, ids, paper_file)
            served = await stack.enter_async_context(paper.serve())
            rests[Mode.PAPER] = Rest(client, clock, ids, served.url)
        reader = fastest()
        dialers = {mode: Dialer(rest, tls, clock, ids, reader) for mode, rest in rests.items()}
        history, foreseen = SpotMarket(live, Patience.MUCH), SpotMarket(live, Patience.SOME)
        yield Exchanges(
            tls, ExchangeClock(live.server_clock, clock), market, history, foreseen, rests, dialers, handed, paper
        )


@asynccontextmanager
async def relayed(url: str, clock: Clock, ids: Ids) -> AsyncIterator[Handed]:
    """Every pair of the KuCoin at `url`, at its prices, for a paper exchange that stands alone. Raises `ExchangeError`
    if it cannot be asked for its pairs."""
    async with open_exchanges(url, clock, ids, None) as exchanges, asyncio.TaskGroup() as tasks:
        handed = exchanges.handed
        hub = TickerHub(
            exchanges.dialers[Mode.LIVE].public,
            exchanges.market.all_tickers,
            clock,
            ids,
            on_tick=handed.hand,
            on_gap=lambda symbols: None,
            on_stats=lambda stats: None,
            on_refused=lambda symbol: None,
        )
        for rule in await exchanges.symbols():
            hub.hold(rule.symbol)
        feed = tasks.create_task(hub.run(), name="feed")
        yield handed
        feed.cancel()


def _handed(market: SpotMarket, clock: Clock) -> Handed:
    async def fetch(symbol: str) -> Tick:
        return await market.ticker(symbol)

    return Handed(clock, fetch)
