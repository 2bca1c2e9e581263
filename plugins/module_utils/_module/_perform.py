# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs a use case, whoever asked for it: what it returns or raises becomes a result without any secret."""

from __future__ import annotations

import importlib
import os
import traceback
from collections.abc import Mapping
from typing import Any

from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError, ErrorKind
from ansible_collections.certwright.cloud.plugins.module_utils._module._secrets import (
    secret_options,
    too_short,
    too_short_options,
)
from ansible_collections.certwright.cloud.plugins.module_utils._module._use_case import Context, Result, UseCase

__all__ = ["missing_packages", "perform"]

_PACKAGES = {"dns": "dnspython"}


def missing_packages(use_case: UseCase) -> list[str]:
    """The Python packages that the use case needs and this Python does not have."""
    missing = []
    for library in use_case.libraries:
        try:
            importlib.import_module(library)
        except ImportError:
            missing.append(_PACKAGES.get(library, library))
    return missing


def perform(use_case: UseCase, params: Mapping[str, Any], context: Context) -> tuple[bool, Result]:
    """Runs the use case; returns whether it failed, and the result as its user may see it.

    Arguments:
        params: the validated options.
        context: its redactor is told the secret options.

    Whatever the use case raises is in the result, but for what ends a process (SystemExit, KeyboardInterrupt).
    """
    short = too_short_options(use_case.argument_spec, params)
    if short:
        return True, too_short(short).to_result()
    context.redactor.know(*secret_options(use_case.argument_spec, params).values())
    # The one path on which a key leaves on purpose.
    keep: tuple[str, ...] = ()
    failed = True
    try:
        result = use_case.function(params, context)
        failed = False
        keep = ("private_key",) if params.get("return_private_key") else ()
    except CertwrightError as error:
        result = error.to_result()
    except Exception as error:
        result = _fault(error)
    return failed, context.redactor.result(result, keep)


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
