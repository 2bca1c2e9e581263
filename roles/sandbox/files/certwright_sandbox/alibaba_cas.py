# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Alibaba's certificate service, version 2018-07-13: DV orders (Alibaba reference 1.2, 2.1, 7.4 and 7.5)."""

from __future__ import annotations

import re
import secrets
import string
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from certwright_sandbox.alibaba_api import Action, Actions, error, integer, invalid_parameter, text
from certwright_sandbox.alibaba_cas_store import CertificateStore
from certwright_sandbox.gateway import Call
from certwright_sandbox.orders import Flow, Order, Product, State, SubmissionRefused, Validation

if TYPE_CHECKING:
    from certwright_sandbox.app import App

__all__ = ["VERSION", "actions", "flow"]

VERSION = "2018-07-13"
FLOW = "alibaba_dv"
BASE36 = string.digits + string.ascii_lowercase
FILE_PATH = "/.well-known/pki-validation/fileauth.txt"
#: Row ids begin beyond 2^53, where numbers with a fraction part lose digits (Alibaba reference 0).
FIRST_ROW_ID = 98987582437920001
#: Names of one application, and orders on one page: not documented for this version (reference 1.3 and 1.2, guesses).
MOST_NAMES = 5
PAGE_SIZE = 50
LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")

PRODUCTS = {
    "single": Product("single", "DV for one name", brand="GeoTrust"),
    "wildcard": Product("wildcard", "DV for one wildcard name", wildcard=True, brand="GeoTrust"),
    "multi": Product("multi", "DV for several names", multi=True, brand="GeoTrust"),
}
APPLICANT = ("Username", "Mobile", "Email", "Province", "City")

#: state -> (spelling of the API's codes, spelling of the documentation's words), both met (reference 2.1)
LIST_STATUS: Mapping[State, tuple[str, str]] = {
    State.AWAITING_DOCUMENTS: ("PAYED", "Paid"),
    State.REVIEWING: ("CHECKING", "Verifying"),
    State.VALIDATING: ("CHECKING", "Pending Verification"),
    State.ISSUING: ("CHECKING", "Verifying"),
    State.ISSUED: ("ISSUED", "Issued"),
    State.REJECTED: ("CHECKED_FAIL", "Verification Failed"),
    State.EXPIRED: ("EXPIRED", "EXPIRED"),
}


def flow(app: App) -> Flow:
    """What is particular about these orders."""
    return Flow(FLOW, "alibaba", _new_id, _product, _validations, on_issued=CertificateStore(app).keep_issued)


def actions(app: App) -> Actions:
    """The actions of this version."""
    service = _DvOrders(app)
    applied = ("InstanceId", "Domain", "DomainVerifyType", *APPLICANT)
    return {
        (VERSION, "CreateDVOrderAudit"): Action(service.create_audit, 10, applied, writes=True),
        (VERSION, "DescribeDVOrderResult"): Action(service.describe_result, 10, ("InstanceId",)),
        (VERSION, "DescribeOrderInstanceList"): Action(service.list_instances, 10, ("StartIndex",)),
        **CertificateStore(app).actions(),
    }


class _DvOrders:
    def __init__(self, app: App) -> None:
        self._app = app

    def create_audit(self, call: Call) -> dict[str, Any]:
        """CreateDVOrderAudit: send an order to the CA; each submission makes a new validation value."""
        order = self._order(call)
        method = text(call, "DomainVerifyType")
        if method not in ("DNS", "FILE"):
            raise invalid_parameter("DomainVerifyType", "must be DNS or FILE")
        order.names = _names(text(call, "Domain"), order, method)
        order.method = method.lower()
        order.application = {name: text(call, name) for name in APPLICANT}
        # This version has no CSR: the cloud makes the key, a new one for each submission.
        order.key_spec = {"algo": "RSA", "param": "2048"}
        order.csr_pem = order.private_key_pem = None
        try:
            self._app.orders.submit(order)
        except SubmissionRefused as exc:
            # Which code answers this is not documented for this version (reference 7.9).
            message = "The order is in a state in which this operation is not allowed."
            raise error("OrderStateError", message) from exc
        call.effective = True
        return {}

    def describe_result(self, call: Call) -> dict[str, Any]:
        """DescribeDVOrderResult: fields that do not apply in a state are absent."""
        order = self._app.orders.as_read(self._order(call))
        settings = self._app.settings
        if order.state is State.AWAITING_DOCUMENTS:
            if settings.alibaba_unsubmitted == "error":
                raise error("NotFound", "No application was submitted for this order.")
            return {}
        if order.state is State.REJECTED:
            return {"OrderStatus": settings.alibaba_failed_word}
        if order.certificate is not None:
            chain = order.certificate["leaf_pem"] + order.certificate["chain_pem"]
            return {"OrderStatus": "issued", "Certificate": chain, "PrivateKey": order.private_key_pem}
        if not order.visible(self._app.clock.business()):
            return {"OrderStatus": "checking"}
        return {"OrderStatus": "checking", **_challenge(order.validations[0])}

    def list_instances(self, call: Call) -> dict[str, Any]:
        """DescribeOrderInstanceList: a page of the account's orders from an index on, oldest first."""
        assert call.account is not None
        book = self._app.orders
        orders = [book.as_read(order) for order in book.list(flow=FLOW, owner=call.account.key_id)]
        start = max(0, integer(call, "StartIndex", 0))
        spelling = ("codes", "words").index(self._app.settings.alibaba_list_status)
        rows = [
            {
                "Id": FIRST_ROW_ID + order.seq,
                "InstanceId": order.id,
                "CertType": order.product.level,
                "Source": "BUY",
                "Status": LIST_STATUS[order.state][spelling],
            }
            for order in orders[start : start + PAGE_SIZE]
        ]
        return {"OrderList": rows, "TotalCount": len(orders)}

    def _order(self, call: Call) -> Order:
        assert call.account is not None
        order = self._app.orders.get(text(call, "InstanceId"), flow=FLOW, owner=call.account.key_id)
        if order is None:
            raise error("NotFound", "The specified instance does not exist.")
        return order


def _new_id() -> str:
    return "cas-cn-" + "".join(secrets.choice(BASE36) for _unused in range(10))


def _product(name: Any) -> Product:
    if name is not None and name not in PRODUCTS:
        raise ValueError(f"'product' must be one of {', '.join(PRODUCTS)} for flow '{FLOW}', not '{name}'")
    return PRODUCTS[name or "single"]


def _names(domain: str, order: Order, method: str) -> list[str]:
    """The names of an application in A-labels; which code answers a bad one is a guess (reference 7.6)."""
    names = [_ascii(name) for name in domain.split(",")]
    wildcards = [name for name in names if name.startswith("*.")]
    limit = min(MOST_NAMES, order.domain_num)
    faults = {
        f"must not hold more than {limit} names": len(names) > limit,
        "must not hold a name twice": len(set(names)) < len(names),
        "must not hold a wildcard name: the product is none": bool(wildcards) and not order.product.wildcard,
        "must not mix single and wildcard names": bool(wildcards) and len(wildcards) < len(names),
        "must not hold a wildcard name: DomainVerifyType is FILE": bool(wildcards) and method == "FILE",
    }
    for fault, met in faults.items():
        if met:
            raise invalid_parameter("Domain", fault)
    return names


def _ascii(name: str) -> str:
    text_form = name.strip().lower()
    try:
        base = text_form.removeprefix("*.").encode("idna").decode()
    except UnicodeError as exc:
        raise invalid_parameter("Domain", f"is malformed: '{text_form}'") from exc
    labels = base.split(".")
    if len(labels) < 2 or len(base) > 253 or not all(LABEL.fullmatch(label) for label in labels):
        raise invalid_parameter("Domain", f"is malformed: '{text_form}'")
    return ("*." if text_form.startswith("*.") else "") + base


def _validations(order: Order, now: float) -> list[Validation]:
    """One TXT record for all names, as this version tells only one; one file a host (reference 2.4 and 7.5)."""
    day = datetime.fromtimestamp(now, UTC).strftime("%Y%m%d")
    value = f"{day}000000" + "".join(secrets.choice(BASE36) for _unused in range(50))
    if order.method == "dns":
        domain = order.names[0].removeprefix("*.")
        return [Validation(domain, record={"name": f"_dnsauth.{domain}", "type": "TXT", "value": value})]
    return [
        Validation(name, "file", file={"url": f"http://{name}{FILE_PATH}", "path": FILE_PATH, "content": value})
        for name in order.names
    ]


def _challenge(validation: Validation) -> dict[str, str]:
    if validation.record:
        return {"CheckType": "DNS", "CheckName": validation.record["name"], "CheckValue": validation.record["value"]}
    file = validation.file or {}
    return {"CheckType": "FILE", "CheckName": file["url"].removeprefix("http://"), "CheckValue": file["content"]}
