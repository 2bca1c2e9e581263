# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The paid flow at Tencent, from a bought order to a certificate, and what each phase shows."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import dns.message
import dns.query
import pytest
from certwright_sandbox.app import App
from certwright_sandbox.ca import make_key_and_csr
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from sandbox_client import DOCUMENTS, Client, wait_for


def key_bytes(key: Any) -> bytes:
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def test_order_becomes_certificate_when_record_is_published(client: Client, sandbox: App) -> None:
    order_id = client.order()
    assert len(order_id) == 8 and order_id.isalnum()
    key_pem, csr_pem = make_key_and_csr(["www.example.com"], "ECC", "prime256v1")
    own = {"GenCsrType": "parse", "Csr": csr_pem, "CsrEncryptAlgo": "", "CsrKeyParameter": ""}
    stored = client.tencent("CertificateInfoSubmit", {**DOCUMENTS, **own, "CertId": order_id})
    assert list(stored.fields) == ["RequestId"]
    sent = client.tencent("CertificateOrderSubmit", {"CertId": order_id}).fields
    assert sent["OrderId"] and (sent["Status"], sent["IsAudited"]) == (0, False)
    pending = client.until(order_id, lambda seen: seen["DvAuthDetail"]["DvAuths"])
    auth = pending["DvAuthDetail"]["DvAuths"][0]
    assert auth["DvAuthKey"] == "_dnsauth.www.example.com" and auth["DvAuthVerifyType"] == "TXT"
    assert pending["DvAuthDetail"]["DvAuthKeySubDomain"] == auth["DvAuthSubDomain"] == "_dnsauth"
    wait_for(lambda: bool(client.journal("ca")), "a look-up of the CA")
    assert client.detail(order_id)["Status"] == 0 and client.detail(order_id)["CertificatePublicKey"] is None
    client.publish(order_id)
    issued = client.until(order_id, lambda seen: seen["Status"] == 1)
    leaf, *rest = x509.load_pem_x509_certificates(issued["CertificatePublicKey"].encode())
    assert len(rest) == 1 and issued["CertificatePrivateKey"] is None
    rest[0].verify_directly_issued_by(x509.load_pem_x509_certificate(sandbox.ca.root_file.read_bytes()))
    leaf.verify_directly_issued_by(rest[0])
    key = serialization.load_pem_private_key(key_pem.encode(), None)
    assert key_bytes(leaf.public_key()) == key_bytes(key.public_key())
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["www.example.com"]
    assert issued["DvAuthDetail"]["DvAuths"] is None and issued["SubmittedData"] is None and issued["StatusMsg"] is None
    inside = client.control("GET", f"orders/{order_id}")
    assert (inside["state"], inside["submissions"], inside["seen"]) == ("issued", 1, True)
    assert inside["certificate"]["serial"] == format(leaf.serial_number, "x")
    assert client.journal("ca")[-1]["request"]["found"] == [auth["DvAuthValue"]]


def test_cname_product_is_issued_when_alias_is_published(client: Client, sandbox: App) -> None:
    order_id = client.submitted("dnspod")
    client.publish(order_id)
    client.until(order_id, lambda seen: seen["Status"] == 1)
    record = client.control("GET", f"orders/{order_id}")["validations"][0]["record"]
    assert record["type"] == "CNAME" and record["value"].endswith(".trust-provider.com")
    host, _colon, port = sandbox.dns.address.rpartition(":")
    answer = dns.query.udp(dns.message.make_query(record["name"], "CNAME"), host, port=int(port), timeout=5)
    assert answer.answer[0][0].target.to_text() == record["value"] + "."


def test_wrong_value_does_not_pass_validation(client: Client) -> None:
    order_id = client.submitted()
    record = {"Domain": "example.com", "SubDomain": "_dnsauth.www", "RecordType": "TXT", "RecordLine": "Default"}
    client.tencent("CreateRecord", {**record, "Value": "not the value"})
    wait_for(lambda: any(e["request"]["found"] for e in client.journal("ca")), "a look-up that finds the value")
    assert client.detail(order_id)["Status"] == 0
    assert client.control("GET", f"orders/{order_id}")["seen"] is False


def test_cloud_made_key_fits_certificate_when_key_is_made_online(client: Client) -> None:
    order_id = client.order()
    client.tencent("CertificateInfoSubmit", {**DOCUMENTS, "CertId": order_id})
    pem = client.detail(order_id)["CertificatePrivateKey"]
    assert "PRIVATE KEY" in pem
    client.tencent("CertificateOrderSubmit", {"CertId": order_id})
    client.publish(order_id)
    issued = client.until(order_id, lambda seen: seen["Status"] == 1)
    leaf = x509.load_pem_x509_certificates(issued["CertificatePublicKey"].encode())[0]
    key = serialization.load_pem_private_key(pem.encode(), None)
    assert key_bytes(leaf.public_key()) == key_bytes(key.public_key()) and issued["CertificatePrivateKey"] == pem


@pytest.mark.parametrize(
    ("product", "names", "domains"),
    [
        ("multi", ["a.example.com", "b.example.com"], ["a.example.com", "b.example.com"]),
        ("wildcard", ["*.example.com", "example.com"], ["example.com"]),
    ],
)
def test_each_base_name_is_proved_once(client: Client, product: str, names: list[str], domains: list[str]) -> None:
    order_id = client.submitted(product, CertCommonName=names[0], DnsNames=names[1:])
    seen = client.until(order_id, lambda seen: seen["DvAuthDetail"]["DvAuths"])
    assert [each["DvAuthDomain"] for each in seen["DvAuthDetail"]["DvAuths"]] == domains
    assert seen["Domain"] == names[0] and seen["SubjectAltName"] == names[1:]
    client.publish(order_id)
    issued = client.until(order_id, lambda seen: seen["Status"] == 1)
    leaf = x509.load_pem_x509_certificates(issued["CertificatePublicKey"].encode())[0]
    found = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert found.get_values_for_type(x509.DNSName) == names


def test_submission_is_shown_only_after_its_lag(client: Client) -> None:
    client.control("POST", "settings", {"submission_lag": 3600, "submission_guard": False})
    order_id = client.submitted()
    row = {"SearchKey": order_id}
    assert (client.detail(order_id)["Status"], client.detail(order_id)["DvAuthDetail"]) == (5, None)
    assert client.tencent("DescribeCertificates", row).fields["Certificates"][0]["Status"] == 5
    assert client.tencent("CheckCertificateDomainVerification", {"CertificateId": order_id}).code
    assert client.control("GET", f"orders/{order_id}")["submissions"] == 1
    assert client.tencent("CertificateOrderSubmit", {"CertId": order_id}).code is None
    assert client.detail(order_id)["Status"] == 5
    client.control("POST", "clock", {"advance": 3600})
    assert client.detail(order_id)["Status"] == 0
    assert client.tencent("DescribeCertificates", row).fields["Certificates"][0]["Status"] == 0
    assert client.control("GET", f"orders/{order_id}")["submissions"] == 2


def test_values_appear_only_after_the_visible_delay(client: Client) -> None:
    client.control("POST", "settings", {"visible_delay": 3600})
    order_id = client.submitted()
    fresh = client.detail(order_id)
    assert fresh["DvAuthDetail"]["DvAuths"] is None and fresh["StatusMsg"] == "CA-REVIEWING" and fresh["OrderId"]
    assert client.tencent("CertificateOrderSubmit", {"CertId": order_id}).code == (
        "FailedOperation.CertificateOrderSubmitProcessing"
    )
    client.control("POST", "clock", {"advance": 3601})
    client.until(order_id, lambda seen: seen["DvAuthDetail"]["DvAuths"] and seen["StatusMsg"] == "PENDING-DCV")


def test_certificate_comes_only_after_the_issue_delay(client: Client) -> None:
    client.control("POST", "settings", {"issue_delay": 3600})
    order_id = client.submitted()
    client.publish(order_id)
    client.until(order_id, lambda seen: seen["StatusMsg"] == "WAIT-ISSUE")
    client.control("POST", "clock", {"advance": 3601})
    client.until(order_id, lambda seen: seen["Status"] == 1)


def test_order_is_closed_when_validation_is_not_done_in_time(client: Client) -> None:
    order_id = client.submitted()
    client.until(order_id, lambda seen: seen["StatusMsg"] == "PENDING-DCV")
    client.control("POST", "clock", {"advance": 3 * 86400 + 1})
    assert "timed out" in client.until(order_id, lambda seen: seen["Status"] == 2)["StatusMsg"]


def test_certificate_expires_when_its_time_is_over(client: Client) -> None:
    order_id = client.submitted()
    client.publish(order_id)
    client.until(order_id, lambda seen: seen["Status"] == 1)
    client.control("POST", "clock", {"advance": 400 * 86400})
    assert client.detail(order_id)["Status"] == 3


def test_second_submission_is_refused_or_counted_as_the_guard_says(client: Client) -> None:
    order_id = client.submitted()
    client.until(order_id, lambda seen: seen["DvAuthDetail"]["DvAuths"])
    again = client.tencent("CertificateOrderSubmit", {"CertId": order_id})
    assert again.code == "FailedOperation.InvalidCertificateStatusCode"
    assert client.control("GET", f"orders/{order_id}")["submissions"] == 1
    first = client.detail(order_id)["DvAuthDetail"]["DvAuthValue"]
    client.control("POST", "settings", {"submission_guard": False})
    assert client.tencent("CertificateOrderSubmit", {"CertId": order_id}).code is None
    assert client.control("GET", f"orders/{order_id}")["submissions"] == 2
    seen = client.until(order_id, lambda seen: seen["DvAuthDetail"]["DvAuths"])
    assert seen["DvAuthDetail"]["DvAuthValue"] != first


def test_only_one_of_many_simultaneous_submissions_is_taken(client: Client) -> None:
    order_id = client.order()
    client.tencent("CertificateInfoSubmit", {**DOCUMENTS, "CertId": order_id})
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: client.tencent("CertificateOrderSubmit", {"CertId": order_id}), range(16)))
    assert sorted(each.code is None for each in answers) == [False] * 15 + [True]
    assert client.control("GET", f"orders/{order_id}")["submissions"] == 1
    assert sum(each["effective"] for each in client.journal(action="CertificateOrderSubmit")) == 1


def test_order_without_documents_cannot_be_sent(client: Client) -> None:
    answer = client.tencent("CertificateOrderSubmit", {"CertId": client.order()})
    assert answer.code == "FailedOperation.CertificateInfoSubmitStatusInvalid"


def test_ov_order_waits_for_letter_and_approval(client: Client) -> None:
    company = {"CompanyType": 2, "CompanyId": "11772", "ManagerId": "12895", "ContactEmail": ""}
    order_id = client.order(product="ov")
    client.tencent("CertificateInfoSubmit", {**DOCUMENTS, **company, "CertId": order_id})
    sent = client.tencent("CertificateOrderSubmit", {"CertId": order_id}).fields
    assert (sent["Status"], sent["IsAudited"]) == (8, True)
    client.control("POST", f"orders/{order_id}/decision", {"decision": "approve"}, status=409)
    client.control("POST", f"orders/{order_id}/decision", {"decision": "accept_letter"})
    client.publish(order_id)
    wait_for(lambda: client.control("GET", f"orders/{order_id}")["seen"], "the CA to see the record")
    assert (client.detail(order_id)["Status"], client.detail(order_id)["StatusMsg"]) == (0, "PRE-REVIEWING")
    client.control("POST", f"orders/{order_id}/decision", {"decision": "approve"})
    client.until(order_id, lambda seen: seen["Status"] == 1)


def test_reviewer_rejects_order_with_a_reason(client: Client) -> None:
    order_id = client.submitted()
    client.control("POST", f"orders/{order_id}/decision", {"decision": "reject", "reason": "the name is not allowed"})
    seen = client.detail(order_id)
    assert (seen["Status"], seen["StatusMsg"]) == (2, "the name is not allowed")
    again = client.tencent("CertificateOrderSubmit", {"CertId": order_id})
    assert again.code == "FailedOperation.InvalidCertificateStatusCode"


def test_records_are_written_and_removed_by_the_cloud_when_validation_is_automatic(client: Client) -> None:
    order_id = client.order()
    client.tencent("CertificateInfoSubmit", {**DOCUMENTS, "CertId": order_id, "VerifyType": "DNS_AUTO"})
    sent = client.tencent("CertificateOrderSubmit", {"CertId": order_id, "DeleteDnsAutoRecord": 1}).fields
    assert sent["Status"] == 4
    client.until(order_id, lambda seen: seen["Status"] == 1)
    assert client.journal("ca")[-1]["effective"] is True
    assert [zone["records"] for zone in client.control("GET", "zones")["zones"]] == [[], []]


def test_list_shows_names_with_the_common_name_and_can_be_searched(client: Client) -> None:
    plain, sent = client.order(), client.submitted()
    rows = client.tencent("DescribeCertificates", {}).fields
    assert [each["CertificateId"] for each in rows["Certificates"]] == [sent, plain] and rows["TotalCount"] == 2
    cases: list[tuple[dict[str, Any], list[str]]] = [
        ({"SearchKey": "www.exam"}, [sent]),
        ({"CertificateStatus": [5]}, [plain]),
        ({"CertificateStatus": ["5"]}, [plain]),
        ({"CertIds": [plain]}, [plain]),
        ({"Limit": 1, "Offset": 1}, [plain]),
        ({"FilterSource": "upload"}, []),
        ({"IsPendingIssue": 1}, [sent]),
    ]
    for filters, expected in cases:
        found = client.tencent("DescribeCertificates", filters).fields["Certificates"]
        assert [each["CertificateId"] for each in found] == expected, filters
    assert rows["Certificates"][0]["SubjectAltName"] == ["www.example.com"]


def test_domain_check_tells_what_is_missing_then_that_it_passed(client: Client) -> None:
    client.control("POST", "settings", {"issue_delay": 3600})
    order_id = client.submitted()
    client.until(order_id, lambda seen: seen["DvAuthDetail"]["DvAuths"])
    ask = {"CertificateId": order_id}
    result = client.tencent("CheckCertificateDomainVerification", ask).fields["VerificationResults"][0]
    assert (result["LocalCheck"], result["CaCheck"], result["Frequently"], result["CheckValue"]) == (-1, -1, False, [])
    client.publish(order_id)
    client.until(order_id, lambda seen: seen["StatusMsg"] == "WAIT-ISSUE")
    result = client.tencent("CheckCertificateDomainVerification", ask).fields["VerificationResults"][0]
    assert (result["LocalCheck"], result["CaCheck"], result["Issued"]) == (1, 2, False)
    client.control("POST", "settings", {"check_interval": 60})
    result = client.tencent("CheckCertificateDomainVerification", ask).fields["VerificationResults"][0]
    assert (result["LocalCheck"], result["Frequently"]) == (-1, True)


def test_complete_asks_the_ca_at_once_but_not_for_dnspod_products(client: Client) -> None:
    ours, dnspod = client.submitted(), client.submitted("dnspod")
    assert client.tencent("CompleteCertificate", {"CertificateId": ours}).fields["CertificateId"] == ours
    assert client.tencent("CompleteCertificate", {"CertificateId": dnspod}).code == "FailedOperation"
    unknown = client.tencent("CompleteCertificate", {"CertificateId": "nothere1"})
    assert unknown.code == "FailedOperation.CertificateNotFoundOrAudited"
