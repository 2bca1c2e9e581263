# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tencent's modules from a bought order to its certificate, against the sandbox; no write is sent twice or in vain."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError
from ansible_collections.certwright.cloud.plugins.module_utils._module._use_case import Context, UseCase
from ansible_collections.certwright.cloud.plugins.module_utils._x509 import certificate_facts, csr_facts, key_fits
from ansible_collections.certwright.cloud.plugins.module_utils._x509_make import make_csr, make_key
from ansible_collections.certwright.cloud.plugins.modules import dnspod_record, tencent_order, tencent_order_info
from ansible_collections.certwright.cloud.tests.unit.plugins.helpers import Warnings, run_use_case
from sandbox_process import SandboxProcess

ORDER, INFO, RECORD = tencent_order.USE_CASE, tencent_order_info.USE_CASE, dnspod_record.USE_CASE
QUICK = {"wait_interval": 0.2, "wait_timeout": 60}
ONLINE = {"csr_generation": "online", "csr_key_parameter": "prime256v1", "manager_id": "12895"}


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    process = SandboxProcess(tmp_path_factory.mktemp("sandbox") / "state", visible_delay=0.5)
    yield process
    process.stop()


def run(sandbox: SandboxProcess, use_case: UseCase, **options: Any) -> dict[str, Any]:
    settings = {name: options.pop(name) for name in ("check_mode", "warn") if name in options}
    return run_use_case(use_case, Context(environ=sandbox.tencent_environment(), **settings), **options)


def writes(sandbox: SandboxProcess) -> list[str]:
    reads = ("Describe", "Check")
    entries = [entry for entry in sandbox.journal() if entry["cloud"] == "tencent"]
    return [entry["action"] for entry in entries if not entry["action"].startswith(reads)]


def publish(sandbox: SandboxProcess, order: dict[str, Any], **options: Any) -> list[dict[str, Any]]:
    return [run(sandbox, RECORD, **validation["record"], **options) for validation in order["validations"]]


def issued(sandbox: SandboxProcess, product: str, **options: Any) -> tuple[str, dict[str, Any]]:
    """A new order and its state once it is issued."""
    order_id = sandbox.buy("tencent_paid", product=product, domain_num=2 if product == "multi" else 1)
    waiting = run(sandbox, ORDER, certificate_id=order_id, wait_for="validation", **QUICK, **options)["order"]
    assert waiting["action_needed"] == "publish_validation"
    publish(sandbox, waiting)
    order = run(sandbox, INFO, certificate_id=order_id, wait_for="issued", **QUICK)["order"]
    for removed in publish(sandbox, waiting, state="absent"):
        assert removed["changed"]
    return order_id, order


@pytest.mark.parametrize(("product", "record_type"), [("single", "TXT"), ("dnspod", "CNAME")])
def test_order_with_a_request_becomes_a_certificate(sandbox: SandboxProcess, product: str, record_type: str) -> None:
    csr = make_csr(make_key("ecdsa-p256"), "www.example.com", [])
    order_id = sandbox.buy("tencent_paid", product=product)
    sandbox.control("journal", method="DELETE")
    wish = {"certificate_id": order_id, "csr": csr, "manager_id": "12895"}

    predicted = run(sandbox, ORDER, **wish, check_mode=True)
    assert predicted["changed"] and predicted["order"]["state"] == "validating"
    assert predicted["diff"]["after"]["domains"] == ["www.example.com"]
    assert writes(sandbox) == []

    first = run(sandbox, ORDER, **wish, wait_for="validation", **QUICK)
    assert first["steps"] == predicted["steps"] == ["submit documents", "submit order"]
    record = first["order"]["validations"][0]["record"]
    assert record["type"] == record_type and record["name"].endswith(".www.example.com")
    assert writes(sandbox) == ["CertificateInfoSubmit", "CertificateOrderSubmit"]

    again = run(sandbox, ORDER, **wish, wait_for="validation", **QUICK)
    assert not again["changed"] and again["steps"] == []

    assert publish(sandbox, first["order"], check_mode=True)[0]["changed"]
    assert [published["changed"] for published in publish(sandbox, first["order"])] == [True]
    assert [published["changed"] for published in publish(sandbox, first["order"])] == [False]
    done = run(sandbox, INFO, certificate_id=order_id, wait_for="issued", return_certificate=True, **QUICK)
    assert done["order"]["state"] == "issued" and done["order"]["domains"] == ["www.example.com"]
    assert done["order"]["certificate"]["public_key_sha256"] == csr_facts(csr).public_key_sha256
    bundle = done["bundle"]
    assert certificate_facts(bundle["certificate"]).serial == done["order"]["certificate"]["serial"]
    assert bundle["full_chain"] == bundle["certificate"] + "".join(bundle["chain"]) and bundle["chain"]
    assert bundle["private_key"] is None

    assert publish(sandbox, first["order"], state="absent")[0]["changed"]
    assert not publish(sandbox, first["order"], state="absent")[0]["changed"]
    assert not run(sandbox, ORDER, **wish)["changed"]
    sent = ["CertificateInfoSubmit", "CertificateOrderSubmit", "CreateRecord", "DeleteRecord"]
    assert writes(sandbox) == sent
    assert sandbox.control(f"orders/{order_id}")["submissions"] == 1


def test_key_made_by_the_cloud_is_returned_only_when_asked_for(sandbox: SandboxProcess) -> None:
    order_id, _order = issued(sandbox, "single", common_name="www.example.com", **ONLINE)
    plain = run(sandbox, INFO, certificate_id=order_id)
    assert "bundle" not in plain and "PRIVATE KEY" not in str(plain) and "BEGIN" not in str(plain)
    without = run(sandbox, INFO, certificate_id=order_id, return_certificate=True)
    assert without["bundle"]["private_key"] is None
    bundle = run(sandbox, INFO, certificate_id=order_id, return_private_key=True)["bundle"]
    assert key_fits(bundle["private_key"], bundle["certificate"])


def test_order_for_several_names_is_proved_name_by_name(sandbox: SandboxProcess) -> None:
    names = {"common_name": "WWW.example.com", "dns_names": ["shop.example.com", "www.example.com"]}
    order_id, order = issued(sandbox, "multi", **names, **ONLINE)
    assert set(order["domains"]) == {"www.example.com", "shop.example.com"}
    # Fewer names than the certificate has are no contradiction, and neither are their order and case.
    assert not run(sandbox, ORDER, certificate_id=order_id, common_name="Shop.Example.COM")["changed"]


def test_wildcard_is_proved_at_its_parent(sandbox: SandboxProcess) -> None:
    _order_id, order = issued(sandbox, "wildcard", common_name="*.example.com", **ONLINE)
    assert order["domains"] == ["*.example.com"]


def test_stored_documents_are_replaced_where_they_differ(sandbox: SandboxProcess) -> None:
    order_id = sandbox.buy("tencent_paid")
    wish = {"certificate_id": order_id, "state": "prepared", **ONLINE}
    first = run(sandbox, ORDER, common_name="a.example.com", **wish)
    assert first["order"]["state"] == "prepared" and first["order"]["action_needed"] == "submit_order"
    assert not run(sandbox, ORDER, common_name="a.example.com", **wish)["changed"]
    second = run(sandbox, ORDER, common_name="b.example.com", **wish)
    assert second["steps"] == ["submit documents"] and second["order"]["domains"] == ["b.example.com"]
    third = run(sandbox, ORDER, certificate_id=order_id)
    assert third["steps"] == ["submit order"] and third["order"]["state"] != "prepared"


def test_validation_check_says_what_the_cloud_sees(sandbox: SandboxProcess) -> None:
    order_id = sandbox.buy("tencent_paid")
    wish = {"certificate_id": order_id, "common_name": "check.example.com"}
    order = run(sandbox, ORDER, **wish, wait_for="validation", **QUICK, **ONLINE)["order"]
    # Nothing is issued while the proof is looked at.
    sandbox.control("settings", {"issue_delay": 3600})
    try:
        before = run(sandbox, INFO, certificate_id=order_id, check_validation=True)["order"]
        assert before["validations"][0]["status"] == "pending"
        assert "'check.example.com': txt record not found" in before["next_step"]
        publish(sandbox, order)
        after = run(sandbox, INFO, certificate_id=order_id, check_validation=True)["order"]
        assert after["validations"][0]["status"] in ("seen", "passed")
    finally:
        sandbox.control("settings", {"issue_delay": 0})
        publish(sandbox, order, state="absent")


def test_validation_by_file_says_what_to_serve(sandbox: SandboxProcess) -> None:
    order_id = sandbox.buy("tencent_paid")
    wish = {"certificate_id": order_id, "common_name": "file.example.com", "validation_method": "file"}
    order = run(sandbox, ORDER, **wish, wait_for="validation", **QUICK, **ONLINE)["order"]
    (validation,) = order["validations"]
    assert validation["method"] == "file" and validation["record"] is None
    path = "/.well-known/pki-validation/fileauth.txt"
    assert validation["file"]["url"] == f"http://file.example.com{path}" and validation["file"]["path"] == path
    assert validation["file"]["content"]


def test_record_added_by_the_cloud_needs_nobody(sandbox: SandboxProcess) -> None:
    order_id = sandbox.buy("tencent_paid")
    wish = {"certificate_id": order_id, "common_name": "auto.example.com", "validation_method": "dns_auto"}
    wish.update(site="china", delete_dns_auto_record=True)
    order = run(sandbox, ORDER, **wish, wait_for="issued", **QUICK, **ONLINE)["order"]
    assert order["state"] == "issued"
    (sent,) = sandbox.journal(order_id, "CertificateOrderSubmit")
    assert sent["request"] == {"CertId": order_id, "VerifyType": "DNS_AUTO", "DeleteDnsAutoRecord": 1}


@pytest.mark.parametrize(("product", "accepted"), [("single", True), ("dnspod", False)])
def test_ca_is_asked_to_look_now(sandbox: SandboxProcess, product: str, accepted: bool) -> None:
    order_id = sandbox.buy("tencent_paid", product=product)
    wish = {"certificate_id": order_id, "common_name": "now.example.com", "site": "china", **ONLINE}
    order = run(sandbox, ORDER, **wish, wait_for="validation", **QUICK)["order"]
    while order["state"] != "validating":
        order = run(sandbox, INFO, certificate_id=order_id)["order"]
    warnings = Warnings()
    result = run(sandbox, ORDER, **wish, validate_now=True, warn=warnings)
    assert (result["changed"], result["steps"]) == (accepted, ["validate now"] if accepted else [])
    assert bool(warnings.messages) is not accepted


def test_search_finds_exact_names_and_states_on_all_pages(sandbox: SandboxProcess) -> None:
    sandbox.control("reset", {})
    ids = sandbox.control("orders", {"flow": "tencent_paid", "count": 230})["ids"]
    wish = {"csr_generation": "online", "manager_id": "12895", "state": "prepared", "csr_key_parameter": "prime256v1"}
    run(sandbox, ORDER, certificate_id=ids[0], common_name="find.example.com", **wish)
    run(sandbox, ORDER, certificate_id=ids[1], common_name="not-find.example.com", **wish)
    everything = run(sandbox, INFO)["orders"]
    assert {order["id"] for order in everything} == set(ids) and len(everything) == 230
    assert [order["id"] for order in run(sandbox, INFO, domain="FIND.example.com")["orders"]] == [ids[0]]
    found = run(sandbox, INFO, search_key="find.example.com")["orders"]
    assert {order["id"] for order in found} == set(ids[:2])
    assert run(sandbox, INFO, states=["issued"])["orders"] == []
    prepared = run(sandbox, INFO, search_key="find.example.com", states=["prepared"])["orders"]
    assert {order["id"] for order in prepared} == set(ids[:2])
    assert {order["state"] for order in prepared} == {"prepared"}
    several = run(sandbox, INFO, certificate_ids=[ids[1], ids[0], ids[1]])["orders"]
    assert [order["id"] for order in several] == [ids[1], ids[0]]
    assert run(sandbox, INFO, certificate_ids=[])["orders"] == []


def test_other_values_at_a_name_are_left_alone(sandbox: SandboxProcess) -> None:
    name = "_dnsauth.shared.example.com"
    run(sandbox, RECORD, name=name, value="theirs")
    result = run(sandbox, RECORD, name=f"{name.upper()}.", value="ours")
    assert result["diff"]["before"]["values"] == ["theirs"]
    assert result["diff"]["after"]["values"] == ["ours", "theirs"]
    assert result["record"]["zone"] == "example.com" and result["record"]["name"] == name
    run(sandbox, RECORD, name=name, value="ours", state="absent")
    zones = {zone["name"]: zone for zone in sandbox.control("zones")["zones"]}
    assert [record["value"] for record in zones["example.com"]["records"] if record["name"] == "_dnsauth.shared"] == [
        "theirs"
    ]


def test_second_cname_is_refused(sandbox: SandboxProcess) -> None:
    run(sandbox, RECORD, name="_once.example.com", type="CNAME", value="a.example.org.")
    assert not run(sandbox, RECORD, name="_once.example.com", type="CNAME", value="A.example.org")["changed"]
    with pytest.raises(CertwrightError) as caught:
        run(sandbox, RECORD, name="_once.example.com", type="CNAME", value="b.example.org")
    assert caught.value.kind.value == "conflict"
