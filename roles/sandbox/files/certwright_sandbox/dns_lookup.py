# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the sandbox's CA asks the DNS: a real query on the wire, to the server that answers for the name."""

from __future__ import annotations

from collections.abc import Mapping

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdatatype

from certwright_sandbox.settings import split_address

__all__ = ["DnsLookupError", "lookup", "server_for"]

QUERY_SECONDS = 2.0
LONGEST_CNAME_CHAIN = 8


class DnsLookupError(Exception):
    """No usable answer: the server was not reached, or answered with a failure; the message says which."""


def lookup(
    name: str, rdtype: str, resolvers: Mapping[str, str], default: str, seconds: float = QUERY_SECONDS
) -> list[str]:
    """Return the values at `name`, [] when there are none.

    `resolvers` maps a domain to the HOST:PORT to ask for it and all below it (the longest wins); other names are
    asked of `default`. CNAMEs are followed, other servers included, unless CNAME is what is asked for. TXT strings are
    joined; host names come in lower case without a final dot. Raises DnsLookupError.
    """
    wanted = dns.rdatatype.from_text(rdtype)
    current = _absolute(name)
    for _unused in range(LONGEST_CNAME_CHAIN):
        response = _ask(current, wanted, server_for(current.to_text(omit_final_dot=True), resolvers, default), seconds)
        values, current = _read(response, current, wanted)
        if values or current is None:
            return values
    raise DnsLookupError(f"the CNAME records at '{name}' do not end")


def server_for(name: str, resolvers: Mapping[str, str], default: str) -> str:
    """Return the HOST:PORT to ask for `name` (see `lookup`)."""
    lower = name.lower()
    suffixes = {suffix.lower().strip("."): server for suffix, server in resolvers.items()}
    fitting = [suffix for suffix in suffixes if not suffix or lower == suffix or lower.endswith(f".{suffix}")]
    return suffixes[max(fitting, key=len)] if fitting else default


def _absolute(name: str) -> dns.name.Name:
    try:
        return dns.name.from_text(name)
    except dns.exception.DNSException as exc:
        raise DnsLookupError(f"'{name}' is no domain name: {exc}") from exc


def _ask(name: dns.name.Name, rdtype: dns.rdatatype.RdataType, server: str, seconds: float) -> dns.message.Message:
    try:
        host, port = split_address(server)
        query = dns.message.make_query(name, rdtype, use_edns=0, payload=1232)
        response = dns.query.udp_with_fallback(query, host, timeout=seconds, port=port)[0]
    except (dns.exception.DNSException, OSError, ValueError) as exc:
        raise DnsLookupError(
            f"'{server}' did not answer for '{name.to_text(True)}': {exc or type(exc).__name__}"
        ) from exc
    if response.rcode() not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
        raise DnsLookupError(f"'{server}' answered {dns.rcode.to_text(response.rcode())} for '{name.to_text(True)}'")
    return response


def _read(
    response: dns.message.Message, name: dns.name.Name, rdtype: dns.rdatatype.RdataType
) -> tuple[list[str], dns.name.Name | None]:
    """The values for `name` in an answer; without any, the name outside the answer that its alias leads to."""
    start = name
    for _unused in range(LONGEST_CNAME_CHAIN):
        found = [rrset for rrset in response.answer if rrset.name == name]
        values = [_text(rdata) for rrset in found if rrset.rdtype == rdtype for rdata in rrset]
        aliases = [rrset[0].target for rrset in found if rrset.rdtype == dns.rdatatype.CNAME]
        if values or not aliases:
            return values, None if values or name == start or _answers_for(response, name) else name
        name = aliases[0]
    return [], name


def _answers_for(response: dns.message.Message, name: dns.name.Name) -> bool:
    """Whether the server denied `name` itself: the SOA of a negative answer covers the name the aliases led to."""
    return any(rrset.rdtype == dns.rdatatype.SOA and name.is_subdomain(rrset.name) for rrset in response.authority)


def _text(rdata: object) -> str:
    if hasattr(rdata, "strings"):
        return b"".join(rdata.strings).decode(errors="replace")
    target = getattr(rdata, "target", None)
    if target is not None:
        return target.to_text(omit_final_dot=True).lower()
    return str(rdata)
