# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sandbox as a process: its command line, ready.json, its state over kill -9."""

from __future__ import annotations

import json
import signal
import ssl
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sandbox_client import DOCUMENTS, Client, wait_for

PACKAGE = Path(__file__).resolve().parents[3] / "roles" / "sandbox" / "files" / "certwright_sandbox"


class Process:
    """A sandbox in a process of its own; may be started several times on one state directory."""

    def __init__(self, state_dir: Path) -> None:
        self.state_dir = state_dir
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> Client:
        """Start and wait until it is ready."""
        (self.state_dir / "ready.json").unlink(missing_ok=True)
        command = [sys.executable, str(PACKAGE), "--state-dir", str(self.state_dir)]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE)
        wait_for((self.state_dir / "ready.json").exists, "ready.json")
        account = self.ready["accounts"]["tencent"]
        return Client(self.ready["http"], (account["secret_id"], account["secret_key"]))

    @property
    def ready(self) -> dict[str, Any]:
        return json.loads((self.state_dir / "ready.json").read_text())

    def end(self, number: int) -> int:
        """Send a signal and wait; returns the exit status."""
        assert self.process is not None
        self.process.send_signal(number)
        status = self.process.wait(timeout=20)
        assert self.process.stderr is not None
        self.process.stderr.close()
        self.process = None
        return status


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Process]:
    started = Process(tmp_path / "state")
    yield started
    if started.process is not None:
        started.end(signal.SIGKILL)


def test_state_survives_kill_at_every_step(process: Process) -> None:
    client = process.start()
    root, accounts = Path(process.ready["ca_file"]).read_bytes(), process.ready["accounts"]
    client.control("POST", "settings", {"visible_delay": 0, "issue_delay": 0, "rate": 0, "ca_poll": 0.1})
    client.control("POST", "faults", {"kind": "drop", "action": "Never", "times": 0})
    order_id = client.order()

    def again() -> Client:
        process.end(signal.SIGKILL)
        return process.start()

    client = again()
    client.tencent("CertificateInfoSubmit", {**DOCUMENTS, "CertId": order_id})
    key = client.detail(order_id)["CertificatePrivateKey"]
    client = again()
    client.tencent("CertificateOrderSubmit", {"CertId": order_id})
    client = again()
    client.publish(order_id)
    client = again()
    issued = client.until(order_id, lambda seen: seen["Status"] == 1)
    client.control("POST", "clock", {"advance": 1000})
    before = client.control("GET", "journal")["journal"]
    client = again()
    assert client.detail(order_id)["CertificatePublicKey"] == issued["CertificatePublicKey"]
    assert issued["CertificatePrivateKey"] == key
    assert client.control("GET", f"orders/{order_id}")["submissions"] == 1
    assert client.control("GET", "journal")["journal"][: len(before)] == before
    assert client.control("GET", "clock")["advanced"] == 1000
    assert client.control("GET", "faults")["faults"][0]["action"] == "Never"
    assert client.control("GET", "zones")["zones"][0]["records"]
    assert Path(process.ready["ca_file"]).read_bytes() == root and process.ready["accounts"] == accounts


def test_ready_file_tells_everything_and_is_private(process: Process) -> None:
    process.start()
    ready = process.ready
    assert set(ready) == {"http", "https", "dns", "ca_file", "accounts", "zones"}
    assert ready["zones"] == [{"name": "example.com", "dns": "dnspod"}, {"name": "example.net", "dns": "alidns"}]
    assert set(ready["accounts"]["tencent"]) == {"secret_id", "secret_key"}
    assert set(ready["accounts"]["alibaba"]) == {"access_key_id", "access_key_secret"}
    modes = {path.name: path.stat().st_mode & 0o777 for path in process.state_dir.iterdir()}
    assert process.state_dir.stat().st_mode & 0o777 == 0o700
    assert {mode for name, mode in modes.items() if name != "ca.pem"} == {0o600}, modes


def test_https_is_served_with_a_certificate_of_the_ca(process: Process) -> None:
    process.start()
    context = ssl.create_default_context(cafile=process.ready["ca_file"])
    for host in ("127.0.0.1", "localhost"):
        url = process.ready["https"].replace("127.0.0.1", host)
        with urllib.request.urlopen(f"{url}/_sandbox/", context=context, timeout=10) as answer:
            assert json.load(answer)["version"]


def test_termination_is_clean_and_takes_ready_file_away(process: Process) -> None:
    process.start()
    assert process.end(signal.SIGTERM) == 0
    assert not (process.state_dir / "ready.json").exists()


def test_held_connection_does_not_delay_the_end(process: Process) -> None:
    client = process.start()
    client.control("POST", "faults", {"kind": "timeout"})
    client.read_timeout = 0.2
    with pytest.raises(TimeoutError):
        client.tencent("DescribeCertificates")
    assert process.end(signal.SIGTERM) == 0


def test_second_sandbox_on_the_same_state_is_refused(process: Process) -> None:
    process.start()
    command = [sys.executable, str(PACKAGE), "--state-dir", str(process.state_dir)]
    second = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert second.returncode == 1 and "another sandbox is running there" in second.stderr
    assert process.ready["http"]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ([], "--state-dir"),
        (["--state-dir", "{dir}", "--http", "0.0.0.0:80"], "never leaves"),
        (["--state-dir", "{dir}", "--dns", "127.0.0.1"], "HOST:PORT"),
        (["--state-dir", "{dir}/file/below"], "cannot start"),
    ],
)
def test_bad_command_line_is_refused_with_a_reason(tmp_path: Path, arguments: list[str], text: str) -> None:
    (tmp_path / "file").write_text("")
    command = [sys.executable, str(PACKAGE), *(each.format(dir=tmp_path) for each in arguments)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert run.returncode != 0 and text in run.stderr and "Traceback" not in run.stderr
