# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parameter tables of Tencent actions, and their check: unknown, missing, wrong type (Tencent reference 7.1)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from certwright_sandbox.gateway import ApiError
from certwright_sandbox.settings import Settings

__all__ = ["Table", "clean", "table"]

#: Spelling of types in the tables below.
_JSON: dict[str, type] = {"int": int, "string": str, "bool": bool, "object": dict}


@dataclass(frozen=True)
class Table:
    """Parameters of one action: name to type (``int``, ``string``, ``bool``, ``object``, or a list: ``[string]``)."""

    types: dict[str, str] = field(default_factory=dict)
    required: frozenset[str] = frozenset()


def table(required: dict[str, str] | None = None, optional: dict[str, str] | None = None) -> Table:
    """Build a table from required and optional parameters."""
    return Table({**(required or {}), **(optional or {})}, frozenset(required or ()))


def clean(parameters: dict[str, Any], expected: Table, settings: Settings, texts: bool = False) -> dict[str, Any]:
    """Check parameters against their table.

    Args:
        texts: they come from a query, where every value is a text.

    Returns:
        The parameters that were given (null counts as not given), converted where the gateway converts.

    Raises:
        ApiError: UnknownParameter, MissingParameter or InvalidParameter, naming the parameter.
    """
    strict = settings.strict_types
    given = {name: value for name, value in parameters.items() if value is not None}
    if settings.refuse_unknown_parameters:
        for name in given:
            if name not in expected.types:
                raise ApiError("UnknownParameter", f"The parameter `{name}` is not recognized.")
    for name in expected.types:
        if name in expected.required and name not in given:
            raise ApiError("MissingParameter", f"The request is missing a required parameter `{name}`.")
    return {
        name: _typed(name, _told(value, expected.types[name]) if texts else value, expected.types[name], strict)
        for name, value in given.items()
        if name in expected.types
    }


def _told(value: Any, kind: str) -> Any:
    """A truth value of a query: clients write it in the way of their language."""
    return value.lower() == "true" if kind == "bool" and str(value).lower() in ("true", "false") else value


def _typed(name: str, value: Any, kind: str, strict: bool) -> Any:
    if kind.startswith("["):
        if not isinstance(value, list):
            raise _wrong(name, "an array")
        return [_typed(f"{name}.{number}", item, kind.strip("[]"), strict) for number, item in enumerate(value)]
    # Official examples send decimal strings for integers (reference 1.3); the reverse is only a guess.
    if kind == "int" and isinstance(value, str) and value.lstrip("-").isdecimal():
        return int(value)
    if kind == "string" and _is(value, "int") and not strict:
        return str(value)
    if not _is(value, kind):
        raise _wrong(name, f"of type {kind}")
    return value


def _is(value: Any, kind: str) -> bool:
    # Python takes true for an integer, JSON does not.
    return isinstance(value, _JSON[kind]) and isinstance(value, bool) == (kind == "bool")


def _wrong(name: str, what: str) -> ApiError:
    return ApiError("InvalidParameter", f"The parameter `{name}` is not valid: it must be {what}.")
