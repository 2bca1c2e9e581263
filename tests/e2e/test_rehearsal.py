# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rehearsal, as a user runs it: twice, then cleaned. What the issue promises of it is asserted here."""

from __future__ import annotations

import json
import socket
import ssl
import urllib.request
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from plays import is_write, run_playbook

HOSTS = {"localhost", "web-tencent", "web-alibaba"}


def rehearse(home: Path, *arguments: str, **variables: object):
    extra = {"rehearse_dir": str(home / "rehearsal"), **variables}
    return run_playbook("certwright.cloud.rehearse", "-e", json.dumps(extra), *arguments, home=home)


def control(home: Path, path: str) -> Any:
    ready = json.loads((home / "rehearsal" / "sandbox" / "ready.json").read_text())
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"{ready['http']}/_sandbox/{path}", timeout=30) as answer:
        return json.load(answer)


def served(address: str, name: str) -> str:
    """The SHA-256 of the certificate that a TLS client is shown."""
    host, port = address.rsplit(":", 1)
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with (
        socket.create_connection((host, int(port)), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname=name) as secured,
    ):
        return sha256(secured.getpeercert(binary_form=True)).hexdigest()


@pytest.fixture(scope="module")
def rehearsal(tmp_path_factory):
    """Two runs of the rehearsal, their journals and what stood between them; cleaned in the end."""
    home = tmp_path_factory.mktemp("home")
    told: dict[str, Any] = {"home": home}
    try:
        told["first"] = rehearse(home)
        assert told["first"].status == 0, told["first"].output
        told["journal"] = control(home, "journal")["journal"]
        told["second"] = rehearse(home)
        told["after"] = control(home, "journal")["journal"][len(told["journal"]) :]
        told["zones"] = control(home, "zones")["zones"]
        told["orders"] = {order["id"]: order for order in control(home, "orders")["orders"]}
        told["reports"] = [json.loads((home / "rehearsal" / f"{run}.json").read_text()) for run in (1, 2)]
        told["served"] = {row["id"]: served(row["endpoint"], row["domain"]) for row in told["reports"][0]["orders"]}
        yield told
    finally:
        cleaned = rehearse(home, rehearse_clean=True)
        assert cleaned.status == 0, cleaned.output
        assert not (home / "rehearsal").exists()


def test_first_run_submits_each_order_exactly_once(rehearsal):
    sent = [entry["action"] for entry in rehearsal["journal"] if is_write(entry)]
    once = ("CertificateInfoSubmit", "CertificateOrderSubmit", "CreateDVOrderAudit", "CreateRecord", "AddDomainRecord")
    assert {action: sent.count(action) for action in once} == dict.fromkeys(once, 1)
    assert [order["submissions"] for order in rehearsal["orders"].values()] == [1, 1]


def test_second_run_sends_no_write_and_changes_nothing(rehearsal):
    assert rehearsal["after"] and [entry for entry in rehearsal["after"] if is_write(entry)] == []
    assert rehearsal["second"].recap == dict.fromkeys(HOSTS, (0, 0))


def test_first_run_fails_nowhere(rehearsal):
    assert {host: failed for host, (_changed, failed) in rehearsal["first"].recap.items()} == dict.fromkeys(HOSTS, 0)


def test_no_validation_record_is_left(rehearsal):
    kept = [(record["name"], record["type"]) for zone in rehearsal["zones"] for record in zone["records"]]
    assert [name for name, kind in kept if kind in ("TXT", "CNAME")] == []


def test_served_certificate_is_the_one_the_ca_issued(rehearsal):
    issued = {order_id: order["certificate"]["fingerprint_sha256"] for order_id, order in rehearsal["orders"].items()}
    assert {key: value.lower() for key, value in issued.items()} == rehearsal["served"]


def test_reports_say_what_happened_and_why_nothing_had_to_be_done(rehearsal):
    first, second = rehearsal["reports"]
    assert [row["changed"] for row in first["orders"]] == [True, True]
    assert [row["changed"] for row in second["orders"]] == [False, False]
    assert (first["writes"] > 0, second["writes"]) == (True, 0)
    assert "nothing had to be done" in rehearsal["second"].output
    assert all(row["steps"] and row["not_after"].endswith("Z") for row in first["orders"])


def test_private_keys_are_for_their_owner_only(rehearsal):
    keys = list((rehearsal["home"] / "rehearsal").glob("web-*/certificate/versions/*/key.pem"))
    assert len(keys) == 2 and {key.stat().st_mode & 0o777 for key in keys} == {0o600}
