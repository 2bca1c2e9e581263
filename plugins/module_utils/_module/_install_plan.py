# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an installation works with, and how it says that it failed."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Callable

from ansible_collections.certwright.cloud.plugins.module_utils._disk import Disk
from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError
from ansible_collections.certwright.cloud.plugins.module_utils._links import Link
from ansible_collections.certwright.cloud.plugins.module_utils._module._install_wish import Wish
from ansible_collections.certwright.cloud.plugins.module_utils._serving import (
    Looker,
    Runner,
    Served,
    look_at,
    run_command,
    served_der,
)
from ansible_collections.certwright.cloud.plugins.module_utils._versions import CERTIFICATE, CHAIN, FULLCHAIN

__all__ = [
    "LOOK_SECONDS",
    "InstallationFailed",
    "Notes",
    "Plan",
    "Tools",
    "contents",
    "first_look",
    "not_served",
    "shown",
    "with_order",
]

# One look at an endpoint; a server that takes longer to shake hands is not well.
LOOK_SECONDS = 3.0


@dataclass(frozen=True)
class Tools:
    """What an installation touches the world with, so that tests can let any step fail."""

    disk: Disk = field(default_factory=Disk)
    run: Runner = run_command
    look: Looker = served_der
    find: Callable[[str], str | None] = shutil.which


@dataclass(frozen=True)
class Plan:
    """What is to be done: which version becomes live, with which key, and which paths become links to it."""

    wish: Wish
    version: str
    key: str = field(repr=False)
    links: tuple[Link, ...]
    live: str | None
    served: tuple[Served, ...]


@dataclass(frozen=True)
class Notes:
    """What has to be put back; the journal of Versions holds exactly this.

    previous was live before; adopted is a version that holds what the linked paths held; made are the version's files
    that were not there; links are the records of _links.record_of by path.
    """

    version: str
    previous: str | None
    adopted: str | None
    made: tuple[str, ...]
    links: dict[str, Any]

    @property
    def anything_before(self) -> bool:
        """Whether there was a pair, or a file at a linked path, before."""
        return self.previous is not None or any(record["kind"] != "absent" for record in self.links.values())


class InstallationFailed(CertwrightError):
    """An installation that did not succeed; says what is in place now."""

    def __init__(
        self, error: CertwrightError, message: str, hint: str, *, rolled_back: bool, facts: dict[str, Any]
    ) -> None:
        super().__init__(message, kind=error.kind, hint=hint)
        self.rolled_back = rolled_back
        self.facts = facts

    def to_result(self) -> dict[str, Any]:
        """The failed result, with rolled_back and what is served."""
        return {**super().to_result(), "rolled_back": self.rolled_back, **self.facts}


def contents(wish: Wish) -> dict[str, str]:
    """The public files of a version, in the order in which they are written: the last one makes it whole."""
    return {
        CHAIN: "".join(wish.bundle.chain),
        CERTIFICATE: wish.bundle.leaf,
        FULLCHAIN: wish.bundle.full_chain,
    }


def first_look(wish: Wish, tools: Tools) -> tuple[Served, ...]:
    """What the endpoints serve now."""
    return tuple(look_at(wish.endpoints, wish.facts.fingerprint_sha256, tools.look, LOOK_SECONDS))


def shown(served: Iterable[Served]) -> str:
    """What endpoints serve, for a message."""
    return ", ".join(_each_shown(each) for each in served)


def _each_shown(each: Served) -> str:
    what = f"serves the certificate '{each.serial}'" if each.serial else f"shows no certificate ({each.error})"
    return f"'{each.endpoint.address}' {what}"


def not_served(wish: Wish, before: Iterable[Served], now: Iterable[Served]) -> str:
    """Which endpoints do not serve the new certificate, and what that tells beside what they served before."""
    earlier = {each.endpoint: each for each in before}
    wrong = [each for each in now if not each.matches]
    return "; ".join(_each_shown(each) + _lesson(wish, earlier[each.endpoint], each) for each in wrong)


def _lesson(wish: Wish, before: Served, now: Served) -> str:
    if now.serial is None and before.serial is None:
        return " and showed none before either, so look at the endpoint and its server rather than at the certificate"
    if now.fingerprint_sha256 != before.fingerprint_sha256:
        return ""
    if not wish.reload_command:
        return ", still the old one; no reload_command was given that makes the server load the new one"
    return ", still the old one; did the reload command reload this server?"


def with_order(error: CertwrightError, order_id: str | None, issued: bool) -> None:
    """Names the order in an error's message, and lets its hint end with what to do next.

    Arguments:
        issued: there is a certificate already, of which the reader may fear that it is lost.
    """
    untouched, hint = "", error.hint or ""
    if order_id:
        prefix = f"Order '{order_id}': "
        error.message = error.message if error.message.startswith(prefix) else prefix + error.message
        untouched = "" if not issued else "The order's certificate and key are untouched; "
    if "un again" not in hint and "run the task again" not in hint:
        step = f"{untouched}mend that and run the task again."
        error.hint = f"{hint} {step[0].upper()}{step[1:]}".strip()
