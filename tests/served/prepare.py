# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes ready what the tests with real servers need: prepare.py FOLDER.

Packages of the distribution are unpacked into the folder, which is kept between runs; nothing is installed on the
machine. Each part is told in one line of output: `ready: PART`, or `left out: PART: why`.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

# Tools often lie where only root looks for them.
PATH = f"{os.environ.get('PATH', os.defpath)}:/usr/local/sbin:/usr/sbin:/sbin"
FETCH_TIMEOUT = 120


class LeftOut(Exception):
    """Why something cannot be made ready here."""


def run(*command: str | Path, cwd: Path, timeout: float, **env: str) -> None:
    """Runs a command, its output to ours. Raises LeftOut."""
    words = [str(word) for word in command]
    print("$", *words, flush=True)
    try:
        subprocess.run(words, cwd=cwd, env={**os.environ, "PATH": PATH, **env}, timeout=timeout, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        raise LeftOut(f"'{words[0]}' failed: {error}") from error


def find(program: str) -> str | None:
    """Where a program lies."""
    return shutil.which(program, path=PATH)


def unpack(package: str, folder: Path) -> Path:
    """Fetches a package of the distribution and unpacks it below the folder. Raises LeftOut."""
    target = folder / "packages" / package
    if target.is_dir():
        return target
    if not find("apt-get"):
        raise LeftOut(f"'{package}' is not installed, and there is no apt-get to fetch it with")
    with tempfile.TemporaryDirectory(dir=folder) as name:
        place = Path(name)
        try:
            run("apt-get", "download", package, cwd=place, timeout=FETCH_TIMEOUT)
        except LeftOut:
            # The machine's lists are missing or old; ours need no root.
            for part in ("lists", "cache"):
                (place / part).mkdir()
            own = ("-o", f"Dir::State::lists={place / 'lists'}", "-o", f"Dir::Cache={place / 'cache'}")
            run("apt-get", "update", "-qq", *own, cwd=place, timeout=FETCH_TIMEOUT)
            run("apt-get", "download", *own, package, cwd=place, timeout=FETCH_TIMEOUT)
        (file,) = place.glob("*.deb")
        run("dpkg-deb", "-x", file, place / "unpacked", cwd=place, timeout=FETCH_TIMEOUT)
        target.parent.mkdir(exist_ok=True)
        (place / "unpacked").rename(target)
    return target


def nginx(folder: Path) -> None:
    """Leaves FOLDER/nginx, a link to the program."""
    program = Path(find("nginx") or unpack("nginx", folder) / "usr" / "sbin" / "nginx")
    run(program, "-v", cwd=folder, timeout=10)
    link = folder / "nginx"
    link.unlink(missing_ok=True)
    link.symlink_to(program)


PARTS: tuple[Callable[[Path], None], ...] = (nginx,)


def main(folder: Path) -> int:
    """Makes all parts ready, as far as they can be."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for part in PARTS:
            try:
                part(folder)
                print(f"ready: {part.__name__}", flush=True)
            except LeftOut as why:
                print(f"left out: {part.__name__}: {why}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
