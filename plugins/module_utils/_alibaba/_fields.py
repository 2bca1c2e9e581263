# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading fields of an answer: what is absent, null or empty is one thing, and a wrong type never a traceback."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.certwright.cloud.plugins.module_utils._client import Answer, ApiCall
from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError, ErrorKind

__all__ = ["Fields"]


class Fields:
    """An object of an answer.

    Arguments:
        data: the raw object.
        action, request_id: of the call, for messages.
        about: what the call was about, as messages begin with it ("Order 'x': "); may be empty.

    All methods raise CertwrightError (server) for a value of a wrong type.
    """

    def __init__(self, data: Mapping[str, Any], action: str, request_id: str | None, about: str = "") -> None:
        self._data = data
        self._action = action
        self._about = about
        self.request_id = request_id

    @classmethod
    def of(cls, call: ApiCall, answer: Answer, about: str = "") -> Fields:
        """The fields of a whole answer."""
        return cls(answer.data, call.action, answer.request_id, about)

    def text(self, name: str) -> str | None:
        """A text without blanks around it; numbers become text, because ids come as either."""
        value = self._data.get(name)
        if value is None:
            return None
        if not isinstance(value, (str, int)) or isinstance(value, bool):
            raise self.not_understood(name)
        return str(value).strip() or None

    def number(self, name: str) -> int | None:
        """A whole number, also one that came as text."""
        value = self.text(name)
        if value is None:
            return None
        try:
            return int(value)
        except ValueError:
            raise self.not_understood(name) from None

    def objects(self, *path: str) -> list[Fields]:
        """The list at the end of the path of names; absent, null and empty ones are an empty list."""
        value: Any = self._data
        for name in path:
            value = value.get(name) if isinstance(value, Mapping) else value
            if not value:
                return []
        if not isinstance(value, list) or not all(isinstance(each, Mapping) for each in value):
            raise self.not_understood(".".join(path))
        return [Fields(each, self._action, self.request_id, self._about) for each in value]

    def not_understood(self, name: str) -> CertwrightError:
        """The error for a field that does not hold what the cloud documents."""
        return CertwrightError(
            f"{self._about}The answer to {self._action} from Alibaba Cloud was not understood: "
            f"its field '{name}' holds something unexpected",
            kind=ErrorKind.SERVER,
            request_id=self.request_id,
            hint="Run the task again; if it happens again, report it to this collection.",
        )
