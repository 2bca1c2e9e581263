# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Three slices of an inventory, in a container each, on one account: orders are sent once, and one slice fails."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.certwright.cloud.tests.e2e.examples import chosen, ran, runs
from ansible_collections.certwright.cloud.tests.e2e.plays import is_write
from ansible_collections.certwright.cloud.tests.e2e.sandbox_process import SandboxProcess
from ansible_collections.certwright.cloud.tests.leaks.canaries import shapes
from ansible_collections.certwright.cloud.tests.slices.awx import Ended, Job, slice_of
from ansible_collections.certwright.cloud.tests.slices.guide import GUIDE, credential_type

COUNT = 3
HOSTS = [f"web{number:02}.example.com" for number in range(1, 25)]
# In the second slice.
BAD = "web08.example.com"
WITHOUT_BAD = [host for host in HOSTS if host != BAD]
THROTTLED = "RequestLimitExceeded"
# What a slice knows of other hosts, and how often it does what is done once.
WHO = {
    "name": "See who is here",
    "hosts": "all",
    "gather_facts": False,
    "tasks": [
        {"name": "Say it once", "ansible.builtin.debug": {"msg": "{{ groups['all'] | sort }}"}, "run_once": True}
    ],
}
TENCENT = credential_type("secret_key")


@dataclass(frozen=True)
class Slices:
    """The slices in the end, and the order of each host."""

    jobs: list[Job]
    ended: list[Ended]
    orders: dict[str, str]


def a_job(sandbox: SandboxProcess, folder: Path, orders: dict[str, str], number: int = 1, count: int = 1) -> Job:
    """The guide's job for hosts with these orders, or a slice of it."""
    (play,) = chosen(f"{GUIDE}:play:Submit ")
    inventory = {"web": {host: {"order_id": order_id} for host, order_id in orders.items()}}
    job = Job(folder, [play.content, WHO], slice_of(inventory, number, count))
    account = TENCENT.filled(sandbox.ready["accounts"]["tencent"])
    job.give(TENCENT.injectors.content, account, CERTWRIGHT_TENCENT_ENDPOINT=sandbox.ready["http"])
    return job


@pytest.fixture(scope="module")
def slices(sandbox: SandboxProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slices]:
    """All slices, run at the same time."""
    ids = sandbox.control("orders", {"flow": "tencent_paid", "count": len(HOSTS)})["ids"]
    orders = {**dict(zip(HOSTS, ids, strict=True)), BAD: "NoSuchId"}
    folder = tmp_path_factory.mktemp("slices")
    with ExitStack() as stack:
        numbers = range(1, COUNT + 1)
        jobs = [
            stack.enter_context(a_job(sandbox, folder / f"slice{number}", orders, number, COUNT)) for number in numbers
        ]
        for job in jobs:
            job.start()
        yield Slices(jobs, [job.end() for job in jobs], orders)


@runs(f"{GUIDE}:play:Submit ", *TENCENT.selectors)
def test_only_the_slice_with_the_wrong_order_fails(slices: Slices) -> None:
    assert [job.verdict for job in slices.ended] == [("successful", "0"), ("failed", "2"), ("successful", "0")]
    assert [job.counts["failures"] for job in slices.ended] == [{}, {BAD: 1}, {}]
    assert sorted(host for job in slices.ended for host in job.counts["changed"]) == WITHOUT_BAD
    (failure,) = [event["event_data"] for job in slices.ended for event in job.named("runner_on_failed")]
    assert failure["host"] == BAD
    assert failure["res"]["error"]["kind"] == "not_found" and "Order 'NoSuchId'" in failure["res"]["msg"]
    ran(chosen(f"{GUIDE}:play:Submit "))
    TENCENT.ran()


def test_each_order_is_sent_once_and_a_refused_call_is_sent_again(
    slices: Slices, sandbox: SandboxProcess, told: list[str]
) -> None:
    journal = sandbox.journal()
    calls = [call for call in journal if call["action"] == "DescribeCertificateDetail"]
    throttled = [call for call in journal if call["error_code"] == THROTTLED]
    told.append(f"{len(calls)} calls of the action that is called most, {len(throttled)} refused and repeated")
    for order_id in [slices.orders[host] for host in WITHOUT_BAD]:
        writes = [
            call for call in journal if call["order_id"] == order_id and is_write(call) and call["outcome"] == "ok"
        ]
        assert [call["action"] for call in writes] == ["CertificateInfoSubmit", "CertificateOrderSubmit"]
        assert sandbox.control(f"orders/{order_id}")["submissions"] == 1
    messages = [event["event_data"]["res"] for job in slices.ended for event in job.named("runner_on_failed")]
    assert not any(THROTTLED in str(message) for message in messages)


def test_slice_sees_its_own_hosts_only_and_does_once_what_is_done_once(slices: Slices) -> None:
    for number, job in enumerate(slices.ended):
        (said,) = [event["event_data"]["res"]["msg"] for event in job.named("runner_on_ok") if _is_said(event)]
        assert said == HOSTS[number::COUNT]


def _is_said(event: dict[str, Any]) -> bool:
    return bool(event["event_data"]["task"] == "Say it once")


def test_key_in_a_file_is_in_nothing_that_comes_back_or_stays(slices: Slices, sandbox: SandboxProcess) -> None:
    forms = [form.encode() for form in shapes([sandbox.ready["accounts"]["tencent"]["secret_key"]])]
    for job in slices.jobs:
        written = list((job.written / "env").iterdir())
        assert any(forms[0] in path.read_bytes() for path in written), "the key did not go through a file"
        places = [job.back, job.home, job.stream]
        files = [path for place in places for path in (place, *place.rglob("*")) if path.is_file()]
        assert {"command", "stdout", "audit.jsonl", "stream"} <= {path.name for path in files}
        assert [str(path) for path in files if any(form in path.read_bytes() for form in forms)] == []
        assert not job.node.exists()


def test_job_in_a_new_container_sends_nothing_again(slices: Slices, sandbox: SandboxProcess, tmp_path: Path) -> None:
    orders = {host: slices.orders[host] for host in WITHOUT_BAD[:2]}
    sent = sum(map(is_write, sandbox.journal()))
    with a_job(sandbox, tmp_path / "again", orders) as job:
        ended = job.run()
    assert ended.verdict == ("successful", "0") and ended.counts["changed"] == {}
    assert sum(map(is_write, sandbox.journal())) == sent


# What somebody would write who has not read the guide.
PLAIN = {"env": {"TENCENTCLOUD_SECRET_ID": "{{ secret_id }}", "TENCENTCLOUD_SECRET_KEY": "{{ secret_key }}"}}


def test_key_in_the_environment_is_kept_by_runner_and_shown_by_no_event(
    sandbox: SandboxProcess, tmp_path: Path
) -> None:
    account = sandbox.ready["accounts"]["tencent"]
    task = {"certwright.cloud.tencent_order_info": {"certificate_id": sandbox.buy("tencent_paid")}}
    play = {"hosts": "all", "gather_facts": False, "tasks": [{**task, "delegate_to": "localhost"}]}
    with Job(tmp_path / "plain", [play], slice_of({"web": {"web1": {}}}, 1, 1)) as job:
        job.give(PLAIN, account, CERTWRIGHT_TENCENT_ENDPOINT=sandbox.ready["http"])
        ended = job.run()
    assert ended.verdict == ("successful", "0")
    key = account["secret_key"]
    assert {path.name for path in ended.kept.rglob("*") if path.is_file() and key in path.read_text()} == {"command"}
    # The state in which the job starts is told with its environment.
    (line,) = [line for line in job.stream.read_text().splitlines() if key in line]
    assert '"status": "starting"' in line
