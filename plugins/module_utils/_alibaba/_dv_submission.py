# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the options of alibaba_dv_order to what is submitted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.certwright.cloud.plugins.module_utils._alibaba._dv_application import application_from
from ansible_collections.certwright.cloud.plugins.module_utils._alibaba._dv_options import common_parameters
from ansible_collections.certwright.cloud.plugins.module_utils._alibaba._dv_submissions import DvSubmissions
from ansible_collections.certwright.cloud.plugins.module_utils._alibaba._options import build_client
from ansible_collections.certwright.cloud.plugins.module_utils._module._submission import Submission
from ansible_collections.certwright.cloud.plugins.module_utils._module._use_case import Context

__all__ = ["build_submission"]


def build_submission(params: Mapping[str, Any], context: Context) -> Submission:
    """What alibaba_dv_order is to submit; nothing is sent. Raises CertwrightError."""
    application = application_from(params)
    service = DvSubmissions(build_client(params, context), params["site"], application, common_parameters(params))
    order_id = params["instance_id"]
    look = (
        f"ansible localhost -m certwright.cloud.alibaba_dv_order_info -a 'instance_id={order_id} site={params['site']}'"
    )
    return Submission(service, "alibaba", order_id, application, look)
