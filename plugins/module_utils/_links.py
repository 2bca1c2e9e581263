# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files that a server's configuration already names, turned into links, and back."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass
from typing import Any

from ansible_collections.certwright.cloud.plugins.module_utils._disk import Disk, Ownership, put, put_link, read_bytes

__all__ = ["ABSENT", "Link", "content_hash", "described", "is_placed", "place", "record_of", "restore"]

ABSENT: dict[str, Any] = {"kind": "absent"}

_SUFFIX = ".before-certwright"


@dataclass(frozen=True)
class Link:
    """A path that has to be a symbolic link to target."""

    path: str
    target: str

    @property
    def is_target(self) -> bool:
        """Whether the path is the target itself, so that it needs no link."""
        return os.path.abspath(self.path) == self.target


def is_placed(link: Link) -> bool:
    """Whether the path leads to the target already (a path that is the target itself does). Raises OSError."""
    return link.is_target or (os.path.islink(link.path) and os.readlink(link.path) == link.target)


def described(path: str) -> str:
    """What stands at a path, for a person. Raises OSError."""
    if os.path.islink(path):
        return f"link to {os.readlink(path)}"
    return "file" if os.path.lexists(path) else "absent"


def content_hash(paths: tuple[str, ...]) -> str | None:
    """A short hash of what files hold together; None unless all are there. Raises OSError."""
    digest = hashlib.sha256()
    for path in paths:
        data = read_bytes(path)
        if data is None:
            return None
        digest.update(hashlib.sha256(data).digest())
    return digest.hexdigest()[:8]


def record_of(path: str, known: dict[str, Any]) -> dict[str, Any]:
    """What is needed to put back what stands at a path: JSON without any content. Raises OSError.

    Arguments:
        known: the record of an earlier run that did not come to its end; empty if there is none.
    """
    if os.path.islink(path):
        return {"kind": "link", "target": os.readlink(path)}
    data = read_bytes(path)
    if data is None:
        return dict(ABSENT)
    found = os.stat(path)
    copy, made = _copy_name(path, data)
    return {
        "kind": "file",
        "mode": stat.S_IMODE(found.st_mode),
        "uid": found.st_uid,
        "gid": found.st_gid,
        "copy": copy,
        "made": made or (known.get("copy") == copy and bool(known.get("made"))),
    }


def _copy_name(path: str, data: bytes) -> tuple[str, bool]:
    """Where the old file is kept, and whether it has yet to be put there. Copies of other content stay."""
    count = 0
    while True:
        copy = f"{path}{_SUFFIX}{f'.{count}' if count else ''}"
        held = read_bytes(copy)
        if held is None or held == data:
            return copy, held is None
        count += 1


def place(disk: Disk, link: Link, record: dict[str, Any]) -> None:
    """Keeps a copy of an old file, mode 0600, then puts the link in its place in one instant. Raises OSError."""
    if record["kind"] == "file" and not os.path.lexists(record["copy"]):
        with open(link.path, "rb") as file:
            put(disk, record["copy"], file.read(), 0o600, _owner(record))
    put_link(disk, link.path, link.target)


def restore(disk: Disk, link: Link, record: dict[str, Any]) -> None:
    """Puts back what stood at the path before, in one instant. Raises OSError."""
    if not is_placed(link):
        return
    if record["kind"] == "absent":
        disk.unlink(link.path)
        disk.sync(os.path.dirname(link.path))
    elif record["kind"] == "link":
        put_link(disk, link.path, record["target"])
    else:
        data = read_bytes(record["copy"])
        if data is None:
            raise FileNotFoundError(2, "the copy of the old file is gone", record["copy"])
        put(disk, link.path, data, record["mode"], _owner(record))


def _owner(record: dict[str, Any]) -> Ownership:
    # Only root can give files away; anybody else keeps what is written.
    return Ownership(record["uid"], record["gid"]) if os.geteuid() == 0 else Ownership()
