#!/usr/bin/python
# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: tencent_order
short_description: Submit a bought certificate order at Tencent Cloud
version_added: 0.1.0
author:
  - certwright.cloud contributors (@certwright)
description:
  - Submits a paid order of SSL Certificates - its documents with the call C(CertificateInfoSubmit), then the order
    itself with C(CertificateOrderSubmit), API version 2019-12-05. All parameters of both calls have an option here.
  - The order is read first. An order that was submitted before, here or elsewhere, is taken over where it stands and
    never sent again; its names and its key are compared with what is asked for. For that O(certificate_id) is enough,
    and the other options are only needed as far as they are to be compared. A second run changes nothing and sends
    nothing.
  - Documents that are stored, but differ from what is asked for, are replaced as long as the order is not sent.
  - What the cloud documents as a rule between the options is checked before anything is sent, and all faults are said
    at once. Values that are empty count as not given.
  - If the answer to a submission is lost, the order is read until it shows what happened (O(settle_timeout)). It is
    sent again only if it was shown that it did not arrive.
extends_documentation_fragment:
  - certwright.cloud._connection
  - certwright.cloud._tencent
  - certwright.cloud._wait
  - certwright.cloud._state
  - certwright.cloud._state.settle
  - certwright.cloud._attributes
  - certwright.cloud._attributes.tencent
attributes:
  check_mode:
    support: full
    details:
      - The order is read and compared, nothing is sent.
  diff_mode:
    support: full
  idempotent:
    support: partial
    details:
      - With O(validate_now=true), each run on an order that is validating asks the CA again, and counts as a change.
requirements:
  - cryptography
options:
  certificate_id:
    description:
      - Id of the paid order, as the console shows it. Sent as C(CertId).
    type: str
    required: true
  state:
    description:
      - How far to take the order.
    type: str
    choices:
      submitted: The documents are stored and the order is sent to the CA.
      prepared: The documents are stored only. They can be changed until the order is sent.
    default: submitted
  common_name:
    description:
      - Main name of the certificate. If O(csr) is given, the default is its common name, and both must be equal. Sent
        as C(CertCommonName).
      - Needed to submit documents. An order that was submitted before is compared with it.
    type: str
  dns_names:
    description:
      - Further names, for products with several names. If O(csr) is given, the default is the names in it. Sent as
        C(DnsNames), without the O(common_name).
    type: list
    elements: str
  csr_generation:
    description:
      - Who makes key and certificate request. If O(csr) is given, the default is V(parse). Sent as C(GenCsrType).
      - Needed to submit documents without O(csr), because a key made by the cloud has to be asked for by name.
    type: str
    choices:
      online: The cloud makes both and keeps the key.
      parse: The request is given as O(csr), and the key stays with you.
  csr:
    description:
      - Certificate request as PEM, with O(common_name) as its common name. Sent as C(Csr).
      - M(certwright.cloud.certificate_request) makes one.
    type: str
  csr_algorithm:
    description:
      - Kind of the key that the cloud makes, with O(csr_generation=online). The default follows from
        O(csr_key_parameter), else it is V(rsa). Sent as C(CsrEncryptAlgo).
    type: str
    choices:
      rsa: An RSA key, C(RSA).
      ecc: An elliptic-curve key, C(ECC).
  csr_key_parameter:
    description:
      - Size or curve of the key that the cloud makes, with O(csr_generation=online). V(2048) and V(4096) go with
        O(csr_algorithm=rsa), V(prime256v1) goes with O(csr_algorithm=ecc). The default is V(2048) or V(prime256v1).
        Sent as C(CsrKeyParameter).
    type: str
    choices: ["2048", "4096", prime256v1]
  key_pass:
    description:
      - Password for the C(jks) and C(pfx) files that the cloud makes. Other key files are not encrypted by the cloud.
        Sent as C(KeyPass).
    type: str
  validation_method:
    description:
      - How control of the domains is proved. Sent as C(VerifyType).
    type: str
    choices:
      dns: By a DNS record that you publish, C(DNS).
      file: By a file that you publish, C(FILE). Not for wildcard names.
      dns_auto: By a DNS record that the cloud adds, C(DNS_AUTO). The zone must be hosted in the same account. Only
        with O(site=china).
    default: dns
  delete_dns_auto_record:
    description:
      - Let the cloud remove the record that it added, with O(validation_method=dns_auto). Sent as
        C(DeleteDnsAutoRecord) of C(CertificateOrderSubmit).
    type: bool
    default: false
  validate_now:
    description:
      - If the order is found validating, ask the CA to look at once, with the call C(CompleteCertificate). It looks
        by itself, too.
      - Each time it counts as a change. Products of the brands DNSPod and WoTrus refuse it, which is a warning. Only
        with O(site=china).
    type: bool
    default: false
  company_type:
    description:
      - Who applies. Sent as C(CompanyType).
    type: str
    choices:
      person: A person, C(1). For DV certificates only. Needs O(contact_email).
      company: An organisation, C(2).
    default: company
  company_id:
    description:
      - Id of an organisation stored at the cloud, as the console or the API call C(DescribeCompanies) shows it. If
        not given, V("0") is sent, which means none. Sent as C(CompanyId).
    type: str
  manager_id:
    description:
      - Id of a manager stored at the cloud, as the console or the API call C(DescribeManagers) shows it. A manager
        brings the organisation. Sent as C(ManagerId).
    type: str
  contact_email:
    description:
      - E-mail address of the applicant. Needed if O(company_type=person). Sent as C(ContactEmail).
    type: str
  org_organization:
    description:
      - Name of the organisation. Needed to submit documents unless O(company_id) or O(manager_id) names a
        stored one, or O(company_type=person). Sent as C(OrgOrganization).
    type: str
  org_division:
    description:
      - Department. Needed to submit documents unless O(company_id) or O(manager_id) names a stored one, or
        O(company_type=person). Sent as C(OrgDivision).
    type: str
  org_address:
    description:
      - Street and number. Needed to submit documents unless O(company_id) or O(manager_id) names a stored one,
        or O(company_type=person). Sent as C(OrgAddress).
    type: str
  org_country:
    description:
      - Country code, like V(CN). Needed to submit documents unless O(company_id) or O(manager_id) names a
        stored one, or O(company_type=person). Sent as C(OrgCountry).
    type: str
  org_city:
    description:
      - City. Needed to submit documents unless O(company_id) or O(manager_id) names a stored one, or
        O(company_type=person). Sent as C(OrgCity).
    type: str
  org_region:
    description:
      - Province or state. Needed to submit documents unless O(company_id) or O(manager_id) names a stored one,
        or O(company_type=person). Sent as C(OrgRegion).
    type: str
  org_phone_area:
    description:
      - Area code of the telephone, like V(021), or V(86) for a mobile telephone. Needed to submit documents
        unless O(company_id) or O(manager_id) names a stored one, or O(company_type=person). Sent as
        C(OrgPhoneArea).
    type: str
  org_phone_number:
    description:
      - Telephone number of the organisation. Needed to submit documents unless O(company_id) or O(manager_id)
        names a stored one, or O(company_type=person). Sent as C(OrgPhoneNumber).
    type: str
  org_id_type:
    description:
      - Kind of document that identifies the organisation. For certificates of CFCA only. Needs
        O(org_id_number). Sent as C(OrgIdType).
    type: str
    choices:
      tydmz: Unified social credit code, C(TYDMZ).
      others: Another document, C(OTHERS).
  org_id_number:
    description:
      - Number of the document of O(org_id_type). Sent as C(OrgIdNumber).
    type: str
  admin_first_name:
    description:
      - First name of the manager. Needed to submit documents unless O(manager_id) names a stored manager, or
        O(company_type=person). Sent as C(AdminFirstName).
    type: str
  admin_last_name:
    description:
      - Last name of the manager. Needed to submit documents unless O(manager_id) names a stored manager, or
        O(company_type=person). Sent as C(AdminLastName).
    type: str
  admin_phone:
    description:
      - Mobile telephone number of the manager. Needed to submit documents unless O(manager_id) names a stored
        manager, or O(company_type=person). Sent as C(AdminPhone).
    type: str
  admin_email:
    description:
      - E-mail address of the manager. Needed to submit documents unless O(manager_id) names a stored manager,
        or O(company_type=person). Sent as C(AdminEmail).
    type: str
  admin_title:
    description:
      - Position of the manager. Needed to submit documents unless O(manager_id) names a stored manager, or
        O(company_type=person). Sent as C(AdminTitle).
    type: str
  admin_id_type:
    description:
      - Kind of document that identifies the manager. For certificates of CFCA only. Needs O(admin_id_number).
        Sent as C(AdminIdType).
    type: str
    choices:
      sfz: Chinese identity card, C(SFZ).
      hz: Passport, C(HZ).
  admin_id_number:
    description:
      - Number of the document of O(admin_id_type). Sent as C(AdminIdNumber).
    type: str
  tech_first_name:
    description:
      - First name of the contact. Needed to submit documents unless O(manager_id) names a stored manager, or
        O(company_type=person). Sent as C(TechFirstName).
    type: str
  tech_last_name:
    description:
      - Last name of the contact. Needed to submit documents unless O(manager_id) names a stored manager, or
        O(company_type=person). Sent as C(TechLastName).
    type: str
  tech_phone:
    description:
      - Mobile telephone number of the contact. Needed to submit documents unless O(manager_id) names a stored
        manager, or O(company_type=person). Sent as C(TechPhone).
    type: str
  tech_email:
    description:
      - E-mail address of the contact. Sent as C(TechEmail).
    type: str
  tech_title:
    description:
      - Position of the contact. Needed to submit documents unless O(manager_id) names a stored manager, or
        O(company_type=person). Sent as C(TechTitle).
    type: str
  tech_id_type:
    description:
      - Kind of document that identifies the contact. For certificates of CFCA only. Needs O(tech_id_number).
        Sent as C(TechIdType).
    type: str
    choices:
      sfz: Chinese identity card, C(SFZ).
      hz: Passport, C(HZ).
  tech_id_number:
    description:
      - Number of the document of O(tech_id_type). Sent as C(TechIdNumber).
    type: str
  auto_renew:
    description:
      - Whether the cloud renews the certificate by itself (V(true) is sent as V(1), V(false) as V(0)). If not
        given, the cloud's default holds, which is not to. Sent as C(AutoRenewFlag).
    type: bool
  product_type:
    description:
      - Type of the certificate, a number of a product. The cloud knows it from the order, so leave it out
        normally. Sent as C(Type).
    type: int
  ca_type:
    description:
      - Which CA issues. For products of the brand DNSPod only. Sent as C(CaType).
    type: str
    choices:
      sectigo: Sectigo.
      digicert: DigiCert.
  sign_algorithm:
    description:
      - Signature algorithm, like V(SHA256). If not given, the cloud chooses. Sent as C(SignAlgo).
    type: str
  use_cross_sign_root:
    description:
      - Whether to use a cross-signed root. If not given, the cloud chooses. Sent as C(UseCrossSignRoot).
    type: bool
notes:
  - The key needs the CAM actions C(ssl:DescribeCertificateDetail), C(ssl:CertificateInfoSubmit) and
    C(ssl:CertificateOrderSubmit), and C(ssl:CompleteCertificate) for O(validate_now).
  - Submitting uses up the order. What the cloud and the CA charge was paid when it was bought.
  - Ad hoc, with credentials in the environment, options can be given as one JSON object, like
    C(ansible localhost -m certwright.cloud.tencent_order -a "$(cat order.json\)").
seealso:
  - module: certwright.cloud.certificate_request
    description: Makes key and certificate request on the target.
  - module: certwright.cloud.tencent_order_info
    description: Says where an order stands, and fetches its certificate.
  - module: certwright.cloud.dnspod_record
    description: Publishes the validation record.
"""

EXAMPLES = r"""
- name: Submit an order with a request made on the target, for an organisation and a manager known to the cloud
  certwright.cloud.tencent_order:
    certificate_id: LrmeMvQr
    csr: "{{ pending.request.csr }}"
    company_id: "11772"
    manager_id: "12895"
    wait_for: validation
  register: submitted
  delegate_to: localhost
  become: false

- name: Submit a DV order as a person, with a key made by the cloud
  certwright.cloud.tencent_order:
    certificate_id: LrmeMvQr
    common_name: www.example.com
    csr_generation: online
    csr_algorithm: ecc
    csr_key_parameter: prime256v1
    company_type: person
    contact_email: hostmaster@example.com
  register: submitted
  delegate_to: localhost
  become: false

- name: Store the documents of a new organisation, to send the order later
  certwright.cloud.tencent_order:
    certificate_id: LrmeMvQr
    state: prepared
    common_name: www.example.com
    dns_names:
      - example.com
    csr_generation: online
    org_organization: Example Ltd
    org_division: IT
    org_address: 1 Example Road
    org_country: CN
    org_city: Shanghai
    org_region: Shanghai
    org_phone_area: "021"
    org_phone_number: "55550100"
    admin_first_name: Jo
    admin_last_name: Doe
    admin_phone: "13800000000"
    admin_email: jo.doe@example.com
    admin_title: Head of IT
    tech_first_name: Max
    tech_last_name: Moe
    tech_phone: "13800000001"
    tech_title: Administrator
  delegate_to: localhost
  become: false

- name: Take over an order that was submitted in the console, and make sure it is the right one
  certwright.cloud.tencent_order:
    certificate_id: LrmeMvQr
    common_name: www.example.com
  register: adopted
  delegate_to: localhost
  become: false
"""

RETURN = r"""
order:
  description: The order as it stands afterwards, or would in check mode.
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
steps:
  description:
    - What was sent to the cloud, or would be in check mode. Empty if nothing had to be.
  type: list
  elements: str
  returned: success
  choices: [submit documents, submit order, validate now]
  sample: [submit documents, submit order]
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

from ansible_collections.certwright.cloud.plugins.module_utils._module._options import WAIT_OPTIONS
from ansible_collections.certwright.cloud.plugins.module_utils._module._order import SUBMIT_OPTIONS, submitting
from ansible_collections.certwright.cloud.plugins.module_utils._module._run import run_module
from ansible_collections.certwright.cloud.plugins.module_utils._module._use_case import UseCase
from ansible_collections.certwright.cloud.plugins.module_utils._tencent._application import APPLICATION_OPTIONS
from ansible_collections.certwright.cloud.plugins.module_utils._tencent._options import TENCENT_OPTIONS
from ansible_collections.certwright.cloud.plugins.module_utils._tencent._submission import build_submission

USE_CASE = UseCase(
    function=submitting(build_submission),
    argument_spec={
        **TENCENT_OPTIONS,
        **WAIT_OPTIONS,
        **SUBMIT_OPTIONS,
        **APPLICATION_OPTIONS,
        "state": {"type": "str", "choices": ["submitted", "prepared"], "default": "submitted"},
        "validate_now": {"type": "bool", "default": False},
    },
    libraries=("requests", "cryptography"),
)


def main() -> None:
    run_module(USE_CASE)


if __name__ == "__main__":
    main()
