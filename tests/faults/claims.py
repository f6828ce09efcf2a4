"""A pytest plugin: what the fault table says to end with the oracles does so, or is an error.

A test is judged if the oracles have looked at its end and found nothing; of a row about orders, if one was sent in it,
too. Whoever forgets to ask them, or does not read what they say, is told here."""

from collections.abc import Collection, Iterator

import pytest

from tests.faults.rows import OF_ORDERS, ROWS, Row, is_judged


def judged(rows: Collection[Row]) -> set[str]:
    return {f"tests/{test}" for row in rows for test in row.tests if is_judged(test)}


CLAIMED, WITH_AN_ORDER = judged(ROWS), judged(OF_ORDERS)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    yield
    name = item.nodeid.partition("[")[0]
    if name in CLAIMED:
        from tests.faults.oracle import FIGURES  # not earlier: pytest wants to load its plugins first

        assert item.nodeid in FIGURES.sound, "the fault table says that the oracles judge this test: they did not"
        assert FIGURES.sound[item.nodeid] or name not in WITH_AN_ORDER, "no order was sent for the oracles to judge"
