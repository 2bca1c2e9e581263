# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the role tls_certificate does, without Ansible: the same use cases in the same order.

test_order_of_calls.py runs the role itself and holds its calls against these.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError
from ansible_collections.certwright.cloud.plugins.module_utils._module._use_case import Context, UseCase
from ansible_collections.certwright.cloud.plugins.modules import (
    alibaba_dv_order,
    alibaba_dv_order_info,
    alidns_record,
    certificate_install,
    certificate_request,
    dns_wait,
    dnspod_record,
    tencent_order,
    tencent_order_info,
    validation_note,
)
from ansible_collections.certwright.cloud.tests.unit.plugins.helpers import run_use_case
from exchange import Exchange, Killed
from in_process import ProcessCloud

__all__ = ["FLOWS", "Engine", "Flow", "Run"]

# Shorter than the role's own waits, which would only make the clock go round more often.
WAIT = {"wait_timeout": 300, "wait_interval": 15}
DNS_WAIT = {"wait_timeout": 120, "wait_interval": 10}


@dataclass(frozen=True)
class Flow:
    """What a run has to know of a flow.

    Arguments:
        submission: the action that must not reach the cloud twice.
        id_option: how its modules name the order.
        application: the other options of the module that submits.
        dns: who keeps the domain's zone, as the role names it.
        list_delay: for how long the role looks for a record that it is to remove, in seconds.
        cloud_key: whether the cloud makes the key.
    """

    name: str
    cloud: str
    submission: str
    domain: str
    dns: str
    list_delay: int
    id_option: str
    order: UseCase
    info: UseCase
    record: UseCase
    application: Mapping[str, Any]
    cloud_key: bool


FLOWS = {
    each.name: each
    for each in (
        Flow(
            "tencent_paid",
            "tencent",
            "CertificateOrderSubmit",
            "www.example.com",
            "dnspod",
            30,
            "certificate_id",
            tencent_order.USE_CASE,
            tencent_order_info.USE_CASE,
            dnspod_record.USE_CASE,
            {
                "common_name": "www.example.com",
                "csr_generation": "parse",
                "company_type": "person",
                "contact_email": "webmaster@example.com",
            },
            cloud_key=False,
        ),
        Flow(
            "alibaba_dv",
            "alibaba",
            "CreateDVOrderAudit",
            "www.example.net",
            "alidns",
            0,
            "instance_id",
            alibaba_dv_order.USE_CASE,
            alibaba_dv_order_info.USE_CASE,
            alidns_record.USE_CASE,
            {
                "domains": ["www.example.net"],
                "username": "Webmaster",
                "mobile": "13800000000",
                "email": "webmaster@example.net",
                "province": "zhejiang",
                "city": "hangzhou",
            },
            cloud_key=True,
        ),
    )
}


@dataclass
class Run:
    """What came of a run.

    Arguments:
        changed: whether any use case said that it changed something.
        error: what the run failed with, None where it went through.
        step: what it was doing then.
        cleaning: what removing the records failed with.
        killed: whether it was killed, and so has said nothing.
    """

    changed: bool = False
    state: str | None = None
    files: dict[str, Any] = field(default_factory=dict)
    error: CertwrightError | None = None
    step: str = ""
    cleaning: CertwrightError | None = None
    killed: bool = False
    exchanges: list[Exchange] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def errors(self) -> list[CertwrightError]:
        """All that failed."""
        return [error for error in (self.error, self.cleaning) if error]


class Engine:
    """Runs the chain for one order; its certificate and its memory lie in a folder."""

    def __init__(self, cloud: ProcessCloud, flow: Flow, order_id: str, folder: Path) -> None:
        self.cloud, self.flow, self.order_id = cloud, flow, order_id
        self.directory = folder / "site"
        self._state = folder / "state"
        account = cloud.app.accounts.first(flow.cloud)
        names = ("secret_id", "secret_key") if flow.cloud == "tencent" else ("access_key_id", "access_key_secret")
        self._common = {
            **dict(zip(names, (account.key_id, account.secret), strict=True)),
            "endpoint": "http://127.0.0.1",
        }
        self._run = Run()
        self._records: list[dict[str, Any]] = []
        # What is noted on the host.
        self._published: list[dict[str, Any]] = []

    def run(self) -> Run:
        """The role's main.yml."""
        self._run = run = Run()
        first = len(self.cloud.exchanges)
        try:
            self._block_and_always()
        except Killed:
            run.killed = True
        run.exchanges = self.cloud.exchanges[first:]
        return run

    def _block_and_always(self) -> None:
        self._records, self._published = [], []
        try:
            self._chain()
        except CertwrightError as error:
            self._run.error, self._run.step = error, self.cloud.step
        try:
            if self._records or self._published:
                self._clean_up()
        except CertwrightError as error:
            self._run.cleaning = error

    def _chain(self) -> None:
        seen = self._look()
        order, bundle = seen["order"], seen["bundle"]
        if order["state"] != "issued":
            order = self._submit(order)
        if order["state"] != "issued":
            self._records = _unique([each["record"] for each in order["validations"] if each["record"]])
            if self._records:
                self._publish()
            seen = self._wait()
            order, bundle = seen["order"], seen["bundle"]
        self._run.state = order["state"]
        if order["state"] == "issued":
            self._install(bundle)

    def _look(self) -> dict[str, Any]:
        self.cloud.step = "look"
        seen = self._use(self.flow.info, **self._named(), return_certificate=True)
        self._published = self._use(validation_note.USE_CASE, **self._site())["published"]
        return seen

    def _submit(self, order: dict[str, Any]) -> dict[str, Any]:
        self.cloud.step = "check"
        if order["state"] in ("awaiting_documents", "prepared"):
            self._use(certificate_install.USE_CASE, preflight=True, **self._site(), domains=[self.flow.domain])
            sample = {"name": f"_dnsauth.{self.flow.domain}", "type": "TXT", "value": "certwright-check"}
            self._use(self.flow.record, **self._common, **sample, check_mode=True)
        self.cloud.step = "submit"
        options = dict(self.flow.application)
        if not self.flow.cloud_key:
            wish = {"order_id": self.order_id, "domains": [self.flow.domain], "key_type": "ecdsa-p256"}
            options["csr"] = self._use(certificate_request.USE_CASE, **self._site(), **wish)["request"]["csr"]
        options |= {"validation_method": "dns", "wait_for": "validation", **WAIT}
        answer = self._use(self.flow.order, **self._named(), **options)
        return dict(answer["order"])

    def _publish(self) -> None:
        self.cloud.step = "publish"
        note = {"records": self._records, **self._dns()}
        self._published = self._use(validation_note.USE_CASE, **self._site(), **note)["published"]
        for record in self._records:
            self._use(self.flow.record, **self._common, **record, state="present", ttl=600)
        self.cloud.step = "dns"
        servers = [server.address for server in self.cloud.servers]
        self._use(dns_wait.USE_CASE, records=self._records, servers=servers, **DNS_WAIT)

    def _wait(self) -> dict[str, Any]:
        self.cloud.step = "wait"
        return self._use(self.flow.info, **self._named(), return_certificate=True, wait_for="issued", **WAIT)

    def _install(self, bundle: dict[str, Any]) -> None:
        self.cloud.step = "install"
        wish = {**self._site(), "order_id": self.order_id, "certificate": bundle["full_chain"]}
        wish["domains"] = [self.flow.domain]
        result = self._use(certificate_install.USE_CASE, **wish, missing_key="report")
        if result["key_missing"]:
            self.cloud.step = "fetch key"
            fetched = self._use(self.flow.info, **self._named(), return_certificate=True, return_private_key=True)
            wish["private_key"] = fetched["bundle"]["private_key"]
            self.cloud.step = "install"
            result = self._use(certificate_install.USE_CASE, **wish)
        self._run.files = result["files"]

    def _clean_up(self) -> None:
        self.cloud.step = "clean up"
        noted = [record for kept in self._published for record in kept["records"]]
        unnoted = [record for record in self._records if record not in noted]
        for kept in [*self._published, *([{**self._dns(), "records": unnoted}] if unnoted else [])]:
            for record in kept["records"]:
                self._use(self.flow.record, **self._common, **record, state="absent", wait_timeout=self.flow.list_delay)
            self._use(validation_note.USE_CASE, **self._site(), **kept, state="absent")

    def _dns(self) -> dict[str, Any]:
        return {"dns": self.flow.dns, "site": "intl"}

    def _site(self) -> dict[str, Any]:
        return {"directory": str(self.directory)}

    def _named(self) -> dict[str, Any]:
        return {**self._common, self.flow.id_option: self.order_id}

    def _use(self, use_case: UseCase, check_mode: bool = False, **given: Any) -> dict[str, Any]:
        """One module's run; in check mode nothing that it says counts as changed, as in the role."""
        context = Context(
            check_mode=check_mode,
            clock=self.cloud.clock,
            environ={"HOME": str(self._state), "CERTWRIGHT_STATE_DIR": str(self._state)},
            warn=self._run.warnings.append,
            open_transport=self.cloud.open_transport,
        )
        try:
            answer = run_use_case(use_case, context, **given)
        except CertwrightError as error:
            self._run.changed = self._run.changed or error.changed
            raise
        self._run.changed = self._run.changed or (answer["changed"] and not check_mode)
        return answer


def _unique(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [record for position, record in enumerate(records) if record not in records[:position]]
