# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One way to call an API of any vendor: sign, send once, understand, and repeat only what may be repeated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timezone
from email.utils import parsedate_to_datetime
from typing import Any, Callable, Protocol

from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError, ErrorKind
from ansible_collections.certwright.cloud.plugins.module_utils._http import (
    HttpRequest,
    HttpResponse,
    Transport,
    TransportError,
)
from ansible_collections.certwright.cloud.plugins.module_utils._rate import Limiter, Unlimited
from ansible_collections.certwright.cloud.plugins.module_utils._retry import (
    CallClass,
    Clock,
    RetryBudget,
    RetryPolicy,
    call_with_retry,
)

__all__ = [
    "USER_AGENT",
    "Answer",
    "ApiCall",
    "ApiClient",
    "CallReport",
    "Dialect",
    "ignore_report",
    "parse_number",
    "parse_retry_after",
    "unlimited",
]

# Whose requests these are, with the version of galaxy.yml; no part of what is signed.
USER_AGENT = "certwright.cloud/0.1.0"

JsonObject = dict[str, Any]

# Seconds; the Date header counts whole ones, so less than this is no difference.
_NOTABLE_SKEW = 5.0
# Digits of a number in a header.
_LONGEST_NUMBER = 15


@dataclass(frozen=True)
class ApiCall:
    """One API action: its name, its product, the product's version, and what it is (see CallClass).

    Of a write, ``subject`` names the parameters that say what is written: an order's id, a record's name. ``rate`` is
    how many calls a second the cloud allows an account.
    """

    product: str
    version: str
    action: str
    call_class: CallClass
    subject: tuple[str, ...] = ()
    # What both clouds document for most actions; to be assumed for the rest (reference: Tencent, 1.0; Alibaba, 1.10).
    rate: float = 10.0


@dataclass(frozen=True)
class Answer:
    """What a successful call said."""

    data: JsonObject
    request_id: str | None


@dataclass(frozen=True)
class CallReport:
    """What became of a write: ``sending`` (a call that must not happen twice is about to be sent), ``accepted``,
    ``refused``, ``not_sent`` (it did not reach the cloud) or ``unknown``. ``subject`` says what was written."""

    vendor: str
    action: str
    subject: str
    outcome: str
    request_id: str | None = None
    code: str | None = None


def ignore_report(report: CallReport) -> None:
    """Drops a report."""


def unlimited(call: ApiCall) -> Limiter:
    """Lets every call be sent at once."""
    return Unlimited()


class Dialect(Protocol):
    """What differs between vendors: the wire format and the names of errors."""

    vendor: str

    def request(self, call: ApiCall, params: Mapping[str, Any], now: float) -> HttpRequest:
        """The signed request; now is in seconds since the epoch. A fresh nonce each time, where there is one."""

    def understand(self, call: ApiCall, response: HttpResponse) -> Answer:
        """The answer's data. Raises CertwrightError, classified by the vendor's code."""

    def is_expired_signature(self, error: CertwrightError) -> bool:
        """Whether the cloud refused the request only because of our clock."""

    def retry_after(self, response: HttpResponse, now: float) -> float | None:
        """Seconds after which the cloud wants to be asked again; None where it does not say."""


def parse_retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """The seconds of a Retry-After header, which holds a number or a date (RFC 9110, 10.2.3); None without a usable
    one."""
    text = headers.get("retry-after", "").strip()
    seconds = parse_number(text)
    if seconds is not None:
        return seconds
    date = _parse_date(text)
    return None if date is None else max(0.0, date - now)


def parse_number(text: str) -> float | None:
    """A whole number in a header; None for anything else, also one that nobody means."""
    return float(text) if text.isascii() and text.isdecimal() and len(text) <= _LONGEST_NUMBER else None


def _parse_date(text: str | None) -> float | None:
    """Seconds since the epoch of a date in a header; None where it is none."""
    try:
        date = parsedate_to_datetime(text or "")
        # A date in UTC without a place ("-0000") comes without a zone and would be taken for local time.
        return (date if date.tzinfo else date.replace(tzinfo=timezone.utc)).timestamp()
    except (IndexError, TypeError, ValueError, OverflowError):
        return None


class ApiClient:
    """Calls actions of one vendor.

    Arguments:
        dialect: the vendor's wire format.
        transport: sends one request.
        clock, policy, budget: see _retry.
        report: is told what becomes of each write.
        limiter: gives what says when an action may be sent, again for every attempt.
    """

    def __init__(
        self,
        dialect: Dialect,
        transport: Transport,
        clock: Clock,
        policy: RetryPolicy | None = None,
        budget: RetryBudget | None = None,
        report: Callable[[CallReport], None] = ignore_report,
        limiter: Callable[[ApiCall], Limiter] = unlimited,
    ) -> None:
        self._dialect = dialect
        self._transport = transport
        self._clock = clock
        self._policy = policy or RetryPolicy()
        self._budget = budget or RetryBudget()
        self._report = report
        self._limiter = limiter
        # Seconds to add to our clock: the correction in force, and what the last answer suggests, if it does.
        self._skew = 0.0
        self._measured_skew: float | None = None

    def call(self, call: ApiCall, params: Mapping[str, Any]) -> Answer:
        """Performs the action as often as its class allows.

        Raises CertwrightError. Where the call is no READ and the request may have been carried out although no answer
        says so, the error's ``ambiguous`` is true.
        """
        send = self._with_right_clock if call.call_class is CallClass.READ else self._reported
        return call_with_retry(lambda: send(call, params), call.call_class, self._policy, self._clock, self._budget)

    def _reported(self, call: ApiCall, params: Mapping[str, Any]) -> Answer:
        """A write, and what became of it told."""
        subject = " ".join(str(params[name]) for name in call.subject if params.get(name))

        def tell(outcome: str, request_id: str | None = None, code: str | None = None) -> None:
            self._report(CallReport(self._dialect.vendor, call.action, subject, outcome, request_id, code))

        if call.call_class is CallClass.ONCE:
            tell("sending")
        try:
            answer = self._with_right_clock(call, params)
        except CertwrightError as error:
            outcome = "unknown" if error.ambiguous else "not_sent" if error.kind is ErrorKind.NETWORK else "refused"
            tell(outcome, error.request_id, error.code)
            raise
        tell("accepted", answer.request_id)
        return answer

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
        limiter = self._limiter(call)
        # Before the request is signed, because its signature holds the time.
        sent = limiter.take()
        request = self._dialect.request(call, params, self._clock.now() + self._skew)
        try:
            response = self._transport.send(request)
        except TransportError as error:
            raise self._unreachable(call, request, error) from error
        # How far the server's clock is ahead of ours.
        server = _parse_date(response.headers.get("date"))
        self._measured_skew = None if server is None else server - self._clock.now()
        try:
            return self._dialect.understand(call, response)
        except CertwrightError as error:
            error.retry_after = self._dialect.retry_after(response, server or self._clock.now())
            if error.kind is ErrorKind.SERVER and call.call_class is not CallClass.READ:
                error.ambiguous = True
            if error.kind is ErrorKind.THROTTLED:
                limiter.throttled(sent)
            raise

    def _unreachable(self, call: ApiCall, request: HttpRequest, error: TransportError) -> CertwrightError:
        host = request.url.split("?", 1)[0]
        return CertwrightError(
            f"{call.action} at {self._dialect.vendor} got no usable answer from {host}: {error.reason}",
            kind=ErrorKind.NETWORK,
            hint="Check endpoint, proxy, ca_path and the network, then run the task again.",
            ambiguous=error.reached and call.call_class is not CallClass.READ,
        )
