"""The table names tests that exist, and its page says what it says."""

import ast
from collections import Counter
from functools import cache
from types import SimpleNamespace

import pytest

from tests.faults.claims import CLAIMED, pytest_runtest_teardown
from tests.faults.rows import OF_ORDERS, PAGE, ROOT, ROWS, is_judged, page


@cache
def functions_of(file: str) -> frozenset[str]:
    tree = ast.parse((ROOT / file).read_text())
    functions = (node for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return frozenset(function.name for function in functions)


def test_every_test_of_the_table_exists() -> None:
    named = {node_id for row in ROWS for node_id in row.node_ids}
    lost = [node_id for node_id in named if node_id.partition("::")[2] not in functions_of(node_id.partition("::")[0])]
    assert lost == []


def test_every_row_has_a_number_of_its_own() -> None:
    assert [number for number, count in Counter(row.id for row in ROWS).items() if count > 1] == []


def test_the_oracles_judge_a_scenario_of_every_row_of_an_order() -> None:
    assert [row.id for row in OF_ORDERS if not any(map(is_judged, row.tests))] == []


def test_whoever_is_said_to_be_judged_and_is_not_is_an_error() -> None:
    never_run = SimpleNamespace(nodeid=f"{min(CLAIMED)}[never run]")
    with pytest.raises(AssertionError, match="they did not"):
        list(pytest_runtest_teardown(never_run))  # type: ignore[arg-type]  # only its name is read


def test_page_is_that_of_the_table() -> None:
    assert PAGE.read_text() == page(), "python -m tests.faults.rows writes it anew"
