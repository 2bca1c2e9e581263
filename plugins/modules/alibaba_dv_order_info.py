#!/usr/bin/python
# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: alibaba_dv_order_info
short_description: Look up DV certificate orders at Alibaba Cloud
version_added: 0.1.0
author:
  - certwright.cloud contributors (@certwright)
description:
  - Looks up DV orders (instances) of Certificate Management Service (CAS), API version 2018-07-13.
  - With O(instance_id) or O(instance_ids) each order is asked for by C(DescribeDVOrderResult), which tells what has
    to be published and returns the certificate once it is issued. Where that call has nothing to tell, because the
    order was not submitted yet, the state is taken from the list.
  - Without any of both all bought instances are listed by C(DescribeOrderInstanceList), all pages of it. The list
    tells the state only.
  - Only the list knows of orders that were revoked, have expired or were refunded.
extends_documentation_fragment:
  - certwright.cloud._connection
  - certwright.cloud._alibaba
  - certwright.cloud._alibaba.cas
  - certwright.cloud._wait
  - certwright.cloud._bundle
  - certwright.cloud._attributes
  - certwright.cloud._attributes.info
  - certwright.cloud._attributes.alibaba
options:
  instance_id:
    description:
      - Id of one order. The result is RV(order). Sent as C(InstanceId).
      - Mutually exclusive with O(instance_ids) and O(states).
    type: str
  instance_ids:
    description:
      - Ids of orders. The result is RV(orders), in this order; an empty list gives none. Sent as C(InstanceId), one
        call each, up to ten at a time.
      - Mutually exclusive with O(instance_id) and O(states).
    type: list
    elements: str
  details:
    description:
      - Whether to look at each order that is named itself. If V(false), they are looked up in the account's list,
        which takes far fewer calls for many of them. The list tells the state only, and the cloud then sends no
        private keys.
      - Cannot be V(false) with O(wait_for). A wait for many orders looks at the list by itself where that takes fewer
        calls.
    type: bool
    default: true
  states:
    description:
      - List only the orders in one of these states. V(awaiting_documents) are those that were bought and not
        submitted yet.
      - The cloud cannot filter, so all pages are read.
    type: list
    elements: str
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
notes:
  - The user whose key is used needs the RAM actions C(yundun-cert:DescribeDVOrderResult) and
    C(yundun-cert:DescribeOrderInstanceList).
  - Ad hoc, with credentials in the environment, it is C(ansible localhost -m certwright.cloud.alibaba_dv_order_info
    -a instance_id=cas-cn-68n1mm16).
seealso:
  - module: certwright.cloud.alibaba_dv_order
    description: Submits an order.
  - module: certwright.cloud.alidns_record
    description: Publishes the validation record.
"""

EXAMPLES = r"""
- name: Look up one order
  certwright.cloud.alibaba_dv_order_info:
    instance_id: cas-cn-68n1mm16
  register: looked_up
  delegate_to: localhost
  become: false

- name: Show what has to be published
  ansible.builtin.debug:
    msg: "{{ looked_up.order.validations }}"

- name: Find the orders that were bought and not submitted yet
  certwright.cloud.alibaba_dv_order_info:
    states:
      - awaiting_documents
  register: unused
  delegate_to: localhost
  become: false

- name: See where many orders stand, in few calls
  certwright.cloud.alibaba_dv_order_info:
    instance_ids:
      - cas-cn-68n1mm16
      - cas-cn-70n2nn27
    details: false
  register: overview
  delegate_to: localhost
  become: false

- name: Wait for a certificate and fetch it with its key
  certwright.cloud.alibaba_dv_order_info:
    instance_id: cas-cn-68n1mm16
    wait_for: issued
    return_certificate: true
    return_private_key: true
  register: issued
  no_log: true
  delegate_to: localhost
  become: false
"""

RETURN = r"""
order:
  description: The order, if O(instance_id) was given.
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
      description: The end of the certificate, in UTC. V(null) before it is issued, and where the list was read.
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
orders:
  description: The orders, if O(instance_id) was not given.
  type: list
  elements: dict
  returned: success
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
      description: The end of the certificate, in UTC. V(null) before it is issued, and where the list was read.
      type: str
      returned: always
      sample: "2027-06-08T23:59:59Z"
    action_needed:
      description:
        - What the customer has to do now.
        - The list knows from V(validating) that something has to be published, but not what. Look the order up by its
          id for that.
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
bundle:
  description:
    - The issued certificate of RV(order) as PEM, if O(return_certificate=true) or O(return_private_key=true).
    - V(null) if it is not issued yet.
  type: dict
  returned: success
  contains:
    order_id:
      description: The instance id.
      type: str
      returned: always
      sample: cas-cn-68n1mm16
    certificate:
      description: The server's certificate.
      type: str
      returned: always
      sample: "-----BEGIN CERTIFICATE-----..."
    chain:
      description: The intermediate certificates, from the one that issued the server's upwards, without the root.
      type: list
      elements: str
      returned: always
      sample: ["-----BEGIN CERTIFICATE-----..."]
    full_chain:
      description: Both in one text, as servers want it.
      type: str
      returned: always
      sample: "-----BEGIN CERTIFICATE-----..."
    private_key:
      description: The private key that the cloud made. V(null) unless O(return_private_key=true).
      type: str
      returned: always
      sample: "-----BEGIN RSA PRIVATE KEY-----..."
bundles:
  description:
    - The issued certificates of RV(orders) as PEM, if O(return_certificate=true) or O(return_private_key=true).
      Orders without one are left out.
  type: list
  elements: dict
  returned: success
  contains:
    order_id:
      description: The instance id.
      type: str
      returned: always
      sample: cas-cn-68n1mm16
    certificate:
      description: The server's certificate.
      type: str
      returned: always
      sample: "-----BEGIN CERTIFICATE-----..."
    chain:
      description: The intermediate certificates, from the one that issued the server's upwards, without the root.
      type: list
      elements: str
      returned: always
      sample: ["-----BEGIN CERTIFICATE-----..."]
    full_chain:
      description: Both in one text, as servers want it.
      type: str
      returned: always
      sample: "-----BEGIN CERTIFICATE-----..."
    private_key:
      description: The private key that the cloud made. V(null) unless O(return_private_key=true).
      type: str
      returned: always
      sample: "-----BEGIN RSA PRIVATE KEY-----..."
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
from ansible_collections.certwright.cloud.plugins.module_utils._alibaba._dv_query import build_query
from ansible_collections.certwright.cloud.plugins.module_utils._alibaba._options import ALIBABA_OPTIONS
from ansible_collections.certwright.cloud.plugins.module_utils._alibaba._states import DV_STATES
from ansible_collections.certwright.cloud.plugins.module_utils._module._options import RETURN_OPTIONS, WAIT_OPTIONS
from ansible_collections.certwright.cloud.plugins.module_utils._module._order_info import DETAILS_OPTION, looking_up
from ansible_collections.certwright.cloud.plugins.module_utils._module._run import run_module
from ansible_collections.certwright.cloud.plugins.module_utils._module._use_case import UseCase

USE_CASE = UseCase(
    function=looking_up(build_query),
    argument_spec={
        **ALIBABA_OPTIONS,
        **CAS_OPTIONS,
        **WAIT_OPTIONS,
        **RETURN_OPTIONS,
        **DETAILS_OPTION,
        "instance_id": {"type": "str"},
        "instance_ids": {"type": "list", "elements": "str"},
        "states": {"type": "list", "elements": "str", "choices": [state.value for state in DV_STATES]},
    },
    constraints={"mutually_exclusive": [("instance_id", "instance_ids", "states")]},
    libraries=("requests", "cryptography"),
)


def main() -> None:
    run_module(USE_CASE)


if __name__ == "__main__":
    main()
