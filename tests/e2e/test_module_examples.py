# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The examples of all modules, and of the roles for single steps, are the story of one order at each cloud.

What one example registers, the next one uses. In the end those that write are run again, and change nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.certwright.cloud.plugins.module_utils._x509 import certificate_facts
from ansible_collections.certwright.cloud.plugins.modules import (
    certificate_request,
    dnspod_record,
    tencent_order,
    tencent_order_info,
)
from desk import SOON, Desk, Fitted, earlier, fit
from examples import TASK, chosen, runs
from plays import is_write
from sandbox_process import SandboxProcess

SHOW = "Show what was registered"
STORY_OF_TENCENT = ("certificate_request", "tencent_order", "tencent_order_info", "dnspod_record", "dns_wait")
STORY_OF_TENCENT += ("certificate_install", "validation_note")
STORY_OF_ALIBABA = ("alibaba_dv_order", "alibaba_dv_order_info", "alidns_record")
ORDERS = ("tencent_order", "tencent_order_info", "alibaba_dv_order", "alibaba_dv_order_info")


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


def in_module(name: str) -> str:
    return f"plugins/modules/{name}.py:{TASK}"


def in_role(name: str) -> str:
    return f"roles/{name}/README.md:{TASK}"


def of_module(name: str, table: dict[str, Any]) -> list[Fitted]:
    return [fit(example, table) for example in chosen(in_module(name))]


def of_role(name: str, table: dict[str, Any]) -> list[Fitted]:
    return [fit(example, table) for example in chosen(in_role(name))]


class Told:
    """A story that was run: what changed at first, and what its tasks registered. Run again, nothing changed.

    Beside the examples stands only what they leave to the world: how soon to look again, and which name servers to ask.
    """

    def __init__(self, desk: Desk, story: list[Fitted], again: list[Fitted], **variables: Any) -> None:
        names = [task.content["register"] for task in story if "register" in task.content]
        show = {"name": SHOW, "ansible.builtin.debug": {"msg": {name: f"{{{{ {name} }}}}" for name in names}}}
        defaults = {f"certwright.cloud.{name}": SOON for name in ORDERS}
        defaults["certwright.cloud.dns_wait"] = {"servers": [desk.sandbox.ready["dns"]], "query_timeout": 60, **SOON}
        play = {"hosts": "web1", "gather_facts": False, "module_defaults": defaults, "vars": variables}
        plays = [{"name": "First", **play, "tasks": [*story, show]}, {"name": "Again", **play, "tasks": again}]
        outcome = desk.run(
            plays, tls_validation_servers=[desk.sandbox.ready["dns"]], tls_validation_interval=SOON["wait_interval"]
        )
        assert outcome.status == 0, outcome.output
        changed = [at for at, statuses in outcome.statuses().items() if "changed" in statuses]
        assert [task for play, task in changed if play == "Again"] == []
        self.changed = {task for play, task in changed if play == "First"}
        shown = outcome.output.split(f"TASK [{SHOW}]")[1].split(" => ", 1)[1]
        self.registered = json.JSONDecoder().raw_decode(shown)[0]["msg"]


def titles(*tasks: Fitted) -> set[str]:
    return {task.example.title for task in tasks}


def sent(desk: Desk, order_id: str) -> list[str]:
    """The writes that an order got."""
    return [entry["action"] for entry in desk.sandbox.journal(order_id) if is_write(entry)]


def values(desk: Desk, name: str) -> set[str]:
    """What the zones have at a name."""
    zones = desk.sandbox.control("zones")["zones"]
    found = [(f"{each['name']}.{zone['name']}", each["value"]) for zone in zones for each in zone["records"]]
    return {value for record, value in found if record == name}


def with_key_of_its_own(desk: Desk, order_id: str, directory: Path) -> dict[str, Any]:
    """Takes an order to its certificate, with a key that is made in a directory; returns the last look at it."""
    request = desk.use(certificate_request, directory=str(directory), order_id=order_id, domains=["www.example.com"])
    wish = {"csr": request["request"]["csr"], "manager_id": "12895", "wait_for": "validation", **SOON}
    desk.publish(desk.use(tencent_order, certificate_id=order_id, **wish)["order"])
    look = {"certificate_id": order_id, "wait_for": "issued", "return_certificate": True, **SOON}
    return desk.use(tencent_order_info, **look)


def put_beside(desk: Desk, waits: list[Fitted], unwanted: dict[str, Any]) -> set[str]:
    """Publishes what is waited for, and a value that is to be removed; returns the other values at its name."""
    for wait in waits:
        wanted = wait.content["certwright.cloud.dns_wait"]
        desk.use(dnspod_record, **{name: wanted[name] for name in ("name", "type", "value") if name in wanted})
    desk.use(dnspod_record, **{**unwanted, "state": "present"})
    return values(desk, unwanted["name"]) - {unwanted["value"]}


def two_files(desk: Desk) -> tuple[dict[str, Any], str]:
    """A server with two files in its configuration, and a pair that is to replace them; its commands, the new leaf."""
    old, new = earlier("shop.example.com"), earlier("shop.example.com")
    for folder, name, pair in ((desk.folder / "ssl", "shop", old), (desk.folder, "shop.example.com", new)):
        folder.mkdir(exist_ok=True)
        (folder / f"{name}.pem").write_text(pair["certificate"])
        (folder / f"{name}.key").write_text(pair["private_key"])
    commands = desk.serve_files(desk.folder / "ssl" / "shop.pem", desk.folder / "ssl" / "shop.key")
    return commands, certificate_facts(new["certificate"]).fingerprint_sha256


@runs(*map(in_module, STORY_OF_TENCENT), in_role("tls_install"))
def test_examples_take_an_order_of_tencent_from_the_key_to_the_server(desk: Desk) -> None:
    buy, dns = desk.sandbox.buy, desk.sandbox.ready["dns"]
    place, alone = desk.folder / "certwright", desk.folder / "role"
    orders = [buy("tencent_paid", product="multi", domain_num=2) for _unused in range(2)]
    orders += [buy("tencent_paid") for _unused in range(2)]
    main, of_organization, of_person, by_role = orders
    server, (shop, new_leaf) = desk.serve(place / "www.example.com", "www.example.com"), two_files(desk)
    last = desk.serve(alone / "www.example.com", "www.example.com")
    table = {"LrmeMvQr": main, "/etc/certwright": str(place), "/etc/ssl": str(desk.folder / "ssl"), **server}
    table |= {"192.0.2.53": dns, "[2001:db8::53]:5353": dns}

    request, show_request, organization = of_module("certificate_request", table)
    submit, person, prepare, adopt = of_module("tencent_order", table)
    person = fit(person.example, {"LrmeMvQr": of_person})
    prepare = fit(prepare.example, {"LrmeMvQr": of_organization})
    look, show, check, search, overview, fetch = of_module("tencent_order_info", {**table, "L4bPQ0zG": of_person})
    publish, remove = of_module("dnspod_record", table)
    one, every, resolver = of_module("dns_wait", table)
    note, read, forget = of_module("validation_note", table)
    bring, install, preflight, configured = of_module("certificate_install", {**table, **shop})
    install, preflight = fit(install.example, table), fit(preflight.example, table)
    (role,) = of_role("tls_install", {"LrmeMvQr": by_role, "/etc/certwright": str(alone), "bought.": "other.", **last})
    other = with_key_of_its_own(desk, by_role, alone / "www.example.com")
    unwanted = remove.content["certwright.cloud.dnspod_record"]
    beside = put_beside(desk, [one, resolver], unwanted)

    story = [preflight, person, prepare, request, show_request, organization, submit, look, show, check]
    story += [note, publish, every, search, overview, fetch, bring, install, adopt, configured, one, resolver, remove]
    story += [read, forget, role]
    again = [person, prepare, request, organization, submit, install, configured, role]
    told = Told(desk, story, again, other=other)

    writing = titles(person, prepare, request, organization, submit, note, publish)
    writing |= titles(install, configured, remove, forget)
    assert told.changed - writing == {
        "certwright.cloud.tls_install : Install the certificate and prove that it is served"
    }
    assert told.changed > writing
    submissions = [desk.sandbox.control(f"orders/{order_id}")["submissions"] for order_id in orders]
    assert submissions == [1, 0, 1, 1]
    assert told.registered["adopted"]["order"]["domains"] == ["www.example.com", "example.com"]
    # The order of the person shows its values, and so its state, a little later.
    assert {main, by_role} <= {each["id"] for each in told.registered["found"]["orders"]} <= {main, by_role, of_person}
    assert [each["id"] for each in told.registered["overview"]["orders"]] == [main, of_person]
    assert [each["status"] for each in told.registered["looked_up"]["order"]["validations"]] == ["pending"] * 2
    assert len(desk.sandbox.journal(main, "CheckCertificateDomainVerification")) == 1
    assert told.registered["seen"]["complete"], told.registered["seen"]
    (noted,) = note.content["certwright.cloud.validation_note"]["records"]
    assert told.registered["left"]["published"] == [{"dns": "dnspod", "site": "intl", "records": [noted]}]
    assert not (place / "www.example.com" / ".validation.json").exists()
    left = values(desk, unwanted["name"])
    assert left >= beside != set() and unwanted["value"] not in left
    assert told.registered["issued"]["bundle"]["private_key"] is None
    assert desk.served(server, "www.example.com") == desk.issued(main)
    assert desk.served(last, "www.example.com") == desk.issued(by_role)
    assert desk.served(shop, "shop.example.com") == new_leaf
    assert [(desk.folder / "ssl" / name).is_symlink() for name in ("shop.pem", "shop.key")] == [True, True]


@runs(*map(in_module, STORY_OF_ALIBABA), in_role("tls_validation"))
def test_examples_take_an_order_of_alibaba_to_its_certificate(desk: Desk) -> None:
    main, unused_id = desk.sandbox.buy("alibaba_dv"), desk.sandbox.buy("alibaba_dv")
    elsewhere = desk.submitted("alibaba_dv", "shop.example.net")
    desk.publish(elsewhere)
    table = {"cas-cn-68n1mm16": main, "cas-cn-70n2nn27": unused_id, "cas-cn-68n1mm17": elsewhere["id"]}
    submit, publish_first, adopt = of_module("alibaba_dv_order", table)
    look, show, unused, overview, fetch = of_module("alibaba_dv_order_info", table)
    publish, remove = of_module("alidns_record", table)
    by_role, removed_by_role = of_role("tls_validation", table)

    story = [submit, look, show, overview, unused, publish_first, by_role]
    story += [fetch, removed_by_role, adopt, publish, remove]
    told = Told(desk, story, [submit, publish_first, adopt])

    writing = titles(submit, publish_first, publish, remove)
    assert told.changed - writing == {"certwright.cloud.tls_validation : Remove each record at Alibaba Cloud DNS"}
    assert told.changed > writing
    assert sent(desk, main) == sent(desk, elsewhere["id"]) == ["CreateDVOrderAudit"]
    assert [each["id"] for each in told.registered["unused"]["orders"]] == [unused_id]
    assert [each["state"] for each in told.registered["overview"]["orders"]] == ["validating", "awaiting_documents"]
    assert told.registered["looked_up"]["order"]["state"] == "validating"
    bundle = told.registered["issued"]["bundle"]
    assert bundle["order_id"] == main and "PRIVATE KEY" in bundle["private_key"]
    assert desk.sandbox.control(f"orders/{elsewhere['id']}")["state"] == "issued"
    assert values(desk, "_dnsauth.www.example.net") == set()
