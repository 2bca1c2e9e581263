# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tencent's own SDKs as a judge: unmodified but for endpoint and protocol, and strict about what they are answered."""

from __future__ import annotations

import socket
import time
import warnings
from collections.abc import Callable
from importlib.metadata import version as version_of
from typing import Any

import pytest
from ansible_collections.certwright.cloud.tests.e2e.sandbox_process import SandboxProcess
from judged import Judged
from tencentcloud.common.abstract_model import AbstractModel
from tencentcloud.common.credential import Credential
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.dnspod.v20210323 import dnspod_client
from tencentcloud.dnspod.v20210323 import models as dnspod_models
from tencentcloud.ssl.v20191205 import models as ssl_models
from tencentcloud.ssl.v20191205 import ssl_client

__all__ = ["CLIENTS", "ONLINE", "VERSIONS", "ZONE", "TencentJudge", "misfits", "resolve_to"]

ZONE = "example.com"
ONLINE = {"GenCsrType": "online", "CsrEncryptAlgo": "ECC", "CsrKeyParameter": "prime256v1"}
PERSON = {"CompanyType": 1, "CompanyId": "0", "ContactEmail": "a@example.com", "VerifyType": "DNS"}
VERSIONS = {"2019-12-05": "ssl", "2021-03-23": "dnspod"}
CLIENTS: dict[str, tuple[Any, Any, str]] = {
    "ssl": (ssl_client.SslClient, ssl_models, "2019-12-05"),
    "dnspod": (dnspod_client.DnspodClient, dnspod_models, "2021-03-23"),
}
TYPES = {"int": int, "str": str, "bool": bool, "float": float}
# Long enough for a machine under load.
PATIENCE = 60.0


class TencentJudge:
    """The SDKs of one account. Calls go through their typed methods and are told once they are completed.

    Arguments:
        sandbox: where they are led.
        tell: the fixture `judged`.
        http: more settings of the SDK's HttpProfile, such as reqMethod, certification, or endpoint and protocol.
        unsigned: leave the payload out of the signature.
        dialect: how the table names all that.
    """

    def __init__(
        self, sandbox: SandboxProcess, tell: Judged, dialect: str = "http POST", unsigned: bool = False, **http: Any
    ) -> None:
        self.sandbox, self.dialect, self._tell = sandbox, dialect, tell
        settings = {"protocol": "http", "endpoint": sandbox.ready["http"].removeprefix("http://"), **http}
        profile = ClientProfile(httpProfile=HttpProfile(**settings), language="en-US")
        profile.unsignedPayload = unsigned
        account = sandbox.ready["accounts"]["tencent"]
        credential = Credential(account["secret_id"], account["secret_key"])
        self._clients = {name: made[0](credential, "", profile) for name, made in CLIENTS.items()}

    def __call__(self, product: str, action: str, **params: Any) -> Any:
        """The SDK's answer object. Raises what the SDK raises, also where a field is new to it or of another type."""
        _client, models, version = CLIENTS[product]
        request = getattr(models, f"{action}Request")()
        # It warns of parameters and fields that it does not know.
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)
            request._deserialize(params)
            answer = getattr(self._clients[product], action)(request)
        assert misfits(answer) == []
        assert len(answer.RequestId) == 36
        sdk = version_of(f"tencentcloud-sdk-python-{product}")
        self._tell("tencent", version, action, f"{product} SDK {sdk}, {self.dialect}")
        return answer

    def ssl(self, action: str, **params: Any) -> Any:
        """A call of SSL Certificates."""
        return self("ssl", action, **params)

    def dnspod(self, action: str, **params: Any) -> Any:
        """A call of DNSPod."""
        return self("dnspod", action, **params)

    def buy(self, **wanted: Any) -> str:
        """The id of a new order."""
        return self.sandbox.buy("tencent_paid", **wanted)

    def until(self, order_id: str, done: Callable[[Any], Any]) -> Any:
        """The order's detail, once it fits."""
        end = time.monotonic() + PATIENCE
        while True:
            detail = self.ssl("DescribeCertificateDetail", CertificateId=order_id)
            if done(detail):
                return detail
            assert time.monotonic() < end, f"waited in vain: status {detail.Status}, {detail.StatusMsg}"
            time.sleep(0.05)

    def submitted(self, name: str, order_id: str | None = None, **documents: Any) -> Any:
        """The detail of an order (a new one when none is named) that was sent and says what to publish."""
        order_id = order_id or self.buy()
        documents = {**PERSON, **(documents or ONLINE)}
        self.ssl("CertificateInfoSubmit", CertId=order_id, CertCommonName=name, **documents)
        self.ssl("CertificateOrderSubmit", CertId=order_id, VerifyType="DNS")
        return self.until(order_id, lambda detail: detail.DvAuthDetail and detail.DvAuthDetail.DvAuths)

    def publish(self, detail: Any) -> list[int]:
        """The ids of the records that an order asks for."""
        made = []
        for auth in detail.DvAuthDetail.DvAuths:
            label = auth.DvAuthKey.removesuffix(f".{ZONE}")
            record = {"Domain": ZONE, "SubDomain": label, "RecordLine": "默认", "Value": auth.DvAuthValue}
            made.append(self.dnspod("CreateRecord", RecordType=auth.DvAuthVerifyType, **record).RecordId)
        return made

    def issued(self, name: str, order_id: str | None = None, **documents: Any) -> Any:
        """The detail of an order that became a certificate; its records are removed again."""
        waiting = self.submitted(name, order_id, **documents)
        records = self.publish(waiting)
        detail = self.until(waiting.CertificateId, lambda detail: detail.Status == 1)
        for record_id in records:
            self.dnspod("DeleteRecord", Domain=ZONE, RecordId=record_id)
        return detail


def resolve_to(monkeypatch: pytest.MonkeyPatch, address: str) -> list[str]:
    """Lets the vendor's host names mean a listener on loopback, without a proxy; returns the names asked for.

    Arguments:
        address: host:port.
    """
    host, _colon, port = address.rpartition(":")
    truly, asked = socket.getaddrinfo, []

    def getaddrinfo(name: Any, *arguments: Any, **options: Any) -> list[Any]:
        if not str(name).endswith(".tencentcloudapi.com"):
            return truly(name, *arguments, **options)
        asked.append(name)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, int(port)))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    for word in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(word, raising=False)
        monkeypatch.delenv(word.lower(), raising=False)
    return asked


def misfits(model: AbstractModel, path: str = "") -> list[str]:
    """Where an answer has another type than the SDK documents for its field; null and absent fit everywhere."""
    found = []
    for name, value in vars(model).items():
        field = name.removeprefix("_")
        kind = str(getattr(type(model), field).__doc__).rpartition(":rtype: ")[2].strip()
        found += _misfits(value, kind, f"{path}{type(model).__name__}.{field}")
    return found


def _misfits(value: Any, kind: str, path: str) -> list[str]:
    if value is None:
        return []
    if kind.startswith("list of "):
        if not isinstance(value, list):
            return [f"{path} is no list: {value!r}"]
        return [fault for each in value for fault in _misfits(each, kind.removeprefix("list of "), path)]
    if isinstance(value, AbstractModel):
        return misfits(value, f"{path}: ")
    # The old spellings that some fields still have are not documented.
    if kind == "None":
        return []
    # Python takes true for an integer, JSON does not.
    fits = isinstance(value, TYPES[kind]) and isinstance(value, bool) == (kind == "bool")
    return [] if fits else [f"{path} is no {kind}: {value!r}"]
