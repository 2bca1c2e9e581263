# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The only place that meets AnsibleModule: it alone exits or fails."""

from __future__ import annotations

import importlib
import os
import traceback
from typing import Any, Callable

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError, ErrorKind
from ansible_collections.certwright.cloud.plugins.module_utils._module._secrets import (
    secret_options,
    too_short,
    too_short_options,
)
from ansible_collections.certwright.cloud.plugins.module_utils._module._use_case import (
    CONTROLLER,
    TARGET,
    Context,
    UseCase,
)
from ansible_collections.certwright.cloud.plugins.module_utils._redact import MASK, Redactor

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
_PACKAGES = {"dns": "dnspython"}


def run_module(use_case: UseCase) -> None:
    """Runs a use case as an Ansible module and ends the process."""
    module = AnsibleModule(argument_spec=use_case.argument_spec, supports_check_mode=True, **use_case.constraints)
    # Ansible masks every place where the value of a secret option occurs. A blank is no secret, and every message holds
    # some: masked they would make the very message unreadable that says which option is blank.
    module.no_log_values = {value for value in module.no_log_values if value.strip()}
    _refuse_short_secrets(module, use_case)
    missing = _missing_packages(use_case)
    if missing:
        place = f"{_PLACES[use_case.runs_on]}, for example with 'python3 -m pip install {' '.join(missing)}'."
        module.fail_json(msg=f"{missing_required_lib(', '.join(missing)).rstrip('.')}. {place}", changed=False)
    redactor = Redactor(register_secret)
    redactor.know(*secret_options(use_case.argument_spec, module.params).values())
    context = Context(
        check_mode=module.check_mode,
        environ=os.environ,
        warn=lambda message: module.warn(redactor.text(message)),
        redactor=redactor,
    )
    # The one path on which a key leaves on purpose.
    keep: tuple[str, ...] = ()
    end: Callable[..., None] = module.fail_json
    result: dict[str, Any]
    try:
        result = use_case.function(module.params, context)
        end = module.exit_json
        keep = ("private_key",) if module.params.get("return_private_key") else ()
    except CertwrightError as error:
        result = error.to_result()
    except Exception as error:
        result = _fault(error)
    # Not ended above, so that no exception is pending that Ansible would add with all its words.
    end(**redactor.result(result, keep))


def _refuse_short_secrets(module: AnsibleModule, use_case: UseCase) -> None:
    """Fails where a secret cannot be masked without harm, and so is not masked in the failure, but left out."""
    short = too_short_options(use_case.argument_spec, module.params)
    if not short:
        return
    module.no_log_values -= {module.params[option].strip() for option in short}
    module.no_log_values -= {module.params[option] for option in short}
    module.params.update(dict.fromkeys(short, MASK))
    module.fail_json(**too_short(short).to_result())


def _missing_packages(use_case: UseCase) -> list[str]:
    missing = []
    for library in use_case.libraries:
        try:
            importlib.import_module(library)
        except ImportError:
            missing.append(_PACKAGES.get(library, library))
    return missing


def _fault(error: Exception) -> dict[str, Any]:
    """The failed result for a fault of our own: its type and places, but not its words, which may hold secrets."""
    places = traceback.extract_tb(error.__traceback__)
    name = type(error).__name__
    ours = [place for place in places if "certwright" in place.filename] or places
    where = f"{os.path.basename(ours[-1].filename)}, line {ours[-1].lineno}, in {ours[-1].name}"
    failure = CertwrightError(
        f"A fault in the collection itself ended the task: {name} at {where}",
        kind=ErrorKind.OUTCOME_UNKNOWN,
        hint="How far it came is not known: look at the order, the record or the files before you run it again. "
        "Please report it with this message; Ansible can show the way to it (ANSIBLE_DISPLAY_TRACEBACK=error).",
    )
    way = [f"{place.filename}, line {place.lineno}, in {place.name}" for place in places]
    return {**failure.to_result(), "exception": "\n".join([*way, name])}
