#!/usr/bin/python
# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: alibaba_dv_order
short_description: Submit a bought DV certificate order at Alibaba Cloud
version_added: 0.1.0
author:
  - certwright.cloud contributors (@certwright)
description:
  - Submits a DV order (instance) that was bought in the console of Certificate Management Service (CAS), with the
    call C(CreateDVOrderAudit) of the API version 2018-07-13.
  - The order is read first. An order that was submitted before, here or elsewhere, is taken over where it stands and
    never sent again; the module then compares what the cloud tells with what is asked for. A second run changes
    nothing and sends nothing.
  - If the answer to the submission is lost, the order is read until it shows what happened (O(settle_timeout)). It is
    sent again only if it was shown that it did not arrive.
extends_documentation_fragment:
  - certwright.cloud._connection
  - certwright.cloud._alibaba
  - certwright.cloud._alibaba.cas
  - certwright.cloud._wait
  - certwright.cloud._state
  - certwright.cloud._state.settle
  - certwright.cloud._attributes
  - certwright.cloud._attributes.alibaba
attributes:
  check_mode:
    support: full
    details:
      - The order is read and all options are checked, but nothing is sent and the module does not wait.
  diff_mode:
    support: full
    details:
      - The diff shows the names that are submitted, also where RV(order.domains) does not know them.
  idempotent:
    support: full
options:
  instance_id:
    description:
      - Id of the bought instance, as the console shows it. Sent as C(InstanceId).
    type: str
    required: true
  domains:
    description:
      - The names that the certificate is for. How many, and whether wildcards are possible, depends on what was
        bought.
      - Needed to submit. For an order that was submitted before it is optional and is compared, as far as the cloud
        tells, with the name that is validated, and with the certificate once there is one. A contradiction is a
        failure.
      - Sent as C(Domain), separated by commas. Names that are not ASCII are sent as A-labels.
    type: list
    elements: str
  validation_method:
    description:
      - How to show that the domains are yours. Sent as C(DomainVerifyType), in upper case.
    type: str
    choices:
      dns: A DNS record is published.
      file: A file is published on the web server of each name. Not possible for wildcards.
    default: dns
  username:
    description:
      - Name of the applicant. Needed to submit. Sent as C(Username).
      - It can be seen in verbose output (C(-vvv)), like O(email), O(province) and O(city). Masking such everyday
        words would mangle all other output.
    type: str
  mobile:
    description:
      - Telephone number of the applicant. Needed to submit. It is never shown. Sent as C(Mobile).
      - At least five digits, with spaces or dashes between them and a leading C(+) if wanted.
    type: str
  email:
    description:
      - E-mail address of the applicant. Needed to submit. Sent as C(Email).
    type: str
  province:
    description:
      - Province of the applicant; the cloud recommends pinyin, like V(zhejiang). Needed to submit. Sent as
        C(Province).
    type: str
  city:
    description:
      - City of the applicant; the cloud recommends pinyin, like V(hangzhou). Needed to submit. Sent as C(City).
    type: str
  resubmit_rejected:
    description:
      - Whether an order that the CA refused may be submitted again. With V(false) the module fails and says so.
      - The cloud does not document whether C(CreateDVOrderAudit) takes such an order.
    type: bool
    default: false
notes:
  - This API takes no certificate request. The cloud makes the private key and returns it with the certificate, see
    O(certwright.cloud.alibaba_dv_order_info#module:return_private_key). Who wants a key that never leaves the server
    needs another product.
  - The cloud does not tell which names and which applicant were submitted. RV(order.next_step) says what could not be
    compared.
  - 'The user whose key is used needs the RAM actions C(yundun-cert:CreateDVOrderAudit),
    C(yundun-cert:DescribeDVOrderResult) and C(yundun-cert:DescribeOrderInstanceList).'
seealso:
  - module: certwright.cloud.alibaba_dv_order_info
    description: Finds the orders that can be submitted, and returns the certificate afterwards.
  - module: certwright.cloud.alidns_record
    description: Publishes the validation record.
"""

EXAMPLES = r"""
- name: Submit a bought order and wait for what has to be published
  certwright.cloud.alibaba_dv_order:
    instance_id: cas-cn-68n1mm16
    domains:
      - www.example.net
    username: Zhang San
    mobile: "13800000000"
    email: ssl@example.com
    province: zhejiang
    city: hangzhou
    wait_for: validation
  register: submitted
  delegate_to: localhost
  become: false

- name: Publish the validation record
  certwright.cloud.alidns_record:
    name: "{{ submitted.order.validations[0].record.name }}"
    type: "{{ submitted.order.validations[0].record.type }}"
    value: "{{ submitted.order.validations[0].record.value }}"
  when: submitted.order.state == 'validating'
  delegate_to: localhost
  become: false

- name: Take over an order that was submitted in the console, and wait for its certificate
  certwright.cloud.alibaba_dv_order:
    instance_id: cas-cn-68n1mm17
    domains:
      - shop.example.net
    wait_for: issued
  delegate_to: localhost
  become: false
"""

RETURN = r"""
order:
  description: The order as it is now; in check mode, as it would be.
  type: dict
  returned: success, and on failure where it is known
  contains:
    provider:
      description: The cloud.
      type: str
      returned: always
      sample: alibaba
    flow:
      description: Which of the cloud's order APIs the order belongs to.
      type: str
      returned: always
      sample: alibaba_dv
    id:
      description: The instance id.
      type: str
      returned: always
      sample: cas-cn-68n1mm16
    state:
      description:
        - Where the order stands.
        - The cloud cannot tell V(reviewing) apart from V(validating) here.
        - V(unknown) stands for a state that this version does not know. It is neither success nor failure.
      type: str
      returned: always
      sample: validating
      choices:
        - awaiting_documents
        - validating
        - issued
        - rejected
        - cancelled
        - revoking
        - revoked
        - expired
        - refunded
        - unknown
    vendor_state:
      description: The state in the cloud's own words.
      type: dict
      returned: always
      contains:
        code:
          description: C(OrderStatus) of the order, or its C(Status) in the list where only that is known.
          type: str
          returned: always
          sample: checking
        text:
          description: C(Status) in the list where both are known, else V(null).
          type: str
          returned: always
          sample: CHECKING
    domains:
      description:
        - The names in the certificate, as A-labels.
        - V(null) until it is issued, because the cloud does not tell before.
      type: list
      elements: str
      returned: always
      sample: [www.example.com]
    validations:
      description:
        - What has to be published so that the CA sees who controls the domains. Empty in other states than
          V(validating), and for some seconds after the submission.
        - The cloud asks for a single proof, also for several names.
      type: list
      elements: dict
      returned: always
      contains:
        domain:
          description: The domain that is proved, as far as the record's name tells.
          type: str
          returned: always
          sample: www.example.com
        method:
          description: How it is proved.
          type: str
          returned: always
          choices: [dns, file]
          sample: dns
        record:
          description: The DNS record to publish, V(null) for files.
          type: dict
          returned: always
          contains:
            name:
              description: Its full name, lower case, without a final dot.
              type: str
              returned: always
              sample: _dnsauth.www.example.com
            type:
              description: Its type. The cloud does not name it, V(CNAME) is concluded from a value that is a host name.
              type: str
              returned: always
              choices: [TXT, CNAME]
              sample: TXT
            value:
              description: Its value, without quotes.
              type: str
              returned: always
              sample: 202611210000000abc
        file:
          description: The file to publish, V(null) for records.
          type: dict
          returned: always
          contains:
            url:
              description: Where the CA fetches it. It tries https first, and follows no redirects.
              type: str
              returned: always
              sample: http://www.example.com/.well-known/pki-validation/fileauth.txt
            path:
              description: The path of the URL.
              type: str
              returned: always
              sample: /.well-known/pki-validation/fileauth.txt
            content:
              description: What the file has to hold, exactly.
              type: str
              returned: always
              sample: 202611210000000abc
        status:
          description: How far the proof has come. The cloud does not tell, so it is always V(pending).
          type: str
          returned: always
          sample: pending
    certificate:
      description:
        - What the issued certificate says, V(null) before. Hex is lower case without separators, times are UTC.
      type: dict
      returned: always
      contains:
        serial:
          description: Its serial number.
          type: str
          returned: always
          sample: 0a1b2c3d4e5f
        fingerprint_sha256:
          description: SHA-256 of the whole certificate.
          type: str
          returned: always
          sample: 5f0e3c9a7b1d2e4f5f0e3c9a7b1d2e4f5f0e3c9a7b1d2e4f5f0e3c9a7b1d2e4f
        public_key_sha256:
          description: SHA-256 of its public key (SubjectPublicKeyInfo).
          type: str
          returned: always
          sample: 9a7b1d2e4f5f0e3c9a7b1d2e4f5f0e3c9a7b1d2e4f5f0e3c9a7b1d2e4f5f0e3c
        issuer:
          description: Who issued it.
          type: str
          returned: always
          sample: CN=Example DV CA,O=Example
        not_before:
          description: Valid from.
          type: str
          returned: always
          sample: "2026-11-21T00:00:00Z"
        not_after:
          description: Valid until.
          type: str
          returned: always
          sample: "2027-06-08T23:59:59Z"
    valid_until:
      description: The end of the certificate, in UTC. V(null) as long as nothing is issued.
      type: str
      returned: always
      sample: "2027-06-08T23:59:59Z"
    action_needed:
      description: What the customer has to do now.
      type: str
      returned: always
      choices:
        - submit_documents
        - publish_validation
        - contact_ca
        - none
      sample: publish_validation
    next_step:
      description: The same for a person, and what could not be verified.
      type: str
      returned: always
      sample: Publish the validation records, then wait.
steps:
  description: What was sent, or would be sent in check mode. Empty if nothing had to be.
  type: list
  elements: str
  returned: success
  sample: [submit order]
request_id:
  description: The cloud's id of the last call.
  type: str
  returned: success
  sample: 473469C7-AA6F-4DC5-B3DB-A3DC0DE3C83E
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

from ansible_collections.certwright.cloud.plugins.module_utils._alibaba._dv_options import CAS_OPTIONS
from ansible_collections.certwright.cloud.plugins.module_utils._alibaba._dv_submission import build_submission
from ansible_collections.certwright.cloud.plugins.module_utils._alibaba._options import ALIBABA_OPTIONS
from ansible_collections.certwright.cloud.plugins.module_utils._module._options import WAIT_OPTIONS
from ansible_collections.certwright.cloud.plugins.module_utils._module._order import SUBMIT_OPTIONS, submitting
from ansible_collections.certwright.cloud.plugins.module_utils._module._run import run_module
from ansible_collections.certwright.cloud.plugins.module_utils._module._use_case import UseCase

USE_CASE = UseCase(
    function=submitting(build_submission),
    argument_spec={
        **ALIBABA_OPTIONS,
        **CAS_OPTIONS,
        **WAIT_OPTIONS,
        **SUBMIT_OPTIONS,
        "instance_id": {"type": "str", "required": True},
        "domains": {"type": "list", "elements": "str"},
        "validation_method": {"type": "str", "choices": ["dns", "file"], "default": "dns"},
        "username": {"type": "str"},
        "mobile": {"type": "str", "no_log": True},
        "email": {"type": "str"},
        "province": {"type": "str"},
        "city": {"type": "str"},
        "resubmit_rejected": {"type": "bool", "default": False},
    },
    libraries=("requests", "cryptography"),
)


def main() -> None:
    run_module(USE_CASE)


if __name__ == "__main__":
    main()
