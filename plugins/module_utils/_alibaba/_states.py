# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Alibaba's words for where an order stands, in ours."""

from __future__ import annotations

import re

from ansible_collections.certwright.cloud.plugins.module_utils._orders import OrderState

__all__ = ["DV_STATES", "dv_state"]

# Keys are lower case and without blanks, hyphens and underscores, because the cloud mixes spellings (reference:
# Alibaba, 2.1). The list knows more states than the result of an order; those after "issued" come from it only.
_WORDS = {
    "payed": OrderState.AWAITING_DOCUMENTS,
    "paid": OrderState.AWAITING_DOCUMENTS,
    "checking": OrderState.VALIDATING,
    "verifying": OrderState.VALIDATING,
    "pendingverification": OrderState.VALIDATING,
    "checkedfail": OrderState.REJECTED,
    "checkfail": OrderState.REJECTED,
    "verificationfailed": OrderState.REJECTED,
    "issued": OrderState.ISSUED,
    "willexpire": OrderState.ISSUED,
    "pendingverificationforrevocation": OrderState.REVOKING,
    "verifyingrevocation": OrderState.REVOKING,
    "revoked": OrderState.REVOKED,
    "expired": OrderState.EXPIRED,
    "closed": OrderState.CANCELLED,
    "refund": OrderState.REFUNDED,
}

# All states that an order of this flow can be in.
DV_STATES = (*dict.fromkeys(_WORDS.values()), OrderState.UNKNOWN)


def dv_state(status: str | None) -> OrderState:
    """Our state for an OrderStatus or a listed Status of the flow alibaba_dv; anything new is unknown."""
    return _WORDS.get(re.sub(r"[\s_-]", "", status or "").lower(), OrderState.UNKNOWN)
