# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What must hold whatever fails, computed from what was sent and what the reads showed."""

from __future__ import annotations

from collections.abc import Sequence

from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError, ErrorKind
from ansible_collections.certwright.cloud.tests.e2e.plays import is_write
from engine import Flow, Run
from exchange import Exchange

__all__ = ["idle_faults", "message_faults", "server_faults", "submission_faults"]

#: What codes begin with by which a gateway refuses any call before it runs (Tencent 3.6, Alibaba 3.5).
REFUSED = (
    "RequestLimitExceeded",
    "LimitExceeded.RateLimitExceeded",
    "Throttling",
    "FlowControlError",
    "AuthFailure",
    "InvalidSecurityToken",
    "InvalidTimeStamp",
)


def submission_faults(flow: Flow, exchanges: Sequence[Exchange], window: float) -> list[str]:
    """What is wrong with the submissions of the one order of these exchanges.

    Requests are counted, not effects: what a cloud's own guard refuses counts as well.

    Arguments:
        window: seconds for which reads after a submission without a usable answer have to show that it was not taken.
    """
    faults = []
    reached = [each for each in exchanges if each.action == flow.submission and each.ran]
    if len(reached) > 1:
        faults.append(f"the order was submitted {len(reached)} times")
    unsettled: Exchange | None = None
    looks: list[tuple[float, bool]] = []
    for each in exchanges:
        if each.action != flow.submission:
            submitted = _shows_submission(each)
            looks += [] if submitted is None else [(each.at, submitted)]
            continue
        if unsettled is not None and not _prove_nothing_was_taken(unsettled, looks, window):
            faults.append("it was submitted again without a read that proved that the first submission was not taken")
        if not _refused_before_it_ran(each):
            unsettled, looks = each, []
    return faults


def _prove_nothing_was_taken(unsettled: Exchange, looks: list[tuple[float, bool]], window: float) -> bool:
    return bool(looks) and not any(shown for _at, shown in looks) and looks[-1][0] - unsettled.at >= window


def _refused_before_it_ran(each: Exchange) -> bool:
    """Whether the client can know that."""
    if each.failure is not None:
        return not each.failure.reached
    return (each.code or "").startswith(REFUSED)


def _shows_submission(each: Exchange) -> bool | None:
    """Whether an answer shows the order as submitted; None where it is of another kind or was spoiled."""
    fields = each.fields
    if fields is None or each.code:
        return None
    if each.action == "DescribeCertificateDetail":
        return fields["Status"] not in (5, 13)
    if each.action == "DescribeDVOrderResult":
        return "OrderStatus" in fields
    if each.action == "DescribeOrderInstanceList":
        return any(row["Status"] not in ("PAYED", "Paid") for row in fields["OrderList"])
    return None


def message_faults(run: Run) -> list[str]:
    """What the messages of a run lack: a hint always, code and request id where the cloud gave them, and an honest
    ``changed``."""
    effective = [
        each.action for each in run.exchanges if each.entry and is_write(each.entry) and each.entry["effective"]
    ]
    unknown = any(error.kind is ErrorKind.OUTCOME_UNKNOWN for error in run.errors)
    silent = effective and not (run.changed or run.killed or unknown)
    faults = [f"it does not say that it changed something: {', '.join(effective)}"] if silent else []
    for error, step in ((run.error, run.step), (run.cleaning, "clean up")):
        if error is not None:
            faults += [f"{step}: {fault}" for fault in _lacking(error, step, run.exchanges)]
    return faults


def _lacking(error: CertwrightError, step: str, exchanges: Sequence[Exchange]) -> list[str]:
    told = error.to_result()["error"]
    faults = [] if error.hint and error.hint in error.text else ["no hint"]
    said = _what_the_cloud_said(step, exchanges)
    for name, value in said.items():
        if told[name] != value or value not in error.text:
            faults.append(f"no {name} '{value}'")
    return [f"{fault} in '{error.text}'" for fault in faults]


def _what_the_cloud_said(step: str, exchanges: Sequence[Exchange]) -> dict[str, str]:
    """Code and request id of the last call of a step that failed, as far as the cloud gave them."""
    failed = [
        each
        for each in exchanges
        if each.step == step
        and (each.code or each.failure or each.fields is None)
        and each.entry
        # What the cloud refuses by itself belongs to the usual course: an empty list, for example.
        and each.entry["outcome"] == "fault"
    ]
    if not failed or failed[-1].fields is None or failed[-1].code is None:
        return {}
    return {"code": failed[-1].code, "request_id": str(failed[-1].fields["RequestId"])}


def server_faults(error: CertwrightError | None, servers: Sequence[str], bad: int) -> list[str]:
    """Whether a wait for servers of which the first ``bad`` stay bad ends, and names just those."""
    if error is None:
        return ["a wait for DNS ended well although a server did not show the record"]
    named = [server for server in servers if f"'{server}'" in error.text]
    return [] if named == list(servers[:bad]) else [f"'{error.text}' does not name just {bad} of {', '.join(servers)}"]


def idle_faults(run: Run) -> list[str]:
    """What a run did although nothing was left to do."""
    faults = [f"failed: {error.text}" for error in run.errors]
    writes = [each.action for each in run.exchanges if each.entry and is_write(each.entry)]
    faults += [f"sent {', '.join(writes)}"] if writes else []
    faults += ["said that it changed something"] if run.changed else []
    return [f"a run with nothing left to do {fault}" for fault in faults]
