# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Injected faults: what the client sees, whether the call ran, and what the journal says of it."""

from __future__ import annotations

import http.client
import json
import time
from typing import Any

import pytest
from certwright_sandbox.app import App
from certwright_sandbox.dns_lookup import DnsLookupError, lookup
from sandbox_client import DOCUMENTS, Answer, Client


def outcome(client: Client, order_id: str) -> str:
    """What a client sees of a submission of documents, in a word."""
    try:
        answer = client.tencent("CertificateInfoSubmit", {**DOCUMENTS, "CertId": order_id})
    except http.client.RemoteDisconnected:  # a kind of ConnectionResetError, but made of a mere end of data
        return "hung up"
    except ConnectionResetError:
        return "reset"
    except http.client.IncompleteRead as cut:
        return "cut" if cut.partial else "nothing"
    except TimeoutError:
        return "timeout"
    return words(answer)


def words(answer: Answer) -> str:
    """An answer in a word: its status and error code, or what is wrong with its body."""
    try:
        return f"{answer.status} {answer.code or 'ok'}"
    except ValueError:
        return f"{answer.status} {answer.body.decode()[:6]}".strip()


CASES: list[tuple[dict[str, Any], str]] = [
    ({"kind": "drop"}, "hung up"),
    ({"kind": "reset"}, "reset"),
    ({"kind": "timeout", "seconds": 0.1}, "hung up"),
    ({"kind": "http"}, "502 <html>"),
    ({"kind": "http", "status": 503, "body": "busy"}, "503 busy"),
    ({"kind": "empty"}, "200"),
    ({"kind": "empty", "status": 500}, "500"),
    ({"kind": "not_json"}, "200 <html>"),
    ({"kind": "not_json", "body": "what?"}, "200 what?"),
    ({"kind": "truncated"}, "cut"),
    ({"kind": "error"}, "200 InternalError"),
    ({"kind": "error", "code": "FailedOperation.NetworkError"}, "200 FailedOperation.NetworkError"),
]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(("fault", "seen"), CASES, ids=[json.dumps(case[0]) for case in CASES])
def test_fault_spoils_the_answer_and_only_after_lets_the_call_run(
    client: Client, fault: dict[str, Any], seen: str, when: str
) -> None:
    order_id = client.order()
    client.control("POST", "faults", {"cloud": "tencent", "when": when, **fault})
    assert outcome(client, order_id) == seen
    ran = when == "after"
    assert client.control("GET", f"orders/{order_id}")["state"] == ("prepared" if ran else "awaiting_documents")
    entry = client.journal()[-1]
    assert (entry["outcome"], entry["fault"]) == ("fault", {"kind": fault["kind"], "when": when})
    assert (entry["effective"], entry["order_id"]) == (ran, order_id)
    assert outcome(client, order_id) == "200 ok"


@pytest.mark.parametrize("when", ["before", "after"])
def test_slow_answer_is_right_but_late(client: Client, when: str) -> None:
    order_id = client.order()
    client.control("POST", "faults", {"kind": "slow", "when": when, "seconds": 0.3})
    start = time.monotonic()
    assert outcome(client, order_id) == "200 ok"
    assert time.monotonic() - start >= 0.3
    assert client.journal()[-1]["outcome"] == "fault" and client.journal()[-1]["effective"] is True


def test_held_answer_runs_into_the_time_out_of_the_client(client: Client) -> None:
    client.control("POST", "faults", {"kind": "timeout"})
    client.read_timeout = 0.2
    assert outcome(client, client.order()) == "timeout"


@pytest.mark.parametrize("when", ["before", "after"])
def test_throttled_call_never_runs_and_says_when_to_come_back(client: Client, when: str) -> None:
    order_id = client.order()
    client.control("POST", "faults", {"kind": "throttle", "when": when, "retry_after": 2})
    answer = client.tencent("CertificateInfoSubmit", {**DOCUMENTS, "CertId": order_id})
    assert answer.code == "RequestLimitExceeded" and answer.headers["retry-after"] == "2"
    assert client.control("GET", f"orders/{order_id}")["state"] == "awaiting_documents"
    client.control("POST", "faults", {"kind": "throttle", "code": "LimitExceeded.RateLimitExceeded"})
    assert outcome(client, order_id) == "200 LimitExceeded.RateLimitExceeded"


def test_fault_after_a_refused_call_reports_no_effect(client: Client) -> None:
    client.control("POST", "faults", {"kind": "drop", "when": "after"})
    assert outcome(client, "nothere0") == "hung up"
    entry = client.journal()[-1]
    assert (entry["error_code"], entry["effective"]) == ("FailedOperation.CertificateNotFound", False)


def test_fault_skips_then_strikes_the_given_times(client: Client) -> None:
    client.control("POST", "faults", {"kind": "error", "skip": 1, "times": 2})
    order_id = client.order()
    seen = [outcome(client, order_id) for _unused in range(5)]
    assert seen == ["200 ok", "200 InternalError", "200 InternalError", "200 ok", "200 ok"]
    assert client.control("GET", "faults")["faults"] == []


def test_fault_without_end_lasts_until_deleted(client: Client) -> None:
    client.control("POST", "faults", {"kind": "error", "times": 0})
    order_id = client.order()
    assert [outcome(client, order_id) for _unused in range(3)] == ["200 InternalError"] * 3
    client.control("DELETE", "faults")
    assert outcome(client, order_id) == "200 ok"


def test_fault_strikes_only_the_cloud_action_and_order_it_names(client: Client) -> None:
    here, there = client.order(), client.order()
    client.control("POST", "faults", {"kind": "error", "cloud": "alibaba", "times": 0})
    client.control("POST", "faults", {"kind": "error", "action": "DescribeCertificates", "times": 0})
    client.control("POST", "faults", {"kind": "error", "order_id": there, "times": 0})
    assert [outcome(client, each) for each in (here, there)] == ["200 ok", "200 InternalError"]
    assert client.tencent("DescribeCertificates").code == "InternalError"


def test_fault_with_a_name_strikes_calls_that_name_a_record_there(client: Client) -> None:
    one, other = {"Domain": "example.com", "SubDomain": "_dnsauth.a"}, {"Domain": "example.com", "SubDomain": "ba"}
    record = {"RecordType": "TXT", "RecordLine": "Default", "Value": "x"}
    ids = [client.tencent("CreateRecord", {**each, **record}).fields["RecordId"] for each in (one, other)]
    client.control("POST", "faults", {"cloud": "tencent", "kind": "error", "name": "A.example.com.", "times": 0})
    codes = {
        "made": [client.tencent("CreateRecord", {**each, **record}).code for each in (one, other)],
        "listed": [client.tencent("DescribeRecordList", each).code for each in (one, other)],
        "deleted": [client.tencent("DeleteRecord", {"Domain": "example.com", "RecordId": each}).code for each in ids],
    }
    assert codes == {
        "made": ["InternalError", "InvalidParameter.DomainRecordExist"],
        "listed": ["InternalError", None],
        "deleted": ["InternalError", None],
    }
    # What names no record is spared, and a record that is gone is no record.
    assert client.tencent("DescribeDomainList").code is None
    assert client.tencent("DescribeCertificates").code is None
    gone = client.tencent("DeleteRecord", {"Domain": "example.com", "RecordId": ids[1]})
    assert gone.code == "InvalidParameter.RecordIdInvalid"


def test_unsigned_call_does_not_use_up_a_fault(client: Client) -> None:
    client.control("POST", "faults", {"kind": "error"})
    client.tencent("DescribeCertificates", key=("AKIDnobody", "x"))
    assert client.tencent("DescribeCertificates").code == "InternalError"


BAD: list[tuple[dict[str, Any], str]] = [
    ({}, "'kind' must be one of"),
    ({"kind": "explode"}, "'kind' must be one of"),
    ({"kind": "servfail"}, "'kind' must be one of"),
    ({"kind": "drop", "cloud": "dns"}, "'kind' must be one of servfail"),
    ({"kind": "drop", "cloud": "azure"}, "'cloud' must be one of"),
    ({"kind": "drop", "when": "later"}, "'when' must be"),
    ({"kind": "drop", "time": 1}, "'time' is not a field"),
    ({"kind": "drop", "times": "1"}, "'times' has the wrong type"),
    ({"kind": "drop", "skip": -1}, "'skip' must not be negative"),
]


@pytest.mark.parametrize(("fault", "text"), BAD, ids=[json.dumps(case[0]) for case in BAD])
def test_fault_that_cannot_be_is_refused(client: Client, fault: dict[str, Any], text: str) -> None:
    assert text in client.control("POST", "faults", fault, status=400)["error"]
    assert client.control("GET", "faults")["faults"] == []


def test_dns_fault_strikes_queries_for_its_name_and_type(client: Client, sandbox: App) -> None:
    client.control("POST", "faults", {"cloud": "dns", "kind": "servfail", "action": "TXT", "name": "a.example.com"})
    ask = ({}, sandbox.dns.address)
    assert lookup("b.example.com", "TXT", *ask) == []
    assert lookup("a.example.com", "A", *ask) == []
    with pytest.raises(DnsLookupError, match="SERVFAIL"):
        lookup("x.a.example.com", "TXT", *ask)
    assert lookup("x.a.example.com", "TXT", *ask) == []


def test_failing_dns_delays_the_validation_but_does_not_end_it(client: Client) -> None:
    client.control("POST", "faults", {"cloud": "dns", "kind": "servfail", "times": 3})
    order_id = client.submitted()
    client.publish(order_id)
    client.until(order_id, lambda seen: seen["Status"] == 1)
    looks = [entry["outcome"] for entry in client.journal("ca")]
    assert looks[:3] == ["error"] * 3 and looks[-1] == "ok"
