# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the vendors' SDKs judged: every call that they completed against the sandbox, printed as one table.

A test asks for the fixture `judged` and tells each call that a judge completed; only what passing tests told counts.
`served` says what there is to judge.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

__all__ = ["Docket", "Judged", "judged", "served"]

COLUMNS = ("cloud", "version", "action", "judge", "dialects")
TOLD = "judged"

#: judged(cloud, version, action, judge): the judge is a client, a comma and its dialect: "ssl SDK 3.1.145, http POST".
Judged = Callable[[str, str, str, str], None]


@pytest.fixture
def judged(request: pytest.FixtureRequest) -> Judged:
    """Tells that a judge completed a call."""

    def told(cloud: str, version: str, action: str, judge: str) -> None:
        row = (cloud, version, action, judge)
        if (TOLD, row) not in request.node.user_properties:
            request.node.user_properties.append((TOLD, row))

    return told


def served(sandbox: Any, cloud: str) -> set[tuple[str, str]]:
    """(version, action) of everything that a running sandbox serves for a cloud."""
    return set(map(tuple, sandbox.control("")["actions"][cloud]))


class Docket:
    """Collects what passing tests told, and prints it."""

    def __init__(self) -> None:
        self._told: set[tuple[str, str, str, str]] = set()
        self._failed = 0

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keeps what a test told, if it passed."""
        self._failed += report.failed
        if report.when == "call" and report.passed:
            self._told.update(tuple(value) for name, value in report.user_properties if name == TOLD)

    def rows(self) -> list[tuple[str, ...]]:
        """The table: one row for each action and client, in a stable order."""
        dialects: dict[tuple[str, ...], set[str]] = {}
        for cloud, version, action, judge in self._told:
            client, _comma, dialect = judge.partition(", ")
            dialects.setdefault((cloud, version, action, client), set()).add(dialect)
        return sorted((*row, "; ".join(sorted(spoken))) for row, spoken in dialects.items())

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Prints the table and what it adds up to."""
        rows = self.rows()
        if not rows:
            return
        widths = [max(len(row[column]) for row in (COLUMNS, *rows)) for column in range(4)]
        terminalreporter.section("the judges' list of calls")
        for row in (COLUMNS, *rows):
            cells = [cell.ljust(size) for cell, size in zip(row, widths, strict=False)]
            terminalreporter.write_line("  ".join([*cells, row[4]]))
        verdict = f"{self._failed} tests failed" if self._failed else "all passing"
        for cloud in sorted({row[0] for row in rows}):
            actions = {row[1:3] for row in rows if row[0] == cloud}
            clients = sorted({row[3] for row in rows if row[0] == cloud})
            terminalreporter.write_line(f"{len(actions)} actions of {cloud} judged by {', '.join(clients)}: {verdict}")
