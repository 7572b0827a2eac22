"""Tests that did not run: failures in CI, unless what they lack is no part of ours; elsewhere a loud line tells.

So no skip is quiet: a part that cannot be started (PostgreSQL, a server, the released package) would otherwise take
its tests away unseen.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Generator
from typing import Any

import pytest

# The only reasons that CI takes: what is no Python package (`.ci/run` installs it where it can), and what some machines
# do not allow, as a container or a disk of one's own.
MAY_BE_MISSING = re.compile(
    r"there is no Docker engine here"
    r"|only root can start a Docker engine"
    r"|dockerd (ended with|does not listen)"
    r"|the Docker engine runs no container here"
    r"|Azure needs the program azurite"
    r"|no (Redis|MariaDB|Pushgateway|dbt|notebooks) here"
    r"|mounting a disk needs root"
    r"|no disk can be mounted here"
    r"|no mkfs\.ext4 here"
    r"|the power of a disk cannot be cut here"
    r"|no systemd-analyze here"
    r"|root may write everything"
    r"|only root runs PostgreSQL as another account"
)
MISSING = pytest.StashKey[Counter[str]]()


def reason_of(report: pytest.TestReport | pytest.CollectReport) -> str | None:
    """Give the reason of a skip; none for a test that ran or was expected to fail."""
    if not report.skipped or hasattr(report, "wasxfail") or not isinstance(report.longrepr, tuple):
        return None
    return str(report.longrepr[-1]).removeprefix("Skipped: ")


def judge(report: Any, config: pytest.Config) -> Any:
    """Turn a skip into a failure in CI, and count it elsewhere, unless its reason is one of the few."""
    reason = reason_of(report)
    if reason is None or MAY_BE_MISSING.match(reason):
        return report
    if os.environ.get("PROCTOR_CI"):
        report.outcome = "failed"
        report.longrepr = f"must run in CI, and was skipped: {reason}"
    else:
        config.stash.setdefault(MISSING, Counter())[reason.strip().partition("\n")[0]] += 1
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    return judge((yield), item.config)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    return judge((yield), collector.config)


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for reason, count in sorted(config.stash.get(MISSING, Counter()).items()):
        what = f"{count} tests" if count > 1 else "1 test, or one file of them,"
        terminalreporter.write_line(f"NOT TESTED: {what} did not run: {reason}", red=True, bold=True)
