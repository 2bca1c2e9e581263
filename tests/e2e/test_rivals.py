# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Two commands, each with two forks, submit one order at the same moment: it is sent once, and all of them succeed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from plays import COLLECTION
from sandbox_process import SandboxProcess

TIMEOUT = 180
PERSON = {"username": "Webmaster", "mobile": "13800000000", "email": "w@example.net", "province": "zj", "city": "hz"}
WISHES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "tencent_paid": (
        "certwright.cloud.tencent_order",
        "certificate_id",
        {"common_name": "www.example.com", "csr_generation": "online", "company_id": 11772, "manager_id": 12895},
    ),
    "alibaba_dv": ("certwright.cloud.alibaba_dv_order", "instance_id", {"domains": ["www.example.net"], **PERSON}),
}


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    # Nothing but our own care keeps a second submission away, and a first one shows late.
    late = {"submission_lag": 3, "visible_delay": 2}
    process = SandboxProcess(tmp_path_factory.mktemp("sandbox") / "state", submission_guard=False, **late)
    yield process
    process.stop()


@pytest.mark.parametrize("flow", WISHES)
def test_order_that_several_submit_at_once_is_sent_once(sandbox: SandboxProcess, tmp_path: Path, flow: str) -> None:
    module, option, wish = WISHES[flow]
    order_id = sandbox.buy(flow)
    account = sandbox.ready["accounts"]["alibaba"]
    environment = {
        **os.environ,
        **sandbox.tencent_environment(),
        "CERTWRIGHT_ALIBABA_ENDPOINT": sandbox.ready["http"],
        "ALIBABA_CLOUD_ACCESS_KEY_ID": account["access_key_id"],
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": account["access_key_secret"],
        "ANSIBLE_COLLECTIONS_PATH": os.environ.get("ANSIBLE_COLLECTIONS_PATH", str(COLLECTION.parents[2])),
        "ANSIBLE_NOCOLOR": "1",
        "HOME": str(tmp_path),
    }
    ansible = [str(Path(sys.executable).parent / "ansible"), "all", "-i", "one,two,", "-c", "local", "-f", "2"]
    task = [
        "-m",
        module,
        "-a",
        json.dumps({option: order_id, **wish}),
        "-e",
        f"ansible_python_interpreter={sys.executable}",
    ]
    rivals = [
        subprocess.Popen(
            [*ansible, *task], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        for _unused in range(2)
    ]
    outputs = [rival.communicate(timeout=TIMEOUT)[0] for rival in rivals]
    assert [rival.returncode for rival in rivals] == [0, 0], outputs
    assert sum(output.count("| CHANGED =>") for output in outputs) == 1
    assert sum(output.count("| SUCCESS =>") for output in outputs) == 3
    sent = [
        entry
        for entry in sandbox.journal(order_id)
        if entry["action"] in ("CertificateOrderSubmit", "CreateDVOrderAudit")
    ]
    assert len(sent) == 1
    assert sandbox.control(f"orders/{order_id}")["submissions"] == 1
