# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The only file that writes to a target's disk: single steps, so that a crash between any two can be tried."""

from __future__ import annotations

import errno
import grp
import os
import pwd
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError, ErrorKind, InvalidInput

__all__ = ["Disk", "Ownership", "disk_faults", "ownership", "put", "put_link", "read_bytes", "read_text", "tidy"]


@dataclass(frozen=True)
class Ownership:
    """Whom files belong to; None leaves it to the system."""

    uid: int | None = None
    gid: int | None = None

    @property
    def directory_mode(self) -> int:
        """Mode of the directories above the files.

        Directories stay with the user who runs the module, because a service that owns one could lead a privileged
        run astray through links. So others than that user need the right to pass.
        """
        return 0o700 | (0o050 if self.gid is not None else 0) | (0o011 if self.uid is not None else 0)


class Disk:
    """Each method is one step that either happened or not. All raise OSError."""

    def mkdir(self, path: str, mode: int, owner: Ownership) -> None:
        """Makes one directory with exactly this mode; its group is set, its owner is not (see Ownership)."""
        os.mkdir(path, 0o700)
        if owner.gid is not None:
            os.chown(path, -1, owner.gid)
        os.chmod(path, mode)

    def create(self, path: str, data: bytes, mode: int, owner: Ownership) -> None:
        """Writes a file that must not exist yet, 0600 from the first byte and on the disk when this returns."""
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            if owner.uid is not None or owner.gid is not None:
                os.fchown(descriptor, -1 if owner.uid is None else owner.uid, -1 if owner.gid is None else owner.gid)
            file.write(data)
            file.flush()
            os.fchmod(descriptor, mode)
            os.fsync(descriptor)

    def symlink(self, target: str, path: str) -> None:
        """Makes a symbolic link that must not exist yet."""
        os.symlink(target, path)

    def rename(self, source: str, path: str) -> None:
        """Puts source in the place of path, in one instant."""
        os.replace(source, path)

    def unlink(self, path: str) -> None:
        """Removes a file or link; one that is gone counts as removed."""
        with suppress(FileNotFoundError):
            os.unlink(path)

    def rmdir(self, path: str) -> None:
        """Removes an empty directory; one that is gone counts as removed."""
        with suppress(FileNotFoundError):
            os.rmdir(path)

    def chown(self, path: str, owner: Ownership) -> None:
        """Gives a file (not what a link points to) to somebody."""
        os.chown(
            path,
            -1 if owner.uid is None else owner.uid,
            -1 if owner.gid is None else owner.gid,
            follow_symlinks=False,
        )

    def chmod(self, path: str, mode: int) -> None:
        """Sets the mode."""
        os.chmod(path, mode)

    def sync(self, directory: str) -> None:
        """Brings a directory's names to the disk."""
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def put(disk: Disk, path: str, data: bytes, mode: int, owner: Ownership) -> None:
    """Writes a file so that its name holds either what was there before or all of the new. Raises OSError."""
    fresh = _fresh_name(path)
    disk.unlink(fresh)
    try:
        disk.create(fresh, data, mode, owner)
        disk.rename(fresh, path)
        disk.sync(os.path.dirname(path))
    except OSError as error:
        # A full disk shows while writing, where the error does not know the name.
        error.filename = error.filename or path
        with suppress(OSError):
            disk.unlink(fresh)
        raise


def put_link(disk: Disk, path: str, target: str) -> None:
    """Makes path a symbolic link in one instant, whatever was there. Raises OSError."""
    fresh = _fresh_name(path)
    disk.unlink(fresh)
    try:
        disk.symlink(target, fresh)
        disk.rename(fresh, path)
        disk.sync(os.path.dirname(path))
    except OSError:
        with suppress(OSError):
            disk.unlink(fresh)
        raise


def tidy(disk: Disk, path: str) -> None:
    """Removes what a run that was killed while it wrote path may have left beside it. Raises OSError."""
    if os.path.lexists(_fresh_name(path)):
        disk.unlink(_fresh_name(path))


def read_bytes(path: str) -> bytes | None:
    """What a file holds; None where there is none. Raises OSError."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return None


def read_text(path: str) -> str | None:
    """What a text file holds; None where there is none. Raises CertwrightError."""
    with disk_faults():
        data = read_bytes(path)
    return None if data is None else data.decode("utf-8", "replace")


def ownership(owner: str | None, group: str | None) -> Ownership:
    """Looks up owner and group by name (or number). Raises InvalidInput."""
    faults = []
    uid = gid = None
    try:
        uid = None if not owner else int(owner) if owner.isdigit() else pwd.getpwnam(owner).pw_uid
    except KeyError:
        faults.append(f"owner: there is no user '{owner}' on this host")
    try:
        gid = None if not group else int(group) if group.isdigit() else grp.getgrnam(group).gr_gid
    except KeyError:
        faults.append(f"group: there is no group '{group}' on this host")
    if faults:
        raise InvalidInput(faults)
    return Ownership(uid, gid)


@contextmanager
def disk_faults() -> Iterator[None]:
    """Turns an OSError into the one message a user needs."""
    try:
        yield
    except OSError as error:
        raise _fault(error) from error


def _fault(error: OSError) -> CertwrightError:
    path = f"'{error.filename}'" if error.filename else "the certificate's directory"
    reason = error.strerror or str(error)
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return CertwrightError(
            f"There is no room left to write {path} ({reason})", kind=ErrorKind.QUOTA, hint="Make room and run again."
        )
    if error.errno == errno.EROFS:
        return CertwrightError(
            f"{path} lies on a read-only file system",
            kind=ErrorKind.PERMISSION,
            hint="Mount it writable or choose another directory, and run again.",
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return CertwrightError(
            f"The user '{_user()}' may not read or write {path} ({reason})",
            kind=ErrorKind.PERMISSION,
            hint="Run the task with become, or give that user the right.",
        )
    return CertwrightError(f"{path} cannot be read or written ({reason})", kind=ErrorKind.CONFLICT)


def _user() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())


def _fresh_name(path: str) -> str:
    return os.path.join(os.path.dirname(path), f".{os.path.basename(path)}.new")
