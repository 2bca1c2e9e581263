# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Attributes that every module states."""

from __future__ import annotations

__all__ = ["ModuleDocFragment"]


class ModuleDocFragment:
    """Use as certwright.cloud._attributes; add .info, .tencent or .alibaba where they fit."""

    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Can run in C(check_mode) and return changed status prediction without modifying anything.
  diff_mode:
    description: Returns details on what has changed, or would change in check mode, when in diff mode.
  idempotent:
    description:
      - When run twice in a row outside check mode, with the same arguments, the second invocation indicates no change.
      - This assumes that the system controlled or queried by the module has not changed in a relevant way.
"""

    INFO = r"""
options: {}
attributes:
  check_mode:
    support: full
    details:
      - This module does not change anything.
  diff_mode:
    support: N/A
    details:
      - This module does not change anything.
  idempotent:
    support: full
    details:
      - This module does not change anything.
"""

    TENCENT = r"""
options: {}
attributes:
  action_group:
    description: Use C(group/certwright.cloud.tencent) in C(module_defaults) to set defaults for this module.
    support: full
    membership:
      - certwright.cloud.tencent
"""

    ALIBABA = r"""
options: {}
attributes:
  action_group:
    description: Use C(group/certwright.cloud.alibaba) in C(module_defaults) to set defaults for this module.
    support: full
    membership:
      - certwright.cloud.alibaba
"""
