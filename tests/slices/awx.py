# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Jobs as AWX makes and runs them: inventories of slices, credentials, and the three parts of ansible-runner.

AWX writes a job into a folder, `transmit` sends it to a node, `worker` runs it there in a container with a home of its
own, and `process` keeps what comes back (AWX: awx/main/tasks/jobs.py, awx/main/models/inventory.py).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace, TracebackType
from typing import Any

from ansible_collections.certwright.cloud.tests.e2e.plays import ansible_environment
from jinja2.sandbox import ImmutableSandboxedEnvironment

__all__ = ["Ended", "Job", "inject", "slice_of"]

RUNNER = str(Path(sys.executable).parent / "ansible-runner")
# Generous for a machine under load; a job that hangs must not hang the tests.
TIMEOUT = 300
KILL_TIMEOUT = 20
PLAYBOOK = "site.yml"


def slice_of(inventory: Mapping[str, Mapping[str, Any]], number: int, count: int) -> dict[str, Any]:
    """What an inventory script says to a slice: every count-th host by name; the others are not there at all.

    Arguments:
        inventory: the variables of each host, by group and host.
        number: of the slice, from 1.
    """
    names = sorted({host for hosts in inventory.values() for host in hosts})[number - 1 :: count]
    groups = {group: {"hosts": [host for host in names if host in hosts]} for group, hosts in inventory.items()}
    variables = {host: {} for host in names}
    for hosts in inventory.values():
        for host in names:
            variables[host].update(hosts.get(host, {}))
    return {"_meta": {"hostvars": variables}, "all": {"children": sorted(groups)}, **groups}


def inject(injectors: Mapping[str, Any], values: Mapping[str, str], folder: Path, seen_at: Path) -> dict[str, str]:
    """Writes the file of a credential and returns its environment, both as the injectors of its type say.

    Arguments:
        values: what somebody has typed into the credential's fields.
        folder: where AWX writes the file.
        seen_at: the same folder as the job sees it.
    """
    jinja, tower = ImmutableSandboxedEnvironment(), SimpleNamespace()
    for template in injectors.get("file", {}).values():
        # As AWX does: readable for its owner only.
        descriptor, path = tempfile.mkstemp(dir=folder)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(jinja.from_string(template).render(**values))
        tower.filename = str(seen_at / Path(path).name)
    return {
        name: jinja.from_string(template).render(**values, tower=tower)
        for name, template in injectors.get("env", {}).items()
    }


@dataclass(frozen=True)
class Ended:
    """What AWX knows of a job in the end.

    Arguments:
        kept: the artifacts that `process` has kept.
    """

    kept: Path

    @property
    def verdict(self) -> tuple[str, str]:
        """The job's status and exit code."""
        return (self.kept / "status").read_text(), (self.kept / "rc").read_text()

    @property
    def stdout(self) -> str:
        """What the job's page shows."""
        return (self.kept / "stdout").read_text(encoding="utf-8")

    @cached_property
    def events(self) -> list[dict[str, Any]]:
        """The events, in their order; one that is no JSON raises ValueError."""
        events = [json.loads(path.read_text(encoding="utf-8")) for path in (self.kept / "job_events").iterdir()]
        return sorted(events, key=lambda event: event["counter"])

    def named(self, name: str) -> list[dict[str, Any]]:
        """The events of a kind."""
        return [event for event in self.events if event["event"] == name]

    @property
    def counts(self) -> dict[str, Any]:
        """How many tasks of each host ended in which way."""
        (stats,) = self.named("playbook_on_stats")
        counts: dict[str, Any] = stats["event_data"]
        return counts


class Job:
    """A job, from its folder to its end. Use as a context: what it has started is gone with it.

    Arguments:
        folder: for all that belongs to it.
        plays: of its playbook.
        inventory: what its inventory script says (see slice_of).
        surroundings: the environment of the container.
    """

    def __init__(self, folder: Path, plays: Sequence[Any], inventory: Mapping[str, Any], **surroundings: str) -> None:
        self.folder = folder
        # What AWX writes, what the node unpacks, the home in the container, what comes back.
        self.written, self.node, self.home, self.back = (folder / name for name in ("awx", "node", "home", "back"))
        for path in (self.home, *(self.written / name for name in ("env", "inventory", "project"))):
            path.mkdir(parents=True)
        (self.written / "project" / PLAYBOOK).write_text(json.dumps(list(plays)), encoding="utf-8")
        script = self.written / "inventory" / "hosts"
        script.write_text(f"#!/usr/bin/env python3\nprint({json.dumps(inventory)!r})\n", encoding="utf-8")
        script.chmod(0o700)
        # All that comes back from the node, as it comes.
        self.stream = folder / "stream"
        self._surroundings = ansible_environment(self.home, **surroundings)
        self._running: list[subprocess.Popen[bytes]] = []

    def give(self, injectors: Mapping[str, Any], values: Mapping[str, str], **environment: str) -> None:
        """Gives the job a credential, and more of an environment."""
        env = self.written / "env"
        variables = {**environment, **inject(injectors, values, env, self.node / "env")}
        (env / "envvars").write_text(json.dumps(variables), encoding="utf-8")

    def start(self) -> None:
        """Starts it: transmit | worker | process."""
        name = ["--ident", self.folder.name]
        commands = [
            [RUNNER, "transmit", str(self.written), "--playbook", PLAYBOOK, *name],
            # AWX has the folder on the node removed in the end.
            [RUNNER, "worker", "--private-data-dir", str(self.node), "--delete"],
            ["tee", str(self.stream)],
            [RUNNER, "process", str(self.back), *name],
        ]
        before: Any = subprocess.DEVNULL
        with (self.folder / "output").open("wb") as output:
            for command in commands:
                after = output if command is commands[-1] else subprocess.PIPE
                process = subprocess.Popen(
                    command, env=self._surroundings, stdin=before, stdout=after, stderr=output, cwd=self.folder
                )
                if before is not subprocess.DEVNULL:
                    # Only the process that reads it holds it, so that the one that writes sees when that is gone.
                    before.close()
                before = process.stdout
                self._running.append(process)

    def end(self) -> Ended:
        """Waits for its end."""
        codes = [process.wait(TIMEOUT) for process in self._running]
        ended = Ended(self.back / "artifacts" / self.folder.name)
        assert (ended.kept / "rc").is_file(), (codes, (self.folder / "output").read_text(errors="replace"))
        return ended

    def run(self) -> Ended:
        """Starts it and waits for its end."""
        self.start()
        return self.end()

    def __enter__(self) -> Job:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for process in self._running:
            # The worker ends what it has started when it is asked to end.
            process.terminate()
        for process in self._running:
            try:
                process.wait(KILL_TIMEOUT)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
