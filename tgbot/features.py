"""Features, each built on the same ground and connected with the others by what it is handed."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from tgbot.accounts.guards.service import Guards
from tgbot.accounts.store import find as find_person
from tgbot.alerts.drafts import Drafts
from tgbot.alerts.handlers import AlertsHandlers
from tgbot.alerts.marks import alert_marks
from tgbot.alerts.monitor import AlertMonitor
from tgbot.alerts.news.monitor import NewsMonitor
from tgbot.alerts.news.service import News
from tgbot.alerts.service import Alerts
from tgbot.alerts.timers import AlertTimers
from tgbot.alerts.watches.handlers import WatchesHandlers
from tgbot.alerts.watches.live import LivePrices
from tgbot.alerts.watches.service import Watches
from tgbot.core.clock import Clock
from tgbot.core.errors import UserError
from tgbot.core.ids import Ids
from tgbot.core.people import Mode
from tgbot.core.routing import Route
from tgbot.credentials.service import Keys
from tgbot.db.engine import Database, WriteSession
from tgbot.delivery.outbox import Outbox
from tgbot.exchanges import Exchanges
from tgbot.intake.store import Dialogues
from tgbot.kucoin.hub import TickerHub
from tgbot.markets.charts.handlers import ChartHandlers
from tgbot.markets.charts.service import Charts
from tgbot.markets.handlers import MarketHandlers
from tgbot.markets.prices import PriceBoard, Prices
from tgbot.markets.symbols import Symbols
from tgbot.portfolio.handlers import PortfolioHandlers
from tgbot.portfolio.service import Portfolio
from tgbot.trading.handlers import TradingHandlers
from tgbot.trading.marks import trading_marks
from tgbot.trading.orders import Orders
from tgbot.trading.reconcile import Reconciler
from tgbot.trading.sending import Sending
from tgbot.trading.streams import AccountStreams
from tgbot.trading.tickets import Tickets

Role = Coroutine[Any, Any, None]
OnChatGone = Callable[[WriteSession, int], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Ground:
    """What every feature stands on."""

    clock: Clock
    ids: Ids
    database: Database
    outbox: Outbox
    dialogues: Dialogues
    keys: Keys
    guards: Guards
    exchanges: Exchanges
    symbols: Symbols
    board: PriceBoard
    prices: Prices
    hub: TickerHub


def lay_ground(clock: Clock, ids: Ids, database: Database, outbox: Outbox, keys: Keys, exchanges: Exchanges) -> Ground:
    board = PriceBoard(clock)
    board.listen(exchanges.handed.hand)
    hub = TickerHub(
        exchanges.dialers[Mode.LIVE].public,
        exchanges.market.all_tickers,
        clock,
        ids,
        on_tick=board.on_tick,
        on_gap=board.on_gap,
        on_stats=board.on_stats,
        on_refused=board.on_refused,
    )
    exchanges.handed.feed_from(hub)
    return Ground(
        clock=clock,
        ids=ids,
        database=database,
        outbox=outbox,
        dialogues=Dialogues(),
        keys=keys,
        guards=Guards(database, clock),
        exchanges=exchanges,
        symbols=Symbols(exchanges, clock),
        board=board,
        prices=Prices(exchanges.market, board),
        hub=hub,
    )


@dataclass(frozen=True, slots=True)
class Features:
    """What they answer to, what they do all the time, and who has to know when Telegram says that a chat is gone."""

    routes: Sequence[Route]
    roles: Mapping[str, Role]
    on_chat_gone: Sequence[OnChatGone] = ()


def build_features(ground: Ground) -> Features:
    built = [_trading(ground), _markets(ground), _alerts(ground), _watches(ground)]
    return Features(
        [route for features in built for route in features.routes],
        {name: role for features in built for name, role in features.roles.items()},
        [on_chat_gone for features in built for on_chat_gone in features.on_chat_gone],
    )


def _trading(ground: Ground) -> Features:
    """Orders, and the portfolio, which reads what they have become."""
    reconciler = Reconciler(ground.database, ground.clock, ground.keys, ground.outbox)
    tickets = Tickets(
        database=ground.database,
        clock=ground.clock,
        ids=ground.ids,
        keys=ground.keys,
        symbols=ground.symbols,
        prices=ground.prices,
        books=ground.exchanges.market,
        dialogues=ground.dialogues,
        guards=ground.guards,
    )
    sending = Sending(
        database=ground.database,
        clock=ground.clock,
        ids=ground.ids,
        keys=ground.keys,
        prices=ground.prices,
        tickets=tickets,
        outbox=ground.outbox,
        reconciler=reconciler,
    )
    orders = Orders(ground.database, ground.clock, ground.keys, reconciler)
    portfolio = Portfolio(ground.keys, ground.exchanges.market, orders.fills, ground.clock)
    streams = AccountStreams(ground.keys, reconciler, ground.exchanges.dialers, ground.clock, ground.ids)
    routes = [
        *TradingHandlers(tickets, sending, orders, ground.symbols).routes(),
        *PortfolioHandlers(portfolio, ground.symbols).routes(),
    ]
    return Features(routes, {"orders": reconciler.run(), "accounts": streams.run()})


def _markets(ground: Ground) -> Features:
    marks = (partial(trading_marks, ground.database, ground.keys), partial(alert_marks, ground.database))
    charts = Charts(ground.exchanges.market, ground.clock, marks)
    routes = [
        *MarketHandlers(ground.symbols, ground.exchanges.market).routes(),
        *ChartHandlers(ground.symbols, charts).routes(),
    ]
    return Features(routes, {})


def _alerts(ground: Ground) -> Features:
    history = ground.exchanges.market
    monitor = AlertMonitor(
        database=ground.database,
        clock=ground.clock,
        outbox=ground.outbox,
        feed=ground.hub,
        board=ground.board,
        history=history,
    )
    ground.board.listen(monitor.on_tick, monitor.on_gap, monitor.on_refused)
    alerts = Alerts(
        database=ground.database,
        clock=ground.clock,
        ids=ground.ids,
        prices=ground.prices,
        board=ground.board,
        history=history,
        monitor=monitor,
    )
    drafts = Drafts(ground.database, ground.clock, ground.dialogues)
    handlers = AlertsHandlers(alerts, News(ground.database, ground.clock), drafts, ground.symbols)
    timers = AlertTimers(
        database=ground.database,
        clock=ground.clock,
        outbox=ground.outbox,
        prices=ground.prices,
        alerts=alerts,
        monitor=monitor,
    )
    news = NewsMonitor(
        database=ground.database,
        clock=ground.clock,
        outbox=ground.outbox,
        source=ground.exchanges.market,
        coins_of=partial(_coins_of, ground),
    )
    roles = {"alerts": monitor.run(), "timers": timers.run(), "news": news.run()}
    return Features(handlers.routes(), roles, [monitor.lose, news.lose])


async def _coins_of(ground: Ground, person_id: int) -> frozenset[str]:
    """What a person holds or has orders for, in the account of their mode. Raises `ExchangeError`."""
    async with ground.database.read() as session:
        person = await find_person(session, person_id)
    if person is None:
        return frozenset()
    try:
        linked = await ground.keys.account_to_look_at(person)
    except UserError:
        return frozenset()
    balances, symbols = await asyncio.gather(linked.spot.balances(), linked.spot.open_symbols())
    held = frozenset(balance.currency for balance in balances if balance.total)
    return held | {symbol.partition("-")[0] for symbol in symbols}


def _watches(ground: Ground) -> Features:
    live = LivePrices(
        database=ground.database, clock=ground.clock, outbox=ground.outbox, board=ground.board, feed=ground.hub
    )
    ground.board.listen(live.on_tick)
    watches = Watches(
        database=ground.database,
        clock=ground.clock,
        outbox=ground.outbox,
        board=ground.board,
        source=ground.exchanges.market,
        live=live,
    )
    return Features(WatchesHandlers(watches, ground.symbols).routes(), {"watches": live.run()}, [watches.lose])
