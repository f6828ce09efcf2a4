"""What was sent is asked to end, for its person or for its group, and what they are told of that."""

from tgbot.core.reply import Reply
from tgbot.trading.orders import Orders
from tgbot.trading.rules.settlement import PENDING
from tgbot.trading.store import Intent
from tgbot.trading.views import exits, lists, orders


async def call_off(sent: Orders, intent: Intent, *, by_group: bool) -> Reply:
    """What has become of it; of one that has ended, of the exit that lives in the bot. Exits that were sent are orders
    of their own, and offered. Raises `NotFound` and `ExchangeError`."""
    if intent.state not in PENDING and await sent.drop_exit(intent, by_group=by_group):
        return exits.dropped(intent)
    # Of an exit between two tries before anything is waited for: the next may be due.
    entry = await sent.call_back(intent, by_group=by_group) if intent.state not in PENDING else None
    intent = await sent.cancel(intent, by_group=by_group)
    reply, entry = orders.cancelled(intent), entry or await sent.call_back(intent, by_group=by_group)
    if entry is not None:
        return exits.no_more(reply, entry)
    return lists.with_exits(reply, await sent.exits_of(intent), by_group=by_group)
