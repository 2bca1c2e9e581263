# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How often the APIs of an account may be called."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Callable

from ansible_collections.certwright.cloud.plugins.module_utils._client import ApiCall, unlimited
from ansible_collections.certwright.cloud.plugins.module_utils._module._options import api_rate_from
from ansible_collections.certwright.cloud.plugins.module_utils._module._state import rate_folder
from ansible_collections.certwright.cloud.plugins.module_utils._module._use_case import Context
from ansible_collections.certwright.cloud.plugins.module_utils._rate import Limiter, RateLimiter, boot_id

__all__ = ["limiter_from"]


def limiter_from(params: Mapping[str, Any], context: Context, account: str) -> Callable[[ApiCall], Limiter]:
    """What says when an action may be sent: one limiter each, because the clouds count every action of an account on
    its own (reference: Tencent, 1.0; Alibaba, 1.10).

    Arguments:
        account: what tells the account from all others of all clouds; a key's id does.

    Raises InvalidInput for a rate without sense.
    """
    rate = api_rate_from(params, context.environ)
    if rate == 0:
        return unlimited
    folder, machine = rate_folder(params, context), boot_id()

    @cache
    def limiter(call: ApiCall) -> Limiter:
        limit, api = rate or call.rate, f"{call.product}-{call.action}"
        return RateLimiter(folder, account, api, limit, context.clock, context.rates, machine)

    return limiter
