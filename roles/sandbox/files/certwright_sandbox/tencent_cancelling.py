# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Withdrawing a Tencent order and making it submittable again (Tencent reference 1.13, 7.3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from certwright_sandbox.gateway import ApiError, Call
from certwright_sandbox.orders import Order, State
from certwright_sandbox.tencent_gateway import Action
from certwright_sandbox.tencent_parameters import table

if TYPE_CHECKING:
    from certwright_sandbox.app import App

__all__ = ["actions"]

#: The CA has the order (or waits for a letter): it has to agree, which takes a while.
_AT_CA = frozenset({State.AWAITING_LETTER, State.REVIEWING, State.VALIDATING, State.ISSUING})
_UNSENT = frozenset({State.AWAITING_DOCUMENTS, State.PREPARED})
_CLOSED = frozenset({State.REJECTED, State.CANCELLED})
_CANNOT = "CertificateNotFoundOrCantCancel"


def actions(app: App, find: Callable[..., Order]) -> dict[str, Action]:
    """The three actions; ``find(call, id, code)`` is the caller's order, or raises ApiError with that code."""
    one, handlers = table({"CertificateId": "string"}), _Cancelling(app, find)
    return {
        "CancelAuditCertificate": Action(handlers.withdraw, one),
        "CancelCertificateOrder": Action(handlers.cancel, one),
        "ModifyCertificateResubmit": Action(handlers.reopen, one),
    }


class _Cancelling:
    """The actions' handlers: (call, checked parameters) -> fields of the answer."""

    def __init__(self, app: App, find: Callable[..., Order]) -> None:
        self._app, self._find = app, find

    def withdraw(self, call: Call, given: dict[str, Any]) -> dict[str, Any]:
        """CancelAuditCertificate: take back what was sent."""
        order = self._find(call, given["CertificateId"], f"FailedOperation.{_CANNOT}")
        _only(order, _AT_CA, _CANNOT)
        self._close(call, order, self._app.settings.cancel_delay)
        return {"Result": True}

    def cancel(self, call: Call, given: dict[str, Any]) -> dict[str, Any]:
        """CancelCertificateOrder: the row stays, and no money comes back by this API."""
        order = self._find(call, given["CertificateId"])
        _only(order, _AT_CA | _UNSENT, "InvalidCertificateStatusCode")
        # That an order which was never sent is cancelled at once is a guess (Tencent reference 7.7).
        self._close(call, order, 0.0 if order.state in _UNSENT else self._app.settings.cancel_delay)
        return {"CertificateId": order.id}

    def _close(self, call: Call, order: Order, delay: float) -> None:
        order.state, order.cancelled_at = State.CANCELLING, self._app.clock.business() + delay
        self._app.orders.save(order)
        call.effective = True

    def reopen(self, call: Call, given: dict[str, Any]) -> dict[str, Any]:
        """ModifyCertificateResubmit: a refused or cancelled order waits for documents again."""
        order = self._find(call, given["CertificateId"])
        _only(order, _CLOSED, "CertificateStatusNotAllowResubmit")
        order.state, order.message, order.method = State.AWAITING_DOCUMENTS, None, None
        order.names, order.application, order.validations = [], {}, []
        order.csr_pem = order.private_key_pem = None
        order.submitted_at = order.visible_at = order.deadline = order.validated_at = order.cancelled_at = None
        order.vendor.pop("order_id", None)
        self._app.orders.save(order)
        call.effective = True
        return {"CertificateId": order.id}


def _only(order: Order, states: frozenset[State], reason: str) -> None:
    """Raises ApiError where the order is in none of the states."""
    if order.state not in states:
        raise ApiError(
            f"FailedOperation.{reason}", f"The certificate {order.id} is in a status that does not allow it."
        )
