# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The error codes that Alibaba documents: for each the module's message, its kind of error and its hint.

Where the state of the sandbox cannot produce a code, a fault with that code and status does.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.certwright.cloud.plugins.modules import alibaba_dv_order, alibaba_dv_order_info, alidns_record
from sandbox_process import SandboxProcess
from test_alibaba_trouble import APPLICATION, calls, fails, run, submissions

ORDER, INFO, RECORD = alibaba_dv_order.USE_CASE, alibaba_dv_order_info.USE_CASE, alidns_record.USE_CASE
RESULT, LIST, CREATE = "DescribeDVOrderResult", "DescribeOrderInstanceList", "CreateDVOrderAudit"
ZONES, ADD, DELETE = "DescribeDomains", "AddDomainRecord", "DeleteDomainRecord"
SOURCE = "the environment variable ALIBABA_CLOUD_ACCESS_KEY_ID"
SAID = "The cloud's own words"
# Kinds for which the list of orders is asked, too, when a single order is read (see _dv_orders).
LISTED = ("not_found", "conflict", "invalid_input", "rejected", "server")
ATTEMPTS = {"throttled": 5, "server": 5}

KEY = f"Check the credentials; they came from {SOURCE}."
TOKEN = f"Get new temporary credentials, token included; these came from {SOURCE}."
CLOCK = "Set the clock of the machine that runs the module; it may be 15 minutes off at most."
RIGHT = f"Allow '{{right}}' in a RAM policy of the user whose key came from {SOURCE}."
VALUE = "Correct the value that the cloud names."
ENDPOINT = "The endpoint does not know this call; check endpoint and site."
ALTERED = "Something on the way changed the request; check that endpoint and proxy pass it on as it is."
HTTPS = "The cloud is to be asked over https; give an endpoint that begins with https://."
DEBT = "The account is disabled or in debt; look at it in the cloud's console."
LATER = "The account makes too many calls at a time; run the task again later."
AGAIN = "Run the task again in a while."
NAME = "Check the name or id, and that account and site are the ones it belongs to."
STATE = "Look at the present state in the cloud's console."
QUOTA = "Free or buy quota in the cloud's console."
READ = "Read what the cloud says and look at the order in its console."
BLOCKED = "The cloud blocks this domain or record; look at it in the cloud's console."

#: code, HTTP status, kind, hint: the gateway's codes (Alibaba reference 3.5)
GATEWAY = [
    ("InvalidAccessKeyId.NotFound", 404, "auth", KEY),
    ("InvalidAccessKeyId.Inactive", 400, "auth", KEY),
    ("InvalidSecurityToken.Expired", 400, "auth", TOKEN),
    ("InvalidSecurityToken.Malformed", 400, "auth", TOKEN),
    ("InvalidSecurityToken.MismatchWithAccessKey", 400, "auth", TOKEN),
    ("MissingSecurityToken", 400, "auth", TOKEN),
    ("SignatureDoesNotMatch", 400, "auth", KEY),
    ("IncompleteSignature", 400, "auth", ALTERED),
    ("SignatureNonceUsed", 400, "server", AGAIN),
    ("InvalidTimeStamp.Format", 400, "auth", CLOCK),
    ("IllegalTimestamp", 400, "auth", CLOCK),
    ("InvalidTimeStamp.Expired", 400, "auth", CLOCK),
    ("MissingParameter", 400, "invalid_input", VALUE),
    ("MissingInstanceId", 400, "invalid_input", VALUE),
    ("InvalidParameter", 400, "invalid_input", VALUE),
    ("InvalidParameter.Format", 400, "invalid_input", VALUE),
    ("InvalidInstanceId", 400, "invalid_input", VALUE),
    ("InvalidApi.NotFound", 404, "invalid_input", ENDPOINT),
    ("InvalidAction.NotFound", 404, "invalid_input", ENDPOINT),
    ("InvalidProduct.NotFound", 404, "invalid_input", ENDPOINT),
    ("InvalidVersion", 400, "invalid_input", ENDPOINT),
    ("UnsupportedHTTPMethod", 400, "invalid_input", ALTERED),
    ("InvalidProtocol.NeedSsl", 400, "invalid_input", HTTPS),
    ("ContentMD5NotMatched", 400, "invalid_input", ALTERED),
    ("Forbidden.RAM", 403, "permission", RIGHT),
    ("NoPermission", 403, "permission", RIGHT),
    ("Forbidden", 403, "permission", RIGHT),
    ("Forbidden.AccessKey", 403, "auth", KEY),
    ("UserDisable", 403, "auth", DEBT),
    ("InvalidAccount", 403, "auth", KEY),
    ("Throttling", 400, "throttled", LATER),
    ("Throttling.User", 400, "throttled", LATER),
    ("Throttling.User", 429, "throttled", LATER),
    ("Throttling.Api", 503, "throttled", LATER),
    ("Rejected.Throttling", 400, "throttled", LATER),
    ("FlowControlError", 400, "throttled", LATER),
    ("ServiceUnavailable", 503, "server", AGAIN),
    ("ServiceUnavailableTemporary", 503, "server", AGAIN),
    ("InternalError", 500, "server", AGAIN),
    ("InternalError", 400, "server", AGAIN),
    ("InternalFailure", 500, "server", AGAIN),
]
#: The codes of CAS that can answer a submission (Alibaba reference 1.9).
CAS = [
    ("CreateCertificateRequestFailed", 403, "rejected", READ),
    ("NotFoundOrder", 404, "not_found", NAME),
    ("NotFound", 400, "not_found", NAME),
    ("OrderStateError", 403, "conflict", STATE),
    ("AccessDenied.NoAuth", 400, "permission", RIGHT),
    ("PermissionDenied", 400, "permission", RIGHT),
    ("AlreadyExists.Domain", 400, "conflict", STATE),
    ("ParamRepeat", 400, "conflict", STATE),
    ("DomainRepeat", 400, "conflict", STATE),
    ("DomainAlreadyExist", 400, "conflict", STATE),
    ("DataTooLongException", 400, "invalid_input", VALUE),
    ("InvalidParameter.MobileIllegal", 400, "invalid_input", VALUE),
    ("InvaildParameterSource", 400, "invalid_input", VALUE),
    ("InvalidSource.Content.Malformed", 400, "invalid_input", VALUE),
    ("InvalidStatus.UpdateProtection", 400, "conflict", STATE),
    ("OperationDenied.StatusNotSupport", 400, "conflict", STATE),
    ("OperationDenied.NotSameCompanyEntity", 400, "conflict", STATE),
    ("OperationDenied.SystemUpgrading", 400, "server", AGAIN),
    ("InsufficientQuota", 400, "quota", QUOTA),
    ("OrderExpired", 400, "rejected", READ),
    ("CreateOrderFailed", 400, "rejected", READ),
    # The two are not in our table: whatever is not known counts as a refusal once the order shows nothing else.
    ("DeductQuotaFailed", 400, "rejected", READ),
    ("CreateCsrFailed", 400, "rejected", READ),
    ("Error", 500, "server", AGAIN),
    ("500", 400, "server", AGAIN),
]
#: The codes of Alidns that can answer a new record (Alibaba reference 5.3).
ALIDNS = [
    ("DomainRecordConflict", 400, "conflict", "Another type of record at this name excludes this one; remove it if "),
    ("DomainRecordLocked", 400, "conflict", "Unlock the record in the cloud's console."),
    ("InvalidDomainName.NoExist", 400, "not_found", NAME),
    ("IncorrectDomainUser", 400, "permission", "The zone belongs to another account; use that account's key."),
    ("DomainForbidden", 400, "permission", BLOCKED),
    ("DomainExpiredDNSForbidden", 400, "permission", BLOCKED),
    ("Forbidden.DomainExpired", 400, "permission", BLOCKED),
    ("Forbidden.RiskControl", 400, "permission", BLOCKED),
    ("RecordForbidden.BlackHole", 400, "permission", BLOCKED),
    ("RecordForbidden.DNSChange", 400, "server", AGAIN),
    ("InvalidDomainName.Format", 400, "invalid_input", VALUE),
    ("InvalidDomainName.Suffix", 400, "invalid_input", VALUE),
    ("InvalidDomainName.Length", 400, "invalid_input", VALUE),
    ("InvalidRR.RrEmpty", 400, "invalid_input", VALUE),
    ("InvalidRR.TypeEmpty", 400, "invalid_input", VALUE),
    ("InvalidRR.Format", 400, "invalid_input", VALUE),
    ("InvalidRR.Length", 400, "invalid_input", VALUE),
    ("SubDomainInvalid.Type", 400, "invalid_input", VALUE),
    ("SubDomainInvalid.TTL", 400, "invalid_input", VALUE),
    ("SubDomainInvalid.Line", 400, "invalid_input", VALUE),
    ("UnsupportedLine", 400, "invalid_input", VALUE),
    ("QuotaExceeded.Record", 400, "quota", QUOTA),
    ("QuotaExceeded.SubDomain", 400, "quota", QUOTA),
    ("QuotaExceeded.TTL", 400, "quota", "The zone's edition refuses so short a time to live; set ttl to 600."),
    ("OperationDomain.NoPermission", 403, "permission", RIGHT),
    ("IllegalUser", 403, "permission", RIGHT),
    ("Forbidden.RAM", 403, "permission", RIGHT),
    ("LastOperationNotFinished", 400, "server", AGAIN),
    ("InternalError", 500, "server", AGAIN),
    ("UnKnownError", 400, "server", AGAIN),
    ("Throttling.User", 400, "throttled", LATER),
]
# By the state of the account or the machine, without a fault.
BY_STATE = {
    "InvalidAccessKeyId.NotFound": {"ALIBABA_CLOUD_ACCESS_KEY_ID": "LTAInobody"},
    "SignatureDoesNotMatch": {"ALIBABA_CLOUD_ACCESS_KEY_SECRET": "wrong-secret"},
    "InvalidSecurityToken.MismatchWithAccessKey": {"ALIBABA_CLOUD_SECURITY_TOKEN": "CAISanother"},
}


def each_of(rows: list[tuple[str, int, str, str]]) -> pytest.MarkDecorator:
    """Runs a test for each row; it is named by code and status."""
    ids = [f"{code}-{status}" for code, status, _kind, _hint in rows]
    return pytest.mark.parametrize(("code", "status", "kind", "hint"), rows, ids=ids)


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    process = SandboxProcess(tmp_path_factory.mktemp("sandbox") / "state", submission_guard=False)
    yield process
    process.stop()


@pytest.fixture
def sandbox(process: SandboxProcess) -> Iterator[SandboxProcess]:
    process.control("journal", method="DELETE")
    yield process
    process.control("faults", method="DELETE")


def refuse(sandbox: SandboxProcess, code: str, status: int, action: str | None = None) -> None:
    """Let the cloud answer with this code from now on."""
    fault = {"cloud": "alibaba", "kind": "error", "code": code, "status": status, "body": f"{SAID}.", "times": 0}
    sandbox.control("faults", fault if action is None else {**fault, "action": action})


def check(result: dict[str, Any], about: str, action: str, kind: str, code: str, status: int, hint: str) -> None:
    """The whole message, word by word, and the same facts for programs."""
    product = "alidns" if "Domain" in action else "yundun-cert"
    hint = hint.format(right=f"{product}:{action}")
    error = result["error"]
    assert (error["kind"], error["code"], error["http_status"]) == (kind, code, status)
    assert error["hint"].startswith(hint) if not hint.endswith(".") else error["hint"] == hint
    said = error["message"].rstrip(".")
    facts = f"({code}: {said}; request id {error['request_id']})"
    assert result["msg"] == f"{about}{action} was refused by Alibaba Cloud {facts}. {error['hint']}"
    assert not result["changed"]


def asked(sandbox: SandboxProcess, action: str) -> int:
    return sum(entry["action"] == action for entry in calls(sandbox))


@each_of(GATEWAY)
def test_gateway_code_is_told_of_a_read(sandbox: SandboxProcess, code: str, status: int, kind: str, hint: str) -> None:
    order_id = sandbox.buy("alibaba_dv")
    if code not in BY_STATE:
        refuse(sandbox, code, status)
    result = fails(sandbox, INFO, instance_id=order_id, environ=BY_STATE.get(code, {}))
    action = LIST if kind in LISTED else RESULT
    check(result, f"Order '{order_id}': ", action, kind, code, status, hint)
    assert code in BY_STATE or result["error"]["message"] == f"{SAID}."
    assert asked(sandbox, action) == ATTEMPTS.get(kind, 1)


@each_of([*GATEWAY, *CAS])
def test_code_is_told_of_a_submission_and_nothing_is_sent_twice(
    sandbox: SandboxProcess, code: str, status: int, kind: str, hint: str
) -> None:
    order_id = sandbox.buy("alibaba_dv")
    refuse(sandbox, code, status, CREATE)
    result = fails(sandbox, ORDER, instance_id=order_id, **APPLICATION)
    if kind == "server":
        assert (result["error"]["kind"], result["error"]["code"]) == ("outcome_unknown", code)
        assert result["msg"].startswith(f"Order '{order_id}': it is not known whether 'submit order' was carried out")
        assert result["error"]["hint"].startswith("It was not sent again. The cloud still shows the order as awaiting")
    else:
        check(result, f"Order '{order_id}': ", CREATE, kind, code, status, hint)
    assert asked(sandbox, CREATE) == (5 if kind == "throttled" else 1)
    assert submissions(sandbox, order_id) == 0
    assert result["order"]["state"] == "awaiting_documents"


@each_of(GATEWAY)
def test_gateway_code_is_told_of_the_zones(
    sandbox: SandboxProcess, code: str, status: int, kind: str, hint: str
) -> None:
    refuse(sandbox, code, status)
    result = fails(sandbox, RECORD, name="_dnsauth.example.net", value="x")
    check(result, "Record '_dnsauth.example.net': ", ZONES, kind, code, status, hint)
    assert asked(sandbox, ZONES) == ATTEMPTS.get(kind, 1)


@pytest.mark.parametrize("state", ["present", "absent"])
@each_of(ALIDNS)
def test_alidns_code_is_told_of_a_record(
    sandbox: SandboxProcess, code: str, status: int, kind: str, hint: str, state: str
) -> None:
    record = {"name": f"a-{state}.example.net", "value": "x"}
    action = ADD
    if state == "absent":
        run(sandbox, RECORD, **record)
        action = DELETE
    refuse(sandbox, code, status, action)
    if state == "absent" and kind == "not_found":
        # Gone is what was wanted.
        assert run(sandbox, RECORD, state=state, **record)["changed"]
        return
    result = fails(sandbox, RECORD, state=state, **record)
    check(result, f"Record '{record['name']}': ", action, kind, code, status, hint)
    # After an answer that leaves it open, the records are read again before the call is repeated.
    assert asked(sandbox, action) == {"throttled": 5, "server": 3}.get(kind, 1)


@pytest.mark.parametrize(
    ("options", "code", "kind", "hint"),
    [
        (
            {"ttl": 60},
            "QuotaExceeded.TTL",
            "quota",
            "The zone's edition refuses so short a time to live; set ttl to 600.",
        ),
        ({"ttl": 90000}, "SubDomainInvalid.TTL", "invalid_input", VALUE),
        ({"name": "alias.example.net"}, "DomainRecordConflict", "conflict", "Another type of record at this name"),
    ],
)
def test_alidns_code_is_told_by_state(
    sandbox: SandboxProcess, options: dict[str, Any], code: str, kind: str, hint: str
) -> None:
    run(sandbox, RECORD, name="alias.example.net", type="CNAME", value="www.example.net")
    record = {"name": "b.example.net", "value": "x", **options}
    result = fails(sandbox, RECORD, **record)
    check(result, f"Record '{record['name']}': ", ADD, kind, code, 400, hint)


def test_identical_record_that_came_meanwhile_is_no_failure(sandbox: SandboxProcess) -> None:
    refuse(sandbox, "DomainRecordDuplicate", 400, ADD)
    assert run(sandbox, RECORD, name="c.example.net", value="x")["record"]["value"] == "x"
    assert asked(sandbox, ADD) == 1
