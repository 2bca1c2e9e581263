# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A flow of two steps, like Tencent's, whose reads and outcomes tests decide; and the use case that submits it."""

from __future__ import annotations

from collections.abc import Callable
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError, ErrorKind
from ansible_collections.certwright.cloud.plugins.module_utils._module._order import submitting
from ansible_collections.certwright.cloud.plugins.module_utils._module._submission import Submission
from ansible_collections.certwright.cloud.plugins.module_utils._module._use_case import Context
from ansible_collections.certwright.cloud.plugins.module_utils._order_service import Step
from ansible_collections.certwright.cloud.plugins.module_utils._orders import Order, OrderState
from ansible_collections.certwright.cloud.tests.unit.plugins.helpers import FakeClock, FakeOrders, make_order, refusal

__all__ = [
    "DOCUMENTS",
    "ISSUED",
    "NEW",
    "ORDER",
    "PREPARED",
    "REJECTED",
    "UNKNOWN",
    "VALIDATING",
    "Flow",
    "failure",
    "submit",
]

NEW = make_order(OrderState.AWAITING_DOCUMENTS)
PREPARED = make_order(OrderState.PREPARED, domains=("example.com",))
VALIDATING = make_order(OrderState.VALIDATING, domains=("example.com",))
ISSUED = make_order(OrderState.ISSUED, domains=("example.com",))
REJECTED = make_order(OrderState.REJECTED)
UNKNOWN = make_order(OrderState.UNKNOWN)
DOCUMENTS, ORDER = "submit documents", "submit order"


class Flow(FakeOrders):
    """A flow of two steps, like Tencent's: documents, then the order; outcomes by the step's name."""

    def __init__(self, *reads: Order | CertwrightError, **outcomes: CertwrightError) -> None:
        super().__init__(list(reads), self._missing)
        self.outcomes = outcomes
        # What the documents at the cloud have to be like in the prepared state.
        self.documents_fit: Callable[[Order], bool] = lambda order: True

    def _missing(self, order: Order) -> list[Step]:
        documents = self.step(DOCUMENTS, OrderState.PREPARED, self.outcomes.get("documents"))
        send = self.step(ORDER, OrderState.VALIDATING, self.outcomes.get("order"), once=True)
        if order.state in (OrderState.REJECTED, OrderState.CANCELLED):
            raise refusal(ErrorKind.CONFLICT)
        if order.state.submitted:
            return []
        if order.state is OrderState.PREPARED and self.documents_fit(order):
            return [send]
        return [documents, send]

    @property
    def sent(self) -> list[str]:
        return [call for call in self.calls if not call.startswith("read")]

    def after_first(self, step: str, then: Callable[[], None]) -> None:
        """Does something once the step was sent for the first time."""
        missing = self._plan

        def plan(order: Order) -> list[Step]:
            if self.calls.count(step) == 1:
                then()
            return missing(order)

        self._plan = plan


def submit(service: FakeOrders, until: OrderState = OrderState.VALIDATING, **given: Any) -> dict[str, Any]:
    """Runs the use case; given are options, and check_mode, clock, environ, warn and speak of the context."""
    waiting = {"wait_for": None, "wait_timeout": 60, "wait_interval": 10}
    fields = ("check_mode", "clock", "environ", "warn", "speak")
    of_context = {name: given.pop(name) for name in fields if name in given}
    context = Context(**{"clock": FakeClock(), **of_context})
    submission = Submission(service, "fake", "order-1", None, "look order-1", until)
    with TemporaryDirectory() as folder:
        params = {**waiting, "settle_timeout": 60, "state_dir": folder, "audit_log": "none", **given}
        return submitting(lambda _params, _context: submission)(params, context)


def failure(service: FakeOrders, **given: Any) -> CertwrightError:
    with pytest.raises(CertwrightError) as caught:
        submit(service, **given)
    return caught.value
