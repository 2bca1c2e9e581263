# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waiting for orders: one round looks at all of them, a final bad state ends it at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError, ErrorKind
from ansible_collections.certwright.cloud.plugins.module_utils._orders import Order, OrderReader, OrderState
from ansible_collections.certwright.cloud.plugins.module_utils._retry import Clock, wait_until

__all__ = ["ISSUED", "VALIDATION", "WaitPlan", "wait_for_orders"]

VALIDATION = "validation"
ISSUED = "issued"

_GOALS = {VALIDATION: "its validation values", ISSUED: "its certificate"}


@dataclass(frozen=True)
class WaitPlan:
    """What to wait for (VALIDATION or ISSUED), and timeout and interval in seconds."""

    goal: str
    timeout: float
    interval: float


def wait_for_orders(
    service: OrderReader, orders: Sequence[Order], plan: WaitPlan, clock: Clock, just_submitted: bool = False
) -> list[Order]:
    """Reads the orders again and again until all have reached the goal; returns them in the given order.

    Arguments:
        orders: as read last.
        just_submitted: the order was sent a moment ago, so a state before that is old news and no reason to stop.

    Raises CertwrightError: rejected where no waiting can help, conflict where a person has to act first, timeout.
    """
    known = {order.id: order for order in orders}
    fresh = True

    def look() -> tuple[bool, None]:
        nonlocal fresh
        for order_id, order in known.items():
            if not _reached(order, plan.goal):
                known[order_id] = order if fresh else service.read(order_id)
                _refuse_hopeless(known[order_id], plan.goal, just_submitted)
        fresh = False
        return all(_reached(order, plan.goal) for order in known.values()), None

    done, _seen, waited = wait_until(look, timeout=plan.timeout, interval=plan.interval, clock=clock)
    if not done:
        raise _timed_out([order for order in known.values() if not _reached(order, plan.goal)], plan, waited)
    return [known[order.id] for order in orders]


def _reached(order: Order, goal: str) -> bool:
    if order.state is OrderState.ISSUED:
        return True
    return goal == VALIDATION and bool(order.validations) and not order.state.dead_end


def _refuse_hopeless(order: Order, goal: str, just_submitted: bool) -> None:
    if order.state.dead_end:
        error = CertwrightError(
            f"Order '{order.id}' is {order.state.value.replace('_', ' ')}, so {_GOALS[goal]} will not come",
            kind=ErrorKind.REJECTED,
            detail=order.vendor_state.text,
            request_id=order.request_id,
            hint=order.to_result()["next_step"],
        )
    elif order.state.needs_person and not just_submitted:
        error = CertwrightError(
            f"Order '{order.id}' is {order.state.value.replace('_', ' ')}, so waiting for {_GOALS[goal]} is no use yet",
            kind=ErrorKind.CONFLICT,
            request_id=order.request_id,
            hint=order.to_result()["next_step"],
        )
    else:
        return
    error.order = order
    raise error


def _timed_out(orders: Sequence[Order], plan: WaitPlan, waited: float) -> CertwrightError:
    order = orders[0]
    others = f" (and {len(orders) - 1} more)" if len(orders) > 1 else ""
    said = f", said '{order.vendor_state.text}'" if order.vendor_state.text else ""
    error = CertwrightError(
        f"Order '{order.id}'{others} did not get {_GOALS[plan.goal]} within {waited:.0f} s; "
        f"it is {order.state.value}{said}",
        kind=ErrorKind.TIMEOUT,
        request_id=order.request_id,
        hint="Nothing is lost: the order goes on at the cloud. "
        "Run the same task again to go on waiting (wait_timeout sets for how long).",
    )
    error.order = order
    return error
