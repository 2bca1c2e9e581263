# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Find or submit: what is sent, what never twice, and what is told when an answer is lost."""

from __future__ import annotations

import pytest
from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError, ErrorKind, InvalidInput
from ansible_collections.certwright.cloud.plugins.module_utils._orders import ActionNeeded, Order, OrderState
from ansible_collections.certwright.cloud.plugins.module_utils._waiting import Waiting
from ansible_collections.certwright.cloud.tests.unit.plugins.helpers import (
    FakeClock,
    FakeOrders,
    make_order,
    refusal,
    unanswered,
)
from ansible_collections.certwright.cloud.tests.unit.plugins.order_flow import (
    DOCUMENTS,
    ISSUED,
    NEW,
    ORDER,
    PREPARED,
    REJECTED,
    UNKNOWN,
    VALIDATING,
    Flow,
    failure,
    submit,
)

# Plain runs


def test_new_order_gets_documents_and_is_sent_after_it_was_read() -> None:
    flow = Flow(NEW, VALIDATING)
    result = submit(flow)
    assert flow.calls == ["read order-1", DOCUMENTS, ORDER, "read order-1"]
    assert result == {
        "changed": True,
        "order": VALIDATING.to_result(),
        "steps": [DOCUMENTS, ORDER],
        "request_id": "request-read",
        "diff": {
            "before": {"id": "order-1", "state": "awaiting_documents", "domains": []},
            "after": {"id": "order-1", "state": "validating", "domains": ["example.com"]},
        },
    }


def test_prepared_order_is_only_sent() -> None:
    flow = Flow(PREPARED, VALIDATING)
    assert submit(flow)["steps"] == [ORDER]
    assert flow.sent == [ORDER]


@pytest.mark.parametrize("order", [VALIDATING, ISSUED])
def test_order_that_needs_nothing_is_read_once_and_left_alone(order: Order) -> None:
    flow = Flow(order)
    result = submit(flow)
    assert flow.calls == ["read order-1"]
    assert result["changed"] is False
    assert result["steps"] == []
    assert result["diff"]["before"] == result["diff"]["after"]


@pytest.mark.parametrize(("order", "steps"), [(NEW, [DOCUMENTS, ORDER]), (PREPARED, [ORDER]), (ISSUED, [])])
def test_check_mode_predicts_without_writing_or_waiting(order: Order, steps: list[str]) -> None:
    predicted_by = Flow(order)
    predicted = submit(predicted_by, check_mode=True, wait_for="issued")
    assert predicted_by.calls == ["read order-1"]
    assert predicted["steps"] == steps
    really = submit(Flow(order, VALIDATING if steps else order))
    assert list(predicted) == list(really)
    assert predicted["changed"] == really["changed"]
    assert predicted["order"]["state"] == really["order"]["state"]
    assert predicted["diff"]["after"]["state"] == really["diff"]["after"]["state"]


def test_contradiction_is_told_with_the_order_and_sends_nothing() -> None:
    flow = Flow(REJECTED)
    error = failure(flow)
    assert (error.kind, error.order, error.changed) == (ErrorKind.CONFLICT, REJECTED, False)
    assert flow.sent == []


def test_order_that_cannot_be_read_is_not_sent() -> None:
    flow = Flow(refusal(ErrorKind.NOT_FOUND))
    error = failure(flow)
    assert (error.kind, error.changed) == (ErrorKind.NOT_FOUND, False)
    assert flow.sent == []


# Refusals


def test_refused_first_step_changed_nothing() -> None:
    flow = Flow(NEW, documents=refusal())
    error = failure(flow)
    assert (error.kind, error.order, error.changed) == (ErrorKind.REJECTED, NEW, False)
    assert flow.calls == ["read order-1", DOCUMENTS]


def test_refused_second_step_tells_where_the_first_has_brought_the_order() -> None:
    flow = Flow(NEW, PREPARED, order=refusal(ErrorKind.QUOTA))
    error = failure(flow)
    assert (error.kind, error.order, error.changed) == (ErrorKind.QUOTA, PREPARED, True)
    assert flow.sent == [DOCUMENTS, ORDER]


def test_refused_second_step_predicts_the_order_when_it_cannot_be_read() -> None:
    error = failure(Flow(NEW, refusal(ErrorKind.NETWORK), order=refusal(ErrorKind.QUOTA)))
    assert error.kind is ErrorKind.QUOTA
    assert error.order is not None
    assert (error.order.state, error.changed) == (OrderState.PREPARED, True)


# Lost answers


@pytest.mark.parametrize(
    ("lost", "before", "seen", "steps"),
    [
        pytest.param("documents", NEW, PREPARED, [DOCUMENTS, ORDER], id="documents arrived"),
        pytest.param("order", PREPARED, VALIDATING, [ORDER], id="order arrived"),
        pytest.param("order", NEW, ISSUED, [DOCUMENTS, ORDER], id="order arrived and is issued already"),
    ],
)
def test_lost_answer_is_settled_by_reading_and_the_rest_is_sent(
    lost: str, before: Order, seen: Order, steps: list[str]
) -> None:
    flow = Flow(before, seen, VALIDATING, **{lost: unanswered()})
    result = submit(flow)
    assert flow.sent == steps
    assert (result["changed"], result["steps"]) == (True, steps)


def test_search_for_a_lost_answer_says_what_it_looks_for_and_what_it_sees() -> None:
    heard: list[Waiting] = []
    flow = Flow(PREPARED, PREPARED, refusal(ErrorKind.NETWORK), VALIDATING, order=unanswered())
    submit(flow, speak=heard.append)
    assert {(each.subject, each.goal) for each in heard} == {
        ("order 'order-1'", f"what became of {ORDER}, whose answer is not known")
    }
    assert [each.seen for each in heard] == ["prepared", "it cannot be read"]


@pytest.mark.parametrize(
    ("lost", "before", "seen", "sent"),
    [
        pytest.param("documents", NEW, NEW, [DOCUMENTS], id="documents not seen"),
        pytest.param("order", PREPARED, PREPARED, [ORDER], id="order not seen"),
        pytest.param("order", NEW, PREPARED, [DOCUMENTS, ORDER], id="only the documents seen"),
    ],
)
@pytest.mark.parametrize("settle_timeout", [0, 60])
def test_step_that_never_arrives_is_told(
    lost: str, before: Order, seen: Order, sent: list[str], settle_timeout: int
) -> None:
    flow = Flow(before, seen, **{lost: unanswered()})
    error = failure(flow, settle_timeout=settle_timeout)
    assert (error.kind, error.order, error.changed) == (ErrorKind.OUTCOME_UNKNOWN, seen, len(sent) > 1)
    assert f"it is not known whether '{sent[-1]}' was carried out: the answer was lost" in error.text
    assert f"The cloud still shows the order as {seen.state.value}." in error.text
    # Once more after a minute in which the order showed nothing, but not a third time.
    assert flow.sent == (sent if settle_timeout == 0 else [*sent, sent[-1]])
    assert ("It was sent twice" in error.text) is (settle_timeout > 0)


@pytest.mark.parametrize(
    ("before", "seen"),
    [
        pytest.param(PREPARED, UNKNOWN, id="unknown state"),
        pytest.param(PREPARED, NEW, id="back to the beginning"),
    ],
)
def test_order_that_shows_neither_is_not_sent_again(before: Order, seen: Order) -> None:
    flow = Flow(before, seen, order=unanswered())
    error = failure(flow)
    assert (error.kind, error.order, error.changed) == (ErrorKind.OUTCOME_UNKNOWN, seen, False)
    assert "It was not sent again. The cloud still shows the order as" in error.text
    assert 'Look at the order with "look order-1"' in error.text
    assert flow.sent == [ORDER]


def test_submission_that_shows_late_is_waited_for() -> None:
    clock, flow = FakeClock(), Flow(PREPARED, PREPARED, PREPARED, VALIDATING, order=unanswered())
    result = submit(flow, clock=clock)
    assert (result["steps"], flow.sent, clock.sleeps) == ([ORDER], [ORDER], [2.0, 2.0])


def test_look_that_fails_for_a_moment_settles_nothing_and_ends_nothing() -> None:
    flow = Flow(PREPARED, refusal(ErrorKind.NETWORK), refusal(ErrorKind.THROTTLED), VALIDATING, order=unanswered())
    assert submit(flow)["changed"] is True
    assert flow.sent == [ORDER]


def test_order_that_was_shown_for_a_minute_not_to_have_arrived_is_sent_again() -> None:
    clock = FakeClock()
    flow = Flow(PREPARED, PREPARED, order=unanswered())
    flow.after_first(ORDER, flow.outcomes.clear)
    result = submit(flow, clock=clock)
    assert (result["steps"], flow.sent) == ([ORDER], [ORDER, ORDER])
    assert sum(clock.sleeps) == 60
    assert len(clock.sleeps) == 30


def test_order_is_not_sent_again_when_the_last_look_failed() -> None:
    # Shown as prepared for a while; what it is when it would be sent, nobody knows.
    looks = [PREPARED] * 10 + [refusal(ErrorKind.NETWORK)]
    flow = Flow(*looks, order=unanswered())
    assert failure(flow).kind is ErrorKind.OUTCOME_UNKNOWN
    assert flow.sent == [ORDER]


def test_look_that_cannot_succeed_ends_the_settling_at_once() -> None:
    clock, flow = FakeClock(), Flow(PREPARED, refusal(ErrorKind.AUTH), order=unanswered())
    assert failure(flow, clock=clock).kind is ErrorKind.OUTCOME_UNKNOWN
    assert clock.sleeps == []


@pytest.mark.parametrize(("before", "known"), [(PREPARED, PREPARED), (NEW, PREPARED)])
def test_lost_answer_is_told_when_the_order_cannot_be_read_either(before: Order, known: Order) -> None:
    flow = Flow(before, refusal(ErrorKind.NETWORK), order=unanswered())
    error = failure(flow)
    assert error.kind is ErrorKind.OUTCOME_UNKNOWN
    assert error.order is not None
    assert error.order.state is known.state
    assert "It could not be read, either." in error.text
    assert flow.sent.count(ORDER) == 1


def test_order_is_not_sent_when_it_is_unknown_whether_its_documents_were_replaced() -> None:
    # Prepared before and after: that state alone does not show that the new documents are stored.
    flow = Flow(PREPARED, PREPARED, documents=unanswered())
    flow.documents_fit = lambda order: False
    assert failure(flow).kind is ErrorKind.OUTCOME_UNKNOWN
    assert set(flow.sent) == {DOCUMENTS}


def test_order_is_sent_when_reading_shows_that_its_documents_were_replaced() -> None:
    replaced = make_order(OrderState.PREPARED, domains=("new.example.com",))
    flow = Flow(PREPARED, replaced, VALIDATING, documents=unanswered())
    flow.documents_fit = lambda order: order.domains == ("new.example.com",)
    assert submit(flow)["steps"] == [DOCUMENTS, ORDER]


def test_order_that_somebody_else_sent_meanwhile_is_not_sent_again() -> None:
    flow = Flow(NEW, VALIDATING, documents=unanswered())
    submit(flow)
    assert flow.sent == [DOCUMENTS]


def test_order_that_was_sent_and_refused_at_once_is_told_as_changed() -> None:
    error = failure(Flow(PREPARED, REJECTED, order=unanswered()))
    assert (error.kind, error.order, error.changed) == (ErrorKind.CONFLICT, REJECTED, True)


def test_old_rejection_does_not_prove_a_new_submission() -> None:
    flow = FakeOrders([REJECTED], lambda order: [flow.step(ORDER, OrderState.VALIDATING, unanswered())])
    assert failure(flow).kind is ErrorKind.OUTCOME_UNKNOWN
    assert flow.calls.count(ORDER) == 1


def test_unknown_refusal_that_the_order_confirms_is_told_as_it_came() -> None:
    error = failure(Flow(PREPARED, PREPARED, order=refusal(ambiguous=True)))
    assert (error.kind, error.code, error.order, error.changed) == (ErrorKind.REJECTED, "Refused", PREPARED, False)


def test_unknown_refusal_that_the_order_disproves_is_a_success() -> None:
    assert submit(Flow(PREPARED, VALIDATING, order=refusal(ambiguous=True)))["changed"] is True


# Rivals


def test_order_that_a_rival_has_just_sent_is_taken_over() -> None:
    warnings: list[str] = []
    flow = Flow(NEW, PREPARED, VALIDATING, order=refusal(ErrorKind.CONFLICT))
    result = submit(flow, warn=warnings.append)
    assert (result["order"]["state"], result["steps"]) == ("validating", [DOCUMENTS])
    assert warnings == ["Order 'order-1' was submitted by somebody else a moment ago; it is taken over."]
    assert flow.sent == [DOCUMENTS, ORDER]


def test_conflict_that_the_order_does_not_explain_is_told_as_it_came() -> None:
    clock, flow = FakeClock(), Flow(PREPARED, PREPARED, order=refusal(ErrorKind.CONFLICT))
    error = failure(flow, clock=clock)
    assert (error.kind, error.code, error.order, error.changed) == (ErrorKind.CONFLICT, "Refused", PREPARED, False)
    assert (flow.sent, sum(clock.sleeps)) == ([ORDER], 10)


# Reading after the steps


def test_failed_read_after_the_steps_tells_what_was_carried_out() -> None:
    error = failure(Flow(NEW, refusal(ErrorKind.NETWORK)))
    assert error.text == (
        "Order 'order-1': 'submit documents', 'submit order' was carried out, but reading it again failed: "
        "the call was refused (Refused; request id request-bad)."
    )
    assert error.order is not None
    assert (error.order.state, error.changed) == (OrderState.VALIDATING, True)


@pytest.mark.parametrize("stale", [NEW, PREPARED])
def test_order_that_still_shows_its_old_state_is_not_said_to_need_sending(stale: Order) -> None:
    order = submit(Flow(NEW, stale))["order"]
    assert (order["state"], order["action_needed"]) == (stale.state.value, "none")
    assert order["next_step"].startswith("The cloud took the order but still shows its state from before")


# Optional steps


def optional_flow(outcome: CertwrightError | None) -> FakeOrders:
    flow = FakeOrders([VALIDATING], lambda order: [flow.step("ask", OrderState.VALIDATING, outcome, optional=True)])
    return flow


def test_optional_step_that_works_is_a_change() -> None:
    assert submit(optional_flow(None))["changed"] is True


@pytest.mark.parametrize("outcome", [refusal(), unanswered()])
def test_optional_step_that_fails_is_a_warning_and_no_change(outcome: CertwrightError) -> None:
    warnings: list[str] = []
    result = submit(optional_flow(outcome), warn=warnings.append)
    assert (result["changed"], result["steps"]) == (False, [])
    assert warnings == [f"Order 'order-1': 'ask' had no effect: {outcome.text}"]


# Waiting


def test_wait_follows_the_submission_and_overlooks_the_states_it_left() -> None:
    flow = Flow(NEW, NEW, PREPARED, VALIDATING, ISSUED)
    result = submit(flow, wait_for="issued")
    assert (result["changed"], result["order"]["state"]) == (True, "issued")
    assert flow.sent == [DOCUMENTS, ORDER]


def test_wait_for_an_order_sent_long_ago_changes_nothing() -> None:
    assert submit(Flow(VALIDATING, ISSUED), wait_for="issued")["changed"] is False


@pytest.mark.parametrize(("before", "changed"), [(NEW, True), (VALIDATING, False)])
def test_wait_that_runs_out_tells_whether_something_was_sent(before: Order, changed: bool) -> None:
    error = failure(Flow(before, VALIDATING), wait_for="issued")
    assert (error.kind, error.order, error.changed) == (ErrorKind.TIMEOUT, VALIDATING, changed)


def test_letter_that_is_wanted_after_the_submission_ends_the_wait() -> None:
    letter = make_order(OrderState.AWAITING_LETTER)
    error = failure(Flow(NEW, letter), wait_for="issued")
    assert (error.kind, error.order, error.changed) == (ErrorKind.CONFLICT, letter, True)


def test_wait_for_an_order_that_is_only_prepared_is_refused_before_anything_is_sent() -> None:
    flow = Flow(NEW)
    with pytest.raises(InvalidInput, match="wait_for: an order that is only prepared"):
        submit(flow, OrderState.PREPARED, wait_for="issued")
    assert flow.calls == []


def test_wrong_waiting_times_are_refused_before_anything_is_sent() -> None:
    flow = Flow(NEW)
    with pytest.raises(InvalidInput, match="wait_timeout: .*; wait_interval: "):
        submit(flow, wait_for="issued", wait_timeout=-1, wait_interval=0)
    assert flow.calls == []


def test_negative_time_to_settle_is_refused_before_anything_is_sent() -> None:
    flow = Flow(NEW)
    with pytest.raises(InvalidInput, match="settle_timeout: give a number of seconds, 0 to look once"):
        submit(flow, settle_timeout=-1)
    assert flow.calls == []


def test_predicted_order_does_not_keep_an_old_hint() -> None:
    hinted = make_order(OrderState.PREPARED, action=ActionNeeded.UPLOAD_LETTER, next_step="Something old.")
    order = submit(Flow(hinted), check_mode=True)["order"]
    assert (order["action_needed"], order["next_step"]) == (
        "none",
        "The validation values are not known yet; look again in a moment.",
    )


def test_check_mode_predicts_the_names_that_a_step_tells() -> None:
    flow = FakeOrders([NEW], lambda order: [flow.step(DOCUMENTS, OrderState.PREPARED, domains=("a.example.com",))])
    result = submit(flow, check_mode=True)
    assert result["order"]["domains"] == result["diff"]["after"]["domains"] == ["a.example.com"]
