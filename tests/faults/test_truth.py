# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sandbox in this process is no fiction: what its clients see of each fault is what they see over a socket."""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.certwright.cloud.plugins.module_utils._dns_lookup import LookupFault, ask_server, named_server
from ansible_collections.certwright.cloud.plugins.module_utils._http import (
    Connection,
    HttpResponse,
    Transport,
    TransportError,
)
from ansible_collections.certwright.cloud.plugins.module_utils._tencent._credentials import Credentials
from ansible_collections.certwright.cloud.plugins.module_utils._tencent._dialect import TencentDialect
from ansible_collections.certwright.cloud.plugins.module_utils._tencent._paid_orders import DETAIL
from ansible_collections.certwright.cloud.plugins.module_utils._transport import RequestsTransport
from bench import Bench
from cells import NO_CONNECTION
from certwright_sandbox.app import App
from shared_clock import SharedClock

__all__: list[str] = []

# Seconds; the sandbox holds an answer for much longer.
TIMEOUT = 0.3
RECORD = ("_dnsauth.www", "_dnsauth.www.example.com", "TXT")


@pytest.fixture(scope="module")
def listening(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """A sandbox that listens on loopback."""
    app = App(tmp_path_factory.mktemp("listening"))
    app.settings.update({"rate": 0})
    app.start()
    yield app
    app.stop()


def seen(app: App, endpoint: str, transport: Transport, now: float) -> tuple[object, ...]:
    """What a client sees of a look at an order: an answer, or if the request may have arrived and why it has none."""
    account = app.accounts.first("tencent")
    credentials = Credentials(account.key_id, account.secret, None, "a test")
    dialect = TencentDialect(credentials, Connection(endpoint=endpoint), SharedClock())
    order = app.orders.create("tencent_paid", account.key_id)
    try:
        answer = transport.send(dialect.request(DETAIL, {"CertificateId": order.id}, now))
    except TransportError as error:
        return error.reached, re.sub(r"\d{2,}", "N", error.reason)
    return answer.status, answer.headers["content-type"], word(answer)


def word(answer: HttpResponse) -> str:
    """The body of an answer: the cloud's code, or how it begins."""
    try:
        return str(json.loads(answer.body)["Response"].get("Error", {}).get("Code"))
    except ValueError:
        return answer.body.decode()[:20]


FAULTS: list[dict[str, Any]] = [
    *({"kind": kind, "when": when} for kind in ("drop", "reset", "timeout") for when in ("before", "after")),
    *({"kind": kind} for kind in ("truncated", "not_json", "empty", "http", "error", "throttle")),
    {"kind": "http", "status": 500, "body": "Internal Server Error"},
    {"kind": "error", "code": "AuthFailure.TokenFailure"},
    {"kind": "slow", "seconds": 0.01},
    {"kind": "slow", "seconds": 5, "when": "after"},
]


@pytest.mark.parametrize("fault", FAULTS, ids=[json.dumps(fault) for fault in FAULTS])
def test_fault_is_seen_as_over_a_socket(the_bench: Bench, listening: App, fault: dict[str, Any]) -> None:
    cloud = the_bench.cloud
    cloud.reset()
    for app in (listening, cloud.app):
        app.faults.clear()
        app.faults.add(fault)
    url = listening.http.url
    over_socket = seen(listening, url, RequestsTransport(Connection(endpoint=url, timeout=TIMEOUT)), time.time())
    within = seen(cloud.app, url, cloud.open_transport(Connection(timeout=TIMEOUT)), cloud.clock.now())
    assert within == over_socket
    states = [[entry["outcome"] for entry in app.journal.entries()][-1] for app in (listening, cloud.app)]
    assert states == ["fault", "fault"]


@pytest.mark.parametrize("skew", [1200, -1200])
def test_wrong_clock_is_seen_as_over_a_socket(the_bench: Bench, listening: App, skew: float) -> None:
    cloud = the_bench.cloud
    cloud.reset(gateway_skew=skew)
    listening.settings.update({"gateway_skew": skew})
    try:
        url = listening.http.url
        over_socket = seen(listening, url, RequestsTransport(Connection(endpoint=url)), time.time())
    finally:
        listening.settings.update({"gateway_skew": 0})
    within = seen(cloud.app, url, cloud.open_transport(Connection()), cloud.clock.now())
    assert within == over_socket == (200, "application/json", "AuthFailure.SignatureExpire")


def test_refused_connection_is_seen_as_over_a_socket(listening: App) -> None:
    with socket.socket() as taken:
        # Bound, but not listening.
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        over_socket = seen(listening, url, RequestsTransport(Connection(endpoint=url)), time.time())
    assert over_socket == (False, re.sub(r"\d{2,}", "N", NO_CONNECTION))


@pytest.mark.parametrize("kind", [None, "servfail", "refused", "timeout", "stale", "nxdomain"])
def test_name_server_is_seen_as_over_a_socket(the_bench: Bench, listening: App, kind: str | None) -> None:
    cloud = the_bench.cloud
    cloud.reset()
    views = []
    for app, within in ((listening, False), (cloud.app, True)):
        zone = app.zones.get("example.com")
        assert zone is not None
        app.dns.note_change(zone.name)
        record = app.zones.add_record(zone, RECORD[0], RECORD[2], "value", 600)
        app.faults.clear()
        if kind:
            app.faults.add({"cloud": "dns", "kind": kind})
        if within:
            with cloud.within():
                views.append(asked(app))
        else:
            views.append(asked(app))
        app.zones.delete_record(record.id)
    assert views[0] == views[1]


def asked(app: App) -> object:
    """What the sandbox's name server says of the record."""
    try:
        return ask_server(named_server(app.dns.address), *RECORD[1:], TIMEOUT)
    except LookupFault as fault:
        return str(fault)
