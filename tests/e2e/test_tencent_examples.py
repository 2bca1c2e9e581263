# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The examples in the documentation of Tencent's modules, run as they stand, and the ad-hoc commands of the notes."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.certwright.cloud.plugins.module_utils._x509_make import make_csr, make_key
from plays import run_playbook
from sandbox_process import SandboxProcess

MODULES = "ansible_collections.certwright.cloud.plugins.modules"
# The id that the examples use.
EXAMPLE_ID = "LrmeMvQr"


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    process = SandboxProcess(tmp_path_factory.mktemp("sandbox") / "state")
    yield process
    process.stop()


def examples(module: str) -> list[dict[str, Any]]:
    tasks: list[dict[str, Any]] = yaml.safe_load(importlib.import_module(f"{MODULES}.{module}").EXAMPLES)
    return tasks


def play(sandbox: SandboxProcess, folder: Path, tasks: list[dict[str, Any]], variables: dict[str, Any]) -> str:
    """Runs tasks as a play on this machine; returns its output."""
    folder.mkdir(exist_ok=True)
    plays = [{"name": "Play", "hosts": "localhost", "gather_facts": False, "vars": variables, "tasks": tasks}]
    path = folder / "play.json"
    path.write_text(json.dumps(plays))
    outcome = run_playbook(
        path,
        "-i",
        "localhost,",
        "-c",
        "local",
        "-e",
        json.dumps({"ansible_python_interpreter": sys.executable}),
        home=folder,
        **{name: value for name, value in sandbox.tencent_environment().items() if name != "HOME"},
    )
    assert outcome.status == 0, outcome.output
    return outcome.output


def with_id(task: dict[str, Any], order_id: str) -> dict[str, Any]:
    changed: dict[str, Any] = json.loads(json.dumps(task).replace(EXAMPLE_ID, order_id))
    return changed


def bought(sandbox: SandboxProcess, task: dict[str, Any]) -> str:
    several = "dns_names" in task["certwright.cloud.tencent_order"]
    return sandbox.buy("tencent_paid", product="multi" if several else "single", domain_num=2 if several else 1)


def test_examples_of_tencent_order(sandbox: SandboxProcess, tmp_path: Path) -> None:
    csr = make_csr(make_key("ecdsa-p256"), "www.example.com", [])
    *first, last = examples("tencent_order")
    tasks, orders = [], []
    for task in first:
        orders.append(bought(sandbox, task))
        tasks.append(with_id(task, orders[-1]))
    tasks.append(with_id(last, orders[0]))
    output = play(sandbox, tmp_path, tasks, {"made": {"request": {"csr": csr}}})
    assert "changed=3" in output
    assert [sandbox.control(f"orders/{order_id}")["submissions"] for order_id in orders] == [1, 1, 0]


def test_examples_of_tencent_order_info_and_dnspod_record(sandbox: SandboxProcess, tmp_path: Path) -> None:
    order_id = sandbox.buy("tencent_paid")
    submit = examples("tencent_order")[1]
    submit["certwright.cloud.tencent_order"]["wait_for"] = "validation"
    submit["register"] = "result"
    publish, remove = examples("dnspod_record")
    look = examples("tencent_order_info")
    tasks = [with_id(task, order_id) for task in (submit, *look[:-1], publish, look[-1], remove)]
    output = play(sandbox, tmp_path, tasks, {})
    assert "_dnsauth.www.example.com" in output
    assert sandbox.control(f"orders/{order_id}")["state"] == "issued"


def ad_hoc(sandbox: SandboxProcess, module: str, arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).parent / "ansible"), "localhost", "-m", f"certwright.cloud.{module}"]
    environment = {**os.environ, **sandbox.tencent_environment(), "ANSIBLE_NOCOLOR": "1"}
    environment.setdefault("ANSIBLE_COLLECTIONS_PATH", str(Path(__file__).resolve().parents[5]))
    interpreter = f"ansible_python_interpreter={sys.executable}"
    return subprocess.run(
        [*command, "-e", interpreter, "-a", arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_ad_hoc_commands_need_no_file_but_the_order(sandbox: SandboxProcess) -> None:
    order_id = sandbox.buy("tencent_paid")
    looked = ad_hoc(sandbox, "tencent_order_info", f"certificate_id={order_id}")
    assert looked.returncode == 0 and "awaiting_documents" in looked.stdout, looked.stdout + looked.stderr
    flat = "common_name=www.example.com company_id=11772 manager_id=12895 csr_generation=online state=prepared"
    stored = ad_hoc(sandbox, "tencent_order", f"certificate_id={order_id} {flat}")
    assert stored.returncode == 0 and "CHANGED" in stored.stdout, stored.stdout + stored.stderr
    order = {"certificate_id": order_id, "common_name": "www.example.com", "company_id": 11772, "manager_id": 12895}
    sent = ad_hoc(sandbox, "tencent_order", json.dumps({**order, "csr_generation": "online", "key_pass": "not-shown"}))
    assert sent.returncode == 0 and '"submit order"' in sent.stdout, sent.stdout + sent.stderr
    assert "not-shown" not in sent.stdout + sent.stderr
    assert sandbox.control(f"orders/{order_id}")["submissions"] == 1


def test_failure_is_one_message_without_a_trace(sandbox: SandboxProcess) -> None:
    failed = ad_hoc(sandbox, "tencent_order_info", "certificate_id=AbCd1234")
    assert failed.returncode != 0 and "FailedOperation.CertificateNotFound" in failed.stdout
    assert '"kind": "not_found"' in failed.stdout and '"changed": false' in failed.stdout
    assert "Traceback" not in failed.stdout + failed.stderr
