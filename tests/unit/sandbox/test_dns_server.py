# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sandbox's DNS: what its server answers on the wire, and what its CA reads from such answers."""

from __future__ import annotations

import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import pytest
from certwright_sandbox.dns_lookup import DnsLookupError, lookup, server_for
from certwright_sandbox.dns_server import DnsServer
from certwright_sandbox.settings import split_address

LONG_TEXT = "".join(str(number % 10) for number in range(600))
RECORDS = {
    "example.com": [
        ("@", "A", "192.0.2.1", 600),
        ("_dnsauth", "TXT", "token-one", 600),
        ("_dnsauth", "TXT", "token-two", 600),
        ("quoted", "TXT", '"in quotes"', 600),
        ("odd", "TXT", 'back\\slash "and" quote', 600),
        ("long", "TXT", LONG_TEXT, 600),
        ("alias", "CNAME", "_dnsauth.example.com", 600),
        ("away", "CNAME", "_dnsauth.example.net.", 600),
        ("lost", "CNAME", "nowhere.example.com.", 600),
        ("ring", "CNAME", "gnir.example.com.", 600),
        ("gnir", "CNAME", "ring.example.com.", 600),
        ("*.wild", "TXT", "any", 600),
        ("deep.below", "TXT", "deep", 600),
        ("mistake.example.com", "TXT", "relative", 600),
        ("absolute.example.com.", "TXT", "absolute", 600),
        ("broken", "A", "not an address", 600),
    ],
    "sub.example.com": [("@", "TXT", "the longer zone", 600)],
    "example.net": [("_dnsauth", "TXT", "from the other zone", 600)],
}


class Source:
    """Zones that a test can change, and the fault it wants."""

    def __init__(self) -> None:
        self.zones = {zone: list(records) for zone, records in RECORDS.items()}
        self.fault: str | None = None

    def server(self, host: str = "127.0.0.1") -> DnsServer:
        return DnsServer(
            host, 0, lambda: list(self.zones), lambda zone: self.zones[zone], lambda name, rdtype: self.fault
        )


@pytest.fixture
def source():
    return Source()


@pytest.fixture
def server(source):
    dns_server = source.server()
    dns_server.start()
    yield dns_server
    dns_server.stop()


def ask(server: DnsServer, name: str, rdtype: str, tcp: bool = False, **options) -> dns.message.Message:
    host, port = split_address(server.address)
    query = dns.message.make_query(name, rdtype, **options)
    return (dns.query.tcp if tcp else dns.query.udp)(query, host, port=port, timeout=2)


@pytest.mark.parametrize(
    ("name", "rdtype", "values"),
    [
        ("example.com", "A", ["192.0.2.1"]),
        ("_dnsauth.example.com", "TXT", ["token-one", "token-two"]),
        ("_DnsAuth.EXAMPLE.com", "TXT", ["token-one", "token-two"]),
        ("quoted.example.com", "TXT", ["in quotes"]),
        ("odd.example.com", "TXT", ['back\\slash "and" quote']),
        ("long.example.com", "TXT", [LONG_TEXT]),
        ("alias.example.com", "CNAME", ["_dnsauth.example.com"]),
        ("alias.example.com", "TXT", ["token-one", "token-two"]),
        ("away.example.com", "TXT", ["from the other zone"]),
        ("lost.example.com", "TXT", []),
        ("a.wild.example.com", "TXT", ["any"]),
        ("a.b.wild.example.com", "TXT", ["any"]),
        ("wild.example.com", "TXT", []),
        ("below.example.com", "TXT", []),
        ("mistake.example.com.example.com", "TXT", ["relative"]),
        ("mistake.example.com", "TXT", []),
        ("absolute.example.com", "TXT", ["absolute"]),
        ("broken.example.com", "A", []),
        ("sub.example.com", "TXT", ["the longer zone"]),
        ("none.example.com", "TXT", []),
        ("example.com", "NS", ["ns1.example.com", "ns2.example.com"]),
        ("ns2.example.com", "A", ["127.0.0.1"]),
    ],
)
def test_lookup_reads_what_the_zones_hold(server, name, rdtype, values):
    assert sorted(lookup(name, rdtype, {}, server.address)) == sorted(values)


@pytest.mark.parametrize(
    ("name", "rdtype", "rcode", "answers", "soa"),
    [
        ("_dnsauth.example.com", "TXT", "NOERROR", 1, False),
        ("_dnsauth.example.com", "A", "NOERROR", 0, True),
        ("below.example.com", "A", "NOERROR", 0, True),
        ("none.example.com", "TXT", "NXDOMAIN", 0, True),
        ("lost.example.com", "TXT", "NXDOMAIN", 1, True),
        ("example.org", "TXT", "REFUSED", 0, False),
    ],
)
@pytest.mark.parametrize("tcp", [False, True])
def test_answer_has_the_code_and_sections_of_an_authority(server, name, rdtype, rcode, answers, soa, tcp):
    response = ask(server, name, rdtype, tcp=tcp)
    assert dns.rcode.to_text(response.rcode()) == rcode
    assert len(response.answer) == answers
    assert [rrset.rdtype for rrset in response.authority] == ([dns.rdatatype.SOA] if soa else [])
    assert bool(response.flags & dns.flags.AA) is (rcode != "REFUSED")


def test_txt_over_255_bytes_is_split_into_strings(server):
    rdata = ask(server, "long.example.com", "TXT", tcp=True).answer[0][0]
    assert [len(part) for part in rdata.strings] == [255, 255, 90]


def test_answer_too_long_for_udp_is_truncated_and_complete_over_tcp(server):
    short = ask(server, "long.example.com", "TXT")
    assert short.flags & dns.flags.TC and not short.answer
    assert ask(server, "long.example.com", "TXT", use_edns=0, payload=1232).answer
    assert ask(server, "long.example.com", "TXT", tcp=True).answer


def test_change_is_answered_at_once_and_raises_the_serial(server, source):
    before = ask(server, "example.com", "SOA").answer[0][0].serial
    source.zones["example.com"].append(("new", "TXT", "fresh", 600))
    assert lookup("new.example.com", "TXT", {}, server.address) == ["fresh"]
    assert ask(server, "example.com", "SOA").answer[0][0].serial > before


def test_zone_added_later_is_served(server, source):
    source.zones["example.org"] = [("@", "TXT", "added", 600)]
    assert lookup("example.org", "TXT", {}, server.address) == ["added"]


@pytest.mark.parametrize(
    ("fault", "rcode"), [("servfail", "SERVFAIL"), ("refused", "REFUSED"), ("nxdomain", "NXDOMAIN")]
)
def test_fault_gives_its_code_until_it_ends(server, source, fault, rcode):
    source.fault = fault
    assert dns.rcode.to_text(ask(server, "_dnsauth.example.com", "TXT").rcode()) == rcode
    source.fault = None
    assert lookup("_dnsauth.example.com", "TXT", {}, server.address)


def test_stale_fault_answers_the_zone_before_its_last_change(server, source):
    source.zones["example.com"].append(("new", "TXT", "first", 600))
    server.note_change("example.com")
    source.zones["example.com"].append(("new", "TXT", "second", 600))
    source.fault = "stale"
    assert lookup("new.example.com", "TXT", {}, server.address) == ["first"]
    assert lookup("new.example.com", "TXT", {}, server.address) == ["first"]
    source.fault = None
    assert sorted(lookup("new.example.com", "TXT", {}, server.address)) == ["first", "second"]


@pytest.mark.parametrize("fault", ["servfail", "refused", "timeout"])
def test_lookup_without_an_answer_is_an_error_not_an_empty_list(server, source, fault):
    source.fault = fault
    with pytest.raises(DnsLookupError, match=r"_dnsauth\.example\.com"):
        lookup("_dnsauth.example.com", "TXT", {}, server.address, seconds=0.2)


@pytest.mark.parametrize("name", ["ring.example.com", "a..b"])
def test_lookup_of_an_unusable_name_is_an_error(server, name):
    with pytest.raises(DnsLookupError):
        lookup(name, "TXT", {}, server.address)


def test_lookup_follows_an_alias_to_another_server(server):
    other_source = Source()
    other_source.zones = {"example.net": [("_dnsauth", "TXT", "elsewhere", 600)]}
    other = other_source.server()
    other.start()
    try:
        assert lookup("away.example.com", "TXT", {"example.net": other.address}, server.address) == ["elsewhere"]
        del other_source.zones["example.net"][:]
        assert lookup("away.example.com", "TXT", {"example.net": other.address}, server.address) == []
    finally:
        other.stop()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.example.com", "one"),
        ("example.com", "one"),
        ("b.sub.example.com", "two"),
        ("notexample.com", "default"),
        ("A.EXAMPLE.COM", "one"),
    ],
)
def test_server_for_takes_the_longest_suffix(name, expected):
    assert server_for(name, {"example.com": "one", "sub.example.com.": "two"}, "default") == expected


@pytest.mark.parametrize("wire", [b"", b"\0", b"\xff" * 40])
def test_garbage_is_not_answered(server, wire):
    assert server.answer(wire, over_tcp=False) is None


def test_failing_source_is_answered_by_servfail(source, capsys):
    source.zones["example.com"] = None
    server = source.server()
    query = dns.message.make_query("example.com", "A")
    response = dns.message.from_wire(server.answer(query.to_wire(), over_tcp=True))
    server.stop()
    assert response.rcode() == dns.rcode.SERVFAIL
    assert "Traceback" in capsys.readouterr().err


def test_stop_closes_both_ports(source):
    server = source.server()
    server.start()
    _host, port = split_address(server.address)
    server.stop()
    again = DnsServer("127.0.0.1", port, list, lambda zone: [])
    again.stop()
