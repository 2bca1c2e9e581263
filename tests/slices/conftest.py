# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sandbox that all jobs share, and what is told in the end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from ansible_collections.certwright.cloud.tests.e2e.sandbox_process import SandboxProcess

TOLD = pytest.StashKey[list[str]]()


def pytest_configure(config: pytest.Config) -> None:
    """Makes room for what is told."""
    config.stash[TOLD] = []


@pytest.fixture
def told(request: pytest.FixtureRequest) -> list[str]:
    """Lines for the end of the run."""
    return request.config.stash[TOLD]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Prints them."""
    for line in terminalreporter.config.stash[TOLD]:
        terminalreporter.write_line(f"told: {line}")


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    """One with an account of each cloud, at the rates that the clouds document."""
    process = SandboxProcess(tmp_path_factory.mktemp("sandbox") / "state", rate=1)
    yield process
    process.stop()
