# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The examples of the guide to AWX."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.certwright.cloud.tests.e2e.examples import Example, chosen, ran

__all__ = ["GUIDE", "CredentialType", "credential_type", "settings_with"]

GUIDE = "docs/docsite/rst/guide_awx.rst"


@dataclass(frozen=True)
class CredentialType:
    """A type of credentials: what somebody is asked for, and what a job gets."""

    inputs: Example
    injectors: Example

    @property
    def selectors(self) -> tuple[str, ...]:
        """What a test declares that has a job work with it."""
        return tuple(f"{GUIDE}:settings:{example.title}" for example in (self.inputs, self.injectors))

    def filled(self, values: dict[str, str]) -> dict[str, str]:
        """What is typed into the form; one that AWX would refuse raises AssertionError."""
        fields = {field["id"] for field in self.inputs.content["fields"]}
        assert set(self.inputs.content["required"]) <= set(values) <= fields
        return values

    def ran(self) -> None:
        """Says that a job has worked with it."""
        ran([self.inputs, self.injectors])


def settings_with(word: str) -> Example:
    """The settings in the guide that have such a key or text."""
    (found,) = [example for example in chosen(f"{GUIDE}:settings") if word in example.text]
    return found


def credential_type(field: str) -> CredentialType:
    """The type that has such a field."""
    return CredentialType(settings_with(f'"id": "{field}"'), settings_with(f"{field}={{{{ {field} }}}}"))
