# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The same for many: side by side, in order, and no further than the first that fails."""

from __future__ import annotations

import threading

import pytest
from ansible_collections.certwright.cloud.plugins.module_utils._many import for_each

# A machine under load may take long to start a thread; one after the other they would never meet.
PATIENCE = 60


@pytest.mark.parametrize("count", [0, 1, 3, 4, 50])
def test_results_come_in_the_order_of_the_items(count: int) -> None:
    assert for_each(lambda number: number * 2, range(count)) == [number * 2 for number in range(count)]


def test_many_are_done_side_by_side() -> None:
    meeting = threading.Barrier(10)
    assert len(set(for_each(lambda number: meeting.wait(PATIENCE), range(10)))) == 10


def test_no_more_than_ten_are_done_side_by_side() -> None:
    lock, running, most = threading.Lock(), 0, 0
    together = threading.Barrier(10)

    def do(_number: int) -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        together.wait(PATIENCE)
        with lock:
            running -= 1

    for_each(do, range(40))
    assert most == 10


def test_few_are_done_by_whoever_asks() -> None:
    assert set(for_each(lambda number: threading.get_ident(), range(3))) == {threading.get_ident()}


def test_first_failure_is_raised_and_what_has_not_begun_is_left_out() -> None:
    begun: list[int] = []
    others = threading.Event()

    def do(number: int) -> int:
        begun.append(number)
        if number == 0:
            raise ValueError("the first")
        # The others are under way until it is known what has failed.
        others.wait(PATIENCE)
        if number == 1:
            raise ValueError("the second")
        return number

    with pytest.raises(ValueError, match="the first"):
        for_each(do, range(1000))
    others.set()
    assert len(begun) < 1000
