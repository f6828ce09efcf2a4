"""Balances put together from lists and changes: whatever the order and repetition, the newest truth is left."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tgbot.core.orders import Balance, BalanceChange
from tgbot.portfolio.rules.known import Known, changed, listed

START = datetime(2026, 11, 1, tzinfo=UTC)
ZERO = Decimal(0)
List = tuple[Sequence[Balance], datetime]
Event = BalanceChange | List

moments = st.integers(0, 40)
amounts = st.integers(0, 3).map(Decimal)
lives = st.lists(st.tuples(st.sampled_from(["BTC", "ETH", "USDT"]), amounts, amounts), min_size=1, max_size=12)


def at(moment: float) -> datetime:
    return START + timedelta(seconds=moment)


def changes_of(life: Sequence[tuple[str, Decimal, Decimal]]) -> list[BalanceChange]:
    """One after another, a second apart."""
    return [
        BalanceChange(currency, available, hold, at(second)) for second, (currency, available, hold) in enumerate(life)
    ]


def truth(changes: Sequence[BalanceChange], moment: datetime) -> dict[str, tuple[Decimal, Decimal]]:
    """What there is then; nothing is no balance."""
    newest = {change.currency: (change.available, change.hold) for change in changes if change.at <= moment}
    return {currency: amounts for currency, amounts in newest.items() if any(amounts)}


def list_at(changes: Sequence[BalanceChange], moment: datetime) -> List:
    return [Balance(currency, *amounts) for currency, amounts in truth(changes, moment).items()], moment


def together(events: Sequence[Event]) -> Known:
    known = Known()
    for event in events:
        known = changed(known, event) if isinstance(event, BalanceChange) else listed(known, *event)
    return known


def there(known: Known) -> dict[str, tuple[Decimal, Decimal]]:
    return {one.currency: (one.available, one.hold) for one in known.all if one.total}


@given(lives, st.lists(moments, max_size=4), st.data())
def test_any_order_and_repetition_of_lists_and_changes_ends_in_the_newest_truth(
    life: list[tuple[str, Decimal, Decimal]], looks: list[int], data: st.DataObject
) -> None:
    changes = changes_of(life)
    events: list[Event] = [*changes, *(list_at(changes, at(look + 0.5)) for look in looks)]
    heard = data.draw(st.permutations(events + data.draw(st.lists(st.sampled_from(events), max_size=8))))
    assert there(together(heard)) == truth(changes, at(99))


@given(lives, moments, st.data())
def test_after_a_list_only_what_came_later_has_to_be_heard(
    life: list[tuple[str, Decimal, Decimal]], look: int, data: st.DataObject
) -> None:
    """What was lost while the stream was cut is in the list of the new connection."""
    changes = changes_of(life)
    seen = list_at(changes, at(look + 0.5))
    later = [change for change in changes if change.at > seen[1]]
    earlier = [change for change in changes if change.at <= seen[1] and data.draw(st.booleans())]
    events: list[Event] = [seen, *later, *earlier]
    assert there(together(data.draw(st.permutations(events)))) == truth(changes, at(99))


def test_what_is_gone_from_the_list_is_gone() -> None:
    known = together([([Balance("BTC", Decimal(1), ZERO), Balance("USDT", Decimal(5), ZERO)], at(1))])
    known = listed(known, [Balance("USDT", Decimal(5), ZERO)], at(2))
    assert set(known.balances) == {"USDT"}
    assert changed(known, BalanceChange("BTC", Decimal(1), ZERO, at(1.5))) == known, "a late frame brings nothing back"


def test_an_older_list_that_comes_late_brings_nothing_back() -> None:
    known = together([([], at(2)), ([Balance("BTC", Decimal(1), ZERO)], at(1))])
    assert (known.listed_at, known.all) == (at(2), [])


def test_before_there_was_a_list_nothing_is_known_as_a_whole() -> None:
    known = changed(Known(), BalanceChange("BTC", Decimal(1), ZERO, at(1)))
    assert known.as_of is None
    known = listed(known, [], at(0.5))
    assert known.as_of == at(1)
    assert [one.currency for one in known.all] == ["BTC"]
