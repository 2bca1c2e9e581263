# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A limiter that says which turns it gave; light, so that many processes can load it at once."""

from __future__ import annotations

from typing import Any

from ansible_collections.certwright.cloud.plugins.module_utils._rate import RateLimiter

__all__ = ["Told"]


class Told(RateLimiter):
    """Notes which numbers it gets, and when their turn is; that is known at once, and no busy machine changes it."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.numbers: dict[int, float] = {}

    def _turn(self, number: int, count: Any) -> float:
        turn = super()._turn(number, count)
        self.numbers.setdefault(number, turn)
        return turn
