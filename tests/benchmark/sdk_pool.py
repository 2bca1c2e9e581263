# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Submits orders with Tencent's own SDK in 20 threads and no limiter: python sdk_pool.py FILE_WITH_IDS

The calls are those of tencent_order; an order whose call is refused is given up, as the SDK does by itself.
"""

import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tencentcloud.common.credential import Credential
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.ssl.v20191205 import models
from tencentcloud.ssl.v20191205.ssl_client import SslClient

protocol, _separator, address = os.environ["CERTWRIGHT_TENCENT_ENDPOINT"].partition("://")
profile = ClientProfile(httpProfile=HttpProfile(protocol=protocol, endpoint=address))
credential = Credential(os.environ["TENCENTCLOUD_SECRET_ID"], os.environ["TENCENTCLOUD_SECRET_KEY"])
orders = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))


def submit(order_id: str) -> str:
    """What became of an order: empty, or the code of the refusal."""
    client = SslClient(credential, "", profile)
    look = models.DescribeCertificateDetailRequest()
    look.CertificateId = order_id
    documents = models.CertificateInfoSubmitRequest()
    documents._deserialize(
        {
            "CertId": order_id,
            "GenCsrType": "online",
            "CsrEncryptAlgo": "ECC",
            "CsrKeyParameter": "prime256v1",
            "CertCommonName": f"{order_id.lower()}.example.com",
            "CompanyType": 1,
            "CompanyId": "0",
            "VerifyType": "DNS",
            "ContactEmail": "hostmaster@example.com",
        }
    )
    send = models.CertificateOrderSubmitRequest()
    send.CertId, send.VerifyType = order_id, "DNS"
    try:
        client.DescribeCertificateDetail(look)
        client.CertificateInfoSubmit(documents)
        client.CertificateOrderSubmit(send)
        client.DescribeCertificateDetail(look)
    except TencentCloudSDKException as refusal:
        return refusal.get_code()
    return ""


with ThreadPoolExecutor(20) as pool:
    ended = list(pool.map(submit, orders))
print(f"failed={sum(bool(code) for code in ended)} codes={sorted(set(ended) - {''})}")
