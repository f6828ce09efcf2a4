"""A pytest plugin for `dev.py faults`: the fault table with the results of this run, and what the oracles counted."""

from collections import defaultdict

import pytest

from tests.faults.rows import ROWS, Row


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    from tests.faults.oracle import FIGURES  # not earlier: pytest wants to load its plugins first

    results = _results(terminalreporter)
    terminalreporter.section("faults")
    for row in ROWS:
        terminalreporter.write_line(f"{row.id:4} {_verdict(row, results):28} {row.fault}")
    shown = [row for row in ROWS if row.tests]
    terminalreporter.write_line(
        f"\n{len(shown)} of {len(ROWS)} rows shown; {sum(bool(row.missing) for row in shown)} of them in part.\n"
        f"{FIGURES.scenarios} scenarios judged: {FIGURES.placed} orders placed, {FIGURES.duplicates} duplicates, "
        f"{FIGURES.lost} lost, {FIGURES.unsettled} left in doubt on purpose."
    )


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """A row that was not run, or was skipped, is not green."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or session.exitstatus != pytest.ExitCode.OK:
        return
    results = _results(reporter)
    if any("passed" not in _verdict(row, results) for row in ROWS if row.tests):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _results(reporter: pytest.TerminalReporter) -> dict[str, list[str]]:
    """How each test that ran ended, by its name without parameters; an error at its end counts as one more."""
    found: dict[str, list[str]] = defaultdict(list)
    for outcome in ("passed", "failed", "error", "skipped"):
        for report in reporter.stats.get(outcome, []):
            found[report.nodeid.partition("[")[0]].append(outcome)
    return found


def _verdict(row: Row, results: dict[str, list[str]]) -> str:
    if not row.tests:
        return "not shown yet"
    outcomes = [outcome for node_id in row.node_ids for outcome in results.get(node_id, ["not run"])]
    bad = sorted({outcome for outcome in outcomes if outcome != "passed"})
    if bad:
        return ", ".join(bad).upper()
    return f"{len(outcomes)} passed{', in part' if row.missing else ''}"
