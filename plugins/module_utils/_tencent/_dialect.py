# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tencent's wire format: how a request is written and what an answer says (reference: Tencent, 3)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timezone
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from ansible_collections.certwright.cloud.plugins.module_utils._client import (
    USER_AGENT,
    Answer,
    ApiCall,
    parse_retry_after,
)
from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError, ErrorKind
from ansible_collections.certwright.cloud.plugins.module_utils._http import Connection, HttpRequest, HttpResponse
from ansible_collections.certwright.cloud.plugins.module_utils._json import json_object
from ansible_collections.certwright.cloud.plugins.module_utils._retry import Clock
from ansible_collections.certwright.cloud.plugins.module_utils._tencent._codes import (
    EXPIRED_SIGNATURE,
    OUTCOME_OPEN,
    hint_of,
    kind_of,
)
from ansible_collections.certwright.cloud.plugins.module_utils._tencent._credentials import Credentials
from ansible_collections.certwright.cloud.plugins.module_utils._tencent._signer import Signable, authorization

__all__ = ["TencentDialect"]

# Nothing but the exact text is looked for by some gateways; what is signed must equal what is sent.
_CONTENT_TYPE = "application/json"
# A difference that no network explains.
_NOTABLE_SECONDS = 60
_CLOCK_WRONG = "The cloud finds the time of this machine's request more than 5 minutes wrong."
_ROOTS = {"intl": "intl.tencentcloudapi.com", "china": "tencentcloudapi.com"}


class TencentDialect:
    """See Dialect.

    Arguments:
        credentials: sign every request.
        connection: its site or endpoint decides where requests go.
        clock: says how far our time is from the server's, for messages.
    """

    vendor = "Tencent Cloud"

    def __init__(self, credentials: Credentials, connection: Connection, clock: Clock) -> None:
        self._credentials = credentials
        self._connection = connection
        self._clock = clock

    def request(self, call: ApiCall, params: Mapping[str, Any], now: float) -> HttpRequest:
        """See Dialect. Nothing here is random, so two requests of one second are equal."""
        url = self._connection.endpoint or f"https://{call.product}.{_ROOTS[self._connection.site]}"
        # Our own Host header, so that the port is signed exactly where it is sent.
        host = urlsplit(url).netloc.lower()
        body = json.dumps(dict(params)).encode("ascii")
        signed = {"content-type": _CONTENT_TYPE, "host": host}
        signable = Signable(call.product, int(now), signed, body)
        headers = {
            "Authorization": authorization(signable, self._credentials.id, self._credentials.secret),
            "Content-Type": _CONTENT_TYPE,
            "Host": host,
            "User-Agent": USER_AGENT,
            "X-TC-Action": call.action,
            "X-TC-Language": "en-US",
            "X-TC-Timestamp": str(int(now)),
            "X-TC-Version": call.version,
        }
        if self._credentials.token:
            headers["X-TC-Token"] = self._credentials.token
        return HttpRequest("POST", url + "/", headers, body)

    def understand(self, call: ApiCall, response: HttpResponse) -> Answer:
        """See Dialect. An error comes with status 200 too, so only the body counts."""
        data = self._response_of(call, response)
        request_id = data.get("RequestId")
        request_id = request_id if isinstance(request_id, str) and request_id else None
        error = data.get("Error")
        if error:
            raise self._refusal(call, error if isinstance(error, dict) else {}, request_id, response)
        return Answer(data, request_id)

    def is_expired_signature(self, error: CertwrightError) -> bool:
        """See Dialect."""
        return error.code == EXPIRED_SIGNATURE

    def retry_after(self, response: HttpResponse, now: float) -> float | None:
        """See Dialect. This cloud documents no header of its own."""
        return parse_retry_after(response.headers, now)

    def _response_of(self, call: ApiCall, response: HttpResponse) -> dict[str, Any]:
        data = json_object(response.body)
        inner = data.get("Response") if data else None
        if isinstance(inner, dict):
            return inner
        kind = response.headers.get("content-type") or "no content type"
        what = "an empty answer" if not response.body.strip() else "an answer that is not Tencent Cloud's JSON"
        raise CertwrightError(
            f"{call.action} at {self.vendor} got {what} (HTTP status {response.status}, {kind})",
            kind=ErrorKind.SERVER,
            http_status=response.status,
            hint="Check endpoint and proxy; if they are right, run the task again in a while.",
        )

    def _refusal(
        self, call: ApiCall, error: Mapping[str, Any], request_id: str | None, response: HttpResponse
    ) -> CertwrightError:
        code = str(error.get("Code") or "") or None
        kind = kind_of(code or "")
        return CertwrightError(
            f"{self.vendor} refused {call.action}",
            kind=kind,
            code=code,
            detail=str(error.get("Message") or "") or None,
            request_id=request_id,
            http_status=response.status,
            hint=self._hint(call, code or "", kind, response),
            ambiguous=code in OUTCOME_OPEN,
        )

    def _hint(self, call: ApiCall, code: str, kind: ErrorKind, response: HttpResponse) -> str | None:
        source = self._credentials.source
        if code == EXPIRED_SIGNATURE:
            return f"{self._clock_fault(response)} Set the clock of the machine where this module runs."
        if kind is ErrorKind.AUTH:
            return f"The key came from {source}; check it there, and that its account belongs to this site."
        if kind is ErrorKind.PERMISSION and "NoRealNameAuth" not in code and not code.startswith("Ip"):
            known = hint_of(code, kind)
            return known or f"Allow the action '{call.product}:{call.action}' to the owner of the key from {source}."
        return hint_of(code, kind)

    def _clock_fault(self, response: HttpResponse) -> str:
        try:
            server = parsedate_to_datetime(response.headers["date"])
            # A date in UTC without a place ("-0000") comes without a zone and would be taken for local time.
            server = server if server.tzinfo else server.replace(tzinfo=timezone.utc)
            ahead = self._clock.now() - server.timestamp()
        except (KeyError, IndexError, TypeError, ValueError, OverflowError):
            return _CLOCK_WRONG
        if abs(ahead) < _NOTABLE_SECONDS:
            return _CLOCK_WRONG
        return f"This machine's clock is {abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} the cloud's."
