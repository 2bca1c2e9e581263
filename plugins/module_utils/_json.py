# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads the JSON of an answer, stricter than Python does: nothing may come in that cannot go out again."""

from __future__ import annotations

import json
from typing import Any

__all__ = ["json_object"]

# No number of these APIs comes near; Python itself takes quadratic time for longer ones, or refuses to print them.
_LONGEST_NUMBER = 100


def json_object(body: bytes) -> dict[str, Any] | None:
    """The object that a body holds; None where it holds none, or one that is no JSON by RFC 8259.

    That is: another encoding than UTF-8, NaN and Infinity, half a surrogate pair (which no output can write), numbers
    without end, or nesting deeper than Python's own limit.
    """
    try:
        text = body.decode("utf-8")
        data = json.loads(text, parse_constant=_refused, parse_int=_integer)
        if "\\ud" in text.lower():
            json.dumps(data, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None


def _refused(name: str) -> Any:
    raise ValueError(name)


def _integer(digits: str) -> int:
    if len(digits) > _LONGEST_NUMBER:
        raise ValueError("too many digits")
    return int(digits)
