# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Find or submit: read first, send only what is missing, and never send twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Callable

from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError, InvalidInput
from ansible_collections.certwright.cloud.plugins.module_utils._module._send import Sender, old_states, predicted
from ansible_collections.certwright.cloud.plugins.module_utils._module._state import STATE_OPTIONS, ledger_from
from ansible_collections.certwright.cloud.plugins.module_utils._module._submission import Submission
from ansible_collections.certwright.cloud.plugins.module_utils._module._use_case import Context, Result
from ansible_collections.certwright.cloud.plugins.module_utils._module._wait import WaitPlan, plan_from, wait_for_orders
from ansible_collections.certwright.cloud.plugins.module_utils._order_service import OrderWriter, Step
from ansible_collections.certwright.cloud.plugins.module_utils._orders import Order, OrderState

__all__ = ["SUBMIT_OPTIONS", "submitting"]

Params = Mapping[str, Any]

SUBMIT_OPTIONS: dict[str, Any] = {
    **STATE_OPTIONS,
    "settle_timeout": {"type": "int", "default": 60},
}


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
    if params["settle_timeout"] < 0:
        raise InvalidInput(["settle_timeout: give a number of seconds, 0 to look once"])
    ledger = ledger_from(params, context)
    if context.check_mode:
        before = submission.service.read(submission.order_id)
        steps = submission.missing(before)
        return _result(before, predicted(before, steps), steps)
    with ledger.held(submission.provider, submission.order_id) as page:
        sender = Sender(submission, page, params["settle_timeout"], context)
        before, steps = sender.plan()
        after, done = sender.send(before, steps)
    # Others may look meanwhile: what follows sends nothing.
    return _result(before, _waited(submission.service, before, after, done, plan, context), done)


def _result(before: Order, after: Order, steps: Sequence[Step]) -> Result:
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


def _waited(
    service: OrderWriter, before: Order, order: Order, done: list[Step], plan: WaitPlan | None, context: Context
) -> Order:
    if plan is None:
        return order
    try:
        return wait_for_orders(service, [order], plan, context, old_states(before, done))[0]
    except CertwrightError as error:
        error.changed = bool(done)
        raise
