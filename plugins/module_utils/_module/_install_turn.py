# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One installation of a host at a time.

A server reads certificate and key one after the other. If it is reloaded for one certificate while another one is
changed, it may take the old half of that and the new one; where both keys are of different kinds it does not even
notice, and refuses its visitors until the next reload.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from ansible_collections.certwright.cloud.plugins.module_utils._module._install_plan import Tools
from ansible_collections.certwright.cloud.plugins.module_utils._module._use_case import Context

__all__ = ["in_turn"]

# Seconds. Longer than an installation takes whose commands and looks do not use up their own times.
_LONGEST = 300.0
_LOOK_INTERVAL = 0.2


@contextmanager
def in_turn(reload_command: Sequence[str], tools: Tools, context: Context) -> Iterator[None]:
    """Waits until no other installation on this host is about to reload by the same program.

    The program's file is what is locked: it is there, the same for every user, and nobody else's lock. A killed run
    holds nobody up. Where there is no lock to be had the installation goes on; it has worked without for all but an
    instant.
    """
    descriptor = _opened(tools.find(reload_command[0]) if reload_command else None)
    if descriptor is None:
        yield
        return
    try:
        _wait(descriptor, context)
        yield
    finally:
        os.close(descriptor)


def _opened(program: str | None) -> int | None:
    try:
        return None if program is None else os.open(program, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None


def _wait(descriptor: int, context: Context) -> None:
    until = context.clock.monotonic() + _LONGEST
    while True:
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if context.clock.monotonic() >= until:
                return context.warn(
                    f"Another installation on this host has not ended within {_LONGEST:.0f} s, "
                    "so this one goes on beside it"
                )
        except OSError:
            return None
        context.clock.sleep(_LOOK_INTERVAL)
