# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parameters of a GET request: names like A.0 and A.0.B put together again (Tencent reference 3.1)."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

__all__ = ["LARGEST_QUERY", "from_query"]

#: Size of a query that the gateway still takes (Tencent reference 3.1).
LARGEST_QUERY = 32 * 1024


def from_query(query: str) -> dict[str, Any]:
    """The parameters of a query string; every value is a text.

    Raises:
        ValueError: a name is used both for a value and for parts below it.
    """
    tree: dict[str, Any] = {}
    for name, value in parse_qsl(query, keep_blank_values=True, errors="strict"):
        *above, last = name.split(".")
        place = tree
        for part in above:
            place = place.setdefault(part, {})
            if not isinstance(place, dict):
                raise ValueError(f"{name} lies below a value")
        if last in place:
            raise ValueError(f"{name} is there twice")
        place[last] = value
    return {name: _listed(value) for name, value in tree.items()}


def _listed(value: Any) -> Any:
    """Parts that are numbered from 0 on are an array."""
    if not isinstance(value, dict):
        return value
    parts = {name: _listed(part) for name, part in value.items()}
    numbers = [str(number) for number in range(len(parts))]
    return [parts[number] for number in numbers] if set(numbers) == set(parts) else parts
