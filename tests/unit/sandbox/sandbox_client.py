# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client for the sandbox that signs with code of its own."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

VERSIONS = {"ssl": "2019-12-05", "dnspod": "2021-03-23"}
DNSPOD_ACTIONS = ("CreateRecord", "DeleteRecord", "DescribeRecordList", "DescribeDomainList")
#: Documents of a single-name DV order of a person whose key the cloud makes.
DOCUMENTS = {
    "GenCsrType": "online",
    "CertCommonName": "www.example.com",
    "CompanyType": 1,
    "CompanyId": "0",
    "ContactEmail": "a@example.com",
    "CsrEncryptAlgo": "ECC",
    "CsrKeyParameter": "prime256v1",
    "VerifyType": "DNS",
}


@dataclass
class Answer:
    """An HTTP answer; ``fields`` is the inside of Tencent's envelope."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def fields(self) -> dict[str, Any]:
        return self.json["Response"]

    @property
    def code(self) -> str | None:
        return self.fields.get("Error", {}).get("Code")


def tc3_headers(
    action: str, body: bytes, key: tuple[str, str], host: str, when: int, service: str, version: str | None = None
) -> dict[str, str]:
    """Headers of a call signed with TC3-HMAC-SHA256 (Tencent reference 3.1)."""
    date = time.strftime("%Y-%m-%d", time.gmtime(when))
    payload = hashlib.sha256(body).hexdigest()
    canonical = f"POST\n/\n\ncontent-type:application/json\nhost:{host}\n\ncontent-type;host\n{payload}"
    scope = f"{date}/{service}/tc3_request"
    text = f"TC3-HMAC-SHA256\n{when}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    signing = b"TC3" + key[1].encode()
    for part in (date, service, "tc3_request"):
        signing = hmac.new(signing, part.encode(), "sha256").digest()
    signature = hmac.new(signing, text.encode(), "sha256").hexdigest()
    return {
        "Host": host,
        "Content-Type": "application/json",
        "X-TC-Action": action,
        "X-TC-Version": version or VERSIONS[service],
        "X-TC-Timestamp": str(when),
        "User-Agent": "certwright-tests",
        "Authorization": f"TC3-HMAC-SHA256 Credential={key[0]}/{scope}, "
        f"SignedHeaders=content-type;host, Signature={signature}",
    }


@dataclass
class Client:
    """Talks to a running sandbox over HTTP; a new connection for every request."""

    url: str
    key: tuple[str, str]
    read_timeout: float = 10.0
    defaults: dict[str, Any] = field(default_factory=dict)

    def send(self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None) -> Answer:
        parts = urlsplit(self.url)
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=self.read_timeout)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def control(self, method: str, path: str, body: Any = None, status: int = 200) -> Any:
        """A control call that must be answered with ``status``."""
        content = b"" if body is None else json.dumps(body).encode()
        answer = self.send(method, f"/_sandbox/{path}", content)
        assert answer.status == status, answer.body
        return answer.json

    def tencent(self, action: str, parameters: Any = None, **changes: Any) -> Answer:
        """A signed Tencent call; ``changes``: when, service, host, key, body, headers."""
        body = changes.get("body", json.dumps(parameters or {}).encode())
        service = changes.get("service", "dnspod" if action in DNSPOD_ACTIONS else "ssl")
        headers = tc3_headers(
            action,
            body,
            changes.get("key", self.key),
            changes.get("host", urlsplit(self.url).netloc),
            changes.get("when", int(time.time())),
            service,
            changes.get("version"),
        )
        return self.send("POST", "/", body, {**headers, **changes.get("headers", {})})

    def order(self, **fields: Any) -> str:
        """A bought order's id."""
        return self.control("POST", "orders", {"flow": "tencent_paid", **fields})["ids"][0]

    def submitted(self, product: Any = None, order_id: str | None = None, **documents: Any) -> str:
        """An order (a new one when none is named) whose documents were sent to the CA."""
        order_id = order_id or self.order(product=product)
        assert self.tencent("CertificateInfoSubmit", {**DOCUMENTS, "CertId": order_id, **documents}).code is None
        assert self.tencent("CertificateOrderSubmit", {"CertId": order_id}).code is None
        return order_id

    def detail(self, order_id: str) -> dict[str, Any]:
        """DescribeCertificateDetail."""
        return self.tencent("DescribeCertificateDetail", {"CertificateId": order_id}).fields

    def publish(self, order_id: str) -> None:
        """Publish the validation records of an order in its zone, through DNSPod."""
        seen = self.until(order_id, lambda seen: (seen["DvAuthDetail"] or {}).get("DvAuths"))
        for auth in seen["DvAuthDetail"]["DvAuths"]:
            record = {
                "Domain": "example.com",
                "SubDomain": auth["DvAuthKey"].removesuffix(".example.com"),
                "RecordType": auth["DvAuthVerifyType"],
                "RecordLine": "默认",
                "RecordLineId": "0",
                "Value": auth["DvAuthValue"],
            }
            assert self.tencent("CreateRecord", record).code is None

    def until(self, order_id: str, done: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
        """Read an order's detail until it fits."""
        seen: dict[str, Any] = {}

        def look() -> bool:
            seen.update(self.detail(order_id))
            return bool(done(seen))

        wait_for(look, f"order '{order_id}'")
        return seen

    def journal(self, cloud: str = "tencent", action: str | None = None) -> list[dict[str, Any]]:
        """Journal entries of one cloud (and action)."""
        entries = self.control("GET", "journal")["journal"]
        return [each for each in entries if each["cloud"] == cloud and action in (None, each["action"])]


def wait_for(condition: Callable[[], bool], what: str, seconds: float = 20.0) -> None:
    """Wait until a condition holds; the bound only keeps a broken sandbox from hanging the tests."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.02)
