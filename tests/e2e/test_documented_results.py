# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What modules return is what their documentation says: nothing is missing there, nothing is promised in vain."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError
from ansible_collections.certwright.cloud.plugins.module_utils._module._use_case import Context
from ansible_collections.certwright.cloud.tests.unit.plugins.helpers import run_use_case
from sandbox_process import SandboxProcess

MODULES = sorted(path.stem for path in (Path(__file__).resolve().parents[2] / "plugins" / "modules").glob("*.py"))
# Ansible's own words for results, which no module documents.
ANSIBLE = {"changed", "diff", "msg"}
NAMES = {"tencent": "www.example.com", "alibaba": "www.example.net"}
QUICK = {"wait_interval": 0.1, "wait_timeout": 60}
APPLICATION = {
    "tencent": {
        "common_name": NAMES["tencent"],
        "csr_generation": "online",
        "company_type": "person",
        "contact_email": "a@example.com",
    },
    "alibaba": {
        "domains": [NAMES["alibaba"]],
        "username": "Zhang San",
        "mobile": "13800000000",
        "email": "a@example.com",
        "province": "zhejiang",
        "city": "hangzhou",
    },
}
CLOUDS = {
    "tencent": ("tencent_paid", "certificate_id", "tencent_order", "dnspod_record"),
    "alibaba": ("alibaba_dv", "instance_id", "alibaba_dv_order", "alidns_record"),
}


def module(name: str) -> Any:
    return importlib.import_module(f"ansible_collections.certwright.cloud.plugins.modules.{name}")


class Results:
    """Runs modules against the sandbox and keeps all that they return."""

    def __init__(self, sandbox: SandboxProcess, folder: Path) -> None:
        self.sandbox, self.folder = sandbox, folder
        account = sandbox.ready["accounts"]["alibaba"]
        self.environ = {
            **sandbox.tencent_environment(),
            "CERTWRIGHT_ALIBABA_ENDPOINT": sandbox.ready["http"],
            "ALIBABA_CLOUD_ACCESS_KEY_ID": account["access_key_id"],
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET": account["access_key_secret"],
        }
        self.kept: dict[str, list[dict[str, Any]]] = {name: [] for name in MODULES}

    def run(self, module_name: str, /, **options: Any) -> dict[str, Any]:
        try:
            result = run_use_case(module(module_name).USE_CASE, Context(environ=self.environ), **options)
        except CertwrightError as error:
            result = error.to_result()
        self.kept[module_name].append(result)
        return result

    def cloud(self, cloud: str) -> dict[str, Any]:
        """Takes an order from bought to issued, and another to a validation by file; returns the bundle."""
        flow, id_option, order, record = CLOUDS[cloud]
        info = f"{order}_info"
        by_file = {id_option: self.sandbox.buy(flow), "wait_for": "validation", "validation_method": "file"}
        self.run(order, **by_file, **QUICK, **APPLICATION[cloud])
        wish = {id_option: self.sandbox.buy(flow)}
        submitted = self.run(order, **wish, **APPLICATION[cloud], wait_for="validation", **QUICK)
        proof = submitted["order"]["validations"][0]["record"]
        both = [wish[id_option], by_file[id_option]]
        for waiting in both:
            self.run(info, **{id_option: waiting})
        self.run(info, **{f"{id_option}s": both})
        self.run(record, **proof)
        servers = [self.sandbox.ready["dns"]]
        self.run("dns_wait", records=[proof], servers=servers, wait_timeout=10, wait_interval=0.1)
        issued = self.run(info, **wish, wait_for="issued", **QUICK, return_private_key=True)
        self.run(record, **proof, state="absent")
        self.run(info, **{f"{id_option}s": both}, return_certificate=True)
        self.run(order, **wish)
        for name in (order, info):
            self.run(name, **{id_option: "cas-cn-nobody" if cloud == "alibaba" else "AbCd1234"})
        self.run(record, name="a.example.org", value="x")
        bundle: dict[str, Any] = issued["bundle"]
        return bundle

    def server(self, bundle: dict[str, Any]) -> None:
        """Installs a bundle, and fails to."""
        place = {"directory": str(self.folder / "certificate"), "order_id": bundle["order_id"]}
        self.run("certificate_request", **place, domains=[NAMES["tencent"]])
        self.run("certificate_request", **place, domains=["shop.example.com"])
        pair = {"certificate": bundle["full_chain"], "private_key": bundle["private_key"]}
        self.run("validation_note", directory="relative")
        record = {"name": f"_dnsauth.{NAMES['tencent']}", "type": "TXT", "value": "x"}
        self.run("validation_note", directory=place["directory"], records=[record], dns="dnspod")
        place["directory"] = str(self.folder / "other")
        nobody = {"verify_endpoints": ["127.0.0.1:1"], "verify_timeout": 0.1}
        self.run("certificate_install", **place, **pair, **nobody)
        self.run("certificate_install", **place, **pair)

    def dns(self) -> None:
        """Waits in vain, with a server that does not answer."""
        unseen = {"name": "a.example.com", "value": "x", "servers": ["127.0.0.1:1"], "query_timeout": 0.1}
        self.run("dns_wait", **unseen, wait_timeout=1, wait_interval=0.1)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, list[dict[str, Any]]]]:
    sandbox = SandboxProcess(tmp_path_factory.mktemp("sandbox") / "state")
    try:
        kept = Results(sandbox, tmp_path_factory.mktemp("server"))
        bundles = [kept.cloud(cloud) for cloud in CLOUDS]
        kept.server(bundles[0])
        kept.dns()
        yield kept.kept
    finally:
        sandbox.stop()


def documented(contents: dict[str, Any], above: str = "") -> dict[str, bool]:
    """The paths of all documented keys, and whether the documentation says what is in them."""
    found: dict[str, bool] = {}
    for name, described in contents.items():
        found[above + name] = "contains" in described
        found |= documented(described.get("contains", {}), f"{above}{name}.")
    return found


def returned(value: Any, above: str, known: dict[str, bool]) -> Iterator[str]:
    """The paths of all keys in a result, down to where the documentation stops to look."""
    if isinstance(value, list):
        for item in value:
            yield from returned(item, above, known)
    elif isinstance(value, dict) and known.get(above, True):
        for name, item in value.items():
            path = f"{above}.{name}" if above else name
            yield path
            yield from returned(item, path, known)


@pytest.mark.parametrize("name", MODULES)
def test_returned_is_what_is_documented(results: dict[str, list[dict[str, Any]]], name: str) -> None:
    known = documented(yaml.safe_load(module(name).RETURN))
    own = [{key: value for key, value in result.items() if key not in ANSIBLE} for result in results[name]]
    assert {path for result in own for path in returned(result, "", known)} == set(known)
