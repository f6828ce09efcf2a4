"""What has to fire, in its order; each batch in one transaction with its notices."""

from collections import deque
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice

import structlog

from tgbot.alerts import store, views
from tgbot.alerts.rules.crossing import Crossing
from tgbot.alerts.rungs import Strike
from tgbot.core.notices import Kind
from tgbot.db.engine import WriteSession
from tgbot.delivery.outbox import Notice, Outbox, Priority

log = structlog.get_logger()

FIRED_AT_ONCE = 100  # alerts in one transaction


class Due:
    """Crossings that wait to be written: a batch is the next one until it has been `written`."""

    def __init__(self) -> None:
        self._found: deque[list[Crossing] | Strike] = deque()
        self._batch: list[Crossing] = []
        self._unpacking: Iterator[Crossing] = iter(())

    def __bool__(self) -> bool:
        return bool(self._found or self._batch)

    def put(self, crossings: list[Crossing] | Strike) -> None:
        self._found.append(crossings)

    def next_batch(self) -> list[Crossing]:
        """The one that was not written to the end, or the next of what is due."""
        while len(self._batch) < FIRED_AT_ONCE:
            more = list(islice(self._unpacking, FIRED_AT_ONCE - len(self._batch)))
            self._batch += more
            if not more:
                if not self._found:
                    break
                self._unpacking = iter(self._found.popleft())
        return self._batch

    def written(self) -> None:
        self._batch = []


async def fire(
    outbox: Outbox, session: WriteSession, crossings: Sequence[Crossing], now: datetime, exchange_now: datetime
) -> list[store.Alert]:
    """Those that were still armed for this, as they are after firing; their owners are told. How late that is goes by
    the exchange's clock, which has stamped the crossings: ours may be wrong by half a minute."""
    after = await store.fire(session, [crossing.alert for crossing in crossings], now)
    fired = [(alert, crossing) for alert, crossing in zip(after, crossings, strict=True) if alert is not None]
    await outbox.put_all(session, [_notice(alert, crossing, exchange_now - crossing.at) for alert, crossing in fired])
    return [alert for alert, _ in fired]


def _notice(alert: store.Alert, crossing: Crossing, late: timedelta) -> Notice:
    log.info("alert_fired", alert=alert.id, symbol=alert.symbol, late=late.total_seconds())
    reply, key = views.fired(alert, crossing, late), f"alert:{alert.id}:{alert.fires}"
    return Notice(alert.chat_id, reply, Priority.ALERT, thread_id=alert.thread_id, dedup_key=key, kind=Kind.ALERT)
