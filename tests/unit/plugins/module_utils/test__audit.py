# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The audit trail of the modules that write: what it says, where it lies, and that it hides nothing that happened."""

from __future__ import annotations

import json
import os
import pwd
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError, ErrorKind
from ansible_collections.certwright.cloud.plugins.module_utils._http import TransportError
from ansible_collections.certwright.cloud.plugins.modules import (
    alibaba_dv_order,
    alidns_record,
    dnspod_record,
    tencent_order,
)
from ansible_collections.certwright.cloud.tests.unit.plugins.helpers import (
    FakeTransport,
    Warnings,
    context,
    json_response,
    run_use_case,
)

TENCENT = {"secret_id": "AKIDEXAMPLE", "secret_key": "a-secret-key-of-tencent"}
ALIBABA = {"access_key_id": "LTAIEXAMPLE", "access_key_secret": "a-secret-key-of-alibaba"}
PERSON = {"username": "Webmaster", "mobile": "13800000000", "email": "w@example.com", "province": "zj", "city": "hz"}


def tencent(**fields: Any) -> Any:
    return json_response({"Response": {**fields, "RequestId": "request-1"}})


UNSENT = tencent(CertificateId="LrmeMvQr", Status=5)
SENT = tencent(CertificateId="LrmeMvQr", Status=0, Domain="www.example.com", SubjectAltName=[], StatusMsg="PENDING-DCV")
LISTED = json_response(
    {"OrderList": [{"Id": 1, "InstanceId": "cas-cn-1", "CertType": "DV", "Status": "PAYED"}], "TotalCount": 1}
)
NOT_YET = json_response({"Code": "NotFound", "Message": "none", "RequestId": "r"}, status=404)
CHECKING = json_response({"CheckStatus": "checking", "RequestId": "r"})
TAKEN = json_response({"RequestId": "request-1"})
ZONES = tencent(DomainList=[{"DomainId": 7, "Name": "example.com", "Punycode": "example.com"}])
RECORD = {"RecordId": 3, "Name": "_dnsauth", "Type": "TXT", "Value": "v", "LineId": "0", "Status": "ENABLE"}
ALI_ZONES = json_response({"Domains": {"Domain": [{"DomainName": "example.com"}]}, "TotalCount": 1})
NO_RECORDS = json_response({"DomainRecords": {"Record": []}, "TotalCount": 0})

WISH = {**TENCENT, "certificate_id": "LrmeMvQr", "common_name": "www.example.com", "csr_generation": "online"}
WISH |= {"company_type": "person", "contact_email": "w@example.com", "org_phone_number": "13800000000"}


def trail(folder: Path, module: Any, script: list[Any], **options: Any) -> tuple[list[dict[str, Any]], Any]:
    """The lines that a run has added, and its result or error; everything is kept in the folder."""
    path = folder / "state" / "audit.jsonl"
    old = len(path.read_text().splitlines()) if path.exists() else 0
    environ = {"CERTWRIGHT_STATE_DIR": str(folder / "state"), "SUDO_USER": "alice"}
    outcome: Any
    try:
        outcome = run_use_case(module.USE_CASE, context(FakeTransport(script), environ=environ), **options)
    except CertwrightError as error:
        outcome = error
    lines = path.read_text().splitlines() if path.exists() else []
    return [json.loads(line) for line in lines[old:]], outcome


def test_submission_is_told_line_by_line(tmp_path: Path) -> None:
    lines, _result = trail(tmp_path, tencent_order, [UNSENT, tencent(), tencent(), SENT], **WISH)
    assert [(line["action"], line["outcome"], line["request_id"]) for line in lines] == [
        ("CertificateInfoSubmit", "accepted", "request-1"),
        ("CertificateOrderSubmit", "sending", None),
        ("CertificateOrderSubmit", "accepted", "request-1"),
    ]
    for line in lines:
        assert list(line) == [
            "time",
            "user",
            "host",
            "site",
            "cloud",
            "action",
            "subject",
            "outcome",
            "code",
            "request_id",
        ]
        assert re.fullmatch(r"2026-01-01T00:00:0\d\.\d{3}Z", line["time"])
        assert (line["user"], line["site"], line["subject"]) == ("alice", "intl", "LrmeMvQr")
        assert line["host"] and line["cloud"] == "Tencent Cloud"


@pytest.mark.parametrize(("names", "user"), [({4242: "carol"}, "carol"), ({}, "4242")])
def test_trail_names_who_runs_it_by_number_where_there_is_no_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, names: dict[int, str], user: str
) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 4242)
    monkeypatch.setattr(pwd, "getpwuid", lambda uid: SimpleNamespace(pw_name=names[uid]))
    run_context = context(FakeTransport([UNSENT, tencent(), tencent(), SENT]))
    run_use_case(tencent_order.USE_CASE, run_context, **WISH, state_dir=str(tmp_path))
    lines = (tmp_path / "audit.jsonl").read_text().splitlines()
    assert [json.loads(line)["user"] for line in lines] == [user] * 3


def test_lost_answer_is_told_as_unknown(tmp_path: Path) -> None:
    script = [LISTED, NOT_YET, TransportError("connection lost", True), LISTED, NOT_YET]
    options = {**ALIBABA, "instance_id": "cas-cn-1", "domains": ["example.com"], **PERSON, "settle_timeout": 0}
    lines, error = trail(tmp_path, alibaba_dv_order, script, **options)
    assert error.kind is ErrorKind.OUTCOME_UNKNOWN
    assert [(line["action"], line["subject"], line["outcome"]) for line in lines] == [
        ("CreateDVOrderAudit", "cas-cn-1", "sending"),
        ("CreateDVOrderAudit", "cas-cn-1", "unknown"),
    ]


def test_refusal_is_told_with_its_code(tmp_path: Path) -> None:
    refused = tencent(Error={"Code": "FailedOperation.AuthError", "Message": "no"})
    lines, _error = trail(tmp_path, tencent_order, [UNSENT, refused], **WISH)
    assert [(line["outcome"], line["code"]) for line in lines] == [("refused", "FailedOperation.AuthError")]


def test_records_are_told_by_name_or_number(tmp_path: Path) -> None:
    record = {"name": "_dnsauth.example.com", "value": "v"}
    empty = tencent(RecordList=[])
    added, _result = trail(tmp_path, dnspod_record, [ZONES, empty, tencent(RecordId=3)], **TENCENT, **record)
    found = tencent(RecordList=[RECORD])
    removed, _result = trail(tmp_path, dnspod_record, [ZONES, found, tencent()], **TENCENT, **record, state="absent")
    script = [ALI_ZONES, NO_RECORDS, json_response({"RecordId": "5", "RequestId": "r"})]
    other, _result = trail(tmp_path, alidns_record, script, **ALIBABA, **record)
    assert [(line["action"], line["subject"]) for line in (*added, *removed, *other)] == [
        ("CreateRecord", "example.com _dnsauth"),
        ("DeleteRecord", "example.com 3"),
        ("AddDomainRecord", "example.com _dnsauth"),
    ]


def test_look_that_writes_nothing_leaves_no_trail(tmp_path: Path) -> None:
    assert trail(tmp_path, tencent_order, [UNSENT], **WISH, state="prepared", wait_for="issued")[0] == []
    assert trail(tmp_path, tencent_order, [SENT], **WISH)[0] == []
    assert not (tmp_path / "state" / "audit.jsonl").exists()


def test_trail_is_for_its_owner_only_and_holds_nothing_of_the_applicant(tmp_path: Path) -> None:
    trail(tmp_path, tencent_order, [UNSENT, tencent(), tencent(), SENT], **WISH)
    path = tmp_path / "state" / "audit.jsonl"
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    everything = "".join(each.read_text() for each in path.parent.rglob("*") if each.is_file())
    secret = [TENCENT["secret_key"], WISH["org_phone_number"], WISH["contact_email"]]
    assert [word for word in secret if word in everything] == []


@pytest.mark.parametrize("by", ["option", "environment"])
def test_trail_is_kept_where_it_is_wanted_or_not_at_all(tmp_path: Path, by: str) -> None:
    for name, wanted in (("none", False), (str(tmp_path / "logs" / "trail"), True)):
        environ = {"CERTWRIGHT_STATE_DIR": str(tmp_path / name.replace("/", "")), "CERTWRIGHT_AUDIT_LOG": name}
        options = {"audit_log": environ.pop("CERTWRIGHT_AUDIT_LOG")} if by == "option" else {}
        run_use_case(
            tencent_order.USE_CASE,
            context(FakeTransport([UNSENT, tencent(), tencent(), SENT]), environ=environ),
            **WISH,
            **options,
        )
        assert (tmp_path / "logs" / "trail").is_file() is wanted
        assert not list(tmp_path.rglob("audit.jsonl"))


@pytest.mark.parametrize("by", ["option", "environment"])
def test_relative_path_is_refused_before_anything_is_sent(by: str) -> None:
    environ = {} if by == "option" else {"CERTWRIGHT_AUDIT_LOG": "trail"}
    options = {"audit_log": "trail"} if by == "option" else {}
    with pytest.raises(CertwrightError, match="audit_log.*'trail' is no absolute path"):
        run_use_case(tencent_order.USE_CASE, context(FakeTransport([]), environ=environ), **WISH, **options)


def test_trail_that_cannot_be_written_is_a_warning_and_hides_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    warnings = Warnings()
    run_context = context(FakeTransport([UNSENT, tencent(), tencent(), SENT]), environ={}, warn=warnings)
    kept = {"state_dir": str(tmp_path / "state"), "audit_log": str(tmp_path / "file" / "trail")}
    result = run_use_case(tencent_order.USE_CASE, run_context, **WISH, **kept)
    assert result["steps"] == ["submit documents", "submit order"]
    assert len(warnings.messages) == 1
    assert warnings.messages[0].startswith(f"The audit trail '{kept['audit_log']}' cannot be written:")
