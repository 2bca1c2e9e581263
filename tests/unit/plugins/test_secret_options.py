# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""No option that sounds secret is shown by oversight, and every secret that a module finds is known to the redactor."""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError
from ansible_collections.certwright.cloud.plugins.module_utils._http import TransportError
from ansible_collections.certwright.cloud.plugins.module_utils._redact import MASK
from ansible_collections.certwright.cloud.tests.unit.plugins.helpers import FakeTransport, context, options

COLLECTION = Path(__file__).resolve().parents[3]
MODULES = sorted(path.stem for path in (COLLECTION / "plugins" / "modules").glob("*.py"))
ROLES = sorted((COLLECTION / "roles").glob("*/meta/argument_specs.yml"))
SPECS = [
    *ROLES,
    *(path for kind in ("module_utils", "modules") for path in (COLLECTION / "plugins" / kind).rglob("*.py")),
]
# Whatever holds such a word says in its argument spec whether it is secret.
SUSPECT = re.compile(
    r"auth|bearer|certificate_password|cookie|credential|id_number|key|mobile|pass|phone|pin$|private|proxy|secret|token"
)
# An option that is not secret says why, on the line above: "no_log": False, no_log: false.
OPEN = re.compile(r"""^(?P<above>.*)\n.*["']?no_log["']?: (?:False|false)\b""", re.MULTILINE)

Spec = Mapping[str, Mapping[str, Any]]


def use_case(module: str) -> Any:
    return importlib.import_module(f"ansible_collections.certwright.cloud.plugins.modules.{module}").USE_CASE


def undecided(spec: Spec, within: str) -> Iterator[str]:
    """The options, at any depth, that sound secret and do not say whether they are."""
    for name, option in spec.items():
        if SUSPECT.search(name) and not isinstance(option.get("no_log"), bool):
            yield f"{within}.{name}"
        yield from undecided(option.get("options") or {}, f"{within}.{name}")


@pytest.mark.parametrize("module", MODULES)
def test_option_of_a_module_that_sounds_secret_says_whether_it_is(module: str) -> None:
    assert list(undecided(use_case(module).argument_spec, module)) == []


@pytest.mark.parametrize("path", ROLES, ids=lambda path: path.parts[-3])
def test_option_of_a_role_that_sounds_secret_says_whether_it_is(path: Path) -> None:
    specs = yaml.safe_load(path.read_text(encoding="utf-8"))["argument_specs"]
    assert [name for entry, spec in specs.items() for name in undecided(spec.get("options") or {}, entry)] == []


def test_option_that_is_not_secret_says_why() -> None:
    above = {path.name: OPEN.findall(path.read_text(encoding="utf-8")) for path in SPECS}
    unreasoned = [(name, line) for name, lines in above.items() for line in lines if not line.strip().startswith("#")]
    assert len(above) > 50 and unreasoned == []


def test_the_search_finds_what_is_forgotten() -> None:
    spec = {"api_key": {}, "records": {"options": {"auth_token": {}, "name": {}}}, "key_type": {"no_log": False}}
    assert list(undecided(spec, "m")) == ["m.api_key", "m.records.auth_token"]
    assert OPEN.findall('a\n"x": {"no_log": False}\n# why\nno_log: false') == ["a", "# why"]


TENCENT = {
    "option": {"secret_id": "id", "secret_key": "opt-secret", "token": "opt-token"},
    "environment": {
        "TENCENTCLOUD_SECRET_ID": "id",
        "TENCENTCLOUD_SECRET_KEY": "env-secret",
        "TENCENTCLOUD_TOKEN": "env-token",
    },
    "file": {"secretId": "id", "secretKey": "cli-secret", "token": "cli-token"},
}
ALIBABA = {
    "option": {"access_key_id": "id", "access_key_secret": "opt-secret", "security_token": "opt-token"},
    "environment": {
        "ALIBABA_CLOUD_ACCESS_KEY_ID": "id",
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "env-secret",
        "ALIBABA_CLOUD_SECURITY_TOKEN": "env-token",
    },
    "file": {
        "current": "p",
        "profiles": [
            {
                "name": "p",
                "mode": "StsToken",
                "access_key_id": "id",
                "access_key_secret": "cli-secret",
                "sts_token": "cli-token",
            }
        ],
    },
}
CLOUDS = {
    "tencent_order": (TENCENT, {"certificate_id": "LrmeMvQr"}),
    "tencent_order_info": (TENCENT, {"certificate_id": "LrmeMvQr"}),
    "dnspod_record": (TENCENT, {"name": "a.example.com", "value": "v"}),
    "alibaba_dv_order": (ALIBABA, {"instance_id": "cas-1"}),
    "alibaba_dv_order_info": (ALIBABA, {"instance_id": "cas-1"}),
    "alidns_record": (ALIBABA, {"name": "a.example.com", "value": "v"}),
}


def test_every_module_of_a_cloud_is_tried() -> None:
    named = {name for name in MODULES if "proxy" in use_case(name).argument_spec}
    assert set(CLOUDS) == named


@pytest.mark.parametrize("source", ["option", "environment", "file"])
@pytest.mark.parametrize("module", CLOUDS)
def test_key_from_any_source_is_known_to_the_redactor(tmp_path: Path, module: str, source: str) -> None:
    credentials, wish = CLOUDS[module]
    for path in (".tccli/default.credential", ".aliyun/config.json"):
        (tmp_path / path).parent.mkdir()
        (tmp_path / path).write_text(json.dumps(credentials["file"]))
    environ = {"HOME": str(tmp_path), "HTTPS_PROXY": "http://user:env-proxy-word@proxy"}
    environ |= credentials["environment"] if source == "environment" else {}
    run_context = context(FakeTransport([TransportError("unreachable", reached=False)] * 9), environ=environ)
    given = {**wish, **(credentials["option"] if source == "option" else {}), "proxy": "http://user:proxy-word@proxy"}
    with suppress(CertwrightError):
        use_case(module).function(options(use_case(module), **given), run_context)
    short = {"option": "opt", "environment": "env", "file": "cli"}[source]
    found = [f"{short}-secret", f"{short}-token", "env-proxy-word", "proxy-word"]
    assert run_context.redactor.text(" ".join(found)) == " ".join([MASK] * 4)
