# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How much of the rate that a cloud allows is used, by one controller and by several on one account.

`make benchmark-rates` calls this. A sandbox at the documented rates is what refuses; its journal is what counts. The
share is that of the action that is called most: answered calls beside those that the cloud would have answered between
the first and the last.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from ansible_collections.certwright.cloud.tests.benchmark import surroundings
from ansible_collections.certwright.cloud.tests.benchmark.run import AS_MODULE, CHECKOUT, HERE, PACKAGES, environment_of
from ansible_collections.certwright.cloud.tests.e2e.sandbox_process import SandboxProcess

# Calls a second of each action (reference: Tencent, 1.0; Alibaba, 1.10).
LIMIT = 10.0
THROTTLED = ("RequestLimitExceeded", "Throttling")
# Seconds that an answer takes on the way to clouds in other places.
FAR = 0.3
FLOWS = {"tencent": "tencent_paid", "alibaba": "alibaba_dv"}
TIMEOUT = 1800


@dataclass(frozen=True)
class Phase:
    """What the cloud saw of a phase, and how many orders did not come to their end.

    Arguments:
        action: the one that was answered most often.
        answered: how often.
        calls: of all actions, answered or not.
        seconds: from its first to its last call.
        throttled: refused calls of all actions.
        failed: orders.
        together: the share until the first of several controllers had ended; None for one.
    """

    action: str
    answered: int
    calls: int
    seconds: float
    throttled: int
    failed: int
    together: float | None = None

    @property
    def share(self) -> float:
        """Of the calls that were allowed in that time."""
        return _share(self.answered, self.seconds)


class Bench:
    """A sandbox at the documented rates, and controllers with a home each."""

    def __init__(self, folder: Path, orders: int) -> None:
        self.folder, self.orders = folder, orders
        self.sandbox = SandboxProcess(folder / "sandbox", rate=1)
        self._seen = 0

    def controllers(self, count: int, forks: int, *more: str) -> Phase:
        """Orders submitted by plays, each in a home of its own, that start at once and share the orders."""
        ids = self._bought()
        running = [self._play(number, ids[number::count], forks, more) for number in range(count)]
        with ThreadPoolExecutor(count) as pool:
            outputs, ends = zip(*pool.map(_ended, running), strict=True)
        failed = sum(int(number) for output in outputs for number in re.findall(r"failed=(\d+)", output))
        return self._phase(failed, min(ends) if count > 1 else None)

    def looks(self, cloud: str, count: int, details: bool) -> Phase:
        """Orders that one task looks up at a cloud that is far away, each of them or in the cloud's list."""
        ids = self._bought(FLOWS[cloud], count)
        self.sandbox.control("faults", {"cloud": cloud, "kind": "slow", "seconds": FAR, "times": 0})
        command = ["ansible-playbook", str(HERE / "looks.yml"), "--tags", cloud]
        command += ["--extra-vars", json.dumps({"looks_ids": ids, "looks_details": details})]
        environment = {**self.sandbox.environment(), **environment_of(self.folder.parent, self.folder / "home")}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=TIMEOUT, check=False)
        self.sandbox.control("faults", method="DELETE")
        return self._phase(0 if done.returncode == 0 else len(ids))

    def sdk(self) -> Phase:
        """The same with the vendor's SDK in 20 threads."""
        path = self.folder / "ids.json"
        path.write_text(json.dumps(self._bought()), encoding="utf-8")
        command = [sys.executable, str(HERE / "sdk_pool.py"), str(path)]
        environment = {**self.sandbox.tencent_environment(), **environment_of(self.folder.parent, self.folder / "home")}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=TIMEOUT, check=True)
        print(f"    SDK: {done.stdout.strip()}")
        return self._phase(int(re.findall(r"failed=(\d+)", done.stdout)[0]))

    def _play(self, number: int, ids: Sequence[str], forks: int, more: Sequence[str]) -> subprocess.Popen[str]:
        home = self.folder / f"home{number}"
        home.mkdir(exist_ok=True)
        hosts = {f"web{index}": {"order_id": order_id} for index, order_id in enumerate(ids)}
        inventory = self.folder / f"inventory{number}.json"
        inventory.write_text(json.dumps({"all": {"hosts": hosts}}), encoding="utf-8")
        command = ["ansible-playbook", str(HERE / "submit.yml"), "-i", str(inventory), "--forks", str(forks), *more]
        environment = {**self.sandbox.tencent_environment(), **environment_of(self.folder.parent, home)}
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        return subprocess.Popen(command, cwd=self.folder, env=environment, **pipes)

    def _bought(self, flow: str = "tencent_paid", count: int = 0) -> list[str]:
        self._seen = max((entry["seq"] for entry in self._journal()), default=self._seen)
        ids: list[str] = self.sandbox.control("orders", {"flow": flow, "count": count or self.orders})["ids"]
        return ids

    def _journal(self) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = self.sandbox.control(f"journal?since={self._seen}")["journal"]
        return [entry for entry in entries if entry["cloud"] in FLOWS]

    def _phase(self, failed: int, until: float | None = None) -> Phase:
        entries = self._journal()
        # What is slow on purpose is answered all the same.
        answers = [entry for entry in entries if entry["outcome"] == "ok" or _is_slow(entry)]
        action, count = Counter(entry["action"] for entry in answers).most_common(1)[0]
        times = [_seconds(str(entry["at"])) for entry in answers if entry["action"] == action]
        throttled = sum(str(entry["error_code"]).startswith(THROTTLED) for entry in entries)
        together = until and _share(sum(at < until for at in times), until - min(times))
        return Phase(str(action), count, len(entries), max(times) - min(times), throttled, failed, together)


def _share(answered: int, seconds: float) -> float:
    return answered / (LIMIT * seconds + 1)


def _ended(process: subprocess.Popen[str]) -> tuple[str, float]:
    """What a process printed, and when it ended, in seconds since the epoch."""
    output, _errors = process.communicate(timeout=TIMEOUT)
    return output, time.time()


def _is_slow(entry: dict[str, Any]) -> bool:
    return bool(entry["fault"]) and entry["fault"]["kind"] == "slow"


def _seconds(time: str) -> float:
    """A time of the journal in seconds since the epoch."""
    return datetime.fromisoformat(time.replace("Z", "+00:00")).timestamp()


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, prog="make benchmark-rates")
    parser.add_argument("--work", type=Path, required=True, help="folder for everything that is made")
    parser.add_argument("--orders", type=int, default=300, help="orders that are submitted")
    parser.add_argument("--looks", type=int, default=1000, help="orders that are looked up")
    options = parser.parse_args()
    folder = options.work.resolve() / "rates"
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "home").mkdir(parents=True)
    print(f"Machine: {surroundings.machine()}\nTools: {surroundings.versions(PACKAGES)}")
    print(f"Commit: {surroundings.commit(CHECKOUT)}\nLoad average at the beginning: {surroundings.load()}\n")
    bench = Bench(folder, options.orders)
    rows = {
        "one controller, forks 20": lambda: bench.controllers(1, 20),
        "the same as modules": lambda: bench.controllers(1, 20, *AS_MODULE),
        "four controllers, forks 5 each": lambda: bench.controllers(4, 5),
        "SDK, 20 threads, no limiter": bench.sdk,
        f"{options.looks} looks, {FAR} s away": lambda: bench.looks("tencent", options.looks, True),
        "the same without details": lambda: bench.looks("tencent", options.looks, False),
        f"{options.looks} looks, Alibaba": lambda: bench.looks("alibaba", options.looks, True),
        "the same without details, Alibaba": lambda: bench.looks("alibaba", options.looks, False),
    }
    print(f"{options.orders} orders are submitted, {LIMIT:g} calls a second and action")
    print(f"{'':34}{'share':>7}{'answered':>10}{'calls':>7}{'seconds':>9}{'throttled':>11}{'failed':>8}")
    try:
        for name, measure in rows.items():
            seen = measure()
            numbers = f"{seen.share:>7.3f}{seen.answered:>10}{seen.calls:>7}{seen.seconds:>9.1f}"
            numbers += f"{seen.throttled:>11}{seen.failed:>8}"
            print(f"{name:34}{numbers}  {seen.action}", flush=True)
            if seen.together is not None:
                print(f"{'  until the first of them ended':34}{seen.together:>7.3f}", flush=True)
    finally:
        bench.sandbox.stop()
    print(f"Load average at the end: {surroundings.load()}")


if __name__ == "__main__":
    main()
