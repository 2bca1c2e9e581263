# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plays run by ansible-playbook, as a user runs them, and what they say in the end."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["CALLBACKS", "OTHER_PYTHON", "Outcome", "ansible_environment", "is_write", "run_playbook", "run_role"]

COLLECTION = Path(__file__).resolve().parents[2]
# With every_result, which writes what tasks came to.
CALLBACKS = COLLECTION / "tests" / "callbacks"
KEEP = "Keep the result"
RECAP = re.compile(r"^(\S+)\s+: ok=(\d+)\s+changed=(\d+)\s+unreachable=(\d+)\s+failed=(\d+)", re.MULTILINE)
HEADING = re.compile(r"^(PLAY|TASK) \[(.*)\] \*+$")
STATUS = re.compile(r"^(ok|changed|included|skipping|failed|fatal): ")
# Generous for a machine under load; a play that hangs must not hang the tests.
PLAY_TIMEOUT = 600
# This Python by another name: to a task it is another Python, so that the task runs as a module.
# It has the same libraries.
OTHER_PYTHON = str(
    next(path for path in sorted(Path(sys.executable).parent.glob("python*")) if path.name != Path(sys.executable).name)
)


def is_write(entry: dict[str, Any]) -> bool:
    """Whether a journal entry is a write: what the design calls so."""
    reads = ("Describe", "Get", "List", "Check", "Download", "Verify")
    return entry["cloud"] in ("tencent", "alibaba") and not entry["action"].startswith(reads)


@dataclass(frozen=True)
class Outcome:
    """The end of a run: exit status, all output, and per host (changed, failed)."""

    status: int
    output: str
    recap: dict[str, tuple[int, int]]
    results: dict[str, Any]

    def failures(self) -> list[dict[str, Any]]:
        """The results of the tasks that failed, as the output shows them."""
        shown = self.output.split("FAILED! => ")[1:]
        return [json.JSONDecoder().raw_decode(text)[0] for text in shown]

    def statuses(self) -> dict[tuple[str, str], set[str]]:
        """What became of each task on any host (ok, changed, included, skipping, failed, fatal), by play and task."""
        told: dict[tuple[str, str], set[str]] = {}
        play = task = ""
        for line in self.output.splitlines():
            heading, status = HEADING.match(line), STATUS.match(line)
            if heading and heading[1] == "PLAY":
                play, task = heading[2], ""
            elif heading:
                task = heading[2]
            elif status:
                told.setdefault((play, task), set()).add(status[1])
        return told


def ansible_environment(home: Path, **more: str) -> dict[str, str]:
    """The environment of somebody with this home, this Ansible, and no settings of their own."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "XDG_"))}
    settings = {
        "ANSIBLE_COLLECTIONS_PATH": os.environ.get("ANSIBLE_COLLECTIONS_PATH", str(COLLECTION.parents[2])),
        "ANSIBLE_HOME": str(home / ".ansible"),
        "ANSIBLE_LOCALHOST_WARNING": "0",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "0",
        "ANSIBLE_NOCOLOR": "1",
        "HOME": str(home),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    return {**inherited, **settings, **more}


def run_playbook(playbook: str | Path, *arguments: str, home: Path, **environment: str) -> Outcome:
    """Runs a playbook by its path or its full collection name."""
    program = Path(sys.executable).parent / "ansible-playbook"
    done = subprocess.run(
        [str(program), *arguments, str(playbook)],
        cwd=home,
        env=ansible_environment(home, **environment),
        capture_output=True,
        text=True,
        timeout=PLAY_TIMEOUT,
        check=False,
    )
    output = done.stdout + done.stderr
    recap = {host: (int(changed), int(failed)) for host, _ok, changed, _unreachable, failed in RECAP.findall(output)}
    return Outcome(done.returncode, output, recap, {})


def run_role(
    folder: Path,
    hosts: dict[str, dict[str, Any]],
    *arguments: str,
    defaults: dict[str, dict[str, Any]],
    tasks_from: str = "main.yml",
) -> Outcome:
    """Runs the role tls_certificate on hosts that are all this machine; results holds tls_certificate_result by host.

    Arguments:
        folder: for the play and Ansible's own files.
        hosts: the role's variables by host name.
        defaults: module_defaults of the play.
    """
    lines = folder / "lines"
    # There, too, where no task comes to an end.
    lines.write_text("")
    local = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    inventory = {"all": {"hosts": {host: {**local, **variables} for host, variables in hosts.items()}}}
    role = {"name": "certwright.cloud.tls_certificate", "tasks_from": tasks_from}
    play = {
        "name": "Run the role",
        "hosts": "all",
        "gather_facts": False,
        "module_defaults": defaults,
        "tasks": [
            {
                "name": "Run it and keep its result, also when it fails",
                "block": [{"name": "Include the role", "ansible.builtin.include_role": role}],
                "always": [
                    {
                        "name": KEEP,
                        "ansible.builtin.set_fact": {"kept": "{{ tls_certificate_result | default({}) }}"},
                    }
                ],
            }
        ],
    }
    (folder / "inventory.json").write_text(json.dumps(inventory))
    (folder / "play.json").write_text(json.dumps([play]))
    outcome = run_playbook(
        folder / "play.json",
        *("-i", str(folder / "inventory.json")),
        *arguments,
        home=folder,
        ANSIBLE_FORKS="5",
        ANSIBLE_CALLBACK_PLUGINS=str(CALLBACKS),
        ANSIBLE_CALLBACKS_ENABLED="every_result",
        EVERY_RESULT=str(lines),
    )
    told = [json.loads(line) for line in lines.read_text().splitlines()]
    kept = {line["host"]: line["result"]["ansible_facts"]["kept"] for line in told if line["task"] == KEEP}
    return Outcome(outcome.status, outcome.output, outcome.recap, kept)
