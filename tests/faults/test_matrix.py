# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever befalls any call of a run: nothing is sent twice, nothing is lost, nothing is left behind."""

from __future__ import annotations

import pytest
from bench import Bench, bench
from cells import FAULTS, Fault, Row, World, impossible, worlds_of
from docket import Tell

__all__: list[str] = []


def cells() -> list[pytest.param]:
    """Every cell that can be."""
    return [
        pytest.param(row, fault, world, id=f"{row.flow}-{row.title}-{fault.name}-world{number}".replace(" ", "_"))
        for row in bench().rows
        for number, world in enumerate(worlds_of(row))
        for fault in FAULTS
        if not impossible(row, fault)
    ]


@pytest.mark.parametrize(("row", "fault", "world"), cells())
def test_run_survives(the_bench: Bench, tell_cell: Tell, row: Row, fault: Fault, world: World) -> None:
    verdict = the_bench.try_cell(row, fault, world)
    tell_cell(row, fault, world, verdict)
    assert verdict.faults == []
