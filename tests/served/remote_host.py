# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hosts to log in to: each a Debian with systemd, sshd and nginx in namespaces, behind one bridge.

They are made in the network, mount and process namespaces that the tests were started in, and vanish with them, also
when the tests are killed. Only the control groups do not: stop() removes those, or the next run.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

__all__ = ["Lan", "RemoteHost"]

START_TIMEOUT = 60.0
COMMAND_TIMEOUT = 30.0
# Seconds after which an empty control group has been left by a run that was killed.
ABANDONED = 3600.0
# Reserved for measurements between networks, so it is nobody's; this network has no way out anyway.
NETWORK = "198.18.0"
BRIDGE = "lan0"

# Joins the control group, then becomes the first process of the host: $1 control group, $2 root, $3 name, $4 address.
JOIN = 'echo $$ >"$1/cgroup.procs" && shift && exec unshare {flags} sh -ec "$0" boot "$@"'
FLAGS = "--net --mount --uts --ipc --pid --cgroup --fork --kill-child"
BOOT = """
tries=0
until ip link show eth0 >/dev/null 2>&1; do
    tries=$((tries + 1)); [ $tries -lt 500 ]; sleep 0.02
done
ip link set lo up
ip address add "$3/24" dev eth0
ip link set eth0 up
cd "$1"
hostname "$2"
mount -t proc proc proc
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs dev
mkdir dev/pts dev/shm
while read -r name major minor; do
    mknod -m 666 "dev/$name" c "$major" "$minor"
done <<END
null 1 3
zero 1 5
full 1 7
random 1 8
urandom 1 9
tty 5 0
END
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts dev/pts
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
for number in 0:stdin 1:stdout 2:stderr; do ln -s "/proc/self/fd/${number%:*}" "dev/${number#*:}"; done
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs tmpfs tmp
exec env -i container=certwright PATH=/usr/sbin:/usr/bin:/sbin:/bin chroot . /sbin/init systemd.unit=multi-user.target
"""


def _run(*command: str | Path) -> str:
    done = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, check=False, timeout=COMMAND_TIMEOUT
    )
    if done.returncode:
        raise RuntimeError(f"'{' '.join(map(str, command))}' failed: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def _until(done: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + START_TIMEOUT
    while not done():
        if time.monotonic() > deadline:
            raise RuntimeError(f"{what}: not within {START_TIMEOUT:.0f} s")
        time.sleep(0.05)


class RemoteHost:
    """One host: prepare its files below root, then start() it.

    Attributes:
        changed: what is not as in the Debian it was made from, as a folder.
    """

    def __init__(self, lan: Lan, name: str, address: str) -> None:
        self.lan, self.name, self.address = lan, name, address
        place = lan.folder / name
        self.root, self.changed = place / "root", place / "disk" / "changed"
        self._group = lan.groups / f"certwright-{os.urandom(4).hex()}-{name}"
        self._log = place / "console.log"
        self._process: subprocess.Popen[bytes] | None = None
        for folder in (self.root, place / "disk"):
            folder.mkdir(parents=True)
        # An overlay cannot lie on another one, as the checkout might; memory always does.
        _run("mount", "-t", "tmpfs", "tmpfs", place / "disk")
        for folder in (self.changed, place / "disk" / "work"):
            folder.mkdir()
        layers = f"lowerdir={lan.debian},upperdir={self.changed},workdir={place / 'disk' / 'work'}"
        _run("mount", "-t", "overlay", "-o", layers, "overlay", self.root)
        self.write("etc/hostname", f"{name}\n")
        self.write("root/.ssh/authorized_keys", lan.public_key, 0o600)

    def write(self, path: str, text: str, mode: int = 0o644) -> None:
        """Puts a file on the host, before it is started."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file.write_text(text)
        file.chmod(mode)

    def start(self) -> None:
        """Boots the host and connects it; wait_for() says when it is there."""
        self._group.mkdir()
        command = ["sh", "-c", JOIN.format(flags=FLAGS), BOOT, self._group, self.root, self.name, self.address]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        ours, link = os.readlink("/proc/self/ns/net"), f"/proc/{self._process.pid}/ns/net"
        _until(lambda: os.readlink(link) != ours, f"{self.name}: no network")
        end = f"to-{self.name}"
        _run("ip", "link", "add", end, "type", "veth", "peer", "name", "eth0", "netns", str(self._process.pid))
        _run("ip", "link", "set", end, "master", BRIDGE, "up")

    def wait_for(self, *ports: int) -> None:
        """Returns when the host answers at all ports."""
        for port in ports:
            _until(lambda port=port: self._answers(port), f"{self.name}: port {port}; {self._log.read_text()[-2000:]}")

    def _answers(self, port: int) -> bool:
        if self._process is None or self._process.poll() is not None:
            raise RuntimeError(f"{self.name} has ended: {self._log.read_text()[-2000:]}")
        with suppress(OSError), socket.create_connection((self.address, port), timeout=1):
            return True
        return False

    def command(self, *words: str) -> str:
        """Runs a command on the host over ssh; returns what it prints."""
        return _run("ssh", *self.lan.ssh_options, "-i", self.lan.private_key, f"root@{self.address}", *words)

    def processes(self) -> Iterator[Path]:
        """The /proc folders of the host's processes, all namespaces of the host included."""
        if self._process is None:
            return
        with suppress(OSError):
            network = os.readlink(f"/proc/{self._process.pid}/ns/net")
            for folder in Path("/proc").glob("[0-9]*"):
                with suppress(OSError):
                    if os.readlink(folder / "ns" / "net") == network:
                        yield folder

    def in_memory(self) -> list[Path]:
        """The folders of the host that lie on no disk."""
        first = next(folder for folder in self.processes() if "\t1\n" in _line(folder / "status", "NSpid"))
        return [first / "root" / name for name in ("run", "tmp", "dev/shm")]

    def stop(self) -> None:
        """Ends the host and all its processes."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
        for mount in (self.root, self.changed.parent):
            with suppress(RuntimeError):
                _run("umount", "-l", mount)
        if self._group.is_dir():
            _until(lambda: _removed(self._group), f"{self.name}: control group '{self._group.name}' removed")


def _removed(group: Path) -> bool:
    with suppress(OSError):
        for folder, _folders, _files in os.walk(group, topdown=False):
            Path(folder).rmdir()
    return not group.exists()


def _line(file: Path, name: str) -> str:
    return next(line for line in file.read_text().splitlines(keepends=True) if line.startswith(name))


class Lan:
    """The network between this machine and its hosts.

    Arguments:
        debian: the Debian that all hosts are made from; it is only read.
        folder: for everything else.
    """

    def __init__(self, debian: Path, folder: Path) -> None:
        # Links that are down may come as empty entries.
        links = [link["ifname"] for link in json.loads(_run("ip", "-json", "link", "show", "up")) if link]
        if links != ["lo"]:
            raise RuntimeError(f"this is no network of our own but one with {links}; run `make test-served`")
        self.debian, self.folder = debian, folder
        self.hosts: list[RemoteHost] = []
        self.groups = folder / "groups"
        self.groups.mkdir()
        _run("mount", "-t", "cgroup2", "cgroup2", self.groups)
        for group in self.groups.glob("certwright-*"):
            # A young one may belong to a host of another run that is about to start.
            if time.time() - group.stat().st_mtime > ABANDONED and "populated 0" in _line(
                group / "cgroup.events", "populated"
            ):
                _removed(group)
        _run("ip", "link", "add", BRIDGE, "type", "bridge")
        _run("ip", "address", "add", f"{NETWORK}.1/24", "dev", BRIDGE)
        _run("ip", "link", "set", BRIDGE, "up")
        self.private_key = folder / "login"
        _run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.private_key)
        self.public_key = (folder / "login.pub").read_text()
        self.known_hosts = folder / "known_hosts"
        self.ssh_options = ("-F", "/dev/null", "-o", f"UserKnownHostsFile={self.known_hosts}", "-o", "BatchMode=yes")

    def host(self, name: str) -> RemoteHost:
        """A host that is yet to be started."""
        host = RemoteHost(self, name, f"{NETWORK}.{11 + len(self.hosts)}")
        self.hosts.append(host)
        key = (self.debian / "etc/ssh/ssh_host_ed25519_key.pub").read_text().split()
        with self.known_hosts.open("a") as known:
            known.write(f"{host.address} {key[0]} {key[1]}\n")
        return host

    def stop(self) -> None:
        """Ends all hosts; what of the network is left ends with the tests' own namespaces."""
        for host in self.hosts:
            host.stop()
