"""The command line."""

import asyncio
import json
import os
import signal
import ssl
import sys
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any, TypeVar

import click
import structlog

from tgbot import app, demo, logs
from tgbot.accounts.guards.service import Guards
from tgbot.accounts.guards.store import By
from tgbot.accounts.service import Accounts, Door
from tgbot.approvals.store.desks import all_ids as all_desks
from tgbot.arguments import read_account, read_address, read_subject, read_told
from tgbot.audit import verification as audit
from tgbot.audit.rules import SHOWN
from tgbot.chat.bot import connected
from tgbot.core.errors import BotError, ConfigError
from tgbot.credentials.master import reset_master_key
from tgbot.db.engine import Database
from tgbot.db.leases import find_holder
from tgbot.delivery import dead
from tgbot.exchanges import relayed
from tgbot.kucoin.http import make_transport
from tgbot.paper.exchange import PaperExchange
from tgbot.paper.prices import Prices
from tgbot.paper.replay import Replay
from tgbot.paper.walk import Walk
from tgbot.schema import migrate
from tgbot.settings import Settings, read_settings
from tgbot.system import SystemClock, SystemIds, ended_at_standstill, spare_collector

log = structlog.get_logger()

Failure = TypeVar("Failure", bound=BaseException)

CLOCK = SystemClock()
IDS = SystemIds()
TELEGRAM_PATIENCE = 5.0
LONGEST_STOP = 10.0
MOST_LISTED = 50


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="tgbot")
def cli() -> None:
    """Trade on KuCoin from a Telegram chat."""


@cli.command()
def run() -> None:
    """Run the bot; settings come from the environment and .env."""
    settings = _settings()
    if settings.keeps_key_beside_database:
        log.warning(
            "master_key_beside_database",
            file=str(settings.master_key_file),
            advice="whoever copies this folder can read every key: keep the master key elsewhere",
        )

    async def live(stopping: asyncio.Event) -> None:
        async with ended_at_standstill():
            await app.run(settings, CLOCK, IDS, stopping)

    _play(live)


@cli.command(name="demo")
@click.option("--bind", default="127.0.0.1:8060", show_default=True, help="Where the page is served.")
def run_demo(bind: str) -> None:
    """Try it in the browser: no token, no keys, no network."""
    host, port = read_address(bind)
    logs.configure("warning", "console", [demo.TOKEN])

    def tell(url: str) -> None:
        click.echo(f"tgbot demo: open {url} in a browser. Ctrl-C ends it.")

    _play(lambda stopping: demo.run(CLOCK, IDS, stopping, host=host, port=port, tell=tell), bind)


@cli.command(name="migrate")
def run_migrate() -> None:
    """Bring the database up to date and stop."""

    async def bring(database: Database, settings: Settings) -> None:
        await migrate(database)
        click.echo("The database is up to date.")

    _finish(bring)


@cli.command()
def invite() -> None:
    """Make a one-time invitation link, good for a week."""

    async def make(database: Database, settings: Settings) -> None:
        await migrate(database)
        token = await _accounts(database, settings).invite()
        name = await _bot_name(settings)
        click.echo("Send this to one person; it works once, within seven days:")
        click.echo(f"https://t.me/{name}?start={token}" if name else f"https://t.me/YOUR_BOT?start={token}")
        click.echo(f"or, written to the bot: /start {token}")
        if settings.access is not Door.INVITE:
            click.echo(f"TGBOT_ACCESS is {settings.access}: invitations count when it is invite.", err=True)

    _finish(make)


@cli.group()
def keys() -> None:
    """The master key that seals people's exchange keys."""


@keys.command()
@click.confirmation_option(prompt="Every linked account is dropped and people link their keys again. Go on?")
def reset() -> None:
    """Drop all sealed keys and begin with a new master key."""

    async def drop(database: Database, settings: Settings) -> None:
        await migrate(database)
        await _require_nobody_running(database)
        set_mode = _accounts(database, settings).set_mode
        dropped = await reset_master_key(database, settings.master_key_file, IDS, set_mode)
        click.echo(f"{dropped} sealed keys dropped. The new master key is in {settings.master_key_file}: back it up.")

    _finish(drop)


@cli.group()
def ops() -> None:
    """For the operator. It works on a running bot at once, and over restarts."""


@ops.command()
@click.argument("whom")
def kill(whom: str) -> None:
    """No order leaves any more for WHOM: `all`, or the Telegram id of a person or group. Cancelling still works."""
    _finish(lambda database, settings: _switch(database, whom, is_on=True))


@ops.command()
@click.argument("whom")
def resume(whom: str) -> None:
    """Take a kill back. What people have frozen themselves stays frozen."""
    _finish(lambda database, settings: _switch(database, whom, is_on=False))


@ops.command()
def undelivered() -> None:
    """Messages that were given up, the newest first: number, time, chat and why. What they say is not shown."""
    _finish(lambda database, settings: _list_dead(database))


@ops.command()
@click.argument("number", type=click.IntRange(min=1, max=2**63 - 1))
def resend(number: int) -> None:
    """Owe the message NUMBER of `undelivered` once more; it says that it may come twice."""
    _finish(lambda database, settings: _resend(database, number))


@cli.group(name="audit")
def audit_group() -> None:
    """The record of what groups have decided."""


@audit_group.command(name="verify")
@click.option("--told", metavar="NUMBER:SEAL", help="A row and its seal as the bot has told them.")
def verify_audit(told: str | None) -> None:
    """Look at every row. Ends with 1 if one was deleted, changed or moved, and names it."""
    row = read_told(told) if told else None
    _finish(lambda database, settings: _verify(database, row))


@cli.command()
@click.option("--bind", default="127.0.0.1:8070", show_default=True, help="Where to serve it; port 0: any.")
@click.option("--seed", default=1, show_default=True, help="Of the price walk.")
@click.option("--account", "accounts", multiple=True, help="KEY:SECRET:PASSPHRASE:USDT=1000,BTC=1; may be repeated.")
@click.option("--replay", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Recorded frames.")
@click.option("--prices", help="REST address of a KuCoin to take pairs and prices from.")
@click.option("--state", type=click.Path(dir_okay=False, path_type=Path), help="File that remembers accounts, orders.")
def paper(
    bind: str, seed: int, accounts: tuple[str, ...], replay: Path | None, prices: str | None, state: Path | None
) -> None:
    """Serve the paper exchange alone. The first line on stdout is JSON with both REST addresses."""
    if replay and prices:
        raise click.UsageError("--replay and --prices exclude each other")
    host, port = read_address(bind)
    opened = [read_account(text) for text in accounts]
    logs.configure("warning", "console", [secret for _, secrets, _ in opened for secret in secrets])

    async def serve(stopping: asyncio.Event) -> None:
        async with AsyncExitStack() as stack:
            if prices:
                source: Prices = await stack.enter_async_context(relayed(prices, CLOCK, IDS))
            else:
                source = Replay(CLOCK, replay) if replay else Walk(CLOCK, seed)
            exchange = PaperExchange(source, CLOCK, IDS, state)
            served = await stack.enter_async_context(exchange.serve(host, port))
            for key, (secret, passphrase), balances in opened:
                await exchange.open_account(balances, key=key, secret=secret, passphrase=passphrase)
            click.echo(json.dumps({"url": served.url, "futures_url": served.futures_url}))
            await stopping.wait()

    _play(serve, bind)


def main() -> None:
    os.umask(0o077)  # what we write, database and keys, is for our own eyes
    logs.configure("info", "console", ())  # whatever fails before the settings are read fails without telling values
    try:
        cli.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        sys.exit(130)
    except ConfigError as error:
        click.echo(str(error), err=True)
        sys.exit(error.exit_code)
    except BotError as error:
        click.echo(f"tgbot stops: {error}", err=True)
        sys.exit(1)
    except Exception:  # the top of the process: the log hides the secrets that a traceback may show
        log.critical("tgbot_stops", exc_info=True)
        sys.exit(1)


def _settings() -> Settings:
    settings = read_settings()
    logs.configure(settings.log_level, settings.log_format, settings.secrets)
    return settings


def _play(role: Callable[[asyncio.Event], Coroutine[Any, Any, None]], bind: str = "") -> None:
    """Runs until it ends by itself or a signal asks it to; a second signal, or ten seconds, ends it in the middle of
    whatever it does. `bind` is where it listens, for the message that it cannot."""

    async def until_told() -> None:
        stopping = asyncio.Event()
        loop = asyncio.get_running_loop()
        running = loop.create_task(role(stopping))

        def stop() -> None:
            loop.call_later(0 if stopping.is_set() else LONGEST_STOP, running.cancel)
            stopping.set()

        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop)
        with suppress(asyncio.CancelledError):
            await running

    try:
        spare_collector()
        asyncio.run(until_told())
    except (BotError, OSError, BaseExceptionGroup) as failure:
        # Not by `except*`: Python 3.11.2, which Debian 12 has, wraps what is raised there into a group once more.
        raise _in_short(failure, bind) from None


def _in_short(failure: BaseException, bind: str) -> BaseException:
    """What is said of it in one line; itself if there is a mistake of ours in it."""
    group = failure if isinstance(failure, BaseExceptionGroup) else BaseExceptionGroup("", [failure])
    if group.split((BotError, OSError))[1] is not None:
        return failure
    if refusals := group.subgroup(BotError):
        return _first(refusals)
    error = _first(group)
    log.debug("system_refuses", exc_info=error)
    return ConfigError(f"tgbot stops: {' '.join(filter(None, (bind, getattr(error, 'strerror', '') or str(error))))}")


async def _switch(database: Database, whom: str, *, is_on: bool) -> None:
    subject_id = read_subject(whom)
    await migrate(database)
    guards = Guards(database, CLOCK)
    if is_on:
        await guards.freeze(subject_id, By.OPERATOR)
        click.echo(f"Trading is stopped for {whom}. `tgbot ops resume {whom}` takes it back.")
    elif await guards.thaw(subject_id, By.OPERATOR):
        click.echo(f"Trading goes on for {whom}.")
    else:
        click.echo(f"Trading was not stopped for {whom}; nothing is changed.")


async def _list_dead(database: Database) -> None:
    await migrate(database)
    async with database.read() as session:
        count, newest = await dead.undelivered(session, MOST_LISTED)
    for one in newest:
        click.echo(f"{one.id}  {one.created_at:%Y-%m-%d %H:%M} UTC  chat {one.chat_id}  {one.reason}")
    click.echo(f"{count} undelivered." if count <= MOST_LISTED else f"{count} undelivered; the newest {MOST_LISTED}.")


async def _resend(database: Database, number: int) -> None:
    await migrate(database)
    async with database.write() as session:
        is_owed = await dead.resend(session, number, CLOCK.now())
    if not is_owed:
        raise ConfigError(f"Message {number} was not given up, or its chat is gone; nothing is changed.", exit_code=1)
    click.echo(f"Message {number} is owed once more.")


async def _verify(database: Database, told: tuple[int, str] | None) -> None:
    await migrate(database)
    async with database.read() as session:
        verdicts = await audit.verify(session, await all_desks(session))
        is_there = told is None or await audit.has_row(session, *told)
    for verdict in verdicts:
        for flaw in verdict.flaws:
            click.echo(f"Desk {flaw.chain}: row {flaw.number} {flaw.what}.")
        if verdict.head is not None:
            click.echo(f"Desk {verdict.chain}: {verdict.head.number} rows, seal {verdict.head.seal[:SHOWN]}.")
    if told is not None and not is_there:
        click.echo(f"No desk has a row {told[0]} with the seal {told[1]}.")
    if not is_there or any(verdict.flaws for verdict in verdicts):
        raise ConfigError("The record is not what was written.", exit_code=1)
    click.echo("The record is whole.")


def _finish(work: Callable[[Database, Settings], Awaitable[None]]) -> None:
    """One piece of work on the database, no bot running in this process."""
    settings = _settings()

    async def do() -> None:
        database = Database(settings.database_url.get_secret_value())
        try:
            await work(database, settings)
        finally:
            await database.close()

    asyncio.run(do())


def _accounts(database: Database, settings: Settings) -> Accounts:
    return Accounts(database, CLOCK, IDS, door=settings.access, operators=frozenset(), languages=frozenset())


async def _bot_name(settings: Settings) -> str | None:
    """What Telegram calls the bot, if it says so at once."""
    token = settings.telegram_token.get_secret_value()
    if not token:
        return None
    tls = ssl.create_default_context()
    try:
        async with (
            asyncio.timeout(TELEGRAM_PATIENCE),
            connected(token, settings.telegram_api_url, lambda: make_transport(tls), CLOCK) as bot,
        ):
            return bot.username
    except (TimeoutError, BotError):
        return None


async def _require_nobody_running(database: Database) -> None:
    """A bot that runs would go on sealing with the key that is thrown away."""
    async with database.read() as session:
        holder = await find_holder(session, CLOCK.now())
    if holder:
        raise ConfigError(f"The bot is running ({holder}). Stop it first.")


def _first(group: BaseExceptionGroup[Failure]) -> Failure:
    error: BaseExceptionGroup[Failure] | Failure = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
