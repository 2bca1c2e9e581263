# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the options of the DV modules have in common."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

__all__ = ["CAS_OPTIONS", "common_parameters", "order_id_fault"]

# Letters, digits and hyphens in every example; the form is not documented, so no more is assumed.
_ID = re.compile(r"[A-Za-z0-9._-]+")

CAS_OPTIONS: dict[str, Any] = {
    "lang": {"type": "str", "choices": ["zh", "en"]},
    "source_ip": {"type": "str"},
}


def common_parameters(params: Mapping[str, Any]) -> dict[str, str | None]:
    """The parameters that every action of cas 2018-07-13 takes (reference: Alibaba, 1.2); None is not sent."""
    return {"Lang": params["lang"], "SourceIp": params["source_ip"]}


def order_id_fault(order_id: str) -> str | None:
    """Why an id cannot be one, as half a sentence; None if it can."""
    if not _ID.fullmatch(order_id):
        return f"'{order_id}' is no instance id; give it as the console shows it, like 'cas-cn-68n1mm16'"
    return None
