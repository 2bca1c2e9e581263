# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The versioned directory: names, the link, the lock, and the order of steps on the disk."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from ansible_collections.certwright.cloud.plugins.module_utils._disk import Disk, Ownership, put
from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError, ErrorKind
from ansible_collections.certwright.cloud.plugins.module_utils._files import safe_name
from ansible_collections.certwright.cloud.plugins.module_utils._versions import Versions
from ansible_collections.certwright.cloud.tests.unit.plugins.pki import Crash, TrialDisk


def versions(path: Path, disk: TrialDisk | None = None) -> Versions:
    return Versions(str(path), disk or TrialDisk(), Ownership())


@pytest.mark.parametrize(
    ("order_id", "kept"),
    [
        ("LrmeMvQr", True),
        ("cas-cn-68n1mm16", True),
        ("9223372036854775808", True),
        ("a/b", False),
        ("..", False),
        ("", False),
        (".x", False),
        ("a b", False),
        ("订单", False),
        ("x" * 200, False),
    ],
)
def test_safe_name_keeps_what_is_one_and_never_leaves_the_directory(order_id: str, kept: bool) -> None:
    name = safe_name(order_id)
    assert (name == order_id) is kept
    assert name
    assert "/" not in name
    assert not name.startswith(".")
    assert len(name) < 100


def test_safe_name_gives_different_ids_different_names() -> None:
    ids = ["a/b", "a b", "a_b", "a\tb", "..", ".", ""]
    assert len({safe_name(order_id) for order_id in ids}) == len(ids)


def test_directory_that_is_not_there_has_nothing(tmp_path: Path) -> None:
    nothing = versions(tmp_path / "none")
    assert (nothing.names(), nothing.live(), nothing.read("v", "key.pem"), nothing.facts("v"), nothing.journal()) == (
        [],
        None,
        None,
        {},
        {},
    )


def test_flip_moves_the_link_by_one_rename(tmp_path: Path) -> None:
    disk = TrialDisk()
    held = versions(tmp_path, disk)
    held.flip("one")
    disk.steps.clear()
    seen = []
    disk.observe = lambda: seen.append(held.live())
    held.flip("two")
    assert [step.split()[0] for step in disk.steps] == ["unlink", "symlink", "rename", "sync"]
    assert seen == ["one", "one", "two", "two"]
    held.flip(None)
    assert held.live() is None


def test_file_is_written_aside_and_renamed(tmp_path: Path) -> None:
    disk = TrialDisk()
    (tmp_path / "a").write_text("old")
    seen = []
    disk.observe = lambda: seen.append((tmp_path / "a").read_text())
    put(disk, str(tmp_path / "a"), b"new", 0o644, Ownership())
    assert [step.split()[0] for step in disk.steps] == ["unlink", "create", "rename", "sync"]
    assert seen == ["old", "old", "new", "new"]


def test_file_is_private_from_its_first_byte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    modes = []
    real = os.fchmod

    def fchmod(descriptor: int, mode: int) -> None:
        found = os.fstat(descriptor)
        modes.append((oct(stat.S_IMODE(found.st_mode)), found.st_size))
        real(descriptor, mode)

    monkeypatch.setattr(os, "fchmod", fchmod)
    before = os.umask(0)
    try:
        put(TrialDisk(), str(tmp_path / "key"), b"secret", 0o600, Ownership())
    finally:
        os.umask(before)
    assert modes == [("0o600", 6)], "whole, and still private, when its mode is set"


def test_file_is_on_the_disk_before_its_name_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append(os.readlink(f"/proc/self/fd/{descriptor}")))
    disk = TrialDisk()
    put(disk, str(tmp_path / "a"), b"new", 0o644, Ownership())
    assert synced == [str(tmp_path / ".a.new"), str(tmp_path)]


def test_file_that_waits_in_the_temporary_place_is_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine")
    (tmp_path / ".a.new").symlink_to(victim)
    put(TrialDisk(), str(tmp_path / "a"), b"new", 0o644, Ownership())
    assert (victim.read_text(), (tmp_path / "a").read_text()) == ("mine", "new")


@pytest.mark.parametrize("make", [lambda live: live.mkdir(), lambda live: live.write_text("x")])
def test_live_that_is_no_link_is_a_conflict(tmp_path: Path, make: object) -> None:
    make(tmp_path / "live")  # type: ignore[operator]
    with pytest.raises(CertwrightError) as caught:
        versions(tmp_path).live()
    assert caught.value.kind is ErrorKind.CONFLICT


def test_live_that_leads_elsewhere_is_a_conflict(tmp_path: Path) -> None:
    (tmp_path / "live").symlink_to("/etc")
    with pytest.raises(CertwrightError) as caught:
        versions(tmp_path).live()
    assert "points to '/etc'" in caught.value.text


def test_second_run_is_kept_out_until_the_first_has_ended(tmp_path: Path) -> None:
    first, second = versions(tmp_path / "a"), versions(tmp_path / "a")
    with first.locked(), pytest.raises(CertwrightError) as caught, second.locked():
        raise AssertionError("the second run got in")
    assert caught.value.kind is ErrorKind.CONFLICT
    with second.locked():
        assert (tmp_path / "a").is_dir()


def test_directories_made_in_vain_are_removed_and_others_stay(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    held = versions(tmp_path / "there" / "new" / "own")
    with pytest.raises(CertwrightError), held.locked():
        held.make("v")
        raise CertwrightError("no", kind=ErrorKind.CONFLICT)
    assert os.listdir(tmp_path) == ["there"]
    assert os.listdir(tmp_path / "there") == []


def test_half_written_files_of_a_killed_run_are_removed(tmp_path: Path) -> None:
    held = versions(tmp_path)
    held.make("v")
    held.disk = TrialDisk(2, half=True)
    with pytest.raises(Crash):
        held.put("v", "key.pem", "secret", 0o600)
    assert os.listdir(tmp_path / "versions" / "v") == [".key.pem.new"]
    held.disk = TrialDisk()
    held.make("v")
    assert os.listdir(tmp_path / "versions" / "v") == []


def test_discard_removes_the_version_only_when_nothing_is_left(tmp_path: Path) -> None:
    held = versions(tmp_path)
    held.make("v")
    held.put("v", "key.pem", "k", 0o600)
    held.put("v", "cert.pem", "c")
    held.discard("v", ["cert.pem", "chain.pem"])
    assert os.listdir(tmp_path / "versions" / "v") == ["key.pem"]
    held.discard("v", ["key.pem"])
    assert held.names() == []


@pytest.mark.parametrize("text", ["", "[1]", "{", "\x00"])
def test_notes_that_are_spoiled_count_as_none(tmp_path: Path, text: str) -> None:
    held = versions(tmp_path)
    held.make("v")
    held.put("v", "order.json", text)
    assert held.facts("v") == {}


@pytest.mark.parametrize(
    ("owner", "mode"),
    [
        (Ownership(), 0o700),
        (Ownership(gid=5), 0o750),
        (Ownership(uid=5), 0o711),
        (Ownership(uid=5, gid=5), 0o751),
    ],
)
def test_directories_let_pass_whom_the_files_belong_to(owner: Ownership, mode: int) -> None:
    assert owner.directory_mode == mode


class Gifts(TrialDisk):
    """A disk on which files can be given away by everybody, which only root can do on a real one."""

    def __init__(self) -> None:
        super().__init__()
        self.given: dict[str, Ownership] = {}

    def chown(self, path: str, owner: Ownership) -> None:
        self.given[os.path.basename(path)] = owner


def test_repair_gives_a_version_to_its_owner_and_closes_its_key(tmp_path: Path) -> None:
    owner, disk = Ownership(uid=os.getuid() + 1, gid=os.getgid()), Gifts()
    held = Versions(str(tmp_path), disk, owner)
    folder = tmp_path / "versions" / "one"
    folder.mkdir(parents=True)
    (folder / "key.pem").write_text("key")
    (folder / "key.pem").chmod(0o644)
    (folder / "cert.pem").write_text("certificate")
    (folder / "link").symlink_to("cert.pem")
    assert held.repair("one", dry=True)
    assert (disk.given, stat.S_IMODE((folder / "key.pem").stat().st_mode)) == ({}, 0o644)
    assert held.repair("one", dry=False)
    # A link is nobody's, and what it leads to may be of another package.
    assert disk.given == {"key.pem": owner, "cert.pem": owner}
    assert stat.S_IMODE((folder / "key.pem").stat().st_mode) == 0o600


NEXT_USER, NEXT_GROUP = os.getuid() + 1, os.getgid() + 1
FOLDERS = [".", "versions", "versions/one"]


@pytest.mark.parametrize(
    ("owner", "given"),
    [
        (Ownership(uid=NEXT_USER), [("versions/one/cert.pem", NEXT_USER, -1)]),
        (Ownership(gid=NEXT_GROUP), [(path, -1, NEXT_GROUP) for path in (*FOLDERS, "versions/one/cert.pem")]),
        (
            Ownership(NEXT_USER, NEXT_GROUP),
            [*((path, -1, NEXT_GROUP) for path in FOLDERS), ("versions/one/cert.pem", NEXT_USER, NEXT_GROUP)],
        ),
    ],
)
def test_repair_gives_away_only_what_is_wanted_and_never_what_a_link_leads_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, owner: Ownership, given: list[tuple[str, int, int]]
) -> None:
    # Only root can give files away, so the system is not really asked.
    asked: list[tuple[str, int, int, bool]] = []

    def chown(path: str, uid: int, gid: int, *, follow_symlinks: bool = True) -> None:
        asked.append((os.path.relpath(path, tmp_path), uid, gid, follow_symlinks))

    monkeypatch.setattr(os, "chown", chown)
    folder = tmp_path / "versions" / "one"
    folder.mkdir(parents=True)
    (folder / "cert.pem").write_text("certificate")
    assert Versions(str(tmp_path), Disk(), owner).repair("one", dry=False)
    assert asked == [(*each, False) for each in given]


def test_repair_of_a_version_that_is_not_there_finds_nothing_wrong(tmp_path: Path) -> None:
    assert not versions(tmp_path).repair("none", dry=False)


class Crowded(TrialDisk):
    """A disk on which another run makes each directory a moment before this one does."""

    def mkdir(self, path: str, mode: int, owner: Ownership) -> None:
        os.mkdir(path)
        super().mkdir(path, mode, owner)


def test_directory_that_another_run_has_just_made_is_used(tmp_path: Path) -> None:
    held = versions(tmp_path / "certwright" / "www.example.com", Crowded())
    with held.locked():
        held.make("order-1")
    assert (tmp_path / "certwright" / "www.example.com" / "versions" / "order-1").is_dir()


def test_file_in_place_of_a_directory_is_still_a_fault(tmp_path: Path) -> None:
    (tmp_path / "certwright").touch()
    with pytest.raises(CertwrightError), versions(tmp_path / "certwright" / "www.example.com").locked():
        pass
