# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tasks of a play cost the controller, summed up by the file that they stand in and by their module.

Written as JSON to the file that CERTWRIGHT_PHASES names. CPU is that of this process and of all that it has started and
waited for.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import resource
import time
from collections import defaultdict
from typing import Any

from ansible.plugins.callback import CallbackBase

# Seconds that a worker may take to end after its result is there.
LONGEST = 1.0

DOCUMENTATION = """
name: phases
type: aggregate
short_description: CPU seconds of the controller by task
description: For the benchmark only.
"""


def _cpu() -> float:
    # Ansible waits for a worker only when it starts another one, and would so count it for another task.
    until = time.monotonic() + LONGEST
    while multiprocessing.active_children() and time.monotonic() < until:
        time.sleep(0.002)
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


class CallbackModule(CallbackBase):
    """See above."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "phases"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        self._spent: dict[tuple[str, str], list[float]] = defaultdict(lambda: [0.0, 0.0, 0])
        # What comes before the first task.
        self._current = ("", "start")
        self._cpu, self._wall = 0.0, time.monotonic()

    def _turn(self, path: str, action: str) -> None:
        cpu, wall = _cpu(), time.monotonic()
        spent = self._spent[self._current]
        spent[0] += cpu - self._cpu
        spent[1] += wall - self._wall
        self._cpu, self._wall, self._current = cpu, wall, (path, action)
        self._spent[self._current][2] += 1

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        """A task begins, and the one before it has ended on all hosts."""
        self._turn(task.get_path().rpartition(":")[0], task.action)

    def v2_playbook_on_stats(self, stats: Any) -> None:
        """All is done."""
        self._turn("", "end")
        rows = [
            {"path": path, "action": action, "cpu": cpu, "wall": wall, "tasks": tasks}
            for (path, action), (cpu, wall, tasks) in self._spent.items()
        ]
        with open(os.environ["CERTWRIGHT_PHASES"], "w", encoding="utf-8") as file:
            json.dump({"rows": rows, "peak_kib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}, file)
