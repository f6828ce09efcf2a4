"""The whole bot, built and connected: reading this file is reading the architecture."""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import structlog
from starlette.applications import Starlette

from tgbot.accounts.guards.handlers import GuardsHandlers
from tgbot.accounts.guards.service import Guards
from tgbot.accounts.handlers import AccountsHandlers
from tgbot.accounts.service import Accounts
from tgbot.accounts.views import TASKS
from tgbot.alerts.drafts import Drafts
from tgbot.alerts.handlers import AlertsHandlers
from tgbot.alerts.marks import alert_marks
from tgbot.alerts.monitor import AlertMonitor
from tgbot.alerts.service import Alerts
from tgbot.alerts.watches.handlers import WatchesHandlers
from tgbot.alerts.watches.live import LivePrices
from tgbot.alerts.watches.service import Watches
from tgbot.chat.bot import Telegram, connected
from tgbot.chat.sending import Messenger
from tgbot.chat.updates import Poller
from tgbot.chat.webhook import delete_webhook, set_webhook
from tgbot.core.clock import Clock
from tgbot.core.errors import ConfigError, DeliveryError, LostRace
from tgbot.core.ids import Ids
from tgbot.core.people import Mode
from tgbot.core.reply import T
from tgbot.core.routing import Route
from tgbot.credentials.entry import KeyEntry
from tgbot.credentials.handlers import CredentialsHandlers
from tgbot.credentials.master import open_master_key
from tgbot.credentials.redaction import Redaction
from tgbot.credentials.service import Keys
from tgbot.db.engine import Database, WriteSession
from tgbot.db.leases import Lease
from tgbot.delivery.answers import Answers
from tgbot.delivery.limiter import Limiter
from tgbot.delivery.outbox import Outbox
from tgbot.delivery.sender import Sender
from tgbot.exchanges import Exchanges, open_exchanges
from tgbot.intake.polling import Polling
from tgbot.intake.rules import Routes
from tgbot.intake.service import Intake
from tgbot.intake.store import Dialogues
from tgbot.kucoin.http import make_transport
from tgbot.kucoin.hub import TickerHub
from tgbot.markets.charts.handlers import ChartHandlers
from tgbot.markets.charts.service import Charts
from tgbot.markets.handlers import MarketHandlers
from tgbot.markets.prices import PriceBoard, Prices
from tgbot.markets.symbols import Symbols
from tgbot.packaged import folder
from tgbot.paper.server import listening
from tgbot.portfolio.handlers import PortfolioHandlers
from tgbot.portfolio.service import Portfolio
from tgbot.schema import migrate
from tgbot.settings import Settings
from tgbot.texts.catalogue import Catalogue
from tgbot.texts.notation import Reader
from tgbot.texts.renderer import Renderer
from tgbot.trading.handlers import TradingHandlers
from tgbot.trading.marks import trading_marks
from tgbot.trading.orders import Orders
from tgbot.trading.reconcile import Reconciler
from tgbot.trading.sending import Sending
from tgbot.trading.streams import AccountStreams
from tgbot.trading.tickets import Tickets
from tgbot.web.health import health_routes
from tgbot.web.webhook import webhook_route

log = structlog.get_logger()

LEASE_LENGTH = timedelta(seconds=10)
DRAIN_FOR = 8.0  # seconds for what is under way when we are told to stop
LANGUAGE_NAMES = {"en": "English", "ru": "Русский"}

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


async def run(settings: Settings, clock: Clock, ids: Ids, stopping: asyncio.Event) -> None:
    """The bot, until `stopping` is set. Raises `ConfigError` for what an operator has to mend."""
    token = settings.telegram_token.get_secret_value()
    if not token:
        raise ConfigError("TGBOT_TELEGRAM_TOKEN is missing: get a token from @BotFather and set it.")
    async with AsyncExitStack() as stack:
        database = Database(settings.database_url.get_secret_value())
        stack.push_async_callback(database.close)
        await migrate(database)
        installation, master = await open_master_key(database, settings.master_key_file, ids)
        exchanges = await stack.enter_async_context(
            open_exchanges(settings.kucoin_url, clock, ids, _paper_file(settings) if settings.paper else None)
        )
        bot = await stack.enter_async_context(
            connected(token, settings.telegram_api_url, lambda: make_transport(exchanges.tls), clock)
        )
        lease = await _take_lease(database, clock, bot, stack)

        renderer = Renderer(Catalogue(folder("locales")))
        messenger = Messenger(bot)
        outbox = Outbox(clock)
        accounts = Accounts(
            database,
            clock,
            ids,
            door=settings.access,
            operators=frozenset(settings.operators),
            languages=frozenset(LANGUAGE_NAMES),
        )
        keys = Keys(
            database=database,
            clock=clock,
            ids=ids,
            installation=installation,
            master=master,
            connect=exchanges.account,
            set_mode=accounts.set_mode,
            paper=exchanges if settings.paper else None,
        )
        ground = _lay_ground(clock, ids, database, outbox, keys, exchanges)
        redaction = Redaction(lambda name: name in table.commands)
        entry = KeyEntry(database, clock, keys, redaction, ground.dialogues, messenger)
        await entry.restore()
        routes, roles = _build_features(ground)
        monitor, alerts = _build_alerts(ground)
        drafts = Drafts(database, clock, ground.dialogues)
        routes += AlertsHandlers(alerts, drafts, ground.symbols).routes()
        live, watches = _build_watches(ground)
        routes += WatchesHandlers(watches, ground.symbols).routes()
        guards = GuardsHandlers(ground.guards, ground.symbols.read_pair, clock)
        routes += AccountsHandlers(accounts, guards, LANGUAGE_NAMES).routes()
        routes += CredentialsHandlers(keys, entry, ground.dialogues, database, clock).routes()

        table = Routes(routes)
        intake = Intake(
            database=database,
            clock=clock,
            ids=ids,
            routes=table,
            dialogues=ground.dialogues,
            answering=Answers(
                database=database, outbox=outbox, messenger=messenger, renderer=renderer, reader_of=accounts.reader_of
            ),
            redact=redaction,
            admit=accounts.admit,
            erase_leak=entry.erase_leak,
            bot_name=bot.username,
        )
        sender = Sender(
            database=database,
            outbox=outbox,
            messenger=messenger,
            renderer=renderer,
            clock=clock,
            reader_of=accounts.reader_of,
            on_chat_gone=_each(accounts.lose, monitor.lose, watches.lose),
            on_chat_moved=accounts.move,
            limiter=Limiter(),
        )
        await _offer_commands(messenger, renderer)
        await _serve_web(settings, ground, intake, stack)
        roles |= {
            "lease": lease.keep(),
            "intake": intake.run(),
            "symbols": ground.symbols.run(),
            "feed": ground.hub.run(),
            "alerts": monitor.run(),
            "watches": live.run(),
        }
        log.info("ready", bot=bot.username, paper=settings.paper, access=settings.access)
        await _play(roles, await _updates(settings, bot, intake, clock), intake.idle, sender, stopping)


def _lay_ground(clock: Clock, ids: Ids, database: Database, outbox: Outbox, keys: Keys, exchanges: Exchanges) -> Ground:
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


def _build_features(ground: Ground) -> tuple[list[Route], dict[str, Role]]:
    """Routes for intake and roles for the task group."""
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
    marks = (partial(trading_marks, ground.database, ground.keys), partial(alert_marks, ground.database))
    charts = Charts(ground.exchanges.market, ground.clock, marks)
    routes: list[Route] = [
        *MarketHandlers(ground.symbols, ground.exchanges.market).routes(),
        *ChartHandlers(ground.symbols, charts).routes(),
        *TradingHandlers(tickets, sending, orders, ground.symbols).routes(),
        *PortfolioHandlers(portfolio, ground.symbols).routes(),
    ]
    streams = AccountStreams(ground.keys, reconciler, ground.exchanges.dialers, ground.clock, ground.ids)
    return routes, {"orders": reconciler.run(), "accounts": streams.run()}


def _build_alerts(ground: Ground) -> tuple[AlertMonitor, Alerts]:
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
    return monitor, alerts


def _build_watches(ground: Ground) -> tuple[LivePrices, Watches]:
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
    return live, watches


def _paper_file(settings: Settings) -> Path:
    """Beside the master key: there a folder of ours is sure to be."""
    return settings.master_key_file.parent / "paper.db"


async def _take_lease(database: Database, clock: Clock, bot: Telegram, stack: AsyncExitStack) -> Lease:
    """Of two processes with one token the second ends here, naming the first; a dead holder's lease runs out."""
    holder = f"{socket.gethostname()}, process {os.getpid()}"
    lease = Lease(database, clock, f"poller of @{bot.username}", holder, LEASE_LENGTH)
    for _ in range(int(LEASE_LENGTH.total_seconds()) + 1):
        try:
            await lease.take()
        except LostRace as error:
            refusal = ConfigError(f"Another process is running this bot already: {error}. Stop it first.")
            await clock.sleep(1)
            continue
        stack.push_async_callback(lease.release)
        return lease
    raise refusal


def _each(*features: OnChatGone) -> OnChatGone:
    """Tells each of them, in one transaction."""

    async def lose(session: WriteSession, chat_id: int) -> None:
        for on_chat_gone in features:
            await on_chat_gone(session, chat_id)

    return lose


async def _offer_commands(messenger: Messenger, renderer: Renderer) -> None:
    """The command menu in every language. Nothing depends on it, so a failure is only logged."""
    names = [name for names in TASKS.values() for name in names]
    for language in LANGUAGE_NAMES:
        reader = Reader(language, "UTC")
        menu = [(name, renderer.plain(T(f"accounts.menu_{name}"), reader)) for name in names]
        try:
            await messenger.set_commands(menu, None if language == "en" else language)
        except DeliveryError as error:
            log.warning("commands_not_offered", language=language, reason=str(error))


async def _serve_web(settings: Settings, ground: Ground, intake: Intake, stack: AsyncExitStack) -> None:
    async def checks() -> Mapping[str, bool]:
        return {"database": await ground.database.is_reachable(), "symbols": ground.symbols.is_loaded}

    pages = health_routes(checks)
    if settings.telegram_webhook_url:
        secret = settings.telegram_webhook_secret.get_secret_value()
        pages.append(webhook_route(settings.webhook_path, secret, intake.receive))
    host, port = settings.web_address
    try:
        await stack.enter_async_context(listening(Starlette(routes=pages), host, port))
    except OSError as error:
        raise ConfigError(f"TGBOT_WEB_BIND {settings.web_bind} cannot be used: {error.strerror}") from error


async def _updates(settings: Settings, bot: Telegram, intake: Intake, clock: Clock) -> Role:
    """Telegram is asked for updates, or it delivers them and there is nothing to do but to stay."""
    if not settings.telegram_webhook_url:
        await delete_webhook(bot, clock)
        return Polling(Poller(bot), intake.receive, clock).run()
    secret = settings.telegram_webhook_secret.get_secret_value()
    await set_webhook(bot, settings.telegram_webhook_url, secret, clock)
    return _stay()


async def _stay() -> None:
    await asyncio.get_running_loop().create_future()


async def _play(
    roles: Mapping[str, Role],
    polling: Role,
    idle: Callable[[], Awaitable[None]],
    sender: Sender,
    stopping: asyncio.Event,
) -> None:
    """Every role in one group: if one dies, all stop, and its error ends the process. When told to stop, nothing new is
    fetched, and what is under way may finish."""
    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(role, name=name) for name, role in roles.items()]
        poller = tasks.create_task(polling, name="chat")
        delivery = tasks.create_task(sender.run(), name="delivery")
        await stopping.wait()
        poller.cancel()
        try:
            async with asyncio.timeout(DRAIN_FOR):
                await idle()
                sender.stop()
                await asyncio.wait({delivery})
        except TimeoutError:
            log.warning("stopped_with_work_left")
        for task in (*running, delivery):
            task.cancel()
