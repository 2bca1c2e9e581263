# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How Tencent shows a certificate: DescribeCertificateDetail and a row of DescribeCertificates (reference 1.6, 1.8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from certwright_sandbox.clock import gmt8
from certwright_sandbox.orders import Order, State, Validation
from certwright_sandbox.tencent_products import type_number

if TYPE_CHECKING:
    from certwright_sandbox.app import App

__all__ = ["detail", "row", "status"]

_STATUS = {
    State.AWAITING_DOCUMENTS: 5,
    State.PREPARED: 5,
    State.AWAITING_LETTER: 8,
    State.REVIEWING: 0,
    State.VALIDATING: 0,
    State.ISSUING: 0,
    State.ISSUED: 1,
    State.REJECTED: 2,
    State.EXPIRED: 3,
    State.CANCELLING: 6,
    State.CANCELLED: 7,
}
_STATUS_NAMES = {
    0: "Under review",
    1: "Issued",
    2: "Review failed",
    3: "Expired",
    4: "To be validated",
    5: "To be submitted",
    6: "Cancelling",
    7: "Cancelled",
    8: "To be uploaded",
}
_HELD = (State.ISSUED, State.EXPIRED)
_CLOSED = (State.REJECTED, State.CANCELLING, State.CANCELLED)
#: SubmittedData has the names of the older document API (Tencent reference 1.5, 1.6).
_SUBMITTED = {
    "CsrType": "GenCsrType",
    "CsrContent": "Csr",
    "CertificateDomain": "CertCommonName",
    "KeyPassword": "KeyPass",
    "OrganizationName": "OrgOrganization",
    "OrganizationDivision": "OrgDivision",
    "OrganizationAddress": "OrgAddress",
    "OrganizationCountry": "OrgCountry",
    "OrganizationCity": "OrgCity",
    "OrganizationRegion": "OrgRegion",
    "PhoneAreaCode": "OrgPhoneArea",
    "PhoneNumber": "OrgPhoneNumber",
    "AdminFirstName": "AdminFirstName",
    "AdminLastName": "AdminLastName",
    "AdminPhoneNum": "AdminPhone",
    "AdminEmail": "AdminEmail",
    "AdminPosition": "AdminTitle",
    "ContactFirstName": "TechFirstName",
    "ContactLastName": "TechLastName",
    "ContactNumber": "TechPhone",
    "ContactEmail": "TechEmail",
    "ContactPosition": "TechTitle",
    "VerifyType": "VerifyType",
}

#: What a row shows of things that the sandbox does not do (projects, hosting, revocation).
_ROW_CONSTANTS: dict[str, Any] = {
    "ProjectInfo": None,
    "BoundResource": [],
    "IsIgnore": False,
    "IsSM": False,
    "CAEncryptAlgorithms": [],
    "CAEndTimes": [],
    "CACommonNames": [],
    "HostingStatus": -1,
    "HostingCompleteTime": "",
    "HostingRenewCertId": "",
    "HasRenewOrder": "",
    "ReplaceOriCertIsDelete": False,
    "CertRevokedTime": None,
    "HostingResourceTypes": None,
    "HostingConfig": None,
}


def status(order: Order) -> int:
    """Tencent's status number (reference 2.1): pending orders show 4 with DNS_AUTO, else 0 (reference 7.3)."""
    number = _STATUS[order.state]
    return 4 if number == 0 and order.method == "DNS_AUTO" else number


def _message(order: Order) -> str | None:
    """StatusMsg (reference 2.2, 7.3)."""
    if order.state is State.REVIEWING:
        return "CA-REVIEWING" if order.product.level == "DV" else "PRE-REVIEWING"
    pending = {State.VALIDATING: "PENDING-DCV", State.ISSUING: "WAIT-ISSUE", State.REJECTED: order.message}
    return pending.get(order.state)


def _auth(validation: Validation) -> dict[str, Any]:
    if validation.file:
        path, _slash, name = validation.file["path"].rpartition("/")
        return {
            "DvAuthKey": name,
            "DvAuthValue": validation.file["content"],
            "DvAuthDomain": validation.domain,
            "DvAuthPath": path + "/",
            "DvAuthSubDomain": "",
            "DvAuthVerifyType": "FILE",
        }
    record = validation.record or {}
    return {
        "DvAuthKey": record["name"],
        "DvAuthValue": record["value"],
        "DvAuthDomain": validation.domain,
        "DvAuthPath": "",
        "DvAuthSubDomain": record["name"][: -len(validation.domain) - 1],
        "DvAuthVerifyType": record["type"],
    }


def _auth_detail(app: App, order: Order) -> dict[str, Any] | None:
    """DvAuthDetail: null before submission, an object of nulls until the CA answered and again after issue."""
    if order.state in (State.AWAITING_DOCUMENTS, State.PREPARED):
        return None
    shown = order.visible(app.clock.business()) and order.state not in (*_HELD, *_CLOSED)
    auths = [_auth(validation) for validation in order.validations] if shown else []
    first = auths[0] if auths else dict.fromkeys(("DvAuthKey", "DvAuthValue", "DvAuthDomain", "DvAuthPath"))
    top = {name: first[name] for name in ("DvAuthKey", "DvAuthValue", "DvAuthDomain", "DvAuthPath")}
    return {**top, "DvAuthKeySubDomain": first.get("DvAuthSubDomain", ""), "DvAuths": auths or None}


def _submitted(order: Order) -> dict[str, Any] | None:
    """SubmittedData: there between the documents and the issue."""
    if not order.application or order.state in _HELD:
        return None
    data = {shown: order.application.get(given) for shown, given in _SUBMITTED.items()}
    data["CsrContent"] = order.csr_pem
    return {**data, "DomainList": order.application.get("DnsNames", []), "PostalCode": None}


def _chain(order: Order) -> list[x509.Certificate]:
    if order.certificate is None:
        return []
    return x509.load_pem_x509_certificates((order.certificate["leaf_pem"] + order.certificate["chain_pem"]).encode())


def _link(certificate: x509.Certificate) -> dict[str, str]:
    return {
        "Issuer": certificate.issuer.rfc4514_string(),
        "Subject": certificate.subject.rfc4514_string(),
        "Fingerprint": certificate.fingerprint(hashes.SHA1()).hex(),
        "ValidFrom": gmt8(certificate.not_valid_before_utc.timestamp()),
        "ValidTo": gmt8(certificate.not_valid_after_utc.timestamp()),
    }


def _algorithm(order: Order) -> str:
    if order.csr_pem is None:
        return ""
    key = x509.load_pem_x509_csr(order.csr_pem.encode()).public_key()
    curve = getattr(key, "curve", None)
    return f"ECC {curve.name}" if curve is not None else f"RSA {getattr(key, 'key_size', '')}"


def _extra(order: Order) -> dict[str, Any]:
    empty = ("OriginCertificateId", "ReplacedBy", "ReplacedFor", "RenewOrder")
    company = order.application.get("CompanyType", 2)
    return {**dict.fromkeys(empty), "DomainNumber": str(order.domain_num), "SMCert": 0, "CompanyType": company}


def _common(app: App, order: Order) -> dict[str, Any]:
    """What both calls show under the same name and in the same shape."""
    account = app.accounts.find("tencent", order.owner)
    held = order.certificate if order.state in _HELD else None
    number = status(order)
    return {
        "OwnerUin": account.uin if account else "",
        "ProjectId": "0",
        "From": "wosign" if order.product.brand == "WoTrus" else "trustasia",
        "CertificateType": "SVR",
        "PackageType": order.product.id,
        "ProductZhName": order.product.name,
        "Domain": order.names[0] if order.names else "",
        "Alias": "",
        "Status": number,
        "StatusMsg": _message(order),
        "StatusName": _STATUS_NAMES[number],
        "VerifyType": order.method,
        "VulnerabilityStatus": "INACTIVE",
        "CertBeginTime": gmt8(held["not_before"]) if held else None,
        "CertEndTime": gmt8(held["not_after"]) if held else None,
        "ValidityPeriod": "12",
        "InsertTime": gmt8(order.created_at),
        "CertificateExtra": _extra(order),
        "CertificateId": order.id,
        "IsVip": True,
        "IsDv": order.product.level == "DV",
        "IsWildcard": order.product.wildcard,
        "IsVulnerability": False,
        "RenewAble": False,
        "Deployable": number == 1,
        "Tags": [],
        "EncryptAlgorithm": _algorithm(order),
    }


def detail(app: App, order: Order) -> dict[str, Any]:
    """The fields of DescribeCertificateDetail; a key made by the cloud is in clear text, as it is there."""
    chain = _chain(order) if order.state in _HELD else []
    held = order.certificate if chain else None
    root = app.ca.root_file.read_text() if chain else None
    return {
        **_common(app, order),
        "OrderId": order.vendor.get("order_id"),
        "CertificatePrivateKey": order.private_key_pem,
        "CertificatePublicKey": held["leaf_pem"] + held["chain_pem"] if held else None,
        "DvAuthDetail": _auth_detail(app, order),
        "VulnerabilityReport": None,
        "TypeName": order.product.name,
        "SubjectAltName": order.names[1:],
        "SubmittedData": _submitted(order),
        "RootCert": {"Sign": None, "Encrypt": None, "Standard": root},
        "EncryptCert": None,
        "EncryptPrivateKey": None,
        "CertFingerprint": chain[0].fingerprint(hashes.SHA1()).hex().upper() if chain else None,
        "EncryptCertFingerprint": None,
        "DvRevokeAuthDetail": [],
        "CertChainInfo": [_link(each) for each in chain] or None,
        "DomainType": type_number(order.product),
        "CertType": order.product.level,
        "UseCrossSignRoot": order.application.get("UseCrossSignRoot"),
        "HostingStatus": -1,
    }


def row(app: App, order: Order) -> dict[str, Any]:
    """One row of DescribeCertificates: names include the common name here; times are never null."""
    common = _common(app, order)
    pending = order.state in (State.REVIEWING, State.VALIDATING, State.ISSUING)
    end = order.certificate["not_after"] if order.certificate else None
    now = app.clock.business()
    downloads = ("NGINX", "APACHE", "TOMCAT", "IIS", "JKS", "OTHER", "ROOT")
    issued = order.state is State.ISSUED
    return {
        **common,
        **_ROW_CONSTANTS,
        "StatusMsg": common["StatusMsg"] or "",
        "VerifyType": common["VerifyType"] or "",
        "CertBeginTime": common["CertBeginTime"] or "",
        "CertEndTime": common["CertEndTime"] or "",
        "SubjectAltName": order.names,
        "CertSANs": order.names,
        "PackageTypeName": order.product.name,
        "PreAuditInfo": {"TotalPeriod": 1, "NowPeriod": 1, "ManagerId": order.application.get("ManagerId", "")},
        "AutoRenewFlag": order.application.get("AutoRenewFlag", 0),
        "IsExpiring": issued and end is not None and end - now < 30 * 86400,
        "DVAuthDeadline": gmt8(order.deadline) if pending and order.deadline else "",
        "ValidationPassedTime": gmt8(order.validated_at) if order.validated_at else "",
        "AwaitingValidationMsg": "",
        "AllowDownload": issued,
        "IsDNSPODResolve": any(app.zones.find(name) for name in order.names[:1]),
        "IsPackage": False,
        "KeyPasswordCustomFlag": bool(order.application.get("KeyPass")),
        "SupportDownloadType": dict.fromkeys(downloads, issued),
    }
