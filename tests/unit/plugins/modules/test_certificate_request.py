# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Key and request on a real disk: made once, kept, and never handed out for something else."""

from __future__ import annotations

import errno
import grp
import os
import pwd
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError, ErrorKind
from ansible_collections.certwright.cloud.plugins.module_utils._module._request import request_certificate
from ansible_collections.certwright.cloud.plugins.module_utils._module._use_case import Context
from ansible_collections.certwright.cloud.plugins.module_utils._x509 import csr_facts, public_key_sha256_of_key
from ansible_collections.certwright.cloud.plugins.module_utils._x509_make import KEY_TYPES
from ansible_collections.certwright.cloud.plugins.modules.certificate_request import USE_CASE
from ansible_collections.certwright.cloud.tests.troubles import Tell
from ansible_collections.certwright.cloud.tests.unit.plugins.helpers import Warnings, options
from ansible_collections.certwright.cloud.tests.unit.plugins.pki import Crash, TrialDisk, new_key
from cryptography import x509

NAMES = ["www.example.com", "example.com"]


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "certwright" / "www.example.com"


def request(directory: Path, *, check: bool = False, disk: TrialDisk | None = None, **more: Any) -> dict[str, Any]:
    """Runs the module's function."""
    given = {"directory": str(directory), "order_id": "order-1", "domains": NAMES, "key_type": "ecdsa-p256"}
    return request_certificate(options(USE_CASE, **{**given, **more}), Context(check_mode=check), disk)


def refused(directory: Path, **more: Any) -> CertwrightError:
    with pytest.raises(CertwrightError) as caught:
        request(directory, **more)
    return caught.value


def on_disk(root: Path) -> dict[str, Any]:
    return {str(path): path.read_bytes() if path.is_file() else None for path in root.rglob("*")}


@pytest.mark.parametrize("key_type", KEY_TYPES)
def test_request_makes_a_fitting_pair_of_the_wanted_type(directory: Path, key_type: str) -> None:
    made = request(directory, key_type=key_type)["request"]
    key = Path(made["private_key_path"]).read_text()
    assert key.startswith("-----BEGIN PRIVATE KEY-----")
    assert made["key_type"] == key_type
    assert made["public_key_sha256"] == public_key_sha256_of_key(key) == csr_facts(made["csr"]).public_key_sha256
    assert Path(made["csr_path"]).read_text() == made["csr"]
    assert (made["domains"], made["order_id"], made["installed"]) == (NAMES, "order-1", False)


def test_request_is_signed_with_sha256_and_names_everything(directory: Path) -> None:
    csr = request(
        directory,
        domains=["Bücher.example.", "*.bücher.example", "bücher.example"],
        organization="某公司",
        organizational_unit="Web",
        country="cn",
        state_or_province="Guangdong",
        locality="Shenzhen",
        email="a@example.com",
    )["request"]["csr"]
    loaded = x509.load_pem_x509_csr(csr.encode())
    assert loaded.is_signature_valid
    assert loaded.signature_hash_algorithm is not None
    assert loaded.signature_hash_algorithm.name == "sha256"
    assert csr_facts(csr).names == ("xn--bcher-kva.example", "*.xn--bcher-kva.example")
    assert [str(each.value) for each in loaded.subject] == [
        "CN",
        "Guangdong",
        "Shenzhen",
        "某公司",
        "Web",
        "xn--bcher-kva.example",
        "a@example.com",
    ]


def test_key_is_private_and_directories_are_closed(directory: Path) -> None:
    request(directory)
    modes = {path.name: oct(stat.S_IMODE(path.stat().st_mode)) for path in directory.parent.rglob("*")}
    assert modes == {
        "www.example.com": "0o700",
        "versions": "0o700",
        "order-1": "0o700",
        "key.pem": "0o600",
        "csr.pem": "0o644",
        "order.json": "0o644",
    }


def test_second_request_returns_the_same_and_writes_nothing(directory: Path) -> None:
    first = request(directory)
    before, disk = on_disk(directory), TrialDisk()
    again = request(directory, disk=disk, domains=list(reversed(NAMES))[::-1])
    assert (first["changed"], again["changed"]) == (True, False)
    assert again["request"] == first["request"]
    assert on_disk(directory) == before
    assert disk.steps == []


def test_check_mode_predicts_and_writes_nothing(tmp_path: Path, directory: Path) -> None:
    predicted = request(directory, check=True)
    assert on_disk(tmp_path) == {}
    assert (predicted["changed"], predicted["request"]["public_key_sha256"]) == (True, None)
    assert csr_facts(predicted["request"]["csr"]).names == tuple(NAMES)
    real = request(directory)
    known = ("order_id", "csr_path", "private_key_path", "domains", "key_type", "installed")
    assert {name: predicted["request"][name] for name in known} == {name: real["request"][name] for name in known}
    assert request(directory, check=True) == {**request(directory)}


def test_diff_shows_fingerprints_and_no_key(directory: Path) -> None:
    diff = request(directory)["diff"]
    assert diff["before"] == {"public_key_sha256": None, "csr_sha256": None, "domains": []}
    assert diff["after"]["domains"] == NAMES
    assert len(diff["after"]["csr_sha256"]) == 64
    assert "BEGIN" not in str(diff)


CONFLICTS: dict[str, tuple[dict[str, Any], str]] = {
    "other names": ({"domains": ["www.example.com"]}, "was made with the names 'www.example.com', 'example.com', not"),
    "other common name": ({"domains": NAMES[::-1]}, "was made with the names"),
    "other subject": ({"organization": "Other"}, "was made with other subject fields"),
    "other key type": ({"key_type": "rsa2048"}, "is of type 'ecdsa-p256', not 'rsa2048'"),
}


@pytest.mark.parametrize("check", [False, True])
@pytest.mark.parametrize("what", CONFLICTS)
def test_pending_request_is_not_handed_out_for_something_else(directory: Path, what: str, check: bool) -> None:
    request(directory)
    before = on_disk(directory)
    changes, words = CONFLICTS[what]
    error = refused(directory, check=check, **changes)
    assert error.kind is ErrorKind.CONFLICT
    assert words in error.text
    assert "Order 'order-1'" in error.text
    assert on_disk(directory) == before


def test_regenerated_request_keeps_the_key(directory: Path) -> None:
    old = request(directory)["request"]
    new = request(directory, domains=["shop.example.com"], regenerate_csr=True)
    assert new["changed"] is True
    assert new["request"]["public_key_sha256"] == old["public_key_sha256"]
    assert csr_facts(new["request"]["csr"]).names == ("shop.example.com",)
    assert request(directory, domains=["shop.example.com"], regenerate_csr=True)["changed"] is False


def test_two_orders_have_a_key_each(directory: Path) -> None:
    one, other = request(directory)["request"], request(directory, order_id="order-2")["request"]
    assert one["public_key_sha256"] != other["public_key_sha256"]


def test_id_that_is_no_file_name_stays_inside(directory: Path) -> None:
    ids = ["../../etc", "a/b", "a b", "a_b", ".hidden", "x" * 300, "订单"]
    paths = [request(directory, order_id=order_id)["request"]["csr_path"] for order_id in ids]
    assert len(set(paths)) == len(ids)
    assert {Path(path).parents[1] for path in paths} == {directory / "versions"}


BAD_INPUT = {
    "malformed name": ({"domains": ["exa mple.com"]}, "domains: 'exa mple.com' has the malformed label"),
    "no names": ({"domains": []}, "domains: is empty"),
    "long common name": ({"domains": ["a" * 60 + ".example.com"]}, "more than 64 characters"),
    "no order": ({"order_id": " "}, "order_id: is empty"),
    "long country": ({"country": "China"}, "country: 'China' is no code of two letters"),
    "no such owner": ({"owner": "no-such-user"}, "owner: there is no user 'no-such-user'"),
    "no such group": ({"group": "no-such-group"}, "group: there is no group 'no-such-group'"),
}


def test_relative_directory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    error = refused(Path("certs/a"))
    assert error.kind is ErrorKind.INVALID_INPUT
    assert "directory: 'certs/a' is no absolute path; give it from the root on" in error.text
    assert on_disk(tmp_path) == {}


@pytest.mark.parametrize("what", BAD_INPUT)
def test_bad_input_is_refused_before_anything_is_written(
    tmp_path: Path, directory: Path, tell: Tell, what: str
) -> None:
    changes, words = BAD_INPUT[what]
    error = refused(directory, **changes)
    if what == "malformed name":
        tell("malformed domain", "server", error.to_result())
    assert error.kind is ErrorKind.INVALID_INPUT
    assert words in error.text
    assert on_disk(tmp_path) == {}


def test_unknown_owner_is_only_warned_of_in_check_mode(directory: Path) -> None:
    warnings = Warnings()
    params = options(USE_CASE, directory=str(directory), order_id="order-1", domains=NAMES, owner="no-such-user")
    assert request_certificate(params, Context(check_mode=True, warn=warnings))["changed"] is True
    assert "no-such-user" in warnings.messages[0]


def steps_of(directory: Path) -> list[str]:
    disk = TrialDisk()
    request(directory, disk=disk)
    return disk.steps


def each_step(tmp_path: Path) -> list[tuple[int, bool]]:
    """Every step that a request takes on the disk, and again half-way where a file is made."""
    steps = steps_of(tmp_path / "whole" / "x")
    assert len(steps) > 10
    return [
        (number, half)
        for number, step in enumerate(steps, 1)
        for half in (False, True)
        if not half or step.startswith("create")
    ]


def test_crash_at_any_step_is_completed_by_the_next_run(tmp_path: Path) -> None:
    for number, half in each_step(tmp_path):
        directory = tmp_path / f"{number}{half}" / "x"
        disk = TrialDisk(number, None, half)
        with pytest.raises(Crash):
            request(directory, disk=disk)
        key = directory / "versions" / "order-1" / "key.pem"
        kept = key.read_text() if key.exists() else None
        made = request(directory)["request"]
        assert csr_facts(made["csr"]).public_key_sha256 == public_key_sha256_of_key(key.read_text())
        assert kept in (None, key.read_text()), "a key that exists is never overwritten"
        assert sorted(os.listdir(key.parent)) == ["csr.pem", "key.pem", "order.json"]
        assert request(directory)["changed"] is False


def test_request_of_a_run_that_was_killed_is_made_anew_with_other_subject(directory: Path) -> None:
    steps = steps_of(directory.parents[1] / "whole" / "x")
    last = max(number for number, step in enumerate(steps, 1) if step.startswith("create"))
    with pytest.raises(Crash):
        request(directory, disk=TrialDisk(last))
    made = request(directory, organization="Example Ltd")["request"]
    subject = x509.load_pem_x509_csr(made["csr"].encode()).subject
    assert "Example Ltd" in subject.rfc4514_string()


def test_full_disk_at_any_step_leaves_nothing_behind(tmp_path: Path) -> None:
    for number, half in each_step(tmp_path):
        place = tmp_path / f"{number}{half}"
        disk = TrialDisk(number, OSError(errno.ENOSPC, "No space left on device", "/there"), half)
        error = refused(place / "x", disk=disk)
        assert (error.kind, error.changed) == (ErrorKind.QUOTA, False)
        assert "no room left to write '/there'" in error.text
        assert on_disk(place) == {}, disk.steps


def test_full_disk_at_any_step_of_a_new_request_keeps_the_key_and_says_whether_the_request_was_replaced(
    tmp_path: Path,
) -> None:
    other: dict[str, Any] = {"domains": ["shop.example.com"], "regenerate_csr": True}
    request(tmp_path / "whole")
    disk = TrialDisk()
    request(tmp_path / "whole", disk=disk, **other)
    assert len(disk.steps) > 5
    outcomes = set()
    for number in range(1, len(disk.steps) + 1):
        directory = tmp_path / str(number)
        before = request(directory)["request"]
        error = refused(directory, disk=TrialDisk(number, OSError(errno.ENOSPC, "No space left on device")), **other)
        replaced = Path(before["csr_path"]).read_text() != before["csr"]
        assert (error.kind, error.changed) == (ErrorKind.QUOTA, replaced), disk.steps[number - 1]
        outcomes.add(replaced)
        after = request(directory, **other)["request"]
        assert after["public_key_sha256"] == before["public_key_sha256"]
        assert csr_facts(after["csr"]).names == ("shop.example.com",)
    assert outcomes == {False, True}


FAULTS = {
    errno.EROFS: (ErrorKind.PERMISSION, "read-only file system"),
    errno.EACCES: (ErrorKind.PERMISSION, "may not read or write"),
    errno.EPERM: (ErrorKind.PERMISSION, "with become"),
    errno.EDQUOT: (ErrorKind.QUOTA, "no room left"),
    errno.EIO: (ErrorKind.CONFLICT, "cannot be read or written"),
}


@pytest.mark.parametrize("code", FAULTS)
def test_trouble_with_the_disk_is_one_clear_message(directory: Path, tell: Tell, code: int) -> None:
    kind, words = FAULTS[code]
    error = refused(directory, disk=TrialDisk(1, OSError(code, os.strerror(code), str(directory))))
    case = {ErrorKind.QUOTA: "full target directory", ErrorKind.PERMISSION: "read-only target directory"}.get(kind)
    if case:
        tell(case, "server", error.to_result())
    assert error.kind is kind
    assert words in error.text
    assert str(directory) in error.text


def test_user_who_has_no_name_is_named_by_number(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(uid: int) -> None:
        raise KeyError(f"getpwuid(): uid not found: {uid}")

    monkeypatch.setattr(os, "geteuid", lambda: 4242)
    monkeypatch.setattr(pwd, "getpwuid", unknown)
    error = refused(directory, disk=TrialDisk(1, PermissionError(errno.EACCES, "Permission denied", str(directory))))
    assert f"The user '4242' may not read or write '{directory}'" in error.text


def test_full_disk_names_the_file_that_did_not_fit(directory: Path) -> None:
    steps = steps_of(directory.parents[1] / "whole" / "x")
    key = next(number for number, step in enumerate(steps, 1) if step.endswith(".key.pem.new") and "create" in step)
    error = refused(directory, disk=TrialDisk(key, OSError(errno.ENOSPC, "No space left on device"), half=True))
    assert f"'{directory / 'versions' / 'order-1' / 'key.pem'}'" in error.text


def test_file_in_the_place_of_the_directory_is_one_clear_message(directory: Path) -> None:
    directory.parent.mkdir()
    directory.write_text("a file")
    assert f"'{directory}' cannot be read or written" in refused(directory).text


SPOILED: dict[str, tuple[Callable[[Path], Any], str]] = {
    "key is gone": (lambda version: (version / "key.pem").unlink(), "has a request but not its key"),
    "key is no key": (lambda version: (version / "key.pem").write_text("secret"), "private key is no PEM text"),
    "request is none": (lambda version: (version / "csr.pem").write_text("x"), "request is no PEM text"),
    "key is another": (
        lambda version: (version / "key.pem").write_text(new_key()),
        "was made with another key than the one beside it",
    ),
}


@pytest.mark.parametrize("what", SPOILED)
def test_spoiled_version_is_refused_and_left_alone(directory: Path, what: str) -> None:
    request(directory)
    spoil, words = SPOILED[what]
    spoil(directory / "versions" / "order-1")
    before = on_disk(directory)
    error = refused(directory)
    assert error.kind is ErrorKind.CONFLICT
    assert words in error.text
    assert "secret" not in error.text
    assert on_disk(directory) == before


def test_own_user_and_group_by_name_open_the_directories_for_them(directory: Path) -> None:
    user, group = pwd.getpwuid(os.geteuid()).pw_name, grp.getgrgid(os.getegid()).gr_name
    request(directory)
    assert request(directory, owner=user, group=group)["changed"] is True
    assert stat.S_IMODE(directory.stat().st_mode) == 0o751
    assert request(directory, owner=user, group=group)["changed"] is False


def test_live_pair_is_never_touched(directory: Path) -> None:
    request(directory, order_id="order-0")
    (directory / "live").symlink_to("versions/order-0")
    request(directory)
    assert os.readlink(directory / "live") == "versions/order-0"
