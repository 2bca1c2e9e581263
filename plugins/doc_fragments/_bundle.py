# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of modules that can return an issued certificate."""

from __future__ import annotations

__all__ = ["ModuleDocFragment"]


class ModuleDocFragment:
    """Use as certwright.cloud._bundle."""

    DOCUMENTATION = r"""
options:
  return_certificate:
    description:
      - Also return the issued certificate and its chain as PEM, in RV(ignore:bundle).
    type: bool
    default: false
  return_private_key:
    description:
      - Also return the private key in RV(ignore:bundle.private_key), if the cloud made it and shows it.
      - The key is then part of the task's result, so set C(no_log=true) on the task and do not register it longer
        than needed.
    type: bool
    default: false
"""
