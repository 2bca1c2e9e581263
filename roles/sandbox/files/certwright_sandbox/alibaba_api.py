# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Alibaba's gateway and its products share: how an action is described, how parameters are read, error words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from certwright_sandbox.gateway import ApiError, Call

__all__ = ["STATUS", "Action", "Actions", "error", "integer", "invalid_parameter", "missing", "page", "text"]

Item = TypeVar("Item")

#: HTTP status of codes that are not answered with 400 (Alibaba reference 1.9 and 3.5).
STATUS = {
    "InternalError": 500,
    "InternalFailure": 500,
    "ServiceUnavailable": 503,
    "ServiceUnavailableTemporary": 503,
    "Forbidden.RAM": 403,
    "NoPermission": 403,
    "OrderStateError": 403,
    "InvalidApi.NotFound": 404,
    "InvalidAccessKeyId.NotFound": 404,
}


@dataclass(frozen=True)
class Action:
    """One action of one API version.

    Attributes:
        run: does it inside a transaction; returns the fields of the answer, None for absent ones.
        rate: the documented limit in calls a second; None: none is documented.
        required: the parameters without which the gateway refuses a call.
        writes: refused to read-only keys.
    """

    run: Callable[[Call], dict[str, Any]]
    rate: float | None = None
    required: tuple[str, ...] = ()
    writes: bool = False


#: (version, action) -> what is done
Actions = Mapping[tuple[str, str], Action]


def text(call: Call, name: str, default: str = "") -> str:
    """A parameter as text, stripped; `default` when it is absent."""
    value = call.parameters.get(name)
    return default if value is None else str(value).strip()


def integer(call: Call, name: str, default: int) -> int:
    """A parameter as an integer, `default` when it is absent or empty.

    Raises:
        ApiError: it is no integer.
    """
    value = text(call, name)
    if not value:
        return default
    if not value.removeprefix("-").isdecimal():
        raise invalid_parameter(name)
    return int(value)


def page(call: Call, items: Sequence[Item], largest: int) -> tuple[list[Item], dict[str, int]]:
    """The items of the page that PageNumber and PageSize ask for, and the counts that go with them (sizes clamped)."""
    number = max(1, integer(call, "PageNumber", 1))
    size = min(max(1, integer(call, "PageSize", 20)), largest)
    counts = {"TotalCount": len(items), "PageNumber": number, "PageSize": size}
    return list(items[(number - 1) * size : number * size]), counts


def error(code: str, message: str) -> ApiError:
    """A refusal with the HTTP status that the code is answered with."""
    return ApiError(code, message, STATUS.get(code, 400))


def missing(name: str) -> ApiError:
    """The answer to a call without a required parameter (Alibaba reference 3.5)."""
    return error(f"Missing{name}", f"{name} is mandatory for this action.")


def invalid_parameter(name: str, why: str = "is not valid") -> ApiError:
    """The answer to a parameter with a bad value (Alibaba reference 7.6)."""
    return error("InvalidParameter", f"The specified parameter {name} {why}.")
