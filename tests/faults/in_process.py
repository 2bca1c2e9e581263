# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sandbox in this process: one clock for everybody, no socket, and a record of every request.

A request goes from the plugins' transport straight to the sandbox's application, and what a fault does to the delivery
becomes what a socket would make of it. test_truth.py holds that against a real socket.
"""

from __future__ import annotations

import functools
import itertools
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dns.exception
import dns.flags
import dns.message
import dns.query
from ansible_collections.certwright.cloud.plugins.module_utils._http import (
    Connection,
    HttpRequest,
    HttpResponse,
    TransportError,
)

# The package lies in a role and is not importable otherwise.
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "roles" / "sandbox" / "files"))

from certwright_sandbox import ca_worker
from certwright_sandbox.app import App
from certwright_sandbox.dns_server import DnsServer
from certwright_sandbox.messages import Request, Response
from exchange import AFTER, BEFORE, Exchange, Killed, Trap
from shared_clock import SharedClock

__all__ = ["ProcessCloud"]

# Seconds that a request takes, so that no two happen at the same moment.
LATENCY = 0.05
# DNSPod lists a new record up to 30 s late (reference: Tencent, 5.5): so late that a run meets it when it cleans up.
SETTINGS = {"rate": 0, "ca_poll": 10, "index_delay": 20}


class _Transport:
    """See Transport; hands requests to the application."""

    def __init__(self, cloud: ProcessCloud, connection: Connection) -> None:
        self._cloud, self._timeout = cloud, connection.timeout

    def send(self, request: HttpRequest) -> HttpResponse:
        return self._cloud.exchange(request, self._timeout)


@dataclass
class ProcessCloud:
    """The sandbox, its clock and two name servers of its zones; the CA asks a third.

    Arguments:
        folder: for the sandbox's state.
    """

    folder: Path
    clock: SharedClock = field(default_factory=SharedClock)
    exchanges: list[Exchange] = field(default_factory=list)
    step: str = ""
    trap: Trap | None = None

    def __post_init__(self) -> None:
        self.app = App(self.folder, wall=self.clock.now, monotonic=self.clock.monotonic)
        self.app.dispatcher.pause = self.clock.sleep
        self._wake_at: float | None = 0.0
        self.app.worker.wake = self.app.orders.wake = self._wake
        self.clock.due = self._let_the_ca_work
        #: Of each of the two servers: gives the kind of fault that a question for (name, type) meets, None for none.
        self.dns_faults: list[Callable[[str, str], str | None]] = [_healthy, _healthy]
        zones = self.app.zones
        self.servers = [
            DnsServer("127.0.0.1", 0, zones.names, zones.dns_records, functools.partial(self._dns_fault, number))
            for number in range(len(self.dns_faults))
        ]
        self._by_port = {int(each.address.rpartition(":")[2]): each for each in (self.app.dns, *self.servers)}
        #: Servers that have to know what zones were like before a change; for others that would be work for nothing.
        self._stale: set[DnsServer] = set()
        zones.changed = self._zone_changed

    def _wake(self) -> None:
        self._wake_at = 0.0

    def _let_the_ca_work(self) -> float | None:
        """What the CA's thread would do by now; returns seconds until it has something to do again."""
        while self._wake_at is not None and self._wake_at <= self.clock.time:
            self._wake_at = None
            pause = self.app.worker.step()
            if pause is not None and self._wake_at is None:
                self._wake_at = self.clock.time + pause
        return None if self._wake_at is None else self._wake_at - self.clock.time

    def _zone_changed(self, zone: str) -> None:
        for server in self._stale:
            server.note_change(zone)
        self.app.worker.look_again()

    def _remember_zones(self, server: DnsServer) -> None:
        self._stale.add(server)
        for zone in self.app.zones.names():
            server.note_change(zone)

    def close(self) -> None:
        """Gives back what the sandbox holds."""
        for server in self.servers:
            server.stop()
        self.app.stop()

    def reset(self, **settings: Any) -> None:
        """Everything as new, with these settings of the sandbox; the clock goes on."""
        self._stale.clear()
        self.app.reset()
        self.app.settings.update({**SETTINGS, **settings})
        self.exchanges, self.trap, self.step = [], None, ""
        self.dns_faults[:] = [_healthy] * len(self.dns_faults)

    def buy(self, flow: str) -> str:
        """Makes an order that a customer would have bought; returns its id."""
        cloud = self.app.orders.flows[flow].cloud
        return self.app.orders.create(flow, self.app.accounts.first(cloud).key_id).id

    def calm(self) -> None:
        """Ends all faults. A clock that is wrong stays wrong."""
        self.app.faults.clear()
        self.dns_faults[:] = [_healthy] * len(self.dns_faults)

    def records(self) -> list[Any]:
        """All DNS records that anybody made."""
        return [record for zone in self.app.zones.names() for record in self.app.zones.records(zone)]

    def disturb_server(self, number: int, kind: str, times: int) -> None:
        """Makes one of the two name servers answer so many questions wrong (0: all)."""
        left = iter([kind] * times) if times else itertools.repeat(kind)
        if kind == "stale":
            self._remember_zones(self.servers[number])
        self.dns_faults[number] = lambda _name, _type: next(left, None)

    def disturb_ca(self, kind: str, times: int) -> None:
        """The same for the server that the CA asks."""
        if kind == "stale":
            self._remember_zones(self.app.dns)
        self.app.faults.add({"cloud": "dns", "kind": kind, "times": times})

    def open_transport(self, connection: Connection) -> _Transport:
        """See Context."""
        return _Transport(self, connection)

    def exchange(self, request: HttpRequest, timeout: float) -> HttpResponse:
        """Sends a request and records what became of it."""
        self.clock.sleep(LATENCY)
        parts = urlsplit(request.url)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        received = Request.make(request.method, target, request.headers.items(), request.body)
        before = self._last_entry()
        at, failure, answer = self.clock.now(), None, None
        try:
            kills = self._spring()
            if kills == BEFORE:
                raise Killed
            answer = self._delivered(self.app.answer(received), timeout)
            if kills == AFTER:
                raise Killed
            return answer
        except TransportError as error:
            failure = error
            raise
        finally:
            entries = [each for each in self.app.journal.entries(before) if each["cloud"] != "ca"]
            entry = entries[0] if entries else None
            self.exchanges.append(Exchange(self.step, _action(received), at, entry, answer, failure))
            self.clock.sleep(0)

    def _spring(self) -> str | None:
        """Lets happen what is to happen to this request; returns when it kills the run, if it does."""
        trap = self.trap
        if trap is None or trap.sprung or len(self.exchanges) != trap.position:
            return None
        trap.sprung = True
        trap.spring()
        return trap.kills

    def _delivered(self, answer: Response, timeout: float) -> HttpResponse:
        """What a client gets of an answer over a socket (see http_server and RequestsTransport)."""
        for seconds in (answer.hold, answer.delay):
            if seconds and seconds >= timeout:
                self.clock.sleep(timeout)
                raise TransportError(f"no answer within {timeout:g} s", reached=True)
            self.clock.sleep(seconds or 0)
        if answer.hang_up == "reset":
            raise TransportError("connection lost: [Errno 104] Connection reset by peer", reached=True)
        if answer.hang_up or answer.hold is not None:
            raise TransportError("connection lost: Remote end closed connection without response", reached=True)
        if answer.cut is not None:
            missing = len(answer.body) - answer.cut
            said = f"IncompleteRead({answer.cut} bytes read, {missing} more expected)"
            raise TransportError(f"connection lost: {said}", reached=True)
        headers = {name.lower(): value for name, value in answer.headers.items()}
        headers["date"] = formatdate(self.app.clock.gateway(), usegmt=True)
        headers |= {"content-type": answer.content_type, "content-length": str(len(answer.body))}
        return HttpResponse(answer.status, headers, answer.body)

    def _last_entry(self) -> int:
        row = self.app.store.row("SELECT max(seq) FROM journal")
        return row[0] or 0 if row else 0

    def _dns_fault(self, number: int, name: str, record_type: str) -> str | None:
        return self.dns_faults[number](name, record_type)

    def _ask(self, query: dns.message.Message, _where: str, timeout: float, port: int) -> tuple[Any, bool]:
        wire = self._by_port[port].answer(query.to_wire(), over_tcp=True)
        if wire is None:
            self.clock.sleep(timeout)
            raise dns.exception.Timeout(timeout=timeout)
        return dns.message.from_wire(wire), False

    @contextmanager
    def within(self) -> Iterator[None]:
        """Leads DNS questions of this process to the servers without a socket, and makes the cloud's keys once only."""
        ask, make = dns.query.udp_with_fallback, ca_worker.make_key_and_csr
        dns.query.udp_with_fallback = self._ask
        ca_worker.make_key_and_csr = lambda names, *_kind: _key_and_csr(tuple(names))
        try:
            yield
        finally:
            dns.query.udp_with_fallback, ca_worker.make_key_and_csr = ask, make


_make_key_and_csr = ca_worker.make_key_and_csr


@functools.cache
def _key_and_csr(names: tuple[str, ...]) -> tuple[str, str]:
    # Of another kind than the cloud's, whose making and loading take longer than everything else together.
    return _make_key_and_csr(list(names), "ECC", "prime256v1")


def _healthy(_name: str, _type: str) -> None:
    return None


def _action(request: Request) -> str:
    return request.header("x-tc-action") or request.header("x-acs-action")
