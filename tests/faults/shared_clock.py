# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One time for a client and the cloud that it talks to, moved by sleeping."""

from __future__ import annotations

import threading
from collections.abc import Callable

from ansible_collections.certwright.cloud.plugins.module_utils._retry import Clock

__all__ = ["SharedClock"]

# 2026-11-25 12:00:00 UTC; nothing depends on which moment it is.
START = 1795608000.0


class SharedClock(Clock):
    """Time for client and cloud alike: it moves only when somebody sleeps, and then the CA does what is due."""

    def __init__(self) -> None:
        self.time = START
        #: Does what is due by now; returns seconds until something is due again, None for never.
        self.due: Callable[[], float | None] = lambda: None
        self._moving = threading.RLock()
        self._inside = False

    def now(self) -> float:
        return self.time

    def monotonic(self) -> float:
        return self.time

    def random(self) -> float:
        return 0.5

    def sleep(self, seconds: float) -> None:
        with self._moving:
            if self._inside:
                # Somebody waits within what is due: a look-up of the CA without an answer.
                self.time += seconds
                return
            self._inside = True
            try:
                self._move(self.time + seconds)
            finally:
                self._inside = False

    def _move(self, end: float) -> None:
        pause = self.due()
        while pause is not None and self.time + pause <= end:
            self.time += pause
            pause = self.due()
        self.time = max(self.time, end)
