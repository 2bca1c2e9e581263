# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What Tencent documents as rules between the options of an order (reference: Tencent, 1.3, 2.6 and 6)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.certwright.cloud.plugins.module_utils._domains import is_wildcard, name_fault, normalise
from ansible_collections.certwright.cloud.plugins.module_utils._x509 import CsrFacts

__all__ = ["faults_between", "missing_documents"]

Values = Mapping[str, Any]

_KEY_PARAMETERS = {"rsa": ("2048", "4096"), "ecc": ("prime256v1",)}
_ID_PAIRS = (
    ("org_id_type", "org_id_number"),
    ("admin_id_type", "admin_id_number"),
    ("tech_id_type", "tech_id_number"),
)
_ORGANISATION = (
    "org_organization",
    "org_division",
    "org_address",
    "org_country",
    "org_city",
    "org_region",
    "org_phone_area",
    "org_phone_number",
)
_MANAGER = ("admin_first_name", "admin_last_name", "admin_phone", "admin_email", "admin_title")
_CONTACT = ("tech_first_name", "tech_last_name", "tech_phone", "tech_title")


def faults_between(values: Values, site: str, csr: CsrFacts | None) -> list[str]:
    """Contradictions and unusable values among what was given, each naming option, fault and fix.

    Arguments:
        values: the options that were given or follow from others.
        csr: what the request says, where one was given and could be read.
    """
    return [
        *_in_names(values),
        *_in_csr(values, csr),
        *_in_key(values),
        *_in_validation(values, site),
        *_in_identity(values),
    ]


def missing_documents(values: Values) -> list[str]:
    """What is still needed to send documents, each naming option, fault and fix."""
    faults = []
    if "common_name" not in values:
        faults.append("common_name: is needed to submit documents; give the certificate's main name")
    if "csr_generation" not in values:
        faults.append(
            "csr: is needed to submit documents; give a request, or csr_generation=online to let the cloud make the key"
        )
    if values["company_type"] == "person":
        return faults
    has_manager = _names_a_record(values, "manager_id")
    if not has_manager and not _names_a_record(values, "company_id"):
        faults += _needed(values, _ORGANISATION, "company_id or manager_id names a stored one")
    if not has_manager:
        faults += _needed(values, (*_MANAGER, *_CONTACT), "manager_id names a stored manager")
    return faults


def _names_a_record(values: Values, name: str) -> bool:
    return bool(values.get(name, "0") != "0")


def _needed(values: Values, names: Sequence[str], unless: str) -> list[str]:
    lacking = [name for name in names if name not in values]
    return [f"{', '.join(lacking)}: needed to submit documents, unless {unless}"] if lacking else []


def _in_names(values: Values) -> Iterator[str]:
    named = [("common_name", values["common_name"])] if "common_name" in values else []
    for option, name in [*named, *(("dns_names", each) for each in values.get("dns_names", []))]:
        fault = name_fault(normalise(name))
        if fault:
            yield f"{option}: '{name}' {fault}"


def _in_csr(values: Values, csr: CsrFacts | None) -> Iterator[str]:
    generation = values.get("csr_generation")
    if generation == "parse" and "csr" not in values:
        yield "csr_generation: parse needs a request; give it as csr"
    if generation == "online" and "csr" in values:
        yield "csr: with csr_generation=online the cloud makes key and request; leave one of the two out"
    if csr is None:
        return
    if csr.common_name is None:
        yield "csr: the request has no common name, which the cloud demands; make it with one"
    elif csr.common_name != normalise(values["common_name"]):
        yield (
            f"common_name: '{values['common_name']}' is not the common name of the request, '{csr.common_name}'; "
            "the cloud wants them equal"
        )


def _in_key(values: Values) -> Iterator[str]:
    algorithm, parameter = values.get("csr_algorithm"), values.get("csr_key_parameter")
    if values.get("csr_generation") != "online":
        if algorithm or parameter:
            yield "csr_algorithm, csr_key_parameter: only for a key made by the cloud (csr_generation=online)"
        return
    allowed = _KEY_PARAMETERS[str(algorithm)]
    if parameter not in allowed:
        yield f"csr_key_parameter: '{parameter}' does not go with csr_algorithm={algorithm}; use {' or '.join(allowed)}"


def _in_validation(values: Values, site: str) -> Iterator[str]:
    method = values["validation_method"]
    names = [values.get("common_name", ""), *values.get("dns_names", [])]
    wild = [name for name in names if is_wildcard(normalise(name))]
    if method == "file" and wild:
        yield f"validation_method: file cannot prove the wildcard name '{wild[0]}'; use dns"
    if method == "dns_auto" and site != "china":
        yield "validation_method: dns_auto exists on site=china only; use dns"


def _in_identity(values: Values) -> Iterator[str]:
    if values["company_type"] == "person" and "contact_email" not in values:
        yield "contact_email: is needed with company_type=person"
    for kind, number in _ID_PAIRS:
        if (kind in values) != (number in values):
            yield f"{kind}, {number}: belong together; give both or none"
