# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every cloud's gateway does in the same order: recognise, verify, limit, fail on demand, run, journal."""

from __future__ import annotations

import sys
import threading
import traceback
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from certwright_sandbox.accounts import Account
from certwright_sandbox.faults import Fault, Faults, spoil
from certwright_sandbox.journal import Journal
from certwright_sandbox.limits import Limits
from certwright_sandbox.messages import Request, Response
from certwright_sandbox.store import Store

__all__ = ["ApiError", "Call", "Dispatcher", "Gateway"]


class ApiError(Exception):
    """An answer that refuses a call.

    Args:
        code: the vendor's error code.
        message: text for a person.
        status: HTTP status where the vendor uses one (Alibaba); Tencent always answers 200.
    """

    def __init__(self, code: str, message: str, status: int = 400, headers: dict[str, str] | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.headers = headers or {}


@dataclass
class Call:
    """One API call. The gateway fills it as far as the request can be read; handlers set ``effective``.

    ``parameters`` are what the journal shows (``request``) and handlers read: JSON values as received, without the
    signature's own parameters. ``order_id`` is the order the parameters name. ``prepared`` carries what
    :meth:`Gateway.prepare` made (slow things, done before the state is locked). ``wire`` is the gateway's own.
    """

    cloud: str
    action: str | None = None
    version: str | None = None
    parameters: dict[str, Any] = field(default_factory=dict)
    account: Account | None = None
    order_id: str | None = None
    user_agent: str | None = None
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    effective: bool = False
    prepared: Any = None
    wire: dict[str, Any] = field(default_factory=dict)


class Gateway(Protocol):
    """One cloud's front door."""

    cloud: str

    def served(self) -> list[tuple[str, str]]:
        """(version, action) of every action there is."""

    def accepts(self, request: Request) -> bool:
        """Whether the request speaks this cloud's protocol (signature scheme, headers)."""

    def describe(self, request: Request) -> Call:
        """Read what can be read, for the journal; never raises."""

    def verify(self, call: Call, request: Request) -> None:
        """Check action, signature and parameters; sets ``call.account``; raises ApiError."""

    def rate(self, call: Call) -> float | None:
        """The documented limit of the action in calls per second."""

    def prepare(self, call: Call) -> None:
        """Do what is slow (keys, look-ups) before the state is locked; may raise ApiError."""

    def run(self, call: Call) -> dict[str, Any]:
        """Do the action inside a transaction; returns the fields of the answer; raises ApiError."""

    def success(self, call: Call, result: dict[str, Any]) -> Response:
        """Word a good answer."""

    def failure(self, call: Call, error: ApiError) -> Response:
        """Word a bad answer."""

    def throttled(self, call: Call, count: int, limit: int, retry_after: float | None) -> ApiError:
        """The error of a call over the limit."""

    def broken(self, call: Call, code: str | None, message: str | None, status: int | None) -> ApiError:
        """The error of an injected fault; without a code, the cloud's internal error."""


class Dispatcher:
    """Takes every request that is not for the control interface and answers it."""

    def __init__(
        self,
        store: Store,
        journal: Journal,
        faults: Faults,
        limits: Limits,
        gateways: Sequence[Gateway],
        record_name: Callable[[Call], str | None],
    ) -> None:
        """Args: record_name: the full name of the DNS record that a call names, None for a call that names none."""
        self._store = store
        self._journal = journal
        self._faults = faults
        self._limits = limits
        self._gateways = gateways
        self._record_name = record_name
        #: Set when the sandbox stops, so that no fault keeps it waiting.
        self.stopping = threading.Event()
        #: How a call waits that a fault makes slow.
        self.pause: Callable[[float], object] = self.stopping.wait

    def served(self) -> dict[str, list[tuple[str, str]]]:
        """Cloud -> (version, action) of every action there is."""
        return {gateway.cloud: sorted(gateway.served()) for gateway in self._gateways}

    def handle(self, request: Request) -> Response:
        """Answer one request and journal it; never raises."""
        gateway = next((each for each in self._gateways if each.accepts(request)), None)
        if gateway is None:
            text = "No signature, action or version of a known cloud was found in this request.\n"
            return Response(404, text.encode(), "text/plain; charset=utf-8")
        call = gateway.describe(request)
        try:
            gateway.verify(call, request)
            self._limit(gateway, call)
        except ApiError as error:
            return self._refuse(gateway, call, error)
        except Exception as error:
            return self._crash(gateway, call, error)
        fault = self._faults.take(call.cloud, call.action, call.order_id, lambda: self._record_name(call))
        if fault is not None and (fault.kind == "throttle" or (fault.when == "before" and fault.kind != "slow")):
            return self._fail_before(gateway, call, fault)
        if fault is not None and fault.kind == "slow" and fault.when == "before":
            self.pause(spoil(fault, Response()).delay)
        return self._run(gateway, call, fault)

    def _limit(self, gateway: Gateway, call: Call) -> None:
        account = call.account.key_id if call.account else ""
        over = self._limits.take(call.cloud, account, call.action or "", gateway.rate(call))
        if over is not None:
            raise gateway.throttled(call, *over, None)

    def _run(self, gateway: Gateway, call: Call, fault: Fault | None) -> Response:
        """Run the action; its change and its journal entry are one transaction."""
        try:
            try:
                gateway.prepare(call)
                with self._store.transaction():
                    response = gateway.success(call, gateway.run(call))
                    self._note(call, fault, None)
            except ApiError as refused:
                call.effective = False
                response = gateway.failure(call, refused)
                self._note(call, fault, refused)
        except Exception as crash:
            return self._crash(gateway, call, crash)
        if fault is None or (fault.kind == "slow" and fault.when == "before"):
            return response
        if fault.kind == "error":
            return gateway.failure(call, gateway.broken(call, fault.code, fault.body, fault.status))
        return spoil(fault, response)

    def _fail_before(self, gateway: Gateway, call: Call, fault: Fault) -> Response:
        if fault.kind == "throttle":
            error = gateway.throttled(call, 0, 0, fault.retry_after)
            error.code = fault.code or error.code
            self._note(call, fault, error)
            return gateway.failure(call, error)
        if fault.kind == "error":
            error = gateway.broken(call, fault.code, fault.body, fault.status)
            self._note(call, fault, error)
            return gateway.failure(call, error)
        self._note(call, fault, None)
        return spoil(fault, gateway.success(call, {}))

    def _refuse(self, gateway: Gateway, call: Call, error: ApiError) -> Response:
        self._note(call, None, error)
        return gateway.failure(call, error)

    def _crash(self, gateway: Gateway, call: Call, crash: Exception) -> Response:
        traceback.print_exception(crash, file=sys.stderr)
        call.effective = False
        return self._refuse(gateway, call, gateway.broken(call, None, f"the sandbox failed: {crash!r}", None))

    def _note(self, call: Call, fault: Fault | None, error: ApiError | None) -> None:
        outcome = "fault" if fault else "error" if error else "ok"
        self._journal.add(
            call.cloud,
            call.action,
            version=call.version,
            order_id=call.order_id,
            outcome=outcome,
            effective=call.effective,
            error_code=error.code if error else None,
            fault=fault.label() if fault else None,
            user_agent=call.user_agent,
            request=call.parameters,
        )
