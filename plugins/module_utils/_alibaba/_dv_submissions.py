# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Submitting the flow alibaba_dv: DV orders of cas 2018-07-13 (reference: Alibaba, 1.1 and 1.2)."""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.certwright.cloud.plugins.module_utils._alibaba._dialect import CAS
from ansible_collections.certwright.cloud.plugins.module_utils._alibaba._dv_answers import (
    ListedOrder,
    made_absolute,
    order_from_listed,
)
from ansible_collections.certwright.cloud.plugins.module_utils._alibaba._dv_application import (
    DvApplication,
    contradiction,
    unverified,
)
from ansible_collections.certwright.cloud.plugins.module_utils._alibaba._dv_orders import VERSION, DvOrders
from ansible_collections.certwright.cloud.plugins.module_utils._client import ApiCall, ApiClient
from ansible_collections.certwright.cloud.plugins.module_utils._domains import base_name
from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError, ErrorKind
from ansible_collections.certwright.cloud.plugins.module_utils._order_service import Step
from ansible_collections.certwright.cloud.plugins.module_utils._orders import Order, OrderState, action_for
from ansible_collections.certwright.cloud.plugins.module_utils._retry import CallClass

__all__ = ["DvSubmissions"]

CREATE = ApiCall(CAS, VERSION, "CreateDVOrderAudit", CallClass.ONCE, ("InstanceId",))


class DvSubmissions(DvOrders):
    """Submitting one DV order (see OrderWriter).

    Arguments:
        application: what is asked for; it is compared with what the cloud shows.
    """

    def __init__(
        self, client: ApiClient, site: str, application: DvApplication, common: dict[str, str | None] | None = None
    ) -> None:
        super().__init__(client, site, common)
        self._application = application
        self._row: ListedOrder | None = None
        self._sent = False
        # Whether the list has nothing to add any more, so that a look while waiting is one call.
        self._direct = False

    def read(self, order_id: str) -> Order:
        """See OrderReader: the list for the state, then the result for the details.

        The result is asked for also where the list shows an order that was not sent yet: a list that lags behind must
        not lead to a second submission.
        """
        self._row = self._row if self._direct else self._row_of(order_id)
        order, refusal = self._result(order_id, None if self._direct else self._row)
        if order is None:
            self._row = self._row_of(order_id) if self._direct else self._row
            if self._row is None:
                raise self._not_found(order_id, refusal)
            order = replace(order_from_listed(self._row), action=None, next_step=None)
        self._direct = self._direct or order.state is OrderState.VALIDATING
        return self._explained(order)

    def _row_of(self, order_id: str) -> ListedOrder | None:
        return self._listed([order_id]).get(order_id)

    def _explained(self, order: Order) -> Order:
        """The order with what a person must know beside the state."""
        order = self._absolute(order)
        note = unverified(order, self._application) if order.state in _COMPARED and not self._sent else None
        if note is None:
            return order
        sentence = order.next_step or action_for(order.state, order.validations)[1]
        return replace(order, next_step=f"{sentence} {note}")

    def _absolute(self, order: Order) -> Order:
        names = self._application.domains
        return made_absolute(order, base_name(names[0])) if names else order

    def steps(self, order: Order, application: DvApplication, until: OrderState) -> list[Step]:
        """See OrderWriter; there is one write, so ``until`` makes no difference."""
        if self._row and not self._row.only_dv:
            raise _conflict(
                order,
                f"is of the type '{self._row.certificate_type}', and this API submits DV orders only",
                "Submit it in the cloud's console.",
            )
        state = order.state
        if state is OrderState.AWAITING_DOCUMENTS or (state is OrderState.REJECTED and application.resubmit_rejected):
            application.require_complete(order.id)
            # Not its domains, because the cloud will not tell any.
            sends = application.domains
            return [
                Step(
                    "submit order",
                    lambda: self._submit(order.id, application),
                    OrderState.VALIDATING,
                    once=True,
                    sends=sends,
                )
            ]
        if state in _COMPARED:
            conflict = contradiction(order, application)
            if conflict:
                raise conflict
        elif state is not OrderState.UNKNOWN:
            raise _closed(order)
        return []

    def _submit(self, order_id: str, application: DvApplication) -> str | None:
        request_id = self._call(CREATE, order_id, **application.parameters()).request_id
        self._sent = self._direct = True
        return request_id


# Orders in these states stand for a submission, which has to be the one that is asked for.
_COMPARED = frozenset({OrderState.VALIDATING, OrderState.ISSUED})


def _closed(order: Order) -> CertwrightError:
    if order.state is OrderState.REJECTED:
        return _conflict(
            order,
            f"was refused by the CA ('{order.vendor_state.code}') and was not sent again",
            "Read the reason in the cloud's console and correct it. Then submit the order there, or set "
            "resubmit_rejected=true (the cloud does not document whether this API takes a refused order again).",
        )
    said = order.to_result()["next_step"]
    return _conflict(order, f"is {order.state.value}, so nothing can be submitted", said)


def _conflict(order: Order, what: str, hint: str) -> CertwrightError:
    return CertwrightError(
        f"Order '{order.id}' {what}",
        kind=ErrorKind.CONFLICT,
        request_id=order.request_id,
        hint=hint,
    )
