# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading lists page by page, but not for ever."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError, ErrorKind

__all__ = ["pages"]

# A hundred thousand orders or zones; more than that is no list but a cloud that goes round in circles.
_MOST = 1000


def pages(action: str) -> Iterator[int]:
    """Numbers of pages from 0 on, for a caller that leaves the loop with the last one.

    Raises CertwrightError (server) where there is no last one.
    """
    yield from range(_MOST)
    raise CertwrightError(
        f"The list that {action} answers with has no end: {_MOST} pages were read",
        kind=ErrorKind.SERVER,
        hint="Look at the account in the cloud's console; if the list is right there, report this.",
    )
