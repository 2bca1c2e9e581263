#!/usr/bin/python
# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dns_wait
short_description: Wait until every name server shows the validation records
version_added: 0.1.0
author:
  - certwright.cloud contributors (@certwright)
description:
  - Asks all authoritative name servers of a name's zone, at every address, without any cache in between, until each
    shows the record that a CA is going to look for. A CA that looks too early may refuse the order or wait for long.
  - A TXT name that is a CNAME (delegated validation) is followed, up to eight steps.
  - A server that does not answer, or answers with an error, counts as one that does not show the record yet.
  - Normally runs on the controller (C(delegate_to=localhost)).
extends_documentation_fragment:
  - certwright.cloud._attributes
  - certwright.cloud._attributes.info
attributes:
  check_mode:
    details:
      - This module does not change anything. In check mode it looks once, does not wait and does not fail.
requirements:
  - dnspython
options:
  name:
    description:
      - Absolute name of the record, for one record. A final dot is ignored.
      - Give either this, O(type) and O(value), or O(records).
    type: str
  type:
    description: Type of the record O(name).
    type: str
    choices: [TXT, CNAME]
    default: TXT
  value:
    description:
      - Value that has to be seen at O(name).
      - For V(TXT) it has to be among the values there, its strings joined; other values do not matter.
      - For V(CNAME) it is compared without regard to case and final dot.
    type: str
  records:
    description: Several records, all of which have to be seen. An empty list is complete at once.
    type: list
    elements: dict
    suboptions:
      name:
        description: As O(name).
        type: str
        required: true
      type:
        description: As O(type).
        type: str
        choices: [TXT, CNAME]
        default: TXT
      value:
        description: As O(value).
        type: str
        required: true
  servers:
    description:
      - Servers to ask instead, each as V(host) or V(host:port), for split DNS or a resolver that the CA uses. An
        IPv6 address with a port stands in brackets.
      - These are asked with recursion desired, so they may be resolvers.
    type: list
    elements: str
  wait_timeout:
    description:
      - Seconds to wait. Then the task fails and says which server still says what.
      - With V(0) every server is asked once, and the task does not fail; see RV(complete).
    type: int
    default: 900
  wait_interval:
    description: Seconds between two looks, more or less by a fifth.
    type: float
    default: 10
  query_timeout:
    description: Seconds that one server may take for one answer.
    type: float
    default: 5
seealso:
  - module: certwright.cloud.dnspod_record
    description: Publishes a record at Tencent Cloud.
  - module: certwright.cloud.alidns_record
    description: Publishes a record at Alibaba Cloud.
"""

EXAMPLES = r"""
- name: Wait until the world sees one validation record
  certwright.cloud.dns_wait:
    name: _dnsauth.example.com
    value: 202611210000004kd8vxhnc6x7gs8u3zzl5pr2yk7ez4n4dn0fgrx
  delegate_to: localhost
  become: false

- name: Wait for all records of an order
  certwright.cloud.dns_wait:
    records: "{{ submitted.order.validations | map(attribute='record') | select | list }}"
    wait_timeout: 600
  delegate_to: localhost
  become: false

- name: Look once whether a resolver inside the company knows it
  certwright.cloud.dns_wait:
    name: _4be1f2cf9b12.example.com
    type: CNAME
    value: 8d1f0c1a.2b7d3e4f.trust-provider.com
    servers:
      - 192.0.2.53
      - "[2001:db8::53]:5353"
    wait_timeout: 0
  delegate_to: localhost
  become: false
  register: seen
"""

RETURN = r"""
complete:
  description: Whether every server shows every record.
  returned: success, and failure by time-out
  type: bool
  sample: true
records:
  description: What was seen last, for each record.
  returned: success, and failure by time-out
  type: list
  elements: dict
  contains:
    name:
      description: Name of the record, lower case, without a final dot.
      type: str
      returned: always
      sample: _dnsauth.example.com
    type:
      description: Type of the record.
      type: str
      returned: always
      sample: TXT
    value:
      description: The value that has to be seen.
      type: str
      returned: always
      sample: 202611210000004kd8vxhnc6x7gs8u3zzl5pr2yk7ez4n4dn0fgrx
    complete:
      description: Whether every server shows it.
      type: bool
      returned: always
      sample: true
    servers:
      description: What each server shows.
      type: list
      elements: dict
      returned: always
      contains:
        server:
          description: The server's name and address, or its name as given in O(servers).
          type: str
          returned: always
          sample: ns1.example.com (192.0.2.1)
        seen:
          description: Whether the value is there.
          type: bool
          returned: always
          sample: true
        answers:
          description: All values at the name.
          type: list
          elements: str
          returned: always
          sample: [202611210000004kd8vxhnc6x7gs8u3zzl5pr2yk7ez4n4dn0fgrx]
        error:
          description: Why it could not be told; else V(null).
          type: str
          returned: always
          sample: it answered SERVFAIL
waited:
  description: Seconds waited.
  returned: success, and failure by time-out
  type: float
  sample: 20.3
notes:
  description: Addresses that were left out because this host has no route to them, such as IPv6 without IPv6.
  returned: success, and failure by time-out
  type: list
  elements: str
  sample: ["'ns1.example.com' was not asked at '2001:db8::1': this host has no route to it"]
error:
  description: What went wrong, for conditions in playbooks.
  returned: failure
  type: dict
  contains:
    kind:
      description: V(timeout) or V(invalid_input).
      type: str
      returned: failure
      sample: timeout
    code:
      description: Always V(null); no cloud was asked.
      type: str
      returned: failure
    message:
      description: What happened.
      type: str
      returned: failure
    request_id:
      description: Always V(null); no cloud was asked.
      type: str
      returned: failure
    http_status:
      description: Always V(null); no cloud was asked.
      type: int
      returned: failure
    hint:
      description: What to do.
      type: str
      returned: failure
"""

from ansible_collections.certwright.cloud.plugins.module_utils._module._dns_wait import (
    DNS_WAIT_CONSTRAINTS,
    DNS_WAIT_OPTIONS,
    wait_for_records,
)
from ansible_collections.certwright.cloud.plugins.module_utils._module._run import run_module
from ansible_collections.certwright.cloud.plugins.module_utils._module._use_case import UseCase

USE_CASE = UseCase(
    wait_for_records,
    DNS_WAIT_OPTIONS,
    constraints=DNS_WAIT_CONSTRAINTS,
    libraries=("dns",),
)


def main() -> None:
    """Runs the module."""
    run_module(USE_CASE)


if __name__ == "__main__":
    main()
