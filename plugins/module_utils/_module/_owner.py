# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options owner and group of what works on a target."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.certwright.cloud.plugins.module_utils._disk import Ownership, ownership
from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError
from ansible_collections.certwright.cloud.plugins.module_utils._module._use_case import Context

__all__ = ["target_owner"]

Params = Mapping[str, Any]


def target_owner(params: Params, context: Context) -> Ownership:
    """Whom files are given to. In check mode an unknown user may be one that an earlier task would make."""
    try:
        return ownership(params["owner"], params["group"])
    except CertwrightError as error:
        if not context.check_mode:
            raise
        context.warn(f"{error.message}; that is fine if an earlier task makes it")
        return Ownership()
