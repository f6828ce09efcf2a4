"""A pytest plugin for `dev.py faults`: the fault table with the results of this run, and what the oracles counted."""

import subprocess
from collections import defaultdict
from collections.abc import Collection
from dataclasses import asdict
from operator import itemgetter
from typing import Any

import pytest

from tests.faults.rows import ROWS, Row
from tgbot.system import SystemClock

LONGEST = 6
COMMIT = pytest.StashKey[str]()


def pytest_sessionstart(session: pytest.Session) -> None:
    """What is tried is what was there when it began."""
    git = ["git", "describe", "--always", "--dirty"]
    found = subprocess.run(git, capture_output=True, text=True, check=False)
    session.config.stash[COMMIT] = found.stdout.strip()


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """A worker has counted by itself."""
    from tests.faults.oracle import FIGURES, Figures  # not earlier: pytest wants to load its plugins first

    figures = getattr(node, "workeroutput", {}).get("figures")
    if figures:
        FIGURES.add(Figures(**figures))


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
        f"{FIGURES.lost} lost, {FIGURES.unsettled} left in doubt on purpose.\n"
        f"{_doubts(FIGURES.doubts.values())}"
    )
    _write_pairs(terminalreporter)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """A row that was not run, or was skipped, is not green."""
    if hasattr(session.config, "workeroutput"):
        from tests.faults.oracle import FIGURES  # not earlier: pytest wants to load its plugins first

        session.config.workeroutput["figures"] = asdict(FIGURES)
        return
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or session.exitstatus != pytest.ExitCode.OK:
        return
    results = _results(reporter)
    if any("passed" not in _verdict(row, results) for row in ROWS if row.tests):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _doubts(doubts: Collection[tuple[float, str]]) -> str:
    """How long it took until the truth was known: in most cases, and in the scenarios where it took longest."""
    if not doubts:
        return "Of no order the truth was waited for."
    ordered = sorted(seconds for seconds, _ in doubts)
    median, late = (ordered[len(ordered) * part // 100] for part in (50, 99))
    worst: dict[str, float] = defaultdict(float)
    for seconds, test in doubts:
        worst[test] = max(worst[test], seconds)
    longest = sorted(worst.items(), key=itemgetter(1), reverse=True)[:LONGEST]
    lines = [
        f"Time to truth, by the scenario's clock: median {median:.3g} s, p99 {late:.0f} s, worst {ordered[-1]:.0f} s"
    ]
    return "\n".join(lines + [f"  {seconds:5.0f} s in {test}" for test, seconds in longest])


def _write_pairs(reporter: pytest.TerminalReporter) -> None:
    """The table of pairs of crash points, if every pair was tried."""
    from tests.faults.pairs import BAD, PAGE, page
    from tests.faults.points import POINTS

    outcomes: dict[tuple[str, str], str] = {}
    for outcome in ("passed", "failed", "error"):
        for report in reporter.stats.get(outcome, []):
            found = dict(report.user_properties)
            if "pair" in found:
                outcomes[tuple(found["pair"])] = found["met"] if outcome == "passed" else BAD
    if len(outcomes) < len(POINTS) ** 2:
        return
    PAGE.write_text(page(outcomes, reporter.config.stash[COMMIT], SystemClock().now().date()))
    reporter.write_line(f"\n{PAGE.name} is written anew.")


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
