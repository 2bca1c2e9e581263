# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What each cloud's codes mean for a call that is sent: the tables of both references (Tencent 3.6, Alibaba 3.5).

They say R: try again, for the call was refused before it ran; W: try a look-up again, and look at the state after a
write; N: neither. Held against the client with each cloud's dialect, so that the tables of plugins/ cannot drift away.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.certwright.cloud.plugins.module_utils._alibaba._credentials import Credentials as AlibabaKey
from ansible_collections.certwright.cloud.plugins.module_utils._alibaba._dialect import AlibabaDialect
from ansible_collections.certwright.cloud.plugins.module_utils._client import ApiCall, ApiClient, Dialect
from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError
from ansible_collections.certwright.cloud.plugins.module_utils._http import Connection, HttpResponse
from ansible_collections.certwright.cloud.plugins.module_utils._retry import CallClass
from ansible_collections.certwright.cloud.plugins.module_utils._tencent._credentials import Credentials as TencentKey
from ansible_collections.certwright.cloud.plugins.module_utils._tencent._dialect import TencentDialect
from ansible_collections.certwright.cloud.tests.unit.plugins.helpers import FakeClock, FakeTransport, json_response

# ResourceInUse is left out: the reference counts it as W, this collection as a conflict, which is looked into as well.
TENCENT = {
    "R": """LimitExceeded.RateLimitExceeded RequestLimitExceeded RequestLimitExceeded.UinLimitExceeded
        RequestLimitExceeded.GlobalRegionUinLimitExceeded RequestLimitExceeded.IPLimitExceeded
        RequestLimitExceeded.RequestLimitExceeded FailedOperation.FrequencyLimit""",
    "W": """FailedOperation InternalError InternalError.BackendResponseEmpty InternalError.BackendResponseError
        ResourceUnavailable ServiceUnavailable FailedOperation.CannotGetOrder FailedOperation.NetworkError
        FailedOperation.SystemError""",
    "N": """ActionOffline AuthFailure.InvalidAuthorization AuthFailure.InvalidSecretId AuthFailure.MFAFailure
        AuthFailure.SecretIdNotFound AuthFailure.SignatureExpire AuthFailure.SignatureFailure AuthFailure.TokenFailure
        AuthFailure.UnauthorizedOperation UnauthorizedOperation DryRunOperation InvalidAction InvalidParameter
        InvalidParameterValue InvalidRequest MissingParameter UnknownParameter IpInBlacklist IpNotInWhitelist
        LimitExceeded NoSuchProduct NoSuchVersion RequestSizeLimitExceeded ResponseSizeLimitExceeded
        ResourceInsufficient ResourceNotFound UnsupportedOperation UnsupportedProtocol UnsupportedRegion""",
}
ALIBABA = {
    "R": "Throttling Throttling.User Throttling.Api Rejected.Throttling FlowControlError",
    "W": "SignatureNonceUsed ServiceUnavailable ServiceUnavailableTemporary InternalError InternalFailure",
    "N": """InvalidAccessKeyId.NotFound InvalidAccessKeyId.Inactive InvalidSecurityToken.Expired
        InvalidSecurityToken.Malformed InvalidSecurityToken.MismatchWithAccessKey MissingSecurityToken
        SignatureDoesNotMatch IncompleteSignature InvalidTimeStamp.Format IllegalTimestamp InvalidTimeStamp.Expired
        MissingParameter MissingInstanceId InvalidParameter InvalidParameter.Format InvalidInstanceId
        InvalidApi.NotFound InvalidAction.NotFound InvalidProduct.NotFound InvalidVersion UnsupportedHTTPMethod
        InvalidProtocol.NeedSsl ContentMD5NotMatched Forbidden.RAM NoPermission Forbidden Forbidden.AccessKey
        UserDisable InvalidAccount""",
}
# Requests in all, and whether the outcome is open, by the letter in the table.
READS = {"R": (5, False), "W": (5, False), "N": (1, False)}
WRITES = {"R": (5, False), "W": (1, True), "N": (1, False)}


def tencent(clock: FakeClock) -> Dialect:
    return TencentDialect(TencentKey("id", "a-secret-key", None, "a test"), Connection(), clock)


def tencent_refusal(code: str) -> HttpResponse:
    return json_response({"Response": {"Error": {"Code": code, "Message": "No."}, "RequestId": "request-1"}})


def alibaba(clock: FakeClock) -> Dialect:
    return AlibabaDialect(AlibabaKey("id", "a-secret-key", None, "a test"))


def alibaba_refusal(code: str) -> HttpResponse:
    return json_response({"Code": code, "Message": "No.", "RequestId": "request-1"}, status=400)


CASES = [
    pytest.param(dialect, refusal, product, code, letter, id=f"{dialect.__name__}-{code}")
    for dialect, refusal, product, table in (
        (tencent, tencent_refusal, "ssl", TENCENT),
        (alibaba, alibaba_refusal, "cas", ALIBABA),
    )
    for letter, codes in table.items()
    for code in codes.split()
]


def sent(
    make: Callable[[FakeClock], Dialect], refusal: HttpResponse, product: str, call_class: CallClass
) -> tuple[int, bool]:
    """How many requests a call makes that is refused like this again and again, and whether its outcome is open."""
    clock, transport = FakeClock(), FakeTransport([refusal] * 9)
    client = ApiClient(make(clock), transport, clock)
    with pytest.raises(CertwrightError) as caught:
        client.call(ApiCall(product, "2026-01-01", "Do", call_class), {})
    return len(transport.requests), caught.value.ambiguous


@pytest.mark.parametrize(("make", "refusal", "product", "code", "letter"), CASES)
def test_code_is_treated_as_the_reference_says(make: Any, refusal: Any, product: str, code: str, letter: str) -> None:
    assert sent(make, refusal(code), product, CallClass.READ) == READS[letter]
    for call_class in (CallClass.REPEATABLE, CallClass.ONCE):
        assert sent(make, refusal(code), product, call_class) == WRITES[letter]
