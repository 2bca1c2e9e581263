# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How far validations have come, as CheckCertificateDomainVerification says (reference: Tencent, 1.9)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ansible_collections.certwright.cloud.plugins.module_utils._domains import base_name, normalise
from ansible_collections.certwright.cloud.plugins.module_utils._orders import ValidationStatus, action_for
from ansible_collections.certwright.cloud.plugins.module_utils._tencent._answers import flag, number, parts, text
from ansible_collections.certwright.cloud.plugins.module_utils._tencent._detail import PaidOrder

__all__ = ["with_check", "with_statuses"]

_CA_PASSED = 2
_SEEN = 1
# Something is published, but not the value that is asked for.
_DIFFERS = (-2, -5, -7, -10)


def with_check(order: PaidOrder, data: Mapping[str, Any]) -> PaidOrder:
    """The order with the status of its validations, and with what the cloud found as its next step."""
    results = {base_name(normalise(text(each, "Domain") or "")): each for each in parts(data, "VerificationResults")}
    validations = tuple(
        replace(each, status=_status(results[each.domain], each.status)) if each.domain in results else each
        for each in order.validations
    )
    said = [
        f"'{domain}': {reason}"
        for domain, reason in ((name, text(each, "LocalCheckFailReason")) for name, each in results.items())
        if reason and not flag(results[domain], "Frequently")
    ]
    next_step = order.next_step
    if said:
        sentence = next_step or action_for(order.state, validations)[1]
        next_step = f"{sentence} The cloud's own look-up says: {'; '.join(said)}."
    return replace(order, validations=validations, next_step=next_step)


def with_statuses(order: PaidOrder, checked: PaidOrder) -> PaidOrder:
    """The order with what a check has found of the same validations a moment ago."""
    known = {(each.domain, each.record, each.file): each.status for each in checked.validations}
    validations = tuple(
        replace(each, status=known.get((each.domain, each.record, each.file), each.status))
        for each in order.validations
    )
    return replace(order, validations=validations, next_step=checked.next_step)


def _status(result: Mapping[str, Any], known: ValidationStatus) -> ValidationStatus:
    if flag(result, "Issued") or number(result, "CaCheck") == _CA_PASSED:
        return ValidationStatus.PASSED
    local = number(result, "LocalCheck")
    if flag(result, "Frequently") or local is None:
        # The look-up was refused for being too frequent: it says nothing.
        return known
    if local == _SEEN:
        return ValidationStatus.SEEN
    return ValidationStatus.FAILED if local in _DIFFERS else known
