# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The benchmark's figures as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.certwright.cloud.tests.benchmark.measuring import Figure, Sample, figure, ratio

__all__ = ["columns", "cost_table", "loop_table", "ratio_table", "rehearsal_table"]

Samples = Mapping[str, Sequence[Sample]]


def columns(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Columns as wide as needed: the first to the left, numbers to the right."""
    first, *others = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    return [
        "  ".join([row[0].ljust(first), *(cell.rjust(width) for cell, width in zip(row[1:], others, strict=True))])
        for row in (head, *rows)
    ]


def _spread(value: Figure, digits: int = 0) -> tuple[str, str]:
    return f"{value.median:.{digits}f}", f"{value.low:.{digits}f}-{value.high:.{digits}f}"


def cost_table(samples: Samples) -> list[str]:
    """Wall and CPU milliseconds and peak MiB of each command: the median and the range."""
    head = ("", "wall ms", "range", "CPU ms", "range", "peak MiB", "range")
    rows = []
    for name, runs in samples.items():
        wall, cpu = figure([run.wall * 1000 for run in runs]), figure([run.cpu * 1000 for run in runs])
        rows.append((name, *_spread(wall), *_spread(cpu), *_spread(figure([run.peak for run in runs]))))
    return columns(head, rows)


def ratio_table(samples: Samples, pairs: Sequence[tuple[str, str]]) -> list[str]:
    """How many times the other's cost: the median of the ratios of each round, and their range."""
    head = ("", "wall x", "range", "CPU x", "range", "peak x", "range")
    rows = []
    for name, other in pairs:
        ratios = [
            ratio([getattr(run, what) for run in samples[name]], [getattr(run, what) for run in samples[other]])
            for what in ("wall", "cpu", "peak")
        ]
        rows.append((f"{name} / {other}", *(cell for value in ratios for cell in _spread(value, 2))))
    return columns(head, rows)


def loop_table(samples: Samples, loops: Mapping[str, tuple[str, str]], items: int, each: str = "an item") -> list[str]:
    """Milliseconds of one item more.

    Arguments:
        loops: for each row the names of the cases with one item and with all.
        each: what an item is called.
    """
    head = ("", f"wall ms {each}", "range", f"CPU ms {each}", "range")
    rows = []
    for name, (one, many) in loops.items():
        cells: list[str] = []
        for what in ("wall", "cpu"):
            both = zip(samples[one], samples[many], strict=True)
            slopes = [(getattr(big, what) - getattr(small, what)) / (items - 1) * 1000 for small, big in both]
            cells += _spread(figure(slopes))
        rows.append((name, *cells))
    return columns(head, rows)


def rehearsal_table(runs: Sequence[Mapping[str, Any]]) -> list[str]:
    """Seconds by step, a column for each order and run, in the order in which the steps first came."""
    heads = [(f"{order['host']}, run {run['run']}", order["steps"]) for run in runs for order in run["orders"]]
    names = list(dict.fromkeys(step["step"] for _head, steps in heads for step in steps))
    rows = []
    for name in names:
        seconds = [[step["seconds"] for step in steps if step["step"] == name] for _head, steps in heads]
        rows.append((name.replace("_", " "), *(f"{sum(each):.1f}" if each else "-" for each in seconds)))
    totals = [f"{sum(step['seconds'] for step in steps):.1f}" for _head, steps in heads]
    return columns(("seconds", *(head for head, _steps in heads)), [*rows, ("all steps", *totals)])
