# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role sandbox, run by ansible-playbook: idempotent, honest in check mode, silent about secrets."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

COLLECTION = Path(__file__).resolve().parents[2]
RECAP = re.compile(r"^localhost\s+: ok=\d+\s+changed=(\d+)\s+unreachable=0\s+failed=(\d+)", re.MULTILINE)


class Plays:
    """Runs plays that include the role with given variables."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(
        self, *arguments: str, tasks_from: str = "main", show: str = "omitted", **variables: object
    ) -> tuple[int, int, str]:
        """Include the role once; returns its changed and failed counts and all output."""
        role = {"name": "certwright.cloud.sandbox", "tasks_from": tasks_from}
        tasks = [
            {"name": "Include the role", "ansible.builtin.include_role": role, "vars": variables},
            {"name": "Show a result", "ansible.builtin.debug": {"var": show}},
        ]
        play = [{"name": "Play", "hosts": "localhost", "gather_facts": False, "tasks": tasks}]
        path = self.folder / "play.json"
        path.write_text(json.dumps(play))
        program = Path(sys.executable).parent / "ansible-playbook"
        environment = {**os.environ, "ANSIBLE_NOCOLOR": "1", "ANSIBLE_LOCALHOST_WARNING": "0"}
        environment.setdefault("ANSIBLE_COLLECTIONS_PATH", str(COLLECTION.parents[2]))
        interpreter = json.dumps({"ansible_python_interpreter": sys.executable})
        command = [str(program), "-i", "localhost,", "-c", "local", "-e", interpreter, "-vv", *arguments, str(path)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
        output = done.stdout + done.stderr
        recap = RECAP.search(output)
        assert recap is not None, output
        return int(recap[1]), int(recap[2]), output


@pytest.fixture
def plays(tmp_path):
    return Plays(tmp_path)


@pytest.fixture
def state_dir(plays, tmp_path):
    yield str(tmp_path / "state")
    plays.run(sandbox_state="absent", sandbox_state_dir=str(tmp_path / "state"))


def test_role_starts_once_tells_where_it_listens_and_removes_all(plays, state_dir):
    changed, failed, output = plays.run("--check", sandbox_state_dir=state_dir)
    assert (changed, failed) == (1, 0) and not Path(state_dir).exists()
    changed, failed, output = plays.run(show="sandbox_ready", sandbox_state_dir=state_dir, sandbox_settings={"rate": 0})
    assert (changed, failed) == (1, 0), output
    ready = json.loads((Path(state_dir) / "ready.json").read_text())
    assert all(ready[name] in output for name in ("http", "https", "dns", "ca_file"))
    secrets = [value for account in ready["accounts"].values() for value in account.values()]
    assert len(secrets) == 4 and not any(secret in output for secret in secrets)
    for arguments in ((), ("--check",)):
        changed, failed, output = plays.run(*arguments, sandbox_state_dir=state_dir, sandbox_settings={"rate": 0})
        assert (changed, failed) == (0, 0), output
    expected = {"stopped": [1, 0], "absent": [1, 0]}
    for state, counts in expected.items():
        runs = [plays.run(sandbox_state=state, sandbox_state_dir=state_dir) for _unused in counts]
        assert [(changed, failed) for changed, failed, _output in runs] == [(count, 0) for count in counts]
        assert Path(state_dir).exists() is (state == "stopped")


def test_tls_server_starts_and_stops_through_its_steps(plays, tmp_path):
    pid_file = tmp_path / "tls.pid"
    files = {"sandbox_tls_server_pid_file": str(pid_file)}
    pair = {
        "sandbox_tls_server_certificate": str(tmp_path / "server.pem"),
        "sandbox_tls_server_private_key": str(tmp_path / "server.key"),
        "sandbox_tls_server_placeholder": "www.example.com",
    }
    try:
        counts = []
        for _unused in range(2):
            changed, failed, output = plays.run(
                tasks_from="tls_server", show="sandbox_tls_server_ready", **files, **pair
            )
            counts.append((changed, failed))
        assert counts == [(1, 0), (0, 0)], output
        assert re.search(r'"address": "127\.0\.0\.1:\d+"', output) and pid_file.exists()
    finally:
        stops = [plays.run(tasks_from="tls_server_stop", **files)[:2] for _unused in range(2)]
    assert stops == [(1, 0), (0, 0)] and not pid_file.exists()


@pytest.mark.parametrize(
    ("tasks_from", "variables", "said"),
    [
        ("main", {}, "missing required arguments: sandbox_state_dir"),
        ("main", {"sandbox_state_dir": "/", "sandbox_state": "running"}, "value of sandbox_state must be one of"),
        ("main", {"sandbox_state_dir": "/"}, "'/' holds other files; give the sandbox a directory of its own"),
        ("stop", {"sandbox_state_dir": "/", "sandbox_state": "absent"}, "'/' holds other files"),
        (
            "start",
            {"sandbox_state_dir": "/nowhere", "sandbox_http": "0.0.0.0:80"},
            "'0.0.0.0:80' is not HOST:PORT on loopback",
        ),
    ],
)
def test_bad_variable_is_refused_in_clear_words(plays, tasks_from, variables, said):
    changed, failed, output = plays.run(tasks_from=tasks_from, **variables)
    assert (changed, failed) == (0, 1)
    assert said in output
