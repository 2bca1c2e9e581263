# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tencent Cloud's API gateway (API 3.0): envelope, order of checks, table of actions (Tencent reference 7.1)."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from certwright_sandbox.gateway import ApiError, Call
from certwright_sandbox.http_server import LARGEST_BODY
from certwright_sandbox.messages import Request, Response
from certwright_sandbox.tencent_parameters import Table, clean
from certwright_sandbox.tencent_query import LARGEST_QUERY, from_query
from certwright_sandbox.tencent_signature import ALGORITHM, verify

if TYPE_CHECKING:
    from certwright_sandbox.app import App

__all__ = ["Action", "Api", "TencentGateway"]

#: Parameters that name an order.
_ORDER_IDS = ("CertId", "CertificateId")
#: Actions a read-only key may call begin like this (design: what a write is).
_READS = ("Describe", "Get", "List", "Check", "Download", "Verify")


@dataclass(frozen=True)
class Action:
    """One action: its handler gets the call and the checked parameters, and returns the answer's fields.

    ``prepare`` runs before the state is locked; what it returns is ``call.prepared``. ``china_only``: not in the
    international site's documentation.
    """

    run: Callable[[Call, dict[str, Any]], dict[str, Any]]
    parameters: Table
    prepare: Callable[[Call, dict[str, Any]], Any] | None = None
    china_only: bool = False


@dataclass(frozen=True)
class Api:
    """One product's API version: its actions and its documented calls per second."""

    product: str
    version: str
    rate: float
    actions: dict[str, Action]
    throttle_code: str


class TencentGateway:
    """Serves every Tencent product of the sandbox; a product is chosen by X-TC-Version."""

    cloud = "tencent"

    def __init__(self, app: App, apis: list[Api]) -> None:
        """Args: app: the sandbox; apis: the products served."""
        self._app = app
        self._apis = {api.version: api for api in apis}

    def served(self) -> list[tuple[str, str]]:
        """See Gateway."""
        return [(api.version, action) for api in self._apis.values() for action in api.actions]

    def accepts(self, request: Request) -> bool:
        """See Gateway."""
        if request.method not in ("GET", "POST") or request.path != "/":
            return False
        own_header = any(name.lower().startswith("x-tc-") for name, _value in request.headers)
        return own_header or request.header("authorization").startswith(ALGORITHM)

    def describe(self, request: Request) -> Call:
        """See Gateway."""
        action, version = request.header("x-tc-action") or None, request.header("x-tc-version") or None
        call = Call(self.cloud, action, version, user_agent=request.header("user-agent") or None)
        call.wire.update(api=self._apis.get(version or ""), texts=request.method == "GET")
        try:
            body = _parameters(request)
        except ValueError as error:
            call.wire["unreadable"] = str(error)
            return call
        call.parameters = body
        call.order_id = next((str(body[name]) for name in _ORDER_IDS if isinstance(body.get(name), str)), None)
        return call

    def verify(self, call: Call, request: Request) -> None:
        """See Gateway."""
        if len(request.body) > LARGEST_BODY:
            raise ApiError("RequestSizeLimitExceeded", "The request is larger than 10 MB.")
        if len(request.query) > LARGEST_QUERY:
            raise ApiError("RequestSizeLimitExceeded", "The query is larger than 32 KB.")
        if "unreadable" in call.wire:
            what = "query cannot be read" if call.wire["texts"] else "request body is not a JSON object"
            raise ApiError("InvalidRequest", f"The {what}: {call.wire['unreadable']}.")
        if not call.action:
            raise ApiError("MissingParameter", "The request is missing a required parameter `Action`.")
        api: Api | None = call.wire["api"]
        if api is None:
            raise ApiError("NoSuchVersion", f"The API version `{call.version}` does not exist.")
        find, now = self._app.accounts.find, self._app.clock.gateway()
        call.account = verify(request, api.product, lambda key_id: find(self.cloud, key_id), now)
        if call.account.read_only and not call.action.startswith(_READS):
            raise ApiError("AuthFailure.UnauthorizedOperation", f"No permission for {api.product}:{call.action}.")
        action = api.actions.get(call.action)
        if action is None or (action.china_only and self._app.settings.tencent_site == "intl"):
            raise ApiError("InvalidAction", f"The action `{call.action}` does not exist in version {api.version}.")

    def rate(self, call: Call) -> float | None:
        """See Gateway."""
        api: Api = call.wire["api"]
        return api.rate

    def prepare(self, call: Call) -> None:
        """See Gateway."""
        action = self._action(call)
        call.wire["checked"] = clean(call.parameters, action.parameters, self._app.settings, call.wire["texts"])
        if action.prepare is not None:
            call.prepared = action.prepare(call, call.wire["checked"])

    def run(self, call: Call) -> dict[str, Any]:
        """See Gateway."""
        return self._action(call).run(call, call.wire["checked"])

    @staticmethod
    def _action(call: Call) -> Action:
        api: Api = call.wire["api"]
        return api.actions[call.action or ""]

    def success(self, call: Call, result: dict[str, Any]) -> Response:
        """See Gateway."""
        return _envelope({**result, "RequestId": call.request_id})

    def failure(self, call: Call, error: ApiError) -> Response:
        """See Gateway: errors come with HTTP status 200 (Tencent reference 3.3)."""
        answer = _envelope({"Error": {"Code": error.code, "Message": error.message}, "RequestId": call.request_id})
        answer.headers.update(error.headers)
        return answer

    def throttled(self, call: Call, count: int, limit: int, retry_after: float | None) -> ApiError:
        """See Gateway: the gateway's own code, or the product's, which users of ssl really meet (reference 7.1)."""
        api: Api = call.wire["api"]
        product = self._app.settings.tencent_throttle == "product"
        code = api.throttle_code if product else "RequestLimitExceeded"
        limit = limit or int(api.rate)
        count = count or limit + 1
        text = f"Your current request times equals to `{count}` in a second, which exceeds the limit `{limit}`."
        headers = {} if retry_after is None else {"Retry-After": f"{retry_after:g}"}
        return ApiError(code, text, headers=headers)

    def broken(self, call: Call, code: str | None, message: str | None, status: int | None) -> ApiError:
        """See Gateway."""
        return ApiError(code or "InternalError", message or "An internal error has occurred. Retry your request.")


def _envelope(fields: dict[str, Any]) -> Response:
    return Response(200, json.dumps({"Response": fields}, ensure_ascii=False).encode())


def _parameters(request: Request) -> dict[str, Any]:
    """The parameters of a query (GET) or a body; ValueError when they cannot be read."""
    if request.method == "GET":
        return from_query(request.query)
    body = json.loads(request.body.decode("utf-8"))
    if not isinstance(body, dict):
        raise ValueError("it is a JSON value of another type")
    return body
