# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Alibaba's DV orders and DNS in the running sandbox, asked over HTTP by a client that signs for itself."""

from __future__ import annotations

import contextlib
import http.client
import json
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import ClassVar

import pytest
from alibaba_client import ALIDNS, APPLICANT, CAS, Client
from certwright_sandbox.accounts import Account
from certwright_sandbox.app import App
from cryptography import x509
from cryptography.hazmat.primitives import serialization

QUICK = {"visible_delay": 0, "issue_delay": 0, "ca_poll": 0.05, "rate": 0}


@contextlib.contextmanager
def running(state_dir: Path):
    app = App(state_dir)
    app.settings.update(QUICK)
    app.start()
    try:
        yield app
    finally:
        app.stop()


@pytest.fixture(scope="module")
def started(tmp_path_factory):
    with running(tmp_path_factory.mktemp("sandbox") / "state") as app:
        yield app


@pytest.fixture
def app(started):
    """The sandbox as new, but quick."""
    started.reset()
    started.settings.update(QUICK)
    return started


@pytest.fixture
def client(app):
    return Client(app)


def has_challenge(answer: dict) -> bool:
    return "CheckValue" in answer


def publish(client: Client, challenge: dict, zone: str = "example.net") -> str:
    rr = challenge["CheckName"].removesuffix(f".{zone}")
    answer = client.call(ALIDNS, "AddDomainRecord", DomainName=zone, RR=rr, Type="TXT", Value=challenge["CheckValue"])
    return answer["RecordId"]


def test_order_goes_from_payment_to_a_certificate_through_real_dns(client):
    order_id = client.bought()
    assert order_id.startswith("cas-cn-")
    client.submit(order_id)
    challenge = client.until(order_id, has_challenge)
    assert {name: challenge[name] for name in ("OrderStatus", "CheckType", "CheckName")} == {
        "OrderStatus": "checking",
        "CheckType": "DNS",
        "CheckName": "_dnsauth.www.example.net",
    }
    assert len(challenge["CheckValue"]) == 64
    publish(client, challenge)
    issued = client.until(order_id, lambda answer: answer["OrderStatus"] == "issued")
    assert set(issued) == {"OrderStatus", "Certificate", "PrivateKey", "RequestId"}
    leaf, issuer = x509.load_pem_x509_certificates(issued["Certificate"].encode())
    key = serialization.load_pem_private_key(issued["PrivateKey"].encode(), None)
    leaf.verify_directly_issued_by(issuer)
    assert leaf.public_key() == key.public_key()
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["www.example.net"]
    truth = client.control("GET", f"orders/{order_id}")
    assert (truth["state"], truth["submissions"], truth["seen"]) == ("issued", 1, True)
    assert truth["certificate"]["serial"] == format(leaf.serial_number, "x")


def test_order_is_not_issued_by_a_record_with_another_value(client):
    order_id = client.bought()
    client.submit(order_id)
    challenge = client.until(order_id, has_challenge)
    publish(client, {**challenge, "CheckValue": challenge["CheckValue"][:-1]})
    deadline = time.monotonic() + 5
    while not any(entry["request"]["found"] for entry in client.journal("TXT")):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert client.result(order_id)["OrderStatus"] == "checking"


def test_wildcard_is_proved_on_its_base_name(client):
    order_id = client.bought("wildcard")
    client.submit(order_id, "*.example.net")
    challenge = client.until(order_id, has_challenge)
    assert challenge["CheckName"] == "_dnsauth.example.net"
    publish(client, challenge)
    issued = client.until(order_id, lambda answer: answer["OrderStatus"] == "issued")
    leaf = x509.load_pem_x509_certificates(issued["Certificate"].encode())[0]
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["*.example.net"]


def test_file_validation_is_fetched_over_http(client):
    class Handler(BaseHTTPRequestHandler):
        answers: ClassVar[dict[str, str]] = {}

        def do_GET(self):
            body = self.answers.get(f"{self.headers['Host']}{self.path}", "").encode()
            self.send_response(200 if body else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as web:
        threading.Thread(target=web.serve_forever, daemon=True).start()
        client.control("POST", "settings", {"hosts": {"www.example.net": f"127.0.0.1:{web.server_port}"}})
        order_id = client.bought()
        client.submit(order_id, method="FILE")
        challenge = client.until(order_id, has_challenge)
        assert challenge["CheckType"] == "FILE"
        assert challenge["CheckName"] == "www.example.net/.well-known/pki-validation/fileauth.txt"
        Handler.answers[challenge["CheckName"]] = challenge["CheckValue"]
        client.until(order_id, lambda answer: answer["OrderStatus"] == "issued")
        web.shutdown()


def test_submission_is_shown_only_after_its_lag(client):
    client.control("POST", "settings", {"submission_lag": 3600})
    order_id = client.bought()
    client.submit(order_id)
    assert set(client.result(order_id)) == {"RequestId"}
    rows = client.call(CAS, "DescribeOrderInstanceList", StartIndex=0)["OrderList"]
    assert [row["Status"] for row in rows] == ["PAYED"]
    assert client.control("GET", f"orders/{order_id}")["submissions"] == 1
    client.control("POST", "clock", {"advance": 3600})
    assert client.result(order_id)["OrderStatus"] == "checking"


def test_challenge_is_absent_until_the_ca_made_it(client):
    client.control("POST", "settings", {"visible_delay": 3600})
    order_id = client.bought()
    client.submit(order_id)
    assert set(client.result(order_id)) == {"OrderStatus", "RequestId"}
    client.control("POST", "clock", {"advance": 3600})
    assert has_challenge(client.result(order_id))


@pytest.mark.parametrize(("word", "setting"), [("checked_fail", "checked_fail"), ("check_fail", "check_fail")])
def test_rejected_order_can_be_sent_again_with_a_new_challenge(client, word, setting):
    client.control("POST", "settings", {"alibaba_failed_word": setting})
    order_id = client.bought()
    client.submit(order_id)
    first = client.until(order_id, has_challenge)
    client.control("POST", f"orders/{order_id}/decision", {"decision": "reject"})
    rejected = client.result(order_id)
    assert (rejected["OrderStatus"], set(rejected)) == (word, {"OrderStatus", "RequestId"})
    client.submit(order_id)
    second = client.until(order_id, has_challenge)
    assert second["CheckValue"] != first["CheckValue"]
    assert client.control("GET", f"orders/{order_id}")["submissions"] == 2


def test_second_submission_is_refused_unless_the_guard_is_off(client):
    order_id = client.bought()
    client.submit(order_id)
    again = {"InstanceId": order_id, "Domain": "www.example.net", "DomainVerifyType": "DNS", **APPLICANT}
    assert client.refused(CAS, "CreateDVOrderAudit", **again) == (403, "OrderStateError")
    client.control("POST", "settings", {"submission_guard": False})
    client.submit(order_id)
    assert client.control("GET", f"orders/{order_id}")["submissions"] == 2
    journaled = [(entry["outcome"], entry["effective"]) for entry in client.journal("CreateDVOrderAudit")]
    assert journaled == [("ok", True), ("error", False), ("ok", True)]


def test_each_submission_gets_a_key_of_its_own(client):
    client.control("POST", "settings", {"submission_guard": False})
    order_id = client.bought()
    keys = []
    for _unused in range(2):
        client.submit(order_id)
        publish(client, client.until(order_id, has_challenge))
        keys.append(client.until(order_id, lambda answer: answer["OrderStatus"] == "issued")["PrivateKey"])
    assert keys[0] != keys[1]


@pytest.mark.parametrize(("setting", "expected"), [("empty", {"RequestId"}), ("error", (400, "NotFound"))])
def test_result_before_any_submission_follows_the_setting(client, setting, expected):
    client.control("POST", "settings", {"alibaba_unsubmitted": setting})
    order_id = client.bought()
    if setting == "error":
        assert client.refused(CAS, "DescribeDVOrderResult", InstanceId=order_id) == expected
    else:
        assert set(client.result(order_id)) == expected


@pytest.mark.parametrize(
    ("product", "number", "change", "code"),
    [
        (None, None, {"InstanceId": "cas-cn-nothing000"}, "NotFound"),
        (None, None, {"InstanceId": ""}, "MissingInstanceId"),
        (None, None, {"Domain": ""}, "MissingDomain"),
        (None, None, {"DomainVerifyType": ""}, "MissingDomainVerifyType"),
        (None, None, {"Username": ""}, "MissingUsername"),
        (None, None, {"Mobile": ""}, "MissingMobile"),
        (None, None, {"Email": ""}, "MissingEmail"),
        (None, None, {"Province": ""}, "MissingProvince"),
        (None, None, {"City": ""}, "MissingCity"),
        (None, None, {"DomainVerifyType": "dns"}, "InvalidParameter"),
        (None, None, {"Domain": "localhost"}, "InvalidParameter"),
        (None, None, {"Domain": "a..example.net"}, "InvalidParameter"),
        (None, None, {"Domain": "-a.example.net"}, "InvalidParameter"),
        (None, None, {"Domain": "a_b.example.net"}, "InvalidParameter"),
        (None, None, {"Domain": "a.example.net,b.example.net"}, "InvalidParameter"),
        (None, None, {"Domain": "*.example.net"}, "InvalidParameter"),
        ("wildcard", None, {"Domain": "*.example.net", "DomainVerifyType": "FILE"}, "InvalidParameter"),
        ("multi", 2, {"Domain": "a.example.net,b.example.net,c.example.net"}, "InvalidParameter"),
        ("multi", 2, {"Domain": "a.example.net,a.example.net"}, "InvalidParameter"),
        ("multi", 9, {"Domain": ",".join(f"{i}.example.net" for i in range(6))}, "InvalidParameter"),
    ],
)
def test_bad_application_is_refused_and_changes_nothing(client, product, number, change, code):
    order_id = client.bought(product, number)
    good = {"InstanceId": order_id, "Domain": "www.example.net", "DomainVerifyType": "DNS", **APPLICANT}
    assert client.refused(CAS, "CreateDVOrderAudit", **{**good, **change})[1] == code
    truth = client.control("GET", f"orders/{order_id}")
    assert (truth["state"], truth["submissions"]) == ("awaiting_documents", 0)


def test_international_name_is_kept_in_its_ascii_form(client):
    order_id = client.bought()
    client.submit(order_id, "bücher.example.net")
    assert client.until(order_id, has_challenge)["CheckName"] == "_dnsauth.xn--bcher-kva.example.net"


@pytest.mark.parametrize(
    ("style", "expected"),
    [
        ("codes", ["PAYED", "CHECKING", "CHECKED_FAIL", "ISSUED"]),
        ("words", ["Paid", "Pending Verification", "Verification Failed", "Issued"]),
    ],
)
def test_list_shows_every_order_with_its_status(client, style, expected):
    client.control("POST", "settings", {"alibaba_list_status": style})
    ids = client.control("POST", "orders", {"flow": "alibaba_dv", "count": 4})["ids"]
    for number, order_id in enumerate(ids[1:]):
        client.submit(order_id, f"n{number}.example.net")
        challenge = client.until(order_id, has_challenge)
    client.control("POST", f"orders/{ids[2]}/decision", {"decision": "reject"})
    publish(client, challenge)
    client.until(ids[3], lambda answer: answer["OrderStatus"] == "issued")
    answer = client.call(CAS, "DescribeOrderInstanceList", StartIndex=0)
    assert answer["TotalCount"] == 4
    assert [row["InstanceId"] for row in answer["OrderList"]] == ids
    assert [row["Status"] for row in answer["OrderList"]] == expected
    assert {(row["CertType"], row["Source"]) for row in answer["OrderList"]} == {("DV", "BUY")}
    assert all(row["Id"] > 2**53 for row in answer["OrderList"])
    assert len({row["Id"] for row in answer["OrderList"]}) == 4


def test_list_is_paged_by_index(client):
    ids = client.control("POST", "orders", {"flow": "alibaba_dv", "count": 53})["ids"]
    pages = [client.call(CAS, "DescribeOrderInstanceList", StartIndex=start) for start in (0, 50, 53)]
    assert [len(page["OrderList"]) for page in pages] == [50, 3, 0]
    assert [row["InstanceId"] for page in pages for row in page["OrderList"]] == ids
    assert {page["TotalCount"] for page in pages} == {53}
    assert client.refused(CAS, "DescribeOrderInstanceList") == (400, "MissingStartIndex")
    assert client.refused(CAS, "DescribeOrderInstanceList", StartIndex="first") == (400, "InvalidParameter")


def test_sdk_style_parameters_in_query_and_json_body_are_accepted(client):
    order_id = client.bought()
    parameters = {"InstanceId": order_id, "Domain": "www.example.net", "DomainVerifyType": "DNS", **APPLICANT}
    client.call(CAS, "CreateDVOrderAudit", "both", **parameters)
    assert has_challenge(client.call(CAS, "DescribeDVOrderResult", "both", InstanceId=order_id))
    entry = client.journal("CreateDVOrderAudit")[0]
    assert (entry["cloud"], entry["version"], entry["order_id"]) == ("alibaba", CAS, order_id)
    assert entry["request"] == parameters


def test_order_of_the_other_cloud_is_not_found(client):
    other = client.control("POST", "orders", {"flow": "tencent_paid"})["ids"][0]
    assert client.refused(CAS, "DescribeDVOrderResult", InstanceId=other) == (400, "NotFound")
    assert client.call(CAS, "DescribeOrderInstanceList", StartIndex=0)["OrderList"] == []


def test_order_survives_a_restart(tmp_path):
    with running(tmp_path / "state") as first:
        before = Client(first)
        order_id = before.bought()
        before.submit(order_id)
        challenge = before.until(order_id, has_challenge)
    with running(tmp_path / "state") as second:
        after = Client(second)
        assert after.result(order_id)["CheckValue"] == challenge["CheckValue"]
        publish(after, challenge)
        after.until(order_id, lambda answer: answer["OrderStatus"] == "issued")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"DomainName": "example.com"}, "InvalidDomainName.NoExist"),
        ({"DomainName": "example.org"}, "InvalidDomainName.NoExist"),
        ({"DomainName": "net"}, "InvalidDomainName.Format"),
        ({"RR": ""}, "MissingRR"),
        ({"RR": "a..b"}, "InvalidRR.Format"),
        ({"RR": "a*"}, "InvalidRR.Format"),
        ({"Type": "NOPE"}, "SubDomainInvalid.Type"),
        ({"Type": "A"}, "InvalidRR.AValue"),
        ({"Type": "AAAA"}, "InvalidRR.AAAAValue"),
        ({"TTL": 60}, "QuotaExceeded.TTL"),
        ({"TTL": 86401}, "SubDomainInvalid.TTL"),
        ({"TTL": "soon"}, "InvalidParameter"),
        ({"Line": "moon"}, "UnsupportedLine"),
        ({"RR": "taken"}, "DomainRecordDuplicate"),
        ({"RR": "taken", "Type": "CNAME", "Value": "x.example.net"}, "DomainRecordConflict"),
        ({"RR": "alias"}, "DomainRecordConflict"),
    ],
)
def test_bad_record_is_refused_and_not_stored(client, change, code):
    client.call(ALIDNS, "AddDomainRecord", DomainName="example.net", RR="taken", Type="TXT", Value="text")
    client.call(ALIDNS, "AddDomainRecord", DomainName="example.net", RR="alias", Type="CNAME", Value="x.example.net")
    good = {"DomainName": "example.net", "RR": "new", "Type": "TXT", "Value": "text"}
    assert client.refused(ALIDNS, "AddDomainRecord", **{**good, **change}) == (400, code)
    zone = next(zone for zone in client.control("GET", "zones")["zones"] if zone["name"] == "example.net")
    assert [(record["name"], record["type"]) for record in zone["records"]] == [("taken", "TXT"), ("alias", "CNAME")]


def test_record_is_described_as_alidns_does(client):
    record_id = client.call(ALIDNS, "AddDomainRecord", DomainName="Example.net", RR="@", Type="txt", Value="a")[
        "RecordId"
    ]
    assert record_id.isdecimal() and int(record_id) > 2**53
    answer = client.call(ALIDNS, "DescribeDomainRecords", DomainName="example.net")
    assert (answer["TotalCount"], answer["PageNumber"], answer["PageSize"]) == (1, 1, 20)
    record = answer["DomainRecords"]["Record"][0]
    assert isinstance(record.pop("CreateTimestamp"), int) and isinstance(record.pop("UpdateTimestamp"), int)
    assert record == {
        "RecordId": record_id,
        "DomainName": "example.net",
        "RR": "@",
        "Type": "TXT",
        "Value": "a",
        "TTL": 600,
        "Line": "default",
        "Status": "ENABLE",
        "Locked": False,
        "Weight": 1,
    }
    at_name = client.call(ALIDNS, "DescribeSubDomainRecords", SubDomain="example.net")["DomainRecords"]["Record"]
    assert at_name == [record]


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({}, ["dev", "_dnsauth.www", "_dnsauth", "www"]),
        ({"Direction": "ASC"}, ["www", "_dnsauth", "_dnsauth.www", "dev"]),
        ({"RRKeyWord": "_dnsauth"}, ["_dnsauth.www", "_dnsauth"]),
        ({"RRKeyWord": "_dnsauth", "SearchMode": "COMBINATION"}, ["_dnsauth"]),
        ({"RRKeyWord": "www", "Type": "TXT"}, ["_dnsauth.www"]),
        ({"RRKeyWord": "www", "TypeKeyWord": "A"}, ["www"]),
        ({"ValueKeyWord": "TOKEN"}, ["_dnsauth.www", "_dnsauth"]),
        ({"KeyWord": "www"}, ["_dnsauth.www", "www"]),
        ({"KeyWord": "www", "SearchMode": "EXACT"}, ["www"]),
        ({"Status": "Disable"}, []),
        ({"PageSize": 3, "PageNumber": 2}, ["www"]),
    ],
)
def test_records_are_found_by_the_documented_search_rules(client, filters, found):
    rows = [
        ("www", "A", "192.0.2.1"),
        ("_dnsauth", "TXT", "token-1"),
        ("_dnsauth.www", "TXT", "token-2"),
        ("dev", "A", "192.0.2.2"),
    ]
    for rr, kind, value in rows:
        client.call(ALIDNS, "AddDomainRecord", DomainName="example.net", RR=rr, Type=kind, Value=value)
    answer = client.call(ALIDNS, "DescribeDomainRecords", DomainName="example.net", **filters)
    assert [record["RR"] for record in answer["DomainRecords"]["Record"]] == found
    assert answer["TotalCount"] == (4 if "PageSize" in filters else len(found))


def test_name_is_looked_up_in_the_longest_zone(client):
    client.control("POST", "zones", {"name": "sub.example.net", "dns": "alidns"})
    client.call(ALIDNS, "AddDomainRecord", DomainName="sub.example.net", RR="a", Type="TXT", Value="inner")
    client.call(ALIDNS, "AddDomainRecord", DomainName="example.net", RR="a.sub", Type="TXT", Value="outer")

    def values(**more):
        answer = client.call(ALIDNS, "DescribeSubDomainRecords", SubDomain="a.sub.example.net", **more)
        return [record["Value"] for record in answer["DomainRecords"]["Record"]]

    assert values() == ["inner"]
    assert values(DomainName="example.net") == ["outer"]
    assert values(Type="A") == []
    assert client.refused(ALIDNS, "DescribeSubDomainRecords", SubDomain="a.example.org") == (
        400,
        "InvalidDomainName.NoExist",
    )


def test_deleted_record_is_gone_once_and_others_stay(client):
    ids = [
        client.call(ALIDNS, "AddDomainRecord", DomainName="example.net", RR="_dnsauth", Type="TXT", Value=value)[
            "RecordId"
        ]
        for value in ("mine", "other")
    ]
    assert client.call(ALIDNS, "DeleteDomainRecord", RecordId=ids[0])["RecordId"] == ids[0]
    assert client.refused(ALIDNS, "DeleteDomainRecord", RecordId=ids[0]) == (400, "DomainRecordNotBelongToUser")
    left = client.call(ALIDNS, "DescribeSubDomainRecords", SubDomain="_dnsauth.example.net")["DomainRecords"]["Record"]
    assert [record["Value"] for record in left] == ["other"]
    assert [entry["effective"] for entry in client.journal("DeleteDomainRecord")] == [True, False]


def test_zones_of_the_other_service_are_not_listed(client):
    client.control("POST", "zones", {"name": "sub.example.net", "dns": "alidns"})

    def names(**filters):
        answer = client.call(ALIDNS, "DescribeDomains", **filters)
        return [zone["DomainName"] for zone in answer["Domains"]["Domain"]]

    assert names() == ["example.net", "sub.example.net"]
    assert names(KeyWord="sub") == ["sub.example.net"]
    assert names(KeyWord="example.net", SearchMode="EXACT") == ["example.net"]
    assert names(PageSize=1, PageNumber=2) == ["sub.example.net"]


@pytest.mark.parametrize(("version", "action"), [(CAS, "CreateOrderAudit"), ("2020-04-07", "DescribeDVOrderResult")])
def test_unknown_action_is_answered_404(client, version, action):
    assert client.refused(version, action) == (404, "InvalidApi.NotFound")


def test_another_account_sees_neither_orders_nor_zones(client, app):
    stranger = Account("alibaba", f"LTAI{uuid.uuid4().hex}", "another secret")
    app.accounts.add(stranger)
    other = Client(app, stranger)
    order_id = client.bought()
    added = client.call(ALIDNS, "AddDomainRecord", DomainName="example.net", RR="a", Type="TXT", Value="a")
    refused = {
        "IncorrectDomainUser": other.refused(ALIDNS, "DescribeDomainRecords", DomainName="example.net"),
        "DomainRecordNotBelongToUser": other.refused(ALIDNS, "DeleteDomainRecord", RecordId=added["RecordId"]),
        "NotFound": other.refused(CAS, "DescribeDVOrderResult", InstanceId=order_id),
    }
    assert refused == {code: (400, code) for code in refused}
    assert other.call(CAS, "DescribeOrderInstanceList", StartIndex=0)["TotalCount"] == 0
    assert other.call(ALIDNS, "DescribeDomains")["TotalCount"] == 0
    assert client.call(ALIDNS, "DescribeDomainRecords", DomainName="example.net")["TotalCount"] == 1


def test_fault_with_a_name_strikes_calls_that_name_a_record_there(client):
    one, other = {"DomainName": "example.net", "RR": "_dnsauth.a"}, {"DomainName": "example.net", "RR": "ba"}
    text = {"Type": "TXT", "Value": "x"}
    ids = [client.call(ALIDNS, "AddDomainRecord", **each, **text)["RecordId"] for each in (one, other)]
    client.control("POST", "faults", {"cloud": "alibaba", "kind": "error", "name": "a.example.net", "times": 0})
    broken = (500, "InternalError")
    assert client.refused(ALIDNS, "AddDomainRecord", **one, **text) == broken
    assert client.refused(ALIDNS, "AddDomainRecord", **other, **text) == (400, "DomainRecordDuplicate")
    assert client.refused(ALIDNS, "DescribeSubDomainRecords", SubDomain="_dnsauth.a.example.net") == broken
    assert client.call(ALIDNS, "DescribeSubDomainRecords", SubDomain="ba.example.net")["TotalCount"] == 1
    assert client.refused(ALIDNS, "DeleteDomainRecord", RecordId=ids[0]) == broken
    assert client.call(ALIDNS, "DeleteDomainRecord", RecordId=ids[1])["RecordId"] == ids[1]
    assert client.call(ALIDNS, "DescribeDomains")["TotalCount"] == 1


def test_record_of_the_other_service_cannot_be_deleted(client, app):
    record = app.zones.add_record(app.zones.get("example.com"), "www", "TXT", "kept", 600)
    assert client.refused(ALIDNS, "DeleteDomainRecord", RecordId=record.id) == (400, "DomainRecordNotBelongToUser")
    assert app.zones.record(record.id) is not None


def test_name_holds_at_most_90_records_of_a_type(client, app):
    zone = app.zones.get("example.net")
    with app.store.transaction():
        for number in range(89):
            app.zones.add_record(zone, "many", "TXT", str(number), 600)
    good = {"DomainName": "example.net", "RR": "many", "Type": "TXT"}
    client.call(ALIDNS, "AddDomainRecord", **good, Value="the last")
    assert client.refused(ALIDNS, "AddDomainRecord", **good, Value="too many") == (400, "QuotaExceeded.Record")
    client.call(ALIDNS, "AddDomainRecord", **{**good, "RR": "few"}, Value="elsewhere")


def test_answers_carry_a_fresh_request_id(client):
    answers = [client.raw(ALIDNS, "DescribeDomains", {}) for _unused in range(2)]
    ids = [json.loads(body)["RequestId"] for _status, _headers, body in answers]
    assert ids[0] != ids[1] and all(each == str(uuid.UUID(each)).upper() for each in ids)
    assert [headers["x-acs-request-id"] for _status, headers, _body in answers] == ids
    assert answers[0][1]["Content-Type"] == "application/json;charset=utf-8"


def test_calls_over_the_documented_rate_are_refused_without_effect(client):
    client.control("POST", "settings", {"rate": 0.1})
    order_id = client.bought()
    client.result(order_id)
    assert client.refused(CAS, "DescribeDVOrderResult", InstanceId=order_id) == (400, "Throttling.User")
    client.control("POST", "settings", {"rate": 0})
    for _unused in range(3):
        client.result(order_id)


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ({"kind": "throttle"}, 400, "Throttling.User"),
        ({"kind": "throttle", "code": "FlowControlError"}, 400, "FlowControlError"),
        ({"kind": "error"}, 500, "InternalError"),
        ({"kind": "error", "code": "ServiceUnavailable"}, 503, "ServiceUnavailable"),
    ],
)
def test_fault_before_the_action_is_worded_by_the_gateway(client, fault, status, code):
    order_id = client.bought()
    client.control("POST", "faults", {"cloud": "alibaba", "action": "CreateDVOrderAudit", **fault})
    good = {"InstanceId": order_id, "Domain": "www.example.net", "DomainVerifyType": "DNS", **APPLICANT}
    assert client.refused(CAS, "CreateDVOrderAudit", **good) == (status, code)
    assert client.control("GET", f"orders/{order_id}")["submissions"] == 0
    client.submit(order_id)


def test_answer_lost_after_the_action_leaves_the_order_submitted(client):
    order_id = client.bought()
    client.control(
        "POST", "faults", {"cloud": "alibaba", "action": "CreateDVOrderAudit", "kind": "drop", "when": "after"}
    )
    with pytest.raises((http.client.HTTPException, OSError)):
        client.submit(order_id)
    assert client.control("GET", f"orders/{order_id}")["submissions"] == 1
    entry = client.journal("CreateDVOrderAudit")[0]
    assert (entry["outcome"], entry["effective"], entry["fault"]) == ("fault", True, {"kind": "drop", "when": "after"})


def test_journal_and_control_show_no_secret(client, app):
    order_id = client.bought()
    client.submit(order_id)
    publish(client, client.until(order_id, has_challenge))
    client.until(order_id, lambda answer: answer["OrderStatus"] == "issued")
    shown = json.dumps(
        [client.control("GET", path) for path in ("journal", "orders", f"orders/{order_id}", "zones", "")]
    )
    assert "PRIVATE KEY" not in shown and app.accounts.first("alibaba").secret not in shown
