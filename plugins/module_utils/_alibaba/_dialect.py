# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How Alibaba's RPC services are asked, and what their answers mean (reference: Alibaba, 3.2 to 3.5)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import timezone
from email.utils import parsedate_to_datetime
from typing import Any, Callable
from urllib.parse import urlsplit

from ansible_collections.certwright.cloud.plugins.module_utils._alibaba._codes import (
    EXPIRED_SIGNATURE,
    hint_of,
    kind_of,
)
from ansible_collections.certwright.cloud.plugins.module_utils._alibaba._credentials import Credentials
from ansible_collections.certwright.cloud.plugins.module_utils._alibaba._signer import form_body, signed_headers
from ansible_collections.certwright.cloud.plugins.module_utils._client import (
    USER_AGENT,
    Answer,
    ApiCall,
    parse_number,
    parse_retry_after,
)
from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError, ErrorKind
from ansible_collections.certwright.cloud.plugins.module_utils._http import HttpRequest, HttpResponse
from ansible_collections.certwright.cloud.plugins.module_utils._json import json_object
from ansible_collections.certwright.cloud.plugins.module_utils._retry import CallClass

__all__ = ["ALIDNS", "CAS", "AlibabaDialect"]

CAS = "cas"
ALIDNS = "alidns"

# Certificates live in two separate stores, DNS in one (reference: Alibaba, 2.5).
_HOSTS = {
    (CAS, "china"): "https://cas.aliyuncs.com",
    (CAS, "intl"): "https://cas.ap-southeast-1.aliyuncs.com",
    (ALIDNS, "china"): "https://alidns.aliyuncs.com",
    (ALIDNS, "intl"): "https://alidns.aliyuncs.com",
}
# Policies name the products otherwise than the API does (reference: Alibaba, 0).
_POLICY_PREFIXES = {CAS: "yundun-cert", ALIDNS: "alidns"}

# A difference that no network explains.
_NOTABLE_SECONDS = 60


class AlibabaDialect:
    """The wire format of cas and alidns (see _client.Dialect).

    Arguments:
        credentials: to sign with.
        site: intl or china.
        endpoint: URL that replaces the hosts of all products.
        nonce: makes a value that was never used before.
    """

    vendor = "Alibaba Cloud"

    def __init__(
        self,
        credentials: Credentials,
        *,
        site: str = "intl",
        endpoint: str | None = None,
        nonce: Callable[[], str] = lambda: uuid.uuid4().hex,
    ) -> None:
        self._credentials = credentials
        self._site = site
        self._endpoint = endpoint
        self._nonce = nonce
        self._asked_at = 0.0

    def request(self, call: ApiCall, params: Mapping[str, Any], now: float) -> HttpRequest:
        """See Dialect: a POST whose form body holds the parameters."""
        self._asked_at = now
        base = self._endpoint or _HOSTS[(call.product, self._site)]
        body = form_body(params)
        headers = signed_headers(
            access_key_id=self._credentials.id,
            access_key_secret=self._credentials.secret,
            security_token=self._credentials.token,
            host=urlsplit(base).netloc,
            action=call.action,
            version=call.version,
            body=body,
            now=now,
            nonce=self._nonce(),
        )
        unsigned = {"accept": "application/json", "user-agent": USER_AGENT}
        return HttpRequest("POST", f"{base}/", {**headers, **unsigned}, body)

    def understand(self, call: ApiCall, response: HttpResponse) -> Answer:
        """See Dialect: an error is what carries a Code, whatever the HTTP status says."""
        data = json_object(response.body)
        if data is None:
            raise self._not_understood(call, response)
        code = _text(data, "Code")
        request_id = _text(data, "RequestId") or response.headers.get("x-acs-request-id")
        # An old sample shows a Code of 200 in a good answer (reference: Alibaba, 1.2, CreateUserCertificate).
        if code and code != "200":
            raise self._refused(call, response, code, data, request_id)
        if not 200 <= response.status < 300:
            raise self._not_understood(call, response, request_id)
        return Answer(data, request_id)

    def is_expired_signature(self, error: CertwrightError) -> bool:
        """See Dialect."""
        return error.code == EXPIRED_SIGNATURE

    def retry_after(self, response: HttpResponse, now: float) -> float | None:
        """See Dialect. The cloud's own header counts milliseconds (reference: Alibaba, 3.4)."""
        own = parse_number(response.headers.get("x-acs-retry-after", "").strip())
        return parse_retry_after(response.headers, now) if own is None else own / 1000

    def _refused(
        self, call: ApiCall, response: HttpResponse, code: str, data: Mapping[str, Any], request_id: str | None
    ) -> CertwrightError:
        known = kind_of(code)
        kind = known or ErrorKind.REJECTED
        return CertwrightError(
            f"{call.action} was refused by {self.vendor}",
            kind=kind,
            code=code,
            detail=_said(_text(data, "Message")),
            request_id=request_id,
            http_status=response.status,
            hint=self._hint(call, response, code, kind),
            # Whether a call was carried out is not known either where its refusal is not known.
            ambiguous=known is None and call.call_class is not CallClass.READ,
        )

    def _hint(self, call: ApiCall, response: HttpResponse, code: str, kind: ErrorKind) -> str | None:
        if "timestamp" in code.lower():
            return self._clock_hint(response)
        if "SecurityToken" in code:
            return f"Get new temporary credentials, token included; these came from {self._credentials.source}."
        hint = hint_of(code, kind)
        if hint is None and kind is ErrorKind.AUTH:
            return f"Check the credentials; they came from {self._credentials.source}."
        if hint is None and kind is ErrorKind.PERMISSION:
            policy = f"{_POLICY_PREFIXES[call.product]}:{call.action}"
            return f"Allow '{policy}' in a RAM policy of the user whose key came from {self._credentials.source}."
        return hint

    def _clock_hint(self, response: HttpResponse) -> str:
        try:
            server = parsedate_to_datetime(response.headers["date"])
            # A date in UTC without a place ("-0000") comes without a zone and would be taken for local time.
            server = server if server.tzinfo else server.replace(tzinfo=timezone.utc)
            off = self._asked_at - server.timestamp()
        except (KeyError, IndexError, TypeError, ValueError, OverflowError):
            off = 0.0
        if abs(off) < _NOTABLE_SECONDS:
            return "Set the clock of the machine that runs the module; it may be 15 minutes off at most."
        where = "ahead of" if off > 0 else "behind"
        return f"The clock of the machine that runs the module is {abs(off):.0f} s {where} the cloud's; set it right."

    def _not_understood(self, call: ApiCall, response: HttpResponse, request_id: str | None = None) -> CertwrightError:
        came = response.headers.get("content-type", "").split(";", 1)[0].strip() or "no content type"
        came = came if response.body else "an empty body"
        return CertwrightError(
            f"The answer to {call.action} from {self.vendor} was not understood: status {response.status}, {came}",
            kind=ErrorKind.SERVER,
            request_id=request_id or response.headers.get("x-acs-request-id"),
            http_status=response.status,
            hint="Check that the endpoint and the proxy lead to the cloud's API, then run the task again.",
        )


def _said(message: str | None) -> str | None:
    """The cloud's words without what the gateway repeats of a request, the token included (reference: Alibaba, 3.5)."""
    return None if message is None else message.split("server string to sign is", 1)[0].strip()


def _text(data: Mapping[str, Any], name: str) -> str | None:
    """A text field; the cloud's own SDK accepts both spellings of the first letter (reference: Alibaba, 3.4)."""
    value = data.get(name, data.get(name[0].lower() + name[1:]))
    return str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) and value != "" else None
