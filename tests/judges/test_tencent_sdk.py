# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tencent's own SDKs, unmodified but for endpoint and protocol, complete everything that the sandbox serves."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from ansible_collections.certwright.cloud.plugins.module_utils._x509 import certificate_facts, csr_facts, key_fits
from ansible_collections.certwright.cloud.plugins.module_utils._x509_make import make_csr, make_key
from ansible_collections.certwright.cloud.tests.e2e.sandbox_process import SandboxProcess
from judged import Judged
from tencentcloud.common.credential import Credential
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.dnspod.v20210323 import dnspod_client
from tencentcloud.dnspod.v20210323 import models as dnspod_models
from tencentcloud.ssl.v20191205 import models as ssl_models
from tencentcloud.ssl.v20191205 import ssl_client

PRODUCTS: dict[str, tuple[Any, Any, str]] = {
    "ssl": (ssl_client.SslClient, ssl_models, "2019-12-05"),
    "dnspod": (dnspod_client.DnspodClient, dnspod_models, "2021-03-23"),
}
ZONE = "example.com"
# Long enough for a machine under load.
PATIENCE = 60.0


class Judge:
    """The SDKs of one account; every call goes out through their typed methods and is told once it is completed.

    Arguments:
        sandbox: where they are led.
        tell: the fixture `judged`.
        http, profile: more settings of the SDK's own profiles (reqMethod, certification; unsignedPayload).
    """

    def __init__(self, sandbox: SandboxProcess, tell: Judged, http: dict[str, Any], **profile: Any) -> None:
        self.sandbox, self._tell = sandbox, tell
        settings = {"protocol": "http", "endpoint": sandbox.ready["http"].removeprefix("http://"), **http}
        client_profile = ClientProfile(httpProfile=HttpProfile(**settings), language="en-US")
        client_profile.unsignedPayload = profile.get("unsignedPayload", False)
        account = sandbox.ready["accounts"]["tencent"]
        credential = Credential(account["secret_id"], account["secret_key"])
        self._clients = {name: made[0](credential, "", client_profile) for name, made in PRODUCTS.items()}
        words = [settings["protocol"], settings.get("reqMethod", "POST")]
        self._dialect = " ".join([*words, *(["unsigned payload"] if client_profile.unsignedPayload else [])])

    def __call__(self, product: str, action: str, **params: Any) -> Any:
        """The SDK's answer object. Raises what the SDK raises."""
        _client, models, version = PRODUCTS[product]
        request = getattr(models, f"{action}Request")()
        request._deserialize(params)
        answer = getattr(self._clients[product], action)(request)
        assert len(answer.RequestId) == 36
        self._tell("tencent", version, action, f"{product} SDK, {self._dialect}")
        return answer

    def ssl(self, action: str, **params: Any) -> Any:
        """A call of SSL Certificates."""
        return self("ssl", action, **params)

    def dnspod(self, action: str, **params: Any) -> Any:
        """A call of DNSPod."""
        return self("dnspod", action, **params)

    def until(self, order_id: str, done: Callable[[Any], Any]) -> Any:
        """The order's detail, once it fits."""
        end = time.monotonic() + PATIENCE
        while True:
            detail = self.ssl("DescribeCertificateDetail", CertificateId=order_id)
            if done(detail):
                return detail
            assert time.monotonic() < end, f"waited in vain: status {detail.Status}, {detail.StatusMsg}"
            time.sleep(0.05)

    def submit(self, order_id: str, name: str, **documents: Any) -> Any:
        """The order's detail once it says what to publish."""
        person = {"CompanyType": 1, "CompanyId": "0", "ContactEmail": "a@example.com", "VerifyType": "DNS"}
        self.ssl("CertificateInfoSubmit", CertId=order_id, CertCommonName=name, **{**person, **documents})
        assert self.ssl("CertificateOrderSubmit", CertId=order_id, VerifyType="DNS").Status == 0
        return self.until(order_id, lambda detail: detail.DvAuthDetail and detail.DvAuthDetail.DvAuths)

    def publish(self, detail: Any) -> list[int]:
        """The ids of the records that an order asks for."""
        made = []
        for auth in detail.DvAuthDetail.DvAuths:
            label = auth.DvAuthKey.removesuffix(f".{ZONE}")
            record = {"Domain": ZONE, "SubDomain": label, "RecordLine": "默认", "Value": auth.DvAuthValue}
            made.append(self.dnspod("CreateRecord", RecordType=auth.DvAuthVerifyType, **record).RecordId)
        return made


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    process = SandboxProcess(tmp_path_factory.mktemp("sandbox") / "state", visible_delay=0.3)
    yield process
    process.stop()


@pytest.fixture
def judge(sandbox: SandboxProcess, judged: Judged) -> Judge:
    return Judge(sandbox, judged, {})


ONLINE = {"GenCsrType": "online", "CsrEncryptAlgo": "ECC", "CsrKeyParameter": "prime256v1"}


@pytest.mark.parametrize("generation", ["online", "parse"])
@pytest.mark.parametrize(("product", "record_type"), [("single", "TXT"), ("dnspod", "CNAME")])
def test_paid_flow_is_completed(judge: Judge, product: str, record_type: str, generation: str) -> None:
    name = f"{generation}-{product}.{ZONE}"
    csr = make_csr(make_key("ecdsa-p256"), name, [])
    order_id = judge.sandbox.buy("tencent_paid", product=product)
    waiting = judge.submit(
        order_id, name, **(ONLINE if generation == "online" else {"GenCsrType": "parse", "Csr": csr})
    )
    assert waiting.SubmittedData.CertificateDomain == name
    assert [auth.DvAuthVerifyType for auth in waiting.DvAuthDetail.DvAuths] == [record_type]
    records = judge.publish(waiting)
    issued = judge.until(order_id, lambda detail: detail.Status == 1)
    for record_id in records:
        judge.dnspod("DeleteRecord", Domain=ZONE, RecordId=record_id)
    leaf = issued.CertificatePublicKey.partition("-----END CERTIFICATE-----")[0] + "-----END CERTIFICATE-----\n"
    assert certificate_facts(leaf).domains == (name,)
    if generation == "online":
        assert key_fits(issued.CertificatePrivateKey, leaf)
    else:
        assert issued.CertificatePrivateKey is None
        assert certificate_facts(leaf).public_key_sha256 == csr_facts(csr).public_key_sha256
    assert judge.sandbox.control(f"orders/{order_id}")["submissions"] == 1
