# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sandbox's authoritative DNS server: UDP and TCP on one loopback port, for every hosted zone.

It keeps no data of its own: zones and records come from callables, so that an answer always shows what the
clouds' DNS APIs stored last.
"""

from __future__ import annotations

import contextlib
import select
import socket
import struct
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable

import dns.exception
import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from certwright_sandbox import dns_zone
from certwright_sandbox.dns_zone import Record, ZoneData

__all__ = ["DnsServer"]

RecordSource = Callable[[str], Iterable[Record]]
FaultSource = Callable[[str, str], str | None]

#: Largest answer over UDP without fragments (the DNS flag day's value); 512 without EDNS (RFC 1035).
EDNS_PAYLOAD = 1232
PLAIN_PAYLOAD = 512
LONGEST_MESSAGE = 65535
TCP_IDLE_SECONDS = 5.0
BIND_ATTEMPTS = 20
REFUSALS = {"servfail": dns.rcode.SERVFAIL, "refused": dns.rcode.REFUSED}


class DnsServer:
    """Serves the zones named by `zones()` with the records of `records(zone)`.

    `fault(qname, qtype)` names a fault for one query or returns None: servfail, refused, timeout (no answer at all),
    nxdomain, stale (the zone as it was before its last change). `qname` comes in lower case without a final dot.
    A zone's last change is noticed when it is queried, or when `note_change` is called.
    """

    def __init__(
        self,
        host: str,
        port: int,
        zones: Callable[[], Iterable[str]],
        records: RecordSource,
        fault: FaultSource | None = None,
    ) -> None:
        """Bind both sockets (port 0: any port that is free for both); nothing is answered before `start`."""
        self._zones, self._records = zones, records
        self._fault = fault or (lambda qname, qtype: None)
        self._lock = threading.Lock()
        self._current: dict[str, ZoneData] = {}
        self._previous: dict[str, ZoneData] = {}
        self._udp, self._tcp = _bind(host, port)
        self._wake_up, self._woken = socket.socketpair()
        self._thread: threading.Thread | None = None

    @property
    def address(self) -> str:
        """HOST:PORT of both listeners."""
        host, port = self._udp.getsockname()[:2]
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    def start(self) -> None:
        """Begin to answer, in a thread of the calling process."""
        for zone in self._zones():
            self.note_change(zone)
        self._thread = threading.Thread(target=self._serve, name="dns", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop answering and close both sockets."""
        if self._thread is not None:
            self._wake_up.send(b"\0")
            self._thread.join(timeout=5)
        for each in (self._udp, self._tcp, self._wake_up, self._woken):
            each.close()

    def note_change(self, zone: str) -> None:
        """Look at a zone right after it was changed, so that `stale` answers with the state before that change."""
        self._zone_data(zone)

    def answer(self, wire: bytes, over_tcp: bool) -> bytes | None:
        """Return the answer to one query on the wire; None: none at all."""
        try:
            query = dns.message.from_wire(wire)
        except dns.exception.DNSException:
            return None
        if query.flags & dns.flags.QR or len(query.question) != 1:
            return None
        response = dns.message.make_response(query, our_payload=EDNS_PAYLOAD)
        question = query.question[0]
        try:
            qname = question.name.to_text(omit_final_dot=True).lower()
            fault = self._fault(qname, dns.rdatatype.to_text(question.rdtype))
            if fault == "timeout":
                return None
            self._fill(response, question, fault)
        except Exception:  # a server answers SERVFAIL to what it cannot handle, and goes on
            traceback.print_exc(file=sys.stderr)
            response.set_rcode(dns.rcode.SERVFAIL)
        return _to_wire(query, response, over_tcp)

    def _fill(self, response: dns.message.Message, question: dns.rrset.RRset, fault: str | None) -> None:
        if response.opcode() != dns.opcode.QUERY:
            response.set_rcode(dns.rcode.NOTIMP)
            return
        zone = dns_zone.zone_of(question.name, self._zones())
        if fault in REFUSALS or zone is None or question.rdclass != dns.rdataclass.IN:
            response.set_rcode(REFUSALS.get(fault or "refused", dns.rcode.REFUSED))
            return
        data = self._zone_data(zone, stale=fault == "stale")
        response.flags |= dns.flags.AA
        if fault == "nxdomain":
            response.set_rcode(dns.rcode.NXDOMAIN)
            response.authority.append(data.soa())
            return
        dns_zone.look_up(data, response, question.name, question.rdtype)

    def _zone_data(self, zone: str, stale: bool = False) -> ZoneData:
        with self._lock:
            records = tuple(self._records(zone))
            current = self._current.get(zone)
            if current is None or current.records != records:
                serial = max(int(time.time()), current.serial + 1 if current else 0)
                if current is not None:
                    self._previous[zone] = current
                self._current[zone] = current = dns_zone.build(zone, records, serial)
            return self._previous.get(zone, current) if stale else current

    def _serve(self) -> None:
        sources = [self._udp, self._tcp, self._woken]
        while True:
            ready = select.select(sources, [], [])[0]
            if self._woken in ready:
                return
            if self._udp in ready:
                self._answer_datagram()
            if self._tcp in ready:
                with contextlib.suppress(OSError):
                    connection = self._tcp.accept()[0]
                    threading.Thread(target=self._answer_connection, args=(connection,), daemon=True).start()

    def _answer_datagram(self) -> None:
        with contextlib.suppress(OSError):
            wire, client = self._udp.recvfrom(LONGEST_MESSAGE)
            answer = self.answer(wire, over_tcp=False)
            if answer is not None:
                self._udp.sendto(answer, client)

    def _answer_connection(self, connection: socket.socket) -> None:
        connection.settimeout(TCP_IDLE_SECONDS)
        with contextlib.suppress(OSError), connection, connection.makefile("rb") as stream:
            while len(prefix := stream.read(2)) == 2:
                answer = self.answer(stream.read(struct.unpack("!H", prefix)[0]), over_tcp=True)
                if answer is None:
                    return
                connection.sendall(struct.pack("!H", len(answer)) + answer)


def _bind(host: str, port: int) -> tuple[socket.socket, socket.socket]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    attempts = 1 if port else BIND_ATTEMPTS
    while True:
        attempts -= 1
        tcp = socket.socket(family, socket.SOCK_STREAM)
        udp = socket.socket(family, socket.SOCK_DGRAM)
        try:
            tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            tcp.bind((host, port))
            udp.bind(tcp.getsockname()[:2])
            tcp.listen(32)
        except OSError:
            tcp.close()
            udp.close()
            # With port 0 the free TCP port may be taken over UDP: the next try gets another one.
            if not attempts:
                raise
        else:
            tcp.setblocking(False)
            udp.setblocking(False)
            return udp, tcp


def _to_wire(query: dns.message.Message, response: dns.message.Message, over_tcp: bool) -> bytes:
    limit = LONGEST_MESSAGE
    if not over_tcp:
        limit = max(PLAIN_PAYLOAD, min(query.payload, EDNS_PAYLOAD)) if query.edns >= 0 else PLAIN_PAYLOAD
    try:
        return response.to_wire(max_size=limit)
    except dns.exception.TooBig:
        for section in (response.answer, response.authority, response.additional):
            section.clear()
        response.flags |= dns.flags.TC
        return response.to_wire(max_size=limit)
