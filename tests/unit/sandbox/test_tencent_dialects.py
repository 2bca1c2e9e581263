# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The dialects Tencent's gateway understands, against the running sandbox: the reference's vectors, GET, parameters."""

from __future__ import annotations

import hashlib
import hmac
import time
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from certwright_sandbox.accounts import Account
from certwright_sandbox.app import App
from certwright_sandbox.tencent_query import from_query
from sandbox_client import Answer, Client
from test_tencent_gateway import KEY_ID, SECRET, VECTORS, vector_request

#: The unsigned headers that a vector leaves open: action and version. V6 signs its action.
ACTIONS = {
    "V1": "DescribeCertificateDetail",
    "V2": "CreateRecord",
    "V3": "DescribeCertificates",
    "V4": "DescribeCertificates",
    "V5": "DescribeCertificates",
    "V6": "DescribeDomain",
    "V7": "DescribeRecordList",
}
VERSIONS = {"ssl": "2019-12-05", "dnspod": "2021-03-23"}


def send_vector(client: Client, sandbox: App, name: str, **changes: str) -> Answer:
    """A vector as it stands, sent to the vendor's host name at the time it was signed for."""
    request, service, token, when = vector_request(name, **changes)
    sandbox.accounts.add(Account("tencent", KEY_ID, SECRET, token))
    sandbox.store.write("UPDATE zones SET owner = ? WHERE name = 'example.com'", KEY_ID)
    client.control("POST", "settings", {"gateway_skew": when - time.time()})
    headers = {"X-TC-Action": ACTIONS[name], "X-TC-Version": VERSIONS[service], **dict(request.headers)}
    target = f"/?{request.query}" if request.query else "/"
    return client.send(request.method, target, request.body, headers)


@pytest.mark.parametrize("name", VECTORS)
def test_vector_of_the_reference_is_carried_out_at_its_time(client: Client, sandbox: App, name: str) -> None:
    answer = send_vector(client, sandbox, name)
    # The order of V1 is not there, which only somebody who is let in is told.
    assert answer.code == ("FailedOperation.CertificateNotFound" if name == "V1" else None)
    (entry,) = client.journal()
    assert (entry["action"], entry["effective"]) == (ACTIONS[name], name == "V2")


@pytest.mark.parametrize("name", VECTORS)
def test_vector_of_the_reference_is_refused_when_its_signature_is_touched(
    client: Client, sandbox: App, name: str
) -> None:
    authorization = vector_request(name)[0].header("authorization")
    touched = authorization[:-1] + ("0" if authorization[-1] != "0" else "1")
    assert send_vector(client, sandbox, name, Authorization=touched).code == "AuthFailure.SignatureFailure"


def test_signed_action_cannot_be_replaced(client: Client, sandbox: App) -> None:
    answer = send_vector(client, sandbox, "V6", **{"X-TC-Action": "DescribeRecordList"})
    assert answer.code == "AuthFailure.SignatureFailure"


def get(client: Client, action: str, query: str, sent: str | None = None) -> Answer:
    """A signed GET request; ``sent`` replaces the query once it is signed."""
    service = "ssl"
    host, now = urlsplit(client.url).netloc, int(time.time())
    date, content_type = time.strftime("%Y-%m-%d", time.gmtime(now)), "application/x-www-form-urlencoded"
    empty = hashlib.sha256(b"").hexdigest()
    canonical = f"GET\n/\n{query}\ncontent-type:{content_type}\nhost:{host}\n\ncontent-type;host\n{empty}"
    text = f"TC3-HMAC-SHA256\n{now}\n{date}/{service}/tc3_request\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = b"TC3" + client.key[1].encode()
    for part in (date, service, "tc3_request"):
        key = hmac.new(key, part.encode(), "sha256").digest()
    signature = hmac.new(key, text.encode(), "sha256").hexdigest()
    headers = {
        "Host": host,
        "Content-Type": content_type,
        "X-TC-Action": action,
        "X-TC-Version": VERSIONS[service],
        "X-TC-Timestamp": str(now),
        "Authorization": f"TC3-HMAC-SHA256 Credential={client.key[0]}/{date}/{service}/tc3_request, "
        f"SignedHeaders=content-type;host, Signature={signature}",
    }
    return client.send("GET", f"/?{query if sent is None else sent}", headers=headers)


def test_order_is_submitted_by_get(client: Client) -> None:
    order_id = client.order(product="multi")
    documents = {
        "CertId": order_id,
        "GenCsrType": "online",
        "CertCommonName": "www.example.com",
        "DnsNames.0": "example.com",
        "DnsNames.1": "shop.example.com",
        "CompanyType": 2,
        "CompanyId": "0",
        "ManagerId": "12895",
        "CsrEncryptAlgo": "ECC",
        "CsrKeyParameter": "prime256v1",
        "UseCrossSignRoot": False,
    }
    assert get(client, "CertificateInfoSubmit", urlencode(documents)).code is None
    assert get(client, "CertificateOrderSubmit", urlencode({"CertId": order_id})).fields["Status"] == 0
    order = client.control("GET", f"orders/{order_id}")
    assert order["names"] == ["www.example.com", "example.com", "shop.example.com"]
    assert (order["application"]["CompanyType"], order["application"]["UseCrossSignRoot"]) == (2, False)


REQUIRED = "CertId=x&GenCsrType=parse&CertCommonName=x&CompanyType=1&CompanyId=0"
REFUSED: list[tuple[str, str, str, str]] = [
    ("nothing given", "DescribeCertificateDetail", "", "MissingParameter"),
    ("word for a number", "DescribeCertificates", "Limit=ten", "InvalidParameter"),
    ("word for a truth value", "CertificateInfoSubmit", f"{REQUIRED}&UseCrossSignRoot=maybe", "InvalidParameter"),
    ("unknown parameter", "DescribeCertificates", "Nope=1", "UnknownParameter"),
    ("value and parts", "DescribeCertificates", "CertIds=a&CertIds.0=b", "InvalidRequest"),
    ("too long", "DescribeCertificates", "SearchKey=" + "x" * 32768, "RequestSizeLimitExceeded"),
]


@pytest.mark.parametrize(("action", "query", "code"), [each[1:] for each in REFUSED], ids=[each[0] for each in REFUSED])
def test_bad_query_is_refused_like_a_bad_body(client: Client, action: str, query: str, code: str) -> None:
    assert get(client, action, query).code == code


def test_get_is_refused_when_its_query_was_changed(client: Client) -> None:
    assert get(client, "DescribeCertificates", "Limit=1").code is None
    assert get(client, "DescribeCertificates", "Limit=1", sent="Limit=2").code == "AuthFailure.SignatureFailure"


@pytest.mark.parametrize(
    ("query", "parameters"),
    [
        ("", {}),
        ("A=1&B=", {"A": "1", "B": ""}),
        ("A.0=x&A.1=y", {"A": ["x", "y"]}),
        ("A.1=y&A.0=x", {"A": ["x", "y"]}),
        ("T.0.TagKey=k&T.0.TagValue=v", {"T": [{"TagKey": "k", "TagValue": "v"}]}),
        ("A.Name=x", {"A": {"Name": "x"}}),
        ("A=a%20b%2Bc+d&B=%E9%BB%98", {"A": "a b+c d", "B": "默"}),
    ],
)
def test_query_is_put_together_again(query: str, parameters: dict[str, Any]) -> None:
    assert from_query(query) == parameters


@pytest.mark.parametrize("query", ["A=1&A.0=2", "A.0=2&A=1", "A=1&A=2", "A=%FF"])
def test_query_that_contradicts_itself_is_not_read(query: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        from_query(query)
