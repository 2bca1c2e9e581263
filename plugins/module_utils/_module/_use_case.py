# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a module is, without Ansible: one function, its options and their constraints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Callable, TypeVar

from ansible_collections.certwright.cloud.plugins.module_utils._http import Connection, Transport
from ansible_collections.certwright.cloud.plugins.module_utils._rate import RateMemory
from ansible_collections.certwright.cloud.plugins.module_utils._redact import Redactor
from ansible_collections.certwright.cloud.plugins.module_utils._retry import Clock, RetryBudget, Tell
from ansible_collections.certwright.cloud.plugins.module_utils._waiting import Speak, Waiting

__all__ = ["CONTROLLER", "TARGET", "Context", "Result", "UseCase"]

T = TypeVar("T")
Params = Mapping[str, Any]
Result = dict[str, Any]

# Where a module normally runs; said when a library is missing there.
CONTROLLER = "controller"
TARGET = "target"


def _ignore(message: str) -> None:
    """Drops a warning."""


def _over_the_network(connection: Connection) -> Transport:
    # requests loads slowly, and what works on the files of a server calls no cloud.
    from ansible_collections.certwright.cloud.plugins.module_utils._transport import RequestsTransport

    return RequestsTransport(connection)


@dataclass(frozen=True)
class Context:
    """What a use case may know of the run: mode, time, the environment, the way to a cloud, a way to warn, how many
    calls the process may still repeat, and how many it has sent, where that is not counted for all processes together.

    redactor is told every secret that is found on the way; all that leaves the run passes through it. speak is told how
    a wait stands; None where nobody could hear it.
    """

    check_mode: bool = False
    clock: Clock = field(default_factory=Clock)
    environ: Mapping[str, str] = field(default_factory=dict)
    warn: Callable[[str], None] = _ignore
    open_transport: Callable[[Connection], Transport] = _over_the_network
    budget: RetryBudget = field(default_factory=RetryBudget)
    rates: RateMemory = field(default_factory=RateMemory)
    redactor: Redactor = field(default_factory=Redactor)
    speak: Speak | None = None

    def telling(self, describe: Callable[[T, float, float], Waiting]) -> Tell[T]:
        """What `wait_until` is to tell how it stands; None where nobody could hear it.

        Arguments:
            describe: makes words of what was seen last, the seconds waited, and the seconds until the next look.
        """
        speak = self.speak
        if speak is None:
            return None
        return lambda seen, waited, next_look: speak(describe(seen, waited, next_look))


@dataclass(frozen=True)
class UseCase:
    """One module.

    Arguments:
        function: takes the validated options and the context; returns the result (with ``changed``) or raises
            CertwrightError.
        argument_spec: as AnsibleModule takes it.
        constraints: the other checks of AnsibleModule (required_if, mutually_exclusive, ...).
        libraries: import names of the third-party libraries that the function needs.
        runs_on: CONTROLLER or TARGET.
    """

    function: Callable[[Params, Context], Result]
    argument_spec: dict[str, Any]
    constraints: dict[str, Any] = field(default_factory=dict)
    libraries: tuple[str, ...] = ("requests",)
    runs_on: str = CONTROLLER
