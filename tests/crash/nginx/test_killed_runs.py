# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs of the role that are killed at any point: the next one goes on, sends nothing twice, and nobody notices."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.certwright.cloud.tests.crash.figures import FULL, tell
from ansible_collections.certwright.cloud.tests.crash.story import KILLS, MortalSandbox, Story, points_of
from ansible_collections.certwright.cloud.tests.served.nginx_process import Nginx

STORIES = range(20 if FULL else 2)


@pytest.fixture(scope="session")
def seed(pytestconfig: pytest.Config) -> int:
    """The same for all processes of the tests, and another one each time unless it is given."""
    shared = getattr(pytestconfig, "workerinput", {}).get("testrunuid")
    drawn = int(shared[:6], 16) if shared else random.SystemRandom().randrange(16**6)
    return int(os.environ.get("CERTWRIGHT_SEED", drawn))


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MortalSandbox]:
    """Without a guard against a second submission."""
    settings = {"visible_delay": 2, "issue_delay": 0.5, "ca_poll": 0.5, "submission_guard": False}
    process = MortalSandbox(tmp_path_factory.mktemp("sandbox"), **settings)
    yield process
    process.stop()


@pytest.mark.parametrize("number", STORIES)
def test_killed_runs_end_as_if_nothing_had_happened(
    tools: Path, sandbox: MortalSandbox, tmp_path: Path, seed: int, number: int
) -> None:
    story = Story(number, seed, points_of(number, seed, FULL), cloud_dies=number % 2 == 1)
    try:
        story.tell(tmp_path, sandbox, Nginx.found(tools))
    finally:
        tell(f"story {number + 1}, seed {seed}: killed at {'; '.join(story.told)}")
        for probe in getattr(story, "probes", {}).values():
            tell(probe.figures())
    assert story.faults == []
    assert len(story.told) == KILLS + 1
