# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the options of tencent_order_info to what is looked up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.certwright.cloud.plugins.module_utils._domains import name_fault, normalise
from ansible_collections.certwright.cloud.plugins.module_utils._errors import InvalidInput
from ansible_collections.certwright.cloud.plugins.module_utils._module._order_info import Query, given_list
from ansible_collections.certwright.cloud.plugins.module_utils._module._use_case import Context
from ansible_collections.certwright.cloud.plugins.module_utils._tencent._options import build_client, id_faults
from ansible_collections.certwright.cloud.plugins.module_utils._tencent._paid_orders import PaidOrders

__all__ = ["build_query"]


def build_query(params: Mapping[str, Any], context: Context) -> Query:
    """What tencent_order_info is to look up; nothing is sent. Raises CertwrightError."""
    single = params["certificate_id"] is not None
    several = given_list(params["certificate_ids"])
    ids = [params["certificate_id"]] if single else list(dict.fromkeys(several or ()))
    faults = id_faults("certificate_id" if single else "certificate_ids", ids)
    if params["check_validation"] and not ids:
        faults.append("check_validation: name the orders to check by their ids")
    if params["check_validation"] and not params["details"]:
        faults.append("check_validation: leave 'details' out; the list does not show what there is to check")
    domain_fault = name_fault(normalise(params["domain"])) if params["domain"] is not None else None
    if domain_fault:
        faults.append(f"domain: '{params['domain']}' {domain_fault}")
    if faults:
        raise InvalidInput(faults)
    criteria = {name: params[name] for name in ("domain", "states", "search_key")}
    if several == []:
        # An empty list of ids asks for no order, not for all of them.
        criteria = {"none": True}
    clock = context.clock if params["check_validation"] else None
    service = PaidOrders(build_client(params, context), params["site"], clock)
    return Query(service, tuple(ids), single, criteria, params["details"])
