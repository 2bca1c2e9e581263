# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""DNSPod in the sandbox: records come and go in the API and in the DNS alike (Tencent reference 5, 7.5)."""

from __future__ import annotations

from typing import Any

import pytest
from certwright_sandbox.app import App
from certwright_sandbox.dns_lookup import lookup
from sandbox_client import Client

TXT = {"Domain": "example.com", "SubDomain": "_dnsauth", "RecordType": "TXT", "RecordLine": "默认", "Value": "one"}


def listed(client: Client, **filters: Any) -> list[dict[str, Any]]:
    """Records in the list, without the two name servers that every zone has."""
    answer = client.tencent("DescribeRecordList", {"Domain": "example.com", **filters}).fields
    return [each for each in answer.get("RecordList", []) if not each["DefaultNS"]]


def test_record_is_served_while_it_is_there(client: Client, sandbox: App) -> None:
    record_id = client.tencent("CreateRecord", TXT).fields["RecordId"]
    assert isinstance(record_id, int)
    client.tencent("CreateRecord", {**TXT, "Value": "two"})
    ask = ("_dnsauth.example.com", "TXT", {}, sandbox.dns.address)
    assert sorted(lookup(*ask)) == ["one", "two"]
    assert [each["Value"] for each in listed(client, Subdomain="_dnsauth", RecordType="TXT")] == ["one", "two"]
    deleted = client.tencent("DeleteRecord", {"Domain": "example.com", "RecordId": record_id})
    assert list(deleted.fields) == ["RequestId"]
    assert lookup(*ask) == ["two"]
    assert [entry["effective"] for entry in client.journal() if entry["action"] != "DescribeRecordList"] == [True] * 3


def test_record_has_the_documented_fields(client: Client) -> None:
    client.tencent("CreateRecord", {**TXT, "SubDomain": "www", "RecordType": "CNAME", "Value": "a.example.org"})
    record = listed(client)[0]
    assert (record["Name"], record["Type"], record["Value"]) == ("www", "CNAME", "a.example.org.")
    assert (record["TTL"], record["LineId"], record["Status"], record["Weight"]) == (600, "0", "ENABLE", None)


def test_disabled_record_is_listed_but_not_served(client: Client, sandbox: App) -> None:
    client.tencent("CreateRecord", {**TXT, "Status": "DISABLE"})
    assert listed(client)[0]["Status"] == "DISABLE"
    assert lookup("_dnsauth.example.com", "TXT", {}, sandbox.dns.address) == []


_VALUE = "InvalidParameter.RecordValueInvalid"
REFUSED: list[tuple[str, str, dict[str, Any], str]] = [
    ("same again", "CreateRecord", TXT, "InvalidParameter.DomainRecordExist"),
    ("CNAME beside TXT", "CreateRecord", {**TXT, "RecordType": "CNAME"}, "InvalidParameter.ConflictRecord"),
    ("unknown line", "CreateRecord", {**TXT, "RecordLine": "moon"}, "InvalidParameter.RecordLineInvalid"),
    ("unknown line id", "CreateRecord", {**TXT, "RecordLineId": "7"}, "InvalidParameter.RecordLineInvalid"),
    ("unknown type", "CreateRecord", {**TXT, "RecordType": "WHAT"}, "InvalidParameter.RecordTypeInvalid"),
    ("bad name", "CreateRecord", {**TXT, "SubDomain": "a b"}, "InvalidParameter.SubdomainInvalid"),
    ("bad address", "CreateRecord", {**TXT, "RecordType": "A"}, "InvalidParameter.RecordValueInvalid"),
    ("bad alias", "CreateRecord", {**TXT, "SubDomain": "w", "RecordType": "CNAME", "Value": "a b"}, _VALUE),
    ("no value", "CreateRecord", {**TXT, "Value": ""}, "InvalidParameter.RecordValueInvalid"),
    ("small TTL", "CreateRecord", {**TXT, "TTL": 60}, "LimitExceeded.RecordTtlLimit"),
    ("unknown zone", "CreateRecord", {**TXT, "Domain": "other.com"}, "InvalidParameterValue.DomainNotExists"),
    ("zone of Alidns", "CreateRecord", {**TXT, "Domain": "example.net"}, "InvalidParameterValue.DomainNotExists"),
    ("unknown record", "DeleteRecord", {"Domain": "example.com", "RecordId": 1}, "InvalidParameter.RecordIdInvalid"),
    (
        "nothing found",
        "DescribeRecordList",
        {"Domain": "example.com", "Subdomain": "x"},
        "ResourceNotFound.NoDataOfRecord",
    ),
]


@pytest.mark.parametrize(("action", "parameters", "code"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED])
def test_refused_with_the_documented_code(client: Client, action: str, parameters: dict[str, Any], code: str) -> None:
    client.tencent("CreateRecord", TXT)
    assert client.tencent(action, parameters).code == code
    assert [each["Value"] for each in listed(client)] == ["one"]


def test_line_id_wins_over_line_name(client: Client) -> None:
    assert client.tencent("CreateRecord", {**TXT, "RecordLine": "0", "RecordLineId": "0"}).code is None


def test_empty_list_is_no_error_when_asked_so(client: Client) -> None:
    answer = client.tencent("DescribeRecordList", {"Domain": "example.com", "Subdomain": "x", "ErrorOnEmpty": "no"})
    assert answer.fields["RecordList"] == []


def test_new_record_is_listed_late_but_served_at_once_when_the_index_lags(client: Client, sandbox: App) -> None:
    client.control("POST", "settings", {"index_delay": 3600})
    client.tencent("CreateRecord", TXT)
    assert listed(client) == []
    assert lookup("_dnsauth.example.com", "TXT", {}, sandbox.dns.address) == ["one"]


def test_only_own_zones_are_listed_page_by_page(client: Client) -> None:
    client.control("POST", "zones", {"name": "sub.example.com", "dns": "dnspod"})
    first = client.tencent("DescribeDomainList", {"Limit": 1}).fields
    second = client.tencent("DescribeDomainList", {"Limit": 1, "Offset": 1}).fields
    assert [each["DomainList"][0]["Name"] for each in (first, second)] == ["example.com", "sub.example.com"]
    assert first["DomainCountInfo"]["AllTotal"] == 2
    by_id = {"Domain": "ignored.example", "DomainId": second["DomainList"][0]["DomainId"]}
    assert client.tencent("CreateRecord", {**TXT, **by_id}).code is None
    records = client.control("GET", "zones")["zones"][-1]["records"]
    assert [(each["name"], each["value"]) for each in records] == [("_dnsauth", "one")]
