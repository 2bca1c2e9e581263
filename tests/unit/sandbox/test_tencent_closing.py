# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tencent orders that are cancelled, reopened, downloaded, or refused for what they or their account are like."""

from __future__ import annotations

import base64
import io
import zipfile
from typing import Any

import pytest
from certwright_sandbox.app import App
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.hazmat.primitives.serialization.pkcs12 import load_pkcs12
from sandbox_client import DOCUMENTS, Client

WITHDRAW, CANCEL, REOPEN = "CancelAuditCertificate", "CancelCertificateOrder", "ModifyCertificateResubmit"
DOWNLOAD, INFO, SEND = "DownloadCertificate", "CertificateInfoSubmit", "CertificateOrderSubmit"


def order_in(client: Client, state: str) -> str:
    """A new order in a state; nothing is issued while it is looked at."""
    client.control("POST", "settings", {"issue_delay": 3600, "cancel_delay": 0})
    if state == "awaiting_documents":
        return client.order()
    if state == "prepared":
        order_id = client.order()
        assert client.tencent(INFO, {**DOCUMENTS, "CertId": order_id}).code is None
        return order_id
    if state == "awaiting_letter":
        company = {"CompanyType": 2, "ManagerId": "12895"}
        return client.submitted(product="ov", **company)
    order_id = client.submitted()
    if state == "rejected":
        client.control("POST", f"orders/{order_id}/decision", {"decision": "reject"})
    if state == "cancelled":
        assert client.tencent(WITHDRAW, {"CertificateId": order_id}).code is None
    if state == "issued":
        client.control("POST", "settings", {"issue_delay": 0})
        client.publish(order_id)
        client.until(order_id, lambda seen: seen["Status"] == 1)
    return order_id


#: state: what each action answers there, None for success (Tencent reference 1.13, 7.3).
REFUSALS = {
    WITHDRAW: "FailedOperation.CertificateNotFoundOrCantCancel",
    CANCEL: "FailedOperation.InvalidCertificateStatusCode",
    REOPEN: "FailedOperation.CertificateStatusNotAllowResubmit",
    DOWNLOAD: "FailedOperation.InvalidCertificateStatusCode",
}
ALLOWED = {
    "awaiting_documents": {CANCEL},
    "prepared": {CANCEL},
    "awaiting_letter": {WITHDRAW, CANCEL},
    "validating": {WITHDRAW, CANCEL},
    "rejected": {REOPEN},
    "cancelled": {REOPEN},
    "issued": {DOWNLOAD},
}


@pytest.mark.parametrize("action", REFUSALS)
@pytest.mark.parametrize("state", ALLOWED)
def test_action_is_allowed_only_in_its_states(client: Client, state: str, action: str) -> None:
    order_id = order_in(client, state)
    code = client.tencent(action, {"CertificateId": order_id}).code
    assert code == (None if action in ALLOWED[state] else REFUSALS[action])
    entry = client.journal(action=action)[-1]
    assert (entry["order_id"], entry["effective"]) == (order_id, code is None and action != DOWNLOAD)


@pytest.mark.parametrize("action", [WITHDRAW, CANCEL])
def test_sent_order_is_cancelled_once_the_ca_agrees(client: Client, action: str) -> None:
    order_id = order_in(client, "validating")
    client.control("POST", "settings", {"cancel_delay": 60})
    assert client.tencent(action, {"CertificateId": order_id}).code is None
    assert client.detail(order_id)["Status"] == 6
    assert client.tencent(REOPEN, {"CertificateId": order_id}).code == REFUSALS[REOPEN]
    client.control("POST", "clock", {"advance": 61})
    seen = client.detail(order_id)
    assert (seen["Status"], seen["DvAuthDetail"]["DvAuths"]) == (7, None)
    assert client.control("GET", f"orders/{order_id}")["cancelled_at"].endswith("Z")


def test_cancelled_order_is_not_issued_even_if_its_record_is_there(client: Client) -> None:
    order_id = order_in(client, "validating")
    client.publish(order_id)
    assert client.tencent(WITHDRAW, {"CertificateId": order_id}).code is None
    client.control("POST", "clock", {"advance": 7200})
    assert client.detail(order_id)["Status"] == 7


@pytest.mark.parametrize("state", ["rejected", "cancelled"])
def test_reopened_order_takes_documents_and_is_issued(client: Client, state: str) -> None:
    order_id = order_in(client, state)
    assert client.tencent(INFO, {**DOCUMENTS, "CertId": order_id}).code == (
        "FailedOperation.CertificateInfoSubmitStatusInvalid"
    )
    before = client.detail(order_id)["OrderId"]
    assert client.tencent(REOPEN, {"CertificateId": order_id}).fields["CertificateId"] == order_id
    seen = client.detail(order_id)
    assert (seen["Status"], seen["SubmittedData"], seen["Domain"]) == (5, None, "")
    client.control("POST", "settings", {"issue_delay": 0})
    client.submitted(order_id=order_id)
    client.publish(order_id)
    assert client.until(order_id, lambda seen: seen["Status"] == 1)["OrderId"] != before


def test_unknown_order_has_the_code_of_each_action(client: Client) -> None:
    codes = {action: client.tencent(action, {"CertificateId": "none0000"}).code for action in REFUSALS}
    unknown = "FailedOperation.CertificateNotFound"
    assert codes == {WITHDRAW: REFUSALS[WITHDRAW], CANCEL: unknown, REOPEN: unknown, DOWNLOAD: unknown}


def downloaded(client: Client, **documents: Any) -> dict[str, bytes]:
    order_id = client.submitted(product="wildcard", CertCommonName="*.example.com", **documents)
    client.publish(order_id)
    client.until(order_id, lambda seen: seen["Status"] == 1)
    answer = client.tencent(DOWNLOAD, {"CertificateId": order_id}).fields
    assert answer["ContentType"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(base64.b64decode(answer["Content"]))) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_zip_with_a_key_has_every_servers_form(client: Client) -> None:
    files = downloaded(client)
    assert set(files) == {
        "example.com.csr",
        "Nginx/1_example.com_bundle.crt",
        "Nginx/2_example.com.key",
        "Apache/1_root_bundle.crt",
        "Apache/2_example.com.crt",
        "Apache/3_example.com.key",
        "IIS/example.com.pfx",
        "IIS/keystorePass.txt",
        "Tomcat/example.com.jks",
        "Tomcat/keystorePass.txt",
    }
    leaf, *chain = x509.load_pem_x509_certificates(files["Nginx/1_example.com_bundle.crt"])
    key = load_pem_private_key(files["Nginx/2_example.com.key"], None)
    assert key.public_key() == leaf.public_key() and chain
    store = load_pkcs12(files["IIS/example.com.pfx"], files["IIS/keystorePass.txt"])
    assert store.cert is not None and store.cert.certificate == leaf


def test_password_of_the_keystore_is_the_customers_and_is_not_in_the_zip(client: Client) -> None:
    files = downloaded(client, KeyPass="not-a-real-password")
    assert not [name for name in files if name.endswith("keystorePass.txt")]
    assert load_pkcs12(files["IIS/example.com.pfx"], b"not-a-real-password").key is not None


def test_zip_of_a_pasted_request_has_no_key(client: Client, sandbox: App) -> None:
    # The request of another order is as good as any.
    donor = client.submitted(product="wildcard", CertCommonName="*.example.com")
    order = sandbox.orders.get(donor)
    assert order is not None
    files = downloaded(client, GenCsrType="parse", Csr=order.csr_pem)
    assert set(files) == {"Nginx/1_example.com_bundle.crt", "Apache/1_root_bundle.crt", "Apache/2_example.com.crt"}
    assert not any(b"PRIVATE KEY" in content for content in files.values())


#: condition: (code, actions it refuses) (Tencent reference 1.3)
CONDITIONS: dict[str, tuple[str, set[str]]] = {
    "no_permission": ("AuthError", {INFO, SEND, CANCEL, DOWNLOAD}),
    "no_project_permission": ("NoProjectPermission", {INFO, SEND, CANCEL, DOWNLOAD}),
    "no_identity_verification": ("NoRealNameAuth", {INFO, SEND, CANCEL, DOWNLOAD}),
    "status_not_valid": ("InvalidCertificateStatusCode", {INFO, SEND, CANCEL, DOWNLOAD}),
    "free_quota_used_up": ("ExceedsFreeLimit", {INFO}),
    "root_not_valid": ("CertificateOrderSubmitRootCAInvalid", {INFO}),
}


@pytest.mark.parametrize("place", ["order", "account"])
@pytest.mark.parametrize("condition", CONDITIONS)
def test_condition_refuses_the_calls_that_need_it(client: Client, condition: str, place: str) -> None:
    order_id, other = client.order(), client.order()
    reason, actions = CONDITIONS[condition]
    client.control("POST", "settings", {"tencent_conditions": {order_id if place == "order" else "*": [condition]}})
    for action in (INFO, SEND, CANCEL, DOWNLOAD):
        body = {**DOCUMENTS, "CertId": order_id} if action == INFO else {"CertId": order_id}
        body = {"CertificateId": order_id} if action in (CANCEL, DOWNLOAD) else body
        refused = client.tencent(action, body).code == f"FailedOperation.{reason}"
        assert refused == (action in actions), action
    assert client.tencent("DescribeCertificateDetail", {"CertificateId": order_id}).code is None
    code = client.tencent(INFO, {**DOCUMENTS, "CertId": other}).code
    assert code == (None if place == "order" else f"FailedOperation.{reason}")
    client.control("POST", "settings", {"tencent_conditions": {}})
    assert client.tencent(INFO, {**DOCUMENTS, "CertId": other}).code is None


def test_managed_renewal_takes_no_documents(client: Client) -> None:
    order_id = client.order(managed_renewal=True)
    code = client.tencent(INFO, {**DOCUMENTS, "CertId": order_id}).code
    assert code == "FailedOperation.CertificateSubmitHostingCertError"
    assert client.detail(order_id)["Status"] == 5


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("settings", {"tencent_conditions": {"*": ["nope"]}}, "must map order ids"),
        ("settings", {"tencent_conditions": {"*": "no_permission"}}, "must map order ids"),
        ("settings", {"tencent_conditions": ["no_permission"]}, "must map order ids"),
        ("settings", {"tencent_conditions": {"*": [["no_permission"]]}}, "must map order ids"),
        ("orders", {"flow": "tencent_paid", "managed_renewal": 1}, "'managed_renewal' must be true or false"),
        ("orders", {"flow": "alibaba_dv", "managed_renewal": True}, "'managed_renewal' must be true or false"),
    ],
)
def test_wrong_switch_is_refused(client: Client, path: str, body: dict[str, Any], words: str) -> None:
    assert words in client.control("POST", path, body, status=400)["error"]


def test_companies_and_managers_are_those_of_the_settings(client: Client) -> None:
    listed = client.tencent("DescribeCompanies").fields
    assert [each["CompanyId"] for each in listed["Companies"]] == [11772] and listed["TotalCount"] == 1
    client.control("POST", "settings", {"known_companies": ["1", "2", "3"], "known_managers": ["7", "8"]})
    paged = client.tencent("DescribeCompanies", {"Offset": 1, "Limit": 1}).fields
    assert ([each["CompanyId"] for each in paged["Companies"]], paged["TotalCount"]) == ([2], 3)
    assert client.tencent("DescribeCompanies", {"CompanyId": 3}).fields["TotalCount"] == 1
    managers = client.tencent("DescribeManagers", {"CompanyId": 1}).fields["Managers"]
    assert [each["ManagerId"] for each in managers] == [7, 8]
    for search in ({"SearchKey": "manager-8@example.com"}, {"ManagerMail": "manager-8@example.com"}):
        (found,) = client.tencent("DescribeManagers", {"CompanyId": 1, **search}).fields["Managers"]
        assert found["ManagerId"] == 8
    assert client.tencent("DescribeManagers", {"CompanyId": 2}).fields["TotalCount"] == 0
    assert client.tencent("DescribeManagers", {"CompanyId": 1, "Status": "invalid"}).fields["TotalCount"] == 0
    assert client.tencent("DescribeManagers").code == "MissingParameter"
    assert client.tencent("DescribeCompanies", {"Offset": -1}).code == "InvalidParameterValue"
