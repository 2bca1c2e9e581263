# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""tencent_order_info: what it asks for, and what it makes of the answers."""

from __future__ import annotations

import datetime
import json
from typing import Any

import pytest
from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError
from ansible_collections.certwright.cloud.plugins.module_utils._http import HttpResponse
from ansible_collections.certwright.cloud.plugins.module_utils._tencent._query import build_query
from ansible_collections.certwright.cloud.plugins.module_utils._x509_make import make_key
from ansible_collections.certwright.cloud.plugins.modules.tencent_order_info import USE_CASE
from ansible_collections.certwright.cloud.tests.unit.plugins.helpers import (
    FakeClock,
    FakeTransport,
    context,
    json_response,
    options,
    run_use_case,
)
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID

KEY = {"secret_id": "id", "secret_key": "key-of-tests"}
AUTHS = {
    "DvAuths": [
        {
            "DvAuthKey": "_dnsauth.www.example.com",
            "DvAuthValue": "x",
            "DvAuthDomain": "www.example.com",
            "DvAuthVerifyType": "TXT",
        }
    ]
}


def answer(**fields: Any) -> HttpResponse:
    return json_response({"Response": {"RequestId": "request-1", **fields}})


def detail(status: int, **fields: Any) -> HttpResponse:
    return answer(CertificateId="LrmeMvQr", Status=status, Domain="www.example.com", **fields)


def look(transport: FakeTransport, clock: FakeClock | None = None, **options: Any) -> dict[str, Any]:
    run_context = context(transport, clock=clock or FakeClock(), check_mode=options.pop("check_mode", False))
    return run_use_case(USE_CASE, run_context, **{**KEY, **options})


def bodies(transport: FakeTransport) -> list[dict[str, Any]]:
    return [json.loads(request.body) for request in transport.requests]


def certificate(key_pem: str) -> str:
    key = serialization.load_pem_private_key(key_pem.encode(), None)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "www.example.com")])
    start = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(start)
    builder = builder.not_valid_after(start + datetime.timedelta(days=200))
    made = builder.sign(key, hashes.SHA256())
    return made.public_bytes(serialization.Encoding.PEM).decode()


def test_one_order_is_read_by_its_id() -> None:
    transport = FakeTransport([detail(0, DvAuthDetail=AUTHS)])
    result = look(transport, certificate_id="LrmeMvQr")
    assert not result["changed"] and result["order"]["id"] == "LrmeMvQr" and "orders" not in result
    assert bodies(transport) == [{"CertificateId": "LrmeMvQr"}]
    assert result["request_id"] == "request-1"


def test_several_orders_are_read_once_each() -> None:
    transport = FakeTransport([detail(0), detail(1)])
    result = look(transport, certificate_ids=["a1", "b2", "a1"])
    assert [order["id"] for order in result["orders"]] == ["a1", "b2"]


def test_orders_without_details_are_looked_up_a_hundred_in_a_call() -> None:
    ids = [f"id{number}" for number in range(150)]
    rows = [{"CertificateId": order_id, "Status": 0, "From": "trustasia", "Domain": "a.example"} for order_id in ids]
    transport = FakeTransport(
        [answer(TotalCount=100, Certificates=rows[:100]), answer(TotalCount=50, Certificates=rows[100:])]
    )
    orders = look(transport, certificate_ids=ids[::-1], details=False)["orders"]
    assert [order["id"] for order in orders] == ids[::-1]
    assert orders[0]["domains"] == ["a.example"] and "by its id" in orders[0]["next_step"]
    asked = [(body["CertIds"], body["Limit"], body["Offset"]) for body in bodies(transport)]
    assert asked == [(ids[:49:-1], 100, 0), (ids[49::-1], 100, 0)]


def test_order_that_is_not_listed_is_asked_for_by_its_id() -> None:
    unknown = json_response(
        {"Response": {"RequestId": "r", "Error": {"Code": "FailedOperation.CertificateNotFound", "Message": "none"}}}
    )
    script = [answer(TotalCount=0, Certificates=[]), unknown]
    with pytest.raises(CertwrightError) as caught:
        look(FakeTransport(script), certificate_id="LrmeMvQr", details=False)
    assert caught.value.message.startswith("Order 'LrmeMvQr' (certificate_id) does not exist")


@pytest.mark.parametrize(("most", "calls"), [(1, 0), (2, 2), (None, 2)])
def test_list_that_would_take_more_calls_than_allowed_is_not_asked_for(most: int | None, calls: int) -> None:
    transport = FakeTransport([answer(TotalCount=0, Certificates=[])] * 2)
    service = build_query(options(USE_CASE, **KEY), context(transport)).service
    listed = service.listed([f"id{number}" for number in range(101)], most_calls=most)
    assert (listed, len(transport.requests)) == ({} if calls else None, calls)


def test_no_ids_are_no_orders() -> None:
    assert look(FakeTransport([]), certificate_ids=[])["orders"] == []
    # What Ansible makes of an ad-hoc certificate_ids=[].
    assert look(FakeTransport([]), certificate_ids=["[]"])["orders"] == []


def test_search_reads_all_pages_and_no_order_twice() -> None:
    rows = [{"CertificateId": f"id{number}", "Status": 0, "From": "trustasia"} for number in range(150)]
    transport = FakeTransport(
        [
            answer(TotalCount=250, Certificates=rows[:100]),
            answer(TotalCount=250, Certificates=rows[95:150]),
            answer(TotalCount=250, Certificates=[]),
        ]
    )
    orders = look(transport)["orders"]
    assert [order["id"] for order in orders] == [f"id{number}" for number in range(150)]
    assert [body["Offset"] for body in bodies(transport)] == [0, 100, 200]
    assert {body["Limit"] for body in bodies(transport)} == {100}


@pytest.mark.parametrize("total", [None, 10**6])
def test_search_ends_where_the_cloud_repeats_itself(total: int | None) -> None:
    page = answer(TotalCount=total, Certificates=[{"CertificateId": "a", "Status": 0}])
    transport = FakeTransport([page, page])
    assert len(look(transport)["orders"]) == 1


def test_search_goes_on_over_a_page_of_uploads() -> None:
    uploads = [{"CertificateId": f"up{number}", "Status": 1, "From": "upload"} for number in range(100)]
    bought = [{"CertificateId": "a", "Status": 1, "From": "trustasia"}]
    transport = FakeTransport(
        [answer(TotalCount=101, Certificates=uploads), answer(TotalCount=101, Certificates=bought)]
    )
    assert [order["id"] for order in look(transport)["orders"]] == ["a"]


def test_search_passes_over_rows_that_cannot_be_used() -> None:
    rows = [None, {}, {"Status": 1}, {"CertificateId": "bad", "Status": "x"}, {"CertificateId": "a", "Status": 1}]
    orders = look(FakeTransport([answer(TotalCount=5, Certificates=rows)]))["orders"]
    assert [order["id"] for order in orders] == ["a"]


def test_search_compares_names_exactly() -> None:
    rows = [
        {
            "CertificateId": "a",
            "Status": 1,
            "Domain": "example.com",
            "SubjectAltName": ["example.com", "www.example.com"],
        },
        {"CertificateId": "b", "Status": 1, "Domain": "not-www.example.com"},
        {"CertificateId": "c", "Status": 1, "Domain": "*.example.com"},
        {"CertificateId": "d", "Status": 1, "Domain": "x.example.org", "Alias": "www.example.com"},
    ]
    transport = FakeTransport([answer(TotalCount=4, Certificates=rows)])
    assert [order["id"] for order in look(transport, domain="WWW.example.com.")["orders"]] == ["a"]
    assert bodies(transport)[0]["SearchKey"] == "www.example.com"


def test_search_by_state_filters_here_as_well() -> None:
    rows = [
        {"CertificateId": "a", "Status": 0, "StatusMsg": "PENDING-DCV"},
        {"CertificateId": "b", "Status": 4, "StatusMsg": "CA-REVIEWING"},
    ]
    transport = FakeTransport([answer(TotalCount=2, Certificates=rows)])
    assert [order["id"] for order in look(transport, states=["validating"])["orders"]] == ["a"]
    assert bodies(transport)[0]["CertificateStatus"] == [0, 4]


@pytest.mark.parametrize(("state", "found"), [("prepared", ["b"]), ("awaiting_documents", ["a"])])
def test_search_reads_orders_that_the_list_cannot_tell_apart(state: str, found: list[str]) -> None:
    rows = [{"CertificateId": "a", "Status": 5}, {"CertificateId": "b", "Status": 5}]
    documents = {"CertificateDomain": "www.example.com"}
    transport = FakeTransport([answer(TotalCount=2, Certificates=rows), detail(5), detail(5, SubmittedData=documents)])
    assert [order["id"] for order in look(transport, states=[state])["orders"]] == found


@pytest.mark.parametrize("rows", ["x", [1], {"a": 1}])
def test_search_with_a_misshapen_answer_is_a_server_error(rows: Any) -> None:
    with pytest.raises(CertwrightError) as caught:
        look(FakeTransport([answer(Certificates=rows)]))
    assert caught.value.kind.value == "server" and caught.value.request_id == "request-1"


def test_check_is_made_only_where_there_is_something_to_check() -> None:
    checked = answer(VerificationResults=[{"Domain": "www.example.com", "LocalCheck": 1, "CaCheck": -1}])
    transport = FakeTransport([detail(0, DvAuthDetail=AUTHS), checked])
    result = look(transport, certificate_id="LrmeMvQr", check_validation=True)
    assert result["order"]["validations"][0]["status"] == "seen"
    assert transport.requests[1].headers["X-TC-Action"] == "CheckCertificateDomainVerification"
    for quiet in (detail(0), detail(1, DvAuthDetail=AUTHS), detail(5)):
        look(FakeTransport([quiet]), certificate_id="LrmeMvQr", check_validation=True)


def test_wait_checks_an_order_once_a_minute_and_says_what_was_found() -> None:
    said: list[str] = []
    found = [{"Domain": "www.example.com", "LocalCheck": code, "CaCheck": -1} for code in (-1, 1)]
    found[0]["LocalCheckFailReason"] = "txt record not found"
    look_at, checked = detail(0, DvAuthDetail=AUTHS), [answer(VerificationResults=[each]) for each in found]
    # Looks at 0, 25, 50 and 75 s, with a check at the first and the last of them.
    transport = FakeTransport([look_at, checked[0], look_at, look_at, look_at, checked[1], detail(1)])
    wish = {"certificate_id": "LrmeMvQr", "check_validation": True, "wait_for": "issued", "wait_interval": 25}
    run_context = context(transport, speak=lambda told: said.append(told.seen))
    assert run_use_case(USE_CASE, run_context, **{**KEY, **wish})["order"]["state"] == "issued"
    assert transport.script == []
    domain = "www.example.com"
    assert said[0] == f"validating, {domain}: pending" and said[-1] == f"validating, {domain}: seen"
    assert [f"{domain}: seen" in each for each in said] == sorted(f"{domain}: seen" in each for each in said)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("FailedOperation.CertificateStatusNotAllowVerify", None),
        ("FailedOperation.InvalidParam", "invalid_input"),
    ],
)
def test_check_that_comes_too_late_is_no_failure(code: str, kind: str | None) -> None:
    transport = FakeTransport([detail(0, DvAuthDetail=AUTHS), answer(Error={"Code": code, "Message": "x"})])
    if kind is None:
        order = look(transport, certificate_id="LrmeMvQr", check_validation=True)["order"]
        assert order["validations"][0]["status"] == "pending"
        return
    with pytest.raises(CertwrightError) as caught:
        look(transport, certificate_id="LrmeMvQr", check_validation=True)
    assert caught.value.kind.value == kind


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"certificate_id": ""}, "is no certificate id"),
        ({"certificate_ids": ["a1", "b 2"]}, "'b 2' is no certificate id"),
        ({"check_validation": True}, "name the orders"),
        ({"certificate_id": "a1", "check_validation": True, "details": False}, "leave 'details' out"),
        ({"domain": "localhost"}, "domain: 'localhost' has no dot"),
        ({"wait_for": "issued"}, "wait_for"),
    ],
)
def test_bad_option_is_refused_before_anything_is_sent(options: dict[str, Any], words: str) -> None:
    with pytest.raises(CertwrightError) as caught:
        look(FakeTransport([]), **options)
    assert caught.value.kind.value == "invalid_input" and words in caught.value.text


def test_wait_goes_on_until_the_certificate_is_there() -> None:
    clock = FakeClock()
    pem = certificate(make_key("ecdsa-p256"))
    transport = FakeTransport([detail(0), detail(0), detail(1, CertificatePublicKey=pem)])
    order = look(transport, clock, certificate_id="LrmeMvQr", wait_for="issued")["order"]
    assert order["certificate"]["not_after"] == "2026-07-20T00:00:00Z" and clock.sleeps == [15.0, 15.0]


def test_wait_ends_at_once_on_a_final_bad_state() -> None:
    clock = FakeClock()
    with pytest.raises(CertwrightError) as caught:
        look(
            FakeTransport([detail(2, StatusMsg="域名安全审查未通过")]),
            clock,
            certificate_id="LrmeMvQr",
            wait_for="issued",
        )
    assert caught.value.kind.value == "rejected" and "域名安全审查未通过" in caught.value.text and clock.sleeps == []


@pytest.mark.parametrize(("with_key", "made_by_cloud"), [(True, True), (True, False), (False, True)])
def test_key_is_returned_only_when_asked_for_and_known(with_key: bool, made_by_cloud: bool) -> None:
    key = make_key("ecdsa-p256")
    pem = certificate(key).replace("\n", "\r\n")
    issued = detail(1, CertificatePublicKey=pem, CertificatePrivateKey=key if made_by_cloud else None)
    options = {"certificate_id": "LrmeMvQr", "return_certificate": True, "return_private_key": with_key}
    result = look(FakeTransport([issued, issued]), **options)
    assert result["bundle"]["certificate"] == pem.replace("\r\n", "\n") == result["bundle"]["full_chain"]
    assert result["bundle"]["private_key"] == (key if with_key and made_by_cloud else None)
    assert ("PRIVATE KEY" in json.dumps(result)) is (with_key and made_by_cloud)


def test_order_that_is_not_issued_has_no_bundle() -> None:
    result = look(FakeTransport([detail(0)]), certificate_id="LrmeMvQr", return_certificate=True)
    assert result["bundle"] is None


def test_certificate_that_cannot_be_used_is_a_server_error_with_the_order() -> None:
    issued = detail(1, CertificatePublicKey="nonsense")
    with pytest.raises(CertwrightError) as caught:
        look(FakeTransport([issued, issued]), certificate_id="LrmeMvQr", return_certificate=True)
    result = caught.value.to_result()
    assert result["error"]["kind"] == "server" and "LrmeMvQr" in result["msg"] and result["order"]["state"] == "issued"


def test_certificate_that_went_away_meanwhile_is_said() -> None:
    pem = certificate(make_key("ecdsa-p256"))
    script = [detail(1, CertificatePublicKey=pem), detail(10)]
    with pytest.raises(CertwrightError) as caught:
        look(FakeTransport(script), certificate_id="LrmeMvQr", return_certificate=True)
    assert caught.value.kind.value == "conflict"


@pytest.mark.parametrize(
    ("status", "message", "action", "words"),
    [
        (0, None, "publish_validation", "Look the order up by its id to see what has to be published."),
        (4, "PENDING-DCV", "publish_validation", "Look the order up by its id to see what has to be published."),
        (0, "CA-REVIEWING", "none", "look it up by its id to see whether something has to be published"),
        (0, "wait-issue", "none", "The CA reviews the order; wait."),
        (12, None, "upload_letter", "Upload the signed revocation letter"),
    ],
)
def test_search_says_what_to_do_although_it_cannot_show_the_records(
    status: int, message: str | None, action: str, words: str
) -> None:
    row = {"CertificateId": "a1", "Domain": "www.example.com", "Status": status, "StatusMsg": message}
    found = look(FakeTransport([answer(Certificates=[row], TotalCount=1)]))["orders"]
    assert [(order["action_needed"], order["validations"]) for order in found] == [(action, [])]
    assert words in found[0]["next_step"]


@pytest.mark.parametrize(("order_id", "other"), [("LrmeMvQr", False), ("cas-cn-68n1mm16", True)])
def test_unknown_id_names_option_and_site_and_the_cloud_it_looks_like(order_id: str, other: bool) -> None:
    refused = answer(Error={"Code": "FailedOperation.CertificateNotFound", "Message": "Not found."})
    with pytest.raises(CertwrightError) as caught:
        look(FakeTransport([refused]), certificate_id=order_id, site="china")
    error = caught.value
    assert error.message == f"Order '{order_id}' (certificate_id) does not exist in this account on the site 'china'"
    assert ("looked up with alibaba_dv_order_info" in error.text) is other
    assert "Check the id or name" in error.text
