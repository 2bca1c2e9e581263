# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Collects what the tests of bad input and trouble are told, and makes one table of it: `make troubles`.

A test asks for the fixture `tell` and hands in each failed result. In a usual run that is all; as a plugin
(-p, with --troubles-to) this module runs only such tests, and fails where a case of CASES was not told everywhere.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

__all__ = ["CASES", "Tell", "tell"]

CLOUDS = ("tencent", "alibaba")
# What has to be shown, and where: at a cloud, by the modules that work on a server, by the role.
CASES: dict[str, tuple[str, ...]] = {
    "wrong key": CLOUDS,
    "missing right": CLOUDS,
    "wrong clock": CLOUDS,
    "unknown order": CLOUDS,
    "order in the wrong state": CLOUDS,
    "order for other names": CLOUDS,
    "order made with another key": ("tencent", "server"),
    "two hosts with one order": ("role",),
    "domain not hosted in the account": CLOUDS,
    # The Alibaba DV API takes no CSR.
    "CSR with another common name": ("tencent",),
    "wildcard with file validation": CLOUDS,
    "malformed domain": (*CLOUDS, "server"),
    "incomplete application": CLOUDS,
    "unreachable endpoint": CLOUDS,
    "throttled answer": CLOUDS,
    "answer that is not JSON": CLOUDS,
    "submission without an answer": CLOUDS,
    "wait that runs out": CLOUDS,
    "full target directory": ("server",),
    "read-only target directory": ("server",),
    "test command that fails": ("server",),
    "reload command that fails": ("server",),
    "certificate that is not served": ("server",),
}
COLUMNS = ("case", "where", "kind", "code", "changed", "message")
TOLD = "trouble"
# Ids, paths, fingerprints, ports: what stands in quotes or holds a digit.
VALUE = re.compile(r"'[^']*'|\S*\d\S*")

INDENT = " " * 4

Tell = Callable[[str, str, Mapping[str, Any]], None]
Row = tuple[str, ...]


@pytest.fixture
def tell(request: pytest.FixtureRequest) -> Tell:
    """Tells which trouble a failed result shows: tell(case, where, result)."""

    def told(case: str, where: str, result: Mapping[str, Any]) -> None:
        assert where in CASES[case], f"'{case}' does not belong to '{where}'"
        error = result.get("error") or {}
        row = (case, where, error.get("kind"), error.get("code"), result.get("changed"), result["msg"])
        request.node.user_properties.append((TOLD, tuple("-" if cell is None else str(cell) for cell in row)))

    return told


class Collector:
    """Runs the tests that tell, and writes what they told to a file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows: list[Row] = []

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Leaves the other tests out."""
        others = [item for item in items if "tell" not in getattr(item, "fixturenames", ())]
        items[:] = [item for item in items if item not in others]
        config.hook.pytest_deselected(items=others)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keeps what a test told, if it passed."""
        if report.when == "call" and report.passed:
            self.rows += [tuple(map(str, row)) for name, row in report.user_properties if name == TOLD]

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Writes the table, as Markdown and as plain text; a case that nothing was told of is a failure."""
        rows = self.sorted()
        self.path.write_text(markdown(rows), encoding="utf-8")
        self.path.with_suffix(".txt").write_text(table(rows), encoding="utf-8")
        if self.missing():
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Says which cases are missing."""
        for missing in self.missing():
            terminalreporter.write_line(f"No test has shown '{missing}'")

    def sorted(self) -> list[Row]:
        """What was told, in the order of CASES; messages that differ in their values only count once."""
        order = list(CASES)
        rows: dict[Row, Row] = {}
        for row in self.rows:
            rows.setdefault(tuple(VALUE.sub("", cell) for cell in row), row)
        return sorted(rows.values(), key=lambda row: (order.index(row[0]), CASES[row[0]].index(row[1])))

    def missing(self) -> list[str]:
        """The cases that were not told, with where."""
        told = {(row[0], row[1]) for row in self.rows}
        return [f"{case} ({where})" for case, places in CASES.items() for where in places if (case, where) not in told]


def markdown(rows: list[Row]) -> str:
    """The table as Markdown."""
    lines = [COLUMNS, ("---",) * len(COLUMNS), *rows]
    cells = (" | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in line) for line in lines)
    return "".join(f"| {line} |\n" for line in cells)


def table(rows: list[Row], width: int = 116) -> str:
    """The table for a terminal: a line of facts, and below it the message."""
    widths = [max(len(row[column]) for row in (COLUMNS, *rows)) for column in range(5)]
    lines = []
    for row in (COLUMNS, *rows):
        lines.append("  ".join(cell.ljust(size) for cell, size in zip(row, widths, strict=False)).rstrip())
        lines += [
            INDENT + line for line in textwrap.wrap(row[5], width, break_on_hyphens=False, break_long_words=False)
        ]
    return "\n".join(lines) + "\n"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Where the table is written to."""
    parser.addoption("--troubles-to", type=Path, required=True, help="file for the table of troubles, as Markdown")


def pytest_configure(config: pytest.Config) -> None:
    """Starts collecting."""
    config.pluginmanager.register(Collector(config.getoption("--troubles-to")), "troubles-collector")
