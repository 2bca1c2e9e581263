# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waits until every name server shows the records that a CA is going to look for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.certwright.cloud.plugins.module_utils._dns_lookup import (
    Ask,
    Authorities,
    Lookup,
    Server,
    Sought,
    View,
    ask_server,
    named_server,
    system_nameservers,
)
from ansible_collections.certwright.cloud.plugins.module_utils._domains import name_fault, normalise
from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError, ErrorKind
from ansible_collections.certwright.cloud.plugins.module_utils._module._use_case import Context, Result
from ansible_collections.certwright.cloud.plugins.module_utils._retry import wait_until
from ansible_collections.certwright.cloud.plugins.module_utils._waiting import Waiting

__all__ = ["DNS_WAIT_CONSTRAINTS", "DNS_WAIT_OPTIONS", "wait_for_records"]

Params = Mapping[str, Any]
Views = dict[Sought, list[View]]

_RECORD: dict[str, Any] = {
    "name": {"type": "str"},
    "type": {"type": "str", "choices": ["TXT", "CNAME"], "default": "TXT"},
    "value": {"type": "str"},
}

DNS_WAIT_OPTIONS: dict[str, Any] = {
    **_RECORD,
    "records": {
        "type": "list",
        "elements": "dict",
        "options": {
            "name": {"type": "str", "required": True},
            "type": {"type": "str", "choices": ["TXT", "CNAME"], "default": "TXT"},
            "value": {"type": "str", "required": True},
        },
    },
    "servers": {"type": "list", "elements": "str"},
    "wait_timeout": {"type": "int", "default": 900},
    "wait_interval": {"type": "float", "default": 10},
    "query_timeout": {"type": "float", "default": 5},
}

DNS_WAIT_CONSTRAINTS: dict[str, Any] = {
    "mutually_exclusive": [("records", "name"), ("records", "value")],
    "required_one_of": [("records", "name")],
    "required_together": [("name", "value")],
}

# More than this nobody reads in one message.
_NAMED_IN_MESSAGE = 3


class _NotSeen(CertwrightError):
    """The time is over; the result still says what every server shows."""

    def __init__(self, message: str, hint: str, facts: dict[str, Any]) -> None:
        super().__init__(message, kind=ErrorKind.TIMEOUT, hint=hint)
        self.facts = facts

    def to_result(self) -> dict[str, Any]:
        """The failed result with complete, records and waited."""
        return {**super().to_result(), **self.facts}


def wait_for_records(
    params: Params,
    context: Context,
    ask: Ask = ask_server,
    authorities: Authorities | None = None,
) -> Result:
    """Looks until every server shows every record; in check mode, or with no time to wait, once.

    Raises CertwrightError: invalid_input, or timeout with all that was seen last.
    """
    records, servers = _checked(params)
    notes: list[str] = []
    found = authorities or Authorities(system_nameservers, notes.append)
    lookup = Lookup((lambda name: servers) if servers else found, ask, params["query_timeout"])
    timeout = 0 if context.check_mode else params["wait_timeout"]
    views: Views = {}

    def look() -> tuple[bool, None]:
        views.update(lookup.look(records, views))
        return all(_complete(views[record]) for record in records), None

    done, _seen, waited = wait_until(
        look,
        timeout=timeout,
        interval=params["wait_interval"],
        clock=context.clock,
        tell=context.telling(lambda _seen, waited, next_look: _standing(views, waited, next_look)),
    )
    facts = {
        "complete": done,
        "records": [_shown(record, views[record]) for record in records],
        "waited": round(waited, 1),
        "notes": notes,
    }
    if not done and timeout:
        raise _NotSeen(_still_missing(views, timeout), _HINT, facts)
    return {"changed": False, **facts}


_HINT = (
    "Nothing is lost: the order waits for its records. Check that they are published in the zone that the public name "
    "servers serve, then run again; a longer wait_timeout helps where the provider is slow."
)


def _checked(params: Params) -> tuple[list[Sought], list[Server]]:
    given = params["records"] if params["records"] is not None else [params]
    faults = [
        f"{option}: give a number of seconds above 0"
        for option in ("wait_interval", "query_timeout")
        if params[option] <= 0
    ]
    if params["wait_timeout"] < 0:
        faults.append("wait_timeout: give 0 or a number of seconds")
    records, servers = [], []
    for each in given:
        name = normalise(each["name"])
        fault = name_fault(name)
        if fault:
            faults.append(f"name: '{each['name']}' {fault}")
        if not each["value"]:
            faults.append(f"value: is empty for '{each['name']}'; give the value that has to be seen")
        records.append(Sought(name, each["type"], _value(each["type"], each["value"])))
    for text in params["servers"] or ():
        try:
            servers.append(named_server(text))
        except ValueError as error:
            faults.append(f"servers: {error}")
    if faults:
        raise CertwrightError("; ".join(faults), kind=ErrorKind.INVALID_INPUT, hint="No server was asked.")
    return list(dict.fromkeys(records)), servers


def _value(record_type: str, value: str) -> str:
    if record_type == "CNAME":
        return normalise(value)
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] == '"' else value


def _complete(views: Sequence[View]) -> bool:
    return bool(views) and all(view.seen for view in views)


def _shown(record: Sought, views: Sequence[View]) -> dict[str, Any]:
    return {
        **vars(record),
        "complete": _complete(views),
        "servers": [view.to_result() for view in sorted(views, key=lambda view: view.server)],
    }


def _standing(views: Views, waited: float, next_look: float) -> Waiting:
    """The wait in words."""
    missing = [(record, seen) for record, seen in views.items() if not _complete(seen)]
    names = {record.name for record in views}
    subject = f"'{next(iter(names))}'" if len(names) == 1 else f"{len(views)} records"
    said = [_behind(seen) if len(names) == 1 else f"'{record.name}' {_behind(seen)}" for record, seen in missing]
    shown = "; ".join(said[:_NAMED_IN_MESSAGE])
    return Waiting(subject, "DNS", len(views) - len(missing), len(views), shown, waited, next_look)


def _behind(seen: Sequence[View]) -> str:
    """What the servers say that do not show a record yet."""
    behind = [view for view in seen if not view.seen]
    said = ", ".join(f"'{view.server}' {_saying(view)}" for view in behind[:_NAMED_IN_MESSAGE])
    more = f" and {len(behind) - _NAMED_IN_MESSAGE} more" if len(behind) > _NAMED_IN_MESSAGE else ""
    return f"at {len(behind)} of {len(seen)} servers ({said}{more})"


def _still_missing(views: Views, timeout: float) -> str:
    missing = [(record, seen) for record, seen in views.items() if not _complete(seen)]
    parts = [
        f"{record.type} '{record.name}' with the value '{record.value}' {_behind(seen)}"
        for record, seen in missing[:_NAMED_IN_MESSAGE]
    ]
    if len(missing) > _NAMED_IN_MESSAGE:
        parts.append(f"and {len(missing) - _NAMED_IN_MESSAGE} more records")
    return f"After {timeout:g} s not every name server shows the validation records: {'; '.join(parts)}"


def _saying(view: View) -> str:
    if view.error:
        # What concerns this very server goes on as one sentence with its name.
        return view.error[3:] if view.error.startswith("it ") else f"cannot be asked: {view.error}"
    if not view.values:
        return "has no such record"
    return "still says " + ", ".join(f"'{value}'" for value in view.values[:_NAMED_IN_MESSAGE])
