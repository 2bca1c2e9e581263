# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""dnspod_record: exactly one value at one name, and nobody else's."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError
from ansible_collections.certwright.cloud.plugins.module_utils._http import HttpResponse, TransportError
from ansible_collections.certwright.cloud.plugins.modules.dnspod_record import USE_CASE
from ansible_collections.certwright.cloud.tests.unit.plugins.helpers import (
    FakeTransport,
    context,
    json_response,
    run_use_case,
)

KEY = {"secret_id": "id", "secret_key": "key-of-tests"}
WISH = {"name": "_dnsauth.www.example.com", "value": "ours"}
LOST = TransportError("no answer within 30 s", reached=True)
ZONES, LIST, CREATE, DELETE = "DescribeDomainList", "DescribeRecordList", "CreateRecord", "DeleteRecord"


def answer(**fields: Any) -> HttpResponse:
    return json_response({"Response": {"RequestId": "request-1", **fields}})


def refusal(code: str) -> HttpResponse:
    return answer(Error={"Code": code, "Message": "the cloud's words"})


def zones(*names: str) -> HttpResponse:
    rows = [{"DomainId": number, "Name": name, "Punycode": name} for number, name in enumerate(names, 1)]
    return answer(DomainCountInfo={"DomainTotal": len(rows)}, DomainList=rows)


def row(**changes: Any) -> dict[str, Any]:
    """A record as the cloud lists it (reference: Tencent, 5.2)."""
    return {
        "RecordId": 1909110001,
        "Name": "_dnsauth.www",
        "Type": "TXT",
        "Value": "ours",
        "Line": "Default",
        "LineId": "0",
        "Status": "ENABLE",
        "TTL": 600,
        "Weight": None,
        **changes,
    }


def records(*rows: dict[str, Any]) -> HttpResponse:
    return answer(RecordCountInfo={"TotalCount": len(rows)}, RecordList=list(rows))


ONE = zones("example.com")
EMPTY = refusal("ResourceNotFound.NoDataOfRecord")
CREATED = answer(RecordId=42)


class Run:
    """A run of the module with the answers of a script."""

    def __init__(self, *script: Any, check_mode: bool = False, **options: Any) -> None:
        self.transport = FakeTransport(script)
        self.result: dict[str, Any] = {}
        self.kind: str | None = None
        try:
            run_context = context(self.transport, check_mode=check_mode)
            self.result = run_use_case(USE_CASE, run_context, **{**KEY, **WISH, **options})
        except CertwrightError as error:
            self.kind, self.result = error.kind.value, error.to_result()
        assert not self.transport.script, "not everything was asked for"

    @property
    def actions(self) -> list[str]:
        return [request.headers["X-TC-Action"] for request in self.transport.requests]

    def body(self, number: int) -> dict[str, Any]:
        sent: dict[str, Any] = json.loads(self.transport.requests[number].body)
        return sent


@pytest.mark.parametrize(("site", "line"), [("intl", "Default"), ("china", "默认")])
def test_missing_value_is_added_on_the_default_line(site: str, line: str) -> None:
    run = Run(ONE, EMPTY, CREATED, site=site)
    assert run.actions == [ZONES, LIST, CREATE] and run.result["changed"]
    listed = {"Domain": "example.com", "DomainId": 1, "Subdomain": "_dnsauth.www", "RecordType": "TXT"}
    assert run.body(1) == {**listed, "Offset": 0, "Limit": 3000}
    assert run.body(2) == {
        "Domain": "example.com",
        "DomainId": 1,
        "SubDomain": "_dnsauth.www",
        "RecordType": "TXT",
        "RecordLine": line,
        "RecordLineId": "0",
        "Value": "ours",
        "TTL": 600,
    }
    assert run.result["record"] == {
        "zone": "example.com",
        "name": "_dnsauth.www.example.com",
        "type": "TXT",
        "value": "ours",
        "ttl": 600,
        "id": "42",
    }


def test_time_to_live_is_left_to_the_zone_where_none_is_wanted() -> None:
    run = Run(ONE, EMPTY, CREATED, ttl=None)
    assert run.actions == [ZONES, LIST, CREATE] and "TTL" not in run.body(2)
    assert run.result["record"]["ttl"] is None


def test_value_that_is_there_is_left_alone() -> None:
    run = Run(ONE, records(row(), row(Value="theirs")))
    assert run.actions == [ZONES, LIST] and not run.result["changed"]
    assert run.result["record"]["id"] == "1909110001"


def test_exactly_the_value_is_removed() -> None:
    run = Run(ONE, records(row(RecordId=1, Value="theirs"), row(RecordId=2)), answer(), state="absent")
    assert run.actions == [ZONES, LIST, DELETE] and run.body(2) == {
        "Domain": "example.com",
        "DomainId": 1,
        "RecordId": 2,
    }
    assert run.result["diff"]["after"]["values"] == ["theirs"]


def test_value_that_is_not_there_needs_no_removal() -> None:
    assert Run(ONE, EMPTY, state="absent").actions == [ZONES, LIST]


@pytest.mark.parametrize("state", ["present", "absent"])
def test_check_mode_sends_no_write(state: str) -> None:
    there = records(row()) if state == "absent" else EMPTY
    run = Run(ONE, there, check_mode=True, state=state)
    assert run.actions == [ZONES, LIST] and run.result["changed"]


@pytest.mark.parametrize(
    "strange",
    [
        {"Name": "_dnsauth.www2"},
        {"Name": "@"},
        {"Type": "CNAME"},
        {"LineId": "10=1"},
        {"LineId": None, "Line": "境外"},
        {"Status": "DISABLE"},
        {"Value": "OURS"},
    ],
)
def test_record_that_is_another_one_is_not_touched(strange: dict[str, Any]) -> None:
    assert Run(ONE, records(row(**strange)), state="absent").actions == [ZONES, LIST]


@pytest.mark.parametrize(
    "same",
    [
        {"Name": "_DNSAUTH.WWW"},
        {"LineId": "", "Line": "默认"},
        {"LineId": None, "Line": None},
        {"Status": None},
        {"Status": "enable"},
        {"Value": '"ours"'},
        {"TTL": None},
    ],
)
def test_record_that_is_written_otherwise_is_the_same(same: dict[str, Any]) -> None:
    assert not Run(ONE, records(row(**same))).result["changed"]


def test_cname_is_compared_as_a_name() -> None:
    run = Run(ONE, records(row(Type="CNAME", Value="a.B.example.org.")), type="CNAME", value="A.b.example.org")
    assert not run.result["changed"]


def test_record_that_exists_already_counts_as_created() -> None:
    exists = refusal("InvalidParameter.DomainRecordExist")
    # The list lags behind by up to 30 seconds.
    assert Run(ONE, EMPTY, exists, EMPTY).kind is None
    assert Run(ONE, EMPTY, exists, records(row())).result["record"]["id"] == "1909110001"


def test_record_that_is_switched_off_is_a_conflict() -> None:
    off = records(row(Status="DISABLE"))
    run = Run(ONE, off, refusal("InvalidParameter.DomainRecordExist"), off)
    assert run.kind == "conflict" and "switched off" in run.result["msg"]


def test_record_that_exists_but_is_not_listed_yet_counts_as_created() -> None:
    exists = refusal("InvalidParameter.DomainRecordExist")
    run = Run(ONE, EMPTY, exists, records(row(Value="another")))
    assert run.kind is None and run.result["changed"] and run.result["record"]["id"] is None


def test_refused_removal_is_told() -> None:
    assert Run(ONE, records(row()), refusal("InvalidParameter.DomainIsAliaser"), state="absent").kind == "permission"


def test_refused_look_at_the_records_is_told() -> None:
    assert Run(ONE, refusal("UnauthorizedOperation")).kind == "permission"


def test_record_that_is_gone_counts_as_removed() -> None:
    run = Run(ONE, records(row()), refusal("InvalidParameter.RecordIdInvalid"), state="absent")
    assert run.kind is None


def test_lost_answer_is_settled_by_reading() -> None:
    settled = Run(ONE, EMPTY, LOST, records(row()))
    assert settled.actions == [ZONES, LIST, CREATE, LIST] and settled.result["changed"]
    repeated = Run(ONE, EMPTY, LOST, EMPTY, CREATED)
    assert repeated.actions == [ZONES, LIST, CREATE, LIST, CREATE]


@pytest.mark.parametrize(
    ("hosted", "zone", "label"),
    [
        (["example.com", "www.example.com", "ample.com"], "www.example.com", "_dnsauth"),
        (["EXAMPLE.com", "com"], "example.com", "_dnsauth.www"),
        (["_dnsauth.www.example.com"], "_dnsauth.www.example.com", "@"),
    ],
)
def test_zone_is_the_longest_that_is_hosted(hosted: list[str], zone: str, label: str) -> None:
    run = Run(zones(*hosted), EMPTY, CREATED)
    assert run.body(2)["Domain"] == zone and run.body(2)["SubDomain"] == label


def test_zone_of_an_idn_is_found_by_its_a_labels() -> None:
    rows = [{"DomainId": 1, "Name": "bücher.example", "Punycode": "xn--bcher-kva.example"}, {"Name": None}]
    run = Run(answer(DomainList=rows), EMPTY, CREATED, name="_dnsauth.bücher.example")
    assert run.result["record"]["zone"] == "xn--bcher-kva.example"


def test_zones_are_read_on_all_pages() -> None:
    first = zones(*[f"zone{number}.example" for number in range(3000)])
    run = Run(first, ONE, EMPTY, CREATED)
    assert run.actions == [ZONES, ZONES, LIST, CREATE] and run.body(1)["Offset"] == 3000


def test_records_are_read_on_all_pages() -> None:
    theirs = records(*[row(RecordId=number, Value=f"theirs-{number}") for number in range(3000)])
    run = Run(ONE, theirs, records(row()))
    assert run.actions == [ZONES, LIST, LIST] and not run.result["changed"] and run.body(2)["Offset"] == 3000
    # A page beyond the last is an error that means empty.
    assert Run(ONE, theirs, EMPTY, CREATED).result["changed"]


def test_zone_that_is_not_hosted_is_not_found() -> None:
    assert Run(zones("example.org")).kind == "not_found"
    assert Run(answer(DomainList=None)).kind == "not_found"


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("InvalidParameter.ConflictRecord", "conflict"),
        ("LimitExceeded.RecordTtlLimit", "quota"),
        ("LimitExceeded.SubdomainRollLimit", "quota"),
        ("OperationDenied.NoPermissionToOperateDomain", "permission"),
        ("FailedOperation.DomainIsLocked", "permission"),
        ("InvalidParameter.RecordValueInvalid", "invalid_input"),
    ],
)
def test_refusal_has_the_clouds_code(code: str, kind: str) -> None:
    run = Run(ONE, EMPTY, refusal(code))
    assert run.kind == kind and run.result["error"]["code"] == code and run.actions.count(CREATE) == 1
    assert run.result["error"]["hint"]


@pytest.mark.parametrize("rows", ["x", [1], [row(RecordId={})], [row(TTL="soon")]])
def test_misshapen_answer_is_a_server_error(rows: Any) -> None:
    run = Run(ONE, answer(RecordList=rows))
    assert run.kind == "server" and run.result["error"]["request_id"] == "request-1"


@pytest.mark.parametrize("name", ["", "localhost", "a..example.com"])
def test_bad_name_is_refused_before_anything_is_sent(name: str) -> None:
    assert Run(name=name).kind == "invalid_input"


@pytest.mark.parametrize("record_id", ["abc", "--5", "1" * 5000, "../1", 1.5, [1], True])
def test_record_id_that_is_no_number_is_not_understood_and_nothing_is_removed(record_id: Any) -> None:
    run = Run(ONE, *[records(row(RecordId=record_id))], state="absent")
    assert run.kind == "server" and "'RecordId' has an unexpected type" in run.result["msg"]
    assert run.actions == [ZONES, LIST]
