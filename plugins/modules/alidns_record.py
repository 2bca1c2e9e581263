#!/usr/bin/python
# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: alidns_record
short_description: Keep one value at one name in Alibaba Cloud DNS
version_added: 0.1.0
author:
  - certwright.cloud contributors (@certwright)
description:
  - Adds or removes one DNS record in a zone that is hosted in Alibaba Cloud DNS (Alidns), such as the record that
    validates a certificate order.
  - Only the record with exactly this name, type and value is touched. Other values at the same name are left alone.
  - Records count that are on the default line and switched on. Records for single lines (regions, carriers) are left
    alone.
extends_documentation_fragment:
  - certwright.cloud._connection
  - certwright.cloud._alibaba
  - certwright.cloud._dns_record
  - certwright.cloud._state
  - certwright.cloud._attributes
  - certwright.cloud._attributes.alibaba
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details:
      - Shows all values at the name.
  idempotent:
    support: full
notes:
  - The service has the same host for both sites, so O(site) makes no difference here.
  - 'The user whose key is used needs the RAM actions C(alidns:DescribeDomains), C(alidns:DescribeSubDomainRecords),
    C(alidns:AddDomainRecord) and C(alidns:DeleteDomainRecord).'
seealso:
  - module: certwright.cloud.alibaba_dv_order
    description: Tells which record to publish.
  - module: certwright.cloud.dns_wait
    description: Waits until the record can be seen.
"""

EXAMPLES = r"""
- name: Publish a validation record
  certwright.cloud.alidns_record:
    name: _dnsauth.www.example.net
    type: TXT
    value: 202611210000000abc
  delegate_to: localhost
  become: false

- name: Remove it again
  certwright.cloud.alidns_record:
    name: _dnsauth.www.example.net
    type: TXT
    value: 202611210000000abc
    state: absent
  delegate_to: localhost
  become: false
"""

RETURN = r"""
record:
  description: The record as it is kept, or as it was before it was removed.
  type: dict
  returned: success
  contains:
    zone:
      description: The hosted zone.
      type: str
      returned: always
      sample: example.com
    name:
      description: Its full name, lower case, without a final dot.
      type: str
      returned: always
      sample: _dnsauth.www.example.com
    type:
      description: Its type.
      type: str
      returned: always
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
      description: The cloud's id of the record, V(null) where there is none (yet).
      type: str
      returned: always
      sample: "9999985"
error:
  description: What went wrong, for programs. The same stands in C(msg), for people.
  type: dict
  returned: failure
  contains:
    kind:
      description: What kind of trouble it is.
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
      sample: NotFound
    message:
      description: The cloud's own message, else ours.
      type: str
      returned: always
      sample: The specified instance does not exist.
    request_id:
      description: The cloud's id of the failed call, if it gave one.
      type: str
      returned: always
      sample: 473469C7-AA6F-4DC5-B3DB-A3DC0DE3C83E
    http_status:
      description: HTTP status of the failed call, for information.
      type: int
      returned: always
      sample: 400
    hint:
      description: What to do now.
      type: str
      returned: always
      sample: Check the name or id, and that account and site are the ones it belongs to.
"""

from ansible_collections.certwright.cloud.plugins.module_utils._alibaba._alidns import build_dns
from ansible_collections.certwright.cloud.plugins.module_utils._alibaba._options import ALIBABA_OPTIONS
from ansible_collections.certwright.cloud.plugins.module_utils._module._dns_record import (
    RECORD_OPTIONS,
    keeping_record,
)
from ansible_collections.certwright.cloud.plugins.module_utils._module._run import run_module
from ansible_collections.certwright.cloud.plugins.module_utils._module._state import STATE_OPTIONS
from ansible_collections.certwright.cloud.plugins.module_utils._module._use_case import UseCase

USE_CASE = UseCase(
    function=keeping_record(build_dns),
    argument_spec={**ALIBABA_OPTIONS, **RECORD_OPTIONS, **STATE_OPTIONS},
)


def main() -> None:
    run_module(USE_CASE)


if __name__ == "__main__":
    main()
