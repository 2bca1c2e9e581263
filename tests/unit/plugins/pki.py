# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A CA, a TLS server and a disk that fails on demand, for tests of what happens on a target."""

from __future__ import annotations

import contextlib
import datetime
import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ansible_collections.certwright.cloud.plugins.module_utils._disk import Disk
from ansible_collections.certwright.cloud.plugins.module_utils._x509_make import make_key
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID

__all__ = ["Ca", "Crash", "TlsServer", "TrialDisk", "new_key"]

DAY = datetime.timedelta(days=1)


def new_key() -> str:
    """A key that is made quickly."""
    return make_key("ecdsa-p256")


def _loaded(key_pem: str) -> Any:
    return serialization.load_pem_private_key(key_pem.encode(), None)


class Ca:
    """A root, an intermediate, and certificates of any kind below them, all as PEM."""

    def __init__(self, name: str = "Test") -> None:
        self._root_key = new_key()
        self._key = new_key()
        self.root_name, self.name = f"{name} Root", f"{name} Issuing"
        self.root = self.issue(self.root_name, self._root_key, self.root_name, self._root_key, ca=True)
        self.intermediate = self.issue(self.name, self._key, self.root_name, self._root_key, ca=True)

    def leaf(self, key_pem: str, *names: str, start: float = -1, days: float = 90) -> str:
        """A server's certificate for a key; start and days count from now."""
        return self.issue(names[0], key_pem, self.name, self._key, names, start=start, days=days)

    def issue(
        self,
        subject: str,
        key_pem: str,
        issuer: str,
        issuer_key: str,
        names: Sequence[str] = (),
        *,
        ca: bool = False,
        start: float = -1,
        days: float = 90,
    ) -> str:
        """One certificate of any kind."""
        now = datetime.datetime.now(datetime.timezone.utc)
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
            .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
            .public_key(_loaded(key_pem).public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + start * DAY)
            .not_valid_after(now + (start + days) * DAY)
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        )
        if names:
            alternative = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
            builder = builder.add_extension(alternative, critical=False)
        certificate = builder.sign(_loaded(issuer_key), hashes.SHA256())
        return certificate.public_bytes(serialization.Encoding.PEM).decode()


class TlsServer:
    """Serves one pair on loopback; a reload takes the pair from the files again, or raises and keeps the old."""

    def __init__(self, certificate: Path, private_key: Path) -> None:
        self._files = (certificate, private_key)
        self._context: ssl.SSLContext | None = None
        self._leaf = b""
        self.asked: list[str | None] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def load(self) -> ssl.SSLContext:
        """Loads the pair from the files as a server's test command would."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self._files)
        context.sni_callback = lambda _socket, name, _context: self.asked.append(name)
        return context

    def reload(self) -> None:
        """New connections get what the files hold now."""
        self._context = self.load()
        leaf = x509.load_pem_x509_certificate(self._files[0].read_bytes())
        self._leaf = leaf.public_bytes(serialization.Encoding.DER)

    def shown(self, _endpoint: object, _timeout: float) -> bytes:
        """The certificate that a visitor would get, without a visit: for tests that ask thousands of times."""
        if self._context is None:
            raise ConnectionResetError("there is no pair yet")
        return self._leaf

    def stop(self) -> None:
        """Ends the thread."""
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(5)

    def _serve(self) -> None:
        while True:
            try:
                plain, _peer = self._socket.accept()
            except OSError:
                return
            with plain, contextlib.suppress(OSError):
                plain.settimeout(5)
                if self._context is not None:
                    with self._context.wrap_socket(plain, server_side=True) as secured:
                        secured.recv(1)


class Crash(BaseException):
    """The process is gone: nobody may catch this and tidy up."""


STEPS = ("chmod", "chown", "create", "mkdir", "rename", "rmdir", "symlink", "sync", "unlink")


class TrialDisk(Disk):
    """A real disk whose n-th step raises before it is done; every step that was done is observed.

    Arguments:
        fail_at: number of the step, from 1; 0 for none.
        error: what to raise.
        half: whether the failing step, if it creates a file, leaves half of it.
        observe: called after every step that was done.
    """

    def __init__(
        self,
        fail_at: int = 0,
        error: BaseException | None = None,
        half: bool = False,
        observe: Callable[[], None] = lambda: None,
    ) -> None:
        self.steps: list[str] = []
        self._fail_at, self._error, self._half, self.observe = fail_at, error, half, observe

    def __getattribute__(self, name: str) -> Any:
        real = super().__getattribute__(name)
        if name not in STEPS:
            return real

        def step(*arguments: Any) -> None:
            self.steps.append(f"{name} {arguments[0]}")
            if len(self.steps) != self._fail_at:
                real(*arguments)
                self.observe()
                return
            if self._half and name == "create":
                path, data, *rest = arguments
                real(path, data[: len(data) // 2], *rest)
            raise self._error or Crash(self.steps[-1])

        return step
