# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""TC3-HMAC-SHA256, pure: everything is an argument (reference: Tencent, 3.1)."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone

__all__ = ["Signable", "authorization", "canonical_request", "scope_of", "signing_key", "string_to_sign"]

ALGORITHM = "TC3-HMAC-SHA256"
TERMINATOR = "tc3_request"


@dataclass(frozen=True)
class Signable:
    """What is signed of a request.

    Arguments:
        service: the product, such as ``ssl``; not taken from the host, because endpoints can be replaced.
        timestamp: seconds since the epoch, the value of X-TC-Timestamp.
        headers: those to sign, at least ``content-type`` and ``host``.
        payload: the very bytes that are sent.
        query: the query string exactly as sent; empty for POST.
    """

    service: str
    timestamp: int
    headers: Mapping[str, str]
    payload: bytes = field(default=b"", repr=False)
    method: str = "POST"
    query: str = ""


def authorization(request: Signable, secret_id: str, secret_key: str) -> str:
    """The value of the Authorization header."""
    key = signing_key(secret_key, _date(request.timestamp), request.service)
    signature = hmac.new(key, string_to_sign(request).encode("utf-8"), hashlib.sha256).hexdigest()
    signed = _signed_names(request.headers)
    return f"{ALGORITHM} Credential={secret_id}/{scope_of(request)}, SignedHeaders={signed}, Signature={signature}"


def canonical_request(request: Signable) -> str:
    """The request in the form whose hash is signed."""
    headers = {name.lower(): value.strip().lower() for name, value in request.headers.items()}
    block = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
    digest = hashlib.sha256(request.payload).hexdigest()
    return "\n".join((request.method, "/", request.query, block, _signed_names(headers), digest))


def string_to_sign(request: Signable) -> str:
    """The text whose HMAC is the signature."""
    digest = hashlib.sha256(canonical_request(request).encode("utf-8")).hexdigest()
    return "\n".join((ALGORITHM, str(request.timestamp), scope_of(request), digest))


def scope_of(request: Signable) -> str:
    """The credential scope: UTC date, service and terminator."""
    return f"{_date(request.timestamp)}/{request.service}/{TERMINATOR}"


def signing_key(secret_key: str, date: str, service: str) -> bytes:
    """The key derived for one day (UTC, ``YYYY-MM-DD``) and service."""
    key = ("TC3" + secret_key).encode("utf-8")
    for part in (date, service, TERMINATOR):
        key = hmac.new(key, part.encode("utf-8"), hashlib.sha256).digest()
    return key


def _date(timestamp: int) -> str:
    return datetime.fromtimestamp(timestamp, timezone.utc).strftime("%Y-%m-%d")


def _signed_names(headers: Mapping[str, str]) -> str:
    return ";".join(sorted(name.lower() for name in headers))
