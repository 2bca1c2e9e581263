# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an installation is asked for, checked as far as that needs neither disk nor network."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from ansible_collections.certwright.cloud.plugins.module_utils._domains import covers, is_wildcard, normalise
from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError, ErrorKind
from ansible_collections.certwright.cloud.plugins.module_utils._orders import Bundle, CertificateFacts
from ansible_collections.certwright.cloud.plugins.module_utils._serving import Endpoint, argv_of, endpoint_of
from ansible_collections.certwright.cloud.plugins.module_utils._versions import FULLCHAIN, KEY, directory_fault
from ansible_collections.certwright.cloud.plugins.module_utils._x509 import (
    certificate_facts,
    key_fits,
    order_chain,
    split_pem,
    unusable,
)

__all__ = ["INSTALL_OPTIONS", "LIVE_FILES", "How", "Wish", "checked_how", "checked_wish"]

Params = Mapping[str, Any]

# What each of the options that name a server's file stands for among the live files.
LIVE_FILES = {"certificate_path": FULLCHAIN, "private_key_path": KEY}

INSTALL_OPTIONS: dict[str, Any] = {
    "directory": {"type": "path", "required": True},
    "order_id": {"type": "str"},
    "certificate": {"type": "str"},
    "chain": {"type": "list", "elements": "str"},
    "private_key": {"type": "str", "no_log": True},
    # It says what to do where there is no key.
    "missing_key": {"type": "str", "choices": ["fail", "report"], "default": "fail", "no_log": False},
    "domains": {"type": "list", "elements": "str"},
    "certificate_path": {"type": "path"},
    # These two say where a key lies and hold none.
    "private_key_path": {"type": "path", "no_log": False},
    "existing_files": {"type": "str", "choices": ["link", "refuse"], "default": "link"},
    "owner": {"type": "str"},
    "group": {"type": "str"},
    "test_command": {"type": "raw"},
    "reload_command": {"type": "raw"},
    "command_timeout": {"type": "float", "default": 60},
    "verify_endpoints": {"type": "list", "elements": "raw"},
    "verify_timeout": {"type": "float", "default": 30},
    "preflight": {"type": "bool", "default": False},
}


@dataclass(frozen=True)
class How:
    """How a certificate is put into service, as far as that is known before there is one."""

    test_command: tuple[str, ...]
    reload_command: tuple[str, ...]
    endpoints: tuple[Endpoint, ...]


@dataclass(frozen=True)
class Wish:
    """One certificate to be put into service, and how that is proved."""

    bundle: Bundle
    facts: CertificateFacts
    order_id: str | None
    test_command: tuple[str, ...]
    reload_command: tuple[str, ...]
    command_timeout: float
    endpoints: tuple[Endpoint, ...]
    verify_timeout: float

    @property
    def title(self) -> str:
        """The certificate in a message."""
        name = self.facts.domains[0] if self.facts.domains else "no name"
        return f"certificate '{self.facts.serial}' for '{name}'"


def checked_wish(params: Params, now: float) -> Wish:
    """The wish, with all its faults reported at once.

    Arguments:
        now: seconds since the epoch.

    Raises CertwrightError (invalid_input).
    """
    if params["certificate"] is None:
        raise unusable(
            "certificate: is needed, unless preflight is true; give the PEM text", hint="Nothing was changed."
        )
    if not split_pem(params["certificate"]):
        raise unusable(
            "certificate: there is no PEM certificate (BEGIN CERTIFICATE) in it", hint="Nothing was changed."
        )
    pems = order_chain([params["certificate"], *(params["chain"] or [])])
    given = params["private_key"]
    # Keys that went through forms and files of other systems come with other line ends.
    bundle = Bundle(pems[0], tuple(pems[1:]), "\n".join(given.strip().splitlines()) + "\n" if given else None)
    facts = certificate_facts(bundle.leaf)
    how, faults = checked_how(params, facts.domains)
    faults = [*_certificate_faults(bundle, facts, params["domains"] or (), now), *faults]
    if faults:
        raise CertwrightError("; ".join(faults), kind=ErrorKind.INVALID_INPUT, hint="Nothing was changed.")
    return Wish(
        bundle=bundle,
        facts=facts,
        order_id=params["order_id"] or None,
        test_command=how.test_command,
        reload_command=how.reload_command,
        command_timeout=params["command_timeout"],
        endpoints=how.endpoints,
        verify_timeout=params["verify_timeout"],
    )


def checked_how(params: Params, names: Iterable[str] = ()) -> tuple[How, list[str]]:
    """Commands and endpoints, and the faults of all options that need no certificate to be checked.

    Arguments:
        names: the certificate's names, of which one is asked for where domains names none.
    """
    test, test_faults = _command(params, "test_command")
    reload, reload_faults = _command(params, "reload_command")
    endpoints, endpoint_faults = _endpoints(params, _asked_name(params["domains"] or names))
    faults = [*_option_faults(params), *test_faults, *reload_faults, *endpoint_faults]
    return How(test, reload, endpoints), faults


def _certificate_faults(bundle: Bundle, facts: CertificateFacts, domains: Iterable[str], now: float) -> list[str]:
    faults = []
    if bundle.private_key and not key_fits(bundle.private_key, bundle.leaf):
        faults.append("private_key: it does not belong to the certificate; give the key that was made for this order")
    missing = [normalise(name) for name in domains if not covers(facts.domains, name)]
    if missing:
        held = ", ".join(f"'{name}'" for name in facts.domains) or "no name"
        names = ", ".join(f"'{name}'" for name in missing)
        faults.append(f"domains: the certificate does not cover {names}; it is for {held}")
    if now < _seconds(facts.not_before):
        faults.append(
            f"certificate: it is not valid before '{facts.not_before}'; install it then, or set this host's clock"
        )
    if now >= _seconds(facts.not_after):
        faults.append(f"certificate: it expired at '{facts.not_after}'; get a new one")
    return faults


def _seconds(time: str) -> float:
    return datetime.strptime(time, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc).timestamp()


def _option_faults(params: Params) -> list[str]:
    faults = [
        f"{option}: give a number of seconds above 0"
        for option in ("command_timeout", "verify_timeout")
        if params[option] <= 0
    ]
    fault = directory_fault(params["directory"])
    faults += [fault] if fault else []
    paths = [(option, params[option]) for option in LIVE_FILES if params[option]]
    faults += [fault for option, path in paths for fault in _place_faults(option, path, params["directory"])]
    if len(paths) == 1:
        given, lacking = sorted(LIVE_FILES, key=lambda option: option != paths[0][0])
        faults.append(f"{lacking}: is needed beside {given}, so that both files of a pair change together; give both")
    if len(paths) == 2 and os.path.abspath(paths[0][1]) == os.path.abspath(paths[1][1]):
        faults.append(
            "private_key_path: it is the same file as certificate_path; files that hold both are not supported"
        )
    return faults


def _place_faults(option: str, path: str, directory: str) -> Iterator[str]:
    live = os.path.join(os.path.abspath(directory), "live")
    place, name = os.path.split(os.path.abspath(path))
    if place == live and name != LIVE_FILES[option]:
        yield f"{option}: of the live files, '{LIVE_FILES[option]}' is the one for this; '{path}' is another"
    elif place != live and _within(place, os.path.join(directory, "versions")):
        yield f"{option}: '{path}' lies among the versions in '{directory}'; name another place"


def _within(place: str, folder: str) -> bool:
    place, folder = os.path.realpath(place), os.path.realpath(folder)
    return os.path.commonpath((place, folder)) == folder


def _command(params: Params, option: str) -> tuple[tuple[str, ...], list[str]]:
    try:
        return tuple(argv_of(params[option])), []
    except ValueError as error:
        return (), [f"{option}: {error}"]


def _endpoints(params: Params, default_name: str | None) -> tuple[tuple[Endpoint, ...], list[str]]:
    endpoints, faults = [], []
    for value in params["verify_endpoints"] or ():
        try:
            endpoints.append(endpoint_of(value, default_name))
        except ValueError as error:
            faults.append(f"verify_endpoints: {error}")
    return tuple(endpoints), faults


def _asked_name(domains: Iterable[str]) -> str | None:
    """The name to ask a server for: the first that is no wildcard, else a name that the first wildcard covers."""
    names = [normalise(name) for name in domains]
    plain = [name for name in names if not is_wildcard(name)]
    return plain[0] if plain else f"www.{names[0][2:]}" if names else None
