# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A running sandbox for tests, and a client for it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

# The package lies in a role, the client beside this file: neither is importable otherwise.
_HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(_HERE), str(_HERE.parents[2] / "roles" / "sandbox" / "files")]

from certwright_sandbox.app import App  # noqa: E402
from sandbox_client import Client  # noqa: E402


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[App]:
    """A sandbox in this process, on free ports, with small delays and without rate limits."""
    app = App(tmp_path / "state")
    app.settings.update({"visible_delay": 0.0, "issue_delay": 0.0, "rate": 0, "ca_poll": 0.1, "check_interval": 0})
    app.start()
    yield app
    app.stop()


@pytest.fixture
def client(sandbox: App) -> Client:
    """A client with the default Tencent account's key."""
    account = sandbox.accounts.first("tencent")
    return Client(sandbox.http.url, (account.key_id, account.secret))
