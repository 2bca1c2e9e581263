#!/usr/bin/python
# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: certificate_install
short_description: Put an issued certificate into service on the target host, or leave everything as it was
version_added: 0.1.0
author:
  - certwright.cloud contributors (@certwright)
description:
  - Writes key, certificate and chain as one version into the certificate's own directory and makes it live by one
    rename of
    one symbolic link, so that a mixed pair never lies on the disk, not even after a crash.
  - Then runs the test command and the reload command, and looks at the certificate that the server really serves.
    If any of these fails, the version that was live before is put back, the server is reloaded again, and the task
    fails
    with what went wrong.
  - Before anything is written it is checked that key, certificate and names fit, that the certificate is valid now
    and that
    the chain holds together.
  - When the certificate is live and served already, nothing is done and no command is run. A run that was killed is
    finished, or undone, by the next.
extends_documentation_fragment:
  - certwright.cloud._attributes
attributes:
  check_mode:
    support: full
    details:
      - Endpoints in O(verify_endpoints) are looked at in check mode too; no command is run.
  diff_mode:
    support: full
    details:
      - The diff shows serials, fingerprints and links, never a key.
  idempotent:
    support: full
requirements:
  - cryptography (on the target host)
options:
  directory:
    description:
      - The certificate's own directory, for example V(/etc/certwright/www.example.com). It is made if it is missing.
        Give its absolute path.
      - One certificate has one directory. If the live certificate in it shares no name with the new one, the task fails
        without changing anything.
      - The live pair is C(<directory>/live/fullchain.pem) and C(<directory>/live/key.pem).
    type: path
    required: true
  order_id:
    description:
      - Id of the order that the certificate was issued for. It names the version, and the key that
        M(certwright.cloud.certificate_request) made for this order is used.
      - Without it any key in O(directory) that fits is used.
    type: str
  certificate:
    description:
      - The certificate as PEM, with or without its chain.
      - Required unless O(preflight=true).
    type: str
  chain:
    description:
      - The intermediate certificates as PEM, in any order. Duplicates and self-signed roots are left out.
      - A missing link, or a certificate that does not belong to the chain, is refused.
    type: list
    elements: str
  private_key:
    description:
      - The private key as PEM, without a passphrase.
      - Only needed for a key that the cloud made or that was made elsewhere. Prefer
        M(certwright.cloud.certificate_request).
    type: str
  missing_key:
    description:
      - What to do where the host holds no key for the certificate and O(private_key) is not given.
      - V(fail) fails. V(report) changes nothing and says so in RV(key_missing), so that a playbook fetches a key that
        the cloud made only where there is none.
      - In check mode it is always reported.
    type: str
    choices: [fail, report]
    default: fail
  domains:
    description: Names that the certificate must cover. If one is missing in it, nothing is installed.
    type: list
    elements: str
  certificate_path:
    description:
      - The certificate file that the server's configuration already names. It becomes a symbolic link to
        C(<directory>/live/fullchain.pem).
      - Give it together with O(private_key_path). Not needed where the configuration can name the live files
        themselves.
    type: path
  private_key_path:
    description: The key file that the server's configuration already names. It becomes a link to
      C(<directory>/live/key.pem).
    type: path
  existing_files:
    description:
      - What to do with files at O(certificate_path) and O(private_key_path).
      - V(link) keeps each beside itself as C(<name>.before-certwright), readable for its owner only, and puts the
        link in its place.
      - V(refuse) fails without changing anything.
    type: str
    choices: [link, refuse]
    default: link
  owner:
    description:
      - User (name or number) whom the files are given to, for servers that read their key without being root.
      - Directories stay with the user who runs the module and can then be passed by others.
    type: str
  group:
    description: Group (name or number) that files and directories are given to. The key stays readable for its owner
      only.
    type: str
  test_command:
    description:
      - Command that says whether the server would start with what is live now, such as C(nginx -t).
      - A list of words, or one string that is split as a shell would split it. No shell is used.
    type: raw
  reload_command:
    description:
      - Command that makes the server use the new files without dropping connections, such as C(systemctl reload nginx).
      - A list of words, or one string that is split as a shell would split it. No shell is used.
    type: raw
  preflight:
    description:
      - Only checks what can be known before there is a certificate, so that an order is not spent on a host that
        cannot use it. Changes nothing, runs no command and looks at no endpoint.
      - Checked are O(certificate_path), O(private_key_path) and O(existing_files), the form of O(verify_endpoints),
        that the programs of O(test_command) and O(reload_command) are there and may be run, that O(owner) and
        O(group) exist, that O(directory) can be written to, and that a certificate that is live in it shares at least
        one name with O(domains). All faults are said in one message.
      - In check mode a missing program, user, group or directory of O(certificate_path) is no fault, because an
        earlier task may make it.
    type: bool
    default: false
  command_timeout:
    description: Seconds that each command may take.
    type: float
    default: 60
  verify_endpoints:
    description:
      - Where the server answers TLS; each is looked at after the reload until it serves the new certificate, several
        times in a row, because workers that are on their way out may still answer with the old one.
      - Each is V(host:port) (an IPv6 address stands in brackets; the port defaults to 443), or a dictionary with
        C(address) and C(server_name).
        C(server_name) is the name that is asked for (SNI); it defaults to the first of O(domains), or of the
        certificate's names, that is no wildcard.
      - The chain is not verified; the very certificate is compared.
      - A server that demands a certificate of its clients cannot be looked at.
    type: list
    elements: raw
  verify_timeout:
    description: Seconds until every endpoint must serve the new certificate.
    type: float
    default: 30
seealso:
  - module: certwright.cloud.certificate_request
    description: Makes the key that the certificate belongs to.
  - module: certwright.cloud.tencent_order_info
    description: Fetches the certificate from Tencent Cloud.
  - module: certwright.cloud.alibaba_dv_order_info
    description: Fetches the certificate from Alibaba Cloud.
"""

EXAMPLES = r"""
- name: Fetch the certificate
  certwright.cloud.tencent_order_info:
    certificate_id: LrmeMvQr
    return_certificate: true
  delegate_to: localhost
  become: false
  register: bought

- name: Put it into service
  certwright.cloud.certificate_install:
    directory: /etc/certwright/www.example.com
    order_id: LrmeMvQr
    certificate: "{{ bought.bundle.full_chain }}"
    domains:
      - www.example.com
    test_command: nginx -t
    reload_command: systemctl reload nginx
    verify_endpoints:
      - 127.0.0.1:443
  register: installed

- name: Check that the host can use the certificate, before its order is submitted
  certwright.cloud.certificate_install:
    directory: /etc/certwright/www.example.com
    domains:
      - www.example.com
    test_command: nginx -t
    reload_command: systemctl reload nginx
    verify_endpoints:
      - 127.0.0.1:443
    preflight: true

- name: Use the two files that the configuration of a server already names
  certwright.cloud.certificate_install:
    directory: /etc/certwright/shop.example.com
    certificate: "{{ lookup('ansible.builtin.file', 'shop.example.com.pem') }}"
    private_key: "{{ lookup('ansible.builtin.file', 'shop.example.com.key') }}"
    certificate_path: /etc/ssl/shop.pem
    private_key_path: /etc/ssl/shop.key
    reload_command: [systemctl, reload, haproxy]
    verify_endpoints:
      - address: "[::1]:8443"
        server_name: shop.example.com
"""

RETURN = r"""
files:
  description: Where the files are (in check mode where they would be).
  returned: success
  type: dict
  contains:
    directory:
      description: The certificate's own directory.
      type: str
      returned: success
      sample: /etc/certwright/www.example.com
    live:
      description: The symbolic link to the live version.
      type: str
      returned: success
      sample: /etc/certwright/www.example.com/live
    version:
      description:
        - The directory of the version with this certificate. V(null) with O(preflight=true) and no O(order_id).
      type: str
      returned: success
      sample: /etc/certwright/www.example.com/versions/LrmeMvQr
    certificate:
      description: The certificate alone, below RV(files.live).
      type: str
      returned: success
      sample: /etc/certwright/www.example.com/live/cert.pem
    fullchain:
      description: The certificate and its intermediates, as most servers want them.
      type: str
      returned: success
      sample: /etc/certwright/www.example.com/live/fullchain.pem
    chain:
      description: The intermediates alone; empty if there are none.
      type: str
      returned: success
      sample: /etc/certwright/www.example.com/live/chain.pem
    private_key:
      description: The private key, readable for its owner only.
      type: str
      returned: success
      sample: /etc/certwright/www.example.com/live/key.pem
certificate:
  description: What the certificate says.
  returned: success without O(preflight)
  type: dict
  contains:
    serial:
      description: Serial number, lower-case hex.
      type: str
      returned: success
      sample: 0a1b2c3d4e5f
    fingerprint_sha256:
      description: SHA-256 of the certificate, lower-case hex.
      type: str
      returned: success
      sample: 4f2d7c1e0f6f1b0b8f1f0f5dcf4f1f9a3f0e2d6b7a8c9d0e1f2a3b4c5d6e7f80
    public_key_sha256:
      description: SHA-256 of the public key (DER SubjectPublicKeyInfo), lower-case hex.
      type: str
      returned: success
      sample: 14df8fbd6895b28c56637d28660f07ade0f7c21b9ba837e45036ea0158e41d9f
    issuer:
      description: Who issued it (RFC 4514).
      type: str
      returned: success
      sample: CN=TrustAsia DV TLS RSA CA 2025,O=TrustAsia Technologies\, Inc.,C=CN
    not_before:
      description: From when it is valid, UTC.
      type: str
      returned: success
      sample: "2026-11-21T00:00:00Z"
    not_after:
      description: Until when it is valid, UTC.
      type: str
      returned: success
      sample: "2027-06-08T23:59:59Z"
served:
  description: What each of O(verify_endpoints) serves now.
  returned: success without O(preflight), and failure after something was tried
  type: list
  elements: dict
  contains:
    address:
      description: The endpoint as it was given.
      type: str
      returned: always
      sample: 127.0.0.1:443
    server_name:
      description: The name that was asked for.
      type: str
      returned: always
      sample: www.example.com
    serial:
      description: Serial of the served certificate; V(null) with RV(served[].error).
      type: str
      returned: always
      sample: 0a1b2c3d4e5f
    fingerprint_sha256:
      description: SHA-256 of the served certificate; V(null) with RV(served[].error).
      type: str
      returned: always
    matches:
      description: Whether it is the certificate that was to be installed.
      type: bool
      returned: always
    error:
      description: Why no certificate was seen; else V(null).
      type: str
      returned: always
      sample: Connection refused
served_before:
  description: What the endpoints served before anything was tried, in the shape of RV(served).
  returned: failure after something was tried
  type: list
  elements: dict
rolled_back:
  description: Whether what was live before was put back (or what this run had made was removed). V(false) on success.
  returned: success without O(preflight), and failure after something was tried
  type: bool
  sample: false
key_missing:
  description:
    - Whether no key for this certificate is held on the host and none was given, so that nothing was installed. Only
      ever V(true) in check mode and with O(missing_key=report); else the task fails.
  returned: success without O(preflight)
  type: bool
  sample: false
error:
  description: What went wrong, for conditions in playbooks.
  returned: failure
  type: dict
  contains:
    kind:
      description:
        - V(invalid_input), V(conflict), V(permission), V(quota) (no room on the disk),
          V(rejected) (a command failed), V(timeout) (the new certificate was not seen in time).
      type: str
      returned: failure
      sample: rejected
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
      description: What is in place now and what to do.
      type: str
      returned: failure
      sample: What was there before is in place again.
"""

from ansible_collections.certwright.cloud.plugins.module_utils._module._install import install_certificate
from ansible_collections.certwright.cloud.plugins.module_utils._module._install_wish import INSTALL_OPTIONS
from ansible_collections.certwright.cloud.plugins.module_utils._module._run import run_module
from ansible_collections.certwright.cloud.plugins.module_utils._module._use_case import TARGET, UseCase

USE_CASE = UseCase(
    install_certificate,
    INSTALL_OPTIONS,
    libraries=("cryptography",),
    runs_on=TARGET,
)


def main() -> None:
    """Runs the module."""
    run_module(USE_CASE)


if __name__ == "__main__":
    main()
