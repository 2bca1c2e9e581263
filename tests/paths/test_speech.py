# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What somebody sees of a wait: on a terminal, in a log, and nothing where nobody is to see it or a program reads."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.certwright.cloud.tests.e2e.json_callback import CALLBACK
from ansible_collections.certwright.cloud.tests.e2e.plays import ansible_environment
from ansible_collections.certwright.cloud.tests.e2e.sandbox_process import SandboxProcess

# A record that never comes: two looks, and between them time for a person to wonder.
RECORD = {"name": "_dnsauth.example.com", "value": "never", "wait_interval": 0.7, "wait_timeout": 2}
LINE = re.compile(
    r"^  web1 \| '_dnsauth\.example\.com': waiting for DNS since \d\d:\d\d:\d\d \(\d s\), next look in \d s: "
    r"at 1 of 1 servers \('127\.0\.0\.1:\d+' has no such record\)$",
    re.MULTILINE,
)
WAITING = "waiting for"
TIMEOUT = 120


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    process = SandboxProcess(tmp_path_factory.mktemp("sandbox"))
    yield process
    process.stop()


class Viewer:
    """Runs a play with one wait, or an ad-hoc command, and shows what comes out."""

    def __init__(self, sandbox: SandboxProcess, folder: Path) -> None:
        self._options = {**RECORD, "servers": [sandbox.ready["dns"]]}
        self._folder = folder
        here = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
        (folder / "inventory.json").write_text(json.dumps({"all": {"hosts": {"web1": here}}}))

    def play(self, keywords: dict[str, Any] | None = None) -> list[str]:
        """The command for a play whose task has these keywords."""
        task = {"name": "Wait", "certwright.cloud.dns_wait": self._options, "ignore_errors": True, **(keywords or {})}
        play = [{"hosts": "all", "gather_facts": False, "tasks": [task]}]
        (self._folder / "play.yml").write_text(json.dumps(play))
        return self._command("ansible-playbook", str(self._folder / "play.yml"))

    def ad_hoc(self, *more: str) -> list[str]:
        """The command for the same task without a play."""
        return self._command(
            "ansible", "web1", "-m", "certwright.cloud.dns_wait", "-a", json.dumps(self._options), *more
        )

    def _command(self, program: str, *arguments: str) -> list[str]:
        path = str(Path(sys.executable).parent / program)
        return [path, "-i", str(self._folder / "inventory.json"), *arguments]

    def in_pipe(self, command: list[str], **environment: str) -> str:
        """What a pipe gets of the output."""
        surroundings = ansible_environment(self._folder, **environment)
        done = subprocess.run(command, env=surroundings, capture_output=True, text=True, timeout=TIMEOUT, check=False)
        return done.stdout

    def on_terminal(self, command: list[str]) -> str:
        """What a terminal shows."""
        ours, theirs = pty.openpty()
        environment = ansible_environment(self._folder)
        shown = b""
        with subprocess.Popen(command, env=environment, stdin=theirs, stdout=theirs, stderr=theirs) as process:
            os.close(theirs)
            while True:
                try:
                    part = os.read(ours, 65536)
                except OSError:
                    # Linux says so when the last process has let go of a terminal.
                    break
                if not part:
                    break
                shown += part
            process.wait(TIMEOUT)
        os.close(ours)
        return shown.decode().replace("\r\n", "\n")


@pytest.fixture
def viewer(sandbox: SandboxProcess, tmp_path: Path) -> Viewer:
    return Viewer(sandbox, tmp_path)


def test_terminal_shows_after_each_look_how_the_wait_stands(viewer: Viewer) -> None:
    assert len(LINE.findall(viewer.on_terminal(viewer.play()))) >= 2


@pytest.mark.parametrize("ad_hoc", [False, True])
def test_pipe_gets_a_line_for_what_is_new(viewer: Viewer, ad_hoc: bool) -> None:
    output = viewer.in_pipe(viewer.ad_hoc() if ad_hoc else viewer.play())
    assert len(LINE.findall(output)) == output.count(WAITING) == 1


def test_wait_that_is_not_to_be_seen_is_silent(viewer: Viewer) -> None:
    output = viewer.on_terminal(viewer.play({"no_log": True}))
    assert "TASK [Wait]" in output and WAITING not in output


def test_output_that_a_program_reads_stays_as_it_is(viewer: Viewer) -> None:
    callbacks = viewer._folder / "callbacks"
    callbacks.mkdir()
    (callbacks / "json.py").write_text(CALLBACK)
    settings = {"ANSIBLE_STDOUT_CALLBACK": "json", "ANSIBLE_CALLBACK_PLUGINS": str(callbacks)}
    output = viewer.in_pipe(viewer.play(), **settings)
    assert json.loads(output) == {"failed": ["Wait"]}
    assert WAITING not in viewer.in_pipe(viewer.ad_hoc("--one-line"))
