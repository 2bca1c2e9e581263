# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One run of ansible-playbook in which every case is run on two hosts: inside the controller, and as a module."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ansible.parsing.vault import VaultLib, VaultSecret
from ansible_collections.certwright.cloud.tests.e2e.plays import CALLBACKS, OTHER_PYTHON, run_playbook
from ansible_collections.certwright.cloud.tests.e2e.sandbox_process import SandboxProcess
from ansible_collections.certwright.cloud.tests.paths.cases import SECRETS, Case, Orders, cases, short_cases

__all__ = ["BRIEF", "HERE", "THERE", "Story"]

# Set where the same is run in full with another ansible-core.
BRIEF = os.environ.get("CERTWRIGHT_BRIEF") == "1"

# Inside the controller, and as a module. Names that no message has for other reasons, and as long as each other.
HERE, THERE = "hosthere", "hostmods"
# What no two orders have in common.
OWN = {"value", "content", "serial", "fingerprint_sha256", "public_key_sha256", "not_before", "not_after"}
OWN |= {"valid_until", "certificate", "full_chain", "private_key", "request_id", "id"}
UUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
# What takes its time.
PASSING = re.compile(r"within \d+ s|\"waited\": [0-9.]+")


class Story:
    """Everything is done when it is made.

    Arguments:
        folder: for all of it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sandbox = SandboxProcess(folder / "sandbox")
        try:
            self.orders = {host: Orders(self.sandbox.control).ids for host in (HERE, THERE)}
            self._write()
            self.outcome = run_playbook(
                folder / "play.yml",
                *("-vvv", "-i", str(folder / "inventory.json"), "--vault-password-file", str(folder / "password")),
                home=folder,
                **self._environment(),
            )
        finally:
            self.sandbox.stop()
        (folder / "output").write_text(self.outcome.output)
        lines = [json.loads(line) for line in (folder / "lines").read_text().splitlines()]
        self.results = {(line["host"], line["task"]): line for line in lines}

    def _environment(self) -> dict[str, str]:
        settings = {
            "ANSIBLE_CALLBACK_PLUGINS": str(CALLBACKS),
            "ANSIBLE_CALLBACKS_ENABLED": "every_result",
            # Sets of words come in the same order then.
            "PYTHONHASHSEED": "0",
            "CERTWRIGHT_STATE_DIR": str(self.folder / "state"),
            "EVERY_RESULT": str(self.folder / "lines"),
        }
        return {**self.sandbox.environment(), **settings, "HOME": str(self.folder)}

    def _write(self) -> None:
        (self.folder / "password").write_text("password")
        vault = VaultLib([("default", VaultSecret(b"password"))]).encrypt(SECRETS["wrong"]).decode()
        # With a pipe a module needs fewer processes around it.
        local = {"ansible_connection": "local", "ansible_pipelining": True}
        pythons = {HERE: sys.executable, THERE: OTHER_PYTHON}
        hosts = {
            host: {**local, "ansible_python_interpreter": python, "orders": self.orders[host]}
            for host, python in pythons.items()
        }
        shared = {"secrets": SECRETS, "dns": self.sandbox.ready["dns"], "vaulted": {"__ansible_vault": vault}}
        self._put("inventory.json", {"all": {"hosts": hosts}})
        self._put("shared.json", shared)
        play = {"hosts": "all", "gather_facts": False, "vars_files": ["shared.json"]}
        tasks = [case.task() for case in cases(BRIEF)]
        brief = [case.task("") for case in short_cases()]
        self._put("play.yml", [{**play, "tasks": tasks}, {**play, "collections": ["certwright.cloud"], "tasks": brief}])

    def _put(self, name: str, data: Any) -> None:
        (self.folder / name).write_text(json.dumps(data, indent=1))

    def result(self, host: str, case: Case) -> dict[str, Any]:
        """What a case came to on a host, with words in place of what no two orders have in common."""
        line = self.results[host, case.name]
        text = json.dumps({"failed": line["failed"], **line["result"]}, sort_keys=True)
        names = {value: f"<{name}>" for name, value in _own(line["result"])}
        names |= {order_id: f"<{name}>" for name, order_id in self.orders[host].items()}
        names |= {host: "<host>"}
        for value in sorted(names, key=len, reverse=True):
            text = text.replace(json.dumps(value)[1:-1], names[value])
        result: dict[str, Any] = json.loads(PASSING.sub(_some, UUID.sub("<uuid>", text)))
        # Where in Ansible a time limit struck, and a traceback of a failure that is none, are no part of the result.
        result.pop("failed_when_suppressed_exception", None)
        if "timedout" in result:
            del result["timedout"]["frame"]
        settled: dict[str, Any] = _without(result, case.passing)
        return settled


def _without(value: Any, names: tuple[str, ...]) -> Any:
    """The value, in which no member has one of the names."""
    if isinstance(value, Mapping):
        return {name: _without(member, names) for name, member in value.items() if name not in names}
    return [_without(member, names) for member in value] if isinstance(value, list) else value


def _some(found: re.Match[str]) -> str:
    """Words with a time, without the time."""
    return re.sub("[0-9.]+", "0", found[0])


def _own(value: Any) -> Iterator[tuple[str, str]]:
    """Values of a result, with their names, that are another order's own as well."""
    if isinstance(value, Mapping):
        for name, member in value.items():
            if name in OWN and isinstance(member, str) and len(member) > len("value"):
                yield name, member
            else:
                yield from _own(member)
    elif isinstance(value, list):
        for member in value:
            yield from _own(member)
