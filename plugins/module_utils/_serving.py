# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A running server: the commands that test and reload it, and the certificate that it serves."""

from __future__ import annotations

import os
import re
import shlex
import signal
import socket
import ssl
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Callable

from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError
from ansible_collections.certwright.cloud.plugins.module_utils._redact import KEY_BLOCK
from ansible_collections.certwright.cloud.plugins.module_utils._x509 import certificate_facts

__all__ = [
    "CommandResult",
    "Endpoint",
    "Looker",
    "Runner",
    "Served",
    "argv_of",
    "endpoint_of",
    "look_at",
    "run_command",
    "served_der",
    "without_keys",
]

# The end of a command's output says what went wrong; more than this nobody reads in a message.
_OUTPUT_CHARACTERS = 1000
_KEY_LINES = re.compile(r"[A-Za-z0-9+/=]{48,}")


@dataclass(frozen=True)
class CommandResult:
    """How a command ended: its exit code (None: it could not be started or took too long) and what it said."""

    code: int | None
    output: str


Runner = Callable[[Sequence[str], float], CommandResult]


@dataclass(frozen=True)
class Endpoint:
    """Where a server answers, and the name that it is asked for."""

    address: str
    host: str
    port: int
    server_name: str | None


# Returns the DER of the served leaf; raises OSError or ValueError where there is none to be had.
Looker = Callable[[Endpoint, float], bytes]


@dataclass(frozen=True)
class Served:
    """What one endpoint serves; serial and fingerprint are lower-case hex, or None with an error."""

    endpoint: Endpoint
    serial: str | None
    fingerprint_sha256: str | None
    matches: bool
    error: str | None

    def to_result(self) -> dict[str, Any]:
        """The shape shown to users."""
        return {
            "address": self.endpoint.address,
            "server_name": self.endpoint.server_name,
            "serial": self.serial,
            "fingerprint_sha256": self.fingerprint_sha256,
            "matches": self.matches,
            "error": self.error,
        }


def argv_of(value: Any) -> list[str]:
    """A command as a list of words; a string is split as a shell would, but none is used. Raises ValueError."""
    if not value:
        return []
    words = shlex.split(value) if isinstance(value, str) else value
    if not isinstance(words, (list, tuple)) or not all(isinstance(word, (str, int)) for word in words):
        raise ValueError("give a list of words or one string")
    return [str(word) for word in words]


def endpoint_of(value: Any, default_name: str | None) -> Endpoint:
    """An endpoint from ``host:port`` or a mapping with address and, if wanted, server_name. Raises ValueError."""
    given = {"address": value} if isinstance(value, str) else value
    if not isinstance(given, dict) or not given.get("address") or set(given) - {"address", "server_name"}:
        raise ValueError("give host:port or a mapping with address and server_name")
    address = str(given["address"])
    match = re.fullmatch(r"(?:\[(?P<v6>[0-9a-fA-F:.%\w]+)\]|(?P<host>[^:\s\[\]]+))(?::(?P<port>\d{1,5}))?", address)
    if not match or not 0 < int(match["port"] or 443) < 65536:
        raise ValueError(f"'{address}' is no host:port (an IPv6 address stands in brackets)")
    return Endpoint(
        address, match["v6"] or match["host"], int(match["port"] or 443), given.get("server_name") or default_name
    )


def run_command(argv: Sequence[str], timeout: float) -> CommandResult:
    """Runs a command without a shell and without input, at most timeout seconds."""
    # Files instead of pipes: a daemon that the command starts keeps a pipe open, and waiting would never end.
    with tempfile.TemporaryFile() as output:
        try:
            # run_command of AnsibleModule is out of a use case's reach, and would wait for such a daemon.
            process = subprocess.Popen(  # pylint: disable=ansible-bad-function
                list(argv), stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
            )
        except (OSError, ValueError) as error:
            return CommandResult(None, f"it cannot be started: {getattr(error, 'strerror', None) or error}")
        try:
            code: int | None = process.wait(timeout)
        except subprocess.TimeoutExpired:
            code = None
            with suppress(OSError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        output.seek(0)
        said = without_keys(output.read().decode("utf-8", "replace"))
    return CommandResult(
        code, said if code is not None else f"it did not end within {timeout:g} s; {said}".rstrip("; ")
    )


def without_keys(text: str) -> str:
    """The end of a text, without anything that looks like key material."""
    cleaned = _KEY_LINES.sub("[removed]", KEY_BLOCK.sub("[private key removed]", text)).strip()
    return cleaned if len(cleaned) <= _OUTPUT_CHARACTERS else "... " + cleaned[-_OUTPUT_CHARACTERS:]


def served_der(endpoint: Endpoint, timeout: float) -> bytes:
    """The certificate that an endpoint serves for the name. Raises OSError or ValueError.

    The chain is not verified: what is served is compared with a known certificate, which is stricter.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with (
        socket.create_connection((endpoint.host, endpoint.port), timeout=timeout) as plain,
        context.wrap_socket(plain, server_hostname=endpoint.server_name) as secured,
    ):
        # No cipher is offered that does without a certificate, but the type allows for none.
        return secured.getpeercert(binary_form=True) or b""


def look_at(endpoints: Iterable[Endpoint], fingerprint: str, looker: Looker, timeout: float) -> list[Served]:
    """What each endpoint serves now, compared with the certificate of this SHA-256 fingerprint."""
    return [_look(endpoint, fingerprint, looker, timeout) for endpoint in endpoints]


def _look(endpoint: Endpoint, fingerprint: str, looker: Looker, timeout: float) -> Served:
    try:
        facts = certificate_facts(ssl.DER_cert_to_PEM_cert(looker(endpoint, timeout)))
    except CertwrightError as error:
        return Served(endpoint, None, None, False, error.message)
    except (OSError, ValueError) as error:
        return Served(endpoint, None, None, False, str(getattr(error, "strerror", None) or error) or "no answer")
    return Served(endpoint, facts.serial, facts.fingerprint_sha256, facts.fingerprint_sha256 == fingerprint, None)
