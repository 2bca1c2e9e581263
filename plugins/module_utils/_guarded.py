# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What stands between a vendor's dialect and the client, whatever the cloud answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ansible_collections.certwright.cloud.plugins.module_utils._client import Answer, ApiCall, Dialect
from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError
from ansible_collections.certwright.cloud.plugins.module_utils._http import HttpRequest, HttpResponse
from ansible_collections.certwright.cloud.plugins.module_utils._redact import Redactor

__all__ = ["GuardedDialect"]

# The last that a calendar names here. A cloud whose clock stands there would have the next request signed for later.
_LAST_SECOND = 253402300799.0  # 9999-12-31 23:59:59 UTC


class GuardedDialect:
    """A dialect whose codes, messages and request ids repeat no secret, and that signs for a time that exists.

    Codes and request ids go into the ledger and the audit trail, too, which know no redactor.

    Arguments:
        dialect: the vendor's.
        redactor: knows what it signs with.
    """

    def __init__(self, dialect: Dialect, redactor: Redactor) -> None:
        self._dialect = dialect
        self._redactor = redactor
        self.vendor = dialect.vendor

    def request(self, call: ApiCall, params: Mapping[str, Any], now: float) -> HttpRequest:
        """See Dialect."""
        return self._dialect.request(call, params, min(max(now, 0.0), _LAST_SECOND))

    def understand(self, call: ApiCall, response: HttpResponse) -> Answer:
        """See Dialect."""
        try:
            answer = self._dialect.understand(call, response)
        except CertwrightError as error:
            error.message = self._redactor.text(error.message)
            error.code, error.detail = self._masked(error.code), self._masked(error.detail)
            error.request_id = self._masked(error.request_id)
            raise
        return replace(answer, request_id=self._masked(answer.request_id))

    def is_expired_signature(self, error: CertwrightError) -> bool:
        """See Dialect."""
        return self._dialect.is_expired_signature(error)

    def retry_after(self, response: HttpResponse, now: float) -> float | None:
        """See Dialect."""
        return self._dialect.retry_after(response, now)

    def _masked(self, text: str | None) -> str | None:
        return None if text is None else self._redactor.text(text)
