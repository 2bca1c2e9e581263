# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The matrix has teeth: with the promise broken in a copy of the plugins, just the cells fail that have to."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import pytest
from bench import Bench
from cells import DEFAULT, FAULTS, WORLDS, Fault, World
from engine import FLOWS

__all__: list[str] = []

COLLECTION = Path(__file__).resolve().parents[2]
#: What the tests of the matrix need of the collection.
NEEDED = ("plugins", "roles/sandbox/files", "tests/faults", "tests/e2e/plays.py", "tests/unit/plugins/helpers.py")
TWICE = "the order was submitted 2 times"
UNPROVED = "it was submitted again without a read that proved that the first submission was not taken"


@dataclass(frozen=True)
class Breach:
    """A promise broken.

    Arguments:
        files, words, others: in which files which words are replaced by which others (regular expressions).
        world: where that has to be seen.
        shows: whether it has to be seen where a fault befalls the submission.
        flows: that show it; what they share is broken for all of them.
    """

    files: str
    words: str
    others: str
    world: World
    shows: Callable[[Fault], bool]
    flows: tuple[str, ...] = ("tencent_paid",)


# A cloud that shows a submission late: there one look proves nothing.
LATE = WORLDS[-1]
BREACHES = {
    "a submission is repeated like a read": Breach(
        r"_(tencent/_paid|alibaba/_dv)_submissions\.py$",
        r"(ApiCall\(.*)CallClass\.ONCE",
        r"\1CallClass.READ",
        DEFAULT,
        lambda fault: fault.ambiguous,
        tuple(FLOWS),
    ),
    "one look is taken for a proof": Breach(
        r"_settle\.py$", "timeout=timeout,", "timeout=0,", LATE, lambda fault: fault.ambiguous or bool(fault.kills)
    ),
    "nothing is written into the ledger": Breach(
        r"_ledger\.py$",
        r"(def note.*\n.*\n.*\n +if self\._descriptor is not None)",
        r"\1 and False",
        LATE,
        lambda fault: bool(fault.kills),
    ),
}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of what the matrix needs."""
    target = tmp_path / "ansible_collections" / "certwright" / "cloud"
    for name in NEEDED:
        source = COLLECTION / name
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target / name)
    return target


def broken(collection: Path, breach: Breach) -> int:
    """Breaks the promise in the plugins; returns in how many files."""
    changed = 0
    for path in (collection / "plugins").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        new = re.sub(breach.words, breach.others, text) if re.search(breach.files, str(path)) else text
        changed += new != text
        path.write_text(new, encoding="utf-8")
    return changed


def failing(collection: Path, *options: str) -> tuple[set[str], set[str]]:
    """The names of the cells that fail and of those that do not; raises where one fails for another reason."""
    report = collection / "report.xml"
    root = collection.parents[2]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}", *options]
    done = subprocess.run(
        [*command, str(collection / "tests" / "faults" / "test_matrix.py")],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root), "ANSIBLE_COLLECTIONS_PATH": str(root)},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert report.is_file(), done.stdout + done.stderr
    failed, passed = set(), set()
    for case in ElementTree.parse(report).getroot().iter("testcase"):
        problem = case.find("failure")
        assert case.find("error") is None, done.stdout
        (passed if problem is None else failed).add(case.attrib["name"])
        assert problem is None or TWICE in problem.attrib["message"] or UNPROVED in problem.attrib["message"], (
            done.stdout
        )
    return failed, passed


@pytest.mark.parametrize("breach", BREACHES.values(), ids=BREACHES)
def test_breach_is_seen_in_every_cell_that_can_show_it(breach: Breach, copy: Path, the_bench: Bench) -> None:
    assert broken(copy, breach) > 0
    submissions = [row for row in the_bench.rows if row.submits and row.flow in breach.flows]
    number = WORLDS.index(breach.world)
    chosen = " or ".join(row.action for row in submissions)
    failed, passed = failing(copy, "-k", f"world{number} and ({chosen})")
    cells = {
        f"test_run_survives[{row.flow}-{row.title}-{fault.name}-world{number}]".replace(" ", "_"): fault
        for row in submissions
        for fault in FAULTS
        if not fault.dns
    }
    assert failed | passed == set(cells)
    assert failed == {title for title, fault in cells.items() if breach.shows(fault)}
