# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bad input and trouble at Alibaba Cloud: one clear message each, and never a second submission."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError
from ansible_collections.certwright.cloud.plugins.module_utils._module._use_case import Context, UseCase
from ansible_collections.certwright.cloud.plugins.module_utils._retry import Clock
from ansible_collections.certwright.cloud.plugins.modules import alibaba_dv_order, alibaba_dv_order_info, alidns_record
from ansible_collections.certwright.cloud.tests.troubles import Tell
from ansible_collections.certwright.cloud.tests.unit.plugins.helpers import run_use_case
from sandbox_process import SandboxProcess

ORDER, INFO, RECORD = alibaba_dv_order.USE_CASE, alibaba_dv_order_info.USE_CASE, alidns_record.USE_CASE
CREATE, ADD, DELETE = "CreateDVOrderAudit", "AddDomainRecord", "DeleteDomainRecord"
WILDCARD, MALFORMED = "wildcard with file validation", "malformed domain"
APPLICATION = {
    "domains": ["www.example.net"],
    "username": "Zhang San",
    "mobile": "13800000000",
    "email": "a@example.com",
    "province": "zhejiang",
    "city": "hangzhou",
}


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
    process.control(
        "settings", {"gateway_skew": 0, "alibaba_unsubmitted": "empty", "alibaba_failed_word": "check_fail"}
    )


def run(sandbox: SandboxProcess, use_case: UseCase, check_mode: bool = False, **options: Any) -> dict[str, Any]:
    environ = {**sandbox.environment(), **options.pop("environ", {})}
    # Looks once what became of a submission, where a test does not want it otherwise.
    settle = {"settle_timeout": 0} if use_case is ORDER else {}
    context = Context(check_mode=check_mode, environ=environ, clock=HurriedClock())
    return run_use_case(use_case, context, **{**settle, **options})


def fails(sandbox: SandboxProcess, use_case: UseCase, **options: Any) -> dict[str, Any]:
    """The failed result, which has everything that every failure has to have."""
    with pytest.raises(CertwrightError) as caught:
        run(sandbox, use_case, **options)
    result = caught.value.to_result()
    assert set(result["error"]) == {"kind", "code", "message", "request_id", "http_status", "hint"}
    assert result["error"]["hint"] and result["error"]["hint"] in result["msg"]
    # Only what the cloud itself refused is looked up at the cloud by its id.
    for fact in ("code", "request_id") if result["error"]["http_status"] else ("code",):
        assert not result["error"][fact] or result["error"][fact] in result["msg"]
    return result


def refused_by_cloud(result: dict[str, Any], kind: str, code: str, status: int = 400) -> None:
    error = result["error"]
    assert (error["kind"], error["code"], error["http_status"]) == (kind, code, status)
    assert len(error["request_id"]) == 36


def calls(sandbox: SandboxProcess) -> list[dict[str, Any]]:
    """The calls at the cloud; the journal also has the CA's look-ups for older orders."""
    return [entry for entry in sandbox.journal() if entry["cloud"] == "alibaba"]


def writes(sandbox: SandboxProcess) -> list[str]:
    return [entry["action"] for entry in calls(sandbox) if not entry["action"].startswith("Describe")]


def submissions(sandbox: SandboxProcess, order_id: str) -> int:
    count: int = sandbox.control(f"orders/{order_id}")["submissions"]
    return count


def submitted(sandbox: SandboxProcess, **options: Any) -> str:
    order_id = sandbox.buy("alibaba_dv")
    result = run(sandbox, ORDER, instance_id=order_id, **{**APPLICATION, **options})
    assert result["changed"] and result["order"]["state"] == "validating"
    return order_id


@pytest.mark.parametrize(
    ("name", "value", "code", "status"),
    [
        ("ALIBABA_CLOUD_ACCESS_KEY_ID", "LTAIwrong", "InvalidAccessKeyId.NotFound", 404),
        ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "wrong-secret", "SignatureDoesNotMatch", 400),
    ],
)
def test_wrong_key_names_its_source_and_not_its_value(
    sandbox: SandboxProcess, tell: Tell, name: str, value: str, code: str, status: int
) -> None:
    for use_case, options in ((INFO, {"instance_id": "cas-cn-x"}), (RECORD, {"name": "a.example.net", "value": "x"})):
        result = fails(sandbox, use_case, **options, environ={name: value})
        tell("wrong key", "alibaba", result)
        refused_by_cloud(result, "auth", code, status)
        assert "environment variable ALIBABA_CLOUD_ACCESS_KEY_ID" in result["error"]["hint"]
        assert sandbox.ready["accounts"]["alibaba"]["access_key_secret"] not in result["msg"]
        assert "x-acs-" not in result["msg"]


def test_missing_key_names_every_place(sandbox: SandboxProcess, tell: Tell) -> None:
    empty = {"ALIBABA_CLOUD_ACCESS_KEY_ID": "", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": ""}
    result = fails(sandbox, INFO, instance_id="cas-cn-x", environ=empty)
    tell("wrong key", "alibaba", result)
    assert result["error"]["kind"] == "auth"
    for place in ("access_key_id", "ALIBABA_CLOUD_ACCESS_KEY_ID", ".aliyun/config.json", "credentials.ini"):
        assert place in result["msg"]
    assert calls(sandbox) == []


@pytest.mark.parametrize("skew", [3600, -3600])
def test_wrong_clock_is_corrected_and_nothing_is_sent_twice(sandbox: SandboxProcess, skew: int) -> None:
    order_id = sandbox.buy("alibaba_dv")
    sandbox.control("settings", {"gateway_skew": skew})
    assert run(sandbox, ORDER, instance_id=order_id, **APPLICATION)["changed"]
    codes = [entry["error_code"] for entry in calls(sandbox)]
    assert codes == ["InvalidTimeStamp.Expired", *[None] * (len(codes) - 1)]
    assert submissions(sandbox, order_id) == 1


def test_clock_that_cannot_be_corrected_is_said(sandbox: SandboxProcess, tell: Tell) -> None:
    fault = {"cloud": "alibaba", "kind": "error", "code": "InvalidTimeStamp.Expired", "times": 0}
    sandbox.control("faults", fault)
    result = fails(sandbox, INFO, instance_id="cas-cn-x")
    tell("wrong clock", "alibaba", result)
    refused_by_cloud(result, "auth", "InvalidTimeStamp.Expired")
    assert "Set the clock of the machine" in result["error"]["hint"]


@pytest.mark.parametrize("use_case", [INFO, ORDER])
def test_unknown_order_is_not_found(sandbox: SandboxProcess, tell: Tell, use_case: UseCase) -> None:
    result = fails(sandbox, use_case, instance_id="cas-cn-nobody")
    tell("unknown order", "alibaba", result)
    refused_by_cloud(result, "not_found", "NotFound")
    assert "Order 'cas-cn-nobody'" in result["msg"] and "site 'intl'" in result["msg"]
    assert writes(sandbox) == []


@pytest.mark.parametrize("word", ["checked_fail", "check_fail"])
def test_order_in_the_wrong_state_is_a_conflict(sandbox: SandboxProcess, tell: Tell, word: str) -> None:
    sandbox.control("settings", {"alibaba_failed_word": word})
    order_id = submitted(sandbox)
    sandbox.control(f"orders/{order_id}/decision", {"decision": "reject"})
    result = fails(sandbox, ORDER, instance_id=order_id, **APPLICATION)
    tell("order in the wrong state", "alibaba", result)
    assert result["error"]["kind"] == "conflict" and not result["changed"]
    assert (result["order"]["state"], result["order"]["vendor_state"]["code"]) == ("rejected", word)
    assert f"Order '{order_id}' was refused by the CA" in result["msg"]
    assert submissions(sandbox, order_id) == 1


def test_refused_order_goes_out_again_only_where_that_is_wanted(sandbox: SandboxProcess) -> None:
    order_id = submitted(sandbox)
    sandbox.control(f"orders/{order_id}/decision", {"decision": "reject"})
    result = run(sandbox, ORDER, instance_id=order_id, resubmit_rejected=True, **APPLICATION)
    assert result["changed"] and result["order"]["state"] == "validating"
    assert submissions(sandbox, order_id) == 2


def test_order_for_other_names_is_a_conflict(sandbox: SandboxProcess, tell: Tell) -> None:
    order_id = submitted(sandbox)
    result = fails(sandbox, ORDER, instance_id=order_id, **{**APPLICATION, "domains": ["shop.example.net"]})
    tell("order for other names", "alibaba", result)
    assert result["error"]["kind"] == "conflict" and not result["changed"]
    assert "'shop.example.net'" in result["msg"] and "'www.example.net'" in result["msg"]
    assert submissions(sandbox, order_id) == 1


def test_domain_that_is_not_hosted_is_not_found(sandbox: SandboxProcess, tell: Tell) -> None:
    result = fails(sandbox, RECORD, name="_dnsauth.www.example.org", value="x")
    tell("domain not hosted in the account", "alibaba", result)
    assert result["error"]["kind"] == "not_found"
    assert "'_dnsauth.www.example.org'" in result["msg"] and "'example.net'" in result["msg"]
    assert writes(sandbox) == []


@pytest.mark.parametrize(
    ("case", "options", "words"),
    [
        (WILDCARD, {"domains": ["*.example.net"], "validation_method": "file"}, "'*.example.net' cannot be validated"),
        (MALFORMED, {"domains": ["exa mple.net"]}, "domains: 'exa mple.net' has the malformed label"),
        (MALFORMED, {"domains": ["www.example.net", "-a.example.net"]}, "domains: '-a.example.net'"),
        (MALFORMED, {"domains": ["localhost"]}, "domains: 'localhost' has no dot"),
        (MALFORMED, {"domains": ["192.0.2.1"]}, "is an IP address"),
        (None, {"instance_id": "not an id"}, "instance_id: 'not an id' is no instance id"),
        ("unreachable endpoint", {"endpoint": "http://192.0.2.1"}, "plain http to '192.0.2.1'"),
    ],
)
def test_bad_option_is_refused_before_anything_is_sent(
    sandbox: SandboxProcess, tell: Tell, case: str | None, options: dict[str, Any], words: str
) -> None:
    result = fails(sandbox, ORDER, **{"instance_id": "cas-cn-x", **APPLICATION, **options})
    if case:
        tell(case, "alibaba", result)
    assert result["error"]["kind"] == "invalid_input"
    assert words in result["msg"] and "Nothing was sent." in result["msg"]
    assert calls(sandbox) == []


@pytest.mark.parametrize("unsubmitted", ["empty", "error"])
def test_incomplete_application_is_refused_before_it_is_sent(
    sandbox: SandboxProcess, tell: Tell, unsubmitted: str
) -> None:
    sandbox.control("settings", {"alibaba_unsubmitted": unsubmitted})
    order_id = sandbox.buy("alibaba_dv")
    result = fails(sandbox, ORDER, instance_id=order_id)
    tell("incomplete application", "alibaba", result)
    assert result["error"]["kind"] == "invalid_input" and result["order"]["state"] == "awaiting_documents"
    for option in APPLICATION:
        assert option in result["msg"]
    assert writes(sandbox) == []


def test_application_that_the_cloud_refuses_is_said_with_its_words(sandbox: SandboxProcess) -> None:
    order_id = sandbox.buy("alibaba_dv")
    result = fails(sandbox, ORDER, instance_id=order_id, **{**APPLICATION, "domains": ["*.example.net"]})
    refused_by_cloud(result, "invalid_input", "InvalidParameter")
    assert f"Order '{order_id}'" in result["msg"] and "wildcard" in result["error"]["message"]
    assert not result["changed"] and result["order"]["state"] == "awaiting_documents"


def test_unreachable_endpoint_is_a_network_error(sandbox: SandboxProcess, tell: Tell) -> None:
    nobody = {"CERTWRIGHT_ALIBABA_ENDPOINT": "http://127.0.0.1:1"}
    result = fails(sandbox, INFO, instance_id="cas-cn-x", environ=nobody)
    tell("unreachable endpoint", "alibaba", result)
    assert result["error"]["kind"] == "network" and result["error"]["code"] is None
    assert "http://127.0.0.1:1" in result["msg"] and "Order 'cas-cn-x'" in result["msg"]
    assert not result["changed"]


@pytest.mark.parametrize("code", ["Throttling.User", "Throttling.Api", "FlowControlError"])
def test_throttled_answers_are_waited_out_even_for_what_is_sent_once(sandbox: SandboxProcess, code: str) -> None:
    order_id = sandbox.buy("alibaba_dv")
    for action in ("DescribeOrderInstanceList", "DescribeDVOrderResult", CREATE):
        fault = {"cloud": "alibaba", "action": action, "kind": "throttle", "code": code, "times": 2}
        sandbox.control("faults", fault)
    assert run(sandbox, ORDER, instance_id=order_id, **APPLICATION)["changed"]
    assert submissions(sandbox, order_id) == 1
    assert [entry["error_code"] for entry in calls(sandbox)].count(code) == 6


@pytest.mark.parametrize("code", ["Throttling.User", "FlowControlError"])
def test_endless_throttling_is_said(sandbox: SandboxProcess, tell: Tell, code: str) -> None:
    sandbox.control("faults", {"cloud": "alibaba", "kind": "throttle", "code": code, "times": 0})
    result = fails(sandbox, INFO, instance_id="cas-cn-x")
    tell("throttled answer", "alibaba", result)
    refused_by_cloud(result, "throttled", code)
    assert "later" in result["error"]["hint"] and len(calls(sandbox)) == 5


@pytest.mark.parametrize("kind", ["not_json", "empty", "truncated", "http"])
def test_answer_that_is_not_json_is_a_server_error(sandbox: SandboxProcess, tell: Tell, kind: str) -> None:
    sandbox.control("faults", {"cloud": "alibaba", "kind": kind, "times": 0})
    result = fails(sandbox, INFO, instance_id="cas-cn-x")
    tell("answer that is not JSON", "alibaba", result)
    assert result["error"]["kind"] in ("server", "network") and "<html>" not in result["msg"]
    assert "DescribeDVOrderResult" in result["msg"] and "Order 'cas-cn-x'" in result["msg"]
    sandbox.control("faults", method="DELETE")
    sandbox.control("faults", {"cloud": "alibaba", "kind": kind, "times": 2})
    assert fails(sandbox, INFO, instance_id="cas-cn-x")["error"]["kind"] == "not_found"


@pytest.mark.parametrize("kind", ["drop", "reset", "not_json", "empty", "http", "truncated", "error"])
def test_lost_answer_is_settled_by_reading(sandbox: SandboxProcess, kind: str) -> None:
    order_id = sandbox.buy("alibaba_dv")
    fault = {"cloud": "alibaba", "action": CREATE, "kind": kind, "when": "after", "code": "InternalError"}
    sandbox.control("faults", fault)
    result = run(sandbox, ORDER, instance_id=order_id, **APPLICATION)
    assert result["changed"] and result["order"]["state"] == "validating"
    assert submissions(sandbox, order_id) == 1
    assert writes(sandbox) == [CREATE]


@pytest.mark.parametrize("kind", ["drop", "not_json", "http", "error"])
def test_submission_without_an_answer_is_not_repeated_by_a_run_that_does_not_wait(
    sandbox: SandboxProcess, tell: Tell, kind: str
) -> None:
    order_id = sandbox.buy("alibaba_dv")
    fault = {"cloud": "alibaba", "action": CREATE, "kind": kind, "code": "InternalError"}
    sandbox.control("faults", fault)
    result = fails(sandbox, ORDER, instance_id=order_id, **APPLICATION)
    tell("submission without an answer", "alibaba", result)
    assert result["error"]["kind"] == "outcome_unknown"
    assert not result["changed"] and result["order"]["state"] == "awaiting_documents"
    assert result["msg"].count(order_id) == 2 and "not sent again" in result["msg"]
    # Once in the sentence, and once in the command that looks it up.
    assert f"_id={order_id} site=intl" in result["error"]["hint"]
    assert writes(sandbox) == [CREATE] and submissions(sandbox, order_id) == 0
    # The same task again goes on from there, once the order has shown for a second that nothing has arrived.
    again = run(sandbox, ORDER, instance_id=order_id, **APPLICATION, settle_timeout=1)
    assert again["steps"] == ["submit order"] and submissions(sandbox, order_id) == 1


def test_refusal_with_a_new_code_is_told_as_it_is(sandbox: SandboxProcess) -> None:
    order_id = sandbox.buy("alibaba_dv")
    fault = {"cloud": "alibaba", "action": CREATE, "kind": "error", "code": "Domain.Sensitive"}
    sandbox.control("faults", fault)
    result = fails(sandbox, ORDER, instance_id=order_id, **APPLICATION)
    refused_by_cloud(result, "rejected", "Domain.Sensitive")
    assert not result["changed"] and submissions(sandbox, order_id) == 0


def test_missing_right_is_named_as_policies_name_it(sandbox: SandboxProcess, tell: Tell) -> None:
    sandbox.control("faults", {"cloud": "alibaba", "kind": "error", "code": "Forbidden.RAM", "times": 0})
    result = fails(sandbox, INFO, instance_id="cas-cn-x")
    tell("missing right", "alibaba", result)
    assert result["error"]["kind"] == "permission"
    assert "'yundun-cert:DescribeDVOrderResult'" in result["error"]["hint"]
    result = fails(sandbox, RECORD, name="a.example.net", value="x")
    assert "'alidns:DescribeDomains'" in result["error"]["hint"]


@pytest.mark.parametrize("kind", ["drop", "not_json", "error"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_record_is_written_once_and_removed_whatever_answer_is_lost(
    sandbox: SandboxProcess, kind: str, when: str
) -> None:
    record = {"name": f"_{kind}.{when}.example.net", "value": "v"}
    for action, state in ((ADD, "present"), (DELETE, "absent")):
        fault = {"cloud": "alibaba", "action": action, "kind": kind, "when": when, "code": "InternalError"}
        sandbox.control("faults", fault)
        assert run(sandbox, RECORD, **record, state=state)["changed"]
        held = [item for zone in sandbox.control("zones")["zones"] for item in zone["records"]]
        assert [item["value"] for item in held].count("v") == (1 if state == "present" else 0)
        assert not run(sandbox, RECORD, **record, state=state)["changed"]


def test_check_mode_sends_no_write(sandbox: SandboxProcess) -> None:
    order_id = sandbox.buy("alibaba_dv")
    assert run(sandbox, ORDER, check_mode=True, instance_id=order_id, **APPLICATION)["changed"]
    assert run(sandbox, RECORD, check_mode=True, name="_dnsauth.example.net", value="v")["changed"]
    assert writes(sandbox) == []


def test_wait_that_runs_out_says_that_nothing_is_lost(sandbox: SandboxProcess, tell: Tell) -> None:
    order_id = submitted(sandbox)
    result = fails(sandbox, INFO, instance_id=order_id, wait_for="issued", wait_timeout=0)
    tell("wait that runs out", "alibaba", result)
    assert result["error"]["kind"] == "timeout" and "Nothing is lost" in result["msg"]
    assert result["order"]["state"] == "validating"


@pytest.mark.parametrize("spelling", ["codes", "words"])
def test_both_spellings_of_the_list_are_understood(sandbox: SandboxProcess, spelling: str) -> None:
    sandbox.control("settings", {"alibaba_list_status": spelling})
    unsent, sent = sandbox.buy("alibaba_dv"), submitted(sandbox)
    states = {order["id"]: order["state"] for order in run(sandbox, INFO)["orders"]}
    assert (states[unsent], states[sent]) == ("awaiting_documents", "validating")


def test_list_of_many_orders_is_read_whole(sandbox: SandboxProcess) -> None:
    ids = set(sandbox.control("orders", {"flow": "alibaba_dv", "count": 120})["ids"])
    found = run(sandbox, INFO, states=["awaiting_documents"])["orders"]
    assert ids <= {order["id"] for order in found}
    assert len(calls(sandbox)) >= 3
