# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Many callers in a time that only moves when all of them sleep, so that minutes pass in a second and always alike."""

from __future__ import annotations

import heapq
import itertools
import random
import threading
from collections.abc import Callable

from ansible_collections.certwright.cloud.plugins.module_utils._retry import Clock

__all__ = ["START", "VirtualTime"]

# Seconds on the clock when it is made.
START = 1000.0


class _Over(BaseException):
    """Ends a caller that sleeps when the time is over."""


class VirtualTime(Clock):
    """A clock and those who live by it. Each is a thread, but only one at a time runs: the one that wakes first."""

    def __init__(self, seed: int = 1) -> None:
        self.time = START
        self._chance = random.Random(seed)
        self._sleepers: list[tuple[float, int, threading.Semaphore]] = []
        self._order = itertools.count()
        self._asleep = threading.Semaphore(0)
        self._own = threading.local()
        self._faults: list[BaseException] = []
        self._over = False

    def now(self) -> float:
        return self.time

    def monotonic(self) -> float:
        return self.time

    def random(self) -> float:
        return self._chance.random()

    def sleep(self, seconds: float) -> None:
        self._put(self._own.bed, seconds)
        self._asleep.release()
        self._own.bed.acquire()
        if self._over:
            raise _Over

    def start(self, caller: Callable[[], None], after: float = 0.0) -> None:
        """Has somebody begin after so many seconds."""
        bed = threading.Semaphore(0)

        def live() -> None:
            bed.acquire()
            self._own.bed = bed
            try:
                if not self._over:
                    caller()
            except _Over:
                pass
            except BaseException as error:
                self._faults.append(error)
            finally:
                self._asleep.release()

        threading.Thread(target=live, daemon=True).start()
        self._put(bed, after)

    def run(self, seconds: float) -> None:
        """Lets so much time pass, or less where nobody has anything left to do; then all is over."""
        end = self.time + seconds
        while self._sleepers and self._sleepers[0][0] <= end and not self._faults:
            self.time = self._sleepers[0][0]
            self._wake()
        self._over = True
        while self._sleepers:
            self._wake()
        if self._faults:
            raise self._faults[0]

    def _put(self, bed: threading.Semaphore, seconds: float) -> None:
        heapq.heappush(self._sleepers, (self.time + seconds, next(self._order), bed))

    def _wake(self) -> None:
        heapq.heappop(self._sleepers)[2].release()
        self._asleep.acquire()
