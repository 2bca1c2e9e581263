# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waiting for orders: when it ends, and with which words."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError, ErrorKind, InvalidInput
from ansible_collections.certwright.cloud.plugins.module_utils._module._use_case import Context
from ansible_collections.certwright.cloud.plugins.module_utils._module._wait import (
    ISSUED,
    VALIDATION,
    WaitPlan,
    plan_from,
    wait_for_orders,
)
from ansible_collections.certwright.cloud.plugins.module_utils._orders import (
    ActionNeeded,
    Order,
    OrderState,
    Validation,
    ValidationMethod,
    ValidationRecord,
    ValidationStatus,
    VendorState,
)
from ansible_collections.certwright.cloud.plugins.module_utils._waiting import Waiting
from ansible_collections.certwright.cloud.tests.unit.plugins.helpers import (
    FakeClock,
    FakeOrders,
    make_order,
    refusal,
)

RECORD = ValidationRecord("_dnsauth.example.com", "TXT", "abc")
VALUES = (Validation("example.com", ValidationMethod.DNS, record=RECORD),)


def at(state: OrderState, order_id: str = "order-1", told: bool = False) -> Order:
    return make_order(state, order_id, validations=VALUES if told else ())


def wait(service: FakeOrders, *orders: Order, goal: str = ISSUED, old: tuple[OrderState, ...] = ()) -> list[Order]:
    return wait_for_orders(service, orders, WaitPlan(goal, 60, 10), Context(clock=FakeClock()), old)


def failure(service: FakeOrders, *orders: Order, goal: str = ISSUED) -> CertwrightError:
    with pytest.raises(CertwrightError) as caught:
        wait(service, *orders, goal=goal)
    return caught.value


def told(service: FakeOrders, *orders: Order) -> list[Waiting]:
    """What a wait says of itself."""
    heard: list[Waiting] = []
    wait_for_orders(service, orders, WaitPlan(ISSUED, 60, 10), Context(clock=FakeClock(), speak=heard.append))
    return heard


def test_wait_for_an_order_says_where_it_stands() -> None:
    order = at(OrderState.VALIDATING, told=True)
    service = FakeOrders([order, refusal(ErrorKind.NETWORK), at(OrderState.ISSUED)])
    first, second, third = told(service, order)
    assert (first.subject, first.goal, first.done, first.total) == ("order 'order-1'", "its certificate", 0, 1)
    assert first.seen == "validating, validating there, example.com: pending"
    assert (first.waited, first.next_look, second.waited) == (0, 10, 10)
    assert second.seen == first.seen and third.seen.startswith(f"{first.seen}, the last look failed: ")


def test_wait_for_many_orders_says_how_many_stand_where() -> None:
    orders = [at(OrderState.VALIDATING, "a"), at(OrderState.ISSUED, "b"), at(OrderState.REVIEWING, "c")]
    service = FakeOrders([at(OrderState.ISSUED, "a"), orders[2], at(OrderState.ISSUED, "c")])
    first, second = told(service, *orders)
    assert (first.subject, first.goal) == ("3 orders", "their certificates")
    assert (first.done, first.total, first.seen) == (1, 3, "1 validating, 1 reviewing")
    assert (second.done, second.seen) == (2, "1 reviewing")


def test_looks_become_rarer_where_no_interval_is_given() -> None:
    clock = FakeClock()
    waiting = [at(OrderState.VALIDATING)] * 26 + [at(OrderState.ISSUED)]
    wait_for_orders(FakeOrders(waiting), waiting[:1], WaitPlan(ISSUED, 7200), Context(clock=clock))
    assert clock.sleeps == [15.0] * 20 + [60.0] * 7


@pytest.mark.parametrize(
    ("goal", "order"),
    [
        pytest.param(ISSUED, at(OrderState.ISSUED), id="issued"),
        pytest.param(VALIDATION, at(OrderState.ISSUED), id="issued counts for validation"),
        pytest.param(VALIDATION, at(OrderState.VALIDATING, told=True), id="values known"),
        pytest.param(VALIDATION, at(OrderState.AWAITING_LETTER, told=True), id="values known, letter wanted"),
    ],
)
def test_order_at_its_goal_is_not_read_again(goal: str, order: Order) -> None:
    service = FakeOrders([])
    assert wait(service, order, goal=goal) == [order]
    assert service.calls == []


@pytest.mark.parametrize(
    ("goal", "later"),
    [(ISSUED, at(OrderState.ISSUED)), (VALIDATION, at(OrderState.VALIDATING, told=True))],
)
@pytest.mark.parametrize(
    "state", [OrderState.VALIDATING, OrderState.REVIEWING, OrderState.UNKNOWN, OrderState.REISSUING]
)
def test_order_is_read_until_it_reaches_its_goal(goal: str, later: Order, state: OrderState) -> None:
    service = FakeOrders([at(state), later])
    assert wait(service, at(state), goal=goal) == [later]
    assert len(service.calls) == 2


@pytest.mark.parametrize("goal", [ISSUED, VALIDATION])
@pytest.mark.parametrize("state", [state for state in OrderState if state.dead_end])
def test_dead_end_ends_the_wait_at_once(goal: str, state: OrderState) -> None:
    service = FakeOrders([at(state, told=True)])
    error = failure(service, at(OrderState.VALIDATING), goal=goal)
    assert (error.kind, error.order) == (ErrorKind.REJECTED, at(state, told=True))
    assert error.message.startswith(f"Order 'order-1' is {state.value}, so its ")
    assert (error.detail, error.request_id) == (f"{state.value} there", "request-read")
    assert len(service.calls) == 1


@pytest.mark.parametrize("state", [state for state in OrderState if state.needs_person])
def test_order_that_waits_for_a_person_is_not_waited_for(state: OrderState) -> None:
    service = FakeOrders([])
    error = failure(service, at(state))
    assert (error.kind, error.order) == (ErrorKind.CONFLICT, at(state))
    assert error.message.endswith("so waiting for its certificate is no use yet")
    assert error.hint == at(state).to_result()["next_step"]
    assert service.calls == []


@pytest.mark.parametrize("old", [OrderState.PREPARED, OrderState.REJECTED])
def test_state_from_before_the_submission_is_old_news(old: OrderState) -> None:
    service = FakeOrders([at(old), at(OrderState.ISSUED)])
    assert wait(service, at(old), old=(old,)) == [at(OrderState.ISSUED)]


def test_several_orders_are_waited_for_together_and_only_the_unfinished_are_read() -> None:
    service = FakeOrders(
        {
            "order-1": [at(OrderState.ISSUED, "order-1")],
            "order-2": [at(OrderState.VALIDATING, "order-2"), at(OrderState.ISSUED, "order-2")],
        }
    )
    orders = wait(service, at(OrderState.VALIDATING, "order-1"), at(OrderState.VALIDATING, "order-2"))
    assert [(order.id, order.state) for order in orders] == [
        ("order-1", OrderState.ISSUED),
        ("order-2", OrderState.ISSUED),
    ]
    assert service.calls == ["read order-1", "read order-2", "read order-2"]


def many(state: OrderState = OrderState.VALIDATING) -> list[Order]:
    return [at(state, f"order-{number}") for number in range(10)]


def shown(order: Order, text: str | None = None, code: str = "7") -> Order:
    """An order as a list shows it."""
    return replace(order, vendor_state=VendorState(code, text))


def looked_at(service: FakeOrders) -> list[str]:
    """What was asked for, without the names of the orders."""
    return [call.removesuffix(" order-" + call.split("-")[-1]) for call in service.calls]


def test_wait_for_many_orders_looks_at_a_list_and_reads_those_that_moved() -> None:
    orders = many()
    moved = [at(OrderState.ISSUED, "order-3"), *orders[:3], *orders[4:]]
    service = FakeOrders(
        {order.id: [at(OrderState.ISSUED, order.id)] for order in orders},
        lists=[orders, moved, many(OrderState.ISSUED)],
    )
    assert [order.state for order in wait(service, *orders)] == [OrderState.ISSUED] * 10
    # When one is issued, nine are left, and of so few a list saves nothing.
    assert service.calls[:3] == ["list with 5 calls", "list with 5 calls", "read order-3"]
    assert sorted(service.calls[3:]) == [f"read order-{number}" for number in range(10) if number != 3]


@pytest.mark.parametrize(
    ("row", "read"),
    [
        pytest.param(shown(at(OrderState.VALIDATING, "one")), False, id="the same state, no words"),
        pytest.param(shown(at(OrderState.ISSUED, "one")), True, id="another state, no words"),
        pytest.param(
            shown(at(OrderState.REVIEWING, "one"), "Validating THERE"), False, id="the same words, understood otherwise"
        ),
        pytest.param(shown(at(OrderState.VALIDATING, "one"), "reviewing there"), True, id="other words"),
        pytest.param(shown(at(OrderState.VALIDATING, "one"), "validating there", "8"), True, id="another code"),
        pytest.param(at(OrderState.VALIDATING, "another"), True, id="not in the list"),
    ],
)
def test_order_is_read_where_the_list_shows_something_else(row: Order, read: bool) -> None:
    orders = [at(OrderState.VALIDATING, "one"), *many()]
    service = FakeOrders({order.id: [order] for order in orders}, lists=[[row, *many()]])
    failure(service, *orders)
    assert ("read one" in service.calls) is read


@pytest.mark.parametrize("answer", [None, refusal(ErrorKind.PERMISSION), refusal(ErrorKind.NETWORK)])
def test_each_order_is_read_where_a_list_does_not_help(answer: CertwrightError | None) -> None:
    orders = many()
    service = FakeOrders({order.id: [at(OrderState.ISSUED, order.id)] for order in orders}, lists=[answer])
    assert [order.state for order in wait(service, *orders)] == [OrderState.ISSUED] * 10
    assert sorted(service.calls) == ["list with 5 calls", *(f"read {order.id}" for order in orders)]


def test_refused_list_is_not_asked_for_again_but_a_disturbed_one_is() -> None:
    orders = many()
    for kind, lists in ((ErrorKind.PERMISSION, 1), (ErrorKind.NETWORK, 6)):
        service = FakeOrders({order.id: [order] for order in orders}, lists=[refusal(kind)])
        failure(service, *orders)
        assert looked_at(service).count("list with 5 calls") == lists


def test_every_order_is_looked_at_itself_now_and_then_because_a_list_may_lag_behind() -> None:
    orders = many()
    service = FakeOrders({order.id: [at(OrderState.ISSUED, order.id)] for order in orders}, lists=[orders])
    clock = FakeClock()
    wait_for_orders(service, orders, WaitPlan(ISSUED, 3600, 60), Context(clock=clock))
    assert len(clock.sleeps) == 10
    assert looked_at(service) == ["list with 5 calls"] * 9 + ["read"] * 10


def test_list_does_not_tell_of_validation_values() -> None:
    orders = many()
    service = FakeOrders({order.id: [at(OrderState.VALIDATING, order.id, told=True)] for order in orders})
    wait(service, *orders, goal=VALIDATION)
    assert looked_at(service) == ["read"] * 10


def test_order_named_twice_is_returned_twice() -> None:
    order = at(OrderState.VALIDATING)
    assert wait(FakeOrders([at(OrderState.ISSUED)]), order, order) == [at(OrderState.ISSUED)] * 2


def test_time_out_says_what_was_last_seen_and_how_to_go_on() -> None:
    error = failure(FakeOrders([at(OrderState.REVIEWING)]), at(OrderState.VALIDATING))
    assert (error.kind, error.order) == (ErrorKind.TIMEOUT, at(OrderState.REVIEWING))
    assert error.text == (
        "Order 'order-1' did not get its certificate within 60 s; it is reviewing, said 'reviewing there'. "
        "Nothing is lost: the order goes on at the cloud. "
        "Run the same task again to go on waiting (wait_timeout sets for how long)."
    )


@pytest.mark.parametrize("state", [OrderState.VALIDATING, OrderState.REVIEWING])
def test_time_out_of_an_order_with_records_says_to_publish_them_first(state: OrderState) -> None:
    action = ActionNeeded.PUBLISH_VALIDATION if state is OrderState.REVIEWING else None
    waiting = make_order(state, validations=VALUES, action=action)
    hint = failure(FakeOrders([waiting]), waiting).hint or ""
    assert hint.startswith("Publish the validation record (order.validations) first, if it is not there. Nothing is")
    passed = replace(VALUES[0], status=ValidationStatus.PASSED)
    seen = make_order(state, validations=(passed,))
    assert (failure(FakeOrders([seen]), seen).hint or "").startswith("Nothing is lost")


def test_time_out_of_several_orders_counts_the_others() -> None:
    orders = [at(OrderState.VALIDATING, f"order-{number}") for number in (1, 2, 3)]
    service = FakeOrders({order.id: [order] for order in orders})
    assert failure(service, *orders).message.startswith("Order 'order-1' (and 2 more) did not get its certificate")


@pytest.mark.parametrize("kind", [ErrorKind.NETWORK, ErrorKind.SERVER, ErrorKind.THROTTLED])
def test_passing_trouble_does_not_end_the_wait(kind: ErrorKind) -> None:
    service = FakeOrders([refusal(kind), at(OrderState.ISSUED)])
    assert wait(service, at(OrderState.VALIDATING)) == [at(OrderState.ISSUED)]


def test_time_out_tells_the_trouble_of_the_last_look() -> None:
    error = failure(FakeOrders([refusal(ErrorKind.NETWORK)]), at(OrderState.VALIDATING))
    assert error.kind is ErrorKind.TIMEOUT
    assert error.message.endswith("; the last look at it failed: the call was refused")


@pytest.mark.parametrize("kind", [ErrorKind.AUTH, ErrorKind.PERMISSION, ErrorKind.NOT_FOUND])
def test_lasting_trouble_ends_the_wait_with_the_order_as_last_known(kind: ErrorKind) -> None:
    error = failure(FakeOrders([refusal(kind)]), at(OrderState.VALIDATING))
    assert (error.kind, error.order) == (kind, at(OrderState.VALIDATING))


@pytest.mark.parametrize(
    ("wait_for", "timeout", "interval", "plan"),
    [
        (None, -1, -1.0, None),
        ("issued", 0, 0.5, WaitPlan(ISSUED, 0, 0.5)),
        ("validation", 1800, 15.0, WaitPlan(VALIDATION, 1800, 15.0)),
    ],
)
def test_plan_comes_from_the_options(
    wait_for: str | None, timeout: int, interval: float, plan: WaitPlan | None
) -> None:
    assert plan_from({"wait_for": wait_for, "wait_timeout": timeout, "wait_interval": interval}) == plan


@pytest.mark.parametrize(
    ("timeout", "interval", "faults"),
    [
        (-1, 15.0, ["wait_timeout"]),
        (60, 0.0, ["wait_interval"]),
        (60, -1.0, ["wait_interval"]),
        (60, float("nan"), ["wait_interval"]),
        (-1, 0.0, ["wait_timeout", "wait_interval"]),
    ],
)
def test_impossible_times_are_refused_together(timeout: int, interval: float, faults: list[str]) -> None:
    with pytest.raises(InvalidInput) as caught:
        plan_from({"wait_for": "issued", "wait_timeout": timeout, "wait_interval": interval})
    assert [fault.split(":")[0] for fault in caught.value.faults] == faults
