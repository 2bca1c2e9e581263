# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One cell of the matrix: a run with a fault, the run after it, and one more that has nothing left to do."""

from __future__ import annotations

import dataclasses
import functools
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cells import DEFAULT, DNS, OURS, Fault, Row, World, rows_of
from engine import FLOWS, Engine, Run
from exchange import Trap
from in_process import ProcessCloud
from truths import idle_faults, message_faults, server_faults, submission_faults

__all__ = ["KILLED", "WENT_ON", "Bench", "Verdict", "bench", "close"]

# Seconds until somebody runs the play again, without patience: what the first run left open is open still.
LATER = 1.0
# Seconds for which an ambiguous submission is looked for before it may be sent again: settle_timeout of the role, less
# what requests take.
WINDOW = 59.0
WENT_ON, KILLED = ".", "killed"


@dataclasses.dataclass(frozen=True)
class Verdict:
    """What came of a cell.

    Arguments:
        word: WENT_ON, KILLED, or the kinds of what the first run failed with.
        faults: what does not hold.
    """

    word: str
    faults: list[str]


class Bench:
    """One sandbox in this process, used by one cell after the other."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0
        self.cloud = ProcessCloud(folder / "cloud")

    def close(self) -> None:
        """Removes all traces."""
        self.cloud.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    @contextmanager
    def engine(self, flow: str, world: World = DEFAULT) -> Iterator[Engine]:
        """A run's engine with a new order in a cloud that is as new."""
        self._count += 1
        place = self._folder / str(self._count)
        self.cloud.reset(**dataclasses.asdict(world))
        try:
            with self.cloud.within():
                yield Engine(self.cloud, FLOWS[flow], self.cloud.buy(flow), place)
        finally:
            shutil.rmtree(place, ignore_errors=True)

    def undisturbed(self, flow: str) -> Run:
        """A run that nothing befalls."""
        with self.engine(flow) as engine:
            run = engine.run()
        assert not run.errors and run.state == "issued", run.errors
        return run

    @functools.cached_property
    def rows(self) -> list[Row]:
        """The rows of the matrix, all flows."""
        return [row for flow in FLOWS for row in rows_of(flow, self.undisturbed(flow).exchanges)]

    def try_cell(self, row: Row, fault: Fault, world: World) -> Verdict:
        """Runs with the fault, runs again if that failed, and says what does not hold."""
        cloud = self.cloud
        with self.engine(row.flow, world) as engine:
            first = self._befallen(engine, row, fault)
            faults = message_faults(first)
            if row.action == OURS and not fault.passing:
                faults += server_faults(first.error, [server.address for server in cloud.servers], fault.bad_servers)
            if fault.passing and (row.reads or fault.sent):
                faults += [f"what passes by itself ended the run: {error.text}" for error in first.errors]
            last = first
            if first.errors or first.killed:
                cloud.calm()
                cloud.clock.sleep(LATER)
                last = engine.run()
                faults += [f"the run after it failed: {error.text}" for error in last.errors]
            if last.state != "issued" or not last.files or not (engine.directory / "live" / "key.pem").is_file():
                faults.append(f"the order ended {last.state}, installed: {bool(last.files)}")
            faults += [f"a record was left: {record.name}" for record in cloud.records()]
            faults += idle_faults(engine.run())
            # What weighs most comes first.
            faults = submission_faults(FLOWS[row.flow], cloud.exchanges, WINDOW) + faults
        kinds = [KILLED] if first.killed else [error.kind.value for error in first.errors]
        return Verdict(" ".join(kinds) or WENT_ON, faults)

    def _befallen(self, engine: Engine, row: Row, fault: Fault) -> Run:
        """The run that the fault befalls."""
        if row.cloud == DNS:
            fault.spring(self.cloud, row)
            return engine.run()
        self.cloud.trap = trap = Trap(row.position, lambda: fault.spring(self.cloud, row), fault.kills)
        run = engine.run()
        assert trap.sprung and self.cloud.exchanges[row.position].action == row.action
        self.cloud.trap = None
        return run


@functools.cache
def bench() -> Bench:
    """The one of this process."""
    # In memory where that is possible: what is written is synchronised each time.
    memory = Path("/dev/shm")
    usable = memory.is_dir() and os.access(memory, os.W_OK)
    return Bench(Path(tempfile.mkdtemp(prefix="certwright-faults-", dir=memory if usable else None)))


def close() -> None:
    """Ends what bench made, if it made something."""
    if bench.cache_info().currsize:
        bench().close()
        bench.cache_clear()
