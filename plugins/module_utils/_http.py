# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The only file that talks to an API: one session, bounded answers, and what a broken connection means."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlsplit

from ansible_collections.certwright.cloud.plugins.module_utils._errors import InvalidInput

try:
    import requests
    from urllib3 import exceptions as urllib3_exceptions
except ImportError:
    HAS_REQUESTS = False
else:
    HAS_REQUESTS = True

__all__ = [
    "HAS_REQUESTS",
    "Connection",
    "HttpRequest",
    "HttpResponse",
    "RequestsTransport",
    "Transport",
    "TransportError",
    "checked_endpoint",
    "checked_proxy",
    "is_loopback",
]

# Certificates and lists of a thousand orders stay far below this; more is not an answer of these APIs.
MAX_ANSWER_BYTES = 10 * 1024 * 1024
# Packed twice, a few bytes become gigabytes in one step; nothing packed is asked for anyway.
_PACKED = ("identity", "gzip", "x-gzip", "deflate")


@dataclass(frozen=True)
class Connection:
    """How to reach a cloud: the common options of every cloud module.

    endpoint is a URL that replaces the vendor's hosts; timeout is in seconds.
    """

    site: str = "intl"
    endpoint: str | None = None
    ca_path: str | None = None
    timeout: float = 30.0
    proxy: str | None = None


@dataclass(frozen=True)
class HttpRequest:
    """One request, complete: the body is the very bytes that were signed."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True)
class HttpResponse:
    """One answer; header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


class TransportError(Exception):
    """No usable answer. reached tells whether the request may have arrived at the server."""

    def __init__(self, reason: str, reached: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.reached = reached


class Transport(Protocol):
    """Sends a request once; tests bring their own."""

    def send(self, request: HttpRequest) -> HttpResponse:
        """The answer, whatever its status. Raises TransportError."""


def is_loopback(host: str) -> bool:
    """Whether a host of a URL can only be this machine."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def checked_endpoint(endpoint: str, source: str = "endpoint") -> str:
    """The endpoint without a final slash.

    Arguments:
        source: the option or variable that named it, for messages.

    Raises InvalidInput where it is no http(s) URL, has a path or credentials, or would carry secrets over plain http.
    """
    try:
        parts = urlsplit(endpoint)
        host, port_is_readable = parts.hostname or "", parts.port is None or parts.port > 0
    except ValueError:
        parts, host, port_is_readable = urlsplit(""), "", False
    is_url = parts.scheme in ("http", "https") and bool(host) and port_is_readable
    # What stands before an @ may be a password, so such an endpoint is never quoted.
    if not is_url and "@" not in endpoint:
        raise InvalidInput([f"{source}: '{endpoint}' is not a URL; give it like 'https://host' or 'https://host:port'"])
    if not is_url or parts.path not in ("", "/") or parts.query or parts.fragment or parts.username is not None:
        raise InvalidInput([f"{source}: give scheme, host and port only, without path, query or user name"])
    if parts.scheme == "http" and not is_loopback(host):
        raise InvalidInput(
            [f"{source}: plain http to '{host}' would show keys to the network; use https (http is for loopback only)"]
        )
    return f"{parts.scheme}://{parts.netloc}"


def checked_proxy(proxy: str) -> str:
    """The URL of an HTTP proxy, ``http://`` put before it where there is no scheme.

    Raises InvalidInput, without quoting the URL, which may hold a password.
    """
    url = proxy if "://" in proxy else f"http://{proxy}"
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        usable = False
    if not usable or any(character.isspace() for character in url):
        raise InvalidInput(["proxy: is not the URL of an HTTP proxy; give it like 'http://host:port'"])
    return url


class RequestsTransport:
    """Transport over requests: one session with connection reuse.

    Proxies and CA settings of the environment are respected; ~/.netrc is not, because it would overwrite the
    signature (Alibaba reference, 3.2). Redirects are not followed: a signature is valid for one host only. The
    environment's proxies are not used for loopback, which no proxy can reach.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._session: Any = None

    def _open(self) -> Any:
        if self._session is None:
            session: Any = requests.Session()
            # A callable auth is what keeps requests from looking for a .netrc entry.
            session.auth = _keep_authorization
            session.headers.clear()
            # Even where it does not follow a redirect, requests reads its body without bound and parses its target.
            session.get_redirect_target = _no_redirect
            self._session = session
        return self._session

    def _options(self, host: str) -> dict[str, Any]:
        # Given with each request, because requests prefers the environment's proxies and REQUESTS_CA_BUNDLE to the
        # settings of a session.
        options: dict[str, Any] = {"timeout": self._connection.timeout, "allow_redirects": False, "stream": True}
        if self._connection.ca_path:
            options["verify"] = self._connection.ca_path
        if self._connection.proxy:
            options["proxies"] = {"http": self._connection.proxy, "https": self._connection.proxy}
        elif is_loopback(host):
            options["proxies"] = {"no_proxy": host}
        return options

    def send(self, request: HttpRequest) -> HttpResponse:
        """See Transport."""
        session = self._open()
        options = self._options(urlsplit(request.url).hostname or "")
        try:
            with session.request(
                request.method, request.url, headers=dict(request.headers), data=request.body, **options
            ) as answer:
                body = _bounded_body(answer)
                headers = {name.lower(): value for name, value in answer.headers.items()}
                return HttpResponse(answer.status_code, headers, body)
        except (requests.exceptions.RequestException, urllib3_exceptions.HTTPError) as error:
            raise _transport_error(error, self._connection.timeout) from error
        except OSError as error:
            # requests reports a missing CA file this way, before anything is sent.
            raise TransportError(str(error), reached=False) from error


def _keep_authorization(prepared: Any) -> Any:
    return prepared


def _no_redirect(_answer: Any) -> None:
    return None


def _bounded_body(answer: Any) -> bytes:
    packed = (answer.headers.get("content-encoding") or "identity").strip().lower()
    if packed not in _PACKED:
        raise TransportError("the answer is packed in a way that was not asked for", reached=True)
    chunks, size = [], 0
    for chunk in answer.iter_content(65536):
        size += len(chunk)
        if size > MAX_ANSWER_BYTES:
            raise TransportError("the answer is larger than 10 MB", reached=True)
        chunks.append(chunk)
    return b"".join(chunks)


def _transport_error(error: Exception, timeout: float) -> TransportError:
    """What an exception of requests means. Where in doubt, the request may have arrived."""
    reason = _reason(error)
    through = "the proxy: " if isinstance(error, requests.exceptions.ProxyError) else ""
    if isinstance(reason, urllib3_exceptions.NewConnectionError):
        return TransportError(f"{through}{_plain(reason)}", reached=False)
    if isinstance(reason, urllib3_exceptions.ConnectTimeoutError):
        return TransportError(f"{through}no connection within {timeout:g} s", reached=False)
    if isinstance(reason, (urllib3_exceptions.ReadTimeoutError, TimeoutError)):
        return TransportError(f"{through}no answer within {timeout:g} s", reached=True)
    if isinstance(reason, OSError) and str(reason).startswith("Tunnel connection failed"):
        return TransportError(f"{through}{reason}", reached=False)
    # A certificate that is not trusted, or (said by urllib3 1) another host's, ends the handshake before the request.
    verifying = any(words in str(reason) for words in ("CERTIFICATE_VERIFY_FAILED", "doesn't match"))
    if verifying or isinstance(error, requests.exceptions.SSLError):
        return TransportError(f"TLS: {_plain(reason)}", reached=not verifying)
    if isinstance(error, (requests.exceptions.InvalidURL, urllib3_exceptions.LocationValueError)):
        # Not quoted: the URL of a proxy may hold a password.
        return TransportError("the endpoint or the proxy is not a usable URL", reached=False)
    return TransportError(f"{through}connection lost: {_plain(reason)}", reached=True)


def _reason(error: Exception) -> object:
    """The innermost thing that requests, urllib3 and its proxy support have wrapped."""
    reason: object = error.args[0] if error.args else error
    reason = getattr(reason, "reason", reason)
    # urllib3 calls it the proxy's fault whenever a proxied connection breaks, also after the request was sent.
    return getattr(reason, "original_error", reason)


def _plain(reason: object) -> str:
    """The reason without the names of objects and the wrapping that urllib3 puts around it."""
    if isinstance(reason, urllib3_exceptions.ProtocolError) and len(reason.args) > 1:
        reason = reason.args[1]
    head, _colon, tail = str(reason).partition(": ")
    return tail if tail and ("Connection(" in head or "object at 0x" in head) else str(reason)
