# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Submitting DV orders at Alibaba Cloud: what is sent, how often, and what is said."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError, ErrorKind
from ansible_collections.certwright.cloud.plugins.module_utils._http import TransportError
from ansible_collections.certwright.cloud.plugins.modules.alibaba_dv_order import USE_CASE
from ansible_collections.certwright.cloud.tests.unit.plugins.alibaba_helpers import (
    KEYS,
    Chain,
    action,
    listed,
    parameters,
    refusal,
    result,
)
from ansible_collections.certwright.cloud.tests.unit.plugins.helpers import (
    FakeClock,
    FakeTransport,
    context,
    json_response,
    run_use_case,
)

ID = "cas-cn-1"
NAMES = ["www.example.com", "Example.com."]
APPLICANT = {
    "username": "Zhang San",
    "mobile": "13800000000",
    "email": "a@example.com",
    "province": "zhejiang",
    "city": "hangzhou",
}
WANTED = {"instance_id": ID, "domains": NAMES, **APPLICANT}
LIST, RESULT, CREATE = "DescribeOrderInstanceList", "DescribeDVOrderResult", "CreateDVOrderAudit"

UNSENT = [listed((ID, "PAYED")), refusal("NotFound")]
ACCEPTED = json_response({"RequestId": "R-create"})
CHECKING = result("checking", CheckType="DNS", CheckName="_dnsauth.www.example.com", CheckValue="v")
LOST = TransportError("no answer within 30 s", reached=True)


def run(script: list[Any], check_mode: bool = False, clock: FakeClock | None = None, **given: Any) -> tuple[Any, Any]:
    """The result (or the error) and the actions that were asked for."""
    transport = FakeTransport(script)
    where = context(transport, check_mode=check_mode, clock=clock or FakeClock())
    try:
        outcome: Any = run_use_case(USE_CASE, where, **{**KEYS, **WANTED, **given})
    except CertwrightError as error:
        outcome = error
    assert transport.script == [], "not everything was asked for"
    return outcome, transport.requests


def actions(requests: list[Any]) -> list[str]:
    return [action(request) for request in requests]


def test_bought_order_is_submitted_once_with_all_parameters() -> None:
    outcome, requests = run([*UNSENT, ACCEPTED, CHECKING], lang="en", source_ip="192.0.2.1")
    assert outcome["changed"]
    assert outcome["steps"] == ["submit order"]
    assert outcome["order"]["state"] == "validating"
    assert outcome["order"]["next_step"] == "Publish the validation records, then wait."
    assert outcome["request_id"] == "R-result"
    assert actions(requests) == [LIST, RESULT, CREATE, RESULT]
    assert parameters(requests[2]) == {
        "InstanceId": ID,
        "Domain": "www.example.com,example.com",
        "DomainVerifyType": "DNS",
        "Username": "Zhang San",
        "Mobile": "13800000000",
        "Email": "a@example.com",
        "Province": "zhejiang",
        "City": "hangzhou",
        "Lang": "en",
        "SourceIp": "192.0.2.1",
    }
    assert parameters(requests[0]) == {"StartIndex": "0", "Lang": "en", "SourceIp": "192.0.2.1"}


def test_validation_by_file_is_sent_in_upper_case() -> None:
    outcome, requests = run([*UNSENT, ACCEPTED, result("checking")], validation_method="file")
    assert parameters(requests[2])["DomainVerifyType"] == "FILE"
    assert "not known yet" in outcome["order"]["next_step"]


def test_check_mode_predicts_and_sends_no_write() -> None:
    outcome, requests = run(list(UNSENT), check_mode=True, wait_for="issued")
    assert outcome["changed"]
    assert outcome["order"]["state"] == "validating"
    assert outcome["diff"]["before"]["state"] == "awaiting_documents"
    assert outcome["diff"]["after"]["state"] == "validating"
    assert outcome["diff"]["before"]["domains"] == []
    assert outcome["diff"]["after"]["domains"] == ["www.example.com", "example.com"]
    assert outcome["order"]["domains"] is None, "the cloud will not tell them"
    assert actions(requests) == [LIST, RESULT]


@pytest.mark.parametrize("check_mode", [False, True])
def test_second_run_changes_nothing_and_sends_nothing(check_mode: bool) -> None:
    outcome, requests = run([listed((ID, "CHECKING")), CHECKING], check_mode=check_mode)
    assert not outcome["changed"]
    assert outcome["steps"] == []
    assert outcome["diff"]["before"] == outcome["diff"]["after"]
    assert actions(requests) == [LIST, RESULT]
    assert "only that 'www.example.com' is validated was compared" in outcome["order"]["next_step"]


def test_stale_list_does_not_lead_to_a_second_submission() -> None:
    outcome, requests = run([listed((ID, "PAYED")), CHECKING])
    assert not outcome["changed"]
    assert CREATE not in actions(requests)


@pytest.mark.parametrize(
    "answer", [refusal("NotFound"), result(), refusal("Something.New"), refusal("InvalidParameter")]
)
def test_whatever_is_answered_before_a_submission_is_taken_for_not_submitted(answer: Any) -> None:
    outcome, requests = run([listed((ID, "Paid")), answer, ACCEPTED, CHECKING])
    assert outcome["changed"]
    assert actions(requests).count(CREATE) == 1


def test_nothing_is_sent_where_the_result_could_not_be_read() -> None:
    unread = [json_response("rubbish", 502)] * 5
    outcome, requests = run([listed((ID, "PAYED")), *unread])
    assert outcome.kind is ErrorKind.SERVER
    assert CREATE not in actions(requests)


def test_order_on_a_later_page_of_the_list_is_found() -> None:
    first = listed(("cas-cn-8", "ISSUED"), ("cas-cn-9", "PAYED"), total=3)
    _outcome, requests = run([first, listed((ID, "CHECKING"), total=3), CHECKING])
    assert [parameters(request)["StartIndex"] for request in requests[:2]] == ["0", "2"]


@pytest.mark.parametrize(
    ("lost", "then", "submitted"),
    [
        (LOST, CHECKING, True),
        (refusal("InternalError"), CHECKING, True),
        (refusal("SignatureNonceUsed"), CHECKING, True),
        (refusal("Something.New"), CHECKING, True),
        (json_response("rubbish"), CHECKING, True),
        (LOST, refusal("NotFound"), False),
        (refusal("InternalError"), refusal("NotFound"), False),
        (json_response("rubbish"), refusal("NotFound"), False),
    ],
)
def test_lost_answer_is_settled_by_reading_and_never_sent_again(lost: Any, then: Any, submitted: bool) -> None:
    after = [CHECKING] if submitted else []
    outcome, requests = run([*UNSENT, lost, listed((ID, "PAYED")), then, *after], settle_timeout=0)
    assert actions(requests).count(CREATE) == 1
    if submitted:
        assert outcome["changed"]
        assert outcome["order"]["state"] == "validating"
    else:
        assert outcome.kind is ErrorKind.OUTCOME_UNKNOWN
        assert "not sent again" in outcome.text
        assert not outcome.changed


def test_unknown_refusal_that_the_order_confirms_is_told_as_it_is() -> None:
    outcome, requests = run([*UNSENT, refusal("Name.Sensitive", "bank"), *UNSENT], settle_timeout=0)
    assert (outcome.kind, outcome.code, outcome.detail) == (ErrorKind.REJECTED, "Name.Sensitive", "bank")
    assert outcome.to_result()["order"]["state"] == "awaiting_documents"
    assert actions(requests).count(CREATE) == 1


def test_throttled_submission_is_sent_again_because_it_did_not_run() -> None:
    clock = FakeClock()
    outcome, _requests = run([*UNSENT, refusal("Throttling.User"), ACCEPTED, CHECKING], clock=clock)
    assert outcome["changed"]
    assert len(clock.sleeps) == 1


def test_clear_refusal_is_told_with_code_and_request() -> None:
    outcome, requests = run([*UNSENT, refusal("InvalidParameter.MobileIllegal", "The mobile is illegal.")])
    assert outcome.kind is ErrorKind.INVALID_INPUT
    assert "Order 'cas-cn-1': CreateDVOrderAudit was refused" in outcome.text
    assert "InvalidParameter.MobileIllegal: The mobile is illegal; request id R-refused" in outcome.text
    assert outcome.to_result()["order"]["state"] == "awaiting_documents"
    assert actions(requests).count(CREATE) == 1


@pytest.mark.parametrize("late", [[refusal("NotFound"), listed((ID, "PAYED"))], [result("payed")]])
def test_submission_that_the_cloud_does_not_show_yet_is_told(late: list[Any]) -> None:
    outcome, requests = run([*UNSENT, ACCEPTED, *late])
    assert outcome["changed"]
    assert "still shows its state from before" in outcome["order"]["next_step"]
    assert actions(requests).count(CREATE) == 1


def test_waiting_for_validation_values_looks_with_one_call_each() -> None:
    clock = FakeClock()
    outcome, requests = run(
        [*UNSENT, ACCEPTED, result("checking"), result("checking"), CHECKING],
        clock=clock,
        wait_for="validation",
        wait_interval=15,
        # Time stands still here between calls, so the limiter would pause, too.
        api_rate=0.0,
    )
    assert outcome["order"]["validations"][0]["record"]["value"] == "v"
    assert actions(requests)[3:] == [RESULT] * 3
    assert clock.sleeps == [15, 15]


def test_waiting_ends_at_once_when_the_ca_refuses() -> None:
    outcome, _requests = run([*UNSENT, ACCEPTED, CHECKING, result("check_fail")], wait_for="issued")
    assert outcome.kind is ErrorKind.REJECTED
    assert outcome.changed
    assert outcome.to_result()["order"]["state"] == "rejected"


def test_time_out_says_that_nothing_is_lost() -> None:
    outcome, _requests = run(
        [*UNSENT, ACCEPTED, CHECKING, CHECKING, CHECKING], wait_for="issued", wait_timeout=20, wait_interval=15
    )
    assert outcome.kind is ErrorKind.TIMEOUT
    assert "Nothing is lost" in outcome.text
    assert outcome.changed


@pytest.mark.parametrize(
    ("names", "check_name"),
    [
        (["www.example.com"], "_dnsauth.www.example.com"),
        (["www.example.com"], "_dnsauth.example.com"),
        (["*.example.com"], "_dnsauth.example.com"),
        (["a.example.org", "www.example.com"], "_dnsauth.www.example.com"),
        (["www.example.com"], "_dnsauth"),
        (None, "_dnsauth.other.example.org"),
    ],
)
def test_order_whose_validation_fits_the_names_is_taken_over(names: list[str] | None, check_name: str) -> None:
    checking = result("checking", CheckType="DNS", CheckName=check_name, CheckValue="v")
    outcome, requests = run([listed((ID, "CHECKING")), checking], domains=names)
    assert not outcome["changed"]
    assert actions(requests) == [LIST, RESULT]


@pytest.mark.parametrize(
    ("names", "kind", "check_name"),
    [
        (["www.example.com"], "DNS", "_dnsauth.www.example.org"),
        (["example.com"], "DNS", "_dnsauth.shop.example.com"),
        (["www.example.com"], "DNS", "_dnsauth.ww.example.com"),
        (["wwww.example.com"], "FILE", "www.example.com/.well-known/pki-validation/fileauth.txt"),
    ],
)
def test_order_that_validates_other_names_is_a_conflict(names: list[str], kind: str, check_name: str) -> None:
    checking = result("checking", CheckType=kind, CheckName=check_name, CheckValue="v")
    outcome, requests = run([listed((ID, "CHECKING")), checking], domains=names)
    assert outcome.kind is ErrorKind.CONFLICT
    assert "sent for other names" in outcome.text
    assert outcome.to_result()["order"]["state"] == "validating"
    assert not outcome.changed
    assert actions(requests) == [LIST, RESULT]


@pytest.mark.parametrize("held", [["example.com", "www.example.com"], ["example.com", "*.example.com"]])
def test_issued_order_for_the_names_is_taken_over(held: list[str]) -> None:
    outcome, _requests = run([listed((ID, "ISSUED")), result("issued", Certificate=Chain(held).pem)], wait_for="issued")
    assert not outcome["changed"]
    assert outcome["order"]["domains"] == held
    assert outcome["order"]["next_step"] == "Fetch and install the certificate."


def test_issued_order_for_other_names_is_a_conflict() -> None:
    answer = result("issued", Certificate=Chain(["example.com"]).pem)
    outcome, _requests = run([listed((ID, "ISSUED")), answer])
    assert outcome.kind is ErrorKind.CONFLICT
    assert "cannot be used for 'www.example.com': its certificate is for 'example.com'" in outcome.text


def test_issued_order_without_its_certificate_says_what_was_not_compared() -> None:
    outcome, _requests = run([listed((ID, "ISSUED")), result("issued")])
    assert "could not be compared" in outcome["order"]["next_step"]


@pytest.mark.parametrize("status", ["checked_fail", "check_fail"])
def test_refused_order_is_not_submitted_again(status: str) -> None:
    outcome, requests = run([listed((ID, "CHECKED_FAIL")), result(status)])
    assert outcome.kind is ErrorKind.CONFLICT
    assert f"refused by the CA ('{status}')" in outcome.text
    assert "resubmit_rejected=true" in outcome.text
    assert CREATE not in actions(requests)


def test_refused_order_is_submitted_again_where_that_is_wanted() -> None:
    script = [listed((ID, "CHECKED_FAIL")), result("checked_fail"), ACCEPTED, CHECKING]
    outcome, requests = run(script, resubmit_rejected=True)
    assert outcome["changed"]
    assert actions(requests).count(CREATE) == 1


def test_lost_answer_to_a_new_submission_of_a_refused_order_stays_unknown() -> None:
    old = [listed((ID, "CHECKED_FAIL")), result("checked_fail")]
    outcome, requests = run([*old, LOST, *old], resubmit_rejected=True, settle_timeout=0)
    assert outcome.kind is ErrorKind.OUTCOME_UNKNOWN
    assert actions(requests).count(CREATE) == 1


@pytest.mark.parametrize("status", ["REVOKED", "EXPIRED", "REFUND", "CLOSED", "Verifying Revocation"])
def test_order_that_came_to_its_end_is_a_conflict(status: str) -> None:
    outcome, requests = run([listed((ID, status)), result("issued")])
    assert outcome.kind is ErrorKind.CONFLICT
    assert CREATE not in actions(requests)


def test_unknown_state_sends_nothing_and_is_no_failure() -> None:
    outcome, requests = run([listed((ID, "NOTACTIVATED")), result("frozen")])
    assert (outcome["changed"], outcome["order"]["state"]) == (False, "unknown")
    assert CREATE not in actions(requests)


def test_product_of_another_kind_is_refused() -> None:
    outcome, requests = run([listed((ID, "PAYED"), kind="OV"), refusal("NotFound")])
    assert outcome.kind is ErrorKind.CONFLICT
    assert "type 'OV'" in outcome.text
    assert CREATE not in actions(requests)


@pytest.mark.parametrize("site", ["intl", "china"])
def test_unknown_order_names_the_site(site: str) -> None:
    outcome, _requests = run([listed(("cas-cn-9", "PAYED")), refusal("NotFound")], site=site)
    assert (outcome.kind, outcome.code, outcome.request_id) == (ErrorKind.NOT_FOUND, "NotFound", "R-refused")
    assert f"'{ID}' does not exist in this account on the site '{site}'" in outcome.text


def test_wrong_options_are_told_at_once_before_anything_is_sent() -> None:
    outcome, requests = run(
        [], instance_id=" cas ", domains=["*.example.com", "a..b", "x", "a_b.example.com"], validation_method="file"
    )
    assert outcome.kind is ErrorKind.INVALID_INPUT
    for fault in ("instance_id: ' cas '", "'a..b'", "'x'", "'a_b.example.com' holds an underscore", "'*.example.com'"):
        assert fault in outcome.text
    assert requests == []


def test_what_is_missing_to_submit_is_told_at_once() -> None:
    outcome, requests = run(list(UNSENT), domains=None, mobile=" ", city=None)
    assert outcome.kind is ErrorKind.INVALID_INPUT
    assert "domains, mobile, city: needed to submit order 'cas-cn-1'" in outcome.text
    assert CREATE not in actions(requests)


def test_applicant_is_not_needed_for_an_order_that_was_sent() -> None:
    outcome, _requests = run([listed((ID, "CHECKING")), CHECKING], **dict.fromkeys(APPLICANT))
    assert not outcome["changed"]


def test_personal_and_secret_options_are_masked() -> None:
    masked = {name for name, spec in USE_CASE.argument_spec.items() if spec.get("no_log")}
    assert masked >= {"access_key_secret", "security_token", "mobile"}
    # Everyday words, whose masking would mangle all other output.
    assert not masked & {"username", "email", "province", "city"}


UNREACHABLE = {
    "mobile of letters": ({"mobile": "none"}, "mobile: it is no telephone number"),
    "short mobile": ({"mobile": "+1 23-4"}, "mobile: it is no telephone number; give at least 5 digits"),
    "mobile that ends with a dash": ({"mobile": "138000-"}, "mobile: it is no telephone number"),
    "plus inside": ({"mobile": "138+00000"}, "mobile: it is no telephone number"),
    "email without at": ({"email": "ssl.example.com"}, "email: 'ssl.example.com' is no e-mail address"),
    "email with two": ({"email": "a@b@example.com"}, "email: 'a@b@example.com' is no e-mail address"),
    "email with a space": ({"email": "a b@example.com"}, "email: 'a b@example.com' is no e-mail address"),
    "email without host": ({"email": "ssl@"}, "email: 'ssl@' is no e-mail address"),
}


@pytest.mark.parametrize("what", UNREACHABLE)
def test_applicant_who_cannot_be_reached_is_refused_before_anything_is_sent(what: str) -> None:
    given, words = UNREACHABLE[what]
    outcome, requests = run([], **given)
    assert (outcome.kind, requests) == (ErrorKind.INVALID_INPUT, [])
    assert words in outcome.text
    assert "mobile" not in given or given["mobile"] not in outcome.text


@pytest.mark.parametrize("mobile", ["13800000000", "+86 138-0000-0000", "12345", " 138 0000 0000 "])
def test_usual_forms_of_telephone_numbers_are_sent_as_they_are(mobile: str) -> None:
    _outcome, requests = run([*UNSENT, ACCEPTED, CHECKING], mobile=mobile)
    assert parameters(requests[2])["Mobile"] == mobile.strip()
