# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Installing on a real disk and a real TLS server: what is served, what lies on the disk, and what a failure leaves."""

from __future__ import annotations

import errno
import fcntl
import grp
import os
import pwd
import ssl
import stat
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError, ErrorKind
from ansible_collections.certwright.cloud.plugins.module_utils._module._install import install_certificate
from ansible_collections.certwright.cloud.plugins.module_utils._module._install_plan import InstallationFailed, Tools
from ansible_collections.certwright.cloud.plugins.module_utils._module._request import request_certificate
from ansible_collections.certwright.cloud.plugins.module_utils._module._use_case import Context
from ansible_collections.certwright.cloud.plugins.module_utils._serving import (
    CommandResult,
    Endpoint,
    Looker,
    endpoint_of,
    look_at,
    run_command,
    served_der,
)
from ansible_collections.certwright.cloud.plugins.module_utils._x509 import certificate_facts, key_fits
from ansible_collections.certwright.cloud.plugins.modules import certificate_install, certificate_request
from ansible_collections.certwright.cloud.tests.troubles import Tell
from ansible_collections.certwright.cloud.tests.unit.plugins.helpers import FakeClock, options
from ansible_collections.certwright.cloud.tests.unit.plugins.pki import Ca, Crash, TlsServer, TrialDisk, new_key
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import x25519

NAME = "www.example.com"
FULL = OSError(errno.ENOSPC, "No space left on device")
CA = Ca()


fit = lru_cache(maxsize=None)(key_fits)


class Host:
    """A target: a certificate's directory, a server that names two files, and the commands that test and reload it.

    Arguments:
        visited: whether a look at the server is a visit; without one it is asked what it has loaded, with no handshake.
    """

    def __init__(self, root: Path, visited: bool = True) -> None:
        self.root = root
        self.directory = root / "certwright" / NAME
        self.etc = root / "etc"
        self.etc.mkdir()
        self.paths: tuple[Path, Path] = (self.directory / "live" / "fullchain.pem", self.directory / "live" / "key.pem")
        self.server: TlsServer | None = None
        self.commands: list[str] = []
        self.broken: dict[str, str | BaseException] = {}
        self.disk = TrialDisk(observe=self.check)
        self.look: Looker = served_der
        self._visit: Looker | None = served_der if visited else None
        self.find: Callable[[str], str | None] = lambda program: None
        self.warnings: list[str] = []
        self.clock = FakeClock(time.time())

    def serve(self) -> TlsServer:
        """Starts the server; it has no pair until the first reload."""
        self.server = TlsServer(*self.paths)
        if self._visit is None:
            self.look = self._visit = self.server.shown
        return self.server

    def stop(self) -> None:
        """Ends the server if there is one."""
        if self.server:
            self.server.stop()

    def use_own_files(self, certificate: str | None = None, key: str | None = None) -> None:
        """The server's configuration names files of its own, with what they hold now."""
        self.paths = (self.etc / "server.pem", self.etc / "server.key")
        if certificate and key:
            self.paths[0].write_text(certificate)
            self.paths[1].write_text(key)
            self.paths[1].chmod(0o640)

    def check(self) -> None:
        """What must be true at every instant: who follows live, or the server's two names, finds no mixed pair."""
        live = (self.directory / "live" / "fullchain.pem", self.directory / "live" / "key.pem")
        if os.path.lexists(self.directory / "live"):
            assert all(path.exists() for path in live), "live leads to half a pair"
        for certificate, key in (live, self.paths):
            if certificate.exists() and key.exists():
                assert fit(key.read_text(), certificate.read_text()), f"{certificate} and {key} do not fit"

    def request(self, order_id: str = "order-1", **more: Any) -> dict[str, Any]:
        """Key and CSR for an order, as the module makes them."""
        given = {"directory": str(self.directory), "order_id": order_id, "domains": [NAME], "key_type": "ecdsa-p256"}
        result = request_certificate(options(certificate_request.USE_CASE, **{**given, **more}), Context())
        request: dict[str, Any] = result["request"]
        return request

    def pending_leaf(self, order_id: str = "order-1", *names: str) -> str:
        """A certificate for the order's pending key."""
        return CA.leaf(Path(self.request(order_id)["private_key_path"]).read_text(), *(names or (NAME,)))

    def run(self, argv: Sequence[str], timeout: float) -> CommandResult:
        """Plays the commands ``server test`` and ``server reload``."""
        self.commands.append(argv[-1])
        trouble = self.broken.get(argv[-1])
        if isinstance(trouble, BaseException):
            raise trouble
        if trouble:
            return CommandResult(1, trouble)
        try:
            if self.server is not None:
                {"test": self.server.load, "reload": self.server.reload}.get(argv[-1], str)()
        except OSError as error:
            return CommandResult(1, str(error))
        return CommandResult(0, "")

    def install(self, certificate: str, *, check: bool = False, disk: TrialDisk | None = None, **more: Any) -> Any:
        """Runs the module's function as a playbook with this server would."""
        given: dict[str, Any] = {
            "directory": str(self.directory),
            "order_id": "order-1",
            "certificate": certificate,
            "chain": [CA.intermediate],
            "domains": [NAME],
            "test_command": ["server", "test"],
            "reload_command": "server reload",
            "verify_timeout": 0.2,
        }
        if self.server:
            given["verify_endpoints"] = [self.server.address]
        if self.paths[0].parent == self.etc:
            given["certificate_path"], given["private_key_path"] = map(str, self.paths)
        tools = Tools(disk=disk or self.disk, run=self.run, look=self.look, find=self.find)
        params = options(certificate_install.USE_CASE, **{**given, **more})
        context = Context(check_mode=check, clock=self.clock, warn=self.warnings.append)
        return install_certificate(params, context, tools)

    def refused(self, certificate: str, **more: Any) -> CertwrightError:
        """The error of an installation that must fail."""
        with pytest.raises(CertwrightError) as caught:
            self.install(certificate, **more)
        return caught.value

    def served(self) -> str | None:
        """The serial that the server really serves."""
        assert self.server is not None and self._visit is not None
        return look_at([endpoint_of(self.server.address, NAME)], "", self._visit, 3)[0].serial

    def snapshot(self) -> dict[str, Any]:
        """Everything on the disk: names, modes, contents and where links lead."""
        found: dict[str, Any] = {}
        for path in sorted(self.root.rglob("*")):
            name = str(path.relative_to(self.root))
            if path.is_symlink():
                found[name] = os.readlink(path)
            elif path.is_dir():
                found[name] = "directory"
            else:
                found[name] = (oct(stat.S_IMODE(path.stat().st_mode)), path.read_text())
        return found


def serial(pem: str) -> str:
    return certificate_facts(pem).serial


@pytest.fixture(autouse=True)
def _fast_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test here can tell whether data reached the platter, only that each name is written before it is used."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    made = Host(tmp_path)
    yield made
    made.stop()


def first(host: Host) -> str:
    """Nothing is installed yet; returns the certificate to install."""
    host.serve()
    return host.pending_leaf()


def renewal(host: Host) -> str:
    """A certificate is in service, and a new one is there for the next order."""
    host.serve()
    host.install(host.pending_leaf("order-0"), order_id="order-0")
    return host.pending_leaf()


def own_files(host: Host) -> str:
    """The server serves a pair from files that its configuration names."""
    key = new_key()
    host.use_own_files(CA.leaf(key, NAME), key)
    host.serve().reload()
    return host.pending_leaf()


def own_files_and_live(host: Host) -> str:
    """As own_files, with another certificate live in the directory."""
    host.install(host.pending_leaf("order-0"), order_id="order-0")
    return own_files(host)


SITUATIONS = [first, renewal, own_files, own_files_and_live]
Situation = Callable[[Host], str]


class OldWorkers:
    """A server that is told to reload, but of which old workers answer some of the visitors.

    Arguments:
        pattern: who answers after the reload, o an old worker and N a new one; the last goes on answering.
    """

    def __init__(self, host: Host, old: str, pattern: str) -> None:
        self._host, self._old = host, ssl.PEM_cert_to_DER_cert(old)
        self._pattern = pattern
        self.shown = ""

    def __call__(self, endpoint: Endpoint, timeout: float) -> bytes:
        if "reload" not in self._host.commands:
            return self._old
        self.shown += self._pattern[min(len(self.shown), len(self._pattern) - 1)]
        return self._old if self.shown[-1] == "o" else served_der(endpoint, timeout)


@pytest.mark.parametrize("pattern", ["N", "oN", "NoN", "NNNoNoN"])
def test_proof_waits_until_old_workers_have_gone(host: Host, pattern: str) -> None:
    leaf = renewal(host)
    held = (host.directory / "versions" / "order-0" / "cert.pem").read_text()
    host.commands.clear()
    workers = OldWorkers(host, held, pattern)
    host.look = workers
    result = host.install(leaf, verify_timeout=30)
    assert [each["serial"] for each in result["served"]] == [serial(leaf)]
    assert workers.shown == pattern + "NNN"


def test_certificate_that_only_some_visitors_are_shown_is_taken_back(host: Host) -> None:
    leaf = renewal(host)
    held = (host.directory / "live" / "cert.pem").read_text()
    host.commands.clear()
    host.look = OldWorkers(host, held, "No" * 100)
    error = host.refused(leaf, verify_timeout=5)
    assert error.to_result()["rolled_back"] is True
    assert host.served() == serial(held)


@pytest.mark.parametrize("situation", SITUATIONS)
def test_install_serves_the_new_certificate(host: Host, situation: Situation) -> None:
    leaf = situation(host)
    host.commands.clear()
    result = host.install(leaf)
    assert result["changed"] is True
    assert host.served() == serial(leaf) == result["certificate"]["serial"]
    assert [(each["serial"], each["matches"], each["error"]) for each in result["served"]] == [
        (serial(leaf), True, None)
    ]
    assert host.commands == ["test", "reload"]
    assert host.server is not None
    assert host.server.asked[-1] == NAME


@pytest.mark.parametrize("situation", SITUATIONS)
def test_second_install_changes_nothing_and_runs_no_command(host: Host, situation: Situation) -> None:
    leaf = situation(host)
    host.install(leaf)
    host.commands.clear()
    before, steps = host.snapshot(), len(host.disk.steps)
    result = host.install(leaf)
    assert result["changed"] is False
    assert host.commands == []
    assert host.snapshot() == before
    assert len(host.disk.steps) == steps


@pytest.mark.parametrize("situation", SITUATIONS)
def test_check_mode_predicts_and_leaves_disk_and_server_alone(host: Host, situation: Situation) -> None:
    leaf = situation(host)
    before, serving = host.snapshot(), host.served()
    host.commands.clear()
    predicted = host.install(leaf, check=True)
    assert (host.snapshot(), host.served(), host.commands) == (before, serving, [])
    real = host.install(leaf)
    unlike = {"served"}
    assert {key: predicted[key] for key in predicted if key not in unlike} == {
        key: real[key] for key in real if key not in unlike
    }
    assert host.install(leaf, check=True)["changed"] is False


def test_check_mode_on_a_host_without_anything_names_the_missing_key(host: Host) -> None:
    before = host.snapshot()
    result = host.install(CA.leaf(new_key(), NAME), check=True)
    assert (result["changed"], result["key_missing"]) == (True, True)
    assert host.snapshot() == before


def test_missing_key_is_reported_where_that_is_wanted_and_nothing_is_left_behind(host: Host) -> None:
    leaf, before = CA.leaf(new_key(), NAME), host.snapshot()
    result = host.install(leaf, missing_key="report")
    assert (result["changed"], result["key_missing"]) == (False, True)
    assert (host.snapshot(), host.commands) == (before, [])
    assert "no key for the" in host.refused(leaf).message
    key = new_key()
    installed = host.install(CA.leaf(key, NAME), missing_key="report", private_key=key)
    assert (installed["changed"], installed["key_missing"]) == (True, False)


def test_files_of_the_version_have_safe_modes_and_the_whole_chain(host: Host) -> None:
    leaf = host.pending_leaf()
    files = host.install(leaf, chain=[CA.root, CA.intermediate, leaf])["files"]
    modes = {name: stat.S_IMODE(Path(files["version"], name).stat().st_mode) for name in os.listdir(files["version"])}
    assert modes == {
        "cert.pem": 0o644,
        "chain.pem": 0o644,
        "csr.pem": 0o644,
        "fullchain.pem": 0o644,
        "key.pem": 0o600,
        "order.json": 0o644,
    }
    assert Path(files["fullchain"]).read_text() == leaf + CA.intermediate
    assert Path(files["chain"]).read_text() == CA.intermediate
    assert Path(files["certificate"]).read_text() == leaf
    assert os.readlink(files["live"]) == "versions/order-1"
    assert Path(files["private_key"]).exists()
    assert files["directory"] == str(host.directory)


def test_configured_files_become_links_and_the_old_ones_stay_beside(host: Host) -> None:
    leaf = own_files(host)
    old = [path.read_text() for path in host.paths]
    host.install(leaf)
    assert [os.readlink(path) for path in host.paths] == [
        str(host.directory / "live" / "fullchain.pem"),
        str(host.directory / "live" / "key.pem"),
    ]
    copies = [path.with_name(path.name + ".before-certwright") for path in host.paths]
    assert [copy.read_text() for copy in copies] == old
    assert [stat.S_IMODE(copy.stat().st_mode) for copy in copies] == [0o600, 0o600]
    assert os.listdir(host.directory / "versions") == ["order-1"]


def test_older_copy_stays_when_configured_files_were_replaced_by_hand(host: Host) -> None:
    host.install(own_files(host))
    key = new_key()
    for path in host.paths:
        path.unlink()
    host.use_own_files(CA.leaf(key, NAME), key)
    host.install(host.pending_leaf("order-2"), order_id="order-2")
    assert sorted(path.name for path in host.etc.iterdir()) == [
        "server.key",
        "server.key.before-certwright",
        "server.key.before-certwright.1",
        "server.pem",
        "server.pem.before-certwright",
        "server.pem.before-certwright.1",
    ]


def test_configured_files_that_are_the_live_ones_need_no_links(host: Host) -> None:
    leaf = renewal(host)
    paths = dict(zip(("certificate_path", "private_key_path"), map(str, host.paths)))
    result = host.install(leaf, **paths, existing_files="refuse")
    version = Path(result["files"]["version"])
    assert host.served() == serial(leaf)
    assert not any(path in result["diff"][side] for path in paths.values() for side in ("before", "after"))
    assert not any(path.is_symlink() for path in version.iterdir())
    assert host.install(leaf, **paths)["changed"] is False


def own_names(host: Host) -> str:
    """The server's configuration names two files that nobody has made yet."""
    host.use_own_files()
    host.serve()
    return host.pending_leaf()


def test_configured_files_that_are_not_there_yet_become_links(host: Host) -> None:
    leaf = own_names(host)
    host.install(leaf)
    assert host.served() == serial(leaf)
    assert sorted(path.name for path in host.etc.iterdir()) == ["server.key", "server.pem"]
    assert all(path.is_symlink() for path in host.paths)


def test_links_that_replaced_nothing_are_removed_when_the_reload_fails(host: Host) -> None:
    leaf = own_names(host)
    before = host.snapshot()
    host.broken = {"reload": "no such process"}
    assert host.refused(leaf).to_result()["rolled_back"] is True
    assert host.snapshot() == before


def test_killed_run_whose_links_replaced_nothing_is_mended_by_the_next(tmp_path: Path) -> None:
    trial = tried(tmp_path / "host", own_names, {"reload": Crash()})
    assert isinstance(trial.error, Crash)
    assert trial.host.install(trial.leaf)["changed"] is True
    settled(trial.host, trial.leaf)
    assert sorted(path.name for path in trial.host.etc.iterdir()) == ["server.key", "server.pem"]
    trial.host.stop()


def test_key_of_the_cloud_is_kept_for_its_owner_only(host: Host) -> None:
    key = new_key()
    leaf = CA.leaf(key, NAME)
    result = host.install(leaf, private_key=key.replace("\n", "\r\n"))
    path = Path(result["files"]["private_key"])
    assert path.read_text() == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert key not in repr(result)
    assert host.install(leaf)["changed"] is False, "the key that is held now is enough"


def test_reissue_with_the_same_key_gets_a_version_of_its_own(host: Host) -> None:
    host.install(host.pending_leaf())
    again = host.pending_leaf()
    result = host.install(again)
    assert result["files"]["version"] == str(host.directory / "versions" / f"order-1-{serial(again)[:8]}")
    assert result["changed"] is True
    assert host.install(again)["changed"] is False


def test_same_certificate_with_another_chain_gets_a_version_of_its_own(host: Host) -> None:
    leaf = host.pending_leaf()
    host.install(leaf, chain=[])
    result = host.install(leaf)
    assert Path(result["files"]["fullchain"]).read_text() == leaf + CA.intermediate
    assert result["files"]["version"] != str(host.directory / "versions" / "order-1")


def test_going_back_to_an_older_certificate_uses_its_version_again(host: Host) -> None:
    old = host.pending_leaf("order-0")
    host.install(old, order_id="order-0")
    host.install(host.pending_leaf())
    before = set(os.listdir(host.directory / "versions"))
    result = host.install(old, order_id="order-0")
    assert os.readlink(host.directory / "live") == "versions/order-0"
    assert result["changed"] is True
    assert set(os.listdir(host.directory / "versions")) == before


def test_install_without_an_order_finds_the_key_by_itself(host: Host) -> None:
    leaf = host.pending_leaf("order-7")
    result = host.install(leaf, order_id=None)
    assert result["files"]["version"].endswith(f"serial-{serial(leaf)}")


def configured(certificate: str, private_key: str) -> Callable[[Host], dict[str, Any]]:
    """The files that the server's configuration names, by their places below the host's root."""
    return lambda host: {
        "certificate_path": str(host.root / certificate),
        "private_key_path": str(host.root / private_key),
    }


BAD_INPUT: list[tuple[str, Callable[[Host], dict[str, Any]], ErrorKind, str]] = [
    (
        "order made with another key",
        lambda host: {"certificate": CA.leaf(new_key(), NAME)},
        ErrorKind.CONFLICT,
        "pending key",
    ),
    (
        "no key anywhere",
        lambda host: {"certificate": CA.leaf(new_key(), NAME), "order_id": "x"},
        ErrorKind.INVALID_INPUT,
        "private_key:",
    ),
    (
        "key of another",
        lambda host: {"private_key": new_key()},
        ErrorKind.INVALID_INPUT,
        "private_key: it does not belong",
    ),
    (
        "key that is none",
        lambda host: {"private_key": "secret words"},
        ErrorKind.INVALID_INPUT,
        "private key is no PEM",
    ),
    (
        "name not covered",
        lambda host: {"domains": [NAME, "b.example.org"]},
        ErrorKind.INVALID_INPUT,
        "not cover 'b.example.org'",
    ),
    (
        "expired",
        lambda host: {"certificate": CA.leaf(new_key(), NAME, start=-9, days=8)},
        ErrorKind.INVALID_INPUT,
        "it expired at",
    ),
    (
        "not yet valid",
        lambda host: {"certificate": CA.leaf(new_key(), NAME, start=2)},
        ErrorKind.INVALID_INPUT,
        "not valid before",
    ),
    ("no certificate", lambda host: {"certificate": "nothing"}, ErrorKind.INVALID_INPUT, "no PEM certificate"),
    (
        "certificate left out",
        lambda host: {"certificate": None},
        ErrorKind.INVALID_INPUT,
        "certificate: is needed, unless preflight is true",
    ),
    (
        "one path only",
        lambda host: {"private_key_path": str(host.etc / "a")},
        ErrorKind.INVALID_INPUT,
        "certificate_path: is needed beside private_key_path",
    ),
    (
        "chain of another CA",
        lambda host: {"chain": [Ca("Other").intermediate]},
        ErrorKind.INVALID_INPUT,
        "The chain is broken",
    ),
    (
        "missing link",
        lambda host: {"chain": [CA.root]},
        ErrorKind.INVALID_INPUT,
        "'CN=Test Issuing', whose certificate is not there",
    ),
    (
        "command that is none",
        lambda host: {"reload_command": {"a": 1}},
        ErrorKind.INVALID_INPUT,
        "reload_command: give a list",
    ),
    (
        "unbalanced quotes",
        lambda host: {"test_command": "a 'b"},
        ErrorKind.INVALID_INPUT,
        "test_command: No closing quotation",
    ),
    (
        "endpoint that is none",
        lambda host: {"verify_endpoints": ["a:b:c"]},
        ErrorKind.INVALID_INPUT,
        "'a:b:c' is no host:port",
    ),
    (
        "no time",
        lambda host: {"verify_timeout": 0},
        ErrorKind.INVALID_INPUT,
        "verify_timeout: give a number of seconds above 0",
    ),
    (
        "one file for both",
        configured("etc/a", "etc/a"),
        ErrorKind.INVALID_INPUT,
        "the same file as certificate_path",
    ),
    (
        "path among the versions",
        configured(f"certwright/{NAME}/versions/order-1/cert.pem", "etc/a"),
        ErrorKind.INVALID_INPUT,
        "lies among the versions",
    ),
    (
        "live file without the chain",
        configured(f"certwright/{NAME}/live/cert.pem", f"certwright/{NAME}/live/key.pem"),
        ErrorKind.INVALID_INPUT,
        "certificate_path: of the live files, 'fullchain.pem' is the one for this",
    ),
    (
        "path that is a directory",
        configured("etc", "etc/a"),
        ErrorKind.INVALID_INPUT,
        "certificate_path: '",
    ),
    (
        "path in a directory that is not there",
        configured("etc/a", "no/a"),
        ErrorKind.INVALID_INPUT,
        "private_key_path: there is no directory",
    ),
    (
        "unknown owner",
        lambda host: {"owner": "no-such-user"},
        ErrorKind.INVALID_INPUT,
        "owner: there is no user 'no-such-user'",
    ),
]


@pytest.mark.parametrize(
    ("changes", "kind", "words"), [row[1:] for row in BAD_INPUT], ids=[row[0] for row in BAD_INPUT]
)
def test_bad_input_is_refused_before_anything_is_written(
    host: Host, tell: Tell, changes: Callable[[Host], dict[str, Any]], kind: ErrorKind, words: str
) -> None:
    leaf = host.pending_leaf()
    before = host.snapshot()
    error = host.refused(**{"certificate": leaf, **changes(host)})
    if words == "pending key":
        tell("order made with another key", "server", error.to_result())
    assert error.kind is kind
    assert words in error.text
    assert "secret words" not in error.text
    assert (host.snapshot(), host.commands) == (before, [])


def test_path_that_a_link_leads_among_the_versions_is_refused(host: Host) -> None:
    leaf = host.pending_leaf()
    (host.etc / "link").symlink_to(host.directory / "versions")
    error = host.refused(leaf, **configured("etc/link/server.pem", "etc/server.key")(host))
    assert "lies among the versions" in error.text


def test_own_files_may_lie_beside_the_versions(host: Host) -> None:
    leaf = host.pending_leaf()
    beside = host.directory / "versions-of-the-server"
    beside.mkdir()
    host.paths = (beside / "server.pem", beside / "server.key")
    own = dict(zip(("certificate_path", "private_key_path"), map(str, host.paths), strict=True))
    assert host.install(leaf, **own)["changed"] is True
    assert serial(host.paths[0].read_text()) == serial(leaf)


def test_pending_key_that_was_never_submitted_can_be_moved_away(host: Host) -> None:
    key = new_key()
    host.request()
    version = str(host.directory / "versions" / "order-1")
    assert f"'{version}' can be moved away" in host.refused(CA.leaf(key, NAME)).text
    os.rename(version, host.root / "away")
    assert host.install(CA.leaf(key, NAME), private_key=key)["changed"] is True


def test_all_faults_are_said_at_once(host: Host) -> None:
    error = host.refused(CA.leaf(new_key(), NAME, start=-9, days=8), private_key=new_key(), domains=["b.example.org"])
    assert all(word in error.text for word in ("private_key:", "domains:", "expired"))


def test_existing_files_are_refused_on_request(host: Host) -> None:
    leaf = own_files(host)
    before = host.snapshot()
    error = host.refused(leaf, existing_files="refuse")
    assert error.kind is ErrorKind.CONFLICT
    assert "certificate_path: '" in error.text
    assert host.snapshot() == before


def test_refuse_accepts_links_that_are_in_place(host: Host) -> None:
    leaf = own_files(host)
    host.install(leaf)
    assert host.install(leaf, existing_files="refuse")["changed"] is False


def test_live_key_that_was_spoiled_is_replaced_by_the_one_that_is_given(host: Host) -> None:
    key = new_key()
    leaf = CA.leaf(key, NAME)
    host.install(leaf, private_key=key)
    spoiled = host.directory / "live" / "key.pem"
    spoiled.write_text("no key any more")
    # Nobody who checks pairs may look now, for none is whole.
    assert host.install(leaf, private_key=key, disk=TrialDisk())["changed"] is True
    assert fit((host.directory / "live" / "key.pem").read_text(), leaf)


def test_live_certificate_that_was_spoiled_is_shown_as_such_and_replaced(host: Host) -> None:
    leaf, renewed = host.pending_leaf(), host.pending_leaf("order-2")
    host.install(leaf)
    (host.directory / "live" / "fullchain.pem").write_text("no certificate any more")
    result = host.install(renewed, order_id="order-2", disk=TrialDisk())
    assert result["changed"] is True and result["diff"]["before"]["serial"] == "unreadable"


def test_versions_that_hold_something_else_are_left_alone(host: Host) -> None:
    key = new_key()
    leaf, other = CA.leaf(key, NAME), CA.leaf(key, NAME)
    host.install(leaf, private_key=key)
    # The two names that the other certificate could still have are taken.
    whole = sha256((other + CA.intermediate).encode()).hexdigest()[:8]
    for name in (f"order-1-{serial(other)[:8]}", f"order-1-{serial(other)[:8]}-{whole}"):
        (host.directory / "versions" / name).mkdir()
        (host.directory / "versions" / name / "fullchain.pem").write_text(leaf)
    before = host.snapshot()
    error = host.refused(other, private_key=key)
    assert error.kind is ErrorKind.CONFLICT and f"{whole}' holds something else than the" in error.text
    assert host.snapshot() == before


def test_live_that_is_no_link_is_left_alone(host: Host) -> None:
    leaf = host.pending_leaf()
    (host.directory / "live").mkdir()
    error = host.refused(leaf)
    assert error.kind is ErrorKind.CONFLICT
    assert "was not made by this collection" in error.text


TROUBLE = {
    "test command that fails": (
        {"test": "syntax error in line 3"},
        "the test command 'server test' ended with code 1: syntax error",
    ),
    "reload command that fails": (
        {"reload": "no such process"},
        "the reload command 'server reload' ended with code 1: no such",
    ),
}


@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.parametrize("trouble", TROUBLE)
def test_failing_command_puts_everything_back(host: Host, tell: Tell, situation: Situation, trouble: str) -> None:
    leaf = situation(host)
    before, serving = host.snapshot(), host.served()
    host.broken, words = TROUBLE[trouble]
    error = host.refused(leaf)
    assert isinstance(error, InstallationFailed)
    assert error.kind is ErrorKind.REJECTED
    assert words in error.text
    assert error.text.startswith("Order 'order-1': The certificate '")
    assert error.text.endswith("The order's certificate and key are untouched; mend that and run the task again.")
    assert (host.snapshot(), host.served()) == (before, serving)
    result = error.to_result()
    tell(trouble, "server", result)
    assert (result["rolled_back"], result["changed"]) == (True, False)
    assert [each["serial"] for each in result["served"]] == [serving]
    assert [each["serial"] for each in result["served_before"]] == [serving]
    host.broken = {}
    assert host.install(leaf)["changed"] is True
    assert host.served() == serial(leaf)


@pytest.mark.parametrize("situation", SITUATIONS)
def test_certificate_that_is_not_served_in_time_is_taken_back(host: Host, tell: Tell, situation: Situation) -> None:
    leaf = situation(host)
    before, serving = host.snapshot(), host.served()
    error = host.refused(leaf, reload_command=["server", "nothing"], test_command=None)
    tell("certificate that is not served", "server", error.to_result())
    assert "Check that the server's configuration names the live files" in error.text
    assert error.kind is ErrorKind.TIMEOUT
    assert (host.snapshot(), host.served()) == (before, serving)


def test_time_out_says_what_is_served(host: Host) -> None:
    leaf = renewal(host)
    old = host.served()
    host.run = lambda argv, timeout: CommandResult(0, "")  # type: ignore[method-assign]
    error = host.refused(leaf)
    assert error.kind is ErrorKind.TIMEOUT
    assert f"serves the certificate '{old}'" in error.message
    assert serial(leaf) in error.message


def test_reload_that_loaded_the_new_pair_is_done_again_after_going_back(host: Host) -> None:
    leaf = renewal(host)
    old = host.served()
    assert host.server is not None
    dead = "127.0.0.1:1"
    error = host.refused(leaf, verify_endpoints=[host.server.address, dead])
    assert f"'{dead}' shows no certificate" in error.message
    assert host.commands[-4:] == ["test", "reload", "test", "reload"]
    assert host.served() == old
    assert error.to_result()["rolled_back"] is True


def test_configured_path_that_cannot_be_read_stops_it_before_anything_is_changed(host: Host) -> None:
    leaf, serving = own_files(host), host.served()
    host.paths[0].unlink()
    host.paths[0].symlink_to(host.paths[0])
    before = host.snapshot()
    error = host.refused(leaf)
    assert f"'{host.paths[0]}' cannot be read or written" in error.message
    assert "Nothing on the disk was changed." in error.text
    assert (error.changed, error.to_result()["rolled_back"]) == (False, False)
    assert (host.snapshot(), host.served(), host.commands) == (before, serving, [])


def test_pair_that_openssl_cannot_serve_is_removed_before_any_command_is_run(host: Host) -> None:
    renewal(host)
    before, serving = host.snapshot(), host.served()
    host.commands.clear()
    # It agrees on secrets and signs nothing, so it can be certified, but not shake hands.
    made = x25519.X25519PrivateKey.generate()
    kinds = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    key = made.private_bytes(*kinds).decode()
    error = host.refused(CA.leaf(key, NAME), private_key=key)
    assert error.kind is ErrorKind.INVALID_INPUT
    assert "this host's OpenSSL does not load the pair ('UNKNOWN_CERTIFICATE_TYPE')" in error.message
    assert "The live certificate was not touched." in error.text
    assert (host.snapshot(), host.served(), host.commands) == (before, serving, [])


def test_live_files_that_were_lost_stay_mended_when_the_reload_fails(host: Host) -> None:
    leaf = first(host)
    version = Path(host.install(leaf)["files"]["version"])
    whole = host.snapshot()
    for name in ("fullchain.pem", "chain.pem"):
        (version / name).unlink()
    host.broken = {"reload": "no such process"}
    # Nobody who checks pairs may look now, for the live one is not whole.
    error = host.refused(leaf, disk=TrialDisk())
    assert "The live certificate was not touched." in error.text
    assert error.to_result()["rolled_back"] is False
    assert (host.snapshot(), host.served()) == (whole, serial(leaf))


def test_first_install_that_fails_keeps_the_pending_key_and_its_request(host: Host) -> None:
    request = host.request()
    leaf = host.pending_leaf()
    host.broken = {"test": "no"}
    error = host.refused(leaf)
    assert "a pending key and its request stay" in error.text
    assert Path(request["private_key_path"]).exists()
    assert host.request() == request
    assert not os.path.lexists(host.directory / "live")


def test_first_install_that_fails_leaves_nothing_of_a_key_that_was_brought(host: Host) -> None:
    before = host.snapshot()
    key = new_key()
    host.broken = {"reload": "no"}
    host.refused(CA.leaf(key, NAME), private_key=key)
    assert host.snapshot() == before


def test_command_output_is_cut_and_shows_no_key(host: Host) -> None:
    leaf = host.pending_leaf()
    path = host.request()["private_key_path"]
    script = f"yes filler | head -n 2000; cat {path}; tail -n 2 {path}; echo end; exit 3"
    host.run = lambda argv, timeout: run_command(["sh", "-c", script], timeout)  # type: ignore[method-assign]
    error = host.refused(leaf)
    assert "ended with code 3: ... " in error.text
    assert "[private key removed]" in error.text
    assert "end" in error.text
    assert len(error.text) < 2000
    assert all(line not in error.text for line in Path(path).read_text().splitlines()[1:-1])


@dataclass
class Tried:
    """A host on which one installation was tried: the certificate, and what was served and on the disk before."""

    host: Host
    leaf: str
    old: str | None
    before: dict[str, Any]
    error: BaseException | None


Broken = dict[str, "str | BaseException"]


def tried(root: Path, situation: Situation, broken: Broken, disk: TrialDisk | None = None) -> Tried:
    """Tries one installation in a situation, with commands that are broken or a disk that fails."""
    root.mkdir(parents=True)
    # With a disk that fails there are hundreds of trials, and it matters what the server has loaded.
    host = Host(root, visited=disk is None)
    leaf = situation(host)
    old, before = host.served(), host.snapshot()
    host.disk = disk or TrialDisk()
    host.disk.observe = host.check
    host.broken = broken
    error: BaseException | None = None
    try:
        host.install(leaf)
    except (CertwrightError, Crash) as caught:
        error = caught
    host.broken = {}
    host.disk = TrialDisk(observe=host.check)
    return Tried(host, leaf, old, before, error)


def failing_disks(root: Path, situation: Situation, broken: Broken, error: BaseException | None) -> Iterator[TrialDisk]:
    """A disk for each step that an installation takes, failing at this step; where a file is made, also half-way."""
    whole = TrialDisk()
    tried(root, situation, broken, whole).host.stop()
    assert len(whole.steps) > 10
    for number, step in enumerate(whole.steps, 1):
        yield TrialDisk(number, error)
        if step.startswith("create"):
            yield TrialDisk(number, error, half=True)


@pytest.mark.parametrize("going", ["well", "back"])
@pytest.mark.parametrize("situation", SITUATIONS)
def test_crash_at_any_step_leaves_no_mixed_pair_and_the_next_run_mends_it(
    tmp_path: Path, situation: Situation, going: str
) -> None:
    broken: Broken = {} if going == "well" else {"reload": "no such process"}
    for number, disk in enumerate(failing_disks(tmp_path / "whole", situation, broken, None)):
        trial = tried(tmp_path / str(number), situation, broken, disk)
        host = trial.host
        assert isinstance(trial.error, Crash), disk.steps
        host.check()
        assert host.served() in (trial.old, serial(trial.leaf))
        host.install(trial.leaf)
        assert host.served() == serial(trial.leaf), disk.steps
        settled(host, trial.leaf)
        host.stop()


def settled(host: Host, leaf: str) -> None:
    """Nothing is left over, and another run has nothing to do."""
    host.commands.clear()
    assert host.install(leaf)["changed"] is False
    assert host.commands == []
    names = [path.name for path in host.root.rglob("*")]
    assert not [name for name in names if name.endswith(".new") or name == ".installing.json"]
    assert not [name for name in os.listdir(host.directory / "versions") if name.startswith("before-")]


@pytest.mark.parametrize("command", ["test", "reload"])
@pytest.mark.parametrize("situation", SITUATIONS)
def test_crash_in_a_command_is_mended_by_the_next_run(tmp_path: Path, situation: Situation, command: str) -> None:
    trial = tried(tmp_path / "host", situation, {command: Crash()})
    host = trial.host
    assert isinstance(trial.error, Crash)
    assert host.served() == trial.old
    host.check()
    assert host.install(trial.leaf)["changed"] is True
    assert host.served() == serial(trial.leaf)
    settled(host, trial.leaf)
    host.stop()


@pytest.mark.parametrize("situation", SITUATIONS)
def test_crash_before_the_reload_is_mended_without_endpoints_to_look_at(tmp_path: Path, situation: Situation) -> None:
    trial = tried(tmp_path / "host", situation, {"reload": Crash()})
    trial.host.commands.clear()
    assert trial.host.install(trial.leaf, verify_endpoints=None)["changed"] is True
    assert trial.host.commands == ["test", "reload"]
    trial.host.stop()


@pytest.mark.parametrize("situation", SITUATIONS)
def test_run_after_a_crash_that_fails_goes_back_to_what_was_before_the_crash(
    tmp_path: Path, situation: Situation
) -> None:
    trial = tried(tmp_path / "host", situation, {"reload": Crash()})
    host = trial.host
    host.broken = {"test": "syntax error"}
    error = host.refused(trial.leaf)
    assert error.to_result()["rolled_back"] is True
    assert (host.snapshot(), host.served()) == (trial.before, trial.old)
    host.stop()


@pytest.mark.parametrize(
    ("case", "code", "kind"),
    [
        ("full target directory", errno.ENOSPC, ErrorKind.QUOTA),
        ("read-only target directory", errno.EROFS, ErrorKind.PERMISSION),
        ("read-only target directory", errno.EACCES, ErrorKind.PERMISSION),
    ],
)
def test_disk_that_takes_nothing_is_one_clear_message(
    host: Host, tell: Tell, case: str, code: int, kind: ErrorKind
) -> None:
    leaf = renewal(host)
    before, serving = host.snapshot(), host.served()
    fault = OSError(code, os.strerror(code), str(host.directory / "versions" / "order-1"))
    error = host.refused(leaf, disk=TrialDisk(1, fault, observe=host.check))
    tell(case, "server", error.to_result())
    assert error.kind is kind
    assert str(host.directory) in error.text
    assert (host.snapshot(), host.served()) == (before, serving)


@pytest.mark.parametrize("situation", SITUATIONS)
def test_full_disk_at_any_step_leaves_everything_as_it_was(tmp_path: Path, situation: Situation) -> None:
    for number, disk in enumerate(failing_disks(tmp_path / "whole", situation, {}, FULL)):
        trial = tried(tmp_path / str(number), situation, {}, disk)
        host, error = trial.host, trial.error
        host.check()
        assert isinstance(error, CertwrightError), disk.steps
        assert error.kind is ErrorKind.QUOTA
        assert "no room left" in error.text
        if isinstance(error, InstallationFailed):
            assert (host.snapshot(), host.served()) == (trial.before, trial.old), disk.steps
            assert error.changed is False
        else:
            # Only tidying up after success is not taken back.
            assert host.served() == serial(trial.leaf), disk.steps
            assert error.changed is True
        host.install(trial.leaf)
        settled(host, trial.leaf)
        host.stop()


def test_going_back_that_fails_too_says_so_and_the_next_run_mends_it(host: Host) -> None:
    leaf = renewal(host)
    host.broken = {"reload": "no such process"}
    host.disk = TrialDisk(observe=host.check)
    host.refused(leaf)
    there, back = [number for number, step in enumerate(host.disk.steps, 1) if step.startswith("symlink")]
    assert there < back
    host.disk = TrialDisk(back, FULL, observe=host.check)
    error = host.refused(leaf)
    assert "Going back failed too: There is no room left" in error.text
    assert (error.changed, error.to_result()["rolled_back"]) == (True, False)
    host.broken, host.disk = {}, TrialDisk(observe=host.check)
    host.install(leaf)
    settled(host, leaf)


def test_owner_and_modes_are_mended_without_touching_the_server(host: Host) -> None:
    leaf = renewal(host)
    key = Path(host.install(leaf)["files"]["private_key"])
    key.chmod(0o644)
    host.commands.clear()
    assert host.install(leaf, check=True)["changed"] is True
    assert host.install(leaf)["changed"] is True
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert host.commands == []


def test_owner_and_group_of_the_server_reach_key_and_directories(host: Host) -> None:
    user, group = pwd.getpwuid(os.geteuid()).pw_name, grp.getgrgid(os.getegid()).gr_name
    leaf = host.pending_leaf()
    host.install(leaf)
    assert host.install(leaf, owner=user, group=group)["changed"] is True
    assert stat.S_IMODE(host.directory.stat().st_mode) == 0o751
    key = (host.directory / "live" / "key.pem").stat()
    assert (key.st_uid, key.st_gid, stat.S_IMODE(key.st_mode)) == (os.geteuid(), os.getegid(), 0o600)
    assert host.install(leaf, owner=user, group=group)["changed"] is False


def test_commands_have_the_time_that_is_given(host: Host) -> None:
    given: list[float] = []

    def run(argv: Sequence[str], timeout: float) -> CommandResult:
        given.append(timeout)
        return CommandResult(0, "")

    host.run = run  # type: ignore[method-assign]
    host.install(host.pending_leaf(), command_timeout=7)
    assert given == [7, 7]


def test_two_runs_at_once_do_not_meet(host: Host) -> None:
    leaf = renewal(host)

    def run(argv: Sequence[str], timeout: float) -> CommandResult:
        other = host.refused(leaf)
        return CommandResult(1, f"{other.kind.value}: {other.text}")

    host.run = run  # type: ignore[method-assign]
    assert "conflict: Order 'order-1': Another run is working on" in host.refused(leaf).text


def test_diff_shows_serials_and_links_but_no_key(host: Host) -> None:
    leaf = own_files(host)
    diff = host.install(leaf)["diff"]
    assert diff["before"]["live"] is None
    assert (diff["before"]["serial"], diff["after"]["serial"]) == (None, serial(leaf))
    assert (diff["before"][str(host.paths[0])], diff["after"][str(host.paths[0])]) == (
        "file",
        f"link to {host.directory / 'live' / 'fullchain.pem'}",
    )
    assert "PRIVATE KEY" not in str(diff)


class Preflight:
    """A host before its order is spent: programs are those that the test names."""

    def __init__(self, host: Host, programs: Sequence[str] = ("server",)) -> None:
        self.host, self.programs = host, programs
        self.warnings: list[str] = []

    def run(self, check: bool = False, **given: Any) -> dict[str, Any]:
        """Checks the host as the role does; no tool may be used."""
        wanted = {"directory": str(self.host.directory), "order_id": "order-1", "domains": [NAME], **given}
        params = options(certificate_install.USE_CASE, preflight=True, **wanted)
        find = {name: f"/usr/sbin/{name}" for name in self.programs}.get
        tools = Tools(disk=TrialDisk(1), run=self.host.run, look=self.never, find=find)
        return install_certificate(params, Context(check_mode=check, warn=self.warnings.append), tools)

    def never(self, endpoint: Endpoint, timeout: float) -> bytes:
        """A look at an endpoint, which a preflight does not take."""
        raise AssertionError(endpoint)

    def refused(self, **given: Any) -> CertwrightError:
        """The error of a preflight that must fail; nothing may have changed."""
        before = self.host.snapshot()
        with pytest.raises(CertwrightError) as caught:
            self.run(**given)
        assert (self.host.snapshot(), self.host.commands) == (before, [])
        return caught.value


USUAL = {"test_command": "server test", "reload_command": ["server", "reload"], "verify_endpoints": ["127.0.0.1:443"]}


@pytest.mark.parametrize("check", [False, True])
def test_preflight_needs_no_certificate_and_changes_nothing(host: Host, check: bool) -> None:
    before = host.snapshot()
    result = Preflight(host).run(check, **USUAL)
    assert (set(result), result["changed"]) == ({"changed", "files"}, False)
    assert result["files"]["fullchain"] == str(host.directory / "live" / "fullchain.pem")
    assert result["files"]["version"] == str(host.directory / "versions" / "order-1")
    assert Preflight(host).run(order_id=None)["files"]["version"] is None
    assert (host.snapshot(), host.commands) == (before, [])


def test_preflight_agrees_to_a_renewal_with_files_that_are_links_already(host: Host) -> None:
    host.install(own_files(host))
    host.commands.clear()
    paths = dict(zip(("certificate_path", "private_key_path"), map(str, host.paths)))
    assert Preflight(host).run(**USUAL, **paths, existing_files="refuse", domains=["*.example.com"])["changed"] is False


PREFLIGHT_FAULTS: list[tuple[str, Callable[[Host], dict[str, Any]], ErrorKind, str]] = [
    (
        "one path only",
        lambda host: {"certificate_path": str(host.etc / "a")},
        ErrorKind.INVALID_INPUT,
        "private_key_path: is needed beside certificate_path",
    ),
    (
        "endpoint that is none",
        lambda host: {"verify_endpoints": ["a:b:c"]},
        ErrorKind.INVALID_INPUT,
        "verify_endpoints: 'a:b:c' is no host:port",
    ),
    (
        "program that is not there",
        lambda host: {"test_command": "nginx -t"},
        ErrorKind.INVALID_INPUT,
        "test_command: there is no program 'nginx' on this host",
    ),
    (
        "owner that is not there",
        lambda host: {"owner": "no-such-user"},
        ErrorKind.INVALID_INPUT,
        "owner: there is no user 'no-such-user'",
    ),
    (
        "relative directory",
        lambda host: {"directory": "certs/a"},
        ErrorKind.INVALID_INPUT,
        "directory: 'certs/a' is no absolute path",
    ),
    (
        "directory below a file",
        lambda host: {"directory": str(occupied(host) / "a")},
        ErrorKind.INVALID_INPUT,
        "is no directory, so nothing can be put below it",
    ),
    (
        "existing files",
        lambda host: {"certificate_path": str(occupied(host)), "private_key_path": "/x", "existing_files": "refuse"},
        ErrorKind.CONFLICT,
        "certificate_path: '",
    ),
    (
        "certificate of others",
        lambda host: (host.install(host.pending_leaf()), host.commands.clear(), {"domains": ["shop.example.org"]})[2],
        ErrorKind.CONFLICT,
        "holds a live certificate for 'www.example.com', which shares no name with 'shop.example.org'",
    ),
    (
        "live that is no link",
        lambda host: ((host.directory / "live").mkdir(parents=True), {})[1],
        ErrorKind.CONFLICT,
        "was not made by this collection",
    ),
]


def occupied(host: Host) -> Path:
    """A file that stands in the way."""
    path = host.etc / "occupied"
    path.write_text("old")
    return path


@pytest.mark.parametrize(
    ("given", "kind", "words"), [row[1:] for row in PREFLIGHT_FAULTS], ids=[row[0] for row in PREFLIGHT_FAULTS]
)
def test_preflight_refuses_what_an_installation_would_fail_on(
    host: Host, given: Callable[[Host], dict[str, Any]], kind: ErrorKind, words: str
) -> None:
    error = Preflight(host).refused(**given(host))
    assert (error.kind, words in error.message) == (kind, True), error.message
    assert error.text.startswith("Order 'order-1': ")
    assert error.text.endswith("Nothing was changed. Mend that and run the task again.")


def test_preflight_refuses_a_directory_that_cannot_be_written_to(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: path != str(host.root))
    error = Preflight(host).refused()
    assert error.kind is ErrorKind.PERMISSION
    assert f"directory: this user cannot write to '{host.root}'" in error.message


def test_preflight_says_all_faults_at_once(host: Host) -> None:
    faults = {**USUAL, "verify_endpoints": ["a:b:c"], "owner": "no-such-user", "group": "no-such-group"}
    paths = {"certificate_path": str(host.etc), "private_key_path": str(host.etc / "none" / "key.pem")}
    message = Preflight(host, programs=[]).refused(**faults, **paths, directory="relative").message
    options_named = ("verify_endpoints:", "owner:", "test_command:", "reload_command:", *(f"{path}:" for path in paths))
    assert [word for word in (*options_named, "directory:") if word not in message] == []


def test_preflight_in_check_mode_leaves_to_earlier_tasks_what_they_may_make(host: Host) -> None:
    trial = Preflight(host, programs=[])
    paths = {"certificate_path": str(host.etc / "no" / "a"), "private_key_path": str(host.etc / "no" / "b")}
    assert trial.run(check=True, **USUAL, **paths, owner="no-such-user")["changed"] is False
    assert [warning.split(":")[0] for warning in trial.warnings] == ["owner", "test_command", "reload_command"]


@pytest.mark.parametrize("check", [False, True])
def test_directory_of_another_certificate_is_refused(host: Host, check: bool) -> None:
    host.install(host.pending_leaf())
    before, key = host.snapshot(), new_key()
    host.commands.clear()
    wanted = {"private_key": key, "order_id": "order-2", "domains": ["shop.example.org"]}
    error = host.refused(CA.leaf(key, "shop.example.org"), check=check, **wanted)
    assert error.kind is ErrorKind.CONFLICT
    assert error.message.startswith("Order 'order-2': directory: '")
    assert "shares no name with 'shop.example.org'; each certificate has a directory of its own" in error.message
    assert (host.snapshot(), host.commands) == (before, [])


def test_directory_takes_a_certificate_that_shares_a_name(host: Host) -> None:
    host.install(host.pending_leaf())
    key = new_key()
    leaf = CA.leaf(key, "*.example.com", "example.org")
    assert host.install(leaf, order_id="order-2", private_key=key, domains=["example.org"])["changed"] is True


def test_endpoint_that_refused_before_is_named_as_the_fault(host: Host) -> None:
    leaf = renewal(host)
    error = host.refused(leaf, verify_endpoints=["127.0.0.1:1"])
    assert "and showed none before either, so look at the endpoint and its server" in error.message
    assert "still the old one" not in error.message


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["server", "nothing"], "still the old one; did the reload command reload this server?"),
        (None, "still the old one; no reload_command was given"),
    ],
)
def test_server_that_goes_on_with_the_old_certificate_is_said_to(host: Host, command: Any, words: str) -> None:
    leaf = renewal(host)
    assert words in host.refused(leaf, reload_command=command).message


@pytest.mark.parametrize("third", [CA.leaf(new_key(), NAME), None])
def test_no_reason_is_guessed_where_an_endpoint_shows_neither_the_old_nor_the_new(
    host: Host, third: str | None
) -> None:
    leaf = renewal(host)
    held = (host.directory / "live" / "cert.pem").read_text()
    host.commands.clear()

    def look(endpoint: Endpoint, timeout: float) -> bytes:
        shown = third if "reload" in host.commands else held
        if shown is None:
            raise ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused")
        return ssl.PEM_cert_to_DER_cert(shown)

    host.look = look
    said = f"serves the certificate '{serial(third)}'" if third else "shows no certificate (Connection refused)"
    assert host.server is not None
    message = host.refused(leaf).message
    assert message.endswith(f"was not put into service: after 0.2 s, '{host.server.address}' {said}")


@pytest.mark.parametrize("order_id", ["order-1", None])
def test_every_failure_names_the_order_and_ends_with_a_next_step(host: Host, order_id: str | None) -> None:
    refused = [
        host.refused("nothing", order_id=order_id),
        host.refused(CA.leaf(new_key(), NAME), order_id=order_id),
        host.refused(CA.leaf(new_key(), NAME), order_id=order_id, directory="relative"),
    ]
    host.broken = {"test": "no"}
    refused.append(host.refused(host.pending_leaf(), order_id=order_id))
    for error in refused:
        assert error.text.startswith("Order 'order-1': ") is bool(order_id)
        assert error.text.endswith("end that and run the task again."), error.text
        assert ("The order's certificate and key are untouched" in error.text) is bool(order_id)


# Several installations on one host


class Busy(FakeClock):
    """A clock at which another installation holds the program that reloads until somebody has slept so often."""

    def __init__(self, program: Path, sleeps: int) -> None:
        super().__init__(time.time())
        self._held = os.open(program, os.O_RDONLY)
        fcntl.flock(self._held, fcntl.LOCK_EX)
        self._left = sleeps

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        self._left -= 1
        if self._left == 0:
            self.end()

    def end(self) -> None:
        os.close(self._held)


@pytest.fixture
def program(host: Host, tmp_path: Path) -> Path:
    """What the reload command runs, as it is found on the host."""
    program = tmp_path / "server"
    program.touch()
    host.find = {"server": str(program)}.get
    return program


def test_installation_waits_for_another_that_reloads_the_same_server(host: Host, program: Path) -> None:
    """nginx reads two files one after the other; a foreign reload between two changes would take half of each."""
    leaf = host.pending_leaf()
    host.clock = Busy(program, 3)
    seen: list[tuple[int, bool]] = []
    host.disk = TrialDisk(observe=lambda: seen.append((len(host.clock.sleeps), (host.directory / "live").exists())))
    assert host.install(leaf)["changed"]
    assert {sleeps for sleeps, live in seen if live} and min(sleeps for sleeps, live in seen if live) >= 3
    assert (host.commands, host.warnings) == (["test", "reload"], [])
    again = os.open(program, os.O_RDONLY)
    fcntl.flock(again, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(again)


def test_installation_does_not_wait_for_ever(host: Host, program: Path) -> None:
    leaf = host.pending_leaf()
    host.clock = Busy(program, -1)
    assert host.install(leaf)["changed"]
    host.clock.end()
    assert 299 < sum(host.clock.sleeps) < 310
    assert host.warnings == [
        "Another installation on this host has not ended within 300 s, so this one goes on beside it"
    ]


def test_nothing_is_waited_for_where_nothing_is_reloaded(host: Host, program: Path) -> None:
    leaf = host.pending_leaf()
    host.clock = Busy(program, -1)
    assert host.install(leaf, reload_command=None)["changed"]
    assert host.install(leaf)["changed"] is False
    host.clock.end()
    assert sum(host.clock.sleeps) < 1 and host.warnings == []


@pytest.mark.parametrize("found", [None, "/proc/nobody/server"])
def test_installation_goes_on_where_the_program_cannot_be_locked(host: Host, found: str | None) -> None:
    leaf = host.pending_leaf()
    host.find = lambda name: found
    assert host.install(leaf)["changed"]
    assert host.commands == ["test", "reload"]


def test_installation_goes_on_at_once_where_the_programs_file_system_has_no_locks(
    host: Host, program: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    leaf, real = host.pending_leaf(), fcntl.flock

    def flock(descriptor: int, operation: int) -> None:
        if os.path.samestat(os.fstat(descriptor), program.stat()):
            raise OSError(errno.ENOLCK, "No locks available")
        real(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", flock)
    assert host.install(leaf)["changed"]
    assert host.commands == ["test", "reload"]
    assert sum(host.clock.sleeps) < 1 and host.warnings == []
