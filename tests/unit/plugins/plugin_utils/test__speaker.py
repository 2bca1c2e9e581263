# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a person and what a log is told of a wait."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from ansible_collections.certwright.cloud.plugins.module_utils._waiting import Waiting
from ansible_collections.certwright.cloud.plugins.plugin_utils._speaker import Speaker

NOW = 1_790_000_000.0
WAIT = Waiting("order 'LrmeMvQr'", "its certificate", 0, 1, "validating", 75, 12)


def said(waits: list[Waiting], on_terminal: bool = True) -> list[str]:
    lines: list[str] = []
    speaker = Speaker("web1", lines.append, on_terminal, lambda: NOW)
    for wait in waits:
        speaker(wait)
    return lines


def test_line_says_whose_wait_it_is_for_what_since_when_and_when_the_next_look_comes() -> None:
    since = time.strftime("%H:%M:%S", time.localtime(NOW - 75))
    assert said([WAIT]) == [
        f"  web1 | order 'LrmeMvQr': waiting for its certificate since {since} (1 min 15 s), next look in 12 s: "
        "validating"
    ]


def test_wait_for_several_says_how_many_of_how_many() -> None:
    (line,) = said([replace(WAIT, subject="3 orders", done=1, total=3)])
    assert "3 orders: waiting for its certificate (1 of 3) since" in line


@pytest.mark.parametrize(("on_terminal", "lines"), [(True, 3), (False, 2)])
def test_log_is_told_news_only_and_a_person_that_the_wait_lives(on_terminal: bool, lines: int) -> None:
    waits = [WAIT, replace(WAIT, waited=85, next_look=2), replace(WAIT, seen="reviewing")]
    assert len(said(waits, on_terminal)) == lines


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (59.4, "59 s"), (60, "1 min"), (61, "1 min 1 s"), (3600, "1 h"), (5430, "1 h 30 min"), (-1, "0 s")],
)
def test_time_is_said_as_people_say_it(seconds: float, words: str) -> None:
    assert f"({words}), next" in said([replace(WAIT, waited=seconds)])[0]
