# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waiting for records, asked of real DNS servers on loopback."""

from __future__ import annotations

import errno
import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.resolver
import dns.rrset
import pytest
from ansible_collections.certwright.cloud.plugins.module_utils._dns_lookup import (
    Authorities,
    LookupFault,
    Server,
    named_server,
    system_nameservers,
)
from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError, ErrorKind
from ansible_collections.certwright.cloud.plugins.module_utils._module._dns_wait import wait_for_records
from ansible_collections.certwright.cloud.plugins.module_utils._module._use_case import Context
from ansible_collections.certwright.cloud.plugins.module_utils._waiting import Speak, Waiting
from ansible_collections.certwright.cloud.plugins.modules.dns_wait import USE_CASE
from ansible_collections.certwright.cloud.tests.unit.plugins.helpers import FakeClock, options

NAME = "_dnsauth.example.com"
VALUE = "202611210000004kd8vxhnc6x7gs8u3zzl5pr2yk7ez4n4dn0fgrx"


class DnsServer:
    """Answers from records as an authoritative server does, over UDP and TCP on one port."""

    def __init__(self) -> None:
        self.records: dict[tuple[str, str], list[str]] = {}
        self.rcode: dns.rcode.Rcode | None = None
        self.silent = False
        self.chases = True
        self.asked: list[tuple[str, str, bool]] = []
        outer = self

        class Udp(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                data, sock = self.request
                reply = outer.answer(data)
                if reply is not None:
                    wire = reply.to_wire(max_size=65535)
                    if len(wire) > 1232:
                        short = dns.message.make_response(dns.message.from_wire(data))
                        short.flags |= dns.flags.TC
                        wire = short.to_wire()
                    sock.sendto(wire, self.client_address)

        class Tcp(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                data = self.rfile.read(int.from_bytes(self.rfile.read(2), "big"))
                reply = outer.answer(data)
                if reply is not None:
                    wire = reply.to_wire(max_size=65535)
                    self.wfile.write(len(wire).to_bytes(2, "big") + wire)

        self._tcp = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Tcp)
        self.port = self._tcp.server_address[1]
        self._udp = socketserver.ThreadingUDPServer(("127.0.0.1", self.port), Udp)
        for server in (self._tcp, self._udp):
            server.daemon_threads = True
            threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()

    def answer(self, wire: bytes) -> dns.message.Message | None:
        """The answer to one question, with the aliases that lie in between."""
        query = dns.message.from_wire(wire)
        question = query.question[0]
        name, kind = question.name.to_text().rstrip(".").lower(), dns.rdatatype.to_text(question.rdtype)
        self.asked.append((name, kind, bool(query.flags & dns.flags.RD)))
        if self.silent:
            return None
        reply = dns.message.make_response(query)
        reply.flags |= dns.flags.AA
        if self.rcode is not None:
            reply.set_rcode(self.rcode)
            return reply
        while (name, kind) not in self.records and (name, "CNAME") in self.records and len(reply.answer) < 20:
            target = self.records[name, "CNAME"][0]
            reply.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", "CNAME", target))
            name = target.rstrip(".").lower()
            if not self.chases:
                return reply
        if (name, kind) in self.records:
            reply.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", kind, *self.records[name, kind]))
        elif not reply.answer and not any(held == name for held, _kind in self.records):
            reply.set_rcode(dns.rcode.NXDOMAIN)
        return reply

    @property
    def address(self) -> str:
        """How a user names it."""
        return f"127.0.0.1:{self.port}"

    def authority(self, label: str) -> Server:
        """It as one of a zone's servers."""
        return Server(label, "127.0.0.1", self.port)

    def stop(self) -> None:
        """Ends it."""
        for server in (self._tcp, self._udp):
            server.shutdown()
            server.server_close()


@pytest.fixture
def make() -> Iterator[Callable[[], DnsServer]]:
    """Makes servers that end with the test."""
    servers: list[DnsServer] = []

    def one() -> DnsServer:
        servers.append(DnsServer())
        return servers[-1]

    yield one
    for server in servers:
        server.stop()


@pytest.fixture
def server(make: Callable[[], DnsServer]) -> DnsServer:
    return make()


class WatchedClock(FakeClock):
    """A clock on which something happens at each sleep."""

    def __init__(self, then: Callable[[int], None] = lambda count: None) -> None:
        super().__init__()
        self._then = then

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        self._then(len(self.sleeps))


def wait(
    *servers: DnsServer,
    check: bool = False,
    clock: FakeClock | None = None,
    authorities: Any = None,
    speak: Speak | None = None,
    **more: Any,
) -> dict[str, Any]:
    """Runs the module's function, by default for one TXT record at the servers named."""
    given: dict[str, Any] = {"query_timeout": 2, "wait_timeout": 60}
    if servers:
        given["servers"] = [server.address for server in servers]
    if "records" not in more:
        given.update(name=NAME, value=VALUE)
    params = options(USE_CASE, **{**given, **more})
    return wait_for_records(
        params, Context(check_mode=check, clock=clock or FakeClock(), speak=speak), authorities=authorities
    )


def not_seen(*servers: DnsServer, **more: Any) -> CertwrightError:
    with pytest.raises(CertwrightError) as caught:
        wait(*servers, **more)
    return caught.value


def quoted(*values: str) -> list[str]:
    return [f'"{value}"' for value in values]


def test_record_that_is_there_is_complete_at_once(server: DnsServer) -> None:
    server.records[NAME, "TXT"] = quoted("other", VALUE, "another")
    result = wait(server)
    assert (result["changed"], result["complete"], result["waited"], result["notes"]) == (False, True, 0, [])
    (record,) = result["records"]
    assert (record["name"], record["type"], record["value"], record["complete"]) == (NAME, "TXT", VALUE, True)
    (seen,) = record["servers"]
    assert (seen["server"], seen["seen"], seen["error"]) == (server.address, True, None)
    assert sorted(seen["answers"]) == ["202611210000004kd8vxhnc6x7gs8u3zzl5pr2yk7ez4n4dn0fgrx", "another", "other"]


def test_record_is_waited_for_until_every_server_has_it(make: Callable[[], DnsServer]) -> None:
    fast, slow = make(), make()
    fast.records[NAME, "TXT"] = quoted(VALUE)
    slow.records[NAME, "TXT"] = quoted("old")

    def publish(count: int) -> None:
        if count == 3:
            slow.records[NAME, "TXT"] = quoted("old", VALUE)

    clock = WatchedClock(publish)
    result = wait(fast, slow, clock=clock, wait_interval=10)
    assert (result["complete"], result["waited"], clock.sleeps) == (True, 30, [10, 10, 10])
    assert len(fast.asked) == 1, "a server that has shown it is not asked again"
    assert len(slow.asked) == 4


def test_wait_says_what_the_servers_say_that_do_not_show_the_record(make: Callable[[], DnsServer]) -> None:
    fast, slow = make(), make()
    fast.records[NAME, "TXT"] = quoted(VALUE)
    slow.records[NAME, "TXT"] = quoted("old")
    heard: list[Waiting] = []
    clock = WatchedClock(lambda count: slow.records.update({(NAME, "TXT"): quoted(VALUE)}))
    wait(fast, slow, clock=clock, wait_interval=10, speak=heard.append)
    assert heard == [Waiting(f"'{NAME}'", "DNS", 0, 1, f"at 1 of 2 servers ('{slow.address}' still says 'old')", 0, 10)]


def test_wait_for_several_records_says_which_are_missing(server: DnsServer) -> None:
    server.records[NAME, "TXT"] = quoted(VALUE)
    records = [{"name": NAME, "type": "TXT", "value": VALUE}, {"name": "b.example.com", "type": "TXT", "value": "b"}]
    heard: list[Waiting] = []
    with pytest.raises(CertwrightError):
        wait(server, records=records, wait_interval=10, wait_timeout=10, speak=heard.append)
    (said,) = heard
    assert (said.subject, said.done, said.total) == ("2 records", 1, 2)
    assert said.seen == f"'b.example.com' at 1 of 1 servers ('{server.address}' has no such record)"


def test_failure_names_three_records_and_counts_the_others(server: DnsServer) -> None:
    records = [{"name": f"{letter}.example.com", "type": "TXT", "value": letter} for letter in "abcde"]
    message = not_seen(server, records=records, wait_timeout=0.5).message
    assert [letter for letter in "abcde" if f"'{letter}.example.com'" in message] == ["a", "b", "c"]
    assert message.endswith("; and 2 more records")


@pytest.mark.parametrize(
    ("record_type", "held", "value"),
    [
        ("TXT", ['"first half " "second half"'], "first half second half"),
        ("TXT", quoted("plain"), '"plain"'),
        ("TXT", quoted("CaSe"), "CaSe"),
        ("CNAME", ["Target.Example.ORG."], "target.example.org"),
        ("CNAME", ["target.example.org."], "TARGET.example.org."),
    ],
)
def test_values_are_compared_as_a_ca_does(server: DnsServer, record_type: str, held: list[str], value: str) -> None:
    server.records[NAME, record_type] = held
    assert wait(server, type=record_type, value=value)["complete"] is True


@pytest.mark.parametrize(
    ("record_type", "held", "value"),
    [
        ("TXT", quoted("case"), "CASE"),
        ("TXT", quoted("longer than"), "longer"),
        ("TXT", quoted("first half ", "second half"), "first half second half"),
        ("CNAME", ["other.example.org."], "target.example.org"),
    ],
)
def test_other_values_do_not_count(server: DnsServer, record_type: str, held: list[str], value: str) -> None:
    server.records[NAME, record_type] = held
    assert wait(server, type=record_type, value=value, wait_timeout=0)["complete"] is False


def test_name_is_taken_in_any_form(server: DnsServer) -> None:
    server.records["_dnsauth.xn--bcher-kva.example", "TXT"] = quoted(VALUE)
    result = wait(server, name="_dnsauth.Bücher.example.")
    assert result["records"][0]["name"] == "_dnsauth.xn--bcher-kva.example"
    assert result["complete"] is True


def test_answer_that_is_too_long_for_a_datagram_is_read(server: DnsServer) -> None:
    server.records[NAME, "TXT"] = quoted(*(f"{number:0200d}" for number in range(40)), VALUE)
    assert wait(server)["complete"] is True


def test_recursion_is_desired_of_named_servers_only(server: DnsServer) -> None:
    server.records[NAME, "TXT"] = quoted(VALUE)
    wait(server)
    wait(authorities=lambda name: [server.authority("ns1")])
    assert [recursion for _name, _type, recursion in server.asked] == [True, False]


def test_several_records_are_all_waited_for(server: DnsServer) -> None:
    server.records["a.example.com", "TXT"] = quoted("1")
    server.records["b.example.com", "CNAME"] = ["c.example.com."]
    records = [
        {"name": "a.example.com", "type": "TXT", "value": "1"},
        {"name": "b.example.com", "type": "CNAME", "value": "c.example.com"},
        {"name": "d.example.com", "type": "TXT", "value": "1"},
    ]
    result = wait(server, records=records, wait_timeout=0)
    assert [record["complete"] for record in result["records"]] == [True, True, False]
    assert result["complete"] is False
    assert wait(server, records=records[:2])["complete"] is True


def test_no_records_are_complete_at_once() -> None:
    assert wait(records=[])["complete"] is True


@pytest.mark.parametrize("chases", [True, False])
def test_delegated_name_is_followed_at_a_named_server(server: DnsServer, chases: bool) -> None:
    server.chases = chases
    server.records[NAME, "CNAME"] = ["one.example.org."]
    server.records["one.example.org", "CNAME"] = ["two.example.org."]
    server.records["two.example.org", "TXT"] = quoted(VALUE)
    assert wait(server)["complete"] is True


def test_delegated_name_is_followed_to_all_servers_of_the_other_zone(make: Callable[[], DnsServer]) -> None:
    here, there, also_there = make(), make(), make()
    here.records[NAME, "CNAME"] = ["target.example.org."]
    there.records["target.example.org", "TXT"] = quoted(VALUE)
    also_there.records["target.example.org", "TXT"] = quoted("old")
    zones = {
        NAME: [here.authority("ns.example.com")],
        "target.example.org": [there.authority("ns1.example.org"), also_there.authority("ns2.example.org")],
    }
    result = wait(authorities=zones.__getitem__, wait_timeout=0)
    assert result["complete"] is False
    assert result["records"][0]["servers"][0]["answers"] == ["old"]
    also_there.records["target.example.org", "TXT"] = quoted(VALUE)
    assert wait(authorities=zones.__getitem__)["complete"] is True


@pytest.mark.parametrize(("steps", "complete"), [(8, True), (9, False)])
def test_delegation_is_followed_for_eight_steps(server: DnsServer, steps: int, complete: bool) -> None:
    server.chases = False
    names = [NAME, *(f"a{number}.example.com" for number in range(steps))]
    for name, target in zip(names, names[1:], strict=False):
        server.records[name, "CNAME"] = [f"{target}."]
    server.records[names[-1], "TXT"] = quoted(VALUE)
    result = wait(server, wait_timeout=0)
    assert result["complete"] is complete
    assert (result["records"][0]["servers"][0]["error"] is None) is complete


def test_aliases_in_a_circle_end(server: DnsServer) -> None:
    server.records[NAME, "CNAME"] = ["b.example.com."]
    server.records["b.example.com", "CNAME"] = [f"{NAME}."]
    for chases in (True, False):
        server.chases = chases
        assert wait(server, wait_timeout=0)["complete"] is False


def spoil(server: DnsServer, how: str) -> None:
    if how == "timeout":
        server.silent = True
    elif how == "stale":
        server.records[NAME, "TXT"] = quoted("an older value")
    elif how != "nxdomain":
        server.rcode = dns.rcode.from_text(how)


SAID = {
    "timeout": "gave no answer within 0.2 s",
    "SERVFAIL": "answered SERVFAIL",
    "REFUSED": "answered REFUSED",
    "nxdomain": "has no such record",
    "stale": "still says 'an older value'",
}


@pytest.mark.parametrize("how", SAID)
def test_server_in_trouble_means_not_yet_and_is_named_in_the_end(make: Callable[[], DnsServer], how: str) -> None:
    good, bad = make(), make()
    good.records[NAME, "TXT"] = quoted(VALUE)
    spoil(bad, how)
    error = not_seen(good, bad, wait_timeout=25, wait_interval=10, query_timeout=0.2)
    assert error.kind is ErrorKind.TIMEOUT
    assert error.message == (
        f"After 25 s not every name server shows the validation records: TXT '{NAME}' with the value '{VALUE}' "
        f"at 1 of 2 servers ('{bad.address}' {SAID[how]})"
    )
    assert "Nothing is lost" in error.text
    result = error.to_result()
    assert (result["complete"], result["waited"], result["changed"]) == (False, 25, False)
    assert {each["server"]: each["seen"] for each in result["records"][0]["servers"]} == {
        good.address: True,
        bad.address: False,
    }


def test_server_that_comes_back_is_asked_again(server: DnsServer) -> None:
    server.rcode = dns.rcode.SERVFAIL
    server.records[NAME, "TXT"] = quoted(VALUE)

    def mend(count: int) -> None:
        server.rcode = None

    assert wait(server, clock=WatchedClock(mend))["complete"] is True


def test_server_that_cannot_be_reached_is_named() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        result = wait(servers=[address], wait_timeout=0, query_timeout=0.2)
    assert result["records"][0]["servers"][0]["error"]


def test_name_server_whose_name_is_unknown_is_named() -> None:
    result = wait(servers=["no-such-host.invalid"], wait_timeout=0)
    assert "cannot be reached" in result["records"][0]["servers"][0]["error"]


@pytest.mark.parametrize("settings", [{"wait_timeout": 0}, {"check": True}])
def test_single_look_reports_and_does_not_fail(server: DnsServer, settings: dict[str, Any]) -> None:
    clock = FakeClock()
    result = wait(server, clock=clock, **settings)
    assert (result["complete"], result["changed"], clock.sleeps) == (False, False, [])


BAD_INPUT = {
    "malformed name": ({"name": "exa mple.com"}, "name: 'exa mple.com' has the malformed label"),
    "empty value": ({"value": ""}, "value: is empty for '_dnsauth.example.com'"),
    "server that is none": ({"servers": ["a:b:c:d:xyz"]}, "servers: 'a:b:c:d:xyz' is no host or host:port"),
    "port that is none": ({"servers": ["a:99999"]}, "servers: 'a:99999' has a port that does not exist"),
    "negative time": ({"wait_timeout": -1}, "wait_timeout: give 0 or a number"),
    "no interval": ({"wait_interval": 0}, "wait_interval: give a number of seconds above 0"),
    "no time for a query": ({"query_timeout": 0}, "query_timeout: give a number of seconds above 0"),
}


@pytest.mark.parametrize("what", BAD_INPUT)
def test_bad_input_is_refused(what: str) -> None:
    changes, words = BAD_INPUT[what]
    error = not_seen(**changes)
    assert error.kind is ErrorKind.INVALID_INPUT
    assert words in error.text


@pytest.mark.parametrize(
    ("text", "address", "port"),
    [
        ("192.0.2.1", "192.0.2.1", 53),
        ("192.0.2.1:5353", "192.0.2.1", 5353),
        ("ns1.example.com:5353", "ns1.example.com", 5353),
        ("2001:db8::53", "2001:db8::53", 53),
        ("[2001:db8::53]:5353", "2001:db8::53", 5353),
    ],
)
def test_server_is_named_in_every_form(text: str, address: str, port: int) -> None:
    assert named_server(text) == Server(text, address, port, recursive=True)


def found(zones: dict[str, list[str]], name: str, **more: Any) -> list[str]:
    """The labels of the servers that are found for a name."""
    hosts = {"ns1.example.com": ["192.0.2.1", "2001:db8::1"], "ns2.example.com": ["192.0.2.2"]}
    authorities = Authorities(
        lambda zone: zones.get(zone, []),
        more.pop("note", print),
        hosts.__getitem__,
        more.pop("routable", lambda _: True),
    )
    return [server.label for server in authorities(name)]


def test_servers_of_the_nearest_zone_are_found_at_every_address() -> None:
    zones = {"com": ["ns.com"], "example.com": ["ns2.example.com", "ns1.example.com"]}
    assert found(zones, NAME) == [
        "ns1.example.com (192.0.2.1)",
        "ns1.example.com (2001:db8::1)",
        "ns2.example.com (192.0.2.2)",
    ]
    assert found({**zones, NAME: ["ns2.example.com"]}, NAME) == ["ns2.example.com (192.0.2.2)"]


def test_address_without_a_route_is_left_out_with_a_note() -> None:
    notes: list[str] = []
    zones = {"example.com": ["ns1.example.com"]}
    labels = found(zones, NAME, note=notes.append, routable=lambda address: ":" not in address)
    assert labels == ["ns1.example.com (192.0.2.1)"]
    assert notes == ["'ns1.example.com' was not asked at '2001:db8::1': this host has no route to it"]


@pytest.mark.parametrize(
    ("zones", "routable", "words"),
    [
        ({"org": ["x"]}, True, "no zone was found that holds '_dnsauth.example.com'"),
        ({"example.com": ["ns2.example.com"]}, False, "no route to any of ns2.example.com"),
    ],
)
def test_zone_without_servers_to_ask_is_reported(zones: dict[str, list[str]], routable: bool, words: str) -> None:
    with pytest.raises(LookupFault, match=words):
        found(zones, NAME, routable=lambda address: routable)


def test_zone_is_looked_for_once_for_many_names() -> None:
    asked: list[str] = []

    def nameservers(zone: str) -> list[str]:
        asked.append(zone)
        return ["ns"] if zone == "example.com" else []

    authorities = Authorities(nameservers, print, lambda host: ["192.0.2.1"], lambda address: True)
    for name in ("a.example.com", "b.example.com", "a.example.com"):
        authorities(name)
    assert asked == ["a.example.com", "example.com", "b.example.com"]


def test_fault_of_the_resolver_means_not_yet(server: DnsServer) -> None:
    server.records[NAME, "TXT"] = quoted(VALUE)
    calls: list[str] = []

    def authorities(name: str) -> list[Server]:
        calls.append(name)
        if len(calls) < 3:
            raise LookupFault("the system's resolver does not say who serves 'example.com' (Timeout)")
        return [server.authority("ns1")]

    assert (
        wait(authorities=authorities, wait_timeout=0)["records"][0]["servers"][0]["server"] == "the zone's name servers"
    )
    assert wait(authorities=authorities)["complete"] is True


def test_system_resolver_tells_a_zones_servers(server: DnsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = ["127.0.0.1"], server.port
    monkeypatch.setattr(dns.resolver, "default_resolver", resolver)
    server.records["example.com", "NS"] = ["NS1.example.com.", "ns2.example.com."]
    server.records["www.example.com", "A"] = ["192.0.2.1"]
    server.records["alias.example.com", "CNAME"] = ["example.com."]
    assert sorted(system_nameservers("example.com")) == ["ns1.example.com", "ns2.example.com"]
    assert system_nameservers("www.example.com") == []
    assert system_nameservers("none.example.com") == []
    assert system_nameservers("alias.example.com") == [], "the servers of another zone are no answer"
    server.rcode = dns.rcode.SERVFAIL
    with pytest.raises(LookupFault, match=r"who serves 'example\.com' \(NoNameservers\)"):
        system_nameservers("example.com")


# This machine's own routes and addresses


@pytest.mark.parametrize(
    ("code", "routable"),
    [
        (None, True),
        (errno.ENETUNREACH, False),
        (errno.EAFNOSUPPORT, False),
        # Somebody refuses, but the way is there.
        (errno.EACCES, True),
    ],
)
@pytest.mark.parametrize("address", ["192.0.2.1", "2001:db8::1"])
def test_server_that_no_route_leads_to_is_not_asked(
    monkeypatch: pytest.MonkeyPatch, address: str, code: int | None, routable: bool
) -> None:
    class Probe:
        def __init__(self, *_family: object) -> None:
            pass

        def __enter__(self) -> object:
            return self

        def __exit__(self, *_unused: object) -> None:
            pass

        def connect(self, _address: object) -> None:
            if code is not None:
                raise OSError(code, "no way")

    monkeypatch.setattr(socket, "socket", Probe)
    notes: list[str] = []
    authorities = Authorities(lambda _zone: ["ns.example.com"], notes.append, addresses=lambda _host: [address])
    if routable:
        assert [server.address for server in authorities("www.example.com")] == [address]
    else:
        with pytest.raises(LookupFault, match="no route to any of ns.example.com"):
            authorities("www.example.com")
        assert notes == [f"'ns.example.com' was not asked at '{address}': this host has no route to it"]


def test_server_whose_address_is_not_known_is_a_fault() -> None:
    def unknown(_host: str) -> list[str]:
        raise OSError(errno.ENOENT, "Name or service not known")

    with pytest.raises(LookupFault, match="address of 'ns.example.com' cannot be found"):
        Authorities(lambda _zone: ["ns.example.com"], print, addresses=unknown)("www.example.com")
