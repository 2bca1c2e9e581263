# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options that every cloud module has."""

from __future__ import annotations

__all__ = ["ModuleDocFragment"]


class ModuleDocFragment:
    """Use as certwright.cloud._connection."""

    DOCUMENTATION = r"""
options:
  site:
    description:
      - Which of the cloud's two worlds the account lives in. Both have hosts, accounts and orders of their own.
    type: str
    choices:
      intl: The international site.
      china: The site for mainland China.
    default: intl
  endpoint:
    description:
      - URL that replaces the cloud's own hosts, for a proxy gateway or the sandbox, for example
        V(http://127.0.0.1:18080).
      - Plain http is refused unless the host is this machine.
      - If not given, the environment variable E(CERTWRIGHT_TENCENT_ENDPOINT) or E(CERTWRIGHT_ALIBABA_ENDPOINT) is
        used; if that is not set either, the cloud's own host for the O(site).
    type: str
  ca_path:
    description:
      - File or folder with the CA certificates to trust instead of the system's, on the machine where the module runs.
    type: path
  api_timeout:
    description:
      - How long one request may take to connect, and then to be answered, in seconds.
    type: float
    default: 30
  api_rate:
    description:
      - How many calls a second each action of the cloud's API allows the account. All processes of one user on a
        machine share this, whatever play or fork they belong to; calls beyond it wait for their turn.
      - If not given, the environment variable E(CERTWRIGHT_API_RATE) is used; if that is not set either, what the cloud
        documents for the action, V(10) for most (V(20) for DNSPod; V(300) to list and V(60) to change the records of a
        name at Alidns). The modules stay 2 % below, because calls do not arrive as evenly as they are sent.
      - Each refusal for too many calls lowers the rate for a while, so that other machines and programs can use the
        account at the same time.
      - From V(0.1) to V(1000); V(0) is no limit. Give a number where the cloud has raised your limit, or to leave a
        part of it to others.
      - Calls are counted in the folder C(rate) of the state directory, which is the option C(state_dir) where a module
        has it, or the environment variable E(CERTWRIGHT_STATE_DIR), or C($XDG_STATE_HOME/certwright) or
        C(~/.local/state/certwright). Where that cannot be used, each process counts for itself.
    type: float
  proxy:
    description:
      - URL of the HTTP proxy to use. It may hold a password, so it is masked in output.
      - If not given, the usual environment variables (E(HTTPS_PROXY), E(NO_PROXY)) are respected, but never for an
        endpoint on this machine.
    type: str
requirements:
  - requests
notes:
  - This module talks to the cloud's API only. Run it on the controller (C(delegate_to=localhost)), so that the cloud's
    credentials never reach a target.
"""
