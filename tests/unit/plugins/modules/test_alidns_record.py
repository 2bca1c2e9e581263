# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keeping records in Alibaba Cloud DNS."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError, ErrorKind
from ansible_collections.certwright.cloud.plugins.module_utils._http import HttpResponse, TransportError
from ansible_collections.certwright.cloud.plugins.modules.alidns_record import USE_CASE
from ansible_collections.certwright.cloud.tests.unit.plugins.alibaba_helpers import (
    KEYS,
    action,
    dns_zones,
    parameters,
    refusal,
)
from ansible_collections.certwright.cloud.tests.unit.plugins.helpers import (
    FakeTransport,
    context,
    json_response,
    run_use_case,
)

NAME = "_dnsauth.www.example.net"
WANTED = {"name": NAME, "value": "v"}
ZONES = dns_zones("net.example", "example.net")
ADDED = json_response({"RequestId": "R-add", "RecordId": "952412563529654464"})
DELETED = json_response({"RequestId": "R-delete", "RecordId": "1"})
LOST = TransportError("connection lost", reached=True)
READS = ["DescribeDomains", "DescribeSubDomainRecords"]
ADD, DELETE = "AddDomainRecord", "DeleteDomainRecord"


def record(value: str = "v", **more: Any) -> dict[str, Any]:
    fields = {"RecordId": "1", "RR": "_dnsauth.www", "Type": "TXT", "Value": value, "TTL": 600, "Line": "default"}
    return {**fields, "DomainName": "example.net", "Status": "ENABLE", **more}


def records(*items: dict[str, Any], total: int | None = None) -> HttpResponse:
    count = len(items) if total is None else total
    return json_response({"RequestId": "R-read", "TotalCount": count, "DomainRecords": {"Record": list(items)}})


def run(script: list[Any], check_mode: bool = False, **given: Any) -> tuple[Any, list[Any]]:
    """The result (or the error) and the requests."""
    transport = FakeTransport(script)
    try:
        outcome: Any = run_use_case(USE_CASE, context(transport, check_mode=check_mode), **{**KEYS, **WANTED, **given})
    except CertwrightError as error:
        outcome = error
    assert transport.script == [], "not everything was asked for"
    return outcome, transport.requests


def actions(requests: list[Any]) -> list[str]:
    return [action(request) for request in requests]


def test_missing_value_is_added_beside_the_others() -> None:
    outcome, requests = run([ZONES, records(record("other")), ADDED])
    assert outcome["changed"]
    assert outcome["record"] == {
        "zone": "example.net",
        "name": NAME,
        "type": "TXT",
        "value": "v",
        "ttl": 600,
        "id": "952412563529654464",
    }
    assert (outcome["diff"]["before"]["values"], outcome["diff"]["after"]["values"]) == (["other"], ["other", "v"])
    assert actions(requests) == [*READS, ADD]
    assert parameters(requests[1]) == {
        "SubDomain": NAME,
        "DomainName": "example.net",
        "Type": "TXT",
        "PageNumber": "1",
        "PageSize": "100",
    }
    assert parameters(requests[2]) == {
        "DomainName": "example.net",
        "RR": "_dnsauth.www",
        "Type": "TXT",
        "Value": "v",
        "TTL": "600",
        "Line": "default",
    }


@pytest.mark.parametrize(
    ("state", "present", "writes"), [("present", [], True), ("present", ["v"], False), ("absent", ["v"], True)]
)
def test_check_mode_predicts_and_sends_no_write(state: str, present: list[str], writes: bool) -> None:
    outcome, requests = run([ZONES, records(*map(record, present))], check_mode=True, state=state)
    assert outcome["changed"] is writes
    assert actions(requests) == READS


@pytest.mark.parametrize("value", ["v", '"v"'])
@pytest.mark.parametrize("status", ["ENABLE", "Enable", None])
def test_value_that_is_there_is_left_alone(value: str, status: str | None) -> None:
    outcome, requests = run([ZONES, records(record(value, Status=status))])
    assert not outcome["changed"]
    assert outcome["record"]["id"] == "1"
    assert actions(requests) == READS


def test_only_the_exact_value_is_removed() -> None:
    outcome, requests = run(
        [ZONES, records(record("other"), record(RecordId=952412563529654465)), DELETED], state="absent"
    )
    assert outcome["changed"]
    assert outcome["diff"]["after"]["values"] == ["other"]
    assert parameters(requests[-1]) == {"RecordId": "952412563529654465"}


def test_absent_value_changes_nothing() -> None:
    outcome, requests = run([ZONES, records(record("other"))], state="absent")
    assert not outcome["changed"]
    assert actions(requests) == READS


@pytest.mark.parametrize(
    "strange",
    [
        {"RR": "a._dnsauth.www"},
        {"RR": "_dnsauth"},
        {"Type": "CNAME"},
        {"Line": "telecom"},
    ],
)
def test_records_that_only_look_alike_do_not_count(strange: dict[str, str]) -> None:
    outcome, requests = run([ZONES, records(record(**strange)), ADDED])
    assert outcome["changed"]
    assert actions(requests) == [*READS, ADD]


@pytest.mark.parametrize(
    ("listed", "record_id"),
    [
        ([record(RecordId="7")], "7"),
        ([record("other", RecordId="6"), record(RecordId="7")], "7"),
        # The list is late.
        ([record("other", RecordId="6")], None),
        ([], None),
    ],
)
def test_identical_record_that_was_added_meanwhile_counts_as_success(
    listed: list[dict[str, Any]], record_id: str | None
) -> None:
    outcome, _requests = run([ZONES, records(), refusal("DomainRecordDuplicate"), records(*listed)])
    assert outcome["changed"]
    assert (outcome["record"]["id"], outcome["record"]["value"]) == (record_id, "v")


def test_identical_record_that_is_switched_off_is_told() -> None:
    off = records(record(Status="DISABLE"))
    outcome, _requests = run([ZONES, off, refusal("DomainRecordDuplicate"), off])
    assert outcome.kind is ErrorKind.CONFLICT
    assert "is switched off" in outcome.text
    assert "Enable or remove it" in outcome.text


@pytest.mark.parametrize("code", ["DomainRecordNotBelongToUser", "InvalidRecordId.NotFound", "InvalidRR.NoExist"])
def test_record_that_is_gone_meanwhile_counts_as_removed(code: str) -> None:
    outcome, _requests = run([ZONES, records(record()), refusal(code)], state="absent")
    assert outcome["changed"]


@pytest.mark.parametrize("lost", [LOST, refusal("LastOperationNotFinished"), json_response("rubbish")])
@pytest.mark.parametrize(
    ("state", "before", "after", "again"),
    [
        ("present", [], ["v"], []),
        ("present", [], [], [ADDED]),
        ("absent", ["v"], [], []),
        ("absent", ["v"], ["v"], [DELETED]),
    ],
)
def test_lost_answer_is_settled_by_reading_before_anything_is_repeated(
    lost: Any, state: str, before: list[str], after: list[str], again: list[Any]
) -> None:
    outcome, requests = run(
        [ZONES, records(*map(record, before)), lost, records(*map(record, after)), *again], state=state
    )
    assert outcome["changed"]
    write = ADD if state == "present" else DELETE
    assert actions(requests)[2:] == [write, READS[1], *[write] * len(again)]


@pytest.mark.parametrize(
    ("name", "zones", "zone", "rr"),
    [
        ("_a.www.example.net", ["example.net", "www.example.net"], "www.example.net", "_a"),
        ("example.net", ["example.net"], "example.net", "@"),
        ("_A.WWW.Example.Net.", ["EXAMPLE.NET"], "EXAMPLE.NET", "_a.www"),
    ],
)
def test_record_goes_to_the_longest_zone_that_holds_it(name: str, zones: list[str], zone: str, rr: str) -> None:
    _outcome, requests = run([dns_zones(*zones), records(), ADDED], name=name)
    assert (parameters(requests[2])["DomainName"], parameters(requests[2])["RR"]) == (zone, rr)


def test_zone_in_another_script_is_found_by_its_a_labels() -> None:
    zones = json_response(
        {"TotalCount": 1, "Domains": {"Domain": [{"DomainName": "例子.net", "PunyCode": "xn--fsqu00a.net"}]}}
    )
    outcome, requests = run([zones, records(), ADDED], name="_a.例子.net")
    assert parameters(requests[2])["DomainName"] == "例子.net"
    assert outcome["record"]["name"] == "_a.xn--fsqu00a.net"


def test_all_pages_of_zones_are_read() -> None:
    pages = [
        json_response({"TotalCount": 2, "Domains": {"Domain": [{"DomainName": name}]}})
        for name in ("example.org", "example.net")
    ]
    _outcome, requests = run([*pages, records(record())])
    assert [parameters(request)["PageNumber"] for request in requests[:2]] == ["1", "2"]


@pytest.mark.parametrize(
    "nothing", [{}, {"Domains": None}, {"Domains": {}}, {"Domains": {"Domain": []}}, {"Domains": ""}]
)
def test_domain_that_is_not_hosted_is_told(nothing: dict[str, Any]) -> None:
    outcome, _requests = run([json_response(nothing)])
    assert outcome.kind is ErrorKind.NOT_FOUND
    assert NAME in outcome.text


@pytest.mark.parametrize(
    "wrong", [{"Domains": {"Domain": "x"}}, {"Domains": [1]}, {"Domains": {"Domain": [{"DomainName": []}]}}]
)
def test_zones_of_a_wrong_type_are_not_understood(wrong: dict[str, Any]) -> None:
    outcome, _requests = run([json_response({**wrong, "TotalCount": 1})])
    assert outcome.kind is ErrorKind.SERVER


def test_second_alias_is_refused_before_it_is_sent() -> None:
    present = records(record("a.example.org", Type="CNAME"))
    outcome, requests = run([ZONES, present], type="CNAME", value="b.example.org")
    assert outcome.kind is ErrorKind.CONFLICT
    assert actions(requests) == READS


@pytest.mark.parametrize(
    ("code", "kind", "hint"),
    [
        ("DomainRecordConflict", ErrorKind.CONFLICT, "Another type of record"),
        ("QuotaExceeded.TTL", ErrorKind.QUOTA, "set ttl to 600"),
        ("Forbidden.RAM", ErrorKind.PERMISSION, "alidns:AddDomainRecord"),
        ("IncorrectDomainUser", ErrorKind.PERMISSION, "another account"),
    ],
)
def test_refusal_is_told_with_what_to_do(code: str, kind: ErrorKind, hint: str) -> None:
    outcome, _requests = run([ZONES, records(), refusal(code)])
    assert (outcome.kind, outcome.code, outcome.request_id) == (kind, code, "R-refused")
    assert hint in outcome.text
    assert not outcome.changed
