# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small TLS server that stands in for a web server in rehearsals: it serves one line over HTTPS.

It does what an installation needs of a web server: it reads a certificate and a key from two files, checks such a
pair (`--check`), and takes over a new pair on SIGHUP without closing its port.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import os
import select
import signal
import socket
import ssl
import sys
import threading
from pathlib import Path

from certwright_sandbox.ca import make_self_signed, write_private
from certwright_sandbox.settings import is_loopback, split_address

__all__ = ["PairError", "TlsServer", "ensure_placeholder", "load_pair", "main"]

CLIENT_SECONDS = 5.0
BODY = b"certwright sandbox TLS server\n"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%b" % (
    len(BODY),
    BODY,
)
PLACEHOLDER_DAYS = 30


class PairError(ValueError):
    """A certificate and key that cannot be served; the message says why and names the files."""


def load_pair(certificate: Path, private_key: Path) -> ssl.SSLContext:
    """Load a full chain and its key as a server would; raises PairError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    for path in (certificate, private_key):
        try:
            path.read_bytes()
        except OSError as exc:
            raise PairError(f"'{path}' cannot be read: {exc.strerror}") from exc
    try:
        # The password callback keeps OpenSSL from asking at the terminal for an encrypted key.
        context.load_cert_chain(certificate, private_key, password=lambda: "")
    except (ssl.SSLError, OSError, ValueError) as exc:
        reason = getattr(exc, "reason", None) or str(exc)
        raise PairError(f"'{certificate}' and '{private_key}' cannot be served: {reason}") from exc
    return context


def ensure_placeholder(certificate: Path, private_key: Path, name: str) -> bool:
    """Make a self-signed pair for `name` unless both files exist; returns whether it did.

    A file that exists alone is not overwritten: raises PairError.
    """
    present = [path for path in (certificate, private_key) if os.path.lexists(path)]
    if len(present) == 2:
        return False
    if present:
        raise PairError(f"'{present[0]}' exists without its counterpart; remove it or give both files")
    key_pem, certificate_pem = make_self_signed(name, dt.datetime.now(dt.UTC), PLACEHOLDER_DAYS)
    write_private(private_key, key_pem)
    write_private(certificate, certificate_pem)
    return True


class TlsServer:
    """Serves a pair of files on a loopback address; each new connection gets the pair loaded last."""

    def __init__(self, host: str, port: int, certificate: Path, private_key: Path) -> None:
        """Load the pair (PairError if that fails) and bind the port (0: any free one)."""
        self._files = (certificate, private_key)
        self._context = load_pair(*self._files)
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, port), family=family)
        self._woken, self._wake_up = socket.socketpair()
        for each in (self._woken, self._wake_up):
            each.setblocking(False)

    @property
    def address(self) -> str:
        """HOST:PORT of the listener."""
        host, port = self._listener.getsockname()[:2]
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    def reload(self) -> None:
        """Take over the pair that now lies in the files; a pair that cannot be served changes nothing (PairError)."""
        self._context = load_pair(*self._files)

    def catch_signals(self) -> None:
        """Keep signals for `run` from now on; before anybody is told the process id. Only for the main thread."""
        signal.set_wakeup_fd(self._wake_up.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_args: None)

    def run(self) -> None:
        """Serve until SIGTERM or SIGINT is caught; SIGHUP reloads."""
        going_on = True
        while going_on:
            ready = select.select([self._woken, self._listener], [], [])[0]
            connection = self._listener.accept()[0] if self._listener in ready else None
            # Looked at after accepting: whoever connects after a SIGHUP was sent meets the new pair.
            going_on = self._handle_signals()
            if connection is not None and going_on:
                arguments = (connection, self._context)
                threading.Thread(target=_serve_connection, args=arguments, daemon=True).start()
        self._listener.close()

    def _handle_signals(self) -> bool:
        """React to the signals that arrived, if any; returns whether to go on."""
        try:
            numbers = self._woken.recv(64)
        except BlockingIOError:
            return True
        if signal.SIGTERM in numbers or signal.SIGINT in numbers:
            return False
        try:
            self.reload()
        except PairError as exc:
            print(f"reload refused, the old certificate is still served: {exc}", file=sys.stderr, flush=True)
        return True


def _serve_connection(connection: socket.socket, context: ssl.SSLContext) -> None:
    connection.settimeout(CLIENT_SECONDS)
    with contextlib.suppress(OSError), connection, context.wrap_socket(connection, server_side=True) as stream:
        request = b""
        while b"\r\n\r\n" not in request and len(request) < 65536:
            received = stream.recv(4096)
            if not received:
                return
            request += received
        stream.sendall(ANSWER)
        stream.unwrap()


def main(arguments: list[str]) -> int:
    """Run the `tls-server` command; returns its exit status."""
    options = _parser().parse_args(arguments)
    try:
        if options.placeholder:
            ensure_placeholder(options.certificate, options.private_key, options.placeholder)
        if options.check:
            load_pair(options.certificate, options.private_key)
            return 0
        return _serve(options)
    except (PairError, OSError) as exc:
        print(f"tls-server: {exc}", file=sys.stderr)
        return 1


def _serve(options: argparse.Namespace) -> int:
    host, port = options.listen
    server = TlsServer(host, port, options.certificate, options.private_key)
    server.catch_signals()
    try:
        if options.pid_file:
            write_private(options.pid_file, f"{os.getpid()}\n".encode())
        print(f"serving '{options.certificate}' on {server.address}", flush=True)
        server.run()
    finally:
        if options.pid_file:
            options.pid_file.unlink(missing_ok=True)
    return 0


def _listen_address(text: str) -> tuple[str, int]:
    try:
        host, port = split_address(text)
    except ValueError as exc:
        raise argparse.ArgumentTypeError(str(exc)) from exc
    if not is_loopback(host):
        raise argparse.ArgumentTypeError(f"'{host}' is no loopback address")
    return host, port


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="certwright_sandbox tls-server",
        description="Serve one line over HTTPS on loopback. SIGHUP loads the pair again, SIGTERM stops.",
    )
    parser.add_argument("--listen", type=_listen_address, default=("127.0.0.1", 0), metavar="HOST:PORT")
    parser.add_argument("--certificate", type=Path, required=True, metavar="FILE", help="full chain, PEM")
    parser.add_argument("--private-key", type=Path, required=True, metavar="FILE", help="PEM, not encrypted")
    parser.add_argument("--pid-file", type=Path, metavar="FILE", help="holds the process id while it listens")
    parser.add_argument("--check", action="store_true", help="only load the pair; status 1 and the reason if it is bad")
    parser.add_argument("--placeholder", metavar="NAME", help="make a self-signed pair for NAME if there is none yet")
    return parser
