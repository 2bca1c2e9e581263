# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Looking orders up: by id or by search, waiting if wanted, with the certificate if asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Callable

from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError, InvalidInput
from ansible_collections.certwright.cloud.plugins.module_utils._many import for_each
from ansible_collections.certwright.cloud.plugins.module_utils._module._use_case import Context, Result
from ansible_collections.certwright.cloud.plugins.module_utils._module._wait import plan_from, wait_for_orders
from ansible_collections.certwright.cloud.plugins.module_utils._order_service import OrderReader
from ansible_collections.certwright.cloud.plugins.module_utils._orders import (
    Order,
    OrderState,
)

__all__ = ["DETAILS_OPTION", "Query", "given_list", "looking_up"]

Params = Mapping[str, Any]

DETAILS_OPTION: Mapping[str, Any] = {"details": {"type": "bool", "default": True}}


@dataclass(frozen=True)
class Query:
    """Which orders to look up.

    Arguments:
        ids: the orders named; empty to search.
        single: exactly one was named on its own, so the result holds ``order`` instead of ``orders``.
        criteria: the flow's own search criteria, where nothing is named.
        details: all that is known of the orders named, at one call each; else what a list tells of them.
    """

    service: OrderReader
    ids: tuple[str, ...] = ()
    single: bool = False
    criteria: Mapping[str, Any] = field(default_factory=dict)
    details: bool = True


def given_list(ids: list[str] | None) -> list[str] | None:
    """The ids of an option that takes a list. An ad-hoc ``[]`` comes as a text, and asks for no order as well."""
    return [] if ids == ["[]"] else ids


def looking_up(build: Callable[[Params, Context], Query]) -> Callable[[Params, Context], Result]:
    """The function of a use case that looks orders up.

    Arguments:
        build: checks the options and makes the query; it sends nothing.
    """

    def function(params: Params, context: Context) -> Result:
        return _look_up(build(params, context), params, context)

    return function


def _look_up(query: Query, params: Params, context: Context) -> Result:
    plan = plan_from(params)
    if not query.ids and plan is not None:
        raise InvalidInput(["wait_for: name the orders to wait for by their ids; a search has no end to wait for"])
    if not query.details and plan is not None:
        raise InvalidInput(["details: leave it out where you wait; a wait looks at a list by itself where that helps"])
    orders = _first_look(query)
    if plan is not None and not context.check_mode:
        orders = wait_for_orders(query.service, orders, plan, context)
    result: Result = {"changed": False}
    if query.single:
        result["order"] = orders[0].to_result()
    else:
        result["orders"] = [order.to_result() for order in orders]
    result["request_id"] = orders[-1].request_id if orders else None
    if params["return_certificate"] or params["return_private_key"]:
        issued = [order for order in orders if order.state is OrderState.ISSUED]
        bundles = for_each(lambda order: _bundle(query.service, order, params), issued)
        if query.single:
            result["bundle"] = bundles[0] if bundles else None
        else:
            result["bundles"] = bundles
    return result


def _first_look(query: Query) -> list[Order]:
    service, ids = query.service, query.ids
    if not ids:
        return service.search(dict(query.criteria))
    if query.details:
        return service.read_all(ids)
    listed = service.listed(ids) or {}
    # What the list does not show may be new, or does not exist, which the look at the order itself says.
    missing = [order_id for order_id in ids if order_id not in listed]
    listed.update(zip(missing, service.read_all(missing)))
    return [listed[order_id] for order_id in ids]


def _bundle(service: OrderReader, order: Order, params: Params) -> dict[str, Any]:
    try:
        bundle = service.bundle(order.id, params["return_private_key"])
    except CertwrightError as error:
        error.order = order
        raise
    return {
        "order_id": order.id,
        "certificate": bundle.leaf,
        "chain": list(bundle.chain),
        "full_chain": bundle.full_chain,
        "private_key": bundle.private_key,
    }
