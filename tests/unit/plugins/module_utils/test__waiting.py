# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How often a wait looks where nobody says."""

from __future__ import annotations

import pytest
from ansible_collections.certwright.cloud.plugins.module_utils._waiting import polling_interval


@pytest.mark.parametrize(
    ("waited", "interval"),
    [(0, 15), (299, 15), (300, 60), (3599, 60), (3600, 900), (10**6, 900)],
)
def test_looks_become_rarer_with_time(waited: float, interval: float) -> None:
    assert polling_interval(waited) == interval
