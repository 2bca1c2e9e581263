# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options that every Alibaba module has, and the client made from them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from ansible_collections.certwright.cloud.plugins.module_utils._alibaba._credentials import resolve
from ansible_collections.certwright.cloud.plugins.module_utils._alibaba._dialect import AlibabaDialect
from ansible_collections.certwright.cloud.plugins.module_utils._client import ApiClient
from ansible_collections.certwright.cloud.plugins.module_utils._guarded import GuardedDialect
from ansible_collections.certwright.cloud.plugins.module_utils._module._options import (
    CONNECTION_OPTIONS,
    connection_from,
    know_proxies,
)
from ansible_collections.certwright.cloud.plugins.module_utils._module._pace import limiter_from
from ansible_collections.certwright.cloud.plugins.module_utils._module._state import report_from
from ansible_collections.certwright.cloud.plugins.module_utils._module._use_case import Context

__all__ = ["ALIBABA_OPTIONS", "build_client"]

ALIBABA_OPTIONS: dict[str, Any] = {
    **CONNECTION_OPTIONS,
    # The id is no secret: it is sent in the clear and stands in the cloud's own logs.
    "access_key_id": {"type": "str", "no_log": False},
    "access_key_secret": {"type": "str", "no_log": True},
    "security_token": {"type": "str", "no_log": True},
    "profile": {"type": "str"},
}


def build_client(params: Mapping[str, Any], context: Context) -> ApiClient:
    """A client for all Alibaba products from a module's options; nothing is sent. Raises CertwrightError."""
    know_proxies(params, context)
    connection = connection_from(params, context.environ, "CERTWRIGHT_ALIBABA_ENDPOINT")
    home = context.environ.get("HOME") or os.path.expanduser("~")
    credentials = resolve(params, context.environ, home, context.clock.now())
    context.redactor.know(credentials.secret, credentials.token)
    plain = AlibabaDialect(credentials, site=connection.site, endpoint=connection.endpoint)
    dialect = GuardedDialect(plain, context.redactor)
    transport, report = context.open_transport(connection), report_from(params, context)
    limiter = limiter_from(params, context, f"{dialect.vendor} {credentials.id}")
    return ApiClient(dialect, transport, context.clock, budget=context.budget, report=report, limiter=limiter)
