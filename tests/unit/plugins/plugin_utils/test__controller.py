# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What tasks that run inside the controller share, and what they do not. What they come to: tests/paths."""

from __future__ import annotations

import datetime
import json
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.certwright.cloud.plugins.module_utils._http import Connection
from ansible_collections.certwright.cloud.plugins.module_utils._module._use_case import Context, UseCase
from ansible_collections.certwright.cloud.plugins.plugin_utils import _controller
from ansible_collections.certwright.cloud.plugins.plugin_utils._controller import ControllerAction

COLLECTION = Path(__file__).resolve().parents[4]


def test_items_of_a_loop_share_a_connection_and_the_budget_for_retries() -> None:
    first, second = _controller._Process.own(), _controller._Process.own()
    assert first.budget is second.budget
    assert first.open_transport(Connection()) is second.open_transport(Connection())
    assert first.open_transport(Connection()) is not first.open_transport(Connection(site="china"))


def test_task_is_handed_what_its_process_shares() -> None:
    seen: list[Context] = []

    def look(_params: Any, context: Context) -> dict[str, Any]:
        seen.append(context)
        return {"changed": False}

    action = ControllerAction.__new__(ControllerAction)
    action.use_case = UseCase(look, {}, libraries=())
    action._task = SimpleNamespace(check_mode=True, no_log=True)
    for _item in range(2):
        assert action._perform({}, {}) == {"changed": False}
    first, second = seen
    assert first.check_mode and first.speak is None
    assert first.budget is second.budget and first.rates is second.rates
    assert first.open_transport(Connection()) is second.open_transport(Connection())
    # What one item was told is no business of the next.
    assert first.redactor is not second.redactor


@pytest.mark.parametrize("name", ["https_proxy", "NO_PROXY", "REQUESTS_CA_BUNDLE"])
def test_connection_is_another_one_in_another_environment(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    process = _controller._Process.own()
    before = process.open_transport(Connection())
    monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert process.open_transport(Connection()) is not before


def test_process_that_was_forked_shares_nothing_with_its_parent(monkeypatch: pytest.MonkeyPatch) -> None:
    parent = _controller._Process.own()
    monkeypatch.setattr(os, "getpid", lambda: parent.pid + 1)
    monkeypatch.setattr(_controller._Process, "current", parent)
    assert _controller._Process.own() is not parent


def test_environment_of_a_task_is_gone_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CERTWRIGHT_KEPT", "before")
    monkeypatch.delenv("CERTWRIGHT_NEW", raising=False)
    before = dict(os.environ)
    with pytest.raises(ZeroDivisionError), _controller._environment({"CERTWRIGHT_KEPT": 1, "CERTWRIGHT_NEW": "x"}):
        assert (os.environ["CERTWRIGHT_KEPT"], os.environ["CERTWRIGHT_NEW"]) == ("1", "x")
        os.environ["CERTWRIGHT_LEFT"] = "by the task"
        raise ZeroDivisionError
    assert dict(os.environ) == before


class Tagged(str):
    """What Ansible makes of a text to know where it came from."""


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (Tagged("a"), "a"),
        ({"a": [Tagged("b"), 1, None, True, 1.5]}, {"a": ["b", 1, None, True, 1.5]}),
        (("a", 1), ["a", 1]),
        (b"\xc3\xa9", "é"),
        (datetime.date(2026, 11, 26), "2026-11-26"),
        (Path("/a"), "/a"),
    ],
)
def test_options_reach_a_use_case_as_they_reach_a_module(value: Any, plain: Any) -> None:
    made = _controller._plain(value)
    assert made == plain and type(made) is type(plain)
    assert json.dumps(made) == json.dumps(plain)


def test_every_module_that_runs_on_the_controller_can_run_inside_it() -> None:
    names = {path.stem for path in (COLLECTION / "plugins" / "modules").glob("*.py")}
    actions = {path.stem for path in (COLLECTION / "plugins" / "action").glob("*.py")}
    modules = "ansible_collections.certwright.cloud.plugins"
    for name in names:
        use_case = __import__(f"{modules}.modules.{name}", fromlist=["USE_CASE"]).USE_CASE
        assert (name in actions) is (use_case.runs_on == "controller")
    for name in actions:
        action = __import__(f"{modules}.action.{name}", fromlist=["ActionModule"])
        module = __import__(f"{modules}.modules.{name}", fromlist=["main"])
        assert issubclass(action.ActionModule, ControllerAction)
        assert (action.ActionModule.use_case, action.main) == (module.USE_CASE, module.main)
