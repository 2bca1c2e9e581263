# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of modules that keep one DNS record."""

from __future__ import annotations

__all__ = ["ModuleDocFragment"]


class ModuleDocFragment:
    """Use as certwright.cloud._dns_record."""

    DOCUMENTATION = r"""
options:
  name:
    description:
      - Full name of the record, for example V(_dnsauth.www.example.com). Case and a final dot do not matter.
    type: str
    required: true
  type:
    description:
      - Type of the record.
    type: str
    choices: [TXT, CNAME]
    default: TXT
  value:
    description:
      - The one value to keep, for V(type=TXT) without quotes. Other values at the same name are left alone.
    type: str
    required: true
  ttl:
    description:
      - Time to live of a record that is created, in seconds. Free plans of both clouds refuse less than V(600).
      - The TTL of a record that exists already is not changed.
    type: int
    default: 600
  zone:
    description:
      - The hosted zone to use. If not given, it is the longest hosted zone that the name ends with.
    type: str
  state:
    description:
      - Whether the value is to be there.
    type: str
    choices:
      present: The value is added if it is missing.
      absent: The record with exactly this name, type and value is removed.
    default: present
  wait_timeout:
    description:
      - How long to look for a record that is to be removed (O(state=absent)) and is not listed, in seconds. A list may
        show a new record late, at DNSPod up to 30 seconds, and a record that is not listed cannot be removed.
      - With V(0) the records are looked up once.
    type: int
    default: 0
"""
