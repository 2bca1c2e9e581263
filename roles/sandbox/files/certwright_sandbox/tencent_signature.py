# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""TC3-HMAC-SHA256 as the gateway checks it (Tencent reference 3.1, 7.1); shares nothing with any client."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from certwright_sandbox.accounts import Account
from certwright_sandbox.gateway import ApiError
from certwright_sandbox.messages import Request
from certwright_sandbox.settings import is_loopback

__all__ = ["ALGORITHM", "verify"]

ALGORITHM = "TC3-HMAC-SHA256"
_WINDOW_SECONDS = 300
_SCOPE = re.compile(r"(?P<id>[^/\s]+)/(?P<date>\d{4}-\d\d-\d\d)/(?P<service>[^/]+)/tc3_request")


@dataclass(frozen=True)
class _Claim:
    """What the Authorization header says."""

    key_id: str
    date: str
    service: str
    signed: tuple[str, ...]
    signature: str


def verify(request: Request, product: str, find: Callable[[str], Account | None], now: float) -> Account:
    """Check the signature of a request.

    Args:
        request: as received.
        product: the service the action belongs to: ssl, dnspod.
        find: looks up a secret id.
        now: the gateway's time, Unix seconds.

    Returns:
        The account that signed.

    Raises:
        ApiError: AuthFailure.*, MissingParameter or InvalidParameter, in the documented order of checks.
    """
    claim = _claim(request)
    if claim.service not in {product, *_loopback_services(request.host)}:
        raise _refused("InvalidAuthorization", f"The scope names the service `{claim.service}`, not `{product}`.")
    timestamp = _timestamp(request)
    if abs(now - timestamp) > _WINDOW_SECONDS:
        raise _refused("SignatureExpire", "The signature has expired: X-TC-Timestamp is more than 5 minutes off.")
    account = find(claim.key_id)
    if account is None:
        raise _refused("SecretIdNotFound", "The SecretId is not found. Check that it exists and is enabled.")
    if claim.date != datetime.fromtimestamp(timestamp, UTC).strftime("%Y-%m-%d"):
        raise _refused("SignatureFailure", "The date in the scope is not the UTC date of X-TC-Timestamp.")
    if not hmac.compare_digest(request.header("x-tc-token").encode(), account.token.encode()):
        raise _refused("TokenFailure", "The token is wrong, expired or missing.")
    if not any(_fits(request, host, claim, timestamp, account.secret) for host in _hosts(request.host)):
        raise _refused("SignatureFailure", "The provided credentials could not be validated. Check your signature.")
    return account


def _refused(reason: str, text: str) -> ApiError:
    return ApiError(f"AuthFailure.{reason}", text)


def _claim(request: Request) -> _Claim:
    scheme, _space, rest = request.header("authorization").partition(" ")
    fields = dict(part.strip().partition("=")[::2] for part in rest.split(","))
    scope = _SCOPE.fullmatch(fields.get("Credential", ""))
    signed = tuple(fields.get("SignedHeaders", "").split(";"))
    if scheme != ALGORITHM or scope is None or not fields.get("Signature"):
        raise _refused("InvalidAuthorization", "The Authorization header is missing or malformed.")
    if not {"content-type", "host"} <= {name.lower() for name in signed}:
        raise _refused("InvalidAuthorization", "SignedHeaders must hold content-type and host.")
    return _Claim(scope["id"], scope["date"], scope["service"], signed, fields["Signature"])


def _timestamp(request: Request) -> int:
    text = request.header("x-tc-timestamp")
    if not text:
        raise ApiError("MissingParameter", "The request is missing the parameter `X-TC-Timestamp`.")
    if not text.isdecimal() or len(text) > 12:
        raise ApiError("InvalidParameter", "The parameter `X-TC-Timestamp` is not valid.")
    return int(text)


def _port_removed(host: str) -> str:
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdecimal() else host


def _hosts(host: str) -> list[str]:
    """Hosts the client may have signed: some leave out the port, which is accepted on loopback."""
    bare = _port_removed(host)
    return [host, bare] if bare != host and is_loopback(bare) else [host]


def _loopback_services(host: str) -> set[str]:
    """Services that clients take from the first label of a loopback host, in place of the product."""
    bare = _port_removed(host)
    return {host, bare, bare.split(".", maxsplit=1)[0]} if is_loopback(bare) else set()


def _fits(request: Request, host: str, claim: _Claim, timestamp: int, secret: str) -> bool:
    """Whether the signature is the one of this request, had it been sent to ``host``."""
    lines = []
    for name in claim.signed:
        value = host if name.lower() == "host" else request.header(name)
        # Values are compared in lower case, too: clients that sign X-TC-Action do so (reference 3.1, vector V6).
        lines.append(f"{name.lower().strip()}:{value.strip().lower()}\n")
    payload = request.body
    if request.header("x-tc-content-sha256") == "UNSIGNED-PAYLOAD":
        payload = b"UNSIGNED-PAYLOAD"
    names, payload_hash = ";".join(claim.signed), hashlib.sha256(payload).hexdigest()
    canonical = "\n".join((request.method, "/", request.query, "".join(lines), names, payload_hash))
    scope = f"{claim.date}/{claim.service}/tc3_request"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    text = f"{ALGORITHM}\n{timestamp}\n{scope}\n{digest}"
    key = f"TC3{secret}".encode()
    for part in (claim.date, claim.service, "tc3_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    expected = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected.encode(), claim.signature.encode())
