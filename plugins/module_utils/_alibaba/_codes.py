# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What Alibaba's error codes mean, and what to do about them (reference: Alibaba, 1.9, 3.5 and 5.3)."""

from __future__ import annotations

from ansible_collections.certwright.cloud.plugins.module_utils._errors import ErrorKind

__all__ = ["EXPIRED_SIGNATURE", "hint_of", "kind_of"]

# The only refusal that a corrected clock can mend.
EXPIRED_SIGNATURE = "InvalidTimeStamp.Expired"

# Codes with their kinds; a key that ends with a dot stands for all codes that begin with it.
_KINDS: dict[str, ErrorKind] = {
    "InvalidAccessKeyId.": ErrorKind.AUTH,
    "InvalidSecurityToken.": ErrorKind.AUTH,
    "MissingSecurityToken": ErrorKind.AUTH,
    "SignatureDoesNotMatch": ErrorKind.AUTH,
    "IncompleteSignature": ErrorKind.AUTH,
    "InvalidTimeStamp.": ErrorKind.AUTH,
    "IllegalTimestamp": ErrorKind.AUTH,
    "Forbidden.AccessKey": ErrorKind.AUTH,
    "UserDisable": ErrorKind.AUTH,
    "InvalidAccount": ErrorKind.AUTH,
    "Forbidden": ErrorKind.PERMISSION,
    "Forbidden.": ErrorKind.PERMISSION,
    "NoPermission": ErrorKind.PERMISSION,
    "PermissionDenied": ErrorKind.PERMISSION,
    "AccessDenied.": ErrorKind.PERMISSION,
    "OperationDomain.NoPermission": ErrorKind.PERMISSION,
    "IllegalUser": ErrorKind.PERMISSION,
    "IncorrectDomainUser": ErrorKind.PERMISSION,
    "DomainForbidden": ErrorKind.PERMISSION,
    "DomainExpiredDNSForbidden": ErrorKind.PERMISSION,
    "RecordForbidden.BlackHole": ErrorKind.PERMISSION,
    "FlowControlError": ErrorKind.THROTTLED,
    "NotFound": ErrorKind.NOT_FOUND,
    "NotFound.": ErrorKind.NOT_FOUND,
    "NotFoundOrder": ErrorKind.NOT_FOUND,
    "InvalidDomainName.NoExist": ErrorKind.NOT_FOUND,
    "InvalidRecordId.NotFound": ErrorKind.NOT_FOUND,
    "DomainRecordNotBelongToUser": ErrorKind.NOT_FOUND,
    "InvalidRR.NoExist": ErrorKind.NOT_FOUND,
    "OrderStateError": ErrorKind.CONFLICT,
    "OperationDenied.SystemUpgrading": ErrorKind.SERVER,
    "OperationDenied.": ErrorKind.CONFLICT,
    "InvalidStatus.": ErrorKind.CONFLICT,
    "AlreadyExists.": ErrorKind.CONFLICT,
    "ParamRepeat": ErrorKind.CONFLICT,
    "DomainRepeat": ErrorKind.CONFLICT,
    "DomainAlreadyExist": ErrorKind.CONFLICT,
    "DomainRecordDuplicate": ErrorKind.CONFLICT,
    "DomainRecordConflict": ErrorKind.CONFLICT,
    "DomainRecordLocked": ErrorKind.CONFLICT,
    "QuotaExceeded.": ErrorKind.QUOTA,
    "InsufficientQuota": ErrorKind.QUOTA,
    "OrderExpired": ErrorKind.REJECTED,
    "CreateOrderFailed": ErrorKind.REJECTED,
    "CreateCertificateRequestFailed": ErrorKind.REJECTED,
    "DataTooLongException": ErrorKind.INVALID_INPUT,
    "InvaildParameterSource": ErrorKind.INVALID_INPUT,
    "SubDomainInvalid.": ErrorKind.INVALID_INPUT,
    "UnsupportedLine": ErrorKind.INVALID_INPUT,
    "UnsupportedHTTPMethod": ErrorKind.INVALID_INPUT,
    "ContentMD5NotMatched": ErrorKind.INVALID_INPUT,
    "InternalError": ErrorKind.SERVER,
    "InternalError.": ErrorKind.SERVER,
    "InternalFailure": ErrorKind.SERVER,
    "UnKnownError": ErrorKind.SERVER,
    "Error": ErrorKind.SERVER,
    "500": ErrorKind.SERVER,
    "LastOperationNotFinished": ErrorKind.SERVER,
    "RecordForbidden.DNSChange": ErrorKind.SERVER,
    # Every attempt has a nonce of its own, so something on the way sent the request twice: the first copy may have
    # been carried out. As a fault of the server it is retried for a read and settled by reading for a write.
    "SignatureNonceUsed": ErrorKind.SERVER,
}

# Families: Terraform's rule for what the gateway says under load, and codes made from parameter names, such as
# MissingInstanceId.
_LOAD = (("Throttling", ErrorKind.THROTTLED), ("ServiceUnavailable", ErrorKind.SERVER))
_PARAMETER = ("Missing", "Invalid")

_HINTS: dict[ErrorKind, str] = {
    ErrorKind.NOT_FOUND: "Check the name or id, and that account and site are the ones it belongs to.",
    ErrorKind.CONFLICT: "Look at the present state in the cloud's console.",
    ErrorKind.QUOTA: "Free or buy quota in the cloud's console.",
    ErrorKind.THROTTLED: "The account makes too many calls at a time; run the task again later.",
    ErrorKind.INVALID_INPUT: "Correct the value that the cloud names.",
    ErrorKind.REJECTED: "Read what the cloud says and look at the order in its console.",
    ErrorKind.SERVER: "Run the task again in a while.",
}
_ENDPOINT = "The endpoint does not know this call; check endpoint and site."
_ALTERED = "Something on the way changed the request; check that endpoint and proxy pass it on as it is."
_BLOCKED = "The cloud blocks this domain or record; look at it in the cloud's console."
_CODE_HINTS: dict[str, str] = {
    "DomainForbidden": _BLOCKED,
    "DomainExpiredDNSForbidden": _BLOCKED,
    "Forbidden.DomainExpired": _BLOCKED,
    "Forbidden.RiskControl": _BLOCKED,
    "RecordForbidden.BlackHole": _BLOCKED,
    "IncorrectDomainUser": "The zone belongs to another account; use that account's key.",
    "InvalidApi.NotFound": _ENDPOINT,
    "InvalidAction.NotFound": _ENDPOINT,
    "InvalidProduct.NotFound": _ENDPOINT,
    "InvalidVersion": _ENDPOINT,
    "InvalidProtocol.NeedSsl": "The cloud is to be asked over https; give an endpoint that begins with https://.",
    "UnsupportedHTTPMethod": _ALTERED,
    "ContentMD5NotMatched": _ALTERED,
    "IncompleteSignature": _ALTERED,
    "DomainRecordLocked": "Unlock the record in the cloud's console.",
    "DomainRecordConflict": "Another type of record at this name excludes this one; remove it if nobody needs it.",
    "QuotaExceeded.TTL": "The zone's edition refuses so short a time to live; set ttl to 600.",
    "UserDisable": "The account is disabled or in debt; look at it in the cloud's console.",
}


def kind_of(code: str) -> ErrorKind | None:
    """The kind of an error code; None for one that is not known."""
    head = code.split(".", 1)[0] + "."
    for key in (code, head):
        if key in _KINDS:
            return _KINDS[key]
    for part, kind in _LOAD:
        if part in code:
            return kind
    return ErrorKind.INVALID_INPUT if code.startswith(_PARAMETER) else None


def hint_of(code: str, kind: ErrorKind) -> str | None:
    """What to do about an error; None where only the caller can tell, as for keys and rights."""
    return _CODE_HINTS.get(code) or _HINTS.get(kind)
