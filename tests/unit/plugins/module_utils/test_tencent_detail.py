# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What Tencent says of an order, in our words; whatever shape it comes in."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.certwright.cloud.plugins.module_utils._client import Answer, ApiCall
from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError, ErrorKind
from ansible_collections.certwright.cloud.plugins.module_utils._orders import OrderState
from ansible_collections.certwright.cloud.plugins.module_utils._retry import CallClass
from ansible_collections.certwright.cloud.plugins.module_utils._tencent._answers import understood
from ansible_collections.certwright.cloud.plugins.module_utils._tencent._check import with_check
from ansible_collections.certwright.cloud.plugins.module_utils._tencent._detail import (
    PaidOrder,
    parse_detail,
    parse_row,
)
from ansible_collections.certwright.cloud.plugins.module_utils._tencent._states import codes_of, state_of
from ansible_collections.certwright.cloud.plugins.module_utils._x509 import csr_facts
from ansible_collections.certwright.cloud.plugins.module_utils._x509_make import make_csr, make_key

DETAIL = ApiCall("ssl", "2019-12-05", "DescribeCertificateDetail", CallClass.READ)
TXT = {
    "DvAuthKey": "_dnsauth.Example.com",
    "DvAuthValue": "202601010000000abcdef",
    "DvAuthDomain": "example.com",
    "DvAuthPath": "",
    "DvAuthSubDomain": "_dnsauth",
    "DvAuthVerifyType": "TXT",
}
CNAME = {
    **TXT,
    "DvAuthKey": "_0123456789abcdef.www.example.com",
    "DvAuthValue": "A1.B2.c3.trust-provider.com.",
    "DvAuthDomain": "www.example.com",
    "DvAuthVerifyType": "CNAME",
}
FILE = {
    **TXT,
    "DvAuthKey": "fileauth.txt",
    "DvAuthPath": "/.well-known/pki-validation/",
    "DvAuthSubDomain": "",
    "DvAuthVerifyType": "FILE",
}


def detail(**changes: Any) -> dict[str, Any]:
    """A pending order as the vendor's examples show it (reference: Tencent, 1.6)."""
    return {
        "CertificateId": "LrmeMvQr",
        "Domain": "example.com",
        "SubjectAltName": ["www.Example.com"],
        "Status": 0,
        "StatusMsg": "PENDING-DCV",
        "DvAuthDetail": {"DvAuthKey": None, "DvAuths": [TXT]},
        "CertificatePublicKey": None,
        "CertificatePrivateKey": None,
        "SubmittedData": None,
        "IsDv": True,
        **changes,
    }


def parsed(**changes: Any) -> PaidOrder:
    data = detail(**changes)
    return understood(DETAIL, Answer(data, "request-1"), lambda fields: parse_detail(fields, "request-1"))


STATES = [
    (0, None, "validating"),
    (0, "PENDING-DCV", "validating"),
    (4, "PENDING-DCV", "validating"),
    (4, None, "validating"),
    (0, "PRE-REVIEWING", "reviewing"),
    (4, "LEGAL-REVIEWING", "reviewing"),
    (4, "CA-REVIEWING", "reviewing"),
    (0, "WAIT-ISSUE", "reviewing"),
    (0, "wait-issue", "reviewing"),
    (1, None, "issued"),
    (2, "审核失败", "rejected"),
    (3, None, "expired"),
    (5, None, "awaiting_documents"),
    (6, None, "cancelling"),
    (7, None, "cancelled"),
    (8, None, "awaiting_letter"),
    (9, None, "revoking"),
    (10, None, "revoked"),
    (11, None, "reissuing"),
    (12, None, "revoking"),
    (13, None, "awaiting_documents"),
    (14, None, "refunded"),
    (15, None, "unknown"),
    (16, None, "unknown"),
    (-1, None, "unknown"),
    (99, "PENDING-DCV", "unknown"),
    (None, None, "unknown"),
]


@pytest.mark.parametrize(("status", "message", "state"), STATES)
def test_state_is_told_in_our_words(status: int | None, message: str | None, state: str) -> None:
    order = parsed(Status=status, StatusMsg=message)
    assert order.state.value == state
    code = None if status is None else str(status)
    assert (order.vendor_state.code, order.vendor_state.text) == (code, message)


def test_message_that_is_not_known_does_not_decide() -> None:
    assert state_of(0, "SOMETHING-NEW", False, has_validations=True) is OrderState.VALIDATING
    assert state_of(0, "SOMETHING-NEW", False, has_validations=False) is OrderState.REVIEWING


def test_stored_documents_make_an_order_prepared() -> None:
    assert parsed(Status=5, SubmittedData={"CertificateDomain": "example.com"}).state is OrderState.PREPARED
    empty = {"CertificateDomain": "", "DomainList": [], "CsrContent": None, "VerifyType": ""}
    assert parsed(Status=5, SubmittedData=empty).state is OrderState.AWAITING_DOCUMENTS


@pytest.mark.parametrize(
    ("states", "codes"),
    [
        ([], []),
        (["issued"], [1]),
        (["validating"], [0, 4]),
        (["reviewing", "validating"], [0, 4]),
        (["prepared"], [5]),
        (["awaiting_documents"], [5, 13]),
        (["revoking"], [9, 12]),
        (["issued", "unknown"], []),
    ],
)
def test_states_are_searched_for_by_number(states: list[str], codes: list[int]) -> None:
    assert codes_of([OrderState(state) for state in states]) == codes


def test_every_state_that_a_search_can_find_has_numbers() -> None:
    assert [state.value for state in OrderState if not codes_of([state])] == ["unknown"]


def test_order_shows_names_and_proofs() -> None:
    result = parsed(DvAuthDetail={"DvAuths": [TXT, CNAME, FILE, TXT]}).to_result()
    assert result["provider"] == "tencent" and result["flow"] == "tencent_paid" and result["id"] == "LrmeMvQr"
    assert result["domains"] == ["example.com", "www.example.com"]
    assert result["certificate"] is None and result["action_needed"] == "publish_validation"
    path = "/.well-known/pki-validation/fileauth.txt"
    assert result["validations"] == [
        {
            "domain": "example.com",
            "method": "dns",
            "record": {"name": "_dnsauth.example.com", "type": "TXT", "value": "202601010000000abcdef"},
            "file": None,
            "status": "pending",
        },
        {
            "domain": "www.example.com",
            "method": "dns",
            "record": {
                "name": "_0123456789abcdef.www.example.com",
                "type": "CNAME",
                "value": "a1.b2.c3.trust-provider.com",
            },
            "file": None,
            "status": "pending",
        },
        {
            "domain": "example.com",
            "method": "file",
            "record": None,
            "file": {"url": f"http://example.com{path}", "path": path, "content": "202601010000000abcdef"},
            "status": "pending",
        },
    ]


@pytest.mark.parametrize(
    "auths",
    [
        None,
        {},
        "",
        [],
        {"DvAuths": None},
        {"DvAuths": []},
        {"DvAuths": [None, {}]},
        {"DvAuthKey": "_dnsauth.example.com", "DvAuthValue": "x", "DvAuths": None},
        {"DvAuths": [{**TXT, "DvAuthValue": ""}]},
        {"DvAuths": [{**TXT, "DvAuthKey": None, "DvAuthSubDomain": ""}]},
        {"DvAuths": [{**TXT, "DvAuthVerifyType": None}]},
        {"DvAuths": [{**TXT, "DvAuthVerifyType": "CARRIER-PIGEON"}]},
    ],
)
def test_proofs_that_are_not_there_yet_are_none(auths: Any) -> None:
    result = parsed(DvAuthDetail=auths).to_result()
    assert result["validations"] == [] and result["action_needed"] == "none"


def test_name_of_a_record_can_come_in_two_parts() -> None:
    (validation,) = parsed(DvAuthDetail={"DvAuths": [{**TXT, "DvAuthKey": ""}]}).validations
    assert validation.record is not None and validation.record.name == "_dnsauth.example.com"


def test_passed_validation_waits_for_the_certificate() -> None:
    result = parsed(StatusMsg="wait-issue").to_result()
    assert result["validations"][0]["status"] == "passed" and result["action_needed"] == "none"


def test_review_with_open_proofs_asks_to_publish_them() -> None:
    result = parsed(Status=4, StatusMsg="CA-REVIEWING").to_result()
    assert result["state"] == "reviewing" and result["action_needed"] == "publish_validation"


def test_revocation_letter_is_asked_for() -> None:
    assert parsed(Status=12).to_result()["action_needed"] == "upload_letter"
    assert parsed(Status=9).to_result()["action_needed"] == "none"
    row = parse_row({"CertificateId": "a", "Status": 12}, None)
    assert row is not None and row.to_result()["action_needed"] == "upload_letter"


@pytest.mark.parametrize(
    ("changes", "domains"),
    [
        ({"Domain": "", "SubjectAltName": None}, None),
        ({"Domain": None, "SubjectAltName": ["", None]}, None),
        ({"SubjectAltName": ["EXAMPLE.com"]}, ("example.com",)),
        ({"Domain": "bücher.example"}, ("xn--bcher-kva.example", "www.example.com")),
        (
            {
                "SubjectAltName": [],
                "SubmittedData": {"CertificateDomain": "example.com", "DomainList": ["a.example.com"]},
            },
            ("example.com", "a.example.com"),
        ),
    ],
)
def test_names_come_from_wherever_they_stand(changes: dict[str, Any], domains: tuple[str, ...] | None) -> None:
    assert parsed(**changes).domains == domains


def test_key_of_an_order_is_known_by_its_hash_only() -> None:
    key = make_key("ecdsa-p256")
    csr = make_csr(key, "example.com", [])
    expected = csr_facts(csr).public_key_sha256
    documents = {"CertificateDomain": "example.com", "CsrContent": csr, "KeyPassword": "not-shown"}
    order = parsed(SubmittedData=documents)
    assert order.public_key_sha256 == expected
    assert "not-shown" not in repr(order) + json.dumps(order.to_result())
    made_by_cloud = parsed(CertificatePrivateKey=key)
    assert made_by_cloud.public_key_sha256 == expected
    assert "PRIVATE" not in repr(made_by_cloud) + json.dumps(made_by_cloud.to_result())
    assert parsed().public_key_sha256 is None


@pytest.mark.parametrize(
    "changes",
    [{"SubmittedData": {"CertificateDomain": "example.com", "CsrContent": "nonsense"}}, {"CertificatePrivateKey": "x"}],
)
def test_key_material_that_cannot_be_read_is_not_known(changes: dict[str, Any]) -> None:
    assert parsed(**changes).public_key_sha256 is None


@pytest.mark.parametrize("pem", ["nonsense", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"])
def test_certificate_that_cannot_be_read_is_said_and_not_fatal(pem: str) -> None:
    result = parsed(Status=1, CertificatePublicKey=pem).to_result()
    assert result["state"] == "issued" and result["certificate"] is None
    assert "cannot be read here" in result["next_step"]


MISSHAPEN = [
    {"Status": "new"},
    {"Status": 1.5},
    {"Status": True},
    {"Status": [0]},
    {"StatusMsg": {"text": "x"}},
    {"Domain": ["example.com"]},
    {"SubjectAltName": "example.com"},
    {"SubjectAltName": [7]},
    {"DvAuthDetail": "x"},
    {"DvAuthDetail": [1]},
    {"DvAuthDetail": {"DvAuths": "x"}},
    {"DvAuthDetail": {"DvAuths": ["x"]}},
    {"DvAuthDetail": {"DvAuths": [{**TXT, "DvAuthValue": {}}]}},
    {"SubmittedData": "x"},
    {"SubmittedData": {"CertificateDomain": 1.5}},
    {"SubmittedData": {"DomainList": {"a": 1}}},
    {"CertificatePublicKey": True},
    {"CertificatePrivateKey": ["x"]},
    {"CertificateId": {}},
    {"IsDv": "yes"},
]


@pytest.mark.parametrize("changes", MISSHAPEN, ids=str)
def test_misshapen_answer_is_a_server_error(changes: dict[str, Any]) -> None:
    with pytest.raises(CertwrightError) as caught:
        parsed(**changes)
    assert caught.value.kind is ErrorKind.SERVER and caught.value.request_id == "request-1"
    assert "was not understood" in caught.value.message


@pytest.mark.parametrize("empty", [None, "", "missing"])
def test_everything_may_be_empty(empty: Any) -> None:
    data = {} if empty == "missing" else dict.fromkeys(detail(), empty)
    result = parse_detail(data, None).to_result()
    assert result["state"] == "unknown" and result["domains"] is None and result["validations"] == []


def test_numbers_may_come_as_text() -> None:
    assert parsed(Status="0").state is OrderState.VALIDATING


def test_row_of_a_search_has_names_and_state() -> None:
    row = {
        "CertificateId": "a",
        "Status": 1,
        "Domain": "example.com",
        "SubjectAltName": ["example.com"],
        "CertSANs": None,
    }
    order = parse_row(row, "request-1")
    assert order is not None
    assert (order.id, order.state, order.domains) == ("a", OrderState.ISSUED, ("example.com",))
    assert order.certificate is None and order.request_id == "request-1"
    assert parse_row({"Status": 1}, None) is None


@pytest.mark.parametrize(
    ("told", "until"),
    [
        ("2027-06-09 07:59:59", "2027-06-08T23:59:59Z"),
        ("2027-01-01 00:00:00", "2026-12-31T16:00:00Z"),
        ("0001-01-01 00:00:00", None),
        ("2027-06-09", None),
        ("", None),
        (None, None),
        ([], None),
    ],
)
def test_row_of_a_search_tells_the_end_of_the_certificate_in_utc(told: Any, until: str | None) -> None:
    order = parse_row({"CertificateId": "a", "Status": 1, "CertEndTime": told}, None)
    assert order is not None and order.to_result()["valid_until"] == until


CHECKS = [
    ({"LocalCheck": 1, "CaCheck": -1}, "seen"),
    ({"LocalCheck": 1, "CaCheck": 2}, "passed"),
    ({"LocalCheck": -1, "CaCheck": 2}, "passed"),
    ({"LocalCheck": -1, "CaCheck": -1, "Issued": True}, "passed"),
    ({"LocalCheck": -1, "CaCheck": -1}, "pending"),
    ({"LocalCheck": -2, "CaCheck": -1}, "failed"),
    ({"LocalCheck": -5}, "failed"),
    ({"LocalCheck": -7}, "failed"),
    ({"LocalCheck": -10}, "failed"),
    ({"LocalCheck": -6}, "pending"),
    ({"LocalCheck": -99}, "pending"),
    ({"LocalCheck": -2, "Frequently": True}, "pending"),
    ({"LocalCheck": None, "CaCheck": None}, "pending"),
    ({}, "pending"),
]


@pytest.mark.parametrize(("result", "status"), CHECKS)
def test_check_says_how_far_a_proof_has_come(result: dict[str, Any], status: str) -> None:
    checked = with_check(parsed(), {"VerificationResults": [{"Domain": "*.Example.com", **result}]})
    assert checked.validations[0].status.value == status


def test_check_tells_what_the_cloud_found_unless_it_did_not_look() -> None:
    found = {"Domain": "example.com", "LocalCheck": -2, "LocalCheckFailReason": "txt record differs"}
    said = with_check(parsed(), {"VerificationResults": [found]}).to_result()["next_step"]
    assert said.startswith("Publish the validation records") and "'example.com': txt record differs" in said
    silent = with_check(parsed(), {"VerificationResults": [{**found, "Frequently": True}]}).to_result()["next_step"]
    assert "differs" not in silent


@pytest.mark.parametrize("results", [None, [], [{}], [{"Domain": "other.example.com", "LocalCheck": 1}]])
def test_check_without_a_result_changes_nothing(results: Any) -> None:
    assert with_check(parsed(), {"VerificationResults": results}) == parsed()


@pytest.mark.parametrize("status", ["--5", "1" * 5000, "0x1", "1_0", "\u0663", 1e999, {}, [0], True])
def test_number_that_is_none_is_not_understood(status: Any) -> None:
    with pytest.raises(CertwrightError, match="'Status' has an unexpected type"):
        parsed(Status=status)


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("/../../etc", "passwd"),
        ("..", "x"),
        ("/a/./", "x"),
        ("/a/", "../x"),
        ("/a\\..", "x"),
        ("/a", "x\x00"),
        ("/a", ""),
    ],
)
def test_validation_file_that_would_lie_elsewhere_is_not_understood(folder: str, name: str) -> None:
    file = {**FILE, "DvAuthPath": folder, "DvAuthKey": name, "DvAuthSubDomain": "a/../b"}
    with pytest.raises(CertwrightError, match="'DvAuthPath' has an unexpected type"):
        parsed(DvAuthDetail={"DvAuths": [file]})
