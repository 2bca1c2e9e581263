# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Injected faults: what goes wrong, for which call, how often."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from certwright_sandbox.messages import Response
from certwright_sandbox.store import Store

__all__ = ["API_KINDS", "DNS_KINDS", "Fault", "Faults", "spoil"]

API_KINDS = ("drop", "reset", "timeout", "slow", "http", "empty", "not_json", "truncated", "error", "throttle")
DNS_KINDS = ("servfail", "refused", "timeout", "stale", "nxdomain")
_CLOUDS = ("tencent", "alibaba", "dns")
_HTML = "<html><head><title>{0}</title></head><body><center><h1>{0}</h1></center></body></html>\n"
_TIMEOUT_SECONDS = 600.0
_SLOW_SECONDS = 5.0


@dataclass
class Fault:
    """One fault. Filters that are None fit everything; ``left`` counts down from ``times`` (None: until deleted).

    ``name`` is the name of the DNS record that a call names, or a domain above it; a call that names none (a list of
    zones, all of a certificate API) does not meet such a fault. For cloud ``dns`` it is the queried name, and
    ``action`` the query type.
    """

    cloud: str | None = None
    action: str | None = None
    order_id: str | None = None
    name: str | None = None
    kind: str = "drop"
    when: str = "before"
    skip: int = 0
    times: int = 1
    seconds: float | None = None
    status: int | None = None
    body: str | None = None
    code: str | None = None
    retry_after: float | None = None
    id: int = 0
    left: int | None = None

    def label(self) -> dict[str, Any]:
        """How the journal names the fault."""
        return {"kind": self.kind, "when": self.when}


_TYPES: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(("cloud", "action", "order_id", "name", "kind", "when", "body", "code"), (str,)),
    **dict.fromkeys(("skip", "times", "status"), (int,)),
    **dict.fromkeys(("seconds", "retry_after"), (int, float)),
}


def parse_fault(body: dict[str, Any]) -> Fault:
    """Read a fault as the control interface gets it.

    Raises:
        ValueError: an unknown field, or a value that does not fit; the text names all of them.
    """
    problems = [f"'{name}' is not a field (known: {', '.join(_TYPES)})" for name in body if name not in _TYPES]
    given = {name: value for name, value in body.items() if name in _TYPES and value is not None}
    for name, value in given.items():
        if not isinstance(value, _TYPES[name]) or isinstance(value, bool):
            problems.append(f"'{name}' has the wrong type")
        elif isinstance(value, (int, float)) and value < 0:
            problems.append(f"'{name}' must not be negative")
    if given.get("cloud") not in (None, *_CLOUDS):
        problems.append(f"'cloud' must be one of {', '.join(_CLOUDS)}")
    kinds = DNS_KINDS if given.get("cloud") == "dns" else API_KINDS
    if given.get("kind") not in kinds:
        problems.append(f"'kind' must be one of {', '.join(kinds)}")
    if given.get("when", "before") not in ("before", "after"):
        problems.append("'when' must be before or after")
    if problems:
        raise ValueError("; ".join(problems))
    fault = Fault(**given)
    fault.left = fault.times or None
    return fault


class Faults:
    """The faults in force, oldest first; kept in the store, so a restart does not heal anything."""

    def __init__(self, store: Store) -> None:
        """Args: store: where faults are kept."""
        self._store = store
        self.reload()

    def reload(self) -> None:
        """Read the faults from the store."""
        rows = self._store.rows("SELECT id, body FROM faults ORDER BY id")
        self._faults = [Fault(**{**json.loads(body), "id": number}) for number, body in rows]

    def add(self, body: dict[str, Any]) -> Fault:
        """Put a fault in force.

        Raises:
            ValueError: see :func:`parse_fault`.
        """
        fault = parse_fault(body)
        with self._store.transaction():
            fault.id = self._store.write("INSERT INTO faults (body) VALUES (?)", json.dumps(asdict(fault)))
            self._faults.append(fault)
        return fault

    def list(self) -> list[dict[str, Any]]:
        """All faults in force."""
        with self._store.transaction():
            return [asdict(fault) for fault in self._faults]

    def clear(self) -> None:
        """Delete all faults."""
        with self._store.transaction():
            self._store.clear(("faults",))
            self._faults.clear()

    def take(
        self, cloud: str, action: str | None, order_id: str | None, record_name: Callable[[], str | None]
    ) -> Fault | None:
        """The fault that this call meets, counted as used.

        Args:
            record_name: the full name of the DNS record that the call names; asked for only where a fault wants it.
        """

        def named(fault: Fault) -> bool:
            name = fault.name and record_name()
            return not fault.name or (bool(name) and _covers(fault.name, str(name)))

        return self._take(lambda f: f.cloud in (None, cloud) and self._fits(f, action, order_id) and named(f))

    def take_dns(self, qname: str, qtype: str) -> str | None:
        """The kind of fault that this DNS query meets, counted as used."""
        if not self._faults:
            return None
        name = qname.lower().rstrip(".")
        found = self._take(lambda f: f.cloud == "dns" and f.action in (None, qtype) and _covers(f.name, name))
        return found.kind if found else None

    @staticmethod
    def _fits(fault: Fault, action: str | None, order_id: str | None) -> bool:
        return fault.action in (None, action) and fault.order_id in (None, order_id)

    def _take(self, fits: Callable[[Fault], bool]) -> Fault | None:
        with self._store.transaction():
            for fault in self._faults:
                if not fits(fault):
                    continue
                if fault.skip > 0:
                    fault.skip -= 1
                    self._save(fault)
                    continue
                if fault.left is not None:
                    fault.left -= 1
                    self._save(fault)
                return fault
        return None

    def _save(self, fault: Fault) -> None:
        if fault.left == 0:
            self._faults.remove(fault)
            self._store.write("DELETE FROM faults WHERE id = ?", fault.id)
        else:
            self._store.write("UPDATE faults SET body = ? WHERE id = ?", json.dumps(asdict(fault)), fault.id)


def _covers(domain: str | None, name: str) -> bool:
    domain = domain.lower().strip(".") if domain else None
    return domain is None or name == domain or name.endswith("." + domain)


def spoil(fault: Fault, answer: Response) -> Response:
    """What the client gets in place of an answer.

    Args:
        fault: of a kind that spoils delivery (not ``error`` or ``throttle``, which the vendor's gateway words).
        answer: the true answer, or one made up when the call was not run.
    """
    if fault.kind in ("drop", "reset"):
        return Response(hang_up=fault.kind)
    if fault.kind == "timeout":
        return Response(hold=_TIMEOUT_SECONDS if fault.seconds is None else fault.seconds)
    if fault.kind == "slow":
        answer.delay = _SLOW_SECONDS if fault.seconds is None else fault.seconds
        return answer
    if fault.kind == "truncated":
        answer.cut = len(answer.body) // 2
        return answer
    status = fault.status or (502 if fault.kind == "http" else 200)
    if fault.kind == "empty":
        return Response(status, b"", answer.content_type)
    body = fault.body if fault.body is not None else _HTML.format(f"{status} from a proxy")
    headers = {} if fault.retry_after is None else {"Retry-After": f"{fault.retry_after:g}"}
    return Response(status, body.encode(), "text/html", headers)
