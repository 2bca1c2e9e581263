# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options that every module for Alibaba Cloud has beside the common ones."""

from __future__ import annotations

__all__ = ["ModuleDocFragment"]


class ModuleDocFragment:
    """Use as certwright.cloud._alibaba; add .cas for modules of the certificate service."""

    DOCUMENTATION = r"""
options:
  access_key_id:
    description:
      - Id of the access key.
      - 'Credentials are taken from the first of these that has some: the options; the environment variables
        E(ALIBABA_CLOUD_ACCESS_KEY_ID), E(ALIBABA_CLOUD_ACCESS_KEY_SECRET) and E(ALIBABA_CLOUD_SECURITY_TOKEN); the
        variables E(ALICLOUD_ACCESS_KEY), E(ALICLOUD_SECRET_KEY) and E(ALICLOUD_SECURITY_TOKEN); the profile files (see
        O(profile)).'
    type: str
  access_key_secret:
    description:
      - Secret of the access key. Prefer the environment or a profile to writing it in a playbook.
    type: str
  security_token:
    description:
      - Token that belongs to a temporary access key (STS).
    type: str
  profile:
    description:
      - Name of a profile of the cloud's own command line tool. If given, the environment variables are passed over.
      - 'It is looked up in C(~/.aliyun/config.json) (modes AK, StsToken, and OAuth while its stored key lasts), then in
        the file named by E(ALIBABA_CLOUD_CREDENTIALS_FILE), else in C(~/.alibabacloud/credentials.ini) and
        C(~/.alibabacloud/credentials) (types access_key and sts).'
      - If not given, it is E(ALIBABA_CLOUD_PROFILE), else the current profile of the command line tool, else
        V(default).
      - Profiles that have to ask another service for a key are refused; use a temporary key instead.
    type: str
"""

    CAS = r"""
options:
  lang:
    description:
      - Language of the cloud's messages, V(zh) or V(en). If not given, the cloud's own default, V(zh), applies.
      - Sent as C(Lang).
    type: str
    choices: [zh, en]
  source_ip:
    description:
      - IP address of whoever asks, for the cloud's logs. Sent as C(SourceIp).
    type: str
requirements:
  - cryptography
"""
