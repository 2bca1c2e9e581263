# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What this machine has sent for an order, and that only one process at a time sends for it.

One file per order. Its lock belongs to the process that holds it, so one that is killed blocks nobody; its lines stay,
so the next process knows that something may be under way that the cloud does not show yet.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Callable

from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError, ErrorKind
from ansible_collections.certwright.cloud.plugins.module_utils._files import make_private_folder, safe_name
from ansible_collections.certwright.cloud.plugins.module_utils._orders import OrderState
from ansible_collections.certwright.cloud.plugins.module_utils._retry import Clock, wait_until

__all__ = ["Ledger", "LedgerPage", "Sent"]

# Seconds. A holder may be settling a lost answer, with look-ups that are repeated; it does not wait for a CA.
_LOCK_TIMEOUT = 600.0
_LOCK_INTERVAL = 0.2


@dataclass(frozen=True)
class Sent:
    """The last call for an order that must not happen twice.

    Arguments:
        step: which (see Step.name).
        state: where the order stood before (see OrderState).
        at: when, in seconds since the epoch.
        accepted: the cloud answered, or has shown since, that it was carried out; otherwise its outcome is open.
    """

    step: str
    state: str
    at: float
    accepted: bool
    request_id: str | None = None


class LedgerPage:
    """What is known of one order, while its lock is held.

    Arguments:
        descriptor: of the order's file, opened for appending; None where nothing can be kept.
    """

    def __init__(self, descriptor: int | None) -> None:
        self._descriptor = descriptor
        text = "" if descriptor is None else _text_of(descriptor)
        self.last = _last_of(text)
        # Whoever was killed while writing left half a line, which must not spoil the next one.
        self._start = "\n" if text and not text.endswith("\n") else ""

    def note(self, sent: Sent | None) -> None:
        """Notes the last call, or that none is open. On the disk when this returns. Raises OSError."""
        self.last = sent
        if self._descriptor is not None:
            line = f"{self._start}{json.dumps(asdict(sent) if sent else None)}\n".encode("ascii")
            # Should this fail half-way.
            self._start = "\n"
            if os.write(self._descriptor, line) < len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(self._descriptor)
            self._start = ""


class Ledger:
    """The pages of all orders.

    Arguments:
        folder: where they are kept; None for nowhere.
        clock: waits for locks.
        trouble: is told why nothing can be kept; it may raise to end the run before anything is sent.
    """

    def __init__(self, folder: str | None, clock: Clock, trouble: Callable[[str], None]) -> None:
        self._folder = folder
        self._clock = clock
        self._trouble = trouble

    @contextmanager
    def held(self, provider: str, order_id: str) -> Iterator[LedgerPage]:
        """The page of an order, with its lock held.

        Raises CertwrightError (conflict) where another process goes on holding it.
        """
        descriptor = self._opened(f"{provider}-{order_id}")
        try:
            if descriptor is not None and not self._locked(descriptor):
                raise CertwrightError(
                    f"Order '{order_id}': another run on this machine has been sending it for {_LOCK_TIMEOUT:.0f} s",
                    kind=ErrorKind.CONFLICT,
                    hint="Nothing was sent by this one. Wait until the other has ended, then run the task again.",
                )
            yield LedgerPage(descriptor)
        finally:
            if descriptor is not None:
                os.close(descriptor)

    def _opened(self, name: str) -> int | None:
        if self._folder is None:
            self._trouble("no home directory is known")
            return None
        path = os.path.join(self._folder, f"{safe_name(name)}.jsonl")
        try:
            make_private_folder(self._folder)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            self._trouble(f"'{path}' cannot be written: {error.strerror}")
            return None
        try:
            # Some file systems of other machines know no locks.
            _try_lock(descriptor)
        except OSError as error:
            os.close(descriptor)
            self._trouble(f"'{path}' cannot be locked: {error.strerror}")
            return None
        return descriptor

    def _locked(self, descriptor: int) -> bool:
        locked, _seen, _waited = wait_until(
            lambda: (_try_lock(descriptor), None), timeout=_LOCK_TIMEOUT, interval=_LOCK_INTERVAL, clock=self._clock
        )
        return locked


def _try_lock(descriptor: int) -> bool:
    """Takes the lock, unless another process holds it; taking it again changes nothing. Raises OSError."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _text_of(descriptor: int) -> str:
    return os.pread(descriptor, os.fstat(descriptor).st_size, 0).decode("utf-8", "replace")


def _last_of(text: str) -> Sent | None:
    """What the last whole line says."""
    for line in reversed(text.split("\n")[:-1]):
        try:
            data = json.loads(line)
            return data and Sent(
                str(data["step"]),
                OrderState(data["state"]).value,
                float(data["at"]),
                bool(data["accepted"]),
                data.get("request_id"),
            )
        except (ValueError, TypeError, KeyError, OverflowError, AttributeError, RecursionError):
            continue
    return None
