# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is kept on the machine where the modules run, and where: the ledger of orders, the audit trail, the rates."""

from __future__ import annotations

import os
import pwd
import socket
from collections.abc import Mapping
from typing import Any, Callable

from ansible_collections.certwright.cloud.plugins.module_utils._audit import AuditTrail
from ansible_collections.certwright.cloud.plugins.module_utils._client import CallReport, ignore_report
from ansible_collections.certwright.cloud.plugins.module_utils._errors import InvalidInput
from ansible_collections.certwright.cloud.plugins.module_utils._ledger import Ledger
from ansible_collections.certwright.cloud.plugins.module_utils._module._use_case import Context

__all__ = ["STATE_OPTIONS", "ledger_from", "rate_folder", "report_from"]

Params = Mapping[str, Any]

STATE_OPTIONS: dict[str, Any] = {
    "state_dir": {"type": "path"},
    "audit_log": {"type": "path"},
}

_DIR, _LOG = "CERTWRIGHT_STATE_DIR", "CERTWRIGHT_AUDIT_LOG"
_OFF = "none"


def ledger_from(params: Params, context: Context) -> Ledger:
    """The ledger of orders. Raises InvalidInput for a folder that cannot be one.

    A folder that somebody has named has to work; without the default one a run goes on with a warning, because the
    cloud is read first in any case.
    """
    folder, source = _state_dir(params, context)

    def trouble(reason: str) -> None:
        if source:
            raise InvalidInput([f"{source}: the ledger of orders cannot be kept there: {reason}"])
        context.warn(
            f"The ledger of orders cannot be kept: {reason}. Do not run two plays for one order at the same time, or "
            "name a folder with state_dir."
        )

    return Ledger(os.path.join(folder, "orders") if folder else None, context.clock, trouble)


def report_from(params: Params, context: Context) -> Callable[[CallReport], None]:
    """What a client tells its writes to: the audit trail, or nothing. Raises InvalidInput for a path that is none."""
    if "audit_log" not in params:
        return ignore_report
    source = "audit_log" if params["audit_log"] else f"audit_log (environment variable {_LOG})"
    path: str | None = params["audit_log"] or context.environ.get(_LOG) or None
    if path == _OFF:
        return ignore_report
    if path is None:
        folder, _source = _state_dir(params, context)
        path = os.path.join(folder, "audit.jsonl") if folder else None
    if path is None:
        return ignore_report
    _require_absolute(source, path)
    who = {"user": _user(context), "host": socket.gethostname(), "site": params["site"]}
    return AuditTrail(path, who, context.clock, context.warn)


def rate_folder(params: Params, context: Context) -> str | None:
    """Where all processes of the user count their calls; None where no folder is known.

    Nothing is said of one that cannot be: a module that keeps more there says it anyway, and the others work as well.
    """
    try:
        folder, _source = _state_dir(params, context)
    except InvalidInput:
        return None
    return os.path.join(folder, "rate") if folder else None


def _state_dir(params: Params, context: Context) -> tuple[str | None, str]:
    """The folder, None where none is known; and who has named it, empty where nobody has."""
    environ = context.environ
    named_here = params.get("state_dir")
    for source, named in (("state_dir", named_here), (f"environment variable {_DIR}", environ.get(_DIR))):
        if named:
            _require_absolute(source, named)
            return named, source
    # A relative path there is to be ignored (XDG base directory specification).
    base = environ.get("XDG_STATE_HOME", "")
    if not os.path.isabs(base):
        home = environ.get("HOME", "")
        base = os.path.join(home, ".local", "state") if os.path.isabs(home) else ""
    return (os.path.join(base, "certwright") if base else None), ""


def _require_absolute(source: str, path: str) -> None:
    if not os.path.isabs(path):
        raise InvalidInput([f"{source}: '{path}' is no absolute path; give it from the root on"])


def _user(context: Context) -> str:
    """Who runs this, behind sudo too."""
    behind = context.environ.get("SUDO_USER")
    if behind:
        return behind
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())
