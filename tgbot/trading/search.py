"""Which orders that may be ours KuCoin has on one account: what is open, and what has ended of late."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass

import structlog

from tgbot.core.errors import ExchangeRejected, Reason
from tgbot.core.money import ZERO
from tgbot.core.orders import Order
from tgbot.kucoin.account import SpotAccount
from tgbot.kucoin.signed import OF_THE_KEY
from tgbot.markets.symbols import Symbols
from tgbot.trading.elsewhere import Elsewhere
from tgbot.trading.kinds import LISTED_FOR
from tgbot.trading.rules.adoption import may_be_ours

log = structlog.get_logger()

QUOTES = ("USDT", "USDC", "BTC")
# A refusal for one of these is met whichever pair is asked for.
OF_THE_ACCOUNT = OF_THE_KEY | {Reason.CLOCK, Reason.ACCOUNT, Reason.TOO_MANY, Reason.THROTTLED}


@dataclass(frozen=True, slots=True)
class Found:
    """Orders by their clientOid, OCOs without their legs; and the pairs of which KuCoin does not list the orders."""

    orders: Mapping[str, Elsewhere]
    refused: Collection[str]


class AccountSearch:
    """Of pairs that can be traded: in no other could an order be taken over."""

    def __init__(self, spot: SpotAccount, symbols: Symbols, mark: str) -> None:
        self._spot = spot
        self._symbols = symbols
        self._mark = mark
        self._refused: set[str] = set()

    async def run(self, pairs: Collection[str]) -> Found:
        """What is open in any pair, and what ended within seven days in these, and in those that the account has orders
        in or holds coins of. Raises `ExchangeRejected` where not the pair but the account is refused, and
        `ExchangeUnavailable`."""
        await self._spot.know_the_time()
        # What is triggered meanwhile goes from the first list to the next one, and what ends goes to the last.
        waiting: list[Elsewhere] = [*await self._spot.stops.waiting(), *await self._spot.ocos.waiting()]
        found = [order for order in waiting if self._symbols.knows(order.symbol)]
        found += await self._of_each(await self._spot.open_symbols(), self._spot.open_orders)
        asked = {*pairs, *(order.symbol for order in found), *await self._pairs_held()}
        found += await self._of_each(asked, self._ended)
        ours = {order.client_oid: order for order in found if may_be_ours(order.client_oid, self._mark)}
        return Found(ours, self._refused)

    async def _of_each(self, pairs: Collection[str], ask: Callable[[str], Awaitable[list[Order]]]) -> list[Order]:
        """One pair that is refused, being delisted for instance, does not hide the others."""
        found: list[Order] = []
        for pair in sorted(pair for pair in pairs if self._symbols.knows(pair)):
            try:
                found += await ask(pair)
            except ExchangeRejected as error:
                if error.reason in OF_THE_ACCOUNT:
                    raise
                log.warning("pair_not_searched", pair=pair, code=error.code)
                self._refused.add(pair)
        return found

    async def _ended(self, pair: str) -> list[Order]:
        until = self._spot.exchange_time()
        return await self._spot.done_orders(pair, until - LISTED_FOR, until)

    async def _pairs_held(self) -> set[str]:
        held = [balance.currency for balance in await self._spot.balances() if balance.total > ZERO]
        return {f"{currency}-{quote}" for currency in held for quote in QUOTES}
