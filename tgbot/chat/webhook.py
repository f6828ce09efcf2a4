"""Being told of updates by Telegram instead of asking for them, or the other way round: it does only one of the two."""

from functools import partial

from tgbot.chat.bot import UPDATE_KINDS, Telegram, insist
from tgbot.core.clock import Clock
from tgbot.core.errors import ConfigError, Malformed


async def set_webhook(bot: Telegram, url: str, secret: str, clock: Clock) -> None:
    """From now on Telegram posts every update to `url`, with `secret` in a header, and repeats it until it is taken.
    Raises `ConfigError` when Telegram does not accept the address."""
    call = partial(bot.set_webhook, url, secret_token=secret, allowed_updates=UPDATE_KINDS)
    try:
        await insist(call, clock)
    except Malformed as error:
        raise ConfigError(f"Telegram does not accept TGBOT_TELEGRAM_WEBHOOK_URL: {error}") from error


async def delete_webhook(bot: Telegram, clock: Clock) -> None:
    """Updates wait to be asked for; those that are waiting already are kept."""
    await insist(bot.delete_webhook, clock)
