# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control interface: what it makes, tells and refuses, and who may call it."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from certwright_sandbox.app import App
from certwright_sandbox.dns_server import DnsServer
from sandbox_client import Client, wait_for


def test_about_tells_version_and_settings(client: Client) -> None:
    about = client.control("GET", "")
    assert about["version"] and about["settings"]["submission_guard"] is True
    assert about["business_time"].endswith("Z")
    assert ["2019-12-05", "CertificateInfoSubmit"] in about["actions"]["tencent"]
    assert ["2018-07-13", "CreateDVOrderAudit"] in about["actions"]["alibaba"]


def test_bought_orders_are_made_as_asked(client: Client) -> None:
    ids = client.control("POST", "orders", {"flow": "tencent_paid", "product": 11, "domain_num": 3, "count": 2})["ids"]
    orders = client.control("GET", "orders")["orders"]
    assert [each["id"] for each in orders] == ids and len(set(ids)) == 2
    assert [(each["product"]["id"], each["domain_num"], each["submissions"]) for each in orders] == [("11", 3, 0)] * 2
    plain = client.control("GET", f"orders/{client.order()}")
    assert (plain["product"]["level"], plain["product"]["multi"], plain["state"]) == ("DV", False, "awaiting_documents")


def test_both_flows_can_be_bought(client: Client) -> None:
    ids = client.control("POST", "orders", {"flow": "alibaba_dv"})["ids"]
    assert client.control("GET", f"orders/{ids[0]}")["cloud"] == "alibaba"
    assert client.control("GET", f"orders/{client.order()}")["cloud"] == "tencent"


REFUSED: list[tuple[str, str, Any, int, str]] = [
    ("POST", "orders", {"flow": "magic"}, 400, "'flow' must be one of"),
    ("POST", "orders", {}, 400, "'flow' must be one of"),
    ("POST", "orders", {"flow": "tencent_paid", "product": 1}, 400, "'product' must be one of"),
    ("POST", "orders", {"flow": "tencent_paid", "product": 104, "domain_num": 2}, 400, "does not fit the product"),
    ("POST", "orders", {"flow": "tencent_paid", "product": "multi", "domain_num": 1}, 400, "does not fit the product"),
    ("POST", "orders", {"flow": "tencent_paid", "count": 0}, 400, "'count' must be"),
    ("POST", "orders", {"flow": "tencent_paid", "nope": 0}, 400, "unknown field 'nope'"),
    ("POST", "orders", [], 400, "must be a JSON object"),
    ("GET", "orders/none0000", None, 404, "there is no order 'none0000'"),
    ("POST", "settings", {"nope": 1, "rate": "x"}, 400, "'rate': must be a number"),
    ("POST", "settings", {"resolvers": {"example.com": "192.0.2.1:53"}}, 400, "never leaves loopback"),
    ("POST", "settings", {"hosts": {"www.example.com": "nowhere"}}, 400, "HOST:PORT"),
    ("POST", "clock", {"advance": -1}, 400, "only moves forward"),
    ("POST", "clock", {"advance": "1"}, 400, "number of seconds"),
    ("POST", "zones", {"name": "example.com", "dns": "dnspod"}, 400, "already there"),
    ("POST", "zones", {"name": "example.org", "dns": "bind"}, 400, "'dns' must be one of"),
    ("POST", "zones", {"name": "ex ample.org", "dns": "dnspod"}, 400, "not a zone name"),
    ("GET", "journal?since=x", None, 400, "'since' must be a number"),
    ("GET", "nothing", None, 404, "there is no control call"),
]


@pytest.mark.parametrize(("method", "path", "body", "status", "text"), REFUSED, ids=[f"{r[1]} {r[2]}" for r in REFUSED])
def test_bad_control_call_is_refused_with_a_reason(
    client: Client, method: str, path: str, body: Any, status: int, text: str
) -> None:
    assert text in client.control(method, path, body, status=status)["error"]
    assert client.control("GET", "orders")["orders"] == []


def test_decision_must_be_known_and_fit_the_state(client: Client) -> None:
    order_id = client.order()
    client.control("POST", f"orders/{order_id}/decision", {"decision": "bless"}, status=400)
    refusal = client.control("POST", f"orders/{order_id}/decision", {"decision": "reject"}, status=409)
    assert order_id in refusal["error"]


def test_control_is_refused_unless_the_host_is_loopback(client: Client) -> None:
    for host, status in (
        ("evil.example", 403),
        ("127.0.0.1.evil.example:80", 403),
        ("localhost:1", 200),
        ("[::1]", 200),
    ):
        assert client.send("GET", "/_sandbox/", headers={"Host": host}).status == status, host


def test_settings_change_one_by_one_and_all_or_nothing(client: Client) -> None:
    client.control("POST", "settings", {"visible_delay": 7, "nope": 1}, status=400)
    client.control("POST", "settings", {"issue_delay": 8})
    settings = client.control("GET", "")["settings"]
    assert (settings["visible_delay"], settings["issue_delay"]) == (0.0, 8.0)


def test_journal_is_told_from_a_number_on_and_can_be_cleared(client: Client) -> None:
    for _unused in range(3):
        client.tencent("DescribeCertificates")
    entries = client.control("GET", "journal")["journal"]
    later = client.control("GET", f"journal?since={entries[0]['seq']}")["journal"]
    assert later == entries[1:]
    client.control("DELETE", "journal")
    client.tencent("DescribeDomainList")
    only = client.control("GET", "journal")["journal"]
    assert [each["action"] for each in only] == ["DescribeDomainList"] and only[0]["seq"] > entries[-1]["seq"]
    assert set(only[0]) == {
        *("seq", "at", "cloud", "action", "version", "order_id", "outcome", "effective", "error_code", "fault"),
        *("user_agent", "request"),
    }


def test_nothing_secret_is_in_the_journal_or_the_order_view(client: Client) -> None:
    order_id = client.submitted(KeyPass="very secret")
    pem = client.detail(order_id)["CertificatePrivateKey"]
    told = client.send("GET", "/_sandbox/journal").body + client.send("GET", f"/_sandbox/orders/{order_id}").body
    for secret in ("very secret", client.key[1], pem.splitlines()[1], "Signature="):
        assert secret.encode() not in told


def test_reset_makes_everything_new_but_keeps_keys(client: Client, sandbox: App) -> None:
    root = sandbox.ca.root_file.read_bytes()
    client.publish(client.submitted())
    client.control("POST", "faults", {"kind": "drop", "action": "X", "times": 0})
    client.control("POST", "clock", {"advance": 1000})
    client.control("POST", "zones", {"name": "example.org", "dns": "alidns"})
    client.control("POST", "reset")
    assert client.control("GET", "orders")["orders"] == [] == client.control("GET", "faults")["faults"]
    assert client.control("GET", "journal")["journal"] == [] and client.control("GET", "clock")["advanced"] == 0
    zones = [(each["name"], each["dns"], each["records"]) for each in client.control("GET", "zones")["zones"]]
    assert zones == [("example.com", "dnspod", []), ("example.net", "alidns", [])]
    assert client.control("GET", "")["settings"]["visible_delay"] == 2.0
    assert sandbox.ca.root_file.read_bytes() == root and client.tencent("DescribeCertificates").code is None


@pytest.fixture
def web() -> Iterator[tuple[str, dict[str, bytes]]]:
    """A web server's HOST:PORT and what it serves by path."""
    pages: dict[str, bytes] = {}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = pages.get(f"{self.headers['Host']}{self.path}")
            self.send_response(200 if body is not None else 404)
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *args: Any) -> None:
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"127.0.0.1:{server.server_address[1]}", pages
    server.shutdown()
    server.server_close()


def test_file_validation_passes_when_the_ca_fetches_the_file(client: Client, web: tuple[str, dict[str, bytes]]) -> None:
    address, pages = web
    order_id = client.submitted(VerifyType="FILE")
    seen = client.until(order_id, lambda seen: seen["DvAuthDetail"]["DvAuths"])
    auth = seen["DvAuthDetail"]["DvAuths"][0]
    client.control("POST", "settings", {"hosts": {"www.example.com": address}})
    pages["www.example.com" + auth["DvAuthPath"] + auth["DvAuthKey"]] = auth["DvAuthValue"].encode()
    client.until(order_id, lambda seen: seen["Status"] == 1)
    looks = client.journal("ca")
    assert "no address is set" in looks[0]["request"]["error"] and looks[0]["action"] == "HTTP"


def test_ca_asks_the_resolver_that_is_set_for_a_domain(client: Client) -> None:
    elsewhere = DnsServer("127.0.0.1", 0, list, lambda zone: [])
    elsewhere.start()
    client.control("POST", "settings", {"resolvers": {"example.com": elsewhere.address}})
    order_id = client.submitted()
    client.publish(order_id)
    wait_for(lambda: bool(client.journal("ca")), "a look-up of the CA")
    inside = client.control("GET", f"orders/{order_id}")
    assert f"'{elsewhere.address}' answered REFUSED" in inside["validations"][0]["error"] and inside["seen"] is False
    elsewhere.stop()
    client.control("POST", "settings", {"resolvers": {}})
    client.until(order_id, lambda seen: seen["Status"] == 1)
