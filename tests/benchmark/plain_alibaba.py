# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""DescribeDVOrderResult with nothing but requests: python plain_alibaba.py INSTANCE_ID"""

import hashlib
import hmac
import os
import sys
import time
import uuid
from urllib.parse import urlencode, urlsplit

import requests

endpoint, now = os.environ["CERTWRIGHT_ALIBABA_ENDPOINT"], time.time()
key_id, key_secret = os.environ["ALIBABA_CLOUD_ACCESS_KEY_ID"], os.environ["ALIBABA_CLOUD_ACCESS_KEY_SECRET"]
body = urlencode({"InstanceId": sys.argv[1]}).encode()
digest = hashlib.sha256(body).hexdigest()
headers = {
    "content-type": "application/x-www-form-urlencoded",
    "host": urlsplit(endpoint).netloc,
    "x-acs-action": "DescribeDVOrderResult",
    "x-acs-content-sha256": digest,
    "x-acs-date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now)),
    "x-acs-signature-nonce": uuid.uuid4().hex,
    "x-acs-version": "2018-07-13",
}
signed = ";".join(headers)
canonical = "POST\n/\n\n" + "".join(f"{name}:{value}\n" for name, value in headers.items()) + f"\n{signed}\n{digest}"
text = f"ACS3-HMAC-SHA256\n{hashlib.sha256(canonical.encode()).hexdigest()}"
signature = hmac.new(key_secret.encode(), text.encode(), hashlib.sha256).hexdigest()
headers["authorization"] = f"ACS3-HMAC-SHA256 Credential={key_id},SignedHeaders={signed},Signature={signature}"
answer = requests.post(endpoint, data=body, headers=headers, timeout=30).json()
print(sys.argv[1], answer["OrderStatus"])
