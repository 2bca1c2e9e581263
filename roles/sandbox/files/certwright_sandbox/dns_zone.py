# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Zones as the DNS server sees them: built from plain records, searched by the rules of RFC 1034, 4.3.2."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass

import dns.exception
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

__all__ = ["Record", "ZoneData", "build", "look_up", "zone_of"]

#: (name, type, value, TTL in seconds); a name with a final dot is absolute, any other one relative ("@": the apex)
Record = tuple[str, str, str, int]

#: Seconds for which a resolver may remember that a name does not exist: short, since records come and go here.
NEGATIVE_TTL = 1
APEX_TTL = 60
LONGEST_TXT_STRING = 255
LONGEST_CNAME_CHAIN = 8


@dataclass(frozen=True)
class ZoneData:
    """One version of a zone: what it was built from, its record sets, and every name that exists in it."""

    origin: dns.name.Name
    serial: int
    records: tuple[Record, ...]
    rrsets: dict[tuple[dns.name.Name, dns.rdatatype.RdataType], dns.rrset.RRset]
    names: frozenset[dns.name.Name]

    def soa(self) -> dns.rrset.RRset:
        """The SOA record that goes with a negative answer."""
        return self.rrsets[(self.origin, dns.rdatatype.SOA)]


def zone_of(qname: dns.name.Name, zones: Iterable[str]) -> str | None:
    """Return the longest of `zones` that `qname` lies in, or None."""
    fitting = [(len(origin), zone) for zone in zones if qname.is_subdomain(origin := dns.name.from_text(zone))]
    return max(fitting)[1] if fitting else None


def build(zone: str, records: tuple[Record, ...], serial: int) -> ZoneData:
    """Build a zone from its records; SOA, NS (ns1, ns2) and their addresses (loopback) are added where missing.

    A record that is no valid DNS (an API may have stored any text) is left out, as a cloud's servers would.
    """
    origin = dns.name.from_text(zone)
    rrsets: dict[tuple[dns.name.Name, dns.rdatatype.RdataType], dns.rrset.RRset] = {}
    for record in records:
        _add(rrsets, origin, record)
    soa = f"ns1.{zone}. hostmaster.{zone}. {serial} 60 30 86400 {NEGATIVE_TTL}"
    _add(rrsets, origin, ("@", "SOA", soa, APEX_TTL))
    for label in ("ns1", "ns2"):
        _add(rrsets, origin, ("@", "NS", f"{label}.{zone}.", APEX_TTL))
        if not any(
            (dns.name.from_text(label, origin), each) in rrsets for each in (dns.rdatatype.A, dns.rdatatype.CNAME)
        ):
            _add(rrsets, origin, (label, "A", "127.0.0.1", APEX_TTL))
    names = {origin}
    for name, _rdtype in rrsets:
        while name != origin:
            names.add(name)
            name = name.parent()
    return ZoneData(origin, serial, records, rrsets, frozenset(names))


def look_up(
    data: ZoneData, response: dns.message.Message, qname: dns.name.Name, rdtype: dns.rdatatype.RdataType
) -> None:
    """Write the answer for one question into `response`, following CNAMEs inside the zone."""
    name = qname
    for _unused in range(LONGEST_CNAME_CHAIN):
        source = _source_of(data, name)
        if source is None:
            response.set_rcode(dns.rcode.NXDOMAIN)
            break
        found = _matching(data, source, rdtype)
        if found:
            response.answer.extend(_owned_by(name, rrset) for rrset in found)
            return
        alias = data.rrsets.get((source, dns.rdatatype.CNAME))
        if alias is None:
            break
        response.answer.append(_owned_by(name, alias))
        name = alias[0].target
        if not name.is_subdomain(data.origin):
            return
    response.authority.append(data.soa())


def _source_of(data: ZoneData, name: dns.name.Name) -> dns.name.Name | None:
    """The name whose records answer for `name`: itself, or the wildcard at its closest encloser; None: no such name."""
    if name in data.names:
        return name
    encloser = name
    while encloser not in data.names:
        encloser = encloser.parent()
    wildcard = dns.name.Name((b"*", *encloser.labels))
    return wildcard if wildcard in data.names else None


def _matching(data: ZoneData, name: dns.name.Name, rdtype: dns.rdatatype.RdataType) -> list[dns.rrset.RRset]:
    if rdtype == dns.rdatatype.ANY:
        return [rrset for (owner, _rdtype), rrset in data.rrsets.items() if owner == name]
    rrset = data.rrsets.get((name, rdtype))
    return [rrset] if rrset is not None else []


def _owned_by(name: dns.name.Name, rrset: dns.rrset.RRset) -> dns.rrset.RRset:
    """The record set with the queried name as owner: keeps the query's spelling and expands wildcards."""
    if rrset.name.labels == name.labels:
        return rrset
    return dns.rrset.from_rdata_list(name, rrset.ttl, list(rrset))


def _add(
    rrsets: dict[tuple[dns.name.Name, dns.rdatatype.RdataType], dns.rrset.RRset], origin: dns.name.Name, record: Record
) -> None:
    label, type_text, value, ttl = record
    try:
        owner = _owner(label, origin)
        rdtype = dns.rdatatype.from_text(type_text)
        rrset = dns.rrset.from_text(owner, ttl, dns.rdataclass.IN, rdtype, _presentation(type_text.upper(), value))
    except (dns.exception.DNSException, ValueError):
        return
    if not owner.is_subdomain(origin):
        return
    known = rrsets.setdefault((owner, rdtype), rrset)
    if known is not rrset:
        known.update(rrset)


def _owner(label: str, origin: dns.name.Name) -> dns.name.Name:
    if label in ("@", ""):
        return origin
    # A full name without a final dot is relative too, as at the clouds: that common mistake must stay visible.
    return dns.name.from_text(label, origin)


def _presentation(rdtype: str, value: str) -> str:
    """Turn a value as the clouds' APIs take it into DNS master-file text."""
    if rdtype == "TXT":
        text = value[1:-1] if len(value) >= 2 and value[0] == value[-1] == '"' else value
        raw = text.encode()
        parts = [raw[start : start + LONGEST_TXT_STRING] for start in range(0, len(raw), LONGEST_TXT_STRING)] or [b""]
        return " ".join('"' + "".join(_escaped(byte) for byte in part) + '"' for part in parts)
    if rdtype in ("CNAME", "NS", "SOA", "A", "AAAA"):
        is_host = rdtype in ("CNAME", "NS")
        return str(ipaddress.ip_address(value)) if rdtype in ("A", "AAAA") else value.rstrip(".") + "." * is_host
    return value


def _escaped(byte: int) -> str:
    return chr(byte) if 32 <= byte < 127 and chr(byte) not in '"\\' else f"\\{byte:03d}"
