# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One value at one name: present or absent, and everybody else's values left alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Callable

from ansible_collections.certwright.cloud.plugins.module_utils._dns import DnsRecord, DnsService, Zone
from ansible_collections.certwright.cloud.plugins.module_utils._domains import holding_zone, name_fault, normalise
from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError, ErrorKind, InvalidInput
from ansible_collections.certwright.cloud.plugins.module_utils._module._use_case import Context, Result
from ansible_collections.certwright.cloud.plugins.module_utils._retry import Clock, wait_until

__all__ = ["RECORD_OPTIONS", "keeping_record"]

Params = Mapping[str, Any]

# A record write may be repeated after the records were read again (design, section 3: REPEATABLE).
_ATTEMPTS = 3
# Seconds between two looks for a record that is not listed yet.
_INTERVAL = 5.0

RECORD_OPTIONS: dict[str, Any] = {
    "name": {"type": "str", "required": True},
    "type": {"type": "str", "choices": ["TXT", "CNAME"], "default": "TXT"},
    "value": {"type": "str", "required": True},
    "ttl": {"type": "int", "default": 600},
    "zone": {"type": "str"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "wait_timeout": {"type": "int", "default": 0},
}


def keeping_record(build: Callable[[Params, Context], DnsService]) -> Callable[[Params, Context], Result]:
    """The function of a use case that keeps one DNS record.

    Arguments:
        build: makes the vendor's DNS service from the options; it sends nothing.
    """

    def function(params: Params, context: Context) -> Result:
        name = normalise(params["name"])
        fault = name_fault(name)
        if fault:
            raise InvalidInput([f"name: '{params['name']}' {fault}"])
        if not params["value"]:
            raise InvalidInput(["value: is empty; give the value of the record"])
        if params["wait_timeout"] < 0:
            raise InvalidInput(["wait_timeout: give 0 or a number of seconds"])
        service = build(params, context)
        try:
            return _keep(service, name, params, context)
        except CertwrightError as error:
            if f"'{name}'" not in error.message:
                error.message = f"Record '{name}': {error.message}"
            raise

    return function


def _keep(service: DnsService, name: str, params: Params, context: Context) -> Result:
    zone = _zone_of(service, name, params["zone"])
    wanted = DnsRecord(zone.name, name, params["type"], _stored(params["type"], params["value"]), params["ttl"])
    present = params["state"] == "present"
    timeout = 0 if present or context.check_mode else params["wait_timeout"]
    before = _listed(service, zone, wanted, timeout, context.clock)
    same = _same(before, wanted)
    changed = not same if present else bool(same)
    kept = same[0] if same else wanted
    if changed and present:
        _refuse_second_cname(before, wanted)
    if changed and not context.check_mode:
        kept = _written(service, zone, wanted, same, present)
    return {
        "changed": changed,
        "record": replace(kept, value=wanted.value).to_result(),
        "diff": _diff(wanted, before, present, changed),
    }


def _listed(service: DnsService, zone: Zone, wanted: DnsRecord, timeout: float, clock: Clock) -> list[DnsRecord]:
    """The records at the name. As long as the wanted one is not listed they are looked up again: a list may be late."""

    def look() -> tuple[bool, list[DnsRecord]]:
        records = service.records(zone, wanted.name, wanted.type)
        return bool(_same(records, wanted)), records

    return wait_until(look, timeout=timeout, interval=_INTERVAL, clock=clock)[1]


def _diff(wanted: DnsRecord, before: list[DnsRecord], present: bool, changed: bool) -> dict[str, Any]:
    old = sorted(_stored(record.type, record.value) for record in before)
    new = old
    if changed:
        new = sorted([*old, wanted.value]) if present else [value for value in old if value != wanted.value]
    shown = {"name": wanted.name, "type": wanted.type}
    return {"before": {**shown, "values": old}, "after": {**shown, "values": new}}


def _zone_of(service: DnsService, name: str, named: str | None) -> Zone:
    if named and holding_zone(name, [named]) is None:
        raise InvalidInput([f"zone: '{named}' does not hold '{name}'; leave zone out or name the right one"])
    zones = {normalise(zone.name): zone for zone in service.zones()}
    candidates = [normalise(named)] if named else list(zones)
    found = holding_zone(name, [candidate for candidate in candidates if candidate in zones])
    if found is not None:
        return zones[found]
    wanted = f"The zone '{named}'" if named else f"A zone that holds '{name}'"
    hosted = ", ".join(f"'{zone}'" for zone in sorted(zones)[:5]) or "none"
    more = f" and {len(zones) - 5} more" if len(zones) > 5 else ""
    raise CertwrightError(
        f"{wanted} is not hosted in this account (hosted: {hosted}{more})",
        kind=ErrorKind.NOT_FOUND,
        hint="Use the account that hosts the zone, another DNS backend, or publish the record by hand.",
    )


def _written(service: DnsService, zone: Zone, wanted: DnsRecord, same: list[DnsRecord], present: bool) -> DnsRecord:
    """Creates or deletes; after a call without a usable answer the records are read again before it is repeated."""
    failure: CertwrightError | None = None
    changed = False
    for _attempt in range(_ATTEMPTS):
        try:
            return _write(service, zone, wanted, same, present)
        except CertwrightError as error:
            error.changed = changed = changed or error.changed
            if not error.ambiguous:
                raise
            left = _left(service, zone, wanted, error)
            if bool(left) is present:
                return left[0] if left else same[0]
            error.changed = changed = changed or len(left) < len(same)
            same, failure = left, error
    raise failure or AssertionError("at least one attempt is made")


def _write(service: DnsService, zone: Zone, wanted: DnsRecord, same: list[DnsRecord], present: bool) -> DnsRecord:
    if present:
        return service.create(zone, wanted)
    for count, record in enumerate(same):
        try:
            service.delete(zone, record)
        except CertwrightError as error:
            error.changed = error.changed or count > 0
            raise
    return same[0]


def _left(service: DnsService, zone: Zone, wanted: DnsRecord, failure: CertwrightError) -> list[DnsRecord]:
    """The records with the wanted value, as they are after a write without a usable answer."""
    try:
        return _same(service.records(zone, wanted.name, wanted.type), wanted)
    except CertwrightError as error:
        raise failure.left_open(
            f"Record '{wanted.name}': it is not known whether it was written, and it could not be read again: "
            f"{failure.message}",
            "Run the same task again: it reads the records first and writes only what is missing.",
        ) from error


def _same(records: list[DnsRecord], wanted: DnsRecord) -> list[DnsRecord]:
    return [record for record in records if _stored(record.type, record.value) == wanted.value]


def _refuse_second_cname(before: list[DnsRecord], wanted: DnsRecord) -> None:
    if wanted.type == "CNAME" and before:
        raise CertwrightError(
            f"'{wanted.name}' is already a CNAME to '{before[0].value}', and a name can have only one",
            kind=ErrorKind.CONFLICT,
            hint="Remove that record first if nobody needs it.",
        )


def _stored(record_type: str, value: str) -> str:
    """A value in the form in which values are compared: TXT without quotes, CNAME as a normal name."""
    if record_type == "CNAME":
        return normalise(value)
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] == '"' else value
