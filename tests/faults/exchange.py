# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One request: what became of it, and what is to happen to it."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ansible_collections.certwright.cloud.plugins.module_utils._http import HttpResponse, TransportError

__all__ = ["AFTER", "BEFORE", "Exchange", "Killed", "Trap"]


@dataclass(frozen=True)
class Exchange:
    """One request and what became of it, as both ends know it.

    Arguments:
        step: what the run was doing.
        entry: the cloud's journal of it; None where the request never got there.
        answer: what the client got, None where it got nothing.
        failure: why it got nothing.
    """

    step: str
    action: str
    at: float
    entry: dict[str, Any] | None
    answer: HttpResponse | None = None
    failure: TransportError | None = None

    @functools.cached_property
    def fields(self) -> dict[str, Any] | None:
        """The fields of an answer of the cloud's; None where no such answer came."""
        try:
            data = json.loads(self.answer.body) if self.answer else None
        except ValueError:
            return None
        data = data.get("Response", data) if isinstance(data, dict) else None
        return data if isinstance(data, dict) and "RequestId" in data else None

    @property
    def code(self) -> str | None:
        """The cloud's error code, if it gave one."""
        fields = self.fields or {}
        code = (fields.get("Error") or fields).get("Code")
        return None if code is None else str(code)

    @property
    def ran(self) -> bool:
        """Whether the cloud carried the request out or would have: its gateway let it pass."""
        if self.entry is None or self.entry["outcome"] == "error":
            return False
        fault = self.entry["fault"] or {"kind": "", "when": "after"}
        return fault["kind"] != "throttle" and (fault["when"] == "after" or fault["kind"] == "slow")


BEFORE, AFTER = "before", "after"


class Killed(BaseException):
    """Ends a run as a kill does: nobody below catches it, and nobody cleans up behind it."""


@dataclass
class Trap:
    """What happens to one request of a run, the position-th.

    Arguments:
        spring: makes it happen, right before the cloud gets the request; it may raise TransportError.
        kills: when the run is killed, if it is: BEFORE or AFTER the cloud has answered.
    """

    position: int
    spring: Callable[[], None]
    kills: str | None = None
    sprung: bool = False
