# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What Tencent's error codes mean, and what to do about them (reference: Tencent, 3.6, 5.4 and the APIs' lists)."""

from __future__ import annotations

from ansible_collections.certwright.cloud.plugins.module_utils._errors import ErrorKind

__all__ = ["EXPIRED_SIGNATURE", "OUTCOME_OPEN", "hint_of", "kind_of"]

# The only refusal that a corrected clock can mend.
EXPIRED_SIGNATURE = "AuthFailure.SignatureExpire"

# An earlier, identical call is still running: this one was refused, but what it asked for may come about.
OUTCOME_OPEN = frozenset({"FailedOperation.CertificateOrderSubmitProcessing"})

# The longest key that a code equals or begins with (on a border between its parts) decides.
_KINDS: dict[str, ErrorKind] = {
    "AuthFailure": ErrorKind.AUTH,
    "AuthFailure.UnauthorizedOperation": ErrorKind.PERMISSION,
    "UnauthorizedOperation": ErrorKind.PERMISSION,
    "IpInBlacklist": ErrorKind.PERMISSION,
    "IpNotInWhitelist": ErrorKind.PERMISSION,
    "OperationDenied": ErrorKind.PERMISSION,
    "RequestLimitExceeded": ErrorKind.THROTTLED,
    "LimitExceeded": ErrorKind.QUOTA,
    "LimitExceeded.RateLimitExceeded": ErrorKind.THROTTLED,
    "InternalError": ErrorKind.SERVER,
    "ServiceUnavailable": ErrorKind.SERVER,
    "ResourceUnavailable": ErrorKind.SERVER,
    "ResourceInUse": ErrorKind.CONFLICT,
    "ResourceInsufficient": ErrorKind.QUOTA,
    "ResourceNotFound": ErrorKind.NOT_FOUND,
    "ActionOffline": ErrorKind.INVALID_INPUT,
    "DryRunOperation": ErrorKind.INVALID_INPUT,
    "InvalidAction": ErrorKind.INVALID_INPUT,
    "InvalidRequest": ErrorKind.INVALID_INPUT,
    "MissingParameter": ErrorKind.INVALID_INPUT,
    "NoSuchProduct": ErrorKind.INVALID_INPUT,
    "NoSuchVersion": ErrorKind.INVALID_INPUT,
    "RequestSizeLimitExceeded": ErrorKind.INVALID_INPUT,
    "ResponseSizeLimitExceeded": ErrorKind.INVALID_INPUT,
    "UnknownParameter": ErrorKind.INVALID_INPUT,
    "UnsupportedOperation": ErrorKind.INVALID_INPUT,
    "UnsupportedProtocol": ErrorKind.INVALID_INPUT,
    "UnsupportedRegion": ErrorKind.INVALID_INPUT,
    "InvalidParameter": ErrorKind.INVALID_INPUT,
    "InvalidParameter.ConflictRecord": ErrorKind.CONFLICT,
    "InvalidParameter.DnssecAddCnameError": ErrorKind.CONFLICT,
    "InvalidParameter.DomainRecordExist": ErrorKind.CONFLICT,
    "InvalidParameter.DomainIdInvalid": ErrorKind.NOT_FOUND,
    "InvalidParameter.DomainInvalid": ErrorKind.NOT_FOUND,
    "InvalidParameter.DomainIsAliaser": ErrorKind.PERMISSION,
    "InvalidParameter.DomainNotAllowedModifyRecords": ErrorKind.PERMISSION,
    "InvalidParameter.RecordIdInvalid": ErrorKind.NOT_FOUND,
    "InvalidParameterValue": ErrorKind.INVALID_INPUT,
    "InvalidParameterValue.DomainNotExists": ErrorKind.NOT_FOUND,
    # The rest of this family is refused for a reason we do not know, so reads are tried again and writes looked up.
    "FailedOperation": ErrorKind.SERVER,
    "FailedOperation.AuthError": ErrorKind.PERMISSION,
    "FailedOperation.CAMAuthorizedFail": ErrorKind.PERMISSION,
    "FailedOperation.NoProjectPermission": ErrorKind.PERMISSION,
    "FailedOperation.NoRealNameAuth": ErrorKind.PERMISSION,
    "FailedOperation.NotDomainOwner": ErrorKind.PERMISSION,
    "FailedOperation.DomainIsLocked": ErrorKind.PERMISSION,
    "FailedOperation.DomainIsSpam": ErrorKind.PERMISSION,
    "FailedOperation.TencentCloudForbid": ErrorKind.PERMISSION,
    "FailedOperation.CertificateNotFound": ErrorKind.NOT_FOUND,
    "FailedOperation.CertificateInfoSubmitStatusInvalid": ErrorKind.CONFLICT,
    "FailedOperation.CertificateInvalid": ErrorKind.CONFLICT,
    "FailedOperation.CertificateNotFoundOrAudited": ErrorKind.CONFLICT,
    "FailedOperation.CertificateOrderSubmitProcessing": ErrorKind.CONFLICT,
    "FailedOperation.CertificateStatusNotAllowVerify": ErrorKind.CONFLICT,
    "FailedOperation.CertificateSubmitHostingCertError": ErrorKind.CONFLICT,
    "FailedOperation.InvalidCertificateStatusCode": ErrorKind.CONFLICT,
    "FailedOperation.MustAddDefaultLineFirst": ErrorKind.CONFLICT,
    "FailedOperation.DNSSECIncompleteClosed": ErrorKind.CONFLICT,
    "FailedOperation.CertificateCsrParseFailed": ErrorKind.INVALID_INPUT,
    "FailedOperation.CertificateInfoSubmitContactEmailEmpty": ErrorKind.INVALID_INPUT,
    "FailedOperation.CertificateInfoSubmitDomainInvalid": ErrorKind.INVALID_INPUT,
    "FailedOperation.CertificateOrderSubmitRootCAInvalid": ErrorKind.INVALID_INPUT,
    "FailedOperation.CertificatePreVerifyEmailInvalid": ErrorKind.INVALID_INPUT,
    "FailedOperation.InvalidParam": ErrorKind.INVALID_INPUT,
    "FailedOperation.ExceedsFreeLimit": ErrorKind.QUOTA,
    "FailedOperation.FrequencyLimit": ErrorKind.THROTTLED,
}

_HINTS: dict[ErrorKind, str] = {
    ErrorKind.NOT_FOUND: "Check the id or name, the account and the site: accounts of the two sites are separate.",
    ErrorKind.CONFLICT: "Look at the present state in the cloud's console.",
    ErrorKind.QUOTA: "Free or buy quota in the cloud's console.",
    ErrorKind.THROTTLED: "The account makes too many calls at a time; run the task again later.",
    ErrorKind.INVALID_INPUT: "Correct the value that the cloud names.",
    ErrorKind.SERVER: "Run the task again in a while.",
}
_OTHER_OWNER = "Use the key of the account that owns the zone."
_CODE_HINTS: dict[str, str] = {
    "FailedOperation.NoRealNameAuth": "Complete the identity verification of the account in the cloud's console.",
    "FailedOperation.NoProjectPermission": "Give the owner of the key access to the order's project in the console.",
    "FailedOperation.ExceedsFreeLimit": "The account's quota of free certificates is used up; free some in "
    "the console.",
    "FailedOperation.CertificateInfoSubmitStatusInvalid": "The order does not take documents where it stands; one that "
    "was refused or cancelled has to be reopened first (API ModifyCertificateResubmit, or the console).",
    "FailedOperation.CertificateInfoSubmitContactEmailEmpty": "Give contact_email.",
    "FailedOperation.CertificateInfoSubmitDomainInvalid": "Correct common_name or dns_names; wildcard names need a "
    "product for them.",
    "FailedOperation.CertificateOrderSubmitRootCAInvalid": "Leave out ca_type and use_cross_sign_root, or correct "
    "them.",
    "FailedOperation.CertificatePreVerifyEmailInvalid": "Correct contact_email, admin_email or tech_email.",
    "InvalidParameter.RenewAlgorithmInvalid": "Give csr_algorithm=rsa with csr_key_parameter=2048 or 4096, or ecc with "
    "prime256v1.",
    "FailedOperation.CertificateSubmitHostingCertError": "The certificate is the managed renewal of an uploaded one, "
    "for which nothing can be submitted.",
    "FailedOperation.CertificateOrderSubmitProcessing": "An earlier submission is still running; run the task again "
    "in a minute.",
    "FailedOperation.NetworkError": "The CA is busy; run the task again in some minutes.",
    "ActionOffline": "The cloud has withdrawn this call; look for a newer version of the collection.",
    "InvalidAction": "This endpoint does not know the call; some calls exist on site=china only.",
    "UnsupportedOperation": "This endpoint does not offer the call; some calls exist on site=china only.",
    "NoSuchProduct": "Check the endpoint and the site.",
    "NoSuchVersion": "Check the endpoint and the site.",
    "RequestSizeLimitExceeded": "The request is too large for the cloud; give fewer or shorter values.",
    "IpInBlacklist": "Take this machine's address off the list of addresses that may not use the key.",
    "IpNotInWhitelist": "Add this machine's address to the list of addresses that may use the key.",
    "LimitExceeded.RecordTtlLimit": "The zone's plan refuses so short a time to live; set ttl to 600.",
    "LimitExceeded.SubdomainRollLimit": "The zone's plan takes no more records of this name; remove those that nobody "
    "needs.",
    "InvalidParameter.ConflictRecord": "Another type of record at this name excludes this one; remove it if nobody "
    "needs it.",
    "InvalidParameter.DnssecAddCnameError": "The zone is signed with DNSSEC and so refuses this CNAME record.",
    "InvalidParameter.DomainIsAliaser": "The zone is an alias; write to the zone that it is an alias of.",
    "InvalidParameter.DomainNotAllowedModifyRecords": "Look in the cloud's console why the zone takes no changes.",
    "OperationDenied.DomainOwnerAllowedOnly": _OTHER_OWNER,
    "OperationDenied.NoPermissionToOperateDomain": _OTHER_OWNER,
    "FailedOperation.NotDomainOwner": _OTHER_OWNER,
    "FailedOperation.DomainIsLocked": "Unlock the domain in the cloud's console.",
    "FailedOperation.DomainIsSpam": "The cloud has blocked the zone; ask its support.",
    "FailedOperation.TencentCloudForbid": "The cloud forbids this change; ask its support.",
}


def kind_of(code: str) -> ErrorKind:
    """The kind of an error code. A code of no known family is a fault of the server, which is the careful choice:
    reads are tried again, and what became of a write is looked up."""
    parts = code.split(".")
    for length in range(len(parts), 0, -1):
        kind = _KINDS.get(".".join(parts[:length]))
        if kind is not None:
            return kind
    return ErrorKind.SERVER


def hint_of(code: str, kind: ErrorKind) -> str | None:
    """What to do about an error that concerns neither the key nor its rights."""
    return _CODE_HINTS.get(code) or _HINTS.get(kind)
