# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tests with real servers share, and the figures of their probes."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.certwright.cloud.tests.e2e.sandbox_process import SandboxProcess
from ansible_collections.certwright.cloud.tests.served.probe import FIGURES


def pytest_addoption(parser: pytest.Parser) -> None:
    """Where the programs lie."""
    parser.addoption("--tools", type=Path, default=Path(), help="folder that prepare.py was given")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Prints what the probes saw."""
    for figures in FIGURES:
        terminalreporter.write_line(figures)


@pytest.fixture(scope="session")
def tools(request):
    """The folder that prepare.py was given."""
    return request.config.getoption("--tools").resolve()


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    """A sandbox of the module's own."""
    process = SandboxProcess(tmp_path_factory.mktemp("sandbox"))
    yield process
    process.stop()
