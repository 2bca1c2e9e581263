# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One way to call an API of any vendor: sign, send once, understand, and repeat only what may be repeated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timezone
from email.utils import parsedate_to_datetime
from typing import Any, Protocol

from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError, ErrorKind
from ansible_collections.certwright.cloud.plugins.module_utils._http import (
    HttpRequest,
    HttpResponse,
    Transport,
    TransportError,
)
from ansible_collections.certwright.cloud.plugins.module_utils._retry import (
    CallClass,
    Clock,
    RetryPolicy,
    call_with_retry,
)

__all__ = ["USER_AGENT", "Answer", "ApiCall", "ApiClient", "Dialect"]

# Whose requests these are, with the version of galaxy.yml; no part of what is signed.
USER_AGENT = "certwright.cloud/0.1.0"

JsonObject = dict[str, Any]

# Seconds; the Date header counts whole ones, so less than this is no difference.
_NOTABLE_SKEW = 5.0


@dataclass(frozen=True)
class ApiCall:
    """One API action: its name, its product, the product's version, and what it is (see CallClass)."""

    product: str
    version: str
    action: str
    call_class: CallClass


@dataclass(frozen=True)
class Answer:
    """What a successful call said."""

    data: JsonObject
    request_id: str | None


class Dialect(Protocol):
    """What differs between vendors: the wire format and the names of errors."""

    vendor: str

    def request(self, call: ApiCall, params: Mapping[str, Any], now: float) -> HttpRequest:
        """The signed request; now is in seconds since the epoch. A fresh nonce each time, where there is one."""

    def understand(self, call: ApiCall, response: HttpResponse) -> Answer:
        """The answer's data. Raises CertwrightError, classified by the vendor's code."""

    def is_expired_signature(self, error: CertwrightError) -> bool:
        """Whether the cloud refused the request only because of our clock."""


class ApiClient:
    """Calls actions of one vendor.

    Arguments:
        dialect: the vendor's wire format.
        transport: sends one request.
        clock, policy: see _retry.
    """

    def __init__(self, dialect: Dialect, transport: Transport, clock: Clock, policy: RetryPolicy | None = None) -> None:
        self._dialect = dialect
        self._transport = transport
        self._clock = clock
        self._policy = policy or RetryPolicy()
        # Seconds to add to our clock: the correction in force, and what the last answer suggests, if it does.
        self._skew = 0.0
        self._measured_skew: float | None = None

    def call(self, call: ApiCall, params: Mapping[str, Any]) -> Answer:
        """Performs the action as often as its class allows.

        Raises CertwrightError. Where the call is no READ and the request may have been carried out although no answer
        says so, the error's ``ambiguous`` is true.
        """
        return call_with_retry(lambda: self._with_right_clock(call, params), call.call_class, self._policy, self._clock)

    def _with_right_clock(self, call: ApiCall, params: Mapping[str, Any]) -> Answer:
        try:
            return self._once(call, params)
        except CertwrightError as error:
            measured = self._measured_skew
            if measured is None or abs(measured - self._skew) < _NOTABLE_SKEW:
                raise
            if error.ambiguous or not self._dialect.is_expired_signature(error):
                raise
            # The gateway refused the signature before anything ran, so sending again is safe for every class.
            self._skew = measured
            return self._once(call, params)

    def _once(self, call: ApiCall, params: Mapping[str, Any]) -> Answer:
        request = self._dialect.request(call, params, self._clock.now() + self._skew)
        try:
            response = self._transport.send(request)
        except TransportError as error:
            raise self._unreachable(call, request, error) from error
        self._measured_skew = self._skew_from(response)
        try:
            return self._dialect.understand(call, response)
        except CertwrightError as error:
            if error.kind is ErrorKind.SERVER and call.call_class is not CallClass.READ:
                error.ambiguous = True
            raise

    def _skew_from(self, response: HttpResponse) -> float | None:
        """How far the server's clock is ahead of ours, in seconds; None where it does not say."""
        try:
            server = parsedate_to_datetime(response.headers["date"])
            # A date in UTC without a place ("-0000") comes without a zone and would be taken for local time.
            return (server if server.tzinfo else server.replace(tzinfo=timezone.utc)).timestamp() - self._clock.now()
        except (KeyError, IndexError, TypeError, ValueError, OverflowError):
            return None

    def _unreachable(self, call: ApiCall, request: HttpRequest, error: TransportError) -> CertwrightError:
        host = request.url.split("?", 1)[0]
        return CertwrightError(
            f"{call.action} at {self._dialect.vendor} got no usable answer from {host}: {error.reason}",
            kind=ErrorKind.NETWORK,
            hint="Check endpoint, proxy, ca_path and the network, then run the task again.",
            ambiguous=error.reached and call.call_class is not CallClass.READ,
        )
