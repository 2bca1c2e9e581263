# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role tls_certificate where things do not simply go well: check mode, resuming, by hand, refusals, failures."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.certwright.cloud.plugins.module_utils._module._use_case import Context
from ansible_collections.certwright.cloud.plugins.modules import alidns_record, dnspod_record, validation_note
from ansible_collections.certwright.cloud.tests.unit.plugins.helpers import run_use_case
from examples import chosen, ran, runs
from plays import Outcome, is_write, run_role
from sandbox_process import SandboxProcess

PRINTED = "docs/docsite/rst/guide_first_order.rst:text"
FLOWS = ("tencent_paid", "alibaba_dv")
DOMAINS = {"tencent_paid": "www.example.com", "alibaba_dv": "www.example.net"}
LOUD = ("-vvvv", "--diff")
MOBILE = "13712345678"


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    process = SandboxProcess(tmp_path_factory.mktemp("sandbox"))
    yield process
    process.stop()


class Bench:
    """Runs the role against the sandbox for hosts whose certificates lie in one temporary folder."""

    def __init__(self, sandbox: SandboxProcess, folder: Path) -> None:
        self.sandbox, self.folder = sandbox, folder
        self.start = len(sandbox.control("journal")["journal"])
        self.before = self._all_records()

    def variables(self, flow: str, order_id: str, host: str = "web", **more: Any) -> dict[str, Any]:
        """What a user sets for a plain order of a flow."""
        return {
            "tls_certificate_flow": flow,
            "tls_certificate_order_id": order_id,
            "tls_certificate_domains": [DOMAINS[flow]],
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
            "tls_certificate_dns_servers": [self.sandbox.ready["dns"]],
            "tls_certificate_dns_interval": 0.2,
            "tls_certificate_wait_interval": 0.2,
            "tls_certificate_wait_timeout": 60,
            "tls_certificate_directory": str(self.folder / host),
        } | more

    def run(self, hosts: dict[str, dict[str, Any]], *arguments: str, tasks_from: str = "main.yml") -> Outcome:
        ready = self.sandbox.ready
        defaults = {
            "group/certwright.cloud.tencent": {"endpoint": ready["http"], **ready["accounts"]["tencent"]},
            "group/certwright.cloud.alibaba": {"endpoint": ready["http"], **ready["accounts"]["alibaba"]},
        }
        return run_role(self.folder, hosts, *arguments, defaults=defaults, tasks_from=tasks_from)

    def publish(self, flow: str, **record: str) -> None:
        """Publishes a record without the role."""
        module, cloud = {"tencent_paid": (dnspod_record, "tencent"), "alibaba_dv": (alidns_record, "alibaba")}[flow]
        account = self.sandbox.ready["accounts"][cloud]
        run_use_case(module.USE_CASE, Context(), endpoint=self.sandbox.ready["http"], **account, **record)

    def note(self, host: str, *records: dict[str, str], dns: str | None = None) -> list[dict[str, Any]]:
        """Adds to the note of published records on a host; returns all that is noted."""
        given = {"directory": str(self.folder / host), "records": list(records) or None, "dns": dns}
        published: list[dict[str, Any]] = run_use_case(validation_note.USE_CASE, Context(), **given)["published"]
        return published

    def wait_until_issued(self, order_id: str) -> None:
        deadline = time.monotonic() + 60
        while self.sandbox.control(f"orders/{order_id}")["state"] != "issued":
            assert time.monotonic() < deadline, self.sandbox.control(f"orders/{order_id}")
            time.sleep(0.1)

    def journal(self) -> list[dict[str, Any]]:
        """What the clouds were asked since this bench was made."""
        return [entry for entry in self.sandbox.control("journal")["journal"][self.start :] if entry["cloud"] != "ca"]

    def writes(self) -> list[str]:
        return [entry["action"] for entry in self.journal() if is_write(entry)]

    def records(self) -> list[dict[str, Any]]:
        """The DNS records that came since this bench was made."""
        return [record for record in self._all_records() if record not in self.before]

    def _all_records(self) -> list[dict[str, Any]]:
        return [record for zone in self.sandbox.control("zones")["zones"] for record in zone["records"]]


@pytest.fixture
def bench(sandbox, tmp_path):
    return Bench(sandbox, tmp_path)


def test_check_mode_on_a_virgin_host_predicts_and_writes_nothing(bench):
    hosts = {flow: bench.variables(flow, bench.sandbox.buy(flow), host=flow) for flow in FLOWS}
    outcome = bench.run(hosts, "--check", "--diff")
    assert outcome.status == 0, outcome.output
    assert bench.writes() == []
    assert not any((bench.folder / flow).exists() for flow in FLOWS)
    # Both orders would be submitted; at Tencent the key would be made before that.
    assert {flow: outcome.recap[flow] for flow in FLOWS} == {"tencent_paid": (2, 0), "alibaba_dv": (1, 0)}


@dataclass
class Resumed:
    """Orders of both flows whose runs were killed, then run again, and once more; everything with all verbosity.

    Arguments:
        steps: the runs before the one that was resumed, which end as one that is killed after publication.
        left: how many records those left, and how many were noted for each flow.
        sent: the writes until the certificates were installed.
        left_after: the records after that.
        sent_again: the writes of the run after that.
    """

    bench: Bench
    steps: list[Outcome]
    left: tuple[int, list[int]]
    outcome: Outcome
    sent: list[str]
    left_after: list[dict[str, Any]]
    again: Outcome
    sent_again: list[str]


@pytest.fixture(scope="module")
def resumed(sandbox, tmp_path_factory):
    bench = Bench(sandbox, tmp_path_factory.mktemp("resumed"))
    applicant = bench.variables("alibaba_dv", "none")["tls_certificate_alibaba"] | {"mobile": MOBILE}
    hosts = {
        flow: bench.variables(flow, bench.sandbox.buy(flow), host=flow, tls_certificate_alibaba=applicant)
        for flow in FLOWS
    }
    # What a submission has left whose values nobody tells any more.
    for flow, variables in hosts.items():
        old = {"name": f"_dnsauth.{DOMAINS[flow]}", "type": "TXT", "value": "of-an-earlier-submission"}
        bench.note(flow, old, dns=variables["tls_certificate_dns"])
        bench.publish(flow, **old)
    steps = [bench.run(hosts, *LOUD, tasks_from=step) for step in ("submit.yml", "validate.yml")]
    left = (len(bench.records()), [len(group["records"]) for flow in FLOWS for group in bench.note(flow)])
    for variables in hosts.values():
        bench.wait_until_issued(variables["tls_certificate_order_id"])
    outcome = bench.run(hosts, *LOUD)
    sent, left_after = bench.writes(), bench.records()
    again = bench.run(hosts, *LOUD)
    return Resumed(bench, steps, left, outcome, sent, left_after, again, bench.writes()[len(sent) :])


def test_a_run_goes_on_and_removes_the_records_of_one_that_was_killed(resumed):
    bench, outcome = resumed.bench, resumed.outcome
    assert [step.status for step in resumed.steps] == [0, 0], [step.output for step in resumed.steps]
    assert resumed.left == (4, [2, 2])
    assert outcome.status == 0, outcome.output
    sent = resumed.sent
    assert (sent.count("CertificateOrderSubmit"), sent.count("CreateDVOrderAudit")) == (1, 1)
    assert {flow: outcome.results[flow]["order"]["state"] for flow in FLOWS} == dict.fromkeys(FLOWS, "issued")
    assert all((bench.folder / flow / "live" / "key.pem").is_file() for flow in FLOWS)
    assert resumed.left_after == []
    assert not any((bench.folder / flow / ".validation.json").exists() for flow in FLOWS)


def test_a_run_of_what_is_installed_changes_nothing(resumed):
    assert (resumed.again.status, resumed.again.recap) == (0, dict.fromkeys(FLOWS, (0, 0)))
    assert resumed.sent_again == []


def test_no_secret_is_shown_even_with_all_verbosity(resumed):
    bench = resumed.bench
    keys = [(bench.folder / flow / "live" / "key.pem").read_text() for flow in FLOWS]
    secrets = [account for cloud in bench.sandbox.ready["accounts"].values() for account in list(cloud.values())[1:]]
    planted = [line for key in keys for line in key.splitlines()[1:-1]] + [*secrets, MOBILE]
    assert len(planted) > 40
    output = "".join(outcome.output for outcome in (*resumed.steps, resumed.outcome, resumed.again))
    assert [secret for secret in planted if secret in output] == []
    assert "PRIVATE KEY-----" not in output


def test_two_hosts_with_one_order_are_refused_before_the_first_call(bench, tell):
    order_id = bench.sandbox.buy("tencent_paid")
    outcome = bench.run({host: bench.variables("tencent_paid", order_id, host=host) for host in ("web1", "web2")})
    assert outcome.status != 0
    failures = sorted(outcome.failures(), key=lambda failure: failure["msg"])
    tell("two hosts with one order", "role", failures[0])
    pairs = ("web1 and by web2", "web2 and by web1")
    assert len(failures) == 2
    for failure, pair in zip(failures, pairs, strict=True):
        assert f"order '{order_id}' is claimed by {pair}" in failure["msg"]
    assert bench.journal() == []


def test_host_with_an_order_of_its_own_is_not_refused_for_the_rivals_beside_it(bench):
    orders = {"web1": "shared", "web2": "shared", "web3": "own"}
    hosts = {host: bench.variables("tencent_paid", order_id, host=host) for host, order_id in orders.items()}
    outcome = bench.run(hosts, tasks_from="check.yml")
    assert {host: failed for host, (_changed, failed) in outcome.recap.items()} == {"web1": 1, "web2": 1, "web3": 0}


@pytest.mark.parametrize(
    ("flow", "changes", "message"),
    [
        ("alibaba_dv", {"tls_certificate_accept_cloud_key": False}, "set it to true to accept that"),
        ("tencent_paid", {"tls_certificate_tencent": {"csr_generation": "online"}}, "set it to true to accept that"),
        ("tencent_paid", {"tls_certificate_tencent": {"companyid": "1"}}, "'companyid' is no option of this order"),
        ("tencent_paid", {"tls_certificate_domains": []}, "give a list of at least one name"),
        ("alibaba_dv", {"tls_certificate_domains": "www.example.net"}, "give a list of at least one name"),
        ("alibaba_dv", {"tls_certificate_dnss": "alidns"}, "tls_certificate_dnss: is no variable of this role"),
    ],
    ids=["alibaba-key", "tencent-online-key", "typing-error", "no-domain", "string-for-list", "misspelt-variable"],
)
def test_what_cannot_work_is_refused_before_the_first_call(bench, flow, changes, message):
    outcome = bench.run({"web": bench.variables(flow, "none", **changes)})
    assert outcome.status != 0 and message in outcome.output
    assert bench.journal() == []


def test_zone_that_the_account_does_not_keep_is_told_before_the_order_is_spent(bench):
    hosts = {
        flow: bench.variables(flow, bench.sandbox.buy(flow), host=flow, tls_certificate_domains=["www.example.org"])
        for flow in FLOWS
    }
    outcome = bench.run(hosts)
    assert outcome.status != 0 and outcome.output.count("'_dnsauth.www.example.org'") >= 2
    assert bench.writes() == []


def test_host_that_could_not_take_the_certificate_is_told_before_the_order_is_spent(bench):
    wrong = {
        "tls_certificate_certificate_path": str(bench.folder / "server.crt"),
        "tls_certificate_private_key_path": str(bench.folder / "server.key"),
        "tls_certificate_reload_command": ["no-such-program", "reload"],
        "tls_certificate_verify_endpoints": ["127.0.0.1:abc"],
    }
    order_id = bench.sandbox.buy("tencent_paid")
    for arguments in (("--check",), ()):
        outcome = bench.run({"web": bench.variables("tencent_paid", order_id, **wrong)}, *arguments)
        assert outcome.status != 0
        assert "no-such-program" in outcome.output and "127.0.0.1:abc" in outcome.output
    assert bench.writes() == [] and not (bench.folder / "web").exists()


def test_key_that_tencent_made_is_fetched_only_where_that_is_accepted(bench):
    order_id = bench.sandbox.buy("tencent_paid")
    documents = {"company_type": "person", "contact_email": "w@example.com", "csr_generation": "online"}
    accepted = bench.variables(
        "tencent_paid", order_id, tls_certificate_tencent=documents, tls_certificate_accept_cloud_key=True
    )
    elsewhere = bench.run({"web": {**accepted, "tls_certificate_directory": str(bench.folder / "elsewhere")}})
    assert elsewhere.status == 0, elsewhere.output
    plain = bench.variables("tencent_paid", order_id)
    refused = bench.run({"web": plain})
    assert refused.status != 0 and "set tls_certificate_accept_cloud_key to true" in refused.output
    assert not (bench.folder / "web").exists()
    fetched = bench.run({"web": {**plain, "tls_certificate_accept_cloud_key": True}})
    assert fetched.status == 0, fetched.output
    assert (bench.folder / "web" / "live" / "key.pem").stat().st_mode & 0o777 == 0o600


@runs(PRINTED)
def test_manual_validation_shows_the_records_and_goes_on_later(bench):
    order_id = bench.sandbox.buy("alibaba_dv")
    hosts = {"web": bench.variables("alibaba_dv", order_id, tls_certificate_dns="manual")}
    paused = bench.run(hosts)
    assert paused.status == 0, paused.output
    record = paused.results["web"]["order"]["validations"][0]["record"]
    assert f"{record['name']}  TXT  {record['value']}" in paused.output
    (printed,) = chosen(PRINTED)
    heading, line = printed.text.splitlines()
    assert heading in paused.output and [len(line.split("  ")), line.split("  ")[1]] == [3, "TXT"]
    ran([printed])
    assert "run the play again" in paused.results["web"]["next_step"]
    assert not (bench.folder / "web").exists()
    # Somebody publishes the record, on another day.
    bench.publish("alibaba_dv", **record)
    outcome = bench.run(hosts)
    assert outcome.status == 0, outcome.output
    assert outcome.results["web"]["order"]["state"] == "issued"
    assert bench.writes() == ["CreateDVOrderAudit", "AddDomainRecord"]


def test_refused_order_fails_with_its_reason_and_leaves_no_record(bench):
    order_id = bench.sandbox.buy("tencent_paid")
    bench.sandbox.control("settings", {"issue_delay": 3600})
    try:
        variables = bench.variables("tencent_paid", order_id, tls_certificate_wait_timeout=3)
        slow = bench.run({"web": variables})
        bench.sandbox.control(f"orders/{order_id}/decision", {"decision": "reject"})
        refused = bench.run({"web": variables})
    finally:
        bench.sandbox.control("settings", {"issue_delay": 0})
    assert slow.status != 0 and "Nothing is lost" in slow.output
    assert slow.results["web"]["order"]["state"] in ("validating", "reviewing")
    assert refused.status != 0 and order_id in refused.output
    assert refused.results["web"]["order"]["state"] == "rejected"
    assert bench.records() == []
    assert bench.writes().count("CertificateOrderSubmit") == 1


def test_failing_reload_is_told_and_first_install_leaves_nothing_live(bench):
    order_id = bench.sandbox.buy("tencent_paid")
    variables = bench.variables("tencent_paid", order_id, tls_certificate_reload_command=["/bin/false"])
    outcome = bench.run({"web": variables})
    assert outcome.status != 0 and "/bin/false" in outcome.output
    assert not (bench.folder / "web" / "live").exists()
    assert (bench.folder / "web" / "versions" / order_id / "key.pem").is_file()
    assert bench.records() == []
    mended = bench.run({"web": {**variables, "tls_certificate_reload_command": ["/bin/true"]}})
    assert mended.status == 0, mended.output
    assert bench.writes().count("CertificateOrderSubmit") == 1
