# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What our modules cost beside Ansible itself, a minimal script and the vendors' SDKs: scripts/benchmark.sh calls this.

Everything is measured in one run against a sandbox that this starts; nothing is compared with figures of other runs
or machines. Printed, and kept with all samples in the work folder as result.txt and result.json.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ansible_collections.certwright.cloud.tests.benchmark import surroundings, tables
from ansible_collections.certwright.cloud.tests.benchmark.measuring import Case, Sample, in_turn, measure
from ansible_collections.certwright.cloud.tests.e2e.plays import OTHER_PYTHON
from ansible_collections.certwright.cloud.tests.e2e.sandbox_process import SandboxProcess

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parents[1]
PACKAGES = ("ansible-core", "requests", "cryptography", "tencentcloud-sdk-python-ssl", "alibabacloud-cas20180713")
# What each cloud's look-up is called: module, option, action of the API, scripts.
CLOUDS = {
    "tencent": ("tencent_order_info", "certificate_id", "DescribeCertificateDetail"),
    "alibaba": ("alibaba_dv_order_info", "instance_id", "DescribeDVOrderResult"),
}
PING = "ansible -m ping"
# Has a task run as a module that would run inside the controller.
AS_MODULE = ("--extra-vars", f"ansible_python_interpreter={OTHER_PYTHON}")
PLAY_TIMEOUT = 900
# Set for this program only; what is measured runs as a user's commands do.
OWN_SETTINGS = ("PYTHONPATH", "PYTHONPYCACHEPREFIX", "MAKEFLAGS", "MAKELEVEL")


class Bench:
    """The sandbox with its orders, and the environment in which everything is measured."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = environment_of(folder, folder / "home")
        # What is measured is what calls cost, not how many of them a cloud allows.
        self.environment["CERTWRIGHT_API_RATE"] = "0"
        self.sandbox = SandboxProcess(folder / "sandbox")
        self.environment |= {**self.sandbox.tencent_environment(), **_alibaba_environment(self.sandbox)}
        self.environment["HOME"] = str(folder / "home")
        self.orders = {
            "tencent": {state: self.sandbox.buy("tencent_paid") for state in ("validating", "issued")},
            "alibaba": {state: self.sandbox.buy("alibaba_dv") for state in ("validating", "issued")},
        }
        self._seen = 0

    def prepare(self) -> None:
        """Submits the orders and lets those be issued that shall be. Raises RuntimeError."""
        self.play(HERE / "prepare.yml", benchmark_orders=self.orders)
        self.calls()

    def play(self, playbook: Path | str, **variables: Any) -> float:
        """Runs a playbook; returns the seconds it took. Raises RuntimeError with its output."""
        started = time.monotonic()
        command = ("ansible-playbook", str(playbook), "--extra-vars", json.dumps(variables))
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PLAY_TIMEOUT,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"'{playbook}' failed:\n{done.stdout}{done.stderr}")
        return time.monotonic() - started

    def run(self, case: Case) -> Sample:
        """Measures a case once and makes sure that the sandbox was asked what is to be measured, and no more."""
        sample = measure(case, self.folder, self.environment)
        asked = self.calls()
        if asked != [case.action] * (case.calls if case.action else 0):
            raise RuntimeError(f"'{case.name}' was to call {case.action} {case.calls} times, but called {asked}")
        return sample

    def calls(self) -> list[str]:
        """The actions that the clouds were asked for since the last time; what went wrong is said beside."""
        entries = self.sandbox.control(f"journal?since={self._seen}")["journal"]
        self._seen = max([self._seen, *(entry["seq"] for entry in entries)])
        calls = [(entry["action"], entry["outcome"]) for entry in entries if entry["cloud"] in CLOUDS]
        return [action if outcome == "ok" else f"{action} ({outcome})" for action, outcome in calls]


def environment_of(folder: Path, home: Path) -> dict[str, str]:
    """For everything that is run: own tools and settings only.

    Arguments:
        folder: where the benchmark works.
        home: of whoever runs it.
    """
    kept = {name: value for name, value in os.environ.items() if name not in OWN_SETTINGS}
    return {
        **kept,
        "ANSIBLE_COLLECTIONS_PATH": str(folder / "tree"),
        "ANSIBLE_CONFIG": str(CHECKOUT / "scripts" / "rehearse.cfg"),
        "ANSIBLE_HOME": str(home / ".ansible"),
        "ANSIBLE_NOCOLOR": "1",
        # Locally Ansible takes the home of the user database for it, whatever HOME says.
        "ANSIBLE_REMOTE_TMP": str(home / ".ansible" / "tmp"),
        "HOME": str(home),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
    }


def _alibaba_environment(sandbox: SandboxProcess) -> dict[str, str]:
    account = sandbox.ready["accounts"]["alibaba"]
    return {
        "CERTWRIGHT_ALIBABA_ENDPOINT": sandbox.ready["http"],
        "ALIBABA_CLOUD_ACCESS_KEY_ID": account["access_key_id"],
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": account["access_key_secret"],
    }


def single_calls(bench: Bench) -> tuple[list[Case], list[tuple[str, str]]]:
    """One call each: the cases, and which to compare with which."""
    cases, pairs = [Case(PING, ("ansible", "localhost", "-m", "ping"), expects="pong")], []
    for cloud, (module, option, action) in CLOUDS.items():
        for state, order in bench.orders[cloud].items():
            arguments = f"{option}={order}"
            command = ("ansible", "localhost", "-m", f"certwright.cloud.{module}", "-a", arguments)
            cases.append(Case(f"{module}, {state}", command, action, f'"state": "{state}"'))
        cases.append(Case(f"{module}, issued, as a module", (*command, *AS_MODULE), action, '"state": "issued"'))
        order = bench.orders[cloud]["validating"]
        for kind, name in (("plain", f"requests, {cloud}"), ("sdk", f"SDK, {cloud}")):
            cases.append(Case(name, (sys.executable, str(HERE / f"{kind}_{cloud}.py"), order), action, order))
        ours = f"{module}, validating"
        pairs += [(ours, other) for other in (PING, f"requests, {cloud}", f"SDK, {cloud}")]
        pairs += [(f"{module}, issued", PING), (f"{module}, issued", f"{module}, issued, as a module")]
    return cases, pairs


def module_alone(bench: Bench, name: str, arguments: str, action: str | None, expects: str) -> tuple[Case, str]:
    """The process that Ansible starts for a module, without Ansible around it; and the size of what is sent for it."""
    kept = bench.folder / "kept"
    shutil.rmtree(kept, ignore_errors=True)
    environment = {"ANSIBLE_KEEP_REMOTE_FILES": "1", "ANSIBLE_REMOTE_TMP": str(kept)}
    command = ("ansible", "localhost", "-m", name, "-a", arguments, *AS_MODULE)
    measure(Case(name, command, action, expects), bench.folder, {**bench.environment, **environment})
    short = name.rpartition(".")[2]
    payload = next(kept.glob("*/AnsiballZ_*.py")).rename(bench.folder / f"payload_{short}.py")
    shutil.rmtree(kept)
    case = Case(f"{short} process alone", (sys.executable, str(payload)), action, expects)
    return case, f"{short} {payload.stat().st_size / 1024:.0f} KiB"


def modules_alone(bench: Bench) -> tuple[list[Case], list[str]]:
    """The module processes of ping and of both look-ups, and their sizes."""
    made = [module_alone(bench, "ansible.builtin.ping", "", None, "pong")]
    for cloud, (module, option, action) in CLOUDS.items():
        order = bench.orders[cloud]["validating"]
        made.append(module_alone(bench, f"certwright.cloud.{module}", f"{option}={order}", action, "validating"))
    bench.calls()
    return [case for case, _size in made], [size for _case, size in made]


def loops(bench: Bench, items: int) -> tuple[list[Case], dict[str, tuple[str, str]]]:
    """Loops of one and of many items: the cases, and which belong together."""
    cases, rows = [], {}
    variables = {"benchmark_order": bench.orders["tencent"]["validating"]}
    for name, tag, action, how in _repeated():
        rows[name] = (f"{name}, loop of 1", f"{name}, loop of {items}")
        for count, title in zip((1, items), rows[name], strict=True):
            wanted = json.dumps({**variables, "benchmark_items": count})
            command = ("ansible-playbook", str(HERE / "loop.yml"), "--tags", tag, *how, "--extra-vars", wanted)
            cases.append(Case(title, command, action, "failed=0", calls=count if action else 0))
    return cases, rows


def fleets(bench: Bench, hosts: int) -> tuple[list[Case], dict[str, tuple[str, str]]]:
    """One host and many, a task each: the cases, and which belong together."""
    cases, rows = [], {}
    # What Ansible finds where nothing is said may be a version manager's stand-in that starts nothing.
    local = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    variables = json.dumps({"benchmark_order": bench.orders["tencent"]["validating"], **local})
    for name, tag, action, how in _repeated():
        rows[name] = (f"{name}, 1 host", f"{name}, {hosts} hosts")
        for count, title in zip((1, hosts), rows[name], strict=True):
            inventory = "".join(f"web{number}," for number in range(count))
            command = ("ansible-playbook", str(HERE / "fleet.yml"), "--inventory", inventory, "--tags", tag)
            command += ("--forks", "5", "--extra-vars", variables, *how)
            cases.append(Case(title, command, action, "failed=0", calls=count if action else 0))
    return cases, rows


def _repeated() -> list[tuple[str, str, str | None, tuple[str, ...]]]:
    """What is done many times: name, tag in the play, action of the API, and arguments that say how."""
    name, action = CLOUDS["tencent"][0], CLOUDS["tencent"][2]
    ours = [(name, "order", action, ()), (f"{name} as a module", "order", action, AS_MODULE)]
    # A module that does nothing, and an action that does nothing: what Ansible takes for itself.
    return [*ours, ("ping", "ping", None, ()), ("debug", "debug", None, ())]


def rehearse(bench: Bench) -> tuple[list[dict[str, Any]], list[str]]:
    """The rehearsal twice: its own reports, and in words how long each run took and what slows it on purpose."""
    folder = bench.folder / "rehearse"
    playbook, reports, words = "certwright.cloud.rehearse", [], []
    try:
        for run in (1, 2):
            seconds = bench.play(playbook, rehearse_dir=str(folder))
            reports.append(json.loads((folder / f"{run}.json").read_text(encoding="utf-8")))
            words.append(f"run {run} took {seconds:.1f} s from start to end")
        ready = json.loads((folder / "sandbox" / "ready.json").read_text(encoding="utf-8"))
        with urllib.request.urlopen(f"{ready['http']}/_sandbox/", timeout=30) as answer:
            settings = json.load(answer)["settings"]
        waits = ", ".join(f"{name} {settings[name]} s" for name in ("visible_delay", "issue_delay"))
        words.append(f"the sandbox is slow on purpose: {waits}")
    finally:
        bench.play(playbook, rehearse_dir=str(folder), rehearse_clean=True)
    return reports, words


def _report(bench: Bench, options: argparse.Namespace, say: Callable[..., None]) -> dict[str, Any]:
    cases, pairs = single_calls(bench)
    alone, sizes = modules_alone(bench)
    pairs += [(case.name, alone[0].name) for case in alone[1:]]
    samples = in_turn([*cases, *alone], options.rounds, bench.run)
    say(f"One call each, {options.rounds} rounds, every round in another order: median and range")
    say(*tables.cost_table(samples), "", "Ratios, round by round", *tables.ratio_table(samples, pairs), "")
    floor = max(run.floor for runs in samples.values() for run in runs)
    say("CPU: user and system of the command and all its descendants. Peak: its largest process; of ansible that is")
    say("Ansible's own, so the module's process is shown alone as well.")
    say(f"What starts the commands holds {floor:.0f} MiB; nothing can be seen to hold less.")
    say(f"What Ansible sends for each module: {', '.join(sizes)}.", "")
    looping, rows = loops(bench, options.items)
    looped = in_turn(looping, options.loop_rounds, bench.run)
    say(f"A loop in a play, {options.items} items against 1, {options.loop_rounds} rounds")
    say(*tables.loop_table(looped, rows, options.items), "")
    many, rows = fleets(bench, options.items)
    fleet = in_turn(many, options.loop_rounds, bench.run)
    say(f"A task of a play on {options.items} hosts against 1, forks 5, {options.loop_rounds} rounds")
    say(*tables.loop_table(fleet, rows, options.items, "a host"), "")
    kept: dict[str, Any] = {"single": samples, "loops": looped, "fleets": fleet}
    if options.rehearsal:
        reports, words = rehearse(bench)
        say("The rehearsal by step", *tables.rehearsal_table(reports), *words, "")
        kept["rehearsal"] = reports
    return kept


def main() -> None:
    """Measures, prints and keeps."""
    parser = argparse.ArgumentParser(description=__doc__, prog="make benchmark")
    parser.add_argument("--work", type=Path, required=True, help="folder for everything that is made")
    parser.add_argument("--rounds", type=int, default=9, help="how often each single call is measured")
    parser.add_argument("--loop-rounds", type=int, default=3, help="how often each loop is measured")
    parser.add_argument("--items", type=int, default=50, help="items of the long loop, and hosts of the fleet")
    parser.add_argument("--no-rehearsal", dest="rehearsal", action="store_false", help="leave the rehearsal out")
    options = parser.parse_args()
    folder = options.work.resolve()
    lines: list[str] = []

    def say(*more: str) -> None:
        lines.extend(more)
        print(*more, sep="\n", flush=True)

    shutil.rmtree(folder / "sandbox", ignore_errors=True)
    for name in ("home", "sandbox"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    say(f"Machine: {surroundings.machine()}", f"Tools: {surroundings.versions(PACKAGES)}")
    say(f"Commit: {surroundings.commit(CHECKOUT)}", f"Load average at the beginning: {surroundings.load()}", "")
    bench = Bench(folder)
    try:
        bench.prepare()
        kept = _report(bench, options, say)
    except RuntimeError as error:
        sys.exit(f"{error}\nThe benchmark ended there; nothing of this run is kept.")
    finally:
        bench.sandbox.stop()
    say(f"Load average at the end: {surroundings.load()}")
    (folder / "result.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    as_json = json.dumps({"report": lines, **kept}, default=dataclasses.asdict, indent=1)
    (folder / "result.json").write_text(as_json + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
