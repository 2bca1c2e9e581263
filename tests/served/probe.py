# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A client that asks TLS servers for a page many times a second and notes what it was shown."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise

__all__ = ["FIGURES", "Probe", "Sight", "see"]

INTERVAL = 0.05
# A server that takes longer than this to answer over loopback has failed its visitors.
PATIENCE = 5.0

# One line per probe that ended, printed after all tests.
FIGURES: list[str] = []

Address = tuple[str, int]


@dataclass(frozen=True)
class Sight:
    """One visit: when it began and ended (monotonic), and the SHA-256 of the leaf that was served, or what failed."""

    began: float
    ended: float
    fingerprint: str | None
    fault: str | None


def see(address: Address, name: str, trust: ssl.SSLContext | None = None) -> str:
    """Shakes hands, asks for the page and reads all of it; returns the SHA-256 of the served leaf as hex.

    Arguments:
        trust: verifies chain and name; without it any certificate will do.
    """
    context = trust or ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if trust is None:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    with (
        socket.create_connection(address, timeout=PATIENCE) as plain,
        context.wrap_socket(plain, server_hostname=name) as secured,
    ):
        secured.sendall(f"GET / HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode())
        answer = b""
        while part := secured.recv(4096):
            answer += part
        if not answer.startswith(b"HTTP/1.1 200 "):
            raise OSError(f"answered {answer[:40]!r}")
        return sha256(secured.getpeercert(binary_form=True) or b"").hexdigest()


class Probe:
    """Visits one server every 50 ms from start to stop, in the background."""

    def __init__(self, title: str, address: Address, name: str) -> None:
        self.title, self.address, self.name = title, address, name
        self.sights: list[Sight] = []
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Probe:
        self._thread.start()
        return self

    def __exit__(self, *_unused: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Ends the visits and notes the figures."""
        if not self._end.is_set():
            self._end.set()
            self._thread.join()
            FIGURES.append(self.figures())

    def _run(self) -> None:
        due = time.monotonic()
        while not self._end.wait(max(0.0, due - time.monotonic())):
            # A machine under load may be late; what was missed is not made up for.
            due = max(due + INTERVAL, time.monotonic())
            self.sights.append(self._visit())

    def _visit(self) -> Sight:
        began, fingerprint, fault = time.monotonic(), None, None
        try:
            fingerprint = see(self.address, self.name)
        except (OSError, ValueError) as error:
            fault = f"{type(error).__name__}: {error}"
        return Sight(began, time.monotonic(), fingerprint, fault)

    def faults(self) -> list[str]:
        """What failed, in order."""
        return [sight.fault for sight in self.sights if sight.fault]

    def seen(self, since: float = 0.0) -> list[str]:
        """The certificates seen in visits that began since then, in order, runs of the same one as one."""
        seen: list[str] = []
        for sight in self.sights:
            if sight.fingerprint and sight.began >= since and seen[-1:] != [sight.fingerprint]:
                seen.append(sight.fingerprint)
        return seen

    def figures(self) -> str:
        """One line: visits, failures, how long they took and lay apart, certificates."""
        took = sorted(sight.ended - sight.began for sight in self.sights) or [0.0]
        gaps = [later.began - sight.began for sight, later in pairwise(self.sights)] or [0.0]
        shown = Counter(sight.fingerprint[:8] for sight in self.sights if sight.fingerprint)
        return (
            f"probe of {self.title}: {len(self.sights)} visits in {sum(gaps):.1f} s, {len(self.faults())} failed, "
            f"one every {1000 * sum(gaps) / len(gaps):.0f} ms (at most {1000 * max(gaps):.0f}), "
            f"each {1000 * took[len(took) // 2]:.0f} ms (at most {1000 * took[-1]:.0f}), "
            f"{len(shown)} certificates: {_listed(f'{name} {count}x' for name, count in shown.items())}"
        )


def _listed(words: Iterable[str]) -> str:
    return ", ".join(words)
