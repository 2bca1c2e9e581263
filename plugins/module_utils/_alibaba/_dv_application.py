# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is asked for with CreateDVOrderAudit, and the rules it has to keep (reference: Alibaba, 1.2 and 2.4)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.certwright.cloud.plugins.module_utils._alibaba._dv_options import order_id_fault
from ansible_collections.certwright.cloud.plugins.module_utils._domains import (
    base_name,
    covers,
    is_wildcard,
    name_fault,
    normalise,
)
from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError, ErrorKind, InvalidInput
from ansible_collections.certwright.cloud.plugins.module_utils._orders import Order, OrderState

__all__ = ["DvApplication", "application_from", "contradiction", "unverified"]

# Options with the parameters they are sent as; all are needed to submit.
_APPLICANT = {
    "username": "Username",
    "mobile": "Mobile",
    "email": "Email",
    "province": "Province",
    "city": "City",
}

_MOBILE = re.compile(r"\+?[0-9](?:[ -]*[0-9])*")
_DIGITS = 5
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")


@dataclass(frozen=True)
class DvApplication:
    """Names, validation method and applicant; what is not given is empty."""

    domains: tuple[str, ...] = ()
    validation_method: str = "dns"
    applicant: Mapping[str, str] = field(default_factory=dict, repr=False)
    resubmit_rejected: bool = False

    def missing(self) -> list[str]:
        """The options that a submission still needs."""
        names = [] if self.domains else ["domains"]
        return names + [option for option in _APPLICANT if not self.applicant.get(option)]

    def require_complete(self, order_id: str) -> None:
        """Raises InvalidInput unless everything is there that a submission needs."""
        missing = self.missing()
        if missing:
            raise InvalidInput([f"{', '.join(missing)}: needed to submit order '{order_id}', which was not sent yet"])

    def parameters(self) -> dict[str, str]:
        """The call's own parameters; the names are sent in one text, the method in upper case."""
        sent = {"Domain": ",".join(self.domains), "DomainVerifyType": self.validation_method.upper()}
        sent.update({name: self.applicant[option] for option, name in _APPLICANT.items()})
        return sent


def application_from(params: Mapping[str, Any]) -> DvApplication:
    """The application from the options of alibaba_dv_order. Raises InvalidInput with all faults."""
    names = tuple(dict.fromkeys(normalise(name) for name in params["domains"] or ()))
    fault = order_id_fault(params["instance_id"])
    faults = [f"instance_id: {fault}"] if fault else []
    faults += [f"domains: '{name}' {fault}" for name in names for fault in [_name_fault(name)] if fault]
    wildcards = [name for name in names if is_wildcard(name)]
    if wildcards and params["validation_method"] == "file":
        faults.append(
            f"validation_method: the wildcard '{wildcards[0]}' cannot be validated by file; use validation_method=dns"
        )
    applicant = {option: (params[option] or "").strip() for option in _APPLICANT}
    faults += _applicant_faults(applicant)
    if faults:
        raise InvalidInput(faults)
    return DvApplication(names, params["validation_method"], applicant, params["resubmit_rejected"])


def _applicant_faults(applicant: Mapping[str, str]) -> list[str]:
    """What nobody can be reached by. The cloud documents no form, so only what is surely wrong is refused."""
    faults = []
    mobile, email = applicant["mobile"], applicant["email"]
    if mobile and not (_MOBILE.fullmatch(mobile) and sum(character.isdigit() for character in mobile) >= _DIGITS):
        # Not quoted: it is nobody's business but the applicant's.
        faults.append(
            f"mobile: it is no telephone number; give at least {_DIGITS} digits, with spaces or dashes between them "
            "and a leading + if wanted"
        )
    if email and not _EMAIL.fullmatch(email):
        faults.append(f"email: '{email}' is no e-mail address; give one like 'ssl@example.com'")
    return faults


def _name_fault(name: str) -> str | None:
    fault = name_fault(name)
    # Records may have such names, certificates may not.
    return "holds an underscore, which no CA accepts" if fault is None and "_" in name else fault


def contradiction(order: Order, application: DvApplication) -> CertwrightError | None:
    """The conflict between an order that was sent before and what is asked for; None where there is none.

    The cloud tells neither names nor applicant of such an order, so the asked names are compared with the name that
    is validated, and with the certificate once there is one.
    """
    if order.domains is not None:
        lacking = [name for name in application.domains if not covers(order.domains, name)]
        held = _quoted(order.domains) or "no name"
        return _conflict(order, f"its certificate is for {held}", lacking) if lacking else None
    for name in (validation.domain for validation in order.validations):
        if application.domains and not any(_fits(name, asked) for asked in application.domains):
            what = f"it was sent for other names: the cloud validates '{name}'"
            return _conflict(order, what, application.domains)
    return None


def unverified(order: Order, application: DvApplication) -> str | None:
    """What could not be compared with what is asked for, as a sentence; None where there is nothing to say."""
    if not application.domains or order.domains is not None:
        return None
    if order.state is OrderState.ISSUED:
        return "The cloud did not return the certificate, so its names could not be compared."
    known = "nothing could be compared yet"
    if order.validations:
        known = f"only that '{order.validations[0].domain}' is validated was compared"
    return f"The cloud does not tell for which names this order was sent; {known}."


def _fits(proved: str, asked: str) -> bool:
    """Whether proving one name can serve the other: a CA proves the name itself or a parent of it."""
    base = base_name(asked)
    return base == proved or base.endswith("." + proved)


def _conflict(order: Order, what: str, asked: Iterable[str]) -> CertwrightError:
    return CertwrightError(
        f"Order '{order.id}' cannot be used for {_quoted(asked)}: {what}",
        kind=ErrorKind.CONFLICT,
        request_id=order.request_id,
        hint="Nothing was sent. Give the names of that order, or the id of another one.",
    )


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)
