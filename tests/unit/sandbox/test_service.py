# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starting and stopping in the background, by the commands that the role runs."""

from __future__ import annotations

import json
import os
import signal
import socket
import ssl
import stat
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import certwright_sandbox
import pytest
from certwright_sandbox.background import Background, ServiceError, wait_for

PACKAGE = Path(certwright_sandbox.__file__).parent


def service(*arguments: str, status: int = 0) -> dict[str, Any]:
    """Run one service command; returns what it printed."""
    done = subprocess.run(
        [sys.executable, str(PACKAGE), "service", *arguments], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (status, "")
    return json.loads(done.stdout)


@pytest.fixture
def state_dir(tmp_path):
    directory = tmp_path / "state"
    yield directory
    service("stop", "--state-dir", str(directory), "--remove")


@pytest.fixture
def pid_file(tmp_path):
    path = tmp_path / "tls.pid"
    yield path
    service("stop-tls-server", "--pid-file", str(path))


def start(state_dir: Path, *more: str, **options: int) -> dict[str, Any]:
    return service("start", "--state-dir", str(state_dir), *more, **options)


def start_tls(pid_file: Path, *more: str, **options: int) -> dict[str, Any]:
    folder = pid_file.parent
    pair = ("--certificate", str(folder / "server.pem"), "--private-key", str(folder / "server.key"))
    return service("start-tls-server", "--pid-file", str(pid_file), *pair, *more, **options)


def pid_of(state_dir: Path) -> int:
    return int((state_dir / "sandbox.pid").read_text())


def about(result: dict[str, Any]) -> dict[str, Any]:
    with urllib.request.urlopen(f"{result['ready']['http']}/_sandbox/", timeout=5) as answer:
        return json.load(answer)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def test_start_answers_and_a_second_start_changes_nothing(state_dir):
    first = start(state_dir)
    assert (first["changed"], first["running"]) == (True, True)
    assert set(first["ready"]) == {"http", "https", "dns", "ca_file", "zones"}
    assert about(first)["version"] == certwright_sandbox.VERSION
    pid = pid_of(state_dir)
    assert start(state_dir) == {**first, "changed": False}
    assert pid_of(state_dir) == pid


def test_start_prints_no_secret_and_keeps_its_files_private(state_dir):
    printed = json.dumps(start(state_dir))
    accounts = json.loads((state_dir / "ready.json").read_text())["accounts"]
    assert not any(value in printed for account in accounts.values() for value in account.values())
    assert stat.S_IMODE(state_dir.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in state_dir.iterdir()} == {0o600}


def test_stop_ends_the_process_and_keeps_the_state(state_dir):
    start(state_dir)
    before = json.loads((state_dir / "ready.json").read_text())["accounts"]
    assert service("stop", "--state-dir", str(state_dir)) == {"changed": True, "running": False}
    assert not (state_dir / "ready.json").exists() and not (state_dir / "sandbox.pid").exists()
    assert service("stop", "--state-dir", str(state_dir)) == {"changed": False, "running": False}
    assert start(state_dir)["changed"]
    assert json.loads((state_dir / "ready.json").read_text())["accounts"] == before


def test_killed_process_does_not_count_as_running_and_is_replaced(state_dir):
    start(state_dir)
    killed = pid_of(state_dir)
    os.kill(killed, signal.SIGKILL)
    lock = state_dir / "sandbox.lock"
    assert wait_for(lambda: Background("It", lock, state_dir / "sandbox.log").record() is None, 10)
    assert start(state_dir)["changed"]
    assert pid_of(state_dir) != killed


def test_stale_files_of_a_process_id_that_lives_on_are_not_believed(state_dir):
    start(state_dir)
    service("stop", "--state-dir", str(state_dir))
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        (state_dir / "sandbox.pid").write_text(f"{other.pid}\n")
        (state_dir / "sandbox.lock").write_text(json.dumps({"pid": other.pid, "argv": []}))
        assert not service("stop", "--state-dir", str(state_dir))["changed"]
        assert other.poll() is None
        assert start(state_dir)["changed"]
        assert other.poll() is None
        other.communicate(b"\n")


def test_other_address_restarts_with_the_same_state(state_dir):
    first = start(state_dir)
    port = free_port()
    second = start(state_dir, "--http", f"127.0.0.1:{port}")
    assert second["changed"] and second["ready"]["http"] == f"http://127.0.0.1:{port}"
    assert second["ready"]["ca_file"] == first["ready"]["ca_file"]
    assert not start(state_dir, "--http", f"127.0.0.1:{port}")["changed"]


def test_settings_are_put_in_force_once(state_dir):
    first = start(state_dir, "--settings", '{"issue_delay": 0, "rate": 0}')
    settings = about(first)["settings"]
    assert (first["changed"], settings["issue_delay"], settings["rate"]) == (True, 0, 0)
    assert not start(state_dir, "--settings", '{"issue_delay": 0, "rate": 0}')["changed"]
    assert not start(state_dir)["changed"]
    assert start(state_dir, "--settings", '{"issue_delay": 1}', "--check")["changed"]
    assert about(first)["settings"]["issue_delay"] == 0
    assert start(state_dir, "--settings", '{"issue_delay": 1}')["changed"]
    failed = start(state_dir, "--settings", '{"nonsense": 1}', status=1)
    assert failed["failed"] and "'nonsense' is not a setting" in failed["msg"]


def test_check_predicts_and_does_nothing(state_dir):
    assert start(state_dir, "--check") == {"changed": True, "running": False, "ready": None}
    assert not state_dir.exists()
    running = start(state_dir)
    assert start(state_dir, "--check") == {**running, "changed": False}
    assert service("stop", "--state-dir", str(state_dir), "--remove", "--check") == {"changed": True, "running": True}
    assert about(running)


def test_remove_leaves_no_trace_and_is_done_once(state_dir):
    start(state_dir)
    assert service("stop", "--state-dir", str(state_dir), "--remove")["changed"]
    assert not state_dir.exists()
    assert not service("stop", "--state-dir", str(state_dir), "--remove")["changed"]


@pytest.mark.parametrize("command", [("start",), ("stop", "--remove")])
def test_directory_with_other_files_is_refused_untouched(tmp_path, command):
    (tmp_path / "precious").write_text("mine")
    mode = tmp_path.stat().st_mode
    failed = service(command[0], "--state-dir", str(tmp_path), *command[1:], status=1)
    assert "holds other files" in failed["msg"] and str(tmp_path) in failed["msg"]
    assert [path.name for path in tmp_path.iterdir()] == ["precious"]
    assert tmp_path.stat().st_mode == mode


def test_address_in_use_is_told_with_the_last_words_of_the_process(state_dir):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        failed = start(state_dir, "--http", f"127.0.0.1:{taken.getsockname()[1]}", status=1)
    assert failed["msg"].startswith("The sandbox ended with status 1. It said: ")
    assert "in use" in failed["msg"] and "sandbox.log" in failed["msg"]
    assert not (state_dir / "sandbox.pid").exists()
    assert start(state_dir)["changed"]


def test_sandbox_started_by_hand_is_not_doubled_nor_undermined(state_dir):
    with subprocess.Popen([sys.executable, str(PACKAGE), "--state-dir", str(state_dir)]) as by_hand:
        assert wait_for((state_dir / "ready.json").exists, 20)
        for command in (("start",), ("stop", "--remove")):
            failed = service(command[0], "--state-dir", str(state_dir), *command[1:], status=1)
            assert "started otherwise" in failed["msg"]
        by_hand.terminate()
    assert by_hand.returncode == 0


def test_bad_argument_is_named():
    failed = service("start", "--state-dir", "/nowhere", "--dns", "0.0.0.0:53", status=1)
    assert "--dns" in failed["msg"] and "'0.0.0.0:53'" in failed["msg"]


def test_tls_server_starts_once_and_stops_without_leaving_files(pid_file):
    predicted = start_tls(pid_file, "--placeholder", "www.example.com", "--check")
    assert predicted == {"changed": True, "running": False, "ready": None}
    assert list(pid_file.parent.iterdir()) == []
    first = start_tls(pid_file, "--placeholder", "www.example.com")
    assert first["changed"] and first["ready"]["pid_file"] == str(pid_file)
    host, _colon, port = first["ready"]["address"].rpartition(":")
    with socket.create_connection((host, int(port)), timeout=5):
        pass
    os.kill(int(pid_file.read_text()), signal.SIGHUP)
    assert start_tls(pid_file, "--placeholder", "www.example.com") == {**first, "changed": False}
    assert service("stop-tls-server", "--pid-file", str(pid_file), "--check") == {"changed": True, "running": True}
    assert service("stop-tls-server", "--pid-file", str(pid_file)) == {"changed": True, "running": False}
    assert sorted(path.name for path in pid_file.parent.iterdir()) == ["server.key", "server.pem"]
    assert service("stop-tls-server", "--pid-file", str(pid_file)) == {"changed": False, "running": False}


def test_reload_serves_the_pair_that_now_lies_in_the_files(pid_file):
    address = start_tls(pid_file, "--placeholder", "www.example.com")["ready"]["address"]
    host, _colon, port = address.rpartition(":")
    before = ssl.get_server_certificate((host, int(port)))
    for path in pid_file.parent.glob("server.*"):
        path.unlink()
    files = [str(pid_file.parent / name) for name in ("server.pem", "server.key")]
    made = [
        "tls-server",
        "--check",
        "--placeholder",
        "new.example.com",
        "--certificate",
        files[0],
        "--private-key",
        files[1],
    ]
    subprocess.run([sys.executable, str(PACKAGE), *made], check=True, timeout=60)
    assert service("reload-tls-server", "--pid-file", str(pid_file), "--check")["changed"]
    assert ssl.get_server_certificate((host, int(port))) == before
    assert service("reload-tls-server", "--pid-file", str(pid_file)) == {"changed": True, "running": True}
    assert ssl.get_server_certificate((host, int(port))).split() == Path(files[0]).read_text().split()


def test_reload_without_a_running_server_is_refused(pid_file):
    failed = service("reload-tls-server", "--pid-file", str(pid_file), status=1)
    assert "start it first" in failed["msg"] and str(pid_file) in failed["msg"]


def test_tls_server_without_a_pair_says_which_file_is_missing(pid_file):
    failed = start_tls(pid_file, status=1)
    assert "server.pem' cannot be read" in failed["msg"]


def test_killed_tls_server_is_started_again(pid_file):
    start_tls(pid_file, "--placeholder", "www.example.com")
    killed = int(pid_file.read_text())
    os.kill(killed, signal.SIGKILL)
    lock = pid_file.with_suffix(".lock")
    assert wait_for(lambda: Background("It", lock, pid_file.with_suffix(".log")).record() is None, 10)
    assert start_tls(pid_file)["changed"]
    assert int(pid_file.read_text()) != killed


def test_process_that_ignores_the_stop_signal_is_ended_by_force(tmp_path, monkeypatch):
    monkeypatch.setattr("certwright_sandbox.background.TERM_SECONDS", 0.2)
    process = Background("The program", tmp_path / "lock", tmp_path / "log", tmp_path / "pid")
    code = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); time.sleep(60)"
    )
    process.start([sys.executable, "-c", code])
    process.wait_until(lambda: "ready" in process.log_text(), 20)
    assert process.stop()
    assert process.record() is None and not (tmp_path / "pid").exists()


def test_process_that_never_gets_ready_is_ended_and_told(tmp_path):
    process = Background("The program", tmp_path / "lock", tmp_path / "log")
    process.start([sys.executable, "-c", "import time; print('thinking', flush=True); time.sleep(60)"])
    assert wait_for(lambda: "thinking" in process.log_text(), 20)
    with pytest.raises(ServiceError, match=r"The program did not answer within 0\.1 s\. It said: thinking"):
        process.wait_until(lambda: False, 0.1)
    assert process.record() is None


def test_second_start_at_the_same_time_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("certwright_sandbox.background.LOCK_SECONDS", 0.1)
    process = Background("The program", tmp_path / "lock", tmp_path / "log")
    argv = [sys.executable, "-c", "import time; time.sleep(60)"]
    process.start(argv)
    assert process.runs(argv) and not process.runs([*argv, "other"])
    with pytest.raises(ServiceError, match="being started by somebody else"):
        Background("The program", tmp_path / "lock", tmp_path / "log").start(argv)
    process.stop()
