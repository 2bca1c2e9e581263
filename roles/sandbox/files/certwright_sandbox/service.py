# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts and stops the sandbox and its TLS server in the background, for the role; answers with one JSON object.

`certwright_sandbox service start|stop|start-tls-server|stop-tls-server ...` prints `{changed, running, ...}` and
exits 0, or prints `{failed, msg}` and exits 1. No secret is ever printed.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import json
import os
import shutil
import signal
import stat
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from certwright_sandbox import VERSION
from certwright_sandbox.background import Background, ServiceError, wait_for
from certwright_sandbox.settings import is_loopback, split_address

__all__ = ["main"]

PACKAGE = Path(__file__).resolve().parent
START_SECONDS = 30.0
LEAST_PYTHON = (3, 11)
#: What the servers import -> the package that has it.
PACKAGES = {"cryptography": "cryptography", "dns": "dnspython"}
#: Files by which a directory is known to be the sandbox's own; no other one is ever changed or removed.
MARKS = ("state.sqlite3", "sandbox.lock")
#: What is shown of ready.json: everything but the accounts.
SHOWN = ("http", "https", "dns", "ca_file", "zones")
ANY_PORT = "127.0.0.1:0"

Result = dict[str, Any]


def start_sandbox(options: argparse.Namespace) -> Result:
    """Start the sandbox unless it runs as asked for, then put its settings in force."""
    state_dir: Path = options.state_dir
    _require("cryptography", "dns")
    _refuse_foreign(state_dir)
    argv = _command("--state-dir", str(state_dir))
    for name in ("http", "https", "dns"):
        argv += [f"--{name}", getattr(options, name)]
    process = _sandbox_process(state_dir)
    _refuse_unknown_process(process, state_dir)
    running = process.runs(argv) and _answers(state_dir)
    if options.check and not running:
        return {"changed": True, "running": process.record() is not None, "ready": None}
    if not running:
        process.stop()
        _make_private(state_dir)
        (state_dir / "ready.json").unlink(missing_ok=True)
        process.start(argv)
        process.wait_until(lambda: _answers(state_dir), START_SECONDS)
    ready = _ready(state_dir)
    differ = _apply_settings(ready["http"], options.settings, options.check)
    return {"changed": not running or differ, "running": True, "ready": {name: ready[name] for name in SHOWN}}


def stop_sandbox(options: argparse.Namespace) -> Result:
    """Stop the sandbox; with `--remove` its directory goes, too."""
    state_dir: Path = options.state_dir
    if not state_dir.exists():
        return {"changed": False, "running": False}
    _refuse_foreign(state_dir)
    process = _sandbox_process(state_dir)
    _refuse_unknown_process(process, state_dir)
    running = process.record() is not None
    if options.check:
        return {"changed": running or options.remove, "running": running}
    process.stop()
    if options.remove:
        shutil.rmtree(state_dir)
    return {"changed": running or options.remove, "running": False}


def start_tls_server(options: argparse.Namespace) -> Result:
    """Start the TLS server unless it runs as asked for."""
    _require("cryptography")
    process = _tls_process(options.pid_file)
    argv = _command("tls-server", "--listen", options.listen, "--pid-file", str(options.pid_file))
    argv += ["--certificate", str(options.certificate), "--private-key", str(options.private_key)]
    if options.placeholder:
        argv += ["--placeholder", options.placeholder]
    running = process.runs(argv) and options.pid_file.exists()
    if options.check and not running:
        return {"changed": True, "running": process.record() is not None, "ready": None}
    if not running:
        process.stop()
        process.start(argv)
        process.wait_until(options.pid_file.exists, START_SECONDS)
        wait_for(lambda: _served_address(process) is not None, START_SECONDS)
    ready = {"address": _served_address(process), "pid_file": str(options.pid_file)}
    return {"changed": not running, "running": True, "ready": ready}


def reload_tls_server(options: argparse.Namespace) -> Result:
    """Let the TLS server load its pair again; a bad pair is told in its log and the old one stays in service."""
    pid = (_tls_process(options.pid_file).record() or {}).get("pid")
    if pid is None:
        raise ServiceError(f"No TLS server with the pid file '{options.pid_file}' runs; start it first")
    if not options.check:
        os.kill(pid, signal.SIGHUP)
    return {"changed": True, "running": True}


def stop_tls_server(options: argparse.Namespace) -> Result:
    """Stop the TLS server and remove its pid file, lock and log; certificate and key stay."""
    process = _tls_process(options.pid_file)
    running = process.record() is not None
    left = [path for path in (options.pid_file, process.lock_file, process.log_file) if path.exists()]
    if not options.check:
        process.stop()
        for path in left:
            path.unlink(missing_ok=True)
    return {"changed": running or bool(left), "running": running and options.check}


def _require(*modules: str) -> None:
    """Name what this Python lacks to run the servers."""
    if sys.version_info < LEAST_PYTHON:
        needed = ".".join(str(number) for number in LEAST_PYTHON)
        raise ServiceError(f"'{sys.executable}' is older than Python {needed}; set sandbox_python to a newer one")
    lacking = [PACKAGES[name] for name in modules if importlib.util.find_spec(name) is None]
    if lacking:
        advice = "install it there, or set sandbox_python to a Python that has it"
        raise ServiceError(f"'{sys.executable}' lacks {' and '.join(lacking)}; {advice}")


def _command(*arguments: str) -> list[str]:
    return [sys.executable, str(PACKAGE), *arguments]


def _sandbox_process(state_dir: Path) -> Background:
    names = {"lock": "sandbox.lock", "log": "sandbox.log", "pid": "sandbox.pid"}
    files = {role: state_dir / name for role, name in names.items()}
    return Background("The sandbox", files["lock"], files["log"], files["pid"])


def _tls_process(pid_file: Path) -> Background:
    return Background("The TLS server", pid_file.with_suffix(".lock"), pid_file.with_suffix(".log"))


def _refuse_foreign(state_dir: Path) -> None:
    """Refuse a directory with other people's files: it would be closed to others, and removed in the end."""
    if not state_dir.exists():
        return
    if not state_dir.is_dir():
        raise ServiceError(f"'{state_dir}' is no directory; give the sandbox a directory of its own")
    if any(state_dir.iterdir()) and not any((state_dir / mark).exists() for mark in MARKS):
        raise ServiceError(f"'{state_dir}' holds other files; give the sandbox a directory of its own")


def _refuse_unknown_process(process: Background, state_dir: Path) -> None:
    """Refuse to work beside a sandbox that was started by hand: two would serve, or its files would be removed."""
    if process.record() is None and _answers(state_dir):
        raise ServiceError(f"A sandbox that was started otherwise serves '{state_dir}'; end that process first")


def _make_private(directory: Path) -> None:
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    if stat.S_IMODE(directory.stat().st_mode) != 0o700:
        directory.chmod(0o700)


def _ready(state_dir: Path) -> dict[str, Any]:
    return json.loads((state_dir / "ready.json").read_text())


def _answers(state_dir: Path) -> bool:
    """Whether the sandbox of that directory answers, in this version."""
    try:
        return _control(_ready(state_dir)["http"], "")["version"] == VERSION
    except (OSError, ValueError, KeyError):
        return False


def _control(url: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{url}/_sandbox/{path}", data, {"Content-Type": "application/json"})
    # No proxy of the environment stands between two processes on loopback.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=10) as answer:
        return json.load(answer)


def _apply_settings(url: str, wanted: dict[str, Any], check: bool) -> bool:
    """Put settings in force; returns whether that changes (in check mode: would change) any."""
    if not wanted:
        return False
    before = _control(url, "settings")["settings"]
    if check:
        return any(before.get(name) != value for name, value in wanted.items())
    try:
        return _control(url, "settings", wanted)["settings"] != before
    except urllib.error.HTTPError as exc:
        raise ServiceError(f"The sandbox refused its settings: {json.load(exc).get('error')}") from exc


def _served_address(process: Background) -> str | None:
    lines = [line for line in process.log_text().splitlines() if line.startswith("serving ")]
    return lines[-1].rpartition(" on ")[2] if lines else None


def main(arguments: Sequence[str]) -> int:
    """Run one of the commands; returns the exit status."""
    try:
        options = _parser().parse_args(arguments)
        run: Callable[[argparse.Namespace], Result] = options.run
        result = run(options)
    except (ServiceError, OSError) as exc:
        print(json.dumps({"failed": True, "changed": False, "msg": str(exc)}))
        return 1
    print(json.dumps(result))
    return 0


def _address(text: str) -> str:
    with contextlib.suppress(ValueError):
        if is_loopback(split_address(text)[0]):
            return text
    raise argparse.ArgumentTypeError(f"'{text}' is not HOST:PORT on loopback")


def _settings(text: str) -> dict[str, Any]:
    value = json.loads(text)
    if not isinstance(value, dict):
        raise argparse.ArgumentTypeError("the settings must be a JSON object")
    return value


def _path(text: str) -> Path:
    return Path(os.path.abspath(os.path.expanduser(text)))


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Let a bad argument be answered like any other failure."""
        raise ServiceError(message)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="certwright_sandbox service", description=__doc__)
    commands = parser.add_subparsers(required=True)
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--check", action="store_true", help="say what would be done, and do nothing")
    start = commands.add_parser("start", parents=[common])
    start.set_defaults(run=start_sandbox)
    stop = commands.add_parser("stop", parents=[common])
    stop.set_defaults(run=stop_sandbox)
    for command in (start, stop):
        command.add_argument("--state-dir", type=_path, required=True)
    for name in ("http", "https", "dns"):
        start.add_argument(f"--{name}", type=_address, default=ANY_PORT)
    start.add_argument("--settings", type=_settings, default={}, help="JSON object for /_sandbox/settings")
    stop.add_argument("--remove", action="store_true", help="remove the state directory afterwards")
    start_tls = commands.add_parser("start-tls-server", parents=[common])
    start_tls.set_defaults(run=start_tls_server)
    stop_tls = commands.add_parser("stop-tls-server", parents=[common])
    stop_tls.set_defaults(run=stop_tls_server)
    reload_tls = commands.add_parser("reload-tls-server", parents=[common])
    reload_tls.set_defaults(run=reload_tls_server)
    for command in (start_tls, stop_tls, reload_tls):
        command.add_argument("--pid-file", type=_path, required=True)
    start_tls.add_argument("--listen", type=_address, default=ANY_PORT)
    for name in ("--certificate", "--private-key"):
        start_tls.add_argument(name, type=_path, required=True)
    start_tls.add_argument("--placeholder")
    return parser
