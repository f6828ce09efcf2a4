"""Our clock is wrong, or stood still while the machine slept: alerts go by the exchange's."""

from datetime import timedelta

from tests.alerts.desk import BTC, heard
from tests.alerts.street import Street
from tests.alerts.test_monitor_foreseen import ahead, street
from tests.kucoin.conftest import client, ssl_context

__all__ = ["ahead", "client", "ssl_context", "street"]


async def test_what_crossed_while_the_machine_slept_is_read_back(street: Street) -> None:
    """Hours of which its monotonic clock knows nothing."""
    async with street.life() as life:
        alert = await street.set(f"{BTC} > 70000")
        await heard(street, BTC, 67_100)
        await street.until(lambda: not life.monitor._waiting)
        for price in (70_500, 66_000):
            street.clock.suspend(timedelta(hours=2))
            street.price_unheard(BTC, price)
        life.board.on_gap({BTC})
        [said] = await street.said(1)
    assert said.text.splitlines() == [
        "🔔 BTC-USDT > 70,000: it was 70,500",
        "Up to 2 h late: the crossing was missed live.",
        f"#{alert.short}",
    ]
