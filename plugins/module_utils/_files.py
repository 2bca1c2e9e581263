# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names of files made from ids that a user or a cloud has chosen, and folders for their owner only."""

from __future__ import annotations

import hashlib
import os
import re

__all__ = ["make_private_folder", "safe_name"]

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]")


def safe_name(order_id: str) -> str:
    """A file name for an order's id: the id itself where that is one, else a like one that no other id gets."""
    name = _UNSAFE.sub("_", order_id).lstrip(".")[:80]
    if name and name == order_id:
        return name
    return f"{name or 'order'}-{hashlib.sha256(order_id.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"


def make_private_folder(path: str) -> None:
    """Makes a folder and what is missing above it, for its owner only; what is there stays as is. Raises OSError."""
    if os.path.isdir(path):
        return
    make_private_folder(os.path.dirname(path))
    try:
        os.mkdir(path, 0o700)
    except FileExistsError:
        # Another process was quicker, or it is no folder.
        if not os.path.isdir(path):
            raise
