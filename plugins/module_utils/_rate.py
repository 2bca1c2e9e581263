# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How often an API is called: one budget for all processes of a user on this machine.

Calls are spaced evenly and served in the order in which they asked. Each takes a number under a short lock and waits
without it until its number is up, so a process that is killed holds up nobody. Machines that share no disk share an
account all the same: an answer that the cloud was called too often lowers the rate of all processes here, and time
without one raises it again, so a call that succeeds costs nothing.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import math
import os
import threading
from dataclasses import asdict, dataclass, replace
from typing import Callable, Protocol

from ansible_collections.certwright.cloud.plugins.module_utils._files import make_private_folder, safe_name
from ansible_collections.certwright.cloud.plugins.module_utils._retry import Clock

__all__ = ["Limiter", "RateLimiter", "RateMemory", "Unlimited", "boot_id"]

# How a cloud counts is documented nowhere: by the calendar's second, by any second, or with a bucket of tokens that may
# be small. Calls without a burst, a little slower than the limit, please all of them: one call more than fits into a
# second then takes 1.02 s, so a delay of 20 ms on the way makes none too many, whatever the limit is.
_HEADROOM = 0.98

# What a refusal makes of the share of the limit that is used. Near the limit nobody else is there, and it was a late
# call; below, somebody else wants more; and when one follows at once, the rate is far too high.
_NEAR = 0.96
_LATE, _MILD, _HARD = 0.97, 0.9, 0.8
# Seconds. Calls sent so shortly after a refusal are a part of it; what is refused within a second of it follows at
# once, and then nobody calls for a moment, because the cloud has to forget the calls of that second first.
_ROUND, _CALM, _PAUSE = 0.1, 1.0, 0.3
# So that the calls of 20 machines fit, and that a cloud that refuses everything is still asked now and then.
_LEAST = 0.05
# Share of the limit, per cubed second: it grows fast at first, slowly where it was refused, then ever faster. The curve
# is that of CUBIC (RFC 9438, 4.2), as in botocore's adaptive mode: the same for a machine that has little as for one
# that has much, so that they come to have as much. From a quarter to all takes 16 s.
_GROWTH = 4e-4

# Seconds. Whoever waits looks this often whether the rate has changed, and shows by it that somebody waits.
_LOOK = 0.5
_NOBODY_WAITS = 5.0
# No sleep is more exact.
_SOON = 0.001
# No machine has more processes that wait for one API.
_MOST_WAITING = 1000
# Beyond it a call less or more is no difference to a float.
_MOST_CALLS = 2**52
# Seconds. The lock is held for less than a millisecond, but its holder may be stopped, and a disk may hang.
_LOCK_TIMEOUT, _LOCK_INTERVAL = 5.0, 0.001
# Every file is this long, so that no part of an older, longer text is left behind a new one.
_WIDTH = 256
# Seconds. Keys that are valid for an hour leave files behind; so does each start of the machine.
_OLD = 86400.0


class Limiter(Protocol):
    """Says when an API may be called."""

    def take(self) -> float:
        """Waits until it is this call's turn; returns when that was, for throttled."""

    def throttled(self, sent: float) -> None:
        """Note that the call of that time was refused because there were too many."""


class Unlimited:
    """See Limiter; lets everybody call at once."""

    def take(self) -> float:
        """See Limiter."""
        return 0.0

    def throttled(self, sent: float) -> None:
        """See Limiter."""


@dataclass(frozen=True)
class _Count:
    """What is known of an API at a moment.

    Arguments:
        at: the moment, in seconds of the monotonic clock.
        due: how many calls were let through by then, with the part of the next one that is over.
        taken: how many numbers were given out, counted from 0; number n's turn is when due reaches n.
        cut_at: when the rate was last lowered.
        low: the share of the limit to which that was.
        peak: the share about which it grows carefully.
    """

    at: float
    due: float = 0.0
    taken: int = 0
    cut_at: float = 0.0
    low: float = 1.0
    peak: float = 1.0

    def share(self) -> float:
        """The share of the limit that may be used."""
        slow_at = ((self.peak - self.low) / _GROWTH) ** (1 / 3)
        grown: float = self.peak + _GROWTH * (self.at - self.cut_at - slow_at) ** 3
        return min(1.0, grown)

    def rate(self, limit: float) -> float:
        """Calls a second, where so many are the most."""
        calls = self.share() * limit
        return (min(limit, math.floor(calls + 0.5)) if self._in_whole_calls(limit) else calls) * _HEADROOM

    def _in_whole_calls(self, limit: float) -> bool:
        # Where a cloud counts by the second, 2.5 calls a second are now 2 and now 3 to it. Several machines with such
        # rates have seconds with too many calls and seconds with too few; whole numbers fit together.
        share = self.share()
        return share <= _NEAR and share * limit > 1

    def moved(self, now: float, limit: float) -> _Count:
        """The same later."""
        later = replace(self, at=now)
        due = self.due + later.rate(limit) * (now - self.at)
        if now - self.at > _NOBODY_WAITS:
            # All who had a number have called or are dead.
            due = max(due, self.taken - 1.0)
        # What was not used is not saved up.
        return replace(later, due=min(due, float(self.taken)))

    def lowered(self, limit: float) -> _Count:
        """The same after a refusal."""
        share = self.share()
        far_too_high = share <= _NEAR and self.at - self.cut_at < _CALM
        factor = _LATE if share > _NEAR else _HARD if far_too_high else _MILD
        low = share * factor
        if self._in_whole_calls(limit):
            low = min(low, max(share / 2, share - 1 / limit))
        # Whoever does not get back to where it was gives way to the others (RFC 9438, 4.7).
        peak = share if share >= self.peak else share * (1 + factor) / 2
        lower = replace(self, cut_at=self.at, low=max(_LEAST, low), peak=max(_LEAST, peak))
        return replace(lower, due=lower.due - _PAUSE * lower.rate(limit)) if far_too_high else lower

    def is_sound(self, now: float) -> bool:
        """Whether it can be what this code left here since the machine was started."""
        return (
            0 <= self.cut_at <= self.at <= now
            and self.due <= self.taken <= min(self.due + _MOST_WAITING, _MOST_CALLS)
            and _LEAST <= self.low <= self.peak <= 1
        )


_Change = Callable[["_Count | None"], _Count]


class RateMemory:
    """The counts of one process, where there is no place for common ones. All its threads share it."""

    def __init__(self) -> None:
        self._counts: dict[str, _Count] = {}
        self._lock = threading.Lock()

    def change(self, name: str, change: _Change) -> _Count:
        """Replaces a count by what change makes of it."""
        with self._lock:
            self._counts[name] = count = change(self._counts.get(name))
        return count


class RateLimiter:
    """See Limiter: one API of one account.

    Arguments:
        folder: where all processes count together; None, or a folder that cannot be used, for this process alone.
        account, api: whose calls, and of what. The account is only found in hashed form in the folder.
        limit: the most calls a second, above 0.
        clock: its monotonic time has to be the same for all processes, as time.monotonic is.
        memory: counts where the folder cannot.
        machine: tells clocks apart where several machines share the folder.
    """

    def __init__(
        self,
        folder: str | None,
        account: str,
        api: str,
        limit: float,
        clock: Clock,
        memory: RateMemory,
        machine: str = "",
    ) -> None:
        identity = f"{machine}\0{account}\0{api}".encode("utf-8", "surrogatepass")
        self._name = f"{safe_name(api)}-{hashlib.sha256(identity).hexdigest()[:16]}"
        self._folder = folder
        self._limit = limit
        self._clock = clock
        self._memory = memory

    def take(self) -> float:
        """See Limiter."""
        count = self._change(lambda count: replace(count, taken=count.taken + 1))
        number = count.taken - 1
        turn, now = self._turn(number, count), count.at
        while turn - now > _SOON:
            self._clock.sleep(min(turn - now, _LOOK))
            count = self._change(lambda count: count)
            # A count that has begun anew knows nothing of the number; then the turn stays where it was.
            if number < count.taken:
                turn = self._turn(number, count)
            now = self._clock.monotonic()
        return now

    def throttled(self, sent: float) -> None:
        """See Limiter. Calls that were under way when the rate was lowered say nothing about the new one."""
        self._change(lambda count: count if sent < count.cut_at + _ROUND else count.lowered(self._limit))

    def _turn(self, number: int, count: _Count) -> float:
        return count.at + max(0.0, number - count.due) / count.rate(self._limit)

    def _change(self, change: Callable[[_Count], _Count]) -> _Count:
        """Replaces the common count by what change makes of the present one; returns the new one."""

        def update(count: _Count | None) -> _Count:
            # Read after the lock is held, so that nobody else can be ahead.
            now = self._clock.monotonic()
            return change(count.moved(now, self._limit) if count and count.is_sound(now) else _Count(now))

        if self._folder is not None:
            try:
                return self._in_file(self._folder, update)
            except OSError:
                # Not tried again: that could take as long each time.
                self._folder = None
        return self._memory.change(self._name, update)

    def _in_file(self, folder: str, update: _Change) -> _Count:
        make_private_folder(folder)
        path = os.path.join(folder, self._name)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            self._lock(descriptor)
            text = os.pread(descriptor, _WIDTH, 0)
            if not text:
                _remove_old(folder, self._clock.now())
            count = update(_parsed(text))
            if os.pwrite(descriptor, _written(count), 0) < _WIDTH:
                raise OSError("no space left")
            return count
        finally:
            os.close(descriptor)

    def _lock(self, descriptor: int) -> None:
        """Locks the file. Raises OSError where that is not possible, or another process goes on holding it."""
        deadline = self._clock.monotonic() + _LOCK_TIMEOUT
        while True:
            try:
                return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if self._clock.monotonic() > deadline:
                    raise
                self._clock.sleep(_LOCK_INTERVAL * (0.5 + self._clock.random()))


def boot_id() -> str:
    """What tells this start of this machine, and so its monotonic clock, from all others; empty where nothing does."""
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            return file.read().strip()
    except (OSError, ValueError):
        return ""


def _written(count: _Count) -> bytes:
    return json.dumps(asdict(count)).encode("ascii").ljust(_WIDTH - 1) + b"\n"


def _parsed(text: bytes) -> _Count | None:
    """The count in a file; None for anything else that may be there."""
    try:
        data = json.loads(text)
        numbers = {name: float(data[name]) for name in ("at", "due", "cut_at", "low", "peak")}
        return _Count(taken=int(data["taken"]), **numbers)
    except (ValueError, TypeError, KeyError, OverflowError):
        return None


def _remove_old(folder: str, now: float) -> None:
    """Removes the files that nobody has used for long; one that comes back begins anew."""
    # Another process may have been quicker.
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_file(follow_symlinks=False) and now - entry.stat().st_mtime > _OLD:
                os.unlink(entry.path)
