# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Our requests to Alibaba and those of the vendor's SDK for the same input: recorded on loopback, compared by field."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import ModuleType
from typing import Any
from urllib.parse import parse_qsl

import pytest
from alibabacloud_alidns20150109 import models as alidns_models
from alibabacloud_alidns20150109.client import Client as AlidnsClient
from alibabacloud_cas20180713 import models as cas_models
from alibabacloud_cas20180713.client import Client as CasClient
from alibabacloud_tea_openapi.exceptions import ClientException
from alibabacloud_tea_openapi.models import Config
from ansible_collections.certwright.cloud.plugins.module_utils._alibaba import _alidns, _dv_orders, _dv_submissions
from ansible_collections.certwright.cloud.plugins.module_utils._client import ApiCall
from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError
from ansible_collections.certwright.cloud.plugins.module_utils._module._use_case import Context, UseCase
from ansible_collections.certwright.cloud.plugins.modules import alibaba_dv_order, alidns_record
from ansible_collections.certwright.cloud.tests.e2e.sandbox_process import SandboxProcess
from ansible_collections.certwright.cloud.tests.unit.plugins.helpers import run_use_case
from recorder import Recorded, Recorder

TELEMETRY = {"x-acs-credentials-provider"}
# The fields that differ as they are meant to: why, and how (ours, theirs). Nothing else differs.
MEANT: dict[str, tuple[str, Callable[[Any, Any], bool]]] = {
    "places": (
        "a form keeps names and addresses out of URLs, which proxies log; the cloud takes either (vector V3-C)",
        lambda ours, theirs: ours == ["form"] and theirs in (["query"], ["query", "json"]),
    ),
    "content-type": (
        "it follows from the places",
        lambda ours, theirs: ours == FORM and theirs in (None, "application/json; charset=utf-8"),
    ),
    "user-agent": ("it says whose client it is", lambda ours, theirs: bool(ours and theirs)),
    "headers": (
        "the SDK also says where its credentials came from; without a body it has no content-type",
        lambda ours, theirs: theirs - ours == TELEMETRY and ours - theirs <= {"content-type"},
    ),
    "signed": (
        "the SDK signs all that it has by then; we sign what the cloud demands, as HTTP libraries change the rest",
        lambda ours, theirs: (
            theirs - ours == {"accept", "user-agent", *TELEMETRY} and ours - theirs <= {"content-type"}
        ),
    ),
}
FORM = "application/x-www-form-urlencoded"
# Differs with each request; the form is compared.
SHAPES = {
    "x-acs-date": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ",
    "x-acs-signature-nonce": r"[0-9a-f]{32}",
    "x-acs-content-sha256": r"[0-9a-f]{64}",
}

Side = dict[str, Recorded]


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    # The same order is submitted by both.
    process = SandboxProcess(tmp_path_factory.mktemp("sandbox") / "state", submission_guard=False)
    yield process
    process.stop()


@pytest.fixture(scope="module")
def recorder(sandbox: SandboxProcess) -> Iterator[Recorder]:
    recorder = Recorder(sandbox.ready["http"].removeprefix("http://"))
    yield recorder
    recorder.stop()


def recorded(recorder: Recorder) -> Side:
    """The first request for each action since the last look."""
    found: Side = {}
    for request in recorder.requests:
        found.setdefault(request.headers["x-acs-action"], request)
    recorder.requests.clear()
    return found


class Ours:
    """Our modules, led to the recorder."""

    def __init__(self, sandbox: SandboxProcess, recorder: Recorder, **account: str) -> None:
        where = {"endpoint": f"http://{recorder.address}"}
        self._options = {**sandbox.ready["accounts"]["alibaba"], **where, **account}

    def __call__(self, use_case: UseCase, **options: Any) -> dict[str, Any]:
        return run_use_case(use_case, Context(environ={}), **self._options, **options)


class Theirs:
    """The SDK, led to the recorder."""

    def __init__(self, sandbox: SandboxProcess, recorder: Recorder, **account: str) -> None:
        config = {**sandbox.ready["accounts"]["alibaba"], **account}
        config.update(endpoint=recorder.address, protocol="http")
        self.cas, self.alidns = CasClient(Config(**config)), AlidnsClient(Config(**config))


@pytest.fixture(scope="module")
def sides(sandbox: SandboxProcess, recorder: Recorder) -> tuple[Side, Side]:
    """Ours and theirs: every call that we make, for one input."""
    order_id = sandbox.buy("alibaba_dv", product="multi")
    ours, theirs = Ours(sandbox, recorder), Theirs(sandbox, recorder)
    ours(
        alibaba_dv_order.USE_CASE,
        instance_id=order_id,
        domains=["www.example.net", "bücher.example.net"],
        validation_method="dns",
        username="张三 *~(1)+/=",
        mobile="13800000000",
        email="a+b@example.net",
        province="zhejiang",
        city="hangzhou",
        lang="en",
        source_ip="192.0.2.7",
    )
    record = {"name": "_Dnsauth.x.example.net.", "value": 'a "b"+*~ 测试', "ttl": 1200}
    added = ours(alidns_record.USE_CASE, **record)["record"]
    assert ours(alidns_record.USE_CASE, state="absent", **record)["changed"]
    mine = recorded(recorder)
    record_id = dict(parse_qsl(mine["DeleteDomainRecord"].body.decode()))["RecordId"]
    common = {"lang": "en", "source_ip": "192.0.2.7"}
    theirs.cas.describe_order_instance_list(cas_models.DescribeOrderInstanceListRequest(start_index=0, **common))
    theirs.cas.describe_dvorder_result(cas_models.DescribeDVOrderResultRequest(instance_id=order_id, **common))
    theirs.cas.create_dvorder_audit(
        cas_models.CreateDVOrderAuditRequest(
            instance_id=order_id,
            domain="www.example.net,xn--bcher-kva.example.net",
            domain_verify_type="DNS",
            username="张三 *~(1)+/=",
            mobile="13800000000",
            email="a+b@example.net",
            province="zhejiang",
            city="hangzhou",
            **common,
        )
    )
    theirs.alidns.describe_domains(alidns_models.DescribeDomainsRequest(page_number=1, page_size=100))
    theirs.alidns.describe_sub_domain_records(
        alidns_models.DescribeSubDomainRecordsRequest(
            sub_domain="_dnsauth.x.example.net", domain_name="example.net", type="TXT", page_number=1, page_size=100
        )
    )
    theirs.alidns.add_domain_record(
        alidns_models.AddDomainRecordRequest(
            domain_name="example.net",
            rr="_dnsauth.x",
            type="TXT",
            value='a "b"+*~ 测试',
            ttl=1200,
            line="default",
        )
    )
    # The record that we removed; the cloud says so, after it took the signature.
    with pytest.raises(ClientException, match="does not belong to you"):
        theirs.alidns.delete_domain_record(alidns_models.DeleteDomainRecordRequest(record_id=record_id))
    assert added["name"] == "_dnsauth.x.example.net"
    return mine, recorded(recorder)


def parameters(request: Recorded) -> tuple[dict[str, str], list[str]]:
    """What the parameters say, decoded, and where they are; a name in two places must say the same there."""
    target, body = request.target.partition("?")[2], request.body.decode()
    kind = request.headers.get("content-type", "").partition(";")[0]
    places = {
        "query": dict(parse_qsl(target, keep_blank_values=True, strict_parsing=bool(target))),
        "form": dict(parse_qsl(body, keep_blank_values=True)) if kind.endswith("form-urlencoded") else {},
        "json": {name: str(value) for name, value in json.loads(body).items()} if kind.endswith("json") else {},
    }
    said: dict[str, str] = {}
    for values in places.values():
        assert all(said.get(name, value) == value for name, value in values.items())
        said.update(values)
    return said, [place for place, values in places.items() if values]


def facts(request: Recorded) -> dict[str, Any]:
    """Everything that a request says, by name; values that are fresh each time by their form."""
    headers = request.headers
    said, places = parameters(request)
    algorithm, _space, rest = headers["authorization"].partition(" ")
    # The separator is part of what is compared: the cloud documents a comma without a space.
    key, signed, signature = rest.split(",")
    assert headers["x-acs-content-sha256"] == hashlib.sha256(request.body).hexdigest()
    covered = set(signed.removeprefix("SignedHeaders=").split(";"))
    demanded = {name for name in headers if name.startswith("x-acs-")} | {"host", "content-type"} & set(headers)
    simple = set(headers) - {"authorization", "content-length", *SHAPES, *TELEMETRY}
    return {
        "method": request.method,
        "path": request.target.partition("?")[0],
        "parameters": said,
        "places": places,
        "algorithm": algorithm,
        "key": key,
        "signed": covered,
        "left unsigned": demanded - covered,
        "signature": bool(re.fullmatch("Signature=[0-9a-f]{64}", signature)),
        "headers": set(headers) - {"content-length"},
        **{name: bool(re.fullmatch(shape, headers[name])) for name, shape in SHAPES.items()},
        **{name: headers[name] for name in simple},
    }


def differing(ours: Recorded, theirs: Recorded) -> dict[str, tuple[Any, Any]]:
    """The facts in which two requests differ, without those that differ as they are meant to."""
    mine, other = facts(ours), facts(theirs)
    pairs = {name: (mine.get(name), other.get(name)) for name in {*mine, *other}}
    return {
        name: pair
        for name, pair in pairs.items()
        if pair[0] != pair[1] and not (name in MEANT and MEANT[name][1](*pair))
    }


def calls_of(*modules: ModuleType) -> dict[str, ApiCall]:
    return {call.action: call for module in modules for call in vars(module).values() if isinstance(call, ApiCall)}


CALLS = calls_of(_dv_orders, _dv_submissions, _alidns)


@pytest.mark.parametrize("action", CALLS)
def test_our_request_is_the_sdks(sides: tuple[Side, Side], action: str) -> None:
    ours, theirs = (side[action] for side in sides)
    assert facts(ours)["x-acs-version"] == CALLS[action].version
    assert differing(ours, theirs) == {}


def test_every_call_that_we_make_was_compared(sides: tuple[Side, Side]) -> None:
    for side in sides:
        assert set(side) == set(CALLS)


def test_sandbox_took_the_signatures_of_both(sandbox: SandboxProcess, sides: tuple[Side, Side]) -> None:
    codes = [entry["error_code"] for entry in sandbox.journal() if entry["cloud"] == "alibaba"]
    assert len(codes) >= 2 * len(CALLS)
    assert set(codes) == {None, "DomainRecordNotBelongToUser"}


def test_temporary_key_is_sent_as_the_sdk_sends_it(sandbox: SandboxProcess, recorder: Recorder) -> None:
    token = {"security_token": "CAISdummy+Token/With==Special*Chars~"}
    # The sandbox knows the key as a permanent one and refuses the token: what was sent is all that matters.
    with pytest.raises(CertwrightError) as caught:
        Ours(sandbox, recorder, **token)(alidns_record.USE_CASE, name="a.example.net", value="x")
    assert caught.value.code == "InvalidSecurityToken.MismatchWithAccessKey"
    ours = recorded(recorder)["DescribeDomains"]
    with pytest.raises(ClientException):
        request = alidns_models.DescribeDomainsRequest(page_number=1, page_size=100)
        Theirs(sandbox, recorder, type="sts", **token).alidns.describe_domains(request)
    theirs = recorded(recorder)["DescribeDomains"]
    assert differing(ours, theirs) == {}
    assert facts(ours)["x-acs-security-token"] == token["security_token"] and "x-acs-accesskey-id" in ours.headers


@pytest.mark.parametrize(
    ("header", "value", "field"),
    [
        ("x-acs-action", "DeleteDomainRecords", "x-acs-action"),
        ("x-acs-version", "2015-01-10", "x-acs-version"),
        ("x-acs-date", "2026-01-02 03:04:05", "x-acs-date"),
        ("x-acs-extra", "1", "left unsigned"),
        ("host", "127.0.0.1", "host"),
        ("accept", "text/xml", "accept"),
        ("content-type", "text/plain", "content-type"),
        ("cookie", "a=b", "headers"),
    ],
)
def test_comparison_sees_a_difference(sides: tuple[Side, Side], header: str, value: str, field: str) -> None:
    ours, theirs = (side["AddDomainRecord"] for side in sides)
    assert field in differing(replace(ours, headers={**ours.headers, header: value}), theirs)
