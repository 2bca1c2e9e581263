# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The only file that talks to an API: one session, bounded answers, and what a broken connection means."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from ansible_collections.certwright.cloud.plugins.module_utils._http import (
    Connection,
    HttpRequest,
    HttpResponse,
    TransportError,
    is_loopback,
)

try:
    import requests
    from urllib3 import exceptions as urllib3_exceptions
except ImportError:
    # What needs it says so before it comes here (see missing_packages).
    pass

__all__ = ["MAX_ANSWER_BYTES", "RequestsTransport"]

# Certificates and lists of a thousand orders stay far below this; more is not an answer of these APIs.
MAX_ANSWER_BYTES = 10 * 1024 * 1024
# Packed twice, a few bytes become gigabytes in one step; nothing packed is asked for anyway.
_PACKED = ("identity", "gzip", "x-gzip", "deflate")


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
