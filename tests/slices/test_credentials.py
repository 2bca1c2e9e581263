# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The guide's types of credentials: what is typed into them is what the modules use, with and without a token."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest
from ansible_collections.certwright.cloud.plugins.module_utils._alibaba import _credentials as alibaba
from ansible_collections.certwright.cloud.plugins.module_utils._tencent import _credentials as tencent
from ansible_collections.certwright.cloud.tests.e2e.examples import runs
from ansible_collections.certwright.cloud.tests.slices.awx import inject
from ansible_collections.certwright.cloud.tests.slices.guide import credential_type

TENCENT, ALIBABA = credential_type("secret_key"), credential_type("access_key_secret")
KEY, TOKEN = "Qm7vX2cLr9TfWz4k", "t0ken/with+signs=="


def resolved(
    cloud: ModuleType, folder: Path, injectors: dict[str, object], values: dict[str, str], names: tuple[str, ...]
) -> tuple[str, str, str | None]:
    environment = inject(injectors, values, folder, folder)
    # The key is nowhere but in the file, which is its owner's.
    assert KEY not in str(environment)
    (path,) = folder.iterdir()
    assert path.stat().st_mode & 0o777 == 0o600
    options = dict.fromkeys((*names, "profile"))
    found = cloud.resolve(options, environment, str(folder / "no-home"), 0.0)
    return found.id, found.secret, found.token


@pytest.mark.parametrize("token", [None, TOKEN])
@runs(*TENCENT.selectors)
def test_key_for_tencent_reaches_the_modules(tmp_path: Path, token: str | None) -> None:
    typed = {"secret_id": "AKIDexample", "secret_key": KEY, **({"token": token} if token else {})}
    names = ("secret_id", "secret_key", "token")
    found = resolved(tencent, tmp_path, TENCENT.injectors.content, TENCENT.filled(typed), names)
    assert found == ("AKIDexample", KEY, token)
    TENCENT.ran()


@pytest.mark.parametrize("token", [None, TOKEN])
@runs(*ALIBABA.selectors)
def test_key_for_alibaba_reaches_the_modules(tmp_path: Path, token: str | None) -> None:
    typed = {"access_key_id": "LTAIexample", "access_key_secret": KEY, **({"security_token": token} if token else {})}
    names = ("access_key_id", "access_key_secret", "security_token")
    found = resolved(alibaba, tmp_path, ALIBABA.injectors.content, ALIBABA.filled(typed), names)
    assert found == ("LTAIexample", KEY, token)
    ALIBABA.ran()


@pytest.mark.parametrize("kind", [TENCENT, ALIBABA])
def test_what_is_secret_is_hidden_by_the_form(kind: object) -> None:
    fields = {field["id"]: field.get("secret", False) for field in kind.inputs.content["fields"]}
    assert fields == {name: not name.endswith("_id") for name in fields}
