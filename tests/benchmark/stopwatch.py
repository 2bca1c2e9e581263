# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs one command and writes what it cost, as JSON: python -I -S stopwatch.py FILE COMMAND [ARGUMENT...]

A process of its own that imports next to nothing, because a new process's peak memory begins with what the process
that starts it holds.
"""

import os
import sys
import time


def own_peak_kib() -> int:
    """What this process has held at most: no command can be seen to hold less."""
    with open("/proc/self/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))


def main(result: str, command: list[str]) -> None:
    """Runs the command; its usage includes all descendants that were waited for, as every shell and Ansible does."""
    floor = own_peak_kib()
    started = time.monotonic()
    pid = os.posix_spawnp(command[0], command, os.environ)
    _pid, status, usage = os.wait4(pid, 0)
    wall = time.monotonic() - started
    with open(result, "w", encoding="ascii") as file:
        file.write(
            f'{{"status": {os.waitstatus_to_exitcode(status)}, "wall": {wall}, '
            f'"cpu": {usage.ru_utime + usage.ru_stime}, "peak_kib": {usage.ru_maxrss}, "floor_kib": {floor}}}'
        )


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
