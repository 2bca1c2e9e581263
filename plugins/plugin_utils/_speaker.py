# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Says how a wait stands: to a person often enough to see that it lives, to a log only what is new."""

from __future__ import annotations

import os
import sys
import time
from typing import Callable

from ansible import constants, context
from ansible_collections.certwright.cloud.plugins.module_utils._waiting import Waiting

__all__ = ["Speaker", "is_read_by_machine", "is_watched"]

# Asked when this is imported, in the process that has the terminal: from ansible-core 2.19 on its workers have none.
_ON_TERMINAL = sys.stdout.isatty()
# The callback of ansible-runner, and so of AWX, which keeps every line as an event; nobody sits at the terminal that it
# gives Ansible. Lines look as the callback that was asked for makes them, whose name it leaves in the environment.
_RUNNER, _ASKED_FOR = "awx_display", "ORIGINAL_STDOUT_CALLBACK"

# Callbacks whose output others parse; a line between would break it.
_MACHINE_FORMATS = ("json", "jsonl", "oneline")


def is_watched() -> bool:
    """Whether a person watches a terminal."""
    return _ON_TERMINAL and constants.DEFAULT_STDOUT_CALLBACK != _RUNNER


def is_read_by_machine() -> bool:
    """Whether the output is in a format that programs read."""
    callback = str(constants.DEFAULT_STDOUT_CALLBACK)
    if callback == _RUNNER:
        callback = os.environ.get(_ASKED_FOR, "")
    return callback.rpartition(".")[2] in _MACHINE_FORMATS or bool(context.CLIARGS.get("one_line"))


class Speaker:
    """Says one line for each news of a wait; on a terminal also when there is none.

    Arguments:
        host: whose task waits.
        say: shows a line.
        on_terminal: whether a person watches.
        clock: seconds since the epoch.
    """

    def __init__(
        self, host: str, say: Callable[[str], None], on_terminal: bool, clock: Callable[[], float] = time.time
    ) -> None:
        self._host = host
        self._say = say
        self._on_terminal = on_terminal
        self._clock = clock
        self._said: tuple[object, ...] = ()

    def __call__(self, waiting: Waiting) -> None:
        """Says how the wait stands, unless that was said before and nobody watches."""
        news = (waiting.subject, waiting.goal, waiting.done, waiting.total, waiting.seen)
        if news == self._said and not self._on_terminal:
            return
        self._said = news
        self._say(f"  {self._host} | {self._line(waiting)}")

    def _line(self, waiting: Waiting) -> str:
        since = time.strftime("%H:%M:%S", time.localtime(self._clock() - waiting.waited))
        count = f" ({waiting.done} of {waiting.total})" if waiting.total > 1 else ""
        seen = f": {waiting.seen}" if waiting.seen else ""
        return (
            f"{waiting.subject}: waiting for {waiting.goal}{count} since {since} ({_duration(waiting.waited)}), "
            f"next look in {_duration(waiting.next_look)}{seen}"
        )


def _duration(seconds: float) -> str:
    """A time as a person says it."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"
