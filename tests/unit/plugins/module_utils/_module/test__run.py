# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a use case ends as an Ansible module."""

from __future__ import annotations

import base64
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch
from urllib.parse import quote

import pytest
from ansible.module_utils import basic
from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError, ErrorKind
from ansible_collections.certwright.cloud.plugins.module_utils._module import _run
from ansible_collections.certwright.cloud.plugins.module_utils._module._run import run_module
from ansible_collections.certwright.cloud.plugins.module_utils._module._use_case import (
    CONTROLLER,
    TARGET,
    Context,
    UseCase,
)
from ansible_collections.certwright.cloud.plugins.module_utils._x509_make import make_key
from ansible_collections.certwright.cloud.tests.unit.plugins.helpers import make_order

SPEC = {
    "name": {"type": "str", "required": True},
    "password": {"type": "str", "no_log": True},
    "other": {"type": "str"},
}
CONSTRAINTS = {"mutually_exclusive": [("password", "other")]}

Run = Callable[..., tuple[int, dict[str, Any]]]


@contextmanager
def patch_module_args(args: dict[str, Any]) -> Iterator[None]:
    """Gives arguments to the module that is made meanwhile. ansible-core has such a helper only from 2.19 on."""
    text = json.dumps({"ANSIBLE_MODULE_ARGS": args}).encode()
    with patch.object(basic, "_ANSIBLE_ARGS", text), patch.object(basic, "_ANSIBLE_PROFILE", "legacy", create=True):
        yield


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a function as a module with the given arguments; returns the exit code and the result.

    Warnings are collected here: in a process that has loaded a controller's code, core shows them at once.
    """
    warnings: list[str] = []
    monkeypatch.setattr(_run.AnsibleModule, "warn", lambda _module, message: warnings.append(message))

    def run(function: Callable[..., Any], use_case: Mapping[str, Any] | None = None, **args: Any) -> Any:
        settings: dict[str, Any] = {"constraints": CONSTRAINTS, "libraries": (), **(use_case or {})}
        with patch_module_args({"name": "n", **args}), pytest.raises(SystemExit) as ended:
            run_module(UseCase(function, settings.pop("argument_spec", SPEC), **settings))
        result = json.loads(capsys.readouterr().out)
        return ended.value.code, {**result, **({"warnings": warnings} if warnings else {})}

    return run


def tell(params: Mapping[str, Any], context: Context) -> dict[str, Any]:
    context.warn("take care")
    return {
        "changed": True,
        "seen": [params["name"], params["password"], context.check_mode, context.environ is os.environ],
    }


@pytest.mark.parametrize("check_mode", [False, True])
def test_result_of_the_function_is_the_modules(run: Run, check_mode: bool) -> None:
    code, result = run(tell, _ansible_check_mode=check_mode)
    assert (code, result["changed"]) == (0, True)
    assert result["seen"] == ["n", None, check_mode, True]
    assert "take care" in json.dumps(result["warnings"])


def test_secret_option_is_masked_in_the_result(run: Run) -> None:
    _code, result = run(tell, password="hidden-word")
    assert "hidden-word" not in json.dumps(result)


@pytest.mark.parametrize("blank", [" ", "   ", "\n"])
def test_blank_secret_option_leaves_messages_readable(run: Run, blank: str) -> None:
    def fail(_params: Mapping[str, Any], _context: Context) -> dict[str, Any]:
        raise CertwrightError("password: given but empty", kind=ErrorKind.AUTH, hint="Give the value.")

    _code, result = run(fail, password=blank)
    assert result["msg"] == "password: given but empty. Give the value."


@pytest.mark.parametrize("args", [{"name": None}, {"password": "a", "other": "b"}, {"unknown": 1}])
def test_wrong_options_never_reach_the_function(run: Run, args: dict[str, Any]) -> None:
    def fail(_params: Mapping[str, Any], _context: Context) -> dict[str, Any]:
        raise AssertionError("must not run")

    code, result = run(fail, **args)
    assert (code, result["failed"]) == (1, True)
    assert "must not run" not in json.dumps(result)


def test_expected_failure_has_the_documented_shape(run: Run) -> None:
    error = CertwrightError("It was refused", kind=ErrorKind.QUOTA, code="Limit", request_id="r-1", hint="Buy more.")
    error.order, error.changed = make_order(), True

    def fail(_params: Mapping[str, Any], _context: Context) -> dict[str, Any]:
        raise error from ValueError("of no interest")

    code, result = run(fail)
    assert (code, result.pop("failed")) == (1, True)
    # ansible-core 2.21 shows it only on request.
    result.pop("invocation", None)
    assert result == {
        "msg": "It was refused (Limit; request id r-1). Buy more.",
        "changed": True,
        "error": {
            "kind": "quota",
            "code": "Limit",
            "message": "It was refused",
            "request_id": "r-1",
            "http_status": None,
            "hint": "Buy more.",
        },
        "order": make_order().to_result(),
    }


def stumble(_params: Mapping[str, Any], _context: Context) -> dict[str, Any]:
    answer = {"PrivateKey": "hidden-word"}
    raise KeyError(f"what is {answer}?")


def test_fault_of_our_own_tells_its_place_and_no_values(run: Run) -> None:
    code, result = run(stumble)
    assert (code, result["failed"], result["changed"]) == (1, True, False)
    assert result["error"]["kind"] == "outcome_unknown"
    assert "KeyError at test__run.py, line " in result["msg"]
    assert "in stumble" in result["msg"]
    assert "hidden-word" not in json.dumps(result)


def test_fault_of_our_own_comes_with_a_traceback_without_values(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    ended: dict[str, Any] = {}

    def fail_json(_module: Any, **result: Any) -> None:
        ended.update(result, pending=sys.exc_info()[1])
        sys.exit(print("{}"))

    monkeypatch.setattr(_run.AnsibleModule, "fail_json", fail_json)
    run(stumble)
    # Ansible shows a pending exception with its words.
    assert ended["pending"] is None
    lines = ended["exception"].splitlines()
    assert lines[0].endswith("in perform")
    assert lines[1].endswith("in stumble")
    assert lines[-1] == "KeyError"


def test_end_that_a_function_asks_for_is_not_taken_for_a_fault(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    def leave(_params: Mapping[str, Any], _context: Context) -> dict[str, Any]:
        sys.exit(7)

    with patch_module_args({"name": "n"}), pytest.raises(SystemExit) as ended:
        run_module(UseCase(leave, SPEC, libraries=()))
    assert ended.value.code == 7
    assert capsys.readouterr().out == ""


SECRET = "hidden-word"
CREDENTIAL = "found-on-the-way"
KEY = make_key("ecdsa-p256")
RETURNING = {**SPEC, "return_private_key": {"type": "bool", "no_log": False}}


def tell_all(params: Mapping[str, Any], context: Context) -> dict[str, Any]:
    context.redactor.know(CREDENTIAL)
    context.warn(f"warned of {CREDENTIAL}")
    return {"changed": False, "found": [{"value": f"<{CREDENTIAL}>"}], CREDENTIAL: quote(f"{params['password']}")}


def fail_with_all(_params: Mapping[str, Any], context: Context) -> dict[str, Any]:
    context.redactor.know(CREDENTIAL)
    words = f"{CREDENTIAL} {in_base64(CREDENTIAL)} {KEY}"
    error = CertwrightError(words, kind=ErrorKind.AUTH, code=CREDENTIAL, detail=words, request_id=words, hint=words)
    error.order = make_order(order_id=CREDENTIAL, next_step=words)
    raise error


def stumble_with_all(_params: Mapping[str, Any], context: Context) -> dict[str, Any]:
    context.redactor.know(CREDENTIAL)
    # The place of a fault is told, and that is a path.
    exec(compile("raise ValueError", f"/certwright/{CREDENTIAL}.py", "exec"))
    return {}


def hand_out(_params: Mapping[str, Any], _context: Context) -> dict[str, Any]:
    return {"changed": False, "bundle": {"private_key": KEY}, "elsewhere": KEY}


def in_base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize("function", [tell_all, fail_with_all, stumble_with_all])
def test_secret_found_on_the_way_is_masked_in_whatever_leaves(run: Run, function: Callable[..., Any]) -> None:
    _code, result = run(function, password=SECRET)
    shown = json.dumps(result)
    assert "********" in shown
    hidden = (CREDENTIAL, in_base64(CREDENTIAL), SECRET, "PRIVATE KEY", KEY.splitlines()[1])
    assert [each for each in hidden if each in shown] == []


@pytest.mark.parametrize("asked", [True, False])
def test_key_leaves_only_where_it_was_asked_for(run: Run, asked: bool) -> None:
    _code, result = run(hand_out, {"argument_spec": RETURNING}, return_private_key=asked)
    assert (result["bundle"]["private_key"] == KEY) is asked
    assert "PRIVATE" not in result["elsewhere"]


def test_key_does_not_leave_with_a_failure(run: Run) -> None:
    _code, result = run(fail_with_all, {"argument_spec": RETURNING}, return_private_key=True)
    assert "PRIVATE KEY" not in json.dumps(result)


@pytest.mark.parametrize("short", ["a", "e t", "1234567", " pass "])
def test_secret_that_is_too_short_to_be_masked_is_refused_in_readable_words(run: Run, short: str) -> None:
    code, result = run(stumble, password=short)
    assert (code, result["changed"], result["error"]["kind"]) == (1, False, "invalid_input")
    assert result["msg"] == (
        "password: has fewer than 8 characters, and such a secret cannot be masked in output without showing it; use a "
        "longer one. Nothing was sent."
    )
    # Beside the message stand the options, at least where the core is older than 2.21.
    assert result.get("invocation", {}).get("module_args", {"password": "********"})["password"] == "********"


@pytest.mark.parametrize("name", ["mobile", "admin_phone", "org_phone_number", "tech_id_number", "proxy"])
def test_what_nobody_can_choose_may_be_short(run: Run, name: str) -> None:
    code, result = run(tell, {"argument_spec": {**SPEC, name: {"type": "str", "no_log": True}}}, **{name: "95533"})
    assert code == 0 and "95533" not in json.dumps(result)


def test_core_that_masks_by_itself_is_told_the_secrets(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(_run, "register_secret", told.append)
    run(tell_all, password=SECRET)
    assert told == [SECRET, CREDENTIAL]


@pytest.mark.parametrize(
    ("runs_on", "place"),
    [
        (CONTROLLER, "meant to run on the controller (delegate_to: localhost)"),
        (TARGET, "works on the files of the target host"),
    ],
)
def test_missing_libraries_are_named_with_the_machine_that_needs_them(run: Run, runs_on: str, place: str) -> None:
    libraries = ("json", "surely_not_there", "dns")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "dns", None)
        code, result = run(stumble, {"libraries": libraries, "runs_on": runs_on})
    assert (code, result["failed"], result["changed"]) == (1, True, False)
    assert f". This module {'is ' if runs_on == CONTROLLER else ''}{place}" in result["msg"]
    assert sys.executable in result["msg"]
    assert result["msg"].endswith("for example with 'python3 -m pip install surely_not_there dnspython'.")


def test_every_machine_has_its_words() -> None:
    assert set(_run._PLACES) == {CONTROLLER, TARGET}
