# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the documentation of all modules has in common, and that their options are tried.

That documentation and argument spec agree is shown by ansible-test's sanity, and that results are what is documented
by tests/e2e/test_documented_results.py.
"""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

COLLECTION = Path(__file__).resolve().parents[3]
TESTS = sorted((COLLECTION / "tests").rglob("*.py"))
MODULES = sorted(path.stem for path in (COLLECTION / "plugins" / "modules").glob("*.py"))
# The option that makes a module one of a cloud's.
GROUPS = {"tencent": "secret_id", "alibaba": "access_key_id"}
CONNECTION = {"site", "endpoint", "ca_path", "api_timeout", "api_rate", "proxy", "profile"}


def module(name: str) -> Any:
    return importlib.import_module(f"ansible_collections.certwright.cloud.plugins.modules.{name}")


def documentation(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(module(name).DOCUMENTATION)
    return found


def options(name: str) -> set[str]:
    return set(module(name).USE_CASE.argument_spec)


def shared(name: str) -> set[str]:
    """The options that a module has in common with all modules of its cloud."""
    groups = [members(group) for group in GROUPS if name in members(group)]
    return set.intersection(*(options(member) for member in groups[0])) if groups else set()


def members(group: str) -> set[str]:
    return {name for name in MODULES if GROUPS[group] in options(name)}


def words_of_tests(naming: str) -> set[str]:
    """All words of the tests that name something."""
    texts = [path.read_text(encoding="utf-8") for path in TESTS if path != Path(__file__)]
    return {word for text in texts if naming in text for word in re.findall(r"\w+", text)}


@pytest.mark.parametrize("group", GROUPS)
def test_action_group_has_every_module_of_its_cloud(group: str) -> None:
    runtime = yaml.safe_load((COLLECTION / "meta" / "runtime.yml").read_text())
    assert set(runtime["action_groups"][group]) == members(group)
    assert all(options(name) >= CONNECTION for name in members(group))


@pytest.mark.parametrize("name", MODULES)
def test_every_option_appears_in_a_test(name: str) -> None:
    """What only some modules have, in tests that name the module; what a whole cloud shares, anywhere."""
    assert options(name) - shared(name) - words_of_tests(name) == set()
    assert shared(name) - words_of_tests("") == set()


@pytest.mark.parametrize("name", MODULES)
def test_module_says_what_every_module_says(name: str) -> None:
    documented = documentation(name)
    assert documented["version_added"] and documented["author"]
    fragments = set(documented["extends_documentation_fragment"])
    assert "certwright.cloud._attributes" in fragments
    # Each module names the steps before and after it.
    assert {"module"} <= set().union(*documented["seealso"])
    assert yaml.safe_load(module(name).EXAMPLES)
    for group, option in GROUPS.items():
        assert (f"certwright.cloud._attributes.{group}" in fragments) is (option in options(name))
    if name.endswith("_info"):
        assert "certwright.cloud._attributes.info" in fragments
