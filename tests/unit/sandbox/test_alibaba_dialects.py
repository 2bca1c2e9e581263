# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Alibaba's other dialects: signature V1, GET, parameters in query, form or JSON, answers in XML."""

from __future__ import annotations

import datetime as dt
import json
from types import SimpleNamespace
from urllib.parse import urlencode
from xml.etree import ElementTree

import pytest
from alibaba_client import ALIDNS, APPLICANT, CAS, FORM, Client
from certwright_sandbox.accounts import Account
from certwright_sandbox.alibaba_answers import answer
from certwright_sandbox.alibaba_api import Action
from certwright_sandbox.alibaba_gateway import AlibabaGateway
from certwright_sandbox.app import App
from certwright_sandbox.gateway import ApiError
from certwright_sandbox.messages import Request
from test_alibaba_gateway import KEY_ID, NOW, SECRET, TOKEN, Accounts, request_of, verify

PAIR = {
    "Cert": "-----BEGIN CERTIFICATE-----\nMIIB+dummy/base64==\n-----END CERTIFICATE-----\n",
    "Key": "-----BEGIN PRIVATE KEY-----\nMIIE+dummy/key==\n-----END PRIVATE KEY-----\n",
}


def v1(action: str, version: str, nonce: str, **more: str) -> dict[str, str]:
    common = {
        "Action": action,
        "Version": version,
        "Format": "JSON",
        "AccessKeyId": KEY_ID,
        "SignatureMethod": "HMAC-SHA1",
        "SignatureVersion": "1.0",
        "SignatureNonce": nonce,
        "Timestamp": "2026-01-02T03:04:05Z",
    }
    return {**common, **more}


#: name: (method, parameters in the query, parameters in the form, parameters that the action sees)
VECTORS = {
    "official": (
        "GET",
        {
            "AccessKeyId": "testid",
            "Action": "DescribeRegions",
            "Format": "XML",
            "SignatureMethod": "HMAC-SHA1",
            "SignatureNonce": "3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf",
            "SignatureVersion": "1.0",
            "Timestamp": "2016-02-23T12:46:24Z",
            "Version": "2014-05-26",
            "Signature": "OLeaidS1JvxuMvnyHOwuJ+uX5qY=",
        },
        {},
        {},
    ),
    "V1-A": (
        "GET",
        v1(
            "DescribeDVOrderResult",
            CAS,
            "0f8fad5b-d9cb-469f-a165-70867728950e",
            InstanceId="cas-cn-4591d3xa****",
            Lang="zh",
            Signature="qki2mn1t3p7ocmWt9sdS03HCGtg=",
        ),
        {},
        {"InstanceId": "cas-cn-4591d3xa****", "Lang": "zh"},
    ),
    "V1-B": (
        "POST",
        {},
        v1(
            "CreateUserCertificate",
            CAS,
            "7c9e6679-7425-40de-944b-e07fc1f90ae7",
            SecurityToken=TOKEN,
            Name="测试 证书*~(1)+",
            **PAIR,
            Signature="ZoygJinpCAQSjeSmhQbUjT6+DcQ=",
        ),
        {"Name": "测试 证书*~(1)+", **PAIR},
    ),
    "V1-C": (
        "POST",
        v1(
            "DescribeCertificateState",
            "2020-04-07",
            "b1946ac92492d2347c6235b4d2611184",
            Format="json",
            OrderId="98987582437920968",
            Signature="07JrJFsR9bw7FHY87m1IvEXcAmA=",
        ),
        {},
        {"OrderId": "98987582437920968"},
    ),
    "V1-D": (
        "POST",
        v1(
            "DescribeDVOrderResult",
            CAS,
            "d41d8cd98f00b204e9800998ecf8427e",
            Format="json",
            InstanceId="cas-cn-x",
            Signature="HXyha6LJszx18uubI2Y7Iuxz6ek=",
        ),
        {"InstanceId": "cas-cn-x"},
        {"InstanceId": "cas-cn-x"},
    ),
}


def v1_request(name: str, host: str = "cas.aliyuncs.com", **change: str) -> Request:
    """A vector as a request; `change` replaces parameters where they are."""
    method, query, form, _seen = VECTORS[name]
    query, form = ({key: change.get(key, value) for key, value in place.items()} for place in (query, form))
    headers = [("Host", host), *([("Content-Type", FORM)] if form else [])]
    return Request.make(method, f"/?{urlencode(query)}", headers, urlencode(form).encode())


def front_for(name: str) -> AlibabaGateway:
    """A gateway that serves a vector's action at the vector's time."""
    _method, query, form, _seen = VECTORS[name]
    sent = {**query, **form}
    accounts = Accounts(TOKEN if name == "V1-B" else "")
    if name == "official":
        accounts = Accounts("", "testid", "testsecret")
    moment = dt.datetime.strptime(sent["Timestamp"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=dt.UTC).timestamp()
    actions = {(sent["Version"], sent["Action"]): Action(lambda call: {}, writes=True)}
    return AlibabaGateway(accounts, SimpleNamespace(gateway=lambda: moment), actions)


@pytest.mark.parametrize("name", VECTORS)
def test_v1_vector_is_accepted_with_its_parameters(name):
    front = front_for(name)
    request = v1_request(name)
    assert front.accepts(request)
    assert verify(front, request).parameters == VECTORS[name][3]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"Signature": "HXyha6LJszx18uubI2Y7Iuxz6ek="[::-1]}, "SignatureDoesNotMatch"),
        ({"Timestamp": "2026-01-02T03:04:06Z"}, "SignatureDoesNotMatch"),
        ({"Timestamp": "2026-01-02T02:48:05Z"}, "InvalidTimeStamp.Expired"),
        ({"Timestamp": "2026-01-02 03:04:05"}, "InvalidTimeStamp.Format"),
        ({"AccessKeyId": "LTAInobody"}, "InvalidAccessKeyId.NotFound"),
        ({"SignatureMethod": "HMAC-SHA256"}, "IncompleteSignature"),
        ({"SignatureVersion": "2.0"}, "IncompleteSignature"),
        ({"InstanceId": "cas-cn-y"}, "SignatureDoesNotMatch"),
        ({"Action": "DescribeDVOrder"}, "InvalidApi.NotFound"),
        ({"Action": ""}, "InvalidApi.NotFound"),
        *(
            ({name: ""}, f"Missing{name}")
            for name in (
                "AccessKeyId",
                "SignatureMethod",
                "SignatureVersion",
                "SignatureNonce",
                "Timestamp",
                "Signature",
            )
        ),
    ],
)
def test_bad_v1_request_is_refused_in_the_gateways_words(change, code):
    with pytest.raises(ApiError) as caught:
        verify(front_for("V1-D"), v1_request("V1-D", **change))
    assert caught.value.code == code


def test_v1_signature_is_for_one_method_only():
    request = v1_request("V1-A")
    with pytest.raises(ApiError, match="SignatureDoesNotMatch") as caught:
        verify(front_for("V1-A"), Request("POST", request.path, request.query, request.headers, b""))
    assert "server string to sign is:POST&%2F&AccessKeyId%3D" in caught.value.message


def test_v1_token_is_needed_by_a_temporary_key_and_by_no_other():
    with pytest.raises(ApiError, match="InvalidSecurityToken.Malformed"):
        verify(front_for("V1-B"), v1_request("V1-B", SecurityToken="other"))
    front = front_for("V1-B")
    method, _query, form, _seen = VECTORS["V1-B"]
    body = urlencode({name: value for name, value in form.items() if name != "SecurityToken"}).encode()
    with pytest.raises(ApiError, match="MissingSecurityToken"):
        verify(front, Request.make(method, "/", [("Content-Type", FORM)], body))


def test_nonce_is_refused_twice_in_either_dialect():
    front = front_for("V1-D")
    verify(front, v1_request("V1-D"))
    with pytest.raises(ApiError, match="SignatureNonceUsed"):
        verify(front, v1_request("V1-D"))
    # V3-E was captured with the same nonce.
    with pytest.raises(ApiError, match="SignatureNonceUsed"):
        verify(front, request_of("V3-E"))


def test_parameters_of_another_cloud_are_left_alone():
    request = Request.make("GET", "/?Action=X&Version=1&SecretId=a&Nonce=1&Timestamp=1&Signature=b", [])
    assert not front_for("V1-A").accepts(request)


@pytest.fixture
def alibaba(sandbox: App) -> Client:
    return Client(sandbox)


@pytest.mark.parametrize(
    ("request_", "token", "code"),
    [
        (v1_request("V1-A"), "", "NotFound"),
        (v1_request("V1-B"), TOKEN, "-1008"),
        (v1_request("V1-D"), "", "NotFound"),
        (request_of("V3-E"), "", "NotFound"),
    ],
    ids=["V1-A", "V1-B", "V1-D", "V3-E"],
)
def test_vector_passes_the_running_sandbox_at_its_time(sandbox: App, alibaba: Client, request_, token, code):
    sandbox.accounts.add(Account("alibaba", KEY_ID, SECRET, token))

    def answered() -> str:
        target, headers = f"/?{request_.query}", dict(request_.headers)
        return json.loads(alibaba.send(request_.method, target, headers, request_.body)[2])["Code"]

    assert answered() == "InvalidTimeStamp.Expired"
    alibaba.control("POST", "settings", {"gateway_skew": NOW - dt.datetime.now(dt.UTC).timestamp()})
    assert answered() == code
    assert answered() == "SignatureNonceUsed"


V3_PLACES = [("POST", "form"), ("POST", "query"), ("POST", "json"), ("POST", "both"), ("GET", "query")]
V1_PLACES = [("GET", "query"), ("POST", "query"), ("POST", "form"), ("POST", "split")]


@pytest.mark.parametrize(
    ("dialect", "method", "place"),
    [*(("raw", *each) for each in V3_PLACES), *(("raw_v1", *each) for each in V1_PLACES)],
)
def test_every_dialect_says_the_same(alibaba: Client, dialect, method, place):
    order_id = alibaba.bought()
    value = "x y*~(1)+/=测试"
    record = {"DomainName": "example.net", "RR": "a", "Type": "TXT", "Value": value, "TTL": 600}
    send = getattr(alibaba, dialect)
    status, headers, body = send(ALIDNS, "AddDomainRecord", record, place, method=method)
    assert status == 200, body
    assert headers["Content-Type"] == "application/json;charset=utf-8"
    (stored,) = alibaba.control("GET", "zones")["zones"][1]["records"]
    assert (stored["name"], stored["value"]) == ("a", value)
    application = {"InstanceId": order_id, "Domain": "a.example.net", "DomainVerifyType": "DNS", **APPLICANT}
    assert send(CAS, "CreateDVOrderAudit", application, place, method=method)[0] == 200
    assert alibaba.control("GET", f"orders/{order_id}")["names"] == ["a.example.net"]
    (entry,) = alibaba.journal("CreateDVOrderAudit")
    assert (entry["order_id"], entry["version"], entry["request"]) == (order_id, CAS, application)


def test_v1_takes_nothing_from_a_json_body_as_it_is_not_signed(alibaba: Client):
    status, _headers, body = alibaba.raw_v1(CAS, "DescribeDVOrderResult", {"InstanceId": alibaba.bought()}, "json")
    assert (status, json.loads(body)["Code"]) == (400, "MissingInstanceId")


def plain(element: ElementTree.Element) -> dict[str, list]:
    """Name -> texts, or such objects again, of the elements inside."""
    found: dict[str, list] = {}
    for each in element:
        found.setdefault(each.tag, []).append(plain(each) if len(each) else each.text)
    return found


@pytest.mark.parametrize(
    ("dialect", "options"),
    [("raw_v1", {"Format": "XML"}), ("raw_v1", {"Format": "xml"}), ("raw", {"accept": "text/xml, */*"})],
)
def test_answer_comes_in_xml_where_that_is_asked_for(alibaba: Client, dialect, options):
    ids = [alibaba.bought(), alibaba.bought()]
    send = getattr(alibaba, dialect)
    status, headers, body = send(CAS, "DescribeOrderInstanceList", {"StartIndex": 0}, "query", **options)
    assert (status, headers["Content-Type"]) == (200, "text/xml;charset=utf-8")
    root = ElementTree.fromstring(body)
    fields = plain(root)
    assert root.tag == "DescribeOrderInstanceListResponse"
    assert fields["TotalCount"] == ["2"] and fields["RequestId"] == [headers["x-acs-request-id"]]
    assert [order["InstanceId"] for order in fields["OrderList"]] == [[each] for each in ids]
    refused = send(CAS, "DescribeDVOrderResult", {"InstanceId": "cas-cn-nobody"}, "query", **options)
    error = ElementTree.fromstring(refused[2])
    assert (refused[0], refused[1]["Content-Type"], error.tag) == (400, "text/xml;charset=utf-8", "Error")
    assert plain(error)["Code"] == ["NotFound"]
    assert list(plain(error)) == ["RequestId", "HostId", "Code", "Message", "Recommend"]


def test_wrapped_lists_of_alidns_stay_wrapped_in_xml(alibaba: Client):
    for name in ("a", "b"):
        record = {"DomainName": "example.net", "RR": name, "Type": "TXT", "Value": "<&>"}
        alibaba.call(ALIDNS, "AddDomainRecord", **record)
    _status, _headers, body = alibaba.raw_v1(
        ALIDNS, "DescribeDomainRecords", {"DomainName": "example.net"}, Format="XML"
    )
    (records,) = plain(ElementTree.fromstring(body))["DomainRecords"]
    assert [(record["RR"], record["Value"], record["Locked"]) for record in records["Record"]] == [
        (["b"], ["<&>"], ["false"]),
        (["a"], ["<&>"], ["false"]),
    ]


@pytest.mark.parametrize("format_", ["JSON", "json", "yaml"])
def test_answer_comes_in_json_otherwise(alibaba: Client, format_):
    _status, headers, body = alibaba.raw_v1(ALIDNS, "DescribeDomains", {}, Format=format_)
    assert headers["Content-Type"] == "application/json;charset=utf-8" and json.loads(body)["TotalCount"] == 1


def test_fault_is_worded_in_the_format_of_the_call(alibaba: Client):
    alibaba.control("POST", "faults", {"cloud": "alibaba", "kind": "error", "code": "ServiceUnavailable"})
    status, _headers, body = alibaba.raw_v1(ALIDNS, "DescribeDomains", {}, Format="XML")
    assert (status, plain(ElementTree.fromstring(body))["Code"]) == (503, ["ServiceUnavailable"])


def test_xml_keeps_every_character_that_it_can_hold():
    text = "a\r\nb\t<&>\"'测\U0001f512"
    body = answer(200, {"Text": text + "\x00\x0b\ufffe", "None": None}, "Answer", as_xml=True).body
    root = ElementTree.fromstring(body)
    assert plain(root) == {"Text": [text]}
