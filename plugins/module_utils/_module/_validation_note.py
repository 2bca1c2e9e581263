# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A note on the target of which validation records are published.

The clouds stop telling the values once an order is issued, and give new ones when it is submitted again. So a run that
is killed in between would leave records that nobody can name any more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.certwright.cloud.plugins.module_utils._disk import Disk
from ansible_collections.certwright.cloud.plugins.module_utils._domains import name_fault, normalise
from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError, ErrorKind
from ansible_collections.certwright.cloud.plugins.module_utils._module._owner import target_owner
from ansible_collections.certwright.cloud.plugins.module_utils._module._use_case import Context, Result
from ansible_collections.certwright.cloud.plugins.module_utils._versions import Versions, directory_fault

__all__ = ["NOTE_CONSTRAINTS", "NOTE_OPTIONS", "note_validation"]

Params = Mapping[str, Any]

NOTE_OPTIONS: dict[str, Any] = {
    "directory": {"type": "path", "required": True},
    "records": {
        "type": "list",
        "elements": "dict",
        "options": {
            "name": {"type": "str", "required": True},
            "type": {"type": "str", "choices": ["TXT", "CNAME"], "default": "TXT"},
            "value": {"type": "str", "required": True},
        },
    },
    "dns": {"type": "str"},
    "site": {"type": "str", "choices": ["intl", "china"], "default": "intl"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "owner": {"type": "str"},
    "group": {"type": "str"},
}

NOTE_CONSTRAINTS: dict[str, Any] = {
    "required_by": {"records": ["dns"]},
    "required_if": [("state", "absent", ["records"])],
}


@dataclass(frozen=True)
class _Noted:
    """One record, and the account whose DNS service keeps its zone."""

    dns: str
    site: str
    name: str
    type: str
    value: str


def note_validation(params: Params, context: Context, disk: Disk | None = None) -> Result:
    """Adds records to the note or takes them off it; without records it only reads.

    Raises CertwrightError: invalid_input, conflict where another run works on the directory, permission, quota.
    """
    given = _checked(params)
    versions = Versions(params["directory"], disk or Disk(), target_owner(params, context))
    before = _read(versions)
    after = _changed(before, given, params["state"])
    if after != before and not context.check_mode:
        with versions.locked():
            before = _read(versions)
            after = _changed(before, given, params["state"])
            versions.note_published({"published": _grouped(after)} if after else {})
    return {
        "changed": after != before,
        "published": _grouped(after),
        "diff": {"before": {"published": _grouped(before)}, "after": {"published": _grouped(after)}},
    }


def _checked(params: Params) -> list[_Noted]:
    fault = directory_fault(params["directory"])
    faults = [fault] if fault else []
    given = []
    for each in params["records"] or ():
        name = normalise(each["name"])
        wrong = name_fault(name)
        if wrong:
            faults.append(f"records: '{each['name']}' {wrong}")
        if not each["value"]:
            faults.append(f"records: '{each['name']}' has no value; give the value that is published")
        given.append(_Noted(params["dns"], params["site"], name, each["type"], each["value"]))
    if faults:
        raise CertwrightError("; ".join(faults), kind=ErrorKind.INVALID_INPUT, hint="Nothing was changed.")
    return given


def _read(versions: Versions) -> list[_Noted]:
    """What is noted. Raises CertwrightError where the note is not one of ours: its records would be lost unseen."""
    notes = versions.published()
    if notes is None:
        return []
    try:
        return [
            _Noted(str(group["dns"]), str(group["site"]), *(str(record[field]) for field in ("name", "type", "value")))
            for group in notes["published"]
            for record in group["records"]
        ]
    except (KeyError, TypeError) as error:
        raise CertwrightError(
            f"The note of published records in '{versions.directory}' cannot be read",
            kind=ErrorKind.CONFLICT,
            hint="See which records it names, remove them from DNS if they are still there, and remove the file "
            "'.validation.json'.",
        ) from error


def _changed(noted: list[_Noted], given: list[_Noted], state: str) -> list[_Noted]:
    """What is noted after the given records were added or taken off."""
    if state == "present":
        return list(dict.fromkeys((*noted, *given)))
    return [each for each in noted if each not in given]


def _grouped(noted: list[_Noted]) -> list[dict[str, Any]]:
    """The records by the account that keeps them, as somebody removes them."""
    groups: dict[tuple[str, str], list[dict[str, str]]] = {}
    for each in noted:
        record = {"name": each.name, "type": each.type, "value": each.value}
        groups.setdefault((each.dns, each.site), []).append(record)
    return [{"dns": dns, "site": site, "records": records} for (dns, site), records in groups.items()]
