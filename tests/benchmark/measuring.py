# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs commands in turn, counts what each costs, and makes numbers of many runs."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Case", "Figure", "Sample", "figure", "in_turn", "measure", "ratio"]

STOPWATCH = Path(__file__).with_name("stopwatch.py")
# A command that hangs must not hang the benchmark.
TIMEOUT = 600


@dataclass(frozen=True)
class Case:
    """One command to measure.

    Arguments:
        name: for the table.
        command: program and arguments.
        action: the cloud's action that it calls; None where it calls none.
        expects: a text that its output has to contain, so that only work that was done is measured.
        calls: how often it calls the action each time.
    """

    name: str
    command: tuple[str, ...]
    action: str | None = None
    expects: str = ""
    calls: int = 1


@dataclass(frozen=True)
class Sample:
    """What one run cost: seconds, CPU seconds (user and system, all descendants), MiB of its largest process."""

    wall: float
    cpu: float
    peak: float
    floor: float


@dataclass(frozen=True)
class Figure:
    """A number of many runs: the median, the smallest and the largest."""

    median: float
    low: float
    high: float


def measure(case: Case, folder: Path, environment: Mapping[str, str], timeout: float = TIMEOUT) -> Sample:
    """Runs a case once. Raises RuntimeError with its output where it fails or does not say what it should.

    Arguments:
        folder: for the result of the stopwatch; the command runs there.
    """
    result = folder / "stopwatch.json"
    result.unlink(missing_ok=True)
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(STOPWATCH), str(result), *case.command],
        cwd=folder,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=timeout,
        check=False,
    )
    told = json.loads(result.read_text(encoding="ascii")) if result.exists() else {"status": done.returncode or 1}
    if told["status"] or case.expects not in done.stdout:
        raise RuntimeError(f"'{case.name}' ended with status {told['status']} and said:\n{done.stdout}")
    return Sample(told["wall"], told["cpu"], told["peak_kib"] / 1024, told["floor_kib"] / 1024)


def in_turn(cases: Sequence[Case], rounds: int, run: Callable[[Case], Sample]) -> dict[str, list[Sample]]:
    """All cases once in each round, each round in another order, so that a busy moment does not meet one case only.

    The first round, which fills caches, is run but not counted.
    """
    samples: dict[str, list[Sample]] = {case.name: [] for case in cases}
    for number in range(rounds + 1):
        start = number % len(cases)
        for case in [*cases[start:], *cases[:start]]:
            sample = run(case)
            if number:
                samples[case.name].append(sample)
    return samples


def figure(values: Sequence[float]) -> Figure:
    """The median and the spread of at least one value."""
    return Figure(statistics.median(values), min(values), max(values))


def ratio(values: Sequence[float], others: Sequence[float]) -> Figure:
    """How many times the others' value each value is, round by round."""
    return figure([value / other for value, other in zip(values, others, strict=True)])
