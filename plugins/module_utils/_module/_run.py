# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The only place that meets AnsibleModule: it alone exits or fails."""

from __future__ import annotations

import os

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.certwright.cloud.plugins.module_utils._module._perform import missing_packages, perform
from ansible_collections.certwright.cloud.plugins.module_utils._module._secrets import maskable, shown_options
from ansible_collections.certwright.cloud.plugins.module_utils._module._use_case import (
    CONTROLLER,
    TARGET,
    Context,
    UseCase,
)
from ansible_collections.certwright.cloud.plugins.module_utils._redact import Redactor

try:
    from ansible.module_utils.secrets import register_secret
except ImportError:
    # Before ansible-core 2.22 only the values of options are masked by Ansible.
    register_secret = None

__all__ = ["run_module"]

_PLACES = {
    CONTROLLER: "This module is meant to run on the controller (delegate_to: localhost), so install it for the "
    "controller's Python",
    TARGET: "This module works on the files of the target host, so install it for the target's Python",
}


def run_module(use_case: UseCase) -> None:
    """Runs a use case as an Ansible module and ends the process."""
    spec = use_case.argument_spec
    module = AnsibleModule(argument_spec=spec, supports_check_mode=True, **use_case.constraints)
    params = dict(module.params)
    module.no_log_values = maskable(module.no_log_values, spec, params)
    module.params.update(shown_options(spec, params))
    missing = missing_packages(use_case)
    if missing:
        place = f"{_PLACES[use_case.runs_on]}, for example with 'python3 -m pip install {' '.join(missing)}'."
        module.fail_json(msg=f"{missing_required_lib(', '.join(missing)).rstrip('.')}. {place}", changed=False)
    redactor = Redactor(register_secret)
    context = Context(
        check_mode=module.check_mode,
        environ=os.environ,
        warn=lambda message: module.warn(redactor.text(message)),
        redactor=redactor,
    )
    failed, result = perform(use_case, params, context)
    # No exception is pending here that Ansible would add with all its words.
    end = module.fail_json if failed else module.exit_json
    end(**result)
