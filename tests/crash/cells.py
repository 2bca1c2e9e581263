# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The matrix of the role: what befalls which phase of a run, and which cells cannot be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["CELLS", "KINDS", "PHASES", "QUICK", "Cell", "why_not"]

PHASES = ("look", "documents", "submit", "values", "publish", "dns wait", "wait", "key", "clean up")
# What is asked of name servers, as "dns ..."; all others of a cloud's API.
KINDS = (
    *("drop before", "drop after", "reset", "timeout", "http 502", "empty", "not json", "truncated", "error"),
    *("throttle", "dns servfail", "dns refused", "dns timeout", "dns stale"),
)
TENCENT, ALIBABA = "tencent_paid", "alibaba_dv"
READS = {TENCENT: "DescribeCertificateDetail", ALIBABA: "DescribeDVOrderResult"}
ACTIONS = {
    "documents": {TENCENT: "CertificateInfoSubmit"},
    "submit": {TENCENT: "CertificateOrderSubmit", ALIBABA: "CreateDVOrderAudit"},
    "publish": {TENCENT: "CreateRecord", ALIBABA: "AddDomainRecord"},
    "clean up": {TENCENT: "DeleteRecord", ALIBABA: "DeleteDomainRecord"},
}
# How many reads of the order come before the one that is met. Where the key is fetched, the order was issued before.
EARLIER_READS = {"look": 0, "values": 2, "wait": 3, "key": 2}
# As often as a call is tried by itself, so that the run fails where calls are tried again; see the cells for others.
ATTEMPTS = {"look": 5, "values": 5, "wait": 5, "key": 5, "publish": 3, "clean up": 3, "documents": 1, "submit": 1}


@dataclass(frozen=True)
class Cell:
    """One fault, in one phase of a run, for an order of one flow.

    Arguments:
        times: how many calls are met; 0 for all, until the person who runs the play has mended what was broken.
        before: whether the call does not arrive, or arrives and its answer is lost or spoilt.
    """

    phase: str
    kind: str
    flow: str
    times: int = 1
    before: bool = False

    @property
    def host(self) -> str:
        """The name of its host in the play."""
        return "-".join((self.phase, self.kind, self.flow.partition("_")[0])).replace(" ", "-")

    @property
    def zone(self) -> str:
        """The zone of its own."""
        return f"{self.host}.test"

    @property
    def name(self) -> str:
        """The name of its certificate."""
        return f"www.{self.zone}"

    @property
    def asks_dns(self) -> bool:
        """Whether it befalls questions to name servers."""
        return self.kind.startswith("dns ")

    def fault(self, order_id: str) -> Mapping[str, Any]:
        """What the sandbox is told."""
        if self.asks_dns:
            return {"cloud": "dns", "kind": self.kind.split()[1], "name": self.zone, "times": 0}
        word, _blank, rest = self.kind.partition(" ")
        kind = {"not json": "not_json"}.get(self.kind, word)
        fault = {"kind": kind, "when": "before" if self.before or rest == "before" else "after", "times": self.times}
        if kind == "http":
            fault["status"] = int(rest)
        if self.phase in EARLIER_READS:
            where = {"action": READS[self.flow], "order_id": order_id, "skip": EARLIER_READS[self.phase]}
        else:
            where = {"action": ACTIONS[self.phase][self.flow]}
            where |= {"name": self.zone} if self.phase in ("publish", "clean up") else {"order_id": order_id}
        return {**fault, **where}


def why_not(phase: str, kind: str) -> str | None:
    """Why there can be no such cell; None where there could be one."""
    if kind.startswith("dns ") == (phase == "dns wait"):
        return None
    return "no API is asked there, only name servers" if phase == "dns wait" else "no name server is asked there"


CELLS = (
    Cell("look", "drop after", TENCENT, times=5),
    Cell("look", "http 502", ALIBABA, times=5),
    Cell("look", "throttle", TENCENT, times=3, before=True),
    Cell("look", "error", ALIBABA, times=5),
    Cell("documents", "drop after", TENCENT),
    Cell("documents", "timeout", TENCENT, before=True),
    Cell("documents", "truncated", TENCENT),
    Cell("documents", "error", TENCENT, before=True),
    Cell("submit", "drop before", TENCENT),
    Cell("submit", "drop after", ALIBABA),
    Cell("submit", "drop after", TENCENT),
    Cell("submit", "reset", TENCENT),
    Cell("submit", "timeout", ALIBABA),
    Cell("submit", "http 502", TENCENT, before=True),
    Cell("submit", "empty", ALIBABA),
    Cell("submit", "not json", TENCENT),
    Cell("submit", "truncated", ALIBABA),
    Cell("submit", "error", TENCENT),
    Cell("submit", "throttle", ALIBABA, times=3, before=True),
    Cell("values", "drop before", TENCENT, times=5),
    Cell("values", "not json", ALIBABA, times=5),
    Cell("values", "throttle", ALIBABA, times=3, before=True),
    Cell("publish", "drop before", ALIBABA, times=3),
    Cell("publish", "drop after", TENCENT),
    Cell("publish", "timeout", TENCENT),
    Cell("publish", "empty", TENCENT, times=3, before=True),
    Cell("publish", "error", ALIBABA),
    Cell("dns wait", "dns servfail", TENCENT),
    Cell("dns wait", "dns refused", ALIBABA),
    Cell("dns wait", "dns timeout", ALIBABA),
    Cell("dns wait", "dns stale", TENCENT),
    Cell("wait", "http 502", TENCENT, times=5),
    Cell("wait", "empty", TENCENT, times=2),
    Cell("wait", "truncated", ALIBABA, times=5),
    Cell("key", "reset", ALIBABA, times=5),
    Cell("key", "error", ALIBABA, times=5),
    Cell("clean up", "drop after", ALIBABA),
    Cell("clean up", "not json", ALIBABA, times=3, before=True),
    Cell("clean up", "error", TENCENT, times=3, before=True),
    Cell("clean up", "throttle", TENCENT, times=3, before=True),
)

#: Those that CI has time for.
_QUICK = {
    "look-http-502-alibaba",
    "submit-drop-before-tencent",
    "submit-drop-after-alibaba",
    "dns-wait-dns-stale-tencent",
    "key-reset-alibaba",
    "clean-up-error-tencent",
}
QUICK = tuple(cell for cell in CELLS if cell.host in _QUICK)
