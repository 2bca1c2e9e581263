# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The only place that meets AnsibleModule: it alone exits or fails."""

from __future__ import annotations

import importlib
import os

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError
from ansible_collections.certwright.cloud.plugins.module_utils._module._use_case import (
    CONTROLLER,
    TARGET,
    Context,
    UseCase,
)

__all__ = ["run_module"]

_PLACES = {
    CONTROLLER: "This module is meant to run on the controller (delegate_to: localhost), so install it for the "
    "controller's Python",
    TARGET: "This module works on the files of the target host, so install it for the target's Python",
}
_PACKAGES = {"dns": "dnspython"}


def run_module(use_case: UseCase) -> None:
    """Runs a use case as an Ansible module and ends the process."""
    module = AnsibleModule(argument_spec=use_case.argument_spec, supports_check_mode=True, **use_case.constraints)
    missing = _missing_library(use_case)
    if missing:
        package = _PACKAGES.get(missing, missing)
        place = f"{_PLACES[use_case.runs_on]}, for example with 'python3 -m pip install {package}'."
        module.fail_json(msg=f"{missing_required_lib(package)} {place}", changed=False)
    context = Context(check_mode=module.check_mode, environ=os.environ, warn=module.warn)
    try:
        result = use_case.function(module.params, context)
    except CertwrightError as error:
        module.fail_json(**error.to_result())
    else:
        module.exit_json(**result)


def _missing_library(use_case: UseCase) -> str | None:
    for library in use_case.libraries:
        try:
            importlib.import_module(library)
        except ImportError:
            return library
    return None
