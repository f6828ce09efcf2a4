"""Features, each built on the same ground and connected with the others by what it is handed."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import Any

from tgbot.accounts.handlers import OpenLink
from tgbot.accounts.store import find as find_person
from tgbot.alerts import store as alert_store
from tgbot.alerts.drafts import Drafts
from tgbot.alerts.groups import RequireAdmin
from tgbot.alerts.handlers.alerts import AlertsHandlers
from tgbot.alerts.handlers.editing import EditingHandlers
from tgbot.alerts.marks import alert_marks
from tgbot.alerts.monitor import AlertMonitor
from tgbot.alerts.news import store as news_store
from tgbot.alerts.news.monitor import NewsMonitor
from tgbot.alerts.news.service import News
from tgbot.alerts.service import Alerts
from tgbot.alerts.timers import AlertTimers
from tgbot.alerts.watches.handlers import WatchesHandlers
from tgbot.alerts.watches.live import LivePrices
from tgbot.alerts.watches.service import Watches
from tgbot.approvals.building import build_approvals
from tgbot.approvals.handlers.desks import START as DESK_LINK
from tgbot.approvals.handlers.desks import DeskHandlers
from tgbot.approvals.handlers.policies import PolicyHandlers
from tgbot.approvals.handlers.proposals import ProposalHandlers
from tgbot.approvals.store import desks as desk_store
from tgbot.core.desks import LINK_SIGN
from tgbot.core.errors import ExchangeRejected, NotFound, Reason, UserError
from tgbot.core.orders import Side
from tgbot.core.people import Mode
from tgbot.core.routing import Incoming, Route
from tgbot.db.engine import Database, WriteSession
from tgbot.ground import Ground
from tgbot.kucoin.candles import CandleHub
from tgbot.markets.charts.handlers import ChartHandlers
from tgbot.markets.charts.service import Charts
from tgbot.markets.handlers import MarketHandlers
from tgbot.markets.prices import Prices
from tgbot.portfolio import last_balances
from tgbot.portfolio.balances import LastBalances
from tgbot.portfolio.days import Days
from tgbot.portfolio.handlers import PortfolioHandlers
from tgbot.portfolio.service import Portfolio
from tgbot.trading import watched
from tgbot.trading.adoption import Adoption
from tgbot.trading.amending import Amending
from tgbot.trading.exits import StandingExits
from tgbot.trading.fills_elsewhere import FillsElsewhere
from tgbot.trading.foreign import ForeignOrders
from tgbot.trading.handlers import TradingHandlers
from tgbot.trading.marks import trading_marks
from tgbot.trading.orders import Orders
from tgbot.trading.proposed import ProposedOrders
from tgbot.trading.reconcile import Reconciler
from tgbot.trading.restoration import Restoration
from tgbot.trading.sending import Sending
from tgbot.trading.streams import AccountStreams
from tgbot.trading.succession import hand_over
from tgbot.trading.tickets import Tickets

Role = Coroutine[Any, Any, None]
Beginning = Callable[[], Awaitable[None]]
OnChatGone = Callable[[WriteSession, int], Awaitable[None]]
OnTurnedAway = Callable[[Incoming, str], Awaitable[None]]
OnChatMoved = Callable[[WriteSession, int, int], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Features:
    """What they answer to, what they do all the time, which start links are theirs, who has to know when Telegram says
    that a chat is gone, is there again or has become another one, what has to be done before any of it begins, and
    who hears of those whom the gate does not let through."""

    routes: Sequence[Route]
    roles: Mapping[str, Role]
    on_chat_gone: Sequence[OnChatGone] = ()
    on_chat_back: Sequence[OnChatGone] = ()
    on_chat_moved: Sequence[OnChatMoved] = ()
    links: Mapping[str, OpenLink] = field(default_factory=dict)
    beginnings: Sequence[Beginning] = ()
    on_turned_away: Sequence[OnTurnedAway] = ()


def build_features(ground: Ground) -> Features:
    trading, proposed, reconciler = _trading(ground)
    approvals, require_admin = _approvals(ground, proposed, reconciler)
    alerts, watches = _alerts(ground, require_admin), _watches(ground, require_admin)
    built = [trading, approvals, _markets(ground), alerts, watches]
    return Features(
        [route for features in built for route in features.routes],
        {name: role for features in built for name, role in features.roles.items()},
        [on_chat_gone for features in built for on_chat_gone in features.on_chat_gone],
        [on_chat_back for features in built for on_chat_back in features.on_chat_back],
        [on_chat_moved for features in built for on_chat_moved in features.on_chat_moved],
        {start: open_link for features in built for start, open_link in features.links.items()},
        [begin for features in built for begin in features.beginnings],
        [on_turned_away for features in built for on_turned_away in features.on_turned_away],
    )


def _trading(ground: Ground) -> tuple[Features, ProposedOrders, Reconciler]:
    """Orders, and the portfolio, which reads what they have become; and orders as something that groups decide on."""
    reconciler = Reconciler(ground.database, ground.clock, ground.keys, ground.outbox)
    ground.keys.hand_over_by(partial(hand_over, reconciler.look_at))
    ground.keys.forget_by(watched.forget, last_balances.forget)
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
        witness=ground.witness,
        symbols=ground.symbols,
    )
    adoption = Adoption(
        database=ground.database,
        clock=ground.clock,
        ids=ground.ids,
        symbols=ground.symbols,
        outbox=ground.outbox,
        reconciler=reconciler,
        mark=ground.mark,
    )
    restoration = Restoration(
        database=ground.database,
        clock=ground.clock,
        keys=ground.keys,
        symbols=ground.symbols,
        outbox=ground.outbox,
        adoption=adoption,
        witness=ground.witness,
    )
    exits = StandingExits(
        database=ground.database,
        clock=ground.clock,
        ids=ground.ids,
        keys=ground.keys,
        prices=ground.prices,
        symbols=ground.symbols,
        guards=ground.guards,
        outbox=ground.outbox,
        reconciler=reconciler,
        witness=ground.witness,
    )
    fills_elsewhere = FillsElsewhere(ground.database, ground.clock, ground.keys, ground.outbox)
    orders = Orders(
        database=ground.database,
        clock=ground.clock,
        keys=ground.keys,
        outbox=ground.outbox,
        reconciler=reconciler,
        adoption=adoption,
        fills_elsewhere=fills_elsewhere,
    )
    proposed = ProposedOrders(
        database=ground.database,
        clock=ground.clock,
        ids=ground.ids,
        keys=ground.keys,
        symbols=ground.symbols,
        prices=ground.prices,
        tickets=tickets,
        sending=sending,
        sent=orders,
    )
    amending = Amending(
        database=ground.database,
        keys=ground.keys,
        guards=ground.guards,
        symbols=ground.symbols,
        orders=orders,
        tickets=tickets,
    )
    balances = LastBalances(ground.database, ground.clock, ground.keys)
    portfolio = Portfolio(ground.keys, balances, ground.exchanges.market, orders.fills, ground.clock)
    foreign = ForeignOrders(ground.database, ground.clock, ground.keys, ground.outbox, fills_elsewhere)
    days = Days(ground.database, ground.clock, ground.keys, ground.exchanges.market)
    streams = AccountStreams(
        keys=ground.keys,
        reconciler=reconciler,
        adoption=adoption,
        foreign=foreign,
        fills_elsewhere=fills_elsewhere,
        balances=balances,
        needs=(fills_elsewhere.accounts, partial(_accounts_of_desks, ground.database)),
        dialers=ground.exchanges.dialers,
        clock=ground.clock,
        ids=ground.ids,
    )
    handlers = TradingHandlers(tickets, sending, orders, amending, ground.symbols)
    routes = [
        *handlers.routes(),
        *PortfolioHandlers(portfolio, ground.symbols).routes(),
    ]
    roles = {
        "orders": reconciler.run(),
        "exits": exits.run(),
        "accounts": streams.run(),
        "elsewhere": fills_elsewhere.run(),
        "balances": balances.run(),
        "restoration": restoration.keep(),
        "days": days.run(),
    }
    links = {f"{side}{LINK_SIGN}": handlers.open_link for side in Side}
    return Features(routes, roles, links=links, beginnings=[restoration.begin]), proposed, reconciler


def _approvals(ground: Ground, orders: ProposedOrders, reconciler: Reconciler) -> tuple[Features, RequireAdmin]:
    """Desks. They know of orders what `core.desks` says, and no more. And who administers a group, for whoever has to
    know."""
    built = build_approvals(
        database=ground.database,
        clock=ground.clock,
        ids=ground.ids,
        outbox=ground.outbox,
        orders=orders,
        ask_standing=ground.groups.standing,
        ask_admins=ground.groups.admins,
        ask_price=partial(_last_price, ground.prices),
    )
    reconciler.listen_to_groups(built.record.note_outcome)
    desks = DeskHandlers(
        built.desks, built.record, ground.keys, ground.database, ground.groups.start_link, ground.groups.send_file
    )
    routes = [
        *ProposalHandlers(built.desks, built.proposals, built.record, ground.groups.start_link).routes(),
        *PolicyHandlers(built.desks, built.policies, built.record, ground.symbols.read_pair, ground.names_of).routes(),
        *desks.routes(),
    ]
    features = Features(
        routes,
        {"desks": built.keeper.run()},
        on_chat_moved=[built.desks.move],
        links={DESK_LINK: desks.open_link},
        on_turned_away=[built.record.note_turned_away],
    )
    return features, built.standings.require_admin


async def _accounts_of_desks(database: Database) -> set[str]:
    async with database.read() as session:
        return await desk_store.lent_keys(session)


async def _last_price(prices: Prices, symbol: str) -> Decimal:
    return (await prices.price(symbol)).price


def _markets(ground: Ground) -> Features:
    marks = (partial(trading_marks, ground.database, ground.keys), partial(alert_marks, ground.database))
    charts = Charts(ground.exchanges.market, ground.clock, marks)
    routes = [
        *MarketHandlers(ground.symbols, ground.exchanges.market).routes(),
        *ChartHandlers(ground.symbols, charts).routes(),
    ]
    return Features(routes, {})


def _alerts(ground: Ground, require_admin: RequireAdmin) -> Features:
    candles = CandleHub(ground.exchanges.dialers[Mode.LIVE].public, ground.exchanges.clock, ground.ids)
    monitor = AlertMonitor(
        database=ground.database,
        clock=ground.clock,
        exchange_clock=ground.exchanges.clock,
        outbox=ground.outbox,
        feed=ground.hub,
        board=ground.board,
        candles=candles,
        history=ground.exchanges.history,
        foreseen=ground.exchanges.foreseen,
    )
    candles.listen(monitor.on_next_candle)
    ground.board.listen(monitor.on_tick, monitor.on_gap, monitor.on_refused)
    alerts = Alerts(
        database=ground.database,
        clock=ground.clock,
        exchange_clock=ground.exchanges.clock,
        ids=ground.ids,
        prices=ground.prices,
        board=ground.board,
        history=ground.exchanges.market,
        monitor=monitor,
    )
    drafts = Drafts(ground.database, ground.clock, ground.dialogues)
    handlers = AlertsHandlers(alerts, News(ground.database, ground.clock), drafts, ground.symbols, require_admin)
    editing = EditingHandlers(alerts, drafts, ground.symbols, require_admin)
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
    roles = {"alerts": monitor.run(), "candles": candles.run(), "timers": timers.run(), "news": news.run()}
    moves = [alert_store.move_chat, news_store.move_chat]
    return Features([*handlers.routes(), *editing.routes()], roles, [monitor.lose], [timers.regain], moves)


async def _coins_of(ground: Ground, person_id: int) -> frozenset[str]:
    """What a person holds or has orders for, in the account of their mode; nothing for whoever has none. Raises
    `ExchangeError`, also for a key that is stored but does not open."""
    async with ground.database.read() as session:
        person = await find_person(session, person_id)
    if person is None:
        return frozenset()
    try:
        linked = await ground.keys.account_to_look_at(person)
    except NotFound:
        return frozenset()
    except UserError as error:
        raise ExchangeRejected("", str(error), Reason.KEY) from error
    balances, symbols = await asyncio.gather(linked.spot.balances(), linked.spot.open_symbols())
    held = frozenset(balance.currency for balance in balances if balance.total)
    return held | {symbol.partition("-")[0] for symbol in symbols}


def _watches(ground: Ground, require_admin: RequireAdmin) -> Features:
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
    routes = WatchesHandlers(watches, ground.symbols, require_admin).routes()
    return Features(routes, {"watches": live.run()}, [watches.lose], [watches.regain], [watches.move])
