# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Alibaba's request signatures, seen from the server's side (Alibaba reference 3.2 and 7.2).

Everything is rebuilt from the request as it arrived; nothing here is shared with a client.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote

from certwright_sandbox.messages import Request
from certwright_sandbox.settings import is_loopback

__all__ = ["ALGORITHM", "Authorization", "canonical_requests", "fits", "read_authorization", "unsigned_headers"]

ALGORITHM = "ACS3-HMAC-SHA256"


@dataclass(frozen=True)
class Authorization:
    """The parts of an Authorization header: `headers` are the signed header names, as written there."""

    key_id: str
    headers: tuple[str, ...]
    signature: str


def read_authorization(text: str) -> Authorization:
    """Split `ACS3-HMAC-SHA256 Credential=..,SignedHeaders=a;b,Signature=..`; raises ValueError."""
    algorithm, _space, rest = text.strip().partition(" ")
    if algorithm != ALGORITHM:
        raise ValueError(f"the signature algorithm '{algorithm}' is not supported")
    parts = dict(part.strip().partition("=")[::2] for part in rest.split(","))
    missing = [name for name in ("Credential", "SignedHeaders", "Signature") if not parts.get(name)]
    if missing:
        raise ValueError(f"the Authorization header lacks {', '.join(missing)}")
    return Authorization(parts["Credential"], tuple(parts["SignedHeaders"].split(";")), parts["Signature"])


def unsigned_headers(request: Request, authorization: Authorization) -> list[str]:
    """Headers that must be signed and are not: host and every x-acs-* header that was sent."""
    sent = {name.lower() for name, _value in request.headers}
    required = {"host"} | {name for name in sent if name.startswith("x-acs-")}
    return sorted(required - {name.lower() for name in authorization.headers})


def canonical_requests(request: Request, authorization: Authorization) -> Iterator[str]:
    """The canonical requests that may have been signed, the regular one first.

    There is a second one on loopback only: some clients sign the host without its port.
    """
    hosts = [request.host]
    name, colon, port = request.host.rpartition(":")
    if colon and port.isdecimal() and is_loopback(name):
        hosts.append(name)
    for host in hosts:
        lines = [f"{header.lower()}:{_header_value(request, header.lower(), host)}" for header in authorization.headers]
        yield "\n".join(
            [
                request.method.upper(),
                request.path or "/",
                _canonical_query(request.query),
                *lines,
                "",
                ";".join(header.lower() for header in authorization.headers),
                request.header("x-acs-content-sha256"),
            ]
        )


def fits(secret: str, canonical_request: str, signature: str) -> bool:
    """Whether `signature` (hex) is that of the canonical request under `secret`; takes the same time either way."""
    digest = hashlib.sha256(canonical_request.encode()).hexdigest()
    expected = hmac.new(secret.encode(), f"{ALGORITHM}\n{digest}".encode(), hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected.encode(), signature.encode())


def _header_value(request: Request, name: str, host: str) -> str:
    if name == "host":
        return host
    return ",".join(sorted(value.strip() for value in request.headers_of(name)))


def _canonical_query(query: str) -> str:
    pairs = sorted(parse_qsl(query, keep_blank_values=True))
    return "&".join(f"{quote(name, safe='~')}={quote(value, safe='~')}" for name, value in pairs)
