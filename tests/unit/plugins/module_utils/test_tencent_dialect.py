# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is sent to Tencent, and what its answers mean."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.certwright.cloud.plugins.module_utils._client import USER_AGENT, ApiCall, ApiClient
from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError, ErrorKind
from ansible_collections.certwright.cloud.plugins.module_utils._http import Connection, HttpResponse, TransportError
from ansible_collections.certwright.cloud.plugins.module_utils._retry import CallClass
from ansible_collections.certwright.cloud.plugins.module_utils._tencent._credentials import Credentials
from ansible_collections.certwright.cloud.plugins.module_utils._tencent._dialect import TencentDialect
from ansible_collections.certwright.cloud.tests.unit.plugins.helpers import (
    START,
    FakeClock,
    FakeTransport,
    json_response,
)

READ = ApiCall("ssl", "2019-12-05", "DescribeCertificateDetail", CallClass.READ)
ONCE = ApiCall("ssl", "2019-12-05", "CertificateOrderSubmit", CallClass.ONCE)
DNS = ApiCall("dnspod", "2021-03-23", "CreateRecord", CallClass.REPEATABLE)
# In two parts, so that no scanner takes the vendor's dummies for keys.
CREDENTIALS = Credentials(
    "AKIDEXAMPLE" + "0123456789abcdefghijklmn", "SecretKeyExample" + "0123456789abcdef", None, "the options"
)
# 2026-01-01 01:00:00 UTC, an hour after the clock of the tests.
LATER = "Thu, 01 Jan 2026 01:00:00 GMT"


def dialect(token: str | None = None, **connection: Any) -> TencentDialect:
    credentials = Credentials(CREDENTIALS.id, CREDENTIALS.secret, token, CREDENTIALS.source)
    return TencentDialect(credentials, Connection(**connection), FakeClock())


def answer(fields: dict[str, Any], **more: Any) -> HttpResponse:
    return json_response({"Response": {"RequestId": "request-1", **fields}}, **more)


def error(code: Any, **more: Any) -> HttpResponse:
    return answer({"Error": {"Code": code, "Message": "the cloud's words"}}, **more)


def refusal(response: HttpResponse, call: ApiCall = READ) -> CertwrightError:
    with pytest.raises(CertwrightError) as caught:
        dialect().understand(call, response)
    return caught.value


def test_request_equals_the_vendors_vector() -> None:
    request = dialect(site="intl").request(READ, {"CertificateId": "LrmeMvQr"}, START)
    assert request.method == "POST" and request.url == "https://ssl.intl.tencentcloudapi.com/"
    assert request.body == b'{"CertificateId": "LrmeMvQr"}'
    assert request.headers == {
        "Authorization": f"TC3-HMAC-SHA256 Credential={CREDENTIALS.id}/2026-01-01/ssl/tc3_request, "
        "SignedHeaders=content-type;host, "
        "Signature=9b124c283fe67ce6800308f52ed35905adfa6b6ab825d683a1ec559ebf2136d1",
        "Content-Type": "application/json",
        "Host": "ssl.intl.tencentcloudapi.com",
        "User-Agent": USER_AGENT,
        "X-TC-Action": "DescribeCertificateDetail",
        "X-TC-Language": "en-US",
        "X-TC-Timestamp": "1767225600",
        "X-TC-Version": "2019-12-05",
    }


def test_request_with_a_token_equals_the_vendors_vector() -> None:
    params = {
        "Domain": "example.com",
        "SubDomain": "_dnsauth",
        "RecordType": "TXT",
        "RecordLine": "默认",
        "RecordLineId": "0",
        "Value": "202601010000000abcdef",
        "TTL": 600,
    }
    request = dialect("DummySessionToken==", site="china").request(DNS, params, 1772323199.9)
    assert request.url == "https://dnspod.tencentcloudapi.com/"
    assert request.headers["X-TC-Token"] == "DummySessionToken=="
    assert request.headers["Authorization"].endswith("63e4bf9b249c43b4b3b739ed4d076c5c982e0ee2a60b95471c28635d27fceaf7")


@pytest.mark.parametrize(
    ("endpoint", "host"),
    [("http://127.0.0.1:18080", "127.0.0.1:18080"), ("https://Gateway.example.com", "gateway.example.com")],
)
def test_endpoint_replaces_the_host_and_not_the_product(endpoint: str, host: str) -> None:
    request = dialect(endpoint=endpoint).request(DNS, {}, START)
    assert request.url == endpoint + "/" and request.headers["Host"] == host
    assert "/dnspod/tc3_request" in request.headers["Authorization"]


def test_answer_has_data_and_request_id() -> None:
    understood = dialect().understand(READ, answer({"Status": 1}))
    assert understood.data["Status"] == 1 and understood.request_id == "request-1"


@pytest.mark.parametrize("request_id", [None, "", 7])
def test_missing_request_id_does_no_harm(request_id: Any) -> None:
    assert dialect().understand(READ, answer({"RequestId": request_id})).request_id is None


CODES = {
    "AuthFailure.SecretIdNotFound": ErrorKind.AUTH,
    "AuthFailure.SignatureFailure": ErrorKind.AUTH,
    "AuthFailure.SignatureExpire": ErrorKind.AUTH,
    "AuthFailure.TokenFailure": ErrorKind.AUTH,
    "AuthFailure.UnauthorizedOperation": ErrorKind.PERMISSION,
    "AuthFailure.NeverSeen": ErrorKind.AUTH,
    "UnauthorizedOperation": ErrorKind.PERMISSION,
    "UnauthorizedOperation.CamNoAuth": ErrorKind.PERMISSION,
    "FailedOperation.AuthError": ErrorKind.PERMISSION,
    "FailedOperation.NoRealNameAuth": ErrorKind.PERMISSION,
    "OperationDenied.NoPermissionToOperateDomain": ErrorKind.PERMISSION,
    "IpNotInWhitelist": ErrorKind.PERMISSION,
    "FailedOperation.CertificateNotFound": ErrorKind.NOT_FOUND,
    "ResourceNotFound.Manager": ErrorKind.NOT_FOUND,
    "InvalidParameterValue.DomainNotExists": ErrorKind.NOT_FOUND,
    "FailedOperation.CertificateInfoSubmitStatusInvalid": ErrorKind.CONFLICT,
    "FailedOperation.InvalidCertificateStatusCode": ErrorKind.CONFLICT,
    "FailedOperation.CertificateOrderSubmitProcessing": ErrorKind.CONFLICT,
    "InvalidParameter.ConflictRecord": ErrorKind.CONFLICT,
    "InvalidParameter.DomainRecordExist": ErrorKind.CONFLICT,
    "InvalidParameter.RenewAlgorithmInvalid": ErrorKind.INVALID_INPUT,
    "InvalidParameter": ErrorKind.INVALID_INPUT,
    "MissingParameter": ErrorKind.INVALID_INPUT,
    "FailedOperation.CertificateInfoSubmitDomainInvalid": ErrorKind.INVALID_INPUT,
    "FailedOperation.CertificatePreVerifyEmailInvalid": ErrorKind.INVALID_INPUT,
    "InvalidAction": ErrorKind.INVALID_INPUT,
    "RequestLimitExceeded": ErrorKind.THROTTLED,
    "RequestLimitExceeded.UinLimitExceeded": ErrorKind.THROTTLED,
    "RequestLimitExceeded.RequestLimitExceeded": ErrorKind.THROTTLED,
    "LimitExceeded.RateLimitExceeded": ErrorKind.THROTTLED,
    "FailedOperation.FrequencyLimit": ErrorKind.THROTTLED,
    "LimitExceeded": ErrorKind.QUOTA,
    "LimitExceeded.RecordTtlLimit": ErrorKind.QUOTA,
    "FailedOperation.ExceedsFreeLimit": ErrorKind.QUOTA,
    "InternalError": ErrorKind.SERVER,
    "InternalError.BackendResponseEmpty": ErrorKind.SERVER,
    "FailedOperation": ErrorKind.SERVER,
    "FailedOperation.CannotGetOrder": ErrorKind.SERVER,
    "FailedOperation.NetworkError": ErrorKind.SERVER,
    "FailedOperation.NeverSeen": ErrorKind.SERVER,
    "NeverSeen.AtAll": ErrorKind.SERVER,
    "RequestLimitExceededNot": ErrorKind.SERVER,
}


@pytest.mark.parametrize(("code", "kind"), CODES.items(), ids=CODES)
@pytest.mark.parametrize("status", [200, 503])
def test_error_is_classified_by_its_code_alone(code: str, kind: ErrorKind, status: int) -> None:
    found = refusal(error(code, status=status))
    assert (found.kind, found.code, found.detail) == (kind, code, "the cloud's words")
    assert (found.request_id, found.http_status) == ("request-1", status)
    assert found.hint and "DescribeCertificateDetail" in found.message


@pytest.mark.parametrize("code", [None, "", 17, ["x"]])
def test_error_without_a_usable_code_is_a_server_error(code: Any) -> None:
    assert refusal(error(code)).kind is ErrorKind.SERVER


@pytest.mark.parametrize("shape", ["text", ["x"], 3, True])
def test_error_of_another_shape_is_a_server_error(shape: Any) -> None:
    assert refusal(answer({"Error": shape})).kind is ErrorKind.SERVER


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("AuthFailure.SignatureFailure", "came from the options"),
        ("AuthFailure.UnauthorizedOperation", "'ssl:DescribeCertificateDetail'"),
        ("FailedOperation.AuthError", "'ssl:DescribeCertificateDetail'"),
        ("FailedOperation.NoRealNameAuth", "identity verification"),
        ("InvalidAction", "site=china"),
    ],
)
def test_hint_names_what_to_do(code: str, words: str) -> None:
    hint = refusal(error(code)).hint or ""
    assert words in hint and CREDENTIALS.secret not in hint


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({"date": LATER}, "3600 s behind the cloud's"),
        ({"date": "Wed, 31 Dec 2025 23:50:00 GMT"}, "600 s ahead of the cloud's"),
        ({"date": "Thu, 01 Jan 2026 00:00:00 GMT"}, "more than 5 minutes wrong"),
        ({}, "more than 5 minutes wrong"),
        ({"date": "yesterday"}, "more than 5 minutes wrong"),
    ],
)
def test_clock_error_says_how_far_it_is_off(headers: dict[str, str], words: str) -> None:
    assert words in (refusal(error("AuthFailure.SignatureExpire", headers=headers)).hint or "")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "an empty answer"),
        (b" \n", "an empty answer"),
        (b"<html>secret page</html>", "not Tencent Cloud's JSON"),
        (b'{"Response": {"Status"', "not Tencent Cloud's JSON"),
        (b'{"Response": []}', "not Tencent Cloud's JSON"),
        (b'{"response": {}}', "not Tencent Cloud's JSON"),
        (b"[]", "not Tencent Cloud's JSON"),
        (b"null", "not Tencent Cloud's JSON"),
        (b"\xff\xfe{}", "not Tencent Cloud's JSON"),
    ],
)
@pytest.mark.parametrize("status", [200, 404, 502])
def test_answer_that_is_none_says_what_came(body: bytes, words: str, status: int) -> None:
    found = refusal(HttpResponse(status, {"content-type": "text/html"}, body))
    assert found.kind is ErrorKind.SERVER and words in found.message
    assert f"HTTP status {status}, text/html" in found.message and "secret page" not in found.text


def client(transport: FakeTransport, clock: FakeClock | None = None) -> ApiClient:
    clock = clock or FakeClock()
    return ApiClient(TencentDialect(CREDENTIALS, Connection(), clock), transport, clock)


def test_wrong_clock_is_corrected_once() -> None:
    transport = FakeTransport([error("AuthFailure.SignatureExpire", headers={"date": LATER}), answer({})])
    client(transport).call(ONCE, {})
    assert [request.headers["X-TC-Timestamp"] for request in transport.requests] == ["1767225600", "1767229200"]


def test_submission_that_is_still_running_leaves_the_outcome_open() -> None:
    transport = FakeTransport([error("FailedOperation.CertificateOrderSubmitProcessing")])
    with pytest.raises(CertwrightError) as caught:
        client(transport).call(ONCE, {})
    assert caught.value.ambiguous and len(transport.requests) == 1


@pytest.mark.parametrize(
    ("reply", "ambiguous"),
    [
        (error("InternalError.BackendResponseError"), True),
        (error("NeverSeen"), True),
        (HttpResponse(502, {}, b"<html>"), True),
        (TransportError("no answer within 30 s", reached=True), True),
        (TransportError("no connection", reached=False), False),
        (error("FailedOperation.CertificateNotFound"), False),
        (error("AuthFailure.SignatureFailure"), False),
    ],
)
def test_what_may_happen_only_once_is_sent_once(reply: Any, ambiguous: bool) -> None:
    transport = FakeTransport([reply])
    with pytest.raises(CertwrightError) as caught:
        client(transport).call(ONCE, {})
    assert caught.value.ambiguous is ambiguous and len(transport.requests) == 1


def test_throttled_calls_of_every_class_are_repeated() -> None:
    for call in (READ, ONCE, DNS):
        clock = FakeClock()
        transport = FakeTransport([error("LimitExceeded.RateLimitExceeded"), error("RequestLimitExceeded"), answer({})])
        client(transport, clock).call(call, {})
        assert clock.sleeps == [0.5, 1.0]


def test_no_secret_stands_in_a_request_but_in_the_signature() -> None:
    transport = FakeTransport([answer({})])
    client(transport).call(READ, {"CertificateId": "LrmeMvQr"})
    (request,) = transport.requests
    assert CREDENTIALS.secret not in json.dumps(dict(request.headers)) + request.body.decode() + request.url
