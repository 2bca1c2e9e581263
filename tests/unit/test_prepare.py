# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tests with real servers need is made ready where that is possible, and otherwise it is said why not."""

from __future__ import annotations

import os

import pytest
from ansible_collections.certwright.cloud.tests.served import prepare


@pytest.fixture
def machine(tmp_path, monkeypatch, capfd):
    """Make ready on a machine with these programs and this user; return what is told, part by part."""
    programs = tmp_path / "bin"
    programs.mkdir()
    monkeypatch.setattr(prepare, "PATH", str(programs))

    def machine(user, **scripts):
        for name, script in scripts.items():
            (programs / name.replace("_", "-")).write_text(f"#!/bin/sh\n{script}\n")
            (programs / name.replace("_", "-")).chmod(0o755)
        monkeypatch.setattr(os, "geteuid", lambda: user)
        assert prepare.main(tmp_path / "tools") == 0
        return told(capfd.readouterr().out)

    return machine


def told(said):
    """Why each part is left out, or that it is ready."""
    parts = {}
    for line in said.splitlines():
        verdict, _colon, rest = line.partition(": ")
        part, _colon, why = rest.partition(": ")
        if verdict in ("ready", "left out"):
            parts[part] = why or verdict
    return parts


def test_without_root_and_nginx_both_parts_are_left_out_with_the_reason(machine):
    assert machine(1000) == {
        "nginx": "'nginx' is not installed, and there is no apt-get to fetch it with",
        "hosts": "only root may start hosts in namespaces",
    }


def test_only_the_parts_that_are_asked_for_are_made_ready(machine, tmp_path, capfd):
    machine(1000, nginx="exit 0")
    assert prepare.main(tmp_path / "tools", "nginx") == 0
    assert told(capfd.readouterr().out) == {"nginx": "ready"}


def test_installed_nginx_is_used(machine, tmp_path):
    assert machine(1000, nginx="exit 0")["nginx"] == "ready"
    assert (tmp_path / "tools" / "nginx").resolve() == tmp_path / "bin" / "nginx"


def test_missing_programs_are_named(machine):
    assert machine(0, ip="", mount="")["hosts"] == "not installed: ssh, ssh-keygen, unshare"


def test_refused_namespaces_leave_the_hosts_out(machine):
    tools = dict.fromkeys(("ip", "mount", "ssh", "ssh_keygen"), "")
    assert machine(0, **tools, unshare="exit 1")["hosts"].startswith("'unshare' failed: ")


def test_package_that_cannot_be_fetched_leaves_nginx_out(machine):
    assert machine(1000, apt_get="echo no network; exit 100")["nginx"].startswith("'apt-get' failed: ")
