# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options that every Tencent module has beside the connection."""

from __future__ import annotations

__all__ = ["ModuleDocFragment"]


class ModuleDocFragment:
    """Use as certwright.cloud._tencent, after certwright.cloud._connection."""

    DOCUMENTATION = r"""
options:
  secret_id:
    description:
      - Id of the key (SecretId). Needs O(secret_key).
      - The key is looked for in this order - O(secret_id) and O(secret_key); the profile that O(profile) names; the
        environment variables E(TENCENTCLOUD_SECRET_ID) and E(TENCENTCLOUD_SECRET_KEY); the profile that
        E(TCCLI_PROFILE) names, else V(default). Messages say which of them was used.
    type: str
  secret_key:
    description:
      - The secret part of the key (SecretKey). Needs O(secret_id).
    type: str
  token:
    description:
      - Token of a temporary key. From the environment, the first of E(TENCENTCLOUD_TOKEN),
        E(TENCENTCLOUD_SECURITY_TOKEN) and E(TENCENTCLOUD_SESSION_TOKEN) that is set goes with the key found there.
    type: str
  profile:
    description:
      - Name of a profile, looked for in C(~/.tccli/PROFILE.credential) (of the command line tool C(tccli)), then as a
        section of C(~/.tencentcloud/credentials) and C(/etc/tencentcloud/credentials) (of the SDKs).
        E(TENCENTCLOUD_CREDENTIALS_FILE) replaces the last two.
      - Profiles that ask for a role are refused; stored temporary keys are used until they expire.
    type: str
"""
