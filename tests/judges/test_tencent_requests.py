# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""For the same input our request and that of Tencent's SDK are equal in what is signed, sent and meant.

Both are captured on loopback, at the same second, and compared field by field. What may differ is listed by name.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from ansible_collections.certwright.cloud.plugins.module_utils._client import ApiCall
from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError
from ansible_collections.certwright.cloud.plugins.module_utils._module._use_case import Context, UseCase
from ansible_collections.certwright.cloud.plugins.module_utils._tencent import _dnspod, _paid_orders, _paid_submissions
from ansible_collections.certwright.cloud.plugins.module_utils._x509_make import make_csr, make_key
from ansible_collections.certwright.cloud.plugins.modules import dnspod_record, tencent_order, tencent_order_info
from ansible_collections.certwright.cloud.tests.e2e.sandbox_process import SandboxProcess
from ansible_collections.certwright.cloud.tests.e2e.test_tencent_parameters import HIDDEN, PARAMETERS
from ansible_collections.certwright.cloud.tests.unit.plugins.helpers import run_use_case
from recorder import Recorded, Recorder
from tencent_judge import CLIENTS, ZONE, resolve_to
from tencentcloud.common.credential import Credential
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile

ORDER, INFO, RECORD = tencent_order.USE_CASE, tencent_order_info.USE_CASE, dnspod_record.USE_CASE
QUICK = {"wait_for": "validation", "wait_interval": 0.1, "wait_timeout": 60}
# How calls name the first zone of a fresh sandbox, and a value that has to be escaped.
HOME = {"Domain": ZONE, "DomainId": 1}
VALUE = '2026 "wörd"'
ONLINE = {"csr_generation": "online", "csr_key_parameter": "prime256v1", "manager_id": "12895"}

#: Headers that differ, and why they may.
MEANT = {
    "user-agent": "ours names the collection, the SDK leaves that of its HTTP library",
    "x-tc-requestclient": "the SDK's label for the cloud's statistics; documented as optional",
    "x-tc-traceid": "the SDK's random id for its own logs; documented as optional",
    "x-tc-language": "language of messages: ours are English, the SDK's default is Chinese",
    "accept": "the default of the SDK's HTTP library: it takes any type, as does who says nothing",
    "accept-encoding": "the SDK's HTTP library unpacks compressed answers, ours wants them plain",
    "connection": "the default of the SDK's HTTP library, which is HTTP/1.1's own",
}
AUTHORIZATION = re.compile(
    r"(?P<algorithm>\S+) Credential=(?P<key>[^/]+)/(?P<date>[^/]+)/(?P<service>[^/]+)/(?P<end>[^,]+), "
    r"SignedHeaders=(?P<signed>[^,]+), Signature=(?P<signature>[0-9a-f]{64})"
)


@dataclass
class Bench:
    """Where both are captured, and with which key.

    ``host`` and ``settings`` say how the module is led there, ``profile`` how the SDK is.
    """

    sandbox: SandboxProcess
    recorder: Recorder
    profile: HttpProfile
    settings: dict[str, Any] = field(default_factory=dict)
    token: str = ""

    def run(self, use_case: UseCase, **options: Any) -> dict[str, Any]:
        """Runs a module."""
        environ = self.sandbox.tencent_environment()
        environ.pop("CERTWRIGHT_TENCENT_ENDPOINT")
        if self.token:
            environ["TENCENTCLOUD_TOKEN"] = self.token
        return run_use_case(use_case, Context(environ=environ), **{**self.settings, **options})

    def ours(self, action: str) -> Recorded:
        """The last request of that action that the modules sent."""
        return [each for each in self.recorder.requests if each.headers["x-tc-action"] == action][-1]

    def theirs(self, product: str, action: str, params: dict[str, Any]) -> Recorded:
        """The request that the SDK sends for the same. What it is answered does not matter, for the order went on."""
        client, models, _version = CLIENTS[product]
        account = self.sandbox.ready["accounts"]["tencent"]
        credential = Credential(account["secret_id"], account["secret_key"], self.token or None)
        request = getattr(models, f"{action}Request")()
        request._deserialize(params)
        try:
            getattr(client(credential, "", ClientProfile(httpProfile=self.profile)), action)(request)
        except TencentCloudSDKException as error:
            assert error.requestId, error
        return self.recorder.requests[-1]


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    process = SandboxProcess(tmp_path_factory.mktemp("sandbox") / "state")
    yield process
    process.stop()


@pytest.fixture
def bench(sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """Both are led to the recorder by their endpoint; time stands still, so that both sign the same second."""
    recorder = Recorder(sandbox.ready["http"].removeprefix("http://"))
    now = int(time.time())
    monkeypatch.setattr(time, "time", lambda: now + 0.5)
    sandbox.control("journal", method="DELETE")
    profile = HttpProfile(protocol="http", endpoint=recorder.address)
    yield Bench(sandbox, recorder, profile, {"endpoint": f"http://{recorder.address}"})
    recorder.stop()


def meaning(request: Recorded) -> dict[str, Any]:
    """What of a request has to be equal: everything but the signature, the order of JSON members and MEANT."""
    headers = {name: value for name, value in request.headers.items() if name not in MEANT}
    authorization = AUTHORIZATION.fullmatch(headers.pop("authorization"))
    assert authorization is not None
    assert int(headers.pop("content-length")) == len(request.body)
    claimed = authorization.groupdict()
    del claimed["signature"]
    assert claimed["date"] == time.strftime("%Y-%m-%d", time.gmtime(int(headers["x-tc-timestamp"])))
    # As text, because Python takes true for 1.
    body = json.dumps(json.loads(request.body), sort_keys=True, indent=1)
    signed = {name: headers[name] for name in claimed["signed"].split(";")}
    return {"line": (request.method, request.target), **claimed, "of it": signed, "headers": headers, "body": body}


def compare(bench: Bench, product: str, action: str, params: dict[str, Any]) -> None:
    """Our last request of an action against the SDK's for the same input."""
    ours, theirs = bench.ours(action), bench.theirs(product, action, params)
    assert meaning(ours) == meaning(theirs)
    assert json.loads(ours.body) == params
    names = {*ours.headers, *theirs.headers} - {"authorization", "content-length"}
    different = {name for name in names if ours.headers.get(name) != theirs.headers.get(name)}
    # The list of what is meant names nothing that is equal.
    assert different == set(MEANT)


def refused_signatures(bench: Bench) -> set[str]:
    """How the sandbox, whose verifier is its own, refused to let somebody in."""
    codes = {entry["error_code"] or "" for entry in bench.sandbox.journal() if entry["cloud"] == "tencent"}
    return {code for code in codes if code.startswith("AuthFailure")}


def all_parameters(bench: Bench, generation: str) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """An order with its options and parameters: all that go with one way to make the request, 42 with both ways."""
    order_id = bench.sandbox.buy("tencent_paid", product="50", domain_num=2)
    csr = make_csr(make_key("ecdsa-p256"), "other.example.com", [])
    left_out = {"online": ["Csr"], "parse": ["CsrEncryptAlgo", "CsrKeyParameter"]}[generation]
    used = [each for each in PARAMETERS if each.name not in left_out]
    special = {"CertId": order_id, "GenCsrType": generation, "Csr": csr.strip()}
    options = {each.option: special.get(each.name, each.value) for each in used}
    wire = {each.name: each.value if each.wire == HIDDEN else each.wire for each in used}
    params = {**wire, **{name: value for name, value in special.items() if name in wire}}
    return order_id, options, params


def documents(bench: Bench, generation: str) -> dict[str, Any]:
    _order_id, options, params = all_parameters(bench, generation)
    bench.run(ORDER, state="prepared", **options)
    return params


def submission(bench: Bench, method: str) -> dict[str, Any]:
    order_id, name = bench.sandbox.buy("tencent_paid"), f"{method.replace('_', '-')}.{ZONE}"
    extra = {"site": "china", "delete_dns_auto_record": True} if method == "dns_auto" else {}
    bench.run(ORDER, certificate_id=order_id, common_name=name, validation_method=method, **extra, **ONLINE)
    deletes = {"DeleteDnsAutoRecord": 1} if method == "dns_auto" else {}
    return {"CertId": order_id, "VerifyType": method.upper(), **deletes}


def waiting(bench: Bench, name: str, **options: Any) -> str:
    """An order that says what to publish."""
    order_id = bench.sandbox.buy("tencent_paid")
    result = bench.run(ORDER, certificate_id=order_id, common_name=name, **ONLINE, **QUICK, **options)
    assert result["order"]["action_needed"] == "publish_validation"
    return order_id


def detail(bench: Bench) -> dict[str, Any]:
    order_id = bench.sandbox.buy("tencent_paid")
    bench.run(INFO, certificate_id=order_id)
    return {"CertificateId": order_id}


def listing(bench: Bench, **options: Any) -> dict[str, Any]:
    bench.run(INFO, **options)
    search = {"SearchKey": options["domain"]} if "domain" in options else {}
    return {"Limit": 100, **search, **({"CertificateStatus": [1]} if "states" in options else {}), "Offset": 0}


def check(bench: Bench) -> dict[str, Any]:
    order_id = waiting(bench, f"check.{ZONE}")
    bench.run(INFO, certificate_id=order_id, check_validation=True)
    return {"CertificateId": order_id}


def validate_now(bench: Bench) -> dict[str, Any]:
    name = f"now.{ZONE}"
    order_id = waiting(bench, name, site="china")
    while bench.run(INFO, certificate_id=order_id)["order"]["state"] != "validating":
        time.sleep(0.1)
    bench.run(ORDER, certificate_id=order_id, common_name=name, site="china", validate_now=True, **ONLINE)
    return {"CertificateId": order_id}


def zones(bench: Bench) -> dict[str, Any]:
    bench.run(RECORD, name=f"none.{ZONE}", value="one", state="absent")
    return {"Type": "ALL", "Offset": 0, "Limit": 3000}


def records(bench: Bench) -> dict[str, Any]:
    bench.run(RECORD, name=f"_dnsauth.none.{ZONE}", value="one", state="absent")
    return {**HOME, "Subdomain": "_dnsauth.none", "RecordType": "TXT", "Limit": 3000, "Offset": 0}


def creation(bench: Bench, site: str, **options: Any) -> dict[str, Any]:
    label = f"_dnsauth.{site}"
    bench.run(RECORD, name=f"{label}.{ZONE}", value=VALUE, site=site, **options)
    line = {"intl": "Default", "china": "默认"}[site]
    wanted = {"SubDomain": label, "RecordType": "TXT", "RecordLine": line, "RecordLineId": "0"}
    return {**HOME, **wanted, "Value": VALUE, "TTL": options.get("ttl", 600)}


def deletion(bench: Bench) -> dict[str, Any]:
    name = f"_dnsauth.gone.{ZONE}"
    made = bench.run(RECORD, name=name, value="one")["record"]["id"]
    bench.run(RECORD, name=name, value="one", state="absent")
    return {**HOME, "RecordId": int(made)}


#: What is compared: product, action, and what makes our request and says the SDK's input.
CASES: dict[str, tuple[str, str, Callable[[Bench], dict[str, Any]]]] = {
    "documents, online": ("ssl", "CertificateInfoSubmit", lambda bench: documents(bench, "online")),
    "documents, parse": ("ssl", "CertificateInfoSubmit", lambda bench: documents(bench, "parse")),
    "order, dns": ("ssl", "CertificateOrderSubmit", lambda bench: submission(bench, "dns")),
    "order, dns_auto": ("ssl", "CertificateOrderSubmit", lambda bench: submission(bench, "dns_auto")),
    "detail": ("ssl", "DescribeCertificateDetail", detail),
    "list of all": ("ssl", "DescribeCertificates", listing),
    "list, searched": (
        "ssl",
        "DescribeCertificates",
        lambda bench: listing(bench, domain="www.example.com", states=["issued"]),
    ),
    "check": ("ssl", "CheckCertificateDomainVerification", check),
    "validate now": ("ssl", "CompleteCertificate", validate_now),
    "zones": ("dnspod", "DescribeDomainList", zones),
    "records": ("dnspod", "DescribeRecordList", records),
    "new record, intl": ("dnspod", "CreateRecord", lambda bench: creation(bench, "intl", ttl=900)),
    "new record, china": ("dnspod", "CreateRecord", lambda bench: creation(bench, "china")),
    "removed record": ("dnspod", "DeleteRecord", deletion),
}


def test_every_call_that_we_make_is_compared() -> None:
    calls = {
        call
        for module in (_paid_orders, _paid_submissions, _dnspod)
        for call in vars(module).values()
        if isinstance(call, ApiCall)
    }
    assert {(call.product, call.action) for call in calls} == {case[:2] for case in CASES.values()}
    assert {(call.product, call.version) for call in calls} == {(name, made[2]) for name, made in CLIENTS.items()}


def test_both_ways_to_a_request_have_all_parameters_between_them(bench: Bench) -> None:
    sent = [all_parameters(bench, generation)[2] for generation in ("online", "parse")]
    assert len({name for params in sent for name in params}) == 42


@pytest.mark.parametrize("name", CASES)
def test_request_is_that_of_the_sdk(bench: Bench, name: str) -> None:
    product, action, make = CASES[name]
    compare(bench, product, action, make(bench))
    assert refused_signatures(bench) == set()


def test_request_with_a_temporary_key_is_that_of_the_sdk(bench: Bench) -> None:
    bench.token = "token-of-a-session=="
    with pytest.raises(CertwrightError, match="refused"):
        bench.run(INFO, certificate_id="LrmeMvQr")
    compare(bench, "ssl", "DescribeCertificateDetail", {"CertificateId": "LrmeMvQr"})
    assert bench.recorder.requests[-1].headers["x-tc-token"] == bench.token
    # There is no such session at the sandbox, which it says once it has found everything else in order.
    assert refused_signatures(bench) == {"AuthFailure.TokenFailure"}


@pytest.mark.parametrize(("site", "root"), [("intl", "intl.tencentcloudapi.com"), ("china", "tencentcloudapi.com")])
@pytest.mark.parametrize("name", ["detail", "zones"])
def test_request_to_the_vendors_host_is_that_of_the_sdk(
    sandbox: SandboxProcess, bench: Bench, monkeypatch: pytest.MonkeyPatch, name: str, site: str, root: str
) -> None:
    product, action, make = CASES[name]
    pair = (sandbox.state_dir / "https.pem", sandbox.state_dir / "https.key")
    recorder = Recorder(sandbox.ready["http"].removeprefix("http://"), pair)
    asked = resolve_to(monkeypatch, recorder.address)
    profile = HttpProfile(rootDomain=root, certification=sandbox.ready["ca_file"])
    settings = {"site": site, "ca_path": sandbox.ready["ca_file"]}
    there = Bench(sandbox, recorder, profile, settings)
    try:
        compare(there, product, action, make(there))
    finally:
        recorder.stop()
    assert refused_signatures(there) == set()
    assert set(asked) == {f"{product}.{root}"}
    assert recorder.requests[-1].headers["host"] == f"{product}.{root}"
