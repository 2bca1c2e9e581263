# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The documents of a paid order: from options to the parameters of CertificateInfoSubmit (reference: Tencent, 1.3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Callable

from ansible_collections.certwright.cloud.plugins.module_utils._domains import normalise
from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError, InvalidInput
from ansible_collections.certwright.cloud.plugins.module_utils._tencent._rules import faults_between, missing_documents
from ansible_collections.certwright.cloud.plugins.module_utils._x509 import CsrFacts, csr_facts

__all__ = ["APPLICATION_OPTIONS", "Application", "build_application"]

Params = Mapping[str, Any]


def _as_given(value: Any) -> Any:
    return value


def _upper(value: str) -> str:
    return value.upper()


def _names(value: list[str]) -> list[str]:
    return [normalise(name) for name in value]


def _company_type(value: str) -> int:
    return {"person": 1, "company": 2}[value]


# Every parameter of CertificateInfoSubmit: option, parameter, and what turns one into the other.
_PARAMETERS: tuple[tuple[str, str, Callable[[Any], Any]], ...] = (
    ("certificate_id", "CertId", _as_given),
    ("csr_generation", "GenCsrType", _as_given),
    ("common_name", "CertCommonName", normalise),
    ("company_type", "CompanyType", _company_type),
    ("company_id", "CompanyId", _as_given),
    ("org_id_type", "OrgIdType", _upper),
    ("org_id_number", "OrgIdNumber", _as_given),
    ("admin_id_type", "AdminIdType", _upper),
    ("tech_id_type", "TechIdType", _upper),
    ("admin_id_number", "AdminIdNumber", _as_given),
    ("tech_id_number", "TechIdNumber", _as_given),
    ("csr", "Csr", _as_given),
    ("dns_names", "DnsNames", _names),
    ("key_pass", "KeyPass", _as_given),
    ("org_organization", "OrgOrganization", _as_given),
    ("org_division", "OrgDivision", _as_given),
    ("org_address", "OrgAddress", _as_given),
    ("org_country", "OrgCountry", _as_given),
    ("org_city", "OrgCity", _as_given),
    ("org_region", "OrgRegion", _as_given),
    ("org_phone_area", "OrgPhoneArea", _as_given),
    ("org_phone_number", "OrgPhoneNumber", _as_given),
    ("validation_method", "VerifyType", _upper),
    ("admin_first_name", "AdminFirstName", _as_given),
    ("admin_last_name", "AdminLastName", _as_given),
    ("admin_phone", "AdminPhone", _as_given),
    ("admin_email", "AdminEmail", _as_given),
    ("admin_title", "AdminTitle", _as_given),
    ("tech_first_name", "TechFirstName", _as_given),
    ("tech_last_name", "TechLastName", _as_given),
    ("tech_phone", "TechPhone", _as_given),
    ("tech_email", "TechEmail", _as_given),
    ("tech_title", "TechTitle", _as_given),
    ("contact_email", "ContactEmail", _as_given),
    ("auto_renew", "AutoRenewFlag", int),
    ("csr_key_parameter", "CsrKeyParameter", _as_given),
    ("csr_algorithm", "CsrEncryptAlgo", _upper),
    ("manager_id", "ManagerId", _as_given),
    ("product_type", "Type", _as_given),
    ("ca_type", "CaType", _as_given),
    ("sign_algorithm", "SignAlgo", _as_given),
    ("use_cross_sign_root", "UseCrossSignRoot", _as_given),
)

APPLICATION_OPTIONS: dict[str, Any] = {
    "certificate_id": {"type": "str", "required": True},
    "csr_generation": {"type": "str", "choices": ["online", "parse"]},
    "common_name": {"type": "str"},
    "dns_names": {"type": "list", "elements": "str"},
    "csr": {"type": "str"},
    "csr_algorithm": {"type": "str", "choices": ["rsa", "ecc"]},
    # It names a size or a curve and holds no key.
    "csr_key_parameter": {"type": "str", "choices": ["2048", "4096", "prime256v1"], "no_log": False},
    "key_pass": {"type": "str", "no_log": True},
    "validation_method": {"type": "str", "choices": ["dns_auto", "dns", "file"], "default": "dns"},
    "company_type": {"type": "str", "choices": ["person", "company"], "default": "company"},
    "company_id": {"type": "str"},
    "manager_id": {"type": "str"},
    "contact_email": {"type": "str"},
    "org_organization": {"type": "str"},
    "org_division": {"type": "str"},
    "org_address": {"type": "str"},
    "org_country": {"type": "str"},
    "org_city": {"type": "str"},
    "org_region": {"type": "str"},
    # A city's number is nobody's number, and masked it would blank out every "86".
    "org_phone_area": {"type": "str", "no_log": False},
    "org_phone_number": {"type": "str", "no_log": True},
    "org_id_type": {"type": "str", "choices": ["tydmz", "others"]},
    "org_id_number": {"type": "str", "no_log": True},
    "admin_first_name": {"type": "str"},
    "admin_last_name": {"type": "str"},
    "admin_phone": {"type": "str", "no_log": True},
    "admin_email": {"type": "str"},
    "admin_title": {"type": "str"},
    "admin_id_type": {"type": "str", "choices": ["sfz", "hz"]},
    "admin_id_number": {"type": "str", "no_log": True},
    "tech_first_name": {"type": "str"},
    "tech_last_name": {"type": "str"},
    "tech_phone": {"type": "str", "no_log": True},
    "tech_email": {"type": "str"},
    "tech_title": {"type": "str"},
    "tech_id_type": {"type": "str", "choices": ["sfz", "hz"]},
    "tech_id_number": {"type": "str", "no_log": True},
    "auto_renew": {"type": "bool"},
    "product_type": {"type": "int"},
    "ca_type": {"type": "str", "choices": ["sectigo", "digicert"]},
    "sign_algorithm": {"type": "str"},
    "use_cross_sign_root": {"type": "bool"},
    "delete_dns_auto_record": {"type": "bool", "default": False},
}

# Options that say what an existing order is to be compared with; with these alone nobody means to send documents.
_COMPARED = frozenset({"certificate_id", "common_name", "dns_names", "csr", "csr_generation"})
_DEFAULTS = frozenset(name for name, spec in APPLICATION_OPTIONS.items() if "default" in spec)


@dataclass(frozen=True)
class Application:
    """What the user asks for.

    ``names`` are all names that were said, the common name first; ``documents`` the parameters of
    CertificateInfoSubmit, ``order`` those of CertificateOrderSubmit; ``missing`` says what would be needed to send
    documents, one fault each.
    """

    common_name: str | None
    names: tuple[str, ...]
    csr_generation: str | None
    public_key_sha256: str | None
    for_person: bool
    documents: Mapping[str, Any] = field(repr=False)
    order: Mapping[str, Any]
    missing: tuple[str, ...]


def build_application(params: Params, other_faults: list[str]) -> Application:
    """Checks the options against each other and makes the parameters of both calls.

    Arguments:
        params: the module's options.
        other_faults: found by the caller, to be said together with those found here.

    Raises InvalidInput with all faults. What only documents need is not demanded here, because an order that was sent
    already needs none; but where other faults are said, that is said too, if documents seem to be meant.
    """
    given = {name: _trimmed(params[name]) for name, _parameter, _convert in _PARAMETERS}
    given = {name: value for name, value in given.items() if value not in (None, "", [])}
    csr, faults = _request(given)
    values = _completed(given, csr)
    faults = [*faults, *faults_between(values, params["site"], csr), *other_faults]
    missing = missing_documents(values)
    if faults:
        wants_documents = not set(given) <= _COMPARED | _DEFAULTS
        raise InvalidInput([*faults, *(missing if wants_documents else [])])
    common_name = values.get("common_name")
    names = [common_name, *values.get("dns_names", [])] if common_name else values.get("dns_names", [])
    return Application(
        common_name,
        tuple(dict.fromkeys(normalise(name) for name in names)),
        values.get("csr_generation"),
        csr.public_key_sha256 if csr else None,
        values["company_type"] == "person",
        _wire(values),
        _order_wire(params),
        tuple(missing),
    )


def _trimmed(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


def _request(given: Params) -> tuple[CsrFacts | None, list[str]]:
    if "csr" not in given:
        return None, []
    try:
        return csr_facts(given["csr"]), []
    except CertwrightError as error:
        return None, [f"csr: {error.message[0].lower()}{error.message[1:]}"]


def _completed(given: Params, csr: CsrFacts | None) -> dict[str, Any]:
    """The values with what follows from a CSR, which holds the names, and what the cloud wants in any case."""
    values = dict(given)
    if "csr" in values:
        values.setdefault("csr_generation", "parse")
    if csr and csr.common_name:
        values.setdefault("common_name", csr.common_name)
    if csr and "dns_names" not in values:
        values["dns_names"] = list(csr.names)
    common_name = normalise(values.get("common_name", ""))
    values["dns_names"] = [name for name in values.get("dns_names", []) if normalise(name) != common_name]
    if not values["dns_names"]:
        del values["dns_names"]
    # "0" says that no stored company is meant (reference: Tencent, 1.3).
    values.setdefault("company_id", "0")
    if values.get("csr_generation") == "online":
        elliptic = values.get("csr_algorithm") == "ecc" or values.get("csr_key_parameter") == "prime256v1"
        values.setdefault("csr_algorithm", "ecc" if elliptic else "rsa")
        values.setdefault("csr_key_parameter", "prime256v1" if elliptic else "2048")
    return values


def _wire(values: Params) -> dict[str, Any]:
    """The parameters of CertificateInfoSubmit: always the full set, because nothing says that a second call merges."""
    return {parameter: convert(values[name]) for name, parameter, convert in _PARAMETERS if name in values}


def _order_wire(params: Params) -> dict[str, Any]:
    wire: dict[str, Any] = {
        "CertId": params["certificate_id"].strip(),
        "VerifyType": _upper(params["validation_method"]),
    }
    if params["delete_dns_auto_record"]:
        wire["DeleteDnsAutoRecord"] = 1
    return wire
