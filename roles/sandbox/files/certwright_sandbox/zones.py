# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The DNS zones kept in the sandbox and their records; DNSPod, Alidns and the DNS server all look here."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from certwright_sandbox.store import Store

__all__ = ["DNS_SERVICES", "Record", "Zone", "Zones", "absolute_name"]

DNS_SERVICES = ("dnspod", "alidns")
_LABEL = re.compile(r"[a-z0-9_-]{1,63}")


def absolute_name(name: str, zone: str) -> str:
    """The absolute name of a relative one (``@`` or empty for the apex), lower case, without a final dot."""
    zone = zone.lower().strip(".")
    return zone if name in ("", "@") else f"{name.lower()}.{zone}"


@dataclass
class Zone:
    """One hosted zone. ``seq`` is its number, ``dns`` the service that hosts it, ``owner`` the account's key id."""

    seq: int
    name: str
    dns: str
    owner: str
    created_at: float = 0.0


@dataclass
class Record:
    """One record. ``name`` is relative to the zone (``@`` for the apex), ``value`` as the customer gave it."""

    id: str
    zone: str
    name: str
    type: str
    value: str
    ttl: int
    line: str = "default"
    status: str = "ENABLE"
    created_at: float = 0.0
    updated_at: float = 0.0
    extra: dict[str, Any] = field(default_factory=dict)


class Zones:
    """Zones and records. ``changed(zone)`` is called after every stored change of a zone's records."""

    def __init__(self, store: Store, now: Callable[[], float]) -> None:
        """Args: store: where they are kept; now: business time, Unix seconds."""
        self._store = store
        self._now = now
        self.changed: Callable[[str], None] = lambda zone: None

    def add(self, name: str, dns: str, owner: str) -> Zone:
        """Host one more zone.

        Raises:
            ValueError: the zone is there already, or the service is unknown.
        """
        name = name.lower().strip(".")
        if dns not in DNS_SERVICES:
            raise ValueError(f"'dns' must be one of {', '.join(DNS_SERVICES)}, not '{dns}'")
        if not all(_LABEL.fullmatch(label) for label in name.split(".")) or len(name) > 253:
            raise ValueError(f"'{name}' is not a zone name")
        with self._store.transaction():
            if self.get(name) is not None:
                raise ValueError(f"the zone '{name}' is already there")
            body = json.dumps({"created_at": self._now()})
            self._store.write("INSERT INTO zones (name, dns, owner, body) VALUES (?, ?, ?, ?)", name, dns, owner, body)
        zone = self.get(name)
        assert zone is not None
        return zone

    def get(self, name: str) -> Zone | None:
        """The zone of that name, None when it is not hosted here."""
        found = [zone for zone in self.list() if zone.name == name.lower().strip(".")]
        return found[0] if found else None

    def list(self, dns: str | None = None, owner: str | None = None) -> Sequence[Zone]:
        """All zones, oldest first, of one service or account when given."""
        rows = self._store.rows("SELECT seq, name, dns, owner, body FROM zones ORDER BY seq")
        zones = [Zone(seq, name, kind, who, **json.loads(body)) for seq, name, kind, who, body in rows]
        return [zone for zone in zones if dns in (None, zone.dns) and owner in (None, zone.owner)]

    def find(self, fqdn: str) -> Zone | None:
        """The zone with the longest name that the name lies in."""
        fqdn = fqdn.lower().strip(".")
        fitting = [zone for zone in self.list() if fqdn == zone.name or fqdn.endswith("." + zone.name)]
        return max(fitting, key=lambda zone: len(zone.name), default=None)

    def records(self, zone: str) -> Sequence[Record]:
        """All records of a zone, oldest first (the NS records every zone has are not among them)."""
        rows = self._store.rows("SELECT body FROM records WHERE zone = ? ORDER BY seq", zone)
        return [Record(**json.loads(body)) for (body,) in rows]

    def record(self, record_id: str) -> Record | None:
        """One record by its id."""
        found = self._store.row("SELECT body FROM records WHERE id = ?", record_id)
        return Record(**json.loads(found[0])) if found else None

    def full_name(self, record_id: str) -> str | None:
        """The absolute name of a record, None when it is not there."""
        record = self.record(record_id)
        return record and absolute_name(record.name, record.zone)

    def add_record(
        self,
        zone: Zone,
        name: str,
        kind: str,
        value: str,
        ttl: int,
        *,
        line: str = "default",
        status: str = "ENABLE",
        **extra: Any,
    ) -> Record:
        """Add a record without asking whether it fits: that is the rule of each DNS service.

        Args:
            zone: where to; ``name`` is relative to it, ``@`` or "" for the apex.
            ttl: seconds.
            status: ENABLE, or DISABLE for a record that is kept but not served.
            extra: whatever only the DNS service's file needs.
        """
        now = self._now()
        # Alidns ids exceed 2^53 (Alibaba reference 7.8); DNSPod's are ordinary integers.
        number = secrets.randbelow(10**17) + 9 * 10**17 if zone.dns == "alidns" else secrets.randbelow(10**9) + 10**9
        record = Record(str(number), zone.name, name.lower() or "@", kind.upper(), value, ttl, line, status, now, now)
        record.extra = extra
        body = json.dumps(asdict(record))
        with self._store.transaction():
            self._store.write("INSERT INTO records (id, zone, body) VALUES (?, ?, ?)", record.id, zone.name, body)
            self._store.after_commit(lambda: self.changed(zone.name))
        return record

    def update_record(self, record_id: str, **changes: Any) -> Record | None:
        """Change fields of a record without asking whether they fit; None when it is not there.

        Args:
            changes: fields of :class:`Record` by name (name in lower case, type in upper case).
        """
        with self._store.transaction():
            record = self.record(record_id)
            if record is None:
                return None
            record = replace(record, **changes, updated_at=self._now())
            self._store.write("UPDATE records SET body = ? WHERE id = ?", json.dumps(asdict(record)), record_id)
            zone = record.zone
            self._store.after_commit(lambda: self.changed(zone))
        return record

    def delete_record(self, record_id: str) -> bool:
        """Remove a record; says whether it was there."""
        with self._store.transaction():
            record = self.record(record_id)
            if record is None:
                return False
            self._store.write("DELETE FROM records WHERE id = ?", record_id)
            zone = record.zone
            self._store.after_commit(lambda: self.changed(zone))
        return True

    def dns_records(self, zone: str) -> Sequence[tuple[str, str, str, int]]:
        """What the DNS server serves for a zone: (relative name, type, value, ttl) of each enabled record."""
        return [(r.name, r.type, r.value, r.ttl) for r in self.records(zone) if r.status == "ENABLE"]

    def names(self) -> Sequence[str]:
        """The names of all hosted zones."""
        return [zone.name for zone in self.list()]
