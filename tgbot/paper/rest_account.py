"""Keys, balances and fees, as KuCoin's REST gives them."""

from tgbot.core.money import plain
from tgbot.paper.budget import Pool
from tgbot.paper.gateway import Call, Operation
from tgbot.paper.market import Market
from tgbot.paper.noise import seed_of
from tgbot.paper.orders import BASE_RATES, Rates
from tgbot.paper.rejections import bad_parameter
from tgbot.paper.signing import Account
from tgbot.paper.stamps import ms
from tgbot.paper.store import Store

_MOST_SYMBOLS = 10


class AccountApi:
    def __init__(self, store: Store, market: Market) -> None:
        self._store = store
        self._market = market

    def operations(self) -> list[Operation]:
        table = [
            ("/api/v1/user/api-key", Pool.MANAGEMENT, 20, self.key),
            ("/api/v1/accounts", Pool.MANAGEMENT, 5, self.balances),
            ("/api/v1/hf/accounts/opened", Pool.SPOT, 30, self.is_high_frequency),
            ("/api/ua/v1/account/mode", Pool.MANAGEMENT, 30, self.mode),
            ("/api/v1/base-fee", Pool.SPOT, 3, self.base_fee),
            ("/api/v1/trade-fees", Pool.SPOT, 3, self.trade_fees),
        ]
        return [Operation("GET", path, pool, weight, handler, "General") for path, pool, weight, handler in table]

    async def key(self, call: Call) -> dict[str, object]:
        account = call.account
        return {
            "remark": "paper",
            "apiKey": account.key,
            "apiVersion": 3,
            "permission": account.permission,
            "createdAt": ms(account.created_at),
            "uid": account.uid,
            "isMaster": True,
        }

    async def balances(self, call: Call) -> list[dict[str, object]]:
        """All are in the trading account (once called `trade_hf`); the funding account (`main`) is empty."""
        currency, kind = call.query.get("currency"), call.query.get("type")
        if kind not in (None, "", "trade", "trade_hf"):
            return []
        return [
            {
                "id": account_id(call.account, balance.currency),
                "currency": balance.currency,
                "type": "trade",
                "balance": plain(balance.total),
                "available": plain(balance.available),
                "holds": plain(balance.hold),
            }
            for balance in self._store.balances(call.account.key).values()
            if currency in (None, "", balance.currency)
        ]

    async def is_high_frequency(self, _: Call) -> bool:
        return True

    async def mode(self, _: Call) -> dict[str, str]:
        return {"selfAccountMode": "CLASSIC"}

    async def base_fee(self, _: Call) -> dict[str, str]:
        return _fees(BASE_RATES)

    async def trade_fees(self, call: Call) -> list[dict[str, str]]:
        symbols = [symbol for symbol in call.query.get("symbols", "").split(",") if symbol]
        if not 1 <= len(symbols) <= _MOST_SYMBOLS:
            raise bad_parameter("symbols: one to ten are required")
        # Before the pair's coefficients: KuCoin's own words are that this rate still has to be multiplied by them.
        return [{"symbol": self._market.rule(symbol).symbol, **_fees(BASE_RATES)} for symbol in symbols]


def account_id(account: Account, currency: str) -> str:
    """KuCoin gives each currency's trading account a number."""
    return f"{account.uid}{seed_of(currency) % 1_000_000:06d}"


def _fees(rates: Rates) -> dict[str, str]:
    return {"takerFeeRate": plain(rates.taker), "makerFeeRate": plain(rates.maker)}
