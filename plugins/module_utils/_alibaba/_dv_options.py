# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the options of the DV modules to the services behind them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.certwright.cloud.plugins.module_utils._alibaba._dv_application import (
    application_from,
    order_id_fault,
)
from ansible_collections.certwright.cloud.plugins.module_utils._alibaba._dv_orders import DvOrders, DvSubmissions
from ansible_collections.certwright.cloud.plugins.module_utils._alibaba._options import build_client
from ansible_collections.certwright.cloud.plugins.module_utils._errors import InvalidInput
from ansible_collections.certwright.cloud.plugins.module_utils._module._order import Submission
from ansible_collections.certwright.cloud.plugins.module_utils._module._order_info import Query
from ansible_collections.certwright.cloud.plugins.module_utils._module._use_case import Context

__all__ = ["CAS_OPTIONS", "build_query", "build_submission"]

# Request parameters that every action of cas 2018-07-13 takes (reference: Alibaba, 1.2).
CAS_OPTIONS: dict[str, Any] = {
    "lang": {"type": "str", "choices": ["zh", "en"]},
    "source_ip": {"type": "str"},
}


def _common(params: Mapping[str, Any]) -> dict[str, str | None]:
    return {"Lang": params["lang"], "SourceIp": params["source_ip"]}


def build_submission(params: Mapping[str, Any], context: Context) -> Submission:
    """What alibaba_dv_order is to submit; nothing is sent. Raises CertwrightError."""
    application = application_from(params)
    service = DvSubmissions(build_client(params, context), params["site"], application, _common(params))
    return Submission(service, params["instance_id"], application)


def build_query(params: Mapping[str, Any], context: Context) -> Query:
    """What alibaba_dv_order_info is to look up; nothing is sent. Raises CertwrightError."""
    single = params["instance_id"] is not None
    ids = [params["instance_id"]] if single else list(dict.fromkeys(params["instance_ids"] or ()))
    option = "instance_id" if single else "instance_ids"
    faults = [f"{option}: {fault}" for fault in map(order_id_fault, ids) if fault]
    if faults:
        raise InvalidInput(faults)
    # An empty list of ids asks for no order, not for all of them.
    states = [] if params["instance_ids"] == [] else params["states"]
    service = DvOrders(build_client(params, context), params["site"], _common(params))
    return Query(service, tuple(ids), single, {"states": states})
