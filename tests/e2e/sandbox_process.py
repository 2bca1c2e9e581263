# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sandbox and its TLS server as processes of their own on free ports; nothing of them is imported."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

__all__ = ["PROGRAM", "SandboxProcess", "TlsServerProcess"]

PROGRAM = Path(__file__).resolve().parents[2] / "roles" / "sandbox" / "files" / "certwright_sandbox"
# Long enough for a machine under load; a healthy start takes a second.
START_TIMEOUT = 60.0


class SandboxProcess:
    """Runs from the moment it is made until stop().

    Arguments:
        state_dir: kept by the sandbox; a folder that was used before goes on from there.
        settings: changed at once, on top of small delays and no rate limits.
    """

    def __init__(self, state_dir: Path, **settings: Any) -> None:
        self.state_dir = state_dir
        addresses = [word for option in ("--http", "--https", "--dns") for word in (option, "127.0.0.1:0")]
        command = [sys.executable, str(PROGRAM), "--state-dir", str(state_dir), *addresses]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        try:
            self.ready = self._when_ready()
            quick = {"visible_delay": 0, "issue_delay": 0, "ca_poll": 0.1, "check_interval": 0, "rate": 0}
            wanted = {**quick, **settings}
            # Where the sandbox counts nothing, nobody has to wait.
            self._unlimited = {} if wanted["rate"] else {"CERTWRIGHT_API_RATE": "0"}
            self.control("settings", wanted)
        except BaseException:
            self.stop()
            raise

    def _when_ready(self) -> dict[str, Any]:
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise RuntimeError(f"the sandbox ended with {self._process.returncode}")
            try:
                ready: dict[str, Any] = json.loads((self.state_dir / "ready.json").read_text(encoding="utf-8"))
                return ready
            except (FileNotFoundError, ValueError):
                time.sleep(0.05)
        raise RuntimeError(f"the sandbox was not ready within {START_TIMEOUT:.0f} s")

    def stop(self) -> None:
        """Ends the process."""
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def control(self, path: str, data: Any = None, method: str | None = None) -> Any:
        """Calls the control interface: GET, or POST where there is data, or another method."""
        body = None if data is None else json.dumps(data).encode()
        request = urllib.request.Request(
            f"{self.ready['http']}/_sandbox/{path}",
            data=body,
            method=method or ("GET" if data is None else "POST"),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30) as answer:
            return json.loads(answer.read() or b"null")

    def buy(self, flow: str, **more: Any) -> str:
        """Makes an order that a customer would have bought; returns its id."""
        order_id: str = self.control("orders", {"flow": flow, **more})["ids"][0]
        return order_id

    def journal(self, order_id: str | None = None, action: str | None = None) -> list[dict[str, Any]]:
        """The calls so far, oldest first, as far as wanted."""
        entries = self.control("journal")["journal"]
        return [
            entry
            for entry in entries
            if (order_id is None or entry["order_id"] == order_id) and (action is None or entry["action"] == action)
        ]

    def tencent_environment(self) -> dict[str, str]:
        """The environment variables that lead Tencent's modules here."""
        account = self.ready["accounts"]["tencent"]
        return {
            "CERTWRIGHT_TENCENT_ENDPOINT": self.ready["http"],
            "TENCENTCLOUD_SECRET_ID": account["secret_id"],
            "TENCENTCLOUD_SECRET_KEY": account["secret_key"],
            "HOME": str(self.state_dir),
            **self._unlimited,
        }

    def environment(self) -> dict[str, str]:
        """The environment variables that lead all modules here."""
        account = self.ready["accounts"]["alibaba"]
        return {
            **self.tencent_environment(),
            "CERTWRIGHT_ALIBABA_ENDPOINT": self.ready["http"],
            "ALIBABA_CLOUD_ACCESS_KEY_ID": account["access_key_id"],
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET": account["access_key_secret"],
        }


class TlsServerProcess:
    """A TLS server that has loaded a pair of files; it runs from the moment it is made until stop()."""

    def __init__(self, certificate: Path, private_key: Path) -> None:
        pair = ["--certificate", str(certificate), "--private-key", str(private_key)]
        program = [sys.executable, str(PROGRAM), "tls-server"]
        self._process = subprocess.Popen([*program, *pair], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        said = self._process.stdout.readline()
        if " on " not in said:
            raise RuntimeError(f"the TLS server ended with {self._process.wait(10)}")
        self.address = said.split()[-1]
        self.test_command = [*program, "--check", *pair]
        hang_up = f"import os, signal; os.kill({self._process.pid}, signal.SIGHUP)"
        self.reload_command = [sys.executable, "-c", hang_up]

    def stop(self) -> None:
        """Ends the process."""
        self._process.kill()
        self._process.communicate()
