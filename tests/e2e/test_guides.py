# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plays and calls of the guides and READMEs do what is said there."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.certwright.cloud.plugins.module_utils._x509 import certificate_facts
from ansible_collections.certwright.cloud.plugins.modules import tencent_order_info
from ansible_collections.certwright.cloud.tests.served.probe import see
from desk import SOON, SWIFT, Desk, earlier, fit
from examples import Example, chosen, ran, runs
from sandbox_process import PROGRAM, SandboxProcess

GUIDES = "docs/docsite/rst"
FIRST_ORDER, SERVERS, SANDBOX, SCALE = (
    f"{GUIDES}/guide_{name}.rst" for name in ("first_order", "servers", "sandbox", "scale")
)
PAIR = {"certificate": "server.pem", "private-key": "server.key"}
INTL = {"tls_certificate_site": "intl"}
BRING = "play:Bring a certificate to the server whose key was made elsewhere"


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    process = SandboxProcess(tmp_path_factory.mktemp("sandbox") / "state")
    yield process
    process.stop()


@pytest.fixture
def desk(sandbox: SandboxProcess, tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(sandbox, tmp_path)
    yield desk
    desk.leave()


def service(*arguments: str) -> None:
    """Stops what a test has started in the background, if it still runs."""
    subprocess.run([sys.executable, str(PROGRAM), "service", *arguments], check=True, capture_output=True, timeout=60)


def role_variables(play: Example) -> dict[str, Any]:
    (role,) = play.content["roles"]
    variables: dict[str, Any] = role["vars"]
    return variables


def drawn(example: Example) -> dict[str, str]:
    """What is said of each path below the first line of a drawing of folders."""
    paths: dict[str, str] = {}
    above: list[str] = []
    for line in example.text.splitlines()[1:]:
        name, _gap, said = line.strip().partition(" ")
        above[(len(line) - len(line.lstrip())) // 4 - 1 :] = [name.rstrip("/")]
        paths["/".join(above)] = said.strip()
    return paths


def assert_folders_are_as_drawn(folder: Path, order_id: str) -> None:
    (drawing,) = chosen(f"{SERVERS}:text:/etc/certwright/")
    paths = {path.replace("LrmeMvQr", order_id): said for path, said in drawn(drawing).items()}
    version = f"versions/{order_id}"
    assert {path for path in paths if path.startswith(f"{version}/")} == {
        f"{version}/{name}" for name in os.listdir(folder / version)
    }
    assert paths.pop("live") == f"-> {os.readlink(folder / 'live')}".replace(order_id, "LrmeMvQr")
    assert [path for path, said in paths.items() if said.startswith("0600")] == [f"{version}/key.pem"]
    assert (folder / version / "key.pem").stat().st_mode & 0o777 == 0o600
    ran([drawing])


@runs(
    f"{FIRST_ORDER}:play:Keep ",
    f"{FIRST_ORDER}:command:ansible-playbook ",
    f"{SERVERS}:text:/etc/certwright/",
    "README.md:play",
    "README.zh-CN.md:play",
    "roles/tls_certificate/README.md:play",
)
def test_plays_for_a_bought_order_predict_do_their_work_and_then_nothing(desk: Desk) -> None:
    names = {"web1": "www.example.com", "web2": "www.example.net"}
    orders = {"web1": desk.sandbox.buy("tencent_paid"), "web2": desk.sandbox.buy("alibaba_dv")}
    servers = {host: desk.serve(desk.folder / host, name) for host, name in names.items()}
    ids = {"LrmeMvQr": orders["web1"], "cas-cn-68n1mm16": orders["web2"]}
    own = {
        "tls_certificate_directory": f"{desk.folder}/{{{{ inventory_hostname }}}}",
        "vault_mobile": "13800000000",
        **{f"vault_tencent_{name}": value for name, value in desk.sandbox.ready["accounts"]["tencent"].items()},
    }
    english = chosen(f"{FIRST_ORDER}:play:Keep ")
    others = [*chosen("README.zh-CN.md:play"), *chosen("roles/tls_certificate/README.md:play")]
    here, again = (
        [fit(play, {**ids, **servers[play.content["hosts"]]}) for play in plays] for plays in (english, others)
    )
    check, run = chosen(f"{FIRST_ORDER}:command:ansible-playbook ")

    sent = desk.writes()
    predicted = desk.run(here, check, **own)
    assert predicted.status == 0 and predicted.output.count('+    "state": "validating"') == 2, predicted.output
    assert [os.listdir(desk.folder / host / "versions") for host in names] == [["earlier"]] * 2
    assert desk.writes() == sent

    first = desk.run(here, run, **own)
    assert first.status == 0, first.output
    assert [desk.sandbox.control(f"orders/{order}")["submissions"] for order in orders.values()] == [1, 1]
    served = [desk.served(servers[host], name) for host, name in names.items()]
    assert served == [desk.issued(order) for order in orders.values()]
    assert_folders_are_as_drawn(desk.folder / "web1", orders["web1"])

    # The others say the same: two of them for an account on the other site, one with its key from a vault.
    said = {play.content["hosts"]: role_variables(play) for play in english}
    for play in others:
        assert {**role_variables(play), **INTL} == {**said[play.content["hosts"]], **INTL}
    sent = desk.writes()
    second = desk.run(again, run, **own)
    assert second.recap == {"web1": (0, 0), "web2": (0, 0)}, second.output
    assert desk.writes() == sent


@runs(f"{FIRST_ORDER}:{BRING}")
def test_certificate_whose_key_was_made_elsewhere_is_brought_along(desk: Desk) -> None:
    order = desk.submitted("tencent_paid", "www.example.com")
    desk.publish(order)
    wish = {"certificate_id": order["id"], "return_private_key": True, "wait_for": "issued", **SOON}
    bundle = desk.use(tencent_order_info, **wish)["bundle"]
    desk.publish(order, "absent")
    (desk.folder / "www.example.com.key").write_text(bundle["private_key"])
    (bring,) = chosen(f"{FIRST_ORDER}:{BRING}")
    tencent, _alibaba = chosen(f"{FIRST_ORDER}:play:Keep ")
    server = desk.serve(desk.folder / "www.example.com", "www.example.com")
    table = {"LrmeMvQr": order["id"], "/etc/certwright": str(desk.folder), **server}
    # From then on the role finds both in place.
    directory = str(desk.folder / "www.example.com")
    outcome = desk.run([fit(bring, table), fit(tencent, table)], tls_certificate_directory=directory)
    assert outcome.recap == {"web1": (1, 0)}, outcome.output


@runs(f"{SCALE}:play")
def test_certificates_that_are_due_are_found_among_the_orders_of_all_hosts(desk: Desk) -> None:
    order = desk.submitted("tencent_paid", "www.example.com")
    desk.publish(order)
    desk.use(tencent_order_info, certificate_id=order["id"], wait_for="issued", **SOON)
    ids = {"web1": desk.sandbox.buy("tencent_paid"), "web2": order["id"]}
    (find,) = chosen(f"{SCALE}:play")
    own = {"ids": ids, "tls_certificate_order_id": "{{ ids[inventory_hostname] }}"}
    listed = len(desk.sandbox.journal(action="DescribeCertificates"))
    # The sandbox's certificates are valid for less than 400 days.
    due = {days: desk.run([fit(find, {"30 *": f"{days} *"})], **own) for days in (1, 400)}
    assert [order_id in due[400].output for order_id in ids.values()] == [False, True], due[400].output
    assert [order_id in due[1].output for order_id in ids.values()] == [False, False], due[1].output
    assert len(desk.sandbox.journal(action="DescribeCertificates")) - listed == 2


@runs(f"{SANDBOX}:play", f"{SERVERS}:settings", "roles/sandbox/README.md:play")
def test_play_is_led_to_a_sandbox_that_another_play_starts_and_stops(desk: Desk) -> None:
    desk.environment = {"HOME": str(desk.folder), **SWIFT}
    start, own_play, stop = chosen(f"{SANDBOX}:play")
    (buy_and_look,) = chosen("roles/sandbox/README.md:play")
    (two_files,) = chosen(f"{SERVERS}:settings")
    files = fit(two_files, {"/etc/haproxy": str(desk.folder)})
    (desk.folder / "certs").mkdir()
    state = desk.folder / ".sandbox"
    try:
        started = desk.run([fit(start, {})], sandbox_http="127.0.0.1:0", sandbox_dns="127.0.0.1:0")
        assert started.status == 0, started.output
        ready = json.loads((state / "ready.json").read_text())
        order_id = next(word for word in re.findall(r'"(\w{8})"', started.output))
        table = {"http://127.0.0.1:18080": ready["http"], "127.0.0.1:15353": ready["dns"], "LrmeMvQr": order_id}
        own = {"tls_certificate_directory": str(desk.folder / "certificate")}
        own["tls_certificate_dns_servers"] = [ready["dns"]]
        outcome = desk.run([fit(own_play, table), fit(stop, {}), fit(buy_and_look, {})], settings=files, **own)
    finally:
        service("stop", "--state-dir", str(state), "--remove")
    assert outcome.status == 0, outcome.output
    assert [os.path.realpath(path) for path in files.content.values()] == [
        str(desk.folder / "certificate" / "versions" / order_id / name) for name in ("fullchain.pem", "key.pem")
    ]
    # Stopped, started, one order bought, stopped again.
    assert outcome.recap["localhost"] == (4, 0), outcome.output


@runs("roles/sandbox/README.md:task", "roles/sandbox/README.md:inline")
def test_tls_server_of_the_sandbox_is_started_checked_and_reloaded(desk: Desk) -> None:
    demo = desk.folder / "demo"
    tasks = [fit(task, {"/tmp": str(desk.folder)}) for task in chosen("roles/sandbox/README.md:task")]
    table = {"python3 PROGRAM": f"python3 {PROGRAM}", "--pid-file FILE": f"--pid-file {demo}/server.pid"}
    table |= {f"--{option} FILE": f"--{option} {demo}/{name}" for option, name in PAIR.items()}
    check, reload = (fit(command, table) for command in chosen("roles/sandbox/README.md:inline"))
    play = {"name": "Start it", "hosts": "localhost", "gather_facts": False, "tasks": tasks}
    try:
        started = desk.run([play])
        assert started.status == 0, started.output
        host, port = re.search(r"on (\S+):(\d+)$", (demo / "server.log").read_text().strip()).groups()
        seen = [see((host, int(port)), "www.example.com")]
        pair = earlier("www.example.com")
        for option, name in PAIR.items():
            (demo / name).write_text(pair[option.replace("-", "_")])
        desk.follow([check, reload])
        seen.append(see((host, int(port)), "www.example.com"))
    finally:
        service("stop-tls-server", "--pid-file", str(demo / "server.pid"))
    assert seen[0] != seen[1] == certificate_facts(pair["certificate"]).fingerprint_sha256


@runs(f"{SANDBOX}:call")
def test_calls_of_the_sandbox_guide_are_understood(tmp_path: Path) -> None:
    sandbox = SandboxProcess(tmp_path / "state")
    desk = Desk(sandbox, tmp_path)
    try:
        order_id = sandbox.buy("tencent_paid")
        for call in chosen(f"{SANDBOX}:call"):
            if "decision" in call.text:
                # Only an order that was sent can be refused.
                desk.submitted("tencent_paid", "www.example.com", order_id)
            desk.call(fit(call, {"LrmeMvQr": order_id}))
        assert sandbox.control(f"orders/{order_id}")["message"] == "no such company"
    finally:
        sandbox.stop()
