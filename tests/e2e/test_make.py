# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`make rehearse` and `make rehearse-clean` in a checkout: what they pass on, what they keep away, what they leave.

Also which Python they take.

A small playbook stands in for the real one, and the environment is given no package, so that no package index is
needed; what the real playbook does is shown by test_rehearsal.py.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
PLAYBOOK = """
- name: Tell what arrived
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Make the directory
      ansible.builtin.file:
        path: "{{ rehearse_dir }}"
        state: directory
        mode: "0700"
    - name: Tell
      ansible.builtin.copy:
        dest: "{{ lookup('env', 'TOLD') }}"
        content: "{{ {'dir': rehearse_dir, 'clean': rehearse_clean, 'home': lookup('env', 'HOME'),
          'secret': lookup('env', 'TENCENTCLOUD_SECRET_KEY')} | to_json }}"
        mode: "0600"
    - name: Fail on demand
      ansible.builtin.assert:
        that: not rehearse_clean or lookup('env', 'CLEANING_FAILS') | length == 0
"""


class Checkout:
    """A checkout below a folder with a space in its name, and a user with a home and settings of their own."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "my checkout"
        self.work = self.root / ".work"
        self.home = folder / "home"
        self.told = folder / "told.json"
        self.home.mkdir()
        shutil.copytree(REPOSITORY / "scripts", self.root / "scripts")
        for name, text in (("playbooks/rehearse.yml", PLAYBOOK), (".ci/rehearse.txt", "# no package\n")):
            (self.root / name).parent.mkdir()
            (self.root / name).write_text(text)
        for name in ("Makefile", "galaxy.yml"):
            shutil.copy(REPOSITORY / name, self.root)

    def make(self, target: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run make as that user would; ansible-playbook is the one of the tests."""
        env = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "MAKE"))}
        env |= {"HOME": str(self.home), "TOLD": str(self.told), "PYTHON": ""}
        env |= {"ANSIBLE_STDOUT_CALLBACK": "nonsense", "TENCENTCLOUD_SECRET_KEY": "real", **environment}
        command = ["make", "--no-print-directory", target]
        return subprocess.run(command, cwd=self.root, env=env, capture_output=True, text=True, check=False, timeout=300)


def left_in(folder: Path) -> set[str]:
    """Names in a folder; what pip's look for a Rust compiler leaves in HOME is none of ours."""
    return {path.name for path in folder.iterdir()} - {".rustup"} if folder.is_dir() else set()


@pytest.fixture(scope="module")
def life(tmp_path_factory):
    """One checkout's life, step by step: the output of make, what the playbook was told, what was left."""
    checkout = Checkout(tmp_path_factory.mktemp("make"))
    requirements = checkout.root / ".ci" / "rehearse.txt"
    steps = {}

    def step(name: str, target: str, **environment: str) -> None:
        checkout.told.unlink(missing_ok=True)
        done = checkout.make(target, **environment)
        told = json.loads(checkout.told.read_text()) if checkout.told.exists() else None
        steps[name] = {"done": done, "told": told, "work": left_in(checkout.work), "home": left_in(checkout.home)}

    step("first", "rehearse")
    step("again", "rehearse")
    requirements.write_text("# still no package\n")
    step("changed", "rehearse")
    step("stuck", "rehearse-clean", CLEANING_FAILS="1")
    step("clean", "rehearse-clean")
    step("nothing", "rehearse-clean")
    return checkout, steps


def test_rehearse_passes_its_folder_and_keeps_the_users_settings_away(life):
    checkout, steps = life
    assert steps["first"]["done"].returncode == 0, steps["first"]["done"].stdout + steps["first"]["done"].stderr
    assert steps["first"]["told"] == {
        "dir": f"{checkout.work}/rehearse",
        "clean": False,
        "home": f"{checkout.work}/home",
        "secret": "",
    }


@pytest.mark.parametrize(("step", "sets_up"), [("first", True), ("again", False), ("changed", True)])
def test_rehearse_sets_up_once_and_again_when_requirements_changed(life, step, sets_up):
    done = life[1][step]["done"]
    assert (done.returncode, "Setting up .work/venv" in done.stdout) == (0, sets_up)


def test_clean_keeps_everything_when_the_playbook_could_not_stop_it(life):
    stuck = life[1]["stuck"]
    assert stuck["done"].returncode != 0
    assert {"rehearse", "venv"} <= stuck["work"]


def test_clean_runs_the_playbook_and_leaves_nothing(life):
    checkout, steps = life
    assert steps["clean"]["done"].returncode == 0, steps["clean"]["done"].stdout + steps["clean"]["done"].stderr
    assert steps["clean"]["told"]["clean"] is True
    assert not checkout.work.exists()
    assert [steps[name]["home"] for name in steps] == [set()] * len(steps)


def test_clean_without_a_rehearsal_does_nothing(life):
    nothing = life[1]["nothing"]
    assert (nothing["done"].returncode, nothing["done"].stdout, nothing["told"]) == (0, "", None)


def test_missing_python_is_told_with_the_way_out(tmp_path):
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("sh", "dirname", "make"):
        (tools / name).symlink_to(shutil.which(name))
    done = Checkout(tmp_path).make("rehearse", PATH=str(tools))
    assert done.returncode != 0
    assert "No Python 3.11 or newer was found in PATH. Install one, or name it: make PYTHON=" in done.stderr


# What scripts/venv.sh asks of a Python.
USABLE = "import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))"
DISTRIBUTIONS = "/usr/bin/python3"


def chosen_python(folder: Path, **environment: str) -> str:
    """The Python that environments are made with, where the first python3 in PATH is a usable one in a folder."""
    (folder / "python3").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    (folder / "python3").chmod(0o755)
    script = f'root={folder} && . "{REPOSITORY}/scripts/venv.sh" && find_python && echo "$VENV_PYTHON"'
    command = ["/bin/sh", "-c", script]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_distributions_python_is_taken_before_others_if_it_will_do(tmp_path):
    usable = os.access(DISTRIBUTIONS, os.X_OK) and subprocess.run([DISTRIBUTIONS, "-c", USABLE], check=False)
    wanted = DISTRIBUTIONS if usable and usable.returncode == 0 else "python3"
    assert chosen_python(tmp_path, PATH=f"{tmp_path}:/usr/bin:/bin") == wanted


def test_distributions_python_is_not_taken_where_path_does_not_name_it(tmp_path):
    assert chosen_python(tmp_path, PATH=str(tmp_path)) == "python3"


def test_python_that_is_named_is_taken_before_all_others(tmp_path):
    named = str(tmp_path / "python3")
    assert chosen_python(tmp_path, PATH="/usr/bin:/bin", PYTHON=named) == named
