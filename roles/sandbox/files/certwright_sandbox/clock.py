# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sandbox's three times: real time, the gateway's time (signatures, Date header) and business time (orders)."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

from certwright_sandbox.settings import Settings
from certwright_sandbox.store import Store

__all__ = ["Clock", "gmt8", "iso"]

_GMT8 = timezone(timedelta(hours=8))


class Clock:
    """Tells the time; business time can be advanced, the gateway's is real time plus ``settings.gateway_skew``."""

    def __init__(self, store: Store, settings: Settings, wall: Callable[[], float] = time.time) -> None:
        """Args: store: keeps the advance; settings: gives the skew; wall: Unix seconds, UTC."""
        self._store = store
        self._settings = settings
        self._wall = wall
        self.reload()

    def real(self) -> float:
        """Unix seconds of the machine."""
        return self._wall()

    def gateway(self) -> float:
        """Unix seconds by which signatures are judged and the Date header is written."""
        return self._wall() + self._settings.gateway_skew

    def business(self) -> float:
        """Unix seconds by which orders live: delays, deadlines, certificate dates."""
        return self._wall() + self.advanced

    def reload(self) -> None:
        """Read from the store how far business time was advanced."""
        #: Seconds by which business time is ahead of real time.
        self.advanced = float(self._store.get("clock_advance", 0.0))

    def advance(self, seconds: float) -> None:
        """Move business time forward (never back: orders cannot grow younger).

        Raises:
            ValueError: a negative number of seconds.
        """
        if seconds < 0:
            raise ValueError("business time only moves forward")
        self._store.put("clock_advance", self.advanced + seconds)
        self.reload()


def iso(seconds: float) -> str:
    """Unix seconds as ISO 8601 UTC with milliseconds."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def gmt8(seconds: float) -> str:
    """Unix seconds the way Tencent writes time: GMT+8, without saying so (Tencent reference 0)."""
    return datetime.fromtimestamp(seconds, _GMT8).strftime("%Y-%m-%d %H:%M:%S")
