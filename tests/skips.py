"""What a run left out, said plainly; on CI, leaving out is failing."""

import os
from collections import Counter

import pytest

# What even a full CI machine may lack. A reason counts if it begins with one of these.
ALLOWED_ON_CI: tuple[str, ...] = ()
# What pyproject.toml chooses where nobody does.
BY_ITSELF = "not (postgres or browser or peers or image)"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if config.option.markexpr == BY_ITSELF:
        terminalreporter.write_line("Run only when asked for, as CI does: -m postgres, -m browser, -m peers, -m image")
    reasons = Counter(reason_of(report) for report in terminalreporter.stats.get("skipped", []))
    if not reasons:
        return
    terminalreporter.section("not run here")
    for reason, number in reasons.most_common():
        terminalreporter.write_line(f"{number:5} × {reason}")
    if forbidden(reasons):
        terminalreporter.write_line("CI is set: a skip that tests/skips.py does not allow is a failure.", red=True)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None:
        return
    reasons = Counter(reason_of(report) for report in reporter.stats.get("skipped", []))
    if session.exitstatus == pytest.ExitCode.OK and forbidden(reasons):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def forbidden(reasons: Counter[str]) -> list[str]:
    if not os.environ.get("CI"):
        return []
    return [reason for reason in reasons if not reason.startswith(ALLOWED_ON_CI)]


def reason_of(report: pytest.TestReport) -> str:
    where_and_why = report.longrepr
    return where_and_why[2].removeprefix("Skipped: ") if isinstance(where_and_why, tuple) else str(where_and_why)
