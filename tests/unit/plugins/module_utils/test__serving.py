# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Commands that are run for real, and endpoints that are no good."""

from __future__ import annotations

import os
import re
import signal
import socket
import ssl
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.certwright.cloud.plugins.module_utils._serving import (
    argv_of,
    endpoint_of,
    look_at,
    run_command,
    served_der,
    without_keys,
)
from ansible_collections.certwright.cloud.tests.unit.plugins.pki import new_key


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_command_ends_with_its_code_and_all_it_said() -> None:
    result = run_command(python("import sys; print('out', flush=True); print('err', file=sys.stderr); sys.exit(3)"), 30)
    assert (result.code, result.output) == (3, "out\nerr")


def test_command_has_no_input_to_wait_for() -> None:
    assert run_command(python("print(repr(open(0).read()))"), 30).output == "''"


def test_command_that_is_not_there_is_reported() -> None:
    result = run_command(["/no/such/command"], 30)
    assert (result.code, result.output) == (None, "it cannot be started: No such file or directory")


def ended(pid: int) -> bool:
    """Whether a process is gone, or will be in a moment: the system needs one to carry out a kill."""
    state = Path(f"/proc/{pid}/stat")
    for _attempt in range(100):
        if not state.exists() or state.read_text().split()[2] in "ZX":
            return True
        time.sleep(0.05)
    return False


def test_command_that_takes_too_long_is_ended_with_all_it_started() -> None:
    code = "import subprocess; child = subprocess.Popen(['sleep', '300']); print(child.pid, flush=True); child.wait()"
    result = run_command(python(code), 2)
    assert result.code is None
    said = re.fullmatch(r"it did not end within 2 s; (\d+)", result.output)
    assert said
    assert ended(int(said[1]))


def test_daemon_that_keeps_the_output_open_is_not_waited_for() -> None:
    code = "import subprocess; print(subprocess.Popen(['sleep', '300'], start_new_session=True).pid)"
    result = run_command(python(code), 20)
    os.kill(int(result.output), signal.SIGKILL)
    assert result.code == 0, "waiting for the daemon would have ended in a time-out"


@pytest.mark.parametrize(
    ("value", "argv"),
    [
        (None, []),
        ("", []),
        ([], []),
        ("nginx -t", ["nginx", "-t"]),
        ("sh -c 'a && b'", ["sh", "-c", "a && b"]),
        (["kill", "-HUP", 12], ["kill", "-HUP", "12"]),
    ],
)
def test_command_is_a_list_or_a_string_that_is_split(value: Any, argv: list[str]) -> None:
    assert argv_of(value) == argv


@pytest.mark.parametrize(
    ("value", "host", "port", "name"),
    [
        ("127.0.0.1:8443", "127.0.0.1", 8443, "default.example"),
        ("web.example.com", "web.example.com", 443, "default.example"),
        ("[::1]:8443", "::1", 8443, "default.example"),
        ("[fe80::1%eth0]", "fe80::1%eth0", 443, "default.example"),
        ({"address": "a:1", "server_name": "x.example"}, "a", 1, "x.example"),
        ({"address": "a:1"}, "a", 1, "default.example"),
    ],
)
def test_endpoint_is_read_in_every_form(value: Any, host: str, port: int, name: str) -> None:
    endpoint = endpoint_of(value, "default.example")
    assert (endpoint.host, endpoint.port, endpoint.server_name) == (host, port, name)


@pytest.mark.parametrize("value", ["", "a:b", "a:0", "a:99999", "::1:443", 5, {}, {"address": "a", "sni": "b"}, "a b"])
def test_endpoint_that_is_none_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="host:port"):
        endpoint_of(value, None)


@pytest.fixture
def silent() -> Iterator[str]:
    """A port that accepts connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"127.0.0.1:{listening.getsockname()[1]}"


def test_endpoint_that_is_silent_is_reported(silent: str) -> None:
    (seen,) = look_at([endpoint_of(silent, "a.example")], "", served_der, 0.2)
    assert (seen.serial, seen.matches) == (None, False)
    assert seen.error


def test_endpoint_that_refuses_is_reported() -> None:
    (seen,) = look_at([endpoint_of("127.0.0.1:1", "a.example")], "", served_der, 1)
    assert seen.to_result() == {
        "address": "127.0.0.1:1",
        "server_name": "a.example",
        "serial": None,
        "fingerprint_sha256": None,
        "matches": False,
        "error": "Connection refused",
    }


@pytest.mark.parametrize("trouble", [ssl.SSLError(1, "handshake failure"), ValueError("bad name"), OSError()])
def test_any_trouble_of_an_endpoint_is_text(trouble: Exception) -> None:
    def looker(endpoint: object, timeout: float) -> bytes:
        raise trouble

    (seen,) = look_at([endpoint_of("a:1", None)], "", looker, 1)
    assert seen.error


@pytest.mark.parametrize("served", [b"", b"no certificate"])
def test_certificate_of_an_endpoint_that_cannot_be_read_is_reported(served: bytes) -> None:
    (seen,) = look_at([endpoint_of("a:1", None)], "", lambda _endpoint, _timeout: served, 1)
    assert (seen.serial, seen.fingerprint_sha256, seen.matches) == (None, None, False)
    assert seen.error == "A PEM block that is named CERTIFICATE holds none that can be read"


def test_key_material_is_removed_from_output_even_if_it_is_cut() -> None:
    key = new_key()
    body = key.splitlines()[1]
    for text in (key, key[: len(key) // 2], f"loaded {body} ok", key.replace("\n", "\\n")):
        assert body[:48] not in without_keys(text)
    assert without_keys("nginx: [emerg] unexpected end of file in /etc/nginx/nginx.conf:12") == (
        "nginx: [emerg] unexpected end of file in /etc/nginx/nginx.conf:12"
    )
