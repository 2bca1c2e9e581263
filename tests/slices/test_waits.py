# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a wait says in a job, which has a terminal and nobody who looks at it."""

from __future__ import annotations

import re
from pathlib import Path

from ansible_collections.certwright.cloud.tests.e2e.json_callback import CALLBACK
from ansible_collections.certwright.cloud.tests.e2e.sandbox_process import SandboxProcess
from ansible_collections.certwright.cloud.tests.slices.awx import Ended, Job, slice_of

# A record that never comes: some looks, which all see the same.
RECORD = {"name": "_dnsauth.example.com", "value": "never", "wait_interval": 0.5, "wait_timeout": 2}
LINE = re.compile(
    r"  web1 \| '_dnsauth\.example\.com': waiting for DNS since .* \('127\.0\.0\.1:\d+' has no such record\)"
)
WAITING = "waiting for DNS"
COLOUR = re.compile(r"\x1b\[[\d;]*m")


def waited(sandbox: SandboxProcess, folder: Path, **environment: str) -> Ended:
    """A job with one wait, which fails."""
    task = {"name": "Wait", "certwright.cloud.dns_wait": {**RECORD, "servers": [sandbox.ready["dns"]]}}
    play = {"hosts": "all", "gather_facts": False, "tasks": [{**task, "delegate_to": "localhost"}]}
    with Job(folder / "wait", [play], slice_of({"web": {"web1": {}}}, 1, 1)) as job:
        job.give({}, {}, **environment)
        ended = job.run()
    assert ended.verdict == ("failed", "2") and ended.counts["failures"] == {"web1": 1}
    return ended


def test_wait_is_told_once_for_each_news_as_an_event_of_its_own(sandbox: SandboxProcess, tmp_path: Path) -> None:
    ended = waited(sandbox, tmp_path)
    told = [event for event in ended.events if WAITING in event["stdout"]]
    assert [event["event"] for event in told] == ["verbose"]
    assert LINE.fullmatch(COLOUR.sub("", told[0]["stdout"]))
    # It stands where it was said: in the task, before its result.
    order = [
        event["event"] for event in ended.events if event["event"] in ("playbook_on_task_start", "runner_on_failed")
    ]
    assert order == ["playbook_on_task_start", "runner_on_failed"]
    (start,), (failure,) = ended.named("playbook_on_task_start"), ended.named("runner_on_failed")
    assert start["counter"] < told[0]["counter"] < failure["counter"]
    assert ended.stdout.count(WAITING) == 1


def test_wait_is_silent_where_the_job_prints_for_programs(sandbox: SandboxProcess, tmp_path: Path) -> None:
    (tmp_path / "json.py").write_text(CALLBACK)
    settings = {"ANSIBLE_STDOUT_CALLBACK": "json", "ANSIBLE_CALLBACK_PLUGINS": str(tmp_path)}
    ended = waited(sandbox, tmp_path, **settings)
    assert '{"failed": ["Wait"]}' in ended.stdout
    assert not any(WAITING in event["stdout"] and event["event"] == "verbose" for event in ended.events)
