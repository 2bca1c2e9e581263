# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which options of a module are secret, and which of them are too short to be kept so."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.certwright.cloud.plugins.module_utils._errors import InvalidInput
from ansible_collections.certwright.cloud.plugins.module_utils._redact import MASK, SHORTEST, is_too_short

__all__ = ["maskable", "secret_options", "shown_options", "too_short", "too_short_options"]

Spec = Mapping[str, Mapping[str, Any]]

# Masked, but never refused for being short: nobody can choose a longer telephone number or document number, and it
# opens nothing that others could guess. A proxy's address is masked for the password that it may hold, and that one is
# the proxy's.
_GIVEN = re.compile(r"(?:^|_)(?:mobile|phone|phone_number|id_number|proxy)$")


def secret_options(spec: Spec, params: Mapping[str, Any]) -> dict[str, str]:
    """The values of the options that are never to be shown, by name."""
    values = {name: params.get(name) for name, option in spec.items() if option.get("no_log")}
    return {name: value for name, value in values.items() if isinstance(value, str) and value.strip()}


def too_short_options(spec: Spec, params: Mapping[str, Any]) -> list[str]:
    """The names of the secret options that cannot be masked without harm."""
    secrets = secret_options(spec, params)
    return [name for name, value in secrets.items() if is_too_short(value) and not _GIVEN.search(name)]


def maskable(values: Iterable[str], spec: Spec, params: Mapping[str, Any]) -> set[str]:
    """Of the values of secret options that Ansible would mask wherever they occur, those that it may.

    A blank is no secret, and every message holds some: masked they would make the very message unreadable that says
    which option is blank. What is too short is refused, in words that it does not mask, and left out of the options.
    """
    short = {params[option] for option in too_short_options(spec, params)}
    return {value for value in values if value.strip()} - short - {value.strip() for value in short}


def shown_options(spec: Spec, params: Mapping[str, Any]) -> dict[str, Any]:
    """The options as they may be shown once Ansible has masked what is maskable."""
    return {**params, **dict.fromkeys(too_short_options(spec, params), MASK)}


def too_short(options: Iterable[str]) -> InvalidInput:
    """The refusal of secrets that are too short; it does not say how short."""
    return InvalidInput(
        [
            f"{option}: has fewer than {SHORTEST} characters, and such a secret cannot be masked in output without "
            "showing it; use a longer one"
            for option in options
        ]
    )
