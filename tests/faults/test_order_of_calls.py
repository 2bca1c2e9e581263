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
from cells import EXPIRED
from engine import FLOWS, Run

__all__: list[str] = []

#: What removes a record, by cloud.
REMOVALS = {"tencent": "DeleteRecord", "alibaba": "DeleteDomainRecord"}


class RoleRuns:
    """Runs of the role for an order of each flow at a time, each flow on a host of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.sandbox = SandboxProcess(folder / "sandbox", visible_delay=1, issue_delay=1)
        self._orders = {flow: self.sandbox.buy(flow) for flow in FLOWS}
        self._seen = 0

    def run(self) -> tuple[Outcome, dict[str, list[str]]]:
        """The play's end, and the calls of each flow's cloud, oldest first, repeated ones folded."""
        ready = self.sandbox.ready
        defaults = {
            f"group/certwright.cloud.{cloud}": {"endpoint": ready["http"], **ready["accounts"][cloud]}
            for cloud in ("tencent", "alibaba")
        }
        outcome = run_role(self._folder, {flow: self._variables(flow) for flow in FLOWS}, defaults=defaults)
        journal = self.sandbox.journal()[self._seen :]
        self._seen += len(journal)
        by_flow = {
            name: folded([entry["action"] for entry in journal if entry["cloud"] == flow.cloud])
            for name, flow in FLOWS.items()
        }
        return outcome, by_flow

    def _variables(self, name: str) -> dict[str, Any]:
        flow = FLOWS[name]
        application = {key: value for key, value in flow.application.items() if key not in ("common_name", "domains")}
        return {
            "tls_certificate_flow": name,
            "tls_certificate_order_id": self._orders[name],
            "tls_certificate_domains": [flow.domain],
            f"tls_certificate_{flow.cloud}": application,
            "tls_certificate_accept_cloud_key": flow.cloud_key,
            "tls_certificate_key_type": "ecdsa-p256",
            "tls_certificate_dns": flow.dns,
            "tls_certificate_dns_servers": [self.sandbox.ready["dns"]],
            "tls_certificate_dns_interval": 0.2,
            "tls_certificate_wait_interval": 0.2,
            "tls_certificate_directory": str(self._folder / name),
        }


def folded(actions: list[str]) -> list[str]:
    """The actions without those that only repeat the one before."""
    return [action for action, _repeated in itertools.groupby(actions)]


def calls(run: Run) -> list[str]:
    """The calls of an engine's run in the same form."""
    return folded([each.action for each in run.exchanges])


@pytest.fixture
def role(tmp_path: Path) -> Iterator[RoleRuns]:
    runs = RoleRuns(tmp_path)
    yield runs
    runs.sandbox.stop()


def test_role_makes_the_calls_of_the_engine(role: RoleRuns, the_bench: Bench) -> None:
    """A run that can do everything but remove its record, and the run after it."""
    by_engine: dict[str, list[list[str]]] = {}
    for name, flow in FLOWS.items():
        fault = {"cloud": flow.cloud, "action": REMOVALS[flow.cloud], "kind": "error", "code": EXPIRED[flow.cloud]}
        role.sandbox.control("faults", fault)
        with the_bench.engine(name) as engine:
            the_bench.cloud.app.faults.add(fault)
            runs = [engine.run(), engine.run()]
        assert [bool(run.errors) for run in runs] == [True, False]
        assert runs[0].cleaning and runs[0].state == "issued"
        by_engine[name] = [calls(run) for run in runs]
    for number, fails in enumerate((True, False)):
        outcome, by_role = role.run()
        assert (outcome.status != 0) is fails, outcome.output
        assert by_role == {name: runs[number] for name, runs in by_engine.items()}
        left = [record for zone in role.sandbox.control("zones")["zones"] for record in zone["records"]]
        assert len(left) == (len(FLOWS) if fails else 0)
