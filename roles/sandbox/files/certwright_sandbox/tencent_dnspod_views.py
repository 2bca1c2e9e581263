# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How DNSPod shows zones and records (Tencent reference 5.2)."""

from __future__ import annotations

from typing import Any

from certwright_sandbox.clock import gmt8
from certwright_sandbox.zones import Record, Zone

__all__ = ["LEAST_TTL", "LINE_ID", "domain_info", "domain_row", "name_server", "row"]

#: The number of the default line, on both sites (Tencent reference 5.1).
LINE_ID = "0"
#: Seconds; of a zone on the free plan.
LEAST_TTL = 600


def row(record: Record) -> dict[str, Any]:
    """A row of DescribeRecordList."""
    return {
        "RecordId": int(record.id),
        "Value": record.value,
        "Status": record.status,
        "UpdatedOn": gmt8(record.updated_at),
        "Name": record.name,
        "Line": record.line,
        "LineId": LINE_ID,
        "Type": record.type,
        "Weight": None,
        "MonitorStatus": "",
        "Remark": record.extra.get("remark", ""),
        "TTL": record.ttl,
        "MX": 0,
        "DefaultNS": False,
    }


def name_server(zone: Zone, number: int) -> dict[str, Any]:
    """One of the two NS records every zone has and the console hides (Tencent reference 5.2)."""
    record = Record(str(zone.seq * 10 + number), zone.name, "@", "NS", f"ns{number}.{zone.name}.", 86400, "Default")
    record.updated_at = zone.created_at
    return {**row(record), "DefaultNS": True}


def domain_row(zone: Zone, records: int) -> dict[str, Any]:
    """A row of DescribeDomainList; ``records``: how many the zone has."""
    servers = [f"ns{number}.{zone.name}" for number in (1, 2)]
    return {
        "DomainId": zone.seq,
        "Name": zone.name,
        "Punycode": zone.name,
        "Status": "ENABLE",
        "TTL": LEAST_TTL,
        "DNSStatus": "",
        "CNAMESpeedup": "DISABLE",
        "Grade": "DP_FREE",
        "GradeLevel": 2,
        "GradeTitle": "Free",
        "GroupId": 1,
        "EffectiveDNS": servers,
        "RecordCount": records,
        "IsVip": "NO",
        "Owner": zone.owner,
        "CreatedOn": gmt8(zone.created_at),
        "UpdatedOn": gmt8(zone.created_at),
        "Remark": "",
        "TagList": [],
    }


def domain_info(zone: Zone, records: int) -> dict[str, Any]:
    """DomainInfo of DescribeDomain: the same things as in a list's row, partly under other names."""
    row = domain_row(zone, records)
    same = ("DomainId", "Punycode", "TTL", "DNSStatus", "CNAMESpeedup", "Grade", "GradeLevel", "GradeTitle", "GroupId")
    never = dict.fromkeys(
        ("VipStartAt", "VipEndAt", "VipAutoRenew", "VipResourceId", "SlaveDNS", "SearchEnginePush"), ""
    )
    return {
        **{name: row[name] for name in (*same, "RecordCount", "Owner", "CreatedOn", "UpdatedOn", "Remark", "TagList")},
        **never,
        "Domain": zone.name,
        # The example of the page has lower case here, its text upper case (Tencent reference 5.2).
        "Status": "enable",
        "DnsStatus": row["DNSStatus"],
        "CnameSpeedup": row["CNAMESpeedup"],
        "DnspodNsList": row["EffectiveDNS"],
        "ActualNsList": row["EffectiveDNS"],
        "IsVip": "no",
        "IsMark": "no",
        "IsGracePeriod": "no",
        "VipBuffered": "no",
        "IsSubDomain": zone.name.count(".") > 1,
        "UserId": zone.seq,
        "Uin": "",
        "OwnerNick": "",
    }
