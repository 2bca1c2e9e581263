# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waiting for orders: one round looks at all of them, a final bad state ends it at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError, ErrorKind, InvalidInput
from ansible_collections.certwright.cloud.plugins.module_utils._many import for_each
from ansible_collections.certwright.cloud.plugins.module_utils._module._use_case import Context
from ansible_collections.certwright.cloud.plugins.module_utils._order_service import OrderReader
from ansible_collections.certwright.cloud.plugins.module_utils._orders import (
    ActionNeeded,
    Order,
    OrderState,
)
from ansible_collections.certwright.cloud.plugins.module_utils._retry import Clock, wait_until
from ansible_collections.certwright.cloud.plugins.module_utils._waiting import Waiting, polling_interval

__all__ = ["ISSUED", "VALIDATION", "WaitPlan", "plan_from", "wait_for_orders"]

VALIDATION = "validation"
ISSUED = "issued"

# What a later look may find gone.
_PASSING = (ErrorKind.NETWORK, ErrorKind.SERVER, ErrorKind.THROTTLED)
_GOALS = {VALIDATION: "its validation values", ISSUED: "its certificate"}
_GOALS_OF_MANY = {VALIDATION: "their validation values", ISSUED: "their certificates"}
# More domains than this nobody reads in one line.
_NAMED = 3
# Of fewer orders a list saves little.
_MANY = 10
# How fresh a list is no cloud says, so now and then every order is looked at itself (seconds).
_ALL_AFTER = 600.0


@dataclass(frozen=True)
class WaitPlan:
    """What to wait for (VALIDATION or ISSUED), and timeout and interval in seconds; without an interval the looks
    become rarer with time."""

    goal: str
    timeout: float
    interval: float | None = None


def plan_from(params: Mapping[str, Any]) -> WaitPlan | None:
    """The wait that the options ask for; None for none. Raises InvalidInput."""
    if params["wait_for"] is None:
        return None
    faults = []
    if params["wait_timeout"] < 0:
        faults.append("wait_timeout: give a number of seconds, 0 to look once")
    # Written so that it refuses nan, too.
    if params["wait_interval"] is not None and not params["wait_interval"] > 0:
        faults.append("wait_interval: give a number of seconds above 0")
    if faults:
        raise InvalidInput(faults)
    return WaitPlan(params["wait_for"], params["wait_timeout"], params["wait_interval"])


def wait_for_orders(
    service: OrderReader,
    orders: Sequence[Order],
    plan: WaitPlan,
    context: Context,
    old_states: Collection[OrderState] = (),
) -> list[Order]:
    """Reads the orders again and again until all have reached the goal; returns them in the given order.

    A look that the network, the cloud's servers or its rate limit spoil does not end the wait.

    Arguments:
        orders: as read last.
        old_states: what the orders have just been taken out of; seeing it again is old news and no reason to stop.

    Raises CertwrightError: rejected where no waiting can help, conflict where a person has to act first, timeout.
    """
    known = {order.id: order for order in orders}
    troubles: dict[str, CertwrightError | None] = {}
    moves = _Moves(service, context.clock) if plan.goal == ISSUED else None
    fresh = True

    def look() -> tuple[bool, None]:
        nonlocal fresh
        late = [order for order in known.values() if not _reached(order, plan.goal)]
        if not fresh and moves:
            late = moves.among(late)
        troubles.clear()
        seen = [(order, None) for order in late] if fresh else for_each(lambda each: _look_again(service, each), late)
        for asked, (order, trouble) in zip(late, seen):
            known[asked.id], troubles[asked.id] = order, trouble
            if order.state not in old_states:
                _refuse_hopeless(order, plan.goal)
        fresh = False
        return all(_reached(order, plan.goal) for order in known.values()), None

    done, _seen, waited = wait_until(
        look,
        timeout=plan.timeout,
        interval=plan.interval or polling_interval,
        clock=context.clock,
        tell=context.telling(
            lambda _seen, waited, left: _standing(list(known.values()), troubles, plan.goal, waited, left)
        ),
    )
    if not done:
        late = [order for order in known.values() if not _reached(order, plan.goal)]
        raise _timed_out(late, plan, waited, troubles.get(late[0].id))
    return [known[order.id] for order in orders]


class _Moves:
    """Finds out by the cloud's list which orders have moved, so that not each of many has to be looked at in turn."""

    def __init__(self, service: OrderReader, clock: Clock) -> None:
        self._service, self._clock = service, clock
        self._all_at = clock.monotonic()
        self._usable = True

    def among(self, orders: list[Order]) -> list[Order]:
        """Those of the orders that have to be looked at: what has moved, or all where a list does not help."""
        now = self._clock.monotonic()
        listed = self._listed(orders) if len(orders) >= _MANY and now - self._all_at < _ALL_AFTER else None
        if listed is None:
            self._all_at = now
            return orders
        return [order for order in orders if order.id not in listed or _differs(order, listed[order.id])]

    def _listed(self, orders: Sequence[Order]) -> Mapping[str, Order] | None:
        if not self._usable:
            return None
        try:
            return self._service.listed([order.id for order in orders], most_calls=len(orders) // 2)
        except CertwrightError as error:
            # Who may look at orders need not be allowed to list them.
            self._usable = error.kind in _PASSING
            return None


def _differs(order: Order, listed: Order) -> bool:
    """Whether the list shows another state than the one known. The list tells less, so it may name a state otherwise
    that the cloud names the same."""
    known, shown = order.vendor_state, listed.vendor_state
    if shown.text is None:
        return order.state is not listed.state
    return (known.code, (known.text or "").casefold()) != (shown.code, shown.text.casefold())


def _look_again(service: OrderReader, order: Order) -> tuple[Order, CertwrightError | None]:
    """The order as it is now, or as it was with what kept us from reading it."""
    try:
        return service.read(order.id), None
    except CertwrightError as error:
        if error.kind in _PASSING:
            return order, error
        error.order = error.order or order
        raise


def _standing(
    orders: Sequence[Order], troubles: Mapping[str, CertwrightError | None], goal: str, waited: float, next_look: float
) -> Waiting:
    """The wait in words: of one order all that is known, of many how many stand where."""
    late = [order for order in orders if not _reached(order, goal)]
    subject = f"order '{orders[0].id}'" if len(orders) == 1 else f"{len(orders)} orders"
    if len(orders) == 1:
        seen = orders[0].vendor_state.text
        words = [orders[0].state.value, *([seen] if seen else [])]
        words += [f"{each.domain}: {each.status.value}" for each in orders[0].validations[:_NAMED]]
    else:
        states = Counter(order.state.value for order in late)
        words = [f"{count} {state}" for state, count in states.most_common()]
    failed = [error for error in map(troubles.get, (order.id for order in late)) if error]
    words += [f"the last look failed: {failed[0].message}"] if failed else []
    sought = _GOALS[goal] if len(orders) == 1 else _GOALS_OF_MANY[goal]
    return Waiting(subject, sought, len(orders) - len(late), len(orders), ", ".join(words), waited, next_look)


def _reached(order: Order, goal: str) -> bool:
    if order.state is OrderState.ISSUED:
        return True
    return goal == VALIDATION and bool(order.validations) and not order.state.dead_end


def _refuse_hopeless(order: Order, goal: str) -> None:
    if order.state.dead_end:
        error = CertwrightError(
            f"Order '{order.id}' {order.state.phrase}, so {_GOALS[goal]} will not come",
            kind=ErrorKind.REJECTED,
            detail=order.vendor_state.text,
            request_id=order.request_id,
            hint=order.to_result()["next_step"],
        )
    elif order.state.needs_person:
        error = CertwrightError(
            f"Order '{order.id}' {order.state.phrase}, so waiting for {_GOALS[goal]} is no use yet",
            kind=ErrorKind.CONFLICT,
            request_id=order.request_id,
            hint=order.to_result()["next_step"],
        )
    else:
        return
    error.order = order
    raise error


def _timed_out(
    orders: Sequence[Order], plan: WaitPlan, waited: float, trouble: CertwrightError | None
) -> CertwrightError:
    order = orders[0]
    others = f" (and {len(orders) - 1} more)" if len(orders) > 1 else ""
    said = f", said '{order.vendor_state.text}'" if order.vendor_state.text else ""
    # Without the record no waiting helps, and it is what is most often missing.
    first = ""
    if plan.goal == ISSUED and order.to_result()["action_needed"] == ActionNeeded.PUBLISH_VALIDATION.value:
        kind = "file" if any(each.file for each in order.validations) else "record"
        first = f"Publish the validation {kind} (order.validations) first, if it is not there. "
    failed = f"; the last look at it failed: {trouble.message}" if trouble else ""
    error = CertwrightError(
        f"Order '{order.id}'{others} did not get {_GOALS[plan.goal]} within {waited:.0f} s; "
        f"it {order.state.phrase}{said}{failed}",
        kind=ErrorKind.TIMEOUT,
        request_id=order.request_id,
        hint=f"{first}Nothing is lost: the order goes on at the cloud. "
        "Run the same task again to go on waiting (wait_timeout sets for how long).",
    )
    error.order = order
    return error
