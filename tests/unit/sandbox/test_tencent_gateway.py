# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tencent's front door: the reference's signature vectors, what is refused and in which words, and throttling."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from certwright_sandbox.accounts import Account
from certwright_sandbox.app import App
from certwright_sandbox.gateway import ApiError
from certwright_sandbox.messages import Request
from certwright_sandbox.tencent_signature import verify
from sandbox_client import Client, tc3_headers

KEY_ID = "AKIDEXAMPLE" + "0123456789abcdefghijklmn"
SECRET = "SecretKeyExample0123456789abcdef"
NEW_YEAR = 1767225600
JSON = {"Content-Type": "application/json"}
V2_BODY = (
    rb'{"Domain": "example.com", "SubDomain": "_dnsauth", "RecordType": "TXT", "RecordLine": "\u9ed8\u8ba4", '
    rb'"RecordLineId": "0", "Value": "202601010000000abcdef", "TTL": 600}'
)

#: name: (host, method, query, headers, signed headers, body, time, signature), Tencent reference 3.8.
VECTORS: dict[str, tuple[str, str, str, dict[str, str], str, bytes, int, str]] = {
    "V1": (
        "ssl.intl.tencentcloudapi.com",
        "POST",
        "",
        {**JSON, "X-TC-Action": "DescribeCertificateDetail"},
        "content-type;host",
        b'{"CertificateId": "LrmeMvQr"}',
        NEW_YEAR,
        "9b124c283fe67ce6800308f52ed35905adfa6b6ab825d683a1ec559ebf2136d1",
    ),
    "V2": (
        "dnspod.tencentcloudapi.com",
        "POST",
        "",
        {**JSON, "X-TC-Region": "ap-guangzhou", "X-TC-Token": "DummySessionToken=="},
        "content-type;host",
        V2_BODY,
        1772323199,
        "63e4bf9b249c43b4b3b739ed4d076c5c982e0ee2a60b95471c28635d27fceaf7",
    ),
    "V3": (
        "ssl.tencentcloudapi.com",
        "GET",
        "Limit=20&CertificateStatus.0=0&CertificateStatus.1=1",
        {"Content-Type": "application/x-www-form-urlencoded"},
        "content-type;host",
        b"",
        NEW_YEAR,
        "40988710ea305234149e3b1397991d159986b3e3a432132f82e99c1a97e51014",
    ),
    "V4": (
        "ssl.tencentcloudapi.com",
        "POST",
        "",
        {**JSON, "X-TC-Content-SHA256": "UNSIGNED-PAYLOAD"},
        "content-type;host",
        b'{"Limit": 20}',
        NEW_YEAR,
        "9cfb646246892b2392336014640e44920e43aebd73796a18d4b4a73be8a85429",
    ),
    "V5": (
        "ssl.tencentcloudapi.com",
        "POST",
        "",
        JSON,
        "content-type;host",
        b"{}",
        NEW_YEAR,
        "01d637bb857d326ead7d8a0bf32b6f8feed76f595211f6dbc3f9295dc948a67f",
    ),
    "V6": (
        "dnspod.tencentcloudapi.com",
        "POST",
        "",
        {"Content-Type": "application/json; charset=utf-8", "X-TC-Action": "DescribeDomain"},
        "content-type;host;x-tc-action",
        b'{"Domain":"example.com"}',
        NEW_YEAR,
        "e71cbaeaf061a198847788adc9768ec8210fe8f3fc8c69fc592317b4ded9cb59",
    ),
    "V7": (
        "dnspod.tencentcloudapi.com",
        "POST",
        "",
        JSON,
        "content-type;host",
        '{"Domain":"example.com","RecordLine":"默认"}'.encode(),
        NEW_YEAR,
        "0972475a04d3ef1bad685f2b998ad6f965829e7cf914128c6b31c36ccd88e43b",
    ),
}


def vector_request(name: str, **changes: str) -> tuple[Request, str, str, int]:
    """A vector's request, its service, its token and its time; ``changes`` replace header values."""
    host, method, query, headers, signed, body, when, signature = VECTORS[name]
    service = host.partition(".")[0]
    date = time.strftime("%Y-%m-%d", time.gmtime(when))
    all_headers = {
        "Host": host,
        **headers,
        "X-TC-Timestamp": str(when),
        "Authorization": f"TC3-HMAC-SHA256 Credential={KEY_ID}/{date}/{service}/tc3_request, "
        f"SignedHeaders={signed}, Signature={signature}",
        **changes,
    }
    token = headers.get("X-TC-Token", "")
    return Request(method, "/", query, tuple(all_headers.items()), body), service, token, when


@pytest.mark.parametrize("name", VECTORS)
def test_reference_signature_is_accepted(name: str) -> None:
    request, service, token, when = vector_request(name)
    account = Account("tencent", KEY_ID, SECRET, token)
    assert verify(request, service, {KEY_ID: account}.get, when + 299) == account


@pytest.mark.parametrize("name", VECTORS)
def test_reference_signature_is_refused_with_another_secret(name: str) -> None:
    request, service, token, when = vector_request(name)
    account = Account("tencent", KEY_ID, SECRET + "x", token)
    with pytest.raises(ApiError) as caught:
        verify(request, service, {KEY_ID: account}.get, when)
    assert caught.value.code == "AuthFailure.SignatureFailure"


def test_signature_is_refused_when_the_body_was_changed() -> None:
    request, service, token, when = vector_request("V1")
    other = Request(request.method, "/", "", request.headers, request.body + b" ")
    with pytest.raises(ApiError) as caught:
        verify(other, service, {KEY_ID: Account("tencent", KEY_ID, SECRET, token)}.get, when)
    assert caught.value.code == "AuthFailure.SignatureFailure"


AUTH = f"TC3-HMAC-SHA256 Credential={KEY_ID}/2026-01-01/ssl/tc3_request, SignedHeaders=content-type;host, Signature=00"
REFUSALS: list[tuple[str, dict[str, str], int, str]] = [
    ("no header", {"Authorization": ""}, 0, "AuthFailure.InvalidAuthorization"),
    ("other algorithm", {"Authorization": AUTH.replace("TC3-", "TC9-")}, 0, "AuthFailure.InvalidAuthorization"),
    ("other service", {"Authorization": AUTH.replace("/ssl/", "/cvm/")}, 0, "AuthFailure.InvalidAuthorization"),
    ("host not signed", {"Authorization": AUTH.replace(";host", "")}, 0, "AuthFailure.InvalidAuthorization"),
    ("no time", {"X-TC-Timestamp": ""}, 0, "MissingParameter"),
    ("time is no number", {"X-TC-Timestamp": "now"}, 0, "InvalidParameter"),
    ("too late", {}, 301, "AuthFailure.SignatureExpire"),
    ("too early", {}, -301, "AuthFailure.SignatureExpire"),
    ("unknown key", {"Authorization": AUTH.replace(KEY_ID, "AKIDother")}, 0, "AuthFailure.SecretIdNotFound"),
    ("scope of another day", {"Authorization": AUTH.replace("01-01", "01-02")}, 0, "AuthFailure.SignatureFailure"),
    ("token of a permanent key", {"X-TC-Token": "x"}, 0, "AuthFailure.TokenFailure"),
]


@pytest.mark.parametrize(("headers", "late", "code"), [each[1:] for each in REFUSALS], ids=[r[0] for r in REFUSALS])
def test_bad_credentials_are_refused_with_the_documented_code(headers: dict[str, str], late: int, code: str) -> None:
    request, service, _token, when = vector_request("V1", **headers)
    with pytest.raises(ApiError) as caught:
        verify(request, service, {KEY_ID: Account("tencent", KEY_ID, SECRET)}.get, when + late)
    assert caught.value.code == code


def test_clients_that_sign_loopback_in_their_own_way_are_accepted(client: Client) -> None:
    host = client.url.removeprefix("http://")
    body, now = b"{}", int(time.time())
    for signed, service in ((host.partition(":")[0], "ssl"), (host, "127"), (host.partition(":")[0], "127")):
        headers = tc3_headers("DescribeCertificates", body, client.key, signed, now, service, "2019-12-05")
        assert client.send("POST", "/", body, {**headers, "Host": host}).code is None, (signed, service)


def test_any_host_header_reaches_the_api(client: Client) -> None:
    for host in ("ssl.tencentcloudapi.com", "ssl.intl.tencentcloudapi.com"):
        assert client.tencent("DescribeCertificates", host=host).code is None


def test_answers_carry_a_fresh_request_id_and_status_200_also_when_refused(client: Client) -> None:
    answers = [client.tencent("DescribeCertificates"), client.tencent("NoSuchThing")]
    assert [each.status for each in answers] == [200, 200]
    assert len({each.fields["RequestId"] for each in answers}) == 2
    assert {each.headers["content-type"] for each in answers} == {"application/json"}


CALLS: list[tuple[str, str, dict[str, Any], str]] = [
    ("unknown action", "NoSuchThing", {}, "InvalidAction"),
    ("no action", "", {}, "MissingParameter"),
    ("other version", "DescribeCertificates", {"version": "2020-01-01"}, "NoSuchVersion"),
    ("body is no JSON", "DescribeCertificates", {"body": b"{"}, "InvalidRequest"),
    ("body is a list", "DescribeCertificates", {"body": b"[]"}, "InvalidRequest"),
    ("unknown parameter", "DescribeCertificates", {"body": b'{"Nope": 1}'}, "UnknownParameter"),
    ("missing parameter", "DescribeCertificateDetail", {}, "MissingParameter"),
    ("number for a list", "DescribeCertificates", {"body": b'{"CertIds": 1}'}, "InvalidParameter"),
    ("word for a number", "DescribeCertificates", {"body": b'{"Limit": "ten"}'}, "InvalidParameter"),
    ("bool for a number", "DescribeCertificates", {"body": b'{"Limit": true}'}, "InvalidParameter"),
    ("wrong secret", "DescribeCertificates", {"key": ("AKIDx", "y")}, "AuthFailure.SecretIdNotFound"),
    ("unknown id", "DescribeCertificateDetail", {"body": b'{"CertificateId": "none0000"}'}, "CertificateNotFound"),
]


@pytest.mark.parametrize(("action", "changes", "code"), [each[1:] for each in CALLS], ids=[each[0] for each in CALLS])
def test_bad_call_is_refused_and_journaled(client: Client, action: str, changes: dict[str, Any], code: str) -> None:
    answer = client.tencent(action, **changes)
    assert (answer.code or "").removeprefix("FailedOperation.") == code
    entry = client.journal()[-1]
    assert (entry["outcome"], entry["error_code"], entry["effective"]) == ("error", answer.code, False)
    assert entry["action"] == (action or None)


def test_unreadable_request_gets_plain_not_found(client: Client) -> None:
    for method, path in (("GET", "/"), ("POST", "/elsewhere"), ("POST", "/")):
        answer = client.send(method, path)
        assert answer.status == 404 and answer.headers["content-type"].startswith("text/plain")


def test_strict_switches_refuse_what_is_lenient_by_default(client: Client) -> None:
    order_id = client.submitted()
    number = {"CertId": order_id, "VerifyType": 1}
    assert client.tencent("CertificateOrderSubmit", number).code != "InvalidParameter"
    assert client.tencent("CompleteCertificate", {"CertificateId": order_id}).code is None
    client.control("POST", "settings", {"strict_types": True, "tencent_site": "intl"})
    assert client.tencent("CertificateOrderSubmit", number).code == "InvalidParameter"
    assert client.tencent("CompleteCertificate", {"CertificateId": order_id}).code == "InvalidAction"
    client.control("POST", "settings", {"refuse_unknown_parameters": False})
    assert client.tencent("DescribeCertificates", {"Nope": 1}).code is None


def test_gateway_skew_moves_signature_check_and_date_header(client: Client) -> None:
    client.control("POST", "settings", {"gateway_skew": 3600})
    answer = client.tencent("DescribeCertificates")
    assert answer.code == "AuthFailure.SignatureExpire"
    seen = time.mktime(time.strptime(answer.headers["date"], "%a, %d %b %Y %H:%M:%S GMT")) - time.timezone
    assert client.tencent("DescribeCertificates", when=int(seen)).code is None
    assert 3500 < seen - time.time() < 3700


def test_calls_over_the_limit_are_refused_per_action_and_without_effect(client: Client, sandbox: App) -> None:
    order_id = client.order()
    client.control("POST", "settings", {"rate": 0.1})
    codes = [client.tencent("CertificateInfoSubmit", {"CertId": order_id}).code for _unused in range(2)]
    assert codes == ["MissingParameter", "RequestLimitExceeded"]
    assert client.tencent("DescribeCertificates").code is None
    assert client.journal()[1]["error_code"] == "RequestLimitExceeded"
    client.control("POST", "settings", {"tencent_throttle": "product"})
    assert "LimitExceeded.RateLimitExceeded" in [client.tencent("DescribeCertificates").code for _unused in range(3)]
    assert client.control("GET", f"orders/{order_id}")["state"] == "awaiting_documents"


def test_read_only_key_may_read_but_not_write(client: Client, sandbox: App) -> None:
    sandbox.accounts.add(Account("tencent", "AKIDreader", "secret", read_only=True))
    key = ("AKIDreader", "secret")
    assert client.tencent("DescribeCertificates", key=key).code is None
    body = json.dumps({"CertId": "x"}).encode()
    assert client.tencent("CertificateOrderSubmit", key=key, body=body).code == "AuthFailure.UnauthorizedOperation"


def test_orders_and_zones_of_another_account_are_out_of_reach(client: Client, sandbox: App) -> None:
    sandbox.accounts.add(Account("tencent", "AKIDother", "secret"))
    order_id, key = client.order(), ("AKIDother", "secret")
    answer = client.tencent("DescribeCertificateDetail", {"CertificateId": order_id}, key=key)
    assert answer.code == "FailedOperation.CertificateNotFound"
    assert client.tencent("DescribeCertificates", key=key).fields["TotalCount"] == 0
    denied = client.tencent("DescribeRecordList", {"Domain": "example.com"}, key=key)
    assert denied.code == "OperationDenied.NoPermissionToOperateDomain"
