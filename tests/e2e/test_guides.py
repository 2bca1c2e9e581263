# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plays and calls of the guides do what the guides say. Only ids, paths and commands are those of this machine."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.certwright.cloud.plugins.modules import tencent_order_info
from desk import SOON, Desk, fit
from examples import CALL, PLAY, Example, chosen
from sandbox_process import SandboxProcess

NO_SERVER = {
    "tls_certificate_test_command": ["true"],
    "tls_certificate_reload_command": ["true"],
    "tls_certificate_verify_endpoints": [],
}


def examples(guide: str, kind: str) -> list[Example]:
    return chosen(f"docs/docsite/rst/{guide}.rst:{kind}")


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    process = SandboxProcess(tmp_path_factory.mktemp("sandbox") / "state")
    yield process
    process.stop()


@pytest.fixture
def desk(sandbox: SandboxProcess, tmp_path: Path) -> Desk:
    return Desk(sandbox, tmp_path)


def test_plays_of_the_first_order_predict_do_their_work_and_then_nothing(desk: Desk) -> None:
    tencent, alibaba, _bring = examples("guide_first_order", PLAY)
    orders = {"LrmeMvQr": desk.sandbox.buy("tencent_paid"), "cas-cn-68n1mm16": desk.sandbox.buy("alibaba_dv")}
    both = [fit(play, orders) for play in (tencent, alibaba)]
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
    order = desk.submitted("tencent_paid", "www.example.com")
    desk.publish(order)
    wish = {"certificate_id": order["id"], "return_private_key": True, "wait_for": "issued", **SOON}
    bundle = desk.use(tencent_order_info, **wish)["bundle"]
    desk.publish(order, "absent")
    (desk.folder / "www.example.com.key").write_text(bundle["private_key"])
    tencent, _alibaba, bring = examples("guide_first_order", PLAY)
    table = {"LrmeMvQr": order["id"], "/etc/certwright": str(desk.folder)}
    # From then on the role finds both in place.
    place = {"tls_certificate_directory": str(desk.folder / "www.example.com"), **NO_SERVER}
    outcome = desk.run([fit(bring, table), fit(tencent, table)], **place)
    assert outcome.recap == {"web1": (1, 0)}, outcome.output


def test_play_is_led_to_a_sandbox_that_another_play_starts_and_stops(desk: Desk) -> None:
    desk.environment = {"HOME": str(desk.folder)}
    start, own_play, stop = (fit(play, {}) for play in examples("guide_sandbox", PLAY))
    anywhere = {"sandbox_http": "127.0.0.1:0", "sandbox_dns": "127.0.0.1:0"}
    try:
        started = desk.run([start], **anywhere)
        assert started.status == 0, started.output
        ready = json.loads((desk.folder / ".sandbox" / "ready.json").read_text())
        order_id = next(word for word in re.findall(r'"(\w{8})"', started.output))
        outcome = desk.run(
            [fit(own_play.example, {"http://127.0.0.1:18080": ready["http"], "LrmeMvQr": order_id})],
            tls_certificate_directory=str(desk.folder / "certificate"),
            tls_certificate_dns_servers=[ready["dns"]],
        )
        assert outcome.status == 0 and (desk.folder / "certificate" / "live").is_symlink(), outcome.output
    finally:
        stopped = desk.run([stop])
    assert stopped.recap == {"localhost": (1, 0)} and not (desk.folder / ".sandbox").exists(), stopped.output


def test_calls_of_the_sandbox_guide_are_understood(tmp_path: Path) -> None:
    sandbox = SandboxProcess(tmp_path / "state")
    desk = Desk(sandbox, tmp_path)
    try:
        order_id = sandbox.buy("tencent_paid")
        asked = examples("guide_sandbox", CALL)
        assert len(asked) > 10
        for call in asked:
            if "decision" in call.text:
                # Only an order that was sent can be refused.
                desk.submitted("tencent_paid", "www.example.com", order_id)
            desk.call(fit(call, {"LrmeMvQr": order_id}))
        assert sandbox.control(f"orders/{order_id}")["message"] == "no such company"
    finally:
        sandbox.stop()
