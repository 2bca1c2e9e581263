# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The runner of all tests fails when anything failed, and also when something did not run at all."""

from __future__ import annotations

import pytest
from ansible_collections.certwright.cloud.tests import run


@pytest.fixture
def perform(tmp_path, monkeypatch, capsys):
    """Run one step that logs, counts or raises what the test says; return the totals and what was printed."""
    monkeypatch.setattr(run, "LOG", tmp_path)
    monkeypatch.setattr(run, "ROOT", tmp_path)

    def perform(step):
        monkeypatch.setattr(run, "STEPS", {"step": step})
        total = run.Result()
        run.perform("step", total)
        return total.passed, total.failed, capsys.readouterr().out

    return perform


def logging(text, **counted):
    def step(step):
        step.log.write_text(text)
        return run.Result(**counted)

    return step


def raising(_step):
    raise FileNotFoundError("no such tool")


@pytest.mark.parametrize(
    ("step", "passed", "failed", "said"),
    [
        (logging("fine", passed=3), 3, 0, "ok"),
        (logging("broken line", passed=3, failed=2), 3, 2, "broken line"),
        (logging(""), 0, 1, "no test was found"),
        (logging("WARNING: All targets skipped.", passed=1), 1, 1, "All targets skipped"),
        (logging('WARNING: Required program "shellcheck" not found.', passed=1), 1, 1, "Required program"),
        (raising, 0, 1, "FileNotFoundError: no such tool"),
    ],
)
def test_step_is_judged_by_what_ran(perform, step, passed, failed, said):
    counted = perform(step)
    assert counted[:2] == (passed, failed)
    assert said in counted[2]


@pytest.mark.parametrize(("complete", "failed", "said"), [("", 0, "ok"), ("1", 1, "FAIL")])
def test_what_is_left_out_is_told_and_fails_where_everything_has_to_run(perform, monkeypatch, complete, failed, said):
    monkeypatch.setenv(run.COMPLETE, complete)
    counted = perform(logging("fine", left_out=["hosts: nobody is root here"]))
    assert counted[:2] == (0, failed)
    assert said in counted[2] and "left out: hosts: nobody is root here" in counted[2]


@pytest.mark.parametrize(
    ("counts", "code", "passed", "failed"),
    [
        ('tests="5" failures="0" errors="0" skipped="0"', 0, 5, 0),
        ('tests="5" failures="1" errors="1" skipped="0"', 1, 3, 2),
        ('tests="5" failures="0" errors="0" skipped="2"', 0, 3, 2),
        ('tests="5" failures="0" errors="0" skipped="0"', 1, 5, 1),
        ('tests="0" failures="0" errors="0" skipped="0"', 5, 0, 1),
    ],
)
def test_pytest_is_judged_by_its_report_and_its_exit_code(tmp_path, monkeypatch, counts, code, passed, failed):
    class Step:
        name = "units"

        def run(self, *_command, **_more):
            (tmp_path / "units.xml").write_text(f"<testsuites><testsuite {counts}/></testsuites>")
            return code

    monkeypatch.setattr(run, "TEST", tmp_path)
    result = run.pytest(Step(), "tests/unit")
    assert (result.passed, result.failed) == (passed, failed)


def test_command_that_takes_too_long_is_stopped_and_fails(tmp_path, monkeypatch):
    monkeypatch.setattr(run, "LOG", tmp_path)
    monkeypatch.setattr(run, "STEP_TIMEOUT", 0.1)
    step = run.Step("step")
    assert step.check("sleep", "60", cwd=tmp_path) == run.Result(failed=1)
    assert "Stopped after" in step.text()


def test_unknown_step_is_refused_with_the_known_ones():
    with pytest.raises(SystemExit, match=r"no step nope; there are setup, .*units"):
        run.wanted(["nope"])


def test_every_supported_core_has_its_steps_or_is_the_one_that_runs_this():
    others = {core.series for core in run.CORES} - {run.main_series()}
    assert {core.series for core in run.CORES} == {"2.18", "2.19", "2.20", "2.21"}
    for kind in ("sanity", "units", "integration", "paths"):
        steps = [name for name in run.STEPS if name.startswith(f"{kind}-")]
        assert steps == [f"{kind}-{series}" for series in sorted(others)]


def test_core_whose_python_is_missing_is_left_out_by_name(tmp_path, monkeypatch):
    monkeypatch.setattr(run, "LOG", tmp_path)
    monkeypatch.setattr(run, "TEST", tmp_path)
    core = run.Core("2.20", "2.20.10", ("3.13", "3.12"), "25.2")
    result = run.for_core(run.Step("units-2.20"), core, lambda _step, _core: run.Result(passed=1))
    assert result == run.Result(left_out=["ansible-core 2.20 needs Python 3.12 or 3.13"])


def test_chains_run_every_step_once_and_in_their_order(monkeypatch):
    done = []
    monkeypatch.setattr(run, "perform", lambda name, total: done.append(name))
    run.perform_chains([["a1", "a2", "a3"], ["b1"], ["c1", "c2"]], run.Result())
    assert sorted(done) == ["a1", "a2", "a3", "b1", "c1", "c2"]
    for chain in (["a1", "a2", "a3"], ["c1", "c2"]):
        assert [name for name in done if name in chain] == chain
