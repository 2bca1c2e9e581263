# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the module of the same name inside the controller where it can."""

from __future__ import annotations

from ansible_collections.certwright.cloud.plugins.module_utils import _x509

# main: ansible-lint reads the options of the module there.
from ansible_collections.certwright.cloud.plugins.modules.tencent_order_info import USE_CASE, main
from ansible_collections.certwright.cloud.plugins.plugin_utils._controller import ControllerAction

__all__ = ["ActionModule", "main"]


class ActionModule(ControllerAction):
    """See ControllerAction."""

    use_case = USE_CASE
    # Loaded here, before Ansible makes a process for each host: each of them would load it on its own.
    loaded = (_x509,)
