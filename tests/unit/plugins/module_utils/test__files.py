# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Folders for their owner only. The names of files: test__versions.py."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from ansible_collections.certwright.cloud.plugins.module_utils._files import make_private_folder


def test_folder_and_what_is_missing_above_it_are_for_their_owner_only(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    make_private_folder(str(tmp_path / "a" / "b"))
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (tmp_path, tmp_path / "a", tmp_path / "a" / "b")]
    assert modes == [0o755, 0o700, 0o700]
    make_private_folder(str(tmp_path))
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755


def test_folder_that_another_process_makes_meanwhile_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.mkdir

    def quicker(path: str, mode: int) -> None:
        real(path, mode)
        raise FileExistsError(path)

    monkeypatch.setattr(os, "mkdir", quicker)
    make_private_folder(str(tmp_path / "a"))
    assert (tmp_path / "a").is_dir()


def test_file_in_the_place_of_a_folder_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("")
    with pytest.raises(FileExistsError):
        make_private_folder(str(tmp_path / "a"))
