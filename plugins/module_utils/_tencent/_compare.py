# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether an order is the one that is asked for, and what it still lacks."""

from __future__ import annotations

from ansible_collections.certwright.cloud.plugins.module_utils._domains import base_name, is_wildcard
from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError, ErrorKind, InvalidInput
from ansible_collections.certwright.cloud.plugins.module_utils._orders import OrderState
from ansible_collections.certwright.cloud.plugins.module_utils._tencent._application import Application
from ansible_collections.certwright.cloud.plugins.module_utils._tencent._detail import Documents, PaidOrder

__all__ = ["refuse_contradiction", "refuse_dead_end", "refuse_incomplete", "stored_documents_fit"]

_REOPEN = (
    "Read the reason in the cloud's console, reopen the order there (or with the API ModifyCertificateResubmit), "
    "then run the task again."
)


def refuse_dead_end(order: PaidOrder) -> None:
    """Raises CertwrightError (conflict) where nothing can be sent for the order any more."""
    if order.state.dead_end:
        reopens = order.state in (OrderState.REJECTED, OrderState.CANCELLED)
        raise _conflict(
            order,
            f"{order.state.phrase}, so nothing can be submitted",
            _REOPEN if reopens else str(order.to_result()["next_step"]),
            order.vendor_state.text,
        )


def refuse_incomplete(order: PaidOrder, application: Application) -> None:
    """Raises InvalidInput where documents have to be sent, but not all of them were given."""
    faults = list(application.missing)
    if application.for_person and order.is_dv is False:
        faults.append(f"company_type: person is for DV certificates only, and order '{order.id}' is none; use company")
    if faults:
        raise InvalidInput(faults)


def refuse_contradiction(order: PaidOrder, application: Application) -> None:
    """Raises CertwrightError (conflict) where a submitted order has other names or another key than asked for.

    More names than asked for are no contradiction: CAs add the name with or without ``www``.
    """
    lacking = _lacking_names(order, application)
    if lacking:
        has = ", ".join(f"'{name}'" for name in order.domains or ())
        raise _conflict(
            order,
            f"{_already(order)} for {has}, without {', '.join(lacking)}",
            "Correct common_name and dns_names, or name the order that is meant.",
        )
    # Before the keys, because a key that the cloud made differs from every other.
    stored = order.documents.values.get("GenCsrType", "").lower() if order.documents else ""
    if application.csr_generation and stored in ("online", "parse") and stored != application.csr_generation:
        raise _conflict(
            order,
            f"{_already(order)} with csr_generation={stored}, not {application.csr_generation}",
            "Say csr_generation as the order was submitted, or name another order.",
        )
    theirs, ours = order.public_key_sha256, application.public_key_sha256
    if theirs and ours and theirs != ours:
        raise _conflict(
            order,
            f"{_already(order)} with another key: its public key has the SHA-256 '{theirs}', that of the "
            f"given request '{ours}'",
            "Give the request that the order was submitted with, or name another order.",
        )


def stored_documents_fit(stored: Documents | None, application: Application) -> bool:
    """Whether the stored documents are those asked for, as far as the cloud shows them.

    What was not said, what is not shown, and case and order of the names do not matter.
    """
    if stored is None:
        return False
    if application.names and set(application.names) != set(stored.names):
        return False
    if application.public_key_sha256 and application.public_key_sha256 != stored.public_key_sha256:
        return False
    return all(
        value.strip().lower() == str(application.documents[name]).strip().lower()
        for name, value in stored.values.items()
        if name in application.documents
    )


def _lacking_names(order: PaidOrder, application: Application) -> list[str]:
    known = set(order.domains or ())
    if order.names_known:
        return [f"'{name}'" for name in application.names if name not in known]
    # The cloud shows only the common name here; the other names can only be recognised by their validations.
    proved = {validation.domain for validation in order.validations}
    asked = application.common_name
    if not known or asked is None or asked in known or (base_name(asked) in proved and not is_wildcard(asked)):
        return []
    return [f"'{asked}'"]


def _already(order: PaidOrder) -> str:
    verb, _space, rest = order.state.phrase.partition(" ")
    return f"is already {rest}" if verb == "is" else f"already {verb} {rest}"


def _conflict(order: PaidOrder, what: str, hint: str, said: str | None = None) -> CertwrightError:
    return CertwrightError(
        f"Order '{order.id}' {what}",
        kind=ErrorKind.CONFLICT,
        detail=said,
        request_id=order.request_id,
        hint=hint,
    )
