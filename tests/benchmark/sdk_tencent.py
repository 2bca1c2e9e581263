# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""DescribeCertificateDetail with Tencent's own SDK: python sdk_tencent.py CERTIFICATE_ID"""

import os
import sys

from tencentcloud.common.credential import Credential
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.ssl.v20191205 import models
from tencentcloud.ssl.v20191205.ssl_client import SslClient

protocol, _separator, address = os.environ["CERTWRIGHT_TENCENT_ENDPOINT"].partition("://")
profile = ClientProfile(httpProfile=HttpProfile(protocol=protocol, endpoint=address))
credential = Credential(os.environ["TENCENTCLOUD_SECRET_ID"], os.environ["TENCENTCLOUD_SECRET_KEY"])
request = models.DescribeCertificateDetailRequest()
request.CertificateId = sys.argv[1]
answer = SslClient(credential, "", profile).DescribeCertificateDetail(request)
print(answer.CertificateId, answer.Status, answer.StatusMsg)
