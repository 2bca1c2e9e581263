# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options shared by modules; the doc fragments describe them in the same words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.certwright.cloud.plugins.module_utils._errors import InvalidInput
from ansible_collections.certwright.cloud.plugins.module_utils._http import (
    Connection,
    checked_endpoint,
    checked_proxy,
)
from ansible_collections.certwright.cloud.plugins.module_utils._module._use_case import Context

__all__ = ["CONNECTION_OPTIONS", "RETURN_OPTIONS", "WAIT_OPTIONS", "api_rate_from", "connection_from", "know_proxies"]

# Seconds; sockets refuse numbers without end.
_LONGEST = 3600
# Calls a second. Between them lies every limit that is documented (reference: Alibaba, 1.10); a slower pace looks like
# a module that hangs.
_SLOWEST, _FASTEST = 0.1, 1000
_RATE = "CERTWRIGHT_API_RATE"

CONNECTION_OPTIONS: dict[str, Any] = {
    "site": {"type": "str", "choices": ["intl", "china"], "default": "intl"},
    "endpoint": {"type": "str"},
    "ca_path": {"type": "path"},
    "api_timeout": {"type": "float", "default": 30},
    "api_rate": {"type": "float"},
    # Its URL may hold a password.
    "proxy": {"type": "str", "no_log": True},
}

WAIT_OPTIONS: dict[str, Any] = {
    "wait_for": {"type": "str", "choices": ["validation", "issued"]},
    "wait_timeout": {"type": "int", "default": 1800},
    "wait_interval": {"type": "float"},
}

RETURN_OPTIONS: dict[str, Any] = {
    "return_certificate": {"type": "bool", "default": False},
    # The option says whether a key is returned; it holds no secret itself.
    "return_private_key": {"type": "bool", "default": False, "no_log": False},
}


def know_proxies(params: Mapping[str, Any], context: Context) -> None:
    """Has the passwords masked that proxies may hold, the one of the option and those of the environment."""
    context.redactor.know_url(params["proxy"])
    for name, value in context.environ.items():
        if name.lower().endswith("_proxy"):
            context.redactor.know_url(value)


def api_rate_from(params: Mapping[str, Any], environ: Mapping[str, str]) -> float | None:
    """Calls a second for each API: 0 for no limit, None for what the cloud documents. Raises InvalidInput."""
    source, given = "api_rate", params["api_rate"]
    if given is None:
        source, given = f"api_rate (environment variable {_RATE})", environ.get(_RATE) or None
    if given is None:
        return None
    try:
        rate = float(given)
    except ValueError:
        rate = -1.0
    # Written so that it refuses nan, too.
    if rate == 0 or _SLOWEST <= rate <= _FASTEST:
        return rate
    wish = f"give a number of calls a second from {_SLOWEST} to {_FASTEST}, or 0 for no limit"
    raise InvalidInput([f"{source}: '{given}' is no usable rate; {wish}"])


def connection_from(params: Mapping[str, Any], environ: Mapping[str, str], variable: str) -> Connection:
    """How to reach the cloud, from the options and the endpoint's environment variable.

    Raises InvalidInput.
    """
    faults: list[str] = []
    endpoint, proxy = params["endpoint"], params["proxy"] or None
    source = "endpoint" if endpoint else f"endpoint (environment variable {variable})"
    endpoint = endpoint or environ.get(variable) or None
    try:
        endpoint = checked_endpoint(endpoint, source) if endpoint else None
    except InvalidInput as error:
        faults += error.faults
    try:
        proxy = checked_proxy(proxy) if proxy else None
    except InvalidInput as error:
        faults += error.faults
    try:
        api_rate_from(params, environ)
    except InvalidInput as error:
        faults += error.faults
    # Written so that it refuses nan, too.
    if not 0 < params["api_timeout"] <= _LONGEST:
        faults.append(f"api_timeout: give a number of seconds above 0, at most {_LONGEST}")
    if faults:
        raise InvalidInput(faults)
    return Connection(
        site=params["site"], endpoint=endpoint, ca_path=params["ca_path"], timeout=params["api_timeout"], proxy=proxy
    )
