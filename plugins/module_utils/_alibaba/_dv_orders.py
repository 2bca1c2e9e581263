# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading the flow alibaba_dv: DV orders of cas 2018-07-13, bought in the console (reference: Alibaba, 1.1 and 1.2)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from ansible_collections.certwright.cloud.plugins.module_utils._alibaba._dialect import CAS
from ansible_collections.certwright.cloud.plugins.module_utils._alibaba._dv_answers import (
    ListedOrder,
    bundle_from,
    listed_orders,
    order_from_listed,
    order_from_result,
)
from ansible_collections.certwright.cloud.plugins.module_utils._alibaba._fields import Fields
from ansible_collections.certwright.cloud.plugins.module_utils._client import ApiCall, ApiClient
from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError, ErrorKind
from ansible_collections.certwright.cloud.plugins.module_utils._many import for_each
from ansible_collections.certwright.cloud.plugins.module_utils._orders import (
    Bundle,
    Order,
    OrderState,
)
from ansible_collections.certwright.cloud.plugins.module_utils._paging import pages
from ansible_collections.certwright.cloud.plugins.module_utils._retry import CallClass

__all__ = ["VERSION", "DvOrders"]

VERSION = "2018-07-13"
RESULT = ApiCall(CAS, VERSION, "DescribeDVOrderResult", CallClass.READ)
LIST = ApiCall(CAS, VERSION, "DescribeOrderInstanceList", CallClass.READ)

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
        return self.read_all([order_id])[0]

    def read_all(self, order_ids: Sequence[str]) -> list[Order]:
        """See OrderReader. The list is read once for all orders of which DescribeDVOrderResult tells nothing."""
        results = for_each(self._result, order_ids)
        untold = [order_id for order_id, (order, _refusal) in zip(order_ids, results) if order is None]
        rows = self._listed(untold) if untold else {}
        return [
            self._unsent(order_id, rows.get(order_id), refusal) if order is None else order
            for order_id, (order, refusal) in zip(order_ids, results)
        ]

    def listed(self, order_ids: Sequence[str], most_calls: int | None = None) -> dict[str, Order] | None:
        """See OrderReader. The cloud can only list all orders of the account."""
        wanted, found = set(order_ids), {}
        for calls, (rows, calls_left) in enumerate(self._pages(), start=1):
            found.update({row.id: order_from_listed(row) for row in rows if row.id in wanted})
            if len(found) == len(wanted):
                break
            if most_calls is not None and calls + calls_left > most_calls:
                return None
        return found

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

    def _unsent(self, order_id: str, row: ListedOrder | None, refusal: CertwrightError | None) -> Order:
        """The order by its row in the list, where the cloud told nothing else of it. Raises CertwrightError."""
        if row is None:
            raise self._not_found(order_id, refusal)
        order = order_from_listed(row)
        # The list's advice is to look the order up by its id, which was done just now.
        return replace(order, action=None, next_step=None) if order.state is OrderState.VALIDATING else order

    def _listed(self, order_ids: Sequence[str]) -> dict[str, ListedOrder]:
        """The rows of these orders, as far as there are any. Reads no further than to the last of them."""
        wanted, found = set(order_ids), {}
        try:
            for row in self._rows():
                if row.id in wanted:
                    found[row.id] = row
                    if len(found) == len(wanted):
                        break
        except CertwrightError as error:
            error.message = f"Order '{order_ids[0]}': {error.message}"
            raise
        return found

    def _rows(self) -> Iterator[ListedOrder]:
        """The rows of all pages, each order once."""
        for rows, _calls_left in self._pages():
            yield from rows

    def _pages(self) -> Iterator[tuple[list[ListedOrder], float]]:
        """The pages of the list, each order once, and how many calls the rest takes, as far as the cloud tells.

        The size of a page is not documented, so it is not assumed.
        """
        start = 0
        seen: set[str] = set()
        for _page in pages(LIST.action):
            answer = self._client.call(LIST, {"StartIndex": start, **self._common})
            page = Fields.of(LIST, answer)
            rows, total = listed_orders(page), page.number("TotalCount")
            shown = len(page.objects("OrderList"))
            start += shown
            fresh = [row for row in rows if row.id not in seen]
            seen.update(row.id for row in fresh)
            last = not fresh or (total is not None and start >= total)
            yield fresh, 0 if last or total is None else (total - start) / shown
            if last:
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
            hint=f"{_other_cloud(order_id)}Check instance_id, the site (intl and china have separate orders) and whose "
            "access key is used.",
        )


def _other_cloud(order_id: str) -> str:
    """What to say of an id that looks like one of another cloud."""
    if not re.fullmatch(r"[A-Za-z0-9]{8}", order_id):
        return ""
    return "The id looks like one of Tencent Cloud; its orders are looked up with tencent_order_info. "
