# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Order ids, names and chains that would lead elsewhere: nothing is written outside the certificate's own directory."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError
from ansible_collections.certwright.cloud.plugins.module_utils._files import safe_name
from ansible_collections.certwright.cloud.plugins.module_utils._retry import Clock
from ansible_collections.certwright.cloud.plugins.modules import certificate_install, certificate_request
from ansible_collections.certwright.cloud.tests.unit.plugins.helpers import context, run_use_case
from ansible_collections.certwright.cloud.tests.unit.plugins.hostile_answers import NASTY_TEXTS, TEXTS, examples
from ansible_collections.certwright.cloud.tests.unit.plugins.pki import Ca, new_key
from ansible_collections.certwright.cloud.tests.unit.plugins.writes import writes_outside
from hypothesis import given
from hypothesis import strategies as st

NAME = "www.example.com"
CA, KEY = Ca(), new_key()
# What DNS names of a certificate can hold; a hostile CA, or one that was fooled, signs them.
NAMES = [text for text in NASTY_TEXTS if text and text.isascii() and len(text) < 200]
LEAVES = [CA.leaf(KEY, NAME), *(CA.leaf(KEY, NAME, name) for name in NAMES), CA.leaf(KEY, NAMES[0])]
FILES = {"cert.pem", "chain.pem", "fullchain.pem", "key.pem", "csr.pem", "order.json"}


@contextmanager
def jail() -> Iterator[Path]:
    """A certificate's directory below some others; at the end everything in it lies where it belongs."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        directory = root / "a" / "b" / "certificate"
        with writes_outside(root / "a") as strays:
            yield directory
        assert strays == []
        assert [path.name for path in root.iterdir()] in ([], ["a"])
        for place, folders, files in os.walk(directory):
            level = Path(place).relative_to(directory).parts
            if level == ():
                assert {*folders, *files} <= {"versions", "live"}
            elif level == ("versions",):
                assert files == [] and not any(name.startswith(".") or len(name) > 255 for name in folders)
            else:
                assert len(level) == 2 and folders == [] and set(files) <= FILES
                keys = [Path(place, name) for name in files if name == "key.pem"]
                assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in keys)


@examples(100, full=2_000)
@given(order_id=TEXTS, names=st.lists(TEXTS, max_size=2), subject=st.dictionaries(st.just("organization"), TEXTS))
def test_request_stays_in_its_directory(order_id: str, names: list[str], subject: dict[str, str]) -> None:
    wish: dict[str, Any] = {"order_id": order_id, "domains": [NAME, *names], "key_type": "ecdsa-p256", **subject}
    with jail() as directory:
        try:
            made = run_use_case(certificate_request.USE_CASE, context(None), directory=str(directory), **wish)
        except CertwrightError as error:
            assert error.message
        else:
            assert Path(made["request"]["private_key_path"]).parents[2] == directory


@examples(100, full=2_000)
@given(
    order_id=st.none() | TEXTS,
    leaf=st.sampled_from(LEAVES),
    chain=st.lists(st.just(CA.intermediate) | TEXTS, max_size=2),
    names=st.lists(st.just(NAME) | TEXTS, max_size=2),
    key=st.just(KEY) | TEXTS,
)
def test_installation_stays_in_its_directory(
    order_id: str | None, leaf: str, chain: list[str], names: list[str], key: str
) -> None:
    wish = {"order_id": order_id, "certificate": leaf, "chain": chain, "domains": names, "private_key": key}
    with jail() as directory:
        try:
            run_use_case(certificate_install.USE_CASE, context(None, clock=Clock()), directory=str(directory), **wish)
        except CertwrightError as error:
            assert error.message
        else:
            assert (directory / "live" / "key.pem").is_file()


@pytest.mark.parametrize("order_id", NASTY_TEXTS, ids=range(len(NASTY_TEXTS)))
def test_name_of_a_version_is_one_plain_step(order_id: str) -> None:
    name = safe_name(order_id)
    assert os.path.basename(name) == name and name not in ("", ".", "..") and "\x00" not in name and len(name) < 100
    assert name.isascii() and not name.startswith(".")


def test_different_orders_have_different_versions_also_where_letters_are_replaced() -> None:
    assert len({safe_name(text) for text in NASTY_TEXTS}) == len(set(NASTY_TEXTS))


def test_watch_does_see_what_strays(tmp_path: Path) -> None:
    with writes_outside(tmp_path / "a") as strays:
        (tmp_path / "b").mkdir()
        (tmp_path / "b" / "c").write_text("x")
        (tmp_path / "b" / "c").rename(tmp_path / "b" / "d")
        (tmp_path / "b" / "d").read_text()
        shutil.rmtree(tmp_path / "b")
    assert {Path(path).name for path in strays} == {"b", "c", "d"}
