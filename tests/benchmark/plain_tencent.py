# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""DescribeCertificateDetail with nothing but requests: python plain_tencent.py CERTIFICATE_ID"""

import hashlib
import hmac
import json
import os
import sys
import time
from urllib.parse import urlsplit

import requests

endpoint, now = os.environ["CERTWRIGHT_TENCENT_ENDPOINT"], int(time.time())
secret_id, secret_key = os.environ["TENCENTCLOUD_SECRET_ID"], os.environ["TENCENTCLOUD_SECRET_KEY"]
host, body = urlsplit(endpoint).netloc, json.dumps({"CertificateId": sys.argv[1]}).encode()


def keyed(key: bytes, text: str) -> bytes:
    """HMAC-SHA256."""
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def digest(data: bytes) -> str:
    """SHA-256 as hex."""
    return hashlib.sha256(data).hexdigest()


date = time.strftime("%Y-%m-%d", time.gmtime(now))
scope = f"{date}/ssl/tc3_request"
canonical = f"POST\n/\n\ncontent-type:application/json\nhost:{host}\n\ncontent-type;host\n{digest(body)}"
key = keyed(keyed(keyed(b"TC3" + secret_key.encode(), date), "ssl"), "tc3_request")
signature = keyed(key, f"TC3-HMAC-SHA256\n{now}\n{scope}\n{digest(canonical.encode())}").hex()
headers = {
    "Authorization": f"TC3-HMAC-SHA256 Credential={secret_id}/{scope}, SignedHeaders=content-type;host, "
    f"Signature={signature}",
    "Content-Type": "application/json",
    "Host": host,
    "X-TC-Action": "DescribeCertificateDetail",
    "X-TC-Timestamp": str(now),
    "X-TC-Version": "2019-12-05",
}
answer = requests.post(endpoint, data=body, headers=headers, timeout=30).json()["Response"]
print(answer["CertificateId"], answer["Status"], answer["StatusMsg"])
