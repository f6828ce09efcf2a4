"""By what an installation knows its own orders."""

import re

from hypothesis import given
from hypothesis import strategies as st

from tests.ids import CountingIds
from tgbot.core.ids import mark_of
from tgbot.system import MarkedIds, SystemIds


@given(st.text())
def test_a_mark_begins_as_every_order_of_such_a_bot_and_stays_the_same(installation: str) -> None:
    mark = mark_of(installation)
    assert re.fullmatch(r"tb[0-9A-HJKMNP-TV-Z]{4}", mark)
    assert mark == mark_of(installation)


def test_of_two_installations_each_has_a_mark_of_its_own() -> None:
    marks = {mark_of(SystemIds().unique()) for _ in range(200)}
    assert len(marks) >= 198, "of a million"


def test_ids_of_orders_fit_kucoin_and_keep_all_their_chance() -> None:
    ids = MarkedIds(CountingIds(), mark_of("here"))
    made = [ids.client_oid() for _ in range(1000)]
    assert all(re.fullmatch(mark_of("here") + "[0-9a-f]{32}", one) and len(one) <= 40 for one in made)
    assert len(set(made)) == 1000
