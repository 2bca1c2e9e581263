# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What DescribeCertificateDetail and DescribeCertificates say, as orders (reference: Tencent, 1.6 and 1.8)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.certwright.cloud.plugins.module_utils._domains import base_name, normalise
from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError
from ansible_collections.certwright.cloud.plugins.module_utils._orders import (
    LOOK_UP_VALIDATION,
    ActionNeeded,
    CertificateFacts,
    Order,
    OrderState,
    Validation,
    ValidationFile,
    ValidationMethod,
    ValidationRecord,
    ValidationStatus,
    VendorState,
)
from ansible_collections.certwright.cloud.plugins.module_utils._tencent._answers import (
    Misshapen,
    flag,
    moment,
    number,
    part,
    parts,
    text,
    texts,
)
from ansible_collections.certwright.cloud.plugins.module_utils._tencent._states import (
    REVOCATION_LETTER,
    WAIT_ISSUE,
    state_of,
)

# _x509 is imported where there is something to read: a search needs none of it, and cryptography loads slowly.
__all__ = ["Documents", "PaidOrder", "is_upload", "parse_detail", "parse_row"]

Json = Mapping[str, Any]

PROVIDER, FLOW = "tencent", "tencent_paid"

# SubmittedData has the names of the older API (reference: Tencent, 1.5). Phone numbers, which may come back masked, and
# the contact e-mail, which two parameters share, are left out: nothing can be concluded from them.
_COMPARABLE = {
    "CsrType": "GenCsrType",
    "VerifyType": "VerifyType",
    "OrganizationName": "OrgOrganization",
    "OrganizationDivision": "OrgDivision",
    "OrganizationAddress": "OrgAddress",
    "OrganizationCountry": "OrgCountry",
    "OrganizationCity": "OrgCity",
    "OrganizationRegion": "OrgRegion",
    "AdminFirstName": "AdminFirstName",
    "AdminLastName": "AdminLastName",
    "AdminEmail": "AdminEmail",
    "AdminPosition": "AdminTitle",
    "ContactFirstName": "TechFirstName",
    "ContactLastName": "TechLastName",
    "ContactPosition": "TechTitle",
}


@dataclass(frozen=True)
class Documents:
    """The documents stored with an order: its names, its key, and other values by the parameter that sets them."""

    names: tuple[str, ...]
    public_key_sha256: str | None
    values: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True)
class PaidOrder(Order):
    """An order with what only Tencent says: stored documents, whether all names are known, whether it is DV."""

    documents: Documents | None = None
    names_known: bool = False
    is_dv: bool | None = None


def parse_detail(data: Json, request_id: str | None) -> PaidOrder:
    """The order in an answer of DescribeCertificateDetail. Keys and passwords are dropped here."""
    status, message = number(data, "Status"), text(data, "StatusMsg")
    documents = _documents(part(data, "SubmittedData"))
    validations = _validations(data, passed=(message or "").upper() == WAIT_ISSUE)
    state = state_of(status, message, documents is not None, bool(validations))
    certificate, fault = _certificate(text(data, "CertificatePublicKey"))
    others = texts(data, "SubjectAltName")
    action, next_step = _advice(status, state, validations, fault)
    return PaidOrder(
        PROVIDER,
        FLOW,
        text(data, "CertificateId") or "",
        state,
        VendorState(None if status is None else str(status), message),
        domains=_domains(text(data, "Domain"), others, documents, certificate),
        validations=validations,
        certificate=certificate,
        action=action,
        next_step=next_step,
        public_key_sha256=_public_key(certificate, documents, text(data, "CertificatePrivateKey")),
        request_id=request_id,
        documents=documents,
        names_known=bool(others or documents or certificate),
        is_dv=flag(data, "IsDv"),
    )


def parse_row(data: Json, request_id: str | None) -> PaidOrder | None:
    """The order in one row of DescribeCertificates, which tells less: no documents, no validations, and of the
    certificate only how long it is valid.

    A row without an id is no use to anybody and None (reference: Tencent, 6, "listing").
    """
    order_id = text(data, "CertificateId")
    if order_id is None:
        return None
    status, message = number(data, "Status"), text(data, "StatusMsg")
    state = state_of(status, message, has_documents=False, has_validations=False)
    action, next_step = _advice(status, state, (), None)
    if state is OrderState.VALIDATING:
        action, next_step = ActionNeeded.PUBLISH_VALIDATION, LOOK_UP_VALIDATION
    elif state is OrderState.REVIEWING and (message or "").upper() != WAIT_ISSUE:
        next_step = "The CA reviews the order; look it up by its id to see whether something has to be published, too."
    return PaidOrder(
        PROVIDER,
        FLOW,
        order_id,
        state,
        VendorState(None if status is None else str(status), message),
        domains=_domains(text(data, "Domain"), texts(data, "SubjectAltName") + texts(data, "CertSANs"), None, None),
        action=action,
        next_step=next_step,
        request_id=request_id,
        valid_until=moment(data, "CertEndTime"),
    )


def is_upload(data: Json) -> bool:
    """Whether a row is a certificate that the customer uploaded, and so no order."""
    return text(data, "From") == "upload"


def _documents(data: Json) -> Documents | None:
    common_name, names = text(data, "CertificateDomain"), texts(data, "DomainList")
    values = {name: text(data, field_name) for field_name, name in _COMPARABLE.items()}
    given = {name: value for name, value in values.items() if value is not None}
    if not (common_name or names or given):
        return None
    key = None
    csr = text(data, "CsrContent")
    if csr:
        from ansible_collections.certwright.cloud.plugins.module_utils._x509 import csr_facts

        try:
            key = csr_facts(csr).public_key_sha256
        except CertwrightError:
            # The cloud shows something that is no request: then the key is not known.
            key = None
    return Documents(_unique([*([common_name] if common_name else []), *names]), key, given)


def _domains(
    common_name: str | None, others: list[str], documents: Documents | None, certificate: CertificateFacts | None
) -> tuple[str, ...] | None:
    # The detail leaves the common name out of its list, the search does not (reference: Tencent, 6, rule 11).
    told = [*([common_name] if common_name else []), *others]
    stored = documents.names if documents else ()
    return _unique([*told, *stored, *(certificate.domains if certificate else ())]) or None


def _unique(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(normalise(name) for name in names))


def _certificate(pem: str | None) -> tuple[CertificateFacts | None, str | None]:
    """The facts of the leaf, which comes first; else why there are none."""
    if pem is None:
        return None, None
    from ansible_collections.certwright.cloud.plugins.module_utils._x509 import certificate_facts, split_pem

    try:
        blocks = split_pem(pem)
        return (certificate_facts(blocks[0]), None) if blocks else (None, "it is no PEM text")
    except CertwrightError as error:
        return None, error.message


def _public_key(
    certificate: CertificateFacts | None, documents: Documents | None, private_key: str | None
) -> str | None:
    if certificate:
        return certificate.public_key_sha256
    if documents and documents.public_key_sha256:
        return documents.public_key_sha256
    if not private_key:
        return None
    from ansible_collections.certwright.cloud.plugins.module_utils._x509 import public_key_sha256_of_key

    try:
        # A key made by the cloud is shown before the certificate is issued; only its public half goes on from here.
        return public_key_sha256_of_key(private_key)
    except CertwrightError:
        return None


def _advice(
    status: int | None, state: OrderState, validations: Sequence[Validation], fault: str | None
) -> tuple[ActionNeeded | None, str | None]:
    """What to do where the state alone does not say it."""
    if fault:
        return None, f"The certificate cannot be read here: {fault}. Look at it in the cloud's console."
    if status == REVOCATION_LETTER:
        return ActionNeeded.UPLOAD_LETTER, "Upload the signed revocation letter in the cloud's console, then wait."
    if state is OrderState.REVIEWING and any(each.status is ValidationStatus.PENDING for each in validations):
        return (
            ActionNeeded.PUBLISH_VALIDATION,
            "Publish what validates the domains; the CA reviews the order meanwhile.",
        )
    return None, None


def _validations(data: Json, passed: bool) -> tuple[Validation, ...]:
    """What to publish. The members beside the list repeat its first entry and do not name the record's type."""
    status = ValidationStatus.PASSED if passed else ValidationStatus.PENDING
    found = [_validation(entry, status) for entry in parts(part(data, "DvAuthDetail"), "DvAuths")]
    return tuple(dict.fromkeys(validation for validation in found if validation is not None))


def _validation(entry: Json, status: ValidationStatus) -> Validation | None:
    domain, key, value = text(entry, "DvAuthDomain"), text(entry, "DvAuthKey"), text(entry, "DvAuthValue")
    kind, label = (text(entry, "DvAuthVerifyType") or "").upper(), text(entry, "DvAuthSubDomain")
    if not value or not (key or label):
        return None
    if kind == "FILE":
        return _file(base_name(domain or ""), text(entry, "DvAuthPath") or "", key or label or "", value, status)
    if kind not in ("TXT", "CNAME"):
        return None
    name = normalise(key or f"{label}.{domain}")
    record = ValidationRecord(name, kind, normalise(value) if kind == "CNAME" else value)
    return Validation(base_name(domain or name), ValidationMethod.DNS, record=record, status=status)


def _file(domain: str, folder: str, name: str, content: str, status: ValidationStatus) -> Validation:
    path = f"/{folder.strip('/')}/{name}" if folder.strip("/") else f"/{name}"
    try:
        shown = ValidationFile(f"http://{domain}{path}", path, content)
    except ValueError:
        raise Misshapen("DvAuthPath") from None
    return Validation(domain, ValidationMethod.FILE, file=shown, status=status)
