# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every task has to come to, whether it runs inside the controller or as a module.

A case is a task and how it has to end: "ok", "changed", the kind of its error, or words of Ansible's refusal. Each host
has orders of its own (``orders.NAME``) and records of its own (its name is in them).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.certwright.cloud.plugins.module_utils._x509_make import make_csr, make_key

__all__ = ["ANSWER_LIKE_A_TEMPLATE", "SECRETS", "Case", "Orders", "cases", "short_cases"]

SECRETS = {"wrong": "never-to-be-seen-1", "password": "never-to-be-seen-2", "mobile": "13912345678"}
ANSWER_LIKE_A_TEMPLATE = "{{ 1 + 1 }} {% raw %}"

KEYS = {"secret_id": "AKIDwrong", "secret_key": "{{ secrets.wrong }}"}
ACCESS = {"access_key_id": "LTAIwrong", "access_key_secret": "{{ secrets.wrong }}"}
PERSON = {"company_type": "person", "contact_email": "a@example.com", "csr_generation": "online"}
DOCUMENTS = {"common_name": "{{ inventory_hostname }}.example.com", "csr_key_parameter": "prime256v1", **PERSON}
APPLICANT = {
    "domains": ["{{ inventory_hostname }}.example.net"],
    "username": "Webmaster",
    "mobile": "{{ secrets.mobile }}",
    "email": "webmaster@example.net",
    "province": "zhejiang",
    "city": "hangzhou",
}
SOON = {"wait_timeout": 60, "wait_interval": 0.1}
SEEN = {"check_mode": True, "diff": True}
# Nothing can be kept there, and nobody has named it, so that a run warns and goes on.
NO_FOLDER = {"CERTWRIGHT_STATE_DIR": "", "HOME": "/proc/nobody"}
UNKNOWN = "Unsupported parameters for (certwright.cloud."


@dataclass(frozen=True)
class Case:
    """A task, how it has to end, and its keywords beside the module's options.

    ``passing`` names members of the result that are another thing a moment later.
    """

    name: str
    module: str
    options: Mapping[str, Any] | str
    ends: str = "ok"
    more: Mapping[str, Any] = field(default_factory=dict)
    passing: tuple[str, ...] = ()

    def task(self, prefix: str = "certwright.cloud.") -> dict[str, Any]:
        """The task as a play has it."""
        return {"name": self.name, f"{prefix}{self.module}": self.options, "ignore_errors": True, **self.more}


# A result with everything that a result can have: a diff, warnings, words of the cloud, masked words, raw words.
_SHOWN = {"t: submit, foretold", "t: submit", "t: warned", "t: words like a template"}
_SHOWN |= {
    "a: submit",
    "a: words like a template",
    "record, foretold",
    "record",
    "no record",
    "one look",
}
# What is refused by ourselves, or in the same way for each module.
_ALIKE = {
    *(f"unknown option of {module}" for module in ("tencent_order_info", "alibaba_dv_order", "alibaba_dv_order_info")),
    *(f"unknown option of {module}" for module in ("dnspod_record", "alidns_record")),
    *(f"nothing given to {module}" for module in ("alibaba_dv_order", "dnspod_record", "alidns_record")),
    "blank secret",
    "short secret",
    "blank id",
    "many faults",
    "number that is none",
    "plain http",
    "relative folder",
    "name without a dot",
}


class Orders:
    """Orders for one host, by the names that the cases give them; some go wrong at the cloud.

    Arguments:
        control: calls the sandbox's control interface.
    """

    def __init__(self, control: Callable[..., Any]) -> None:
        self._control = control
        said = {
            cloud: f"{SECRETS[name]} {ANSWER_LIKE_A_TEMPLATE}" for cloud, name in (("t", "password"), ("a", "mobile"))
        }
        tencent = {"Response": {"RequestId": "r-1", "Error": {"Code": "Strange", "Message": said["t"]}}}
        alibaba = {"RequestId": "r-1", "Code": "Strange", "Message": said["a"]}
        send, audit = "CertificateOrderSubmit", "CreateDVOrderAudit"
        self.ids = {
            **{name: self._bought("tencent_paid") for name in ("t", "t_new", "t_loop")},
            **{name: self._bought("alibaba_dv") for name in ("a", "a_new", "a_loop")},
            "t_strange": self._faulty("tencent_paid", kind="http", status=200, body=json.dumps(tencent)),
            "t_forbidden": self._faulty("tencent_paid", kind="error", code="UnauthorizedOperation"),
            "t_html": self._faulty("tencent_paid", kind="http", status=502, body="<html>oh</html>", action=send),
            "t_lost": self._faulty("tencent_paid", kind="drop", when="before", action=send),
            "a_strange": self._faulty("alibaba_dv", kind="http", status=400, body=json.dumps(alibaba)),
            "a_forbidden": self._faulty("alibaba_dv", kind="error", code="Forbidden.RAM"),
            "a_lost": self._faulty("alibaba_dv", kind="drop", when="after", action=audit),
        }

    def _bought(self, flow: str) -> str:
        order_id: str = self._control("orders", {"flow": flow})["ids"][0]
        return order_id

    def _faulty(self, flow: str, **fault: Any) -> str:
        order_id = self._bought(flow)
        cloud = flow.partition("_")[0]
        self._control("faults", {"cloud": cloud, "order_id": order_id, "times": 0, **fault})
        return order_id


def cases(brief: bool = False) -> list[Case]:
    """All cases, in their order.

    Arguments:
        brief: only those in which ansible-core has a part: what it refuses, what it hands in, shows and masks.
    """
    clouds = [case for case in (*_tencent(), *_alibaba(), *_dns()) if case.name in _SHOWN or not brief]
    refused = [case for case in _refused() if case.name not in _ALIKE or not brief]
    return [*refused, *clouds, *_keywords()]


def short_cases() -> list[Case]:
    """Cases of a play that names the collection once, so that its tasks need not."""
    ends = "Unsupported parameters for ("
    return [
        Case("short name", "tencent_order_info", {"certificate_id": "{{ orders.t }}"}),
        Case("short name, unknown option", "dns_wait", {"name": "a.example.com", "value": "v", "nope": 1}, ends),
    ]


def _refused() -> list[Case]:
    """What no use case gets to see, and what it refuses without asking anybody."""
    order, info = "tencent_order", "tencent_order_info"
    dv, dv_info = "alibaba_dv_order", "alibaba_dv_order_info"
    record = {"name": "a.example.com", "value": "v"}
    every: dict[str, dict[str, str]] = {
        order: {"certificate_id": "a"},
        info: {},
        dv: {"instance_id": "a"},
        dv_info: {},
        **dict.fromkeys(("dnspod_record", "alidns_record", "dns_wait"), record),
    }
    return [
        *(
            Case(f"unknown option of {module}", module, {**given, "nope": 1}, UNKNOWN)
            for module, given in every.items()
        ),
        *(
            Case(f"nothing given to {module}", module, {}, "missing required arguments")
            for module in (order, dv, "dnspod_record", "alidns_record")
        ),
        Case("no record to wait for", "dns_wait", {}, "is required"),
        Case("text for a number", info, {"api_timeout": "abc"}, "unable to convert to float"),
        Case("text for a whole number", dv_info, {"wait_timeout": "abc"}, "unable to convert to int"),
        Case("text for a truth", order, {"certificate_id": "a", "validate_now": "perhaps"}, "not a valid boolean"),
        Case("wrong choice", dv, {"instance_id": "a", "site": "mars"}, "value of site must be one of"),
        Case("wrong choice in a list", info, {"states": ["issued", "lost"]}, "value of states must be one or more of"),
        Case("options that exclude each other", info, {"certificate_id": "a", "domain": "b"}, "mutually exclusive"),
        Case("secret of a wrong type", info, {"certificate_id": "a", "secret_key": ["never-to-be-seen-3"]}, "auth"),
        Case("blank secret", info, {**KEYS, "certificate_id": "a", "secret_key": " "}, "auth"),
        Case("short secret", dv_info, {**ACCESS, "instance_id": "a", "access_key_secret": "short"}, "invalid_input"),
        Case("blank id", info, {"certificate_id": " "}, "invalid_input"),
        Case(
            "all faults at once",
            order,
            {"certificate_id": "a", "wait_timeout": -1, "wait_for": "issued"},
            "invalid_input",
        ),
        Case("many faults", dv, {**APPLICANT, "instance_id": "a", "domains": ["-"], "mobile": "x"}, "invalid_input"),
        Case("number that is none", dv_info, {"instance_id": "a", "api_timeout": "nan"}, "invalid_input"),
        Case("plain http", "dnspod_record", {**record, "endpoint": "http://192.0.2.1"}, "invalid_input"),
        Case("relative folder", "alidns_record", {**record, "state_dir": "here"}, "invalid_input"),
        Case("name without a dot", "dns_wait", {"name": "example", "value": "v"}, "invalid_input"),
    ]


def _tencent() -> list[Case]:
    order, info = "tencent_order", "tencent_order_info"
    mine, wish = {"certificate_id": "{{ orders.t }}"}, {**DOCUMENTS, "settle_timeout": 0}
    seen = {"register": "seen", "retries": 100, "delay": 0.1}
    other = make_csr(make_key("ecdsa-p256"), "other.example.com", [])
    record = "{{ submitted.order.validations[0].record.%s }}"
    proof = {"name": record % "name", "value": record % "value"}
    return [
        Case("t: wrong key", info, {**KEYS, **mine}, "auth"),
        Case("t: unknown order", info, {"certificate_id": 123}, "not_found"),
        Case("t: prepare, foretold", order, {**mine, **wish, "state": "prepared"}, "changed", SEEN),
        Case("t: submit, foretold", order, {**mine, **wish}, "changed", SEEN),
        Case("t: incomplete", order, {**mine, "common_name": "{{ inventory_hostname }}.example.com"}, "invalid_input"),
        Case(
            "t: request for another name",
            order,
            {**mine, **wish, "csr": other, "csr_generation": "parse"},
            "invalid_input",
        ),
        Case(
            "t: submit",
            order,
            {**mine, **wish, **SOON, "wait_for": "validation"},
            "changed",
            {"register": "submitted", "diff": True},
            ("state", "vendor_state", "next_step", "action_needed"),
        ),
        Case(
            "t: until the CA looks",
            info,
            mine,
            "ok",
            {**seen, "until": "seen.order.state == 'validating'"},
            ("attempts",),
        ),
        Case("t: submit again", order, {**mine, **wish}),
        Case("t: warned", order, {**mine, **wish}, "ok", {"environment": NO_FOLDER}),
        Case("t: other names", order, {**mine, **wish, "common_name": "shop.example.com"}, "conflict"),
        Case("t: wait that runs out", info, {**mine, "wait_for": "issued", "wait_timeout": 0}, "timeout"),
        Case("t: publish", "dnspod_record", proof, "changed"),
        Case("t: wait", info, {**mine, **SOON, "wait_for": "issued"}),
        Case("t: certificate", info, {**mine, "return_certificate": True}),
        Case("t: key", info, {**mine, "return_private_key": True}),
        Case("t: unpublish", "dnspod_record", {**proof, "state": "absent"}, "changed"),
        Case("t: several", info, {"certificate_ids": ["{{ orders.t }}", "{{ orders.t_new }}"]}),
        Case("t: in few calls", info, {"certificate_ids": ["{{ orders.t_new }}", "{{ orders.t }}"], "details": False}),
        Case("t: wait in few calls", info, {**mine, "details": False, "wait_for": "issued"}, "invalid_input"),
        Case("t: none", info, {"certificate_ids": []}),
        Case("t: missing right", order, {**wish, "certificate_id": "{{ orders.t_forbidden }}"}, "permission"),
        Case(
            "t: words like a template",
            order,
            {**wish, "certificate_id": "{{ orders.t_strange }}", "key_pass": "{{ secrets.password }}"},
            "server",
            {"register": "strange"},
        ),
        Case("t: lost submission", order, {**wish, "certificate_id": "{{ orders.t_lost }}"}, "outcome_unknown"),
        Case("t: HTML", order, {**wish, "certificate_id": "{{ orders.t_html }}"}, "outcome_unknown"),
        Case("t: nobody there", info, {**mine, "endpoint": "http://127.0.0.1:1"}, "network"),
        Case(
            "t: proxy with a password",
            info,
            {**mine, "endpoint": "https://127.0.0.1:1", "proxy": "http://u:{{ secrets.password }}@127.0.0.1:1"},
            "network",
        ),
        Case(
            "t: state that cannot be kept",
            order,
            {**wish, "certificate_id": "{{ orders.t_new }}", "state_dir": "/proc/no"},
            "invalid_input",
        ),
    ]


def _alibaba() -> list[Case]:
    order, info = "alibaba_dv_order", "alibaba_dv_order_info"
    mine, wish = {"instance_id": "{{ orders.a }}"}, {**APPLICANT, "settle_timeout": 0}
    record = "{{ submitted.order.validations[0].record.%s }}"
    proof = {"name": record % "name", "value": record % "value"}
    return [
        Case("a: wrong key", info, {**ACCESS, **mine}, "auth"),
        Case("a: unknown order", info, {"instance_id": "cas-cn-nobody"}, "not_found"),
        Case("a: submit, foretold", order, {**mine, **wish}, "changed", SEEN),
        Case(
            "a: submit",
            order,
            {**mine, **wish, **SOON, "wait_for": "validation"},
            "changed",
            {"register": "submitted", "diff": True},
        ),
        Case("a: submit again", order, {**mine, **wish}),
        Case("a: other names", order, {**mine, **wish, "domains": ["shop.example.net"]}, "conflict"),
        Case("a: publish", "alidns_record", proof, "changed"),
        Case("a: wait", info, {**mine, **SOON, "wait_for": "issued"}),
        Case("a: certificate", info, {**mine, "return_certificate": True}),
        Case("a: unpublish", "alidns_record", {**proof, "state": "absent"}, "changed"),
        Case("a: several", info, {"instance_ids": ["{{ orders.a }}", "{{ orders.a_new }}"]}),
        Case("a: in few calls", info, {"instance_ids": ["{{ orders.a_new }}", "{{ orders.a }}"], "details": False}),
        Case("a: missing right", order, {**wish, "instance_id": "{{ orders.a_forbidden }}"}, "permission"),
        Case("a: words like a template", order, {**wish, "instance_id": "{{ orders.a_strange }}"}, "rejected"),
        Case("a: lost answer", order, {**wish, "instance_id": "{{ orders.a_lost }}", "settle_timeout": 5}, "changed"),
        Case("a: missing profile", info, {**mine, "profile": "nobody"}, "auth"),
    ]


def _dns() -> list[Case]:
    mine = {"name": "_x.{{ inventory_hostname }}.example.com", "value": "v"}
    theirs = {"name": "_x.{{ inventory_hostname }}.example.net", "value": "v"}
    wait = {"servers": ["{{ dns }}"], "wait_interval": 0.1}
    return [
        Case("record, foretold", "dnspod_record", mine, "changed", SEEN),
        Case("record", "dnspod_record", mine, "changed", {"diff": True}),
        Case("record again", "dnspod_record", mine),
        Case("record of another zone", "dnspod_record", {**mine, "name": "a.example.org"}, "not_found"),
        Case("record in another zone", "dnspod_record", {**mine, "zone": "example.net"}, "invalid_input"),
        Case("record with another time to live", "dnspod_record", {**mine, "ttl": 700}),
        Case("wait for the record", "dns_wait", {**mine, **wait, "wait_timeout": 30}),
        Case("wait for several", "dns_wait", {"records": [mine], **wait, "wait_timeout": 30}),
        Case("wait, foretold", "dns_wait", {**mine, "value": "w", **wait}, "ok", {"check_mode": True}),
        Case("wait that runs out", "dns_wait", {**mine, "value": "w", **wait, "wait_timeout": 1}, "timeout"),
        Case("wait for nobody", "dns_wait", {**mine, **wait, "servers": ["127.0.0.1:1"], "wait_timeout": 1}, "timeout"),
        Case("one look", "dns_wait", {**mine, "value": "w", **wait, "wait_timeout": 0}),
        Case("server that is none", "dns_wait", {**mine, "servers": ["127.0.0.1:x"]}, "invalid_input"),
        Case("no record, foretold", "dnspod_record", {**mine, "state": "absent"}, "changed", SEEN),
        Case("no record", "dnspod_record", {**mine, "state": "absent"}, "changed"),
        Case("no record again", "dnspod_record", {**mine, "state": "absent"}),
        Case("record at Alidns", "alidns_record", {**theirs, "ttl": "600"}, "changed", {"diff": True}),
        Case("record at Alidns, wrong key", "alidns_record", {**ACCESS, **theirs}, "auth"),
        Case("no record at Alidns", "alidns_record", {**theirs, "state": "absent"}, "changed", {"diff": True}),
    ]


def _keywords() -> list[Case]:
    """What Ansible does around a task."""
    info, dv_info = "tencent_order_info", "alibaba_dv_order_info"
    mine, dv_mine = {"certificate_id": "{{ orders.t }}"}, {"instance_id": "{{ orders.a }}"}
    wrong = {"TENCENTCLOUD_SECRET_ID": "AKIDenvironment", "TENCENTCLOUD_SECRET_KEY": "{{ secrets.wrong }}"}
    proxy = {"HTTPS_PROXY": "http://u:{{ secrets.password }}@127.0.0.1:1"}
    defaults = {f"certwright.cloud.{info}": dict(mine)}
    group = {"group/certwright.cloud.alibaba": dict(ACCESS)}
    loop = {"loop": ["{{ orders.t }}", "nobody", "{{ orders.t_loop }}"]}
    labelled = {"loop": ["{{ orders.a }}", "{{ orders.a_loop }}"], "loop_control": {"label": "an order"}}
    item, waiting = {"certificate_id": "{{ item }}"}, {**mine, "certificate_id": "{{ orders.t_new }}"}
    return [
        Case("environment", info, mine, "auth", {"environment": wrong}),
        Case("environment is gone", info, mine),
        Case(
            "proxy of the environment",
            dv_info,
            {**dv_mine, "endpoint": "https://192.0.2.1"},
            "network",
            {"environment": proxy},
        ),
        Case("proxy of the environment is gone", dv_info, dv_mine),
        Case("module_defaults", info, {}, "ok", {"module_defaults": defaults}),
        Case("module_defaults of a group", dv_info, dv_mine, "auth", {"module_defaults": group}),
        Case("loop", info, item, "One or more items failed", loop),
        Case("loop with labels", dv_info, {"instance_id": "{{ item }}"}, "ok", labelled),
        Case(
            "until", info, mine, "ok", {"register": "tried", "until": "tried.attempts == 2", "retries": 3, "delay": 0}
        ),
        Case(
            "until no more",
            info,
            mine,
            "ok",
            {"register": "tried", "until": "false", "retries": 1, "delay": 0, "failed_when": False},
        ),
        Case(
            "time limit",
            "dns_wait",
            {"name": "_no.example.com", "value": "v", "servers": ["{{ dns }}"], "wait_timeout": 60},
            "timedout",
            {"timeout": 1},
        ),
        Case("failure that is none", info, {"certificate_id": "nobody"}, "ok", {"failed_when": False}),
        Case("failure by a condition", info, mine, "", {"register": "seen", "failed_when": "seen.order.id != ''"}),
        Case("change by a condition", info, mine, "changed", {"changed_when": True}),
        Case("unseen", info, {**mine, "return_private_key": True}, "ok", {"no_log": True}),
        Case("unseen failure", info, {**KEYS, **mine}, "the output has been hidden", {"no_log": True}),
        Case("delegated", info, mine, "ok", {"delegate_to": "{{ inventory_hostname }}"}),
        Case("secret from a vault", info, {**mine, "secret_id": "AKIDx", "secret_key": "{{ vaulted }}"}, "auth"),
        Case("option that is left out", info, {**waiting, "domain": "{{ omit }}"}),
        Case(
            "option that is unknown to Ansible",
            info,
            {"certificate_id": "{{ nobody_knows }}"},
            "'nobody_knows' is undefined",
        ),
    ]
