"""Everything on one machine, without token, keys or network: paper exchange, playground, and the bot between."""

import asyncio
import tempfile
from collections.abc import Callable
from contextlib import AsyncExitStack
from decimal import Decimal
from pathlib import Path

import structlog

from tgbot import app
from tgbot.accounts.service import Door
from tgbot.core.clock import Clock
from tgbot.core.errors import ConfigError
from tgbot.core.ids import Ids
from tgbot.paper.exchange import PaperExchange
from tgbot.paper.walk import Walk
from tgbot.playground.hints import Hint
from tgbot.playground.playground import Playground
from tgbot.settings import Settings

log = structlog.get_logger()

TOKEN = "1000000001:demo-token-of-the-playground-on-loopback"  # noqa: S105 - known only to the playground beside it
MONEY = {"USDT": Decimal(25_000), "BTC": Decimal("0.25"), "ETH": Decimal(4), "KCS": Decimal(150)}

FIRST_STEPS = """\
Tap a line to send it.
/start
/price btc
/buy btc 100
/balance
/alert btc cross 67000
/help"""
KEY_WORKS = "A key of the exchange beside this page. Send /connect, then one value after the other."


async def run(
    clock: Clock, ids: Ids, stopping: asyncio.Event, *, host: str, port: int, tell: Callable[[str], None]
) -> None:
    """Until `stopping` is set. `tell` hears the address of the page once a browser can open it."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tgbot-demo-")))
        exchange = PaperExchange(Walk(clock), clock, ids)
        kucoin = await stack.enter_async_context(exchange.serve())
        account = await exchange.open_account(MONEY)
        triple = {"API key": account.key, "Secret": account.secret, "Passphrase": account.passphrase}
        hints = [Hint("First steps", FIRST_STEPS), Hint("Connect KuCoin", KEY_WORKS, triple)]
        playground = Playground(clock, ids, TOKEN, hints=hints)
        try:
            telegram = await stack.enter_async_context(playground.serve(host, port))
        except OSError as error:
            raise ConfigError(
                f"The page cannot be served at {host}:{port}: {error.strerror}. "
                "Is a demo running there already? --bind takes another address."
            ) from error
        settings = Settings.model_validate(
            {
                "telegram_token": TOKEN,
                "telegram_api_url": telegram.url,
                "kucoin_url": kucoin.url,
                "kucoin_futures_url": kucoin.futures_url,
                "database_url": f"sqlite+aiosqlite:///{folder}/tgbot.db",
                "master_key_file": folder / "master.key",
                "access": Door.OPEN,
                "web_bind": "127.0.0.1:0",
            }
        )
        tell(telegram.url)
        await app.run(settings, clock, ids, stopping)
