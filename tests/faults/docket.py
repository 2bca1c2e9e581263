# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The matrix's table: what came of every cell, printed and, with --faults-to, written to a file."""

from __future__ import annotations

import dataclasses
import string
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from bench import KILLED, WENT_ON, Verdict
from cells import DEFAULT, DNS, FAULTS, WORLDS, Fault, Row, World, impossible

__all__ = ["Docket", "Tell", "tell_cell"]

CELL = "fault cell"
#: What came of a cell, and its sign in the table.
SIGNS = {
    WENT_ON: ".",
    "network": "N",
    "server": "S",
    "throttled": "T",
    "auth": "A",
    "timeout": "W",
    "outcome_unknown": "U",
    KILLED: "K",
}
FAILED, UNTRIED, IMPOSSIBLE = "FAIL", "?", "-"

Tell = Callable[[Row, Fault, World, Verdict], None]
Line = tuple[Row, World]


@pytest.fixture
def tell_cell(request: pytest.FixtureRequest) -> Tell:
    """Tells what came of a cell."""

    def tell(row: Row, fault: Fault, world: World, verdict: Verdict) -> None:
        where = (dataclasses.astuple(row), dataclasses.astuple(world), fault.name)
        request.node.user_properties.append((CELL, (where, FAILED if verdict.faults else verdict.word)))

    return tell


class Docket:
    """Collects what tests told, and makes the table of it."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._words: dict[tuple[Line, str], str] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keeps what a test told."""
        if report.when == "call":
            for name, value in report.user_properties:
                if name == CELL:
                    (row, world, fault), word = value
                    self._words[(Row(*row), World(*world)), fault] = word

    def _lines(self, dns: bool) -> list[Line]:
        """The lines of one table in the order of a run."""
        lines = {line for line, _fault in self._words if (line[0].cloud == DNS) is dns}
        return sorted(lines, key=lambda line: (line[0].flow, line[0].position, line[0].step, WORLDS.index(line[1])))

    def tables(self) -> list[str]:
        """A table for API calls and one for questions to name servers, with all their signs, as Markdown."""
        text = []
        for title, dns in (("API calls", False), ("Questions to name servers", True)):
            faults = [fault for fault in FAULTS if fault.dns is dns]
            letters = dict(zip(string.ascii_lowercase + string.ascii_uppercase, faults, strict=False))
            text += [f"## {title}", "", _row(("flow", "call", *letters)), _row(["---"] * (len(letters) + 2))]
            text += [_row([*_heads(line), *(self._sign(line, fault) for fault in faults)]) for line in self._lines(dns)]
            text += ["", *(f"- {letter}: {fault.name}" for letter, fault in letters.items()), ""]
        signs = [f"- {sign} {_meaning(word)}" for word, sign in SIGNS.items()]
        return [*text, "## Signs", "", *signs, "", "## Cells that cannot be", "", *self._impossible()]

    def _sign(self, line: Line, fault: Fault) -> str:
        if impossible(line[0], fault):
            return IMPOSSIBLE
        word = self._words.get((line, fault.name), UNTRIED)
        return "".join(SIGNS.get(each, each) for each in word.split())

    def _impossible(self) -> list[str]:
        lines = self._lines(False) + self._lines(True)
        reasons = Counter(reason for line in lines for fault in FAULTS if (reason := impossible(line[0], fault)))
        return [f"- {count}: {reason}" for reason, count in reasons.most_common()]

    def summary(self) -> str:
        """How many cells came to what."""
        count = Counter(word.split()[0] for word in self._words.values())
        failed = count.pop(FAILED, 0)
        went_on = count.pop(WENT_ON, 0)
        kinds = ", ".join(f"{number} {kind}" for kind, number in count.most_common()) or "nothing"
        verdict = f"{failed} broke a promise" if failed else "every promise held"
        return (
            f"{len(self._words)} cells: in {went_on} the run went on by itself, in {sum(count.values())} it failed "
            f"({kinds}) and the next one finished; {verdict}"
        )

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Prints the table and what it adds up to, and writes it."""
        if not self._words:
            return
        terminalreporter.section("the fault matrix")
        lines = [*self.tables(), "", self.summary()]
        for line in lines:
            terminalreporter.write_line(line)
        if self._path:
            self._path.write_text("\n".join([*lines, ""]), encoding="utf-8")


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _heads(line: Line) -> list[str]:
    row, world = line
    return [row.flow, row.title + ("" if world == DEFAULT else f" ({world.title})")]


def _meaning(word: str) -> str:
    return "the run went on by itself" if word == WENT_ON else f"the run failed ({word}) and the next one finished"
