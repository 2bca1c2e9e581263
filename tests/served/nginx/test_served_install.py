# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Two certificates are installed on nginx, each after installations that fail in every way nginx has to offer.

One nginx lives through all of it, watched by a client that never stops asking. The module fails, the role succeeds.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.certwright.cloud.plugins.module_utils._x509 import certificate_facts
from ansible_collections.certwright.cloud.plugins.modules import certificate_install
from ansible_collections.certwright.cloud.tests.e2e.plays import run_playbook
from ansible_collections.certwright.cloud.tests.served.nginx_process import Nginx
from ansible_collections.certwright.cloud.tests.served.probe import Probe, see
from ansible_collections.certwright.cloud.tests.unit.plugins.pki import Ca, new_key

NAME = "www.example.com"
# A site whose configuration names files of its own, so that it never shows what is installed.
STUBBORN = "stubborn.example.com"

Variables = dict[str, Any]


def broken_configuration(nginx: Nginx) -> Variables:
    nginx.config.write_text(nginx.config.read_text() + "nonsense on;\n")
    return {}


def reload_that_finds_no_nginx(nginx: Nginx) -> Variables:
    elsewhere = nginx.folder / "elsewhere.conf"
    elsewhere.write_text(nginx.config.read_text().replace("nginx.pid", "nobody.pid"))
    return {"reload_command": nginx.command("-s", "reload", config=elsewhere)}


def reload_that_works_and_says_it_did_not(nginx: Nginx) -> Variables:
    return {"reload_command": ["sh", "-c", '"$@"; sleep 0.5; exit 3', "sh", *nginx.command("-s", "reload")]}


def reload_that_does_nothing(_nginx: Nginx) -> Variables:
    return {"reload_command": ["true"]}


def endpoint_that_keeps_its_certificate(nginx: Nginx) -> Variables:
    places = [nginx.sites[NAME].endpoint, {"address": nginx.sites[STUBBORN].endpoint, "server_name": NAME}]
    return {"verify_endpoints": places}


# What goes wrong, and what the message says of it.
FAILURES: dict[Callable[[Nginx], Variables], str] = {
    broken_configuration: 'unknown directive "nonsense"',
    reload_that_finds_no_nginx: "nobody.pid",
    reload_that_works_and_says_it_did_not: "ended with code 3",
    reload_that_does_nothing: "after 1 s, '{main}' serves the certificate '{old}'",
    endpoint_that_keeps_its_certificate: "after 1 s, '{stubborn}' serves the certificate",
}
ROUNDS = ("first", "second")


@dataclass(frozen=True)
class Step:
    """One installation: its result, the certificate served right after, all that were served since it began."""

    result: dict[str, Any]
    served: str
    seen: list[str]
    reloads: int
    before: str
    wanted: str
    words: dict[str, str]


class Bench:
    """A nginx with a self-signed certificate, and certificates to put in its place."""

    def __init__(self, program: Path, folder: Path) -> None:
        self.folder = folder
        self.ca = Ca()
        for name in (NAME, STUBBORN):
            place, key = folder / name, new_key()
            place.mkdir()
            (place / "server.pem").write_text(self.ca.issue(name, key, name, key, [name]))
            (place / "server.key").write_text(key)
        self.nginx = Nginx(program, folder, {name: folder / name for name in (NAME, STUBBORN)})
        self.site = self.nginx.sites[NAME]
        self.probe = Probe("nginx, installations that fail and succeed", self.site.address, NAME)

    def pair(self) -> Variables:
        """A fresh key and its certificate."""
        key = new_key()
        return {"private_key": key, "certificate": self.ca.leaf(key, NAME), "chain": [self.ca.intermediate]}

    def install(self, pair: Variables, how: Callable[[Nginx], Variables] | None = None) -> Step:
        """Installs once: by the role, or by the module with what is to go wrong."""
        began, reloads, before = time.monotonic(), self.nginx.reloads(), see(self.site.address, NAME)
        configured, serial = self.nginx.config.read_text(), self._serial()
        variables = {**self._usual(), **pair}
        result = self._module({**variables, "verify_timeout": 1, **how(self.nginx)}) if how else self._role(variables)
        step = Step(
            result,
            served=see(self.site.address, NAME),
            seen=self.probe.seen(began),
            reloads=self.nginx.reloads() - reloads,
            before=before,
            wanted=certificate_facts(pair["certificate"]).fingerprint_sha256,
            words={
                "main": self.site.endpoint,
                "stubborn": self.nginx.sites[STUBBORN].endpoint,
                "old": serial,
            },
        )
        self.nginx.config.write_text(configured)
        return step

    def _serial(self) -> str:
        return certificate_facts(self.site.certificate.read_text()).serial

    def _usual(self) -> Variables:
        return {
            "directory": str(self.folder / "certificate"),
            "domains": [NAME],
            "certificate_path": str(self.site.certificate),
            "private_key_path": str(self.site.private_key),
            "test_command": self.nginx.command("-t"),
            "reload_command": self.nginx.command("-s", "reload"),
            "verify_endpoints": [self.site.endpoint],
        }

    def _module(self, variables: Variables) -> dict[str, Any]:
        arguments = self.folder / "arguments.json"
        arguments.write_text(json.dumps({"ANSIBLE_MODULE_ARGS": variables}))
        command = [sys.executable, "-m", certificate_install.__name__, str(arguments)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 1, done.stdout + done.stderr
        result: dict[str, Any] = json.loads(done.stdout)
        return result

    def _role(self, variables: Variables) -> dict[str, Any]:
        kept = self.folder / "result.json"
        keep = {"content": "{{ tls_install_result | to_json }}", "dest": str(kept), "mode": "0600"}
        play = {
            "hosts": "localhost",
            "connection": "local",
            "gather_facts": False,
            "vars": {f"tls_install_{name}": value for name, value in variables.items()},
            "tasks": [
                {"ansible.builtin.include_role": {"name": "certwright.cloud.tls_install"}},
                {"ansible.builtin.copy": keep},
            ],
        }
        play["vars"]["ansible_python_interpreter"] = sys.executable
        (self.folder / "play.json").write_text(json.dumps([play]))
        outcome = run_playbook(self.folder / "play.json", home=self.folder)
        assert outcome.status == 0, outcome.output
        result: dict[str, Any] = json.loads(kept.read_text())
        return result


@pytest.fixture(scope="module")
def life(tools, tmp_path_factory):
    """What happened, step by step: in each round all failures, then the same pair without one, then once more."""
    bench = Bench(Nginx.found(tools), tmp_path_factory.mktemp("nginx"))
    steps: dict[tuple[str, Any], Step] = {}
    try:
        with bench.probe:
            for round_name in ROUNDS:
                pair = bench.pair()
                for failure in FAILURES:
                    steps[round_name, failure] = bench.install(pair, failure)
                steps[round_name, "well"] = bench.install(pair)
                steps[round_name, "again"] = bench.install(pair)
    finally:
        bench.nginx.stop()
    return bench, steps


@pytest.mark.parametrize("round_name", ROUNDS)
@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: failure.__name__)
def test_failed_installation_says_why_and_leaves_the_old_certificate_served(life, round_name, failure):
    step = life[1][round_name, failure]
    assert step.result["failed"] and step.result["rolled_back"] and not step.result["changed"]
    assert FAILURES[failure].format(**step.words) in step.result["msg"]
    assert step.served == step.before != step.wanted
    assert set(step.seen) <= {step.before, step.wanted}


@pytest.mark.parametrize("round_name", ROUNDS)
def test_installation_that_nginx_takes_is_proven_by_what_it_serves(life, round_name):
    step = life[1][round_name, "well"]
    assert step.result["changed"] and not step.result["rolled_back"]
    assert step.served == step.wanted != step.before
    assert [(each["serial"], each["matches"]) for each in step.result["served"]] == [
        (step.result["certificate"]["serial"], True)
    ]
    assert step.reloads == 1


@pytest.mark.parametrize("round_name", ROUNDS)
def test_second_installation_changes_nothing_and_leaves_nginx_alone(life, round_name):
    step = life[1][round_name, "again"]
    assert (step.result["changed"], step.reloads, step.seen) == (False, 0, [step.wanted])


def test_new_certificate_was_served_in_vain_where_only_the_proof_failed(life):
    """The failures are real: nginx had taken over what was then taken back."""
    bench, steps = life
    served_in_vain = {reload_that_works_and_says_it_did_not, endpoint_that_keeps_its_certificate}
    for (_round, failure), step in steps.items():
        if failure in served_in_vain:
            # While workers come and go, both certificates are shown for a moment.
            assert (step.seen[0], step.seen[-1], set(step.seen)) == (
                step.before,
                step.before,
                {step.before, step.wanted},
            ), failure
    assert bench.nginx.reloads() >= 2 * len(served_in_vain)


def test_every_visitor_was_served_all_the_time(life):
    bench, steps = life
    known = {step.before for step in steps.values()} | {step.wanted for step in steps.values()}
    assert bench.probe.faults() == []
    assert set(bench.probe.seen()) == known and len(known) == 3
    assert len(bench.probe.sights) > 100
