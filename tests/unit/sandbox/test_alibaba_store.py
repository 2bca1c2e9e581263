# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Alibaba's certificate store in the running sandbox, and the changes of records in Alidns."""

from __future__ import annotations

import datetime as dt
import re
import uuid

import pytest
from alibaba_client import ALIDNS, CAS, Client
from certwright_sandbox.accounts import Account
from certwright_sandbox.app import App
from certwright_sandbox.ca import make_key_and_csr, make_self_signed, read_csr

YEAR = 365


@pytest.fixture
def alibaba(sandbox: App) -> Client:
    return Client(sandbox)


def pair(app: App, *names: str, age: int = 0) -> dict[str, str]:
    """A certificate of the sandbox's CA that was made `age` days ago for 90 days, with its chain and key."""
    key, csr = make_key_and_csr(list(names))
    start = dt.datetime.now(dt.UTC) - dt.timedelta(days=age)
    issued = app.ca.issue(None, read_csr(csr).public_key, list(names), start, 90)
    return {"Cert": issued.full_chain_pem, "Key": key}


def uploaded(app: App, alibaba: Client, name: str, *names: str) -> int:
    return alibaba.call(CAS, "CreateUserCertificate", Name=name, **pair(app, *(names or ("www.example.net",))))[
        "CertId"
    ]


def test_uploaded_certificate_is_described_and_deleted(sandbox: App, alibaba: Client):
    sent = pair(sandbox, "www.example.net", "example.net")
    number = alibaba.call(CAS, "CreateUserCertificate", Name="web 01", **sent)["CertId"]
    assert isinstance(number, int)
    seen = alibaba.call(CAS, "DescribeUserCertificateDetail", CertId=number)
    today = dt.datetime.now(dt.UTC).date()
    assert {name: seen[name] for name in ("Id", "Name", "Common", "Sans", "Cert", "Key", "Expired", "BuyInAliyun")} == {
        "Id": number,
        "Name": "web 01",
        "Common": "www.example.net",
        "Sans": "www.example.net,example.net",
        **sent,
        "Expired": False,
        "BuyInAliyun": False,
    }
    assert re.fullmatch("[0-9A-F]{40}", seen["Fingerprint"]) and seen["Issuer"] == "certwright sandbox"
    assert seen["StartDate"] == today.isoformat()
    assert seen["EndDate"] == (dt.datetime.now(dt.UTC) + dt.timedelta(days=90, seconds=-2)).date().isoformat()
    alibaba.call(CAS, "DeleteUserCertificate", CertId=number)
    for action in ("DescribeUserCertificateDetail", "DeleteUserCertificate"):
        assert alibaba.refused(CAS, action, CertId=number) == (400, "NotFound")
    effects = [entry["effective"] for entry in alibaba.journal("DeleteUserCertificate")]
    assert effects == [True, False]
    assert sent["Key"] not in str(alibaba.control("GET", "journal"))


def test_list_is_paged_in_lower_camel_case_and_without_keys(sandbox: App, alibaba: Client):
    numbers = [uploaded(sandbox, alibaba, f"c{index}") for index in range(3)]
    first = alibaba.call(CAS, "DescribeUserCertificateList", CurrentPage=1, ShowSize=2)
    assert (first["TotalCount"], first["CurrentPage"], first["ShowSize"]) == (3, 1, 2)
    assert [row["id"] for row in first["CertificateList"]] == numbers[:0:-1]
    second = alibaba.call(CAS, "DescribeUserCertificateList", CurrentPage=2, ShowSize=2)
    assert [row["id"] for row in second["CertificateList"]] == numbers[:1]
    assert set(second["CertificateList"][0]) == {
        *("id", "name", "common", "sans", "issuer", "startDate", "endDate", "expired", "buyInAliyun"),
        *("city", "province", "country", "orgName", "fingerprint"),
    }
    assert alibaba.call(CAS, "DescribeUserCertificateList")["ShowSize"] == 50


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"Name": ""}, "MissingName"),
        ({"Cert": ""}, "MissingCert"),
        ({"Key": ""}, "MissingKey"),
        ({"Name": "x" * 129}, "DataTooLongException"),
        ({"Name": "taken"}, "NameRepeat"),
        ({"Cert": "no PEM"}, "-1008"),
        ({"Key": "no PEM"}, "-1008"),
        ({"Cert": "one line"}, "-1008"),
        ({"Key": "of another"}, "NotMatch"),
        ({"Cert": "expired"}, "CertificateExpired"),
    ],
)
def test_bad_upload_is_refused_and_not_stored(sandbox: App, alibaba: Client, change, code):
    sent = pair(sandbox, "www.example.net")
    special = {
        "one line": {"Cert": sent["Cert"].replace("\n", "")},
        "of another": {"Key": make_self_signed("a.example.net", dt.datetime.now(dt.UTC), 90)[0].decode()},
        "expired": pair(sandbox, "www.example.net", age=91),
    }
    uploaded(sandbox, alibaba, "taken")
    ((_name, word),) = change.items()
    parameters = {"Name": "new", **sent, **special.get(word, change)}
    assert alibaba.refused(CAS, "CreateUserCertificate", **parameters) == (400, code)
    assert alibaba.call(CAS, "DescribeUserCertificateList")["TotalCount"] == 1


def test_issued_order_is_in_the_store_and_stays_until_it_expires(alibaba: Client):
    order_id = alibaba.bought()
    alibaba.submit(order_id)
    challenge = alibaba.until(order_id, lambda answer: "CheckValue" in answer)
    record = {"DomainName": "example.net", "RR": "_dnsauth.www", "Type": "TXT", "Value": challenge["CheckValue"]}
    alibaba.call(ALIDNS, "AddDomainRecord", **record)
    issued = alibaba.until(order_id, lambda answer: answer["OrderStatus"] == "issued")
    (row,) = alibaba.call(CAS, "DescribeUserCertificateList")["CertificateList"]
    assert (row["buyInAliyun"], row["common"], row["expired"]) == (True, "www.example.net", False)
    seen = alibaba.call(CAS, "DescribeUserCertificateDetail", CertId=row["id"])
    assert (seen["Cert"], seen["Key"]) == (issued["Certificate"], issued["PrivateKey"])
    refused = alibaba.refused(CAS, "DeleteUserCertificate", CertId=row["id"])
    assert refused == (400, "OperationDenied.StatusNotSupport")
    alibaba.control("POST", "clock", {"advance": YEAR * 86400})
    assert alibaba.call(CAS, "DescribeUserCertificateDetail", CertId=row["id"])["Expired"]
    alibaba.call(CAS, "DeleteUserCertificate", CertId=row["id"])


def test_stores_of_accounts_are_kept_apart_and_a_reset_empties_them(sandbox: App, alibaba: Client):
    stranger = Account("alibaba", f"LTAI{uuid.uuid4().hex}", "another secret")
    sandbox.accounts.add(stranger)
    other = Client(sandbox, stranger)
    number = uploaded(sandbox, alibaba, "mine")
    assert other.refused(CAS, "DescribeUserCertificateDetail", CertId=number) == (400, "NotFound")
    assert other.refused(CAS, "DeleteUserCertificate", CertId=number) == (400, "NotFound")
    assert other.call(CAS, "DescribeUserCertificateList")["TotalCount"] == 0
    uploaded(sandbox, other, "mine")
    alibaba.control("POST", "reset")
    assert alibaba.call(CAS, "DescribeUserCertificateList")["TotalCount"] == 0


def records(alibaba: Client) -> list[dict]:
    return alibaba.call(ALIDNS, "DescribeDomainRecords", DomainName="example.net")["DomainRecords"]["Record"]


def added(alibaba: Client, **change: object) -> str:
    record = {"DomainName": "example.net", "RR": "a", "Type": "TXT", "Value": "old", "TTL": 1800, **change}
    return alibaba.call(ALIDNS, "AddDomainRecord", **record)["RecordId"]


def test_updated_record_is_replaced_as_a_whole(alibaba: Client):
    record_id = added(alibaba, Line="telecom")
    answer = alibaba.call(ALIDNS, "UpdateDomainRecord", RecordId=record_id, RR="B", Type="txt", Value="new")
    assert answer["RecordId"] == record_id
    (seen,) = records(alibaba)
    shown = [seen[name] for name in ("RecordId", "RR", "Type", "Value", "TTL", "Line")]
    assert shown == [record_id, "b", "TXT", "new", 600, "default"]
    (zone,) = (zone for zone in alibaba.control("GET", "zones")["zones"] if zone["name"] == "example.net")
    assert [record["value"] for record in zone["records"]] == ["new"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({}, "DomainRecordDuplicate"),
        ({"Value": "other"}, "DomainRecordDuplicate"),
        ({"Type": "CNAME", "Value": "x.example.net"}, "DomainRecordConflict"),
        ({"RecordId": "900000000000000001"}, "DomainRecordNotBelongToUser"),
        ({"RecordId": ""}, "MissingRecordId"),
        ({"Value": ""}, "MissingValue"),
        ({"TTL": 60}, "QuotaExceeded.TTL"),
        ({"RR": "-"}, "InvalidRR.Format"),
        ({"Type": "X"}, "SubDomainInvalid.Type"),
    ],
)
def test_bad_update_is_refused_and_changes_nothing(alibaba: Client, change, code):
    record_id = added(alibaba)
    added(alibaba, Value="other")
    before = records(alibaba)
    wanted = {"RecordId": record_id, "RR": "a", "Type": "TXT", "Value": "old", "TTL": 1800, **change}
    assert alibaba.refused(ALIDNS, "UpdateDomainRecord", **wanted) == (400, code)
    assert records(alibaba) == before
    assert [entry["effective"] for entry in alibaba.journal("UpdateDomainRecord")] == [False]


def test_record_can_change_its_own_type_and_lifetime(alibaba: Client):
    record_id = added(alibaba)
    change = {"RecordId": record_id, "RR": "a", "Type": "CNAME", "Value": "x.example.net"}
    alibaba.call(ALIDNS, "UpdateDomainRecord", **change)
    alibaba.call(ALIDNS, "UpdateDomainRecord", TTL=3600, **change)
    assert [(each["Type"], each["TTL"]) for each in records(alibaba)] == [("CNAME", 3600)]


def test_zone_is_described(alibaba: Client):
    alibaba.control("POST", "zones", {"name": "sub.example.net", "dns": "alidns"})
    seen = alibaba.call(ALIDNS, "DescribeDomainInfo", DomainName="Example.net")
    (listed, _sub) = alibaba.call(ALIDNS, "DescribeDomains")["Domains"]["Domain"]
    for name in ("DomainId", "DomainName", "PunyCode", "VersionCode", "DnsServers", "AliDomain"):
        assert seen[name] == listed[name]
    assert (seen["MinTtl"], seen["SubDomain"], seen["InBlackHole"], seen["InClean"]) == (600, False, False, False)
    assert "600" in seen["AvailableTtls"]["AvailableTtl"] and "RecordLines" not in seen
    answer = alibaba.call(ALIDNS, "DescribeDomainInfo", DomainName="sub.example.net", NeedDetailAttributes="true")
    assert answer["SubDomain"] is True
    assert {"default", "telecom"} <= {line["LineCode"] for line in answer["RecordLines"]["RecordLine"]}
    assert alibaba.refused(ALIDNS, "DescribeDomainInfo", DomainName="example.org") == (400, "InvalidDomainName.NoExist")
