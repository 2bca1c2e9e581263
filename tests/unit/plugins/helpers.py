# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What tests bring instead of a network and a clock."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError, ErrorKind
from ansible_collections.certwright.cloud.plugins.module_utils._http import HttpRequest, HttpResponse
from ansible_collections.certwright.cloud.plugins.module_utils._module._use_case import Context, UseCase
from ansible_collections.certwright.cloud.plugins.module_utils._order_service import Step
from ansible_collections.certwright.cloud.plugins.module_utils._orders import (
    Bundle,
    Order,
    OrderState,
    VendorState,
)
from ansible_collections.certwright.cloud.plugins.module_utils._retry import Clock

__all__ = [
    "FakeClock",
    "FakeOrders",
    "FakeTransport",
    "context",
    "json_response",
    "make_order",
    "options",
    "refusal",
    "run_use_case",
    "unanswered",
]

# 2026-01-01 00:00:00 UTC, the time of most signature vectors.
START = 1767225600.0

Reply = HttpResponse | Exception | Callable[[HttpRequest], HttpResponse]


class FakeClock(Clock):
    """A clock that moves only when somebody sleeps; the sleeps are recorded."""

    def __init__(self, start: float = START, chance: float = 0.5) -> None:
        self.time = start
        self.sleeps: list[float] = []
        self._chance = chance

    def now(self) -> float:
        return self.time

    def monotonic(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.time += seconds

    def random(self) -> float:
        return self._chance


class FakeTransport:
    """Answers requests from a script, one entry each, and records them; a request beyond the script is a failure.

    An entry is a response, an exception to raise (TransportError), or a function of the request.
    """

    def __init__(self, script: Iterable[Reply]) -> None:
        self.script = list(script)
        self.requests: list[HttpRequest] = []

    def send(self, request: HttpRequest) -> HttpResponse:
        self.requests.append(request)
        if not self.script:
            raise AssertionError(f"request {len(self.requests)} was not expected: {request.headers} {request.body!r}")
        reply = self.script.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return reply if isinstance(reply, HttpResponse) else reply(request)


def json_response(data: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> HttpResponse:
    """An answer with a JSON body."""
    return HttpResponse(status, {"content-type": "application/json", **(headers or {})}, json.dumps(data).encode())


@dataclass
class Warnings:
    """Collects what a use case warns about."""

    messages: list[str] = field(default_factory=list)

    def __call__(self, message: str) -> None:
        self.messages.append(message)


def context(transport: Any, **changes: Any) -> Context:
    """A context with a fake clock, no environment, and every connection leading to the transport."""
    settings: dict[str, Any] = {"clock": FakeClock(), "environ": {}, "open_transport": lambda _connection: transport}
    return Context(**{**settings, **changes})


def options(use_case: UseCase, **given: Any) -> dict[str, Any]:
    """The options of a use case as a module sees them: defaults filled in, unknown names refused."""
    unknown = set(given) - set(use_case.argument_spec)
    if unknown:
        raise AssertionError(f"no such option: {sorted(unknown)}")
    return {name: given.get(name, spec.get("default")) for name, spec in use_case.argument_spec.items()}


def run_use_case(use_case: UseCase, run_context: Context, **given: Any) -> dict[str, Any]:
    """Calls the function of a use case with its defaults filled in."""
    return use_case.function(options(use_case, **given), run_context)


def make_order(state: OrderState = OrderState.VALIDATING, order_id: str = "order-1", **changes: Any) -> Order:
    """An order of a cloud that does not exist."""
    settings: dict[str, Any] = {"vendor_state": VendorState("7", f"{state.value} there"), "request_id": "request-read"}
    return Order("fake", "fake_flow", order_id, state, **{**settings, **changes})


def refusal(kind: ErrorKind = ErrorKind.REJECTED, **changes: Any) -> CertwrightError:
    """What a call raises that was refused."""
    return CertwrightError("the call was refused", kind=kind, code="Refused", request_id="request-bad", **changes)


def unanswered() -> CertwrightError:
    """What a write raises whose answer was lost."""
    return CertwrightError("the answer was lost", kind=ErrorKind.NETWORK, ambiguous=True)


def _next(script: list[Any]) -> Any:
    """The next entry of a script, whose last one is repeated; an error is raised."""
    entry = script.pop(0) if len(script) > 1 else script[0]
    if isinstance(entry, CertwrightError):
        raise entry
    return entry


class FakeOrders:
    """A flow whose reads come from a script (the last entry is repeated) and whose steps come from a function.

    Arguments:
        reads: orders, or errors to raise; a list for all ids, or one list an id.
        plan: what steps() answers for an order; it may raise.
        bundles: what bundle() answers, by id.
        lists: what listed() answers in turn, or raises; the last entry is repeated.
    """

    def __init__(
        self,
        reads: Mapping[str, list[Order | CertwrightError]] | list[Order | CertwrightError],
        plan: Callable[[Order], list[Step]] = lambda order: [],
        bundles: Mapping[str, Bundle | CertwrightError] | None = None,
        lists: Iterable[Iterable[Order] | CertwrightError | None] = (None,),
    ) -> None:
        self.calls: list[str] = []
        self._lists = list(lists)
        self.with_key: list[bool] = []
        self.found: list[Order] = []
        self._reads = reads
        self._plan = plan
        self._bundles = bundles or {}

    def read(self, order_id: str) -> Order:
        self.calls.append(f"read {order_id}")
        order: Order = _next(self._reads[order_id] if isinstance(self._reads, Mapping) else self._reads)
        return order

    def read_all(self, order_ids: Sequence[str]) -> list[Order]:
        return [self.read(order_id) for order_id in order_ids]

    def listed(self, order_ids: Sequence[str], most_calls: int | None = None) -> dict[str, Order] | None:
        self.calls.append("list" if most_calls is None else f"list with {most_calls} calls")
        shown = _next(self._lists)
        return None if shown is None else {order.id: order for order in shown}

    def steps(self, order: Order, application: Any, until: OrderState) -> list[Step]:
        return self._plan(order)

    def step(self, name: str, resulting: OrderState, outcome: CertwrightError | None = None, **more: Any) -> Step:
        """A step that is recorded when it is sent, and then fails if an outcome says so."""

        def send() -> str | None:
            self.calls.append(name)
            if self.calls.count(name) > 3:
                raise AssertionError(f"'{name}' is sent again and again")
            if outcome:
                raise outcome
            return f"request-{name}"

        return Step(name, send, resulting, **more)

    def bundle(self, order_id: str, with_key: bool) -> Bundle:
        self.calls.append(f"bundle {order_id}")
        self.with_key.append(with_key)
        bundle = self._bundles[order_id]
        if isinstance(bundle, CertwrightError):
            raise bundle
        return bundle

    def search(self, criteria: dict[str, Any]) -> list[Order]:
        self.calls.append(f"search {criteria}")
        return self.found
