# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every module in success and in each kind of failure, with canaries in whatever it is given or told.

A case is a task and how it has to end: "ok", or the kind of its error. Secrets are named by variables, as in a play
whose secrets lie in a vault: what stands in the text of a play is shown by Ansible itself.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ansible_collections.certwright.cloud.plugins.module_utils._x509_make import make_csr
from ansible_collections.certwright.cloud.tests.leaks.canaries import CANARIES
from ansible_collections.certwright.cloud.tests.unit.plugins.pki import Ca, new_key

__all__ = ["REFUSED", "Case", "alibaba_cases", "canary", "server_cases", "tencent_cases"]

# A task that ended before our code began, because Ansible refused its options.
REFUSED = "refused by Ansible"

# What Ansible does with a result is the same for all failures, so of these the module alone is run, without a play.
_ALONE = (
    *("t: search", "t: missing right", "t: wrong clock", "t: unknown order", "t: other names", "t: another key"),
    *(
        "t: zone of somebody else",
        "t: request for another name",
        "t: malformed names",
        "t: incomplete",
        "t: plain http",
    ),
    *("t: throttled", "t: wait that runs out", "t: short key", "t: expired profile", "t: state that cannot be kept"),
    *("t: wrong token", "a: search", "a: wrong key", "a: wrong key of DNS", "a: missing right", "a: wrong clock"),
    *("a: unknown order", "a: other names", "a: zone of somebody else", "a: malformed mobile", "a: incomplete"),
    *("a: proxy that is not there", "a: throttled", "a: HTML that repeats secrets", "a: no answer to the submission"),
    *("a: wait that runs out", "a: profile of a role", "a: expired profile", "a: submit in check mode"),
    *("s: malformed name", "s: key cut in half", "s: reload that fails", "s: not served", "s: note a record"),
)


@dataclass(frozen=True)
class Case:
    """A task, how it has to end, and keywords beside the module's options."""

    name: str
    module: str
    options: Mapping[str, Any]
    ends: str = "ok"
    more: Mapping[str, Any] = field(default_factory=dict)

    @property
    def alone(self) -> bool:
        """Whether the module is run without a play."""
        return self.name in _ALONE

    def task(self) -> dict[str, Any]:
        """The task as a play has it."""
        name = f"certwright.cloud.{self.module}"
        return {"name": self.name, name: dict(self.options), "ignore_errors": True, **self.more}


def canary(name: str) -> str:
    """A canary in a play."""
    return f"{{{{ canaries[{name!r}] }}}}"


TENCENT_KEYS = {
    "secret_id": "AKIDcanary",
    "secret_key": canary("tencent key"),
    "token": canary("tencent token"),
}
ALIBABA_KEYS = {
    "access_key_id": "LTAIcanary",
    "access_key_secret": canary("alibaba key"),
    "security_token": canary("alibaba token"),
}
COMPANY = {
    "csr_generation": "online",
    "key_pass": canary("key password"),
    "org_organization": "Example Ltd",
    "org_division": "IT",
    "org_address": "1 Example Road",
    "org_country": "CN",
    "org_city": "Shanghai",
    "org_region": "Shanghai",
    "org_phone_area": "021",
    "org_phone_number": canary("organisation's phone"),
    "org_id_type": "others",
    "org_id_number": canary("organisation's id"),
    "admin_first_name": "Jo",
    "admin_last_name": "Doe",
    "admin_phone": canary("manager's phone"),
    "admin_email": "jo.doe@example.com",
    "admin_title": "Head of IT",
    "admin_id_type": "sfz",
    "admin_id_number": canary("manager's id card"),
    "tech_first_name": "Max",
    "tech_last_name": "Moe",
    "tech_phone": canary("contact's phone"),
    "tech_title": "Administrator",
    "tech_id_type": "hz",
    "tech_id_number": canary("contact's passport"),
}
DOCUMENTS = {"common_name": "www.example.com", **COMPANY}
APPLICANT = {
    "username": "Webmaster",
    "mobile": canary("applicant's mobile"),
    "email": "webmaster@example.net",
    "province": "zhejiang",
    "city": "hangzhou",
}
WAIT = {"wait_timeout": 60, "wait_interval": 0.2}
PROXY = {"proxy": f"http://user:{canary('proxy password')}@127.0.0.1:1"}
ASYNC = {"async": 120, "poll": 1}
CHECK = {"check_mode": True, "diff": True}


class Cloud:
    """The sandbox, told what shall go wrong for which order; each case has an order of its own."""

    def __init__(self, control: Callable[..., Any], cloud: str, flow: str) -> None:
        self._control, self._cloud, self._flow = control, cloud, flow

    def bought(self) -> str:
        """An order that nothing was done with."""
        order_id: str = self._control("orders", {"flow": self._flow})["ids"][0]
        return order_id

    def with_fault(self, **fault: Any) -> str:
        """An order whose calls go wrong."""
        order_id = self.bought()
        self._control("faults", {"cloud": self._cloud, "order_id": order_id, "times": 0, **fault})
        return order_id


def echo(key: str, token: str, private_key: str) -> str:
    """A text with secrets in all shapes, as a gateway in a debug mode might say it."""
    both = f"{key} {token}"
    shapes = (both, quote(both, safe=""), base64.b64encode(both.encode()).decode(), repr(token), private_key)
    return " | ".join((*shapes, f"server string to sign is:POST&%2F&{quote(token, safe='')}"))


def tencent_cases(control: Callable[..., Any], folder: Path) -> list[Case]:
    """Tencent's modules."""
    cloud = Cloud(control, "tencent", "tencent_paid")
    order, info, record = "tencent_order", "tencent_order_info", "dnspod_record"
    done, stranger_key = cloud.bought(), new_key()
    said = echo(CANARIES["tencent key"], CANARIES["tencent token"], new_key())
    refusal = json.dumps({"Response": {"RequestId": said[:60], "Error": {"Code": said[:40], "Message": said}}})

    def look(order_id: str, **options: Any) -> dict[str, Any]:
        return {**TENCENT_KEYS, "certificate_id": order_id, **options}

    def submit(order_id: str, **options: Any) -> dict[str, Any]:
        return {**TENCENT_KEYS, "certificate_id": order_id, "settle_timeout": 1, **DOCUMENTS, **options}

    def published(**options: Any) -> dict[str, Any]:
        return {
            "name": "_dnsauth.www.example.com",
            "value": "{{ submitted.order.validations[0].record.value }}",
            **options,
        }

    other = make_csr(stranger_key, "other.example.com", [])
    return [
        Case("t: submit in check mode", order, submit(done), more=CHECK),
        Case("t: submit", order, submit(done, wait_for="validation", **WAIT), more={"register": "submitted"}),
        Case("t: publish, key from a profile", record, published(profile="work")),
        Case("t: wait for DNS", "dns_wait", published(servers=["{{ dns }}"], wait_timeout=30, wait_interval=0.2)),
        Case("t: wait, key from the environment", info, {"certificate_id": done, "wait_for": "issued", **WAIT}),
        Case("t: look at an issued order", info, look(done, return_certificate=True), more={"register": "issued"}),
        Case("t: look, in the background", info, look(done, return_certificate=True), more=ASYNC),
        Case("t: fetch the key, unseen", info, look(done, return_private_key=True), more={"no_log": True}),
        Case("t: search", info, {**TENCENT_KEYS, "states": ["issued"]}),
        Case("t: unpublish", record, published(**TENCENT_KEYS, state="absent")),
        Case("t: wrong key", info, look("LrmeMvQr", secret_key=canary("wrong tencent key")), "auth"),
        Case("t: wrong key in the background", info, look("a", secret_key=canary("wrong tencent key")), "auth", ASYNC),
        Case("t: wrong token", info, look("LrmeMvQr", token=canary("wrong tencent token")), "auth"),
        Case(
            "t: missing right",
            order,
            submit(cloud.with_fault(kind="error", code="UnauthorizedOperation", action="CertificateInfoSubmit")),
            "permission",
        ),
        Case(
            "t: wrong clock", order, submit(cloud.with_fault(kind="error", code="AuthFailure.SignatureExpire")), "auth"
        ),
        Case("t: unknown order", order, submit("AbCd1234"), "not_found"),
        Case("t: other names", order, submit(done, common_name="shop.example.com"), "conflict"),
        Case(
            "t: another key",
            order,
            submit(done, csr=make_csr(stranger_key, "www.example.com", []), csr_generation="parse"),
            "conflict",
        ),
        Case("t: zone of somebody else", record, {**TENCENT_KEYS, "name": "a.example.org", "value": "v"}, "not_found"),
        Case("t: request for another name", order, submit(done, csr=other, csr_generation="parse"), "invalid_input"),
        Case(
            "t: malformed names",
            order,
            submit(done, common_name="*.-x.example.com", validation_method="file"),
            "invalid_input",
        ),
        Case("t: incomplete", order, {**submit(cloud.bought()), "org_city": ""}, "invalid_input"),
        Case("t: proxy that is not there", order, submit(done, **PROXY), "network"),
        Case("t: plain http", order, submit(done, endpoint="http://192.0.2.1"), "invalid_input"),
        Case("t: throttled", info, look(cloud.with_fault(kind="throttle")), "throttled"),
        Case(
            "t: refusal that repeats secrets",
            order,
            submit(cloud.with_fault(kind="http", status=200, body=refusal)),
            "server",
        ),
        Case("t: HTML that repeats secrets", info, look(cloud.with_fault(kind="http", body=f"<html>{said}")), "server"),
        Case(
            "t: no answer to the submission",
            order,
            submit(cloud.with_fault(kind="drop", action="CertificateOrderSubmit")),
            "outcome_unknown",
        ),
        Case(
            "t: refused submission that repeats secrets",
            order,
            submit(cloud.with_fault(kind="http", status=200, body=refusal, action="CertificateInfoSubmit")),
            "server",
        ),
        Case("t: wait that runs out", order, submit(cloud.bought(), wait_for="issued", wait_timeout=0), "timeout"),
        Case("t: short key", info, look(done, secret_key=canary("short key")), "invalid_input"),
        Case("t: short password", order, submit(done, key_pass=canary("short key password")), "invalid_input"),
        Case("t: key in a list", info, look(done, secret_key=[canary("key of a list")]), "auth"),
        Case("t: option that does not exist", order, submit(done, nonsense=1), REFUSED),
        Case("t: broken profile", info, {"certificate_id": done, "profile": "broken"}, "auth"),
        Case("t: expired profile", info, {"certificate_id": done, "profile": "expired"}, "auth"),
        Case("t: state that cannot be kept", order, submit(cloud.bought(), state_dir="/proc/nowhere"), "invalid_input"),
    ]


def alibaba_cases(control: Callable[..., Any], folder: Path) -> list[Case]:
    """Alibaba's modules."""
    cloud = Cloud(control, "alibaba", "alibaba_dv")
    order, info, record = "alibaba_dv_order", "alibaba_dv_order_info", "alidns_record"
    done = cloud.bought()
    said = echo(CANARIES["alibaba key"], CANARIES["alibaba token"], new_key())
    refusal = json.dumps({"RequestId": said[:60], "Code": said[:40], "Message": said})

    def look(order_id: str, **options: Any) -> dict[str, Any]:
        return {**ALIBABA_KEYS, "instance_id": order_id, **options}

    def submit(order_id: str, **options: Any) -> dict[str, Any]:
        wish = {"domains": ["www.example.net"], "settle_timeout": 1, **APPLICANT}
        return {**ALIBABA_KEYS, "instance_id": order_id, **wish, **options}

    def published(**options: Any) -> dict[str, Any]:
        return {
            "name": "_dnsauth.www.example.net",
            "value": "{{ submitted.order.validations[0].record.value }}",
            **options,
        }

    return [
        Case("a: submit in check mode", order, submit(done), more=CHECK),
        Case("a: submit", order, submit(done, wait_for="validation", **WAIT), more={"register": "submitted"}),
        Case("a: publish, key from a profile", record, published(profile="work")),
        Case("a: wait, key from the environment", info, {"instance_id": done, "wait_for": "issued", **WAIT}),
        Case("a: look at an issued order", info, look(done, return_certificate=True), more={"register": "issued"}),
        Case("a: fetch the key, unseen", info, look(done, return_private_key=True), more={"no_log": True}),
        Case("a: search", info, {**ALIBABA_KEYS, "states": ["issued"]}),
        Case("a: unpublish", record, published(**ALIBABA_KEYS, state="absent")),
        Case("a: wrong key", info, look("cas-x", access_key_secret=canary("wrong alibaba key")), "auth"),
        Case(
            "a: wrong key of DNS",
            record,
            {**ALIBABA_KEYS, "access_key_secret": canary("wrong alibaba key"), "name": "a.example.net", "value": "v"},
            "auth",
        ),
        Case("a: wrong token", info, look("cas-x", security_token=canary("wrong alibaba token")), "auth"),
        Case("a: missing right", info, look(cloud.with_fault(kind="error", code="Forbidden.RAM")), "permission"),
        Case("a: wrong clock", order, submit(cloud.with_fault(kind="error", code="InvalidTimeStamp.Expired")), "auth"),
        Case("a: unknown order", order, submit("cas-cn-nobody"), "not_found"),
        Case("a: other names", order, submit(done, domains=["shop.example.net"]), "conflict"),
        Case("a: zone of somebody else", record, {**ALIBABA_KEYS, "name": "a.example.org", "value": "v"}, "not_found"),
        Case(
            "a: malformed mobile",
            order,
            submit(done, mobile=canary("applicant's mobile") + "x"),
            "invalid_input",
        ),
        Case("a: incomplete", order, {**submit(cloud.bought()), "city": ""}, "invalid_input"),
        Case("a: proxy that is not there", order, submit(done, **PROXY), "network"),
        Case("a: throttled", info, look(cloud.with_fault(kind="throttle", code="Throttling.User")), "throttled"),
        Case(
            "a: refusal that repeats secrets",
            order,
            submit(cloud.with_fault(kind="http", status=400, body=refusal)),
            "rejected",
        ),
        Case("a: HTML that repeats secrets", info, look(cloud.with_fault(kind="http", body=f"<html>{said}")), "server"),
        Case(
            "a: no answer to the submission",
            order,
            submit(cloud.with_fault(kind="drop", action="CreateDVOrderAudit")),
            "outcome_unknown",
        ),
        Case(
            "a: refused submission that repeats secrets",
            order,
            submit(cloud.with_fault(kind="http", status=400, body=refusal, action="CreateDVOrderAudit")),
            "rejected",
        ),
        Case("a: wait that runs out", order, submit(cloud.bought(), wait_for="issued", wait_timeout=0), "timeout"),
        Case("a: short key", info, look(done, access_key_secret=canary("short key")), "invalid_input"),
        Case("a: profile of a role", info, {"instance_id": done, "profile": "role"}, "auth"),
        Case("a: expired profile", info, {"instance_id": done, "profile": "expired"}, "auth"),
    ]


def server_cases(folder: Path, keys: dict[str, str]) -> list[Case]:
    """The modules that work on a server; the private keys that they are given are added to keys."""
    ca, name, host = Ca(), "www.example.com", str(folder / "host")
    given, stranger = new_key(), new_key()
    keys.update({"key that is given": given, "key that does not fit": stranger})
    leaf, chain = ca.leaf(given, name), [ca.intermediate]
    install, request = "certificate_install", "certificate_request"

    def installed(directory: str, **options: Any) -> dict[str, Any]:
        wish = {"directory": f"{host}/{directory}", "order_id": "order-1", "certificate": leaf, "chain": chain}
        return {**wish, "private_key": "{{ keys['key that is given'] }}", **options}

    spill = ["sh", "-c", f"cat {host}/spilt/versions/order-1/key.pem; exit 1"]
    return [
        Case(
            "s: make a key",
            request,
            {"directory": f"{host}/made", "order_id": "o", "domains": [name]},
            more={"diff": True},
        ),
        Case(
            "s: note a record",
            "validation_note",
            {"directory": f"{host}/made", "dns": "manual", "records": [{"name": name, "value": "v"}]},
        ),
        Case(
            "s: malformed name",
            request,
            {"directory": f"{host}/x", "order_id": "o", "domains": ["-a.b"]},
            "invalid_input",
        ),
        Case("s: install in check mode", install, installed("live"), more=CHECK),
        Case("s: install", install, installed("live")),
        Case("s: install in the background", install, installed("async"), more=ASYNC),
        Case(
            "s: key that does not fit",
            install,
            installed("n1", private_key="{{ keys['key that does not fit'] }}"),
            "invalid_input",
        ),
        Case(
            "s: key cut in half",
            install,
            installed("n2", private_key="{{ keys['key that is given'][:120] }}"),
            "invalid_input",
        ),
        Case("s: short key", install, installed("n3", private_key=canary("short private key")), "invalid_input"),
        Case("s: test command that shows the key", install, installed("spilt", test_command=spill), "rejected"),
        Case("s: reload that fails", install, installed("n4", reload_command=["false"]), "rejected"),
        Case(
            "s: not served", install, installed("n5", verify_endpoints=["127.0.0.1:1"], verify_timeout=0.2), "timeout"
        ),
        Case("s: folder that cannot be", install, {**installed("x"), "directory": "/proc/x"}, "conflict"),
    ]
