# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sending the steps that an order needs, and finding out what became of one whose answer was lost."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from dataclasses import replace

from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError, ErrorKind
from ansible_collections.certwright.cloud.plugins.module_utils._ledger import LedgerPage, Sent
from ansible_collections.certwright.cloud.plugins.module_utils._module._settle import Verdict, look_back
from ansible_collections.certwright.cloud.plugins.module_utils._module._submission import Submission
from ansible_collections.certwright.cloud.plugins.module_utils._module._use_case import Context
from ansible_collections.certwright.cloud.plugins.module_utils._order_service import Step
from ansible_collections.certwright.cloud.plugins.module_utils._orders import ActionNeeded, Order, OrderState

__all__ = ["Sender", "old_states", "predicted"]

# Seconds. For so long an order that the cloud has taken is not sent again, although it shows nothing of it.
_ACCEPTED_SECONDS = 900.0
# Seconds in which what made the cloud refuse a submission, such as a rival's, has to become visible.
_REFUSED_SECONDS = 10.0
# Seconds for which the outcome of a run that was killed is open where nobody wants to wait for it.
_OPEN_SECONDS = 60.0


class Sender:
    """Sends what an order needs, one step after the other, while the order's lock is held.

    Arguments:
        page: what was sent for the order before.
        settle_timeout: for how long the order is read to find out what became of a call, in seconds.
    """

    def __init__(self, submission: Submission, page: LedgerPage, settle_timeout: float, context: Context) -> None:
        self._submission = submission
        self._service = submission.service
        self._page = page
        self._timeout = settle_timeout
        self._context = context
        self._clock = context.clock
        # Names of steps that were sent a second time, after the order had shown that the first did not arrive.
        self._again: set[str] = set()

    def plan(self) -> tuple[Order, list[Step]]:
        """The order and the steps it needs.

        Where a call was sent a moment ago by a run that has ended, its outcome is waited for. Raises CertwrightError.
        """
        order = self._service.read(self._submission.order_id)
        self._forget_what_is_shown(order)
        missing = self._submission.missing(order)
        last = self._page.last
        step = next((each for each in missing if last and each.once and each.name == last.step), None)
        if last is None or step is None:
            return order, missing
        age = max(0.0, self._clock.now() - last.at)
        window = self._timeout or _OPEN_SECONDS
        if age >= (max(_ACCEPTED_SECONDS, window) if last.accepted else window):
            return order, missing
        verdict = look_back(self._submission, missing, step, max(0.0, self._timeout - age), self._context)
        if verdict.carried_out or (verdict.not_carried_out and self._timeout and not last.accepted):
            self._note(step, verdict.carried_out)
            return verdict.order or order, verdict.missing
        raise self._left_open(step, last, age, verdict.order or order)

    def send(self, before: Order, steps: Sequence[Step]) -> tuple[Order, list[Step]]:
        """The order after the steps, and those that were carried out. Raises CertwrightError."""
        order, missing = before, list(steps)
        done: list[Step] = []
        while missing:
            step = missing[0]
            try:
                self._send(step, done[-1].resulting if done else order.state)
            except CertwrightError as error:
                if step.optional:
                    self._context.warn(f"Order '{order.id}': '{step.name}' had no effect: {error.text}")
                    missing = missing[1:]
                    continue
                error.order, error.changed = order, error.changed or bool(done)
                settle = self._settled if error.ambiguous else self._refused
                verdict = settle(order, missing, done, error)
                order, missing = verdict.order or order, verdict.missing
                if not verdict.carried_out or not error.ambiguous:
                    continue
            else:
                missing = missing[1:]
            done.append(step)
        return (self._read_after(before, done) if steps else before), done

    def _send(self, step: Step, state: OrderState) -> None:
        """Sends a step, noting one that must not happen twice before and after."""
        if not step.once:
            step.send()
            return
        sent = Sent(step.name, state.value, self._clock.now(), accepted=False)
        try:
            self._page.note(sent)
        except OSError as error:
            raise CertwrightError(
                f"Order '{self._submission.order_id}': '{step.name}' was not sent, because the ledger of orders cannot "
                f"be written: {error.strerror}",
                kind=ErrorKind.QUOTA if error.errno in (errno.ENOSPC, errno.EDQUOT) else ErrorKind.PERMISSION,
                hint="Make room in state_dir, or name another folder, and run the task again.",
            ) from error
        try:
            request_id = step.send()
        except CertwrightError as error:
            if not error.ambiguous:
                self._keep(None)
            raise
        self._keep(replace(sent, accepted=True, request_id=request_id))

    def _keep(self, sent: Sent | None) -> None:
        """Notes what became of a call. Where that fails the next run finds it open and looks, so it is only warned of:
        what was sent was sent."""
        try:
            self._page.note(sent)
        except OSError as error:
            self._context.warn(f"The ledger of orders cannot be written: {error.strerror}")

    def _note(self, step: Step, carried_out: bool) -> None:
        """Notes what the order has shown of the step that was sent last."""
        if step.once and self._page.last:
            self._keep(replace(self._page.last, accepted=True) if carried_out else None)

    def _forget_what_is_shown(self, order: Order) -> None:
        """Once an order has shown that the last call arrived, what it needs later is a new wish."""
        last = self._page.last
        if last and order.state.submitted and order.state not in (OrderState.UNKNOWN, OrderState(last.state)):
            self._keep(None)

    def _refused(self, order: Order, missing: list[Step], done: list[Step], error: CertwrightError) -> Verdict:
        """After a refusal: the order, if somebody else has just sent it; otherwise the refusal goes on up."""
        step = missing[0]
        if step.once and error.kind is ErrorKind.CONFLICT:
            verdict = look_back(self._submission, missing, step, min(_REFUSED_SECONDS, self._timeout), self._context)
            if verdict.carried_out:
                self._context.warn(f"Order '{order.id}' was submitted by somebody else a moment ago; it is taken over.")
                return verdict
            error.order = verdict.order or order
        elif done:
            error.order = self._last_known(order, done)
        raise error

    def _settled(self, order: Order, missing: list[Step], done: list[Step], error: CertwrightError) -> Verdict:
        """After a call without a usable answer: what the order shows. Raises CertwrightError where that is not enough,
        or where the call was sent again already."""
        step = missing[0]
        # A refusal that this version does not know is an answer all the same.
        timeout = min(_REFUSED_SECONDS, self._timeout) if error.kind is ErrorKind.REJECTED else self._timeout
        verdict = look_back(self._submission, missing, step, timeout, self._context, done)
        if verdict.order is None:
            error.order = predicted(order, done)
            raise self._unknown(step, error, "It could not be read, either.") from error
        error.order = verdict.order
        if verdict.carried_out:
            self._note(step, True)
            return verdict
        if error.kind not in (ErrorKind.NETWORK, ErrorKind.SERVER):
            # The cloud answered with a refusal that this version does not know, and the order confirms it.
            raise error
        if verdict.not_carried_out and self._timeout and step.name not in self._again:
            self._again.add(step.name)
            self._note(step, False)
            return verdict
        shown = f"The cloud still shows the order as {verdict.order.state.value}."
        raise self._unknown(step, error, shown) from error

    def _unknown(self, step: Step, error: CertwrightError, seen: str) -> CertwrightError:
        order_id = self._submission.order_id
        times = "It was sent twice, the second time after the order had shown nothing of the first. "
        return error.left_open(
            f"Order '{order_id}': it is not known whether '{step.name}' was carried out: "
            f"{_without_order(error, order_id)}",
            f"{times if step.name in self._again else 'It was not sent again. '}{seen} {self._advice()}",
        )

    def _left_open(self, step: Step, last: Sent, age: float, order: Order) -> CertwrightError:
        """An earlier run's call of which the order shows nothing, or nothing that can be understood."""
        what, reopened = "taken by the cloud" if last.accepted else "sent", ""
        if last.accepted:
            minutes = (_ACCEPTED_SECONDS - age) / 60
            reopened = f"If it was opened again on purpose since then, run the task again in {minutes:.0f} minutes. "
        error = CertwrightError(
            f"Order '{order.id}': '{step.name}' was {what} {age:.0f} s ago by an earlier run, but the order "
            f"{order.state.phrase}",
            kind=ErrorKind.OUTCOME_UNKNOWN,
            request_id=last.request_id or order.request_id,
            hint=f"It was not sent again. {reopened}{self._advice()}",
        )
        error.order = order
        return error

    def _advice(self) -> str:
        return (
            f'Look at the order with "{self._submission.look}", or wait a minute and run the same task again: it reads '
            "the order first and sends only what is missing."
        )

    def _last_known(self, order: Order, done: list[Step]) -> Order:
        try:
            return self._service.read(order.id)
        except CertwrightError:
            return predicted(order, done)

    def _read_after(self, before: Order, done: list[Step]) -> Order:
        """The order as the cloud shows it after the steps."""
        try:
            order = self._service.read(before.id)
        except CertwrightError as error:
            error.changed, error.order = bool(done), predicted(before, done)
            if done:
                names = ", ".join(f"'{step.name}'" for step in done)
                error.message = (
                    f"Order '{before.id}': {names} was carried out, but reading it again failed: "
                    f"{_without_order(error, before.id)}"
                )
            raise
        self._forget_what_is_shown(order)
        if order.state in old_states(before, done):
            said = "The cloud took the order but still shows its state from before; look again in a moment."
            return replace(order, action=ActionNeeded.NONE, next_step=said)
        return order


def predicted(order: Order, done: Sequence[Step]) -> Order:
    """The order as the steps leave it, as far as that can be told."""
    if not done:
        return order
    domains = next((step.domains for step in reversed(done) if step.domains is not None), order.domains)
    return replace(order, state=done[-1].resulting, domains=domains, action=None, next_step=None)


def old_states(before: Order, done: Sequence[Step]) -> frozenset[OrderState]:
    """The states that the steps have left behind."""
    if not done:
        return frozenset()
    return frozenset({before.state, *(step.resulting for step in done)} - {done[-1].resulting})


def _without_order(error: CertwrightError, order_id: str) -> str:
    """What happened, for a sentence that names the order already."""
    prefix = f"Order '{order_id}': "
    return error.message[len(prefix) :] if error.message.startswith(prefix) else error.message
