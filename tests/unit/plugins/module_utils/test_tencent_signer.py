# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The signer against the vectors of the reference (Tencent, 3.8), which the vendor's own SDK made."""

from __future__ import annotations

import hashlib

import pytest
from ansible_collections.certwright.cloud.plugins.module_utils._tencent._signer import (
    Signable,
    authorization,
    canonical_request,
    signing_key,
    string_to_sign,
)

# In two parts, so that no scanner takes the vendor's dummy for a key.
SECRET_ID = "AKIDEXAMPLE" + "0123456789abcdefghijklmn"
SECRET_KEY = "SecretKeyExample" + "0123456789abcdef"
NOON, LAST_SECOND = 1767225600, 1772323199
JSON, FORM = "application/json", "application/x-www-form-urlencoded"


def signable(service: str, host: str, payload: bytes, timestamp: int = NOON, **changes: object) -> Signable:
    headers = {"content-type": changes.pop("content_type", JSON), "host": host, **changes.pop("extra", {})}
    return Signable(service, timestamp, headers, payload, **changes)


V1 = signable("ssl", "ssl.intl.tencentcloudapi.com", b'{"CertificateId": "LrmeMvQr"}')
V2 = signable(
    "dnspod",
    "dnspod.tencentcloudapi.com",
    b'{"Domain": "example.com", "SubDomain": "_dnsauth", "RecordType": "TXT", "RecordLine": "\\u9ed8\\u8ba4", '
    b'"RecordLineId": "0", "Value": "202601010000000abcdef", "TTL": 600}',
    LAST_SECOND,
)
V3 = signable(
    "ssl",
    "ssl.tencentcloudapi.com",
    b"",
    method="GET",
    query="Limit=20&CertificateStatus.0=0&CertificateStatus.1=1",
    content_type=FORM,
)
# An unsigned payload is signed as this literal text.
V4 = signable("ssl", "ssl.tencentcloudapi.com", b"UNSIGNED-PAYLOAD")
V5 = signable("ssl", "ssl.tencentcloudapi.com", b"{}")
V6 = signable(
    "dnspod",
    "dnspod.tencentcloudapi.com",
    b'{"Domain":"example.com"}',
    content_type="application/json; charset=utf-8",
    extra={"X-TC-Action": "DescribeDomain"},
)
V7 = signable("dnspod", "dnspod.tencentcloudapi.com", '{"Domain":"example.com","RecordLine":"默认"}'.encode())

SIGNATURES = {
    "V1": (V1, "9b124c283fe67ce6800308f52ed35905adfa6b6ab825d683a1ec559ebf2136d1"),
    "V2": (V2, "63e4bf9b249c43b4b3b739ed4d076c5c982e0ee2a60b95471c28635d27fceaf7"),
    "V3": (V3, "40988710ea305234149e3b1397991d159986b3e3a432132f82e99c1a97e51014"),
    "V4": (V4, "9cfb646246892b2392336014640e44920e43aebd73796a18d4b4a73be8a85429"),
    "V5": (V5, "01d637bb857d326ead7d8a0bf32b6f8feed76f595211f6dbc3f9295dc948a67f"),
    "V6": (V6, "e71cbaeaf061a198847788adc9768ec8210fe8f3fc8c69fc592317b4ded9cb59"),
    "V7": (V7, "0972475a04d3ef1bad685f2b998ad6f965829e7cf914128c6b31c36ccd88e43b"),
}


@pytest.mark.parametrize(("request_", "signature"), SIGNATURES.values(), ids=SIGNATURES)
def test_signature_equals_the_vendors(request_: Signable, signature: str) -> None:
    assert authorization(request_, SECRET_ID, SECRET_KEY).endswith(f", Signature={signature}")


def test_authorization_header_is_complete() -> None:
    assert authorization(V1, SECRET_ID, SECRET_KEY) == (
        f"TC3-HMAC-SHA256 Credential={SECRET_ID}/2026-01-01/ssl/tc3_request, SignedHeaders=content-type;host, "
        "Signature=9b124c283fe67ce6800308f52ed35905adfa6b6ab825d683a1ec559ebf2136d1"
    )


@pytest.mark.parametrize(
    ("request_", "canonical", "canonical_sha256", "to_sign"),
    [
        (
            V1,
            "POST\n/\n\ncontent-type:application/json\nhost:ssl.intl.tencentcloudapi.com\n\ncontent-type;host\n"
            "07a4643ef04a265a860407792da7655fbeb8f17036139ac40ff99455fe3d7745",
            "53344cc32a1ba337b765c7db207d96964daa71c3442e242ac0f7414ba65519de",
            "TC3-HMAC-SHA256\n1767225600\n2026-01-01/ssl/tc3_request\n",
        ),
        (
            V2,
            "POST\n/\n\ncontent-type:application/json\nhost:dnspod.tencentcloudapi.com\n\ncontent-type;host\n"
            "4f0b51a5f772c32b341f6fe3528dc06aba31938c0a99d38ffd65b0ac63ca8f67",
            "f257e7f1aa0a358007bc581f01f2406578a055645e392c2216d7dcce0113c038",
            "TC3-HMAC-SHA256\n1772323199\n2026-02-28/dnspod/tc3_request\n",
        ),
    ],
    ids=["V1", "V2"],
)
def test_intermediate_forms_equal_the_vendors(
    request_: Signable, canonical: str, canonical_sha256: str, to_sign: str
) -> None:
    assert canonical_request(request_) == canonical
    assert hashlib.sha256(canonical.encode()).hexdigest() == canonical_sha256
    assert string_to_sign(request_) == to_sign + canonical_sha256


@pytest.mark.parametrize(
    ("date", "service", "key"),
    [
        ("2026-01-01", "ssl", "26ec90712e59a39c4a65ae470fd56de4564f76e6515fa796e93171a7901dcba3"),
        ("2026-02-28", "dnspod", "9e59dc067fa188e8d20319a8c074e5ffc95b7225c5bc61efcab946778875b724"),
    ],
)
def test_signing_key_equals_the_vendors(date: str, service: str, key: str) -> None:
    assert signing_key(SECRET_KEY, date, service).hex() == key


def test_payload_is_kept_out_of_the_representation() -> None:
    assert "LrmeMvQr" not in repr(V1)
