"""What is said of orders that are taken over, after a backup was put back above all."""

from collections.abc import Collection

from tgbot.core.errors import ExchangeRejected
from tgbot.core.reply import Reply, T
from tgbot.credentials.rules import SEE_KEYS
from tgbot.credentials.store import LinkedKey
from tgbot.trading.store import Intent


def exit_void(entry: Intent) -> Reply:
    return Reply((T.of("trading.exit_void", id=entry.short),))


def found(count: int, refused: Collection[str]) -> Reply:
    """So many orders are adopted; of the pairs `refused` nothing could be found out."""
    adopted = (T.of("trading.adopted", count=count), T("trading.adopted_why")) if count else ()
    left_out = (T.of("trading.pairs_not_searched", pairs=", ".join(sorted(refused))),) if refused else ()
    return Reply((*adopted, *left_out))


def found_marked(count: int) -> Reply:
    """So many orders are adopted because they say themselves that they are ours."""
    return Reply((T.of("trading.adopted", count=count), T("trading.adopted_mark")))


def not_searched(key: LinkedKey, error: ExchangeRejected) -> Reply:
    why = T.of("trading.not_searched", short=key.short, code=error.code, message=error.message)
    return Reply((why, T("trading.not_searched_how")), SEE_KEYS)
