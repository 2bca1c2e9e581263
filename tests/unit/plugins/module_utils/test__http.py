# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Endpoints and proxies: what can be used, and what is refused before anything is sent."""

from __future__ import annotations

import pytest
from ansible_collections.certwright.cloud.plugins.module_utils._errors import InvalidInput
from ansible_collections.certwright.cloud.plugins.module_utils._http import (
    checked_endpoint,
    checked_proxy,
    is_loopback,
)


@pytest.mark.parametrize(
    ("proxy", "usable"),
    [
        ("http://proxy.example.com:3128", "http://proxy.example.com:3128"),
        ("https://user:word@proxy.example.com", "https://user:word@proxy.example.com"),
        ("proxy.example.com:3128", "http://proxy.example.com:3128"),
        ("127.0.0.1:3128", "http://127.0.0.1:3128"),
    ],
)
def test_proxy_may_be_given_without_a_scheme(proxy: str, usable: str) -> None:
    assert checked_proxy(proxy) == usable


@pytest.mark.parametrize(
    "proxy",
    [
        "http://user:hidden@[",
        "http://user:hidden@",
        "http://user:hidden@a b:1",
        "http://user:hidden@host:port",
        "ftp://user:hidden@host",
        " ",
    ],
)
def test_malformed_proxy_is_refused_without_quoting_it(proxy: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        checked_proxy(proxy)
    assert caught.value.message == "proxy: is not the URL of an HTTP proxy; give it like 'http://host:port'"


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("localhost", True),
        ("LOCALHOST", True),
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost.example.com", False),
        ("127.0.0.1.example.com", False),
        ("192.0.2.1", False),
        ("0.0.0.0", False),
        ("", False),
    ],
)
def test_loopback_is_only_this_machine(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


@pytest.mark.parametrize(
    ("endpoint", "usable"),
    [
        ("https://cas.example.com", "https://cas.example.com"),
        ("https://cas.example.com/", "https://cas.example.com"),
        ("https://cas.example.com:8443/", "https://cas.example.com:8443"),
        ("HTTPS://cas.example.com", "https://cas.example.com"),
        ("http://127.0.0.1:18080", "http://127.0.0.1:18080"),
        ("http://[::1]:18080/", "http://[::1]:18080"),
        ("http://localhost", "http://localhost"),
    ],
)
def test_endpoint_is_taken_without_its_final_slash(endpoint: str, usable: str) -> None:
    assert checked_endpoint(endpoint) == usable


@pytest.mark.parametrize(
    ("endpoint", "said"),
    [
        ("cas.example.com", "is not a URL"),
        ("ftp://cas.example.com", "is not a URL"),
        ("https://", "is not a URL"),
        ("https://cas.example.com:0", "is not a URL"),
        ("https://cas.example.com:port", "is not a URL"),
        ("https://[", "is not a URL"),
        ("https://cas.example.com/v1", "without path"),
        ("https://cas.example.com?a=b", "without path"),
        ("https://user:hidden@cas.example.com", "user name"),
        ("user:hidden@cas.example.com", "user name"),
        ("http://127.0.0.1\\@cas.example.com", "user name"),
        ("http://cas.example.com", "plain http to 'cas.example.com'"),
        ("http://127.0.0.1.example.com", "plain http to '127.0.0.1.example.com'"),
    ],
)
def test_endpoint_is_refused_with_a_reason(endpoint: str, said: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        checked_endpoint(endpoint, "SOME_VARIABLE")
    assert caught.value.message.startswith("SOME_VARIABLE: ")
    assert said in caught.value.message
    assert "hidden" not in caught.value.message
