# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The domain: what an order is, in our words, for every cloud and flow."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

__all__ = [
    "LOOK_UP_VALIDATION",
    "ActionNeeded",
    "Bundle",
    "CertificateFacts",
    "Order",
    "OrderState",
    "Validation",
    "ValidationFile",
    "ValidationMethod",
    "ValidationRecord",
    "ValidationStatus",
    "VendorState",
    "action_for",
]


# Backslashes separate folders on other systems; control characters end names and lines.
_NO_PATH = re.compile(r"[\\\x00-\x1f\x7f]")


class OrderState(str, Enum):
    """Where an order stands, one vocabulary for all flows (design, section 3)."""

    AWAITING_DOCUMENTS = "awaiting_documents"
    PREPARED = "prepared"
    AWAITING_LETTER = "awaiting_letter"
    VALIDATING = "validating"
    REVIEWING = "reviewing"
    ISSUED = "issued"
    REJECTED = "rejected"
    REISSUING = "reissuing"
    CANCELLING = "cancelling"
    CANCELLED = "cancelled"
    REVOKING = "revoking"
    REVOKED = "revoked"
    EXPIRED = "expired"
    REFUNDED = "refunded"
    UNKNOWN = "unknown"

    @property
    def submitted(self) -> bool:
        """Whether the order has been sent to the CA and has not come back; an unknown state counts as sent."""
        return self not in (OrderState.AWAITING_DOCUMENTS, OrderState.PREPARED)

    @property
    def dead_end(self) -> bool:
        """Whether no waiting can lead to a certificate any more."""
        return self in _DEAD_ENDS

    @property
    def phrase(self) -> str:
        """The state as half a sentence about the order."""
        return _PHRASES.get(self, f"is {self.value}")

    @property
    def needs_person(self) -> bool:
        """Whether the order stands still until somebody acts at the cloud or sends it."""
        return self in (OrderState.AWAITING_DOCUMENTS, OrderState.PREPARED, OrderState.AWAITING_LETTER)


_PHRASES = {
    OrderState.AWAITING_DOCUMENTS: "awaits its documents",
    OrderState.PREPARED: "is prepared but not submitted",
    OrderState.AWAITING_LETTER: "awaits the confirmation letter",
    OrderState.UNKNOWN: "is in a state that this version does not know",
}
_DEAD_ENDS = frozenset(
    {
        OrderState.REJECTED,
        OrderState.CANCELLING,
        OrderState.CANCELLED,
        OrderState.REVOKING,
        OrderState.REVOKED,
        OrderState.EXPIRED,
        OrderState.REFUNDED,
    }
)


class ActionNeeded(str, Enum):
    """What the customer has to do next."""

    SUBMIT_DOCUMENTS = "submit_documents"
    SUBMIT_ORDER = "submit_order"
    PUBLISH_VALIDATION = "publish_validation"
    UPLOAD_LETTER = "upload_letter"
    CONTACT_CA = "contact_ca"
    NONE = "none"


_ACTIONS: dict[OrderState, tuple[ActionNeeded, str]] = {
    OrderState.AWAITING_DOCUMENTS: (ActionNeeded.SUBMIT_DOCUMENTS, "Submit the documents and the order."),
    OrderState.PREPARED: (ActionNeeded.SUBMIT_ORDER, "Submit the order; its documents are stored."),
    OrderState.AWAITING_LETTER: (
        ActionNeeded.UPLOAD_LETTER,
        "Upload the signed confirmation letter in the cloud's console, then wait.",
    ),
    OrderState.REVIEWING: (ActionNeeded.NONE, "The CA reviews the order; wait."),
    OrderState.ISSUED: (ActionNeeded.NONE, "Fetch and install the certificate."),
    OrderState.REJECTED: (
        ActionNeeded.CONTACT_CA,
        "The order was refused; read the reason in the cloud's console, correct it and submit again.",
    ),
    OrderState.REISSUING: (ActionNeeded.NONE, "A reissue is under way; wait."),
    OrderState.CANCELLING: (ActionNeeded.NONE, "The cancellation is under way; wait until it is done."),
    OrderState.CANCELLED: (ActionNeeded.NONE, "The order was cancelled; resubmit it in the console or buy another."),
    OrderState.REVOKING: (ActionNeeded.NONE, "The revocation is under way."),
    OrderState.REVOKED: (ActionNeeded.NONE, "The certificate was revoked; it must not be used any more."),
    OrderState.EXPIRED: (ActionNeeded.NONE, "The certificate has expired; buy and submit another order."),
    OrderState.REFUNDED: (ActionNeeded.NONE, "The order was refunded; buy another."),
    OrderState.UNKNOWN: (
        ActionNeeded.NONE,
        "The cloud names a state that this version does not know; look at the order in the console.",
    ),
}


# What a list does not tell.
LOOK_UP_VALIDATION = "Look the order up by its id to see what has to be published."


def action_for(state: OrderState, validations: Sequence[Validation]) -> tuple[ActionNeeded, str]:
    """What to do next in a state, as a word and as a sentence."""
    if state is not OrderState.VALIDATING:
        return _ACTIONS[state]
    if not validations:
        return ActionNeeded.NONE, "The validation values are not known yet; look again in a moment."
    if all(validation.status is ValidationStatus.PASSED for validation in validations):
        return ActionNeeded.NONE, "Control of every domain is shown; wait for the CA."
    if any(validation.file for validation in validations):
        return ActionNeeded.PUBLISH_VALIDATION, "Publish the validation files, then wait."
    return ActionNeeded.PUBLISH_VALIDATION, "Publish the validation records, then wait."


class ValidationMethod(str, Enum):
    """How control of a domain is shown to the CA."""

    DNS = "dns"
    FILE = "file"
    EMAIL = "email"


class ValidationStatus(str, Enum):
    """How far one validation has come."""

    PENDING = "pending"
    SEEN = "seen"
    PASSED = "passed"
    FAILED = "failed"


@dataclass(frozen=True)
class ValidationRecord:
    """A DNS record the CA wants to see: absolute lower-case A-label name without a final dot, TXT or CNAME."""

    name: str
    type: str
    value: str


@dataclass(frozen=True)
class ValidationFile:
    """A file the CA wants to fetch: its URL, the URL's path and the exact content.

    Raises ValueError for a path that would leave the folder that somebody puts before it.
    """

    url: str
    path: str
    content: str

    def __post_init__(self) -> None:
        steps = self.path.split("/")
        if steps[0] or {".", ".."}.intersection(steps) or _NO_PATH.search(self.path):
            raise ValueError("the path of a validation file leads elsewhere")


@dataclass(frozen=True)
class Validation:
    """One proof of domain control; exactly one of record and file is set."""

    domain: str
    method: ValidationMethod
    record: ValidationRecord | None = None
    file: ValidationFile | None = None
    status: ValidationStatus = ValidationStatus.PENDING

    def to_result(self) -> dict[str, Any]:
        """The shape shown to users."""
        return {
            "domain": self.domain,
            "method": self.method.value,
            "record": None if self.record is None else vars(self.record).copy(),
            "file": None if self.file is None else vars(self.file).copy(),
            "status": self.status.value,
        }


@dataclass(frozen=True)
class CertificateFacts:
    """What an issued certificate says; hex is lower case without separators, times are ISO 8601 UTC."""

    serial: str
    fingerprint_sha256: str
    public_key_sha256: str
    issuer: str
    not_before: str
    not_after: str
    domains: tuple[str, ...] = ()

    def to_result(self) -> dict[str, Any]:
        """The shape shown to users; the names stand in the order."""
        return {key: value for key, value in vars(self).items() if key != "domains"}


@dataclass(frozen=True)
class VendorState:
    """The state exactly as the cloud said it."""

    code: str | None
    text: str | None


@dataclass(frozen=True)
class Order:
    """One certificate application at a cloud, whatever the cloud calls its id.

    ``domains`` is None where the cloud does not tell. ``public_key_sha256`` is the key of the submitted CSR, where the
    cloud shows it; it is for comparing, not for results. ``request_id`` belongs to the call that read the order.
    ``action`` and ``next_step`` are set where the state alone does not say what to do. ``valid_until`` is the end of
    the certificate (ISO 8601 UTC) where the cloud tells it without the certificate.
    """

    provider: str
    flow: str
    id: str
    state: OrderState
    vendor_state: VendorState
    domains: tuple[str, ...] | None = None
    validations: tuple[Validation, ...] = ()
    certificate: CertificateFacts | None = None
    action: ActionNeeded | None = None
    next_step: str | None = None
    public_key_sha256: str | None = None
    request_id: str | None = None
    valid_until: str | None = None

    def to_result(self) -> dict[str, Any]:
        """The shape of ``order`` in every module's result: the only place where it is defined."""
        action, sentence = action_for(self.state, self.validations)
        return {
            "provider": self.provider,
            "flow": self.flow,
            "id": self.id,
            "state": self.state.value,
            "vendor_state": {"code": self.vendor_state.code, "text": self.vendor_state.text},
            "domains": None if self.domains is None else list(self.domains),
            "validations": [validation.to_result() for validation in self.validations],
            "certificate": None if self.certificate is None else self.certificate.to_result(),
            "valid_until": self.valid_until if self.certificate is None else self.certificate.not_after,
            "action_needed": (self.action or action).value,
            "next_step": self.next_step or sentence,
        }


@dataclass(frozen=True)
class Bundle:
    """An issued certificate as PEM: leaf, intermediates from the leaf upwards, and the key if the cloud holds one."""

    leaf: str
    chain: tuple[str, ...]
    private_key: str | None = field(default=None, repr=False)

    @property
    def full_chain(self) -> str:
        """Leaf and intermediates in the order servers want."""
        return "".join(pem if pem.endswith("\n") else pem + "\n" for pem in (self.leaf, *self.chain))
