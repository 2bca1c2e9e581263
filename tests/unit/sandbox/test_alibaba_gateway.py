# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Alibaba's front door: the reference's signature vectors, and what it refuses, in which words."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
from types import SimpleNamespace
from urllib.parse import quote, urlencode

import pytest
from certwright_sandbox.accounts import Account
from certwright_sandbox.alibaba_api import Action
from certwright_sandbox.alibaba_gateway import AlibabaGateway
from certwright_sandbox.gateway import ApiError
from certwright_sandbox.messages import Request

KEY_ID = "LTAI5tEXAMPLE" + "dummyKey001"
SECRET = "dummySecretForTestsOnly0000001"
TOKEN = "CAISdummy+Token/With==Special*Chars~"
NOW = dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC).timestamp()
EMPTY = hashlib.sha256(b"").hexdigest()
SDK_HEADERS = (
    "accept;host;user-agent;x-acs-action;x-acs-content-sha256;x-acs-credentials-provider;x-acs-date;"
    "x-acs-signature-nonce;x-acs-version"
)

#: name: (headers, signed headers, query, body, signature, parameters that the action sees)
COMMON = {
    "accept": "application/json",
    "user-agent": "ansible-collection-test/1.0",
    "x-acs-date": "2026-01-02T03:04:05Z",
}
VECTORS = {
    "official": (
        {
            "host": "ecs.cn-shanghai.aliyuncs.com",
            "x-acs-action": "RunInstances",
            "x-acs-version": "2014-05-26",
            "x-acs-date": "2023-10-26T10:22:32Z",
            "x-acs-signature-nonce": "3156853299f313e23d1673dc12e1703d",
        },
        "host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version",
        "ImageId=win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd&RegionId=cn-shanghai",
        b"",
        "06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0",
        {"ImageId": "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd", "RegionId": "cn-shanghai"},
    ),
    "V3-A": (
        {
            **COMMON,
            "host": "cas.aliyuncs.com",
            "x-acs-action": "DescribeCertificateState",
            "x-acs-version": "2020-04-07",
            "x-acs-credentials-provider": "static_ak",
            "x-acs-signature-nonce": "3156853299f313e23d1673dc12e1703d",
        },
        SDK_HEADERS,
        "OrderId=98987582437920968",
        b"",
        "cf9c2d89c5150c8b64c3804ce8970f343625fc229da4ab6b5130442032177f70",
        {"OrderId": "98987582437920968"},
    ),
    "V3-B": (
        {
            **COMMON,
            "host": "cas.ap-southeast-1.aliyuncs.com",
            "x-acs-accesskey-id": KEY_ID,
            "x-acs-action": "CreateCertificateForPackageRequest",
            "x-acs-version": "2020-04-07",
            "x-acs-credentials-provider": "static_sts",
            "x-acs-security-token": TOKEN,
            "x-acs-signature-nonce": "9e107d9d372bb6826bd81d3542a419d6",
        },
        (
            "accept;host;user-agent;x-acs-accesskey-id;x-acs-action;x-acs-content-sha256;x-acs-credentials-provider;"
            "x-acs-date;x-acs-security-token;x-acs-signature-nonce;x-acs-version"
        ),
        (
            "Domain=%2A.example.com%2Cexample.com&Email=a%2Bb%40example.com&Phone=13800000000"
            "&ProductCode=digicert-free-1-free&Username=%E6%B5%8B%E8%AF%95+User%2A~%281%29%2B&ValidateType=DNS"
        ),
        b"",
        "4b51dd7573a6c32bbc3ec8d9c6fe633b9bae78076d34b096c1b485b52be4b920",
        {
            "Domain": "*.example.com,example.com",
            "Email": "a+b@example.com",
            "Phone": "13800000000",
            "ProductCode": "digicert-free-1-free",
            "Username": "测试 User*~(1)+",
            "ValidateType": "DNS",
        },
    ),
    "V3-C": (
        {
            "host": "cas.aliyuncs.com",
            "content-type": "application/x-www-form-urlencoded",
            "x-acs-action": "UploadUserCertificate",
            "x-acs-version": "2020-04-07",
            "x-acs-date": "2026-01-02T03:04:05Z",
            "x-acs-signature-nonce": "b10a8db164e0754105b7a99be72e3fe5",
            "user-agent": "not signed",
        },
        "content-type;host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version",
        "",
        (
            b"Cert=-----BEGIN+CERTIFICATE-----%0AMIIB%2Bdummy%2Fbase64%3D%3D%0A-----END+CERTIFICATE-----%0A"
            b"&Key=-----BEGIN+PRIVATE+KEY-----%0AMIIE%2Bdummy%2Fkey%3D%3D%0A-----END+PRIVATE+KEY-----%0A&Name=web+01%2A~"
        ),
        "7afe6cddc58f2a493d99d01b9495f0af737b469aed6ca78577aedfe875535f36",
        {
            "Cert": "-----BEGIN CERTIFICATE-----\nMIIB+dummy/base64==\n-----END CERTIFICATE-----\n",
            "Key": "-----BEGIN PRIVATE KEY-----\nMIIE+dummy/key==\n-----END PRIVATE KEY-----\n",
            "Name": "web 01*~",
        },
    ),
    "V3-D": (
        {
            **COMMON,
            "host": "cas.aliyuncs.com",
            "x-acs-action": "UpdateInstance",
            "x-acs-version": "2020-04-07",
            "x-acs-credentials-provider": "static_ak",
            "x-acs-signature-nonce": "d41d8cd98f00b204e9800998ecf8427e",
        },
        SDK_HEADERS,
        (
            "ContactIdList.1=519580&ContactIdList.2=519581&Domain=www.example.com&InstanceId=cas_dv-cn-rp643r82d0i1"
            "&Tags.1.TagKey=env&Tags.1.TagValue=a+b"
        ),
        b"",
        "befd2c9399ad38af7f270a96aacfe49d997c36a3ae81e9c7f5553237fd0ad117",
        {
            "ContactIdList.1": "519580",
            "ContactIdList.2": "519581",
            "Domain": "www.example.com",
            "InstanceId": "cas_dv-cn-rp643r82d0i1",
            "Tags.1.TagKey": "env",
            "Tags.1.TagValue": "a b",
        },
    ),
    "V3-E": (
        {
            **COMMON,
            "host": "cas.aliyuncs.com",
            "content-type": "application/json; charset=utf-8",
            "x-acs-action": "DescribeDVOrderResult",
            "x-acs-version": "2018-07-13",
            "x-acs-credentials-provider": "static_ak",
            "x-acs-signature-nonce": "d41d8cd98f00b204e9800998ecf8427e",
        },
        SDK_HEADERS.replace("accept;", "accept;content-type;"),
        "InstanceId=cas-cn-x",
        b'{"InstanceId":"cas-cn-x"}',
        "17f2685bd2412c4238e2730bcdff2d5b10f0bb70936e0c68091b05a4245b788b",
        {"InstanceId": "cas-cn-x"},
    ),
}


class Accounts:
    """One permanent, one temporary and one read-only key."""

    def __init__(self, token: str = "", key_id: str = KEY_ID, secret: str = SECRET) -> None:
        self._keys = {
            key_id: Account("alibaba", key_id, secret, token),
            "readonly": Account("alibaba", "readonly", secret, read_only=True),
        }

    def find(self, cloud: str, key_id: str) -> Account | None:
        return self._keys.get(key_id) if cloud == "alibaba" else None


def gateway(accounts: Accounts, now: float = NOW, *actions: tuple[str, str]) -> AlibabaGateway:
    table = {action: Action(lambda call: {}, 10, ("InstanceId",)) for action in actions}
    table["2018-07-13", "CreateDVOrderAudit"] = Action(lambda call: {}, 10, ("InstanceId",), writes=True)
    return AlibabaGateway(accounts, SimpleNamespace(gateway=lambda: now), table)


def request_of(name: str) -> Request:
    headers, signed, query, body, signature, _parameters = VECTORS[name]
    key_id = "YourAccessKeyId" if name == "official" else KEY_ID
    authorization = f"ACS3-HMAC-SHA256 Credential={key_id},SignedHeaders={signed},Signature={signature}"
    lines = {**headers, "x-acs-content-sha256": hashlib.sha256(body).hexdigest(), "Authorization": authorization}
    return Request.make("POST", f"/?{query}" if query else "/", lines.items(), body)


def signed_request(change: dict[str, str | None] | None = None, **more: str) -> Request:
    """A correctly signed CreateDVOrderAudit; `change` replaces (None: removes) headers after signing."""
    options = {"host": "127.0.0.1:8080", "signed_host": "", "key_id": KEY_ID, "nonce": "n1", "method": "POST", **more}
    body = urlencode({"InstanceId": "cas-cn-x", "Domain": "a b~*.example.com"}).encode()
    query = options.get("query", "")
    headers = {
        "host": options["host"],
        "content-type": "application/x-www-form-urlencoded",
        "x-acs-action": options.get("action", "CreateDVOrderAudit"),
        "x-acs-version": "2018-07-13",
        "x-acs-date": options.get("date", "2026-01-02T03:04:05Z"),
        "x-acs-signature-nonce": options["nonce"],
        "x-acs-content-sha256": hashlib.sha256(body).hexdigest(),
    }
    if "token" in options:
        headers["x-acs-security-token"] = options["token"]
    names = sorted(name for name in headers if name != options.get("unsigned"))
    values = {**headers, "host": options["signed_host"] or options["host"]}
    lines = [options["method"], options.get("path", "/"), query, *(f"{name}:{values[name]}" for name in names), ""]
    canonical = "\n".join([*lines, ";".join(names), headers["x-acs-content-sha256"]])
    to_sign = "ACS3-HMAC-SHA256\n" + hashlib.sha256(canonical.encode()).hexdigest()
    signature = hmac.new(SECRET.encode(), to_sign.encode(), hashlib.sha256).hexdigest()
    headers["Authorization"] = (
        f"ACS3-HMAC-SHA256 Credential={options['key_id']},SignedHeaders={';'.join(names)},Signature={signature}"
    )
    headers.update({name: value for name, value in (change or {}).items() if value is not None})
    kept = [(name, value) for name, value in headers.items() if (change or {}).get(name, "") is not None]
    return Request.make(options["method"], options.get("path", "/") + (f"?{query}" if query else ""), kept, body)


def verify(front: AlibabaGateway, request: Request):
    call = front.describe(request)
    front.verify(call, request)
    return call


@pytest.mark.parametrize("name", VECTORS)
def test_reference_vector_is_accepted_with_its_parameters(name):
    headers, *_rest, parameters = VECTORS[name]
    accounts = Accounts(TOKEN if name == "V3-B" else "")
    now = NOW
    if name == "official":
        accounts = Accounts("", "YourAccessKeyId", "YourAccessKeySecret")
        now = dt.datetime(2023, 10, 26, 10, 22, 32, tzinfo=dt.UTC).timestamp()
    front = gateway(accounts, now, (headers["x-acs-version"], headers["x-acs-action"]))
    assert verify(front, request_of(name)).parameters == parameters


@pytest.mark.parametrize("name", VECTORS)
def test_reference_vector_with_another_signature_is_refused(name):
    request = request_of(name)
    headers = [
        (key, value[:-1] + ("0" if value[-1] != "0" else "1")) if key == "Authorization" else (key, value)
        for key, value in request.headers
    ]
    accounts = Accounts(TOKEN if name == "V3-B" else "")
    now = NOW
    if name == "official":
        accounts = Accounts("", "YourAccessKeyId", "YourAccessKeySecret")
        now = dt.datetime(2023, 10, 26, 10, 22, 32, tzinfo=dt.UTC).timestamp()
    front = gateway(accounts, now, (request.header("x-acs-version"), request.header("x-acs-action")))
    changed = Request(request.method, request.path, request.query, tuple(headers), request.body)
    with pytest.raises(ApiError) as caught:
        verify(front, changed)
    assert caught.value.code == "SignatureDoesNotMatch"


@pytest.mark.parametrize(
    ("host", "signed_host", "accepted"),
    [
        ("127.0.0.1:8080", "127.0.0.1:8080", True),
        ("127.0.0.1:8080", "127.0.0.1", True),
        ("localhost:8080", "localhost", True),
        ("[::1]:8080", "[::1]", True),
        ("cas.aliyuncs.com:8080", "cas.aliyuncs.com:8080", True),
        ("cas.aliyuncs.com:8080", "cas.aliyuncs.com", False),
        ("127.0.0.1:8080", "cas.aliyuncs.com", False),
    ],
)
def test_host_may_be_signed_without_its_port_on_loopback_only(host, signed_host, accepted):
    request = signed_request(host=host, signed_host=signed_host)
    if accepted:
        assert verify(gateway(Accounts()), request).order_id == "cas-cn-x"
        return
    with pytest.raises(ApiError, match="SignatureDoesNotMatch"):
        verify(gateway(Accounts()), request)


REFUSALS = [
    ("unknown action", {"action": "CreateNothing"}, {}, 404, "InvalidApi.NotFound"),
    ("unknown version", {}, {"x-acs-version": "2020-04-07"}, 404, "InvalidApi.NotFound"),
    ("other path", {"path": "/api"}, {}, 404, "InvalidApi.NotFound"),
    ("other method", {"method": "PUT"}, {}, 400, "UnsupportedHTTPMethod"),
    ("no authorization", {}, {"Authorization": None}, 400, "MissingAccessKeyId"),
    ("no date", {}, {"x-acs-date": None}, 400, "MissingTimestamp"),
    ("no nonce", {}, {"x-acs-signature-nonce": None}, 400, "MissingSignatureNonce"),
    (
        "other algorithm",
        {},
        {"Authorization": "ACS3-HMAC-SM3 Credential=a,SignedHeaders=b,Signature=c"},
        400,
        "IncompleteSignature",
    ),
    ("half an authorization", {}, {"Authorization": "ACS3-HMAC-SHA256 Credential=a"}, 400, "IncompleteSignature"),
    ("unknown key", {"key_id": "LTAInobody"}, {}, 404, "InvalidAccessKeyId.NotFound"),
    ("token of nobody", {"token": "x"}, {}, 400, "InvalidSecurityToken.MismatchWithAccessKey"),
    ("odd date", {"date": "2026-01-02 03:04:05"}, {}, 400, "InvalidTimeStamp.Format"),
    ("16 minutes slow", {"date": "2026-01-02T02:48:05Z"}, {}, 400, "InvalidTimeStamp.Expired"),
    ("16 minutes fast", {"date": "2026-01-02T03:20:05Z"}, {}, 400, "InvalidTimeStamp.Expired"),
    ("other body hash", {}, {"x-acs-content-sha256": EMPTY}, 400, "IncompleteSignature"),
    ("host not signed", {"unsigned": "host"}, {}, 400, "IncompleteSignature"),
    ("x-acs header added", {}, {"x-acs-extra": "1"}, 400, "IncompleteSignature"),
    ("action not signed", {"unsigned": "x-acs-action"}, {}, 400, "IncompleteSignature"),
    ("content-type changed", {}, {"content-type": "text/plain"}, 400, "SignatureDoesNotMatch"),
    ("write with a read-only key", {"key_id": "readonly"}, {}, 403, "Forbidden.RAM"),
]


@pytest.mark.parametrize(
    ("how", "change", "status", "code"), [row[1:] for row in REFUSALS], ids=[row[0] for row in REFUSALS]
)
def test_bad_request_is_refused_in_the_gateways_words(how, change, status, code):
    front = gateway(Accounts())
    request = signed_request(change, **how)
    call = front.describe(request)
    with pytest.raises(ApiError) as caught:
        front.verify(call, request)
    response = front.failure(call, caught.value)
    body = json.loads(response.body)
    assert (response.status, body["Code"]) == (status, code)
    assert set(body) == {"RequestId", "HostId", "Code", "Message", "Recommend"}
    assert body["RequestId"] == body["RequestId"].upper() == response.headers["x-acs-request-id"]
    assert body["HostId"] == "127.0.0.1:8080"
    assert response.content_type == "application/json;charset=utf-8"


@pytest.mark.parametrize(
    ("token", "code"),
    [(None, "MissingSecurityToken"), ("other", "InvalidSecurityToken.Malformed"), (TOKEN, None)],
)
def test_temporary_key_needs_its_token(token, code):
    request = signed_request(**({} if token is None else {"token": token}))
    if code is None:
        assert verify(gateway(Accounts(TOKEN)), request).account.token == TOKEN
        return
    with pytest.raises(ApiError) as caught:
        verify(gateway(Accounts(TOKEN)), request)
    assert caught.value.code == code


def test_nonce_is_refused_twice_within_15_minutes_but_not_after_a_bad_signature():
    now = [NOW]
    action = Action(lambda call: {}, writes=True)
    clock = SimpleNamespace(gateway=lambda: now[0])
    front = AlibabaGateway(Accounts(), clock, {("2018-07-13", "CreateDVOrderAudit"): action})
    with pytest.raises(ApiError, match="SignatureDoesNotMatch"):
        verify(front, signed_request({"content-type": "text/plain"}))
    verify(front, signed_request())
    with pytest.raises(ApiError, match="SignatureNonceUsed"):
        verify(front, signed_request())
    verify(front, signed_request(nonce="n2"))
    now[0] += 901
    verify(front, signed_request(date="2026-01-02T03:19:06Z"))


def test_signature_refusal_shows_what_the_server_signed():
    with pytest.raises(ApiError) as caught:
        verify(gateway(Accounts()), signed_request({"content-type": "text/plain"}))
    shown = caught.value.message.partition("server string to sign is:")[2]
    assert shown.startswith("POST\n/\n\ncontent-type:text/plain\nhost:127.0.0.1:8080\n")


@pytest.mark.parametrize(
    ("content_type", "body", "expected"),
    [
        ("application/x-www-form-urlencoded", b"A=2&C=%E6%B5%8B", {"A": "2", "B": "1", "C": "测"}),
        ("application/json; charset=utf-8", b'{"A": 2, "C": [1, true]}', {"A": 2, "B": "1", "C": [1, True]}),
        ("application/octet-stream", b"A=2", {"A": "1", "B": "1"}),
        ("", b"", {"A": "1", "B": "1"}),
    ],
)
def test_parameters_are_the_union_of_query_and_body(content_type, body, expected):
    request = Request.make("POST", "/?A=1&B=1", [("Content-Type", content_type)], body)
    assert gateway(Accounts()).describe(request).parameters == expected


def test_query_is_verified_in_any_encoding_of_the_same_values():
    canonical = "A=" + quote("x y*~", safe="~")
    request = signed_request(query=canonical)
    other = Request(request.method, request.path, "A=x+y*%7E", request.headers, request.body)
    assert verify(gateway(Accounts()), other).parameters["A"] == "x y*~"


@pytest.mark.parametrize(
    ("headers", "accepted"),
    [
        ([("X-Acs-Action", "X")], True),
        ([("Authorization", "ACS3-HMAC-SHA256 Credential=")], True),
        ([("Authorization", "TC3-HMAC-SHA256 Credential="), ("X-TC-Action", "X")], False),
        ([("Host", "cas.aliyuncs.com")], False),
    ],
)
def test_gateway_takes_only_requests_of_its_protocol(headers, accepted):
    assert gateway(Accounts()).accepts(Request.make("POST", "/", headers)) is accepted


def test_throttling_answer_tells_when_to_come_back_in_milliseconds():
    front = gateway(Accounts())
    call = front.describe(signed_request())
    response = front.failure(call, front.throttled(call, 11, 10, 1.5))
    assert (response.status, json.loads(response.body)["Code"]) == (400, "Throttling.User")
    assert response.headers["x-acs-retry-after"] == "1500"
    assert "x-acs-retry-after" not in front.failure(call, front.throttled(call, 11, 10, None)).headers


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        (None, None, (500, "InternalError")),
        ("ServiceUnavailable", None, (503, "ServiceUnavailable")),
        ("FlowControlError", None, (400, "FlowControlError")),
        ("InternalError", 400, (400, "InternalError")),
    ],
)
def test_injected_error_has_the_status_of_its_code(code, status, expected):
    front = gateway(Accounts())
    refusal = front.broken(front.describe(signed_request()), code, None, status)
    assert (refusal.status, refusal.code) == expected


def test_missing_parameter_is_named():
    front = gateway(Accounts(), NOW, ("2018-07-13", "DescribeDVOrderResult"))
    call = front.describe(
        Request.make("POST", "/", [("x-acs-action", "DescribeDVOrderResult"), ("x-acs-version", "2018-07-13")])
    )
    with pytest.raises(ApiError, match="MissingInstanceId: InstanceId is mandatory for this action"):
        front.prepare(call)
