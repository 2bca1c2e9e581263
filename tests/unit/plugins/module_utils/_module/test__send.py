# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs that follow each other, or meet, on one machine: what one has sent is known to the next."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError, ErrorKind
from ansible_collections.certwright.cloud.plugins.module_utils._ledger import Ledger, Sent
from ansible_collections.certwright.cloud.plugins.module_utils._order_service import Step
from ansible_collections.certwright.cloud.plugins.module_utils._orders import Order
from ansible_collections.certwright.cloud.tests.unit.plugins.helpers import FakeClock, refusal, unanswered
from ansible_collections.certwright.cloud.tests.unit.plugins.order_flow import (
    DOCUMENTS,
    ISSUED,
    NEW,
    ORDER,
    PREPARED,
    REJECTED,
    UNKNOWN,
    VALIDATING,
    Flow,
    failure,
    submit,
)

MINUTE = 60


class Killed(BaseException):
    """The end of a run that can neither tell nor clean up anything."""


class Machine:
    """A machine on which runs follow each other; time passes only between them and while they sleep."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.clock = folder, FakeClock()

    def run(self, flow: Flow, **given: Any) -> dict[str, Any]:
        return submit(flow, state_dir=str(self.folder), clock=self.clock, **given)

    def fails(self, flow: Flow, **given: Any) -> CertwrightError:
        return failure(flow, state_dir=str(self.folder), clock=self.clock, **given)

    def is_killed_while_sending(self, flow: Flow) -> None:
        flow.outcomes["order"] = Killed()  # type: ignore[assignment]
        with pytest.raises(Killed):
            self.run(flow)
        assert flow.sent[-1] == ORDER


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path / "state")


def test_run_after_a_kill_waits_for_what_the_first_has_sent_and_does_not_send_it_again(machine: Machine) -> None:
    machine.is_killed_while_sending(Flow(PREPARED))
    flow = Flow(PREPARED, PREPARED, PREPARED, VALIDATING)
    result = machine.run(flow)
    assert (flow.sent, result["changed"], result["order"]["state"]) == ([], False, "validating")


def test_run_after_a_kill_sends_what_did_not_arrive_within_the_time(machine: Machine) -> None:
    machine.is_killed_while_sending(Flow(NEW))
    began = machine.clock.now()
    machine.clock.time += 20
    flow = Flow(PREPARED)
    machine.run(flow)
    assert (flow.sent, machine.clock.now() - began) == ([ORDER], MINUTE)


def test_run_long_after_a_kill_trusts_what_the_order_shows(machine: Machine) -> None:
    machine.is_killed_while_sending(Flow(PREPARED))
    machine.clock.time += MINUTE
    flow = Flow(PREPARED)
    machine.run(flow)
    assert (flow.sent, machine.clock.sleeps) == ([ORDER], [])


@pytest.mark.parametrize("then", [UNKNOWN, refusal(ErrorKind.AUTH)])
def test_run_after_a_kill_sends_nothing_where_nothing_can_be_told(machine: Machine, then: Any) -> None:
    machine.is_killed_while_sending(Flow(PREPARED))
    flow = Flow(PREPARED, then)
    error = machine.fails(flow)
    assert (error.kind, error.changed, flow.sent) == (ErrorKind.OUTCOME_UNKNOWN, False, [])
    assert "'submit order' was sent 0 s ago by an earlier run" in error.text
    assert 'Look at the order with "look order-1"' in error.text


def test_nothing_is_sent_after_a_kill_where_nobody_wants_to_wait(machine: Machine) -> None:
    machine.is_killed_while_sending(Flow(PREPARED))
    machine.clock.time += 59
    flow = Flow(PREPARED)
    assert machine.fails(flow, settle_timeout=0).kind is ErrorKind.OUTCOME_UNKNOWN
    assert flow.sent == []


def test_accepted_order_that_the_cloud_shows_late_is_not_sent_again_by_the_next_run(machine: Machine) -> None:
    machine.run(Flow(PREPARED))
    flow = Flow(PREPARED, PREPARED, VALIDATING)
    assert machine.run(flow)["order"]["state"] == "validating"
    assert flow.sent == []


@pytest.mark.parametrize("minutes", [0, 2, 14])
def test_accepted_order_that_still_shows_nothing_is_told_and_not_sent_again(machine: Machine, minutes: int) -> None:
    machine.run(Flow(PREPARED))
    machine.clock.time += minutes * MINUTE
    flow = Flow(PREPARED)
    error = machine.fails(flow)
    assert (error.kind, error.request_id, flow.sent) == (ErrorKind.OUTCOME_UNKNOWN, f"request-{ORDER}", [])
    assert f"'submit order' was taken by the cloud {minutes * MINUTE} s ago by an earlier run" in error.text
    assert f"opened again on purpose since then, run the task again in {15 - minutes} minutes." in error.text


def test_order_that_stands_unsent_long_after_it_was_taken_is_sent(machine: Machine) -> None:
    machine.run(Flow(PREPARED))
    machine.clock.time += 15 * MINUTE
    assert machine.run(Flow(PREPARED, VALIDATING))["steps"] == [ORDER]


@pytest.mark.parametrize("seen", [VALIDATING, ISSUED])
def test_order_that_was_opened_again_after_it_had_shown_its_submission_is_sent_at_once(
    machine: Machine, seen: Order
) -> None:
    machine.run(Flow(PREPARED, seen))
    assert machine.run(Flow(PREPARED, VALIDATING))["steps"] == [ORDER]
    machine.run(Flow(PREPARED))
    # Any later run may be the one that sees it, also one that fails.
    machine.run(Flow(seen))
    assert machine.run(Flow(PREPARED, VALIDATING))["steps"] == [ORDER]
    assert machine.clock.sleeps == []


def test_state_that_nobody_knows_shows_nothing(machine: Machine) -> None:
    machine.run(Flow(PREPARED))
    machine.run(Flow(UNKNOWN))
    flow = Flow(PREPARED)
    assert machine.fails(flow).kind is ErrorKind.OUTCOME_UNKNOWN
    assert flow.sent == []


def test_refused_order_is_sent_again_at_once(machine: Machine) -> None:
    machine.fails(Flow(PREPARED, order=refusal(ErrorKind.QUOTA)))
    assert machine.run(Flow(PREPARED, VALIDATING))["steps"] == [ORDER]
    assert machine.clock.sleeps == []


def test_outcome_that_stayed_unknown_is_settled_by_the_next_run(machine: Machine) -> None:
    machine.fails(Flow(PREPARED, refusal(ErrorKind.AUTH), order=unanswered()))
    flow = Flow(PREPARED, PREPARED, VALIDATING)
    assert (machine.run(flow)["changed"], flow.sent) == (False, [])


class Reopened(Flow):
    """A flow that takes a rejected order again."""

    def _missing(self, order: Order) -> list[Step]:
        return super()._missing(PREPARED if order.state is REJECTED.state else order)


def test_order_that_came_back_rejected_may_be_sent_again(machine: Machine) -> None:
    machine.run(Reopened(PREPARED, REJECTED))
    assert machine.run(Reopened(REJECTED, VALIDATING))["steps"] == [ORDER]
    assert machine.clock.sleeps == []


def test_rejection_from_before_does_not_show_that_the_last_submission_arrived(machine: Machine) -> None:
    machine.run(Reopened(REJECTED))
    flow = Reopened(REJECTED)
    assert machine.fails(flow).kind is ErrorKind.OUTCOME_UNKNOWN
    assert flow.sent == []


def test_documents_are_nothing_that_could_be_sent_twice(machine: Machine) -> None:
    machine.fails(Flow(NEW, documents=refusal(ErrorKind.INVALID_INPUT)))
    flow = Flow(NEW, VALIDATING)
    assert machine.run(flow)["steps"] == [DOCUMENTS, ORDER]
    assert machine.clock.sleeps == []


def test_check_mode_keeps_nothing_and_waits_for_nobody(machine: Machine) -> None:
    assert machine.run(Flow(PREPARED), check_mode=True)["steps"] == [ORDER]
    assert not machine.folder.exists()


def test_other_orders_have_pages_of_their_own(tmp_path: Path) -> None:
    ledger = Ledger(str(tmp_path), FakeClock(), pytest.fail)
    with ledger.held("fake", "order-1") as first, ledger.held("fake", "order-2") as second:
        first.note(Sent(ORDER, "prepared", 1.0, accepted=True))
        assert second.last is None
    with ledger.held("other", "order-1") as page:
        assert page.last is None
    with ledger.held("fake", "order-1") as page:
        assert page.last == Sent(ORDER, "prepared", 1.0, accepted=True)


# Runs at the same moment

UTILS = "ansible_collections.certwright.cloud.plugins.module_utils"
# Holds the order's lock until a line comes, and says that the cloud took its submission.
HOLDER = f"""
import sys, time
from {UTILS}._ledger import Ledger, Sent
from {UTILS}._retry import Clock
with Ledger(sys.argv[1], Clock(), sys.exit).held("fake", "order-1") as page:
    page.note(Sent("submit order", "prepared", time.time(), accepted=True, request_id="of the other"))
    print("held", flush=True)
    sys.stdin.readline()
"""


def other_run(folder: Path) -> subprocess.Popen[str]:
    """Another process at work on the order."""
    other = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder / "orders")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert other.stdout and other.stdout.readline() == "held\n"
    return other


class Watched(FakeClock):
    """A clock whose first sleep lets something happen."""

    def __init__(self, happens: Callable[[], object]) -> None:
        super().__init__(start=time.time())
        self._happens = [happens]

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        if self._happens:
            self._happens.pop()()


@pytest.mark.parametrize("how", ["ends", "is killed"])
def test_second_run_waits_for_the_first_and_sends_nothing_again(tmp_path: Path, how: str) -> None:
    with other_run(tmp_path) as other:

        def end() -> None:
            if how == "is killed":
                other.send_signal(signal.SIGKILL)
                other.wait()
            else:
                other.communicate("\n")

        flow = Flow(PREPARED, VALIDATING)
        result = submit(flow, state_dir=str(tmp_path), clock=Watched(end))
    assert (flow.calls, result["order"]["state"]) == (["read order-1", "read order-1"], "validating")


def test_run_that_waits_too_long_for_another_says_so_and_sends_nothing(tmp_path: Path) -> None:
    with other_run(tmp_path) as other:
        flow = Flow(PREPARED)
        error = failure(flow, state_dir=str(tmp_path))
        other.communicate("\n")
    assert (error.kind, flow.calls) == (ErrorKind.CONFLICT, [])
    assert "another run on this machine has been sending it for 600 s" in error.text


# What is on the disk


def page_of(machine: Machine) -> Path:
    (path,) = (machine.folder / "orders").iterdir()
    return path


def test_ledger_is_for_its_owner_only_and_says_what_was_sent(machine: Machine) -> None:
    machine.run(Flow(PREPARED, VALIDATING))
    path = page_of(machine)
    assert (path.name, path.stat().st_mode & 0o777) == ("fake-order-1.jsonl", 0o600)
    assert path.parent.stat().st_mode & 0o777 == 0o700
    *lines, last = [json.loads(line) for line in path.read_text().splitlines()]
    assert [(line["step"], line["state"], line["accepted"], line["request_id"]) for line in lines] == [
        (ORDER, "prepared", False, None),
        (ORDER, "prepared", True, f"request-{ORDER}"),
    ]
    # The order has shown it, so nothing is open any more.
    assert last is None


@pytest.mark.parametrize(
    "left",
    [
        '{"step": "submit ord',
        "rubbish\n",
        '{"step": "submit order"}\n',
        "[1, 2]\n",
        '"text"\n',
        '{"step": "submit order", "state": "prepared", "at": "soon", "accepted": false}\n',
        '{"step": "submit order", "state": "strange", "at": 1, "accepted": false}\n',
        "[" * 5000 + "\n",
    ],
)
def test_line_that_was_cut_off_does_not_hide_the_one_before(machine: Machine, left: str) -> None:
    machine.is_killed_while_sending(Flow(PREPARED))
    with page_of(machine).open("a") as page:
        page.write(left)
    waiting = Flow(PREPARED, VALIDATING)
    machine.run(waiting)
    assert waiting.sent == []
    # And the next line stands on its own.
    machine.clock.time += 15 * MINUTE
    machine.is_killed_while_sending(Flow(PREPARED))
    assert json.loads(page_of(machine).read_text().splitlines()[-1])["step"] == ORDER


@pytest.mark.parametrize("order", [VALIDATING, ISSUED])
def test_order_that_needs_nothing_leaves_no_line(machine: Machine, order: Order) -> None:
    machine.run(Flow(order))
    assert page_of(machine).read_text() == ""


def test_named_folder_that_cannot_be_used_ends_the_run_before_anything_is_sent(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    flow = Flow(PREPARED)
    error = failure(flow, state_dir=str(tmp_path / "file"))
    assert (error.kind, flow.calls) == (ErrorKind.INVALID_INPUT, [])
    assert "state_dir: the ledger of orders cannot be kept there" in error.text


def test_place_without_locks_is_said_before_anything_is_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_locks(*_unused: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    flow = Flow(PREPARED)
    error = failure(flow, state_dir=str(tmp_path))
    assert (error.kind, flow.calls) == (ErrorKind.INVALID_INPUT, [])
    assert "cannot be locked: No locks available" in error.text


def fills_up(monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    """Lets the disk take so many lines of the ledger, and then only a few bytes of one."""
    write, lines = os.write, [0]

    def limited(descriptor: int, data: bytes) -> int:
        lines[0] += 1
        return write(descriptor, data if lines[0] <= after else data[:5])

    monkeypatch.setattr(os, "write", limited)


def test_order_is_not_sent_when_that_cannot_be_noted(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    fills_up(monkeypatch, after=0)
    flow = Flow(PREPARED)
    error = machine.fails(flow)
    assert (error.kind, error.order, error.changed, flow.sent) == (ErrorKind.QUOTA, PREPARED, False, [])
    assert "'submit order' was not sent, because the ledger of orders cannot be written: No space left" in error.text
    assert "Make room in state_dir" in error.text


def test_order_that_was_sent_stays_sent_when_its_outcome_cannot_be_noted(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    warnings: list[str] = []
    with monkeypatch.context() as patched:
        fills_up(patched, after=1)
        assert machine.run(Flow(PREPARED), warn=warnings.append)["steps"] == [ORDER]
    assert warnings == ["The ledger of orders cannot be written: No space left on device"]
    # The next run finds the call open, and looks.
    flow = Flow(PREPARED, PREPARED, VALIDATING)
    assert (machine.run(flow)["changed"], flow.sent) == (False, [])
    assert json.loads(page_of(machine).read_text().splitlines()[-1]) is not None


@pytest.mark.parametrize("home", [None, "relative"])
def test_default_folder_that_cannot_be_used_is_a_warning(tmp_path: Path, home: str | None) -> None:
    (tmp_path / ".local").write_text("")
    warnings: list[str] = []
    environ = {"HOME": home or str(tmp_path), "XDG_STATE_HOME": "relative"}
    flow = Flow(PREPARED, VALIDATING)
    assert submit(flow, state_dir=None, environ=environ, warn=warnings.append)["steps"] == [ORDER]
    assert len(warnings) == 1
    assert "Do not run two plays for one order at the same time" in warnings[0]


@pytest.mark.parametrize(
    ("variable", "value", "folder"),
    [
        ("CERTWRIGHT_STATE_DIR", "{}/own", "own"),
        ("XDG_STATE_HOME", "{}/state", "state/certwright"),
        ("HOME", "{}/home", "home/.local/state/certwright"),
    ],
)
def test_environment_says_where_the_ledger_is_kept(tmp_path: Path, variable: str, value: str, folder: str) -> None:
    submit(Flow(PREPARED, VALIDATING), state_dir=None, environ={variable: value.format(tmp_path)})
    assert (tmp_path / folder / "orders" / "fake-order-1.jsonl").is_file()


@pytest.mark.parametrize("check_mode", [False, True])
@pytest.mark.parametrize(("option", "environ"), [("relative", {}), (None, {"CERTWRIGHT_STATE_DIR": "relative"})])
def test_relative_folder_is_refused(option: str | None, environ: dict[str, str], check_mode: bool) -> None:
    flow = Flow(PREPARED)
    error = failure(flow, state_dir=option, environ=environ, check_mode=check_mode)
    assert (error.kind, flow.calls) == (ErrorKind.INVALID_INPUT, [])
    assert "'relative' is no absolute path" in error.text
