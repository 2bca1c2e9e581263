# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""DescribeDVOrderResult with Alibaba's own SDK: python sdk_alibaba.py INSTANCE_ID"""

import os
import sys

from alibabacloud_cas20180713.client import Client
from alibabacloud_cas20180713.models import DescribeDVOrderResultRequest
from alibabacloud_tea_openapi.models import Config

protocol, _separator, address = os.environ["CERTWRIGHT_ALIBABA_ENDPOINT"].partition("://")
settings = Config(
    access_key_id=os.environ["ALIBABA_CLOUD_ACCESS_KEY_ID"],
    access_key_secret=os.environ["ALIBABA_CLOUD_ACCESS_KEY_SECRET"],
    protocol=protocol,
    endpoint=address,
)
answer = Client(settings).describe_dvorder_result(DescribeDVOrderResultRequest(instance_id=sys.argv[1]))
print(sys.argv[1], answer.body.order_status)
