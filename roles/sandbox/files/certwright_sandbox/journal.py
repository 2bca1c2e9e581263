# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The journal: every call that reached the sandbox, and every look-up of its CA."""

from __future__ import annotations

import json
from typing import Any

from certwright_sandbox.clock import Clock, iso
from certwright_sandbox.store import Store

__all__ = ["Journal", "redact"]

_SECRET_WORDS = ("password", "secret", "token", "signature")
_SECRET_NAMES = ("key", "keypass", "privatekey", "encryptprivatekey", "certificateprivatekey", "authorization")


def redact(value: Any, name: str = "") -> Any:
    """A copy of request parameters in which secrets are masked by ``***`` (types and everything else stay).

    Args:
        value: parsed parameters: JSON values of any depth.
        name: the parameter's name at this depth.
    """
    if isinstance(value, dict):
        return {key: redact(item, str(key)) for key, item in value.items()}
    if isinstance(value, list):
        return [redact(item, name) for item in value]
    lower = name.lower()
    secret = lower in _SECRET_NAMES or any(word in lower for word in _SECRET_WORDS)
    return "***" if secret and isinstance(value, str) and value else value


class Journal:
    """Entries in the order in which they happened, numbered by ``seq`` without reuse."""

    def __init__(self, store: Store, clock: Clock) -> None:
        """Args: store: where entries are kept; clock: gives ``at`` (real time)."""
        self._store = store
        self._clock = clock

    def add(
        self,
        cloud: str,
        action: str | None,
        *,
        version: str | None = None,
        order_id: str | None = None,
        outcome: str = "ok",
        effective: bool = False,
        error_code: str | None = None,
        fault: dict[str, Any] | None = None,
        user_agent: str | None = None,
        request: Any = None,
    ) -> int:
        """Write one entry (inside the caller's transaction, if there is one).

        Args:
            cloud: tencent, alibaba, or ca for the CA's own look-ups.
            action: the API action, None when the request named none.
            outcome: ok, error or fault.
            fault: ``{kind, when}`` of an injected fault.
            request: the parameters; secrets in it are masked here.

        Returns:
            The entry's ``seq``.
        """
        entry = {
            "at": iso(self._clock.real()),
            "cloud": cloud,
            "action": action,
            "version": version,
            "order_id": order_id,
            "outcome": outcome,
            "effective": effective,
            "error_code": error_code,
            "fault": fault,
            "user_agent": user_agent,
            "request": redact(request),
        }
        return self._store.write("INSERT INTO journal (body) VALUES (?)", json.dumps(entry, ensure_ascii=False))

    def entries(self, since: int = 0) -> list[dict[str, Any]]:
        """All entries whose ``seq`` is greater than ``since``."""
        rows = self._store.rows("SELECT seq, body FROM journal WHERE seq > ? ORDER BY seq", since)
        return [{"seq": seq, **json.loads(body)} for seq, body in rows]

    def clear(self) -> None:
        """Forget all entries; numbers go on from where they were."""
        self._store.clear(("journal",))
