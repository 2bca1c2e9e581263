# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Find or submit: read first, send only what is missing, and never send twice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Callable

from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError, ErrorKind
from ansible_collections.certwright.cloud.plugins.module_utils._module._use_case import Context, Result
from ansible_collections.certwright.cloud.plugins.module_utils._module._wait import WaitPlan, wait_for_orders
from ansible_collections.certwright.cloud.plugins.module_utils._orders import Order, OrderState, OrderWriter, Step

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
    before = submission.service.read(submission.order_id)
    try:
        steps = submission.service.steps(before, submission.application, submission.until)
    except CertwrightError as error:
        error.order = error.order or before
        raise
    if context.check_mode:
        after = replace(before, state=steps[-1].resulting, action=None, next_step=None) if steps else before
    else:
        after, steps = _send(submission.service, before, steps, context)
        after = _waited(submission.service, after, bool(steps), params, context)
    return {
        "changed": bool(steps),
        "order": after.to_result(),
        "steps": [step.name for step in steps],
        "request_id": after.request_id,
        "diff": {"before": _shown(before), "after": _shown(after)},
    }


def _shown(order: Order) -> dict[str, Any]:
    """An order in a diff: where it stands and for which names, without what changes by itself."""
    return {"id": order.id, "state": order.state.value, "domains": list(order.domains or ())}


def _send(service: OrderWriter, order: Order, steps: list[Step], context: Context) -> tuple[Order, list[Step]]:
    """The order after the steps, and those that were carried out."""
    done: list[Step] = []
    for step in steps:
        try:
            step.send()
        except CertwrightError as error:
            if step.optional:
                context.warn(f"Order '{order.id}': '{step.name}' had no effect: {error.text}")
                continue
            error.changed = error.changed or bool(done)
            error.order = order
            if not error.ambiguous:
                raise
            order = _settled(service, order, step, error)
        done.append(step)
    if not steps:
        return order, done
    try:
        return service.read(order.id), done
    except CertwrightError as error:
        error.changed, error.order = bool(done), order
        raise


def _settled(service: OrderWriter, order: Order, step: Step, error: CertwrightError) -> Order:
    """The order after a call without a usable answer, if the cloud shows that the call was carried out."""
    refused = error.kind not in (ErrorKind.NETWORK, ErrorKind.SERVER)
    try:
        seen = service.read(order.id)
    except CertwrightError:
        seen, refused = order, False
    # A rejected order that is sent again counts as submitted before, too; only another state shows a new submission.
    if seen.state is step.resulting or (seen.state.submitted and seen.state is not order.state):
        return seen
    if refused:
        # The cloud answered with a refusal that this version does not know, and the order confirms it.
        error.order = seen
        raise error
    unknown = CertwrightError(
        f"Order '{order.id}': it is not known whether '{step.name}' was carried out: {error.message}",
        kind=ErrorKind.OUTCOME_UNKNOWN,
        code=error.code,
        detail=error.detail,
        request_id=error.request_id,
        http_status=error.http_status,
        hint=f"It was not sent again. The cloud still shows the order as {seen.state.value}. Wait a minute and run the "
        "same task again: it reads the order first and sends only what is missing.",
    )
    unknown.order, unknown.changed = seen, error.changed
    raise unknown from error


def _waited(service: OrderWriter, order: Order, just_submitted: bool, params: Params, context: Context) -> Order:
    if params["wait_for"] is None:
        return order
    plan = WaitPlan(params["wait_for"], params["wait_timeout"], params["wait_interval"])
    try:
        return wait_for_orders(service, [order], plan, context.clock, just_submitted)[0]
    except CertwrightError as error:
        error.changed, error.order = just_submitted, error.order or order
        raise
