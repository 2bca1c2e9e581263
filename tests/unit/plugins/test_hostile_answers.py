# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever a cloud answers, a module ends with a result or one clean error; nothing hangs, leaks or is written."""

from __future__ import annotations

import functools
import importlib
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable

import pytest
from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError
from ansible_collections.certwright.cloud.plugins.module_utils._http import HttpRequest, HttpResponse, TransportError
from ansible_collections.certwright.cloud.tests.unit.plugins.alibaba_helpers import Chain
from ansible_collections.certwright.cloud.tests.unit.plugins.helpers import (
    FakeTransport,
    Warnings,
    context,
    json_response,
    run_use_case,
)
from ansible_collections.certwright.cloud.tests.unit.plugins.hostile_answers import (
    PRIVATE_KEY,
    SECRETS,
    examples,
    hostile_answers,
    nearly_good_answers,
)
from ansible_collections.certwright.cloud.tests.unit.plugins.writes import writes_outside
from hypothesis import configuration, given
from hypothesis import strategies as st

CHAIN = Chain(["www.example.com"]).pem
# An honest client asks for less; a hostile cloud must not keep it busy for ever.
ENOUGH = 40

AUTH = {
    "DvAuthKey": "_dnsauth.www.example.com",
    "DvAuthValue": "2026112100",
    "DvAuthDomain": "www.example.com",
    "DvAuthPath": "",
    "DvAuthSubDomain": "_dnsauth",
    "DvAuthVerifyType": "TXT",
}
FILE = {**AUTH, "DvAuthKey": "fileauth.txt", "DvAuthPath": "/.well-known/pki-validation/", "DvAuthVerifyType": "FILE"}
DETAIL = {
    "CertificateId": "LrmeMvQr",
    "Domain": "www.example.com",
    "SubjectAltName": ["example.com"],
    "Status": 0,
    "StatusMsg": "PENDING-DCV",
    "IsDv": True,
    "DvAuthDetail": {"DvAuthKey": None, "DvAuths": [AUTH, FILE]},
    "CertificatePublicKey": None,
    "CertificatePrivateKey": PRIVATE_KEY,
    "EncryptPrivateKey": PRIVATE_KEY,
    "SubmittedData": {"CsrType": "online", "CertificateDomain": "www.example.com", "DomainList": ["example.com"]},
    "RequestId": "request-1",
}
ISSUED = {**DETAIL, "Status": 1, "CertificatePublicKey": CHAIN, "DvAuthDetail": None}
BOUGHT = {**DETAIL, "Status": 5, "SubmittedData": None, "DvAuthDetail": None}
ROW = {"CertificateId": "LrmeMvQr", "Domain": "www.example.com", "Status": 1, "CertSANs": ["example.com"], "From": "x"}
CHECKED = {
    "Domain": "www.example.com",
    "VerifyType": "DNS",
    "LocalCheck": -2,
    "CaCheck": 0,
    "LocalCheckFailReason": "no",
}
DNSPOD_ROW = {"RecordId": 1909110001, "Name": "_dnsauth.www", "Type": "TXT", "Value": "v", "LineId": "0", "TTL": 600}
TENCENT: dict[str, tuple[dict[str, Any], ...]] = {
    "DescribeCertificateDetail": (DETAIL, ISSUED, BOUGHT),
    "DescribeCertificates": ({"TotalCount": 250, "Certificates": [ROW, {**ROW, "CertificateId": "b"}]},),
    "CheckCertificateDomainVerification": ({"VerificationResults": [CHECKED]},),
    "CertificateInfoSubmit": ({"CertId": "LrmeMvQr"},),
    "CertificateOrderSubmit": ({"OrderId": "o"},),
    "CompleteCertificate": ({"CertificateId": "LrmeMvQr"},),
    "DescribeDomainList": ({"DomainList": [{"DomainId": 1, "Name": "example.com", "Punycode": "example.com"}]},),
    "DescribeRecordList": ({"RecordList": [DNSPOD_ROW]}, {"RecordList": []}),
    "CreateRecord": ({"RecordId": 42},),
    "DeleteRecord": ({},),
}
RESULT = {"OrderStatus": "checking", "CheckType": "DNS", "CheckName": "_dnsauth.www.example.com", "CheckValue": "v"}
DOMAINS = {"DomainName": "example.com", "PunyCode": "example.com"}
ALIDNS_ROW = {"RecordId": "1", "RR": "_dnsauth.www", "Type": "TXT", "Value": "v", "TTL": 600, "Line": "default"}
ALIBABA: dict[str, tuple[dict[str, Any], ...]] = {
    "DescribeDVOrderResult": (
        {**RESULT, "RequestId": "r"},
        {**RESULT, "CheckType": "FILE", "CheckName": "www.example.com/.well-known/pki-validation/fileauth.txt"},
        {"OrderStatus": "issued", "Certificate": CHAIN, "PrivateKey": PRIVATE_KEY},
        {"OrderStatus": "payed"},
    ),
    "DescribeOrderInstanceList": (
        {"TotalCount": 2, "OrderList": [{"InstanceId": "cas-1", "Status": "PAYED", "CertType": "DV"}]},
        {"TotalCount": 900, "OrderList": [{"InstanceId": "cas-1", "Status": "CHECKING", "CertType": "OV"}]},
    ),
    "CreateDVOrderAudit": ({"InstanceId": "cas-1"},),
    "DescribeDomains": ({"TotalCount": 300, "Domains": {"Domain": [DOMAINS]}},),
    "DescribeSubDomainRecords": ({"TotalCount": 1, "DomainRecords": {"Record": [ALIDNS_ROW]}},),
    "AddDomainRecord": ({"RecordId": "42"},),
    "DeleteDomainRecord": ({"RecordId": "1"},),
}
CODES = {
    "tencent": (
        "RequestLimitExceeded",
        "InternalError",
        "FailedOperation.CertificateNotFound",
        "AuthFailure.SignatureExpire",
        "ResourceNotFound.NoDataOfRecord",
        "InvalidParameter.DomainRecordExist",
        "InvalidParameter.RecordIdInvalid",
    ),
    "alibaba": (
        "Throttling.User",
        "InternalError",
        "NotFound",
        "InvalidTimeStamp.Expired",
        "SignatureDoesNotMatch",
        "DomainRecordDuplicate",
        "200",
    ),
}
WAIT = {"wait_for": "issued", "wait_timeout": 30, "wait_interval": 15.0}
BUNDLE = {"return_certificate": True, "return_private_key": True}
DV = {"username": "U", "mobile": "13800000000", "email": "a@example.com", "province": "p", "city": "c"}
PERSON = {
    "common_name": "www.example.com",
    "csr_generation": "online",
    "company_type": "person",
    "contact_email": "a@b.c",
}
RECORD = {"name": "_dnsauth.www.example.com", "value": "v"}


@dataclass(frozen=True)
class Cloud:
    """How a cloud is asked and answers."""

    name: str
    credentials: dict[str, str]
    action_header: str
    answers: dict[str, tuple[dict[str, Any], ...]]
    wrap: Callable[[Any], Any]

    @functools.cached_property
    def hostile(self) -> dict[str, st.SearchStrategy[HttpResponse]]:
        """Hostile answers by action."""
        return {
            action: st.one_of([hostile_answers(good, self.wrap, CODES[self.name]) for good in goods])
            for action, goods in self.answers.items()
        }

    @functools.cached_property
    def nearly_good(self) -> dict[str, st.SearchStrategy[HttpResponse]]:
        """Answers with one thing odd by action."""
        return {
            action: st.one_of([nearly_good_answers(good, self.wrap) for good in goods])
            for action, goods in self.answers.items()
        }

    @functools.cached_property
    def good(self) -> dict[str, st.SearchStrategy[HttpResponse]]:
        """Good answers by action."""
        return {
            action: st.sampled_from([json_response(self.wrap(good)) for good in goods])
            for action, goods in self.answers.items()
        }


CLOUDS = {
    "tencent": Cloud(
        "tencent",
        {"secret_id": "id", "secret_key": SECRETS["key"], "token": SECRETS["token"]},
        "X-TC-Action",
        TENCENT,
        lambda data: {"Response": data},
    ),
    "alibaba": Cloud(
        "alibaba",
        {"access_key_id": "id", "access_key_secret": SECRETS["key"], "security_token": SECRETS["token"]},
        "x-acs-action",
        ALIBABA,
        lambda data: data,
    ),
}
WISHES: dict[str, tuple[str, list[dict[str, Any]]]] = {
    "tencent_order_info": (
        "tencent",
        [
            {"certificate_id": "LrmeMvQr"},
            {"certificate_id": "LrmeMvQr", **BUNDLE},
            {"certificate_ids": ["LrmeMvQr", "b"], "check_validation": True},
            {"certificate_id": "LrmeMvQr", **WAIT},
            {"states": ["prepared"], "domain": "www.example.com"},
            {},
        ],
    ),
    "tencent_order": (
        "tencent",
        [
            {"certificate_id": "LrmeMvQr", **PERSON},
            {"certificate_id": "LrmeMvQr", **PERSON, **WAIT},
            {"certificate_id": "LrmeMvQr", "site": "china", "validate_now": True},
        ],
    ),
    "dnspod_record": ("tencent", [RECORD, {**RECORD, "state": "absent"}, {**RECORD, "type": "CNAME"}]),
    "alibaba_dv_order_info": (
        "alibaba",
        [{"instance_id": "cas-1"}, {"instance_id": "..", **BUNDLE}, {"instance_id": "cas-1", **WAIT}, {}],
    ),
    "alibaba_dv_order": (
        "alibaba",
        [
            {"instance_id": "..", "domains": ["www.example.com"], **DV},
            {"instance_id": "cas-1", "domains": ["www.example.com"], **DV, **WAIT, "resubmit_rejected": True},
        ],
    ),
    "alidns_record": ("alibaba", [RECORD, {**RECORD, "state": "absent"}, {**RECORD, "type": "CNAME"}]),
}


class HostileCloud:
    """Answers every request with something that hypothesis thinks up, or only one, so that a run gets further.

    After many requests it is gone.
    """

    def __init__(self, cloud: Cloud, data: st.DataObject) -> None:
        self._cloud, self._data = cloud, data
        self._odd = data.draw(st.sampled_from([0, 0, 1, 2, 3, 4, 5, 6]))
        self.count = 0

    def send(self, request: HttpRequest) -> HttpResponse:
        self.count += 1
        if self.count > ENOUGH:
            raise TransportError("the cloud is gone", reached=True)
        kind = self._cloud.hostile if not self._odd else self._cloud.good
        kind = self._cloud.nearly_good if self.count == self._odd else kind
        answer: HttpResponse = self._data.draw(kind[request.headers[self._cloud.action_header]])
        return answer


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where the folders lie that may be written to: ours, and the one where hypothesis keeps its tables."""
    folder = tmp_path_factory.mktemp("home")
    configuration.set_hypothesis_home_dir(folder / "hypothesis")
    yield folder
    configuration.set_hypothesis_home_dir(None)


@pytest.mark.parametrize("module", WISHES)
@examples(200, full=2_500)
@given(data=st.data())
def test_hostile_answers_end_in_a_result_or_one_clean_error(home: Path, module: str, data: st.DataObject) -> None:
    name, wishes = WISHES[module]
    cloud, wish = CLOUDS[name], data.draw(st.sampled_from(wishes))
    use_case = importlib.import_module(f"ansible_collections.certwright.cloud.plugins.modules.{module}").USE_CASE
    warnings = Warnings()
    # What the last example has left would decide what this one asks.
    shutil.rmtree(home / "state", ignore_errors=True)
    environ = {"HOME": str(home), "CERTWRIGHT_STATE_DIR": str(home / "state")}
    settings = {"warn": warnings, "environ": environ, "check_mode": data.draw(st.booleans())}
    run_context = context(HostileCloud(cloud, data), **settings)
    with writes_outside(home / "state", home / "hypothesis") as strays:
        try:
            result = run_use_case(use_case, run_context, **cloud.credentials, **wish)
        except CertwrightError as error:
            assert error.message and error.kind
            result, wish = error.to_result(), {}
    assert strays == []
    kept = [path.read_text() for path in (home / "state").rglob("*") if path.is_file()]
    assert not any(secret in text for secret in SECRETS.values() for text in kept)
    keep = ("private_key",) if wish.get("return_private_key") else ()
    check(run_context.redactor.result(result, keep))
    check({"changed": False, "warnings": [run_context.redactor.text(each) for each in warnings.messages]})


def check(result: dict[str, Any]) -> None:
    """What Ansible and everybody who reads a result may rely on."""
    assert isinstance(result["changed"], bool)
    # JSON has neither NaN nor endless numbers, and nothing can write half a surrogate.
    shown = json.dumps(result, allow_nan=False, ensure_ascii=False)
    shown.encode("utf-8")
    for bundle in [result.get("bundle") or {}, *(result.get("bundles") or [])]:
        bundle.pop("private_key", None)
    shown = json.dumps(result, ensure_ascii=False)
    assert [name for name, secret in SECRETS.items() if secret in shown] == []
    for order in [result.get("order"), *(result.get("orders") or [])]:
        for validation in (order or {}).get("validations", []):
            path = (validation["file"] or {"path": "/"})["path"]
            assert path.startswith("/") and ".." not in path.split("/") and "\\" not in path and "\x00" not in path


STEPS = st.sampled_from(
    ["..", ".", "", "etc", ".well-known", "%2e%2e", "..\\..", "a\x00b", "\x1b[2J", "fileauth.txt", "\u2025"]
)


@examples(100, full=2_000)
@given(steps=st.lists(STEPS, max_size=5), name=STEPS)
def test_path_of_a_validation_file_never_leads_elsewhere(steps: list[str], name: str) -> None:
    path = "/".join(steps)
    answers = {
        "tencent_order_info": {
            "Response": {**DETAIL, "DvAuthDetail": {"DvAuths": [{**FILE, "DvAuthPath": path, "DvAuthKey": name}]}}
        },
        "alibaba_dv_order_info": {**RESULT, "CheckType": "FILE", "CheckName": f"www.example.com/{path}/{name}"},
    }
    for module, data in answers.items():
        cloud, (wish, *_others) = CLOUDS[WISHES[module][0]], WISHES[module][1]
        use_case = importlib.import_module(f"ansible_collections.certwright.cloud.plugins.modules.{module}").USE_CASE
        try:
            result = run_use_case(use_case, context(FakeTransport([json_response(data)])), **cloud.credentials, **wish)
        except CertwrightError as error:
            result = error.to_result()
        check(result)


@pytest.mark.parametrize("module", ["tencent_order_info", "alibaba_dv_order_info"])
@pytest.mark.parametrize("date", ["Fri, 31 Dec 9999 23:59:59 GMT", "Mon, 01 Jan 0001 00:00:00 GMT"])
def test_clock_of_a_cloud_at_the_end_of_time_is_no_fault_of_ours(module: str, date: str) -> None:
    cloud, (wish, *_others) = CLOUDS[WISHES[module][0]], WISHES[module][1]
    codes = {
        "tencent": ("AuthFailure.SignatureExpire", "RequestLimitExceeded"),
        "alibaba": ("InvalidTimeStamp.Expired", "Throttling.User"),
    }[cloud.name]
    errors = ({"Code": code, "Message": "m"} for code in codes)
    late, busy = (
        json_response({"Response": {"Error": error}} if cloud.name == "tencent" else error, 400, {"date": date})
        for error in errors
    )
    use_case = importlib.import_module(f"ansible_collections.certwright.cloud.plugins.modules.{module}").USE_CASE
    # Between two attempts time goes on, and so beyond the last year of any calendar.
    with pytest.raises(CertwrightError):
        run_use_case(use_case, context(FakeTransport([late, *[busy] * 9])), **cloud.credentials, **wish)


@pytest.mark.parametrize("module", ["tencent_order", "alibaba_dv_order"])
def test_request_id_that_repeats_a_secret_is_not_kept(home: Path, module: str) -> None:
    cloud, (wish, *_others) = CLOUDS[WISHES[module][0]], WISHES[module][1]
    secret = SECRETS["key"]
    unsent = {"tencent": {**BOUGHT, "RequestId": secret}, "alibaba": {"OrderStatus": "payed", "RequestId": secret}}[
        cloud.name
    ]
    listed = {**ALIBABA["DescribeOrderInstanceList"][0], "RequestId": secret}
    listed["OrderList"] = [{"InstanceId": "..", "Status": "PAYED", "CertType": "DV"}]
    taken = {"RequestId": secret}
    answers = {
        "tencent": [unsent, taken, taken, DETAIL],
        "alibaba": [listed, unsent, taken, {**RESULT, "RequestId": secret}],
    }[cloud.name]
    environ = {"HOME": str(home), "CERTWRIGHT_STATE_DIR": str(home / "state")}
    script = [json_response(cloud.wrap(answer)) for answer in answers]
    use_case = importlib.import_module(f"ansible_collections.certwright.cloud.plugins.modules.{module}").USE_CASE
    result = run_use_case(use_case, context(FakeTransport(script), environ=environ), **cloud.credentials, **wish)
    files = [path for path in (home / "state").rglob("*") if path.is_file()]
    kept = {path.name: path.read_text() for path in files}
    shutil.rmtree(home / "state")
    assert result["changed"] and "accepted" in kept["audit.jsonl"]
    assert len([path for path in files if path.parent.name != "rate"]) == 2
    assert not any(secret in text for text in kept.values())
