# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What has to hold for every order, whatever happened; counted in the requests that the journal shows."""

from __future__ import annotations

import ssl
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from ansible_collections.certwright.cloud.plugins.module_utils._x509 import certificate_facts
from ansible_collections.certwright.cloud.tests.e2e.sandbox_process import SandboxProcess

__all__ = ["SUBMISSIONS", "installation_faults", "message_faults", "order_faults", "pair_fault", "records_left"]

SUBMISSIONS = ("CertificateOrderSubmit", "CreateDVOrderAudit")
Entry = dict[str, Any]


def order_faults(sandbox: SandboxProcess, order_id: str) -> list[str]:
    """What is wrong with how an order was sent, and with where it stands after all runs."""
    entries, truth = sandbox.journal(order_id), sandbox.control(f"orders/{order_id}")
    arrived = [entry for entry in entries if entry["action"] in SUBMISSIONS and _arrived(entry)]
    faults = [] if len(arrived) == 1 else [f"{len(arrived)} submissions have arrived"]
    if truth["submissions"] != 1:
        faults.append(f"the cloud counts {truth['submissions']} submissions")
    if truth["state"] != "issued":
        faults.append(f"the order ended {truth['state']}")
    return faults + _blind_repetitions(entries)


def _arrived(entry: Entry) -> bool:
    """Whether a request has reached the API, whatever it and the network made of it."""
    return entry["outcome"] != "fault" or (entry["fault"]["when"] == "after" and entry["fault"]["kind"] != "throttle")


def _blind_repetitions(entries: Sequence[Entry]) -> list[str]:
    """Submissions that were sent again without a look at the order in between that showed it not submitted.

    One that was throttled was refused before it ran, so it may be sent again as it is.
    """
    faults, sent, seen = [], False, False
    for entry in entries:
        if entry["action"] in SUBMISSIONS:
            if sent and not seen:
                faults.append(f"{entry['action']} was sent again without a look at the order (entry {entry['seq']})")
            sent = sent or (entry["fault"] or {}).get("kind") != "throttle"
            seen = False
        elif entry["cloud"] != "ca" and entry["action"].startswith("Describe"):
            seen = seen or entry["outcome"] == "ok"
    return faults


def installation_faults(sandbox: SandboxProcess, order_id: str, directory: Path) -> list[str]:
    """What is wrong with what lies on the host."""
    try:
        served = certificate_facts((directory / "live" / "fullchain.pem").read_text()).fingerprint_sha256
    except OSError as error:
        return [f"nothing is installed: {error}"]
    issued = sandbox.control(f"orders/{order_id}")["certificate"]["fingerprint_sha256"].lower()
    faults = [] if served == issued else [f"the certificate '{served}' is installed, not '{issued}'"]
    pair = pair_fault(directory / "live" / "fullchain.pem", directory / "live" / "key.pem")
    faults += [pair] if pair else []
    left = sorted(path.name for path in directory.rglob(".*"))
    return faults + [f"'{name}' was left on the host" for name in left]


def pair_fault(certificate: Path, private_key: Path) -> str | None:
    """Why a server could not load the pair; None if it could."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, private_key)
    except (OSError, ssl.SSLError) as error:
        return f"'{certificate}' and '{private_key}' are no pair: {error}"
    return None


def records_left(sandbox: SandboxProcess, zones: Iterable[str]) -> list[str]:
    """The DNS records that are still there."""
    wanted = set(zones)
    return [
        f"{record['name']}.{zone['name']} {record['value']}"
        for zone in sandbox.control("zones")["zones"]
        if zone["name"] in wanted
        for record in zone["records"]
    ]


def message_faults(result: dict[str, Any]) -> list[str]:
    """What the message of a failed task lacks."""
    error = result.get("error") or {}
    if not error.get("kind"):
        return [f"no kind of error: {result.get('msg')}"]
    faults = [] if error.get("hint") else [f"no hint: {result['msg']}"]
    # What the cloud has said must be in the words for a person, too; only a cloud has codes.
    for fact in ("code", "request_id"):
        if error["code"] and not error[fact]:
            faults.append(f"no {fact}: {result['msg']}")
    said = [error.get("hint"), error["code"], error["request_id"] if error["code"] else None]
    return faults + [
        f"the message does not say '{word}': {result['msg']}" for word in said if word and word not in result["msg"]
    ]
