# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Alibaba's own SDKs, unmodified but for endpoint and protocol, complete everything that the sandbox serves."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from typing import Any
from xml.etree import ElementTree

import pytest
from alibabacloud_alidns20150109 import models as alidns_models
from alibabacloud_alidns20150109.client import Client as AlidnsClient
from alibabacloud_cas20180713 import models as cas_models
from alibabacloud_cas20180713.client import Client as CasClient
from alibabacloud_tea_openapi.client import Client as OpenApiClient
from alibabacloud_tea_openapi.exceptions import ClientException, ServerException, ThrottlingException
from alibabacloud_tea_openapi.models import Config, OpenApiRequest, Params
from ansible_collections.certwright.cloud.plugins.module_utils._module._use_case import Context
from ansible_collections.certwright.cloud.plugins.module_utils._x509 import certificate_facts, key_fits, split_pem
from ansible_collections.certwright.cloud.plugins.modules import alibaba_dv_order_info
from ansible_collections.certwright.cloud.tests.e2e.sandbox_process import SandboxProcess
from ansible_collections.certwright.cloud.tests.unit.plugins.helpers import run_use_case
from darabonba.runtime import RuntimeOptions
from judged import Judged, served

CAS, ALIDNS = "2018-07-13", "2015-01-09"
#: action: (the SDK's client, its models, version, the client's method)
CALLS: dict[str, tuple[type[OpenApiClient], Any, str, str]] = {
    **{
        action: (CasClient, cas_models, CAS, method)
        for action, method in {
            "CreateDVOrderAudit": "create_dvorder_audit",
            "DescribeDVOrderResult": "describe_dvorder_result",
            "DescribeOrderInstanceList": "describe_order_instance_list",
            "CreateUserCertificate": "create_user_certificate",
            "DeleteUserCertificate": "delete_user_certificate",
            "DescribeUserCertificateDetail": "describe_user_certificate_detail",
            "DescribeUserCertificateList": "describe_user_certificate_list",
        }.items()
    },
    **{
        action: (AlidnsClient, alidns_models, ALIDNS, method)
        for action, method in {
            "AddDomainRecord": "add_domain_record",
            "UpdateDomainRecord": "update_domain_record",
            "DeleteDomainRecord": "delete_domain_record",
            "DescribeDomainRecords": "describe_domain_records",
            "DescribeSubDomainRecords": "describe_sub_domain_records",
            "DescribeDomains": "describe_domains",
            "DescribeDomainInfo": "describe_domain_info",
        }.items()
    },
}
NAMES = {
    CasClient: f"cas SDK {version('alibabacloud_cas20180713')}",
    AlidnsClient: f"alidns SDK {version('alibabacloud_alidns20150109')}",
    OpenApiClient: f"tea-openapi {version('alibabacloud_tea_openapi')}",
}
#: What the SDK calls its signature algorithms: with 'v2' it signs as RPC 1.0 does (Alibaba reference 3.2).
DIALECTS = {"V3": None, "V1": "v2"}
APPLICANT = {
    "Username": "张三 *~(1)+",
    "Mobile": "13800000000",
    "Email": "a+b@example.net",
    "Province": "zhejiang",
    "City": "hangzhou",
}
ZONE = "example.net"
# Long enough for a machine under load.
PATIENCE = 60.0
# (dialect, version, action) of every call that was completed.
COMPLETED: set[tuple[str, str, str]] = set()


class Judge:
    """The SDKs of one account in one dialect; every call is told once it is completed.

    Arguments:
        sandbox: where they are led.
        tell: the fixture `judged`.
        dialect: V3 or V1.
        config: more settings of the SDK's own Config, in place of endpoint and protocol.
    """

    def __init__(self, sandbox: SandboxProcess, tell: Judged, dialect: str, **config: Any) -> None:
        self.sandbox, self._tell, self._dialect = sandbox, tell, dialect
        account = sandbox.ready["accounts"]["alibaba"]
        where = config or {"endpoint": sandbox.ready["http"].removeprefix("http://"), "protocol": "http"}
        self._transport = "https" if config else "http"
        settings = {**account, "signature_algorithm": DIALECTS[dialect], **where}
        self._clients = {made: made(Config(**settings)) for made in NAMES}

    def __call__(self, action: str, **params: Any) -> Any:
        """The body of the SDK's answer. Raises what the SDK raises."""
        made, models, release, method = CALLS[action]
        request = getattr(models, f"{action}Request")().from_map(params)
        body = getattr(self._clients[made], method)(request).body
        assert len(body.request_id) == 36
        self._completed(made, release, action)
        return body

    def generic(self, action: str, method: str, body_type: str, place: str, **params: Any) -> Any:
        """The body of an answer through the SDK's client for any product.

        Arguments:
            body_type: of the answer: json or string.
            place: of the parameters: query, formData or json.
        """
        release = CALLS[action][2]
        call = Params(
            action=action,
            version=release,
            method=method,
            body_type=body_type,
            protocol="HTTP",
            pathname="/",
            auth_type="AK",
            style="RPC",
            req_body_type="formData" if place == "query" else place,
        )
        request = OpenApiRequest(query=params) if place == "query" else OpenApiRequest(body=params)
        answer = self._clients[OpenApiClient].call_api(call, request, RuntimeOptions())
        self._completed(OpenApiClient, release, action, f" {method} {place}{' to XML' * (body_type == 'string')}")
        return answer["body"]

    def _completed(self, made: type[OpenApiClient], release: str, action: str, how: str = "") -> None:
        self._tell("alibaba", release, action, f"{NAMES[made]}, {self._transport} {self._dialect}{how}")
        COMPLETED.add((self._dialect, release, action))

    def until(self, order_id: str, done: Callable[[Any], Any]) -> Any:
        """The order's result, once it fits."""
        end = time.monotonic() + PATIENCE
        while not done(result := self("DescribeDVOrderResult", InstanceId=order_id)):
            assert time.monotonic() < end, f"waited in vain: {result}"
            time.sleep(0.05)
        return result

    def issue(self, product: str, domain: str) -> Any:
        """The result of a new order, from the purchase to the certificate."""
        order_id = self.sandbox.buy("alibaba_dv", product=product)
        listed = self("DescribeOrderInstanceList", StartIndex=0).order_list
        assert [(row.status, row.cert_type) for row in listed if row.instance_id == order_id] == [("PAYED", "DV")]
        self("CreateDVOrderAudit", InstanceId=order_id, Domain=domain, DomainVerifyType="DNS", **APPLICANT)
        checking = self.until(order_id, lambda result: result.check_value)
        label = checking.check_name.removesuffix(f".{ZONE}")
        record = {"DomainName": ZONE, "RR": label, "Type": "TXT", "Value": checking.check_value, "TTL": 600}
        record_id = self("AddDomainRecord", **record).record_id
        issued = self.until(order_id, lambda result: result.order_status == "issued")
        self("DeleteDomainRecord", RecordId=record_id)
        truth = self.sandbox.control(f"orders/{order_id}")
        assert (truth["submissions"], truth["names"]) == (1, domain.split(","))
        return issued


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    process = SandboxProcess(tmp_path_factory.mktemp("sandbox") / "state", visible_delay=0.3)
    yield process
    process.stop()


@pytest.fixture(params=list(DIALECTS))
def judge(request: pytest.FixtureRequest, sandbox: SandboxProcess, judged: Judged) -> Judge:
    return Judge(sandbox, judged, request.param)


def records(judge: Judge) -> list[tuple[str, str, str]]:
    answer = judge("DescribeDomainRecords", DomainName=ZONE, PageSize=500)
    return [(record.rr, record.type, record.value) for record in answer.domain_records.record]


@pytest.mark.parametrize(
    ("product", "domain"),
    [("single", f"www.{ZONE}"), ("wildcard", f"*.{ZONE}"), ("multi", f"a.{ZONE},b.{ZONE}")],
)
def test_dv_flow_is_completed(judge: Judge, product: str, domain: str) -> None:
    issued = judge.issue(product, domain)
    leaf = split_pem(issued.certificate)[0]
    assert certificate_facts(leaf).domains == tuple(domain.split(","))
    assert key_fits(issued.private_key, leaf)
    assert not [record for record in records(judge) if record[0].startswith("_dnsauth")]


def test_certificate_is_kept_and_removed(judge: Judge) -> None:
    issued = judge.issue("single", f"store.{ZONE}")
    number = judge("CreateUserCertificate", Name="测试 *~(1)+", Cert=issued.certificate, Key=issued.private_key).cert_id
    detail = judge("DescribeUserCertificateDetail", CertId=number)
    assert (detail.name, detail.common, detail.sans) == ("测试 *~(1)+", f"store.{ZONE}", f"store.{ZONE}")
    assert (detail.cert, detail.key, detail.buy_in_aliyun) == (issued.certificate, issued.private_key, False)
    listed = judge("DescribeUserCertificateList", CurrentPage=1, ShowSize=50).certificate_list
    assert [row.fingerprint for row in listed if row.id == number] == [detail.fingerprint]
    assert [row.buy_in_aliyun for row in listed if row.fingerprint == detail.fingerprint] == [False, True]
    judge("DeleteUserCertificate", CertId=number)
    with pytest.raises(ClientException) as caught:
        judge("DescribeUserCertificateDetail", CertId=number)
    assert caught.value.code == "NotFound"


def test_zone_and_its_records_are_kept(judge: Judge) -> None:
    zones = judge("DescribeDomains", PageSize=100).domains.domain
    info = judge("DescribeDomainInfo", DomainName=ZONE, NeedDetailAttributes=True)
    assert [zone.domain_id for zone in zones if zone.domain_name == ZONE] == [info.domain_id]
    assert info.min_ttl == 600 and info.dns_servers.dns_server and info.record_lines.record_line
    record = {"RR": "x", "Type": "TXT", "Value": 'a "b" *~(1)+测试', "TTL": 600}
    record_id = judge("AddDomainRecord", DomainName=ZONE, **record).record_id
    assert int(record_id) > 2**53
    for change in ({"Value": "new"}, {"RR": "y", "Value": "new", "TTL": 1200}):
        judge("UpdateDomainRecord", RecordId=record_id, **{**record, **change})
    (seen,) = judge("DescribeSubDomainRecords", SubDomain=f"y.{ZONE}", Type="TXT").domain_records.record
    assert (seen.record_id, seen.value, seen.ttl, seen.status) == (record_id, "new", 1200, "ENABLE")
    assert ("y", "TXT", "new") in records(judge)
    judge("DeleteDomainRecord", RecordId=record_id)
    assert judge("DescribeSubDomainRecords", SubDomain=f"y.{ZONE}").total_count == 0


@pytest.mark.parametrize(
    ("dialect", "method", "place"),
    [
        *(("V3", *way) for way in (("GET", "query"), ("POST", "query"), ("POST", "formData"), ("POST", "json"))),
        # With V1, the SDK makes a form of every body.
        *(("V1", *way) for way in (("GET", "query"), ("POST", "query"), ("POST", "formData"))),
    ],
)
def test_generic_client_reaches_the_sandbox_in_each_way(
    sandbox: SandboxProcess, judged: Judged, dialect: str, method: str, place: str
) -> None:
    judge = Judge(sandbox, judged, dialect)
    order_id = judge.sandbox.buy("alibaba_dv")
    sent = {"InstanceId": order_id, "Domain": f"www.{ZONE}", "DomainVerifyType": "DNS", **APPLICANT}
    judge.generic("CreateDVOrderAudit", method, "json", place, **sent)
    truth = judge.sandbox.control(f"orders/{order_id}")
    assert (truth["submissions"], truth["application"]) == (1, APPLICANT)


def test_answer_in_xml_is_asked_for_by_the_format(sandbox: SandboxProcess, judged: Judged) -> None:
    judge = Judge(sandbox, judged, "V1")
    order_id = sandbox.buy("alibaba_dv")
    text = judge.generic("DescribeOrderInstanceList", "GET", "string", "query", StartIndex="0", Format="XML")
    root = ElementTree.fromstring(text)
    assert root.tag == "DescribeOrderInstanceListResponse"
    assert order_id in [element.findtext("InstanceId") for element in root.iter("OrderList")]


def test_error_in_xml_is_understood(sandbox: SandboxProcess) -> None:
    account = sandbox.ready["accounts"]["alibaba"]
    endpoint = sandbox.ready["http"].removeprefix("http://")
    client = OpenApiClient(Config(**account, endpoint=endpoint, protocol="http"))
    names = {"action": "DescribeDVOrderResult", "version": CAS, "method": "POST", "body_type": "json"}
    call = Params(**names, protocol="HTTP", pathname="/", auth_type="AK", style="RPC", req_body_type="formData")
    request = OpenApiRequest(query={"InstanceId": "cas-cn-nobody"}, headers={"accept": "text/xml"})
    with pytest.raises(ClientException) as caught:
        client.call_api(call, request, RuntimeOptions())
    assert (caught.value.code, caught.value.status_code) == ("NotFound", 400)
    assert len(caught.value.request_id) == 36


@pytest.mark.parametrize(
    ("fault", "kind", "code"),
    [
        (None, ClientException, "NotFound"),
        ({"kind": "error", "code": "ServiceUnavailable"}, ServerException, "ServiceUnavailable"),
        ({"kind": "throttle"}, ClientException, "Throttling.User"),
        ({"kind": "throttle", "retry_after": 1.5}, ThrottlingException, "Throttling.User"),
    ],
)
def test_refusal_is_understood(judge: Judge, fault: dict[str, Any] | None, kind: type[Exception], code: str) -> None:
    if fault:
        judge.sandbox.control("faults", {"cloud": "alibaba", **fault})
    with pytest.raises(kind) as caught:
        judge("DescribeDVOrderResult", InstanceId="cas-cn-nobody")
    assert caught.value.code == code and len(caught.value.request_id) == 36
    assert caught.value.retry_after == (1500 if kind is ThrottlingException else None)


@pytest.mark.parametrize("change", [{"access_key_id": "LTAInobody"}, {"access_key_secret": "wrong"}])
def test_wrong_key_is_refused(sandbox: SandboxProcess, change: dict[str, str]) -> None:
    for algorithm in DIALECTS.values():
        account = {**sandbox.ready["accounts"]["alibaba"], **change}
        endpoint = sandbox.ready["http"].removeprefix("http://")
        client = AlidnsClient(Config(**account, endpoint=endpoint, protocol="http", signature_algorithm=algorithm))
        with pytest.raises(ClientException) as caught:
            client.describe_domains(alidns_models.DescribeDomainsRequest())
        wanted = "InvalidAccessKeyId.NotFound" if "access_key_id" in change else "SignatureDoesNotMatch"
        assert caught.value.code == wanted


@pytest.fixture
def vendors_hosts(sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Leads the vendor's host names to the sandbox, below TLS; returns the names that were looked up."""
    address = sandbox.ready["https"].removeprefix("https://").rpartition(":")
    really, asked = socket.getaddrinfo, []

    def look_up(host: Any, port: Any, *more: Any, **named: Any) -> Any:
        if not str(host).endswith(".aliyuncs.com"):
            return really(host, port, *more, **named)
        assert port == 443
        asked.append(host)
        return really(address[0], int(address[2]), *more, **named)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    return asked


def test_https_works_under_the_vendors_host_names(
    sandbox: SandboxProcess, judged: Judged, vendors_hosts: list[str]
) -> None:
    # In one test, because the SDK keeps connections for the whole process and looks a name up only once.
    for dialect in DIALECTS:
        judge = Judge(sandbox, judged, dialect, region_id="cn-hangzhou", ca=sandbox.ready["ca_file"])
        judge("DescribeOrderInstanceList", StartIndex=0)
        judge("DescribeDomains")
    # The SDK's own choice of hosts in this region.
    assert set(vendors_hosts) == {"cas.aliyuncs.com", "alidns.aliyuncs.com"}


@pytest.mark.parametrize(("site", "host"), [("intl", "cas.ap-southeast-1.aliyuncs.com"), ("china", "cas.aliyuncs.com")])
def test_our_own_client_reaches_the_vendors_host_names(
    sandbox: SandboxProcess, vendors_hosts: list[str], site: str, host: str
) -> None:
    order_id = sandbox.buy("alibaba_dv")
    options = {**sandbox.ready["accounts"]["alibaba"], "site": site, "ca_path": sandbox.ready["ca_file"]}
    use_case = alibaba_dv_order_info.USE_CASE
    result = run_use_case(use_case, Context(environ={}), instance_id=order_id, **options)
    assert result["order"]["state"] == "awaiting_documents"
    assert set(vendors_hosts) == {host}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_call_that_the_sandbox_serves_was_judged(sandbox: SandboxProcess, dialect: str) -> None:
    """Stands last: the tests above do the judging."""
    assert {row[1:] for row in COMPLETED if row[0] == dialect} == served(sandbox, "alibaba")
