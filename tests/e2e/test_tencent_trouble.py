# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bad input and trouble at Tencent: one clear message each, and never a second submission."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError
from ansible_collections.certwright.cloud.plugins.module_utils._module._use_case import Context, UseCase
from ansible_collections.certwright.cloud.plugins.module_utils._retry import Clock
from ansible_collections.certwright.cloud.plugins.module_utils._x509_make import make_csr, make_key
from ansible_collections.certwright.cloud.plugins.modules import dnspod_record, tencent_order, tencent_order_info
from ansible_collections.certwright.cloud.tests.troubles import Tell
from ansible_collections.certwright.cloud.tests.unit.plugins.helpers import run_use_case
from sandbox_process import SandboxProcess

ORDER, INFO, RECORD = tencent_order.USE_CASE, tencent_order_info.USE_CASE, dnspod_record.USE_CASE
PERSON = {"company_type": "person", "contact_email": "a@example.com", "csr_generation": "online"}
DOCUMENTS = {"common_name": "www.example.com", "csr_key_parameter": "prime256v1", **PERSON}
SUBMIT, SEND = "CertificateInfoSubmit", "CertificateOrderSubmit"
WILDCARD, MALFORMED = "wildcard with file validation", "malformed domain"
# Where a submitted order stands in its first second.
SUBMITTED = ("reviewing", "validating")


class HurriedClock(Clock):
    """The real time, without the pauses."""

    def sleep(self, seconds: float) -> None:
        pass


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    # Without the cloud's own guard every submission counts, so that a second one cannot hide behind a refusal.
    process = SandboxProcess(tmp_path_factory.mktemp("sandbox") / "state", submission_guard=False)
    yield process
    process.stop()


@pytest.fixture
def sandbox(process: SandboxProcess) -> Iterator[SandboxProcess]:
    process.control("journal", method="DELETE")
    yield process
    process.control("faults", method="DELETE")
    process.control("settings", {"gateway_skew": 0})


def run(sandbox: SandboxProcess, use_case: UseCase, **options: Any) -> dict[str, Any]:
    environ = {**sandbox.tencent_environment(), **options.pop("environ", {})}
    # Looks once what became of a submission, where a test does not want it otherwise.
    settle = {"settle_timeout": 0} if use_case is ORDER else {}
    return run_use_case(use_case, Context(environ=environ, clock=HurriedClock()), **{**settle, **options})


def fails(sandbox: SandboxProcess, use_case: UseCase, **options: Any) -> dict[str, Any]:
    """The failed result, which has everything that every failure has to have."""
    with pytest.raises(CertwrightError) as caught:
        run(sandbox, use_case, **options)
    result = caught.value.to_result()
    assert set(result["error"]) == {"kind", "code", "message", "request_id", "http_status", "hint"}
    assert result["error"]["hint"] and result["error"]["hint"] in result["msg"]
    if result["error"]["code"]:
        assert result["error"]["code"] in result["msg"]
    # Only what the cloud itself refused is looked up at the cloud by its id.
    if result["error"]["request_id"] and result["error"]["http_status"]:
        assert result["error"]["request_id"] in result["msg"]
    return result


def refused_by_cloud(result: dict[str, Any], kind: str, code: str) -> None:
    error = result["error"]
    assert (error["kind"], error["code"]) == (kind, code)
    assert len(error["request_id"]) == 36 and error["http_status"] == 200


def calls(sandbox: SandboxProcess) -> list[dict[str, Any]]:
    """The calls at the cloud; the journal also has the CA's look-ups for older orders."""
    return [entry for entry in sandbox.journal() if entry["cloud"] == "tencent"]


def writes(sandbox: SandboxProcess) -> list[str]:
    reads = ("Describe", "Check")
    return [entry["action"] for entry in calls(sandbox) if not entry["action"].startswith(reads)]


def submissions(sandbox: SandboxProcess, order_id: str) -> int:
    count: int = sandbox.control(f"orders/{order_id}")["submissions"]
    return count


def submitted(sandbox: SandboxProcess, **options: Any) -> str:
    order_id = sandbox.buy("tencent_paid")
    result = run(sandbox, ORDER, certificate_id=order_id, **{**DOCUMENTS, **options})
    assert result["changed"] and result["order"]["state"] in SUBMITTED
    return order_id


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("TENCENTCLOUD_SECRET_ID", "AKIDwrong", "AuthFailure.SecretIdNotFound"),
        ("TENCENTCLOUD_SECRET_KEY", "wrong-key", "AuthFailure.SignatureFailure"),
        ("TENCENTCLOUD_TOKEN", "wrong-token", "AuthFailure.TokenFailure"),
    ],
)
def test_wrong_key_names_its_source_and_not_its_value(
    sandbox: SandboxProcess, tell: Tell, name: str, value: str, code: str
) -> None:
    result = fails(sandbox, INFO, certificate_id="LrmeMvQr", environ={name: value})
    tell("wrong key", "tencent", result)
    refused_by_cloud(result, "auth", code)
    assert "environment variables TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY" in result["error"]["hint"]
    assert sandbox.ready["accounts"]["tencent"]["secret_key"] not in result["msg"]


def test_missing_key_names_every_place(sandbox: SandboxProcess, tell: Tell) -> None:
    empty = {"TENCENTCLOUD_SECRET_ID": "", "TENCENTCLOUD_SECRET_KEY": ""}
    result = fails(sandbox, INFO, certificate_id="LrmeMvQr", environ=empty)
    tell("wrong key", "tencent", result)
    assert result["error"]["kind"] == "auth"
    for place in ("secret_id", "TENCENTCLOUD_SECRET_KEY", "default.credential", ".tencentcloud/credentials"):
        assert place in result["msg"]
    assert calls(sandbox) == []


@pytest.mark.parametrize("skew", [3600, -3600])
def test_wrong_clock_is_corrected_and_nothing_is_sent_twice(sandbox: SandboxProcess, skew: int) -> None:
    order_id = sandbox.buy("tencent_paid")
    sandbox.control("settings", {"gateway_skew": skew})
    result = run(sandbox, ORDER, certificate_id=order_id, **DOCUMENTS)
    assert result["changed"]
    assert [entry["error_code"] for entry in calls(sandbox)] == ["AuthFailure.SignatureExpire", None, None, None, None]
    assert submissions(sandbox, order_id) == 1


def test_clock_that_cannot_be_corrected_is_said(sandbox: SandboxProcess, tell: Tell) -> None:
    fault = {"cloud": "tencent", "kind": "error", "code": "AuthFailure.SignatureExpire", "times": 0}
    sandbox.control("faults", fault)
    result = fails(sandbox, INFO, certificate_id="LrmeMvQr")
    tell("wrong clock", "tencent", result)
    refused_by_cloud(result, "auth", "AuthFailure.SignatureExpire")
    assert "Set the clock of the machine" in result["error"]["hint"]


def test_missing_right_is_named_as_policies_name_it(sandbox: SandboxProcess, tell: Tell) -> None:
    code = "AuthFailure.UnauthorizedOperation"
    sandbox.control("faults", {"cloud": "tencent", "kind": "error", "code": code, "times": 0})
    result = fails(sandbox, INFO, certificate_id="LrmeMvQr")
    tell("missing right", "tencent", result)
    refused_by_cloud(result, "permission", code)
    assert "'ssl:DescribeCertificateDetail'" in result["error"]["hint"]
    result = fails(sandbox, RECORD, name="a.example.com", value="x")
    assert "'dnspod:DescribeDomainList'" in result["error"]["hint"]


def test_unknown_order_is_not_found(sandbox: SandboxProcess, tell: Tell) -> None:
    for use_case in (INFO, ORDER):
        result = fails(sandbox, use_case, certificate_id="AbCd1234")
        tell("unknown order", "tencent", result)
        refused_by_cloud(result, "not_found", "FailedOperation.CertificateNotFound")
        assert "Order 'AbCd1234'" in result["msg"] and "site" in result["error"]["hint"]


def test_order_in_the_wrong_state_is_a_conflict(sandbox: SandboxProcess, tell: Tell) -> None:
    order_id = submitted(sandbox)
    sandbox.control(f"orders/{order_id}/decision", {"decision": "reject"})
    result = fails(sandbox, ORDER, certificate_id=order_id, **DOCUMENTS)
    tell("order in the wrong state", "tencent", result)
    assert result["error"]["kind"] == "conflict" and not result["changed"]
    assert result["order"]["state"] == "rejected"
    assert f"Order '{order_id}' is rejected" in result["msg"]
    assert "ModifyCertificateResubmit" in result["error"]["hint"]
    assert submissions(sandbox, order_id) == 1


def test_domain_that_is_not_hosted_is_not_found(sandbox: SandboxProcess, tell: Tell) -> None:
    result = fails(sandbox, RECORD, name="_dnsauth.www.example.org", value="x")
    tell("domain not hosted in the account", "tencent", result)
    assert result["error"]["kind"] == "not_found"
    assert "'_dnsauth.www.example.org'" in result["msg"] and "'example.com'" in result["msg"]
    assert writes(sandbox) == []


def test_request_with_another_common_name_is_refused_before_anything_is_sent(
    sandbox: SandboxProcess, tell: Tell
) -> None:
    csr = make_csr(make_key("ecdsa-p256"), "other.example.com", [])
    result = fails(sandbox, ORDER, certificate_id="LrmeMvQr", common_name="www.example.com", csr=csr)
    tell("CSR with another common name", "tencent", result)
    assert result["error"]["kind"] == "invalid_input"
    assert "'www.example.com'" in result["msg"] and "'other.example.com'" in result["msg"]
    assert calls(sandbox) == []


@pytest.mark.parametrize(
    ("case", "options", "words"),
    [
        (WILDCARD, {"common_name": "*.example.com", "validation_method": "file"}, "'*.example.com'; use dns"),
        (MALFORMED, {"common_name": "exa mple.com"}, "common_name: 'exa mple.com' has the malformed label"),
        (MALFORMED, {"common_name": "www.example.com", "dns_names": ["-a.example.com"]}, "dns_names: '-a.example.com'"),
        (MALFORMED, {"common_name": "localhost"}, "common_name: 'localhost' has no dot"),
        (MALFORMED, {"common_name": "192.0.2.1"}, "is an IP address"),
        (None, {"certificate_id": "not an id"}, "'not an id' is no certificate id"),
        (None, {"validation_method": "dns_auto"}, "dns_auto exists on site=china only"),
        ("unreachable endpoint", {"endpoint": "http://192.0.2.1"}, "plain http to '192.0.2.1'"),
    ],
)
def test_bad_option_is_refused_before_anything_is_sent(
    sandbox: SandboxProcess, tell: Tell, case: str | None, options: dict[str, Any], words: str
) -> None:
    result = fails(sandbox, ORDER, **{"certificate_id": "LrmeMvQr", **PERSON, **options})
    if case:
        tell(case, "tencent", result)
    assert result["error"]["kind"] == "invalid_input"
    assert words in result["msg"] and "Nothing was sent." in result["msg"]
    assert calls(sandbox) == []


def test_all_faults_are_said_at_once(sandbox: SandboxProcess) -> None:
    options = {"common_name": "exa mple.com", "validation_method": "dns_auto", "org_id_number": "1"}
    result = fails(sandbox, ORDER, certificate_id="LrmeMvQr", csr_key_parameter="4096", **options)
    for words in ("malformed", "dns_auto", "org_id_type, org_id_number", "csr_key_parameter", "admin_first_name"):
        assert words in result["msg"]


def test_incomplete_documents_are_refused_before_they_are_sent(sandbox: SandboxProcess, tell: Tell) -> None:
    order_id = sandbox.buy("tencent_paid")
    result = fails(sandbox, ORDER, certificate_id=order_id, common_name="www.example.com")
    tell("incomplete application", "tencent", result)
    assert result["error"]["kind"] == "invalid_input" and result["order"]["state"] == "awaiting_documents"
    for option in ("csr", "org_organization", "admin_email", "tech_title"):
        assert option in result["msg"]
    assert writes(sandbox) == []


def test_order_made_with_another_key_is_a_conflict(sandbox: SandboxProcess, tell: Tell) -> None:
    ours, theirs = (make_csr(make_key("ecdsa-p256"), "www.example.com", []) for _each in range(2))
    company = {"company_type": "company", "manager_id": "12895", "csr_generation": None, "csr_key_parameter": None}
    order_id = submitted(sandbox, csr=theirs, **company)
    again = run(sandbox, ORDER, certificate_id=order_id, csr=theirs)
    assert not again["changed"]
    result = fails(sandbox, ORDER, certificate_id=order_id, csr=ours)
    tell("order made with another key", "tencent", result)
    assert result["error"]["kind"] == "conflict" and not result["changed"]
    assert order_id in result["msg"] and "another key" in result["msg"]
    assert result["order"]["state"] in SUBMITTED
    assert submissions(sandbox, order_id) == 1


def test_order_whose_key_the_cloud_made_says_so_to_another_request(sandbox: SandboxProcess, tell: Tell) -> None:
    order_id = submitted(sandbox)
    csr = make_csr(make_key("ecdsa-p256"), "www.example.com", [])
    result = fails(sandbox, ORDER, certificate_id=order_id, csr=csr)
    tell("order made with another key", "tencent", result)
    assert result["error"]["kind"] == "conflict"
    assert "with csr_generation=online, not parse" in result["msg"]


def test_order_for_other_names_is_a_conflict(sandbox: SandboxProcess, tell: Tell) -> None:
    order_id = submitted(sandbox)
    result = fails(sandbox, ORDER, certificate_id=order_id, common_name="shop.example.com")
    tell("order for other names", "tencent", result)
    assert result["error"]["kind"] == "conflict"
    assert "'www.example.com'" in result["msg"] and "'shop.example.com'" in result["msg"]


def test_unreachable_endpoint_is_a_network_error(sandbox: SandboxProcess, tell: Tell) -> None:
    nobody = {"CERTWRIGHT_TENCENT_ENDPOINT": "http://127.0.0.1:1"}
    result = fails(sandbox, INFO, certificate_id="LrmeMvQr", environ=nobody)
    tell("unreachable endpoint", "tencent", result)
    assert result["error"]["kind"] == "network" and result["error"]["code"] is None
    assert "http://127.0.0.1:1" in result["msg"] and "Order 'LrmeMvQr'" in result["msg"]
    assert not result["changed"]


def test_throttled_answers_are_waited_out_even_for_what_is_sent_once(sandbox: SandboxProcess) -> None:
    order_id = sandbox.buy("tencent_paid")
    for action in ("DescribeCertificateDetail", SUBMIT, SEND):
        sandbox.control("faults", {"cloud": "tencent", "action": action, "kind": "throttle", "times": 2})
    assert run(sandbox, ORDER, certificate_id=order_id, **DOCUMENTS)["changed"]
    assert submissions(sandbox, order_id) == 1


def test_endless_throttling_is_said(sandbox: SandboxProcess, tell: Tell) -> None:
    sandbox.control("faults", {"cloud": "tencent", "kind": "throttle", "times": 0})
    result = fails(sandbox, INFO, certificate_id="LrmeMvQr")
    tell("throttled answer", "tencent", result)
    refused_by_cloud(result, "throttled", "RequestLimitExceeded")
    assert "later" in result["error"]["hint"] and len(calls(sandbox)) == 5


@pytest.mark.parametrize("kind", ["not_json", "empty", "truncated", "http"])
def test_answer_that_is_not_json_is_a_server_error(sandbox: SandboxProcess, tell: Tell, kind: str) -> None:
    sandbox.control("faults", {"cloud": "tencent", "kind": kind, "times": 0})
    result = fails(sandbox, INFO, certificate_id="LrmeMvQr")
    tell("answer that is not JSON", "tencent", result)
    assert result["error"]["kind"] in ("server", "network") and "Traceback" not in result["msg"]
    assert "DescribeCertificateDetail" in result["msg"]
    sandbox.control("faults", method="DELETE")
    sandbox.control("faults", {"cloud": "tencent", "kind": kind, "times": 2})
    assert fails(sandbox, INFO, certificate_id="LrmeMvQr")["error"]["kind"] == "not_found"


@pytest.mark.parametrize("kind", ["drop", "not_json", "empty", "http", "truncated"])
@pytest.mark.parametrize("action", [SUBMIT, SEND])
def test_lost_answer_is_settled_by_reading(sandbox: SandboxProcess, action: str, kind: str) -> None:
    order_id = sandbox.buy("tencent_paid")
    sandbox.control("faults", {"cloud": "tencent", "action": action, "kind": kind, "when": "after"})
    result = run(sandbox, ORDER, certificate_id=order_id, **DOCUMENTS)
    assert result["changed"] and result["order"]["state"] in SUBMITTED
    assert submissions(sandbox, order_id) == 1
    assert writes(sandbox) == [SUBMIT, SEND]


@pytest.mark.parametrize("kind", ["drop", "not_json", "http", "error"])
def test_submission_without_an_answer_is_not_repeated_by_a_run_that_does_not_wait(
    sandbox: SandboxProcess, tell: Tell, kind: str
) -> None:
    order_id = sandbox.buy("tencent_paid")
    fault = {"cloud": "tencent", "action": SEND, "kind": kind, "code": "InternalError"}
    sandbox.control("faults", fault)
    result = fails(sandbox, ORDER, certificate_id=order_id, **DOCUMENTS)
    tell("submission without an answer", "tencent", result)
    assert result["error"]["kind"] == "outcome_unknown"
    assert result["changed"] and result["order"]["state"] == "prepared"
    assert result["msg"].count(order_id) == 2 and "not sent again" in result["msg"]
    # Once in the sentence, and once in the command that looks it up.
    assert f"_id={order_id} site=intl" in result["error"]["hint"]
    assert writes(sandbox) == [SUBMIT, SEND] and submissions(sandbox, order_id) == 0
    # The same task again goes on from there, once the order has shown for a second that nothing has arrived.
    again = run(sandbox, ORDER, certificate_id=order_id, **DOCUMENTS, settle_timeout=1)
    assert again["steps"] == ["submit order"] and submissions(sandbox, order_id) == 1


@pytest.mark.parametrize("kind", ["drop", "not_json", "http", "error"])
def test_submission_that_did_not_arrive_is_sent_once_more_in_the_same_run(sandbox: SandboxProcess, kind: str) -> None:
    order_id = sandbox.buy("tencent_paid")
    sandbox.control("faults", {"cloud": "tencent", "action": SEND, "kind": kind, "code": "InternalError"})
    result = run(sandbox, ORDER, certificate_id=order_id, **DOCUMENTS, settle_timeout=1)
    assert result["steps"] == ["submit documents", "submit order"]
    assert writes(sandbox) == [SUBMIT, SEND, SEND] and submissions(sandbox, order_id) == 1


def test_documents_without_an_answer_are_looked_up_and_sent_again(sandbox: SandboxProcess) -> None:
    order_id = sandbox.buy("tencent_paid")
    sandbox.control("faults", {"cloud": "tencent", "action": SUBMIT, "kind": "drop", "when": "before"})
    assert run(sandbox, ORDER, certificate_id=order_id, **DOCUMENTS)["changed"]
    assert writes(sandbox) == [SUBMIT, SUBMIT, SEND]


def test_refused_documents_are_said_with_the_clouds_words(sandbox: SandboxProcess) -> None:
    order_id = sandbox.buy("tencent_paid")
    code = "FailedOperation.NoRealNameAuth"
    sandbox.control("faults", {"cloud": "tencent", "action": SUBMIT, "kind": "error", "code": code})
    result = fails(sandbox, ORDER, certificate_id=order_id, **DOCUMENTS)
    refused_by_cloud(result, "permission", code)
    assert not result["changed"] and result["order"]["state"] == "awaiting_documents"
    assert "identity verification" in result["error"]["hint"]


def test_wait_that_runs_out_says_that_nothing_is_lost(sandbox: SandboxProcess, tell: Tell) -> None:
    order_id = submitted(sandbox)
    result = fails(sandbox, INFO, certificate_id=order_id, wait_for="issued", wait_timeout=0)
    tell("wait that runs out", "tencent", result)
    assert result["error"]["kind"] == "timeout" and "Nothing is lost" in result["msg"]
    assert result["order"]["state"] in SUBMITTED
