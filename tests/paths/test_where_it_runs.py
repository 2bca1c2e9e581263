# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which tasks run inside the controller, what keeps the others from it, and how such a task is ended from outside."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.certwright.cloud.tests.e2e.plays import ansible_environment, run_playbook
from ansible_collections.certwright.cloud.tests.e2e.sandbox_process import SandboxProcess

LOOK = "certwright.cloud.tencent_order_info"
REASON = re.compile(rf"^<(\w+)> {re.escape(LOOK)} runs as a module: (.*)$", re.MULTILINE)
# Nothing answers at an address that is for documentation.
FAR = {"ansible_host": "192.0.2.1", "ansible_ssh_extra_args": "-o ConnectTimeout=1"}
HERE = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
# Takes a library away from the program that this environment variable names.
BLOCK = """
import os, sys
if os.environ.get("WITHOUT_REQUESTS", "-") in " ".join(sys.orig_argv):
    sys.modules["requests"] = None
"""


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    process = SandboxProcess(tmp_path_factory.mktemp("sandbox"))
    yield process
    process.stop()


def run(sandbox: SandboxProcess, folder: Path, task: dict[str, Any], host: dict[str, Any], **environment: str) -> str:
    """The output of a play with this task on this host, after which the task has asked the cloud or not."""
    (folder / "inventory.json").write_text(json.dumps({"all": {"hosts": {"host": host}}}))
    options = {"certificate_id": sandbox.buy("tencent_paid")}
    named = {"name": "Look", LOOK: options, "ignore_unreachable": True, "ignore_errors": True, **task}
    (folder / "play.yml").write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": [named]}]))
    surroundings = {**sandbox.tencent_environment(), **environment}
    del surroundings["HOME"]
    inventory = str(folder / "inventory.json")
    return run_playbook(folder / "play.yml", "-vvv", "-i", inventory, home=folder, **surroundings).output


@pytest.mark.parametrize(
    ("task", "host", "reason"),
    [
        pytest.param({}, HERE, None, id="this Python"),
        pytest.param({}, {"ansible_connection": "local"}, None, id="no Python named"),
        pytest.param({}, {**HERE, "ansible_python_interpreter": "auto_silent"}, None, id="any Python"),
        pytest.param({"delegate_to": "localhost"}, FAR, None, id="delegated from a host that is away"),
        pytest.param({"connection": "local"}, {}, None, id="connection of the task"),
        pytest.param({"async": 30, "poll": 1}, HERE, "async", id="async"),
        pytest.param({"become": True, "become_method": "su"}, HERE, "become", id="become"),
        pytest.param(
            {}, {**HERE, "ansible_become": True, "ansible_become_method": "su"}, "become", id="become of a host"
        ),
        pytest.param({}, FAR, "connection ssh", id="host that is away"),
        pytest.param(
            {},
            {**HERE, "ansible_python_interpreter": "/no/python"},
            "ansible_python_interpreter is /no/python",
            id="another Python",
        ),
    ],
)
def test_only_a_plain_task_runs_inside_the_controller(
    sandbox: SandboxProcess, tmp_path: Path, task: dict[str, Any], host: dict[str, Any], reason: str | None
) -> None:
    output = run(sandbox, tmp_path, task, host)
    assert REASON.findall(output) == ([("host", reason)] if reason else [])
    if reason is None:
        assert "ok: [host" in output and "EXEC" not in output


def test_task_runs_as_a_module_where_the_controller_lacks_a_library(sandbox: SandboxProcess, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(BLOCK)
    more = {"PYTHONPATH": f"{tmp_path}:{os.environ.get('PYTHONPATH', '')}", "WITHOUT_REQUESTS": "ansible-playbook"}
    output = run(sandbox, tmp_path, {}, HERE, **more)
    assert REASON.findall(output) == [("host", f"requests is missing in {sys.executable}")]
    assert "ok: [host" in output


@contextlib.contextmanager
def waiting(sandbox: SandboxProcess, home: Path) -> Iterator[tuple[subprocess.Popen[bytes], Callable[[], int]]]:
    """Ansible while it waits for an order, and what counts its looks. The order's values never come."""
    order_id = sandbox.buy("tencent_paid")
    wait = f"certificate_id={order_id} wait_for=validation wait_timeout=600 wait_interval=0.1"
    command = [str(Path(sys.executable).parent / "ansible"), "localhost", "-m", LOOK, "-a", wait]
    documents = {"common_name": "www.example.com", "company_type": "person", "contact_email": "a@example.com"}
    sandbox.control("settings", {"visible_delay": 1000})
    submit = " ".join(f"{name}={value}" for name, value in documents.items())
    order = f"certificate_id={order_id} csr_generation=online settle_timeout=0 {submit}"
    environment = ansible_environment(home, **{**sandbox.tencent_environment(), "HOME": str(home)})
    done = subprocess.run([*command[:3], "certwright.cloud.tencent_order", "-a", order], env=environment, check=False)
    assert done.returncode == 0

    def looks() -> int:
        return len(sandbox.journal(order_id)) - before

    before = len(sandbox.journal(order_id))
    # Whoever runs the tests in the background may ignore the signal.
    heed = functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    settings = {"env": environment, "start_new_session": True, "stdout": subprocess.DEVNULL, "preexec_fn": heed}
    with subprocess.Popen(command, **settings) as process:
        deadline = time.monotonic() + 60
        while looks() < 3 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert looks() >= 3
        yield process, looks


def test_interrupted_wait_leaves_no_process_behind(sandbox: SandboxProcess, tmp_path: Path) -> None:
    with waiting(sandbox, tmp_path) as (process, _looks):
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(60) != 0
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)


def test_wait_ends_with_the_ansible_that_was_killed(sandbox: SandboxProcess, tmp_path: Path) -> None:
    with waiting(sandbox, tmp_path) as (process, looks):
        process.kill()
        process.wait(60)
        deadline, count = time.monotonic() + 60, -1
        # A wait that goes on looks ten times a second.
        while count != looks() and time.monotonic() < deadline:
            count = looks()
            time.sleep(3)
        assert count == looks()
