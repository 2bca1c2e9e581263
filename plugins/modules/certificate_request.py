#!/usr/bin/python
# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: certificate_request
short_description: Make the private key and certificate request (CSR) for one order on the target host
version_added: 0.1.0
author:
  - certwright.cloud contributors (@certwright)
description:
  - Makes a private key and a certificate request (PKCS#10, SHA-256) for one bought order, on the host that will
    serve the certificate.
    The key never leaves that host.
  - They are kept as a pending version in the certificate's own directory, C(<directory>/versions/<order_id>/).
    The pair that is live is never touched; M(certwright.cloud.certificate_install) makes the pending version live
    once its certificate is there.
  - A key that exists is never overwritten. When the same is asked for again, the same request is returned.
  - Keys are written as unencrypted PKCS#8 (C(BEGIN PRIVATE KEY)), which every server takes.
extends_documentation_fragment:
  - certwright.cloud._attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details:
      - The diff shows fingerprints, never a key.
  idempotent:
    support: full
requirements:
  - cryptography (on the target host)
options:
  directory:
    description:
      - The certificate's own directory, for example V(/etc/certwright/www.example.com). It is made if it is missing.
        Give its absolute path.
      - It holds one certificate over all its renewals. Do not let two certificates share one.
    type: path
    required: true
  order_id:
    description:
      - Id of the order at the cloud. It names the pending version.
      - Characters that do not belong in file names are replaced.
    type: str
    required: true
  domains:
    description:
      - The names that the certificate is for. The first is the common name (at most 64 characters).
      - All are put into the list of alternative names. Names that are not ASCII are written as A-labels.
    type: list
    elements: str
    required: true
  key_type:
    description:
      - What kind of key to make.
      - A pending key of another kind is not replaced; the module fails then.
    type: str
    choices: [rsa2048, rsa3072, rsa4096, ecdsa-p256, ecdsa-p384]
    default: rsa2048
  organization:
    description: Organization (O) in the request's subject. CAs that check organizations want the registered name.
    type: str
  organizational_unit:
    description: Organizational unit (OU) in the request's subject. Most CAs ignore it.
    type: str
  country:
    description: Country (C) in the request's subject, a code of two letters such as V(CN) or V(DE).
    type: str
  state_or_province:
    description: State or province (ST) in the request's subject.
    type: str
  locality:
    description: City (L) in the request's subject.
    type: str
  email:
    description: E-mail address in the request's subject. Most CAs ignore it.
    type: str
  regenerate_csr:
    description:
      - What to do when the pending request has other names or another subject than is asked for now.
      - With V(false) the module fails, because that request may have been submitted already.
      - With V(true) a new request is made with the same key. Use it only while the order was not submitted.
    type: bool
    default: false
  owner:
    description:
      - User (name or number) whom the files are given to, for servers that read their key without being root.
      - Directories stay with the user who runs the module and can then be passed by others.
    type: str
  group:
    description: Group (name or number) that the files and directories are given to. The key stays readable for its
      owner only.
    type: str
seealso:
  - module: certwright.cloud.tencent_order
    description: Submits the request to Tencent Cloud.
  - module: certwright.cloud.certificate_install
    description: Installs the certificate that was issued for the request.
"""

EXAMPLES = r"""
- name: Make key and request for a bought order on the web server
  certwright.cloud.certificate_request:
    directory: /etc/certwright/www.example.com
    order_id: LrmeMvQr
    domains:
      - www.example.com
      - example.com
    key_type: ecdsa-p256
  register: pending

- name: Show what is to be submitted
  ansible.builtin.debug:
    msg: "{{ pending.request.csr }}"

- name: Make a request that names the organization
  certwright.cloud.certificate_request:
    directory: /etc/certwright/shop.example.com
    order_id: LrmeMvQs
    domains:
      - shop.example.com
    organization: Example Ltd
    locality: Shenzhen
    state_or_province: Guangdong
    country: CN
"""

RETURN = r"""
request:
  description: The pending key and request. It holds no secret.
  returned: success
  type: dict
  contains:
    order_id:
      description: Id of the order.
      type: str
      returned: success
      sample: LrmeMvQr
    csr:
      description:
        - The request as PEM.
        - In check mode, where no key has been made yet, it is made with a key that is forgotten at once, so that check
          mode can go on to the task that submits it.
      type: str
      returned: success
      sample: "-----BEGIN CERTIFICATE REQUEST-----\nMIIC..."
    csr_path:
      description: Where the request lies.
      type: str
      returned: success
      sample: /etc/certwright/www.example.com/versions/LrmeMvQr/csr.pem
    private_key_path:
      description: Where the private key lies.
      type: str
      returned: success
      sample: /etc/certwright/www.example.com/versions/LrmeMvQr/key.pem
    public_key_sha256:
      description: SHA-256 of the public key (DER SubjectPublicKeyInfo), lower-case hex. V(null) in check mode where
        the key would be made.
      type: str
      returned: success
      sample: 14df8fbd6895b28c56637d28660f07ade0f7c21b9ba837e45036ea0158e41d9f
    domains:
      description: The names in the request, the common name first.
      type: list
      elements: str
      returned: success
      sample: [www.example.com, example.com]
    key_type:
      description: What kind of key it is.
      type: str
      returned: success
      sample: ecdsa-p256
    installed:
      description: Whether the pair that is live now was issued for this order.
      type: bool
      returned: success
      sample: false
error:
  description: What went wrong, for conditions in playbooks.
  returned: failure
  type: dict
  contains:
    kind:
      description: One of V(invalid_input), V(conflict), V(permission), V(quota).
      type: str
      returned: failure
      sample: conflict
    code:
      description: Always V(null); no cloud was asked.
      type: str
      returned: failure
    message:
      description: What happened.
      type: str
      returned: failure
      sample: "Order 'LrmeMvQr': the request in '/etc/certwright/www.example.com/versions/LrmeMvQr' was made with
        other subject fields"
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
      sample: If the order was never submitted, that directory can be removed to start afresh.
"""

from ansible_collections.certwright.cloud.plugins.module_utils._module._request import (
    REQUEST_OPTIONS,
    request_certificate,
)
from ansible_collections.certwright.cloud.plugins.module_utils._module._run import run_module
from ansible_collections.certwright.cloud.plugins.module_utils._module._use_case import TARGET, UseCase

USE_CASE = UseCase(request_certificate, REQUEST_OPTIONS, libraries=("cryptography",), runs_on=TARGET)


def main() -> None:
    """Runs the module."""
    run_module(USE_CASE)


if __name__ == "__main__":
    main()
