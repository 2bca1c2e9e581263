# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The accounts of both clouds that the sandbox knows: made fresh for a fresh state directory, secrets stay in it."""

from __future__ import annotations

import json
import secrets
import string
from dataclasses import asdict, dataclass

from certwright_sandbox.store import Store

__all__ = ["Account", "Accounts"]

_ALPHABET = string.ascii_letters + string.digits


@dataclass(frozen=True)
class Account:
    """One key of one account. ``token`` is the session token of a temporary key, "" for a permanent one."""

    cloud: str
    key_id: str
    secret: str
    token: str = ""
    read_only: bool = False
    uin: str = ""


def _random(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _unused in range(length))


class Accounts:
    """Looks up keys; the first account of a cloud owns what the control interface makes."""

    def __init__(self, store: Store) -> None:
        """Args: store: keeps the accounts; the default ones are made here when there are none."""
        self._store = store
        with store.transaction():
            if not store.row("SELECT 1 FROM accounts"):
                # Prefixes as the vendors' ids have them; secrets of their lengths.
                uin = str(10**11 + secrets.randbelow(10**9))
                self.add(Account("tencent", "AKID" + _random(32), _random(32), uin=uin))
                self.add(Account("alibaba", "LTAI5t" + _random(18), _random(30)))

    def add(self, account: Account) -> None:
        """Make a key known."""
        sql = "INSERT INTO accounts (key_id, cloud, body) VALUES (?, ?, ?)"
        self._store.write(sql, account.key_id, account.cloud, json.dumps(asdict(account)))

    def find(self, cloud: str, key_id: str) -> Account | None:
        """The key of that id at that cloud."""
        row = self._store.row("SELECT body FROM accounts WHERE key_id = ? AND cloud = ?", key_id, cloud)
        return Account(**json.loads(row[0])) if row else None

    def first(self, cloud: str) -> Account:
        """The default account of a cloud."""
        row = self._store.row("SELECT body FROM accounts WHERE cloud = ? ORDER BY rowid", cloud)
        assert row is not None, cloud
        return Account(**json.loads(row[0]))
