# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Parsing what Alibaba says of DV orders, hostile shapes included."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest
from ansible_collections.certwright.cloud.plugins.module_utils._alibaba._dv_answers import (
    ListedOrder,
    bundle_from,
    listed_orders,
    made_absolute,
    order_from_listed,
    order_from_result,
)
from ansible_collections.certwright.cloud.plugins.module_utils._alibaba._fields import Fields
from ansible_collections.certwright.cloud.plugins.module_utils._alibaba._states import DV_STATES, dv_state
from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError, ErrorKind
from ansible_collections.certwright.cloud.plugins.module_utils._orders import Order, OrderState
from ansible_collections.certwright.cloud.tests.unit.plugins.alibaba_helpers import Chain


def fields(**data: Any) -> Fields:
    return Fields(data, "DescribeDVOrderResult", "R-1")


def checking(name: Any, value: Any, kind: Any = "DNS") -> Order:
    order = order_from_result("x", fields(OrderStatus="checking", CheckType=kind, CheckName=name, CheckValue=value))
    assert order is not None
    return order


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("PAYED", OrderState.AWAITING_DOCUMENTS),
        ("Paid", OrderState.AWAITING_DOCUMENTS),
        ("CHECKING", OrderState.VALIDATING),
        ("checking", OrderState.VALIDATING),
        ("Verifying", OrderState.VALIDATING),
        ("Pending Verification", OrderState.VALIDATING),
        ("checked_fail", OrderState.REJECTED),
        ("check_fail", OrderState.REJECTED),
        ("CHECKED_FAIL", OrderState.REJECTED),
        ("Verification Failed", OrderState.REJECTED),
        ("issued", OrderState.ISSUED),
        ("ISSUED", OrderState.ISSUED),
        ("WILLEXPIRE", OrderState.ISSUED),
        ("Pending Verification for Revocation", OrderState.REVOKING),
        ("Verifying Revocation", OrderState.REVOKING),
        ("REVOKED", OrderState.REVOKED),
        ("EXPIRED", OrderState.EXPIRED),
        ("CLOSED", OrderState.CANCELLED),
        ("REFUND", OrderState.REFUNDED),
        ("NOTACTIVATED", OrderState.UNKNOWN),
        ("procesing", OrderState.UNKNOWN),
        ("", OrderState.UNKNOWN),
        (None, OrderState.UNKNOWN),
    ],
)
def test_state_of_a_word_in_any_spelling(word: str | None, state: OrderState) -> None:
    assert dv_state(word) is state
    assert state in DV_STATES


@pytest.mark.parametrize("status", [None, "", " "])
def test_result_without_a_status_is_no_order(status: str | None) -> None:
    assert order_from_result("x", fields(OrderStatus=status)) is None


def test_unknown_status_is_kept_and_neither_final_nor_success() -> None:
    order = order_from_result("x", fields(OrderStatus="frozen"))
    assert order is not None
    assert (order.state, order.vendor_state.code) == (OrderState.UNKNOWN, "frozen")
    assert not order.state.dead_end


@pytest.mark.parametrize(
    ("listed", "status", "state"),
    [
        ("CHECKING", "issued", OrderState.ISSUED),
        ("PAYED", "checking", OrderState.VALIDATING),
        ("CHECKED_FAIL", "checking", OrderState.VALIDATING),
        ("NEW WORD", "issued", OrderState.ISSUED),
        ("REVOKED", "issued", OrderState.REVOKED),
        ("EXPIRED", "issued", OrderState.EXPIRED),
        ("Verifying Revocation", "issued", OrderState.REVOKING),
    ],
)
def test_list_decides_only_where_the_result_cannot_know(listed: str, status: str, state: OrderState) -> None:
    order = order_from_result("x", fields(OrderStatus=status), ListedOrder("x", listed, "DV", None))
    assert order is not None
    assert order.state is state
    assert (order.vendor_state.code, order.vendor_state.text) == (status, listed)


@pytest.mark.parametrize(
    ("name", "value", "domain", "record"),
    [
        ("_dnsauth.www.example.com", "2026000abc", "www.example.com", ("_dnsauth.www.example.com", "TXT")),
        ("_DNSAUTH.Example.COM.", "2026000abc", "example.com", ("_dnsauth.example.com", "TXT")),
        ("_a1._b2.example.com", "x.dcv.example.org", "example.com", ("_a1._b2.example.com", "CNAME")),
        ("_a1.example.com", "x.dcv.example.org.", "example.com", ("_a1.example.com", "CNAME")),
        ("_dnsauth", "2026000abc", "", ("_dnsauth", "TXT")),
        ("_dnsauth.www", "20260101.000", "www", ("_dnsauth.www", "TXT")),
    ],
)
def test_record_to_publish(name: str, value: str, domain: str, record: tuple[str, str]) -> None:
    (validation,) = checking(name, value).validations
    assert validation.record is not None
    assert (validation.record.name, validation.record.type) == record
    assert (validation.domain, validation.record.value, validation.file) == (domain, value, None)


@pytest.mark.parametrize("name", ["_dnsauth", "_dnsauth.www"])
def test_record_without_its_zone_is_said_and_put_below_the_domain_where_that_is_known(name: str) -> None:
    order = checking(name, "v")
    assert "without its zone" in order.to_result()["next_step"]
    (validation,) = made_absolute(order, "example.com").validations
    assert validation.record is not None
    assert (validation.domain, validation.record.name) == ("example.com", f"{name}.example.com")


def test_record_with_its_zone_stays_as_it_is() -> None:
    order = checking("_dnsauth.example.com", "v")
    assert made_absolute(order, "example.org") is order


@pytest.mark.parametrize("kind", ["FILE", "file", None])
@pytest.mark.parametrize("scheme", ["", "http://"])
def test_file_to_publish(kind: str | None, scheme: str) -> None:
    name = "www.example.com/.well-known/pki-validation/fileauth.txt"
    (validation,) = checking(scheme + name, "content", kind).validations
    assert validation.to_result() == {
        "domain": "www.example.com",
        "method": "file",
        "record": None,
        "file": {
            "url": f"http://{name}",
            "path": "/.well-known/pki-validation/fileauth.txt",
            "content": "content",
        },
        "status": "pending",
    }


@pytest.mark.parametrize(("name", "value"), [(None, None), ("", ""), ("_dnsauth.example.com", None), (None, "v")])
def test_validation_values_may_be_missing_for_a_while(name: str | None, value: str | None) -> None:
    assert checking(name, value).validations == ()


@pytest.mark.parametrize("value", [[], {}, ["x"], True, 1.5])
@pytest.mark.parametrize("name", ["OrderStatus", "CheckName", "CheckValue", "CheckType"])
def test_field_of_a_wrong_type_is_named_with_the_request(name: str, value: Any) -> None:
    data = {"OrderStatus": "checking", "CheckType": "DNS", "CheckName": "a", "CheckValue": "b", name: value}
    with pytest.raises(CertwrightError) as caught:
        order_from_result("x", fields(**data))
    assert (caught.value.kind, caught.value.request_id) == (ErrorKind.SERVER, "R-1")
    assert f"'{name}'" in caught.value.text


@pytest.mark.parametrize(
    "name", ["[x/y", "www.example.com/../../etc/passwd", "http://h/a/./b", "h/a\\..\\b", "h/a\x00b"]
)
def test_file_name_that_is_no_url_or_leads_elsewhere_is_not_understood(name: str) -> None:
    with pytest.raises(CertwrightError, match="CheckName"):
        checking(name, "v", "FILE")


def test_issued_order_shows_what_its_certificate_says() -> None:
    until = datetime(2027, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
    chain = Chain(["example.com", "www.example.com"], until)
    order = order_from_result("x", fields(OrderStatus="issued", Certificate=chain.pem, PrivateKey="SECRET"))
    assert order is not None
    shown = order.to_result()
    assert shown["domains"] == ["example.com", "www.example.com"]
    assert shown["certificate"]["not_after"] == "2027-01-02T03:04:05Z"
    assert int(shown["certificate"]["serial"], 16) == chain.serial
    assert "SECRET" not in repr(order)


@pytest.mark.parametrize("certificate", [None, ""])
def test_issued_order_may_lack_its_certificate(certificate: str | None) -> None:
    order = order_from_result("x", fields(OrderStatus="issued", Certificate=certificate))
    assert order is not None
    assert (order.state, order.certificate, order.domains) == (OrderState.ISSUED, None, None)
    assert bundle_from(fields(Certificate=certificate), with_key=True) is None


@pytest.mark.parametrize("mixed", [False, True])
def test_bundle_is_split_and_ordered(mixed: bool) -> None:
    chain = Chain(["example.com"])
    text = chain.issuer_pem + chain.leaf_pem if mixed else chain.pem.replace("\n", "\r\n")
    bundle = bundle_from(fields(Certificate=text, PrivateKey="K"), with_key=False)
    assert bundle is not None
    assert (bundle.leaf, bundle.chain, bundle.private_key) == (chain.leaf_pem, (chain.issuer_pem,), None)


def test_bundle_holds_the_key_where_it_is_asked_for() -> None:
    bundle = bundle_from(fields(Certificate=Chain(["example.com"]).pem, PrivateKey=" K \n"), with_key=True)
    assert bundle is not None
    assert bundle.private_key == "K\n"
    assert "private_key" not in repr(bundle)


def test_chain_that_is_not_whole_hides_no_state_but_gives_no_bundle() -> None:
    text = Chain(["example.com"]).leaf_pem + Chain(["example.org"]).issuer_pem
    order = order_from_result("x", fields(OrderStatus="issued", Certificate=text))
    assert order is not None
    assert order.domains == ("example.com",)
    with pytest.raises(CertwrightError, match="was not understood") as caught:
        bundle_from(fields(Certificate=text), with_key=True)
    assert caught.value.kind is ErrorKind.SERVER


@pytest.mark.parametrize("text", ["rubbish", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_certificate_that_is_none_is_not_understood(text: str) -> None:
    with pytest.raises(CertwrightError) as caught:
        order_from_result("x", fields(OrderStatus="issued", Certificate=text))
    assert (caught.value.kind, caught.value.request_id) == (ErrorKind.SERVER, "R-1")


@pytest.mark.parametrize("orders", [None, [], "", {}])
def test_list_may_be_empty_in_any_way(orders: Any) -> None:
    assert listed_orders(fields(OrderList=orders)) == []


@pytest.mark.parametrize("orders", ["x", 5, {"a": 1}, [1], ["x"], [None]])
def test_list_of_a_wrong_type_is_not_understood(orders: Any) -> None:
    with pytest.raises(CertwrightError, match="OrderList"):
        listed_orders(fields(OrderList=orders))


def test_row_without_an_id_is_left_out() -> None:
    rows = listed_orders(fields(OrderList=[{"Status": "PAYED"}, {"InstanceId": 5, "Status": None}]))
    assert [(row.id, row.state) for row in rows] == [("5", OrderState.UNKNOWN)]


@pytest.mark.parametrize(
    ("kind", "only_dv"),
    [
        ("DV", True),
        ("FREE", True),
        (None, True),
        ("GeoTrust Wildcard DV SSL", True),
        ("Developer", True),
        ("OV", False),
        ("EV", False),
        ("DigiCert OV SSL", False),
    ],
)
def test_products_of_other_kinds_are_told_apart(kind: str | None, only_dv: bool) -> None:
    row = ListedOrder("x", "PAYED", kind, None)
    assert row.only_dv is only_dv
    assert ("console" in order_from_listed(row).to_result()["next_step"]) is not only_dv
