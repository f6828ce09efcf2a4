"""What KuCoin's examples mean, whole, so that nothing in them can be read from the wrong field unnoticed.

Where an example gives two fields the same value, `tests/kucoin` gives them different ones.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from tgbot.core.keys import AccountMode, KeyInfo
from tgbot.core.market import Announcement, Book, Candle, Level, ServiceStatus, Stats, SymbolRule, Tick, Topic
from tgbot.core.orders import (
    Balance,
    BalanceChange,
    ChangeKind,
    Direction,
    Fees,
    Fill,
    OcoLeg,
    OcoOrder,
    Order,
    OrderAck,
    OrderChange,
    OrderType,
    Side,
    StopChange,
    StopOrder,
    StopStatus,
    Trigger,
)
from tgbot.kucoin.feed import ALL_TICKERS, BALANCES, CANDLES, ORDERS, SNAPSHOT, STOPS, TICKER

D = Decimal
at = datetime.fromisoformat
BTC = "BTC-USDT"
ANNOUNCED = (
    "To enrich the variety of assets available, KuCoin’s Isolated Margin Trading platform has added the Scroll (SCR) "
    "asset and trading pair."
)
LIFE = {"ping_every": timedelta(seconds=18), "pong_within": timedelta(seconds=10)}

RULE = SymbolRule(
    symbol=BTC,
    base="BTC",
    quote="USDT",
    fee_currency="USDT",
    base_min=D("0.00001"),
    base_max=D(10_000_000_000),
    base_increment=D("0.00000001"),
    quote_min=D("0.1"),
    quote_max=D(99_999_999),
    quote_increment=D("0.000001"),
    price_increment=D("0.1"),
    price_limit_rate=D("0.1"),
    min_funds=D("0.1"),
    is_trading=True,
    maker_coefficient=D(1),
    taker_coefficient=D(1),
)
FILLED = Order(
    order_id="6717422bd51c29000775ea03",
    client_oid="5c52e11203aa677f33e493fb",
    symbol=BTC,
    side=Side.BUY,
    type=OrderType.LIMIT,
    price=D(70000),
    size=D("0.00001"),
    funds=D("0.7"),
    filled_size=D("0.00001"),
    filled_funds=D("0.677176"),
    fee=D("0.000677176"),
    fee_currency="USDT",
    is_active=False,
    is_cancelled=False,
    created_at=at("2024-10-22T06:11:55.444Z"),
)
OPEN = replace(
    FILLED,
    order_id="67120bbef094e200070976f6",
    price=D(50000),
    funds=D("0.5"),
    filled_size=D(0),
    filled_funds=D(0),
    fee=D(0),
    is_active=True,
    created_at=at("2024-10-18T07:18:22.748Z"),
)
FILL = Fill(
    trade_id="0",
    order_id="6717422bd51c29000775ea03",
    symbol=BTC,
    side=Side.BUY,
    price=D("67717.6"),
    size=D("0.00001"),
    funds=D("0.677176"),
    fee=D("0.000677176"),
    fee_currency="USDT",
    is_maker=False,
    at=at("2024-10-22T06:11:55.473Z"),
)
STOP = StopOrder(
    order_id="vs8hoo8q2ceshiue003b67c0",
    client_oid="40e0eb9efe6311eb8e58acde48001122",
    symbol="KCS-USDT",
    side=Side.BUY,
    type=OrderType.LIMIT,
    price=D("0.01"),
    size=D("0.01"),
    funds=D(0),
    trigger=Trigger(D(10), Direction.DOWN),
    status=StopStatus.WAITING,
    created_at=at("2021-08-16T07:26:21.128Z"),
    triggered_at=None,
)
WAITING = replace(
    STOP,
    order_id="vs93gptvr9t2fsql003l8k5p",
    client_oid="5c52e11203aa677f222233e493fb",
    symbol=BTC,
    price=D(50000),
    size=D("0.00001"),
    trigger=Trigger(D(60000), Direction.DOWN),
    created_at=at("2025-02-27T03:22:34.884Z"),
)
OCO = OcoOrder(
    order_id="674c3b6e688dea0007c7bab2",
    client_oid="5c52e1203aa6f37f1e493fb",
    symbol=BTC,
    status=StopStatus.WAITING,
    created_at=at("2024-12-01T10:33:18.863Z"),
    legs=(
        OcoLeg("vs93gpqc7dn6h3fa003sfelj", Side.BUY, D(94000), D(94000), D("0.1"), StopStatus.WAITING),
        OcoLeg("vs93gpqc7dn6h3fa003sfelk", Side.BUY, D(96000), D(98000), D("0.1"), StopStatus.WAITING),
    ),
)
LEGLESS = replace(
    OCO,
    order_id="674c3cfa72cf2800072ee7ce",
    client_oid="5c52e1203aa6f3g7f1e493fb",
    created_at=at("2024-12-01T10:39:54.803Z"),
    legs=(),
)

# By call. Of rows it is the first, of a line that is open what is said of it.
UNDERSTOOD: dict[str, Any] = {
    "server_time": at("2024-10-16T17:44:52.873Z"),
    "status": ServiceStatus.OPEN,
    "symbols": RULE,
    "ticker": Tick(BTC, D(67269), D("67267.5"), D("67267.6"), 14609309753, at("2024-10-17T13:49:25.609Z")),
    "all_tickers": Stats(
        symbol=BTC,
        last=D(67193),
        bid=D("67192.5"),
        ask=D("67192.6"),
        high=D("68321.4"),
        low=D("66683.3"),
        change=D("-0.0014"),
        volume=D("1836.03034612"),
        turnover=D("124068431.06726933"),
        at=at("2024-10-17T13:53:27.043Z"),
    ),
    "stats": Stats(
        symbol=BTC,
        last=D("66981.5"),
        bid=D("66982.4"),
        ask=D("66982.5"),
        high=D("68107.7"),
        low=D("66683.3"),
        change=D("-0.0114"),
        volume=D("1738.02898182"),
        turnover=D("117321982.415978333"),
        at=at("2024-10-17T14:33:32.158Z"),
    ),
    "candles": Candle(
        at=at("2019-08-26T03:20:00Z"),
        open=D("10408.6"),
        high=D(10416),
        low=D("10405.4"),
        close=D(10416),
        volume=D("12.45584973"),
    ),
    "book": Book(
        BTC,
        bids=(Level(D("66976.4"), D("0.69109872")), Level(D("66976.3"), D("0.14377"))),
        asks=(Level(D("66976.5"), D("0.05408199")), Level(D("66976.8"), D("0.0005"))),
        at=at("2024-10-17T14:44:33.859Z"),
    ),
    "announcements": Announcement(
        id=129045,
        topic=Topic.LISTING,
        title="KuCoin Isolated Margin Adds the Scroll (SCR) Trading Pair",
        text=ANNOUNCED,
        url="https://www.kucoin.com/announcement/kucoin-isolated-margin-adds-scr?lang=en_US",
        at=at("2024-10-22T10:47:23Z"),
    ),
    "key_info": KeyInfo(
        permissions=frozenset({"General", "Futures", "Spot", "Earn", "InnerTransfer", "Transfer", "Margin"}),
        ip_whitelist=("203.**.154", "103.**.34"),
        created_at=at("2024-10-09T03:17:23Z"),
        uid="165111215",
        is_master=True,
        remark="account1",
        api_version=3,
    ),
    "account_mode": AccountMode.CLASSIC,
    "know_the_time": None,
    "balances": [Balance("USDT", D("26.66759503"), D(0))],
    "fees": Fees(maker=D("0.001"), taker=D("0.001")),
    "send": OrderAck("670fd33bf9406e0007ab3945", "5c52e11203aa677f33e493fb"),
    "order": FILLED,
    "order_by_client_oid": FILLED,
    "open_symbols": ["ETH-USDT", BTC],
    "open_orders": OPEN,
    "done_orders": replace(FILLED, order_id="0"),
    "fills": FILL,
    "cancel": None,
    "cancel_by_client_oid": None,
    "cancel_all": None,
    "stops.find": STOP,
    "stops.find_by_client_oid": replace(
        STOP,
        order_id="vs8hoo8os561f5np0032vngj",
        client_oid="2b700942b5db41cebe578cff48960e09",
        trigger=Trigger(D(1), Direction.DOWN),
        created_at=at("2021-08-15T09:41:32.837Z"),
    ),
    "stops.waiting": WAITING,
    "stops.cancel": None,
    "stops.cancel_by_client_oid": None,
    "stops.cancel_all": None,
    "ocos.find": OCO,
    "ocos.find_by_client_oid": LEGLESS,
    "ocos.waiting": LEGLESS,
    "ocos.cancel": None,
    "ocos.cancel_by_client_oid": None,
    "ocos.cancel_all": None,
    "public": LIFE,
    "private": LIFE,
}

# By topic.
HEARD: dict[str, Any] = {
    TICKER + "{symbol}": Tick(BTC, D("0.08"), D("0.049"), D("0.08"), 1545896668986, at("2024-01-10T07:55:23.416Z")),
    ALL_TICKERS: Tick(BTC, D(67220), D("67218.6"), D("67218.7"), 14691455768, at("2024-10-24T08:15:23.612Z")),
    SNAPSHOT + "{symbol}": Stats(
        symbol=BTC,
        last=D("67158.1"),
        bid=D("67158.1"),
        ask=D("67158.2"),
        high=D("67611.8"),
        low=D("65257.1"),
        change=D("0.0047"),
        volume=D("2227.69895852"),
        turnover=D("147972941.07857507"),
        at=at("2024-10-24T08:24:46.011Z"),
    ),
    CANDLES + "{symbol}_{type}": Candle(
        at=at("2024-10-25T07:00:00Z"),
        open=D("67644.9"),
        high=D("67724.8"),
        low=D("67243.8"),
        close=D("67437.6"),
        volume=D("44.88321441"),
    ),
    ORDERS: OrderChange(
        client_oid="5c52e11203aa677f33e493fc",
        order_id="6720da3fa30a360007f5f832",
        symbol=BTC,
        kind=ChangeKind.RECEIVED,
        is_done=False,
        filled_size=None,
        remain_size=None,
        trade_id=None,
        at=at("2024-10-29T12:51:11.616Z"),
    ),
    STOPS: StopChange("vs93gpupfa48anof003u85mb", BTC, StopStatus.WAITING, at("2025-03-18T13:52:08.091268Z")),
    BALANCES: BalanceChange("USDT", D("20.132773386762"), D("1.001"), at("2024-10-30T06:21:23.892Z")),
}
