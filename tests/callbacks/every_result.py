# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes every result as JSON, as the callbacks do that people feed their log servers with."""

from __future__ import annotations

import json
import os
from typing import Any

from ansible.plugins.callback import CallbackBase

__all__ = ["CallbackModule"]

DOCUMENTATION = r"""
name: every_result
type: notification
short_description: Write every result as a line of JSON
description: The file is named by the environment variable EVERY_RESULT.
"""


class CallbackModule(CallbackBase):
    """One line of JSON for each result: host, task, whether it failed, and all of it."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "every_result"
    CALLBACK_NEEDS_ENABLED = True

    def _write(self, result: Any, failed: bool) -> None:
        line = {
            "host": result._host.get_name(),
            "task": result._task.get_name(),
            "failed": failed,
            "result": result._result,
        }
        with open(os.environ["EVERY_RESULT"], "a", encoding="utf-8") as file:
            file.write(json.dumps(line, default=str) + "\n")

    def v2_runner_on_ok(self, result: Any) -> None:
        """See CallbackBase."""
        self._write(result, False)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        """See CallbackBase."""
        self._write(result, True)

    def v2_runner_on_async_failed(self, result: Any) -> None:
        """See CallbackBase."""
        self._write(result, True)
