#!/usr/bin/python
# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: tencent_order_info
short_description: Look up bought certificate orders at Tencent Cloud
version_added: 0.1.0
author:
  - certwright.cloud contributors (@certwright)
description:
  - Tells where paid orders of SSL Certificates stand, what has to be published to prove control of their domains, and
    what the issued certificates say. It can wait, and it can fetch the certificate.
  - Orders that are named are read with the call C(DescribeCertificateDetail) of the API version 2019-12-05. Else it
    searches with C(DescribeCertificates), which tells less. All pages are read.
  - Certificates that were uploaded to the cloud are no orders, so a search leaves them out.
extends_documentation_fragment:
  - certwright.cloud._connection
  - certwright.cloud._tencent
  - certwright.cloud._wait
  - certwright.cloud._bundle
  - certwright.cloud._attributes
  - certwright.cloud._attributes.info
  - certwright.cloud._attributes.tencent
requirements:
  - cryptography
options:
  certificate_id:
    description:
      - Id of one order. The result is RV(order). Sent as C(CertificateId).
      - Mutually exclusive with O(certificate_ids), O(domain), O(states) and O(search_key).
    type: str
  certificate_ids:
    description:
      - Ids of orders. The result is RV(orders), in this order; an empty list gives none. Sent as C(CertificateId),
        one call each, up to ten at a time. With O(details=false) as C(CertIds), a hundred in one call.
      - Mutually exclusive with O(certificate_id), O(domain), O(states) and O(search_key).
    type: list
    elements: str
  details:
    description:
      - Whether to look at each order that is named itself. If V(false), they are looked up with
        C(DescribeCertificates), a hundred in one call, and the result tells of them what a search tells - their
        states, names and validity, not what has to be published and not what else their certificates say. The cloud
        then sends no private keys either.
      - Cannot be V(false) with O(wait_for) or O(check_validation). A wait for many orders looks at the list by
        itself.
    type: bool
    default: true
  domain:
    description:
      - Search for the orders that have exactly this name, in its case or another. A wildcard name is a name of its
        own here.
      - The cloud's search, C(SearchKey), also finds parts of names; what it finds is compared with the whole name.
    type: str
  states:
    description:
      - Search for the orders in one of these states. Sent as C(CertificateStatus), in the cloud's numbers.
      - The cloud's list does not say if documents are stored. If only one of V(awaiting_documents) and V(prepared) is
        wanted, the orders that can be it are read one by one; else a search shows both as V(awaiting_documents).
    type: list
    elements: str
    choices:
      - awaiting_documents
      - prepared
      - awaiting_letter
      - validating
      - reviewing
      - issued
      - rejected
      - reissuing
      - cancelling
      - cancelled
      - revoking
      - revoked
      - expired
      - refunded
      - unknown
  search_key:
    description:
      - Search for this text in ids, remarks and names, also in parts of them. Sent as C(SearchKey).
    type: str
  check_validation:
    description:
      - Also ask the cloud how far each proof of an order has come, with the call
        C(CheckCertificateDomainVerification), and return it in RV(order.validations[].status).
      - The cloud looks each time, and blocks the check for about five minutes when asked too often. Then the status
        stays V(pending). A wait checks an order once a minute and says what the cloud has found; a wait for ten orders
        or more looks at the list and so checks none. Do not start tasks with it more than once a minute.
    type: bool
    default: false
notes:
  - The key needs the CAM actions C(ssl:DescribeCertificateDetail), C(ssl:DescribeCertificates) for a search, and
    C(ssl:CheckCertificateDomainVerification) for O(check_validation).
  - Ad hoc, with credentials in the environment, it is
    C(ansible localhost -m certwright.cloud.tencent_order_info -a certificate_id=LrmeMvQr).
  - The cloud sends the private key that it made with every look at an order. It is dropped at once unless
    O(return_private_key=true).
seealso:
  - module: certwright.cloud.tencent_order
    description: Submits an order.
  - module: certwright.cloud.dnspod_record
    description: Publishes the validation record.
  - module: certwright.cloud.certificate_install
    description: Installs the certificate.
"""

EXAMPLES = r"""
- name: Look up one order
  certwright.cloud.tencent_order_info:
    certificate_id: LrmeMvQr
  register: looked_up
  delegate_to: localhost
  become: false

- name: Show what has to be published
  ansible.builtin.debug:
    msg: "{{ looked_up.order.validations }}"

- name: Ask how far the proofs have come
  certwright.cloud.tencent_order_info:
    certificate_id: LrmeMvQr
    check_validation: true
  register: checked
  delegate_to: localhost
  become: false

- name: Find the orders that hold a name
  certwright.cloud.tencent_order_info:
    domain: www.example.com
    states:
      - validating
      - issued
  register: found
  delegate_to: localhost
  become: false

- name: See where many orders stand, in few calls
  certwright.cloud.tencent_order_info:
    certificate_ids:
      - LrmeMvQr
      - L4bPQ0zG
    details: false
  register: overview
  delegate_to: localhost
  become: false

- name: Wait for a certificate and fetch it
  certwright.cloud.tencent_order_info:
    certificate_id: LrmeMvQr
    wait_for: issued
    return_certificate: true
  register: issued
  delegate_to: localhost
  become: false
"""

RETURN = r"""
order:
  description: The order, if O(certificate_id) was given.
  type: dict
  returned: success, and on failure where it is known
  contains:
    provider:
      description: The cloud.
      type: str
      returned: always
      sample: tencent
    flow:
      description: Which of the cloud's order APIs the order belongs to.
      type: str
      returned: always
      sample: tencent_paid
    id:
      description: The certificate id.
      type: str
      returned: always
      sample: LrmeMvQr
    state:
      description:
        - Where the order stands.
        - An order that is V(reviewing) can have records to publish, too; RV(order.action_needed) says so.
        - A search cannot see stored documents, so it shows V(prepared) orders as V(awaiting_documents) unless only
          one of the two is searched for.
        - V(unknown) stands for a state that this version does not know. It is neither success nor failure.
      type: str
      returned: always
      sample: validating
      choices:
        - awaiting_documents
        - prepared
        - awaiting_letter
        - validating
        - reviewing
        - issued
        - rejected
        - reissuing
        - cancelling
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
          description: C(Status) of the certificate.
          type: str
          returned: always
          sample: "0"
        text:
          description: C(StatusMsg) of the certificate, V(null) if it says nothing.
          type: str
          returned: always
          sample: PENDING-DCV
    domains:
      description:
        - The names in the application, and in the certificate once it is issued, as A-labels.
        - V(null) where the cloud does not tell.
      type: list
      elements: str
      returned: always
      sample: [example.com, www.example.com]
    validations:
      description:
        - What has to be published so that the CA sees who controls the domains. Empty where the cloud does not say
          (yet), and in the results of a search.
      type: list
      elements: dict
      returned: always
      contains:
        domain:
          description: The domain that is proved. A wildcard is proved at its parent.
          type: str
          returned: always
          sample: example.com
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
              sample: _dnsauth.example.com
            type:
              description: Its type, which depends on the product.
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
              description: Where the CA fetches it. It follows no redirects.
              type: str
              returned: always
              sample: http://example.com/.well-known/pki-validation/fileauth.txt
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
          description:
            - How far the proof has come. V(seen) is the cloud's own look-up, V(passed) the CA's; V(failed) means that
              another value was found.
            - Without a check it is V(pending) until all proofs have passed.
          type: str
          returned: always
          choices: [pending, seen, passed, failed]
          sample: pending
    certificate:
      description:
        - What the issued certificate says, V(null) before and in the results of a search. Hex is lower case without
          separators, times are UTC.
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
      description:
        - The end of the certificate, in UTC. The cloud's list tells it, too, so it is there without
          RV(order.certificate).
        - V(null) as long as nothing is issued.
      type: str
      returned: always
      sample: "2027-06-08T23:59:59Z"
    action_needed:
      description: What the customer has to do now.
      type: str
      returned: always
      choices:
        - submit_documents
        - submit_order
        - publish_validation
        - upload_letter
        - contact_ca
        - none
      sample: publish_validation
    next_step:
      description: The same for a person, with what the cloud's own look-up found if the validation was checked.
      type: str
      returned: always
      sample: Publish the validation records, then wait.
orders:
  description: The orders, if O(certificate_id) was not given.
  type: list
  elements: dict
  returned: success
  contains:
    provider:
      description: The cloud.
      type: str
      returned: always
      sample: tencent
    flow:
      description: Which of the cloud's order APIs the order belongs to.
      type: str
      returned: always
      sample: tencent_paid
    id:
      description: The certificate id.
      type: str
      returned: always
      sample: LrmeMvQr
    state:
      description:
        - Where the order stands.
        - An order that is V(reviewing) can have records to publish, too; RV(orders[].action_needed) says so.
        - A search cannot see stored documents, so it shows V(prepared) orders as V(awaiting_documents) unless only
          one of the two is searched for.
        - V(unknown) stands for a state that this version does not know. It is neither success nor failure.
      type: str
      returned: always
      sample: validating
      choices:
        - awaiting_documents
        - prepared
        - awaiting_letter
        - validating
        - reviewing
        - issued
        - rejected
        - reissuing
        - cancelling
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
          description: C(Status) of the certificate.
          type: str
          returned: always
          sample: "0"
        text:
          description: C(StatusMsg) of the certificate, V(null) if it says nothing.
          type: str
          returned: always
          sample: PENDING-DCV
    domains:
      description:
        - The names in the application, and in the certificate once it is issued, as A-labels.
        - V(null) where the cloud does not tell.
      type: list
      elements: str
      returned: always
      sample: [example.com, www.example.com]
    validations:
      description:
        - What has to be published so that the CA sees who controls the domains. Empty where the cloud does not say
          (yet), and in the results of a search.
      type: list
      elements: dict
      returned: always
      contains:
        domain:
          description: The domain that is proved. A wildcard is proved at its parent.
          type: str
          returned: always
          sample: example.com
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
              sample: _dnsauth.example.com
            type:
              description: Its type, which depends on the product.
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
              description: Where the CA fetches it. It follows no redirects.
              type: str
              returned: always
              sample: http://example.com/.well-known/pki-validation/fileauth.txt
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
          description:
            - How far the proof has come. V(seen) is the cloud's own look-up, V(passed) the CA's; V(failed) means that
              another value was found.
            - Without a check it is V(pending) until all proofs have passed.
          type: str
          returned: always
          choices: [pending, seen, passed, failed]
          sample: pending
    certificate:
      description:
        - What the issued certificate says, V(null) before and in the results of a search. Hex is lower case without
          separators, times are UTC.
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
      description:
        - The end of the certificate, in UTC. The cloud's list tells it, too, so it is there without
          RV(orders[].certificate).
        - V(null) as long as nothing is issued.
      type: str
      returned: always
      sample: "2027-06-08T23:59:59Z"
    action_needed:
      description:
        - What the customer has to do now.
        - A search knows from V(validating) that something has to be published, but not what; nor does it know of
          records of V(reviewing) orders. Look the order up by its id for that.
      type: str
      returned: always
      choices:
        - submit_documents
        - submit_order
        - publish_validation
        - upload_letter
        - contact_ca
        - none
      sample: publish_validation
    next_step:
      description: The same for a person, with what the cloud's own look-up found if the validation was checked.
      type: str
      returned: always
      sample: Publish the validation records, then wait.
bundle:
  description: The issued certificate, if O(certificate_id) was given. V(null) if it is not issued.
  type: dict
  returned: success, with O(return_certificate) or O(return_private_key)
  contains:
    order_id:
      description: The certificate id.
      type: str
      returned: always
      sample: LrmeMvQr
    certificate:
      description: The certificate, as PEM.
      type: str
      returned: always
    chain:
      description: The intermediate certificates as PEM, from the certificate upwards.
      type: list
      elements: str
      returned: always
    full_chain:
      description: Certificate and intermediates in one text, in the order in which servers want them.
      type: str
      returned: always
    private_key:
      description:
        - The private key as PEM, if O(return_private_key=true) and the cloud made it. Else V(null).
      type: str
      returned: always
bundles:
  description: The issued ones of the certificates, if O(certificate_id) was not given.
  type: list
  elements: dict
  returned: success, with O(return_certificate) or O(return_private_key)
  contains:
    order_id:
      description: The certificate id.
      type: str
      returned: always
      sample: LrmeMvQr
    certificate:
      description: The certificate, as PEM.
      type: str
      returned: always
    chain:
      description: The intermediate certificates as PEM, from the certificate upwards.
      type: list
      elements: str
      returned: always
    full_chain:
      description: Certificate and intermediates in one text, in the order in which servers want them.
      type: str
      returned: always
    private_key:
      description:
        - The private key as PEM, if O(return_private_key=true) and the cloud made it. Else V(null).
      type: str
      returned: always
request_id:
  description: The cloud's id of the last call.
  type: str
  returned: success
  sample: 0d1e7d8c-4a55-4d0e-9a7b-6c1f0e3c9a7b
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
      sample: FailedOperation.CertificateNotFound
    message:
      description: The cloud's own message, else ours.
      type: str
      returned: always
      sample: The certificate does not exist.
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

from ansible_collections.certwright.cloud.plugins.module_utils._module._options import RETURN_OPTIONS, WAIT_OPTIONS
from ansible_collections.certwright.cloud.plugins.module_utils._module._order_info import DETAILS_OPTION, looking_up
from ansible_collections.certwright.cloud.plugins.module_utils._module._run import run_module
from ansible_collections.certwright.cloud.plugins.module_utils._module._use_case import UseCase
from ansible_collections.certwright.cloud.plugins.module_utils._orders import OrderState
from ansible_collections.certwright.cloud.plugins.module_utils._tencent._options import TENCENT_OPTIONS
from ansible_collections.certwright.cloud.plugins.module_utils._tencent._query import build_query

USE_CASE = UseCase(
    function=looking_up(build_query),
    argument_spec={
        **TENCENT_OPTIONS,
        **WAIT_OPTIONS,
        **RETURN_OPTIONS,
        **DETAILS_OPTION,
        "certificate_id": {"type": "str"},
        "certificate_ids": {"type": "list", "elements": "str"},
        "domain": {"type": "str"},
        "states": {"type": "list", "elements": "str", "choices": [state.value for state in OrderState]},
        # What is searched for; no secret.
        "search_key": {"type": "str", "no_log": False},
        "check_validation": {"type": "bool", "default": False},
    },
    constraints={
        "mutually_exclusive": [
            ("certificate_id", "certificate_ids"),
            ("certificate_id", "domain"),
            ("certificate_id", "states"),
            ("certificate_id", "search_key"),
            ("certificate_ids", "domain"),
            ("certificate_ids", "states"),
            ("certificate_ids", "search_key"),
        ],
    },
    libraries=("requests", "cryptography"),
)


def main() -> None:
    run_module(USE_CASE)


if __name__ == "__main__":
    main()
