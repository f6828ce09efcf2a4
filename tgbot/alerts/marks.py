"""Alerts as marks on a chart."""

from tgbot.alerts import store
from tgbot.alerts.store import State
from tgbot.core.people import Person
from tgbot.db.engine import Database
from tgbot.markets.charts.chart import Line, LineKind, Marks


async def alert_marks(database: Database, person: Person, symbol: str) -> Marks:
    """The levels of those that are armed in the person's private chat."""
    async with database.read() as session:
        alerts = await store.listed(session, person.id)
    armed = (alert for alert in alerts if alert.symbol == symbol and alert.state is State.ARMED and not alert.condition)
    return Marks(lines=tuple(Line(LineKind.ALERT, alert.level) for alert in armed))
