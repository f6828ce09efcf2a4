"""Packed alerts are the alerts that were packed."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.clock import START
from tgbot.alerts.index import NOTHING_ABOVE, NOTHING_BELOW
from tgbot.alerts.rules.conditions import SIGNS
from tgbot.alerts.rules.crossing import Armed, Kind, Stance
from tgbot.alerts.rungs import HIGHEST_ID, MOST_FIRES, Rungs, packed_key

BTC = "BTC-USDT"
levels = st.decimals(Decimal("0.000000000001"), 3_000_000, places=12)
few = st.sampled_from(
    [Decimal("0.1"), Decimal("99.999"), Decimal(100), Decimal("100.000000000001"), Decimal(2_000_000)]
)
alerts = st.builds(
    Armed,
    id=st.integers(1, HIGHEST_ID),
    symbol=st.just(BTC),
    kind=st.sampled_from(list(SIGNS)),
    level=levels | few,
    stance=st.just(Stance.UNDER),
    since=st.timedeltas(timedelta(0), timedelta(days=999)).map(lambda span: START + span),
    fires=st.integers(0, MOST_FIRES - 1),
)
stances = st.sampled_from([Stance.UNDER, Stance.OVER])


@given(stances, st.lists(alerts, max_size=30, unique_by=lambda alert: alert.id), st.data())
def test_a_price_touches_what_a_look_at_each_would_find(
    stance: Stance, known: list[Armed], data: st.DataObject
) -> None:
    known = [replace(alert, stance=stance) for alert in known]
    rungs, loaded = Rungs(BTC, stance), Rungs(BTC, stance)
    for alert in known:
        key = packed_key(alert)
        assert key is not None
        rungs.add(key, alert)
        loaded.append(key, alert)
    loaded.sort()
    gone = data.draw(st.lists(st.sampled_from(known), unique_by=lambda alert: alert.id)) if known else []
    assert [rungs.discard(alert) for alert in gone] == [True] * len(gone)
    assert not any(rungs.discard(alert) for alert in gone)
    for alert in gone:
        loaded.discard(alert)
        known.remove(alert)
    price = data.draw(levels | few)
    hit = [alert for alert in known if (alert.level <= price if stance is Stance.UNDER else alert.level >= price)]
    for each in (rungs, loaded):
        assert len(each) == len(known)
        touched = list(each.touched(price))
        assert sorted(touched, key=lambda alert: alert.id) == sorted(hit, key=lambda alert: alert.id)
        assert [alert.level for alert in touched] == sorted(
            (alert.level for alert in hit), reverse=stance is Stance.OVER
        )
        if touched:
            strike = each.take(price, START)
            assert len(strike) == len(touched)
            assert [crossing.alert for crossing in strike] == [replace(alert, since=START) for alert in touched]
        assert len(each) == len(known) - len(hit)
        assert list(each.touched(price)) == []
    left = [alert.level for alert in known if alert not in hit]
    nearest = min(left, default=NOTHING_ABOVE) if stance is Stance.UNDER else max(left, default=NOTHING_BELOW)
    assert rungs.nearest == loaded.nearest == nearest


ONE = Armed(1, BTC, Kind.ABOVE, Decimal(100), Stance.UNDER, START)


@pytest.mark.parametrize(
    "change",
    [
        {"stance": Stance.NEW},
        {"stance": Stance.SPENT},
        {"cooldown": timedelta(minutes=1)},
        {"ends_at": START},
        {"condition": "5% 1h"},
        {"level": Decimal(4_000_000)},
        {"level": Decimal("0.1234567890123")},
        {"id": HIGHEST_ID + 1},
        {"fires": MOST_FIRES},
    ],
)
def test_what_is_more_than_a_level_is_not_packed(change: dict[str, object]) -> None:
    assert packed_key(ONE) == -100 * 10**12
    assert packed_key(replace(ONE, **change)) is None  # type: ignore[arg-type]  # fields of an alert


def test_of_equals_the_first_fires_first() -> None:
    rungs, loaded = Rungs(BTC, Stance.UNDER), Rungs(BTC, Stance.UNDER)
    for number in (1, 2, 3):
        rungs.add(1, replace(ONE, id=number))
        loaded.append(1, replace(ONE, id=number))
    loaded.sort()
    for each in (rungs, loaded):
        assert [alert.id for alert in each.touched(Decimal(0))] == [1, 2, 3]
