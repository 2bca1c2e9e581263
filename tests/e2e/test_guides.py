# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plays and calls of the guides do what the guides say. Only ids, paths and commands are those of this machine."""

from __future__ import annotations

import json
import re
import shlex
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from ansible_collections.certwright.cloud.plugins.module_utils._module._use_case import Context
from ansible_collections.certwright.cloud.plugins.modules import dnspod_record, tencent_order, tencent_order_info
from ansible_collections.certwright.cloud.tests.unit.plugins.helpers import run_use_case
from plays import Outcome, is_write, run_playbook
from sandbox_process import SandboxProcess

GUIDES = Path(__file__).resolve().parents[2] / "docs" / "docsite" / "rst"
BLOCK = re.compile(r"^( *)\.\. code-block:: (\w+)\n\n((?:\1    .*\n|\n)+)", re.MULTILINE)
# Where the guide's sandbox listens.
GUIDE_URL = "http://127.0.0.1:18080/_sandbox/"
QUICK = {"tls_certificate_dns_interval": 0.2, "tls_certificate_wait_interval": 0.2, "tls_certificate_wait_timeout": 60}
HERE = {"ansible_become": False, "ansible_connection": "local", "ansible_python_interpreter": sys.executable}
NO_SERVER = {
    "tls_certificate_test_command": ["true"],
    "tls_certificate_reload_command": ["true"],
    "tls_certificate_verify_endpoints": [],
}


def blocks(guide: str, language: str) -> list[str]:
    text = (GUIDES / f"{guide}.rst").read_text(encoding="utf-8")
    return [textwrap.dedent(block) for _indent, name, block in BLOCK.findall(text) if name == language]


def plays(guide: str) -> list[list[dict[str, Any]]]:
    found = [yaml.safe_load(block) for block in blocks(guide, "yaml")]
    return [each for each in found if isinstance(each, list)]


def calls(guide: str) -> list[list[str]]:
    lines = "".join(blocks(guide, "console")).splitlines()
    return [shlex.split(line) for line in lines if line.startswith("curl ")]


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    process = SandboxProcess(tmp_path_factory.mktemp("sandbox") / "state")
    yield process
    process.stop()


def use(sandbox: SandboxProcess, module: ModuleType, **options: Any) -> dict[str, Any]:
    """Runs a module's use case in this process, which takes less time than a play."""
    return run_use_case(module.USE_CASE, Context(environ=sandbox.tencent_environment()), **options)


def submitted(sandbox: SandboxProcess, order_id: str | None = None) -> str:
    """An order that somebody has sent from elsewhere."""
    order_id = order_id or sandbox.buy("tencent_paid")
    wish = {"common_name": "www.example.com", "csr_generation": "online", "manager_id": "12895"}
    use(sandbox, tencent_order, certificate_id=order_id, wait_for="validation", wait_interval=0.1, **wish)
    return order_id


def with_ids(found: list[dict[str, Any]], orders: dict[str, str]) -> list[dict[str, Any]]:
    """Plays with real orders in place of those of the guide."""
    text = json.dumps(found)
    for example, order_id in orders.items():
        text = text.replace(example, order_id)
    changed: list[dict[str, Any]] = json.loads(text)
    return changed


class Desk:
    """A folder from which somebody runs the plays of a guide."""

    def __init__(self, sandbox: SandboxProcess, folder: Path) -> None:
        self.sandbox, self.folder = sandbox, folder
        account = sandbox.ready["accounts"]["alibaba"]
        self.environment = {
            **sandbox.tencent_environment(),
            "CERTWRIGHT_ALIBABA_ENDPOINT": sandbox.ready["http"],
            "ALIBABA_CLOUD_ACCESS_KEY_ID": account["access_key_id"],
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET": account["access_key_secret"],
            "HOME": str(folder),
        }

    def run(self, play: list[dict[str, Any]], *arguments: str, **variables: Any) -> Outcome:
        """Runs a play on hosts that are this machine; variables replace those of the play."""
        path = self.folder / "site.yml"
        path.write_text(yaml.safe_dump(play, sort_keys=False))
        hosts = [] if play[0]["hosts"] == "localhost" else ["-i", "web1,web2,"]
        extra = {"tls_certificate_dns_servers": [self.sandbox.ready["dns"]], **QUICK, **HERE, **variables}
        environment = {name: value for name, value in self.environment.items() if name != "HOME"}
        return run_playbook(path, *hosts, *arguments, "-e", json.dumps(extra), home=self.folder, **environment)

    def writes(self) -> int:
        return sum(is_write(entry) for entry in self.sandbox.journal())


@pytest.fixture
def desk(sandbox: SandboxProcess, tmp_path: Path) -> Desk:
    return Desk(sandbox, tmp_path)


def test_plays_of_the_first_order_predict_do_their_work_and_then_nothing(desk: Desk) -> None:
    tencent, alibaba, _bring = plays("guide_first_order")
    orders = {"LrmeMvQr": desk.sandbox.buy("tencent_paid"), "cas-cn-68n1mm16": desk.sandbox.buy("alibaba_dv")}
    both = with_ids([*tencent, *alibaba], orders)
    own = {
        "tls_certificate_directory": f"{desk.folder}/{{{{ inventory_hostname }}}}",
        "vault_mobile": "13800000000",
        **NO_SERVER,
    }
    sent = desk.writes()
    predicted = desk.run(both, "--check", "--diff", **own)
    assert predicted.status == 0 and predicted.output.count('+    "state": "validating"') == 2, predicted.output
    assert desk.writes() == sent and not (desk.folder / "web1").exists()
    first = desk.run(both, **own)
    assert first.status == 0, first.output
    assert all((desk.folder / host / "live" / "key.pem").is_file() for host in ("web1", "web2"))
    sent = desk.writes()
    assert desk.run(both, **own).recap == {"web1": (0, 0), "web2": (0, 0)}
    assert desk.writes() == sent


def test_certificate_whose_key_was_made_elsewhere_is_brought_along(desk: Desk) -> None:
    order_id = submitted(desk.sandbox)
    (proof,) = use(desk.sandbox, tencent_order_info, certificate_id=order_id)["order"]["validations"]
    use(desk.sandbox, dnspod_record, **proof["record"])
    wish = {"certificate_id": order_id, "return_private_key": True, "wait_for": "issued", "wait_interval": 0.1}
    bundle = use(desk.sandbox, tencent_order_info, **wish)["bundle"]
    use(desk.sandbox, dnspod_record, **proof["record"], state="absent")
    (desk.folder / "www.example.com.key").write_text(bundle["private_key"])
    tencent, _alibaba, bring = plays("guide_first_order")
    # From then on the role finds both in place.
    text = json.dumps(with_ids([*bring, *tencent], {"LrmeMvQr": order_id}))
    place = {"tls_certificate_directory": str(desk.folder / "www.example.com"), **NO_SERVER}
    outcome = desk.run(json.loads(text.replace("/etc/certwright", str(desk.folder))), **place)
    assert outcome.recap == {"web1": (1, 0)}, outcome.output


def test_play_is_led_to_a_sandbox_that_another_play_starts_and_stops(desk: Desk) -> None:
    desk.environment = {"HOME": str(desk.folder)}
    start, own_play, stop = plays("guide_sandbox")
    anywhere = {"sandbox_http": "127.0.0.1:0", "sandbox_dns": "127.0.0.1:0"}
    try:
        started = desk.run(start, **anywhere)
        assert started.status == 0, started.output
        ready = json.loads((desk.folder / ".sandbox" / "ready.json").read_text())
        order_id = next(word for word in re.findall(r'"(\w{8})"', started.output))
        outcome = desk.run(
            with_ids(own_play, {"http://127.0.0.1:18080": ready["http"], "LrmeMvQr": order_id}),
            tls_certificate_directory=str(desk.folder / "certificate"),
            tls_certificate_dns_servers=[ready["dns"]],
        )
        assert outcome.status == 0 and (desk.folder / "certificate" / "live").is_symlink(), outcome.output
    finally:
        stopped = desk.run(stop)
    assert stopped.recap == {"localhost": (1, 0)} and not (desk.folder / ".sandbox").exists(), stopped.output


def test_calls_of_the_sandbox_guide_are_understood(tmp_path: Path) -> None:
    sandbox = SandboxProcess(tmp_path / "state")
    try:
        order_id = sandbox.buy("tencent_paid")
        asked = calls("guide_sandbox")
        assert len(asked) > 10
        for _curl, *options, url in asked:
            assert url.startswith(GUIDE_URL)
            if "decision" in url:
                # Only an order that was sent can be refused.
                submitted(sandbox, order_id)
            data = json.loads(options[1]) if options[:1] == ["-d"] else None
            method = options[1] if options[:1] == ["-X"] else None
            sandbox.control(url[len(GUIDE_URL) :].replace("LrmeMvQr", order_id), data, method)
        assert sandbox.control(f"orders/{order_id}")["message"] == "no such company"
    finally:
        sandbox.stop()
