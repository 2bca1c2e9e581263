# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tests tell beside passing, and whether everything is to be tried or as much as CI has time for."""

from __future__ import annotations

import os

__all__ = ["FULL", "TOLD", "tell"]

#: Whether everything is to be tried, however long it takes.
FULL = os.environ.get("CERTWRIGHT_FULL") == "1"
#: Lines for the end of the run.
TOLD: list[str] = []


def tell(text: str) -> None:
    """Has a text printed at the end of the run."""
    TOLD.extend(text.splitlines())
