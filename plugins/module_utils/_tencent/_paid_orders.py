# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading paid orders at Tencent Cloud: the flow ``tencent_paid`` (ssl, 2019-12-05)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ansible_collections.certwright.cloud.plugins.module_utils._client import Answer, ApiCall, ApiClient
from ansible_collections.certwright.cloud.plugins.module_utils._domains import normalise
from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError, ErrorKind
from ansible_collections.certwright.cloud.plugins.module_utils._many import for_each
from ansible_collections.certwright.cloud.plugins.module_utils._orders import (
    Bundle,
    Order,
    OrderState,
)
from ansible_collections.certwright.cloud.plugins.module_utils._paging import pages
from ansible_collections.certwright.cloud.plugins.module_utils._retry import CallClass, Clock
from ansible_collections.certwright.cloud.plugins.module_utils._tencent._answers import (
    Misshapen,
    number,
    parts,
    text,
    understood,
)
from ansible_collections.certwright.cloud.plugins.module_utils._tencent._check import with_check, with_statuses
from ansible_collections.certwright.cloud.plugins.module_utils._tencent._detail import (
    PaidOrder,
    is_upload,
    parse_detail,
    parse_row,
)
from ansible_collections.certwright.cloud.plugins.module_utils._tencent._states import codes_of

__all__ = ["PRODUCT", "UNSUBMITTED", "VERSION", "PaidOrders"]

PRODUCT, VERSION = "ssl", "2019-12-05"
DETAIL = ApiCall(PRODUCT, VERSION, "DescribeCertificateDetail", CallClass.READ)
LIST = ApiCall(PRODUCT, VERSION, "DescribeCertificates", CallClass.READ)
CHECK = ApiCall(PRODUCT, VERSION, "CheckCertificateDomainVerification", CallClass.READ)

# Up to 1000 are allowed; rows are large, so a careful page is 100 (reference: Tencent, 1.8).
_PAGE = 100
# Seconds between two checks of an order; the cloud blocks what comes too often for minutes (reference: Tencent, 1.9).
_CHECK_EVERY = 60.0
UNSUBMITTED = (OrderState.AWAITING_DOCUMENTS, OrderState.PREPARED)


class PaidOrders:
    """Reading paid orders (see OrderReader).

    Arguments:
        client: calls the API.
        site: intl or china, for messages.
        check_clock: to look with CheckCertificateDomainVerification how far each validation has come, but at an order
            no more than once a minute of this clock; None for not at all.
    """

    def __init__(self, client: ApiClient, site: str, check_clock: Clock | None = None) -> None:
        self._client = client
        self._site = site
        self._check_clock = check_clock
        self._checks: dict[str, tuple[float, PaidOrder]] = {}

    def read(self, order_id: str) -> PaidOrder:
        """See OrderReader."""
        try:
            answer = self._call(DETAIL, order_id, {"CertificateId": order_id})
        except CertwrightError as error:
            if error.kind is ErrorKind.NOT_FOUND:
                where = f"in this account on the site '{self._site}'"
                error.message = f"Order '{order_id}' (certificate_id) does not exist {where}"
                error.hint = f"{_other_cloud(order_id)}{error.hint or ''}"
            raise
        order = understood(DETAIL, answer, lambda data: parse_detail(data, answer.request_id))
        order = replace(order, id=order_id)
        return self._checked(order, self._check_clock) if self._check_clock else order

    def read_all(self, order_ids: Sequence[str]) -> list[Order]:
        """See OrderReader."""
        return for_each(self.read, order_ids)

    def listed(self, order_ids: Sequence[str], most_calls: int | None = None) -> dict[str, Order] | None:
        """See OrderReader. The list does not say of any order whether documents are stored."""
        named = [order_ids[start : start + _PAGE] for start in range(0, len(order_ids), _PAGE)]
        if most_calls is not None and len(named) > most_calls:
            return None
        pages_of_named = for_each(lambda ids: self._listed({"CertIds": list(ids), "Limit": _PAGE}), named)
        return {order.id: order for orders in pages_of_named for order in orders}

    def bundle(self, order_id: str, with_key: bool) -> Bundle:
        """See OrderReader."""
        from ansible_collections.certwright.cloud.plugins.module_utils._x509 import order_chain

        answer = self._call(DETAIL, order_id, {"CertificateId": order_id})
        pem = understood(DETAIL, answer, lambda data: text(data, "CertificatePublicKey"))
        if pem is None:
            raise CertwrightError(
                f"Order '{order_id}' has no certificate yet",
                kind=ErrorKind.CONFLICT,
                request_id=answer.request_id,
                hint="Wait until it is issued (wait_for=issued).",
            )
        key = understood(DETAIL, answer, lambda data: text(data, "CertificatePrivateKey")) if with_key else None
        try:
            leaf, *chain = order_chain([pem])
        except CertwrightError as error:
            error.kind, error.request_id = ErrorKind.SERVER, answer.request_id
            error.message = f"The certificate of order '{order_id}' cannot be used: {error.message}"
            raise
        return Bundle(leaf, tuple(chain), key)

    def search(self, criteria: dict[str, Any]) -> list[Order]:
        """See OrderReader.

        Arguments:
            criteria: domain (exact), states (our words), search_key (as the cloud takes it); or none, for no order.
        """
        if criteria.get("none"):
            return []
        wanted = frozenset(OrderState(state) for state in criteria.get("states") or ())
        domain = criteria.get("domain")
        params: dict[str, Any] = {"Limit": _PAGE}
        search_key = criteria.get("search_key") or (normalise(domain) if domain else None)
        if search_key:
            params["SearchKey"] = search_key
        codes = codes_of(wanted)
        if codes:
            params["CertificateStatus"] = codes
        orders = self._told_apart(self._listed(params), wanted)
        # The cloud's search finds parts of names too (reference: Tencent, 1.8).
        fitting = [each for each in orders if not domain or normalise(domain) in (each.domains or ())]
        return [each for each in fitting if not wanted or each.state in wanted]

    def _call(self, call: ApiCall, order_id: str, params: Mapping[str, Any]) -> Answer:
        try:
            return self._client.call(call, params)
        except CertwrightError as error:
            error.message = f"Order '{order_id}': {error.message}"
            raise

    def _checked(self, order: PaidOrder, clock: Clock) -> PaidOrder:
        if not order.validations or order.state not in (OrderState.VALIDATING, OrderState.REVIEWING):
            return order
        checked_at, known = self._checks.get(order.id, (None, order))
        if checked_at is not None and clock.monotonic() - checked_at < _CHECK_EVERY:
            return with_statuses(order, known)
        self._checks[order.id] = (clock.monotonic(), self._check(order))
        return self._checks[order.id][1]

    def _check(self, order: PaidOrder) -> PaidOrder:
        try:
            answer = self._call(CHECK, order.id, {"CertificateId": order.id})
        except CertwrightError as error:
            if error.kind is ErrorKind.CONFLICT:
                # The order does not stand where it can be checked, which the next look will show.
                return order
            raise
        return understood(CHECK, answer, lambda data: with_check(order, data))

    def _listed(self, params: Mapping[str, Any]) -> list[PaidOrder]:
        found: dict[str, PaidOrder | None] = {}
        for page in pages(LIST.action):
            answer = self._client.call(LIST, {**params, "Offset": page * _PAGE})
            rows = understood(LIST, answer, lambda data: parts(data, "Certificates"))
            total = understood(LIST, answer, lambda data: number(data, "TotalCount"))
            # Rows move to the next page while others buy, so an order can come twice.
            new = {key: order for key, order in _orders_of(rows, answer).items() if key not in found}
            found.update(new)
            # A page may be empty before the count is reached (reference: Tencent, 6, rule 13).
            if not new or (total is not None and (page + 1) * _PAGE >= total):
                break
        return [order for order in found.values() if order is not None]

    def _told_apart(self, orders: list[PaidOrder], wanted: frozenset[OrderState]) -> list[PaidOrder]:
        """The list does not show documents; where only orders with or only those without are wanted, they are read."""
        if len(wanted.intersection(UNSUBMITTED)) != 1:
            return orders
        return [self.read(each.id) if each.state is OrderState.AWAITING_DOCUMENTS else each for each in orders]


def _other_cloud(order_id: str) -> str:
    """What to say of an id that looks like one of another cloud."""
    if not order_id.lower().startswith("cas-"):
        return ""
    return "The id looks like one of Alibaba Cloud; its orders are looked up with alibaba_dv_order_info. "


def _orders_of(rows: list[dict[str, Any]], answer: Answer) -> dict[str, PaidOrder | None]:
    """The orders of a page by their ids; None for an upload, which is no order. Unusable rows are passed over."""
    orders: dict[str, PaidOrder | None] = {}
    for row in rows:
        try:
            order = parse_row(row, answer.request_id)
            if order is not None:
                orders[order.id] = None if is_upload(row) else order
        except Misshapen:
            continue
    return orders
