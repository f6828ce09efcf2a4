"""What a chat is sent when an alert fires."""

from datetime import datetime

import structlog

from tgbot.alerts import views
from tgbot.alerts.rules.crossing import Crossing
from tgbot.alerts.store import Alert
from tgbot.core.notices import Kind
from tgbot.delivery.outbox import Notice, Priority

log = structlog.get_logger()


def ring(alert: Alert, crossing: Crossing, now: datetime) -> Notice:
    """`now` is by the exchange's clock, which has stamped the crossing: ours may be wrong by half a minute."""
    late = now - crossing.at
    log.info("alert_fired", alert=alert.id, symbol=alert.symbol, late=late.total_seconds())
    reply, key = views.fired(alert, crossing, late), f"alert:{alert.id}:{alert.fires}"
    return Notice(alert.chat_id, reply, Priority.ALERT, thread_id=alert.thread_id, dedup_key=key, kind=Kind.ALERT)
