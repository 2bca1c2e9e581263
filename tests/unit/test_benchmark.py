# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The benchmark counts all of a command's processes, takes no failure for a result, and compares round with round."""

from __future__ import annotations

import os
import sys

import pytest
from ansible_collections.certwright.cloud.tests.benchmark import measuring, tables
from ansible_collections.certwright.cloud.tests.benchmark.measuring import Case, Figure, Sample

HOLD = "held = b'x' * (200 << 20); print('done')"
BUSY = "import time\nwhile time.process_time() < 0.5: pass\nprint('done')"


def run(tmp_path, program, expects="done"):
    return measuring.measure(Case("case", (sys.executable, "-c", program), expects=expects), tmp_path, os.environ)


def in_child(program):
    return f"import subprocess, sys; subprocess.run([sys.executable, '-c', {program!r}], check=True)"


@pytest.mark.parametrize("wrap", [str, in_child, lambda program: in_child(in_child(program))])
def test_measure_counts_all_descendants(tmp_path, wrap):
    assert run(tmp_path, wrap(HOLD)).peak > 200
    assert run(tmp_path, wrap(BUSY)).cpu >= 0.5


def test_measure_of_something_small_is_not_the_size_of_what_measures(tmp_path):
    held = b"x" * (200 << 20)
    small = run(tmp_path, "print('done')")
    assert max(small.floor, small.peak) < len(held) >> 21


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("print('done'); raise SystemExit(3)", "'case' ended with status 3 and said:\ndone"),
        ("print('nothing')", "'case' ended with status 0 and said:\nnothing"),
        ("import os; os.kill(os.getpid(), 9)", "'case' ended with status -9"),
    ],
)
def test_measure_of_a_failure_raises_with_its_output(tmp_path, program, said):
    with pytest.raises(RuntimeError, match=said):
        run(tmp_path, program)


def test_rounds_run_every_case_in_another_order_and_do_not_count_the_first():
    ran = []

    def note(case):
        ran.append(case.name)
        return Sample(len(ran), 0, 0, 0)

    samples = measuring.in_turn([Case("a", ()), Case("b", ()), Case("c", ())], 2, note)
    assert "".join(ran) == "abc" + "bca" + "cab"
    assert [[sample.wall for sample in samples[name]] for name in "abc"] == [[6, 8], [4, 9], [5, 7]]


def test_ratio_compares_within_each_round():
    assert measuring.ratio([2, 100, 9], [1, 10, 3]) == Figure(3, 2, 10)


def test_loop_table_shows_the_slope():
    samples = {"one": [Sample(1.5, 1.0, 0, 0)], "many": [Sample(11.5, 5.0, 0, 0)]}
    _head, row = tables.loop_table(samples, {"look": ("one", "many")}, 11)
    assert row.split() == ["look", "1000", "1000-1000", "400", "400-400"]


def test_rehearsal_table_has_a_column_for_each_order_and_run():
    def order(host, **steps):
        return {"host": host, "steps": [{"step": name, "seconds": value} for name, value in steps.items()]}

    first = {"run": 1, "orders": [order("web-a", look=1.0, clean_up=2.0), order("web-b", look=3.0)]}
    second = {"run": 2, "orders": [order("web-a", look=0.5)]}
    assert [line.split("  ") for line in squeezed(tables.rehearsal_table([first, second]))] == [
        ["seconds", "web-a, run 1", "web-b, run 1", "web-a, run 2"],
        ["look", "1.0", "3.0", "0.5"],
        ["clean up", "2.0", "-", "-"],
        ["all steps", "3.0", "3.0", "0.5"],
    ]


def squeezed(lines):
    """The lines with two spaces between columns."""
    return ["  ".join(cell.strip() for cell in line.split("  ") if cell.strip()) for line in lines]
