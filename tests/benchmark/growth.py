# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How what the controller spends grows with the number of hosts: `make benchmark-growth` calls this.

The whole role, on hosts that are folders of this machine, half of them with an order at either cloud, at the clouds'
documented rates: CPU of the controller and all that it starts, by phase. And an inventory of many certificates: what it
costs to find out which of them are due.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.certwright.cloud.tests.benchmark import surroundings, tables
from ansible_collections.certwright.cloud.tests.benchmark.measuring import Case, Sample, measure
from ansible_collections.certwright.cloud.tests.benchmark.run import CHECKOUT, HERE, PACKAGES, environment_of
from ansible_collections.certwright.cloud.tests.e2e.sandbox_process import SandboxProcess

FORKS = 20
# Seconds that a run of the role may take.
LONG = 3600
# The role's phases, and the files of tasks that belong to them; what is not named is Ansible's own and the play's.
PHASES = {
    "look": ("main", "check", "prepare", "look"),
    "submit": ("submit", "request", "tls_validation/check"),
    "validate": ("validate", "tls_validation/main", "tls_validation/publish", "tls_validation/wait"),
    "wait": ("wait",),
    "install": ("install", "fetch_key", "tls_install/main"),
    "clean up": ("clean_up", "tls_validation/remove"),
    "say the result": ("result",),
}
ROLE = "tls_certificate"


@dataclass(frozen=True)
class Run:
    """What one run of the role cost: CPU seconds by phase and by module, seconds, MiB of the controller."""

    phases: Mapping[str, float]
    modules: Mapping[str, float]
    wall: float
    peak: float


def phase_of(path: str) -> str:
    """The phase that a file of tasks belongs to.

    Arguments:
        path: of the file; empty for what comes before the first task.
    """
    file = Path(path)
    role = file.parent.parent.name
    name = file.stem if role == ROLE else f"{role}/{file.stem}"
    # Of a step there is a file for each flow, or for each DNS provider.
    fitting = [
        (len(start), phase)
        for phase, starts in PHASES.items()
        for start in starts
        if name == start or name.startswith(f"{start}_")
    ]
    return max(fitting)[1] if fitting else "start"


def summed(told: Mapping[str, Any], wall: float) -> Run:
    """What the callback phases has written, by phase and by module."""
    phases: dict[str, float] = defaultdict(float)
    modules: dict[str, float] = defaultdict(float)
    for row in told["rows"]:
        phases[phase_of(row["path"])] += row["cpu"]
        modules[row["action"].rpartition(".")[2]] += row["cpu"]
    return Run(phases, modules, wall, told["peak_kib"] / 1024)


class Bench:
    """A sandbox at the documented rates, and inventories of hosts with an order each."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sandbox = SandboxProcess(folder / "sandbox", rate=1)
        self.environment = {
            **environment_of(folder.parent, folder / "home"),
            **self.sandbox.environment(),
            "ANSIBLE_CALLBACKS_ENABLED": "phases",
            "ANSIBLE_CALLBACK_PLUGINS": str(HERE / "callback_plugins"),
            "ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.default",
            "CERTWRIGHT_PHASES": str(folder / "phases.json"),
            "HOME": str(folder / "home"),
        }

    def role(self, count: int) -> tuple[Run, Run]:
        """Runs the role on so many hosts, and once more. Raises RuntimeError."""
        half = count // 2
        orders = [("tencent_paid", "com", "dnspod", order) for order in self._bought("tencent_paid", count - half)]
        orders += [("alibaba_dv", "net", "alidns", order) for order in self._bought("alibaba_dv", half)]
        hosts = {
            f"web{number}": {
                "tls_certificate_flow": flow,
                "tls_certificate_order_id": order,
                "tls_certificate_domains": [f"web{number}-{count}.example.{zone}"],
                "tls_certificate_dns": dns,
                "tls_certificate_accept_cloud_key": flow == "alibaba_dv",
                "ansible_python_interpreter": sys.executable,
            }
            for number, (flow, zone, dns, order) in enumerate(orders)
        }
        place = self.folder / f"role{count}"
        variables = {"role_folder": str(place), "role_dns": self.sandbox.ready["dns"]}
        case = self._case(f"role on {count} hosts", "role.yml", hosts, "-e", json.dumps(variables))
        first, second = self._measured(case), self._measured(case)
        installed = len(list(place.glob("*/live/fullchain.pem")))
        if installed != count:
            raise RuntimeError(f"{installed} of {count} hosts have a certificate")
        return first, second

    def due(self, count: int) -> tuple[Sample, Sample]:
        """Runs a play that does nothing with so many hosts, and one that finds out which are due."""
        orders = self._bought("tencent_paid", count)
        hosts = {f"web{number}": {"tls_certificate_order_id": order} for number, order in enumerate(orders)}
        nothing = self._case("nothing", "due.yml", hosts, "--tags", "nothing")
        due = self._case("due", "due.yml", hosts, "--tags", "due", expects="due: 0")
        return measure(nothing, self.folder, self.environment), measure(due, self.folder, self.environment)

    def _measured(self, case: Case) -> Run:
        sample = measure(case, self.folder, self.environment, LONG)
        return summed(json.loads((self.folder / "phases.json").read_text(encoding="utf-8")), sample.wall)

    def _case(self, name: str, playbook: str, hosts: Mapping[str, Any], *more: str, expects: str = "") -> Case:
        inventory = self.folder / "inventory.json"
        inventory.write_text(json.dumps({"all": {"hosts": hosts}}), encoding="utf-8")
        command = ("ansible-playbook", str(HERE / playbook), "-i", str(inventory), "--forks", str(FORKS), *more)
        return Case(name, command, expects=expects)

    def _bought(self, flow: str, count: int) -> list[str]:
        ids: list[str] = self.sandbox.control("orders", {"flow": flow, "count": count})["ids"]
        return ids


def role_table(runs: Mapping[int, Run]) -> list[str]:
    """CPU milliseconds a host, by phase, a column for each number of hosts."""
    rows = [
        (name, *(f"{run.phases.get(name, 0.0) / count * 1000:.0f}" for count, run in runs.items()))
        for name in ("start", *PHASES)
    ]
    totals = [f"{sum(run.phases.values()) / count * 1000:.0f}" for count, run in runs.items()]
    walls = [f"{run.wall:.1f}" for run in runs.values()]
    peaks = [f"{run.peak:.0f}" for run in runs.values()]
    head = ("CPU ms a host", *(f"{count} hosts" for count in runs))
    return tables.columns(
        head, [*rows, ("all phases", *totals), ("seconds in all", *walls), ("peak MiB of the controller", *peaks)]
    )


def module_table(runs: Mapping[int, Run], shown: int = 8) -> list[str]:
    """CPU milliseconds a host, by the module of the task, those first that take most."""
    last = runs[max(runs)].modules
    names = sorted(last, key=lambda name: last[name], reverse=True)[:shown]
    rows = [
        (name, *(f"{run.modules.get(name, 0.0) / count * 1000:.0f}" for count, run in runs.items())) for name in names
    ]
    return tables.columns(("CPU ms a host", *(f"{count} hosts" for count in runs)), rows)


def due_table(samples: Mapping[int, tuple[Sample, Sample]]) -> list[str]:
    """What it costs to find out what is due, beside what the same inventory costs a play that does nothing."""
    rows = []
    for count, (nothing, due) in samples.items():
        numbers = (f"{due.wall:.1f}", f"{due.cpu:.1f}", f"{nothing.cpu:.1f}", f"{due.peak:.0f}", f"{nothing.peak:.0f}")
        rows.append((f"{count} certificates", *numbers, f"{(due.cpu - nothing.cpu) / count * 1000:.2f}"))
    head = ("", "seconds", "CPU s", "nothing: CPU s", "peak MiB", "nothing: MiB", "CPU ms a certificate")
    return tables.columns(head, rows)


def _numbers(text: str) -> list[int]:
    return [int(word) for word in text.split(",") if word]


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, prog="make benchmark-growth")
    parser.add_argument("--work", type=Path, required=True, help="folder for everything that is made")
    parser.add_argument("--hosts", type=_numbers, default=[10, 100, 300], help="hosts that the role runs on, as 10,100")
    parser.add_argument("--due", type=_numbers, default=[100, 1000, 10000], help="certificates of an inventory")
    options = parser.parse_args()
    folder = options.work.resolve() / "growth"
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "home").mkdir(parents=True)
    print(f"Machine: {surroundings.machine()}\nTools: {surroundings.versions(PACKAGES)}")
    print(
        f"Commit: {surroundings.commit(CHECKOUT)}\nLoad average at the beginning: {surroundings.load()}\n", flush=True
    )
    bench = Bench(folder)
    try:
        due = {count: bench.due(count) for count in options.due}
        if due:
            print("What is due in an inventory", *due_table(due), "", sep="\n", flush=True)
        first, second = {}, {}
        for count in options.hosts:
            first[count], second[count] = bench.role(count)
        if first:
            print(f"The role, forks {FORKS}: the first run", *role_table(first), "", *module_table(first), "", sep="\n")
            print("The second run, with nothing to do", *role_table(second), "", *module_table(second), "", sep="\n")
    except RuntimeError as error:
        sys.exit(f"{error}\nThe benchmark ended there.")
    finally:
        bench.sandbox.stop()
    print(f"Load average at the end: {surroundings.load()}")


if __name__ == "__main__":
    main()
