#!/usr/bin/python
# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: validation_note
short_description: Note on the target host which validation records are published
version_added: 0.1.0
author:
  - certwright.cloud contributors (@certwright)
description:
  - Keeps a list of validation records in the certificate's own directory, C(<directory>/.validation.json), so that a
    run that was killed leaves no record behind that nobody can name any more.
    The clouds tell the values of an order only until it is issued, and give it new ones when it is submitted again.
  - Note records before they are published, and take them off the note after they were removed.
  - It publishes and removes nothing itself. Without O(records) it only reads.
  - The role P(certwright.cloud.tls_certificate#role) uses it.
extends_documentation_fragment:
  - certwright.cloud._attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
options:
  directory:
    description:
      - The certificate's own directory, as for M(certwright.cloud.certificate_install). It is made if it is missing and
        there is something to note.
        Give its absolute path.
    type: path
    required: true
  records:
    description: The records to note, or to take off the note.
    type: list
    elements: dict
    suboptions:
      name:
        description: Full name of the record.
        type: str
        required: true
      type:
        description: Type of the record.
        type: str
        choices: [TXT, CNAME]
        default: TXT
      value:
        description: The value, for V(TXT) without quotes.
        type: str
        required: true
  dns:
    description: Who keeps the zone of O(records), for example V(dnspod). It is needed with them.
    type: str
  site:
    description: The site of the DNS account that keeps the zone of O(records).
    type: str
    choices: [intl, china]
    default: intl
  state:
    description:
      - With V(present), O(records) are noted in addition to those that are noted already.
      - With V(absent), exactly O(records) are taken off. The file is removed with the last one.
    type: str
    choices: [present, absent]
    default: present
  owner:
    description: User (name or number) whom the certificate's files are given to, so that a directory that has to be
      made can be passed by that user. The note itself stays with the user who runs the module.
    type: str
  group:
    description: Group (name or number) that a directory that has to be made is given to.
    type: str
seealso:
  - module: certwright.cloud.dnspod_record
    description: Publishes and removes a record at DNSPod.
  - module: certwright.cloud.alidns_record
    description: Publishes and removes a record at Alibaba Cloud DNS.
  - module: certwright.cloud.certificate_install
    description: Installs the certificate in the same directory.
"""

EXAMPLES = r"""
- name: Note a record before it is published
  certwright.cloud.validation_note:
    directory: /etc/certwright/www.example.com
    dns: dnspod
    records:
      - name: _dnsauth.www.example.com
        type: TXT
        value: 202611210000002kd8kpjk5s2

- name: See what an earlier run may have left published
  certwright.cloud.validation_note:
    directory: /etc/certwright/www.example.com
  register: left

- name: Forget what was removed
  certwright.cloud.validation_note:
    directory: /etc/certwright/www.example.com
    dns: dnspod
    records: "{{ left.published | selectattr('dns', 'equalto', 'dnspod') | map(attribute='records') | flatten }}"
    state: absent
"""

RETURN = r"""
published:
  description:
    - All records that are noted now, by the account that keeps them. In check mode as they would be.
    - Empty when nothing is noted.
  returned: success
  type: list
  elements: dict
  contains:
    dns:
      description: Who keeps the zones of these records.
      type: str
      returned: success
      sample: dnspod
    site:
      description: The site of the DNS account.
      type: str
      returned: success
      sample: intl
    records:
      description: The records, in the order in which they were noted.
      type: list
      elements: dict
      returned: success
      contains:
        name:
          description: Full name, in A-labels, without a final dot.
          type: str
          returned: success
          sample: _dnsauth.www.example.com
        type:
          description: Type of the record.
          type: str
          returned: success
          sample: TXT
        value:
          description: The value.
          type: str
          returned: success
          sample: 202611210000002kd8kpjk5s2
error:
  description: What went wrong, for conditions in playbooks.
  returned: failure
  type: dict
  contains:
    kind:
      description: One of V(invalid_input), V(conflict), V(permission), V(quota).
      type: str
      returned: failure
      sample: permission
    code:
      description: Always V(null); no cloud was asked.
      type: str
      returned: failure
    message:
      description: What happened.
      type: str
      returned: failure
      sample: "The user 'deploy' may not read or write '/etc/certwright' (Permission denied)"
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
      sample: Run the task with become, or give that user the right.
"""

from ansible_collections.certwright.cloud.plugins.module_utils._module._run import run_module
from ansible_collections.certwright.cloud.plugins.module_utils._module._use_case import TARGET, UseCase
from ansible_collections.certwright.cloud.plugins.module_utils._module._validation_note import (
    NOTE_CONSTRAINTS,
    NOTE_OPTIONS,
    note_validation,
)

USE_CASE = UseCase(note_validation, NOTE_OPTIONS, NOTE_CONSTRAINTS, libraries=(), runs_on=TARGET)


def main() -> None:
    """Runs the module."""
    run_module(USE_CASE)


if __name__ == "__main__":
    main()
