# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading an order until it shows what became of a call whose answer was lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError, ErrorKind
from ansible_collections.certwright.cloud.plugins.module_utils._module._submission import Submission
from ansible_collections.certwright.cloud.plugins.module_utils._module._use_case import Context
from ansible_collections.certwright.cloud.plugins.module_utils._order_service import Step
from ansible_collections.certwright.cloud.plugins.module_utils._orders import Order, OrderState
from ansible_collections.certwright.cloud.plugins.module_utils._retry import wait_until
from ansible_collections.certwright.cloud.plugins.module_utils._waiting import Waiting

__all__ = ["Verdict", "look_back"]

# Seconds between two looks, in the beginning: the clouds show a submission within seconds.
_INTERVAL = 2.0
# What a later look may find gone.
_PASSING = (ErrorKind.NETWORK, ErrorKind.SERVER, ErrorKind.THROTTLED)


@dataclass(frozen=True)
class Verdict:
    """What the order shows of a step: that it was carried out, that it was not, or (both false) neither.

    Arguments:
        order: as read last; None if it could not be read.
        missing: the steps it still needs.
    """

    carried_out: bool = False
    not_carried_out: bool = False
    order: Order | None = None
    missing: list[Step] = field(default_factory=list)


def look_back(
    submission: Submission,
    missing: Sequence[Step],
    step: Step,
    timeout: float,
    context: Context,
    done: Sequence[Step] = (),
) -> Verdict:
    """Reads the order until it shows that the step was carried out, at most for so many seconds.

    That it was not carried out is concluded only at the end of that time, because a cloud may show a submission late,
    and only from an order that stands exactly as it did before the step: not submitted, in need of the same steps. A
    state alone proves nothing: documents can be replaced while an order stays prepared, and a rejected order was
    submitted before.

    Arguments:
        missing: the steps that were needed before the step was sent.
        done: those that were carried out before it, which must not be needed again either.

    Raises CertwrightError where the order shows a contradiction or an end; its order and changed are set.
    """
    needed = {each.name for each in missing}
    gone = {step.name, *(each.name for each in done)}

    def standing(verdict: Verdict, waited: float, next_look: float) -> Waiting:
        state = verdict.order.state.value if verdict.order else "it cannot be read"
        goal = f"what became of {step.name}, whose answer is not known"
        return Waiting(f"order '{submission.order_id}'", goal, 0, 1, state, waited, next_look)

    _done, verdict, _waited = wait_until(
        lambda: _look(submission, needed, gone),
        timeout=timeout,
        interval=_INTERVAL,
        clock=context.clock,
        tell=context.telling(standing),
    )
    return verdict


def _look(submission: Submission, needed: set[str], gone: set[str]) -> tuple[bool, Verdict]:
    """Whether looking again is of no use, and what this look has shown."""
    try:
        order = submission.service.read(submission.order_id)
    except CertwrightError as error:
        return error.kind not in _PASSING, Verdict()
    try:
        missing = submission.missing(order)
    except CertwrightError as error:
        error.order, error.changed = order, True
        raise
    names = {each.name for each in missing}
    carried_out = order.state is not OrderState.UNKNOWN and names.isdisjoint(gone)
    not_carried_out = not order.state.submitted and names == needed
    return carried_out, Verdict(carried_out, not_carried_out, order, missing)
