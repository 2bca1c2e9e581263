# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of modules that can wait for an order."""

from __future__ import annotations

__all__ = ["ModuleDocFragment"]


class ModuleDocFragment:
    """Use as certwright.cloud._wait."""

    DOCUMENTATION = r"""
options:
  wait_for:
    description:
      - What to wait for. If not given, the module does not wait.
      - The wait ends at once with a failure when the order has come to an end without a certificate. Running out of
        time loses nothing, the order goes on at the cloud and the task can be run again.
      - A look that fails for a moment (network, rate limit, a fault of the cloud) does not end the wait.
      - In check mode the module does not wait.
      - A wait inside the controller tells how it stands, on a terminal every ten seconds, elsewhere on each change. A
        task with C(no_log) is silent, and so is everything where the output is read by a machine.
    type: str
    choices:
      validation: Until the cloud says what has to be published to prove control of the domains.
      issued: Until the certificate has been issued.
  wait_timeout:
    description:
      - How long to wait at most, in seconds.
    type: int
    default: 1800
  wait_interval:
    description:
      - Seconds between two looks, varied by a fifth in both directions so that many waits spread out.
      - If not given, it is 15 seconds in the first 5 minutes, a minute up to an hour, and then 15 minutes.
      - Every look is one call (both clouds allow 10 per second and account).
    type: float
"""
