# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Retries by call class, and waits with a deadline."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timezone

import pytest
from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError, ErrorKind
from ansible_collections.certwright.cloud.plugins.module_utils._retry import (
    CallClass,
    Clock,
    RetryBudget,
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
        assert call_with_retry(attempts, call_class, RetryPolicy(), FakeClock(), RetryBudget()) == "done"
        assert attempts.count == 2
    else:
        with pytest.raises(CertwrightError):
            call_with_retry(attempts, call_class, RetryPolicy(), FakeClock(), RetryBudget())
        assert attempts.count == 1


@pytest.mark.parametrize("call_class", list(CallClass))
def test_fifth_failure_is_the_last(call_class: CallClass) -> None:
    attempts = Attempts(*[ErrorKind.THROTTLED] * 9)
    with pytest.raises(CertwrightError) as caught:
        call_with_retry(attempts, call_class, RetryPolicy(), FakeClock(), RetryBudget())
    assert caught.value.kind is ErrorKind.THROTTLED
    assert attempts.count == 5


@pytest.mark.parametrize("call_class", [CallClass.ONCE, CallClass.REPEATABLE])
def test_write_is_not_repeated_when_its_answer_is_lost_after_a_throttled_attempt(call_class: CallClass) -> None:
    attempts = Attempts(ErrorKind.THROTTLED, ErrorKind.NETWORK)
    with pytest.raises(CertwrightError) as caught:
        call_with_retry(attempts, call_class, RetryPolicy(), FakeClock(), RetryBudget())
    assert caught.value.kind is ErrorKind.NETWORK
    assert attempts.count == 2


@pytest.mark.parametrize(
    ("kind", "sleeps"),
    [(ErrorKind.THROTTLED, [0.5, 1.0, 2.0, 4.0]), (ErrorKind.NETWORK, [0.05, 0.1, 0.2, 0.4])],
)
def test_pauses_double_and_are_longer_after_throttling(kind: ErrorKind, sleeps: list[float]) -> None:
    clock = FakeClock(chance=0.5)
    call_with_retry(Attempts(*[kind] * 4), CallClass.READ, RetryPolicy(), clock, RetryBudget())
    assert clock.sleeps == pytest.approx(sleeps)


def test_pause_is_capped_however_often_it_failed() -> None:
    assert RetryPolicy().delay(1000, refusal(ErrorKind.THROTTLED), 1.0) == 20.0


def test_other_exceptions_are_not_repeated() -> None:
    def attempt() -> str:
        raise KeyError("a fault of ours")

    with pytest.raises(KeyError):
        call_with_retry(attempt, CallClass.READ, RetryPolicy(), FakeClock(), RetryBudget())


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


def test_interval_may_depend_on_how_long_the_wait_has_lasted() -> None:
    clock = FakeClock()
    wait_until(Looks(clock, 4), timeout=1000, interval=lambda waited: 10 + waited, clock=clock)
    assert clock.sleeps == pytest.approx([10, 20, 40])


def test_wait_tells_how_it_stands_after_each_look_and_every_ten_seconds() -> None:
    clock, told = FakeClock(), []

    def tell(seen: object, waited: float, next_look: float) -> None:
        told.append((seen, waited, next_look))

    result = wait_until(Looks(clock, 3), timeout=60, interval=25, clock=clock, tell=tell)
    assert [(waited, left) for _seen, waited, left in told] == [(0, 25), (10, 15), (20, 5), (25, 25), (35, 15), (45, 5)]
    assert clock.sleeps == [10, 10, 5, 10, 10, 5]
    # What the look before saw, and not a word once it is over.
    assert len({seen for seen, _waited, _left in told}) == 2 and result[1] not in {seen for seen, _w, _l in told}


def test_error_of_a_look_ends_the_wait() -> None:
    clock = FakeClock()

    def look() -> tuple[bool, None]:
        raise refusal()

    with pytest.raises(CertwrightError):
        wait_until(look, timeout=60, interval=10, clock=clock)
    assert clock.sleeps == []


def test_clock_of_a_run_tells_the_time_and_chance() -> None:
    clock = Clock()
    before = clock.monotonic()
    clock.sleep(0.001)
    assert clock.monotonic() - before >= 0.001
    assert datetime.fromtimestamp(clock.now(), timezone.utc).year >= 2026
    chances = {clock.random() for _unused in range(20)}
    assert len(chances) > 1 and all(0 <= chance < 1 for chance in chances)


# What the cloud asks for


def asking(seconds: float, kind: ErrorKind = ErrorKind.THROTTLED) -> CertwrightError:
    error = refusal(kind)
    error.retry_after = seconds
    return error


def once_failing(error: CertwrightError) -> Callable[[], str]:
    failures = [error]

    def attempt() -> str:
        if failures:
            raise failures.pop()
        return "done"

    return attempt


@pytest.mark.parametrize(("seconds", "slept"), [(0.0, 0.5), (0.2, 0.5), (30.0, 30.0), (60.0, 60.0)])
def test_pause_is_at_least_what_the_cloud_asks_for(seconds: float, slept: float) -> None:
    clock = FakeClock(chance=0.5)
    attempt = once_failing(asking(seconds))
    assert call_with_retry(attempt, CallClass.ONCE, RetryPolicy(), clock, RetryBudget()) == "done"
    assert clock.sleeps == [slept]


def test_nobody_waits_when_the_cloud_asks_for_very_long() -> None:
    clock = FakeClock()
    with pytest.raises(CertwrightError) as caught:
        call_with_retry(once_failing(asking(3600)), CallClass.READ, RetryPolicy(), clock, RetryBudget())
    assert clock.sleeps == []
    assert caught.value.hint == "The cloud asks to wait 3600 s; run the task again after that."


# The budget


def read_with(budget: RetryBudget, *kinds: ErrorKind) -> int:
    """How many attempts a read makes that fails with these kinds, whether it succeeds in the end or not."""
    attempts = Attempts(*kinds)
    with suppress(CertwrightError):
        call_with_retry(attempts, CallClass.READ, RetryPolicy(), FakeClock(), budget)
    return attempts.count


def test_calls_that_go_on_failing_use_the_budget_up() -> None:
    budget = RetryBudget()
    counts = [read_with(budget, *[ErrorKind.SERVER] * 5) for _unused in range(12)]
    # 500 tokens are 35 retries of 14.
    assert counts == [5] * 8 + [4, 1, 1, 1]


def test_throttling_takes_less_of_the_budget() -> None:
    budget = RetryBudget(capacity=14)
    assert read_with(budget, *[ErrorKind.THROTTLED] * 5) == 3
    assert read_with(budget, *[ErrorKind.SERVER] * 5) == 1


def test_success_gives_back_what_its_last_retry_took() -> None:
    budget = RetryBudget(capacity=14)
    assert [read_with(budget, ErrorKind.SERVER) for _unused in range(3)] == [2, 2, 2]
    assert read_with(budget, *[ErrorKind.SERVER] * 5) == 2
    assert read_with(budget, ErrorKind.SERVER) == 1


def test_plain_successes_fill_the_budget_again_up_to_where_it_began() -> None:
    budget = RetryBudget(capacity=14)
    read_with(budget, *[ErrorKind.SERVER] * 5)
    assert [read_with(budget) for _unused in range(13)] == [1] * 13
    assert read_with(budget, ErrorKind.SERVER) == 1
    for _unused in range(100):
        read_with(budget)
    assert read_with(budget, *[ErrorKind.SERVER] * 5) == 2
