# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the options of alibaba_dv_order_info to what is looked up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.certwright.cloud.plugins.module_utils._alibaba._dv_options import (
    common_parameters,
    order_id_fault,
)
from ansible_collections.certwright.cloud.plugins.module_utils._alibaba._dv_orders import DvOrders
from ansible_collections.certwright.cloud.plugins.module_utils._alibaba._options import build_client
from ansible_collections.certwright.cloud.plugins.module_utils._errors import InvalidInput
from ansible_collections.certwright.cloud.plugins.module_utils._module._order_info import Query, given_list
from ansible_collections.certwright.cloud.plugins.module_utils._module._use_case import Context

__all__ = ["build_query"]


def build_query(params: Mapping[str, Any], context: Context) -> Query:
    """What alibaba_dv_order_info is to look up; nothing is sent. Raises CertwrightError."""
    single = params["instance_id"] is not None
    several = given_list(params["instance_ids"])
    ids = [params["instance_id"]] if single else list(dict.fromkeys(several or ()))
    option = "instance_id" if single else "instance_ids"
    faults = [f"{option}: {fault}" for fault in map(order_id_fault, ids) if fault]
    if faults:
        raise InvalidInput(faults)
    # An empty list of ids asks for no order, not for all of them.
    states = [] if several == [] else params["states"]
    service = DvOrders(build_client(params, context), params["site"], common_parameters(params))
    return Query(service, tuple(ids), single, {"states": states}, params["details"])
