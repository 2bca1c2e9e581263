# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CertificateInfoSubmit: a paid certificate's documents and the rules between them (Tencent reference 1.3, 7.4)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from certwright_sandbox.ca import CaError, make_key_and_csr, read_csr
from certwright_sandbox.gateway import ApiError, Call
from certwright_sandbox.orders import Order, State
from certwright_sandbox.tencent_parameters import table

if TYPE_CHECKING:
    from certwright_sandbox.app import App

__all__ = ["PARAMETERS", "base_name", "check_method", "make_key", "store_documents"]

_STRINGS = (
    "OrgIdType OrgIdNumber AdminIdType AdminIdNumber TechIdType TechIdNumber Csr KeyPass OrgOrganization OrgDivision "
    "OrgAddress OrgCountry OrgCity OrgRegion OrgPhoneArea OrgPhoneNumber VerifyType AdminFirstName AdminLastName "
    "AdminPhone AdminEmail AdminTitle TechFirstName TechLastName TechPhone TechEmail TechTitle ContactEmail "
    "CsrKeyParameter CsrEncryptAlgo ManagerId CaType SignAlgo"
)
PARAMETERS = table(
    required={
        "CertId": "string",
        "GenCsrType": "string",
        "CertCommonName": "string",
        "CompanyType": "int",
        "CompanyId": "string",
    },
    optional={
        **dict.fromkeys(_STRINGS.split(), "string"),
        "DnsNames": "[string]",
        "AutoRenewFlag": "int",
        "Type": "int",
        "UseCrossSignRoot": "bool",
    },
)
_ORG = tuple(
    "Org" + each
    for each in ("Organization", "Division", "Address", "Country", "City", "Region", "PhoneArea", "PhoneNumber")
)
_ADMIN = ("AdminFirstName", "AdminLastName", "AdminPhone", "AdminEmail", "AdminTitle")
_TECH = ("TechFirstName", "TechLastName", "TechPhone", "TechTitle")
_CHOICES: dict[str, tuple[Any, ...]] = {
    "GenCsrType": ("online", "parse"),
    "CompanyType": (1, 2),
    "VerifyType": ("DNS_AUTO", "DNS", "FILE"),
    "CaType": ("sectigo", "digicert"),
    "AutoRenewFlag": (0, 1),
    "OrgIdType": ("TYDMZ", "OTHERS"),
    "AdminIdType": ("SFZ", "HZ"),
    "TechIdType": ("SFZ", "HZ"),
}
_KEYS = {("RSA", "2048"), ("RSA", "4096"), ("ECC", "prime256v1")}
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")


def _bad(text: str) -> ApiError:
    return ApiError("FailedOperation.InvalidParam", text)


def base_name(name: str) -> str:
    """The name on which a wildcard (or plain) name is proved."""
    return name[2:] if name.startswith("*.") else name


def _well_formed(name: str) -> bool:
    labels = base_name(name).split(".")
    return len(labels) > 1 and len(name) <= 253 and all(_LABEL.fullmatch(label) for label in labels)


def make_key(call: Call, given: dict[str, Any]) -> tuple[str, str] | None:
    """(key, CSR) when the cloud makes them, made before the state is locked because RSA keys take their time."""
    pair = (given.get("CsrEncryptAlgo"), given.get("CsrKeyParameter"))
    if given["GenCsrType"] != "online" or pair not in _KEYS:
        return None
    try:
        return make_key_and_csr(_names(given), str(pair[0]), str(pair[1]))
    except ValueError:
        return None  # what is wrong with the names is said when they are checked


def store_documents(app: App, order: Order, given: dict[str, Any], made: tuple[str, str] | None) -> None:
    """Check the documents and store them on the order.

    Args:
        app: the sandbox.
        order: the order they are for; its state allows documents.
        given: the checked parameters; empty strings count as not given (Tencent reference 1.3).
        made: what :func:`make_key` made.

    Raises:
        ApiError: the first rule that is broken.
    """
    given = {name: value for name, value in given.items() if value not in ("", [])}
    for name in sorted(PARAMETERS.required - set(given)):
        raise ApiError("MissingParameter", f"The request is missing a required parameter `{name}`.")
    for name, allowed in _CHOICES.items():
        if name in given and given[name] not in allowed:
            raise _bad(f"{name} must be one of {', '.join(map(str, allowed))}.")
    _check_people(app, order, given)
    names = _check_names(order, given)
    _check_key(given, names)
    check_method(app, names, given.get("VerifyType"))
    order.names, order.method, order.application = names, given.get("VerifyType"), given
    order.csr_pem, order.private_key_pem = given.get("Csr"), None
    if given["GenCsrType"] == "online":
        if made is None:
            raise _bad("No key and CSR could be made for these names.")
        order.private_key_pem, order.csr_pem = made
    order.state = State.PREPARED


def _check_people(app: App, order: Order, given: dict[str, Any]) -> None:
    company, manager = given["CompanyId"], given.get("ManagerId", "0")
    known = (("CompanyId", company, app.settings.known_companies), ("ManagerId", manager, app.settings.known_managers))
    for name, value, ids in known:
        if not value.isdecimal() or (value != "0" and ids is not None and value not in ids):
            raise _bad(f"{name} {value} does not exist.")
    if given["CompanyType"] == 1:
        if order.product.level != "DV":
            raise _bad("CompanyType 1 is for DV certificates only.")
        if "ContactEmail" not in given:
            code = "FailedOperation.CertificateInfoSubmitContactEmailEmpty"
            raise ApiError(code, "The contact's e-mail address (ContactEmail) is empty.")
        return
    needed: tuple[str, ...] = ()
    if manager == "0":
        needed = (_ORG if company == "0" else ()) + _ADMIN + _TECH
    empty = [name for name in needed if name not in given]
    if empty:
        raise _bad(f"Without ManagerId these must be given: {', '.join(empty)}.")


def _names(given: dict[str, Any]) -> list[str]:
    names = [given["CertCommonName"], *given.get("DnsNames", [])]
    return list(dict.fromkeys(name.strip().lower() for name in names))


def _check_names(order: Order, given: dict[str, Any]) -> list[str]:
    names, bought = _names(given), order.product
    for name in names:
        if not _well_formed(name) or (name.startswith("*.") and not bought.wildcard):
            code = "FailedOperation.CertificateInfoSubmitDomainInvalid"
            raise ApiError(code, f"The domain name {name} is not valid for this certificate.")
    if bought.wildcard and not names[0].startswith("*."):
        code = "FailedOperation.CertificateInfoSubmitDomainInvalid"
        raise ApiError(code, f"The domain name {names[0]} is not a wildcard name.")
    if bought.multi and "DnsNames" not in given:
        raise _bad("DnsNames is needed for certificates with several names.")
    # Whether the apex beside www (or beside the wildcard) counts is not known, so it does not.
    first = base_name(names[0]).removeprefix("www.")
    counted = [name for name in names[1:] if name not in (first, f"www.{first}")]
    if len(counted) + 1 > order.domain_num:
        raise _bad(f"The certificate holds {order.domain_num} names, not {len(names)}.")
    return names


def _check_key(given: dict[str, Any], names: list[str]) -> None:
    if given["GenCsrType"] == "online":
        if (given.get("CsrEncryptAlgo"), given.get("CsrKeyParameter")) not in _KEYS:
            code = "InvalidParameter.RenewAlgorithmInvalid"
            raise ApiError(code, "CsrEncryptAlgo and CsrKeyParameter must be RSA 2048, RSA 4096 or ECC prime256v1.")
        return
    if "Csr" not in given:
        raise _bad("Csr is needed when GenCsrType is parse.")
    try:
        common_name = read_csr(given["Csr"]).common_name
    except CaError as error:
        raise _bad(f"The CSR cannot be used: {error}.") from None
    if common_name.lower() != names[0]:
        raise _bad(f"The CSR's common name {common_name} is not CertCommonName {names[0]}.")


def check_method(app: App, names: list[str], method: str | None) -> None:
    """Check that a validation method fits the names.

    Raises:
        ApiError: a file cannot prove a wildcard; DNS_AUTO needs every zone in the account's DNSPod.
    """
    if method == "FILE" and any(name.startswith("*.") for name in names):
        raise _bad("File validation is not possible for wildcard names.")
    if method == "DNS_AUTO":
        zones = [app.zones.find(base_name(name)) for name in names]
        if not all(zone and zone.dns == "dnspod" for zone in zones):
            raise _bad("DNS_AUTO needs all domains to be hosted on DNSPod in this account.")
