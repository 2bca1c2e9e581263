# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Retries by call class, and waits with a deadline. Nothing but this and _rate.py sleeps."""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass
from enum import Enum
from typing import Callable, Optional, TypeVar

from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError, ErrorKind
from ansible_collections.certwright.cloud.plugins.module_utils._waiting import Interval

__all__ = ["CallClass", "Clock", "RetryBudget", "RetryPolicy", "Tell", "call_with_retry", "wait_until"]

T = TypeVar("T")
# What was seen last, seconds waited so far, seconds until the next look.
Tell = Optional[Callable[[T, float, float], None]]

# Seconds; somebody who watches a terminal wants to see that it is alive.
_TELL_EVERY = 10.0


class CallClass(Enum):
    """What an API call is, and so how it may be repeated (design, section 3)."""

    READ = "read"
    REPEATABLE = "repeatable"
    ONCE = "once"


class Clock:
    """Time, sleep and chance, so that tests can bring their own."""

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds on a clock that never goes back, and that all processes of a machine have in common."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Waits."""
        time.sleep(seconds)

    def random(self) -> float:
        """A number from 0 up to 1."""
        return random.random()


@dataclass(frozen=True)
class RetryPolicy:
    """Attempts in all and the bases of the back-off, in seconds.

    Full jitter, ``random * min(cap, base * 2^i)``, with a larger base after throttling: the scheme and the figures are
    those of botocore's standard mode (landscape, section 2). Where the cloud names a time itself, that is the least,
    unless it is longer than ``longest``: then nobody waits here.
    """

    attempts: int = 5
    base_throttled: float = 1.0
    base_other: float = 0.1
    cap: float = 20.0
    longest: float = 60.0

    def delay(self, attempt: int, error: CertwrightError, chance: float) -> float:
        """Seconds to sleep after the attempt-th failure (counted from 0)."""
        base = self.base_throttled if error.kind is ErrorKind.THROTTLED else self.base_other
        return max(chance * min(self.cap, base * 2.0**attempt), error.retry_after or 0.0)


class RetryBudget:
    """How many attempts a process may still repeat: a cloud in trouble is not asked ever more often.

    Tokens as in botocore's standard mode (landscape, section 2): each retry takes some, fewer after throttling, which
    costs the cloud little; a success gives back what its last retry took, or one. All threads of a process share it.

    Arguments:
        capacity: tokens in the beginning, and at most.
    """

    cost_throttled = 5
    cost_other = 14

    def __init__(self, capacity: int = 500) -> None:
        self._capacity = self._left = capacity
        self._lock = threading.Lock()

    def take(self, error: CertwrightError) -> int | None:
        """What the retry after this failure costs; None where not enough is left for it."""
        cost = self.cost_throttled if error.kind is ErrorKind.THROTTLED else self.cost_other
        with self._lock:
            if cost > self._left:
                return None
            self._left -= cost
        return cost

    def give_back(self, cost: int | None) -> None:
        """Note a success, whose last retry (None: there was none) took so much."""
        with self._lock:
            self._left = min(self._capacity, self._left + (cost or 1))


def _may_retry(error: CertwrightError, call_class: CallClass) -> bool:
    # A throttled call was refused before it ran, so even one that must happen only once may be sent again.
    if error.kind is ErrorKind.THROTTLED:
        return True
    return call_class is CallClass.READ and error.kind in (ErrorKind.NETWORK, ErrorKind.SERVER)


def call_with_retry(
    attempt: Callable[[], T], call_class: CallClass, policy: RetryPolicy, clock: Clock, budget: RetryBudget
) -> T:
    """Runs attempt until it succeeds, may not be repeated, or the attempts or the budget are used up.

    Raises the CertwrightError of the last attempt.
    """
    cost: int | None = None
    count = 0
    while True:
        try:
            result = attempt()
        except CertwrightError as error:
            if count + 1 >= policy.attempts or not _may_retry(error, call_class):
                raise
            if (error.retry_after or 0.0) > policy.longest:
                error.hint = f"The cloud asks to wait {error.retry_after:.0f} s; run the task again after that."
                raise
            cost = budget.take(error)
            if cost is None:
                raise
            clock.sleep(policy.delay(count, error, clock.random()))
            count += 1
        else:
            budget.give_back(cost)
            return result


def wait_until(
    look: Callable[[], tuple[bool, T]],
    *,
    timeout: float,
    interval: Interval,
    clock: Clock,
    jitter: float = 0.2,
    tell: Tell[T] = None,
) -> tuple[bool, T, float]:
    """Looks at once and then every interval (plus or minus jitter) until look says done or the time is over.

    Arguments:
        look: returns (done, what was seen); it may raise to end the wait at once.
        timeout, interval: seconds; a last look is taken when the time is over.
        tell: is told how the wait stands after each look that was not the last, and every ten seconds.

    Returns (done, what was seen last, seconds waited).
    """
    start = clock.monotonic()
    deadline = start + timeout
    while True:
        done, seen = look()
        now = clock.monotonic()
        if done or now >= deadline:
            return done, seen, now - start
        pause = interval(now - start) if callable(interval) else interval
        pause *= 1.0 - jitter + 2.0 * jitter * clock.random()
        _pause(max(0.0, min(pause, deadline - now)), seen, start, clock, tell)


def _pause(seconds: float, seen: T, start: float, clock: Clock, tell: Tell[T]) -> None:
    """Sleeps, and tells meanwhile how the wait stands."""
    if tell is None:
        clock.sleep(seconds)
        return
    end = clock.monotonic() + seconds
    left = seconds
    while left > 0.0:
        tell(seen, clock.monotonic() - start, left)
        clock.sleep(min(left, _TELL_EVERY))
        left = end - clock.monotonic()
