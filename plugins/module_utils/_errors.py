# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one error family: everything below the module runner raises it, nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ansible_collections.certwright.cloud.plugins.module_utils._orders import Order

__all__ = ["CertwrightError", "ErrorKind", "InvalidInput"]


class ErrorKind(str, Enum):
    """What a caller can branch on; the vendor's code says the rest."""

    INVALID_INPUT = "invalid_input"
    AUTH = "auth"
    PERMISSION = "permission"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    QUOTA = "quota"
    THROTTLED = "throttled"
    REJECTED = "rejected"
    NETWORK = "network"
    SERVER = "server"
    OUTCOME_UNKNOWN = "outcome_unknown"
    TIMEOUT = "timeout"


class CertwrightError(Exception):
    """A failure that a user is to read.

    Arguments:
        message: what happened and to which order, record or host; one sentence without a final full stop.
        kind: see ErrorKind.
        code, detail: the cloud's own code and message, where it gave one.
        request_id: the cloud's id of the failed call.
        http_status: of the failed call, for information only (both clouds mislead with it).
        hint: what to do now; whole sentences.
        ambiguous: True where the call may have been carried out although no usable answer came.

    ``order`` and ``changed`` are filled in by whoever knows them while the error travels up, and ``retry_after``, the
    seconds that the cloud asks to wait before the next attempt, by the client.
    """

    def __init__(
        self,
        message: str,
        *,
        kind: ErrorKind,
        code: str | None = None,
        detail: str | None = None,
        request_id: str | None = None,
        http_status: int | None = None,
        hint: str | None = None,
        ambiguous: bool = False,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.kind = kind
        self.code = code
        self.detail = detail
        self.request_id = request_id
        self.http_status = http_status
        self.hint = hint
        self.ambiguous = ambiguous
        self.order: Order | None = None
        self.changed = False
        self.retry_after: float | None = None

    def left_open(self, message: str, hint: str) -> CertwrightError:
        """The failure of a write of which nobody can say whether it was carried out, with what the cloud said of it."""
        unknown = CertwrightError(
            message,
            kind=ErrorKind.OUTCOME_UNKNOWN,
            code=self.code,
            detail=self.detail,
            request_id=self.request_id,
            http_status=self.http_status,
            hint=hint,
        )
        unknown.order, unknown.changed = self.order, self.changed
        return unknown

    @property
    def text(self) -> str:
        """The whole message for a person: what happened, what the cloud said, what to do."""
        said = ": ".join(part for part in (self.code, (self.detail or "").rstrip(" .")) if part)
        # Whose refusal is ours looks for the cause in the options, not in the cloud's logs; error.request_id has it.
        clouds = bool(self.code or self.http_status or self.kind is ErrorKind.SERVER)
        facts = "; ".join(
            part for part in (said, clouds and self.request_id and f"request id {self.request_id}") if part
        )
        text = f"{self.message} ({facts})." if facts else f"{self.message}."
        return f"{text} {self.hint}" if self.hint else text

    def to_result(self) -> dict[str, Any]:
        """The keys of a failed result: msg, error, changed and, where known, order."""
        result: dict[str, Any] = {
            "msg": self.text,
            "changed": self.changed,
            "error": {
                "kind": self.kind.value,
                "code": self.code,
                "message": self.detail or self.message,
                "request_id": self.request_id,
                "http_status": self.http_status,
                "hint": self.hint,
            },
        }
        if self.order is not None:
            result["order"] = self.order.to_result()
        return result


class InvalidInput(CertwrightError):
    """Wrong options, found before anything was sent. All faults are said at once.

    Arguments:
        faults: one sentence each without a final full stop, naming option, fault and fix.
    """

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("; ".join(faults), kind=ErrorKind.INVALID_INPUT, hint="Nothing was sent.")
        self.faults = tuple(faults)
