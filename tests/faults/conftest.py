# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The fault matrix's table belongs to every run of these tests."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench import Bench, bench, close
from docket import Docket, tell_cell

__all__ = ["pytest_addoption", "pytest_configure", "pytest_sessionfinish", "tell_cell", "the_bench"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Where the table is written to."""
    parser.addoption("--faults-to", type=Path, help="file for the fault matrix, as Markdown")


def pytest_configure(config: pytest.Config) -> None:
    """Starts collecting, where the results of all processes come together."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Docket(config.getoption("--faults-to")), "faults-docket")


def pytest_sessionfinish() -> None:
    """Ends the sandbox of this process, which the rows were made with before the first test."""
    close()


@pytest.fixture
def the_bench() -> Bench:
    """The sandbox of this process."""
    return bench()
