# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Key and certificate request for one order, made on the target and kept as a pending version."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from ansible_collections.certwright.cloud.plugins.module_utils._disk import Disk
from ansible_collections.certwright.cloud.plugins.module_utils._domains import name_fault, normalise
from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError, ErrorKind
from ansible_collections.certwright.cloud.plugins.module_utils._files import safe_name
from ansible_collections.certwright.cloud.plugins.module_utils._module._owner import target_owner
from ansible_collections.certwright.cloud.plugins.module_utils._module._use_case import Context, Result
from ansible_collections.certwright.cloud.plugins.module_utils._versions import (
    CSR,
    FACTS,
    FULLCHAIN,
    KEY,
    Versions,
    directory_fault,
)
from ansible_collections.certwright.cloud.plugins.module_utils._x509 import csr_facts, public_key_sha256_of_key
from ansible_collections.certwright.cloud.plugins.module_utils._x509_make import (
    KEY_TYPES,
    Subject,
    key_type_of,
    make_csr,
    make_key,
)

__all__ = ["REQUEST_OPTIONS", "request_certificate"]

Params = Mapping[str, Any]

_SUBJECT = ("organization", "organizational_unit", "country", "state_or_province", "locality", "email")

# A common name may have at most 64 characters (RFC 5280, ub-common-name).
_COMMON_NAME_LENGTH = 64

REQUEST_OPTIONS: dict[str, Any] = {
    "directory": {"type": "path", "required": True},
    "order_id": {"type": "str", "required": True},
    "domains": {"type": "list", "elements": "str", "required": True},
    # It names a kind of key and holds none.
    "key_type": {"type": "str", "choices": list(KEY_TYPES), "default": "rsa2048", "no_log": False},
    "organization": {"type": "str"},
    "organizational_unit": {"type": "str"},
    "country": {"type": "str"},
    "state_or_province": {"type": "str"},
    "locality": {"type": "str"},
    "email": {"type": "str"},
    "regenerate_csr": {"type": "bool", "default": False},
    "owner": {"type": "str"},
    "group": {"type": "str"},
}


@dataclass(frozen=True)
class _Wish:
    """What is asked for."""

    order_id: str
    names: tuple[str, ...]
    key_type: str
    subject: Subject
    regenerate: bool


@dataclass(frozen=True)
class _Held:
    """What the order's version has; installed says whether the live pair is this order's."""

    key: str | None
    csr: str | None
    facts: dict[str, Any]
    installed: bool


def request_certificate(params: Params, context: Context, disk: Disk | None = None) -> Result:
    """Makes what is missing of key and request for an order; what is there is kept.

    Raises CertwrightError: conflict where the pending request is for something else, invalid_input, permission, quota.
    """
    wish = _checked(params)
    versions = Versions(params["directory"], disk or Disk(), target_owner(params, context))
    version = safe_name(wish.order_id)
    if context.check_mode:
        before = _held(versions, version, wish)
        missing = _refused_or_missing(before, wish, versions.path(version))
        after = replace(before, csr=_foretold_csr(before, wish)) if missing else before
        changed = bool(missing) or versions.repair(version, dry=True)
    else:
        with versions.locked():
            before = _held(versions, version, wish)
            missing = _refused_or_missing(before, wish, versions.path(version))
            after = _made(versions, version, wish, before, missing) if missing else before
            changed = versions.repair(version, dry=False) or bool(missing)
    return {
        "changed": changed,
        "request": _request(versions, version, wish, after),
        "diff": {
            "before": _shown(before),
            "after": _foretold(before, wish) if context.check_mode and missing else _shown(after),
        },
    }


def _checked(params: Params) -> _Wish:
    names = tuple(dict.fromkeys(normalise(name) for name in params["domains"]))
    faults = [f"domains: '{name}' {fault}" for name in names for fault in [name_fault(name)] if fault]
    if not names:
        faults.append("domains: is empty; give at least one name")
    elif len(names[0]) > _COMMON_NAME_LENGTH:
        faults.append(
            f"domains: the first name becomes the common name, and '{names[0]}' has more than {_COMMON_NAME_LENGTH} "
            "characters; put a shorter one first"
        )
    fault = directory_fault(params["directory"])
    faults += [fault] if fault else []
    if not params["order_id"].strip():
        faults.append("order_id: is empty; give the order's id")
    country = params["country"]
    if country and not (len(country) == 2 and country.isalpha() and country.isascii()):
        faults.append(f"country: '{country}' is no code of two letters, such as CN or DE")
    if faults:
        raise CertwrightError("; ".join(faults), kind=ErrorKind.INVALID_INPUT, hint="Nothing was changed.")
    fields = {field: params[field] or None for field in _SUBJECT}
    subject = Subject(**{**fields, "country": country.upper() if country else None})
    return _Wish(params["order_id"], names, params["key_type"], subject, params["regenerate_csr"])


def _held(versions: Versions, version: str, wish: _Wish) -> _Held:
    live = versions.live()
    installed = (
        live is not None
        and versions.facts(live).get("order_id") == wish.order_id
        and versions.read(live, FULLCHAIN) is not None
    )
    return _Held(versions.read(version, KEY), versions.read(version, CSR), versions.facts(version), installed)


def _refused_or_missing(held: _Held, wish: _Wish, folder: str) -> list[str]:
    """The files that have to be made. Raises CertwrightError (conflict) where what is there says something else."""
    if held.key is None and held.csr is not None:
        raise _conflict(f"'{folder}' has a request but not its key, so its certificate can never be installed", wish)
    if held.key is None:
        return [KEY, CSR, FACTS]
    try:
        key_type = key_type_of(held.key)
        differences = [] if held.csr is None else _differences(held, held.csr, held.key, wish)
    except CertwrightError as error:
        raise _conflict(f"'{folder}' cannot be used: {error.message}", wish) from None
    if key_type != wish.key_type and not held.installed:
        raise _conflict(f"the key in '{folder}' is of type '{key_type}', not '{wish.key_type}'", wish)
    if differences and not wish.regenerate:
        raise _conflict(
            f"the request in '{folder}' was made with {', '.join(differences)}",
            wish,
            "It may have been submitted already. Ask for the same again, or set regenerate_csr to true for a new "
            "request with the same key if it was not. ",
        )
    # Without its facts a request was never handed out: the run that made it was killed, so it may be made anew.
    return [CSR, FACTS] if differences or held.csr is None or not held.facts else []


def _differences(held: _Held, csr: str, key: str, wish: _Wish) -> list[str]:
    request = csr_facts(csr)
    differences = []
    if request.common_name != wish.names[0] or set(request.names) != set(wish.names):
        differences.append(f"the names {_listed(request.names)}, not {_listed(wish.names)}")
    if request.public_key_sha256 != public_key_sha256_of_key(key):
        differences.append("another key than the one beside it")
    # The subject may change between two orders without harm to the one that is installed.
    if not held.installed and held.facts.get("subject", asdict(wish.subject)) != asdict(wish.subject):
        differences.append("other subject fields")
    return differences


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(f"'{name}'" for name in names)


def _conflict(message: str, wish: _Wish, hint: str = "") -> CertwrightError:
    return CertwrightError(
        f"Order '{wish.order_id}': {message}",
        kind=ErrorKind.CONFLICT,
        hint=f"{hint}If the order was never submitted, that directory can be removed to start afresh.",
    )


def _made(versions: Versions, version: str, wish: _Wish, held: _Held, missing: list[str]) -> _Held:
    key = held.key or make_key(wish.key_type)
    csr = make_csr(key, wish.names[0], wish.names, wish.subject)
    facts = {
        "order_id": wish.order_id,
        "domains": list(wish.names),
        "key_type": key_type_of(key),
        "public_key_sha256": public_key_sha256_of_key(key),
        "subject": asdict(wish.subject),
    }
    try:
        versions.make(version)
        if KEY in missing:
            versions.put(version, KEY, key, 0o600)
        versions.put(version, CSR, csr)
        versions.note(version, facts)
    except CertwrightError as error:
        if KEY in missing:
            versions.discard(version, [FACTS, CSR, KEY])
        else:
            # The new request may be in place although the step after that has failed.
            error.changed = versions.read(version, CSR) != held.csr
        raise
    return _Held(key, csr, facts, held.installed)


def _request(versions: Versions, version: str, wish: _Wish, held: _Held) -> dict[str, Any]:
    return {
        "order_id": wish.order_id,
        "csr": held.csr,
        "csr_path": versions.path(version, CSR),
        "private_key_path": versions.path(version, KEY),
        "public_key_sha256": None if held.key is None else public_key_sha256_of_key(held.key),
        "domains": list(wish.names if held.csr is None else csr_facts(held.csr).names),
        "key_type": wish.key_type if held.key is None else key_type_of(held.key),
        "installed": held.installed,
    }


def _shown(held: _Held) -> dict[str, Any]:
    facts = None if held.csr is None else csr_facts(held.csr)
    return {
        "public_key_sha256": None if held.key is None else public_key_sha256_of_key(held.key),
        "csr_sha256": None if held.csr is None else hashlib.sha256(held.csr.encode("utf-8")).hexdigest(),
        "domains": [] if facts is None else list(facts.names),
    }


def _foretold_csr(before: _Held, wish: _Wish) -> str:
    """A request as the real run would make it, so that check mode can go on to the task that submits it.

    Where there is no key yet it is made with a key that is forgotten at once.
    """
    return make_csr(before.key or make_key(wish.key_type), wish.names[0], wish.names, wish.subject)


def _foretold(before: _Held, wish: _Wish) -> dict[str, Any]:
    return {
        "public_key_sha256": _shown(before)["public_key_sha256"] or "of a new key",
        "csr_sha256": "of a new request",
        "domains": list(wish.names),
    }
