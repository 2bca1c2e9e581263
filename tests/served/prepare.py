# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes ready what the tests with real servers need: prepare.py FOLDER [PART...]; without a part, all of them.

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

SUITE = "trixie"
# With the packages behind virtual names, which debootstrap does not look for.
PACKAGES = ("nginx-light", "openssh-server", "python3", "python3-cffi-backend", "python3-cryptography")
PACKAGES += ("systemd", "systemd-sysv")
# A root that is made again after a crash need not wait for the disk, and nobody reads there.
DPKG_CONFIG = "force-unsafe-io\n" + "".join(f"path-exclude=/usr/share/{name}/*\n" for name in ("doc", "locale", "man"))
# Tools often lie where only root looks for them.
PATH = f"{os.environ.get('PATH', os.defpath)}:/usr/local/sbin:/usr/sbin:/sbin"
FETCH_TIMEOUT = 120
# Half a minute on a machine that does nothing else.
DEBOOTSTRAP_TIMEOUT = 600


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


def hosts(folder: Path) -> None:
    """Leaves FOLDER/root, a Debian that hosts are started from."""
    if os.geteuid():
        raise LeftOut("only root may start hosts in namespaces")
    missing = [program for program in ("ip", "mount", "ssh", "ssh-keygen", "unshare") if not find(program)]
    if missing:
        raise LeftOut(f"not installed: {', '.join(missing)}")
    isolated = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
    run(*isolated, "unshare", "--net", "--cgroup", "--uts", "--ipc", "true", cwd=folder, timeout=10)
    root, made_from = folder / "root", folder / "root.made_from"
    contents = " ".join((SUITE, *PACKAGES))
    if made_from.is_file() and made_from.read_text(encoding="utf-8") == contents:
        return
    program, library = find("debootstrap"), {}
    if not program:
        unpacked = unpack("debootstrap", folder)
        program = str(unpacked / "usr" / "sbin" / "debootstrap")
        library = {"DEBOOTSTRAP_DIR": str(unpacked / "usr" / "share" / "debootstrap")}
    for old in (made_from, root):
        shutil.rmtree(old) if old.is_dir() else old.unlink(missing_ok=True)
    (root / "etc" / "dpkg" / "dpkg.cfg.d").mkdir(parents=True)
    (root / "etc" / "dpkg" / "dpkg.cfg.d" / "quick").write_text(DPKG_CONFIG, encoding="utf-8")
    options = ("--variant=minbase", f"--include={','.join(PACKAGES)}", SUITE, root, *mirror())
    run(*isolated, program, *options, cwd=folder, timeout=DEBOOTSTRAP_TIMEOUT, **library)
    for archive in root.glob("var/cache/apt/archives/*.deb"):
        archive.unlink()
    made_from.write_text(contents, encoding="utf-8")


def mirror() -> list[str]:
    """The Debian mirror that this machine uses; none leaves the choice to debootstrap."""
    command = ["apt-get", "indextargets", "--format", "$(ORIGIN) $(REPO_URI)", "Created-By: Packages"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    uris = [line.split()[1] for line in done.stdout.splitlines() if line.startswith("Debian ")]
    return [uri for uri in uris if uri.startswith(("http://", "https://"))][:1]


PARTS: tuple[Callable[[Path], None], ...] = (nginx, hosts)


def main(folder: Path, *wanted: str) -> int:
    """Makes the parts ready, as far as they can be."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for part in PARTS:
            if wanted and part.__name__ not in wanted:
                continue
            try:
                part(folder)
                print(f"ready: {part.__name__}", flush=True)
            except LeftOut as why:
                print(f"left out: {part.__name__}: {why}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), *sys.argv[2:]))
