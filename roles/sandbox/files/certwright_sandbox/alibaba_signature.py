# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Alibaba's two request signatures, seen from the server's side (Alibaba reference 3.1, 3.2 and 7.2).

V1 (HMAC-SHA1) signs parameters and travels among them, V3 (ACS3-HMAC-SHA256) signs the request and travels in headers.
Everything is rebuilt from the request as it arrived; nothing here is shared with a client.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Protocol
from urllib.parse import parse_qsl, quote

from certwright_sandbox.alibaba_api import error, missing
from certwright_sandbox.gateway import ApiError
from certwright_sandbox.messages import Request
from certwright_sandbox.settings import is_loopback

__all__ = ["COMMON", "FORM", "Signature", "read", "signed_parameters"]

V3_ALGORITHM = "ACS3-HMAC-SHA256"
FORM = "application/x-www-form-urlencoded"
#: Parameters of V1 that belong to the protocol, not to an action (reference 3.1).
COMMON = (
    *("Action", "Version", "Format", "AccessKeyId", "SecurityToken", "Timestamp", "BearerToken"),
    *("Signature", "SignatureMethod", "SignatureVersion", "SignatureNonce", "SignatureType"),
)
#: By any of these a V1 request is told apart from those of other clouds.
_MARKS = ("AccessKeyId", "SignatureNonce", "SignatureVersion")
_MISMATCH = "Specified signature does not match our calculation. server string to sign is:"


class Signature(Protocol):
    """What a request says about its action and about who signed it and when; "" where it does not say.

    ``covers_body``: the body is signed whatever it holds, not only as a form of parameters.
    """

    covers_body: bool
    action: str
    version: str
    key_id: str
    token: str
    date: str
    nonce: str

    def check_complete(self) -> None:
        """Refuse a request in which a part is missing."""

    def check(self, secret: str) -> None:
        """Refuse a request that was not signed with this secret."""


def read(request: Request) -> Signature | None:
    """The signature of a request, also of one that lacks parts; None when it is not in Alibaba's protocol."""
    if request.header("authorization").startswith("ACS3-"):
        return _V3(request)
    parameters = signed_parameters(request)
    if any(name in parameters for name in _MARKS):
        return _V1(request.method, parameters)
    return _V3(request) if any(name.lower().startswith("x-acs-") for name, _value in request.headers) else None


def signed_parameters(request: Request) -> dict[str, str]:
    """The parameters in the query and in a form body: what V1 signs. A JSON body is no part of it."""
    parameters = dict(parse_qsl(request.query, keep_blank_values=True))
    if request.header("content-type").partition(";")[0].strip().lower() == FORM:
        parameters.update(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
    return parameters


class _V1:
    """The signature of RPC, version 1.0."""

    covers_body = False

    def __init__(self, method: str, parameters: Mapping[str, str]) -> None:
        self._method, self._parameters = method.upper(), parameters
        self.action, self.version = parameters.get("Action", ""), parameters.get("Version", "")
        self.key_id, self.token = parameters.get("AccessKeyId", ""), parameters.get("SecurityToken", "")
        self.date, self.nonce = parameters.get("Timestamp", ""), parameters.get("SignatureNonce", "")

    def check_complete(self) -> None:
        """See Signature."""
        names = ("AccessKeyId", "SignatureMethod", "SignatureVersion", "SignatureNonce", "Timestamp", "Signature")
        for name in names:
            if not self._parameters.get(name):
                raise missing(name)

    def check(self, secret: str) -> None:
        """See Signature."""
        for name, supported in (("SignatureMethod", "HMAC-SHA1"), ("SignatureVersion", "1.0")):
            if self._parameters[name] != supported:
                raise _incomplete(f"the {name} '{self._parameters[name]}' is not supported")
        pairs = sorted((name, value) for name, value in self._parameters.items() if name != "Signature")
        canonical = "&".join(f"{_encoded(name)}={_encoded(value)}" for name, value in pairs)
        to_sign = f"{self._method}&%2F&{_encoded(canonical)}"
        digest = hmac.new(f"{secret}&".encode(), to_sign.encode(), hashlib.sha1).digest()
        if not _same(base64.b64encode(digest).decode(), self._parameters["Signature"]):
            raise error("SignatureDoesNotMatch", _MISMATCH + to_sign)


class _V3:
    """The signature in the Authorization header."""

    covers_body = True

    def __init__(self, request: Request) -> None:
        self._request = request
        self._algorithm, _space, rest = request.header("authorization").partition(" ")
        self._parts = dict(part.strip().partition("=")[::2] for part in rest.split(","))
        self._signed = [name.lower() for name in self._parts.get("SignedHeaders", "").split(";")]
        self.action, self.version = request.header("x-acs-action"), request.header("x-acs-version")
        self.key_id, self.token = self._parts.get("Credential", ""), request.header("x-acs-security-token")
        self.date, self.nonce = request.header("x-acs-date"), request.header("x-acs-signature-nonce")

    def check_complete(self) -> None:
        """See Signature."""
        required = {
            "authorization": "AccessKeyId",
            "x-acs-date": "Timestamp",
            "x-acs-signature-nonce": "SignatureNonce",
            "x-acs-content-sha256": "ContentSha256",
        }
        for header, name in required.items():
            if not self._request.header(header):
                raise missing(name)
        if self._algorithm != V3_ALGORITHM:
            raise _incomplete(f"the signature algorithm '{self._algorithm}' is not supported")
        lacking = [name for name in ("Credential", "SignedHeaders", "Signature") if not self._parts.get(name)]
        if lacking:
            raise _incomplete(f"the Authorization header lacks {', '.join(lacking)}")

    def check(self, secret: str) -> None:
        """See Signature."""
        if hashlib.sha256(self._request.body).hexdigest() != self._request.header("x-acs-content-sha256"):
            raise _incomplete("x-acs-content-sha256 is not the hash of the body")
        sent = {name.lower() for name, _value in self._request.headers}
        unsigned = ({"host"} | {name for name in sent if name.startswith("x-acs-")}) - set(self._signed)
        if unsigned:
            raise _incomplete(f"not signed: {', '.join(sorted(unsigned))}")
        candidates = [self._canonical(host) for host in self._hosts()]
        if not any(_same(_v3_signature(secret, each), self._parts["Signature"]) for each in candidates):
            raise error("SignatureDoesNotMatch", _MISMATCH + candidates[0])

    def _hosts(self) -> list[str]:
        """The hosts that may have been signed: on loopback, some clients leave the port out."""
        host = self._request.host
        name, colon, port = host.rpartition(":")
        return [host, name] if colon and port.isdecimal() and is_loopback(name) else [host]

    def _canonical(self, host: str) -> str:
        values = {name: ",".join(sorted(v.strip() for v in self._request.headers_of(name))) for name in self._signed}
        values["host"] = host
        pairs = sorted(parse_qsl(self._request.query, keep_blank_values=True))
        return "\n".join(
            [
                self._request.method.upper(),
                self._request.path or "/",
                "&".join(f"{_encoded(name)}={_encoded(value)}" for name, value in pairs),
                *(f"{name}:{values[name]}" for name in self._signed),
                "",
                ";".join(self._signed),
                self._request.header("x-acs-content-sha256"),
            ]
        )


def _v3_signature(secret: str, canonical: str) -> str:
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    return hmac.new(secret.encode(), f"{V3_ALGORITHM}\n{digest}".encode(), hashlib.sha256).hexdigest()


def _encoded(text: str) -> str:
    return quote(text, safe="~")


def _same(expected: str, given: str) -> bool:
    """Whether two signatures are equal; takes the same time either way."""
    return hmac.compare_digest(expected.encode(), given.encode())


def _incomplete(why: str) -> ApiError:
    return error("IncompleteSignature", f"The request signature does not conform to Alibaba Cloud standards: {why}.")
