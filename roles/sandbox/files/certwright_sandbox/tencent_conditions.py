# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an account or an order is like that calls are refused for it (Tencent reference 1.3, 1.4, 1.11 and 1.13).

Accounts and orders get into such conditions in the console; here the setting tencent_conditions puts them there.
"""

from __future__ import annotations

from certwright_sandbox.gateway import ApiError
from certwright_sandbox.orders import Order
from certwright_sandbox.settings import Settings

__all__ = ["refuse"]

_DOCUMENTS = frozenset({"CertificateInfoSubmit"})
_SENDING = _DOCUMENTS | {"CertificateOrderSubmit"}
#: The APIs that write or hand out keys and whose lists have all of these codes. Reads are left alone, so that a
#: client gets as far as the call for which it needs the right.
_GUARDED = _SENDING | {"CancelCertificateOrder", "DownloadCertificate"}

#: condition: (code below FailedOperation, message, actions refused)
_CONDITIONS: dict[str, tuple[str, str, frozenset[str]]] = {
    "no_permission": ("AuthError", "You do not have permission for this certificate.", _GUARDED),
    "no_project_permission": ("NoProjectPermission", "You do not have permission for this project.", _GUARDED),
    "no_identity_verification": ("NoRealNameAuth", "The account has not completed identity verification.", _GUARDED),
    "status_not_valid": ("InvalidCertificateStatusCode", "The certificate's status is not valid.", _GUARDED),
    "free_quota_used_up": ("ExceedsFreeLimit", "The quota of free certificates is used up.", _DOCUMENTS),
    "root_not_valid": ("CertificateOrderSubmitRootCAInvalid", "The root certificate is not valid.", _DOCUMENTS),
}
_HOSTED = ("CertificateSubmitHostingCertError", "A managed renewal cannot be submitted by hand.", _DOCUMENTS)


def refuse(settings: Settings, action: str | None, order: Order) -> None:
    """Refuse a call for what the account or the order is like.

    Raises:
        ApiError: with the code of the first condition that refuses this action.
    """
    there = settings.tencent_conditions
    words = [*there.get("*", []), *there.get(order.id, [])]
    met = [_CONDITIONS[word] for word in words] + ([_HOSTED] if order.vendor.get("managed_renewal") else [])
    for reason, message, actions in met:
        if action in actions:
            raise ApiError(f"FailedOperation.{reason}", message)
