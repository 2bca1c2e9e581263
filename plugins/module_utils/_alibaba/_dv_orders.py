# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The flow alibaba_dv: DV orders of cas 2018-07-13, bought in the console (reference: Alibaba, 1.1 and 1.2)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from ansible_collections.certwright.cloud.plugins.module_utils._alibaba._dialect import CAS
from ansible_collections.certwright.cloud.plugins.module_utils._alibaba._dv_answers import (
    ListedOrder,
    bundle_from,
    listed_orders,
    made_absolute,
    order_from_listed,
    order_from_result,
)
from ansible_collections.certwright.cloud.plugins.module_utils._alibaba._dv_application import (
    DvApplication,
    contradiction,
    unverified,
)
from ansible_collections.certwright.cloud.plugins.module_utils._alibaba._fields import Fields
from ansible_collections.certwright.cloud.plugins.module_utils._client import ApiCall, ApiClient
from ansible_collections.certwright.cloud.plugins.module_utils._domains import base_name
from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError, ErrorKind
from ansible_collections.certwright.cloud.plugins.module_utils._order_service import Step
from ansible_collections.certwright.cloud.plugins.module_utils._orders import (
    Bundle,
    Order,
    OrderState,
    action_for,
)
from ansible_collections.certwright.cloud.plugins.module_utils._retry import CallClass

__all__ = ["DvOrders", "DvSubmissions"]

_VERSION = "2018-07-13"
CREATE = ApiCall(CAS, _VERSION, "CreateDVOrderAudit", CallClass.ONCE)
RESULT = ApiCall(CAS, _VERSION, "DescribeDVOrderResult", CallClass.READ)
LIST = ApiCall(CAS, _VERSION, "DescribeOrderInstanceList", CallClass.READ)

# What the cloud answers to a result asked for before any submission is not documented (reference: Alibaba, 2.1 and
# 7.9), so these kinds may mean just that, and the list is asked.
_MAY_BE_UNSENT = frozenset(
    {ErrorKind.NOT_FOUND, ErrorKind.CONFLICT, ErrorKind.INVALID_INPUT, ErrorKind.REJECTED, ErrorKind.SERVER}
)


class DvOrders:
    """Reading DV orders (see OrderReader).

    Arguments:
        client: calls the API.
        site: intl or china, for messages.
        common: the request parameters Lang and SourceIp, where they are to be sent.
    """

    def __init__(self, client: ApiClient, site: str, common: dict[str, str | None] | None = None) -> None:
        self._client = client
        self._site = site
        self._common = common or {}

    def read(self, order_id: str) -> Order:
        """See OrderReader: by DescribeDVOrderResult; where that tells nothing, by the list."""
        order, refusal = self._result(order_id)
        if order is not None:
            return order
        row = self._listed(order_id)
        if row is None:
            raise self._not_found(order_id, refusal)
        return order_from_listed(row)

    def bundle(self, order_id: str, with_key: bool) -> Bundle:
        """See OrderReader."""
        fields = self._call(RESULT, order_id)
        bundle = bundle_from(fields, with_key)
        if bundle is None:
            raise CertwrightError(
                f"Order '{order_id}': the cloud returned no certificate",
                kind=ErrorKind.CONFLICT,
                request_id=fields.request_id,
                hint="Wait until the order is issued (wait_for=issued).",
            )
        return bundle

    def search(self, criteria: dict[str, Any]) -> list[Order]:
        """See OrderReader.

        Arguments:
            criteria: states, a list of our states' values; without it all orders, with an empty one none.
        """
        states = criteria.get("states")
        if states is not None and not states:
            return []
        orders = [order_from_listed(row) for row in self._rows()]
        return [order for order in orders if states is None or order.state.value in states]

    def _result(self, order_id: str, row: ListedOrder | None = None) -> tuple[Order | None, CertwrightError | None]:
        """The order, or None and what the cloud said, if it said that the order may not have been sent yet."""
        try:
            result = self._call(RESULT, order_id)
        except CertwrightError as error:
            # Without a code nothing was understood, and then nothing may be concluded.
            if error.kind not in _MAY_BE_UNSENT or error.code is None:
                raise
            return None, error
        return order_from_result(order_id, result, row), None

    def _call(self, call: ApiCall, order_id: str, **params: str) -> Fields:
        about = f"Order '{order_id}': "
        try:
            answer = self._client.call(call, {"InstanceId": order_id, **params, **self._common})
        except CertwrightError as error:
            error.message = f"{about}{error.message}"
            raise
        return Fields.of(call, answer, about)

    def _listed(self, order_id: str) -> ListedOrder | None:
        try:
            return next((row for row in self._rows() if row.id == order_id), None)
        except CertwrightError as error:
            error.message = f"Order '{order_id}': {error.message}"
            raise

    def _rows(self) -> Iterator[ListedOrder]:
        """The rows of all pages, each order once; the size of a page is not documented, so it is not assumed."""
        start = 0
        seen: set[str] = set()
        while True:
            answer = self._client.call(LIST, {"StartIndex": start, **self._common})
            page = Fields.of(LIST, answer)
            rows, total = listed_orders(page), page.number("TotalCount")
            start += len(page.objects("OrderList"))
            fresh = [row for row in rows if row.id not in seen]
            seen.update(row.id for row in fresh)
            yield from fresh
            if not fresh or (total is not None and start >= total):
                return

    def _not_found(self, order_id: str, refusal: CertwrightError | None) -> CertwrightError:
        if refusal and refusal.kind is ErrorKind.SERVER:
            return refusal
        return CertwrightError(
            f"Order '{order_id}' does not exist in this account on the site '{self._site}'",
            kind=ErrorKind.NOT_FOUND,
            code=refusal.code if refusal else None,
            detail=refusal.detail if refusal else None,
            request_id=refusal.request_id if refusal else None,
            http_status=refusal.http_status if refusal else None,
            hint="Check instance_id, the site (intl and china have separate orders) and whose access key is used.",
        )


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
        self._row = self._row if self._direct else self._listed(order_id)
        order, refusal = self._result(order_id, None if self._direct else self._row)
        if order is None:
            self._row = self._listed(order_id) if self._direct else self._row
            if self._row is None:
                raise self._not_found(order_id, refusal)
            order = replace(order_from_listed(self._row), next_step=None)
        self._direct = self._direct or order.state is OrderState.VALIDATING
        return self._explained(order)

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
            # The step predicts no names, because the cloud will not tell any.
            return [Step("submit order", lambda: self._submit(order.id, application), OrderState.VALIDATING)]
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
