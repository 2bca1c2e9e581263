#!/usr/bin/python
# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dnspod_record
short_description: Keep one DNS record at DNSPod (Tencent Cloud)
version_added: 0.1.0
author:
  - certwright.cloud contributors (@certwright)
description:
  - Adds or removes one value of a TXT or CNAME record in a zone that is hosted at DNSPod, the DNS of Tencent Cloud.
    It is made for the records that prove control of a domain, and leaves other people's values at the same name
    alone.
  - Only the default line is looked at and written, which answers everybody.
  - The cloud may show a new record in its lists up to 30 seconds later. A repeated run is safe all the same. To remove
    a record so soon after it was added, set O(wait_timeout) to V(30).
extends_documentation_fragment:
  - certwright.cloud._connection
  - certwright.cloud._tencent
  - certwright.cloud._dns_record
  - certwright.cloud._state
  - certwright.cloud._attributes
  - certwright.cloud._attributes.tencent
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
notes:
  - The key needs the rights C(dnspod:DescribeDomainList), C(dnspod:DescribeRecordList), C(dnspod:CreateRecord) and
    C(dnspod:DeleteRecord).
seealso:
  - module: certwright.cloud.tencent_order_info
    description: Says which record an order wants.
  - module: certwright.cloud.dns_wait
    description: Waits until the record is served.
"""

EXAMPLES = r"""
- name: Publish the validation records of an order
  certwright.cloud.dnspod_record:
    name: "{{ item.record.name }}"
    type: "{{ item.record.type }}"
    value: "{{ item.record.value }}"
  loop: "{{ submitted.order.validations }}"
  delegate_to: localhost

- name: Remove one value and leave the others at the name
  certwright.cloud.dnspod_record:
    name: _dnsauth.example.com
    value: 202611210000000abcdef
    state: absent
  delegate_to: localhost
"""

RETURN = r"""
record:
  description: The record as it is, or would be in check mode. With O(state=absent), the one that is gone.
  type: dict
  returned: success
  contains:
    zone:
      description: The hosted zone that holds the name.
      type: str
      returned: always
      sample: example.com
    name:
      description: Its full name, lower case, without a final dot.
      type: str
      returned: always
      sample: _dnsauth.example.com
    type:
      description: Its type.
      type: str
      returned: always
      choices: [TXT, CNAME]
      sample: TXT
    value:
      description: Its value, without quotes.
      type: str
      returned: always
      sample: 202611210000000abc
    ttl:
      description: Its time to live in seconds.
      type: int
      returned: always
      sample: 600
    id:
      description: The cloud's id of the record, V(null) where there is none or it is not known yet.
      type: str
      returned: always
      sample: "1909110001"
error:
  description: Why the task failed.
  returned: failure
  type: dict
  contains:
    kind:
      description: What sort of failure it is.
      type: str
      returned: always
      choices:
        - invalid_input
        - auth
        - permission
        - not_found
        - conflict
        - quota
        - throttled
        - rejected
        - network
        - server
        - outcome_unknown
        - timeout
      sample: not_found
    code:
      description: The cloud's own code, if it gave one.
      type: str
      returned: always
      sample: InvalidParameterValue.DomainNotExists
    message:
      description: The cloud's own message, else ours.
      type: str
      returned: always
      sample: The domain does not exist.
    request_id:
      description: The cloud's id of the failed call, if it gave one.
      type: str
      returned: always
      sample: 0d1e7d8c-4a55-4d0e-9a7b-6c1f0e3c9a7b
    http_status:
      description: HTTP status of the failed call, for information. Refusals of this cloud have the status V(200),
        too.
      type: int
      returned: always
      sample: 200
    hint:
      description: What to do now.
      type: str
      returned: always
      sample: "Check the id or name, the account and the site: accounts of the two sites are separate."
"""

from ansible_collections.certwright.cloud.plugins.module_utils._module._dns_record import (
    RECORD_OPTIONS,
    keeping_record,
)
from ansible_collections.certwright.cloud.plugins.module_utils._module._run import run_module
from ansible_collections.certwright.cloud.plugins.module_utils._module._state import STATE_OPTIONS
from ansible_collections.certwright.cloud.plugins.module_utils._module._use_case import UseCase
from ansible_collections.certwright.cloud.plugins.module_utils._tencent._dnspod import build_dns
from ansible_collections.certwright.cloud.plugins.module_utils._tencent._options import TENCENT_OPTIONS

USE_CASE = UseCase(
    function=keeping_record(build_dns),
    argument_spec={**TENCENT_OPTIONS, **RECORD_OPTIONS, **STATE_OPTIONS},
)


def main() -> None:
    run_module(USE_CASE)


if __name__ == "__main__":
    main()
