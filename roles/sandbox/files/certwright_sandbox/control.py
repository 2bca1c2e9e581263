# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control interface under ``/_sandbox/``: what a test or a rehearsing user does to the sandbox itself."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote

from certwright_sandbox import VERSION
from certwright_sandbox.clock import iso
from certwright_sandbox.messages import Request, Response
from certwright_sandbox.settings import is_loopback

if TYPE_CHECKING:
    from certwright_sandbox.app import App

__all__ = ["PREFIX", "Control"]

PREFIX = "/_sandbox"


class _Refusal(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Control:
    """Routes control calls; everything in and out is JSON, errors are ``{"error": text}``."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._routes: dict[tuple[str, str], Callable[[Request, Any], Any]] = {
            ("GET", ""): self._about,
            ("POST", "reset"): self._reset,
            ("GET", "journal"): self._journal,
            ("DELETE", "journal"): self._clear_journal,
            ("GET", "orders"): self._orders,
            ("POST", "orders"): self._create_orders,
            ("GET", "faults"): self._faults,
            ("POST", "faults"): self._add_fault,
            ("DELETE", "faults"): self._clear_faults,
            ("GET", "clock"): self._clock,
            ("POST", "clock"): self._advance,
            ("GET", "zones"): self._zones,
            ("POST", "zones"): self._add_zone,
            ("GET", "settings"): self._settings,
            ("POST", "settings"): self._change_settings,
        }

    def handle(self, request: Request) -> Response:
        """Answer one control call; never raises for bad input."""
        try:
            return _json(200, self._route(request))
        except _Refusal as refusal:
            return _json(refusal.status, {"error": str(refusal)})
        except ValueError as error:
            return _json(400, {"error": str(error)})

    def _route(self, request: Request) -> Any:
        host = request.host
        name = host.rpartition(":")[0] if host.rpartition(":")[2].isdecimal() else host
        # A web page could otherwise reach the control interface through a name that it points at loopback.
        if not is_loopback(name):
            raise _Refusal(403, f"control calls need a loopback Host header, not '{host}'")
        parts = [unquote(part) for part in request.path[len(PREFIX) :].strip("/").split("/")]
        body = _body(request)
        if parts[0] == "orders" and len(parts) > 1:
            return self._order(request.method, parts[1], parts[2:], body)
        route = self._routes.get((request.method, "/".join(parts)))
        if route is None:
            raise _Refusal(404, f"there is no control call {request.method} '{request.path}'")
        return route(request, body)

    def _about(self, request: Request, body: Any) -> Any:
        settings, now = self._app.settings.as_dict(), iso(self._app.clock.business())
        return {
            "version": VERSION,
            "settings": settings,
            "business_time": now,
            "actions": self._app.dispatcher.served(),
        }

    def _reset(self, request: Request, body: Any) -> Any:
        self._app.reset()
        return {}

    def _journal(self, request: Request, body: Any) -> Any:
        since = parse_qs(request.query).get("since", ["0"])[0]
        if not since.isdecimal():
            raise ValueError(f"'since' must be a number of the journal, not '{since}'")
        return {"journal": self._app.journal.entries(int(since))}

    def _clear_journal(self, request: Request, body: Any) -> Any:
        self._app.journal.clear()
        return {}

    def _orders(self, request: Request, body: Any) -> Any:
        orders = self._app.orders
        return {"orders": [orders.view(order) for order in orders.list()]}

    def _create_orders(self, request: Request, body: Any) -> Any:
        _known(body, ("flow", "product", "domain_num", "count", "managed_renewal"))
        count, number = body.get("count", 1), body.get("domain_num")
        for name, value in (("count", count), ("domain_num", number)):
            whole = isinstance(value, int) and not isinstance(value, bool)
            if value is not None and not (whole and 1 <= value <= 10000):
                raise ValueError(f"'{name}' must be a number from 1 to 10000")
        app, flow, managed = self._app, _flow_of(self._app, body.get("flow")), body.get("managed_renewal", False)
        if not isinstance(managed, bool) or (managed and flow.cloud != "tencent"):
            raise ValueError("'managed_renewal' must be true or false, and false for the flows of other clouds")
        with app.store.transaction():
            owner = app.accounts.first(flow.cloud).key_id
            made = [app.orders.create(flow.name, owner, body.get("product"), number) for _unused in range(count)]
            for order in made if managed else ():
                order.vendor["managed_renewal"] = True
                app.orders.save(order)
        return {"ids": [order.id for order in made]}

    def _order(self, method: str, order_id: str, rest: list[str], body: Any) -> Any:
        app = self._app
        with app.store.transaction():
            order = app.orders.get(order_id)
            if order is None:
                raise _Refusal(404, f"there is no order '{order_id}'")
            if (method, rest) == ("GET", []):
                return app.orders.view(order)
            if (method, rest) != ("POST", ["decision"]):
                raise _Refusal(404, f"there is no control call {method} for the order '{order_id}'")
            _known(body, ("decision", "reason"))
            try:
                app.orders.decide(order, str(body.get("decision")), body.get("reason"))
            except LookupError as error:
                raise _Refusal(409, str(error.args[0])) from None
            return app.orders.view(order)

    def _faults(self, request: Request, body: Any) -> Any:
        return {"faults": self._app.faults.list()}

    def _add_fault(self, request: Request, body: Any) -> Any:
        return {"id": self._app.faults.add(body).id}

    def _clear_faults(self, request: Request, body: Any) -> Any:
        self._app.faults.clear()
        return {}

    def _clock(self, request: Request, body: Any) -> Any:
        clock = self._app.clock
        return {
            "real": iso(clock.real()),
            "gateway": iso(clock.gateway()),
            "business": iso(clock.business()),
            "advanced": clock.advanced,
        }

    def _advance(self, request: Request, body: Any) -> Any:
        _known(body, ("advance",))
        seconds = body.get("advance")
        if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
            raise ValueError("'advance' must be a number of seconds")
        self._app.clock.advance(seconds)
        self._app.worker.look_again()
        return self._clock(request, body)

    def _zones(self, request: Request, body: Any) -> Any:
        zones = self._app.zones
        with self._app.store.transaction():
            return {"zones": [_zone_view(zones, zone) for zone in zones.list()]}

    def _add_zone(self, request: Request, body: Any) -> Any:
        _known(body, ("name", "dns"))
        app, dns = self._app, str(body.get("dns", "dnspod"))
        owner = app.accounts.first("alibaba" if dns == "alidns" else "tencent").key_id
        return _zone_view(app.zones, app.zones.add(str(body.get("name", "")), dns, owner))

    def _settings(self, request: Request, body: Any) -> Any:
        return {"settings": self._app.settings.as_dict()}

    def _change_settings(self, request: Request, body: Any) -> Any:
        self._app.settings.update(body)
        self._app.worker.look_again()
        return {"settings": self._app.settings.as_dict()}


def _flow_of(app: App, name: Any) -> Any:
    """The flow of that name; ValueError when there is none."""
    if name not in app.orders.flows:
        raise ValueError(f"'flow' must be one of {', '.join(sorted(app.orders.flows))}, not '{name}'")
    return app.orders.flows[name]


def _zone_view(zones: Any, zone: Any) -> dict[str, Any]:
    records = [
        {"id": r.id, "name": r.name, "type": r.type, "value": r.value, "ttl": r.ttl} for r in zones.records(zone.name)
    ]
    return {"name": zone.name, "dns": zone.dns, "records": records}


def _body(request: Request) -> dict[str, Any]:
    if not request.body:
        return {}
    try:
        body = json.loads(request.body)
    except ValueError as error:
        raise ValueError(f"the body is not JSON: {error}") from None
    if not isinstance(body, dict):
        raise ValueError("the body must be a JSON object")
    return body


def _known(body: dict[str, Any], names: tuple[str, ...]) -> None:
    unknown = [name for name in body if name not in names]
    if unknown:
        raise ValueError(f"unknown field '{unknown[0]}' (known: {', '.join(names)})")


def _json(status: int, body: Any) -> Response:
    return Response(status, (json.dumps(body, ensure_ascii=False) + "\n").encode(), "application/json")
