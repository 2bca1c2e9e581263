# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A place from which somebody follows the documentation; only ids, paths, commands and endpoints are the test's."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import yaml
from ansible_collections.certwright.cloud.plugins.module_utils._module._use_case import Context
from ansible_collections.certwright.cloud.plugins.modules import (
    alibaba_dv_order,
    alidns_record,
    certificate_install,
    dnspod_record,
    tencent_order,
)
from ansible_collections.certwright.cloud.tests.served.probe import see
from ansible_collections.certwright.cloud.tests.unit.plugins.helpers import run_use_case
from ansible_collections.certwright.cloud.tests.unit.plugins.pki import Ca, new_key
from examples import CALL, COMMAND, INLINE, Example, ran
from plays import Outcome, ansible_environment, is_write, run_playbook
from sandbox_process import SandboxProcess, TlsServerProcess

__all__ = ["SOON", "SWIFT", "Desk", "Fitted", "earlier", "fit"]

HERE = {"ansible_become": False, "ansible_connection": "local", "ansible_python_interpreter": sys.executable}
SOON = {"wait_interval": 0.1, "wait_timeout": 60}
QUICK = {f"tls_certificate_{name}": value for name, value in {**SOON, "dns_interval": 0.1}.items()}
# Nobody needs the facts of the hosts, and they take as long as several tasks.
SWIFT = {"ANSIBLE_GATHERING": "explicit"}
# Where the guide's sandbox listens.
GUIDE_URL = "http://127.0.0.1:18080/_sandbox/"
SCRIPT_TIMEOUT = 300
# Stands behind what a command of a script printed.
END = "-- that was one command --"
APPLICANTS: dict[str, dict[str, Any]] = {
    "tencent_paid": {"csr_generation": "online", "manager_id": "12895"},
    "alibaba_dv": {
        "username": "Zhang San",
        "mobile": "13800000000",
        "email": "ssl@example.com",
        "province": "zhejiang",
        "city": "hangzhou",
    },
}


@dataclass(frozen=True)
class Fitted:
    """An example with the values of the test in it."""

    example: Example
    content: Any


def fit(example: Example, table: Mapping[str, Any]) -> Fitted:
    """An example with the values of the test in it.

    Arguments:
        table: by what the example says: a list of words in place of a command, or a text in place of a text, or of a
            part of one.
    """
    is_text = example.kind in (COMMAND, CALL, INLINE)
    return Fitted(example, _fitted(example.text if is_text else example.content, table))


def _fitted(value: Any, table: Mapping[str, Any]) -> Any:
    if isinstance(value, dict):
        return {name: _fitted(item, table) for name, item in value.items()}
    if isinstance(value, list):
        command = shlex.join(value) if all(isinstance(item, str) for item in value) else ""
        return table[command] if command in table else [_fitted(item, table) for item in value]
    if not isinstance(value, str):
        return value
    if isinstance(table.get(value), list):
        return shlex.join(table[value])
    # The longest first: a part of it may be an entry, too.
    for part in sorted(table, key=len, reverse=True):
        if isinstance(table[part], str):
            value = value.replace(part, table[part])
    return value


def earlier(name: str) -> dict[str, str]:
    """A certificate with its chain, and its key, of an order that nobody remembers."""
    ca, key = Ca(), new_key()
    return {"certificate": ca.leaf(key, name) + ca.intermediate, "private_key": key}


class Desk:
    """A folder with plays and files, on a machine that is led to a sandbox."""

    def __init__(self, sandbox: SandboxProcess, folder: Path) -> None:
        self.sandbox, self.folder = sandbox, folder
        self.environment = {**sandbox.environment(), "HOME": str(folder), **SWIFT}
        self._servers: list[TlsServerProcess] = []

    def run(
        self,
        plays: Sequence[Fitted | dict[str, Any]],
        typed: Example | None = None,
        settings: Fitted | None = None,
        **variables: Any,
    ) -> Outcome:
        """Runs plays on hosts that are this machine.

        An example, as a play or as a task of a play, has run when all went well and the output shows that it did
        something.

        Arguments:
            typed: an example that is the command; without one it is 'ansible-playbook site.yml'.
            settings: an example with variables.
            variables: replace those of the plays.
        """
        arguments = typed.words[2:] if typed else []
        assert typed is None or typed.words[:2] == ["ansible-playbook", "site.yml"]
        contents: list[dict[str, Any]] = []
        examples: list[Example] = []
        for play in plays:
            examples += _examples(play)
            contents.append(dict(_content(play)))
            if "tasks" in contents[-1]:
                examples += [example for task in contents[-1]["tasks"] for example in _examples(task)]
                contents[-1]["tasks"] = [_content(task) for task in contents[-1]["tasks"]]
        # The output names no more than titles.
        assert len({example.title for example in examples}) == len({example.meaning for example in examples})
        path = self.folder / "site.yml"
        path.write_text(yaml.safe_dump(contents, sort_keys=False, allow_unicode=True), encoding="utf-8")
        extra = {"tls_certificate_dns_servers": [self.sandbox.ready["dns"]], **QUICK, **HERE, **variables}
        extra |= settings.content if settings else {}
        environment = {name: value for name, value in self.environment.items() if name != "HOME"}
        outcome = run_playbook(
            path, "-i", "web1,web2,", *arguments, "-e", json.dumps(extra), home=self.folder, **environment
        )
        if outcome.status == 0:
            done = _done(outcome) if "--check" not in arguments else set()
            ran(example for example in examples if example.title in done)
            ran([*([typed] if typed else []), *([settings.example] if settings else [])])
        return outcome

    def follow(self, commands: Sequence[Fitted], inventory: Fitted | None = None, **environment: str) -> list[str]:
        """Types commands one after the other into one shell; returns what each printed. All have to succeed.

        Arguments:
            inventory: an example that is one; it has run when the commands have, with the hosts that it says.
            environment: beside that of somebody who has set nothing.
        """
        if inventory:
            path = self.folder / "inventory.yml"
            path.write_text(yaml.safe_dump(inventory.content), encoding="utf-8")
            environment["ANSIBLE_INVENTORY"] = str(path)
        script = "\n".join(f"{command.content}\necho '{END}'" for command in commands)
        done = subprocess.run(
            ["sh", "-euc", script],
            cwd=self.folder,
            env=ansible_environment(self.folder, **environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SCRIPT_TIMEOUT,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        ran(fitted.example for fitted in (*commands, *([inventory] if inventory else [])))
        return done.stdout.split(f"{END}\n")[: len(commands)]

    def call(self, fitted: Fitted) -> Any:
        """Sends what a curl command of the guide sends to its sandbox."""
        _curl, *options, url = shlex.split(fitted.content)
        assert url.startswith(GUIDE_URL)
        data = json.loads(options[1]) if options[:1] == ["-d"] else None
        method = options[1] if options[:1] == ["-X"] else None
        assert len(options) == (0 if data is method is None else 2)
        answer = self.sandbox.control(url[len(GUIDE_URL) :], data, method)
        ran([fitted.example])
        return answer

    def use(self, module: ModuleType, **options: Any) -> dict[str, Any]:
        """Runs a module's use case in this process, which takes less time than a play, as somebody elsewhere."""
        environment = {**self.environment, "HOME": str(self.folder / "elsewhere")}
        return run_use_case(module.USE_CASE, Context(environ=environment), **options)

    def submitted(self, flow: str, name: str, order_id: str = "") -> dict[str, Any]:
        """An order that somebody has sent from elsewhere and that waits for its record."""
        order_id = order_id or self.sandbox.buy(flow)
        wish = {**APPLICANTS[flow], **SOON, "wait_for": "validation"}
        if flow == "tencent_paid":
            result = self.use(tencent_order, certificate_id=order_id, common_name=name, **wish)
        else:
            result = self.use(alibaba_dv_order, instance_id=order_id, domains=[name], **wish)
        order: dict[str, Any] = result["order"]
        return order

    def publish(self, order: dict[str, Any], state: str = "present") -> None:
        """Publishes what an order waits for, or removes it."""
        module = {"tencent": dnspod_record, "alibaba": alidns_record}[order["provider"]]
        for proof in order["validations"]:
            self.use(module, **proof["record"], state=state)

    def serve(self, directory: Path, name: str) -> dict[str, Any]:
        """Starts a server with a certificate's directory in its configuration, in which an earlier order is live.

        Returns what stands in place of an example's commands and endpoint.
        """
        self.use(certificate_install, directory=str(directory), order_id="earlier", **earlier(name))
        return self.serve_files(directory / "live" / "fullchain.pem", directory / "live" / "key.pem")

    def serve_files(self, certificate: Path, private_key: Path) -> dict[str, Any]:
        """Starts a server with two files; returns as `serve`."""
        server = TlsServerProcess(certificate, private_key)
        self._servers.append(server)
        return {
            "nginx -t": server.test_command,
            "systemctl reload nginx": server.reload_command,
            "systemctl reload haproxy": server.reload_command,
            "127.0.0.1:443": server.address,
            "[::1]:8443": server.address,
        }

    def served(self, commands: Mapping[str, Any], name: str) -> str:
        """The fingerprint of what a server serves that was started here."""
        host, port = commands["127.0.0.1:443"].rsplit(":", 1)
        return see((host, int(port)), name)

    def issued(self, order_id: str) -> str:
        """The fingerprint of the certificate that the CA made for an order."""
        certificate: dict[str, Any] = self.sandbox.control(f"orders/{order_id}")["certificate"]
        return str(certificate["fingerprint_sha256"]).lower()

    def leave(self) -> None:
        """Stops the servers."""
        for server in self._servers:
            server.stop()

    def writes(self) -> int:
        """How many writes the clouds were sent so far."""
        return sum(is_write(entry) for entry in self.sandbox.journal())


def _examples(item: Fitted | dict[str, Any]) -> list[Example]:
    return [item.example] if isinstance(item, Fitted) else []


def _content(item: Fitted | dict[str, Any]) -> Any:
    return item.content if isinstance(item, Fitted) else item


def _done(outcome: Outcome) -> set[str]:
    """The plays and tasks that did something, even if only to look."""
    names: set[str] = set()
    for (play, task), statuses in outcome.statuses().items():
        if statuses & {"ok", "changed", "included"}:
            names |= {play, task}
    return names
