"""The index knows what a price touches, as a look at every alert would."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tgbot.alerts.index import BoundsIndex
from tgbot.alerts.rules.crossing import Bounds

prices = st.integers(1, 12).map(Decimal)
edits = st.lists(
    st.tuples(st.integers(1, 8), st.none() | st.builds(Bounds, st.none() | prices, st.none() | prices)), max_size=40
)


@given(edits, prices, prices)
def test_touches_exactly_those_whose_bounds_are_reached(
    edits: list[tuple[int, Bounds | None]], one: Decimal, other: Decimal
) -> None:
    lowest, highest = sorted((one, other))
    index, known = BoundsIndex(), dict[int, Bounds]()
    for alert_id, bounds in edits:
        if bounds is None:
            index.drop(alert_id)
            known.pop(alert_id, None)
        else:
            index.put(alert_id, bounds)
            known[alert_id] = bounds
    touched = index.touched(lowest, highest)
    assert len(touched) == len(set(touched))
    assert set(touched) == {
        alert_id
        for alert_id, (low, high) in known.items()
        if (low is not None and low >= lowest) or (high is not None and high <= highest)
    }
    assert len(index) == len(known)
    assert (index.low < lowest <= highest < index.high) == (not touched)


def test_the_nearest_come_first() -> None:
    index = BoundsIndex()
    for alert_id, level in enumerate((30, 10, 20)):
        index.put(alert_id, Bounds(None, Decimal(level)))
        index.put(alert_id + 10, Bounds(Decimal(level), None))
    assert index.touched(Decimal(50), Decimal(50)) == [1, 2, 0]
    assert index.touched(Decimal(1), Decimal(1)) == [10, 12, 11]
