# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the options of tencent_order to what is submitted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.certwright.cloud.plugins.module_utils._module._submission import Submission
from ansible_collections.certwright.cloud.plugins.module_utils._module._use_case import Context
from ansible_collections.certwright.cloud.plugins.module_utils._orders import OrderState
from ansible_collections.certwright.cloud.plugins.module_utils._tencent._application import build_application
from ansible_collections.certwright.cloud.plugins.module_utils._tencent._options import build_client, id_faults
from ansible_collections.certwright.cloud.plugins.module_utils._tencent._paid_submissions import PaidSubmissions

__all__ = ["build_submission"]


def build_submission(params: Mapping[str, Any], context: Context) -> Submission:
    """What tencent_order is to submit; nothing is sent. Raises CertwrightError."""
    faults = id_faults("certificate_id", [params["certificate_id"]])
    if params["delete_dns_auto_record"] and params["validation_method"] != "dns_auto":
        faults.append("delete_dns_auto_record: only with validation_method=dns_auto, where the cloud adds the record")
    if params["validate_now"] and params["site"] != "china":
        faults.append("validate_now: exists on site=china only; leave it out, the CA looks by itself")
    application = build_application(params, faults)
    until = OrderState.PREPARED if params["state"] == "prepared" else OrderState.VALIDATING
    service = PaidSubmissions(build_client(params, context), params["site"], validate_now=params["validate_now"])
    order_id = params["certificate_id"]
    look = (
        f"ansible localhost -m certwright.cloud.tencent_order_info -a 'certificate_id={order_id} site={params['site']}'"
    )
    return Submission(service, "tencent", order_id, application, look, until)
