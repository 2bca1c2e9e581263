# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A story: one order of each flow is taken to a served certificate by runs that are killed, each later than the last.

Where a run is killed is chosen by what it has come to (a task, a call), not by the clock, and then by a random delay
that is measured in tasks of that very run. So kills are spread over all phases, however fast the machine is.
"""

from __future__ import annotations

import random
import re
import subprocess
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from ansible_collections.certwright.cloud.tests.crash.play import Play, Run, variables
from ansible_collections.certwright.cloud.tests.crash.truths import (
    SUBMISSIONS,
    installation_faults,
    order_faults,
    pair_fault,
    records_left,
)
from ansible_collections.certwright.cloud.tests.e2e.plays import is_write
from ansible_collections.certwright.cloud.tests.e2e.sandbox_process import SandboxProcess
from ansible_collections.certwright.cloud.tests.served.nginx_process import Nginx
from ansible_collections.certwright.cloud.tests.served.probe import Probe, see
from ansible_collections.certwright.cloud.tests.unit.plugins.pki import Ca, new_key

__all__ = ["KILLS", "MortalSandbox", "Point", "Story", "points_of"]

#: Kills in one story.
KILLS = 5
# Runs that a person would try after the last kill.
FINISHING = 3
# Seconds.
LOOK_INTERVAL, MARK_TIMEOUT = 0.02, 300
# How much longer a run waits for what was sent than the sandbox takes to show it. Its validation values need 2 s more.
PATIENCE = 15
# For about so long a run is busy with what it has just sent.
SENT_SECONDS = 2
# Comes shortly before an order is sent.
BEFORE_SENDING = "Submit the order to the cloud"
ZONES = {"tencent_paid": "example.com", "alibaba_dv": "example.net"}
# No name server listens there, so as long as the CA asks it, no order is issued.
NOBODY = "127.0.0.1:1"
_TASK = re.compile(r"^TASK \[(?:[\w.]+ : )?(.*)\] \*+$", re.MULTILINE)


@dataclass(frozen=True)
class Point:
    """What a run has to come to before it is killed.

    Arguments:
        task: a pattern of the names of tasks.
        call: an API action that has arrived, in such a task. Where an earlier run was killed only after that call, the
            task itself is what a run comes to, in which it finds out what was sent.
        times: how many tasks or calls of that kind a run of both orders has.
        before_issue: whether the orders must not be issued yet for a run to come there.
        long: whether only a story that has time goes there.
    """

    name: str
    task: str = ""
    call: str = ""
    times: int = 1
    before_issue: bool = True
    long: bool = False


POINTS = (
    Point("look", task="Read the order at", times=2),
    Point("request", task="Make the key and the CSR on the host"),
    Point("documents", task="Submit the order to Tencent Cloud", call="CertificateInfoSubmit"),
    # The next run has to find out whether the call was made at all, and takes its time for that.
    Point("submit", task="Submit the order to Tencent Cloud", long=True),
    Point("sent to Tencent", task="Submit the order to Tencent Cloud", call="CertificateOrderSubmit"),
    Point("sent to Alibaba", task="Submit the order to Alibaba Cloud", call="CreateDVOrderAudit"),
    Point("note", task="Note the records on the host"),
    Point("publish", task="Publish each record at", times=2),
    Point("dns wait", task="Look whether DNS answers with the records"),
    # The wait for the second order would begin after the first has waited in vain: nothing is issued until then.
    Point("wait", task=r"Wait until \w+ Cloud has the certificate"),
    Point("key", task="Fetch the key that", before_issue=False),
    Point("install", task="Install the certificate and prove that it is served", before_issue=False),
    Point("clean up", task="Remove each record at", times=2, before_issue=False),
)


def points_of(number: int, seed: int, full: bool) -> list[Point]:
    """Where the runs of a story are killed: two stories in a row go to as many different points as they can."""
    points = [point for point in POINTS if full or not point.long]
    random.Random(f"{seed}-{number // 2}").shuffle(points)
    mine = points[number % 2 :: 2][:KILLS]
    return sorted(mine, key=POINTS.index)


class MortalSandbox(SandboxProcess):
    """A sandbox that can be killed; what it knows survives."""

    def die(self) -> None:
        """Ends it without a chance to tidy up."""
        self._process.kill()
        self._process.wait()
        (self.state_dir / "ready.json").unlink()

    def start_again(self) -> None:
        """Starts it on the same ports."""
        addresses = [self.ready["http"].split("//")[1], self.ready["https"].split("//")[1], self.ready["dns"]]
        options = [word for pair in zip(("--http", "--https", "--dns"), addresses, strict=True) for word in pair]
        command = [*self._process.args[: self._process.args.index("--http")], *options]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        ready = self._when_ready()
        assert ready == self.ready, ready

    def hold(self, held: bool) -> None:
        """Keeps the CA from issuing anything, or lets it."""
        self.control("settings", {"resolvers": dict.fromkeys(ZONES.values(), NOBODY) if held else {}})


class Story:
    """One story, from two bought orders to the run that changes nothing.

    Arguments:
        number: of the story, from 0.
        seed: of all that is random.
        cloud_dies: whether the sandbox is killed and started again, too.
    """

    def __init__(self, number: int, seed: int, points: Sequence[Point], cloud_dies: bool) -> None:
        self.number, self.points, self.cloud_dies = number, points, cloud_dies
        self._chance = random.Random(f"{seed}-{number}-delays")
        self.told: list[str] = []
        self.faults: list[str] = []
        self._lag = 0
        self.names = {flow: f"story{number}.{zone}" for flow, zone in ZONES.items()}

    def tell(self, folder: Path, sandbox: MortalSandbox, program: Path) -> None:
        """Lets it happen."""
        self.folder, self.sandbox = folder, sandbox
        nginx = Nginx(program, folder, {name: self._old_pair(name) for name in self.names.values()})
        self.nginx, self.orders = nginx, {flow: sandbox.buy(flow) for flow in ZONES}
        try:
            hosts = {flow: self._variables(flow) for flow in ZONES}
            play = Play(folder / "play", sandbox, hosts)
            with ExitStack() as stack:
                self.probes = {
                    flow: stack.enter_context(Probe(f"story {number_of(self)}, {flow}", self._site(flow).address, name))
                    for flow, name in self.names.items()
                }
                for point in self.points:
                    sandbox.hold(point.before_issue)
                    self._kill_at(point, play.start(*self._extra()))
                sandbox.hold(False)
                self._finish(play)
                writes = self._writes()
                self.further = play.run(*self._extra())
                self.written_by_further = self._writes() - writes
            self._check()
        finally:
            nginx.stop()

    def _old_pair(self, name: str) -> Path:
        place, key = self.folder / name, new_key()
        place.mkdir()
        (place / "server.pem").write_text(Ca().issue(name, key, name, key, [name]))
        (place / "server.key").write_text(key)
        return place

    def _site(self, flow: str):
        return self.nginx.sites[self.names[flow]]

    def _directory(self, flow: str) -> Path:
        return self.folder / "certificates" / flow

    def _variables(self, flow: str) -> dict[str, object]:
        site = self._site(flow)
        return {
            **variables(self.sandbox, flow, self.orders[flow], site.name, self._directory(flow)),
            "tls_certificate_certificate_path": str(site.certificate),
            "tls_certificate_private_key_path": str(site.private_key),
            "tls_certificate_test_command": self.nginx.command("-t"),
            "tls_certificate_reload_command": self.nginx.command("-s", "reload"),
            "tls_certificate_verify_endpoints": [site.endpoint],
        }

    def _kill_at(self, point: Point, run: Run) -> None:
        """Waits until the run has come there and a bit further, and kills it."""
        if point.call and self._called(point.call):
            point = replace(point, call="")
        times = self._chance.randint(1, point.times)
        share = self._chance.random()
        started, since = time.monotonic(), self._last_entry()
        while point.call in SUBMISSIONS and BEFORE_SENDING not in _TASK.findall(run.output):
            self._still_runs(run, started, f"come to '{BEFORE_SENDING}'")
        # Once an order was sent, the next run has to come there before the cloud shows that.
        self._set_lag(1.5 * (time.monotonic() - started) if point.call in SUBMISSIONS else 0)
        while self._seen(point, run, since) < times:
            self._still_runs(run, started, f"come to '{point.name}'")
        reached, tasks = time.monotonic(), len(_TASK.findall(run.output))
        delay = share * ((reached - started) / max(1, tasks) + (SENT_SECONDS if point.call else 0))
        while time.monotonic() < reached + delay and len(_TASK.findall(run.output)) == tasks:
            self._still_runs(run, started, f"been killed at '{point.name}'")
        if self.cloud_dies and point.before_issue:
            self.sandbox.die()
        task = _TASK.findall(run.output)[-1]
        after = time.monotonic() - started
        count = run.kill()
        if self.cloud_dies and point.before_issue:
            self.sandbox.start_again()
        self.told.append(f"{point.name} after {after:.1f} s ({count} processes, in '{task}')")
        for flow in ZONES:
            self._check_pairs(flow, point)

    def _set_lag(self, seconds: float) -> None:
        self._lag = int(seconds)
        self.sandbox.control("settings", {"submission_lag": self._lag})

    def _extra(self) -> tuple[str, str]:
        """A run waits longer for what was sent than the cloud takes to show it."""
        return "-e", f"tls_certificate_settle_timeout={self._lag + PATIENCE}"

    def _seen(self, point: Point, run: Run, since: int) -> int:
        """How many tasks or calls of a kind there were."""
        if point.call:
            return self._called(point.call, since)
        return sum(bool(re.match(point.task, task)) for task in _TASK.findall(run.output))

    def _called(self, action: str, since: int = 0) -> int:
        """How many calls for these orders have arrived."""
        entries = self.sandbox.control(f"journal?since={since}")["journal"]
        return sum(entry["action"] == action and entry["order_id"] in self.orders.values() for entry in entries)

    def _last_entry(self) -> int:
        return max((entry["seq"] for entry in self.sandbox.journal()), default=0)

    def _still_runs(self, run: Run, started: float, what: str) -> None:
        late = time.monotonic() > started + MARK_TIMEOUT
        if run.ended or late:
            run.kill()
            raise AssertionError(
                f"the run should have {what}, but it {'hangs' if late else 'has ended'}:\n{run.output}"
            )
        time.sleep(LOOK_INTERVAL)

    def _check_pairs(self, flow: str, point: Point) -> None:
        """Nothing runs now, so what lies on the disk is what a server would find that is started at this moment."""
        site, live = self._site(flow), self._directory(flow) / "live"
        pairs = [(site.certificate, site.private_key)]
        pairs += [(live / "fullchain.pem", live / "key.pem")] if live.exists() else []
        wrong = [fault for fault in (pair_fault(*pair) for pair in pairs) if fault]
        self.faults += [f"after the kill at '{point.name}': {fault}" for fault in wrong]

    def _finish(self, play: Play) -> None:
        """Runs until both are done, as often as a person would."""
        for count in range(FINISHING):
            run = play.start(*self._extra())
            if self.cloud_dies and not count:
                # This time the run goes on.
                while not _TASK.findall(run.output):
                    self._still_runs(run, time.monotonic(), "begun")
                self.sandbox.die()
                self.sandbox.start_again()
            if run.status == 0:
                self.told.append(f"done by run {len(self.points) + count + 1}")
                return
        self.faults.append(f"the orders are not done: {run.output}")

    def _writes(self) -> int:
        return sum(is_write(entry) for entry in self.sandbox.journal())

    def _check(self) -> None:
        for flow, order_id in self.orders.items():
            faults = order_faults(self.sandbox, order_id)
            faults += installation_faults(self.sandbox, order_id, self._directory(flow))
            left = records_left(self.sandbox, [ZONES[flow]])
            faults += [f"left in DNS: {record}" for record in left if self.names[flow] in record]
            probe, issued = self.probes[flow], self.sandbox.control(f"orders/{order_id}")["certificate"]
            faults += [f"a visitor was refused: {fault}" for fault in probe.faults()]
            seen, served = set(probe.seen()), see(self._site(flow).address, self.names[flow])
            if served != issued["fingerprint_sha256"].lower() or len(seen) != 2:
                faults.append(f"{len(seen)} certificates were seen, at last '{served}'")
            self.faults += [f"{flow}: {fault}" for fault in faults]
        if self.further.recap != dict.fromkeys(ZONES, (0, 0)) or self.written_by_further:
            self.faults.append(f"a further run changed something, with {self.written_by_further} writes")


def number_of(story: Story) -> int:
    """The number that people read."""
    return story.number + 1
