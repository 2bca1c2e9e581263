# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The domain: DNS records and the service that keeps them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

__all__ = ["DnsRecord", "DnsService", "Zone"]


@dataclass(frozen=True)
class Zone:
    """A zone hosted in the account. id is the vendor's, for calls that want it."""

    name: str
    id: str | None = None


@dataclass(frozen=True)
class DnsRecord:
    """One value at one name. name is absolute, lower case, A-labels, without a final dot; ttl in seconds."""

    zone: str
    name: str
    type: str
    value: str
    ttl: int | None = None
    id: str | None = None

    def to_result(self) -> dict[str, Any]:
        """The shape of ``record`` in results."""
        return vars(self).copy()


class DnsService(Protocol):
    """A vendor's DNS, as far as validation records need it. Every method may raise CertwrightError."""

    def zones(self) -> list[Zone]:
        """All zones hosted in the account; paging is done here."""

    def records(self, zone: Zone, name: str, record_type: str) -> list[DnsRecord]:
        """The records of exactly this name and type; an empty list where there are none."""

    def create(self, zone: Zone, record: DnsRecord) -> DnsRecord:
        """Adds one value and returns it with its id. An identical record counts as created."""

    def delete(self, zone: Zone, record: DnsRecord) -> None:
        """Removes the record with this id. One that is gone already counts as removed."""
