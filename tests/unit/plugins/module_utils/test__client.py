# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How any vendor's API is called: what is sent again, what is ambiguous, and whose clock counts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.certwright.cloud.plugins.module_utils._client import (
    USER_AGENT,
    Answer,
    ApiCall,
    ApiClient,
    CallReport,
    parse_retry_after,
)
from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError, ErrorKind
from ansible_collections.certwright.cloud.plugins.module_utils._http import HttpRequest, HttpResponse, TransportError
from ansible_collections.certwright.cloud.plugins.module_utils._retry import CallClass
from ansible_collections.certwright.cloud.tests.unit.plugins.helpers import START, FakeClock, FakeTransport

CALLS = {each: ApiCall("product", "2026-01-01", f"Do{each.name}", each, ("Id", "Zone")) for each in CallClass}
WRITES = [CallClass.REPEATABLE, CallClass.ONCE]
HOUR = 3600
# What the servers' clocks say in these tests, an hour ahead of ours.
HOUR_AHEAD = "Thu, 01 Jan 2026 01:00:00 GMT"


class PlainDialect:
    """A vendor whose requests are their time, and whose answers are an error's kind, or OK."""

    vendor = "Plain Cloud"

    def request(self, call: ApiCall, params: Mapping[str, Any], now: float) -> HttpRequest:
        return HttpRequest("POST", "https://api.example.com/?secret=1", {}, str(now).encode())

    def understand(self, call: ApiCall, response: HttpResponse) -> Answer:
        said = response.body.decode()
        if said == "OK":
            return Answer({"said": said}, "request-1")
        kind = ErrorKind.AUTH if said.startswith("expired") else ErrorKind(said)
        raise CertwrightError("it was refused", kind=kind, code=said, ambiguous="ambiguous" in said)

    def is_expired_signature(self, error: CertwrightError) -> bool:
        return (error.code or "").startswith("expired")

    def retry_after(self, response: HttpResponse, now: float) -> float | None:
        return parse_retry_after(response.headers, now)


def says(what: str, date: str | None = None) -> HttpResponse:
    return HttpResponse(200, {} if date is None else {"date": date}, what.encode())


class Turns:
    """A limiter that lets time pass, and notes what it is told."""

    def __init__(self, clock: FakeClock, seconds: float) -> None:
        self.taken: list[float] = []
        self.refused: list[float] = []
        self._clock, self._seconds = clock, seconds

    def take(self) -> float:
        self._clock.time += self._seconds
        self.taken.append(self._clock.time)
        return self._clock.time

    def throttled(self, sent: float) -> None:
        self.refused.append(sent)


class Caller:
    """A client with a script of answers, whose every call waits so many seconds for its turn."""

    def __init__(self, *script: HttpResponse | Exception, seconds: float = 0.0) -> None:
        self.transport = FakeTransport(script)
        self.clock = FakeClock()
        self.reports: list[CallReport] = []
        self.turns = Turns(self.clock, seconds)
        self.limited: list[ApiCall] = []
        self.client = ApiClient(
            PlainDialect(), self.transport, self.clock, report=self.reports.append, limiter=self._limiter
        )

    def _limiter(self, call: ApiCall) -> Turns:
        self.limited.append(call)
        return self.turns

    def call(self, call_class: CallClass) -> Answer:
        return self.client.call(CALLS[call_class], {"Id": "order-1", "Zone": None, "Secret": "s3cret"})

    def failure(self, call_class: CallClass) -> CertwrightError:
        with pytest.raises(CertwrightError) as caught:
            self.call(call_class)
        return caught.value

    @property
    def sent(self) -> list[float]:
        """How far ahead of our clock each request was dated, in seconds, without what was slept."""
        return [round((float(request.body) - START) / 60) * 60 for request in self.transport.requests]


@pytest.mark.parametrize("call_class", list(CallClass))
def test_answer_is_returned_after_one_request(call_class: CallClass) -> None:
    caller = Caller(says("OK"))
    assert caller.call(call_class) == Answer({"said": "OK"}, "request-1")


@pytest.mark.parametrize("call_class", list(CallClass))
def test_throttled_call_is_sent_again(call_class: CallClass) -> None:
    caller = Caller(says("throttled"), says("throttled"), says("OK"))
    caller.call(call_class)
    assert len(caller.sent) == 3


@pytest.mark.parametrize("trouble", [says("server"), TransportError("gone", True), TransportError("gone", False)])
def test_read_is_sent_again_after_trouble(trouble: HttpResponse | Exception) -> None:
    caller = Caller(trouble, says("OK"))
    caller.call(CallClass.READ)
    assert len(caller.sent) == 2


@pytest.mark.parametrize("call_class", WRITES)
@pytest.mark.parametrize(
    ("trouble", "kind", "ambiguous"),
    [
        pytest.param(TransportError("no answer", True), ErrorKind.NETWORK, True, id="answer lost"),
        pytest.param(TransportError("refused", False), ErrorKind.NETWORK, False, id="never sent"),
        pytest.param(says("server"), ErrorKind.SERVER, True, id="fault of the server"),
        pytest.param(says("conflict"), ErrorKind.CONFLICT, False, id="refused"),
        pytest.param(says("auth"), ErrorKind.AUTH, False, id="not let in"),
    ],
)
def test_write_is_sent_once_and_says_whether_it_may_have_been_carried_out(
    call_class: CallClass, trouble: HttpResponse | Exception, kind: ErrorKind, ambiguous: bool
) -> None:
    caller = Caller(trouble)
    error = caller.failure(call_class)
    assert (error.kind, error.ambiguous) == (kind, ambiguous)


@pytest.mark.parametrize("trouble", [TransportError("no answer", True), says("server")])
def test_read_is_never_ambiguous(trouble: HttpResponse | Exception) -> None:
    assert not Caller(*[trouble] * 5).failure(CallClass.READ).ambiguous


def test_unreachable_host_is_named_without_the_query() -> None:
    error = Caller(TransportError("no route", False)).failure(CallClass.ONCE)
    assert error.text == (
        "DoONCE at Plain Cloud got no usable answer from https://api.example.com/: no route. "
        "Check endpoint, proxy, ca_path and the network, then run the task again."
    )


@pytest.mark.parametrize("call_class", list(CallClass))
def test_expired_call_is_dated_by_the_server_and_sent_again(call_class: CallClass) -> None:
    caller = Caller(says("expired", HOUR_AHEAD), says("OK", HOUR_AHEAD))
    caller.call(call_class)
    assert caller.sent == [0, HOUR]


@pytest.mark.parametrize("call_class", list(CallClass))
def test_call_that_stays_expired_is_sent_twice_in_all(call_class: CallClass) -> None:
    caller = Caller(says("expired", HOUR_AHEAD), says("expired", HOUR_AHEAD))
    assert caller.failure(call_class).code == "expired"
    assert caller.sent == [0, HOUR]


def test_correction_stays_for_the_next_call_and_is_not_tried_again() -> None:
    caller = Caller(says("expired", HOUR_AHEAD), says("OK", HOUR_AHEAD), says("expired", HOUR_AHEAD))
    caller.call(CallClass.READ)
    caller.failure(CallClass.ONCE)
    assert caller.sent == [0, HOUR, HOUR]


def test_correction_stays_when_an_answer_has_no_date() -> None:
    caller = Caller(says("expired", HOUR_AHEAD), says("OK"), says("expired"))
    caller.call(CallClass.READ)
    caller.failure(CallClass.READ)
    assert caller.sent == [0, HOUR, HOUR]


def test_call_is_not_sent_again_when_its_refusal_is_ambiguous() -> None:
    caller = Caller(says("expired ambiguous", HOUR_AHEAD))
    caller.failure(CallClass.ONCE)
    assert caller.sent == [0]


@pytest.mark.parametrize(
    "date",
    [
        pytest.param(None, id="missing"),
        pytest.param("", id="empty"),
        pytest.param("yesterday", id="words"),
        pytest.param("Thu, 32 Jan 2026 00:00:00 GMT", id="no such day"),
        pytest.param("Thu, 01 Jan 99999999999999999999 00:00:00 GMT", id="no such year"),
        pytest.param("Thu, 01 Jan 2026 00:00:00 GMT, Thu, 01 Jan 2026 00:00:00 GMT", id="two"),
        pytest.param("Thu, 01 Jan 2026 00:00:02 GMT", id="ours, nearly"),
        pytest.param("Thu, 01 Jan 2026 00:00:00 -0000", id="ours, without a zone"),
    ],
)
def test_expired_call_is_not_sent_again_when_the_date_gives_no_reason(
    date: str | None,
) -> None:
    caller = Caller(says("expired", date))
    caller.failure(CallClass.ONCE)
    assert caller.sent == [0]


def test_date_without_a_zone_is_utc() -> None:
    caller = Caller(says("expired", "Thu, 01 Jan 2026 01:00:00 -0000"), says("OK"))
    caller.call(CallClass.READ)
    assert caller.sent == [0, HOUR]


def test_requests_name_the_collection_and_its_version() -> None:
    galaxy = yaml.safe_load((Path(__file__).resolve().parents[4] / "galaxy.yml").read_text(encoding="utf-8"))
    assert f"{galaxy['namespace']}.{galaxy['name']}/{galaxy['version']}" == USER_AGENT


# When to ask again


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7.0),
        (" 0 ", 0.0),
        # Dates are counted from the server's own clock.
        ("Thu, 01 Jan 2026 01:00:30 GMT", 30.0),
        ("Thu, 01 Jan 2026 00:59:00 GMT", 0.0),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("9" * 400, None),
        ("", None),
    ],
)
def test_header_says_when_to_ask_again(text: str, seconds: float | None) -> None:
    refused = HttpResponse(429, {"retry-after": text, "date": HOUR_AHEAD}, b"throttled")
    caller = Caller(refused, says("OK"))
    caller.call(CallClass.ONCE)
    # Half of the first pause after throttling, where the header asks for nothing longer.
    assert caller.clock.sleeps == [max(0.5, seconds or 0.0)]


# Turns


@pytest.mark.parametrize("call_class", list(CallClass))
@pytest.mark.parametrize(
    ("script", "refused"),
    [
        ([says("OK")], []),
        ([says("throttled"), says("throttled"), says("OK")], [0, 1]),
        ([says("expired", HOUR_AHEAD), says("OK")], []),
        ([says("expired", HOUR_AHEAD), says("throttled"), says("OK")], [1]),
    ],
)
def test_every_attempt_takes_a_turn_and_tells_of_too_many_calls(
    call_class: CallClass, script: list[HttpResponse], refused: list[int]
) -> None:
    caller = Caller(*script)
    caller.call(call_class)
    assert caller.limited == [CALLS[call_class]] * len(script)
    assert len(caller.turns.taken) == len(script)
    assert caller.turns.refused == [caller.turns.taken[number] for number in refused]


@pytest.mark.parametrize("trouble", [says("server"), says("conflict"), TransportError("gone", True)])
def test_no_other_trouble_is_told_as_too_many_calls(trouble: HttpResponse | Exception) -> None:
    caller = Caller(*[trouble] * 5)
    caller.failure(CallClass.READ)
    assert caller.turns.taken and caller.turns.refused == []


def test_request_is_dated_when_its_turn_has_come() -> None:
    caller = Caller(says("OK"), seconds=120)
    caller.call(CallClass.ONCE)
    assert caller.sent == [120]


def test_nobody_waits_for_a_turn_without_a_limiter() -> None:
    clock = FakeClock()
    client = ApiClient(PlainDialect(), FakeTransport([says("OK")] * 3), clock)
    for _unused in range(3):
        client.call(CALLS[CallClass.READ], {})
    assert clock.sleeps == []


# Reports


def told(outcome: str, call_class: CallClass, request_id: str | None = None, code: str | None = None) -> CallReport:
    return CallReport("Plain Cloud", f"Do{call_class.name}", "order-1", outcome, request_id, code)


def test_reads_are_not_reported() -> None:
    caller = Caller(says("server"), says("OK"))
    caller.call(CallClass.READ)
    assert caller.reports == []


def test_write_is_reported_with_what_became_of_it() -> None:
    caller = Caller(says("OK"))
    caller.call(CallClass.REPEATABLE)
    assert caller.reports == [told("accepted", CallClass.REPEATABLE, "request-1")]


@pytest.mark.parametrize(
    ("trouble", "outcome", "code"),
    [
        (says("conflict"), "refused", "conflict"),
        (says("server"), "unknown", "server"),
        (TransportError("lost", True), "unknown", None),
        (TransportError("no way", False), "not_sent", None),
    ],
)
def test_call_that_must_not_happen_twice_is_reported_before_and_after(
    trouble: HttpResponse | Exception, outcome: str, code: str | None
) -> None:
    caller = Caller(trouble)
    caller.failure(CallClass.ONCE)
    assert caller.reports == [told("sending", CallClass.ONCE), told(outcome, CallClass.ONCE, code=code)]


def test_every_attempt_of_a_throttled_write_is_reported() -> None:
    caller = Caller(says("throttled"), says("OK"))
    caller.call(CallClass.ONCE)
    assert [report.outcome for report in caller.reports] == ["sending", "refused", "sending", "accepted"]
