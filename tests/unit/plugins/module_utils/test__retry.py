# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Retries by call class, and waits with a deadline."""

from __future__ import annotations

import pytest
from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError, ErrorKind
from ansible_collections.certwright.cloud.plugins.module_utils._retry import (
    CallClass,
    RetryPolicy,
    call_with_retry,
    wait_until,
)
from ansible_collections.certwright.cloud.tests.unit.plugins.helpers import FakeClock, refusal


class Attempts:
    """Fails with the given kinds, one after the other, and then succeeds."""

    def __init__(self, *kinds: ErrorKind) -> None:
        self.kinds = list(kinds)
        self.count = 0

    def __call__(self) -> str:
        self.count += 1
        if self.kinds:
            raise refusal(self.kinds.pop(0))
        return "done"


# Which failures each class may be repeated after: the whole of it, so that nothing is added by accident.
REPEATED = {
    CallClass.READ: {ErrorKind.THROTTLED, ErrorKind.NETWORK, ErrorKind.SERVER},
    CallClass.REPEATABLE: {ErrorKind.THROTTLED},
    CallClass.ONCE: {ErrorKind.THROTTLED},
}


@pytest.mark.parametrize("kind", list(ErrorKind))
@pytest.mark.parametrize("call_class", list(CallClass))
def test_call_is_repeated_only_after_what_its_class_allows(call_class: CallClass, kind: ErrorKind) -> None:
    attempts = Attempts(kind)
    if kind in REPEATED[call_class]:
        assert call_with_retry(attempts, call_class, RetryPolicy(), FakeClock()) == "done"
        assert attempts.count == 2
    else:
        with pytest.raises(CertwrightError):
            call_with_retry(attempts, call_class, RetryPolicy(), FakeClock())
        assert attempts.count == 1


@pytest.mark.parametrize("call_class", list(CallClass))
def test_fifth_failure_is_the_last(call_class: CallClass) -> None:
    attempts = Attempts(*[ErrorKind.THROTTLED] * 9)
    with pytest.raises(CertwrightError) as caught:
        call_with_retry(attempts, call_class, RetryPolicy(), FakeClock())
    assert caught.value.kind is ErrorKind.THROTTLED
    assert attempts.count == 5


@pytest.mark.parametrize("call_class", [CallClass.ONCE, CallClass.REPEATABLE])
def test_write_is_not_repeated_when_its_answer_is_lost_after_a_throttled_attempt(call_class: CallClass) -> None:
    attempts = Attempts(ErrorKind.THROTTLED, ErrorKind.NETWORK)
    with pytest.raises(CertwrightError) as caught:
        call_with_retry(attempts, call_class, RetryPolicy(), FakeClock())
    assert caught.value.kind is ErrorKind.NETWORK
    assert attempts.count == 2


@pytest.mark.parametrize(
    ("kind", "sleeps"),
    [(ErrorKind.THROTTLED, [0.5, 1.0, 2.0, 4.0]), (ErrorKind.NETWORK, [0.05, 0.1, 0.2, 0.4])],
)
def test_pauses_double_and_are_longer_after_throttling(kind: ErrorKind, sleeps: list[float]) -> None:
    clock = FakeClock(chance=0.5)
    call_with_retry(Attempts(*[kind] * 4), CallClass.READ, RetryPolicy(), clock)
    assert clock.sleeps == pytest.approx(sleeps)


def test_pause_is_capped_however_often_it_failed() -> None:
    assert RetryPolicy().delay(1000, refusal(ErrorKind.THROTTLED), 1.0) == 20.0


def test_other_exceptions_are_not_repeated() -> None:
    def attempt() -> str:
        raise KeyError("a fault of ours")

    with pytest.raises(KeyError):
        call_with_retry(attempt, CallClass.READ, RetryPolicy(), FakeClock())


class Looks:
    """Says done at the given look; every look takes some seconds."""

    def __init__(self, clock: FakeClock, done_at: int, seconds: float = 0.0) -> None:
        self.clock, self.done_at, self.seconds, self.count = clock, done_at, seconds, 0

    def __call__(self) -> tuple[bool, int]:
        self.count += 1
        self.clock.time += self.seconds
        return self.count == self.done_at, self.count


@pytest.mark.parametrize(
    ("done_at", "look_takes", "timeout", "result", "sleeps"),
    [
        pytest.param(1, 0, 60, (True, 1, 0), [], id="at once"),
        pytest.param(3, 0, 60, (True, 3, 20), [10, 10], id="later"),
        pytest.param(9, 0, 25, (False, 4, 25), [10, 10, 5], id="last look at the deadline"),
        pytest.param(4, 0, 25, (True, 4, 25), [10, 10, 5], id="done at the last look"),
        pytest.param(9, 0, 0, (False, 1, 0), [], id="no time at all"),
        pytest.param(9, 8, 30, (False, 3, 38), [10, 4], id="long looks count"),
        pytest.param(9, 99, 30, (False, 1, 99), [], id="one look longer than the time"),
        pytest.param(1, 99, 30, (True, 1, 99), [], id="done by a look that ended late"),
    ],
)
def test_wait_ends_at_its_deadline(
    done_at: int, look_takes: float, timeout: float, result: tuple[bool, int, float], sleeps: list[float]
) -> None:
    clock = FakeClock(chance=0.5)
    looks = Looks(clock, done_at, look_takes)
    assert wait_until(looks, timeout=timeout, interval=10, clock=clock) == result
    assert clock.sleeps == sleeps


@pytest.mark.parametrize(("chance", "pause"), [(0.0, 8.0), (0.5, 10.0), (1.0, 12.0)])
def test_interval_varies_by_a_fifth(chance: float, pause: float) -> None:
    clock = FakeClock(chance=chance)
    wait_until(Looks(clock, 2), timeout=60, interval=10, clock=clock)
    assert clock.sleeps == pytest.approx([pause])


def test_error_of_a_look_ends_the_wait() -> None:
    clock = FakeClock()

    def look() -> tuple[bool, None]:
        raise refusal()

    with pytest.raises(CertwrightError):
        wait_until(look, timeout=60, interval=10, clock=clock)
    assert clock.sleeps == []
