# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Alibaba's DNS service Alidns, version 2015-01-09: records of the hosted zones (Alibaba reference 5 and 7.8)."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from certwright_sandbox.alibaba_api import Action, Actions, error, integer, invalid_parameter, page, text
from certwright_sandbox.gateway import Call
from certwright_sandbox.zones import Record, Zone, Zones, absolute_name

if TYPE_CHECKING:
    from certwright_sandbox.app import App

__all__ = ["VERSION", "actions", "record_name"]

VERSION = "2015-01-09"
SERVICE = "alidns"
#: The free edition's range of a TTL in seconds (reference 5.2).
LEAST_TTL, MOST_TTL = 600, 86400
AVAILABLE_TTLS = (600, 1800, 3600, 43200, 86400)
MOST_RECORDS = 90
TYPES = ("A", "AAAA", "CAA", "CNAME", "FORWARD_URL", "MX", "NS", "REDIRECT_URL", "SRV", "TXT")
LINES = ("default", "telecom", "unicom", "mobile", "oversea", "edu", "drpeng", "btvn")
LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?|[*@]")
NAME_SERVERS = ["ns1.alidns.com", "ns2.alidns.com"]


def actions(app: App) -> Actions:
    """The actions of this version, with the limits of reference 5.2."""
    service = _Alidns(app)
    return {
        (VERSION, "AddDomainRecord"): Action(service.add, 60, ("DomainName", "RR", "Type", "Value"), writes=True),
        (VERSION, "UpdateDomainRecord"): Action(service.update, 60, ("RecordId", "RR", "Type", "Value"), writes=True),
        (VERSION, "DeleteDomainRecord"): Action(service.delete, 60, ("RecordId",), writes=True),
        (VERSION, "DescribeDomainRecords"): Action(service.list_records, 100, ("DomainName",)),
        (VERSION, "DescribeSubDomainRecords"): Action(service.list_at_name, 300, ("SubDomain",)),
        (VERSION, "DescribeDomains"): Action(service.list_zones),
        (VERSION, "DescribeDomainInfo"): Action(service.describe_zone, None, ("DomainName",)),
    }


def record_name(call: Call, zones: Zones) -> str | None:
    """The full name of the record that a call names, by itself or by its id; None for a call that names none."""
    if text(call, "RecordId"):
        return zones.full_name(text(call, "RecordId"))
    if text(call, "RR"):
        return absolute_name(text(call, "RR"), text(call, "DomainName"))
    return text(call, "SubDomain").lower().strip(".").removeprefix("@.") or None


class _Alidns:
    def __init__(self, app: App) -> None:
        self._zones = app.zones

    def add(self, call: Call) -> dict[str, Any]:
        """AddDomainRecord."""
        zone = self._zone(call, text(call, "DomainName"))
        wanted = _wanted(call)
        self._check_neighbours(wanted, self._zones.records(zone.name))
        record = self._zones.add_record(zone, wanted.rr, wanted.kind, wanted.value, wanted.ttl, line=wanted.line)
        call.effective = True
        return {"RecordId": record.id}

    def update(self, call: Call) -> dict[str, Any]:
        """UpdateDomainRecord: replaces the whole record; a TTL or line that is not named falls back to its default."""
        record = self._own_record(call)
        wanted = _wanted(call)
        before = (record.name, record.type, record.value, record.ttl, record.line)
        if before == (wanted.rr, wanted.kind, wanted.value, wanted.ttl, wanted.line):
            raise error("DomainRecordDuplicate", "The DNS record already exists.")
        others = [each for each in self._zones.records(record.zone) if each.id != record.id]
        self._check_neighbours(wanted, others)
        changes = {"name": wanted.rr, "type": wanted.kind, "value": wanted.value}
        self._zones.update_record(record.id, **changes, ttl=wanted.ttl, line=wanted.line)
        call.effective = True
        return {"RecordId": record.id}

    def delete(self, call: Call) -> dict[str, Any]:
        """DeleteDomainRecord."""
        record = self._own_record(call)
        call.effective = self._zones.delete_record(record.id)
        return {"RecordId": record.id}

    def list_records(self, call: Call) -> dict[str, Any]:
        """DescribeDomainRecords: RRKeyWord and ValueKeyWord are substrings unless a SearchMode says otherwise."""
        zone = self._zone(call, text(call, "DomainName"))
        fits = _search(call)
        found = [record for record in self._zones.records(zone.name) if fits(record)]
        if text(call, "Direction").upper() != "ASC":
            found.reverse()
        return _record_page(call, found, 500, stamped=True)

    def list_at_name(self, call: Call) -> dict[str, Any]:
        """DescribeSubDomainRecords: the records at exactly one name."""
        name = text(call, "SubDomain").lower().strip(".").removeprefix("@.")
        zone = self._zone(call, text(call, "DomainName") or self._hosting(call, name))
        rr = "@" if name == zone.name else name.removesuffix(f".{zone.name}")
        kind, line = text(call, "Type").upper(), text(call, "Line")
        records = [record for record in self._zones.records(zone.name) if record.name == rr]
        found = [each for each in records if kind in ("", each.type) and line in ("", each.line)]
        return _record_page(call, found, 100, stamped=False)

    def list_zones(self, call: Call) -> dict[str, Any]:
        """DescribeDomains."""
        word, exact = text(call, "KeyWord").lower(), text(call, "SearchMode").upper() == "EXACT"
        zones = [zone for zone in self._zones.list(dns=SERVICE) if self._is_own(call, zone)]
        found = [zone for zone in zones if (zone.name == word if exact and word else word in zone.name)]
        shown, counts = page(call, found, 100)
        return {"Domains": {"Domain": [self._zone_view(zone) for zone in shown]}, **counts}

    def describe_zone(self, call: Call) -> dict[str, Any]:
        """DescribeDomainInfo; NeedDetailAttributes adds the lines."""
        zone = self._zone(call, text(call, "DomainName"))
        detailed = text(call, "NeedDetailAttributes").lower() == "true"
        lines = [{"LineCode": line, "LineName": line, "LineDisplayName": line} for line in LINES]
        hosted = [each.name for each in self._zones.list(dns=SERVICE) if self._is_own(call, each)]
        view = self._zone_view(zone)
        return {
            **{name: view[name] for name in ("DomainId", "DomainName", "PunyCode", "VersionCode")},
            **{name: view[name] for name in ("AliDomain", "DnsServers")},
            "MinTtl": LEAST_TTL,
            "AvailableTtls": {"AvailableTtl": [str(ttl) for ttl in AVAILABLE_TTLS]},
            "SubDomain": any(zone.name.endswith(f".{name}") for name in hosted),
            "InBlackHole": False,
            "InClean": False,
            "SlaveDns": False,
            "RecordLines": {"RecordLine": lines} if detailed else None,
        }

    def _own_record(self, call: Call) -> Record:
        record = self._zones.record(text(call, "RecordId"))
        zone = self._zones.get(record.zone) if record else None
        if record is None or zone is None or not self._is_own(call, zone):
            raise error("DomainRecordNotBelongToUser", "The DNS record does not belong to you.")
        return record

    @staticmethod
    def _check_neighbours(wanted: _Wanted, others: Sequence[Record]) -> None:
        """Refuse a record that does not go with the other records of its zone (reference 5.2 and 5.3)."""
        at_name = [each for each in others if (each.name, each.line) == (wanted.rr, wanted.line)]
        alike = [each for each in at_name if each.type == wanted.kind]
        if any(each.value == wanted.value for each in alike):
            raise error("DomainRecordDuplicate", "The DNS record already exists.")
        if len(alike) < len(at_name) and "CNAME" in (wanted.kind, *(each.type for each in at_name)):
            raise error("DomainRecordConflict", "The DNS record conflicts with other records.")
        if len(alike) >= MOST_RECORDS:
            raise error("QuotaExceeded.Record", "The number of DNS records exceeds the limit.")

    def _zone_view(self, zone: Zone) -> dict[str, Any]:
        return {
            "DomainId": f"00efd71a-770e-4255-b54e-{zone.seq:012d}",
            "DomainName": zone.name,
            "PunyCode": zone.name,
            "VersionCode": "mianfei",
            "RecordCount": len(self._zones.records(zone.name)),
            "AliDomain": True,
            "DnsServers": {"DnsServer": NAME_SERVERS},
            "CreateTimestamp": int(zone.created_at * 1000),
        }

    def _is_own(self, call: Call, zone: Zone) -> bool:
        assert call.account is not None
        return (zone.dns, zone.owner) == (SERVICE, call.account.key_id)

    def _hosting(self, call: Call, name: str) -> str:
        """The longest own zone that a name lies in; without one, the name itself, to be refused as a zone."""
        own = [zone.name for zone in self._zones.list(dns=SERVICE) if self._is_own(call, zone)]
        return max((zone for zone in own if f".{name}".endswith(f".{zone}")), key=len, default=name)

    def _zone(self, call: Call, name: str) -> Zone:
        name = name.lower().strip(".")
        if "." not in name:
            raise error("InvalidDomainName.Format", "The format of the domain name is invalid.")
        zone = self._zones.get(name)
        if zone is None or zone.dns != SERVICE:
            raise error("InvalidDomainName.NoExist", "The specified domain name does not exist.")
        if not self._is_own(call, zone):
            raise error("IncorrectDomainUser", "The domain name belongs to another user.")
        return zone


@dataclass(frozen=True)
class _Wanted:
    """A record as a call describes it."""

    rr: str
    kind: str
    value: str
    ttl: int
    line: str


def _wanted(call: Call) -> _Wanted:
    """The record that a call describes; raises ApiError where Alidns refuses it."""
    rr, kind, value = text(call, "RR").lower(), text(call, "Type").upper(), text(call, "Value")
    wanted = _Wanted(rr, kind, value, integer(call, "TTL", LEAST_TTL), text(call, "Line") or "default")
    _check_record(wanted.rr, wanted.kind, wanted.value, wanted.ttl, wanted.line)
    return wanted


def _check_record(rr: str, kind: str, value: str, ttl: int, line: str) -> None:
    """Refuse what Alidns refuses (reference 5.3)."""
    if len(rr) > 200 or not all(LABEL.fullmatch(label) for label in rr.split(".")) or "*" in rr[1:] or "@" in rr[1:]:
        raise error("InvalidRR.Format", "The format of the host record is invalid.")
    if kind not in TYPES:
        raise error("SubDomainInvalid.Type", "The record type is invalid.")
    if kind in ("A", "AAAA") and not _is_address(value, 4 if kind == "A" else 6):
        raise error(f"InvalidRR.{kind}Value", "The record value is not an IP address.")
    if ttl < LEAST_TTL:
        raise error("QuotaExceeded.TTL", "The TTL is smaller than the least one of your edition.")
    if ttl > MOST_TTL:
        raise error("SubDomainInvalid.TTL", "The TTL is invalid.")
    if line not in LINES:
        raise error("UnsupportedLine", "The specified line is not supported.")


def _is_address(value: str, version: int) -> bool:
    try:
        return ipaddress.ip_address(value).version == version
    except ValueError:
        return False


def _search(call: Call) -> Callable[[Record], bool]:
    """The filter of DescribeDomainRecords (SearchMode rules: reference 5.1)."""
    mode, word = text(call, "SearchMode").upper(), text(call, "KeyWord").lower()
    if mode not in ("", "LIKE", "EXACT", "ADVANCED", "COMBINATION"):
        raise invalid_parameter("SearchMode")
    if mode in ("LIKE", "EXACT") or (not mode and word):
        return lambda record: (
            _matches(record.name, word, mode == "EXACT") or _matches(record.value, word, mode == "EXACT")
        )
    whole = mode == "COMBINATION"
    rr, value = text(call, "RRKeyWord").lower(), text(call, "ValueKeyWord").lower()
    kinds = {text(call, name).upper() for name in ("Type", "TypeKeyWord")} - {""}
    line, status = text(call, "Line"), text(call, "Status").upper()

    def fits(record: Record) -> bool:
        words = _matches(record.name, rr, whole) and _matches(record.value, value, whole)
        return words and kinds <= {record.type} and line in ("", record.line) and status in ("", record.status)

    return fits


def _matches(content: str, word: str, whole: bool) -> bool:
    return not word or (content.lower() == word if whole else word in content.lower())


def _record_page(call: Call, records: list[Record], largest: int, stamped: bool) -> dict[str, Any]:
    shown, counts = page(call, records, largest)
    return {"DomainRecords": {"Record": [_record_view(record, stamped) for record in shown]}, **counts}


def _record_view(record: Record, stamped: bool) -> dict[str, Any]:
    stamps = {
        "CreateTimestamp": int(record.created_at * 1000),
        "UpdateTimestamp": int(record.updated_at * 1000),
    }
    return {
        "RecordId": record.id,
        "DomainName": record.zone,
        "RR": record.name,
        "Type": record.type,
        "Value": record.value,
        "TTL": record.ttl,
        "Line": record.line,
        "Status": record.status,
        "Locked": False,
        "Weight": 1,
        **(stamps if stamped else {}),
    }
