"""Every REST call in use, as KuCoin's catalogue has it, or else `tests/contract/amendments.json` with a source.
`docs/reference/kucoin.md` is made from this list."""

from dataclasses import dataclass
from enum import StrEnum


class Pool(StrEnum):
    """Quotas are counted per pool: the public one by address, the others by account."""

    PUBLIC = "Public"
    SPOT = "Spot"
    MANAGEMENT = "Management"


@dataclass(frozen=True, slots=True)
class Operation:
    """`path` may hold names in braces. `weight` is what a call takes from its pool. `permission` is the right that a
    key must have; a call without one is public and goes out unsigned."""

    method: str
    path: str
    pool: Pool
    weight: int
    permission: str | None = None


GENERAL, SPOT = "General", "Spot"

SERVER_TIME = Operation("GET", "/api/v1/timestamp", Pool.PUBLIC, 3)
STATUS = Operation("GET", "/api/v1/status", Pool.PUBLIC, 3)
SYMBOLS = Operation("GET", "/api/v2/symbols", Pool.PUBLIC, 4)
TICKER = Operation("GET", "/api/v1/market/orderbook/level1", Pool.PUBLIC, 2)
ALL_TICKERS = Operation("GET", "/api/v1/market/allTickers", Pool.PUBLIC, 15)
STATS = Operation("GET", "/api/v1/market/stats", Pool.PUBLIC, 15)
CANDLES = Operation("GET", "/api/v1/market/candles", Pool.PUBLIC, 3)
BOOK = Operation("GET", "/api/v1/market/orderbook/level2_{size}", Pool.PUBLIC, 2)
ANNOUNCEMENTS = Operation("GET", "/api/v3/announcements", Pool.PUBLIC, 20)
PUBLIC_BULLET = Operation("POST", "/api/v1/bullet-public", Pool.PUBLIC, 10)

KEY_INFO = Operation("GET", "/api/v1/user/api-key", Pool.MANAGEMENT, 20, GENERAL)
ACCOUNT_MODE = Operation("GET", "/api/ua/v1/account/mode", Pool.MANAGEMENT, 30, GENERAL)
ACCOUNTS = Operation("GET", "/api/v1/accounts", Pool.MANAGEMENT, 5, GENERAL)
FEES = Operation("GET", "/api/v1/trade-fees", Pool.SPOT, 3, GENERAL)
PRIVATE_BULLET = Operation("POST", "/api/v1/bullet-private", Pool.SPOT, 10, GENERAL)

PLACE_ORDER = Operation("POST", "/api/v1/hf/orders", Pool.SPOT, 1, SPOT)
ORDER = Operation("GET", "/api/v1/hf/orders/{orderId}", Pool.SPOT, 2, GENERAL)
ORDER_BY_CLIENT_OID = Operation("GET", "/api/v1/hf/orders/client-order/{clientOid}", Pool.SPOT, 2, GENERAL)
OPEN_ORDERS = Operation("GET", "/api/v1/hf/orders/active", Pool.SPOT, 2, GENERAL)
OPEN_SYMBOLS = Operation("GET", "/api/v1/hf/orders/active/symbols", Pool.SPOT, 2, SPOT)
DONE_ORDERS = Operation("GET", "/api/v1/hf/orders/done", Pool.SPOT, 2, GENERAL)
FILLS = Operation("GET", "/api/v1/hf/fills", Pool.SPOT, 2, GENERAL)
CANCEL_ORDER = Operation("DELETE", "/api/v1/hf/orders/{orderId}", Pool.SPOT, 1, SPOT)
CANCEL_BY_CLIENT_OID = Operation("DELETE", "/api/v1/hf/orders/client-order/{clientOid}", Pool.SPOT, 1, SPOT)
CANCEL_ALL = Operation("DELETE", "/api/v1/hf/orders", Pool.SPOT, 2, SPOT)

PLACE_STOP_ORDER = Operation("POST", "/api/v1/stop-order", Pool.SPOT, 1, SPOT)
STOP_ORDER = Operation("GET", "/api/v1/stop-order/{orderId}", Pool.SPOT, 3, GENERAL)
STOP_ORDER_BY_CLIENT_OID = Operation("GET", "/api/v1/stop-order/queryOrderByClientOid", Pool.SPOT, 3, GENERAL)
STOP_ORDERS = Operation("GET", "/api/v1/stop-order", Pool.SPOT, 8, GENERAL)
CANCEL_STOP_ORDERS = Operation("DELETE", "/api/v1/stop-order/cancel", Pool.SPOT, 3, SPOT)

PLACE_OCO = Operation("POST", "/api/v3/oco/order", Pool.SPOT, 2, SPOT)
OCO = Operation("GET", "/api/v3/oco/order/details/{orderId}", Pool.SPOT, 2, GENERAL)
OCO_BY_CLIENT_OID = Operation("GET", "/api/v3/oco/client-order/{clientOid}", Pool.SPOT, 2, GENERAL)
OCOS = Operation("GET", "/api/v3/oco/orders", Pool.SPOT, 2, GENERAL)
CANCEL_OCO = Operation("DELETE", "/api/v3/oco/order/{orderId}", Pool.SPOT, 3, SPOT)
CANCEL_OCO_BY_CLIENT_OID = Operation("DELETE", "/api/v3/oco/client-order/{clientOid}", Pool.SPOT, 3, SPOT)
CANCEL_OCOS = Operation("DELETE", "/api/v3/oco/orders", Pool.SPOT, 3, SPOT)
