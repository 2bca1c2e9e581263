# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the role under faults and the killed runs share: where the programs lie, and what is told in the end."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.certwright.cloud.tests.crash.figures import TOLD


def pytest_addoption(parser: pytest.Parser) -> None:
    """Where the programs lie."""
    parser.addoption("--tools", type=Path, default=Path(), help="folder that prepare.py was given")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):
    """Hands what a test has to tell to the process that prints the summary."""
    report = yield
    if call.when == "teardown":
        report.sections += [("told", line) for line in TOLD]
        TOLD.clear()
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Prints it."""
    reports = [report for reports in terminalreporter.stats.values() for report in reports]
    for report in reports:
        for title, line in getattr(report, "sections", ()):
            if title == "told":
                terminalreporter.write_line(f"told: {line}")


@pytest.fixture(scope="session")
def tools(request: pytest.FixtureRequest) -> Path:
    """The folder that prepare.py was given."""
    folder: Path = request.config.getoption("--tools")
    return folder.resolve()
