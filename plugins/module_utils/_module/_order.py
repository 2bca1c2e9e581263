# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Find or submit: read first, send only what is missing, and never send twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Callable

from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError, ErrorKind, InvalidInput
from ansible_collections.certwright.cloud.plugins.module_utils._module._use_case import Context, Result
from ansible_collections.certwright.cloud.plugins.module_utils._module._wait import WaitPlan, plan_from, wait_for_orders
from ansible_collections.certwright.cloud.plugins.module_utils._order_service import OrderWriter, Step
from ansible_collections.certwright.cloud.plugins.module_utils._orders import (
    ActionNeeded,
    Order,
    OrderState,
)

__all__ = ["Submission", "submitting"]

Params = Mapping[str, Any]


@dataclass(frozen=True)
class Submission:
    """What a module wants: this application on this order, up to PREPARED or VALIDATING."""

    service: OrderWriter
    order_id: str
    application: Any
    until: OrderState = OrderState.VALIDATING


def submitting(build: Callable[[Params, Context], Submission]) -> Callable[[Params, Context], Result]:
    """The function of a use case that submits an order.

    Arguments:
        build: checks the options (raising InvalidInput with all faults) and makes the submission; it sends nothing.
    """

    def function(params: Params, context: Context) -> Result:
        return _submit(build(params, context), params, context)

    return function


def _submit(submission: Submission, params: Params, context: Context) -> Result:
    plan = plan_from(params)
    if plan is not None and submission.until is OrderState.PREPARED:
        raise InvalidInput(["wait_for: an order that is only prepared has nothing to wait for; leave wait_for out"])
    before = submission.service.read(submission.order_id)
    try:
        steps = submission.service.steps(before, submission.application, submission.until)
    except CertwrightError as error:
        error.order = error.order or before
        raise
    if context.check_mode:
        after = _predicted(before, steps)
    else:
        after, steps = _send(submission, before, steps, context)
        after = _waited(submission.service, before, after, steps, plan, context)
    return {
        "changed": bool(steps),
        "order": after.to_result(),
        "steps": [step.name for step in steps],
        "request_id": after.request_id,
        "diff": {"before": _shown(before), "after": _shown(after, steps)},
    }


def _shown(order: Order, steps: Sequence[Step] = ()) -> dict[str, Any]:
    """An order in a diff: where it stands and for which names, without what changes by itself."""
    names = order.domains or next((step.sends for step in steps if step.sends), ())
    return {"id": order.id, "state": order.state.value, "domains": list(names)}


def _send(submission: Submission, before: Order, steps: list[Step], context: Context) -> tuple[Order, list[Step]]:
    """The order after the steps, and those that were carried out."""
    order, missing = before, list(steps)
    done: list[Step] = []
    while missing:
        step = missing.pop(0)
        try:
            step.send()
        except CertwrightError as error:
            if step.optional:
                context.warn(f"Order '{order.id}': '{step.name}' had no effect: {error.text}")
                continue
            order, missing = _settled(submission, order, step, done, error)
        done.append(step)
    return (_read_after(submission.service, before, done) if steps else before), done


def _settled(
    submission: Submission, order: Order, step: Step, done: list[Step], error: CertwrightError
) -> tuple[Order, list[Step]]:
    """The order and the steps still missing, if the cloud shows that a step without a usable answer was carried out.

    A state alone proves nothing: documents can be replaced while the order stays prepared, and a rejected order was
    submitted before. So the flow is asked again what is missing.
    """
    service = submission.service
    error.order, error.changed = order, error.changed or bool(done)
    if not error.ambiguous:
        if done:
            error.order = _last_known(service, order, done)
        raise error
    try:
        seen = service.read(order.id)
    except CertwrightError:
        error.order = _predicted(order, done)
        raise _unknown(step, error, "It could not be read, either.") from error
    error.order = seen
    try:
        missing = service.steps(seen, submission.application, submission.until)
    except CertwrightError as conflict:
        conflict.order, conflict.changed = seen, True
        raise
    names = {each.name for each in missing}
    if seen.state is not OrderState.UNKNOWN and names.isdisjoint(each.name for each in (*done, step)):
        return seen, missing
    if error.kind not in (ErrorKind.NETWORK, ErrorKind.SERVER):
        # The cloud answered with a refusal that this version does not know, and the order confirms it.
        raise error
    raise _unknown(step, error, f"The cloud still shows the order as {seen.state.value}.") from error


def _unknown(step: Step, error: CertwrightError, seen: str) -> CertwrightError:
    order = error.order
    order_id = order.id if order else ""
    unknown = CertwrightError(
        f"Order '{order_id}': it is not known whether '{step.name}' was carried out: {_without_order(error, order_id)}",
        kind=ErrorKind.OUTCOME_UNKNOWN,
        code=error.code,
        detail=error.detail,
        request_id=error.request_id,
        http_status=error.http_status,
        hint=f"It was not sent again. {seen} Wait a minute and run the same task again: it reads the order first and "
        "sends only what is missing.",
    )
    unknown.order, unknown.changed = order, error.changed
    return unknown


def _without_order(error: CertwrightError, order_id: str) -> str:
    """What happened, for a sentence that names the order already."""
    prefix = f"Order '{order_id}': "
    return error.message[len(prefix) :] if error.message.startswith(prefix) else error.message


def _predicted(order: Order, done: list[Step]) -> Order:
    """The order as the steps leave it, as far as that can be told."""
    if not done:
        return order
    domains = next((step.domains for step in reversed(done) if step.domains is not None), order.domains)
    return replace(order, state=done[-1].resulting, domains=domains, action=None, next_step=None)


def _last_known(service: OrderWriter, order: Order, done: list[Step]) -> Order:
    try:
        return service.read(order.id)
    except CertwrightError:
        return _predicted(order, done)


def _read_after(service: OrderWriter, before: Order, done: list[Step]) -> Order:
    """The order as the cloud shows it after the steps."""
    try:
        order = service.read(before.id)
    except CertwrightError as error:
        error.changed, error.order = bool(done), _predicted(before, done)
        if done:
            names = ", ".join(f"'{step.name}'" for step in done)
            error.message = (
                f"Order '{before.id}': {names} was carried out, but reading it again failed: "
                f"{_without_order(error, before.id)}"
            )
        raise
    if order.state in _old_states(before, done):
        said = "The cloud took the order but still shows its state from before; look again in a moment."
        return replace(order, action=ActionNeeded.NONE, next_step=said)
    return order


def _old_states(before: Order, done: list[Step]) -> frozenset[OrderState]:
    """The states that the steps have left behind."""
    if not done:
        return frozenset()
    return frozenset({before.state, *(step.resulting for step in done)} - {done[-1].resulting})


def _waited(
    service: OrderWriter, before: Order, order: Order, done: list[Step], plan: WaitPlan | None, context: Context
) -> Order:
    if plan is None:
        return order
    try:
        return wait_for_orders(service, [order], plan, context.clock, _old_states(before, done))[0]
    except CertwrightError as error:
        error.changed = bool(done)
        raise
