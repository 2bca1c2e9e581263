# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an installation needs of the host: checked before an order is spent, and again before anything is changed."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ansible_collections.certwright.cloud.plugins.module_utils._disk import Ownership, disk_faults
from ansible_collections.certwright.cloud.plugins.module_utils._domains import covers, normalise
from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError, ErrorKind
from ansible_collections.certwright.cloud.plugins.module_utils._links import Link, is_placed
from ansible_collections.certwright.cloud.plugins.module_utils._module._install_plan import Tools
from ansible_collections.certwright.cloud.plugins.module_utils._module._install_wish import LIVE_FILES, checked_how
from ansible_collections.certwright.cloud.plugins.module_utils._module._owner import target_owner
from ansible_collections.certwright.cloud.plugins.module_utils._module._use_case import Context
from ansible_collections.certwright.cloud.plugins.module_utils._versions import FULLCHAIN, Versions
from ansible_collections.certwright.cloud.plugins.module_utils._x509 import certificate_facts

__all__ = ["check_host", "links_of", "refuse_place", "refuse_strange_live"]

Params = Mapping[str, Any]

# The version that a run that was killed has made of a server's own files; it may hold any certificate.
_ADOPTED = "before-certwright-"


def check_host(params: Params, tools: Tools, context: Context) -> Versions:
    """Checks all that can be known before there is a certificate; changes nothing and runs nothing.

    Returns the certificate's directory. Raises CertwrightError with all faults in one message. In check mode a user, a
    program or a directory that an earlier task may yet make is no fault.
    """
    faults: list[CertwrightError] = []
    how, options = checked_how(params)
    faults += [_fault(option) for option in options]
    with _collected(faults):
        target_owner(params, context)
    commands = {"test_command": how.test_command, "reload_command": how.reload_command}
    faults += _missing_programs(commands, tools, context)
    versions = Versions(params["directory"], tools.disk, Ownership())
    if os.path.isabs(params["directory"]):
        with _collected(faults):
            _refuse_unusable("directory", versions.directory)
        with _collected(faults):
            refuse_strange_live(versions, params["domains"] or ())
    if params["certificate_path"] and params["private_key_path"]:
        faults += _unusable_links(params, versions, context)
    if faults:
        message = "; ".join(dict.fromkeys(fault.message for fault in faults))
        raise CertwrightError(message, kind=faults[0].kind, hint="Nothing was changed.")
    return versions


def links_of(params: Params, versions: Versions) -> dict[str, Link]:
    """The paths that have to become links, by the option that names them."""
    return {
        option: Link(os.path.abspath(params[option]), os.path.join(versions.live_path, file))
        for option, file in LIVE_FILES.items()
        if params[option]
    }


def refuse_place(option: str, link: Link, refuse: bool, context: Context) -> None:
    """Raises CertwrightError where a path cannot, or must not, become a link."""
    fault, kind = None, ErrorKind.INVALID_INPUT
    with disk_faults():
        placed = is_placed(link)
    if os.path.isdir(link.path):
        fault = f"'{link.path}' is a directory; name a file"
    elif not context.check_mode and not os.path.isdir(os.path.dirname(link.path)) and not placed:
        fault = f"there is no directory '{os.path.dirname(link.path)}'; make it first"
    elif refuse and os.path.lexists(link.path) and not placed:
        kind = ErrorKind.CONFLICT
        fault = f"'{link.path}' exists and existing_files is 'refuse'; move it away, or set existing_files to 'link'"
    if fault:
        raise _fault(f"{option}: {fault}", kind)


def refuse_strange_live(versions: Versions, names: Iterable[str]) -> None:
    """Raises CertwrightError (conflict) where the live certificate shares no name with the wanted one.

    Arguments:
        names: those that the wanted certificate is for; without any nothing is compared.
    """
    live, wanted = versions.live(), tuple(normalise(name) for name in names)
    text = versions.read(live, FULLCHAIN) if live and not live.startswith(_ADOPTED) else None
    if not text or not wanted:
        return
    try:
        held = certificate_facts(text).domains
    except CertwrightError:
        # What cannot be read serves nobody, so it may be replaced.
        return
    if held and not any(covers(held, name) for name in wanted) and not any(covers(wanted, name) for name in held):
        raise _fault(
            f"directory: '{versions.directory}' holds a live certificate for {_quoted(held)}, which shares no name "
            f"with {_quoted(wanted)}; each certificate has a directory of its own, so name another one",
            ErrorKind.CONFLICT,
        )


def _missing_programs(
    commands: Mapping[str, tuple[str, ...]], tools: Tools, context: Context
) -> Iterator[CertwrightError]:
    for option, argv in commands.items():
        if not argv or tools.find(argv[0]):
            continue
        fault = f"{option}: there is no program '{argv[0]}' on this host that this user may run"
        if context.check_mode:
            context.warn(f"{fault}; that is fine if an earlier task makes it")
        else:
            yield _fault(f"{fault}; install it, or name its whole path")


def _unusable_links(params: Params, versions: Versions, context: Context) -> list[CertwrightError]:
    faults: list[CertwrightError] = []
    for option, link in links_of(params, versions).items():
        with _collected(faults):
            refuse_place(option, link, params["existing_files"] == "refuse", context)
            if not is_placed(link):
                _refuse_unusable(option, os.path.dirname(link.path))
    return faults


def _refuse_unusable(option: str, directory: str) -> None:
    """Raises CertwrightError where nothing can be made in a directory, or the directory itself cannot be made."""
    path = directory
    while not os.path.lexists(path):
        path = os.path.dirname(path)
    if not os.path.isdir(path):
        raise _fault(f"{option}: '{path}' is no directory, so nothing can be put below it; name another place")
    if not os.access(path, os.W_OK | os.X_OK):
        raise _fault(
            f"{option}: this user cannot write to '{path}', or its file system is read-only; use become, or name "
            "another place",
            ErrorKind.PERMISSION,
        )


@contextmanager
def _collected(faults: list[CertwrightError]) -> Iterator[None]:
    """Notes a fault, so that all can be said at once."""
    try:
        with disk_faults():
            yield
    except CertwrightError as error:
        faults.append(error)


def _fault(message: str, kind: ErrorKind = ErrorKind.INVALID_INPUT) -> CertwrightError:
    return CertwrightError(message, kind=kind, hint="Nothing was changed.")


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)
