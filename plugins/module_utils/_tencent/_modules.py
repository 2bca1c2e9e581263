# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From a module's options to Tencent's services."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ansible_collections.certwright.cloud.plugins.module_utils._domains import name_fault, normalise
from ansible_collections.certwright.cloud.plugins.module_utils._errors import InvalidInput
from ansible_collections.certwright.cloud.plugins.module_utils._module._order import Submission
from ansible_collections.certwright.cloud.plugins.module_utils._module._order_info import Query
from ansible_collections.certwright.cloud.plugins.module_utils._module._use_case import Context
from ansible_collections.certwright.cloud.plugins.module_utils._orders import OrderState
from ansible_collections.certwright.cloud.plugins.module_utils._tencent._application import build_application
from ansible_collections.certwright.cloud.plugins.module_utils._tencent._dnspod import DnsPod
from ansible_collections.certwright.cloud.plugins.module_utils._tencent._options import build_client
from ansible_collections.certwright.cloud.plugins.module_utils._tencent._paid_orders import PaidOrders

__all__ = ["build_dns", "build_query", "build_submission"]

Params = Mapping[str, Any]

# Ids have eight letters and digits in every example, but that is no documented rule.
_ID = re.compile(r"[A-Za-z0-9_-]+")


def build_submission(params: Params, context: Context) -> Submission:
    """What tencent_order is to submit; nothing is sent. Raises CertwrightError."""
    faults = _in_ids("certificate_id", [params["certificate_id"]])
    if params["delete_dns_auto_record"] and params["validation_method"] != "dns_auto":
        faults.append("delete_dns_auto_record: only with validation_method=dns_auto, where the cloud adds the record")
    if params["validate_now"] and params["site"] != "china":
        faults.append("validate_now: exists on site=china only; leave it out, the CA looks by itself")
    application = build_application(params, faults)
    until = OrderState.PREPARED if params["state"] == "prepared" else OrderState.VALIDATING
    service = PaidOrders(build_client(params, context), validate_now=params["validate_now"])
    return Submission(service, params["certificate_id"], application, until)


def build_query(params: Params, context: Context) -> Query:
    """What tencent_order_info is to look up; nothing is sent. Raises CertwrightError."""
    single = params["certificate_id"] is not None
    ids = [params["certificate_id"]] if single else list(dict.fromkeys(params["certificate_ids"] or ()))
    faults = _in_ids("certificate_id" if single else "certificate_ids", ids)
    if params["check_validation"] and not ids:
        faults.append("check_validation: name the orders to check by their ids")
    if params["check_validation"] and params["wait_for"] is not None:
        faults.append("check_validation: leave it out while waiting; the cloud refuses checks that come too often")
    domain_fault = name_fault(normalise(params["domain"])) if params["domain"] is not None else None
    if domain_fault:
        faults.append(f"domain: '{params['domain']}' {domain_fault}")
    if faults:
        raise InvalidInput(faults)
    criteria = {name: params[name] for name in ("domain", "states", "search_key")}
    if params["certificate_ids"] == []:
        # An empty list of ids asks for no order, not for all of them.
        criteria = {"none": True}
    service = PaidOrders(build_client(params, context), check_validation=params["check_validation"])
    return Query(service, tuple(ids), single, criteria)


def build_dns(params: Params, context: Context) -> DnsPod:
    """DNSPod in the account that the options name; nothing is sent. Raises CertwrightError."""
    return DnsPod(build_client(params, context), params["site"])


def _in_ids(option: str, ids: list[str]) -> list[str]:
    return [
        f"{option}: '{each}' is no certificate id; give it as the console shows it, like 'LrmeMvQr'"
        for each in ids
        if not _ID.fullmatch(each)
    ]
