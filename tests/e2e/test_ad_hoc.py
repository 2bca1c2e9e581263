# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The ad-hoc commands of the documentation, typed into a shell with nothing set but where the sandbox listens."""

from __future__ import annotations

import json
import shlex
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.certwright.cloud.plugins.modules import dnspod_record, tencent_order
from desk import Desk, Fitted, fit
from examples import chosen, ran, runs
from plays import ansible_environment
from sandbox_process import SandboxProcess

GUIDES = "docs/docsite/rst"
IN_README = ("README.md:command:export ", "README.md:command:ansible ")


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    process = SandboxProcess(tmp_path_factory.mktemp("sandbox") / "state")
    yield process
    process.stop()


@pytest.fixture
def desk(sandbox: SandboxProcess, tmp_path: Path) -> Desk:
    return Desk(sandbox, tmp_path)


def endpoints(desk: Desk) -> dict[str, str]:
    return {name: value for name, value in desk.environment.items() if name.startswith("CERTWRIGHT_")}


def keys(desk: Desk) -> dict[str, str]:
    """The keys that an example leaves out."""
    names = ("TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_SECRET_KEY")
    names += ("ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET")
    return {f"{name}=...": f"{name}={desk.environment[name]}" for name in names}


def commands(selector: str, table: Mapping[str, str]) -> list[Fitted]:
    return [fit(example, table) for example in chosen(selector)]


def result(answer: str) -> dict[str, Any]:
    """What a module returned, as the command shows it."""
    shown: dict[str, Any] = json.JSONDecoder().raw_decode(answer.split(" => ", 1)[1])[0]
    return shown


def assert_remembered_as_shown(trail: Path, order_id: str) -> None:
    """The trail has a line as the guide shows it, once."""
    (example,) = chosen(f"{GUIDES}/guide_security.rst:json")
    shown, lines = json.loads(example.text), [json.loads(line) for line in trail.read_text().splitlines()]
    same = {name: shown[name] for name in ("site", "cloud", "action", "outcome", "code")} | {"subject": order_id}
    (line,) = [line for line in lines if line | same == line]
    assert [(name, type(value)) for name, value in line.items()] == [(name, type(shown[name])) for name in shown]
    ran([example])


@runs(
    *IN_README,
    "README.zh-CN.md:command:ansible ",
    f"{GUIDES}/guide_first_order.rst:command:export ",
    f"{GUIDES}/guide_first_order.rst:command:ansible ",
    f"{GUIDES}/guide_trouble.rst:inline:ansible ",
    f"{GUIDES}/guide_security.rst:json",
    *(f"plugins/modules/{name}.py:inline" for name in ("tencent_order", "tencent_order_info", "alibaba_dv_order_info")),
)
def test_commands_of_the_readme_need_no_file_but_the_order(desk: Desk) -> None:
    buy, record = desk.sandbox.buy, {"name": "_dnsauth.www.example.com", "value": "2026112100000000seen"}
    waiting = desk.submitted("tencent_paid", "shop.example.com")
    desk.use(dnspod_record, **record)
    flat, from_file, alibaba = buy("tencent_paid"), buy("tencent_paid"), buy("alibaba_dv")
    application = {"certificate_id": from_file, "common_name": "www.example.com", "manager_id": 12895}
    application |= {"company_id": 11772, "csr_generation": "online", "key_pass": "not-shown"}
    (desk.folder / "order.json").write_text(json.dumps(application))
    table = {**keys(desk), "LrmeMvQr": flat, "cas-cn-68n1mm16": alibaba, "2026112100...": record["value"]}
    # The name servers of the world do not know this zone.
    table["wait_timeout=0"] = f"wait_timeout=0 query_timeout=60 servers={desk.sandbox.ready['dns']}"

    exports, typed = (commands(selector, table) for selector in IN_README)
    in_chinese = commands("README.zh-CN.md:command:ansible ", table)
    answers = desk.follow([*exports, *typed, *in_chinese], **endpoints(desk))[len(exports) :]
    unsent_alibaba, unsent, validating, *sent, seen, chinese, chinese_alibaba = map(result, answers)

    assert unsent_alibaba["order"] == chinese_alibaba["order"]
    for order in (unsent_alibaba["order"], unsent["order"]):
        assert order["state"] == "awaiting_documents" and order["next_step"]
    assert [order["id"] for order in validating["orders"]] == [waiting["id"]]
    assert [order["changed"] for order in sent] == [True, True] and "not-shown" not in "".join(answers)
    # The values to publish come a little later.
    assert {order["order"]["state"] for order in (*sent, chinese)} <= {"reviewing", "validating"}
    assert seen["complete"], seen
    options = dict(word.split("=", 1) for word in shlex.split(typed[3].content)[-1].split())
    assert not desk.use(tencent_order, **options)["changed"]
    assert [desk.sandbox.control(f"orders/{order_id}")["submissions"] for order_id in (flat, from_file)] == [1, 1]
    assert_remembered_as_shown(desk.folder / ".local" / "state" / "certwright" / "audit.jsonl", flat)


@runs(f"{GUIDES}/guide_sandbox.rst:command", f"{GUIDES}/guide_trouble.rst:settings")
def test_commands_are_led_to_the_sandbox_also_with_an_inventory_that_has_this_machine(desk: Desk) -> None:
    order_id = desk.sandbox.buy("tencent_paid")
    (desk.folder / ".sandbox").symlink_to(desk.sandbox.state_dir)
    table = {"http://127.0.0.1:18080": desk.sandbox.ready["http"], "LrmeMvQr": order_id}
    (inventory,) = commands(f"{GUIDES}/guide_trouble.rst:settings", {})
    *exports, look = commands(f"{GUIDES}/guide_sandbox.rst:command", table)
    *_exports, looked = desk.follow([*exports, look], inventory=inventory)
    assert result(looked)["order"]["id"] == order_id


def test_failure_is_one_message_without_a_trace(desk: Desk) -> None:
    done = subprocess.run(
        ["ansible", "localhost", "-m", "certwright.cloud.tencent_order_info", "-a", "certificate_id=AbCd1234"],
        env=ansible_environment(desk.folder, **desk.environment),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode != 0 and "FailedOperation.CertificateNotFound" in done.stdout
    assert '"kind": "not_found"' in done.stdout and '"changed": false' in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
