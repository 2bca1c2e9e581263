# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the use case of a module inside the controller where nothing forbids it, and as a module everywhere else.

A module starts a Python, unpacks itself and compiles its code for every task and every item of a loop: some 300 ms of
processor time before it does anything. The worker process that asks for it has all of that already.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from ansible import constants
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.errors import UnsupportedError
from ansible.plugins.action.normal import ActionModule as NormalAction
from ansible.utils.display import Display
from ansible_collections.certwright.cloud.plugins.module_utils._http import Connection
from ansible_collections.certwright.cloud.plugins.module_utils._module._perform import missing_packages, perform
from ansible_collections.certwright.cloud.plugins.module_utils._module._secrets import maskable, shown_options
from ansible_collections.certwright.cloud.plugins.module_utils._module._use_case import Context, UseCase
from ansible_collections.certwright.cloud.plugins.module_utils._rate import RateMemory
from ansible_collections.certwright.cloud.plugins.module_utils._redact import Redactor
from ansible_collections.certwright.cloud.plugins.module_utils._retry import RetryBudget
from ansible_collections.certwright.cloud.plugins.module_utils._transport import RequestsTransport
from ansible_collections.certwright.cloud.plugins.plugin_utils._clock import WorkerClock
from ansible_collections.certwright.cloud.plugins.plugin_utils._speaker import Speaker, is_read_by_machine, is_watched

try:
    # From ansible-core 2.22 on the validator tells core the secrets, and core masks them in all that leaves.
    from ansible.module_utils.secrets import register_secret
except ImportError:
    register_secret = None

__all__ = ["ControllerAction"]

display = Display()

# What requests takes from the environment for each request.
_TRUSTED = ("requests_ca_bundle", "curl_ca_bundle")


class _Process:
    """What the items of a loop share, because one process runs them all: connections, and how often it may call.

    It is never made at import: a process that is forked later must not share a socket with its parent.
    """

    current: _Process | None = None

    def __init__(self) -> None:
        self.pid = os.getpid()
        self.budget = RetryBudget()
        self.rates = RateMemory()
        self._transports: dict[object, RequestsTransport] = {}

    @classmethod
    def own(cls) -> _Process:
        """That of the process in which this is called."""
        if cls.current is None or cls.current.pid != os.getpid():
            cls.current = cls()
        return cls.current

    def open_transport(self, connection: Connection) -> RequestsTransport:
        """The way to a cloud: the same one for the same options and environment."""
        trusted = tuple(
            (name, value)
            for name, value in os.environ.items()
            if name.lower().endswith("_proxy") or name.lower() in _TRUSTED
        )
        return self._transports.setdefault((connection, trusted), RequestsTransport(connection))


class ControllerAction(NormalAction):
    """The action of a module that may run here; the action that every module gets is what it falls back to."""

    _requires_connection = False
    # Set by the action of each module.
    use_case: UseCase

    def run(self, tmp: None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """See ActionBase."""
        task_vars = task_vars or {}
        reason = self._why_not_here(task_vars)
        if reason:
            display.vvv(f"{self._task.action} runs as a module: {reason}", host=task_vars.get("inventory_hostname"))
            result: dict[str, Any] = super().run(tmp, task_vars)
            return result
        environment: dict[str, Any] = {}
        self._compute_environment_string(environment)
        with _environment(environment):
            return self._run_here(task_vars)

    def _why_not_here(self, task_vars: Mapping[str, Any]) -> str | None:
        """What keeps the task from running in this process."""
        if self._task.async_val:
            return "async"
        if self._connection.become:
            return "become"
        if self._connection.transport != "local":
            return f"connection {self._connection.transport}"
        scope = task_vars
        if self._task.delegate_to:
            scope = task_vars.get("ansible_delegated_vars", {}).get(self._task.delegate_to, {})
        python = str(self._templar.template(scope.get("ansible_python_interpreter") or ""))
        # Compared as text: a link in a virtual environment leads to the same file, but not to the same libraries.
        if python and not python.startswith("auto") and python != sys.executable:
            return f"ansible_python_interpreter is {python}"
        missing = missing_packages(self.use_case)
        return f"{', '.join(missing)} is missing in {sys.executable}" if missing else None

    def _run_here(self, task_vars: dict[str, Any]) -> dict[str, Any]:
        spec = self.use_case.argument_spec
        checked = ArgumentSpecValidator(spec, **self.use_case.constraints).validate(_plain(self._task.args))
        params = checked.validated_parameters
        hidden, shown = set(checked._no_log_values), params
        result: dict[str, Any]
        if checked.error_messages:
            words = checked.errors.msg
            if isinstance(checked.errors[0], UnsupportedError):
                words = f"Unsupported parameters for ({self._task.action}) module: {words}"
            result = {"failed": True, "msg": words}
        else:
            hidden, shown = maskable(hidden, spec, params), shown_options(spec, params)
            result = self._perform(params, task_vars)
        if _shows_options(task_vars):
            result["invocation"] = {"module_args": shown}
        return _masked(result, hidden)

    def _perform(self, params: Mapping[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        process, warnings, redactor = _Process.own(), [], Redactor(register_secret)
        context = Context(
            check_mode=bool(self._task.check_mode),
            clock=WorkerClock(),
            environ=os.environ,
            warn=lambda message: warnings.append(redactor.text(message)),
            open_transport=process.open_transport,
            budget=process.budget,
            rates=process.rates,
            redactor=redactor,
            speak=self._speaker(redactor, str(task_vars.get("inventory_hostname", ""))),
        )
        failed, result = perform(self.use_case, params, context)
        if warnings:
            result["warnings"] = warnings
        return {**_plain(result), **({"failed": True} if failed else {})}

    def _speaker(self, redactor: Redactor, host: str) -> Speaker | None:
        """Who tells how a wait stands; nobody where the task is not to be seen, or the output is not for people."""
        if self._task.no_log or is_read_by_machine():
            return None
        color = constants.COLOR_VERBOSE
        return Speaker(host, lambda line: display.display(redactor.text(line), color=color), is_watched())


def _plain(value: Any) -> Any:
    """The value as it reaches a module: plain types only, without what Ansible notes about their origin."""

    def unpacked(other: Any) -> str:
        if isinstance(other, bytes):
            return other.decode("utf-8", "surrogateescape")
        # A date, or a text from a vault, which is opened here.
        return str(other.isoformat() if hasattr(other, "isoformat") else other)

    return json.loads(json.dumps(value, default=unpacked))


@contextlib.contextmanager
def _environment(values: Mapping[str, Any]) -> Iterator[None]:
    """The environment of the task while it runs; the next item of a loop has its own."""
    before = dict(os.environ)
    os.environ.update({str(name): str(value) for name, value in values.items()})
    try:
        yield
    finally:
        for name in set(os.environ) - set(before):
            del os.environ[name]
        os.environ.update(before)


def _shows_options(task_vars: dict[str, Any]) -> bool:
    """Whether a result holds the options: those of modules do before ansible-core 2.21, and later on request."""
    if "INJECT_INVOCATION" not in constants.config.get_configuration_definitions():
        return True
    return bool(constants.config.get_config_value("INJECT_INVOCATION", variables=task_vars))


def _masked(result: dict[str, Any], hidden: set[str]) -> dict[str, Any]:
    """The result without the values of secret options, as AnsibleModule leaves them out."""
    if register_secret is not None:
        return result
    # Core deprecates it where it masks by itself.
    from ansible.module_utils.common.parameters import remove_values

    # The name of a setting is no place for a secret, and true, false and null are none.
    kept = {name: value for name, value in result.items() if value is None or isinstance(value, bool)}
    return {**remove_values(result, hidden), **kept}
