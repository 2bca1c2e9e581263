# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One process in the background, known by a lock that it holds for as long as it lives.

The lock is inherited by the process and vanishes with it, however it ends. So a process id that was given to another
process meanwhile is never signalled, and a dead process that nobody collected does not count as running.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

__all__ = ["Background", "ServiceError", "wait_for"]

TERM_SECONDS = 15.0
KILL_SECONDS = 5.0
#: For how long somebody who only looks may hold up a start.
LOCK_SECONDS = 1.0
POLL_SECONDS = 0.02
LOG_LINES_SHOWN = 5


class ServiceError(Exception):
    """What went wrong with a background process, for a person."""


def wait_for(condition: Callable[[], bool], seconds: float) -> bool:
    """Wait until a condition holds, at most for so long; returns whether it does."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() >= deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


class Background:
    """A process that is started, found again and stopped by way of its lock file.

    The lock file holds `{"pid", "argv"}`; the log file gets all output; `pid_file` (optional) holds the bare process id
    for other tools. All files are for their owner only.
    """

    def __init__(self, title: str, lock_file: Path, log_file: Path, pid_file: Path | None = None) -> None:
        """`title` begins messages, as in "The sandbox"."""
        self.title, self.lock_file, self.log_file, self._pid_file = title, lock_file, log_file, pid_file
        self._process: subprocess.Popen[bytes] | None = None

    def record(self) -> dict[str, Any] | None:
        """What the lock file says of the running process ({} while it is being started); None when none runs."""
        try:
            handle = os.open(self.lock_file, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        try:
            # Shared, so that two who only look do not take each other for the process.
            if _try_lock(handle, fcntl.LOCK_SH):
                return None
            content = os.pread(handle, 1 << 20, 0)
        finally:
            os.close(handle)
        with contextlib.suppress(ValueError):
            return dict(json.loads(content))
        return {}

    def runs(self, argv: Sequence[str]) -> bool:
        """Whether a process started with just these arguments is running."""
        return (self.record() or {}).get("argv") == list(argv)

    def start(self, argv: Sequence[str]) -> None:
        """Start the process; raises ServiceError when one is running already."""
        handle = os.open(self.lock_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            if not wait_for(lambda: _try_lock(handle, fcntl.LOCK_EX), LOCK_SECONDS):
                raise ServiceError(f"{self.title} is being started by somebody else (lock '{self.lock_file}')")
            os.truncate(handle, 0)
            self._process = self._spawn(argv, handle)
            os.pwrite(handle, json.dumps({"pid": self._process.pid, "argv": list(argv)}).encode(), 0)
        finally:
            os.close(handle)
        if self._pid_file is not None:
            self._pid_file.unlink(missing_ok=True)
            with os.fdopen(os.open(self._pid_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
                stream.write(f"{self._process.pid}\n")

    def wait_until(self, condition: Callable[[], bool], seconds: float) -> None:
        """Wait until the process just started is up; raises ServiceError with its last words if it ends or hangs."""
        process = self._process
        assert process is not None
        wait_for(lambda: process.poll() is not None or condition(), seconds)
        if process.poll() is None and condition():
            return
        ended = process.poll()
        how = f"did not answer within {seconds:g} s" if ended is None else f"ended with status {ended}"
        self.stop()
        words = " / ".join(self.log_text().splitlines()[-LOG_LINES_SHOWN:]) or "nothing"
        raise ServiceError(f"{self.title} {how}. It said: {words} (log: '{self.log_file}')")

    def stop(self) -> bool:
        """End the process, by force if it does not react, and wait until it is gone; returns whether one ran."""
        record = self.record()
        if record is not None:
            if "pid" not in record:
                raise ServiceError(f"{self.title} is being started by somebody else (lock '{self.lock_file}')")
            self._end(int(record["pid"]))
        if self._pid_file is not None:
            self._pid_file.unlink(missing_ok=True)
        return record is not None

    def log_text(self) -> str:
        """All that the process said so far."""
        with contextlib.suppress(OSError):
            return self.log_file.read_text(errors="replace")
        return ""

    def _end(self, pid: int) -> None:
        for number, seconds in ((signal.SIGTERM, TERM_SECONDS), (signal.SIGKILL, KILL_SECONDS)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
            if wait_for(lambda: self.record() is None, seconds):
                break
        else:
            raise ServiceError(f"{self.title} (process {pid}) does not end")
        if self._process is not None:
            self._process.wait()

    def _spawn(self, argv: Sequence[str], lock: int) -> subprocess.Popen[bytes]:
        log = os.open(self.log_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            # The lock belongs to the open file, which the process inherits: it holds it from its first moment.
            return subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                start_new_session=True,
                pass_fds=(lock,),
            )
        finally:
            os.close(log)


def _try_lock(handle: int, kind: int) -> bool:
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
