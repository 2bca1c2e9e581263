# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An execution environment from the tarball: what the collection says it needs, and what the guide's example makes."""

from __future__ import annotations

import importlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from ansible_collections.certwright.cloud.tests.e2e.examples import COLLECTION, chosen, ran, runs
from ansible_collections.certwright.cloud.tests.e2e.plays import ansible_environment
from ansible_collections.certwright.cloud.tests.slices.guide import GUIDE, settings_with

DEFINITION = settings_with("base_image")
MODULES = "ansible_collections.certwright.cloud.plugins.modules"
# Where what is imported has another name.
PACKAGES = {"dns": "dnspython"}
TIMEOUT = 120


def run(folder: Path, *words: str, within: str = ".") -> str:
    """What a program prints, whose collections are in the folder; it has to succeed."""
    program = str(Path(sys.executable).parent / words[0])
    environment = ansible_environment(folder, ANSIBLE_COLLECTIONS_PATH=str(folder / "installed"))
    # Ansible takes the collections that are there for installed, too.
    environment.pop("PYTHONPATH", None)
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    command = [program, *words[1:]]
    done = subprocess.run(command, cwd=folder / within, env=environment, timeout=TIMEOUT, check=False, **pipes)
    assert done.returncode == 0, done.stdout
    return str(done.stdout)


def reported(folder: Path) -> dict[str, set[str]]:
    """What ansible-builder finds that the installed collections need."""
    needed = yaml.safe_load(run(folder, "ansible-builder", "introspect", str(folder / "installed")))
    mark = "# from collection certwright.cloud"
    assert all(line.endswith(mark) for lines in needed.values() for line in lines)
    return {kind: {line.removesuffix(mark).strip() for line in lines} for kind, lines in needed.items()}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The collection as it is published."""
    folder = tmp_path_factory.mktemp("built")
    run(folder, "ansible-galaxy", "collection", "build", "--output-path", str(folder), str(COLLECTION))
    (tarball,) = folder.glob("*.tar.gz")
    return tarball


def test_collection_says_what_its_modules_need_and_no_program(built: Path, tmp_path: Path) -> None:
    run(tmp_path, "ansible-galaxy", "collection", "install", "--offline", "-p", "installed", str(built))
    modules = [importlib.import_module(f"{MODULES}.{path.stem}") for path in COLLECTION.glob("plugins/modules/*.py")]
    libraries = {PACKAGES.get(name, name) for module in modules for name in module.USE_CASE.libraries}
    needed = reported(tmp_path)
    assert needed["system"] == set()
    assert {re.split(r"[^\w-]", line, maxsplit=1)[0] for line in needed["python"]} == libraries
    assert libraries == {"cryptography", "dnspython", "requests"}


@runs(f"{GUIDE}:settings:{DEFINITION.title}", f"{GUIDE}:command:ansible-builder ")
def test_example_makes_an_environment_with_the_collection_and_all_it_needs(built: Path, tmp_path: Path) -> None:
    shutil.copy(built, tmp_path)
    (tmp_path / "execution-environment.yml").write_text(yaml.safe_dump(DEFINITION.content), encoding="utf-8")
    (create,) = chosen(f"{GUIDE}:command:ansible-builder ")
    run(tmp_path, *create.words)
    lines = (tmp_path / "context" / "Containerfile").read_text(encoding="utf-8").splitlines()
    assert f'ARG EE_BASE_IMAGE="{DEFINITION.content["images"]["base_image"]["name"]}"' in lines
    # What the image does: it installs what is wished for from there, then all that this is found to need.
    copied = lines.index("COPY _build /build")
    assert lines[copied + 1] == "WORKDIR /build"
    assert any("collection install" in line and "-r requirements.yml" in line for line in lines[copied:])
    install = ("collection", "install", "--offline", "-r", "requirements.yml", "-p", str(tmp_path / "installed"))
    run(tmp_path, "ansible-galaxy", *install, within="context/_build")
    assert (tmp_path / "installed/ansible_collections/certwright/cloud/MANIFEST.json").is_file()
    assert reported(tmp_path)["python"]
    ran([DEFINITION, create])
