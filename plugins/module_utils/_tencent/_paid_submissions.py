# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Submitting paid orders at Tencent Cloud: the flow ``tencent_paid`` (ssl, 2019-12-05)."""

from __future__ import annotations

from typing import Callable, cast

from ansible_collections.certwright.cloud.plugins.module_utils._client import ApiCall, ApiClient
from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError, ErrorKind
from ansible_collections.certwright.cloud.plugins.module_utils._order_service import Step
from ansible_collections.certwright.cloud.plugins.module_utils._orders import Order, OrderState
from ansible_collections.certwright.cloud.plugins.module_utils._retry import CallClass
from ansible_collections.certwright.cloud.plugins.module_utils._tencent._application import Application
from ansible_collections.certwright.cloud.plugins.module_utils._tencent._compare import (
    refuse_contradiction,
    refuse_dead_end,
    refuse_incomplete,
    stored_documents_fit,
)
from ansible_collections.certwright.cloud.plugins.module_utils._tencent._detail import PaidOrder
from ansible_collections.certwright.cloud.plugins.module_utils._tencent._paid_orders import (
    PRODUCT,
    UNSUBMITTED,
    VERSION,
    PaidOrders,
)

__all__ = ["PaidSubmissions"]

DOCUMENTS = ApiCall(PRODUCT, VERSION, "CertificateInfoSubmit", CallClass.REPEATABLE, ("CertId",))
ORDER = ApiCall(PRODUCT, VERSION, "CertificateOrderSubmit", CallClass.ONCE, ("CertId",))
VALIDATE = ApiCall(PRODUCT, VERSION, "CompleteCertificate", CallClass.REPEATABLE, ("CertificateId",))

_ATTEMPTS = 3


class PaidSubmissions(PaidOrders):
    """Submitting paid orders (see OrderWriter).

    Arguments:
        client, site: see PaidOrders.
        validate_now: ask the CA to look at once, where an order is validating.
    """

    def __init__(self, client: ApiClient, site: str, validate_now: bool = False) -> None:
        super().__init__(client, site)
        self._validate_now = validate_now

    def steps(self, order: Order, application: Application, until: OrderState) -> list[Step]:
        """See OrderWriter."""
        # All orders that are read here are paid ones.
        order = cast("PaidOrder", order)
        refuse_dead_end(order)
        if order.state not in UNSUBMITTED:
            refuse_contradiction(order, application)
            return self._nudge(order)
        steps = []
        if order.state is OrderState.AWAITING_DOCUMENTS or not stored_documents_fit(order.documents, application):
            refuse_incomplete(order, application)
            send = self._sending_documents(order.id, application)
            steps.append(Step("submit documents", send, OrderState.PREPARED, domains=application.names))
        if until is not OrderState.PREPARED:

            def send_order() -> str | None:
                return self._call(ORDER, order.id, application.order).request_id

            steps.append(Step("submit order", send_order, OrderState.VALIDATING, once=True))
        return steps

    def _nudge(self, order: PaidOrder) -> list[Step]:
        """The CA polls by itself; asking it is optional and refused for some brands (reference: Tencent, 1.10)."""
        if not self._validate_now or order.state is not OrderState.VALIDATING:
            return []

        def send() -> str | None:
            return self._call(VALIDATE, order.id, {"CertificateId": order.id}).request_id

        return [Step("validate now", send, OrderState.VALIDATING, optional=True)]

    def _sending_documents(self, order_id: str, application: Application) -> Callable[[], str | None]:
        """Sends the documents. After a call without a usable answer they are looked up before they are sent again."""

        def send() -> str | None:
            for _attempt in range(_ATTEMPTS):
                try:
                    return self._call(DOCUMENTS, order_id, application.documents).request_id
                except CertwrightError as error:
                    failure = error
                seen = self._seen_after(failure, order_id)
                if stored_documents_fit(seen.documents, application):
                    return seen.request_id
            # The last look has shown that other documents, or none, are stored: nothing is open.
            failure.ambiguous = False
            raise failure

        return send

    def _seen_after(self, failure: CertwrightError, order_id: str) -> PaidOrder:
        """The order after documents were sent and no usable answer came; any other failure goes on up."""
        if not failure.ambiguous:
            raise failure
        try:
            seen = self.read(order_id)
        except CertwrightError:
            raise failure from None
        if seen.state.submitted:
            raise _overtaken(seen)
        return seen


def _overtaken(order: PaidOrder) -> CertwrightError:
    return CertwrightError(
        f"Order '{order.id}' was submitted by somebody else a moment ago",
        kind=ErrorKind.CONFLICT,
        request_id=order.request_id,
        hint="Run the task again: it compares that submission with what is asked for.",
    )
