# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role in one play of many hosts, each with an order, a zone and a fault of its own; and the runs after it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.certwright.cloud.plugins.module_utils._module._use_case import Context
from ansible_collections.certwright.cloud.plugins.modules import alibaba_dv_order, alibaba_dv_order_info, alidns_record
from ansible_collections.certwright.cloud.tests.crash.cells import CELLS, KINDS, PHASES, QUICK, Cell, why_not
from ansible_collections.certwright.cloud.tests.crash.figures import FULL, tell
from ansible_collections.certwright.cloud.tests.crash.play import APPLICANTS, Play, Run, variables
from ansible_collections.certwright.cloud.tests.crash.truths import (
    installation_faults,
    message_faults,
    order_faults,
    records_left,
)
from ansible_collections.certwright.cloud.tests.e2e.plays import is_write
from ansible_collections.certwright.cloud.tests.e2e.sandbox_process import SandboxProcess
from ansible_collections.certwright.cloud.tests.unit.plugins.helpers import run_use_case

RERUNS = 3
# Seconds. Longer than an answer takes on a machine under load, and than the sandbox takes to show a submission.
API_TIMEOUT, SETTLE_TIMEOUT = 8, 4
CHOSEN = CELLS if FULL else QUICK
DNS = {"tencent_paid": "dnspod", "alibaba_dv": "alidns"}


class Matrix:
    """All runs of all cells, as they went."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        # The cloud must not be what keeps an order from being sent twice.
        self.sandbox = SandboxProcess(folder / "sandbox", submission_guard=False, ca_poll=0.5)
        self.orders: dict[Cell, str] = {}
        self.reruns: dict[Cell, int] = dict.fromkeys(CHOSEN, 0)

    def run(self) -> None:
        """Runs the play with all faults, again for those hosts that failed, and once more for all."""
        for cell in CHOSEN:
            self.sandbox.control("zones", {"name": cell.zone, "dns": DNS[cell.flow]})
            self.orders[cell] = self._issued(cell) if cell.phase == "key" else self.sandbox.buy(cell.flow)
        for cell in CHOSEN:
            self.sandbox.control("faults", cell.fault(self.orders[cell]))
        hosts = {cell.host: self._variables(cell) for cell in CHOSEN}
        play = Play(self.folder / "play", self.sandbox, hosts, api_timeout=API_TIMEOUT)
        self.first = run = play.run()
        self.unmet = [fault for fault in self.sandbox.control("faults")["faults"] if fault["cloud"] != "dns"]
        self.positions = {cell: self._position(cell) for cell in CHOSEN}
        # What was broken is mended.
        self.sandbox.control("faults", method="DELETE")
        for count in range(1, RERUNS + 1):
            failed = [cell for cell in CHOSEN if run.recap.get(cell.host, (0, 0))[1]]
            if not failed:
                break
            self.reruns |= dict.fromkeys(failed, count)
            run = play.run("--limit", ",".join(cell.host for cell in failed))
        self.last_reruns = run
        written = len(self.writes())
        self.further = play.run()
        self.written_by_further = self.writes()[written:]

    def _variables(self, cell: Cell) -> dict[str, Any]:
        return {
            **variables(self.sandbox, cell.flow, self.orders[cell], cell.name, self.directory(cell)),
            "tls_certificate_settle_timeout": SETTLE_TIMEOUT,
            "tls_certificate_dns_timeout": 3 if cell.asks_dns else 120,
        }

    def directory(self, cell: Cell) -> Path:
        """Where the certificate of a cell's host lies."""
        return self.folder / "hosts" / cell.host

    def _issued(self, cell: Cell) -> str:
        """An order that somebody has taken to its certificate elsewhere."""
        account = {"endpoint": self.sandbox.ready["http"], **self.sandbox.ready["accounts"]["alibaba"]}
        wish = {"instance_id": self.sandbox.buy(cell.flow), "wait_interval": 0.1, **account}
        applicant = APPLICANTS[cell.flow]["tls_certificate_alibaba"]
        context = Context(environ={"CERTWRIGHT_STATE_DIR": str(self.folder / "elsewhere")})
        submission = {"domains": [cell.name], "wait_for": "validation", **applicant, **wish}
        order = run_use_case(alibaba_dv_order.USE_CASE, context, **submission)["order"]
        record = order["validations"][0]["record"]
        run_use_case(alidns_record.USE_CASE, context, **record, **account)
        run_use_case(alibaba_dv_order_info.USE_CASE, context, wait_for="issued", **wish)
        run_use_case(alidns_record.USE_CASE, context, state="absent", **record, **account)
        return str(order["id"])

    def writes(self) -> list[dict[str, Any]]:
        """All writes that the clouds were asked for."""
        return [entry for entry in self.sandbox.journal() if is_write(entry)]

    def _position(self, cell: Cell) -> str:
        """Which phase the journal shows the fault in, by what had happened to the order and its record before it."""
        if cell.asks_dns:
            # The journal has no questions to name servers; who asked them says what each has answered.
            return "dns wait" if any("complete" in result for result in failed_in(self.first, cell)) else "none"
        submitted = published = False
        for entry in self.sandbox.journal():
            request, own = entry["request"] or {}, entry["order_id"] == self.orders[cell]
            zone = cell.zone in (request.get("Domain"), request.get("DomainName"))
            if entry["cloud"] == "ca" or not (own or zone or entry["fault"]):
                continue
            action, fault = entry["action"], entry["fault"]
            if fault and (own or zone or action == "DeleteDomainRecord"):
                writes = {"CertificateInfoSubmit": "documents", "CertificateOrderSubmit": "submit"}
                writes |= {"CreateDVOrderAudit": "submit", "CreateRecord": "publish", "AddDomainRecord": "publish"}
                writes |= {"DeleteRecord": "clean up", "DeleteDomainRecord": "clean up"}
                read = "key" if cell.phase == "key" else "wait" if published else "values" if submitted else "look"
                return writes.get(action, read)
            submitted = submitted or action in ("CertificateOrderSubmit", "CreateDVOrderAudit")
            published = published or action in ("CreateRecord", "AddDomainRecord")
        return "none"

    def what_happened(self, cell: Cell) -> str:
        """One cell of the table."""
        cloud = cell.flow[0].upper()
        kinds = [result["error"]["kind"] for result in self.first.failures().get(cell.host, ()) if "error" in result]
        if not self.reruns[cell]:
            return f"{cloud} went on"
        return f"{cloud} {'/'.join(dict.fromkeys(kinds)) or 'failed'}, +{self.reruns[cell]}"

    def table(self) -> str:
        """The matrix, with a column for each phase."""
        lines = [["", *PHASES]]
        for kind in KINDS:
            found = {
                phase: "; ".join(
                    self.what_happened(cell) for cell in CHOSEN if (cell.phase, cell.kind) == (phase, kind)
                )
                for phase in PHASES
            }
            lines.append([kind, *(found[phase] or ("-" if why_not(phase, kind) else "") for phase in PHASES)])
        widths = [max(len(line[column]) for line in lines) for column in range(len(PHASES) + 1)]
        rows = [" | ".join(word.ljust(width) for word, width in zip(line, widths, strict=True)) for line in lines]
        rows.insert(1, "-|-".join("-" * width for width in widths))
        reasons: dict[str, list[str]] = {}
        for phase in PHASES:
            for kind in KINDS:
                reason = why_not(phase, kind)
                if reason and phase not in reasons.setdefault(reason, []):
                    reasons[reason].append(phase)
        legend = [
            f"The role under faults: {len(CHOSEN)} cells, one order each, in one play (T at Tencent, A at Alibaba)",
            *(row.rstrip() for row in rows),
            "went on: the run came to its end. network, +1: it failed so, and the first run after it came to its end",
            *(f"-: {reason} ({', '.join(phases)})" for reason, phases in reasons.items()),
        ]
        return "\n".join(legend)


@pytest.fixture(scope="module")
def matrix(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Matrix]:
    made = Matrix(tmp_path_factory.mktemp("matrix"))
    try:
        made.run()
        tell(made.table())
        yield made
    finally:
        made.sandbox.stop()


def failed_in(run: Run, cell: Cell) -> list[dict[str, Any]]:
    return run.failures().get(cell.host, [])


@pytest.mark.parametrize("cell", CHOSEN, ids=[cell.host for cell in CHOSEN])
def test_order_is_sent_once_and_installed_in_the_end(matrix: Matrix, cell: Cell) -> None:
    order_id = matrix.orders[cell]
    assert matrix.positions[cell] == cell.phase, "the fault has met another call"
    assert matrix.last_reruns.recap.get(cell.host, (0, 0))[1] == 0, failed_in(matrix.last_reruns, cell)
    assert order_faults(matrix.sandbox, order_id) == []
    assert installation_faults(matrix.sandbox, order_id, matrix.directory(cell)) == []
    assert records_left(matrix.sandbox, [cell.zone]) == []


@pytest.mark.parametrize("cell", CHOSEN, ids=[cell.host for cell in CHOSEN])
def test_failure_says_what_the_cloud_said_and_what_to_do(matrix: Matrix, cell: Cell) -> None:
    failed = failed_in(matrix.first, cell)
    assert bool(failed) == bool(matrix.first.recap[cell.host][1])
    # Whatever failed, the role says where the order stands.
    assert f"Order {matrix.orders[cell]} ({cell.name}) is " in matrix.first.output
    # What is hidden because it could hold a key is said once more without it.
    told = [result for result in failed if "censored" not in result]
    assert bool(told) == bool(failed)
    assert all(matrix.orders[cell] in result["msg"] or cell.zone in result["msg"] for result in told), told
    if cell.phase == "key":
        assert all("run the task again" in result["msg"] for result in told), told
        return
    assert [fault for result in told for fault in message_faults(result)] == []
    if cell.kind == "error":
        assert all(result["error"]["code"] == "InternalError" for result in told), told


def test_every_fault_has_met_as_many_calls_as_it_was_made_for(matrix: Matrix) -> None:
    assert matrix.unmet == []


def test_further_run_changes_nothing_and_sends_no_write(matrix: Matrix) -> None:
    assert matrix.further.recap == dict.fromkeys((cell.host for cell in CHOSEN), (0, 0)), matrix.further.output
    assert matrix.written_by_further == []
