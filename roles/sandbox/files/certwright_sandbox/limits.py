# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rate limits: calls per second, counted per account and action (Tencent reference 1.0, Alibaba reference 1.10)."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from certwright_sandbox.settings import Settings

__all__ = ["Limits"]


class Limits:
    """Counts calls of the last second; what is refused does not count. Nothing here outlives the process."""

    def __init__(self, settings: Settings, now: Callable[[], float]) -> None:
        """Args: settings: ``rate`` multiplies every limit, 0 turns limits off; now: seconds, monotonic is best."""
        self._settings = settings
        self._now = now
        self._lock = threading.Lock()
        self._calls: dict[tuple[str, str, str], deque[float]] = {}

    def take(self, cloud: str, account: str, action: str, documented: float | None) -> tuple[int, int] | None:
        """Count one call.

        Args:
            documented: calls per second the cloud documents, None for no limit.

        Returns:
            None when the call may go on, else (calls in this second with this one, limit in force).
        """
        if documented is None or self._settings.rate == 0:
            return None
        limit = max(1, int(documented * self._settings.rate))
        now = self._now()
        with self._lock:
            calls = self._calls.setdefault((cloud, account, action), deque())
            while calls and now - calls[0] >= 1.0:
                calls.popleft()
            if len(calls) >= limit:
                return len(calls) + 1, limit
            calls.append(now)
        return None
