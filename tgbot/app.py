"""The whole bot, built, connected and run: reading this file and `features.py` is reading the architecture."""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from starlette.applications import Starlette

from tgbot.accounts.guards.handlers import GuardsHandlers
from tgbot.accounts.handlers import AccountsHandlers
from tgbot.accounts.notices.handlers import NoticesHandlers
from tgbot.accounts.notices.service import Notices
from tgbot.accounts.service import Accounts
from tgbot.accounts.views import TASKS
from tgbot.alerts import store as alert_store
from tgbot.approvals.store import desks as desk_store
from tgbot.chat.bot import Telegram, connected
from tgbot.chat.groups import Groups
from tgbot.chat.sending import Messenger
from tgbot.chat.updates import Poller
from tgbot.chat.webhook import delete_webhook, set_webhook
from tgbot.core.clock import Clock
from tgbot.core.crash import crash_point
from tgbot.core.errors import ConfigError, DeliveryError, LostRace
from tgbot.core.ids import Ids
from tgbot.core.reply import T
from tgbot.credentials.doctor import KeyDoctor
from tgbot.credentials.entry import KeyEntry
from tgbot.credentials.handlers import CredentialsHandlers
from tgbot.credentials.master import open_master_key
from tgbot.credentials.redaction import Redaction
from tgbot.credentials.service import Keys
from tgbot.db.engine import Database, WriteSession
from tgbot.db.leases import Lease
from tgbot.delivery.answers import Answers
from tgbot.delivery.away import Attendance
from tgbot.delivery.limiter import Limiter
from tgbot.delivery.outbox import Outbox
from tgbot.delivery.sender import Sender
from tgbot.exchanges import open_exchanges
from tgbot.features import OnChatGone, OnChatMoved, Role, build_features
from tgbot.ground import Ground, lay_ground
from tgbot.intake.polling import Polling
from tgbot.intake.rules import Routes
from tgbot.intake.service import Intake
from tgbot.kucoin.http import make_transport
from tgbot.packaged import folder
from tgbot.paper.server import listening
from tgbot.schema import migrate
from tgbot.settings import Settings
from tgbot.texts.catalogue import Catalogue
from tgbot.texts.notation import Reader
from tgbot.texts.renderer import Renderer
from tgbot.trading.store import last_sent
from tgbot.trading.witness import Witness
from tgbot.web.health import health_routes
from tgbot.web.webhook import webhook_route

log = structlog.get_logger()

LEASE_LENGTH = timedelta(seconds=10)
DRAIN_FOR = 8.0  # seconds for what is under way when we are told to stop
LANGUAGE_NAMES = {"en": "English", "ru": "Русский"}


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
        lease, free_since = await _take_lease(database, clock, bot, stack)

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
        notices = Notices(database, outbox.judge_again)
        notices.listen_to_groups(desk_store.keepers_of, alert_store.keepers_of)
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
        doctor = KeyDoctor(database, clock, keys, outbox, last_sent)
        groups = Groups(bot)
        witness = Witness(settings.master_key_file.parent / "last-order")
        ground = lay_ground(
            clock, ids, database, outbox, keys, exchanges, groups, accounts.names_of, witness, installation
        )
        redaction = Redaction(lambda name: table.knows(name))  # noqa: PLW0108 - the table is made later
        entry = KeyEntry(database, clock, keys, redaction, ground.dialogues, messenger)
        await entry.restore()
        features = build_features(ground)
        guards = GuardsHandlers(ground.guards, ground.symbols.read_pair, clock)
        table = Routes(
            [
                *features.routes,
                *AccountsHandlers(accounts, guards, NoticesHandlers(notices), LANGUAGE_NAMES, features.links).routes(),
                *CredentialsHandlers(keys, doctor, entry, ground.dialogues, database, clock).routes(),
            ]
        )
        on_chat_moved = _each_moved(accounts.move, *features.on_chat_moved)
        answers = Answers(
            database=database,
            outbox=outbox,
            messenger=messenger,
            renderer=renderer,
            recipients_of=notices.recipients_of,
            on_chat_back=_each(*features.on_chat_back),
        )
        await answers.restore()
        intake = Intake(
            database=database,
            clock=clock,
            ids=ids,
            routes=table,
            dialogues=ground.dialogues,
            answering=answers,
            redact=redaction,
            admit=accounts.admit,
            erase_leak=entry.erase_leak,
            on_chat_moved=on_chat_moved,
            on_turned_away=features.on_turned_away,
            bot_name=bot.username,
        )
        attendance = Attendance(database, outbox, clock, free_since)
        sender = Sender(
            database=database,
            outbox=outbox,
            messenger=messenger,
            renderer=renderer,
            clock=clock,
            recipients_of=notices.recipients_of,
            on_chat_gone=_each(accounts.lose, *features.on_chat_gone),
            on_chat_moved=on_chat_moved,
            limiter=Limiter(),
            heard_until=attendance.until,
        )
        for begin in features.beginnings:
            await begin()
        await _offer_commands(messenger, renderer)
        await _serve_web(settings, ground, intake, stack)
        roles = {
            **features.roles,
            "lease": lease.keep(),
            "intake": intake.run(),
            "symbols": ground.symbols.run(),
            "feed": ground.hub.run(),
            "doctor": doctor.run(),
        }
        log.info("ready", bot=bot.username, paper=settings.paper, access=settings.access)
        await _play(roles, _receive(settings, bot, intake, attendance, lease, clock), intake.idle, sender, stopping)


def _paper_file(settings: Settings) -> Path:
    """Beside the master key: there a folder of ours is sure to be."""
    return settings.master_key_file.parent / "paper.db"


async def _take_lease(
    database: Database, clock: Clock, bot: Telegram, stack: AsyncExitStack
) -> tuple[Lease, datetime | None]:
    """And since when nobody has held it, if somebody ever has. Of two processes with one token the second ends here,
    naming the first; a dead holder's lease runs out."""
    holder = f"{socket.gethostname()}, process {os.getpid()}"
    lease = Lease(database, clock, f"poller of @{bot.username}", holder, LEASE_LENGTH)
    for _ in range(int(LEASE_LENGTH.total_seconds()) + 1):
        free_since = await lease.free_since()
        try:
            await lease.take()
        except LostRace as error:
            refusal = ConfigError(f"Another process is running this bot already: {error}. Stop it first.")
            await clock.sleep(1)
            continue
        stack.push_async_callback(lease.release)
        return lease, free_since
    raise refusal


def _each(*features: OnChatGone) -> OnChatGone:
    """Tells each of them, in one transaction."""

    async def lose(session: WriteSession, chat_id: int) -> None:
        for on_chat_gone in features:
            await on_chat_gone(session, chat_id)

    return lose


def _each_moved(*features: OnChatMoved) -> OnChatMoved:
    """As `_each`, of a group that has become a supergroup. Told a second time it changes nothing."""

    async def move(session: WriteSession, old_chat_id: int, new_chat_id: int) -> None:
        for on_chat_moved in features:
            await on_chat_moved(session, old_chat_id, new_chat_id)

    return move


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


async def _receive(
    settings: Settings, bot: Telegram, intake: Intake, attendance: Attendance, lease: Lease, clock: Clock
) -> None:
    """The role `chat`: Telegram is asked for updates, or it delivers them and there is nothing to do but to stay."""
    if settings.telegram_webhook_url:
        secret = settings.telegram_webhook_secret.get_secret_value()
        await set_webhook(bot, settings.telegram_webhook_url, secret, clock)
        log.info("receiving", by="webhook", path=settings.webhook_path)
        await attendance.stay()
    else:
        await delete_webhook(bot, clock)
        await attendance.here()
        log.info("receiving", by="polling")
        await Polling(Poller(bot), intake.receive, clock, attendance.here, lease.require).run()


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
                crash_point("C17")
                sender.stop()
                await asyncio.wait({delivery})
        except TimeoutError:
            log.warning("stopped_with_work_left")
        for task in (*running, delivery):
            task.cancel()
