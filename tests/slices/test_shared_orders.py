# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Two slices claim one order: who keeps the second submission away."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest
from ansible_collections.certwright.cloud.tests.e2e.sandbox_process import SandboxProcess
from ansible_collections.certwright.cloud.tests.slices.awx import Ended, Job, slice_of
from ansible_collections.certwright.cloud.tests.slices.guide import credential_type

TENCENT = credential_type("secret_key")
APPLICATION = {
    "certificate_id": "{{ order_id }}",
    "common_name": "www.example.com",
    "company_type": "person",
    "contact_email": "hostmaster@example.com",
    "csr_generation": "online",
    "csr_key_parameter": "prime256v1",
}
PLAY = {
    "hosts": "all",
    "gather_facts": False,
    "tasks": [{"certwright.cloud.tencent_order": APPLICATION, "delegate_to": "localhost"}],
}


def run_both(sandbox: SandboxProcess, folder: Path, order_id: str, environment: dict[str, str]) -> list[Ended]:
    """Two slices of one host each, which start at once."""
    inventory = {"web": {host: {"order_id": order_id} for host in ("web1", "web2")}}
    account = TENCENT.filled(sandbox.ready["accounts"]["tencent"])
    with ExitStack() as stack:
        slices = [slice_of(inventory, number, 2) for number in (1, 2)]
        jobs = [stack.enter_context(Job(folder / f"slice{i}", [PLAY], seen)) for i, seen in enumerate(slices)]
        for job in jobs:
            where = {"CERTWRIGHT_TENCENT_ENDPOINT": sandbox.ready["http"], **environment}
            job.give(TENCENT.injectors.content, account, **where)
            job.start()
        return [job.end() for job in jobs]


@pytest.mark.parametrize("shared", [True, False])
def test_order_that_two_slices_claim_is_sent_once(tmp_path: Path, shared: bool) -> None:
    # The folder that both have keeps the second submission away, or the cloud does. The first one shows late.
    sandbox = SandboxProcess(tmp_path / "sandbox", rate=1, submission_guard=not shared, submission_lag=5)
    try:
        order_id = sandbox.buy("tencent_paid")
        state = {"CERTWRIGHT_STATE_DIR": str(tmp_path / "state")} if shared else {}
        ended = run_both(sandbox, tmp_path, order_id, state)
        assert [job.verdict for job in ended] == [("successful", "0")] * 2
        assert sandbox.control(f"orders/{order_id}")["submissions"] == 1
        if shared:
            assert sorted(len(job.counts["changed"]) for job in ended) == [0, 1]
    finally:
        sandbox.stop()
