# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""nginx as a child on free high ports of loopback, with a configuration and folder of its own."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.certwright.cloud.tests.served.probe import see

__all__ = ["Nginx", "Site"]

START_TIMEOUT = 30.0
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
HEAD = """\
daemon off;
worker_processes 2;
pid {folder}/nginx.pid;
error_log {folder}/error.log notice;
events {{ worker_connections 64; }}
http {{
  access_log off;
"""
SERVER = """\
  server {{
    listen {host}:{port} ssl;
    server_name {name};
    ssl_certificate {certificate};
    ssl_certificate_key {private_key};
    return 200 "{name}";
  }}
"""


@dataclass(frozen=True)
class Site:
    """One name that is served, from which files."""

    name: str
    certificate: Path
    private_key: Path
    address: tuple[str, int]

    @property
    def endpoint(self) -> str:
        """The address as users write it."""
        return "{}:{}".format(*self.address)


class Nginx:
    """Runs in the foreground from the moment it is made until stop().

    Arguments:
        program: the nginx to run.
        folder: for configuration, log and process id.
        sites: by name, the folder that holds server.pem and server.key.
    """

    def __init__(self, program: Path, folder: Path, sites: Mapping[str, Path]) -> None:
        self.folder, self.program = folder, program
        self.config = folder / "nginx.conf"
        ports = _free_ports(len(sites))
        self.sites = {
            name: Site(name, place / "server.pem", place / "server.key", ("127.0.0.1", port))
            for (name, place), port in zip(sites.items(), ports, strict=True)
        }
        self.config.write_text(self._configured())
        self._process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, start_new_session=True)
        try:
            self._when_ready()
        except BaseException:
            self.stop()
            raise

    def _configured(self) -> str:
        text = HEAD.format(folder=self.folder)
        text += "".join(f"  {kind}_temp_path {self.folder}/{kind};\n" for kind in TEMPORARY)
        for site in self.sites.values():
            host, port = site.address
            text += SERVER.format(
                host=host, port=port, name=site.name, certificate=site.certificate, private_key=site.private_key
            )
        return text + "}\n"

    def command(self, *arguments: str, config: Path | None = None) -> list[str]:
        """A command line of this nginx, such as its -t or -s reload."""
        own = ["-c", str(config or self.config), "-e", str(self.folder / "error.log"), "-p", str(self.folder)]
        return [str(self.program), *own, *arguments]

    def _when_ready(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT
        waiting = list(self.sites.values())
        while waiting and time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise RuntimeError(f"nginx ended with {self._process.returncode}: {self.log()}")
            try:
                see(waiting[0].address, waiting[0].name)
                waiting.pop(0)
            except OSError:
                time.sleep(0.05)
        if waiting:
            raise RuntimeError(f"nginx was not ready within {START_TIMEOUT:.0f} s: {self.log()}")

    def log(self) -> str:
        """nginx' own log."""
        log = self.folder / "error.log"
        return log.read_text() if log.exists() else ""

    def reloads(self) -> int:
        """How often nginx has taken a configuration over since it was started."""
        return self.log().count(": reconfiguring")

    def stop(self) -> None:
        """Ends nginx and its workers."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()

    @staticmethod
    def found(tools: Path) -> Path:
        """The program that prepare.py left, or that of the machine. Raises RuntimeError."""
        program = shutil.which("nginx", path=f"{tools}:{os.environ['PATH']}:/usr/sbin")
        if program is None:
            raise RuntimeError(f"there is no nginx; run 'prepare.py {tools}'")
        return Path(program)


def _free_ports(count: int) -> list[int]:
    # All are held until all are known, so that no two are the same.
    held = [socket.create_server(("127.0.0.1", 0)) for _unused in range(count)]
    ports = [each.getsockname()[1] for each in held]
    for each in held:
        each.close()
    return ports
