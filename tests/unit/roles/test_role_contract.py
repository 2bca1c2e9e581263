# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""meta/argument_specs.yml is what a role promises; its defaults, its README and its steps must say the same."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

ROLES = Path(__file__).resolve().parents[3] / "roles"
NAMES = sorted(path.parent.name for path in ROLES.glob("*/meta") if (path / "argument_specs.yml").exists())


def specs(role: str) -> dict:
    return yaml.safe_load((ROLES / role / "meta" / "argument_specs.yml").read_text())["argument_specs"]


def options(role: str) -> dict:
    merged: dict = {}
    for entry in specs(role).values():
        merged.update(entry.get("options", {}))
    return merged


def told(option: dict) -> str:
    if option.get("required"):
        return "required"
    return f"`{json.dumps(option['default'])}`" if "default" in option else ""


def test_every_role_of_the_design_is_here():
    assert {"sandbox", "tls_certificate", "tls_install", "tls_validation"} <= set(NAMES)


@pytest.mark.parametrize("role", NAMES)
def test_defaults_are_those_of_the_argument_spec(role):
    defaults = yaml.safe_load((ROLES / role / "defaults" / "main.yml").read_text())
    promised = {name: option["default"] for name, option in options(role).items() if "default" in option}
    assert defaults == promised


@pytest.mark.parametrize("role", NAMES)
def test_variables_carry_the_name_of_the_role(role):
    assert [name for name in options(role) if not name.startswith(f"{role}_")] == []


@pytest.mark.parametrize("role", NAMES)
def test_readme_lists_every_variable_with_its_default(role):
    readme = (ROLES / role / "README.md").read_text()
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*?) \|", readme, re.MULTILINE))
    expected = {name: told(option) for name, option in options(role).items()}
    assert rows == rows | expected
    assert set(rows) >= set(expected)


@pytest.mark.parametrize(("role", "entry"), [(role, entry) for role in NAMES for entry in specs(role)])
def test_every_promised_step_exists(role, entry):
    assert (ROLES / role / "tasks" / f"{entry}.yml").is_file()


@pytest.mark.parametrize("role", NAMES)
def test_variables_used_in_tasks_are_promised_or_internal(role):
    text = "\n".join(path.read_text() for path in (ROLES / role / "tasks").glob("*.yml"))
    used = set(re.findall(rf"(?<![\w.]){role}_\w+", text))
    results = {f"{role}_result", f"{role}_ready", f"{role}_package", f"{role}_tls_server_ready"}
    assert used - set(options(role)) - results == set()
