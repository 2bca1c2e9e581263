# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the cloud says of a DV order, parsed once into our words (reference: Alibaba, 1.2, 2.1 and 2.4)."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from ansible_collections.certwright.cloud.plugins.module_utils._alibaba._fields import Fields
from ansible_collections.certwright.cloud.plugins.module_utils._alibaba._states import dv_state
from ansible_collections.certwright.cloud.plugins.module_utils._domains import name_fault, normalise
from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError
from ansible_collections.certwright.cloud.plugins.module_utils._orders import (
    LOOK_UP_VALIDATION,
    ActionNeeded,
    Bundle,
    CertificateFacts,
    Order,
    OrderState,
    Validation,
    ValidationFile,
    ValidationMethod,
    ValidationRecord,
    VendorState,
)

# _x509 is imported where there is a certificate: most looks see none, and cryptography loads slowly.
__all__ = [
    "ListedOrder",
    "bundle_from",
    "listed_orders",
    "made_absolute",
    "order_from_listed",
    "order_from_result",
    "proved_name",
]

PROVIDER = "alibaba"
FLOW = "alibaba_dv"

_HOST_NAME = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]\.?", re.IGNORECASE)


@dataclass(frozen=True)
class ListedOrder:
    """One row of DescribeOrderInstanceList."""

    id: str
    status: str | None
    certificate_type: str | None
    request_id: str | None

    @property
    def state(self) -> OrderState:
        """Our state for the row."""
        return dv_state(self.status)

    @property
    def only_dv(self) -> bool:
        """Whether the product can be submitted here; the type is a word or, in old answers, a product's name."""
        words = re.findall(r"[A-Z]+", (self.certificate_type or "").upper())
        return "DV" in words or not {"OV", "EV"} & set(words)


def listed_orders(page: Fields) -> list[ListedOrder]:
    """The rows of one page; a row without an id cannot be named and is left out."""
    rows = [(row.text("InstanceId"), row) for row in page.objects("OrderList")]
    return [
        ListedOrder(order_id, row.text("Status"), row.text("CertType"), page.request_id)
        for order_id, row in rows
        if order_id
    ]


def order_from_listed(row: ListedOrder) -> Order:
    """An order as far as the list tells: its state."""
    action, next_step = None, None
    if not row.only_dv and row.state is OrderState.AWAITING_DOCUMENTS:
        next_step = (
            f"Submit it in the cloud's console: this API takes DV orders only, and this is {row.certificate_type}."
        )
    elif row.state is OrderState.VALIDATING:
        action, next_step = ActionNeeded.PUBLISH_VALIDATION, LOOK_UP_VALIDATION
    elif row.state is OrderState.ISSUED:
        next_step = "Look the order up by its id to see its certificate."
    return Order(
        provider=PROVIDER,
        flow=FLOW,
        id=row.id,
        state=row.state,
        vendor_state=VendorState(row.status, None),
        action=action,
        next_step=next_step,
        request_id=row.request_id,
    )


def order_from_result(order_id: str, result: Fields, listed: ListedOrder | None = None) -> Order | None:
    """An order as DescribeDVOrderResult tells it; None where the answer names no state.

    Arguments:
        listed: the order's row in the list, which also knows of revocation, expiry and refund.

    The private key of the answer is not looked at. Raises CertwrightError (server).
    """
    status = result.text("OrderStatus")
    if status is None:
        return None
    state = dv_state(status)
    if listed and listed.state not in _TOLD_BY_RESULT:
        state = listed.state
    facts = _facts(result)
    validations = _validations(result) if state is OrderState.VALIDATING else ()
    return Order(
        provider=PROVIDER,
        flow=FLOW,
        id=order_id,
        state=state,
        vendor_state=VendorState(status, listed.status if listed else None),
        domains=facts.domains if facts else None,
        validations=validations,
        certificate=facts,
        next_step=_relative_step(validations),
        request_id=result.request_id,
    )


# Where the list names one of these states, or none that is known, the result is the fresher one.
_TOLD_BY_RESULT = frozenset(
    {
        OrderState.AWAITING_DOCUMENTS,
        OrderState.VALIDATING,
        OrderState.REJECTED,
        OrderState.ISSUED,
        OrderState.UNKNOWN,
    }
)


def bundle_from(result: Fields, with_key: bool) -> Bundle | None:
    """The certificate of an answer, leaf first; None where it holds none. The private key only with with_key.

    Raises CertwrightError (server).
    """
    pem = result.text("Certificate")
    if pem is None:
        return None
    from ansible_collections.certwright.cloud.plugins.module_utils._x509 import order_chain

    try:
        leaf, *chain = order_chain([pem])
    except CertwrightError as error:
        raise _unreadable(result, error) from None
    key = result.text("PrivateKey") if with_key else None
    return Bundle(leaf=leaf, chain=tuple(chain), private_key=f"{key}\n" if key else None)


def _facts(result: Fields) -> CertificateFacts | None:
    pem = result.text("Certificate")
    if pem is None:
        return None
    from ansible_collections.certwright.cloud.plugins.module_utils._x509 import certificate_facts, order_chain

    try:
        return certificate_facts(order_chain([pem])[0])
    except CertwrightError:
        pass
    # A chain that is not whole is trouble for whoever fetches it, not for whoever asks where the order stands.
    try:
        return certificate_facts(pem)
    except CertwrightError as error:
        raise _unreadable(result, error) from None


def _unreadable(result: Fields, error: CertwrightError) -> CertwrightError:
    unreadable = result.not_understood("Certificate")
    unreadable.message = f"{unreadable.message}. {error.message}"
    return unreadable


def _validations(result: Fields) -> tuple[Validation, ...]:
    """The one proof that the cloud asks for; it returns a single one also for several names."""
    name, value = result.text("CheckName"), result.text("CheckValue")
    if name is None or value is None:
        return ()
    kind = (result.text("CheckType") or "").upper()
    if kind == "FILE" or (not kind and "/" in name):
        try:
            return (_file_validation(name, value),)
        except ValueError:
            raise result.not_understood("CheckName") from None
    record = ValidationRecord(normalise(name), _record_type(value), value)
    return (Validation(proved_name(record.name), ValidationMethod.DNS, record=record),)


def _file_validation(name: str, value: str) -> Validation:
    # CheckName is the URL without its scheme; the CA tries https, then http (reference: Alibaba, 2.4).
    url = name if "://" in name else f"http://{name}"
    parts = urlsplit(url)
    file = ValidationFile(url=url, path=parts.path or "/", content=value)
    return Validation(normalise(parts.hostname or ""), ValidationMethod.FILE, file=file)


def _record_type(value: str) -> str:
    """TXT or CNAME. The answer does not say which, and the documentation speaks of TXT only; that a host name as the
    value asks for a CNAME, as in the newer flows, is a guess (reference: Alibaba, 2.4)."""
    return "CNAME" if _HOST_NAME.fullmatch(value) else "TXT"


def proved_name(record_name: str) -> str:
    """The domain that a validation record proves: its name without the leading labels that begin with ``_``."""
    labels = record_name.split(".")
    while labels and labels[0].startswith("_"):
        labels.pop(0)
    return ".".join(labels)


def made_absolute(order: Order, domain: str) -> Order:
    """The order with record names that came without a zone put below the domain.

    The rule says below the zone (reference: Alibaba, 2.4), which is not known here; that both are the same place for
    an order's first domain is a guess.
    """
    validations = tuple(
        replace(each, domain=domain, record=replace(each.record, name=f"{each.record.name}.{domain}"))
        if each.record and name_fault(each.domain)
        else each
        for each in order.validations
    )
    return order if validations == order.validations else replace(order, validations=validations, next_step=None)


def _relative_step(validations: tuple[Validation, ...]) -> str | None:
    """What to say where the cloud names a record without its zone (reference: Alibaba, 2.4)."""
    if all(validation.record is None or name_fault(validation.domain) is None for validation in validations):
        return None
    return "The cloud gave the record's name without its zone; publish it below the order's domain, then wait."
