# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A task comes to the same, whether it runs inside the controller or as a module."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from ansible_collections.certwright.cloud.tests.e2e.plays import OTHER_PYTHON
from ansible_collections.certwright.cloud.tests.paths.cases import (
    ANSWER_LIKE_A_TEMPLATE,
    SECRETS,
    Case,
    cases,
    short_cases,
)
from ansible_collections.certwright.cloud.tests.paths.story import BRIEF, HERE, THERE, Story

ALL = [*cases(BRIEF), *short_cases()]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    return Story(tmp_path_factory.mktemp("paths"))


def ending(result: dict[str, Any], ends: str) -> str:
    """How a task ended, in the words of what was expected where they fit."""
    if not result["failed"]:
        return "changed" if result["changed"] else "ok"
    said = json.dumps(result)
    kind = (result.get("error") or {}).get("kind")
    return str(kind or (ends if ends in said else said))


@pytest.mark.parametrize("case", ALL, ids=[case.name for case in ALL])
def test_task_comes_to_the_same_on_both_paths(story: Story, case: Case) -> None:
    here, there = story.result(HERE, case), story.result(THERE, case)
    assert ending(here, case.ends) == case.ends
    assert here == there


def test_only_one_of_the_hosts_ran_modules(story: Story) -> None:
    reasons = re.findall(
        rf"<(\w+)> \S+ runs as a module: ansible_python_interpreter is {OTHER_PYTHON}", story.outcome.output
    )
    assert set(reasons) == {THERE}
    # One each time that a task came so far; an undefined variable does not.
    assert len(reasons) >= len(ALL) - 1
    assert f"<{THERE}> EXEC" in story.outcome.output
    assert f"<{HERE}> EXEC" not in story.outcome.output


def test_no_secret_is_shown(story: Story) -> None:
    lines = story.outcome.output.splitlines() + (story.folder / "lines").read_text().splitlines()
    # With a task's environment Ansible starts a module on a command line that it shows. Nothing is started here.
    shown = "\n".join(line for line in lines if not line.startswith(f"<{THERE}> EXEC"))
    assert [secret for secret in SECRETS.values() if secret in shown] == []


def test_words_of_a_cloud_are_never_taken_for_a_template(story: Story) -> None:
    for host in (HERE, THERE):
        for name in ("t: words like a template", "a: words like a template"):
            assert f"Strange: ******** {ANSWER_LIKE_A_TEMPLATE}" in story.results[host, name]["result"]["msg"]
