# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tencent SSL Certificates (``ssl``, 2019-12-05): the actions of the paid flow (Tencent reference 1.3 to 1.10, 7.3)."""

from __future__ import annotations

import hashlib
import secrets
import string
from typing import TYPE_CHECKING, Any

from certwright_sandbox import tencent_cancelling, tencent_companies, tencent_documents, tencent_products
from certwright_sandbox.ca_worker import matches
from certwright_sandbox.clock import gmt8
from certwright_sandbox.gateway import ApiError, Call
from certwright_sandbox.orders import Flow, Order, State, SubmissionRefused, Validation
from certwright_sandbox.tencent_conditions import refuse
from certwright_sandbox.tencent_download import zipped
from certwright_sandbox.tencent_gateway import Action, Api
from certwright_sandbox.tencent_parameters import table
from certwright_sandbox.tencent_views import detail, row, status

if TYPE_CHECKING:
    from certwright_sandbox.app import App

__all__ = ["FLOW", "api", "flow"]

FLOW = "tencent_paid"
_ALPHABET = string.ascii_letters + string.digits
_LOWER = string.ascii_lowercase + string.digits
_FILE_PATH = "/.well-known/pki-validation/"
_FILE_NAME = "fileauth.txt"
_UNDER_VALIDATION = frozenset({State.REVIEWING, State.VALIDATING, State.ISSUING})
_LARGEST_PAGE = 1000


def _random(alphabet: str, length: int) -> str:
    return "".join(secrets.choice(alphabet) for _unused in range(length))


def flow(app: App) -> Flow:
    """The paid flow for the order engine."""
    ssl = _Ssl(app)
    return Flow(
        name=FLOW,
        cloud="tencent",
        new_id=lambda: _random(_ALPHABET, 8),
        product=tencent_products.product,
        validations=_validations,
        on_visible=ssl.publish_automatically,
        on_issued=ssl.remove_automatic_records,
    )


def _validations(order: Order, now: float) -> list[Validation]:
    """One proof per distinct base name, in the brand's style (Tencent reference 7.3)."""
    bases = dict.fromkeys(tencent_documents.base_name(name) for name in order.names)
    return [_validation(order, base, now) for base in bases]


def _validation(order: Order, domain: str, now: float) -> Validation:
    token = gmt8(now).translate(str.maketrans("", "", "- :")) + _random(_LOWER, 36)
    if order.method == "FILE":
        path = _FILE_PATH + _FILE_NAME
        file = {"url": f"http://{domain}{path}", "path": path, "content": token}
        return Validation(domain, "file", file=file)
    default = "sectigo" if order.product.brand in tencent_products.CNAME_BRANDS else "digicert"
    root = order.application.get("CaType", default) if default == "sectigo" else default
    if root == "digicert":
        return Validation(domain, record={"name": f"_dnsauth.{domain}", "type": "TXT", "value": token})
    seed = f"{order.id} {order.submissions} {domain}".encode()
    label = hashlib.md5(seed, usedforsecurity=False).hexdigest()
    proof = hashlib.sha256(seed + order.submissions.to_bytes(2, "big")).hexdigest()
    target = f"{proof[:32]}.{proof[32:]}.{_random(_LOWER, 20)}.trust-provider.com"
    return Validation(domain, record={"name": f"_{label}.{domain}", "type": "CNAME", "value": target})


def api(app: App) -> Api:
    """The product's table of actions."""
    ssl = _Ssl(app)
    one = table({"CertificateId": "string"})
    listing = table(
        optional={
            **dict.fromkeys(("Offset", "Limit", "ProjectId", "Deployable", "Upload", "Renew", "IsSM"), "int"),
            **dict.fromkeys(("FilterExpiring", "Hostable", "IsPendingIssue"), "int"),
            **dict.fromkeys(("SearchKey", "CertificateType", "ExpirationSort", "FilterSource", "ServiceId"), "string"),
            "CertificateStatus": "[int]",
            "Tags": "[object]",
            "CertIds": "[string]",
        }
    )
    sending = table({"CertId": "string"}, {"DeleteDnsAutoRecord": "int", "VerifyType": "string"})
    actions = {
        "CertificateInfoSubmit": Action(ssl.info_submit, tencent_documents.PARAMETERS, tencent_documents.make_key),
        "CertificateOrderSubmit": Action(ssl.order_submit, sending),
        "DescribeCertificateDetail": Action(ssl.describe_detail, one),
        "DescribeCertificates": Action(ssl.describe_list, listing),
        "CheckCertificateDomainVerification": Action(ssl.check, one, ssl.probe),
        "CompleteCertificate": Action(ssl.complete, one, china_only=True),
        "DownloadCertificate": Action(ssl.download, one, ssl.pack),
        **tencent_cancelling.actions(app, ssl.order),
        **tencent_companies.actions(app),
    }
    return Api("ssl", "2019-12-05", 10, actions, "LimitExceeded.RateLimitExceeded")


class _Ssl:
    """The actions' handlers: (call, checked parameters) -> fields of the answer."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._probed: dict[str, float] = {}

    def order(self, call: Call, order_id: str, code: str = "FailedOperation.CertificateNotFound") -> Order:
        """The caller's order of that id; ApiError where there is none, or where its condition refuses the call."""
        owner = call.account.key_id if call.account else None
        order = self._app.orders.get(order_id, FLOW, owner)
        if order is None:
            raise ApiError(code, f"The certificate {order_id} does not exist.")
        refuse(self._app.settings, call.action, order)
        return order

    def info_submit(self, call: Call, given: dict[str, Any]) -> dict[str, Any]:
        """CertificateInfoSubmit: stores documents, sends nothing; a second call replaces the first (a guess)."""
        order = self.order(call, given["CertId"])
        if order.state not in (State.AWAITING_DOCUMENTS, State.PREPARED):
            code = "FailedOperation.CertificateInfoSubmitStatusInvalid"
            raise ApiError(code, f"The status {status(order)} does not allow documents to be submitted.")
        tencent_documents.store_documents(self._app, order, given, call.prepared)
        call.effective = True
        self._app.orders.save(order)
        return {}

    def order_submit(self, call: Call, given: dict[str, Any]) -> dict[str, Any]:
        """CertificateOrderSubmit: sends the order to the CA; guarded by the order's state, not by a token."""
        order = self.order(call, given["CertId"])
        if order.state is State.AWAITING_DOCUMENTS:
            code = "FailedOperation.CertificateInfoSubmitStatusInvalid"
            raise ApiError(code, "The certificate has no documents yet.")
        method = given.get("VerifyType") or order.method or "DNS"
        if method not in ("DNS_AUTO", "DNS", "FILE"):
            raise ApiError("FailedOperation.InvalidParam", "VerifyType must be one of DNS_AUTO, DNS, FILE.")
        tencent_documents.check_method(self._app, order.names, method)
        order.method = method
        order.vendor.update(order_id=_random(string.digits, 10), made_visible=False)
        order.vendor["delete_records"] = given.get("DeleteDnsAutoRecord") == 1
        try:
            self._submit(order)
        except SubmissionRefused as refused:
            name = "CertificateOrderSubmitProcessing" if refused.busy else "InvalidCertificateStatusCode"
            text = f"The status {status(order)} does not allow the order to be submitted."
            raise ApiError(f"FailedOperation.{name}", text) from None
        call.effective = True
        return {"OrderId": order.vendor["order_id"], "Status": status(order), "IsAudited": order.product.letter}

    def _submit(self, order: Order) -> None:
        # A rejected paid order has to be made submittable again first (ModifyCertificateResubmit, reference 7.3).
        if self._app.settings.submission_guard and order.state is State.REJECTED:
            raise SubmissionRefused(busy=False)
        self._app.orders.submit(order)

    def describe_detail(self, call: Call, given: dict[str, Any]) -> dict[str, Any]:
        """DescribeCertificateDetail."""
        return detail(self._app, self._app.orders.as_read(self.order(call, given["CertificateId"])))

    def describe_list(self, call: Call, given: dict[str, Any]) -> dict[str, Any]:
        """DescribeCertificates: newest first; ``Limit`` is clipped at 1000."""
        owner = call.account.key_id if call.account else None
        orders = self._app.orders
        named = orders.list(FLOW, owner, ids=given.get("CertIds"))
        rows = [row(self._app, orders.as_read(order)) for order in reversed(named)]
        rows = [each for each in rows if _listed(each, given)]
        if given.get("ExpirationSort") in ("ASC", "DESC"):
            rows.sort(key=lambda each: each["CertEndTime"], reverse=given["ExpirationSort"] == "DESC")
        offset, limit = given.get("Offset", 0), min(given.get("Limit", 10), _LARGEST_PAGE)
        if offset < 0 or limit < 0:
            raise ApiError("InvalidParameter", "Offset and Limit must not be negative.")
        return {"TotalCount": len(rows), "Certificates": rows[offset : offset + limit]}

    def probe(self, call: Call, given: dict[str, Any]) -> list[tuple[list[str], str | None]] | None:
        """Look at what is published, on the wire; None when it was looked at too recently."""
        order = self.order(call, given["CertificateId"])
        now = self._app.clock.real()
        if now - self._probed.get(order.id, 0.0) < self._app.settings.check_interval:
            return None
        self._probed[order.id] = now
        if not order.visible(self._app.clock.business()):
            return []
        return [self._app.prober.look(validation) for validation in order.validations]

    def check(self, call: Call, given: dict[str, Any]) -> dict[str, Any]:
        """CheckCertificateDomainVerification: what the own probe and the CA saw (Tencent reference 1.9)."""
        order = self._app.orders.as_read(self.order(call, given["CertificateId"]))
        if order.state not in _UNDER_VALIDATION | {State.ISSUED}:
            code = "FailedOperation.CertificateStatusNotAllowVerify"
            raise ApiError(code, f"The status {status(order)} does not allow a domain check.")
        if not order.visible(self._app.clock.business()):
            return {"VerificationResults": []}
        looks = call.prepared if call.prepared else [([], None)] * len(order.validations)
        results = [
            _result(order, validation, found, frequent=call.prepared is None)
            for validation, (found, _error) in zip(order.validations, looks, strict=False)
        ]
        return {"VerificationResults": results}

    def complete(self, call: Call, given: dict[str, Any]) -> dict[str, Any]:
        """CompleteCertificate: asks the CA to look now; not for DNSPod and WoTrus products (Tencent reference 1.10)."""
        unknown = "FailedOperation.CertificateNotFoundOrAudited"
        order = self.order(call, given["CertificateId"], unknown)
        if order.state not in _UNDER_VALIDATION:
            raise ApiError(unknown, f"The certificate {order.id} does not exist or was reviewed already.")
        if order.product.brand in ("DNSPod", "WoTrus"):
            raise ApiError("FailedOperation", "Certificates of this brand do not support this operation.")
        self._app.store.after_commit(self._app.worker.look_again)
        call.effective = True
        return {"CertificateId": order.id}

    def pack(self, call: Call, given: dict[str, Any]) -> str:
        """Make the zip file of an issued certificate, whose keystores take their time."""
        order = self.order(call, given["CertificateId"])
        if order.state not in (State.ISSUED, State.EXPIRED):
            code = "FailedOperation.InvalidCertificateStatusCode"
            raise ApiError(code, f"The status {status(order)} does not allow a download.")
        return zipped(order)

    def download(self, call: Call, given: dict[str, Any]) -> dict[str, Any]:
        """DownloadCertificate."""
        return {"Content": call.prepared, "ContentType": "application/zip"}

    def publish_automatically(self, order: Order) -> None:
        """DNS_AUTO: the cloud writes the validation records into the account's own zones."""
        if order.method != "DNS_AUTO":
            return
        made = []
        for validation in order.validations:
            record = validation.record or {}
            zone = self._app.zones.find(record["name"])
            if zone is not None and zone.dns == "dnspod":
                name = record["name"][: -len(zone.name) - 1]
                made.append(self._app.zones.add_record(zone, name, record["type"], record["value"], 600).id)
        order.vendor["automatic_records"] = made

    def remove_automatic_records(self, order: Order) -> None:
        """DeleteDnsAutoRecord 1: the records of DNS_AUTO go once the certificate is there."""
        if order.vendor.get("delete_records"):
            for record_id in order.vendor.pop("automatic_records", []):
                self._app.zones.delete_record(record_id)


def _listed(each: dict[str, Any], given: dict[str, Any]) -> bool:
    """Whether a row passes the filters of DescribeCertificates (Tencent reference 1.8)."""
    word = given.get("SearchKey", "")
    texts = (each["CertificateId"], each["Alias"], *each["SubjectAltName"])
    pending = each["Status"] in (0, 4, 8)
    return (
        any(word in text for text in texts)
        and each["CertificateType"] == given.get("CertificateType", "SVR")
        and each["Status"] in (given.get("CertificateStatus") or [each["Status"]])
        and given.get("FilterSource", "buy") == "buy"
        and not given.get("Upload")
        and not given.get("IsSM")
        and not given.get("Tags")
        and (not given.get("FilterExpiring") or each["IsExpiring"])
        and (not given.get("IsPendingIssue") or pending)
        and ("Deployable" not in given or each["Deployable"] == bool(given["Deployable"]))
    )


def _result(order: Order, validation: Validation, found: list[str], frequent: bool) -> dict[str, Any]:
    kind = (validation.record or {}).get("type", "FILE")
    missing, different = {"TXT": (-1, -2), "CNAME": (-6, -7), "FILE": (-4, -5)}[kind]
    passed = order.state is State.ISSUED or (not frequent and matches(validation, found))
    local = 1 if passed else -1 if frequent else different if found else missing
    reasons = {1: "", missing: f"{kind.lower()} record not found", different: f"{kind.lower()} record differs"}
    return {
        "Domain": validation.domain,
        "VerifyType": order.method,
        "LocalCheck": local,
        "CaCheck": 2 if validation.seen else -1,
        "LocalCheckFailReason": reasons.get(local, "checked too frequently"),
        "CheckValue": found,
        "Frequently": frequent,
        "Issued": order.state is State.ISSUED,
    }
