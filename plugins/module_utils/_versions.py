# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A certificate's own directory: its versions, and the one link that says which of them is live.

    <directory>/live -> versions/<version>
    <directory>/versions/<version>/key.pem, csr.pem, order.json, cert.pem, chain.pem, fullchain.pem
    <directory>/.validation.json    while validation records may be published, see Versions.published

A version never changes once it has a certificate, so that whoever follows ``live`` finds one complete pair.
"""

from __future__ import annotations

import fcntl
import json
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, cast

from ansible_collections.certwright.cloud.plugins.module_utils._disk import (
    Disk,
    Ownership,
    disk_faults,
    put,
    put_link,
    read_text,
    tidy,
)
from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError, ErrorKind

__all__ = ["CERTIFICATE", "CHAIN", "CSR", "FACTS", "FULLCHAIN", "KEY", "Versions", "directory_fault"]

KEY = "key.pem"
CSR = "csr.pem"
FACTS = "order.json"
CERTIFICATE = "cert.pem"
CHAIN = "chain.pem"
FULLCHAIN = "fullchain.pem"

_VERSIONS = "versions"
_LIVE = "live"
# What an installation under way has to remember; see Versions.journal.
_JOURNAL = ".installing.json"
# What has to be removed from DNS again. It belongs to the certificate and not to a version: an order whose key the
# cloud makes has no version before it is installed, and an order that was given up must not leave its records behind.
_PUBLISHED = ".validation.json"


def directory_fault(directory: str) -> str | None:
    """Why a path cannot be a certificate's directory; None if it can."""
    if os.path.isabs(directory):
        return None
    return f"directory: '{directory}' is no absolute path; give it from the root on, such as '/etc/certwright/site'"


class Versions:
    """One certificate's directory. Methods that touch the disk raise CertwrightError.

    Arguments:
        directory: its path; it need not exist yet.
        disk: does the writing.
        owner: whom the files are given to.
    """

    def __init__(self, directory: str, disk: Disk, owner: Ownership) -> None:
        self.directory = os.path.abspath(directory)
        self.live_path = os.path.join(self.directory, _LIVE)
        self.disk = disk
        self.owner = owner
        self._made: list[str] = []

    def path(self, version: str, file: str = "") -> str:
        """Where a version, or a file of it, lies or would lie."""
        parts = (self.directory, _VERSIONS, version, file) if file else (self.directory, _VERSIONS, version)
        return os.path.join(*parts)

    def names(self) -> list[str]:
        """All versions there are, sorted."""
        with disk_faults():
            try:
                return sorted(os.listdir(os.path.join(self.directory, _VERSIONS)))
            except FileNotFoundError:
                return []

    def live(self) -> str | None:
        """The version that the link names; None without a link."""
        with disk_faults():
            try:
                target = os.readlink(self.live_path)
            except FileNotFoundError:
                return None
            except OSError as error:
                if not os.path.lexists(self.live_path) or os.path.islink(self.live_path):
                    raise
                raise self._foreign("is no symbolic link") from error
        folder, version = os.path.split(target)
        if folder != _VERSIONS or not version:
            raise self._foreign(f"points to '{target}'")
        return version

    def _foreign(self, what: str) -> CertwrightError:
        return CertwrightError(
            f"'{self.live_path}' {what}, so it was not made by this collection",
            kind=ErrorKind.CONFLICT,
            hint="Give the certificate a directory of its own, or move that name away.",
        )

    def read(self, version: str, file: str) -> str | None:
        """The text of a version's file; None where there is none."""
        return read_text(self.path(version, file))

    def facts(self, version: str) -> dict[str, Any]:
        """What was noted about a version's order; empty where nothing was."""
        return _parsed(self.read(version, FACTS))

    def journal(self) -> dict[str, Any]:
        """What an installation noted that did not come to its end; empty after one that did."""
        return _parsed(read_text(os.path.join(self.directory, _JOURNAL)))

    def published(self) -> dict[str, Any] | None:
        """What was noted of validation records that may be published; None without a note, empty if unreadable."""
        text = read_text(os.path.join(self.directory, _PUBLISHED))
        return None if text is None else _parsed(text)

    def note_published(self, notes: dict[str, Any]) -> None:
        """Notes which validation records may be published from now on; an empty note is removed."""
        path = os.path.join(self.directory, _PUBLISHED)
        with disk_faults():
            if notes:
                text = json.dumps(notes, indent=1, sort_keys=True) + "\n"
                put(self.disk, path, text.encode("utf-8"), 0o600, Ownership())
                return
            tidy(self.disk, path)
            self.disk.unlink(path)
            self.disk.sync(self.directory)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Makes the directory and keeps other runs out of it. Directories made in vain are removed again."""
        try:
            with disk_faults():
                self._make_directory(os.path.dirname(self.directory), 0o755, Ownership())
                self._make_directory(self.directory, self.owner.directory_mode, self.owner)
                descriptor = os.open(self.directory, os.O_RDONLY | os.O_DIRECTORY)
            try:
                self._lock(descriptor)
                yield
            finally:
                os.close(descriptor)
        except CertwrightError:
            for path in reversed(self._made):
                with suppress(OSError):
                    self.disk.rmdir(path)
            raise

    def _lock(self, descriptor: int) -> None:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise CertwrightError(
                f"Another run is working on '{self.directory}'",
                kind=ErrorKind.CONFLICT,
                hint="Run again when that one has ended.",
            ) from error

    def make(self, version: str) -> None:
        """Makes a version's directory and those above it."""
        with disk_faults():
            for path in (os.path.join(self.directory, _VERSIONS), self.path(version)):
                self._make_directory(path, self.owner.directory_mode, self.owner)
            # What a run that was killed in the middle of a file has left.
            for file in os.listdir(self.path(version)):
                if file.startswith(".") and file.endswith(".new"):
                    self.disk.unlink(self.path(version, file))

    def _make_directory(self, path: str, mode: int, owner: Ownership) -> None:
        if os.path.isdir(path):
            return
        parent = os.path.dirname(path)
        self._make_directory(parent, 0o755, Ownership())
        try:
            self.disk.mkdir(path, mode, owner)
        except FileExistsError:
            # A run for another certificate may have made the common parent a moment before.
            if os.path.isdir(path):
                return
            raise
        self._made.append(path)
        self.disk.sync(parent)

    def put(self, version: str, file: str, text: str, mode: int = 0o644) -> None:
        """Writes one file of a version, all or nothing; it belongs to the owner."""
        with disk_faults():
            put(self.disk, self.path(version, file), text.encode("utf-8"), mode, self.owner)

    def copy_in(self, version: str, file: str, source: str) -> None:
        """Copies a file from elsewhere into a version."""
        with disk_faults(), open(source, "rb") as opened:
            put(self.disk, self.path(version, file), opened.read(), 0o600 if file == KEY else 0o644, self.owner)

    def note(self, version: str, facts: dict[str, Any]) -> None:
        """Notes facts about a version's order; no secret may be among them."""
        self.put(version, FACTS, json.dumps(facts, indent=1, sort_keys=True) + "\n")

    def tidy(self) -> None:
        """Removes what a run that was killed may have left beside the link and the journal."""
        with disk_faults():
            tidy(self.disk, self.live_path)
            tidy(self.disk, os.path.join(self.directory, _JOURNAL))

    def begin(self, notes: dict[str, Any]) -> None:
        """Notes what an installation is about to do, before it does it."""
        with disk_faults():
            text = json.dumps(notes, indent=1, sort_keys=True) + "\n"
            put(self.disk, os.path.join(self.directory, _JOURNAL), text.encode("utf-8"), 0o600, Ownership())

    def end(self) -> None:
        """Forgets those notes: the installation came to its end, good or bad."""
        with disk_faults():
            self.disk.unlink(os.path.join(self.directory, _JOURNAL))
            self.disk.sync(self.directory)

    def flip(self, version: str | None) -> None:
        """Makes a version live in one instant; None removes the link."""
        with disk_faults():
            if version is not None:
                put_link(self.disk, self.live_path, os.path.join(_VERSIONS, version))
            else:
                self.disk.unlink(self.live_path)
                self.disk.sync(self.directory)

    def discard(self, version: str, files: Sequence[str]) -> None:
        """Removes files of a version, and its directory if nothing is left in it."""
        folder = self.path(version)
        with disk_faults():
            for file in files:
                self.disk.unlink(self.path(version, file))
                self.disk.unlink(self.path(version, f".{file}.new"))
            if os.path.isdir(folder) and not os.listdir(folder):
                self.disk.rmdir(folder)

    def repair(self, version: str, dry: bool) -> bool:
        """Gives a version's files to the owner and keeps the key to itself; returns whether anything was wrong.

        Arguments:
            dry: look only.
        """
        with disk_faults():
            steps = [
                step for path, add, drop, owner in self._wanted(version) for step in _steps(path, add, drop, owner)
            ]
            for path, mode, owner in [] if dry else steps:
                if mode is None:
                    self.disk.chown(path, owner)
                else:
                    self.disk.chmod(path, mode)
        return bool(steps)

    def _wanted(self, version: str) -> Iterator[tuple[str, int, int, Ownership]]:
        """Paths with the mode bits they need, those they must not have, and their owner."""
        folder = self.path(version)
        if not os.path.isdir(folder):
            return
        for path in (self.directory, os.path.dirname(folder), folder):
            yield path, self.owner.directory_mode & 0o077, 0, Ownership(gid=self.owner.gid)
        for file in sorted(os.listdir(folder)):
            yield self.path(version, file), 0, 0o077 if file == KEY else 0, self.owner


def _steps(path: str, add: int, drop: int, owner: Ownership) -> Iterator[tuple[str, int | None, Ownership]]:
    found = os.lstat(path)
    if stat.S_ISLNK(found.st_mode):
        return
    if owner.uid not in (None, found.st_uid) or owner.gid not in (None, found.st_gid):
        yield path, None, owner
    mode = stat.S_IMODE(found.st_mode)
    if mode != (mode | add) & ~drop:
        yield path, (mode | add) & ~drop, owner


def _parsed(text: str | None) -> dict[str, Any]:
    try:
        value = json.loads(text) if text else {}
    except ValueError:
        return {}
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}
