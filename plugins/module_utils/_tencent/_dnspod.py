# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""DNSPod: zones and records of Tencent Cloud's DNS (dnspod, 2021-03-23; reference: Tencent, 5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from ansible_collections.certwright.cloud.plugins.module_utils._client import Answer, ApiCall, ApiClient
from ansible_collections.certwright.cloud.plugins.module_utils._dns import DnsRecord, Zone
from ansible_collections.certwright.cloud.plugins.module_utils._domains import normalise, relative_name
from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError, ErrorKind
from ansible_collections.certwright.cloud.plugins.module_utils._module._use_case import Context
from ansible_collections.certwright.cloud.plugins.module_utils._paging import pages
from ansible_collections.certwright.cloud.plugins.module_utils._retry import CallClass
from ansible_collections.certwright.cloud.plugins.module_utils._tencent._answers import number, parts, text, understood
from ansible_collections.certwright.cloud.plugins.module_utils._tencent._options import build_client

__all__ = ["DnsPod", "build_dns"]

_PRODUCT, _VERSION = "dnspod", "2021-03-23"
# Calls a second; one page says 500 for CreateRecord, another nothing (reference: Tencent, 5.3).
_RATE = 20.0
ZONES = ApiCall(_PRODUCT, _VERSION, "DescribeDomainList", CallClass.READ, rate=_RATE)
RECORDS = ApiCall(_PRODUCT, _VERSION, "DescribeRecordList", CallClass.READ, rate=_RATE)
CREATE = ApiCall(_PRODUCT, _VERSION, "CreateRecord", CallClass.REPEATABLE, ("Domain", "SubDomain"), _RATE)
DELETE = ApiCall(_PRODUCT, _VERSION, "DeleteRecord", CallClass.REPEATABLE, ("Domain", "RecordId"), _RATE)

_PAGE = 3000
# The default line: its number is the same on both sites, its name is not (reference: Tencent, 5.1).
_LINE_ID = "0"
_LINE_NAMES = {"intl": "Default", "china": "默认"}

_EMPTY = "ResourceNotFound.NoDataOfRecord"
_EXISTS = "InvalidParameter.DomainRecordExist"
_GONE = "InvalidParameter.RecordIdInvalid"


def build_dns(params: Mapping[str, Any], context: Context) -> DnsPod:
    """DNSPod in the account that the options name; nothing is sent. Raises CertwrightError."""
    return DnsPod(build_client(params, context), params["site"])


class DnsPod:
    """See DnsService. Only records of the default line that are switched on count; it is what everybody is served.

    Arguments:
        client: calls the API.
        site: decides the name of the default line.
    """

    def __init__(self, client: ApiClient, site: str) -> None:
        self._client = client
        self._line = _LINE_NAMES[site]

    def zones(self) -> list[Zone]:
        """See DnsService."""
        return list(self._all_zones())

    def records(self, zone: Zone, name: str, record_type: str) -> list[DnsRecord]:
        """See DnsService. A record is found up to 30 s after it was made (reference: Tencent, 5.5)."""
        return [record for record, enabled in self._all_records(zone, name, record_type) if enabled]

    def create(self, zone: Zone, record: DnsRecord) -> DnsRecord:
        """See DnsService. Raises CertwrightError (conflict) where the same record exists but is switched off."""
        params = {
            **_in(zone),
            "SubDomain": relative_name(record.name, zone.name),
            "RecordType": record.type,
            "RecordLine": self._line,
            "RecordLineId": _LINE_ID,
            "Value": record.value,
        }
        if record.ttl is not None:
            params["TTL"] = record.ttl
        try:
            answer = self._client.call(CREATE, params)
        except CertwrightError as error:
            if error.code != _EXISTS:
                raise
            return self._existing(zone, record, error)
        return replace(record, id=understood(CREATE, answer, lambda data: text(data, "RecordId")))

    def delete(self, zone: Zone, record: DnsRecord) -> None:
        """See DnsService."""
        try:
            self._client.call(DELETE, {**_in(zone), "RecordId": int(record.id or 0)})
        except CertwrightError as error:
            if error.code != _GONE:
                raise

    def _existing(self, zone: Zone, record: DnsRecord, refusal: CertwrightError) -> DnsRecord:
        for found, enabled in self._all_records(zone, record.name, record.type):
            if found.value != record.value:
                continue
            if enabled:
                return found
            raise CertwrightError(
                f"'{record.name}' has this {record.type} record already, but it is switched off",
                kind=ErrorKind.CONFLICT,
                code=refusal.code,
                detail=refusal.detail,
                request_id=refusal.request_id,
                hint="Enable or remove it in the cloud's console.",
            )
        # Made a moment ago and not listed yet.
        return record

    def _all_zones(self) -> Iterator[Zone]:
        known: set[str] = set()
        for page in pages(ZONES.action):
            answer = self._client.call(ZONES, {"Type": "ALL", "Offset": page * _PAGE, "Limit": _PAGE})
            rows = understood(ZONES, answer, lambda data: [_zone(row) for row in parts(data, "DomainList")])
            new = {zone.name: zone for zone in rows if zone is not None and zone.name not in known}
            known.update(new)
            yield from new.values()
            if not new or len(rows) < _PAGE:
                return

    def _all_records(self, zone: Zone, name: str, record_type: str) -> Iterator[tuple[DnsRecord, bool]]:
        label = relative_name(name, zone.name)
        wanted = {**_in(zone), "Subdomain": label, "RecordType": record_type, "Limit": _PAGE}
        for page in pages(RECORDS.action):
            answer = self._page({**wanted, "Offset": page * _PAGE})
            if answer is None:
                return
            rows = understood(RECORDS, answer, lambda data: [_row(row) for row in parts(data, "RecordList")])
            # Filtered again here: what is deleted later must be exactly what was asked for.
            exact = (row for row in rows if row["name"] == label and row["type"] == record_type and row["default_line"])
            yield from ((_record(row, zone, name), row["enabled"]) for row in exact)
            if len(rows) < _PAGE:
                return

    def _page(self, params: Mapping[str, Any]) -> Answer | None:
        try:
            return self._client.call(RECORDS, params)
        except CertwrightError as error:
            # An empty result is an error here (reference: Tencent, 5.2).
            if error.code == _EMPTY:
                return None
            raise


def _in(zone: Zone) -> dict[str, Any]:
    """The zone as every call wants it: the name always, the number where it is known, which then decides."""
    return {"Domain": zone.name, **({"DomainId": int(zone.id)} if zone.id else {})}


def _zone(row: Mapping[str, Any]) -> Zone | None:
    name, zone_id = text(row, "Punycode") or text(row, "Name"), number(row, "DomainId")
    return Zone(normalise(name), None if zone_id is None else str(zone_id)) if name else None


def _row(row: Mapping[str, Any]) -> dict[str, Any]:
    line_id, line = text(row, "LineId"), text(row, "Line")
    record_id = number(row, "RecordId")
    return {
        "id": None if record_id is None else str(record_id),
        "name": normalise(text(row, "Name") or "@"),
        "type": (text(row, "Type") or "").upper(),
        "value": text(row, "Value") or "",
        "ttl": number(row, "TTL"),
        "enabled": (text(row, "Status") or "ENABLE").upper() == "ENABLE",
        "default_line": line_id == _LINE_ID or (line_id is None and line in (None, *_LINE_NAMES.values())),
    }


def _record(row: Mapping[str, Any], zone: Zone, name: str) -> DnsRecord:
    value = normalise(row["value"]) if row["type"] == "CNAME" else row["value"]
    return DnsRecord(zone.name, name, row["type"], value, row["ttl"], row["id"])
