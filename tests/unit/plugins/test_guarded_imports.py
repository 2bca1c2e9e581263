# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every shared file can be imported where a library is missing, so that a module can say which one it is."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

MODULE_UTILS = Path(__file__).resolve().parents[3] / "plugins" / "module_utils"
FILES = sorted(path.relative_to(MODULE_UTILS) for path in MODULE_UTILS.rglob("*.py"))
LIBRARIES = ("cryptography", "dns", "requests", "urllib3")


def imported_without(monkeypatch: pytest.MonkeyPatch, file: Path) -> ModuleType:
    """A file of its own, imported while none of the libraries can be; what it imports from us is there already."""
    for name in [*sys.modules]:
        if name.partition(".")[0] in LIBRARIES:
            monkeypatch.setitem(sys.modules, name, None)
    for name in LIBRARIES:
        monkeypatch.setitem(sys.modules, name, None)
    spec = importlib.util.spec_from_file_location("imported_without_libraries", MODULE_UTILS / file)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    # Dataclasses look their module up.
    monkeypatch.setitem(sys.modules, spec.name, module)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("file", FILES, ids=str)
def test_file_is_imported_without_libraries_and_says_so(monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
    flags = {
        name: value for name, value in vars(imported_without(monkeypatch, file)).items() if name.startswith("HAS_")
    }
    # A flag that came from another file tells of that file, which was imported with its libraries.
    text = (MODULE_UTILS / file).read_text(encoding="utf-8")
    own = {name for name in flags if f"    {name} = False\n" in text}
    assert {name for name in own if flags[name]} == set()
    assert bool(own) is ("except ImportError:" in text and "HAS_" in text)
