# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is sent to an API and comes back, and how it is reached."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlsplit

from ansible_collections.certwright.cloud.plugins.module_utils._errors import InvalidInput

__all__ = [
    "Connection",
    "HttpRequest",
    "HttpResponse",
    "Transport",
    "TransportError",
    "checked_endpoint",
    "checked_proxy",
    "is_loopback",
]


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
