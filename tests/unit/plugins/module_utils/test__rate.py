# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One budget of calls: their spacing and order, who shares it, what is made of a broken file, and of refusals."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
import time
from ast import literal_eval
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.certwright.cloud.plugins.module_utils._rate import (
    RateLimiter,
    RateMemory,
    Unlimited,
    boot_id,
)
from ansible_collections.certwright.cloud.plugins.module_utils._retry import Clock
from ansible_collections.certwright.cloud.tests.unit.plugins.helpers import FakeClock
from ansible_collections.certwright.cloud.tests.unit.plugins.told_limiter import Told
from ansible_collections.certwright.cloud.tests.unit.plugins.virtual_time import VirtualTime

LIMIT = 10.0
# Two per cent less than the limit.
SPACE = 1 / (LIMIT * 0.98)
NOW = 5000.0


class Killed(BaseException):
    """Stands for a signal that ends a process while it waits."""


class Deadly(FakeClock):
    """A clock on which nobody survives a sleep."""

    def sleep(self, seconds: float) -> None:
        raise Killed


def limiter(folder: Path | None, clock: Clock, limit: float = LIMIT, **changes: Any) -> RateLimiter:
    settings: dict[str, Any] = {"account": "key-id", "api": "product-Look", "memory": RateMemory()}
    return RateLimiter(None if folder is None else str(folder), limit=limit, clock=clock, **{**settings, **changes})


def turns(each: RateLimiter, count: int) -> list[float]:
    """When so many calls may be sent, in seconds after the first."""
    found = [each.take() for _unused in range(count)]
    return [turn - found[0] for turn in found]


def spaced(count: int, space: float = SPACE) -> Any:
    return pytest.approx([number * space for number in range(count)], abs=0.002)


@pytest.fixture(params=["folder", "memory"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path | None:
    return tmp_path / "state" / "rate" if request.param == "folder" else None


def only_file(folder: Path) -> Path:
    (path,) = folder.iterdir()
    return path


# Spacing


def test_first_call_is_not_kept_waiting(place: Path | None) -> None:
    clock = FakeClock(NOW)
    limiter(place, clock).take()
    assert clock.sleeps == []


@pytest.mark.parametrize("limit", [0.1, 2.5, 10, 20, 300])
def test_calls_are_spaced_a_little_wider_than_the_limit_demands(place: Path | None, limit: float) -> None:
    assert turns(limiter(place, FakeClock(NOW), limit), 20) == spaced(20, 1 / (0.98 * limit))


def test_what_was_not_used_is_not_saved_up(place: Path | None) -> None:
    clock = FakeClock(NOW)
    each = limiter(place, clock)
    turns(each, 3)
    clock.time += 3600
    assert turns(each, 3) == spaced(3)


def test_time_between_calls_counts(place: Path | None) -> None:
    clock = FakeClock(NOW)
    each = limiter(place, clock)
    each.take()
    clock.time += SPACE - 0.04
    each.take()
    assert sum(clock.sleeps) == pytest.approx(0.04, abs=0.002)


def test_no_limit_keeps_nobody_waiting() -> None:
    each = Unlimited()
    each.throttled(each.take())
    assert each.take() == 0.0


# Who shares it


def test_processes_share_a_folder(tmp_path: Path) -> None:
    clock = FakeClock(NOW)
    found = [limiter(tmp_path, clock).take() - NOW for _unused in range(5)]
    assert found == spaced(5)


@pytest.mark.parametrize("changes", [{"account": "other"}, {"api": "product-Other"}, {"machine": "other"}])
def test_accounts_apis_and_machines_count_on_their_own(tmp_path: Path, changes: dict[str, str]) -> None:
    clock = FakeClock(NOW)
    limiter(tmp_path, clock).take()
    limiter(tmp_path, clock, **changes).take()
    assert clock.sleeps == []
    assert len(list(tmp_path.iterdir())) == 2


def test_start_of_the_machine_is_told_apart_where_the_system_names_it() -> None:
    name = Path("/proc/sys/kernel/random/boot_id")
    assert boot_id() == (name.read_text().strip() if name.exists() else "")


def test_calls_are_served_in_the_order_in_which_they_asked(place: Path | None) -> None:
    clock, memory, served = VirtualTime(), RateMemory(), []

    def call(number: int) -> None:
        limiter(place, clock, memory=memory).take()
        served.append((number, clock.time))

    for number in range(40):
        clock.start(lambda number=number: call(number), 0.001 * number)
    clock.run(60)
    assert [number for number, _at in served] == list(range(40))
    assert [at - served[0][1] for _number, at in served] == spaced(40)


def test_one_killed_while_it_waits_costs_one_turn(place: Path | None) -> None:
    clock, memory = FakeClock(NOW), RateMemory()
    limiter(place, clock, memory=memory).take()
    with pytest.raises(Killed):
        limiter(place, Deadly(NOW), memory=memory).take()
    limiter(place, clock, memory=memory).take()
    assert sum(clock.sleeps) == pytest.approx(2 * SPACE, abs=0.002)


def test_many_killed_at_once_keep_nobody_waiting_later(place: Path | None) -> None:
    clock, memory = FakeClock(NOW), RateMemory()
    limiter(place, clock, memory=memory).take()
    for _unused in range(100):
        with pytest.raises(Killed):
            limiter(place, Deadly(NOW), memory=memory).take()
    clock.time += 6
    assert turns(limiter(place, clock, memory=memory), 3) == spaced(3)
    assert sum(clock.sleeps) < 3 * SPACE


def test_those_who_wait_long_are_not_taken_for_dead(place: Path | None) -> None:
    clock, memory, served = VirtualTime(), RateMemory(), []

    def call() -> None:
        limiter(place, clock, 1.0, memory=memory).take()
        served.append(clock.time)

    for number in range(20):
        # The last ones come when the others have waited for some time.
        clock.start(call, 0.01 * number if number < 15 else 7.0)
    clock.run(60)
    assert [at - served[0] for at in served] == spaced(20, 1 / 0.98)


# What may lie there


def count(**changes: Any) -> bytes:
    sound = {"at": NOW - 0.01, "due": 7.0, "taken": 8, "cut_at": 0.0, "low": 1.0, "peak": 1.0}
    return json.dumps({**sound, **changes}).encode()


def test_count_of_another_process_is_taken_over(tmp_path: Path) -> None:
    clock = FakeClock(NOW)
    limiter(tmp_path, clock).take()
    only_file(tmp_path).write_bytes(count())
    limiter(tmp_path, clock).take()
    assert sum(clock.sleeps) == pytest.approx(SPACE - 0.01, abs=0.002)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(count()[:40], id="half written"),
        pytest.param(b"\0" * 100_000, id="zeros"),
        pytest.param(b"\xff\xfe" * 100, id="no text"),
        pytest.param(b"[" * 256, id="deep"),
        pytest.param(b"[1, 2]", id="a list"),
        pytest.param(b"null", id="nothing"),
        pytest.param(b"{}", id="no numbers"),
        pytest.param(count(at="soon"), id="words"),
        pytest.param(count(at=NOW + 86400), id="from before a start of the machine"),
        pytest.param(count(at=float("inf")), id="endless time"),
        pytest.param(count(at=float("nan")), id="no time"),
        pytest.param(count(due=float("-inf")), id="endless wait"),
        pytest.param(count(taken=10**9), id="a crowd"),
        pytest.param(count(taken=10**400), id="an endless crowd"),
        pytest.param(count(due=10**17, taken=10**17), id="too many to count"),
        pytest.param(count(due=9.0), id="more served than asked"),
        pytest.param(count(low=0.0), id="no rate"),
        pytest.param(count(low=0.5, peak=0.2), id="low above peak"),
        pytest.param(count(peak=50), id="above the limit"),
        pytest.param(count(cut_at=NOW), id="lowered later"),
    ],
)
def test_file_that_cannot_be_ours_begins_anew(tmp_path: Path, content: bytes) -> None:
    clock = FakeClock(NOW)
    limiter(tmp_path, clock).take()
    only_file(tmp_path).write_bytes(content)
    assert turns(limiter(tmp_path, clock), 3) == spaced(3)
    assert sum(clock.sleeps) < 3 * SPACE


def test_clock_that_goes_back_keeps_nobody_waiting(place: Path | None) -> None:
    clock = FakeClock(NOW)
    each = limiter(place, clock)
    turns(each, 3)
    clock.time -= 1000
    before = len(clock.sleeps)
    each.take()
    assert len(clock.sleeps) == before


def test_file_that_vanishes_while_somebody_waits_leaves_his_turn(tmp_path: Path) -> None:
    class Vanishing(FakeClock):
        def sleep(self, seconds: float) -> None:
            super().sleep(seconds)
            only_file(tmp_path).write_bytes(b"")

    clock = Vanishing(NOW)
    limiter(tmp_path, clock, 1.0).take()
    limiter(tmp_path, clock, 1.0).take()
    assert clock.time - NOW == pytest.approx(1 / 0.98, abs=0.002)


def occupied(folder: Path) -> None:
    folder.write_text("a file")


def no_file(folder: Path) -> None:
    name = named(folder)
    (folder / name).mkdir(parents=True)


def link(folder: Path) -> None:
    folder.mkdir()
    (folder / named(folder)).symlink_to(folder.parent / "elsewhere")


def held(folder: Path) -> None:
    folder.mkdir()
    descriptor = os.open(folder / named(folder), os.O_RDWR | os.O_CREAT)
    # Ends with the process.
    fcntl.flock(descriptor, fcntl.LOCK_EX)


def named(folder: Path) -> str:
    """The name of the file of the limiter in these tests."""
    other = folder.parent / "other"
    limiter(other, FakeClock(NOW)).take()
    return only_file(other).name


@pytest.mark.parametrize("spoil", [occupied, no_file, link, held])
def test_folder_that_cannot_be_used_leaves_the_process_its_own_count(
    tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    folder, clock = tmp_path / "rate", FakeClock(NOW)
    spoil(folder)
    assert turns(limiter(folder, clock), 5) == spaced(5)
    # A lock that another process holds is waited for, but not long.
    assert clock.time - NOW < 5.1 + 5 * SPACE
    assert not (tmp_path / "elsewhere").exists()


def test_file_is_for_its_owner_only_and_names_no_account(tmp_path: Path) -> None:
    folder = tmp_path / "state" / "rate"
    limiter(folder, FakeClock(NOW), account="AKID-of-somebody").take()
    path = only_file(folder)
    assert [each.stat().st_mode & 0o777 for each in (folder.parent, folder, path)] == [0o700, 0o700, 0o600]
    assert "AKID" not in path.name + path.read_text()
    assert path.name.startswith("product-Look-")


def test_files_that_nobody_uses_any_more_are_removed(tmp_path: Path) -> None:
    clock = FakeClock(NOW)
    for api in ("Old", "Young"):
        limiter(tmp_path, clock, api=api).take()
    old, young = sorted(tmp_path.iterdir())
    os.utime(old, (NOW - 100_000, NOW - 100_000))
    os.utime(young, (NOW - 80_000, NOW - 80_000))
    limiter(tmp_path, clock, api="New").take()
    assert sorted(path.name[:3] for path in tmp_path.iterdir()) == ["New", "You"]


# Refusals


def pace(each: RateLimiter, limit: float = LIMIT) -> float:
    """The share of the limit that calls are let through with."""
    first, _second = each.take(), each.take()
    return 1 / (each.take() - first) * 2 / (0.98 * limit)


def refused(each: RateLimiter, clock: FakeClock, times: int, apart: float) -> None:
    """Calls that are refused, one after the other."""
    for _unused in range(times):
        clock.time += apart
        each.throttled(clock.time)


@pytest.mark.parametrize(
    ("times", "apart", "share"),
    [
        # A late call; one more; and so on, in whole calls a second.
        (1, 5.0, 0.97),
        (2, 0.3, 0.9),
        (3, 0.3, 0.8),
        (5, 0.3, 0.5),
        (7, 0.3, 0.3),
        # Part of the first.
        (9, 0.01, 0.97),
        # Below the limit every refusal takes a tenth, and one call a second at least.
        (50, 0.5, 0.055),
    ],
)
def test_refusals_lower_the_rate(place: Path | None, times: int, apart: float, share: float) -> None:
    clock = FakeClock(NOW)
    each = limiter(place, clock)
    refused(each, clock, times, apart)
    assert pace(each) == pytest.approx(share, rel=0.03)


def test_refusals_lower_the_rate_of_all_processes(tmp_path: Path) -> None:
    clock = FakeClock(NOW)
    refused(limiter(tmp_path, clock), clock, 5, 0.3)
    assert pace(limiter(tmp_path, clock)) == pytest.approx(0.5, rel=0.03)


def test_calls_that_were_under_way_lower_the_rate_once(place: Path | None) -> None:
    clock = FakeClock(NOW)
    each = limiter(place, clock)
    sent = [each.take() for _unused in range(5)]
    clock.time += 1.5
    for at in sent:
        each.throttled(at)
    assert pace(each) == pytest.approx(0.97, rel=0.01)


@pytest.mark.parametrize(("times", "pause"), [(1, 0.0), (2, 0.0), (3, 0.3), (6, 0.3)])
def test_nobody_calls_for_a_moment_when_the_rate_is_far_too_high(place: Path | None, times: int, pause: float) -> None:
    clock = FakeClock(NOW)
    each = limiter(place, clock)
    refused(each, clock, times, 0.3)
    each.take()
    assert sum(clock.sleeps) == pytest.approx(pause, abs=0.002)


@pytest.mark.parametrize("limit", [0.5, 1.0, 1.5, 1.7, 2.7])
def test_slow_rates_are_lowered_by_a_part(tmp_path: Path, limit: float) -> None:
    found = []
    for times in range(5):
        clock = FakeClock(NOW)
        each = limiter(tmp_path / str(times), clock, limit)
        refused(each, clock, times, 0.5)
        found.append(pace(each, limit))
    # One call a second less would be nothing, and the nearest whole number may be above the limit.
    assert max(found) <= 1.001
    assert 0.35 <= found[4] <= 0.9


@pytest.mark.parametrize(("seconds", "least", "most"), [(0, 0.3, 0.3), (8, 0.3, 0.4), (14, 0.6, 0.8), (20, 1.0, 1.0)])
def test_time_without_refusals_restores_the_rate(place: Path | None, seconds: float, least: float, most: float) -> None:
    clock = FakeClock(NOW)
    each = limiter(place, clock)
    refused(each, clock, 7, 0.3)
    clock.time += seconds
    assert least - 0.01 <= pace(each) <= most + 0.01


def test_those_who_wait_already_wait_longer_after_a_refusal(place: Path | None) -> None:
    clock, memory, served = VirtualTime(), RateMemory(), []
    each = limiter(place, clock, memory=memory)

    def call() -> None:
        each.take()
        served.append(clock.time)

    def refuse() -> None:
        for _unused in range(7):
            each.throttled(clock.time)
            clock.sleep(0.2)

    for _unused in range(30):
        clock.start(call)
    clock.start(refuse, 1.0)
    clock.run(60)
    waits = [later - earlier for earlier, later in zip(served, served[1:])]
    assert waits[:8] == [pytest.approx(SPACE, abs=0.002)] * 8
    assert waits[17:24] == [pytest.approx(1 / (4 * 0.98), abs=0.002)] * 7
    assert len(served) == 30


# Real time


class Hesitant(Clock):
    """Gives the other threads time to come between."""

    def monotonic(self) -> float:
        now = super().monotonic()
        time.sleep(0.0002)
        return now


def check_spacing(numbers: dict[int, float], limit: float) -> None:
    """Each number has its turn a space after the one before it, or later where nobody asked in time."""
    turns = [turn for _number, turn in sorted(numbers.items())]
    assert min(later - earlier for earlier, later in zip(turns, turns[1:])) >= 1 / (0.98 * limit) - 1e-6


def test_threads_of_a_process_are_spaced(place: Path | None) -> None:
    each = Told(None if place is None else str(place), "key-id", "product-Look", 400.0, Hesitant(), RateMemory())
    found: list[float] = []

    def work() -> None:
        found.extend(each.take() for _unused in range(10))

    workers = [threading.Thread(target=work) for _unused in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert sorted(each.numbers) == list(range(80))
    check_spacing(each.numbers, 400.0)
    # Nobody begins before its turn.
    assert all(turn >= due - 0.001 for turn, due in zip(sorted(found), sorted(each.numbers.values())))


PROGRAM = """
import sys
from ansible_collections.certwright.cloud.plugins.module_utils._rate import RateMemory
from ansible_collections.certwright.cloud.plugins.module_utils._retry import Clock
from ansible_collections.certwright.cloud.tests.unit.plugins.told_limiter import Told

class Stuck(Clock):
    looks = 0

    def stop(self):
        print(*limiter.numbers, "stuck", flush=True)
        sys.stdin.read()

    def sleep(self, seconds):
        # What is shorter waits for the lock, without a number.
        if sys.argv[2] == "waiting" and seconds > 0.002:
            self.stop()
        super().sleep(seconds)

    def monotonic(self):
        self.looks += 1
        # The first look begins to wait for the lock, the second has it.
        if sys.argv[2] == "locking" and self.looks == 2:
            self.stop()
        return super().monotonic()

limiter = Told(sys.argv[1], "key-id", "product-Look", 200.0, Stuck(), RateMemory())
sys.stdin.readline()
for _unused in range(25):
    limiter.take()
print(*limiter.numbers.items(), sep=";")
"""


class Program:
    """A process that calls; it begins when it is told to."""

    def __init__(self, folder: Path, kind: str) -> None:
        command = [sys.executable, "-c", PROGRAM, str(folder), kind]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.process = subprocess.Popen(command, env=environment(), **pipes)

    def begin(self) -> None:
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def kill_where_it_is_stuck(self) -> set[int]:
        """Returns the numbers it had, the last of them for nothing."""
        *numbers, said = self.process.stdout.readline().split()
        assert said == "stuck"
        self.process.send_signal(signal.SIGKILL)
        assert self.process.wait(60) == -signal.SIGKILL
        self.process.communicate()
        return set(map(int, numbers))

    def numbers(self) -> dict[int, float]:
        """Its numbers and their turns, when it has ended."""
        said, _errors = self.process.communicate(timeout=60)
        return dict(literal_eval(item) for item in said.split(";"))


def environment() -> dict[str, str]:
    tree = str(Path(__file__).parents[7])
    return {**os.environ, "PYTHONPATH": f"{tree}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}


def test_processes_are_spaced_and_killed_ones_block_nobody(tmp_path: Path) -> None:
    workers = [Program(tmp_path, "well") for _unused in range(4)]
    locking, waiting = Program(tmp_path, "locking"), Program(tmp_path, "waiting")
    locking.begin()
    assert locking.kill_where_it_is_stuck() == set()
    for each in (waiting, *workers):
        each.begin()
    lost = waiting.kill_where_it_is_stuck()
    found = [worker.numbers() for worker in workers]
    numbers = {number: turn for each in found for number, turn in each.items()}
    assert [len(each) for each in found] == [25] * 4
    assert sorted([*numbers, *lost]) == list(range(100 + len(lost)))
    check_spacing(numbers, 200.0)
