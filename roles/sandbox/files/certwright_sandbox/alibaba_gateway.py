# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Alibaba's front door (POP gateway, RPC style): tells actions apart, checks signatures, words answers.

Checks come in the order of the Alibaba reference, section 7.2.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from certwright_sandbox import alibaba_alidns, alibaba_cas, alibaba_signature
from certwright_sandbox.accounts import Account, Accounts
from certwright_sandbox.alibaba_api import STATUS, Action, Actions, error, missing
from certwright_sandbox.clock import Clock
from certwright_sandbox.gateway import ApiError, Call
from certwright_sandbox.messages import Request, Response

if TYPE_CHECKING:
    from certwright_sandbox.app import App

__all__ = ["AlibabaGateway", "make"]

#: Clocks may differ by this much, and a nonce is remembered for as long (Alibaba reference 3.5).
TOLERANCE = 900.0
CONTENT_TYPE = "application/json;charset=utf-8"
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
        """Whether the request has a header that only Alibaba's protocol knows."""
        signed = request.header("authorization").startswith("ACS3-")
        return signed or any(name.lower().startswith("x-acs-") for name, _value in request.headers)

    def describe(self, request: Request) -> Call:
        """Read what can be read; the parameters are the union of query, form body and JSON body (reference 7.1)."""
        parameters, fault = _parameters(request)
        call = Call(
            self.cloud,
            action=request.header("x-acs-action") or None,
            version=request.header("x-acs-version") or None,
            parameters=parameters,
            user_agent=request.header("user-agent") or None,
            order_id=_order_id(parameters),
        )
        call.request_id = call.request_id.upper()
        call.wire = {"host": request.host, "body_fault": fault}
        return call

    def verify(self, call: Call, request: Request) -> None:
        """Check everything that is checked before an action runs; raises ApiError."""
        action = self._actions.get((call.version or "", call.action or ""))
        if action is None or request.path != "/":
            raise error("InvalidApi.NotFound", "Specified api is not found, please check your url and method.")
        if request.method not in ("GET", "POST"):
            raise error("UnsupportedHTTPMethod", "This http method is not supported.")
        authorization = self._authorization(request)
        account = self._account(authorization.key_id, request.header("x-acs-security-token"))
        self._check_time(request.header("x-acs-date"))
        _check_body_hash(request)
        _check_signature(account, authorization, request)
        self._check_nonce(account, request.header("x-acs-signature-nonce"))
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
        return _response(200, {**_without_none(result), "RequestId": call.request_id}, call)

    def failure(self, call: Call, refusal: ApiError) -> Response:
        """RequestId, HostId, Code, Message and Recommend."""
        body = {
            "RequestId": call.request_id,
            "HostId": call.wire.get("host", ""),
            "Code": refusal.code,
            "Message": refusal.message,
            "Recommend": HELP_URL.format(refusal.code),
        }
        response = _response(refusal.status, body, call)
        response.headers.update(refusal.headers)
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

    def _authorization(self, request: Request) -> alibaba_signature.Authorization:
        required = {
            "authorization": "AccessKeyId",
            "x-acs-date": "Timestamp",
            "x-acs-signature-nonce": "SignatureNonce",
            "x-acs-content-sha256": "ContentSha256",
        }
        for header, name in required.items():
            if not request.header(header):
                raise missing(name)
        try:
            return alibaba_signature.read_authorization(request.header("authorization"))
        except ValueError as exc:
            raise _incomplete(str(exc)) from exc

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


def _incomplete(why: str) -> ApiError:
    return error("IncompleteSignature", f"The request signature does not conform to Alibaba Cloud standards: {why}.")


def _check_body_hash(request: Request) -> None:
    if hashlib.sha256(request.body).hexdigest() != request.header("x-acs-content-sha256"):
        raise _incomplete("x-acs-content-sha256 is not the hash of the body")


def _check_signature(account: Account, authorization: alibaba_signature.Authorization, request: Request) -> None:
    unsigned = alibaba_signature.unsigned_headers(request, authorization)
    if unsigned:
        raise _incomplete(f"not signed: {', '.join(unsigned)}")
    candidates = list(alibaba_signature.canonical_requests(request, authorization))
    if not any(alibaba_signature.fits(account.secret, each, authorization.signature) for each in candidates):
        message = "Specified signature does not match our calculation. server string to sign is:"
        raise error("SignatureDoesNotMatch", message + candidates[0])


def _parameters(request: Request) -> tuple[dict[str, Any], str | None]:
    """The parameters of a request, and what is wrong with its body (None: nothing)."""
    parameters: dict[str, Any] = dict(parse_qsl(request.query, keep_blank_values=True))
    content_type = request.header("content-type").partition(";")[0].strip().lower()
    if content_type == "application/x-www-form-urlencoded":
        parameters.update(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
    elif content_type == "application/json" and request.body.strip():
        try:
            body = json.loads(request.body)
        except ValueError:
            body = None
        if not isinstance(body, dict):
            return parameters, "The request body is not a JSON object."
        parameters.update(body)
    return parameters, None


def _order_id(parameters: Mapping[str, Any]) -> str | None:
    value = parameters.get("InstanceId")
    return None if value is None else str(value)


def _without_none(result: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in result.items() if value is not None}


def _response(status: int, body: Mapping[str, Any], call: Call) -> Response:
    encoded = json.dumps(body, ensure_ascii=False).encode()
    return Response(status, encoded, CONTENT_TYPE, {"x-acs-request-id": call.request_id})
