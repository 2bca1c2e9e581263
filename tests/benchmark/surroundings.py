# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The machine and the tools that figures come from: without them figures mean nothing."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

__all__ = ["commit", "load", "machine", "versions"]


def machine() -> str:
    """Processor, cores this process may use, memory, system."""
    usable = len(os.sched_getaffinity(0))
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    system = f"{platform.system()} {platform.release()}"
    return f"{_processor()}, {usable} of {os.cpu_count()} cores, {memory:.1f} GiB, {system}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def load() -> str:
    """The load average over 1, 5 and 15 minutes."""
    return ", ".join(f"{value:.2f}" for value in os.getloadavg())


def versions(packages: Sequence[str]) -> str:
    """Python and what is installed of some packages."""
    told = [f"Python {platform.python_version()}"]
    return ", ".join([*told, *(f"{name} {metadata.version(name)}" for name in packages)])


def commit(checkout: Path) -> str:
    """The commit that is checked out and whether plugins were changed since; else that it is not known."""
    command = ("git", "-C", str(checkout), "describe", "--always", "--abbrev=12", "--exclude=*")
    try:
        name = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
        state = subprocess.run(
            ("git", "-C", str(checkout), "status", "--porcelain", "--", "plugins"),
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return f"{name} with changes in plugins" if state else name
