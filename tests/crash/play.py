# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plays of the role that can be watched and killed, and what was left of them."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import uuid
from contextlib import suppress
from pathlib import Path
from typing import Any

from ansible_collections.certwright.cloud.tests.e2e.plays import COLLECTION, RECAP
from ansible_collections.certwright.cloud.tests.e2e.sandbox_process import SandboxProcess

__all__ = ["APPLICANTS", "Play", "Run", "variables"]

# Generous for a machine under load; a play that hangs must not hang the tests.
PLAY_TIMEOUT = 900
KILL_TIMEOUT = 30
# By this word in their environment all processes of a run are known, whatever they did to leave it.
MARK = "CERTWRIGHT_TEST_RUN"
_FAILED = re.compile(r"^(?:fatal|failed): \[([^\] ]+)[^\]]*\](?:: FAILED!| \(item=.*?\)) => (?=\{)", re.MULTILINE)

APPLICANTS: dict[str, dict[str, Any]] = {
    "tencent_paid": {
        "tls_certificate_dns": "dnspod",
        "tls_certificate_tencent": {"company_type": "person", "contact_email": "webmaster@example.com"},
    },
    "alibaba_dv": {
        "tls_certificate_dns": "alidns",
        "tls_certificate_accept_cloud_key": True,
        "tls_certificate_alibaba": {
            "username": "Webmaster",
            "mobile": "13800000000",
            "email": "webmaster@example.net",
            "province": "zhejiang",
            "city": "hangzhou",
        },
    },
}


def variables(sandbox: SandboxProcess, flow: str, order_id: str, name: str, directory: Path) -> dict[str, Any]:
    """What a user sets for an order of one name; nothing is waited for longer than the sandbox needs."""
    return {
        **APPLICANTS[flow],
        "tls_certificate_flow": flow,
        "tls_certificate_order_id": order_id,
        "tls_certificate_domains": [name],
        "tls_certificate_directory": str(directory),
        "tls_certificate_dns_servers": [sandbox.ready["dns"]],
        "tls_certificate_dns_interval": 0.2,
        "tls_certificate_wait_interval": 0.5,
        "tls_certificate_wait_timeout": 120,
    }


class Run:
    """One run of a play: its process, all that it says, and how it ended."""

    def __init__(self, command: list[str], folder: Path, environment: dict[str, str]) -> None:
        self._mark = f"{MARK}={uuid.uuid4().hex}"
        self._log = folder / f"{self._mark[-12:]}.log"
        name, _equals, value = self._mark.partition("=")
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                command,
                cwd=folder,
                env={**environment, name: value},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def output(self) -> str:
        """All that was said so far."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    @property
    def ended(self) -> bool:
        """Whether the run has come to its end."""
        return self._process.poll() is not None

    @property
    def status(self) -> int:
        """The exit status; waits for the end."""
        try:
            return self._process.wait(PLAY_TIMEOUT)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    @property
    def recap(self) -> dict[str, tuple[int, int]]:
        """Per host, how many tasks have changed something and how many have failed."""
        found = RECAP.findall(self.output)
        return {host: (int(changed), int(failed)) for host, _ok, changed, _unreachable, failed in found}

    def failures(self) -> dict[str, list[dict[str, Any]]]:
        """The results of the tasks that failed, by host, as the output shows them."""
        output, found = self.output, {}
        for match in _FAILED.finditer(output):
            result = json.JSONDecoder().raw_decode(output, match.end())[0]
            found.setdefault(match[1], []).append(result)
        return found

    def kill(self) -> int:
        """Kills every process of the run at once, without a chance to tidy up; returns how many there were."""
        killed: set[int] = set()
        deadline = time.monotonic() + KILL_TIMEOUT
        while pids := self._pids():
            for pid in pids:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            killed |= pids
            if time.monotonic() > deadline:
                raise RuntimeError(f"processes of the run do not end: {sorted(pids)}")
        self._process.wait(KILL_TIMEOUT)
        return len(killed)

    def _pids(self) -> set[int]:
        found = set()
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                # One that has ended but was not waited for has no environment any more.
                if f"\0{self._mark}\0".encode() in b"\0" + (folder / "environ").read_bytes():
                    found.add(int(folder.name))
        return found


class Play:
    """The role on hosts that are all this machine.

    Arguments:
        folder: for the play, the user's home and the ledger of orders.
        hosts: the role's variables by host name.
        settings: more options of the clouds' modules.
    """

    def __init__(
        self, folder: Path, sandbox: SandboxProcess, hosts: dict[str, dict[str, Any]], **settings: Any
    ) -> None:
        self._folder = folder
        for each in (folder, folder / "tmp"):
            each.mkdir(exist_ok=True)
        local = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
        inventory = {"all": {"hosts": {host: {**local, **given} for host, given in hosts.items()}}}
        defaults = {
            f"group/certwright.cloud.{cloud}": {"endpoint": sandbox.ready["http"], **account, **settings}
            for cloud, account in sandbox.ready["accounts"].items()
        }
        play = {
            "name": "Run the role",
            "hosts": "all",
            "gather_facts": False,
            "module_defaults": defaults,
            "roles": [{"role": "certwright.cloud.tls_certificate"}],
        }
        (folder / "inventory.json").write_text(json.dumps(inventory))
        (folder / "play.json").write_text(json.dumps([play]))

    def start(self, *arguments: str) -> Run:
        """Starts a run and does not wait for it."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
        environment = {
            **inherited,
            "ANSIBLE_COLLECTIONS_PATH": os.environ.get("ANSIBLE_COLLECTIONS_PATH", str(COLLECTION.parents[2])),
            "ANSIBLE_FORKS": "20",
            "ANSIBLE_HOME": str(self._folder / ".ansible"),
            "ANSIBLE_LOCALHOST_WARNING": "0",
            "ANSIBLE_NOCOLOR": "1",
            "CERTWRIGHT_STATE_DIR": str(self._folder / "state"),
            "HOME": str(self._folder),
            "PYTHONUNBUFFERED": "1",
            # What is killed cannot remove its temporary files.
            "TMPDIR": str(self._folder / "tmp"),
        }
        program = str(Path(sys.executable).parent / "ansible-playbook")
        command = [program, "-i", "inventory.json", *arguments, "play.json"]
        return Run(command, self._folder, environment)

    def run(self, *arguments: str) -> Run:
        """Runs it to its end."""
        run = self.start(*arguments)
        assert run.status in (0, 2), run.output
        return run
