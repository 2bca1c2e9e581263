# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The time of a task that runs in a process which Ansible has made for it."""

from __future__ import annotations

import multiprocessing
import os

from ansible_collections.certwright.cloud.plugins.module_utils._retry import Clock

__all__ = ["WorkerClock"]

# Seconds within which it is noticed that Ansible is gone.
_LOOK_INTERVAL = 1.0


class WorkerClock(Clock):
    """Sleeps only as long as there is an Ansible to tell what came of it.

    One that was killed leaves its processes behind, and each would go on looking at its order for as long as the wait
    was to take.
    """

    def sleep(self, seconds: float) -> None:
        """See Clock. Ends the process where the one that made it is gone."""
        until = self.monotonic() + seconds
        while True:
            left = until - self.monotonic()
            super().sleep(max(0.0, min(left, _LOOK_INTERVAL)))
            parent = multiprocessing.parent_process()
            if parent is not None and os.getppid() != parent.pid:
                raise SystemExit("Ansible is gone")
            if left <= _LOOK_INTERVAL:
                return
