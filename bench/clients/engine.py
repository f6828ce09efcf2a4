"""The production alert engine behind a stream of prices."""

from datetime import datetime

from bench.clients.ours import CLOCK, IDS
from tgbot.alerts.monitor import AlertMonitor
from tgbot.core.market import Candle, Interval
from tgbot.db.engine import Database
from tgbot.delivery.outbox import Outbox
from tgbot.kucoin.candles import CandleHub
from tgbot.kucoin.dialer import Dialer
from tgbot.kucoin.hub import TickerHub
from tgbot.markets.prices import PriceBoard


def make_monitor(database: Database, outbox: Outbox, dialer: Dialer, hub: TickerHub, board: PriceBoard) -> AlertMonitor:
    """It hears what the board hears, and believes that nothing was traded while it could not hear."""
    monitor = AlertMonitor(
        database=database,
        clock=CLOCK,
        exchange_clock=CLOCK,
        outbox=outbox,
        feed=hub,
        board=board,
        candles=CandleHub(dialer.public, CLOCK, IDS),
        history=_NoCandles(),
        foreseen=_NoCandles(),
    )
    board.listen(monitor.on_tick, monitor.on_gap)
    return monitor


class _NoCandles:
    async def know_the_time(self) -> None:
        """It has but one clock."""

    async def candles(self, symbol: str, interval: Interval, start: datetime, end: datetime) -> list[Candle]:
        return []
