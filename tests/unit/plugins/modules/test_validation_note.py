# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The note of published records on a real disk: kept until each is taken off, and never mistaken for a version."""

from __future__ import annotations

import errno
import grp
import os
import stat
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.certwright.cloud.plugins.module_utils._disk import Ownership
from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError, ErrorKind
from ansible_collections.certwright.cloud.plugins.module_utils._module._use_case import Context
from ansible_collections.certwright.cloud.plugins.module_utils._module._validation_note import note_validation
from ansible_collections.certwright.cloud.plugins.module_utils._versions import Versions
from ansible_collections.certwright.cloud.plugins.modules.validation_note import USE_CASE
from ansible_collections.certwright.cloud.tests.unit.plugins.helpers import options
from ansible_collections.certwright.cloud.tests.unit.plugins.pki import Crash, TrialDisk

FIRST = {"name": "_dnsauth.www.example.com", "type": "TXT", "value": "one"}
SECOND = {"name": "_dnsauth.www.example.com", "type": "TXT", "value": "two"}


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "certwright" / "www.example.com"


def note(
    place: Path, *records: dict[str, str], check: bool = False, disk: TrialDisk | None = None, **more: Any
) -> dict[str, Any]:
    """Runs the module's function."""
    given = {"directory": str(place), "records": list(records) or None, "dns": "dnspod"}
    return note_validation(options(USE_CASE, **{**given, **more}), Context(check_mode=check), disk)


def refused(place: Path, *records: dict[str, str], **more: Any) -> CertwrightError:
    with pytest.raises(CertwrightError) as caught:
        note(place, *records, **more)
    return caught.value


def noted(*records: dict[str, str], dns: str = "dnspod", site: str = "intl") -> dict[str, Any]:
    return {"dns": dns, "site": site, "records": list(records)}


def test_reading_a_host_that_has_nothing_writes_nothing(tmp_path: Path, directory: Path) -> None:
    read = note(directory)
    assert (read["changed"], read["published"]) == (False, [])
    assert list(tmp_path.iterdir()) == []


def test_records_are_noted_until_each_is_taken_off(directory: Path) -> None:
    disk = TrialDisk()
    assert note(directory, FIRST)["published"] == [noted(FIRST)]
    assert note(directory, {**SECOND, "name": "_DNSAUTH.www.example.com."})["published"] == [noted(FIRST, SECOND)]
    again = note(directory, FIRST, SECOND, disk=disk)
    assert (again["changed"], disk.steps) == (False, [])
    assert note(directory)["published"] == [noted(FIRST, SECOND)]
    assert note(directory, FIRST, state="absent")["published"] == [noted(SECOND)]
    last = note(directory, SECOND, state="absent")
    assert (last["changed"], last["published"], list(directory.iterdir())) == (True, [], [])
    assert note(directory, SECOND, state="absent")["changed"] is False


def test_records_of_several_accounts_are_kept_apart(directory: Path) -> None:
    note(directory, FIRST)
    note(directory, FIRST, dns="alidns", site="china")
    both = [noted(FIRST), noted(FIRST, dns="alidns", site="china")]
    assert note(directory)["published"] == both
    assert note(directory, FIRST, dns="alidns", state="absent")["published"] == both
    assert note(directory, FIRST, state="absent")["published"] == both[1:]


def test_check_mode_predicts_and_writes_nothing(tmp_path: Path, directory: Path) -> None:
    predicted = note(directory, FIRST, check=True)
    assert list(tmp_path.iterdir()) == []
    assert predicted == note(directory, FIRST)
    assert predicted["diff"] == {"before": {"published": []}, "after": {"published": [noted(FIRST)]}}
    removal = note(directory, FIRST, state="absent", check=True)
    assert (removal["changed"], note(directory)["published"]) == (True, [noted(FIRST)])


def test_note_is_its_writers_own_and_the_directory_as_for_the_files(directory: Path) -> None:
    group = grp.getgrgid(os.getgid()).gr_name
    note(directory, FIRST, owner=str(os.getuid()), group=group)
    modes = {path.name: oct(stat.S_IMODE(path.stat().st_mode)) for path in directory.parent.rglob("*")}
    assert modes == {"www.example.com": "0o751", ".validation.json": "0o600"}
    assert stat.S_IMODE(directory.parent.stat().st_mode) == 0o755


def test_note_is_no_version(directory: Path) -> None:
    note(directory, FIRST)
    versions = Versions(str(directory), TrialDisk(), Ownership())
    assert (versions.names(), versions.live(), versions.journal()) == ([], None, {})


def test_run_killed_at_any_step_leaves_the_old_note_or_the_new_one(tmp_path: Path) -> None:
    for state, before, after in (
        ("present", [noted(FIRST)], [noted(FIRST, SECOND)]),
        ("absent", [noted(FIRST, SECOND)], [noted(FIRST)]),
        ("absent", [noted(SECOND)], []),
    ):
        whole = TrialDisk()
        for step in range(20):
            directory = tmp_path / f"{state}-{len(after)}-{step}"
            note(directory, *before[0]["records"])
            disk = TrialDisk(step, half=True) if step else whole
            try:
                note(directory, SECOND, state=state, disk=disk)
            except Crash:
                assert note(directory)["published"] in (before, after)
            note(directory, SECOND, state=state)
            assert note(directory)["published"] == after
            assert {path.name for path in directory.iterdir()} <= {".validation.json"}
        assert 1 < len(whole.steps) < 20


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"directory": "relative"}, "directory: 'relative' is no absolute path"),
        ({"records": [{**FIRST, "value": ""}]}, "records: '_dnsauth.www.example.com' has no value"),
        ({"records": [{**FIRST, "name": "a b"}]}, "records: 'a b'"),
    ],
    ids=["directory", "value", "name"],
)
def test_what_cannot_be_noted_is_refused(directory: Path, wrong: dict[str, Any], said: str) -> None:
    error = refused(directory, **wrong)
    assert error.kind is ErrorKind.INVALID_INPUT
    assert said in error.message
    assert not directory.exists()


@pytest.mark.parametrize("text", ["", "[]", "{", '{"published": 1}', '{"published": [{"dns": "dnspod"}]}'])
def test_note_that_cannot_be_read_is_told_and_kept(directory: Path, text: str) -> None:
    directory.mkdir(parents=True)
    (directory / ".validation.json").write_text(text)
    for records in ((), (FIRST,)):
        error = refused(directory, *records)
        assert error.kind is ErrorKind.CONFLICT
        assert str(directory) in error.message
        assert "remove" in str(error.hint)
    assert (directory / ".validation.json").read_text() == text


def test_directory_that_another_run_works_on_is_left_alone(directory: Path) -> None:
    directory.mkdir(parents=True)
    with Versions(str(directory), TrialDisk(), Ownership()).locked():
        assert refused(directory, FIRST).kind is ErrorKind.CONFLICT
        assert note(directory)["published"] == []


def test_full_disk_is_told(directory: Path) -> None:
    disk = TrialDisk(4, OSError(errno.ENOSPC, "No space left on device"))
    assert refused(directory, FIRST, disk=disk).kind is ErrorKind.QUOTA
