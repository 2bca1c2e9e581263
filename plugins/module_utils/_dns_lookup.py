# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Asks name servers directly what they hold, without any cache in between."""

from __future__ import annotations

import errno
import re
import socket
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, Callable

from ansible_collections.certwright.cloud.plugins.module_utils._domains import normalise

try:
    import dns.exception
    import dns.flags
    import dns.message
    import dns.query
    import dns.rcode
    import dns.rdatatype
    import dns.resolver
except ImportError:
    # The module runner reports the missing library before anything here is called.
    pass

__all__ = [
    "Authorities",
    "Lookup",
    "LookupFault",
    "Reply",
    "Server",
    "Sought",
    "View",
    "ask_server",
    "named_server",
    "system_nameservers",
]

# A validation name may be delegated by CNAME; longer paths than this no CA follows either.
_ALIAS_STEPS = 8
_WORKERS = 8


class LookupFault(Exception):
    """Why a question could not be answered this time, as half a sentence."""


@dataclass(frozen=True)
class Server:
    """A name server to ask; recursive says that it may look elsewhere for the answer."""

    label: str
    address: str
    port: int = 53
    recursive: bool = False


@dataclass(frozen=True)
class Sought:
    """A record that has to be seen: absolute lower-case name without a final dot, TXT or CNAME, and the value."""

    name: str
    type: str
    value: str


@dataclass(frozen=True)
class Reply:
    """What one server said: the values at the name, or at the end of aliases it knows; alias is where to ask on."""

    values: tuple[str, ...] = ()
    alias: str | None = None


@dataclass(frozen=True)
class View:
    """What one server holds of a record; error says why it could not be told."""

    server: str
    seen: bool
    values: tuple[str, ...] = ()
    error: str | None = None

    def to_result(self) -> dict[str, Any]:
        """The shape shown to users."""
        return {"server": self.server, "seen": self.seen, "answers": list(self.values), "error": self.error}


Ask = Callable[[Server, str, str, float], Reply]


class Lookup:
    """Looks for records at the servers that are named, or at all that are responsible for each name.

    Arguments:
        authorities: gives the servers for a name; raises LookupFault.
        ask: puts one question to one server: (server, name, type, timeout in seconds); raises LookupFault.
        timeout: seconds for each question.
    """

    def __init__(self, authorities: Callable[[str], list[Server]], ask: Ask, timeout: float) -> None:
        self._authorities = authorities
        self._ask = ask
        self._timeout = timeout

    def look(self, records: Iterable[Sought], known: dict[Sought, list[View]]) -> dict[Sought, list[View]]:
        """What each server holds of each record now; what known shows as seen is not asked for again."""
        wanted = list(records)
        questions = []
        views: dict[Sought, list[View]] = {record: [] for record in wanted}
        for record in wanted:
            seen = {view.server: view for view in known.get(record, ()) if view.seen}
            try:
                servers = self._authorities(record.name)
            except LookupFault as fault:
                views[record].append(View("the zone's name servers", False, error=str(fault)))
                continue
            views[record] += [seen[server.label] for server in servers if server.label in seen]
            questions += [(record, server) for server in servers if server.label not in seen]
        with ThreadPoolExecutor(_WORKERS) as pool:
            answers = list(pool.map(lambda question: self._view(*question), questions))
        for (record, _server), view in zip(questions, answers):
            views[record].append(view)
        return views

    def _view(self, record: Sought, server: Server) -> View:
        try:
            values = self._values(record, record.name, server, 0)
        except LookupFault as fault:
            return View(server.label, False, error=str(fault))
        return View(server.label, _matches(record, values), values)

    def _values(self, record: Sought, name: str, server: Server, steps: int) -> tuple[str, ...]:
        reply = self._ask(server, name, record.type, self._timeout)
        if reply.values or reply.alias is None or record.type == "CNAME":
            return reply.values
        if steps >= _ALIAS_STEPS:
            raise LookupFault(f"'{record.name}' leads through more than {_ALIAS_STEPS} aliases")
        values: tuple[str, ...] = ()
        # Another zone may have other servers, and the CA may ask any of them: the first without the value counts.
        for other in self._authorities(reply.alias) if not server.recursive else [server]:
            values = self._values(record, reply.alias, other, steps + 1)
            if not _matches(record, values):
                break
        return values


def _matches(record: Sought, values: Iterable[str]) -> bool:
    if record.type == "CNAME":
        return any(normalise(value) == normalise(record.value) for value in values)
    return record.value in values


class Authorities:
    """The servers that are responsible for a name: found by walking up to its zone, remembered for the run.

    Arguments:
        nameservers: the names of a zone's servers by the system's resolver, or none if the name is no zone; raises
            LookupFault.
        addresses: all addresses of a host; raises OSError.
        routable: whether this host has a route to an address.
        note: told once about each server that this host has no route to.
    """

    def __init__(
        self,
        nameservers: Callable[[str], list[str]],
        note: Callable[[str], None],
        addresses: Callable[[str], list[str]] | None = None,
        routable: Callable[[str], bool] | None = None,
    ) -> None:
        self._nameservers = nameservers
        self._addresses = addresses or _addresses
        self._routable = routable or _routable
        self._note = note
        self._by_name: dict[str, list[Server]] = {}

    def __call__(self, name: str) -> list[Server]:
        """All addresses of all servers of the zone that holds the name. Raises LookupFault."""
        if name not in self._by_name:
            self._by_name[name] = self._found(name)
        return self._by_name[name]

    def _found(self, name: str) -> list[Server]:
        labels = name.split(".")
        for start in range(len(labels) - 1):
            zone = ".".join(labels[start:])
            if zone in self._by_name and start:
                return self._by_name[zone]
            hosts = self._nameservers(zone)
            if hosts:
                self._by_name[zone] = self._servers(hosts)
                return self._by_name[zone]
        raise LookupFault(f"no zone was found that holds '{name}'")

    def _servers(self, hosts: list[str]) -> list[Server]:
        servers = []
        for host in sorted(hosts):
            try:
                addresses = self._addresses(host)
            except OSError as error:
                raise LookupFault(f"the address of '{host}' cannot be found ({error.strerror})") from error
            for address in addresses:
                if self._routable(address):
                    servers.append(Server(f"{host} ({address})", address))
                else:
                    self._note(f"'{host}' was not asked at '{address}': this host has no route to it")
        if not servers:
            raise LookupFault(f"this host has no route to any of {', '.join(sorted(hosts))}")
        return servers


def _addresses(host: str) -> list[str]:
    found = socket.getaddrinfo(host, 53, type=socket.SOCK_DGRAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def _routable(address: str) -> bool:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            # A datagram socket's connect asks the routing table and sends nothing.
            probe.connect((address, 53))
    except OSError as error:
        return error.errno not in (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)
    return True


def named_server(text: str) -> Server:
    """A server that the user names as host or host:port; it is allowed to look elsewhere. Raises ValueError."""
    match = re.fullmatch(r"\[([^\]]+)\](?::(\d{1,5}))?|([^:\s]+)(?::(\d{1,5}))?|([0-9a-fA-F:.]+)", text)
    if not match:
        raise ValueError(f"'{text}' is no host or host:port (an IPv6 address with a port stands in brackets)")
    host = match[1] or match[3] or match[5]
    port = int(match[2] or match[4] or 53)
    if not 0 < port < 65536:
        raise ValueError(f"'{text}' has a port that does not exist")
    return Server(text, host, port, recursive=True)


def ask_server(server: Server, name: str, record_type: str, timeout: float) -> Reply:
    """Puts one question to one server over UDP, and over TCP if the answer is too long. Raises LookupFault."""
    try:
        query = dns.message.make_query(name, record_type, use_edns=0, payload=1232)
    except dns.exception.DNSException as error:
        # An alias can have dots and worse inside a label.
        raise LookupFault(f"it leads to '{name}', which is no host's name ({type(error).__name__})") from None
    if not server.recursive:
        query.flags &= ~dns.flags.RD
    try:
        address = _addresses(server.address)[0]
        response, _over_tcp = dns.query.udp_with_fallback(query, address, timeout=timeout, port=server.port)
    except dns.exception.Timeout:
        raise LookupFault(f"it gave no answer within {timeout:g} s") from None
    except OSError as error:
        raise LookupFault(f"it cannot be reached ({error.strerror or error})") from None
    except dns.exception.DNSException as error:
        raise LookupFault(f"its answer cannot be read ({type(error).__name__})") from None
    if response.rcode() not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
        raise LookupFault(f"it answered {dns.rcode.to_text(response.rcode())}")
    return _reply(response, name, record_type)


def _reply(response: Any, name: str, record_type: str) -> Reply:
    held: dict[tuple[str, str], list[Any]] = {}
    for rrset in response.answer:
        key = (normalise(rrset.name.to_text()), dns.rdatatype.to_text(rrset.rdtype))
        held.setdefault(key, []).extend(rrset)
    current, passed = normalise(name), set()
    while (current, record_type) not in held and (current, "CNAME") in held and current not in passed:
        passed.add(current)
        current = normalise(held[current, "CNAME"][0].target.to_text())
    reply = Reply(tuple(_text(rdata) for rdata in held.get((current, record_type), ())))
    return reply if reply.values or not passed else replace(reply, alias=current)


def _text(rdata: Any) -> str:
    if hasattr(rdata, "strings"):
        return b"".join(rdata.strings).decode("utf-8", "replace")
    return normalise(rdata.target.to_text())


def system_nameservers(zone: str) -> list[str]:
    """The names of a zone's servers by the system's resolver; empty where the name is no zone. Raises LookupFault."""
    try:
        answer = dns.resolver.resolve(zone, "NS", search=False, lifetime=10)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    except (dns.exception.DNSException, OSError) as error:
        raise LookupFault(f"the system's resolver does not say who serves '{zone}' ({type(error).__name__})") from None
    # A name that is an alias gets the answer for another zone.
    if normalise(answer.canonical_name.to_text()) != normalise(zone):
        return []
    return [normalise(rdata.target.to_text()) for rdata in answer]
