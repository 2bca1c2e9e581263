# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The judges' table belongs to every run of these tests."""

from __future__ import annotations

import pytest
from judged import Docket, judged

__all__ = ["judged", "pytest_configure"]


def pytest_configure(config: pytest.Config) -> None:
    """Starts collecting."""
    config.pluginmanager.register(Docket(), "judges-docket")
