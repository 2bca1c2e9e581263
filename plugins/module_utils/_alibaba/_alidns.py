# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""DNS records in Alidns, version 2015-01-09 (reference: Alibaba, 5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from ansible_collections.certwright.cloud.plugins.module_utils._alibaba._dialect import ALIDNS
from ansible_collections.certwright.cloud.plugins.module_utils._alibaba._fields import Fields
from ansible_collections.certwright.cloud.plugins.module_utils._alibaba._options import build_client
from ansible_collections.certwright.cloud.plugins.module_utils._client import ApiCall, ApiClient
from ansible_collections.certwright.cloud.plugins.module_utils._dns import DnsRecord, Zone
from ansible_collections.certwright.cloud.plugins.module_utils._domains import normalise, relative_name
from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError, ErrorKind
from ansible_collections.certwright.cloud.plugins.module_utils._module._use_case import Context
from ansible_collections.certwright.cloud.plugins.module_utils._paging import pages
from ansible_collections.certwright.cloud.plugins.module_utils._retry import CallClass

__all__ = ["Alidns", "build_dns"]

_VERSION = "2015-01-09"
# Calls a second where they are documented (reference: Alibaba, 5.2).
_RATE_RECORDS, _RATE_WRITES = 300.0, 60.0
ZONES = ApiCall(ALIDNS, _VERSION, "DescribeDomains", CallClass.READ)
RECORDS = ApiCall(ALIDNS, _VERSION, "DescribeSubDomainRecords", CallClass.READ, rate=_RATE_RECORDS)
# An identical record is not added twice and a deleted one stays deleted, so both may be repeated after reading.
ADD = ApiCall(ALIDNS, _VERSION, "AddDomainRecord", CallClass.REPEATABLE, ("DomainName", "RR"), _RATE_WRITES)
DELETE = ApiCall(ALIDNS, _VERSION, "DeleteDomainRecord", CallClass.REPEATABLE, ("RecordId",), _RATE_WRITES)

# The most that both lists take (reference: Alibaba, 5.1).
_PAGE_SIZE = 100
# The line that answers everybody who has no line of their own.
_LINE = "default"


def build_dns(params: Mapping[str, Any], context: Context) -> Alidns:
    """The DNS service from a module's options; nothing is sent. Raises CertwrightError."""
    return Alidns(build_client(params, context))


class Alidns:
    """See DnsService. Zone.id is the zone as Alidns names it, which is not always in A-labels."""

    def __init__(self, client: ApiClient) -> None:
        self._client = client

    def zones(self) -> list[Zone]:
        """See DnsService."""
        found = []
        for item in self._items(ZONES, {}, "Domains", "Domain"):
            name = item.text("DomainName") or item.text("PunyCode")
            if name:
                found.append(Zone(normalise(item.text("PunyCode") or name), name))
        return found

    def records(self, zone: Zone, name: str, record_type: str) -> list[DnsRecord]:
        """See DnsService. Records that are switched off or answer only some askers do not count."""
        return [record for record, served in self._at(zone, name, record_type) if served]

    def create(self, zone: Zone, record: DnsRecord) -> DnsRecord:
        """See DnsService."""
        params = {
            "DomainName": zone.id or zone.name,
            "RR": relative_name(record.name, zone.name),
            "Type": record.type,
            "Value": record.value,
            "TTL": record.ttl,
            "Line": _LINE,
        }
        try:
            answer = self._client.call(ADD, params)
        except CertwrightError as error:
            if error.code != "DomainRecordDuplicate":
                error.message = f"Record '{record.name}': {error.message}"
                raise
            return self._duplicate(zone, record, error)
        return replace(record, id=Fields.of(ADD, answer).text("RecordId"))

    def delete(self, zone: Zone, record: DnsRecord) -> None:
        """See DnsService."""
        try:
            self._client.call(DELETE, {"RecordId": record.id})
        except CertwrightError as error:
            if error.kind is not ErrorKind.NOT_FOUND:
                error.message = f"Record '{record.name}': {error.message}"
                raise

    def _duplicate(self, zone: Zone, record: DnsRecord, error: CertwrightError) -> DnsRecord:
        """The identical record that is there already, unless it is switched off."""
        for present, served in self._at(zone, record.name, record.type):
            if present.value.strip('"') == record.value:
                if served:
                    return present
                error.message = f"Record '{record.name}': it exists with this value, but is switched off"
                error.hint = "Enable or remove it in the cloud's console."
                raise error
        return record

    def _at(self, zone: Zone, name: str, record_type: str) -> Iterator[tuple[DnsRecord, bool]]:
        """The records of exactly this name and type on the default line, each with whether it is switched on."""
        params = {"SubDomain": name, "DomainName": zone.id or zone.name, "Type": record_type}
        for item in self._items(RECORDS, params, "DomainRecords", "Record"):
            # The answer is filtered again, because other searches of this API match parts of names, too.
            relative = normalise(item.text("RR") or "@")
            line, status = item.text("Line") or _LINE, item.text("Status") or ""
            fits = relative == relative_name(name, zone.name) and (item.text("Type") or "").upper() == record_type
            if fits and line == _LINE:
                value = item.text("Value") or ""
                record = DnsRecord(zone.name, name, record_type, value, item.number("TTL"), item.text("RecordId"))
                yield record, status.upper() != "DISABLE"

    def _items(self, call: ApiCall, params: Mapping[str, Any], *path: str) -> Iterator[Fields]:
        """The items of all pages."""
        count = 0
        for number in pages(call.action):
            asked = {**params, "PageNumber": number + 1, "PageSize": _PAGE_SIZE}
            page = Fields.of(call, self._client.call(call, asked))
            items, total = page.objects(*path), page.number("TotalCount")
            yield from items
            count += len(items)
            complete = len(items) < _PAGE_SIZE if total is None else count >= total
            if complete or not items:
                return
