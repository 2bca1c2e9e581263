# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Looking DV orders up at Alibaba Cloud."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError, ErrorKind
from ansible_collections.certwright.cloud.plugins.modules.alibaba_dv_order_info import USE_CASE
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
LIST, RESULT = "DescribeOrderInstanceList", "DescribeDVOrderResult"
CHECKING = result("checking", CheckType="DNS", CheckName="_dnsauth.www.example.com", CheckValue="v")


def run(script: list[Any], **given: Any) -> tuple[Any, list[Any]]:
    """The result (or the error) and the requests."""
    transport = FakeTransport(script)
    try:
        outcome: Any = run_use_case(USE_CASE, context(transport), **{**KEYS, **given})
    except CertwrightError as error:
        outcome = error
    assert transport.script == [], "not everything was asked for"
    return outcome, transport.requests


def actions(requests: list[Any]) -> list[str]:
    return [action(request) for request in requests]


def test_order_by_id_is_one_call() -> None:
    outcome, requests = run([CHECKING], instance_id=ID, lang="zh", source_ip="192.0.2.1")
    assert outcome == {
        "changed": False,
        "request_id": "R-result",
        "order": {
            "provider": "alibaba",
            "flow": "alibaba_dv",
            "id": ID,
            "state": "validating",
            "vendor_state": {"code": "checking", "text": None},
            "domains": None,
            "validations": [
                {
                    "domain": "www.example.com",
                    "method": "dns",
                    "record": {"name": "_dnsauth.www.example.com", "type": "TXT", "value": "v"},
                    "file": None,
                    "status": "pending",
                }
            ],
            "certificate": None,
            "valid_until": None,
            "action_needed": "publish_validation",
            "next_step": "Publish the validation records, then wait.",
        },
    }
    assert actions(requests) == [RESULT]
    assert parameters(requests[0]) == {"InstanceId": ID, "Lang": "zh", "SourceIp": "192.0.2.1"}


@pytest.mark.parametrize("answer", [refusal("NotFound"), refusal("OrderStateError"), result()])
@pytest.mark.parametrize(
    ("status", "state"), [("PAYED", "awaiting_documents"), ("CHECKING", "validating"), ("REVOKED", "revoked")]
)
def test_order_of_which_the_result_tells_nothing_is_looked_up_in_the_list(answer: Any, status: str, state: str) -> None:
    outcome, requests = run([answer, listed((ID, status))], instance_id=ID)
    assert (outcome["order"]["state"], outcome["order"]["vendor_state"]["code"]) == (state, status)
    assert actions(requests) == [RESULT, LIST]


@pytest.mark.parametrize(
    ("answers", "kind"),
    [
        ([refusal("NotFound"), listed(("cas-cn-9", "PAYED"))], ErrorKind.NOT_FOUND),
        ([result(), listed()], ErrorKind.NOT_FOUND),
        ([refusal("Forbidden.RAM")], ErrorKind.PERMISSION),
        ([refusal("SignatureDoesNotMatch")], ErrorKind.AUTH),
        ([refusal("FlowControlError")] * 5, ErrorKind.THROTTLED),
        ([refusal("InternalError")] * 5 + [listed()], ErrorKind.SERVER),
    ],
)
def test_trouble_is_told_as_what_it_is(answers: list[Any], kind: ErrorKind) -> None:
    outcome, _requests = run(answers, instance_id=ID)
    assert outcome.kind is kind


def test_several_orders_are_asked_for_once_each_and_returned_in_their_order() -> None:
    outcome, requests = run([CHECKING, result("checked_fail")], instance_ids=["b", "a", "b"])
    assert [(order["id"], order["state"]) for order in outcome["orders"]] == [("b", "validating"), ("a", "rejected")]
    assert [parameters(request)["InstanceId"] for request in requests] == ["b", "a"]
    assert "order" not in outcome


def test_orders_without_details_are_taken_from_the_list_no_further_than_needed() -> None:
    pages = [listed(("a", "PAYED"), ("b", "Issued"), total=9), listed(("c", "CHECKING"), ("d", "PAYED"), total=9)]
    outcome, requests = run(pages, instance_ids=["c", "b"], details=False)
    assert [(order["id"], order["state"]) for order in outcome["orders"]] == [("c", "validating"), ("b", "issued")]
    assert actions(requests) == [LIST, LIST]


def test_orders_that_were_not_sent_yet_are_looked_up_in_one_reading_of_the_list() -> None:
    pages = [listed(("a", "PAYED"), ("x", "PAYED"), total=3), listed(("c", "PAYED"), total=3)]
    outcome, requests = run([refusal("NotFound"), CHECKING, result(), *pages], instance_ids=["c", "b", "a"])
    states = [order["state"] for order in outcome["orders"]]
    assert states == ["awaiting_documents", "validating", "awaiting_documents"]
    assert actions(requests) == [RESULT] * 3 + [LIST] * 2


def test_wait_for_many_orders_leaves_the_list_where_it_is_long() -> None:
    ids = [f"order-{number}" for number in range(10)]

    def answers(request: Any) -> Any:
        if action(request) == LIST:
            return listed(*((f"other-{number}", "PAYED") for number in range(10)), total=61)
        # Each is checked once, and issued when it is asked for again.
        order_id = parameters(request)["InstanceId"]
        asked.append(order_id)
        return CHECKING if asked.count(order_id) == 1 else result("issued")

    asked: list[str] = []
    outcome, requests = run([answers] * 21, instance_ids=ids, wait_for="issued")
    assert {order["state"] for order in outcome["orders"]} == {"issued"}
    # Seven calls for the list, ten for the orders, of which no more than half may be spent on a list.
    assert actions(requests).count(LIST) == 1 and actions(requests).count(RESULT) == 20


@pytest.mark.parametrize("given", [{"instance_ids": []}, {"instance_ids": ["[]"]}, {"states": []}])
def test_empty_list_asks_for_nothing_rather_than_for_all(given: dict[str, Any]) -> None:
    outcome, requests = run([], **given)
    assert outcome["orders"] == []
    assert requests == []


def test_all_pages_are_read_and_every_order_is_told_once() -> None:
    pages = [
        listed(("a", "PAYED"), ("b", "Issued"), total=5),
        listed(("b", "Issued"), ("c", "CHECKING"), total=5),
        listed(("d", "New Word"), total=5),
    ]
    outcome, requests = run(pages)
    assert [(order["id"], order["state"]) for order in outcome["orders"]] == [
        ("a", "awaiting_documents"),
        ("b", "issued"),
        ("c", "validating"),
        ("d", "unknown"),
    ]
    assert [parameters(request)["StartIndex"] for request in requests] == ["0", "2", "4"]
    assert "by its id" in outcome["orders"][1]["next_step"]


@pytest.mark.parametrize(
    "pages",
    [
        [listed()],
        [json_response({"RequestId": "R"})],
        [listed(("a", "PAYED"), total=9), listed(total=9)],
        [listed(("a", "PAYED"), total=9), listed(("a", "PAYED"), total=9)],
    ],
)
def test_list_ends_where_nothing_new_comes(pages: list[Any]) -> None:
    outcome, _requests = run(pages)
    assert len(outcome["orders"]) <= 1


def test_orders_are_chosen_by_our_states() -> None:
    page = listed(("a", "Paid"), ("b", "CHECKING"), ("c", "Verification Failed"), ("d", "PAYED"))
    outcome, _requests = run([page], states=["awaiting_documents", "rejected"])
    assert [order["id"] for order in outcome["orders"]] == ["a", "c", "d"]


@pytest.mark.parametrize(
    ("given", "key"),
    [
        ({}, None),
        ({"return_certificate": True}, None),
        ({"return_private_key": True}, "K\n"),
        ({"return_certificate": True, "return_private_key": True}, "K\n"),
    ],
)
def test_certificate_and_key_are_returned_only_where_asked_for(given: dict[str, bool], key: str | None) -> None:
    chain = Chain(["www.example.com"])
    answer = result("issued", Certificate=chain.pem, PrivateKey="K")
    outcome, _requests = run([answer, answer] if given else [answer], instance_id=ID, **given)
    assert outcome["order"]["domains"] == ["www.example.com"]
    if not given:
        assert "bundle" not in outcome
        assert "CERTIFICATE" not in repr(outcome)
        return
    assert outcome["bundle"] == {
        "order_id": ID,
        "certificate": chain.leaf_pem,
        "chain": [chain.issuer_pem],
        "full_chain": chain.pem,
        "private_key": key,
    }


def test_bundle_of_an_order_that_is_not_issued_is_null() -> None:
    outcome, _requests = run([CHECKING], instance_id=ID, return_certificate=True)
    assert outcome["bundle"] is None


def test_issued_order_whose_certificate_is_not_returned_is_told() -> None:
    outcome, _requests = run([result("issued"), result("issued")], instance_id=ID, return_certificate=True)
    assert outcome.kind is ErrorKind.CONFLICT
    assert "returned no certificate" in outcome.text


def test_waiting_for_the_certificate_ends_when_it_is_issued() -> None:
    answers = [CHECKING, CHECKING, result("issued", Certificate=Chain(["a.example.com"]).pem)]
    transport, clock = FakeTransport(answers), FakeClock()
    outcome = run_use_case(
        USE_CASE, context(transport, clock=clock), **KEYS, instance_id=ID, wait_for="issued", wait_interval=10
    )
    assert outcome["order"]["state"] == "issued"
    assert clock.sleeps == [10, 10]


def test_waiting_for_an_order_that_was_not_submitted_ends_at_once() -> None:
    outcome, _requests = run([result(), listed((ID, "PAYED"))], instance_id=ID, wait_for="issued")
    assert outcome.kind is ErrorKind.CONFLICT


@pytest.mark.parametrize(
    "given",
    [
        {"instance_id": "a b"},
        {"instance_id": ""},
        {"instance_ids": ["ok", " x"]},
        {"instance_ids": ["[a", "b]"]},
        {"wait_for": "issued"},
    ],
)
def test_wrong_options_are_told_before_anything_is_sent(given: dict[str, Any]) -> None:
    outcome, requests = run([], **given)
    assert outcome.kind is ErrorKind.INVALID_INPUT
    assert requests == []


def test_list_says_that_something_has_to_be_published_and_where_to_see_it() -> None:
    outcome, _requests = run([listed(("a", "CHECKING"), ("b", "PAYED"))])
    assert [order["action_needed"] for order in outcome["orders"]] == ["publish_validation", "submit_documents"]
    assert outcome["orders"][0]["next_step"] == "Look the order up by its id to see what has to be published."


def test_order_that_was_looked_up_by_its_id_is_not_to_be_looked_up_by_it() -> None:
    outcome, _requests = run([refusal("NotFound"), listed((ID, "CHECKING"))], instance_id=ID)
    assert outcome["order"]["action_needed"] == "none"
    assert "look again in a moment" in outcome["order"]["next_step"]


@pytest.mark.parametrize(("order_id", "other"), [("LrmeMvQr", True), ("cas-cn-68n1mm16", False)])
def test_unknown_id_names_option_and_site_and_the_cloud_it_looks_like(order_id: str, other: bool) -> None:
    outcome, _requests = run([refusal("NotFound"), listed()], instance_id=order_id)
    assert f"Order '{order_id}' does not exist in this account on the site 'intl'" in outcome.message
    assert "Check instance_id, the site" in outcome.text
    assert ("looked up with tencent_order_info" in outcome.text) is other
