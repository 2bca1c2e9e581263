# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CertificateInfoSubmit: every parameter is taken, every rule between them is held (Tencent reference 1.3, 7.4)."""

from __future__ import annotations

from typing import Any

import pytest
from certwright_sandbox.ca import make_key_and_csr
from sandbox_client import DOCUMENTS, Client

COMPANY = {"CompanyType": 2, "ContactEmail": ""}
ORGANISATION = {
    "OrgOrganization": "Example Ltd",
    "OrgDivision": "IT",
    "OrgAddress": "1 Main Street",
    "OrgCountry": "CN",
    "OrgCity": "Shenzhen",
    "OrgRegion": "Guangdong",
    "OrgPhoneArea": "0755",
    "OrgPhoneNumber": "1234567",
}
PEOPLE = {
    "AdminFirstName": "Wei",
    "AdminLastName": "Li",
    "AdminPhone": "13800000000",
    "AdminEmail": "li@example.com",
    "AdminTitle": "Manager",
    "TechFirstName": "Min",
    "TechLastName": "Wang",
    "TechPhone": "13900000000",
    "TechEmail": "wang@example.com",
    "TechTitle": "Engineer",
}
#: Parameters of CertificateInfoSubmit that the sets above do not hold.
REST = {
    "OrgIdType": "OTHERS",
    "OrgIdNumber": "12345",
    "AdminIdType": "HZ",
    "AdminIdNumber": "E1",
    "TechIdType": "SFZ",
    "TechIdNumber": "E2",
    "Csr": "",
    "DnsNames": ["example.com"],
    "KeyPass": "a password",
    "AutoRenewFlag": 0,
    "ManagerId": "0",
    "Type": 81,
    "CaType": "sectigo",
    "SignAlgo": "SHA256",
    "UseCrossSignRoot": True,
}


def submit(client: Client, order_id: str, **changes: Any) -> str | None:
    """The error code of a submission of the ordinary documents with changes (None removes a parameter)."""
    given = {**DOCUMENTS, "CertId": order_id, **changes}
    return client.tencent("CertificateInfoSubmit", {k: v for k, v in given.items() if v is not None}).code


def test_all_42_parameters_are_taken_and_journaled_as_sent_without_secrets(client: Client) -> None:
    order_id = client.order()
    given = {**DOCUMENTS, **ORGANISATION, **PEOPLE, **REST, "CompanyType": 2, "CertId": order_id}
    assert len(given) == 42
    assert client.tencent("CertificateInfoSubmit", given).code is None
    entry = client.journal()[-1]
    assert entry["request"] == {**given, "KeyPass": "***"}
    assert (entry["order_id"], entry["effective"], entry["outcome"]) == (order_id, True, "ok")
    assert entry["user_agent"] == "certwright-tests" and entry["version"] == "2019-12-05"
    inside = client.control("GET", f"orders/{order_id}")
    assert inside["state"] == "prepared" and inside["application"]["KeyPass"] == "***"
    submitted = client.detail(order_id)["SubmittedData"]
    assert submitted["KeyPassword"] == "a password" and submitted["ContactLastName"] == "Wang"
    assert submitted["OrganizationName"] == "Example Ltd" and submitted["DomainList"] == ["example.com"]


def csr(name: str) -> str:
    return make_key_and_csr([name], "ECC", "prime256v1")[1]


PARSE = {"GenCsrType": "parse", "CsrEncryptAlgo": None, "CsrKeyParameter": None}
PARAM, DOMAIN = "FailedOperation.InvalidParam", "FailedOperation.CertificateInfoSubmitDomainInvalid"
ALGORITHM = "InvalidParameter.RenewAlgorithmInvalid"
RULES: list[tuple[str, Any, dict[str, Any], str | None]] = [
    ("ordinary", None, {}, None),
    ("unknown id", None, {"CertId": "none0000"}, "FailedOperation.CertificateNotFound"),
    ("no common name", None, {"CertCommonName": None}, "MissingParameter"),
    ("empty common name", None, {"CertCommonName": ""}, "MissingParameter"),
    ("no company id", None, {"CompanyId": None}, "MissingParameter"),
    ("number as text", None, {"CompanyType": "1"}, None),
    ("GenCsrType", None, {"GenCsrType": "magic"}, PARAM),
    ("CompanyType", None, {"CompanyType": 3}, PARAM),
    ("VerifyType", None, {"VerifyType": "PIGEON"}, PARAM),
    ("CaType", "dnspod", {"CaType": "other"}, PARAM),
    ("person on OV", "ov", {}, PARAM),
    ("person without e-mail", None, {"ContactEmail": None}, "FailedOperation.CertificateInfoSubmitContactEmailEmpty"),
    ("malformed name", None, {"CertCommonName": "www_.-.example"}, DOMAIN),
    ("single label", None, {"CertCommonName": "localhost"}, DOMAIN),
    ("wildcard on a plain product", None, {"CertCommonName": "*.example.com"}, DOMAIN),
    ("plain name on a wildcard product", "wildcard", {}, DOMAIN),
    ("malformed further name", "multi", {"DnsNames": ["a..example.com"]}, DOMAIN),
    ("apex beside www", None, {"DnsNames": ["example.com"]}, None),
    ("too many names", None, {"DnsNames": ["other.example.com"]}, PARAM),
    ("multi without further names", "multi", {}, PARAM),
    ("own CSR", None, {**PARSE, "Csr": csr("www.example.com")}, None),
    ("no CSR", None, PARSE, PARAM),
    ("unreadable CSR", None, {**PARSE, "Csr": "hello"}, PARAM),
    ("CSR of another name", None, {**PARSE, "Csr": csr("a.example.com")}, PARAM),
    ("online without algorithm", None, {"CsrEncryptAlgo": None}, ALGORITHM),
    ("online with another curve", None, {"CsrKeyParameter": "secp384r1"}, ALGORITHM),
    ("online RSA 2048", None, {"CsrEncryptAlgo": "RSA", "CsrKeyParameter": "2048"}, None),
    ("company with everything", None, {**COMPANY, **ORGANISATION, **PEOPLE}, None),
    ("company without address", None, {**COMPANY, **ORGANISATION, **PEOPLE, "OrgAddress": ""}, PARAM),
    ("company without people", None, {**COMPANY, **ORGANISATION}, PARAM),
    ("known company, people given", None, {**COMPANY, "CompanyId": "11772", **PEOPLE}, None),
    ("known manager", None, {**COMPANY, "ManagerId": "12895"}, None),
    ("company id is no number", None, {"CompanyId": "mine"}, PARAM),
    ("file", None, {"VerifyType": "FILE"}, None),
    ("file for a wildcard", "wildcard", {"CertCommonName": "*.example.com", "VerifyType": "FILE"}, PARAM),
    ("automatic in a foreign zone", None, {"CertCommonName": "www.example.org", "VerifyType": "DNS_AUTO"}, PARAM),
    ("automatic in a zone elsewhere", None, {"CertCommonName": "www.example.net", "VerifyType": "DNS_AUTO"}, PARAM),
]


@pytest.mark.parametrize(("product", "changes", "code"), [rule[1:] for rule in RULES], ids=[rule[0] for rule in RULES])
def test_documents_are_taken_or_refused_by_the_rules(
    client: Client, product: Any, changes: dict[str, Any], code: str | None
) -> None:
    order_id = client.order(product=product)
    assert submit(client, order_id, **changes) == code
    state = client.control("GET", f"orders/{order_id}")["state"]
    assert state == ("prepared" if code is None else "awaiting_documents")


def test_documents_can_be_replaced_until_the_order_is_sent(client: Client) -> None:
    order_id = client.order()
    assert submit(client, order_id) is None
    assert submit(client, order_id, CertCommonName="b.example.com") is None
    assert client.detail(order_id)["Domain"] == "b.example.com" and client.detail(order_id)["Status"] == 5
    assert client.tencent("CertificateOrderSubmit", {"CertId": order_id}).code is None
    assert submit(client, order_id) == "FailedOperation.CertificateInfoSubmitStatusInvalid"


def test_companies_and_managers_must_be_known_when_the_account_has_a_list(client: Client) -> None:
    client.control("POST", "settings", {"known_companies": ["11772"], "known_managers": []})
    order_id = client.order()
    assert submit(client, order_id, CompanyId="5") == PARAM
    assert submit(client, order_id, ManagerId="5") == PARAM
    assert submit(client, order_id, CompanyId="11772", ManagerId="0") is None


def test_order_submit_overrides_the_validation_method(client: Client) -> None:
    order_id = client.order()
    assert submit(client, order_id) is None
    assert client.tencent("CertificateOrderSubmit", {"CertId": order_id, "VerifyType": "FILE"}).code is None
    auth = client.until(order_id, lambda seen: seen["DvAuthDetail"]["DvAuths"])["DvAuthDetail"]["DvAuths"][0]
    assert (auth["DvAuthVerifyType"], auth["DvAuthKey"]) == ("FILE", "fileauth.txt")
    assert auth["DvAuthPath"] == "/.well-known/pki-validation/"
