"""What the owners of alerts are told that the exchange has no prices for."""

from collections import Counter
from collections.abc import Iterable

import structlog

from tgbot.alerts import views
from tgbot.alerts.store import Alert
from tgbot.db.engine import WriteSession
from tgbot.delivery.outbox import Notice, Outbox, Priority

log = structlog.get_logger()


async def tell_paused(outbox: Outbox, session: WriteSession, symbol: str, paused: Iterable[Alert]) -> None:
    """Once in each place, with how many of this symbol were just paused there."""
    places = Counter((alert.chat_id, alert.thread_id) for alert in paused)
    for (chat_id, thread_id), count in places.items():
        told = Notice(chat_id, views.not_fed(symbol, count), Priority.ALERT, thread_id=thread_id)
        await outbox.put(session, told)
    log.warning("alerts_not_fed", symbol=symbol, paused=places.total())
