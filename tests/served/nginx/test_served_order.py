# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role tls_certificate on nginx: two orders at two clouds end as certificates that a browser would accept."""

from __future__ import annotations

import ssl
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.certwright.cloud.tests.e2e.plays import is_write, run_role
from ansible_collections.certwright.cloud.tests.served.nginx_process import Nginx, Site
from ansible_collections.certwright.cloud.tests.served.probe import Probe, see
from ansible_collections.certwright.cloud.tests.unit.plugins.pki import Ca, new_key

NAMES = {"tencent_paid": "www.example.com", "alibaba_dv": "www.example.net"}


@pytest.fixture(scope="module")
def story(tools, sandbox, tmp_path_factory):
    """Two runs of the role, and what was served before, through and after them."""
    folder = tmp_path_factory.mktemp("order")
    ca = Ca()
    for name in NAMES.values():
        key = new_key()
        (folder / name).mkdir()
        (folder / name / "server.pem").write_text(ca.issue(name, key, name, key, [name]))
        (folder / name / "server.key").write_text(key)
    nginx = Nginx(Nginx.found(tools), folder, {name: folder / name for name in NAMES.values()})
    told: dict[str, Any] = {"nginx": nginx, "ids": {flow: sandbox.buy(flow) for flow in NAMES}}
    try:
        with ExitStack() as stack:
            told["probes"] = {
                flow: stack.enter_context(Probe(f"nginx, {flow}", nginx.sites[name].address, name))
                for flow, name in NAMES.items()
            }
            hosts = {flow: variables(flow, told["ids"][flow], sandbox, nginx, folder) for flow in NAMES}
            told["first"] = run(sandbox, folder, hosts)
            told["reloads"], told["writes"] = nginx.reloads(), writes(sandbox)
            told["second"] = run(sandbox, folder, hosts)
            told["reloads_after"], told["writes_after"] = nginx.reloads(), writes(sandbox)
            trust = ssl.create_default_context(cafile=sandbox.ready["ca_file"])
            told["trusted"] = {flow: see(nginx.sites[name].address, name, trust) for flow, name in NAMES.items()}
    finally:
        nginx.stop()
    return told


def variables(flow: str, order_id: str, sandbox: Any, nginx: Nginx, folder: Path) -> dict[str, Any]:
    site: Site = nginx.sites[NAMES[flow]]
    return {
        "tls_certificate_flow": flow,
        "tls_certificate_order_id": order_id,
        "tls_certificate_domains": [site.name],
        "tls_certificate_tencent": {"company_type": "person", "contact_email": "webmaster@example.com"},
        "tls_certificate_alibaba": {
            "username": "Webmaster",
            "mobile": "13800000000",
            "email": "webmaster@example.net",
            "province": "zhejiang",
            "city": "hangzhou",
        },
        "tls_certificate_accept_cloud_key": flow == "alibaba_dv",
        "tls_certificate_dns": {"tencent_paid": "dnspod", "alibaba_dv": "alidns"}[flow],
        "tls_certificate_dns_servers": [sandbox.ready["dns"]],
        "tls_certificate_dns_interval": 0.2,
        "tls_certificate_wait_interval": 0.2,
        "tls_certificate_wait_timeout": 60,
        "tls_certificate_directory": str(folder / f"{flow}-certificate"),
        "tls_certificate_certificate_path": str(site.certificate),
        "tls_certificate_private_key_path": str(site.private_key),
        "tls_certificate_test_command": nginx.command("-t"),
        "tls_certificate_reload_command": nginx.command("-s", "reload"),
        "tls_certificate_verify_endpoints": [site.endpoint],
    }


def run(sandbox: Any, folder: Path, hosts: dict[str, dict[str, Any]]) -> Any:
    ready = sandbox.ready
    defaults = {
        f"group/certwright.cloud.{cloud}": {"endpoint": ready["http"], **account}
        for cloud, account in ready["accounts"].items()
    }
    outcome = run_role(folder, hosts, defaults=defaults)
    assert outcome.status == 0, outcome.output
    return outcome


def writes(sandbox: Any) -> int:
    return sum(is_write(entry) for entry in sandbox.journal())


@pytest.mark.parametrize("flow", NAMES)
def test_nginx_serves_what_the_ca_issued_for_the_order(story, sandbox, flow):
    issued = sandbox.control(f"orders/{story['ids'][flow]}")["certificate"]["fingerprint_sha256"].lower()
    assert story["trusted"][flow] == issued
    assert [each["fingerprint_sha256"] for each in story["first"].results[flow]["served"]] == [issued]


@pytest.mark.parametrize("flow", NAMES)
def test_every_visitor_sees_the_old_certificate_then_the_new_one(story, flow):
    probe = story["probes"][flow]
    assert probe.faults() == []
    # While workers come and go, both are shown for a moment.
    assert len(set(probe.seen())) == 2 and probe.seen()[-1] == story["trusted"][flow] != probe.seen()[0]


def test_second_run_changes_nothing_and_leaves_nginx_alone(story):
    assert story["second"].recap == dict.fromkeys(NAMES, (0, 0))
    assert story["reloads_after"] == story["reloads"] == len(NAMES)
    assert story["writes_after"] == story["writes"] > 0
