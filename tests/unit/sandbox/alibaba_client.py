# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client for the sandbox's Alibaba that signs with code of its own, in all of the vendor's dialects."""

from __future__ import annotations

import base64
import contextlib
import datetime as dt
import hashlib
import hmac
import http.client
import json
import time
import uuid
from collections.abc import Callable
from urllib.parse import quote, urlencode

from certwright_sandbox.accounts import Account
from certwright_sandbox.app import App

__all__ = ["ALIDNS", "APPLICANT", "CAS", "Client"]

CAS, ALIDNS = "2018-07-13", "2015-01-09"
FORM, JSON = "application/x-www-form-urlencoded", "application/json; charset=utf-8"
APPLICANT = {
    "Username": "Jo Doe",
    "Mobile": "13800000000",
    "Email": "jo@example.com",
    "Province": "zhejiang",
    "City": "hangzhou",
}


def quoted(parameters: dict[str, object]) -> str:
    """Parameters as they are signed: sorted by name, RFC 3986."""
    return "&".join(f"{quote(name, safe='~')}={quote(str(parameters[name]), safe='~')}" for name in sorted(parameters))


def now() -> str:
    """The time as it is signed."""
    return dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Client:
    """Calls the sandbox as a vendor's client and through its control interface."""

    def __init__(self, app: App, account: Account | None = None) -> None:
        self._address = app.http.url.removeprefix("http://")
        self._account = account or app.accounts.first("alibaba")

    def send(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection(self._address, timeout=10)
        with contextlib.closing(connection):
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()

    def control(self, method: str, path: str, body: object = None) -> dict:
        data = b"" if body is None else json.dumps(body).encode()
        status, _headers, content = self.send(method, f"/_sandbox/{path}", {}, data)
        assert status == 200, content
        return json.loads(content)

    def raw(self, version: str, action: str, parameters: dict[str, object], place: str = "form", **more: str):
        """One call with signature V3.

        Arguments:
            place: of the parameters: query, form, json, or both (query and JSON body, like the vendor's SDK).
            more: method, accept.
        """
        query = quoted(parameters) if place in ("query", "both") else ""
        bodies = {"query": b"", "form": urlencode(parameters).encode()}
        body = bodies.get(place, json.dumps(parameters).encode())
        headers = {
            **({"accept": more["accept"]} if "accept" in more else {}),
            **({"content-type": FORM if place == "form" else JSON} if body else {}),
            "host": self._address,
            "x-acs-action": action,
            "x-acs-content-sha256": hashlib.sha256(body).hexdigest(),
            "x-acs-date": now(),
            "x-acs-signature-nonce": uuid.uuid4().hex,
            "x-acs-version": version,
        }
        method = more.get("method", "POST")
        lines = [method, "/", query, *(f"{name}:{value}" for name, value in headers.items()), ""]
        canonical = "\n".join([*lines, ";".join(headers), headers["x-acs-content-sha256"]])
        to_sign = "ACS3-HMAC-SHA256\n" + hashlib.sha256(canonical.encode()).hexdigest()
        signature = hmac.new(self._account.secret.encode(), to_sign.encode(), hashlib.sha256).hexdigest()
        signed = f"Credential={self._account.key_id},SignedHeaders={';'.join(headers)},Signature={signature}"
        headers["Authorization"] = f"ACS3-HMAC-SHA256 {signed}"
        return self.send(method, f"/?{query}" if query else "/", headers, body)

    def raw_v1(self, version: str, action: str, parameters: dict[str, object], place: str = "query", **more: str):
        """One call with signature V1.

        Arguments:
            place: of all parameters, the signature among them: query, form, split (the signature in the query, the
                rest in the form), json (the parameters of the action in a JSON body, where V1 does not look).
            more: method; common parameters to add or replace.
        """
        method = more.pop("method", "GET" if place == "query" else "POST")
        common = {
            "Action": action,
            "Version": version,
            "AccessKeyId": self._account.key_id,
            "SignatureMethod": "HMAC-SHA1",
            "SignatureVersion": "1.0",
            "SignatureNonce": uuid.uuid4().hex,
            "Timestamp": now(),
            **more,
        }
        signed = common if place == "json" else {**parameters, **common}
        to_sign = f"{method}&%2F&{quote(quoted(signed), safe='~')}"
        digest = hmac.new(f"{self._account.secret}&".encode(), to_sign.encode(), hashlib.sha1).digest()
        signature = {"Signature": base64.b64encode(digest).decode()}
        in_query = {"form": {}, "split": signature}.get(place, {**signed, **signature})
        in_form = {"form": {**signed, **signature}, "split": signed}.get(place, {})
        body = json.dumps(parameters) if place == "json" else urlencode(in_form)
        headers = {"content-type": JSON if place == "json" else FORM} if body else {}
        return self.send(method, f"/?{urlencode(in_query)}", headers, body.encode())

    def call(self, version: str, action: str, place: str = "form", **parameters: object) -> dict:
        """A call that succeeds; returns the answer."""
        status, _headers, body = self.raw(version, action, parameters, place)
        assert status == 200, body
        return json.loads(body)

    def refused(self, version: str, action: str, **parameters: object) -> tuple[int, str]:
        """A call that fails; returns the HTTP status and the code."""
        status, _headers, body = self.raw(version, action, parameters)
        answer = json.loads(body)
        assert set(answer) == {"RequestId", "HostId", "Code", "Message", "Recommend"}
        return status, answer["Code"]

    def bought(self, product: str | None = None, domain_num: int | None = None) -> str:
        order = {"flow": "alibaba_dv", "product": product, "domain_num": domain_num}
        return self.control("POST", "orders", {name: value for name, value in order.items() if value})["ids"][0]

    def submit(self, order_id: str, domain: str = "www.example.net", method: str = "DNS", **change: str) -> None:
        parameters = {"InstanceId": order_id, "Domain": domain, "DomainVerifyType": method, **APPLICANT, **change}
        self.call(CAS, "CreateDVOrderAudit", **parameters)

    def result(self, order_id: str) -> dict:
        return self.call(CAS, "DescribeDVOrderResult", InstanceId=order_id)

    def until(self, order_id: str, wanted: Callable[[dict], object], seconds: float = 10.0) -> dict:
        deadline = time.monotonic() + seconds
        while not wanted(answer := self.result(order_id)):
            assert time.monotonic() < deadline, answer
            time.sleep(0.02)
        return answer

    def journal(self, action: str | None = None) -> list[dict]:
        entries = self.control("GET", "journal")["journal"]
        return [entry for entry in entries if action in (None, entry["action"])]
