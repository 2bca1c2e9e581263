# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options shared by modules; the doc fragments describe them in the same words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.certwright.cloud.plugins.module_utils._errors import InvalidInput
from ansible_collections.certwright.cloud.plugins.module_utils._http import Connection, checked_endpoint

__all__ = ["CONNECTION_OPTIONS", "RETURN_OPTIONS", "WAIT_OPTIONS", "connection_from"]

CONNECTION_OPTIONS: dict[str, Any] = {
    "site": {"type": "str", "choices": ["intl", "china"], "default": "intl"},
    "endpoint": {"type": "str"},
    "ca_path": {"type": "path"},
    "api_timeout": {"type": "float", "default": 30},
    "proxy": {"type": "str"},
}

WAIT_OPTIONS: dict[str, Any] = {
    "wait_for": {"type": "str", "choices": ["validation", "issued"]},
    "wait_timeout": {"type": "int", "default": 1800},
    "wait_interval": {"type": "float", "default": 15},
}

RETURN_OPTIONS: dict[str, Any] = {
    "return_certificate": {"type": "bool", "default": False},
    # The option says whether a key is returned; it holds no secret itself.
    "return_private_key": {"type": "bool", "default": False, "no_log": False},
}


def connection_from(params: Mapping[str, Any], environ: Mapping[str, str], variable: str) -> Connection:
    """How to reach the cloud, from the options and the endpoint's environment variable.

    Raises InvalidInput.
    """
    endpoint = params["endpoint"] or environ.get(variable) or None
    if params["api_timeout"] <= 0:
        raise InvalidInput(["api_timeout: give a number of seconds above 0"])
    return Connection(
        site=params["site"],
        endpoint=checked_endpoint(endpoint) if endpoint else None,
        ca_path=params["ca_path"],
        timeout=params["api_timeout"],
        proxy=params["proxy"],
    )
