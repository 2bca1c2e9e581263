# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tencent's states in our words (design, section 3; reference: Tencent, 2.1 and 2.2)."""

from __future__ import annotations

from collections.abc import Iterable

from ansible_collections.certwright.cloud.plugins.module_utils._orders import OrderState

__all__ = ["REVOCATION_LETTER", "WAIT_ISSUE", "codes_of", "state_of"]

# Status 12: the revocation stands still until a signed letter is uploaded in the console.
REVOCATION_LETTER = 12

# The message between a passed validation and the certificate; the list API writes it in lower case.
WAIT_ISSUE = "WAIT-ISSUE"

_AWAITING_DOCUMENTS = 5
_PENDING = (0, 4)
_REVIEW_MESSAGES = ("PRE-REVIEWING", "LEGAL-REVIEWING", "CA-REVIEWING", WAIT_ISSUE)
_PLAIN: dict[int, OrderState] = {
    1: OrderState.ISSUED,
    2: OrderState.REJECTED,
    3: OrderState.EXPIRED,
    6: OrderState.CANCELLING,
    7: OrderState.CANCELLED,
    8: OrderState.AWAITING_LETTER,
    9: OrderState.REVOKING,
    10: OrderState.REVOKED,
    11: OrderState.REISSUING,
    REVOCATION_LETTER: OrderState.REVOKING,
    13: OrderState.AWAITING_DOCUMENTS,
    14: OrderState.REFUNDED,
}


def state_of(status: int | None, message: str | None, has_documents: bool, has_validations: bool) -> OrderState:
    """Our state of an order.

    Arguments:
        status, message: Status and StatusMsg. The list of messages is open (reference: Tencent, 2.2), so one that is
            not known does not decide.
        has_documents: SubmittedData is there.
        has_validations: the cloud shows what to publish.
    """
    if status == _AWAITING_DOCUMENTS:
        return OrderState.PREPARED if has_documents else OrderState.AWAITING_DOCUMENTS
    if status not in _PENDING:
        return OrderState.UNKNOWN if status is None else _PLAIN.get(status, OrderState.UNKNOWN)
    word = (message or "PENDING-DCV").strip().upper()
    if word in _REVIEW_MESSAGES:
        return OrderState.REVIEWING
    return OrderState.VALIDATING if word == "PENDING-DCV" or has_validations else OrderState.REVIEWING


def codes_of(states: Iterable[OrderState]) -> list[int]:
    """The values of Status that can mean one of the states; empty where any can, so that no filter fits."""
    codes: set[int] = set()
    for state in states:
        if state is OrderState.UNKNOWN:
            return []
        codes.update(code for code, meaning in _PLAIN.items() if meaning is state)
        if state in (OrderState.VALIDATING, OrderState.REVIEWING):
            codes.update(_PENDING)
        if state in (OrderState.AWAITING_DOCUMENTS, OrderState.PREPARED):
            codes.add(_AWAITING_DOCUMENTS)
    return sorted(codes)
