# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One value at one name, and everybody else's left alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.certwright.cloud.plugins.module_utils._dns import DnsRecord, Zone
from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError, ErrorKind, InvalidInput
from ansible_collections.certwright.cloud.plugins.module_utils._module._dns_record import (
    RECORD_OPTIONS,
    keeping_record,
)
from ansible_collections.certwright.cloud.plugins.module_utils._module._use_case import Context
from ansible_collections.certwright.cloud.plugins.module_utils._retry import Clock
from ansible_collections.certwright.cloud.tests.unit.plugins.helpers import FakeClock, refusal, unanswered

NAME = "_dnsauth.www.example.com"


def record(value: str, record_id: str = "1", record_type: str = "TXT", name: str = NAME) -> DnsRecord:
    return DnsRecord("example.com", name, record_type, value, 600, record_id)


class FakeDns:
    """A DNS service over a list of records.

    ``lost`` and ``refused`` say which write (counted from 0) loses its answer before or after it was carried out, or
    is refused; ``deaf`` counts the reads after which no read works.
    """

    def __init__(self, *records: DnsRecord, zones: tuple[str, ...] = ("example.com",)) -> None:
        self.kept = list(records)
        self.hosted = [Zone(zone, f"id of {zone}") for zone in zones]
        self.calls: list[str] = []
        self.lost: dict[int, str] = {}
        self.refused: set[int] = set()
        self.deaf = 99
        self._writes = 0

    def zones(self) -> list[Zone]:
        return self.hosted

    def records(self, zone: Zone, name: str, record_type: str) -> list[DnsRecord]:
        self.calls.append(f"read {name} {record_type} in {zone.name}")
        if sum(call.startswith("read") for call in self.calls) > self.deaf:
            raise refusal(ErrorKind.NETWORK)
        return [each for each in self.kept if (each.name, each.type) == (name, record_type)]

    def create(self, zone: Zone, record: DnsRecord) -> DnsRecord:
        made = replace(record, id="new")
        self._write(f"create {record.value}", lambda: self.kept.append(made))
        return made

    def delete(self, zone: Zone, record: DnsRecord) -> None:
        self._write(f"delete {record.id}", lambda: self.kept.remove(record))

    def _write(self, call: str, effect: Any) -> None:
        number, self._writes = self._writes, self._writes + 1
        self.calls.append(call)
        if number in self.refused:
            raise refusal()
        if self.lost.get(number) != "before":
            effect()
        if number in self.lost:
            raise unanswered()

    @property
    def written(self) -> list[str]:
        return [call for call in self.calls if not call.startswith("read")]


def keep(
    service: FakeDns, value: str = "ours", check_mode: bool = False, clock: Clock | None = None, **given: Any
) -> dict[str, Any]:
    params = {name: spec.get("default") for name, spec in RECORD_OPTIONS.items()}
    params.update({"name": NAME, "value": value, **given})
    return keeping_record(lambda _params, _context: service)(
        params, Context(check_mode=check_mode, clock=clock or FakeClock())
    )


def failure(service: FakeDns, value: str = "ours", **given: Any) -> CertwrightError:
    with pytest.raises(CertwrightError) as caught:
        keep(service, value, **given)
    return caught.value


def test_missing_value_is_added_beside_the_others() -> None:
    service = FakeDns(record("theirs"))
    assert keep(service, ttl=900) == {
        "changed": True,
        "record": {"zone": "example.com", "name": NAME, "type": "TXT", "value": "ours", "ttl": 900, "id": "new"},
        "diff": {
            "before": {"name": NAME, "type": "TXT", "values": ["theirs"]},
            "after": {"name": NAME, "type": "TXT", "values": ["ours", "theirs"]},
        },
    }
    assert [each.value for each in service.kept] == ["theirs", "ours"]


def test_value_that_is_there_is_left_alone() -> None:
    service = FakeDns(record("theirs"), record("ours", "2"))
    result = keep(service, ttl=900)
    assert (result["changed"], result["record"]["id"], result["record"]["ttl"]) == (False, "2", 600)
    assert result["diff"]["before"] == result["diff"]["after"]
    assert service.written == []


def test_only_the_exact_value_is_removed() -> None:
    service = FakeDns(record("theirs"), record("ours", "2"), record("Ours", "3"))
    result = keep(service, state="absent")
    assert result["changed"] is True
    assert result["diff"]["after"]["values"] == ["Ours", "theirs"]
    assert [each.value for each in service.kept] == ["theirs", "Ours"]


@pytest.mark.parametrize(
    ("listed_after", "timeout", "looks"), [(0, 30, 1), (9, 30, 3), (30, 30, 7), (31, 30, 7), (9, 0, 1)]
)
def test_value_to_be_removed_is_looked_for_until_it_is_listed(listed_after: float, timeout: int, looks: int) -> None:
    service, clock = FakeDns(record("ours")), FakeClock()
    start = clock.now()
    kept = service.records
    service.records = lambda *wanted: kept(*wanted) if clock.now() - start >= listed_after else (kept(*wanted), [])[1]
    result = keep(service, clock=clock, state="absent", wait_timeout=timeout)
    found = listed_after <= timeout
    assert result["changed"] is found
    assert service.kept == ([] if found else [record("ours")])
    assert len(service.calls) - len(service.written) == looks
    assert clock.now() - start <= timeout


@pytest.mark.parametrize("given", [{"state": "present"}, {"state": "absent", "check_mode": True}])
def test_nothing_is_waited_for_where_nothing_is_removed(given: dict[str, Any]) -> None:
    clock = FakeClock()
    keep(FakeDns(), clock=clock, wait_timeout=30, **given)
    assert clock.sleeps == []


def test_time_to_look_that_cannot_be_is_refused() -> None:
    service = FakeDns()
    assert "wait_timeout: give 0 or a number of seconds" in failure(service, wait_timeout=-1).text
    assert service.calls == []


def test_value_that_is_gone_already_is_no_change() -> None:
    service = FakeDns(record("theirs"))
    result = keep(service, state="absent")
    assert (result["changed"], result["record"]["value"]) == (False, "ours")
    assert result["diff"]["before"] == result["diff"]["after"]
    assert service.written == []


def test_value_that_is_there_twice_is_removed_twice() -> None:
    service = FakeDns(record("ours", "1"), record("theirs", "2"), record("ours", "3"))
    keep(service, state="absent")
    assert service.written == ["delete 1", "delete 3"]


@pytest.mark.parametrize(
    ("record_type", "kept", "asked"),
    [
        ("TXT", '"ours"', "ours"),
        ("TXT", "ours", '"ours"'),
        ("CNAME", "Target.Example.NET.", "target.example.net"),
        ("CNAME", "target.example.net", "TARGET.example.net."),
    ],
)
@pytest.mark.parametrize("state", ["present", "absent"])
def test_same_value_is_known_however_it_is_written(record_type: str, kept: str, asked: str, state: str) -> None:
    service = FakeDns(record(kept, record_type=record_type))
    result = keep(service, asked, type=record_type, state=state)
    assert result["changed"] is (state == "absent")
    assert (result["diff"]["before"] == result["diff"]["after"]) is (state == "present")
    assert len(service.kept) == (1 if state == "present" else 0)


@pytest.mark.parametrize("value", ["Ours", "ours ", "our", 'o"urs"'])
def test_txt_value_that_differs_at_all_is_another_value(value: str) -> None:
    assert keep(FakeDns(record("ours")), value)["changed"] is True


@pytest.mark.parametrize(
    ("name", "kept"),
    [("_DNSAUTH.WWW.Example.com.", NAME), ("_dnsauth.bücher.example.com", "_dnsauth.xn--bcher-kva.example.com")],
)
def test_name_is_looked_up_in_its_normal_form(name: str, kept: str) -> None:
    assert keep(FakeDns(record("ours", name=kept)), name=name)["changed"] is False


@pytest.mark.parametrize(("state", "before"), [("present", ()), ("absent", (record("ours"),))])
def test_check_mode_predicts_without_writing(state: str, before: tuple[DnsRecord, ...]) -> None:
    predicted_by = FakeDns(*before)
    predicted = keep(predicted_by, state=state, check_mode=True)
    assert predicted_by.written == []
    really = keep(FakeDns(*before), state=state)
    assert (predicted["changed"], predicted["diff"]) == (really["changed"], really["diff"])
    assert list(predicted["record"]) == list(really["record"])


def test_second_cname_is_refused_and_names_the_first() -> None:
    service = FakeDns(record("other.example.net", record_type="CNAME"))
    error = failure(service, "target.example.net", type="CNAME")
    assert error.kind is ErrorKind.CONFLICT
    assert f"'{NAME}' is already a CNAME to 'other.example.net'" in error.message
    assert service.written == []


# Zones


def test_longest_hosted_zone_is_used() -> None:
    service = FakeDns(zones=("example.com", "www.example.com", "badexample.com"))
    keep(service)
    assert service.calls[0] == f"read {NAME} TXT in www.example.com"


def test_named_zone_is_used() -> None:
    service = FakeDns(zones=("example.com", "www.example.com"))
    keep(service, zone="Example.com.")
    assert service.calls[0] == f"read {NAME} TXT in example.com"


@pytest.mark.parametrize(
    ("zones", "given", "said"),
    [
        pytest.param((), {}, f"A zone that holds '{NAME}' is not hosted in this account (hosted: none)", id="none"),
        pytest.param(
            tuple(f"z{number}.example" for number in range(7)),
            {},
            f"A zone that holds '{NAME}' is not hosted in this account (hosted: 'z0.example', 'z1.example', "
            "'z2.example', 'z3.example', 'z4.example' and 2 more)",
            id="many others",
        ),
        pytest.param(
            ("example.com",),
            {"zone": "www.example.com"},
            f"Record '{NAME}': The zone 'www.example.com' is not hosted in this account (hosted: 'example.com')",
            id="another than the named",
        ),
    ],
)
def test_zone_that_is_not_hosted_is_told_with_those_that_are(
    zones: tuple[str, ...], given: dict[str, Any], said: str
) -> None:
    error = failure(FakeDns(zones=zones), **given)
    assert (error.kind, error.message) == (ErrorKind.NOT_FOUND, said)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"zone": "example.net"}, "zone: 'example.net' does not hold"),
        ({"name": "example"}, "name: 'example' has no dot"),
        ({"name": "a..example.com"}, "name: 'a..example.com' has the malformed label"),
        ({"value": ""}, "value: is empty"),
    ],
)
def test_wrong_options_are_refused_before_anything_is_read(given: dict[str, Any], said: str) -> None:
    service = FakeDns()
    error = failure(service, **given)
    assert isinstance(error, InvalidInput)
    assert error.message.startswith(said)
    assert service.calls == []


# Refusals and lost answers


@pytest.mark.parametrize(("state", "before"), [("present", ()), ("absent", (record("ours"),))])
def test_refused_write_is_told_and_not_repeated(state: str, before: tuple[DnsRecord, ...]) -> None:
    service = FakeDns(*before)
    service.refused = {0}
    error = failure(service, state=state)
    assert (error.kind, error.changed) == (ErrorKind.REJECTED, False)
    assert len(service.written) == 1


@pytest.mark.parametrize(("state", "before"), [("present", ()), ("absent", (record("ours"),))])
def test_write_that_arrived_without_an_answer_is_not_repeated(state: str, before: tuple[DnsRecord, ...]) -> None:
    service = FakeDns(*before)
    service.lost = {0: "after"}
    result = keep(service, state=state)
    assert result["changed"] is True
    assert result["record"]["id"] == ("new" if state == "present" else "1")
    assert len(service.written) == 1


@pytest.mark.parametrize(("state", "before"), [("present", ()), ("absent", (record("ours"),))])
def test_write_that_did_not_arrive_is_repeated_after_reading(state: str, before: tuple[DnsRecord, ...]) -> None:
    service = FakeDns(*before)
    service.lost = {0: "before", 1: "before"}
    assert keep(service, state=state)["changed"] is True
    verb = "create" if state == "present" else "delete"
    assert [call.split()[0] for call in service.calls] == ["read", verb, "read", verb, "read", verb]


@pytest.mark.parametrize(("state", "before"), [("present", ()), ("absent", (record("ours"),))])
def test_write_that_never_arrives_is_given_up_as_unchanged(state: str, before: tuple[DnsRecord, ...]) -> None:
    service = FakeDns(*before)
    service.lost = dict.fromkeys(range(9), "before")
    error = failure(service, state=state)
    assert (error.kind, error.changed) == (ErrorKind.NETWORK, False)
    assert len(service.written) == 3


def test_last_attempt_is_settled_by_reading_too() -> None:
    service = FakeDns()
    service.lost = {0: "before", 1: "before", 2: "after"}
    assert keep(service)["changed"] is True
    assert [each.value for each in service.kept] == ["ours"]


def test_write_without_an_answer_is_told_as_unknown_when_reading_fails_too() -> None:
    service = FakeDns()
    service.lost, service.deaf = {0: "after"}, 1
    error = failure(service)
    assert (error.kind, error.changed) == (ErrorKind.OUTCOME_UNKNOWN, False)
    assert "it is not known whether it was written" in error.message
    assert service.written == ["create ours"]


def test_half_done_removal_is_told_as_changed() -> None:
    service = FakeDns(record("ours", "1"), record("ours", "2"))
    service.refused = {1}
    error = failure(service, state="absent")
    assert (error.kind, error.changed) == (ErrorKind.REJECTED, True)


def test_half_done_removal_without_an_answer_is_told_as_changed() -> None:
    service = FakeDns(record("ours", "1"), record("ours", "2"))
    service.lost, service.refused = {0: "after"}, {1}
    error = failure(service, state="absent")
    assert (error.kind, error.changed) == (ErrorKind.REJECTED, True)
    assert service.written == ["delete 1", "delete 2"]
