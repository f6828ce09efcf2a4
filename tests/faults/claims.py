"""A pytest plugin: what the fault table says to end with the oracles does so, or is an error.

A test is judged if the oracles have looked at an order that was sent in it, and have found nothing. Whoever forgets to
ask them, or does not read what they say, is told here."""

from collections.abc import Iterator

import pytest

from tests.faults.rows import ROWS, is_judged

CLAIMED = {f"tests/{test}" for row in ROWS for test in row.tests if is_judged(test)}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    yield
    if item.nodeid.partition("[")[0] in CLAIMED:
        from tests.faults.oracle import FIGURES  # not earlier: pytest wants to load its plugins first

        assert item.nodeid in FIGURES.sound, "the fault table says that the oracles judge this test: they did not"
