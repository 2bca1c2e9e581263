# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tencent's documented errors: the message, the kind and the hint that a module makes of each.

Those of CertificateInfoSubmit come about as they do at the cloud, by what is sent and where the order stands, or by
what the order or the account is like; only those that nobody can bring about are faults. The errors of the gateway
and of DNSPod are faults, but for those that a record can bring about.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from ansible_collections.certwright.cloud.plugins.module_utils._client import ApiCall
from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError
from ansible_collections.certwright.cloud.plugins.module_utils._http import (
    Connection,
    HttpRequest,
    HttpResponse,
)
from ansible_collections.certwright.cloud.plugins.module_utils._module._use_case import Context, UseCase
from ansible_collections.certwright.cloud.plugins.module_utils._retry import CallClass, Clock
from ansible_collections.certwright.cloud.plugins.module_utils._tencent import _application
from ansible_collections.certwright.cloud.plugins.module_utils._tencent._options import build_client
from ansible_collections.certwright.cloud.plugins.module_utils._transport import RequestsTransport
from ansible_collections.certwright.cloud.plugins.modules import dnspod_record, tencent_order, tencent_order_info
from ansible_collections.certwright.cloud.tests.unit.plugins.helpers import options, run_use_case
from sandbox_process import SandboxProcess

ORDER, INFO, RECORD = tencent_order.USE_CASE, tencent_order_info.USE_CASE, dnspod_record.USE_CASE
DETAIL, SUBMIT, SEND = "DescribeCertificateDetail", "CertificateInfoSubmit", "CertificateOrderSubmit"
PERSON = {"company_type": "person", "contact_email": "a@example.com", "csr_generation": "online"}
DOCUMENTS = {"common_name": "www.example.com", "csr_key_parameter": "prime256v1", **PERSON}
QUICK = {"visible_delay": 0, "issue_delay": 0, "rate": 0}
# What every attempt at a call comes to, where it may be repeated.
ATTEMPTS = 5

Deed = Callable[[SandboxProcess, str], None]


class HurriedClock(Clock):
    """The real time, without the pauses."""

    def sleep(self, seconds: float) -> None:
        pass


class Meddler:
    """A transport before whose first call of an action something happens at the cloud."""

    def __init__(self, connection: Connection, action: str, deed: Callable[[], None]) -> None:
        self._transport, self._action, self._deed = RequestsTransport(connection), action, deed
        self._done = False

    def send(self, request: HttpRequest) -> HttpResponse:
        if not self._done and request.headers["X-TC-Action"] == self._action:
            self._done = True
            self._deed()
        return self._transport.send(request)


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    process = SandboxProcess(tmp_path_factory.mktemp("sandbox") / "state")
    yield process
    process.stop()


@pytest.fixture
def sandbox(process: SandboxProcess) -> SandboxProcess:
    """A sandbox as new."""
    process.control("reset", {})
    process.control("settings", QUICK)
    return process


def run(sandbox: SandboxProcess, use_case: UseCase, meddle: Any = None, **given: Any) -> dict[str, Any]:
    environ = sandbox.tencent_environment()
    context = Context(environ=environ, clock=HurriedClock(), open_transport=meddle or RequestsTransport)
    settle = {"settle_timeout": 0} if use_case is ORDER else {}
    return run_use_case(use_case, context, **{**settle, **given})


def fails(sandbox: SandboxProcess, use_case: UseCase, meddle: Any = None, **given: Any) -> dict[str, Any]:
    """The failed result, whose message says everything that its parts say."""
    with pytest.raises(CertwrightError) as caught:
        run(sandbox, use_case, meddle, **given)
    result = caught.value.to_result()
    assert all(result["error"][part] for part in ("kind", "message", "hint"))
    assert result["error"]["hint"] in result["msg"] and result["error"]["message"].rstrip(". ") in result["msg"]
    return result


def check_refusal(result: dict[str, Any], code: str, kind: str, hint: str) -> None:
    error = result["error"]
    assert (error["code"], error["kind"]) == (code, kind)
    assert hint in error["hint"] and f"{code}: " in result["msg"]
    assert len(error["request_id"]) == 36 and error["request_id"] in result["msg"] and error["http_status"] == 200


def calls(sandbox: SandboxProcess, action: str | None = None) -> list[dict[str, Any]]:
    return [entry for entry in sandbox.journal(action=action) if entry["cloud"] == "tencent"]


def writes(sandbox: SandboxProcess) -> list[str]:
    return [entry["action"] for entry in calls(sandbox) if not entry["action"].startswith("Describe")]


@dataclass(frozen=True)
class Refused:
    """How CertificateInfoSubmit comes to refuse, and what is made of it.

    Arguments:
        code: below FailedOperation, or whole where it has a dot or begins with InternalError.
        options: beside DOCUMENTS.
        purchase: what kind of order was bought.
        settings: the sandbox's switches for the account or the order (ORDER_ID stands for its id).
        meanwhile: what happens after the module has read the order.
        own_words: what our own checks say before anything is sent; they are switched off to hear the cloud.
        fault: nobody can bring it about.
        sent: how often the documents go out.
    """

    code: str
    kind: str
    hint: str
    options: dict[str, Any] = field(default_factory=dict)
    purchase: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    meanwhile: Deed | None = None
    own_words: str | None = None
    fault: bool = False
    sent: int = 1

    @property
    def full_code(self) -> str:
        whole = "." in self.code or self.code in ("FailedOperation", "InternalError")
        return self.code if whole else f"FailedOperation.{self.code}"


def closed_elsewhere(sandbox: SandboxProcess, order_id: str) -> None:
    """Somebody else submits the order, and the CA refuses it."""
    elsewhere = {"state_dir": f"{sandbox.state_dir}/elsewhere", "common_name": "other.example.com"}
    run(sandbox, ORDER, certificate_id=order_id, **{**DOCUMENTS, **elsewhere})
    sandbox.control(f"orders/{order_id}/decision", {"decision": "reject"})
    sandbox.control("journal", method="DELETE")


def deleted_elsewhere(sandbox: SandboxProcess, _order_id: str) -> None:
    """The order is gone."""
    sandbox.control("reset", {})
    sandbox.control("settings", QUICK)


def condition(word: str, place: str = "ORDER_ID") -> dict[str, Any]:
    return {"tencent_conditions": {place: [word]}}


MANY = {"dns_names": ["a.example.com", "b.example.com"]}
POLICY, SERVER_HINT = "Allow the action 'ssl:CertificateInfoSubmit' to the owner of the key", "Run the task again"
REFUSALS = [
    Refused("CertificateNotFound", "not_found", "accounts of the two sites are separate", meanwhile=deleted_elsewhere),
    Refused("CertificateInfoSubmitStatusInvalid", "conflict", "ModifyCertificateResubmit", meanwhile=closed_elsewhere),
    Refused(
        "CertificateInfoSubmitContactEmailEmpty",
        "invalid_input",
        "Give contact_email.",
        {"contact_email": None},
        own_words="contact_email: is needed with company_type=person",
    ),
    Refused(
        "CertificateInfoSubmitDomainInvalid",
        "invalid_input",
        "wildcard names need a product for them",
        {"common_name": "*.example.com"},
    ),
    Refused("InvalidParam", "invalid_input", "Correct the value that the cloud names.", MANY),
    Refused(
        "InvalidParameter.RenewAlgorithmInvalid",
        "invalid_input",
        "csr_algorithm=rsa with csr_key_parameter=2048 or 4096, or ecc with prime256v1",
        {"csr_algorithm": "ecc", "csr_key_parameter": "4096"},
        own_words="csr_key_parameter: '4096' does not go with csr_algorithm=ecc; use prime256v1",
    ),
    Refused(
        "CertificateSubmitHostingCertError",
        "conflict",
        "managed renewal of an uploaded one",
        purchase={"managed_renewal": True},
    ),
    Refused("AuthError", "permission", POLICY, settings=condition("no_permission")),
    Refused("NoProjectPermission", "permission", "the order's project", settings=condition("no_project_permission")),
    Refused(
        "NoRealNameAuth",
        "permission",
        "Complete the identity verification",
        settings=condition("no_identity_verification", "*"),
    ),
    Refused(
        "ExceedsFreeLimit",
        "quota",
        "quota of free certificates is used up",
        settings=condition("free_quota_used_up", "*"),
    ),
    Refused(
        "CertificateOrderSubmitRootCAInvalid",
        "invalid_input",
        "Leave out ca_type and use_cross_sign_root",
        {"use_cross_sign_root": True},
        settings=condition("root_not_valid"),
    ),
    Refused(
        "InvalidCertificateStatusCode", "conflict", "Look at the present state", settings=condition("status_not_valid")
    ),
    # What became of the documents is looked up, and they go out again.
    Refused("FailedOperation", "server", SERVER_HINT, fault=True, sent=3),
    Refused("InternalError", "server", SERVER_HINT, fault=True, sent=3),
]


def bought(sandbox: SandboxProcess, case: Refused) -> str:
    order_id = sandbox.buy("tencent_paid", **case.purchase)
    places = case.settings.get("tencent_conditions", {})
    conditions = {order_id if place == "ORDER_ID" else place: words for place, words in places.items()}
    sandbox.control("settings", {"tencent_conditions": conditions})
    if case.fault:
        fault = {"cloud": "tencent", "action": SUBMIT, "kind": "error", "code": case.full_code, "times": 0}
        sandbox.control("faults", fault)
    return order_id


def test_table_has_every_documented_code_once() -> None:
    assert len({case.full_code for case in REFUSALS}) == len(REFUSALS) == 15


@pytest.mark.parametrize("case", REFUSALS, ids=[case.code for case in REFUSALS])
def test_refused_documents_are_explained(
    sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch, case: Refused
) -> None:
    order_id = bought(sandbox, case)
    if case.own_words:
        monkeypatch.setattr(_application, "faults_between", lambda *_arguments: [])

    def meddle(connection: Connection) -> Meddler:
        return Meddler(connection, SUBMIT, lambda: case.meanwhile(sandbox, order_id) if case.meanwhile else None)

    result = fails(sandbox, ORDER, meddle, certificate_id=order_id, **{**DOCUMENTS, **case.options})
    check_refusal(result, case.full_code, case.kind, case.hint)
    assert result["msg"].startswith(f"Order '{order_id}': Tencent Cloud refused {SUBMIT} ({case.full_code}: ")
    assert not result["changed"] and result["order"]["id"] == order_id
    assert result["order"]["state"] == "awaiting_documents"
    assert writes(sandbox) == [SUBMIT] * case.sent
    outcomes = {entry["outcome"] for entry in calls(sandbox, SUBMIT)}
    assert outcomes == ({"fault"} if case.fault else {"error"})


@pytest.mark.parametrize("case", [case for case in REFUSALS if case.own_words], ids=lambda case: case.code)
def test_what_the_cloud_would_refuse_is_said_before_anything_is_sent(sandbox: SandboxProcess, case: Refused) -> None:
    result = fails(sandbox, ORDER, certificate_id=bought(sandbox, case), **{**DOCUMENTS, **case.options})
    assert result["error"]["kind"] == "invalid_input" and result["error"]["code"] is None
    assert str(case.own_words) in result["msg"] and calls(sandbox) == []


@pytest.mark.parametrize("case", [case for case in REFUSALS if case.settings], ids=lambda case: case.code)
def test_order_goes_on_once_the_reason_is_gone(sandbox: SandboxProcess, case: Refused) -> None:
    order_id = bought(sandbox, case)
    fails(sandbox, ORDER, certificate_id=order_id, **{**DOCUMENTS, **case.options})
    sandbox.control("settings", {"tencent_conditions": {}})
    assert run(sandbox, ORDER, certificate_id=order_id, **{**DOCUMENTS, **case.options})["changed"]
    assert sandbox.control(f"orders/{order_id}")["submissions"] == 1


def console(sandbox: SandboxProcess, action: str, order_id: str) -> None:
    """What somebody does in the cloud's console."""
    params = options(INFO, certificate_id=order_id)
    client = build_client(params, Context(environ=sandbox.tencent_environment()))
    client.call(ApiCall("ssl", "2019-12-05", action, CallClass.REPEATABLE), {"CertificateId": order_id})


@pytest.mark.parametrize(("delay", "state"), [(3600, "cancelling"), (0, "cancelled")])
@pytest.mark.parametrize("action", ["CancelAuditCertificate", "CancelCertificateOrder"])
def test_cancelled_order_is_left_alone(sandbox: SandboxProcess, action: str, delay: int, state: str) -> None:
    order_id = sandbox.buy("tencent_paid")
    run(sandbox, ORDER, certificate_id=order_id, **DOCUMENTS)
    sandbox.control("settings", {"cancel_delay": delay})
    console(sandbox, action, order_id)
    assert run(sandbox, INFO, certificate_id=order_id)["order"]["state"] == state
    sandbox.control("journal", method="DELETE")
    result = fails(sandbox, ORDER, certificate_id=order_id, **DOCUMENTS)
    assert result["error"]["kind"] == "conflict" and result["order"]["state"] == state
    assert f"Order '{order_id}' is {state}" in result["msg"] and writes(sandbox) == []
    waiting = fails(sandbox, INFO, certificate_id=order_id, wait_for="issued", wait_timeout=0)
    assert state in waiting["msg"]


@pytest.mark.parametrize("closed_by", ["cancelling", "refusal"])
def test_reopened_order_is_submitted_once_more(sandbox: SandboxProcess, closed_by: str) -> None:
    order_id = sandbox.buy("tencent_paid")
    run(sandbox, ORDER, certificate_id=order_id, **DOCUMENTS)
    sandbox.control("settings", {"cancel_delay": 0})
    if closed_by == "cancelling":
        console(sandbox, "CancelAuditCertificate", order_id)
    else:
        sandbox.control(f"orders/{order_id}/decision", {"decision": "reject"})
    assert "ModifyCertificateResubmit" in fails(sandbox, ORDER, certificate_id=order_id, **DOCUMENTS)["error"]["hint"]
    console(sandbox, "ModifyCertificateResubmit", order_id)
    assert run(sandbox, INFO, certificate_id=order_id)["order"]["action_needed"] == "submit_documents"
    again = run(sandbox, ORDER, certificate_id=order_id, **DOCUMENTS)
    assert again["steps"] == ["submit documents", "submit order"]
    assert run(sandbox, ORDER, certificate_id=order_id, **DOCUMENTS)["steps"] == []
    assert sandbox.control(f"orders/{order_id}")["submissions"] == 2


SOURCE = "environment variables TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY"
VALUE, LATER, AGAIN = (
    "Correct the value that the cloud names.",
    "run the task again later",
    "Run the task again in a while.",
)
CHINA, PLACE, POLICIES = (
    "some calls exist on site=china only",
    "Check the endpoint and the site.",
    "to the owner of the key",
)
#: code: (kind, hint), all codes of Tencent reference 3.6
GATEWAY: dict[str, tuple[str, str]] = {
    "ActionOffline": ("invalid_input", "newer version of the collection"),
    "AuthFailure.InvalidAuthorization": ("auth", SOURCE),
    "AuthFailure.InvalidSecretId": ("auth", SOURCE),
    "AuthFailure.MFAFailure": ("auth", SOURCE),
    "AuthFailure.SecretIdNotFound": ("auth", SOURCE),
    "AuthFailure.SignatureExpire": ("auth", "Set the clock of the machine"),
    "AuthFailure.SignatureFailure": ("auth", SOURCE),
    "AuthFailure.TokenFailure": ("auth", SOURCE),
    "AuthFailure.UnauthorizedOperation": ("permission", POLICIES),
    "UnauthorizedOperation": ("permission", POLICIES),
    "DryRunOperation": ("invalid_input", VALUE),
    "FailedOperation": ("server", AGAIN),
    "InternalError": ("server", AGAIN),
    "InternalError.BackendResponseError": ("server", AGAIN),
    "InvalidAction": ("invalid_input", CHINA),
    "InvalidParameter": ("invalid_input", VALUE),
    "InvalidParameterValue": ("invalid_input", VALUE),
    "InvalidRequest": ("invalid_input", VALUE),
    "MissingParameter": ("invalid_input", VALUE),
    "UnknownParameter": ("invalid_input", VALUE),
    "IpInBlacklist": ("permission", "Take this machine's address off the list"),
    "IpNotInWhitelist": ("permission", "Add this machine's address to the list"),
    "LimitExceeded": ("quota", "Free or buy quota"),
    "LimitExceeded.RateLimitExceeded": ("throttled", LATER),
    "NoSuchProduct": ("invalid_input", PLACE),
    "NoSuchVersion": ("invalid_input", PLACE),
    "RequestLimitExceeded": ("throttled", LATER),
    "RequestLimitExceeded.UinLimitExceeded": ("throttled", LATER),
    "RequestLimitExceeded.GlobalRegionUinLimitExceeded": ("throttled", LATER),
    "RequestLimitExceeded.IPLimitExceeded": ("throttled", LATER),
    "RequestSizeLimitExceeded": ("invalid_input", "too large"),
    "ResponseSizeLimitExceeded": ("invalid_input", VALUE),
    "ResourceInUse": ("conflict", "Look at the present state"),
    "ResourceUnavailable": ("server", AGAIN),
    "ResourceInsufficient": ("quota", "Free or buy quota"),
    "ResourceNotFound": ("not_found", "Check the id or name"),
    "ServiceUnavailable": ("server", AGAIN),
    "UnsupportedOperation": ("invalid_input", CHINA),
    "UnsupportedProtocol": ("invalid_input", VALUE),
    "UnsupportedRegion": ("invalid_input", VALUE),
    "SomethingNew.NobodyKnows": ("server", AGAIN),
}


@pytest.mark.parametrize("code", GATEWAY)
def test_error_of_the_gateway_is_explained_at_a_read(sandbox: SandboxProcess, code: str) -> None:
    kind, hint = GATEWAY[code]
    order_id = sandbox.buy("tencent_paid")
    sandbox.control("faults", {"cloud": "tencent", "kind": "error", "code": code, "times": 0})
    check_refusal(fails(sandbox, INFO, certificate_id=order_id), code, kind, hint)
    assert len(calls(sandbox, DETAIL)) == (ATTEMPTS if kind in ("server", "throttled") else 1)


@pytest.mark.parametrize("code", GATEWAY)
def test_error_of_the_gateway_never_sends_an_order_twice(sandbox: SandboxProcess, code: str) -> None:
    kind, hint = GATEWAY[code]
    order_id = sandbox.buy("tencent_paid")
    fault = {"cloud": "tencent", "action": SEND, "kind": "error", "code": code, "times": 0}
    sandbox.control("faults", fault)
    result = fails(sandbox, ORDER, certificate_id=order_id, **DOCUMENTS)
    # Whether an unexplained failure left the order sent is not known, and is said so.
    unknown = kind == "server"
    check_refusal(result, code, "outcome_unknown" if unknown else kind, "It was not sent again" if unknown else hint)
    assert result["changed"] and result["order"]["state"] == "prepared"
    # A throttled call was refused before it ran.
    assert len(calls(sandbox, SEND)) == (ATTEMPTS if kind == "throttled" else 1)
    assert sandbox.control(f"orders/{order_id}")["submissions"] == 0


ZONE_OWNER = "Use the key of the account that owns the zone."
#: code: (kind, hint), the codes of Tencent reference 5.4 that a new record can meet
DNSPOD: dict[str, tuple[str, str]] = {
    "InvalidParameter.DnssecAddCnameError": ("conflict", "DNSSEC"),
    "InvalidParameter.RecordLineInvalid": ("invalid_input", VALUE),
    "InvalidParameter.RecordTypeInvalid": ("invalid_input", VALUE),
    "InvalidParameter.RecordValueInvalid": ("invalid_input", VALUE),
    "InvalidParameter.RecordValueLengthInvalid": ("invalid_input", VALUE),
    "InvalidParameter.SubdomainInvalid": ("invalid_input", VALUE),
    "InvalidParameter.DomainInvalid": ("not_found", "Check the id or name"),
    "InvalidParameter.DomainIdInvalid": ("not_found", "Check the id or name"),
    "InvalidParameterValue.DomainNotExists": ("not_found", "Check the id or name"),
    "InvalidParameter.DomainIsAliaser": ("permission", "the zone that it is an alias of"),
    "InvalidParameter.DomainNotAllowedModifyRecords": ("permission", "why the zone takes no changes"),
    "OperationDenied.NoPermissionToOperateDomain": ("permission", ZONE_OWNER),
    "OperationDenied.DomainOwnerAllowedOnly": ("permission", ZONE_OWNER),
    "FailedOperation.NotDomainOwner": ("permission", ZONE_OWNER),
    "FailedOperation.DomainIsLocked": ("permission", "Unlock the domain"),
    "FailedOperation.DomainIsSpam": ("permission", "ask its support"),
    "FailedOperation.TencentCloudForbid": ("permission", "ask its support"),
    "FailedOperation.MustAddDefaultLineFirst": ("conflict", "Look at the present state"),
    "FailedOperation.DNSSECIncompleteClosed": ("conflict", "Look at the present state"),
    "LimitExceeded.SubdomainLevelLimit": ("quota", "Free or buy quota"),
    "LimitExceeded.SubdomainRollLimit": ("quota", "no more records of this name"),
    "LimitExceeded.SubdomainWcardLimit": ("quota", "Free or buy quota"),
    "RequestLimitExceeded": ("throttled", LATER),
    "RequestLimitExceeded.RequestLimitExceeded": ("throttled", LATER),
    "FailedOperation.FrequencyLimit": ("throttled", LATER),
}


@pytest.mark.parametrize("code", DNSPOD)
def test_error_of_dnspod_is_explained(sandbox: SandboxProcess, code: str) -> None:
    kind, hint = DNSPOD[code]
    fault = {"cloud": "tencent", "action": "CreateRecord", "kind": "error", "code": code, "times": 0}
    sandbox.control("faults", fault)
    result = fails(sandbox, RECORD, name="_dnsauth.example.com", value="one")
    check_refusal(result, code, kind, hint)
    assert not result["changed"] and "CreateRecord" in result["msg"]
    assert len(calls(sandbox, "CreateRecord")) == (ATTEMPTS if kind == "throttled" else 1)


@pytest.mark.parametrize(
    ("given", "code", "kind", "hint"),
    [
        ({"value": "two", "ttl": 60}, "LimitExceeded.RecordTtlLimit", "quota", "set ttl to 600"),
        ({"type": "CNAME", "value": "a.example.org"}, "InvalidParameter.ConflictRecord", "conflict", "Another type"),
        ({"value": "x" * 2049}, "InvalidParameter.RecordValueLengthInvalid", "invalid_input", VALUE),
    ],
)
def test_record_that_dnspod_refuses_is_explained(
    sandbox: SandboxProcess, given: dict[str, Any], code: str, kind: str, hint: str
) -> None:
    run(sandbox, RECORD, name="_dnsauth.example.com", value="one")
    check_refusal(fails(sandbox, RECORD, name="_dnsauth.example.com", **given), code, kind, hint)


@pytest.mark.parametrize(
    ("action", "code", "state", "changed"),
    [
        # Somebody else made the record a moment ago, and it is not listed yet.
        ("CreateRecord", "InvalidParameter.DomainRecordExist", "present", True),
        # Somebody else removed it a moment ago.
        ("DeleteRecord", "InvalidParameter.RecordIdInvalid", "absent", True),
        ("DescribeRecordList", "ResourceNotFound.NoDataOfRecord", "absent", False),
    ],
)
def test_refusal_that_means_success_is_none(
    sandbox: SandboxProcess, action: str, code: str, state: str, changed: bool
) -> None:
    if action == "DeleteRecord":
        run(sandbox, RECORD, name="_dnsauth.example.com", value="one")
    sandbox.control("faults", {"cloud": "tencent", "action": action, "kind": "error", "code": code})
    assert run(sandbox, RECORD, name="_dnsauth.example.com", value="one", state=state)["changed"] == changed
