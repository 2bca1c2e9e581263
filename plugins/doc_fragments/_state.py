# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of modules that write to a cloud: what they keep on the machine they run on."""

from __future__ import annotations

__all__ = ["ModuleDocFragment"]


class ModuleDocFragment:
    """Use as certwright.cloud._state; add .settle where an order is submitted."""

    DOCUMENTATION = r"""
options:
  state_dir:
    description:
      - Folder for what is remembered on the machine where the module runs. For each order that is what was last
        submitted, with a lock, so that two runs never submit one order at the same moment, and a run after a crash
        first finds out what became of the last one. The audit trail lies there, too, and the count of calls for
        O(api_rate). No secrets and no personal data are in it.
      - If not given, the environment variable E(CERTWRIGHT_STATE_DIR) is used; if that is not set either,
        C($XDG_STATE_HOME/certwright) or C(~/.local/state/certwright). Everything is made for its owner only.
      - A folder that is named here or in the environment and cannot be used ends a submission before anything is sent.
        Without one the default folder is tried, and a warning says what then is not guarded.
    type: path
  audit_log:
    description:
      - File to which a line of JSON is added for each write to the cloud, with C(time), C(user), C(host), C(site),
        C(cloud), C(action), C(subject) (the order or the record), C(outcome) (V(sending), V(accepted), V(refused),
        V(not_sent) or V(unknown)), C(code) and C(request_id). V(none) switches it off.
      - If not given, the environment variable E(CERTWRIGHT_AUDIT_LOG) is used; if that is not set either,
        C(audit.jsonl) in O(state_dir).
    type: path
"""

    SETTLE = r"""
options:
  settle_timeout:
    description:
      - How long to read the order, in seconds, to find out what became of a submission whose answer was lost. A cloud
        may show a submission some seconds late.
      - If the order shows the submission, the module goes on as if it had been answered. If at the end of that time it
        stands exactly as it did before, it is submitted once more. If neither can be told, the module fails with the
        kind V(outcome_unknown) and sends nothing again.
      - With V(0) the order is read once, and nothing is ever sent again in the same run.
    type: int
    default: 60
"""
