# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Puts an issued certificate into service on the target, or leaves everything as it was."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from typing import Any

from ansible_collections.certwright.cloud.plugins.module_utils._disk import disk_faults
from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError, ErrorKind
from ansible_collections.certwright.cloud.plugins.module_utils._files import safe_name
from ansible_collections.certwright.cloud.plugins.module_utils._links import Link, described, is_placed
from ansible_collections.certwright.cloud.plugins.module_utils._module._install_plan import (
    Plan,
    Tools,
    contents,
    first_look,
    with_order,
)
from ansible_collections.certwright.cloud.plugins.module_utils._module._install_preflight import (
    check_host,
    links_of,
    refuse_place,
    refuse_strange_live,
)
from ansible_collections.certwright.cloud.plugins.module_utils._module._install_run import Installation
from ansible_collections.certwright.cloud.plugins.module_utils._module._install_turn import in_turn
from ansible_collections.certwright.cloud.plugins.module_utils._module._install_wish import Wish, checked_wish
from ansible_collections.certwright.cloud.plugins.module_utils._module._owner import target_owner
from ansible_collections.certwright.cloud.plugins.module_utils._module._use_case import Context, Result
from ansible_collections.certwright.cloud.plugins.module_utils._serving import Served
from ansible_collections.certwright.cloud.plugins.module_utils._versions import (
    CERTIFICATE,
    CHAIN,
    FACTS,
    FULLCHAIN,
    KEY,
    Versions,
)
from ansible_collections.certwright.cloud.plugins.module_utils._x509 import certificate_facts, key_fits

__all__ = ["KeyMissing", "install_certificate"]

Params = Mapping[str, Any]


class KeyMissing(CertwrightError):
    """A certificate without a key; report is the result for those who want to know it rather than fail."""

    def __init__(self, wish: Wish, report: Result) -> None:
        super().__init__(
            f"private_key: no key for the {wish.title} is held on this host, and none was given",
            kind=ErrorKind.INVALID_INPUT,
            hint="If the cloud made the key, fetch it with return_private_key and give it as private_key; "
            "if it was made elsewhere, bring it along. Nothing was changed.",
        )
        self.report = report


def install_certificate(params: Params, context: Context, tools: Tools | None = None) -> Result:
    """Makes a certificate live, proves that it is served, or puts everything back; with preflight only checks the host.

    Raises CertwrightError: invalid_input or conflict before anything is changed; InstallationFailed (rejected, timeout,
    permission, quota) after everything was put back.
    """
    tools = tools or Tools()
    try:
        return _checked_only(params, tools, context) if params["preflight"] else _installed(params, tools, context)
    except CertwrightError as error:
        with_order(error, params["order_id"], issued=not params["preflight"])
        raise


def _checked_only(params: Params, tools: Tools, context: Context) -> Result:
    versions = check_host(params, tools, context)
    version = safe_name(params["order_id"]) if params["order_id"] else None
    return {"changed": False, "files": _files(versions, version)}


def _installed(params: Params, tools: Tools, context: Context) -> Result:
    wish = checked_wish(params, context.clock.now())
    versions = Versions(params["directory"], tools.disk, target_owner(params, context))
    if context.check_mode:
        return _work(params, wish, versions, tools, context)
    try:
        # It leaves no directories behind that were made in vain.
        with versions.locked():
            return _work(params, wish, versions, tools, context)
    except KeyMissing as error:
        if params["missing_key"] == "fail":
            raise
        return error.report


def _work(params: Params, wish: Wish, versions: Versions, tools: Tools, context: Context) -> Result:
    live = versions.live()
    refuse_strange_live(versions, wish.facts.domains)
    links = _links(params, versions, context)
    version, key = _choice(versions, wish, live)
    served = first_look(wish, tools)
    # The live files need no link where they are what the server's configuration names.
    others = tuple(link for link in links if not link.is_target)
    before = _shown(versions, others)
    if key is None:
        report = {
            **_result(wish, versions, version, served, context.check_mode),
            "key_missing": True,
            "diff": {"before": before, "after": before},
        }
        if not context.check_mode:
            raise KeyMissing(wish, report)
        return report
    plan = Plan(wish, version, key, links, live, served)
    needed = _needed(versions, plan)
    if needed and not context.check_mode:
        installation = Installation(versions, plan, tools, context)
        with in_turn(wish.reload_command, tools, context):
            installation.run()
        served = installation.served
    wrong = versions.repair(version, dry=context.check_mode)
    after = {"live": version, **_certificate_shown(wish), **{link.path: f"link to {link.target}" for link in others}}
    return {**_result(wish, versions, version, served, needed or wrong), "diff": {"before": before, "after": after}}


def _links(params: Params, versions: Versions, context: Context) -> tuple[Link, ...]:
    """The paths that have to become links. Raises CertwrightError where one cannot or must not."""
    links = links_of(params, versions)
    for option, link in links.items():
        refuse_place(option, link, params["existing_files"] == "refuse", context)
    return tuple(links.values())


def _choice(versions: Versions, wish: Wish, live: str | None) -> tuple[str, str | None]:
    """The version that is to hold the certificate, and its key if one is held or given."""
    whole = wish.bundle.full_chain
    if live is not None and versions.read(live, FULLCHAIN) == whole:
        key = versions.read(live, KEY)
        if _fits(key, wish):
            return live, key
    first, *others = _candidates(wish)
    for candidate in (first, *others):
        held, key = versions.read(candidate, FULLCHAIN), versions.read(candidate, KEY)
        if held not in (None, whole):
            continue
        if key is None or _fits(key, wish):
            return candidate, key or wish.bundle.private_key or _key_elsewhere(versions, wish)
        if held is None and wish.bundle.private_key is None:
            raise CertwrightError(
                f"The pending key '{versions.path(candidate, KEY)}' does not belong to the {wish.title}: "
                "the order was made with another key",
                kind=ErrorKind.CONFLICT,
                hint="Give the key that the order was made with as private_key. If the pending key was never "
                f"submitted, '{versions.path(candidate)}' can be moved away instead. Nothing was changed.",
            )
    raise CertwrightError(
        f"'{versions.path(others[-1])}' holds something else than the {wish.title}",
        kind=ErrorKind.CONFLICT,
        hint="Move that directory away. Nothing was changed.",
    )


def _candidates(wish: Wish) -> list[str]:
    """Names for the version: the order's, and where that holds another certificate or key, longer ones."""
    serial = wish.facts.serial
    base = safe_name(wish.order_id) if wish.order_id else f"serial-{serial}"
    digest = hashlib.sha256(wish.bundle.full_chain.encode("utf-8")).hexdigest()
    return [base, f"{base}-{serial[:8]}", f"{base}-{serial[:8]}-{digest[:8]}"]


def _key_elsewhere(versions: Versions, wish: Wish) -> str | None:
    keys = (versions.read(version, KEY) for version in versions.names())
    return next((key for key in keys if _fits(key, wish)), None)


def _fits(key: str | None, wish: Wish) -> bool:
    try:
        return key is not None and key_fits(key, wish.bundle.leaf)
    except CertwrightError:
        return False


def _needed(versions: Versions, plan: Plan) -> bool:
    """Whether anything has to be done; what another run began and did not end counts."""
    with disk_faults():
        unplaced = not all(is_placed(link) for link in plan.links)
    held = {name: versions.read(plan.version, name) for name in (FACTS, *contents(plan.wish))}
    complete = held[FACTS] is not None and all(held[name] == text for name, text in contents(plan.wish).items())
    return (
        unplaced
        or not complete
        or plan.live != plan.version
        or bool(versions.journal())
        or not all(each.matches for each in plan.served)
    )


def _result(wish: Wish, versions: Versions, version: str, served: tuple[Served, ...], changed: bool) -> Result:
    return {
        "changed": changed,
        "files": _files(versions, version),
        "certificate": wish.facts.to_result(),
        "served": [each.to_result() for each in served],
        "rolled_back": False,
        "key_missing": False,
    }


def _files(versions: Versions, version: str | None) -> dict[str, str | None]:
    live = versions.live_path
    return {
        "directory": versions.directory,
        "live": live,
        "version": None if version is None else versions.path(version),
        "certificate": os.path.join(live, CERTIFICATE),
        "fullchain": os.path.join(live, FULLCHAIN),
        "chain": os.path.join(live, CHAIN),
        "private_key": os.path.join(live, KEY),
    }


def _shown(versions: Versions, links: tuple[Link, ...]) -> dict[str, Any]:
    """What is in place, for the diff."""
    live = versions.live()
    held = versions.read(live, FULLCHAIN) if live else None
    shown: dict[str, Any] = {"live": live, "serial": None, "fingerprint_sha256": None, "not_after": None}
    if held:
        try:
            facts = certificate_facts(held)
            shown.update(serial=facts.serial, fingerprint_sha256=facts.fingerprint_sha256, not_after=facts.not_after)
        except CertwrightError:
            shown["serial"] = "unreadable"
    with disk_faults():
        return {**shown, **{link.path: described(link.path) for link in links}}


def _certificate_shown(wish: Wish) -> dict[str, Any]:
    facts = wish.facts
    return {"serial": facts.serial, "fingerprint_sha256": facts.fingerprint_sha256, "not_after": facts.not_after}
