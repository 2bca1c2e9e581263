# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Alibaba's signature V3, ACS3-HMAC-SHA256: pure functions (reference: Alibaba, 3.2)."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Mapping
from urllib.parse import quote, urlencode

__all__ = ["FORM", "authorization", "canonical_query", "canonical_request", "form_body", "signed_headers", "timestamp"]

ALGORITHM = "ACS3-HMAC-SHA256"
FORM = "application/x-www-form-urlencoded"


def timestamp(now: float) -> str:
    """Seconds since the epoch as the cloud wants a time: UTC, ISO 8601, whole seconds."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now))


def form_body(params: Mapping[str, object]) -> bytes:
    """The parameters as a form, sorted by name; None is left out, booleans become true and false."""
    pairs = [(name, _text(value)) for name, value in sorted(params.items()) if value is not None]
    return urlencode(pairs).encode("ascii")


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def canonical_query(params: Mapping[str, str]) -> str:
    """Query parameters as they are signed: sorted by name, RFC 3986."""
    return "&".join(f"{quote(name, safe='~')}={quote(value, safe='~')}" for name, value in sorted(params.items()))


def canonical_request(method: str, path: str, query: str, headers: Mapping[str, str], payload_hash: str) -> str:
    """The text whose hash is signed.

    Arguments:
        query: see canonical_query.
        headers: all headers to sign; names in any case.
        payload_hash: lower-case hex SHA-256 of the raw body.
    """
    lines = sorted((name.lower(), value.strip()) for name, value in headers.items())
    signed = ";".join(name for name, _value in lines)
    listed = "".join(f"{name}:{value}\n" for name, value in lines)
    return f"{method}\n{path}\n{query}\n{listed}\n{signed}\n{payload_hash}"


def authorization(access_key_id: str, access_key_secret: str, headers: Mapping[str, str], canonical: str) -> str:
    """The value of the Authorization header for a canonical request over these headers."""
    digest = hashlib.sha256(canonical.encode("utf-8")).hexdigest()
    to_sign = f"{ALGORITHM}\n{digest}"
    signature = hmac.new(access_key_secret.encode("utf-8"), to_sign.encode("utf-8"), hashlib.sha256).hexdigest()
    signed = ";".join(sorted(name.lower() for name in headers))
    # Without spaces after the commas, other than Tencent's.
    return f"{ALGORITHM} Credential={access_key_id},SignedHeaders={signed},Signature={signature}"


def signed_headers(
    *,
    access_key_id: str,
    access_key_secret: str,
    security_token: str | None,
    host: str,
    action: str,
    version: str,
    body: bytes,
    now: float,
    nonce: str,
) -> dict[str, str]:
    """All headers of a POST to / with a form body, the signature included.

    Only host, content-type and x-acs-* are signed, because the HTTP library adds others later (reference: Alibaba, 3.2
    and vector V3-C).

    Arguments:
        security_token: of temporary keys, else None.
        host: as in the URL, with a port that is not the scheme's own.
        now: seconds since the epoch.
        nonce: never used before with this key.
    """
    payload_hash = hashlib.sha256(body).hexdigest()
    headers = {
        "host": host,
        "content-type": FORM,
        "x-acs-action": action,
        "x-acs-version": version,
        "x-acs-date": timestamp(now),
        "x-acs-signature-nonce": nonce,
        "x-acs-content-sha256": payload_hash,
    }
    if security_token:
        headers["x-acs-accesskey-id"] = access_key_id
        headers["x-acs-security-token"] = security_token
    canonical = canonical_request("POST", "/", "", headers, payload_hash)
    headers["authorization"] = authorization(access_key_id, access_key_secret, headers, canonical)
    return headers
