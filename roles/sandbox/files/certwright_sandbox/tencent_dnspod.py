# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""DNSPod (``dnspod``, 2021-03-23): records and zones (Tencent reference 5, 7.5)."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from certwright_sandbox.gateway import ApiError, Call
from certwright_sandbox.tencent_dnspod_views import LEAST_TTL, LINE_ID, domain_info, domain_row, name_server, row
from certwright_sandbox.tencent_gateway import Action, Api
from certwright_sandbox.tencent_parameters import table
from certwright_sandbox.zones import Record, Zone, Zones, absolute_name

if TYPE_CHECKING:
    from certwright_sandbox.app import App

__all__ = ["api", "record_name"]

_DNS = "dnspod"
_LINES = ("默认", "Default", "default")
_LARGEST_TTL = 604800
_TYPES = ("A", "AAAA", "CNAME", "TXT", "MX", "NS", "SRV", "CAA")
_LARGEST_PAGE = 3000
#: Values of equal-name TXT records a zone may hold (the plan's SubdomainRollLimit; the number is a guess).
_LARGEST_ROLL = 60
_LABEL = re.compile(r"[a-z0-9_\u4e00-\u9fff]([a-z0-9_\u4e00-\u9fff-]{0,61}[a-z0-9_\u4e00-\u9fff])?|\*|@")


def api(app: App) -> Api:
    """The product's table of actions."""
    dnspod = _Dnspod(app)
    record = dict.fromkeys(("Domain", "RecordType", "RecordLine", "Value"), "string")
    optional = {
        **dict.fromkeys(("DomainId", "MX", "TTL", "Weight"), "int"),
        **dict.fromkeys(("SubDomain", "RecordLineId", "Status", "Remark", "DnssecConflictMode"), "string"),
    }
    listing = table(
        {"Domain": "string"},
        {
            **dict.fromkeys(("DomainId", "GroupId", "Offset", "Limit"), "int"),
            **dict.fromkeys(("Subdomain", "SubDomain", "RecordType", "RecordLine", "RecordLineId"), "string"),
            **dict.fromkeys(("Keyword", "SortField", "SortType", "ErrorOnEmpty"), "string"),
        },
    )
    domains = table(
        optional={
            **dict.fromkeys(("Offset", "Limit", "GroupId"), "int"),
            **dict.fromkeys(("Type", "Keyword"), "string"),
            "Tags": "[object]",
        }
    )
    delete = table({"Domain": "string", "RecordId": "int"}, {"DomainId": "int"})
    actions = {
        "CreateRecord": Action(dnspod.create, table(record, {**optional, "GroupId": "int"})),
        "ModifyRecord": Action(dnspod.modify, table({**record, "RecordId": "int"}, optional)),
        "DeleteRecord": Action(dnspod.delete, delete),
        "DescribeDomain": Action(dnspod.domain, table({"Domain": "string"}, {"DomainId": "int"})),
        "DescribeRecordList": Action(dnspod.records, listing),
        "DescribeDomainList": Action(dnspod.domains, domains),
    }
    return Api(_DNS, "2021-03-23", 20, actions, "RequestLimitExceeded.RequestLimitExceeded")


def record_name(call: Call, zones: Zones) -> str | None:
    """The full name of the record that a call names, by itself or by its id; None for a call that names none."""
    given = call.parameters
    if "RecordId" in given:
        return zones.full_name(str(given["RecordId"]))
    host = given.get("SubDomain") or given.get("Subdomain") or ("@" if "RecordLine" in given else None)
    return absolute_name(str(host), str(given.get("Domain"))) if host else None


def _bad(reason: str, text: str) -> ApiError:
    return ApiError(f"InvalidParameter.{reason}", text)


class _Dnspod:
    """The actions' handlers: (call, checked parameters) -> fields of the answer."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._zones = app.zones

    def _zone(self, call: Call, given: dict[str, Any]) -> Zone:
        """The zone that a call names; DomainId wins over Domain (Tencent reference 5.1)."""
        zone = self._zones.get(given["Domain"])
        if "DomainId" in given:
            zone = next((each for each in self._zones.list(_DNS) if each.seq == given["DomainId"]), None)
        if zone is None or zone.dns != _DNS:
            raise ApiError("InvalidParameterValue.DomainNotExists", "The domain does not exist in this account.")
        if call.account is None or zone.owner != call.account.key_id:
            code = "OperationDenied.NoPermissionToOperateDomain"
            raise ApiError(code, "The account has no permission to operate this domain.")
        return zone

    def create(self, call: Call, given: dict[str, Any]) -> dict[str, Any]:
        """CreateRecord."""
        zone = self._zone(call, given)
        fields = self._fields(zone, given)
        self._check_neighbours(fields, self._zones.records(zone.name))
        extra = {"remark": given.get("Remark", ""), "real_at": self._app.clock.real()}
        name, kind, value = fields.pop("name"), fields.pop("type"), fields.pop("value")
        record = self._zones.add_record(zone, name, kind, value, **fields, line="Default", **extra)
        call.effective = True
        return {"RecordId": int(record.id)}

    def modify(self, call: Call, given: dict[str, Any]) -> dict[str, Any]:
        """ModifyRecord: an omitted SubDomain means the apex here, too; what else is omitted gets its default."""
        zone = self._zone(call, given)
        record = self._record(zone, given)
        fields = self._fields(zone, given)
        others = [each for each in self._zones.records(zone.name) if each.id != record.id]
        self._check_neighbours(fields, others)
        remark = given.get("Remark", record.extra.get("remark", ""))
        self._zones.update_record(record.id, **fields, extra={**record.extra, "remark": remark})
        call.effective = True
        return {"RecordId": int(record.id)}

    def _record(self, zone: Zone, given: dict[str, Any]) -> Record:
        record = self._zones.record(str(given["RecordId"]))
        if record is None or record.zone != zone.name:
            raise _bad("RecordIdInvalid", "The record id is not valid.")
        return record

    @staticmethod
    def _fields(zone: Zone, given: dict[str, Any]) -> dict[str, Any]:
        """The fields of a record that a call asks for, checked one by one."""
        kind, name = given["RecordType"].upper(), (given.get("SubDomain") or "@").lower()
        if given.get("RecordLineId", LINE_ID) != LINE_ID or (
            "RecordLineId" not in given and given["RecordLine"] not in _LINES
        ):
            raise _bad("RecordLineInvalid", "The record line is not valid.")
        if kind not in _TYPES:
            raise _bad("RecordTypeInvalid", "The record type is not valid.")
        if len(f"{name}.{zone.name}") > 253 or not all(_LABEL.fullmatch(label) for label in name.split(".")):
            raise _bad("SubdomainInvalid", "The subdomain is not valid.")
        ttl = given.get("TTL", LEAST_TTL)
        if not LEAST_TTL <= ttl <= _LARGEST_TTL:
            raise ApiError("LimitExceeded.RecordTtlLimit", f"The TTL of this plan must be {LEAST_TTL} or more.")
        status = given.get("Status", "ENABLE").upper()
        return {"name": name, "type": kind, "value": _value(kind, given["Value"]), "ttl": ttl, "status": status}

    @staticmethod
    def _check_neighbours(fields: dict[str, Any], others: Sequence[Record]) -> None:
        kind, value = fields["type"], fields["value"]
        there = [each for each in others if each.name == fields["name"]]
        same = [each for each in there if each.type == kind]
        if any(each.value == value for each in same):
            raise _bad("DomainRecordExist", "The record already exists.")
        if there and (kind == "CNAME" or any(each.type == "CNAME" for each in there)):
            raise _bad("ConflictRecord", "A CNAME record conflicts with other records of the same name.")
        if len(same) >= _LARGEST_ROLL:
            raise ApiError("LimitExceeded.SubdomainRollLimit", "Too many records of the same name.")

    def delete(self, call: Call, given: dict[str, Any]) -> dict[str, Any]:
        """DeleteRecord."""
        zone = self._zone(call, given)
        call.effective = self._zones.delete_record(self._record(zone, given).id)
        return {}

    def domain(self, call: Call, given: dict[str, Any]) -> dict[str, Any]:
        """DescribeDomain."""
        zone = self._zone(call, given)
        return {"DomainInfo": domain_info(zone, len(self._zones.records(zone.name)) + 2)}

    def records(self, call: Call, given: dict[str, Any]) -> dict[str, Any]:
        """DescribeRecordList: an empty list is an error unless ErrorOnEmpty is no (Tencent reference 5.2)."""
        zone = self._zone(call, given)
        offset, limit = given.get("Offset", 0), given.get("Limit", 100)
        if offset < 0:
            raise _bad("OffsetInvalid", "Offset must not be negative.")
        if limit < 1:
            raise ApiError("InvalidParameterValue.LimitInvalid", "Limit must be 1 or more.")
        now, delay = self._app.clock.real(), self._app.settings.index_delay
        indexed = [each for each in self._zones.records(zone.name) if each.extra.get("real_at", 0.0) + delay <= now]
        rows = [name_server(zone, number) for number in (1, 2)] + [row(each) for each in indexed]
        found = [each for each in rows if _wanted(each, given)]
        if not found and given.get("ErrorOnEmpty", "yes") != "no":
            raise ApiError("ResourceNotFound.NoDataOfRecord", "There are no records.")
        page = found[offset : offset + min(limit, _LARGEST_PAGE)]
        names = {each["Name"] for each in rows}
        counts = {"SubdomainCount": len(names), "ListCount": len(page), "TotalCount": len(found)}
        return {"RecordCountInfo": counts, "RecordList": page}

    def domains(self, call: Call, given: dict[str, Any]) -> dict[str, Any]:
        """DescribeDomainList."""
        offset, limit = given.get("Offset", 0), given.get("Limit", _LARGEST_PAGE)
        if offset < 0 or limit < 1:
            raise ApiError("InvalidParameterValue.LimitInvalid", "Offset or Limit is not valid.")
        owner = call.account.key_id if call.account else None
        mine = self._zones.list(_DNS, owner)
        found = [zone for zone in mine if given.get("Keyword", "").lower() in zone.name]
        page = found[offset : offset + min(limit, _LARGEST_PAGE)]
        rows = [domain_row(zone, len(self._zones.records(zone.name)) + 2) for zone in page]
        counts = ("DomainTotal", "AllTotal", "MineTotal")
        return {"DomainCountInfo": dict.fromkeys(counts, len(found)), "DomainList": rows}


def _value(kind: str, value: str) -> str:
    """A record value as DNSPod keeps it: host names with a final dot (Tencent reference 5.1).

    Raises:
        ApiError: the value does not fit the type.
    """
    value = value.strip()
    if not value or len(value) > 2048:
        raise _bad("RecordValueLengthInvalid" if value else "RecordValueInvalid", "The record value is not valid.")
    if kind in ("A", "AAAA"):
        try:
            fits = ipaddress.ip_address(value).version == (4 if kind == "A" else 6)
        except ValueError:
            fits = False
        if not fits:
            raise _bad("RecordValueInvalid", "The record value is not an IP address.")
    if kind in ("CNAME", "NS", "MX"):
        host = value.lower().rstrip(".")
        if not all(_LABEL.fullmatch(label) for label in host.split(".")):
            raise _bad("RecordValueInvalid", "The record value is not a host name.")
        return host + "."
    # TXT values come back without quotes (Tencent reference 5.5).
    quoted = kind == "TXT" and len(value) > 2 and value[0] == value[-1] == '"'
    return value[1:-1] if quoted else value


def _wanted(row: dict[str, Any], given: dict[str, Any]) -> bool:
    """Whether a record passes the filters; the newer spelling SubDomain wins over Subdomain."""
    host = given.get("SubDomain") or given.get("Subdomain")
    word = given.get("Keyword", "")
    return (
        (not host or row["Name"] == host.lower())
        and row["Type"] == (given.get("RecordType") or row["Type"]).upper()
        and given.get("RecordLineId", LINE_ID) == LINE_ID
        and (word in row["Name"] or word in row["Value"])
    )
