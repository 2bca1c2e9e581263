# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sandbox's switches: defaults, checks, storage."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import Any

from certwright_sandbox.store import Store

__all__ = ["Settings", "is_loopback", "split_address"]


def split_address(text: str) -> tuple[str, int]:
    """Split ``HOST:PORT`` (``[::1]:53`` for IPv6).

    Raises:
        ValueError: it is not of that form.
    """
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isdecimal() or int(port) > 65535:
        raise ValueError(f"'{text}' is not of the form HOST:PORT")
    return host.strip("[]"), int(port)


def is_loopback(host: str) -> bool:
    """Whether a host (name or address, without port) means this machine only."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _seconds(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
        raise ValueError("must be a number, 0 or more")
    return float(value)


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError("must be a number of seconds")
    return float(value)


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


def _addresses(value: Any) -> dict[str, str]:
    if not isinstance(value, dict):
        raise ValueError("must map names to HOST:PORT")
    for address in value.values():
        if not isinstance(address, str) or not is_loopback(split_address(address)[0]):
            raise ValueError(f"'{address}' is not a loopback HOST:PORT, and the sandbox never leaves loopback")
    return {str(name).lower().strip("."): address for name, address in value.items()}


def _one_of(*allowed: str) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        if value not in allowed:
            raise ValueError(f"must be one of {', '.join(allowed)}")
        return str(value)

    return check


#: What an account ("*") or an order can be like so that Tencent refuses calls (tencent_conditions.py).
_CONDITIONS = (
    "no_permission",
    "no_project_permission",
    "no_identity_verification",
    "status_not_valid",
    "free_quota_used_up",
    "root_not_valid",
)


def _conditions(value: Any) -> dict[str, list[str]]:
    lists = value.values() if isinstance(value, dict) else [None]
    if not all(isinstance(words, list) and all(word in _CONDITIONS for word in words) for words in lists):
        raise ValueError(f"must map order ids (or *, for the account) to lists of {', '.join(_CONDITIONS)}")
    return dict(value)


def _ids(value: Any) -> list[str] | None:
    if value is not None and not (isinstance(value, list) and all(isinstance(item, str) for item in value)):
        raise ValueError("must be a list of strings, or null for any")
    return value


# name: (default, check). What is only guessed about the clouds is lenient by default and can be made strict here.
_FIELDS: dict[str, tuple[Any, Callable[[Any], Any]]] = {
    "visible_delay": (2.0, _seconds),
    "submission_lag": (0.0, _seconds),
    "issue_delay": (3.0, _seconds),
    "cancel_delay": (3.0, _seconds),
    "rate": (1.0, _seconds),
    "submission_guard": (True, _flag),
    "gateway_skew": (0.0, _number),
    "resolvers": ({}, _addresses),
    "hosts": ({}, _addresses),
    "ca_poll": (0.5, _seconds),
    "validation_period": (3 * 86400.0, _seconds),
    "index_delay": (0.0, _seconds),
    "check_interval": (3.0, _seconds),
    "tencent_throttle": ("gateway", _one_of("gateway", "product")),
    "tencent_conditions": ({}, _conditions),
    "tencent_site": ("any", _one_of("any", "intl")),
    "refuse_unknown_parameters": (True, _flag),
    "strict_types": (False, _flag),
    "known_companies": (None, _ids),
    "known_managers": (None, _ids),
    "alibaba_unsubmitted": ("empty", _one_of("empty", "error")),
    "alibaba_failed_word": ("checked_fail", _one_of("checked_fail", "check_fail")),
    "alibaba_list_status": ("codes", _one_of("codes", "words")),
}


class Settings:
    """The settings in force, as attributes; changed only through :meth:`update`, kept in the store."""

    visible_delay: float
    submission_lag: float
    issue_delay: float
    cancel_delay: float
    rate: float
    submission_guard: bool
    gateway_skew: float
    resolvers: dict[str, str]
    hosts: dict[str, str]
    ca_poll: float
    validation_period: float
    index_delay: float
    check_interval: float
    tencent_throttle: str
    tencent_conditions: dict[str, list[str]]
    tencent_site: str
    refuse_unknown_parameters: bool
    strict_types: bool
    known_companies: list[str] | None
    known_managers: list[str] | None
    alibaba_unsubmitted: str
    alibaba_failed_word: str
    alibaba_list_status: str

    def __init__(self, store: Store) -> None:
        """Args: store: where changed settings are kept."""
        self._store = store
        self.reload()

    def reload(self) -> None:
        """Read the settings from the store; what was never set has its default."""
        stored = self._store.get("settings", {})
        for name, (default, _check) in _FIELDS.items():
            setattr(self, name, stored.get(name, default))

    def as_dict(self) -> dict[str, Any]:
        """All settings in force."""
        return {name: getattr(self, name) for name in _FIELDS}

    def update(self, changes: dict[str, Any]) -> None:
        """Check and store changes; either all of them or none.

        Raises:
            ValueError: unknown setting or unacceptable value; the text names all of them.
        """
        faults, good = [], {}
        for name, value in changes.items():
            if name not in _FIELDS:
                faults.append(f"'{name}' is not a setting (known: {', '.join(_FIELDS)})")
                continue
            try:
                good[name] = _FIELDS[name][1](value)
            except ValueError as error:
                faults.append(f"'{name}': {error}")
        if faults:
            raise ValueError("; ".join(faults))
        with self._store.transaction():
            self._store.put("settings", {**self._store.get("settings", {}), **good})
        self.reload()
