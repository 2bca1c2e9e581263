# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every parameter of CertificateInfoSubmit is reached by an option and arrives with its documented JSON type.

The table is that of the vendor's page (reference: Tencent, 1.3), not the module's own: a parameter that the module
forgets, misspells or sends with another type fails here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.certwright.cloud.plugins.module_utils._module._use_case import Context
from ansible_collections.certwright.cloud.plugins.module_utils._x509_make import make_csr, make_key
from ansible_collections.certwright.cloud.plugins.modules.tencent_order import USE_CASE
from ansible_collections.certwright.cloud.tests.e2e.sandbox_process import SandboxProcess
from ansible_collections.certwright.cloud.tests.unit.plugins.helpers import run_use_case

# A request is made when the test runs, so that no key lies in the repository.
CSR = "<a request for www.example.com>"
# The journal hides secrets, but keeps their type.
HIDDEN = "***"

COMPANY = {
    "org_organization": "Example Ltd",
    "org_division": "IT",
    "org_address": "1 Example Road",
    "org_country": "CN",
    "org_city": "Shanghai",
    "org_region": "Shanghai",
    "org_phone_area": "021",
    "org_phone_number": "55550100",
}
PEOPLE = {
    "admin_first_name": "Jo",
    "admin_last_name": "Doe",
    "admin_phone": "13800000000",
    "admin_email": "jo.doe@example.com",
    "admin_title": "Head of IT",
    "tech_first_name": "Max",
    "tech_last_name": "Moe",
    "tech_phone": "13800000001",
    "tech_title": "Administrator",
}
BASE = {"common_name": "www.example.com", "csr_generation": "online", **COMPANY, **PEOPLE}


@dataclass(frozen=True)
class Parameter:
    """A row of the vendor's table, the option that sets it, what to set, and what has to arrive."""

    name: str
    json_type: type
    option: str
    value: Any
    wire: Any
    beside: dict[str, Any] = field(default_factory=dict)
    product: str = "single"


def text(name: str, option: str, value: str, wire: str | None = None, **more: Any) -> Parameter:
    return Parameter(name, str, option, value, value if wire is None else wire, **more)


PARAMETERS = [
    # CertId is the order itself; its value is filled in when the test runs.
    text("CertId", "certificate_id", ""),
    text("GenCsrType", "csr_generation", "online"),
    text("CertCommonName", "common_name", "Other.example.com", "other.example.com"),
    Parameter("CompanyType", int, "company_type", "person", 1, {"contact_email": "a@example.com"}),
    text("CompanyId", "company_id", "11772"),
    text("OrgIdType", "org_id_type", "tydmz", "TYDMZ", beside={"org_id_number": "115320000000024820"}),
    text("OrgIdNumber", "org_id_number", "115320000000024820", beside={"org_id_type": "tydmz"}),
    text("AdminIdType", "admin_id_type", "sfz", "SFZ", beside={"admin_id_number": "110000000000001242"}),
    text("TechIdType", "tech_id_type", "hz", "HZ", beside={"tech_id_number": "EF0000001"}),
    text("AdminIdNumber", "admin_id_number", "110000000000001242", beside={"admin_id_type": "sfz"}),
    text("TechIdNumber", "tech_id_number", "EF0000001", beside={"tech_id_type": "hz"}),
    text("Csr", "csr", CSR, beside={"csr_generation": "parse"}),
    Parameter("DnsNames", list, "dns_names", ["example.com"], ["example.com"], product="multi"),
    text("KeyPass", "key_pass", "not-a-real-password", HIDDEN),
    text("OrgOrganization", "org_organization", "Another Ltd"),
    text("OrgDivision", "org_division", "Sales"),
    text("OrgAddress", "org_address", "2 Example Road"),
    text("OrgCountry", "org_country", "SG"),
    text("OrgCity", "org_city", "Beijing"),
    text("OrgRegion", "org_region", "Beijing"),
    text("OrgPhoneArea", "org_phone_area", "010"),
    text("OrgPhoneNumber", "org_phone_number", "55550199"),
    text("VerifyType", "validation_method", "file", "FILE"),
    text("AdminFirstName", "admin_first_name", "Ann"),
    text("AdminLastName", "admin_last_name", "Roe"),
    text("AdminPhone", "admin_phone", "13800000002"),
    text("AdminEmail", "admin_email", "ann@example.com"),
    text("AdminTitle", "admin_title", "Owner"),
    text("TechFirstName", "tech_first_name", "Tom"),
    text("TechLastName", "tech_last_name", "Poe"),
    text("TechPhone", "tech_phone", "13800000003"),
    text("TechEmail", "tech_email", "tom@example.com"),
    text("TechTitle", "tech_title", "Engineer"),
    text("ContactEmail", "contact_email", "contact@example.com"),
    Parameter("AutoRenewFlag", int, "auto_renew", True, 1),
    text("CsrKeyParameter", "csr_key_parameter", "prime256v1", beside={"csr_algorithm": "ecc"}),
    text("CsrEncryptAlgo", "csr_algorithm", "ecc", "ECC", beside={"csr_key_parameter": "prime256v1"}),
    text("ManagerId", "manager_id", "12895"),
    Parameter("Type", int, "product_type", 81, 81),
    text("CaType", "ca_type", "digicert", product="dnspod"),
    text("SignAlgo", "sign_algorithm", "SHA256"),
    Parameter("UseCrossSignRoot", bool, "use_cross_sign_root", False, False),
]


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    process = SandboxProcess(tmp_path_factory.mktemp("sandbox") / "state", strict_types=True)
    yield process
    process.stop()


def arrived(sandbox: SandboxProcess, product: str, **options: Any) -> tuple[str, dict[str, Any]]:
    """The id of a new order, and the parameters with which its documents arrived."""
    order_id = sandbox.buy("tencent_paid", product=product, domain_num=2 if product == "multi" else 1)
    options = {"certificate_id": order_id, "state": "prepared", **options}
    result = run_use_case(USE_CASE, Context(environ=sandbox.tencent_environment()), **options)
    assert result["changed"] and result["order"]["state"] == "prepared"
    (call,) = sandbox.journal(order_id, "CertificateInfoSubmit")
    return order_id, call["request"]


def test_table_has_every_parameter_once() -> None:
    assert len({parameter.name for parameter in PARAMETERS}) == len(PARAMETERS) == 42


@pytest.mark.parametrize("parameter", PARAMETERS, ids=[parameter.name for parameter in PARAMETERS])
def test_parameter_arrives_with_its_type(sandbox: SandboxProcess, tmp_path: Path, parameter: Parameter) -> None:
    options = {**BASE, parameter.option: parameter.value, **parameter.beside}
    wire = parameter.wire
    if parameter.name == "CertId":
        del options["certificate_id"]
    if parameter.name == "Csr":
        options["csr"] = wire = make_csr(make_key("ecdsa-p256"), "www.example.com", []).strip()
    order_id, request = arrived(sandbox, parameter.product, **options)
    wire = order_id if parameter.name == "CertId" else wire
    assert request[parameter.name] == wire
    # bool is a kind of int in Python, but not in JSON.
    sent = request[parameter.name]
    assert isinstance(sent, parameter.json_type)
    # Python takes true for an integer, JSON does not.
    assert isinstance(sent, bool) == (parameter.json_type is bool)


def test_nothing_but_what_is_given_or_required_arrives(sandbox: SandboxProcess) -> None:
    options = {"common_name": "www.example.com", "csr_generation": "online", "manager_id": "12895"}
    order_id, request = arrived(sandbox, "single", **options)
    assert request == {
        "CertId": order_id,
        "GenCsrType": "online",
        "CertCommonName": "www.example.com",
        "CompanyType": 2,
        "CompanyId": "0",
        "ManagerId": "12895",
        "VerifyType": "DNS",
        "CsrEncryptAlgo": "RSA",
        "CsrKeyParameter": "2048",
    }


def test_empty_values_count_as_not_given(sandbox: SandboxProcess) -> None:
    options = {"manager_id": "12895", "org_city": " ", "dns_names": [], "key_pass": ""}
    _order_id, request = arrived(sandbox, "single", common_name="www.example.com", csr_generation="online", **options)
    assert not {"OrgCity", "DnsNames", "KeyPass"} & set(request)
