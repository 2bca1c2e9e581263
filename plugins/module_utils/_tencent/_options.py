# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options that every Tencent module has, the client they make, and the form of ids."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any

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
from ansible_collections.certwright.cloud.plugins.module_utils._tencent._credentials import resolve
from ansible_collections.certwright.cloud.plugins.module_utils._tencent._dialect import TencentDialect

__all__ = ["TENCENT_OPTIONS", "build_client", "id_faults"]

TENCENT_OPTIONS: dict[str, Any] = {
    **CONNECTION_OPTIONS,
    # The id is no secret: it is sent in the clear and stands in the cloud's own logs.
    "secret_id": {"type": "str", "no_log": False},
    "secret_key": {"type": "str", "no_log": True},
    "token": {"type": "str", "no_log": True},
    "profile": {"type": "str"},
}

# Ids have eight letters and digits in every example, but that is no documented rule.
_ID = re.compile(r"[A-Za-z0-9_-]+")


def build_client(params: Mapping[str, Any], context: Context) -> ApiClient:
    """The client for the account and site that the options name. Sends nothing.

    Raises InvalidInput for a bad endpoint, CertwrightError (auth) where no usable key is found.
    """
    know_proxies(params, context)
    connection = connection_from(params, context.environ, "CERTWRIGHT_TENCENT_ENDPOINT")
    home = context.environ.get("HOME") or os.path.expanduser("~")
    credentials = resolve(params, context.environ, home, context.clock.now())
    context.redactor.know(credentials.secret, credentials.token)
    dialect = GuardedDialect(TencentDialect(credentials, connection, context.clock), context.redactor)
    transport, report = context.open_transport(connection), report_from(params, context)
    limiter = limiter_from(params, context, f"{dialect.vendor} {credentials.id}")
    return ApiClient(dialect, transport, context.clock, budget=context.budget, report=report, limiter=limiter)


def id_faults(option: str, ids: list[str]) -> list[str]:
    """A fault for each value of an option that cannot be a certificate's id."""
    return [
        f"{option}: '{each}' is no certificate id; give it as the console shows it, like 'LrmeMvQr'"
        for each in ids
        if not _ID.fullmatch(each)
    ]
