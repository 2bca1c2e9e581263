# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is sent to Alibaba, and what its answers and errors are taken for."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

import pytest
from ansible_collections.certwright.cloud.plugins.module_utils._alibaba._credentials import Credentials
from ansible_collections.certwright.cloud.plugins.module_utils._alibaba._dialect import ALIDNS, CAS, AlibabaDialect
from ansible_collections.certwright.cloud.plugins.module_utils._client import USER_AGENT, ApiCall, ApiClient
from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError, ErrorKind
from ansible_collections.certwright.cloud.plugins.module_utils._http import HttpResponse
from ansible_collections.certwright.cloud.plugins.module_utils._retry import CallClass
from ansible_collections.certwright.cloud.tests.unit.plugins.helpers import (
    START,
    FakeClock,
    FakeTransport,
    json_response,
)

CREDENTIALS = Credentials("id", "s3cret", "t0ken", "the environment variable X")
READ = ApiCall(CAS, "2018-07-13", "DescribeDVOrderResult", CallClass.READ)
ONCE = ApiCall(CAS, "2018-07-13", "CreateDVOrderAudit", CallClass.ONCE)
DNS = ApiCall(ALIDNS, "2015-01-09", "AddDomainRecord", CallClass.REPEATABLE)


def error_response(code: str, message: str = "No.", status: int = 400, **headers: str) -> HttpResponse:
    return json_response({"Code": code, "Message": message, "RequestId": "R-1"}, status, headers)


def understood(response: HttpResponse, call: ApiCall = READ) -> CertwrightError:
    """The error that an answer is taken for."""
    dialect = AlibabaDialect(CREDENTIALS)
    dialect.request(call, {"InstanceId": "cas-cn-x"}, START)
    with pytest.raises(CertwrightError) as caught:
        dialect.understand(call, response)
    return caught.value


@pytest.mark.parametrize(
    ("call", "site", "endpoint", "url"),
    [
        (READ, "intl", None, "https://cas.ap-southeast-1.aliyuncs.com/"),
        (READ, "china", None, "https://cas.aliyuncs.com/"),
        (DNS, "intl", None, "https://alidns.aliyuncs.com/"),
        (DNS, "china", None, "https://alidns.aliyuncs.com/"),
        (READ, "china", "http://127.0.0.1:18080", "http://127.0.0.1:18080/"),
    ],
)
def test_request_goes_to_the_host_of_product_and_site(call: ApiCall, site: str, endpoint: str | None, url: str) -> None:
    request = AlibabaDialect(CREDENTIALS, site=site, endpoint=endpoint).request(call, {}, START)
    assert (request.method, request.url) == ("POST", url)
    assert request.headers["host"] == url.split("/")[2]
    assert request.headers["user-agent"] == USER_AGENT
    assert "user-agent" not in request.headers["authorization"]


def test_request_names_action_and_carries_parameters_in_a_form() -> None:
    request = AlibabaDialect(CREDENTIALS, nonce=lambda: "n").request(
        ONCE, {"Username": "张三 a&b", "Lang": None}, START
    )
    assert request.headers["x-acs-action"] == "CreateDVOrderAudit"
    assert request.headers["x-acs-version"] == "2018-07-13"
    assert request.headers["x-acs-date"] == "2026-01-01T00:00:00Z"
    assert request.headers["x-acs-signature-nonce"] == "n"
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert parse_qs(request.body.decode()) == {"Username": ["张三 a&b"]}


def test_every_request_has_a_nonce_of_its_own() -> None:
    dialect = AlibabaDialect(CREDENTIALS)
    nonces = {dialect.request(READ, {}, START).headers["x-acs-signature-nonce"] for _unused in range(20)}
    assert len(nonces) == 20


@pytest.mark.parametrize(
    "data", [{"RequestId": "R"}, {"RequestId": "R", "Code": "200"}, {"RequestId": "R", "Code": 200}]
)
def test_answer_without_an_error_code_is_good(data: dict[str, Any]) -> None:
    assert AlibabaDialect(CREDENTIALS).understand(READ, json_response(data)).request_id == "R"


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("InvalidAccessKeyId.NotFound", ErrorKind.AUTH),
        ("InvalidAccessKeyId.Inactive", ErrorKind.AUTH),
        ("InvalidSecurityToken.Expired", ErrorKind.AUTH),
        ("SignatureDoesNotMatch", ErrorKind.AUTH),
        ("IncompleteSignature", ErrorKind.AUTH),
        ("InvalidTimeStamp.Expired", ErrorKind.AUTH),
        ("Forbidden.AccessKey", ErrorKind.AUTH),
        ("Forbidden.RAM", ErrorKind.PERMISSION),
        ("Forbidden", ErrorKind.PERMISSION),
        ("NoPermission", ErrorKind.PERMISSION),
        ("AccessDenied.NoAuth", ErrorKind.PERMISSION),
        ("OperationDomain.NoPermission", ErrorKind.PERMISSION),
        ("IncorrectDomainUser", ErrorKind.PERMISSION),
        ("Throttling", ErrorKind.THROTTLED),
        ("Throttling.User", ErrorKind.THROTTLED),
        ("Throttling.Api", ErrorKind.THROTTLED),
        ("Rejected.Throttling", ErrorKind.THROTTLED),
        ("FlowControlError", ErrorKind.THROTTLED),
        ("NotFound", ErrorKind.NOT_FOUND),
        ("InvalidDomainName.NoExist", ErrorKind.NOT_FOUND),
        ("DomainRecordNotBelongToUser", ErrorKind.NOT_FOUND),
        ("InvalidRecordId.NotFound", ErrorKind.NOT_FOUND),
        ("OrderStateError", ErrorKind.CONFLICT),
        ("OperationDenied.StatusNotSupport", ErrorKind.CONFLICT),
        ("InvalidStatus.UpdateProtection", ErrorKind.CONFLICT),
        ("DomainRecordConflict", ErrorKind.CONFLICT),
        ("QuotaExceeded.TTL", ErrorKind.QUOTA),
        ("CreateOrderFailed", ErrorKind.REJECTED),
        ("MissingInstanceId", ErrorKind.INVALID_INPUT),
        ("MissingParameter", ErrorKind.INVALID_INPUT),
        ("InvalidParameter", ErrorKind.INVALID_INPUT),
        ("InvalidParameter.MobileIllegal", ErrorKind.INVALID_INPUT),
        ("InvalidDomainName.Format", ErrorKind.INVALID_INPUT),
        ("InvalidApi.NotFound", ErrorKind.INVALID_INPUT),
        ("InternalError", ErrorKind.SERVER),
        ("ServiceUnavailableTemporary", ErrorKind.SERVER),
        ("OperationDenied.SystemUpgrading", ErrorKind.SERVER),
        ("SignatureNonceUsed", ErrorKind.SERVER),
        ("Something.New", ErrorKind.REJECTED),
        ("-1008", ErrorKind.REJECTED),
    ],
)
@pytest.mark.parametrize("status", [200, 400, 500])
def test_error_is_classified_by_its_code_whatever_the_status(code: str, kind: ErrorKind, status: int) -> None:
    error = understood(error_response(code, status=status))
    assert (error.kind, error.code, error.detail, error.request_id, error.http_status) == (
        kind,
        code,
        "No.",
        "R-1",
        status,
    )
    assert "DescribeDVOrderResult was refused by Alibaba Cloud" in error.text


def test_spelling_of_the_field_names_does_not_matter() -> None:
    error = understood(json_response({"code": -1008, "message": "bad", "requestId": "R-2"}, 400))
    assert (error.code, error.detail, error.request_id) == ("-1008", "bad", "R-2")


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        ("SignatureDoesNotMatch", "they came from the environment variable X"),
        ("InvalidAccessKeyId.NotFound", "they came from the environment variable X"),
        ("Forbidden.RAM", "'yundun-cert:DescribeDVOrderResult'"),
        ("Forbidden.RiskControl", "blocks this domain"),
        ("InvalidApi.NotFound", "check endpoint and site"),
        ("Throttling.User", "run the task again later"),
    ],
)
def test_hint_says_what_to_do(code: str, hint: str) -> None:
    assert hint in understood(error_response(code)).text


def test_permission_of_dns_is_named_as_policies_name_it() -> None:
    assert "'alidns:AddDomainRecord'" in understood(error_response("Forbidden.RAM"), DNS).text


@pytest.mark.parametrize(
    ("date", "said"),
    [
        ("Wed, 31 Dec 2025 23:00:00 GMT", "3600 s ahead of the cloud's"),
        ("Thu, 01 Jan 2026 01:00:00 GMT", "3600 s behind the cloud's"),
        ("Thu, 01 Jan 2026 01:00:00 -0000", "3600 s behind the cloud's"),
        ("Thu, 01 Jan 2026 00:00:30 GMT", "Set the clock"),
        ("yesterday", "Set the clock"),
    ],
)
def test_clock_error_says_how_far_off_the_clock_is(date: str, said: str) -> None:
    assert said in understood(error_response("InvalidTimeStamp.Expired", date=date)).text


def test_wrong_clock_is_corrected_by_the_answer() -> None:
    clock = FakeClock()
    transport = FakeTransport(
        [
            error_response("InvalidTimeStamp.Expired", date="Thu, 01 Jan 2026 02:00:00 GMT"),
            json_response({"RequestId": "R"}),
        ]
    )
    ApiClient(AlibabaDialect(CREDENTIALS), transport, clock).call(ONCE, {})
    assert [request.headers["x-acs-date"] for request in transport.requests] == [
        "2026-01-01T00:00:00Z",
        "2026-01-01T02:00:00Z",
    ]
    assert clock.sleeps == []


def test_message_of_a_refused_signature_is_cut_before_what_was_signed() -> None:
    message = "Specified signature is not matched with our calculation. server string to sign is:POST\nx:t0ken"
    error = understood(error_response("SignatureDoesNotMatch", message))
    assert error.detail == "Specified signature is not matched with our calculation."


NOT_UNDERSTOOD = {
    "html": (HttpResponse(502, {"content-type": "text/html; charset=utf-8"}, b"<html>s3cret"), "status 502, text/html"),
    "empty": (HttpResponse(200, {"content-type": "application/json"}, b""), "status 200, an empty body"),
    "truncated": (HttpResponse(200, {"content-type": "application/json"}, b'{"RequestId": "'), "application/json"),
    "list": (json_response([1]), "application/json"),
    "text": (json_response("x"), "application/json"),
    "null": (json_response(None), "application/json"),
    "no type": (HttpResponse(200, {}, b"hello"), "no content type"),
    "not utf-8": (HttpResponse(200, {}, b'{"a": "\xff"}'), "no content type"),
    "error without a code": (json_response({"RequestId": "R"}, 503), "status 503"),
    "code of a wrong type": (json_response({"Code": ["x"]}, 400), "status 400"),
    "redirect": (HttpResponse(302, {"location": "https://x/"}, b""), "status 302"),
}


@pytest.mark.parametrize("name", NOT_UNDERSTOOD)
def test_answer_that_is_none_of_the_api_is_a_fault_of_the_server(name: str) -> None:
    response, said = NOT_UNDERSTOOD[name]
    error = understood(response)
    assert error.kind is ErrorKind.SERVER
    assert said in error.text
    assert "s3cret" not in error.text


@pytest.mark.parametrize("call", [ONCE, DNS])
@pytest.mark.parametrize("code", ["InternalError", "SignatureNonceUsed", "Something.New", "ServiceUnavailable"])
def test_write_that_may_have_been_carried_out_is_ambiguous_and_sent_once(call: ApiCall, code: str) -> None:
    transport = FakeTransport([error_response(code)])
    with pytest.raises(CertwrightError) as caught:
        ApiClient(AlibabaDialect(CREDENTIALS), transport, FakeClock()).call(call, {})
    assert caught.value.ambiguous
    assert len(transport.requests) == 1


@pytest.mark.parametrize("code", ["InvalidParameter", "Forbidden.RAM", "OrderStateError", "CreateOrderFailed"])
def test_write_that_was_clearly_refused_is_not_ambiguous(code: str) -> None:
    with pytest.raises(CertwrightError) as caught:
        ApiClient(AlibabaDialect(CREDENTIALS), FakeTransport([error_response(code)]), FakeClock()).call(ONCE, {})
    assert not caught.value.ambiguous


@pytest.mark.parametrize("code", ["InternalError", "SignatureNonceUsed", "FlowControlError", "Throttling.User"])
def test_read_is_repeated_with_a_fresh_nonce(code: str) -> None:
    transport = FakeTransport([error_response(code), json_response({"RequestId": "R"})])
    ApiClient(AlibabaDialect(CREDENTIALS), transport, FakeClock()).call(READ, {})
    nonces = {request.headers["x-acs-signature-nonce"] for request in transport.requests}
    assert len(nonces) == 2
