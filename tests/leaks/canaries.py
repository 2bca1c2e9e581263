# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Secrets and personal data that are marked, so that they are known wherever they turn up, in whatever shape."""

from __future__ import annotations

import base64
import hashlib
import json
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote, quote_plus

__all__ = ["ACCOUNTS", "CANARIES", "make_accounts", "shapes"]


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def _word(name: str, end: str = "") -> str:
    """A secret of the length that the clouds' have, with characters that some formats write differently."""
    return f"cnry{_digest(name)[:26]}{end}"


def _number(name: str, digits: int) -> str:
    return "1" + str(int(_digest(name), 16))[: digits - 1]


# Of those that reach a module as they should, and of those that are wrong in some way.
CANARIES = {
    "tencent key": _word("tencent key"),
    "tencent token": _word("tencent token", "/t+o=k"),
    "alibaba key": _word("alibaba key"),
    "alibaba token": _word("alibaba token", "/t+o=k"),
    "wrong tencent key": _word("wrong tencent key"),
    "wrong tencent token": _word("wrong tencent token", "/t+o=k"),
    "wrong alibaba key": _word("wrong alibaba key"),
    "wrong alibaba token": _word("wrong alibaba token", "/t+o=k"),
    "key of a list": _word("key of a list"),
    "proxy password": _word("proxy password"),
    "proxy password of the environment": _word("proxy password of the environment"),
    "key password": _word("key password", ' "p\\a&s<s%w\u00f6rd'),
    # Too short to be masked, so they are refused.
    "short key": "Cn#7ry!",
    "short key password": "Cn#8ry?",
    "short private key": "Cn#9ry+",
    "organisation's phone": _number("organisation's phone", 12),
    "manager's phone": _number("manager's phone", 11),
    "contact's phone": _number("contact's phone", 11),
    "applicant's mobile": _number("applicant's mobile", 11),
    "organisation's id": _number("organisation's id", 18),
    "manager's id card": _number("manager's id card", 18),
    "contact's passport": f"E{_number('contact', 9)}",
    # In files that cannot be used.
    "key in a broken file": _word("key in a broken file"),
    "key in an expired profile": _word("key in an expired profile"),
    "key of a role": _word("key of a role"),
    "key in another section": _word("key in another section"),
    "key in a broken ini file": _word("key in a broken ini file"),
    # What only the second play holds.
    "token of a task's environment": _word("token of a task's environment"),
    "wrong key of the environment": _word("wrong key of the environment"),
}


def shapes(secrets: Iterable[str]) -> dict[str, str]:
    """Every shape in which a secret may turn up, each with the secret that it belongs to."""
    found: dict[str, str] = {}
    for secret in secrets:
        for shape in _shapes(secret):
            found.setdefault(shape, secret)
    return found


def _shapes(secret: str) -> Iterable[str]:
    yield from (secret, quote(secret, safe=""), quote(secret), quote_plus(secret), repr(secret)[1:-1])
    for escaped in (json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]):
        # A text in JSON in JSON, as a result in a log.
        yield from (escaped, json.dumps(escaped)[1:-1])
    for shift in range(3):
        # Without the characters that hold bits of what stands before and behind.
        yield base64.b64encode(b" " * shift + secret.encode()).decode().rstrip("=")[shift + 1 : -1]


ACCOUNTS = {
    "tencent": {"secret_id": "AKIDcanary", "secret_key": CANARIES["tencent key"], "token": CANARIES["tencent token"]},
    "alibaba": {
        "access_key_id": "LTAIcanary",
        "access_key_secret": CANARIES["alibaba key"],
        "security_token": CANARIES["alibaba token"],
    },
}


def make_accounts(state_dir: Path) -> None:
    """Gives the sandbox its keys before it starts, because it makes its own only where there are none."""
    state_dir.mkdir(mode=0o700)
    store = sqlite3.connect(state_dir / "state.sqlite3")
    with store:
        store.execute("CREATE TABLE accounts (key_id TEXT PRIMARY KEY, cloud TEXT NOT NULL, body TEXT NOT NULL)")
        for cloud, keys in ACCOUNTS.items():
            key_id, secret, token = keys.values()
            account = {"cloud": cloud, "key_id": key_id, "secret": secret, "token": token, "uin": "100000000001"}
            store.execute("INSERT INTO accounts VALUES (?, ?, ?)", (key_id, cloud, json.dumps(account)))
    store.close()
