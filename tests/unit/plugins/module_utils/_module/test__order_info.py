# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Looking orders up, with waiting and certificates on request."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError, ErrorKind, InvalidInput
from ansible_collections.certwright.cloud.plugins.module_utils._module._order_info import Query, looking_up
from ansible_collections.certwright.cloud.plugins.module_utils._module._use_case import Context
from ansible_collections.certwright.cloud.plugins.module_utils._orders import Bundle, OrderState
from ansible_collections.certwright.cloud.tests.unit.plugins.helpers import FakeClock, FakeOrders, make_order, refusal

VALIDATING = make_order(OrderState.VALIDATING)
ISSUED = make_order(OrderState.ISSUED)
OTHER = make_order(OrderState.VALIDATING, "order-2", request_id="request-2")
BUNDLE = Bundle("leaf\n", ("chain\n",), "the key\n")
SHOWN = {
    "order_id": "order-1",
    "certificate": "leaf\n",
    "chain": ["chain\n"],
    "full_chain": "leaf\nchain\n",
    "private_key": "the key\n",
}


def look_up(service: FakeOrders, *ids: str, single: bool = False, **given: Any) -> dict[str, Any]:
    params = {
        "wait_for": None,
        "wait_timeout": 60,
        "wait_interval": 10,
        "return_certificate": False,
        "return_private_key": False,
        **given,
    }
    context = Context(check_mode=params.pop("check_mode", False), clock=FakeClock())
    query = Query(service, ids, single, {"domain": "example.com"}, params.pop("details", True))
    return looking_up(lambda _params, _context: query)(params, context)


def test_single_order_is_returned_alone() -> None:
    service = FakeOrders([VALIDATING])
    assert look_up(service, "order-1", single=True) == {
        "changed": False,
        "order": VALIDATING.to_result(),
        "request_id": "request-read",
    }
    assert service.calls == ["read order-1"]


def test_several_orders_are_returned_in_the_order_asked() -> None:
    service = FakeOrders({"order-1": [VALIDATING], "order-2": [OTHER]})
    result = look_up(service, "order-2", "order-1")
    assert result == {
        "changed": False,
        "orders": [OTHER.to_result(), VALIDATING.to_result()],
        "request_id": "request-read",
    }


def test_orders_without_details_are_taken_from_the_list() -> None:
    service = FakeOrders([], lists=[[OTHER, ISSUED]])
    result = look_up(service, "order-1", "order-2", details=False)
    assert result["orders"] == [ISSUED.to_result(), OTHER.to_result()]
    assert service.calls == ["list"]


def test_order_that_the_list_does_not_show_is_looked_at_itself() -> None:
    service = FakeOrders({"order-2": [OTHER], "order-3": [refusal(ErrorKind.NOT_FOUND)]}, lists=[[ISSUED]])
    assert look_up(service, "order-2", "order-1", details=False)["orders"] == [OTHER.to_result(), ISSUED.to_result()]
    with pytest.raises(CertwrightError) as caught:
        look_up(service, "order-1", "order-3", details=False)
    assert caught.value.kind is ErrorKind.NOT_FOUND


def test_certificates_are_fetched_of_orders_from_the_list() -> None:
    service = FakeOrders([], bundles={"order-1": BUNDLE}, lists=[[ISSUED, OTHER]])
    result = look_up(service, "order-1", "order-2", details=False, return_private_key=True)
    assert result["bundles"] == [SHOWN]


def test_search_returns_all_that_the_flow_finds() -> None:
    service = FakeOrders([VALIDATING])
    service.found = [VALIDATING, OTHER]
    result = look_up(service)
    assert [order["id"] for order in result["orders"]] == ["order-1", "order-2"]
    assert result["request_id"] == "request-2"
    assert service.calls == ["search {'domain': 'example.com'}"]


def test_search_that_finds_nothing_is_a_success() -> None:
    assert look_up(FakeOrders([VALIDATING])) == {"changed": False, "orders": [], "request_id": None}


def test_unknown_order_fails_the_look_up() -> None:
    with pytest.raises(CertwrightError) as caught:
        look_up(FakeOrders({"order-1": [VALIDATING], "order-2": [refusal(ErrorKind.NOT_FOUND)]}), "order-1", "order-2")
    assert caught.value.kind is ErrorKind.NOT_FOUND


def test_wait_reads_until_the_goal() -> None:
    service = FakeOrders([VALIDATING, VALIDATING, ISSUED])
    result = look_up(service, "order-1", single=True, wait_for="issued")
    assert (result["changed"], result["order"]["state"]) == (False, "issued")
    assert service.calls == ["read order-1"] * 3


def test_check_mode_does_not_wait() -> None:
    service = FakeOrders([VALIDATING, ISSUED])
    result = look_up(service, "order-1", single=True, wait_for="issued", check_mode=True)
    assert result["order"]["state"] == "validating"


@pytest.mark.parametrize(
    ("ids", "given", "said"),
    [
        ((), {"wait_for": "issued"}, "wait_for: name the orders"),
        (("order-1",), {"wait_for": "issued", "details": False}, "details: leave it out where you wait"),
        (("order-1",), {"wait_for": "issued", "wait_interval": 0}, "wait_interval: "),
        (("order-1",), {"wait_for": "issued", "wait_interval": float("nan")}, "wait_interval: "),
    ],
)
def test_wait_that_cannot_work_is_refused_before_anything_is_read(
    ids: tuple[str, ...], given: dict[str, Any], said: str
) -> None:
    service = FakeOrders([VALIDATING])
    with pytest.raises(InvalidInput, match=said):
        look_up(service, *ids, **given)
    assert service.calls == []


def test_certificate_is_not_fetched_unless_asked_for() -> None:
    service = FakeOrders([ISSUED], bundles={"order-1": BUNDLE})
    assert "bundle" not in look_up(service, "order-1", single=True)
    assert service.calls == ["read order-1"]


def test_certificate_is_fetched_without_its_key() -> None:
    service = FakeOrders([ISSUED], bundles={"order-1": Bundle("leaf\n", ("chain\n",))})
    result = look_up(service, "order-1", single=True, return_certificate=True)
    assert result["bundle"] == {**SHOWN, "private_key": None}
    assert service.with_key == [False]


def test_private_key_is_fetched_when_asked_for() -> None:
    service = FakeOrders([ISSUED], bundles={"order-1": BUNDLE})
    result = look_up(service, "order-1", single=True, return_private_key=True)
    assert result["bundle"] == SHOWN
    assert service.with_key == [True]


def test_order_that_is_not_issued_has_no_bundle() -> None:
    result = look_up(FakeOrders([VALIDATING]), "order-1", single=True, return_certificate=True)
    assert result["bundle"] is None


def test_bundles_are_those_of_the_issued_orders() -> None:
    service = FakeOrders({"order-1": [ISSUED], "order-2": [OTHER]}, bundles={"order-1": BUNDLE})
    result = look_up(service, "order-1", "order-2", return_private_key=True)
    assert result["bundles"] == [SHOWN]


def test_failed_fetch_tells_the_order() -> None:
    service = FakeOrders([ISSUED], bundles={"order-1": refusal(ErrorKind.PERMISSION)})
    with pytest.raises(CertwrightError) as caught:
        look_up(service, "order-1", single=True, return_certificate=True)
    assert (caught.value.kind, caught.value.order) == (ErrorKind.PERMISSION, ISSUED)
