# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Notes what Python writes, makes, moves or removes on the disk, and which programs it starts."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

__all__ = ["writes_outside"]

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
# Events of sys.audit with the arguments that are paths.
_PATHS = {
    **dict.fromkeys(("os.mkdir", "os.rmdir", "os.remove", "os.chmod", "os.chown", "os.truncate", "os.utime"), (0,)),
    **dict.fromkeys(("os.rename", "os.link"), (0, 1)),
    "os.symlink": (1,),
    "subprocess.Popen": (0,),
}
_noted: list[list[str]] = []


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if not _noted:
        return
    indexes = _PATHS.get(event, ())
    if event == "open" and isinstance(arguments[2], int) and arguments[2] & _WRITING:
        indexes = (0,)
    for index in indexes:
        path = arguments[index]
        # Numbers are files that were opened before.
        if isinstance(path, (str, bytes, os.PathLike)):
            _noted[-1].append(os.path.abspath(os.fsdecode(path)))


@contextmanager
def writes_outside(*places: Path) -> Iterator[list[str]]:
    """Gives a list that then holds the paths outside the places that something was done to."""
    if _hook not in _installed:
        _installed.append(_hook)
        sys.addaudithook(_hook)
    allowed = tuple(f"{place}{os.sep}" for place in places)
    found: list[str] = []
    _noted.append([])
    try:
        yield found
    finally:
        found += [path for path in _noted.pop() if not f"{path}{os.sep}".startswith(allowed)]


_installed: list[Any] = []
