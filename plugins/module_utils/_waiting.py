# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a wait tells of itself while it lasts, and how often it looks where nobody says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Union

__all__ = ["Interval", "Speak", "Waiting", "polling_interval"]

# Waited so far -> seconds until the next look; or always the same.
Interval = Union[float, Callable[[float], float]]

_MINUTE = 60.0
_HOUR = 3600.0


@dataclass(frozen=True)
class Waiting:
    """How a wait stands.

    Arguments:
        subject: who waits: an order, a record, several of them.
        goal: what for.
        done, total: how many of how many have come.
        seen: what the last look saw.
        waited: seconds so far.
        next_look: seconds until the next look.
    """

    subject: str
    goal: str
    done: int
    total: int
    seen: str
    waited: float
    next_look: float


Speak = Callable[[Waiting], None]


def polling_interval(waited: float) -> float:
    """Seconds until the next look at an order after so many seconds.

    A domain that is validated by a record is issued within minutes; what takes longer waits for people, who work for
    hours or days, and every look is a call that other orders could need.
    """
    if waited < 5 * _MINUTE:
        return 15.0
    return _MINUTE if waited < _HOUR else 15 * _MINUTE
