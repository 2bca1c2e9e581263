# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A stdout callback whose output programs read."""

__all__ = ["CALLBACK"]

# As the callback of this name that comes with another collection.
CALLBACK = """
import json
from ansible.plugins.callback import CallbackBase

DOCUMENTATION = '''
name: json
type: stdout
short_description: x
description: x
extends_documentation_fragment: default_callback
'''


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "json"

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self._display.display(json.dumps({"failed": [result._task.get_name()]}))
"""
