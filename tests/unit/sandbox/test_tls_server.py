# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The small TLS server, run as users run it: as a process that is signalled."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import shutil
import signal
import socket
import ssl
import stat
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import certwright_sandbox
import pytest
from certwright_sandbox.ca import TestCa, make_key_and_csr
from cryptography import x509

PACKAGE = Path(certwright_sandbox.__file__).parent


@pytest.fixture(scope="module")
def ca(tmp_path_factory):
    return TestCa(tmp_path_factory.mktemp("ca"))


@pytest.fixture
def pair(tmp_path):
    return tmp_path / "server.pem", tmp_path / "server.key"


def install(ca: TestCa, pair: tuple[Path, Path], name: str = "localhost") -> str:
    """Put a fresh pair into the two files; returns its serial."""
    key, csr = make_key_and_csr([name], "ECC", "prime256v1")
    issued = ca.issue(csr, None, [name], dt.datetime.now(dt.UTC) - dt.timedelta(minutes=1), 47)
    pair[0].write_text(issued.full_chain_pem)
    pair[1].write_text(key)
    return issued.serial_hex


def command(pair: tuple[Path, Path], *more: str) -> list[str]:
    return [
        sys.executable,
        str(PACKAGE),
        "tls-server",
        "--certificate",
        str(pair[0]),
        "--private-key",
        str(pair[1]),
        *more,
    ]


def run(pair: tuple[Path, Path], *more: str) -> subprocess.CompletedProcess:
    return subprocess.run(command(pair, *more), capture_output=True, text=True, timeout=20, check=False)


@contextlib.contextmanager
def serving(pair: tuple[Path, Path], *more: str):
    """Run the server; gives the process (with its output as text) and the port it serves on."""
    process = subprocess.Popen(command(pair, *more), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        line = process.stdout.readline()
        assert line.startswith("serving "), process.stderr.read()
        yield process, int(line.rsplit(":", 1)[1])
    finally:
        process.terminate()
        process.communicate(timeout=10)


def served_serial(port: int) -> str:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection(("127.0.0.1", port), timeout=5) as raw, context.wrap_socket(raw) as stream:
        return format(x509.load_der_x509_certificate(stream.getpeercert(True)).serial_number, "x")


def test_serves_one_line_to_a_client_that_verifies(ca, pair):
    install(ca, pair)
    with serving(pair) as (_process, port):
        context = ssl.create_default_context(cafile=ca.root_file)
        with urlopen(f"https://localhost:{port}/", context=context, timeout=5) as answer:
            assert (answer.status, answer.read()) == (200, b"certwright sandbox TLS server\n")


def test_hangup_takes_over_the_new_pair(ca, pair):
    first = install(ca, pair)
    with serving(pair) as (process, port):
        assert served_serial(port) == first
        second = install(ca, pair)
        assert served_serial(port) == first
        process.send_signal(signal.SIGHUP)
        assert served_serial(port) == second


def test_bad_pair_on_hangup_is_reported_and_the_old_one_stays(ca, pair):
    first = install(ca, pair)
    with serving(pair) as (process, port):
        pair[1].write_text("no key")
        process.send_signal(signal.SIGHUP)
        assert "reload refused" in process.stderr.readline()
        assert served_serial(port) == first
        second = install(ca, pair)
        process.send_signal(signal.SIGHUP)
        assert served_serial(port) == second


def test_client_that_says_nothing_does_not_block_others(ca, pair):
    serial = install(ca, pair)
    with serving(pair) as (_process, port):  # noqa: SIM117 - the second needs what the first gives
        with socket.create_connection(("127.0.0.1", port)):
            assert served_serial(port) == serial


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stop_signal_ends_cleanly_and_removes_the_pid_file(ca, pair, tmp_path, number):
    install(ca, pair)
    pid_file = tmp_path / "server.pid"
    with serving(pair, "--pid-file", str(pid_file)) as (process, _port):
        assert pid_file.read_text() == f"{process.pid}\n"
        process.send_signal(number)
        assert process.wait(timeout=10) == 0
        assert not pid_file.exists()


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (None, ""),
        (lambda pair: pair[0].unlink(), "cannot be read"),
        (lambda pair: pair[0].write_text("nothing"), "cannot be served"),
        (lambda pair: pair[1].write_text("nothing"), "cannot be served"),
        (lambda pair: pair[1].write_text(make_key_and_csr(["x"], "ECC", "prime256v1")[0]), "KEY_VALUES_MISMATCH"),
    ],
    ids=["good", "missing", "no certificate", "no key", "other key"],
)
def test_check_says_what_is_wrong_with_a_pair(ca, pair, damage, said):
    install(ca, pair)
    if damage:
        damage(pair)
    result = run(pair, "--check")
    assert result.returncode == (1 if damage else 0)
    assert said in result.stderr
    assert bool(result.stderr) is bool(damage)
    assert damage is None or str(pair[0].parent) in result.stderr


def test_placeholder_is_made_once_and_served(pair):
    with serving(pair, "--placeholder", "www.example.com") as (_process, port):
        made = x509.load_pem_x509_certificate(pair[0].read_bytes())
        assert made.subject.rfc4514_string() == "CN=www.example.com"
        assert made.issuer == made.subject
        assert stat.S_IMODE(pair[1].stat().st_mode) == 0o600
        assert served_serial(port) == format(made.serial_number, "x")
    with serving(pair, "--placeholder", "www.example.com") as (_process, port):
        assert served_serial(port) == format(made.serial_number, "x")


def test_placeholder_never_overwrites_a_lonely_file(pair):
    pair[1].write_text("precious")
    result = run(pair, "--placeholder", "www.example.com")
    assert result.returncode == 1
    assert "exists without its counterpart" in result.stderr
    assert pair[1].read_text() == "precious"


@pytest.mark.parametrize("address", ["0.0.0.0:0", "192.0.2.1:443", "example.com:443", "127.0.0.1", "127.0.0.1:x"])
def test_address_outside_loopback_or_malformed_is_refused(ca, pair, address):
    install(ca, pair)
    result = run(pair, "--listen", address)
    assert result.returncode == 2
    assert address.split(":")[0] in result.stderr


def test_port_in_use_is_one_clear_line(ca, pair):
    install(ca, pair)
    with serving(pair) as (_process, port):
        result = run(pair, "--listen", f"127.0.0.1:{port}")
    assert result.returncode == 1
    assert len(result.stderr.splitlines()) == 1 and "in use" in result.stderr


def test_package_runs_from_a_folder_with_any_content_beside_it(ca, pair, tmp_path):
    install(ca, pair)
    copy = tmp_path / "elsewhere" / "certwright_sandbox"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "json.py").write_text("raise SystemExit('the wrong json')\n")
    arguments = command(pair, "--check")
    arguments[1] = str(copy)
    assert (
        subprocess.run(arguments, cwd=copy, timeout=20, check=False, env={**os.environ, "PYTHONPATH": ""}).returncode
        == 0
    )
