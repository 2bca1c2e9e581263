# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files that a server's configuration names become links, and what stood there comes back."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ansible_collections.certwright.cloud.plugins.module_utils._disk import Disk
from ansible_collections.certwright.cloud.plugins.module_utils._links import (
    Link,
    content_hash,
    described,
    is_placed,
    place,
    record_of,
    restore,
)

OLD = "the old certificate\n"


@pytest.fixture
def link(tmp_path: Path) -> Link:
    (tmp_path / "live.pem").write_text("the new certificate\n")
    return Link(str(tmp_path / "server.pem"), str(tmp_path / "live.pem"))


def stand(link: Link, what: str) -> None:
    """Puts something at the place of the link."""
    if what == "file":
        Path(link.path).write_text(OLD)
        os.chmod(link.path, 0o640)
    elif what == "link":
        os.symlink("elsewhere.pem", link.path)


def seen(link: Link) -> tuple[str, str | None, int | None]:
    """What stands at the place: in words, its content, its mode."""
    path = Path(link.path)
    if not path.is_file():
        return described(link.path), None, None
    return described(link.path), path.read_text(), path.stat().st_mode & 0o777


@pytest.mark.parametrize(("what", "words"), [("absent", "absent"), ("file", "file"), ("link", "link to elsewhere.pem")])
def test_what_stood_there_comes_back(link: Link, what: str, words: str) -> None:
    stand(link, what)
    before = seen(link)
    assert before[0] == words and not is_placed(link)
    record = record_of(link.path, {})
    place(Disk(), link, record)
    assert is_placed(link) and Path(link.path).read_text() == "the new certificate\n"
    restore(Disk(), link, record)
    assert seen(link) == before
    # Once it is back, there is nothing to do.
    restore(Disk(), link, record)
    assert seen(link) == before


def test_path_that_the_certificate_itself_lies_at_needs_no_link(link: Link) -> None:
    assert is_placed(Link(link.target, link.target))
    assert is_placed(Link(os.path.join(os.path.dirname(link.target), ".", "live.pem"), link.target))


def test_copy_is_for_its_owner_only_and_another_content_gets_another_name(link: Link) -> None:
    stand(link, "file")
    first = record_of(link.path, {})
    place(Disk(), link, first)
    copy = Path(first["copy"])
    assert (copy.read_text(), copy.stat().st_mode & 0o777, first["made"]) == (OLD, 0o600, True)
    os.unlink(link.path)
    Path(link.path).write_text("put there by hand\n")
    second = record_of(link.path, {})
    assert second["copy"] == f"{first['copy']}.1"
    os.unlink(link.path)
    stand(link, "file")
    # The same content needs no second copy; who made the first is known from the run that did not end.
    assert [record_of(link.path, known)["made"] for known in ({}, first)] == [False, True]


def test_copy_that_is_gone_is_said_and_nothing_is_lost(link: Link) -> None:
    stand(link, "file")
    record = record_of(link.path, {})
    place(Disk(), link, record)
    os.unlink(record["copy"])
    with pytest.raises(FileNotFoundError, match="the copy of the old file is gone"):
        restore(Disk(), link, record)
    assert is_placed(link)


def test_user_who_is_not_root_keeps_what_he_writes(link: Link, monkeypatch: pytest.MonkeyPatch) -> None:
    stand(link, "file")
    record = {**record_of(link.path, {}), "uid": 12345, "gid": 12345}
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    place(Disk(), link, record)
    restore(Disk(), link, record)
    assert os.stat(link.path).st_uid == os.getuid()


def test_hash_is_of_all_files_or_there_is_none(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_text("1")
    assert content_hash((str(one), str(two))) is None
    two.write_text("2")
    both = content_hash((str(one), str(two)))
    assert both and len(both) == 8 and both != content_hash((str(two), str(one)))
