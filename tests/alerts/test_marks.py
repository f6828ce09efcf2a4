from tests.alerts.desk import ANN, BORIS, BTC, ETH, Desk
from tgbot.alerts.marks import alert_marks
from tgbot.core.people import Person
from tgbot.markets.charts.chart import Line, LineKind, Marks

PERSON = Person(ANN, "Ann", "en", "UTC", "USDT", "USDT", None, is_operator=False)


async def test_armed_alerts_of_the_pair_and_the_person_are_marked(desk: Desk) -> None:
    armed = await desk.set(f"{BTC} > 70000")
    paused = await desk.set(f"{BTC} < 60000")
    await desk.set(f"{ETH} > 4000")
    await desk.set(f"{BTC} > 80000", chat_id=BORIS)
    await desk.now.alerts.pause(ANN, paused.short)
    assert await alert_marks(desk.database, PERSON, BTC) == Marks((Line(LineKind.ALERT, armed.level),))


async def test_without_alerts_there_are_no_marks(desk: Desk) -> None:
    assert await alert_marks(desk.database, PERSON, BTC) == Marks()
