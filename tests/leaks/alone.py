# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs a module in this process as Ansible starts it: options in, all that it says out. A play takes far longer."""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
from collections.abc import Mapping
from typing import Any
from unittest.mock import patch

from ansible.module_utils import basic
from ansible_collections.certwright.cloud.plugins.module_utils._module._run import run_module
from ansible_collections.certwright.cloud.plugins.module_utils._retry import Clock
from ansible_collections.certwright.cloud.tests.leaks.cases import Case
from jinja2 import Environment

__all__ = ["run_alone"]

_MODULES = "ansible_collections.certwright.cloud.plugins.modules"


def run_alone(case: Case, variables: Mapping[str, Any], environ: Mapping[str, str]) -> tuple[dict[str, Any], str]:
    """The result, and everything that the module has said: on both outputs, and to the system's log.

    Arguments:
        variables: what the case's options name.
        environ: the environment that the module has.
    """
    options = _filled(case.options, variables)
    internal = {
        "_ansible_check_mode": bool(case.more.get("check_mode")),
        "_ansible_diff": True,
        "_ansible_verbosity": 4,
    }
    arguments = json.dumps({"ANSIBLE_MODULE_ARGS": {**options, **internal}}).encode()
    said, logged = io.StringIO(), []

    def log(_module: Any, message: str, log_args: Any = None) -> None:
        logged.append(f"{message} {log_args}")

    use_case = importlib.import_module(f"{_MODULES}.{case.module}").USE_CASE
    with contextlib.ExitStack() as stack:
        stack.enter_context(patch.object(basic, "_ANSIBLE_ARGS", arguments))
        stack.enter_context(patch.object(basic, "_ANSIBLE_PROFILE", "legacy", create=True))
        stack.enter_context(patch.object(basic.AnsibleModule, "log", log))
        # Nobody is hurried by calls that follow each other at once.
        stack.enter_context(patch.object(Clock, "sleep", lambda _clock, _seconds: None))
        stack.enter_context(patch.dict(os.environ, environ))
        stack.enter_context(contextlib.redirect_stdout(said))
        stack.enter_context(contextlib.redirect_stderr(said))
        with contextlib.suppress(SystemExit):
            run_module(use_case)
    lines = [line for line in said.getvalue().splitlines() if line.startswith("{")]
    result: dict[str, Any] = json.loads(lines[-1])
    return result, "\n".join([said.getvalue(), *logged])


def _filled(value: Any, variables: Mapping[str, Any]) -> Any:
    """Options with the values of the variables that they name."""
    if isinstance(value, Mapping):
        return {name: _filled(member, variables) for name, member in value.items()}
    if isinstance(value, list):
        return [_filled(member, variables) for member in value]
    if isinstance(value, str) and "{{" in value:
        return Environment(keep_trailing_newline=True).from_string(value).render(variables)
    return value
