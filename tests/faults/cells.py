# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The matrix: every call of an undisturbed run, and everything that can befall it.

Rows are made from the calls that a run makes, so a new call has its cells by itself.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.certwright.cloud.plugins.module_utils._http import TransportError
from ansible_collections.certwright.cloud.tests.e2e.plays import is_write
from engine import FLOWS
from exchange import AFTER, BEFORE, Exchange
from in_process import ProcessCloud

__all__ = [
    "DEFAULT",
    "DNS",
    "FAULTS",
    "NO_CONNECTION",
    "OURS",
    "WORLDS",
    "Fault",
    "Row",
    "World",
    "impossible",
    "rows_of",
    "worlds_of",
]

DNS = "dns"
# Who asks name servers in a run.
OURS, THE_CAS = "dns_wait's questions", "the CA's questions"


@dataclass(frozen=True)
class World:
    """What the cloud is like: whether it refuses a second submission, how long it keeps validation values back, and how
    long reads of an order do not show yet that it was submitted (seconds)."""

    submission_guard: bool
    visible_delay: float
    submission_lag: float = 0

    @property
    def title(self) -> str:
        """The world in a table."""
        guard = "guard" if self.submission_guard else "no guard"
        late = f", submissions shown after {self.submission_lag:g} s" if self.submission_lag else ""
        return f"{guard}, values after {self.visible_delay:g} s{late}"


#: A cloud that takes a second submission shows more than one that refuses it, so every call meets that one.
DEFAULT = World(submission_guard=False, visible_delay=2)
WORLDS = (DEFAULT, World(True, 2), World(False, 0), World(True, 0), World(False, 2, 10), World(False, 2, 45))


@dataclass(frozen=True)
class Row:
    """One call of an undisturbed run: the number-th of this action in a step, the position-th of all.

    Arguments:
        cloud: DNS for the questions to name servers, which have no position.
    """

    flow: str
    cloud: str
    step: str
    action: str
    version: str = ""
    number: int = 1
    position: int = -1

    @property
    def title(self) -> str:
        """The call in a table."""
        return f"{self.step}: {self.action}" + (f" #{self.number}" if self.number > 1 else "")

    @property
    def reads(self) -> bool:
        """Whether the call changes nothing."""
        return self.cloud == DNS or not is_write({"cloud": self.cloud, "action": self.action})

    @property
    def submits(self) -> bool:
        """Whether the call must not happen twice."""
        return self.action == FLOWS[self.flow].submission


def rows_of(flow: str, exchanges: Sequence[Exchange]) -> list[Row]:
    """A row for each call of a run, and one for each who asks name servers in it."""
    rows: list[Row] = []
    for position, each in enumerate(exchanges):
        number = 1 + sum((row.step, row.action) == (each.step, each.action) for row in rows)
        entry = each.entry or {}
        rows.append(Row(flow, entry["cloud"], each.step, each.action, entry["version"], number, position))
    return [*rows, Row(flow, DNS, "dns", OURS), Row(flow, DNS, "wait", THE_CAS)]


def worlds_of(row: Row) -> Sequence[World]:
    """The worlds in which a call meets its faults."""
    return WORLDS if row.submits else WORLDS[:1]


@dataclass(frozen=True)
class Fault:
    """One column.

    Arguments:
        spring: makes it happen: to a call right before the cloud gets it, to name servers before the run.
        passing: whether trying again a little later helps.
        sent: whether the call was sent at all.
        ambiguous: whether nobody can tell from the answer if the call was carried out.
        dns: whether it befalls questions to name servers, not calls.
        kills: when the run is killed, if it is: BEFORE or AFTER the call is answered.
        bad_servers: how many of the two name servers it befalls.
    """

    name: str
    spring: Callable[[ProcessCloud, Row], None]
    passing: bool = True
    sent: bool = True
    ambiguous: bool = False
    dns: bool = False
    kills: str | None = None
    bad_servers: int = 2


#: What a product says when it is asked too often: the gateway's word, and its own (Tencent 3.6, Alibaba 3.5).
THROTTLES = {
    "2019-12-05": ("RequestLimitExceeded", "LimitExceeded.RateLimitExceeded"),
    "2021-03-23": ("RequestLimitExceeded", "FailedOperation.FrequencyLimit"),
    "2018-07-13": ("Throttling.User", "FlowControlError"),
    "2015-01-09": ("Throttling.User", "Throttling.Api"),
}
#: What a cloud says of a temporary key that is no longer valid (Tencent 3.6, Alibaba 3.5).
EXPIRED = {"tencent": "AuthFailure.TokenFailure", "alibaba": "InvalidSecurityToken.Expired"}
NO_CONNECTION = "Failed to establish a new connection: [Errno 111] Connection refused"
IN_A_ROW = 10
SKEW = 1200.0
# Questions to one name server.
PASSING_QUESTIONS = 2


def _put(cloud: ProcessCloud, row: Row, **fault: Any) -> None:
    cloud.app.faults.add({"cloud": row.cloud, "action": row.action, **fault})


def _throttle(cloud: ProcessCloud, row: Row, which: int) -> None:
    _put(cloud, row, kind="throttle", code=THROTTLES[row.version][which], times=IN_A_ROW)


def _expire(cloud: ProcessCloud, row: Row) -> None:
    _put(cloud, row, kind="error", code=EXPIRED[row.cloud])


def _refuse_connection(_cloud: ProcessCloud, _row: Row) -> None:
    raise TransportError(NO_CONNECTION, reached=False)


def _do_nothing(_cloud: ProcessCloud, _row: Row) -> None:
    """Leaves the call alone: it is the run that something happens to."""


def _set_clock(cloud: ProcessCloud, _row: Row, seconds: float) -> None:
    cloud.app.settings.update({"gateway_skew": seconds})


def _cut_off(cloud: ProcessCloud, row: Row, when: str) -> None:
    _put(cloud, row, kind="drop", when=when)
    cloud.app.faults.add({"cloud": row.cloud, "kind": "drop", "times": 0})


def _disturb(cloud: ProcessCloud, row: Row, kind: str, times: int, bad: int) -> None:
    """Makes name servers fail: the CA's, or that many of the two that dns_wait asks."""
    if row.action == THE_CAS:
        cloud.disturb_ca(kind, times)
        return
    for number in range(bad):
        cloud.disturb_server(number, kind, times)


def _spoiled(name: str, **fault: Any) -> list[Fault]:
    """A fault before the call is run, and the same one after."""
    unclear = fault["kind"] != "slow"
    return [
        Fault(f"{name} {when}", functools.partial(_put, when=when, **fault), ambiguous=unclear)
        for when in (BEFORE, AFTER)
    ]


def _outage(when: str) -> Fault:
    spring = functools.partial(_cut_off, when=when)
    return Fault(f"dropped {when}, then no answer to anything", spring, passing=False, ambiguous=True)


def _dns(name: str, kind: str, bad: int = 2) -> list[Fault]:
    """A fault of name servers that passes, and one that lasts for the whole run."""
    spring = functools.partial(_disturb, kind=kind, bad=bad)
    return [
        Fault(name, functools.partial(spring, times=PASSING_QUESTIONS), dns=True, bad_servers=bad),
        Fault(f"{name} that lasts", functools.partial(spring, times=0), passing=False, dns=True, bad_servers=bad),
    ]


FAULTS = (
    Fault("no connection", _refuse_connection, sent=False),
    *_spoiled("dropped", kind="drop"),
    *_spoiled("reset", kind="reset"),
    *_spoiled("time-out", kind="timeout"),
    *_spoiled("500", kind="http", status=500, body="Internal Server Error"),
    *_spoiled("502 with HTML", kind="http"),
    *_spoiled("truncated", kind="truncated"),
    *_spoiled("not JSON", kind="not_json"),
    *_spoiled("empty", kind="empty"),
    *_spoiled("internal error", kind="error"),
    Fault("throttled ten times", functools.partial(_throttle, which=0), passing=False),
    Fault("throttled ten times by the product", functools.partial(_throttle, which=1), passing=False),
    Fault("clock 20 minutes behind", functools.partial(_set_clock, seconds=SKEW)),
    Fault("clock 20 minutes ahead", functools.partial(_set_clock, seconds=-SKEW)),
    Fault("token expired", _expire, passing=False),
    *_spoiled("slow", kind="slow"),
    _outage(BEFORE),
    _outage(AFTER),
    Fault("killed before", _do_nothing, passing=False, kills=BEFORE),
    Fault("killed after", _do_nothing, passing=False, kills=AFTER),
    *_dns("servfail", kind="servfail"),
    *_dns("refused", kind="refused"),
    *_dns("DNS time-out", kind="timeout"),
    *_dns("stale", kind="stale"),
    *_dns("one of two servers bad", kind="servfail", bad=1),
    *_dns("one of two servers silent", kind="timeout", bad=1),
)


def impossible(row: Row, fault: Fault) -> str | None:
    """Why a fault cannot befall a call; None where it can."""
    if fault.dns and row.cloud != DNS:
        return "an API call asks no name server of ours"
    if not fault.dns and row.cloud == DNS:
        return "a question to a name server is no API call"
    if fault.name.startswith("one of two") and row.action == THE_CAS:
        return "the sandbox's CA asks one server"
    return None
