# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The engine that the matrix runs makes the calls of the role, in the role's order."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.certwright.cloud.tests.e2e.plays import Outcome, run_role
from ansible_collections.certwright.cloud.tests.e2e.sandbox_process import SandboxProcess
from bench import Bench
from engine import FLOWS

__all__: list[str] = []


class RoleRun:
    """The role for an order of each flow, each on a host of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sandbox = SandboxProcess(folder / "sandbox", visible_delay=1, issue_delay=1)

    def close(self) -> None:
        """Ends the sandbox."""
        self._sandbox.stop()

    def run(self) -> tuple[Outcome, dict[str, list[str]]]:
        """The play's end, and the calls that each flow's cloud got."""
        ready = self._sandbox.ready
        defaults = {
            f"group/certwright.cloud.{flow.cloud}": {"endpoint": ready["http"], **ready["accounts"][flow.cloud]}
            for flow in FLOWS.values()
        }
        outcome = run_role(self._folder, {name: self._variables(name) for name in FLOWS}, defaults=defaults)
        journal = self._sandbox.journal()
        calls = {
            name: folded([entry["action"] for entry in journal if entry["cloud"] == flow.cloud])
            for name, flow in FLOWS.items()
        }
        return outcome, calls

    def _variables(self, name: str) -> dict[str, Any]:
        flow = FLOWS[name]
        application = {key: value for key, value in flow.application.items() if key not in ("common_name", "domains")}
        return {
            "tls_certificate_flow": name,
            "tls_certificate_order_id": self._sandbox.buy(name),
            "tls_certificate_domains": [flow.domain],
            f"tls_certificate_{flow.cloud}": application,
            "tls_certificate_accept_cloud_key": flow.cloud_key,
            "tls_certificate_key_type": "ecdsa-p256",
            "tls_certificate_dns": flow.dns,
            "tls_certificate_dns_servers": [self._sandbox.ready["dns"]],
            "tls_certificate_dns_interval": 0.2,
            "tls_certificate_wait_interval": 0.2,
            "tls_certificate_directory": str(self._folder / name),
        }


def folded(actions: list[str]) -> list[str]:
    """The actions without those that only repeat the one before: how often it is looked depends on the time."""
    return [action for action, _repeated in itertools.groupby(actions)]


@pytest.fixture
def role(tmp_path: Path) -> Iterator[RoleRun]:
    run = RoleRun(tmp_path)
    yield run
    run.close()


def test_engine_makes_the_calls_of_the_role_in_its_order(role: RoleRun, the_bench: Bench) -> None:
    by_engine = {name: folded([each.action for each in the_bench.undisturbed(name).exchanges]) for name in FLOWS}
    outcome, by_role = role.run()
    assert outcome.status == 0, outcome.output
    assert by_engine == by_role
