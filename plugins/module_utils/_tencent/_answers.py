# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading answers tolerantly: what is empty comes as null, missing, "" or [] (reference: Tencent, 3.3)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Callable, TypeVar

from ansible_collections.certwright.cloud.plugins.module_utils._client import Answer, ApiCall
from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError, ErrorKind

__all__ = ["Misshapen", "flag", "moment", "number", "part", "parts", "text", "texts", "understood"]

T = TypeVar("T")
# No more digits than any id has: what is longer is no number that anybody counts with.
_NUMBER = re.compile("-?[0-9]{1,30}")
Json = Mapping[str, Any]


class Misshapen(ValueError):
    """A field of an answer has another type than any known one."""


def understood(call: ApiCall, answer: Answer, parse: Callable[[dict[str, Any]], T]) -> T:
    """What parse makes of the answer. Raises CertwrightError (server) where the answer has an unexpected shape."""
    try:
        return parse(answer.data)
    except Misshapen as error:
        raise CertwrightError(
            f"The answer to {call.action} was not understood: its field '{error}' has an unexpected type",
            kind=ErrorKind.SERVER,
            request_id=answer.request_id,
            hint="Run the task again; if it stays so, report it with the request id.",
        ) from None


def text(data: Json, name: str) -> str | None:
    """A text or a number as text; None where it is empty."""
    value = data.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, str) or _is_number(value):
        return str(value)
    raise Misshapen(name)


def number(data: Json, name: str) -> int | None:
    """A whole number, also one sent as decimal digits; None where it is empty."""
    value = data.get(name)
    if value is None or value == "":
        return None
    if _is_number(value):
        return int(value)
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return int(value)
    raise Misshapen(name)


def moment(data: Json, name: str) -> str | None:
    """A time in ISO 8601 UTC. The cloud means GMT+8 and does not say so (reference: Tencent, 0); None where there is no
    time that can be read."""
    try:
        told = datetime.strptime(text(data, name) or "", "%Y-%m-%d %H:%M:%S") - timedelta(hours=8)
    except (ValueError, OverflowError):
        return None
    return f"{told.isoformat()}Z"


def flag(data: Json, name: str) -> bool | None:
    """A boolean, also one sent as 0 or 1; None where it is empty."""
    value = data.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, bool) or value in (0, 1):
        return bool(value)
    raise Misshapen(name)


def part(data: Json, name: str) -> dict[str, Any]:
    """An object; an empty one where there is none."""
    value = data.get(name) or {}
    if isinstance(value, dict):
        return value
    raise Misshapen(name)


def parts(data: Json, name: str) -> list[dict[str, Any]]:
    """A list of objects; an empty one where there is none. Empty entries are passed over."""
    entries = [entry for entry in _entries(data, name) if entry]
    if all(isinstance(entry, dict) for entry in entries):
        return entries
    raise Misshapen(name)


def texts(data: Json, name: str) -> list[str]:
    """A list of texts; an empty one where there is none. Empty entries are passed over."""
    entries = [entry for entry in _entries(data, name) if entry]
    if all(isinstance(entry, str) for entry in entries):
        return entries
    raise Misshapen(name)


def _entries(data: Json, name: str) -> list[Any]:
    value = data.get(name) or []
    if isinstance(value, list):
        return value
    raise Misshapen(name)


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
