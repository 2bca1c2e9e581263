# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The audit trail: one line of JSON for each write to a cloud, without secrets and personal data."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Callable

from ansible_collections.certwright.cloud.plugins.module_utils._client import CallReport
from ansible_collections.certwright.cloud.plugins.module_utils._files import make_private_folder
from ansible_collections.certwright.cloud.plugins.module_utils._retry import Clock

__all__ = ["AuditTrail"]


@dataclass
class AuditTrail:
    """Appends to one file, which several processes may do at once.

    Arguments:
        path: the file; it and its folder are made for their owner only.
        who: what every line says of the run: user, host, site.
        clock: dates the lines.
        trouble: is told once why nothing can be written.
    """

    path: str
    who: Mapping[str, str]
    clock: Clock
    trouble: Callable[[str], None]
    _broken: bool = False

    def __call__(self, report: CallReport) -> None:
        """Notes what became of a write."""
        if self._broken:
            return
        now = datetime.fromtimestamp(self.clock.now(), timezone.utc)
        line = {
            "time": now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            **self.who,
            "cloud": report.vendor,
            "action": report.action,
            "subject": report.subject,
            "outcome": report.outcome,
            "code": report.code,
            "request_id": report.request_id,
        }
        try:
            self._append(json.dumps(line) + "\n")
        except OSError as error:
            # What was sent was sent: a full disk must not turn it into a failure that hides it.
            self._broken = True
            self.trouble(f"The audit trail '{self.path}' cannot be written: {error.strerror}")

    def _append(self, line: str) -> None:
        make_private_folder(os.path.dirname(self.path))
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            # One write at the end of the file: lines of several processes never mix.
            os.write(descriptor, line.encode("ascii"))
        finally:
            os.close(descriptor)
