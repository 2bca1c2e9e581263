# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sandbox as a whole: its parts put together, started, stopped; and the command line."""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import signal
import ssl
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from certwright_sandbox import (
    alibaba_alidns,
    alibaba_cas,
    alibaba_gateway,
    tencent_dnspod,
    tencent_gateway,
    tencent_ssl,
)
from certwright_sandbox.accounts import Accounts
from certwright_sandbox.ca import TestCa
from certwright_sandbox.ca_worker import CaWorker, Prober
from certwright_sandbox.clock import Clock
from certwright_sandbox.control import PREFIX, Control
from certwright_sandbox.dns_server import DnsServer
from certwright_sandbox.faults import Faults
from certwright_sandbox.gateway import Call, Dispatcher, Gateway
from certwright_sandbox.http_server import Listener
from certwright_sandbox.journal import Journal
from certwright_sandbox.limits import Limits
from certwright_sandbox.messages import Request, Response
from certwright_sandbox.orders import Orders
from certwright_sandbox.settings import Settings, is_loopback, split_address
from certwright_sandbox.store import Store
from certwright_sandbox.zones import Zones

__all__ = ["Addresses", "App", "main"]

#: Zones of a fresh state directory.
_ZONES = (("example.com", "dnspod"), ("example.net", "alidns"))
#: What POST reset makes as new; accounts and the CA's keys stay.
_RESET_TABLES = ("orders", "zones", "records", "certificates", "journal", "faults", "meta")


@dataclass(frozen=True)
class Addresses:
    """Where to listen: (loopback host, port), port 0 for any free one."""

    http: tuple[str, int] = ("127.0.0.1", 0)
    https: tuple[str, int] = ("127.0.0.1", 0)
    dns: tuple[str, int] = ("127.0.0.1", 0)


class App:
    """Everything the sandbox is made of. Gateways get the whole app and take the parts they need."""

    def __init__(
        self,
        state_dir: Path,
        addresses: Addresses = Addresses(),
        *,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Open or make the state and bind the listeners; nothing is answered before :meth:`start`.

        Args:
            state_dir: made (0700) when it is not there.
            addresses: where to listen.
            wall: Unix seconds, UTC: what orders, signatures and the journal live by.
            monotonic: seconds, by which calls are counted against limits.
        """
        self.state_dir = state_dir
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = _lock(state_dir / "lock")
        self.store = Store(state_dir / "state.sqlite3")
        self.settings = Settings(self.store)
        self.clock = Clock(self.store, self.settings, wall)
        self.accounts = Accounts(self.store)
        self.journal = Journal(self.store, self.clock)
        self.faults = Faults(self.store)
        self.zones = Zones(self.store, self.clock.business)
        self.orders = Orders(self.store, self.clock, self.settings)
        self.ca = TestCa(state_dir)
        self._make_zones()
        self.dns = DnsServer(*addresses.dns, self.zones.names, self.zones.dns_records, self.faults.take_dns)
        self.prober = Prober(self.settings, self.dns.address)
        self.worker = CaWorker(self.store, self.clock, self.settings, self.journal, self.orders, self.ca, self.prober)
        self.zones.changed = self._zone_changed
        limits = Limits(self.settings, monotonic)
        self.dispatcher = Dispatcher(self.store, self.journal, self.faults, limits, self._gateways(), self._record_name)
        self._control = Control(self)
        now = self.clock.gateway
        self.http = Listener(addresses.http, self.answer, now)
        self.https = Listener(addresses.https, self.answer, now, self._tls())

    def _gateways(self) -> list[Gateway]:
        """Every cloud's front door; flows are registered here, too."""
        self.orders.register(tencent_ssl.flow(self))
        self.orders.register(alibaba_cas.flow(self))
        tencent = tencent_gateway.TencentGateway(self, [tencent_ssl.api(self), tencent_dnspod.api(self)])
        return [tencent, alibaba_gateway.make(self)]

    def _record_name(self, call: Call) -> str | None:
        """The full name of the DNS record that a call names."""
        dns = tencent_dnspod if call.cloud == "tencent" else alibaba_alidns
        return dns.record_name(call, self.zones)

    def _make_zones(self) -> None:
        with self.store.transaction():
            if self.store.get("zones_made"):
                return
            for name, dns in _ZONES:
                cloud = "alibaba" if dns == "alidns" else "tencent"
                self.zones.add(name, dns, self.accounts.first(cloud).key_id)
            self.store.put("zones_made", True)

    def _zone_changed(self, zone: str) -> None:
        self.dns.note_change(zone)
        self.worker.look_again()

    def _tls(self) -> ssl.SSLContext:
        chain, key = self.ca.listener_pair(datetime.now(UTC))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain, key)
        return context

    def answer(self, request: Request) -> Response:
        """Answer any request: the control interface's or a cloud's."""
        if request.path == PREFIX or request.path.startswith(PREFIX + "/"):
            return self._control.handle(request)
        return self.dispatcher.handle(request)

    def start(self) -> None:
        """Listen on everything, then say so in ``ready.json``."""
        self.dns.start()
        self.worker.start()
        self.http.start()
        self.https.start()
        self._write_ready()

    def stop(self) -> None:
        """Stop listening and close the state; ``ready.json`` goes first."""
        (self.state_dir / "ready.json").unlink(missing_ok=True)
        self.dispatcher.stopping.set()
        closers = [threading.Thread(target=each.stop) for each in (self.http, self.https)]
        for closer in closers:
            closer.start()
        # The worker goes before the server it asks, or its last look-up would wait for an answer in vain.
        self.worker.stop()
        self.dns.stop()
        for closer in closers:
            closer.join()
        self.store.close()
        os.close(self._lock)

    def reset(self) -> None:
        """Make everything as new, but keep accounts and the CA's keys."""
        with self.store.transaction():
            self.store.clear(_RESET_TABLES)
            self.settings.reload()
            self.clock.reload()
            self.faults.reload()
            self._make_zones()
        for zone in self.zones.names():
            self._zone_changed(zone)

    def ready(self) -> dict[str, Any]:
        """What a client has to know; the secrets of the default accounts are in it."""
        tencent, alibaba = self.accounts.first("tencent"), self.accounts.first("alibaba")
        return {
            "http": self.http.url,
            "https": self.https.url,
            "dns": self.dns.address,
            "ca_file": str(self.state_dir / "ca.pem"),
            "accounts": {
                "tencent": {"secret_id": tencent.key_id, "secret_key": tencent.secret},
                "alibaba": {"access_key_id": alibaba.key_id, "access_key_secret": alibaba.secret},
            },
            "zones": [{"name": zone.name, "dns": zone.dns} for zone in self.zones.list()],
        }

    def _write_ready(self) -> None:
        target = self.state_dir / "ready.json"
        draft = target.with_suffix(".new")
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(json.dumps(self.ready(), indent=2) + "\n")
        draft.replace(target)


def _lock(path: Path) -> int:
    """Hold a lock for as long as this process lives: two sandboxes on one state would both issue.

    Raises:
        OSError: another process holds it.
    """
    handle = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        raise OSError("another sandbox is running there") from None
    return handle


def _listen(text: str) -> tuple[str, int]:
    try:
        host, port = split_address(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    if not is_loopback(host):
        raise argparse.ArgumentTypeError(f"'{text}' is not on loopback, and the sandbox never leaves it")
    return "127.0.0.1" if host.lower() == "localhost" else host, port


def main(argv: list[str]) -> int:
    """Serve until SIGTERM or SIGINT.

    Args:
        argv: ``--state-dir DIR [--http HOST:PORT] [--https HOST:PORT] [--dns HOST:PORT]``.

    Returns:
        0 after a clean stop, 1 when the sandbox cannot start.
    """
    parser = argparse.ArgumentParser(prog="certwright_sandbox", description=__doc__)
    parser.add_argument("--state-dir", type=Path, required=True, help="where all state is kept (made when missing)")
    for name in ("http", "https", "dns"):
        parser.add_argument(f"--{name}", type=_listen, default=("127.0.0.1", 0), metavar="HOST:PORT")
    options = parser.parse_args(argv)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        app = App(options.state_dir.resolve(), Addresses(options.http, options.https, options.dns))
    except OSError as error:
        print(f"The sandbox cannot start in '{options.state_dir}': {error}", file=sys.stderr)
        return 1
    app.start()
    stop.wait()
    app.stop()
    return 0
