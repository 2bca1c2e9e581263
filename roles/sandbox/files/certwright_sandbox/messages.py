# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An HTTP request as it arrived and the answer to it, independent of the server that carries them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

__all__ = ["Request", "Response"]


@dataclass(frozen=True)
class Request:
    """A request. ``query`` is the raw text after the question mark, ``headers`` are in the order received."""

    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str, default: str = "") -> str:
        """The first header of that name (case does not matter), stripped."""
        return self._first.get(name.lower(), default)

    @cached_property
    def _first(self) -> dict[str, str]:
        # Dozens are asked for at each request, and the first of a name counts.
        return {key.lower(): value.strip() for key, value in reversed(self.headers)}

    def headers_of(self, name: str) -> list[str]:
        """All values of a header, in the order received."""
        return [value for key, value in self.headers if key.lower() == name.lower()]

    @property
    def host(self) -> str:
        """The Host header as received, with its port if it had one."""
        return self.header("host")

    @staticmethod
    def make(method: str, target: str, headers: Iterable[tuple[str, str]], body: bytes = b"") -> Request:
        """Build a request from the request line's target (path and query)."""
        path, _mark, query = target.partition("?")
        return Request(method, path, query, tuple(headers), body)


@dataclass
class Response:
    """An answer, and how to spoil its delivery when a fault says so.

    ``delay``: seconds to wait before sending; ``hold``: seconds to keep the connection open without an answer;
    ``hang_up``: ``drop`` closes without an answer, ``reset`` does so with a TCP reset; ``cut``: send only that many
    bytes of the body, though the header announces all.
    """

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    hold: float | None = None
    hang_up: str | None = None
    cut: int | None = None
