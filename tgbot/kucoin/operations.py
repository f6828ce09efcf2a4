"""Every REST call in use, with the pool and the weight it costs there (KuCoin's catalogue)."""

from dataclasses import dataclass
from enum import StrEnum


class Pool(StrEnum):
    """Quotas are counted per pool: the public one by address, the others by account."""

    PUBLIC = "Public"
    SPOT = "Spot"
    MANAGEMENT = "Management"


@dataclass(frozen=True, slots=True)
class Operation:
    """`path` may hold names in braces. A private operation is signed."""

    method: str
    path: str
    pool: Pool
    weight: int

    @property
    def is_private(self) -> bool:
        return self.pool is not Pool.PUBLIC


SERVER_TIME = Operation("GET", "/api/v1/timestamp", Pool.PUBLIC, 3)
STATUS = Operation("GET", "/api/v1/status", Pool.PUBLIC, 3)
SYMBOLS = Operation("GET", "/api/v2/symbols", Pool.PUBLIC, 4)
TICKER = Operation("GET", "/api/v1/market/orderbook/level1", Pool.PUBLIC, 2)
ALL_TICKERS = Operation("GET", "/api/v1/market/allTickers", Pool.PUBLIC, 15)
STATS = Operation("GET", "/api/v1/market/stats", Pool.PUBLIC, 15)
CANDLES = Operation("GET", "/api/v1/market/candles", Pool.PUBLIC, 3)
BOOK = Operation("GET", "/api/v1/market/orderbook/level2_{size}", Pool.PUBLIC, 2)
PUBLIC_BULLET = Operation("POST", "/api/v1/bullet-public", Pool.PUBLIC, 10)

KEY_INFO = Operation("GET", "/api/v1/user/api-key", Pool.MANAGEMENT, 20)
ACCOUNT_MODE = Operation("GET", "/api/ua/v1/account/mode", Pool.MANAGEMENT, 5)  # weight unpublished: a guess
ACCOUNTS = Operation("GET", "/api/v1/accounts", Pool.MANAGEMENT, 5)
FEES = Operation("GET", "/api/v1/trade-fees", Pool.SPOT, 3)
PRIVATE_BULLET = Operation("POST", "/api/v1/bullet-private", Pool.SPOT, 10)

PLACE_ORDER = Operation("POST", "/api/v1/hf/orders", Pool.SPOT, 1)
ORDER = Operation("GET", "/api/v1/hf/orders/{orderId}", Pool.SPOT, 2)
ORDER_BY_CLIENT_OID = Operation("GET", "/api/v1/hf/orders/client-order/{clientOid}", Pool.SPOT, 2)
OPEN_ORDERS = Operation("GET", "/api/v1/hf/orders/active", Pool.SPOT, 2)
OPEN_SYMBOLS = Operation("GET", "/api/v1/hf/orders/active/symbols", Pool.SPOT, 2)
DONE_ORDERS = Operation("GET", "/api/v1/hf/orders/done", Pool.SPOT, 2)
FILLS = Operation("GET", "/api/v1/hf/fills", Pool.SPOT, 2)
CANCEL_ORDER = Operation("DELETE", "/api/v1/hf/orders/{orderId}", Pool.SPOT, 1)
CANCEL_BY_CLIENT_OID = Operation("DELETE", "/api/v1/hf/orders/client-order/{clientOid}", Pool.SPOT, 1)
CANCEL_ALL = Operation("DELETE", "/api/v1/hf/orders", Pool.SPOT, 2)
