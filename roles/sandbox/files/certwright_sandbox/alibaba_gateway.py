# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Alibaba's front door (POP gateway, RPC style): tells actions apart, checks signatures, words answers.

Checks come in the order of the Alibaba reference, section 7.2.
"""

from __future__ import annotations

import datetime as dt
import json
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from certwright_sandbox import alibaba_alidns, alibaba_cas, alibaba_signature
from certwright_sandbox.accounts import Account, Accounts
from certwright_sandbox.alibaba_answers import answer, wants_xml
from certwright_sandbox.alibaba_api import STATUS, Action, Actions, error, missing
from certwright_sandbox.clock import Clock
from certwright_sandbox.gateway import ApiError, Call
from certwright_sandbox.messages import Request, Response

if TYPE_CHECKING:
    from certwright_sandbox.app import App

__all__ = ["AlibabaGateway", "make"]

#: Clocks may differ by this much, and a nonce is remembered for as long (Alibaba reference 3.5).
TOLERANCE = 900.0
HELP_URL = "https://error-center.aliyun.com/status/search?Keyword={}&source=PopGw"


def make(app: App) -> AlibabaGateway:
    """The gateway with all actions of this sandbox."""
    return AlibabaGateway(app.accounts, app.clock, {**alibaba_cas.actions(app), **alibaba_alidns.actions(app)})


class AlibabaGateway:
    """Implements `gateway.Gateway` for Alibaba."""

    cloud = "alibaba"

    def __init__(self, accounts: Accounts, clock: Clock, actions: Actions) -> None:
        self._accounts, self._clock, self._actions = accounts, clock, actions
        self._nonces: dict[tuple[str, str], float] = {}
        self._lock = threading.Lock()

    def served(self) -> list[tuple[str, str]]:
        """Every action of this sandbox."""
        return list(self._actions)

    def accepts(self, request: Request) -> bool:
        """Whether the request has a header or a parameter that only Alibaba's protocol knows."""
        return alibaba_signature.read(request) is not None

    def describe(self, request: Request) -> Call:
        """Read what can be read; the parameters are the union of query, form body and JSON body (reference 7.1).

        What a signature does not cover is not read, so V1 has no JSON body.
        """
        signature = alibaba_signature.read(request)
        v1 = signature is not None and not signature.covers_body
        parameters, body_fault = alibaba_signature.signed_parameters(request), None
        if not v1:
            parameters, body_fault = _with_json_body(parameters, request)
        call = Call(
            self.cloud,
            action=(signature.action if signature else "") or None,
            version=(signature.version if signature else "") or None,
            user_agent=request.header("user-agent") or None,
        )
        call.request_id = call.request_id.upper()
        as_xml = wants_xml(parameters.get("Format"), "" if v1 else request.header("accept"))
        call.wire = {"host": request.host, "body_fault": body_fault, "signature": signature, "as_xml": as_xml}
        call.parameters = {name: value for name, value in parameters.items() if name not in alibaba_signature.COMMON}
        call.order_id = _order_id(call.parameters)
        return call

    def verify(self, call: Call, request: Request) -> None:
        """Check everything that is checked before an action runs; raises ApiError."""
        action = self._actions.get((call.version or "", call.action or ""))
        if action is None or request.path != "/":
            raise error("InvalidApi.NotFound", "Specified api is not found, please check your url and method.")
        if request.method not in ("GET", "POST"):
            raise error("UnsupportedHTTPMethod", "This http method is not supported.")
        signature: alibaba_signature.Signature = call.wire["signature"]
        signature.check_complete()
        account = self._account(signature.key_id, signature.token)
        self._check_time(signature.date)
        signature.check(account.secret)
        self._check_nonce(account, signature.nonce)
        call.account = account
        if account.read_only and action.writes:
            raise error("Forbidden.RAM", f"User not authorized to operate on the specified resource: {call.action}.")
        if call.wire["body_fault"]:
            raise error("InvalidParameter", call.wire["body_fault"])

    def rate(self, call: Call) -> float | None:
        """The documented limit of the action."""
        return self._action(call).rate

    def prepare(self, call: Call) -> None:
        """Check that required parameters are there."""
        for name in self._action(call).required:
            if call.parameters.get(name) in (None, ""):
                raise missing(name)

    def run(self, call: Call) -> dict[str, Any]:
        """Do the action."""
        return self._action(call).run(call)

    def success(self, call: Call, result: dict[str, Any]) -> Response:
        """The fields at top level beside RequestId; fields that are None are left out (reference 3.4)."""
        return self._answer(call, 200, {**result, "RequestId": call.request_id}, f"{call.action}Response")

    def failure(self, call: Call, refusal: ApiError) -> Response:
        """RequestId, HostId, Code, Message and Recommend."""
        body = {
            "RequestId": call.request_id,
            "HostId": call.wire.get("host", ""),
            "Code": refusal.code,
            "Message": refusal.message,
            "Recommend": HELP_URL.format(refusal.code),
        }
        response = self._answer(call, refusal.status, body, "Error")
        response.headers.update(refusal.headers)
        return response

    @staticmethod
    def _answer(call: Call, status: int, fields: Mapping[str, Any], root: str) -> Response:
        response = answer(status, fields, root, call.wire["as_xml"])
        response.headers["x-acs-request-id"] = call.request_id
        return response

    def throttled(self, call: Call, count: int, limit: int, retry_after: float | None) -> ApiError:
        """The gateway's refusal; `retry_after` (seconds) goes into x-acs-retry-after as milliseconds."""
        headers = {} if retry_after is None else {"x-acs-retry-after": str(int(retry_after * 1000))}
        return ApiError("Throttling.User", "Request was denied due to user flow control.", 400, headers)

    def broken(self, call: Call, code: str | None, message: str | None, status: int | None) -> ApiError:
        """The error of an injected fault."""
        code = code or "InternalError"
        message = message or "The request processing has failed due to some unknown error."
        return ApiError(code, message, status or STATUS.get(code, 400))

    def _action(self, call: Call) -> Action:
        return self._actions[(call.version or "", call.action or "")]

    def _account(self, key_id: str, token: str) -> Account:
        account = self._accounts.find(self.cloud, key_id)
        if account is None:
            raise error("InvalidAccessKeyId.NotFound", "Specified access key is not found.")
        if token == account.token:
            return account
        if not token:
            raise error("MissingSecurityToken", "SecurityToken is mandatory for this action.")
        kind = "Malformed" if account.token else "MismatchWithAccessKey"
        raise error(f"InvalidSecurityToken.{kind}", "Specified SecurityToken does not fit the access key.")

    def _check_time(self, date: str) -> None:
        try:
            moment = dt.datetime.strptime(date, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=dt.UTC)
        except ValueError as exc:
            message = "Specified time stamp or date value is not well formatted."
            raise error("InvalidTimeStamp.Format", message) from exc
        if abs(self._clock.gateway() - moment.timestamp()) > TOLERANCE:
            raise error("InvalidTimeStamp.Expired", "Specified time stamp or date value is expired.")

    def _check_nonce(self, account: Account, nonce: str) -> None:
        now = self._clock.gateway()
        with self._lock:
            # The oldest come first: forgetting stops at the first one that is still remembered.
            while self._nonces and abs(now - next(iter(self._nonces.values()))) > TOLERANCE:
                self._nonces.pop(next(iter(self._nonces)))
            if (account.key_id, nonce) in self._nonces:
                raise error("SignatureNonceUsed", "Specified signature nonce was used already.")
            self._nonces[(account.key_id, nonce)] = now


def _with_json_body(parameters: dict[str, Any], request: Request) -> tuple[dict[str, Any], str | None]:
    """The parameters with those of a JSON body, and what is wrong with that body (None: nothing)."""
    content_type = request.header("content-type").partition(";")[0].strip().lower()
    if content_type != "application/json" or not request.body.strip():
        return parameters, None
    try:
        body = json.loads(request.body)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        return parameters, "The request body is not a JSON object."
    return {**parameters, **body}, None


def _order_id(parameters: Mapping[str, Any]) -> str | None:
    value = parameters.get("InstanceId")
    return None if value is None else str(value)
