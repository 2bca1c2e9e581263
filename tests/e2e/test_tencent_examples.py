# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The examples in the documentation of Tencent's modules, run as they stand, and the ad-hoc commands of the notes."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.certwright.cloud.plugins.module_utils._x509_make import make_csr, make_key
from desk import Desk, Fitted, fit
from examples import TASK, Example, chosen
from plays import ansible_environment
from sandbox_process import SandboxProcess

# The id that the examples use.
EXAMPLE_ID = "LrmeMvQr"


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    process = SandboxProcess(tmp_path_factory.mktemp("sandbox") / "state")
    yield process
    process.stop()


@pytest.fixture
def desk(sandbox: SandboxProcess, tmp_path: Path) -> Desk:
    return Desk(sandbox, tmp_path)


def tasks(module: str) -> list[Example]:
    return chosen(f"plugins/modules/{module}.py:{TASK}")


def play(desk: Desk, tasks: list[Fitted | dict[str, Any]], variables: dict[str, Any]) -> str:
    """Runs tasks as a play on this machine; returns its output."""
    plays = [{"name": "Play", "hosts": "localhost", "gather_facts": False, "vars": variables, "tasks": tasks}]
    outcome = desk.run(plays)
    assert outcome.status == 0, outcome.output
    return outcome.output


def bought(sandbox: SandboxProcess, task: Example) -> str:
    several = "dns_names" in task.content["certwright.cloud.tencent_order"]
    return sandbox.buy("tencent_paid", product="multi" if several else "single", domain_num=2 if several else 1)


def test_examples_of_tencent_order(desk: Desk) -> None:
    csr = make_csr(make_key("ecdsa-p256"), "www.example.com", [])
    *first, last = tasks("tencent_order")
    orders = [bought(desk.sandbox, task) for task in first]
    fitted = [fit(task, {EXAMPLE_ID: order_id}) for task, order_id in zip(first, orders, strict=True)]
    output = play(desk, [*fitted, fit(last, {EXAMPLE_ID: orders[0]})], {"made": {"request": {"csr": csr}}})
    assert "changed=3" in output
    assert [desk.sandbox.control(f"orders/{order_id}")["submissions"] for order_id in orders] == [1, 1, 0]


def test_examples_of_tencent_order_info_and_dnspod_record(desk: Desk) -> None:
    order = desk.submitted("tencent_paid", "www.example.com")
    publish, remove = tasks("dnspod_record")
    *look, fetch = tasks("tencent_order_info")
    found = [fit(task, {EXAMPLE_ID: order["id"]}) for task in (*look, publish, fetch, remove)]
    output = play(desk, found, {"result": {"order": order}})
    assert "_dnsauth.www.example.com" in output
    assert desk.sandbox.control(f"orders/{order['id']}")["state"] == "issued"


def ad_hoc(desk: Desk, module: str, arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["ansible", "localhost", "-m", f"certwright.cloud.{module}", "-a", arguments],
        env=ansible_environment(desk.folder, **desk.environment),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_ad_hoc_commands_need_no_file_but_the_order(desk: Desk) -> None:
    order_id = desk.sandbox.buy("tencent_paid")
    looked = ad_hoc(desk, "tencent_order_info", f"certificate_id={order_id}")
    assert looked.returncode == 0 and "awaiting_documents" in looked.stdout, looked.stdout + looked.stderr
    flat = "common_name=www.example.com company_id=11772 manager_id=12895 csr_generation=online state=prepared"
    stored = ad_hoc(desk, "tencent_order", f"certificate_id={order_id} {flat}")
    assert stored.returncode == 0 and "CHANGED" in stored.stdout, stored.stdout + stored.stderr
    order = {"certificate_id": order_id, "common_name": "www.example.com", "company_id": 11772, "manager_id": 12895}
    sent = ad_hoc(desk, "tencent_order", json.dumps({**order, "csr_generation": "online", "key_pass": "not-shown"}))
    assert sent.returncode == 0 and '"submit order"' in sent.stdout, sent.stdout + sent.stderr
    assert "not-shown" not in sent.stdout + sent.stderr
    assert desk.sandbox.control(f"orders/{order_id}")["submissions"] == 1


def test_failure_is_one_message_without_a_trace(desk: Desk) -> None:
    failed = ad_hoc(desk, "tencent_order_info", "certificate_id=AbCd1234")
    assert failed.returncode != 0 and "FailedOperation.CertificateNotFound" in failed.stdout
    assert '"kind": "not_found"' in failed.stdout and '"changed": false' in failed.stdout
    assert "Traceback" not in failed.stdout + failed.stderr
