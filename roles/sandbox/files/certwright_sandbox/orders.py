# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Orders: one model for all flows, from the purchase to the issued certificate.

A vendor's file registers a :class:`Flow` and maps :class:`State` to its own words; what makes an order move
(submission, time, the CA's look-ups, a reviewer's decision) is the same for all.
"""

from __future__ import annotations

import enum
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from certwright_sandbox.clock import Clock, iso
from certwright_sandbox.journal import redact
from certwright_sandbox.settings import Settings
from certwright_sandbox.store import Store

__all__ = ["ACTIVE", "Flow", "Order", "Orders", "Product", "State", "SubmissionRefused", "Validation"]


class State(enum.StrEnum):
    """Where an order stands (the design's words; ``issuing`` is ``reviewing`` after the validation passed)."""

    AWAITING_DOCUMENTS = "awaiting_documents"
    PREPARED = "prepared"
    AWAITING_LETTER = "awaiting_letter"
    REVIEWING = "reviewing"
    VALIDATING = "validating"
    ISSUING = "issuing"
    ISSUED = "issued"
    REJECTED = "rejected"
    CANCELLING = "cancelling"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


#: States in which the CA has something to do.
ACTIVE = frozenset({State.REVIEWING, State.VALIDATING, State.ISSUING})
#: States from which an order can be sent while ``settings.submission_guard`` is on.
_SENDABLE = frozenset({State.AWAITING_DOCUMENTS, State.PREPARED, State.REJECTED})
DECISIONS = ("approve", "reject", "accept_letter")


class SubmissionRefused(Exception):
    """The order cannot be sent in its state; ``busy`` when an earlier submission is still being taken in."""

    def __init__(self, busy: bool) -> None:
        super().__init__("busy" if busy else "state")
        self.busy = busy


@dataclass
class Product:
    """What was bought. ``level`` is DV, OV or EV; ``letter``: a confirmation letter is asked for."""

    id: str
    name: str
    level: str = "DV"
    wildcard: bool = False
    multi: bool = False
    brand: str = ""
    letter: bool = False


@dataclass
class Validation:
    """One proof of domain control: a DNS record or a file, and whether the CA saw it.

    ``record``: {name (absolute, no final dot), type, value}; ``file``: {url, path, content}; ``found``: what was there
    at the last look; ``error``: why the last look failed.
    """

    domain: str
    method: str = "dns"
    record: dict[str, str] | None = None
    file: dict[str, str] | None = None
    seen: bool = False
    found: list[str] = field(default_factory=list)
    error: str | None = None
    looks: int = 0


@dataclass
class Order:
    """An order. Times are business time in Unix seconds, None while not reached.

    ``application``: the documents as the API took them; ``csr_pem``: the CSR in use; ``key_spec``: {algo, param} of a
    key that the cloud still has to make; ``shown_at``, ``state_before``: until when reads show the order as it stood
    before its last submission, and how that was; ``private_key_pem``: a key the cloud made; ``certificate``: {leaf_pem,
    chain_pem, serial, fingerprint_sha256, not_before, not_after (Unix seconds)}; ``vendor``: whatever only the vendor's
    file needs.
    """

    id: str
    flow: str
    owner: str
    product: Product
    domain_num: int
    created_at: float
    state: State = State.AWAITING_DOCUMENTS
    seq: int = 0
    names: list[str] = field(default_factory=list)
    method: str | None = None
    application: dict[str, Any] = field(default_factory=dict)
    csr_pem: str | None = None
    key_spec: dict[str, str] | None = None
    private_key_pem: str | None = None
    submissions: int = 0
    submitted_at: float | None = None
    visible_at: float | None = None
    deadline: float | None = None
    validated_at: float | None = None
    issue_at: float | None = None
    cancelled_at: float | None = None
    approved: bool = False
    validations: list[Validation] = field(default_factory=list)
    certificate: dict[str, Any] | None = None
    message: str | None = None
    vendor: dict[str, Any] = field(default_factory=dict)
    shown_at: float | None = None
    state_before: str | None = None

    def visible(self, now: float) -> bool:
        """Whether the validation values can be read by now (the clouds create orders at the CA asynchronously)."""
        return self.visible_at is not None and now >= self.visible_at

    @property
    def validated(self) -> bool:
        """Whether the CA saw every validation."""
        return bool(self.validations) and all(each.seen for each in self.validations)


def _from_body(seq: int, body: str) -> Order:
    data = json.loads(body)
    data["product"] = Product(**data["product"])
    data["state"] = State(data["state"])
    data["validations"] = [Validation(**each) for each in data["validations"]]
    return Order(**{**data, "seq": seq})


@dataclass(frozen=True)
class Flow:
    """What differs between flows.

    Attributes:
        name: as in the design: tencent_paid, alibaba_dv ...
        cloud: tencent or alibaba.
        new_id: makes an order's id.
        product: the product that POST orders names (None: one single-name DV product validated by TXT); ValueError.
        validations: the proofs asked for by a submission; called with the order (names, method set) and the time.
        on_visible, on_issued: called in the transaction in which validation values appear / the certificate is stored.
    """

    name: str
    cloud: str
    new_id: Callable[[], str]
    product: Callable[[Any], Product]
    validations: Callable[[Order, float], list[Validation]]
    on_visible: Callable[[Order], None] = lambda order: None
    on_issued: Callable[[Order], None] = lambda order: None


class Orders:
    """All orders, in the store. Callers that change one do so inside ``store.transaction()`` and call :meth:`save`."""

    def __init__(self, store: Store, clock: Clock, settings: Settings) -> None:
        self._store = store
        self._clock = clock
        self._settings = settings
        self.flows: dict[str, Flow] = {}
        #: Called when the CA may have something to do (set by the worker).
        self.wake: Callable[[], None] = lambda: None

    def register(self, flow: Flow) -> None:
        """Make a flow known."""
        self.flows[flow.name] = flow

    def create(self, flow_name: str, owner: str, product: Any = None, domain_num: int | None = None) -> Order:
        """Make what a customer would have bought.

        Raises:
            ValueError: unknown flow or product, or a number of names that does not fit the product.
        """
        flow = self.flows.get(flow_name)
        if flow is None:
            raise ValueError(f"'flow' must be one of {', '.join(sorted(self.flows))}, not '{flow_name}'")
        bought = flow.product(product)
        number = domain_num if domain_num is not None else (2 if bought.multi else 1)
        # Multi-name products hold more than one name, the others one (Tencent reference 1.1).
        if number < 1 or (number > 1) != bought.multi:
            raise ValueError(f"'domain_num' {number} does not fit the product '{bought.id}' ({bought.name})")
        order = Order(flow.new_id(), flow_name, owner, bought, number, self._clock.business())
        with self._store.transaction():
            sql = "INSERT INTO orders (id, flow, owner, active, body) VALUES (?, ?, ?, 0, ?)"
            order.seq = self._store.write(sql, order.id, flow_name, owner, json.dumps(asdict(order)))
        return order

    def get(self, order_id: str, flow: str | None = None, owner: str | None = None) -> Order | None:
        """One order, None when it is not there (or belongs to another flow or owner)."""
        row = self._store.row("SELECT seq, body FROM orders WHERE id = ?", order_id)
        order = self._timed(_from_body(*row)) if row else None
        return order if order and flow in (None, order.flow) and owner in (None, order.owner) else None

    def list(
        self,
        flow: str | None = None,
        owner: str | None = None,
        active: bool = False,
        ids: Sequence[str] | None = None,
    ) -> Sequence[Order]:
        """Orders, oldest first.

        ``active``: only those for which the CA has something to do; ``ids``: only these, where there are any.
        """
        wishes = ["active = 1"] * active + ["id IN (SELECT value FROM json_each(?))"] * bool(ids)
        sql = f"SELECT seq, body FROM orders WHERE {' AND '.join(wishes) or 'true'} ORDER BY seq"
        rows = self._store.rows(sql, *([json.dumps(list(ids))] if ids else []))
        orders = [self._timed(_from_body(*row)) for row in rows]
        return [order for order in orders if flow in (None, order.flow) and owner in (None, order.owner)]

    def _timed(self, order: Order) -> Order:
        """What time alone changes is worked out on reading, so that no reader sees it late."""
        now = self._clock.business()
        if order.state is State.ISSUED and order.certificate and now > order.certificate["not_after"]:
            order.state = State.EXPIRED
        if order.state is State.CANCELLING and order.cancelled_at is not None and now >= order.cancelled_at:
            order.state = State.CANCELLED
        return order

    def save(self, order: Order) -> None:
        """Store a changed order."""
        body = json.dumps(asdict(order), ensure_ascii=False)
        sql = "UPDATE orders SET body = ?, active = ? WHERE id = ?"
        with self._store.transaction():
            self._store.write(sql, body, int(order.state in ACTIVE), order.id)
            self._store.after_commit(self.wake)

    def submit(self, order: Order) -> None:
        """Send an order to the CA: ``names``, ``method`` and the key's origin are set; makes new validation values.

        Raises:
            SubmissionRefused: the order's state does not allow it and ``settings.submission_guard`` is on.
        """
        now = self._clock.business()
        if self._settings.submission_guard and order.state not in _SENDABLE:
            raise SubmissionRefused(busy=order.state in ACTIVE and not order.visible(now))
        order.state_before = self.as_read(order).state.value
        order.shown_at = now + self._settings.submission_lag
        order.submissions += 1
        order.submitted_at = now
        order.visible_at = now + self._settings.visible_delay
        order.deadline = now + self._settings.validation_period
        order.validated_at = order.issue_at = order.certificate = order.message = None
        order.approved = False
        order.validations = self.flows[order.flow].validations(order, now)
        order.state = State.AWAITING_LETTER if order.product.letter else State.REVIEWING
        self.save(order)

    def as_read(self, order: Order) -> Order:
        """The order as reads show it: for ``settings.submission_lag`` after a submission, as it stood before it."""
        now = self._clock.business()
        if order.submitted_at is None or order.shown_at is None or now >= order.shown_at:
            return order
        return replace(order, state=State(order.state_before), visible_at=None, certificate=None)

    def decide(self, order: Order, decision: str, reason: str | None = None) -> None:
        """Play the reviewer.

        Args:
            decision: approve (the CA's review of an OV or EV order is done), reject, accept_letter.
            reason: text of a rejection.

        Raises:
            ValueError: unknown decision.
            LookupError: the order's state does not allow the decision.
        """
        if decision not in DECISIONS:
            raise ValueError(f"'decision' must be one of {', '.join(DECISIONS)}, not '{decision}'")
        now = self._clock.business()
        if decision == "reject" and order.state in ACTIVE | {State.AWAITING_LETTER}:
            order.state, order.message = State.REJECTED, reason or "the reviewer refused the order"
        elif decision == "accept_letter" and order.state is State.AWAITING_LETTER:
            order.state = State.REVIEWING
        elif decision == "approve" and order.state is State.REVIEWING and order.product.level != "DV":
            order.approved = True
            self.move_on(order, now)
        else:
            raise LookupError(f"'{decision}' does not fit the order '{order.id}' in state '{order.state.value}'")
        self.save(order)

    def move_on(self, order: Order, now: float) -> None:
        """Move a pending order to the state that time, review and validation allow (the caller saves it)."""
        if order.state not in (State.REVIEWING, State.VALIDATING) or not order.visible(now):
            return
        if not order.vendor.get("made_visible"):
            order.vendor["made_visible"] = True
            self.flows[order.flow].on_visible(order)
        if order.deadline is not None and now > order.deadline and not order.validated:
            order.state, order.message = State.REJECTED, "domain validation timed out and the order was closed"
        elif order.product.level != "DV" and not order.approved:
            order.state = State.REVIEWING
        elif order.validated:
            order.state, order.issue_at = State.ISSUING, now + self._settings.issue_delay
        else:
            order.state = State.VALIDATING

    def view(self, order: Order) -> dict[str, Any]:
        """The truth inside an order for the control interface: no key, no password, no PEM; times as ISO 8601 UTC."""
        hidden = ("private_key_pem", "vendor", "certificate", "state", "product")
        shown = {f.name: getattr(order, f.name) for f in fields(order) if f.name not in hidden}
        times = [name for name in shown if name.endswith("_at") or name == "deadline"]
        shown |= {name: None if shown[name] is None else iso(shown[name]) for name in times}
        shown["application"] = redact(shown["application"])
        certificate = order.certificate and {
            "serial": order.certificate["serial"],
            "fingerprint_sha256": order.certificate["fingerprint_sha256"],
            "not_before": iso(order.certificate["not_before"]),
            "not_after": iso(order.certificate["not_after"]),
        }
        return {
            **shown,
            "cloud": self.flows[order.flow].cloud,
            "state": order.state.value,
            "product": asdict(order.product),
            "validations": [asdict(each) for each in order.validations],
            "seen": order.validated,
            "has_private_key": order.private_key_pem is not None,
            "certificate": certificate,
        }
