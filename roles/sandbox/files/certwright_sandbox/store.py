# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state on disk: one SQLite file, every change one transaction, nothing lost when the process is killed."""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

__all__ = ["Store"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS accounts (key_id TEXT PRIMARY KEY, cloud TEXT NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS orders (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, flow TEXT NOT NULL, owner TEXT NOT NULL,
    active INTEGER NOT NULL, body TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS orders_active ON orders (active);
CREATE TABLE IF NOT EXISTS zones (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, dns TEXT NOT NULL, owner TEXT NOT NULL,
    body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS records (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, zone TEXT NOT NULL, body TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS records_zone ON records (zone);
CREATE TABLE IF NOT EXISTS certificates (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, owner TEXT NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS journal (seq INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS faults (id INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL);
"""


class Store:
    """The sandbox's database. All threads share one connection; a lock orders them."""

    def __init__(self, path: Path) -> None:
        """Open the database, making it (readable by the owner only) when it is not there.

        Args:
            path: the file; its folder must exist.
        """
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        self._lock = threading.RLock()
        self._inside = False
        self._callbacks: list[Callable[[], None]] = []
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode=WAL")
        # WAL with NORMAL survives a killed process; only a power cut may lose the last commits.
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._connection.executescript(_SCHEMA)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside is stored together or not at all; an inner transaction joins the outer one."""
        callbacks: list[Callable[[], None]] = []
        with self._lock:
            if self._inside:
                yield
                return
            self._connection.execute("BEGIN IMMEDIATE")
            self._inside, self._callbacks = True, callbacks
            try:
                yield
            except BaseException:
                self._connection.execute("ROLLBACK")
                callbacks.clear()
                raise
            else:
                self._connection.execute("COMMIT")
            finally:
                self._inside = False
        for callback in callbacks:
            callback()

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Call back once the running transaction is stored and the lock is free; at once when none is running."""
        with self._lock:
            if self._inside:
                self._callbacks.append(callback)
                return
        callback()

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Read all rows of a query."""
        with self._lock:
            return self._connection.execute(sql, values).fetchall()

    def row(self, sql: str, *values: Any) -> tuple[Any, ...] | None:
        """Read the first row of a query, None when there is none."""
        found = self.rows(sql, *values)
        return found[0] if found else None

    def write(self, sql: str, *values: Any) -> int:
        """Run one changing statement.

        Returns:
            The row id of an insert; for other statements the number of rows changed.
        """
        with self.transaction():
            cursor = self._connection.execute(sql, values)
            if sql.lstrip()[:6].upper() == "INSERT":
                return int(cursor.lastrowid or 0)
            return int(cursor.rowcount)

    def get(self, key: str, default: Any = None) -> Any:
        """Read one value of the small key-value table (settings, clock, accounts' names)."""
        found = self.row("SELECT value FROM meta WHERE key = ?", key)
        return default if found is None else json.loads(found[0])

    def put(self, key: str, value: Any) -> None:
        """Store one JSON value in the small key-value table."""
        self.write("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", key, json.dumps(value))

    def clear(self, tables: tuple[str, ...]) -> None:
        """Empty the named tables in one transaction."""
        with self.transaction():
            for table in tables:
                self.write(f"DELETE FROM {table}")

    def close(self) -> None:
        """Close the database; later calls fail."""
        with self._lock:
            self._connection.close()
