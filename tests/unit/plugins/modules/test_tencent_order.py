# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""tencent_order: what it sends, how often and in which order, and what it refuses."""

from __future__ import annotations

import json
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError
from ansible_collections.certwright.cloud.plugins.module_utils._http import HttpResponse, TransportError
from ansible_collections.certwright.cloud.plugins.module_utils._x509_make import make_csr, make_key
from ansible_collections.certwright.cloud.plugins.modules.tencent_order import USE_CASE
from ansible_collections.certwright.cloud.tests.unit.plugins.helpers import (
    FakeTransport,
    Warnings,
    context,
    json_response,
    run_use_case,
)

KEY = {"secret_id": "id", "secret_key": "key-of-tests"}
WISH = {"certificate_id": "LrmeMvQr", "common_name": "www.example.com", "csr_generation": "online", "manager_id": "7"}
READ, SUBMIT, SEND = "DescribeCertificateDetail", "CertificateInfoSubmit", "CertificateOrderSubmit"
LOST = TransportError("no answer within 30 s", reached=True)
STORED = {
    "CsrType": "online",
    "CertificateDomain": "www.example.com",
    "DomainList": [],
    "VerifyType": "DNS",
    "AdminPhoneNum": "138****0000",
}


def answer(**fields: Any) -> HttpResponse:
    return json_response({"Response": {"RequestId": "request-1", **fields}})


def refusal(code: str) -> HttpResponse:
    return answer(Error={"Code": code, "Message": "the cloud's words"})


def detail(status: int, **fields: Any) -> HttpResponse:
    return answer(CertificateId="LrmeMvQr", Status=status, **fields)


EMPTY = detail(5)
PREPARED = detail(5, SubmittedData=STORED)
VALIDATING = detail(0, Domain="www.example.com", SubjectAltName=[], StatusMsg="PENDING-DCV")
OK = answer()


class Run:
    """A run of the module with the answers of a script."""

    def __init__(self, *script: Any, check_mode: bool = False, **options: Any) -> None:
        self.transport = FakeTransport(script)
        self.warnings = Warnings()
        run_context = context(self.transport, check_mode=check_mode, warn=self.warnings)
        self.result: dict[str, Any] = {}
        self.error: CertwrightError | None = None
        # All runs have the same order, so what one has sent must not be known to the next.
        with TemporaryDirectory() as folder:
            try:
                self.result = run_use_case(USE_CASE, run_context, **{**KEY, **WISH, "state_dir": folder, **options})
            except CertwrightError as error:
                self.error, self.result = error, error.to_result()
        assert not self.transport.script, "not everything was asked for"

    @property
    def actions(self) -> list[str]:
        return [request.headers["X-TC-Action"] for request in self.transport.requests]

    def body(self, action: str) -> dict[str, Any]:
        bodies = [each.body for each in self.transport.requests if each.headers["X-TC-Action"] == action]
        sent: dict[str, Any] = json.loads(bodies[-1])
        return sent

    @property
    def kind(self) -> str | None:
        return self.error.kind.value if self.error else None


def test_bought_order_gets_documents_and_is_sent() -> None:
    run = Run(EMPTY, OK, OK, VALIDATING)
    assert run.actions == [READ, SUBMIT, SEND, READ]
    assert run.result["changed"] and run.result["steps"] == ["submit documents", "submit order"]
    assert run.body(SEND) == {"CertId": "LrmeMvQr", "VerifyType": "DNS"}
    assert run.result["request_id"] == "request-1"
    assert run.result["diff"]["before"] == {"id": "LrmeMvQr", "state": "awaiting_documents", "domains": []}
    assert run.result["diff"]["after"] == {"id": "LrmeMvQr", "state": "validating", "domains": ["www.example.com"]}


def test_check_mode_sends_no_write_and_predicts() -> None:
    run = Run(EMPTY, check_mode=True)
    assert run.actions == [READ] and run.result["changed"]
    assert run.result["diff"]["after"] == {"id": "LrmeMvQr", "state": "validating", "domains": ["www.example.com"]}


def test_prepared_stops_before_the_order() -> None:
    run = Run(EMPTY, OK, PREPARED, state="prepared")
    assert run.actions == [READ, SUBMIT, READ] and run.result["order"]["state"] == "prepared"


@pytest.mark.parametrize("options", [{}, {"common_name": "WWW.Example.com."}, {"csr_generation": None}])
def test_stored_documents_that_fit_are_not_sent_again(options: dict[str, Any]) -> None:
    assert Run(PREPARED, OK, VALIDATING, **options).actions == [READ, SEND, READ]
    assert Run(PREPARED, state="prepared", **options).actions == [READ]


@pytest.mark.parametrize(
    "options",
    [
        {"common_name": "shop.example.com"},
        {"dns_names": ["example.com"]},
        {"validation_method": "file"},
    ],
)
def test_stored_documents_that_differ_are_replaced(options: dict[str, Any]) -> None:
    assert Run(PREPARED, OK, OK, VALIDATING, **options).actions == [READ, SUBMIT, SEND, READ]


def test_stored_values_are_compared_where_the_cloud_shows_them() -> None:
    stored = detail(5, SubmittedData={**STORED, "OrganizationCity": "Shanghai"})
    assert Run(stored, state="prepared", org_city="shanghai", org_region="Shanghai").actions == [READ]
    assert Run(stored, OK, PREPARED, state="prepared", org_city="Beijing").actions == [READ, SUBMIT, READ]


def test_stored_request_with_another_key_is_replaced() -> None:
    ours, theirs = (make_csr(make_key("ecdsa-p256"), "www.example.com", []) for _each in range(2))
    documents = {**STORED, "CsrType": "parse", "CsrContent": theirs}
    options = {"csr_generation": None, "state": "prepared"}
    assert Run(detail(5, SubmittedData=documents), csr=theirs, **options).actions == [READ]
    replaced = Run(detail(5, SubmittedData=documents), OK, PREPARED, csr=ours, **options)
    assert replaced.actions == [READ, SUBMIT, READ]


@pytest.mark.parametrize("status", [0, 1, 4, 8, 11, 15, 99])
def test_order_that_was_sent_is_taken_over(status: int) -> None:
    run = Run(detail(status, Domain="www.example.com"))
    assert run.actions == [READ] and not run.result["changed"] and run.result["steps"] == []


def test_order_can_be_taken_over_by_its_id_alone() -> None:
    alone = {"common_name": None, "csr_generation": None, "manager_id": None}
    assert not Run(VALIDATING, **alone).result["changed"]
    assert Run(PREPARED, OK, VALIDATING, **alone).actions == [READ, SEND, READ]


@pytest.mark.parametrize(
    ("fields", "options"),
    [
        ({"Domain": "other.example.com"}, {}),
        ({"Domain": "www.example.com", "SubjectAltName": ["a.example.com"]}, {"dns_names": ["b.example.com"]}),
        ({"SubmittedData": {"CertificateDomain": "www.example.com"}}, {"dns_names": ["b.example.com"]}),
        ({"SubmittedData": {"CertificateDomain": "www.example.com", "CsrType": "parse"}}, {}),
    ],
)
def test_contradiction_is_a_conflict(fields: dict[str, Any], options: dict[str, Any]) -> None:
    run = Run(detail(0, **fields), **options)
    assert run.kind == "conflict" and run.actions == [READ] and not run.result["changed"]
    assert run.result["order"]["state"] == "validating" and "LrmeMvQr" in run.result["msg"]


def test_order_that_awaits_its_letter_is_said_to() -> None:
    run = Run(detail(8, Domain="other.example.com"))
    assert run.result["msg"].startswith(
        "Order 'LrmeMvQr' already awaits the confirmation letter for 'other.example.com'"
    )
    assert "request id" not in run.result["msg"] and run.result["error"]["request_id"]


@pytest.mark.parametrize(
    ("fields", "options"),
    [
        ({"Domain": "www.example.com", "SubjectAltName": ["example.com"]}, {}),
        ({"Domain": "example.com", "SubjectAltName": ["www.example.com"]}, {"dns_names": ["EXAMPLE.com"]}),
        # The cloud shows neither documents nor names: nothing speaks against it.
        ({"Domain": "www.example.com", "SubjectAltName": []}, {"dns_names": ["b.example.com"]}),
        ({"Domain": None}, {}),
    ],
)
def test_more_names_and_unknown_names_are_no_contradiction(fields: dict[str, Any], options: dict[str, Any]) -> None:
    assert not Run(detail(0, **fields), **options).result["changed"]


def test_key_made_by_the_cloud_contradicts_a_request() -> None:
    csr = make_csr(make_key("ecdsa-p256"), "www.example.com", [])
    run = Run(
        detail(4, Domain="www.example.com", CertificatePrivateKey=make_key("ecdsa-p256")), csr=csr, csr_generation=None
    )
    assert run.kind == "conflict" and "another key" in run.result["msg"]
    assert "PRIVATE KEY" not in json.dumps(run.result)


@pytest.mark.parametrize("status", [2, 3, 6, 7, 9, 10, 12, 14])
def test_dead_end_is_a_conflict(status: int) -> None:
    run = Run(detail(status, StatusMsg="why"))
    assert run.kind == "conflict" and run.actions == [READ]
    assert "why" in run.result["msg"] and run.result["error"]["hint"]
    assert ("ModifyCertificateResubmit" in run.result["error"]["hint"]) is (status in (2, 7))


def test_lost_answer_to_the_order_is_settled_by_reading() -> None:
    run = Run(EMPTY, OK, LOST, VALIDATING, VALIDATING)
    assert run.actions == [READ, SUBMIT, SEND, READ, READ] and run.result["changed"]


def test_order_without_an_answer_is_not_sent_again() -> None:
    run = Run(EMPTY, OK, LOST, PREPARED, settle_timeout=0)
    assert run.kind == "outcome_unknown" and run.actions == [READ, SUBMIT, SEND, READ]
    assert (
        "ansible localhost -m certwright.cloud.tencent_order_info -a 'certificate_id=LrmeMvQr site=intl'"
        in (run.result["msg"])
    )
    assert run.result["changed"] and run.result["order"]["state"] == "prepared"


def test_submission_that_is_still_running_is_looked_up() -> None:
    busy = refusal("FailedOperation.CertificateOrderSubmitProcessing")
    assert Run(PREPARED, busy, VALIDATING, VALIDATING).result["changed"]
    run = Run(PREPARED, busy, PREPARED, settle_timeout=0)
    assert run.kind == "conflict" and "in a minute" in run.result["error"]["hint"]
    assert run.actions.count(SEND) == 1


def test_lost_documents_are_looked_up_before_they_are_sent_again() -> None:
    assert Run(EMPTY, LOST, PREPARED, OK, VALIDATING).actions == [READ, SUBMIT, READ, SEND, READ]
    assert Run(EMPTY, LOST, EMPTY, OK, OK, VALIDATING).actions == [READ, SUBMIT, READ, SUBMIT, SEND, READ]


def test_lost_documents_that_cannot_be_looked_up_leave_the_outcome_open() -> None:
    run = Run(EMPTY, LOST, *[LOST] * 5, *[LOST] * 5, settle_timeout=0)
    assert run.kind == "outcome_unknown" and SEND not in run.actions and run.actions.count(SUBMIT) == 1


def test_other_documents_than_ours_do_not_count_as_stored() -> None:
    other = detail(5, SubmittedData={**STORED, "CertificateDomain": "other.example.com"})
    run = Run(other, LOST, other, LOST, other, LOST, other)
    assert run.kind == "network" and SEND not in run.actions and not run.result["changed"]


def test_order_submitted_by_somebody_else_meanwhile_is_not_sent_again() -> None:
    run = Run(EMPTY, LOST, VALIDATING)
    assert run.kind == "conflict" and "somebody else" in run.result["msg"] and run.actions == [READ, SUBMIT, READ]


def test_refusal_says_code_order_and_request_id() -> None:
    run = Run(EMPTY, refusal("FailedOperation.AuthError"))
    error = run.result["error"]
    assert (error["kind"], error["code"]) == ("permission", "FailedOperation.AuthError")
    assert run.result["msg"] == (
        "Order 'LrmeMvQr': Tencent Cloud refused CertificateInfoSubmit (FailedOperation.AuthError: the cloud's "
        "words; request id request-1). Allow the action 'ssl:CertificateInfoSubmit' to the owner of the key from the "
        "options secret_id and secret_key."
    )


def test_person_is_refused_for_other_than_dv() -> None:
    options = {"company_type": "person", "contact_email": "a@example.com", "manager_id": None}
    assert Run(detail(5, IsDv=True), OK, OK, VALIDATING, **options).kind is None
    run = Run(detail(5, IsDv=False), **options)
    assert run.kind == "invalid_input" and "DV certificates only" in run.result["msg"]


def test_ca_is_asked_to_look_only_where_the_order_is_validating() -> None:
    options = {"site": "china", "validate_now": True}
    run = Run(VALIDATING, OK, VALIDATING, **options)
    assert run.actions == [READ, "CompleteCertificate", READ] and run.result["steps"] == ["validate now"]
    assert Run(detail(1, Domain="www.example.com"), **options).actions == [READ]
    assert Run(VALIDATING, check_mode=True, **options).actions == [READ]
    refused = Run(VALIDATING, refusal("FailedOperation"), VALIDATING, **options)
    assert not refused.result["changed"] and "FailedOperation" in refused.warnings.messages[0]


def test_names_follow_from_the_request() -> None:
    csr = make_csr(make_key("ecdsa-p256"), "www.example.com", ["example.com", "shop.example.com"])
    run = Run(EMPTY, OK, OK, VALIDATING, csr=csr, common_name=None, csr_generation=None)
    sent = run.body(SUBMIT)
    assert sent["CertCommonName"] == "www.example.com" and sent["GenCsrType"] == "parse"
    assert sent["DnsNames"] == ["example.com", "shop.example.com"]
    assert sent["Csr"].startswith("-----BEGIN CERTIFICATE REQUEST-----")
    assert "CsrEncryptAlgo" not in sent and "CsrKeyParameter" not in sent


def test_names_that_are_given_win_over_those_of_the_request() -> None:
    csr = make_csr(make_key("ecdsa-p256"), "www.example.com", ["example.com"])
    run = Run(EMPTY, OK, OK, VALIDATING, csr=csr, csr_generation=None, dns_names=["Shop.example.com"])
    assert run.body(SUBMIT)["DnsNames"] == ["shop.example.com"]


@pytest.mark.parametrize(
    ("options", "wire"),
    [
        ({}, ("RSA", "2048")),
        ({"csr_algorithm": "rsa"}, ("RSA", "2048")),
        ({"csr_key_parameter": "4096"}, ("RSA", "4096")),
        ({"csr_algorithm": "ecc"}, ("ECC", "prime256v1")),
        ({"csr_key_parameter": "prime256v1"}, ("ECC", "prime256v1")),
    ],
)
def test_kind_of_key_is_completed(options: dict[str, str], wire: tuple[str, str]) -> None:
    sent = Run(EMPTY, OK, OK, VALIDATING, **options).body(SUBMIT)
    assert (sent["CsrEncryptAlgo"], sent["CsrKeyParameter"]) == wire


@pytest.mark.parametrize(("deleted", "sent"), [(True, {"DeleteDnsAutoRecord": 1}), (False, {})])
def test_record_that_the_cloud_adds_is_removed_by_it_where_that_is_wanted(deleted: bool, sent: dict[str, int]) -> None:
    options = {"site": "china", "validation_method": "dns_auto", "delete_dns_auto_record": deleted}
    run = Run(EMPTY, OK, OK, VALIDATING, **options)
    assert run.body(SEND) == {"CertId": "LrmeMvQr", "VerifyType": "DNS_AUTO", **sent}


NO_NAMES = {"csr_generation": None, "common_name": None, "manager_id": None}
FAULTS = [
    ({"csr_generation": "parse"}, "csr_generation: parse needs a request"),
    ({"csr": "nonsense", "csr_generation": None}, "csr: the certificate request"),
    (
        {"csr_key_parameter": "4096", "csr_algorithm": "ecc"},
        "'4096' does not go with csr_algorithm=ecc; use prime256v1",
    ),
    ({"csr_key_parameter": "prime256v1", "csr_algorithm": "rsa"}, "use 2048 or 4096"),
    ({**NO_NAMES, "csr_algorithm": "rsa"}, "only for a key made by the cloud"),
    ({"company_type": "person"}, "contact_email: is needed with company_type=person"),
    ({"org_id_type": "others"}, "org_id_type, org_id_number: belong together"),
    ({"admin_id_number": "1"}, "admin_id_type, admin_id_number: belong together"),
    ({"tech_id_type": "hz"}, "tech_id_type, tech_id_number: belong together"),
    ({"dns_names": ["*.example.com"], "validation_method": "file"}, "'*.example.com'; use dns"),
    ({"validation_method": "dns_auto"}, "site=china only"),
    ({"delete_dns_auto_record": True}, "only with validation_method=dns_auto"),
    ({"validate_now": True}, "validate_now: exists on site=china only"),
    ({"common_name": "*.*.example.com"}, "has the malformed label '*'"),
    ({"dns_names": ["a..example.com"]}, "has the malformed label ''"),
    ({"certificate_id": "  "}, "is no certificate id"),
    ({"certificate_id": "../x"}, "is no certificate id"),
    ({"state": "prepared", "wait_for": "issued"}, "wait_for"),
    ({"api_timeout": 0.0}, "api_timeout"),
    ({"endpoint": "http://192.0.2.1"}, "plain http"),
]


@pytest.mark.parametrize(("options", "words"), FAULTS, ids=[words for _options, words in FAULTS])
def test_fault_is_found_before_anything_is_sent(options: dict[str, Any], words: str) -> None:
    run = Run(**options)
    assert run.kind == "invalid_input" and words in run.result["msg"]


def test_request_that_does_not_fit_is_refused() -> None:
    key = make_key("ecdsa-p256")
    both = Run(csr=make_csr(key, "www.example.com", []))
    assert "leave one of the two out" in both.result["msg"]
    other = Run(csr=make_csr(key, "example.com", ["www.example.com"]), csr_generation=None)
    assert "'www.example.com' is not the common name of the request, 'example.com'" in other.result["msg"]


def test_what_only_documents_need_is_asked_for_when_they_are_needed() -> None:
    run = Run(EMPTY, **NO_NAMES)
    assert run.kind == "invalid_input" and run.actions == [READ]
    for option in ("common_name", "csr:", "org_phone_area", "admin_phone", "tech_first_name"):
        assert option in run.result["msg"]
    company = Run(EMPTY, **{**NO_NAMES, "company_id": "7"})
    assert "org_city" not in company.result["msg"] and "admin_phone" in company.result["msg"]
    nobody = Run(EMPTY, **{**NO_NAMES, "manager_id": "0", "company_id": "0"})
    assert "org_city" in nobody.result["msg"] and "admin_phone" in nobody.result["msg"]


def test_missing_key_is_said_before_anything_is_sent() -> None:
    run = Run(secret_id=None, secret_key=None, profile="no-such-profile")
    assert run.kind == "auth" and "'no-such-profile'" in run.result["msg"]


def test_no_secret_and_no_personal_data_stand_in_the_result() -> None:
    private = {"key_pass": "p-1", "org_phone_number": "p-2", "admin_id_type": "hz", "admin_id_number": "p-3"}
    run = Run(EMPTY, OK, OK, VALIDATING, **private)
    assert run.body(SUBMIT)["KeyPass"] == "p-1"
    assert not any(value in json.dumps(run.result) for value in ("p-1", "p-2", "p-3"))
    hidden = {name for name, spec in USE_CASE.argument_spec.items() if spec.get("no_log")}
    phones_and_ids = {f"{who}_id_number" for who in ("org", "admin", "tech")} | {"admin_phone", "tech_phone"}
    assert hidden - {"proxy"} == {"secret_key", "token", "key_pass", "org_phone_number"} | phones_and_ids
