# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tencent's own SDKs complete the paid flow and every further call that the sandbox serves, in every dialect."""

from __future__ import annotations

import base64
import io
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from ansible_collections.certwright.cloud.plugins.module_utils._x509 import certificate_facts, csr_facts, key_fits
from ansible_collections.certwright.cloud.plugins.module_utils._x509_make import make_csr, make_key
from ansible_collections.certwright.cloud.tests.e2e.sandbox_process import SandboxProcess
from judged import Judged, served
from tencent_judge import ONLINE, VERSIONS, ZONE, TencentJudge, misfits, resolve_to
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.dnspod.v20210323 import models as dnspod_models

END = "-----END CERTIFICATE-----\n"
MANAGER = {"CompanyType": 2, "CompanyId": "11772", "ManagerId": "12895"}


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    process = SandboxProcess(tmp_path_factory.mktemp("sandbox") / "state", cancel_delay=0)
    yield process
    process.stop()


@pytest.fixture
def judge(sandbox: SandboxProcess, judged: Judged) -> TencentJudge:
    return TencentJudge(sandbox, judged)


@pytest.mark.parametrize("generation", ["online", "parse"])
@pytest.mark.parametrize(("product", "record_type"), [("single", "TXT"), ("dnspod", "CNAME")])
def test_paid_flow(judge: TencentJudge, product: str, record_type: str, generation: str) -> None:
    name = f"{generation}-{product}.{ZONE}"
    csr = make_csr(make_key("ecdsa-p256"), name, [])
    documents = ONLINE if generation == "online" else {"GenCsrType": "parse", "Csr": csr}
    order_id = judge.buy(product=product)
    waiting = judge.submitted(name, order_id, **documents)
    assert (waiting.Status, waiting.SubmittedData.CertificateDomain) == (0, name)
    assert [auth.DvAuthVerifyType for auth in waiting.DvAuthDetail.DvAuths] == [record_type]
    judge.publish(waiting)
    issued = judge.until(order_id, lambda detail: detail.Status == 1)
    leaf = issued.CertificatePublicKey.partition(END)[0] + END
    assert certificate_facts(leaf).domains == (name,)
    if generation == "online":
        assert key_fits(issued.CertificatePrivateKey, leaf)
    else:
        assert issued.CertificatePrivateKey is None
        assert certificate_facts(leaf).public_key_sha256 == csr_facts(csr).public_key_sha256
    assert judge.sandbox.control(f"orders/{order_id}")["submissions"] == 1


def info_submit(judge: TencentJudge) -> None:
    order_id, names = judge.buy(product="multi"), ["shop.example.com", "example.com"]
    documents = {"CertCommonName": "www.example.com", "DnsNames": names, "UseCrossSignRoot": True, **MANAGER}
    judge.ssl("CertificateInfoSubmit", CertId=order_id, **documents, **ONLINE)
    order = judge.sandbox.control(f"orders/{order_id}")
    assert (order["state"], order["names"]) == ("prepared", ["www.example.com", *names])
    assert (order["application"]["CompanyType"], order["application"]["UseCrossSignRoot"]) == (2, True)


def order_submit(judge: TencentJudge) -> None:
    order_id = judge.buy(product="ov")
    judge.ssl("CertificateInfoSubmit", CertId=order_id, CertCommonName="www.example.com", **MANAGER, **ONLINE)
    answer = judge.ssl("CertificateOrderSubmit", CertId=order_id, VerifyType="DNS", DeleteDnsAutoRecord=0)
    assert (answer.Status, answer.IsAudited, answer.OrderId.isdecimal()) == (8, True, True)


def describe_detail(judge: TencentJudge) -> None:
    order_id = judge.buy()
    before = judge.ssl("DescribeCertificateDetail", CertificateId=order_id)
    assert (before.Status, before.DvAuthDetail, before.SubmittedData, before.OrderId) == (5, None, None, None)
    waiting = judge.submitted("detail.example.com", order_id)
    (auth,) = waiting.DvAuthDetail.DvAuths
    assert (auth.DvAuthKey, auth.DvAuthSubDomain, auth.DvAuthDomain) == (
        "_dnsauth.detail.example.com",
        "_dnsauth",
        "detail.example.com",
    )
    assert (waiting.DvAuthDetail.DvAuthKeySubDomain, waiting.IsDv) == ("_dnsauth", True)
    issued = judge.issued("detail.example.com")
    assert (issued.StatusMsg, issued.DvAuthDetail.DvAuths, issued.SubmittedData) == (None, None, None)
    assert issued.CertChainInfo[0].Subject == "CN=detail.example.com"
    assert issued.CertFingerprint.lower() == issued.CertChainInfo[0].Fingerprint


def describe_list(judge: TencentJudge) -> None:
    waiting = judge.submitted("list.example.com")
    answer = judge.ssl("DescribeCertificates", CertIds=[waiting.CertificateId], CertificateStatus=[0, 1], Limit=20)
    (row,) = answer.Certificates
    assert (answer.TotalCount, row.CertificateId, row.SubjectAltName) == (1, waiting.CertificateId, [row.Domain])
    assert row.DVAuthDeadline and row.SupportDownloadType.NGINX is False
    found = judge.ssl("DescribeCertificates", SearchKey="list.example", IsPendingIssue=1)
    assert waiting.CertificateId in [each.CertificateId for each in found.Certificates]


def check_verification(judge: TencentJudge) -> None:
    waiting = judge.submitted("check.example.com")
    (result,) = judge.ssl("CheckCertificateDomainVerification", CertificateId=waiting.CertificateId).VerificationResults
    assert (result.Domain, result.LocalCheck, result.CaCheck, result.Issued) == ("check.example.com", -1, -1, False)
    assert result.LocalCheckFailReason == "txt record not found"


def complete(judge: TencentJudge) -> None:
    waiting = judge.submitted("complete.example.com")
    assert judge.ssl("CompleteCertificate", CertificateId=waiting.CertificateId).CertificateId == waiting.CertificateId
    (call,) = judge.sandbox.journal(waiting.CertificateId, "CompleteCertificate")
    assert call["effective"]


def download(judge: TencentJudge) -> None:
    issued = judge.issued("download.example.com")
    answer = judge.ssl("DownloadCertificate", CertificateId=issued.CertificateId)
    assert answer.ContentType == "application/zip"
    with zipfile.ZipFile(io.BytesIO(base64.b64decode(answer.Content))) as archive:
        bundle = archive.read("Nginx/1_download.example.com_bundle.crt").decode()
        key = archive.read("Nginx/2_download.example.com.key").decode()
        assert {"IIS/download.example.com.pfx", "Tomcat/keystorePass.txt"} < set(archive.namelist())
    assert bundle == issued.CertificatePublicKey and key == issued.CertificatePrivateKey


def cancel_audit(judge: TencentJudge) -> None:
    waiting = judge.submitted("withdraw.example.com")
    assert judge.ssl("CancelAuditCertificate", CertificateId=waiting.CertificateId).Result is True
    assert judge.ssl("DescribeCertificateDetail", CertificateId=waiting.CertificateId).Status == 7


def cancel_order(judge: TencentJudge) -> None:
    order_id = judge.buy()
    assert judge.ssl("CancelCertificateOrder", CertificateId=order_id).CertificateId == order_id
    assert judge.ssl("DescribeCertificateDetail", CertificateId=order_id).StatusName == "Cancelled"


def resubmit(judge: TencentJudge) -> None:
    order_id = judge.submitted("resubmit.example.com").CertificateId
    judge.sandbox.control(f"orders/{order_id}/decision", {"decision": "reject", "reason": "documents refused"})
    refused = judge.ssl("DescribeCertificateDetail", CertificateId=order_id)
    assert (refused.Status, refused.StatusMsg) == (2, "documents refused")
    assert judge.ssl("ModifyCertificateResubmit", CertificateId=order_id).CertificateId == order_id
    judge.issued("resubmit.example.com", order_id)
    assert judge.sandbox.control(f"orders/{order_id}")["submissions"] == 2


def companies(judge: TencentJudge) -> None:
    answer = judge.ssl("DescribeCompanies", Limit=20)
    (company,) = answer.Companies
    assert (answer.TotalCount, company.CompanyId, company.IdType) == (1, 11772, "OTHERS")


def managers(judge: TencentJudge) -> None:
    answer = judge.ssl("DescribeManagers", CompanyId=11772)
    (manager,) = answer.Managers
    assert (answer.TotalCount, manager.ManagerId, manager.Status) == (1, 12895, "ok")
    assert [state.Type for state in manager.StatusInfo] == ["ov", "ev"]


def record(judge: TencentJudge, label: str, value: str = "one") -> dict[str, Any]:
    """What CreateRecord is given, in the way of the site of mainland China."""
    return {"Domain": ZONE, "SubDomain": label, "RecordType": "TXT", "RecordLine": "默认", "Value": value}


def listed(judge: TencentJudge, label: str) -> list[Any]:
    answer = judge.dnspod("DescribeRecordList", Domain=ZONE, Subdomain=label, ErrorOnEmpty="no")
    assert answer.RecordCountInfo.ListCount == len(answer.RecordList)
    return answer.RecordList


def create_record(judge: TencentJudge) -> None:
    made = judge.dnspod("CreateRecord", **record(judge, "create"), TTL=700, Remark="proof").RecordId
    (row,) = listed(judge, "create")
    assert (row.RecordId, row.Name, row.Type, row.Value, row.TTL, row.Remark, row.LineId) == (
        *(made, "create", "TXT", "one", 700, "proof", "0"),
    )
    judge.dnspod("DeleteRecord", Domain=ZONE, RecordId=made)


def modify_record(judge: TencentJudge) -> None:
    made = judge.dnspod("CreateRecord", **record(judge, "modify")).RecordId
    changed = {**record(judge, "modified", "two"), "RecordLineId": "0", "TTL": 900, "Status": "DISABLE"}
    assert judge.dnspod("ModifyRecord", RecordId=made, **changed).RecordId == made
    (row,) = listed(judge, "modified")
    assert (row.RecordId, row.Value, row.TTL, row.Status) == (made, "two", 900, "DISABLE")
    assert listed(judge, "modify") == []
    judge.dnspod("DeleteRecord", Domain=ZONE, RecordId=made)


def delete_record(judge: TencentJudge) -> None:
    made = judge.dnspod("CreateRecord", **record(judge, "delete")).RecordId
    judge.dnspod("DeleteRecord", Domain=ZONE, RecordId=made)
    assert listed(judge, "delete") == []


def describe_domain(judge: TencentJudge) -> None:
    info = judge.dnspod("DescribeDomain", Domain=ZONE).DomainInfo
    assert (info.Domain, info.Status.upper(), info.Grade, info.IsSubDomain) == (ZONE, "ENABLE", "DP_FREE", False)
    assert len(info.DnspodNsList) == 2


def describe_domains(judge: TencentJudge) -> None:
    answer = judge.dnspod("DescribeDomainList", Type="ALL", Limit=20)
    (row,) = answer.DomainList
    assert (answer.DomainCountInfo.AllTotal, row.Name) == (1, ZONE)
    assert judge.dnspod("DescribeDomain", Domain=ZONE).DomainInfo.DomainId == row.DomainId


def describe_records(judge: TencentJudge) -> None:
    answer = judge.dnspod("DescribeRecordList", Domain=ZONE, RecordType="NS", Limit=10)
    assert [(row.Name, row.DefaultNS) for row in answer.RecordList] == [("@", True)] * 2


CASES: dict[str, Callable[[TencentJudge], None]] = {
    "CertificateInfoSubmit": info_submit,
    "CertificateOrderSubmit": order_submit,
    "DescribeCertificateDetail": describe_detail,
    "DescribeCertificates": describe_list,
    "CheckCertificateDomainVerification": check_verification,
    "CompleteCertificate": complete,
    "DownloadCertificate": download,
    "CancelAuditCertificate": cancel_audit,
    "CancelCertificateOrder": cancel_order,
    "ModifyCertificateResubmit": resubmit,
    "DescribeCompanies": companies,
    "DescribeManagers": managers,
    "CreateRecord": create_record,
    "ModifyRecord": modify_record,
    "DeleteRecord": delete_record,
    "DescribeDomain": describe_domain,
    "DescribeDomainList": describe_domains,
    "DescribeRecordList": describe_records,
}


def test_every_action_that_is_served_is_judged(sandbox: SandboxProcess) -> None:
    actions = [action for version, action in served(sandbox, "tencent") if version in VERSIONS]
    assert sorted(actions) == sorted(CASES)
    assert {version for version, _action in served(sandbox, "tencent")} == set(VERSIONS)


@pytest.mark.parametrize("dialect", ["http POST", "http GET", "https POST", "http POST, unsigned payload"])
@pytest.mark.parametrize("action", CASES)
def test_action(sandbox: SandboxProcess, judged: Judged, action: str, dialect: str) -> None:
    protocol, method = dialect.split(",", maxsplit=1)[0].split()
    endpoint = sandbox.ready[protocol].partition("://")[2]
    http = {"protocol": protocol, "endpoint": endpoint, "reqMethod": method, "certification": sandbox.ready["ca_file"]}
    judge = TencentJudge(sandbox, judged, dialect, "unsigned" in dialect, **http)
    sandbox.control("journal", method="DELETE")
    CASES[action](judge)
    assert action in [entry["action"] for entry in sandbox.journal() if entry["outcome"] == "ok"]


@pytest.mark.parametrize("root", ["tencentcloudapi.com", "intl.tencentcloudapi.com"])
def test_vendors_host_names(
    sandbox: SandboxProcess, judged: Judged, monkeypatch: pytest.MonkeyPatch, root: str
) -> None:
    asked = resolve_to(monkeypatch, sandbox.ready["https"].removeprefix("https://"))
    http = {"protocol": None, "endpoint": None, "rootDomain": root, "certification": sandbox.ready["ca_file"]}
    judge = TencentJudge(sandbox, judged, f"https POST, *.{root}", **http)
    describe_domains(judge)
    companies(judge)
    assert set(asked) == {f"dnspod.{root}", f"ssl.{root}"}


def test_vendors_host_name_is_not_trusted_with_another_ca(
    sandbox: SandboxProcess, judged: Judged, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve_to(monkeypatch, sandbox.ready["https"].removeprefix("https://"))
    judge = TencentJudge(sandbox, judged, protocol=None, endpoint=None)
    with pytest.raises(TencentCloudSDKException, match="CERTIFICATE_VERIFY_FAILED"):
        judge.ssl("DescribeCompanies", Limit=1)


@pytest.mark.parametrize(
    ("product", "action", "params", "code"),
    [
        ("ssl", "DescribeCertificateDetail", {"CertificateId": "none0000"}, "FailedOperation.CertificateNotFound"),
        ("ssl", "DescribeManagers", {}, "MissingParameter"),
        ("dnspod", "DescribeDomain", {"Domain": "example.org"}, "InvalidParameterValue.DomainNotExists"),
        ("dnspod", "DescribeRecordList", {"Domain": ZONE, "Subdomain": "none"}, "ResourceNotFound.NoDataOfRecord"),
    ],
)
def test_refusal_is_understood(
    judge: TencentJudge, product: str, action: str, params: dict[str, Any], code: str
) -> None:
    with pytest.raises(TencentCloudSDKException) as caught:
        judge(product, action, **params)
    assert caught.value.code == code and caught.value.message and len(caught.value.requestId) == 36


def test_throttling_is_understood(judge: TencentJudge) -> None:
    judge.sandbox.control("faults", {"cloud": "tencent", "kind": "throttle"})
    with pytest.raises(TencentCloudSDKException) as caught:
        judge.ssl("DescribeCompanies", Limit=1)
    assert caught.value.code == "RequestLimitExceeded" and "`11`" in caught.value.message


def test_field_of_another_type_is_seen() -> None:
    answer = dnspod_models.DescribeDomainResponse()
    answer._deserialize({"DomainInfo": {"DomainId": "1", "TTL": 600, "IsSubDomain": 0}, "RequestId": None})
    assert [fault.partition(" is no ")[2] for fault in misfits(answer)] == ["int: '1'", "bool: 0"]
