# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Canaries: no secret and no personal data stays anywhere or is shown anywhere, whatever happens."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.certwright.cloud.tests.evidence import found_in
from ansible_collections.certwright.cloud.tests.leaks.canaries import CANARIES, shapes
from ansible_collections.certwright.cloud.tests.leaks.cases import REFUSED, Case
from ansible_collections.certwright.cloud.tests.leaks.story import INHERITED, Story

# The beginning and the end of it.
PEM = "PRIVATE KEY-----"


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    return Story(tmp_path_factory.mktemp("leaks"))


@pytest.fixture(scope="module")
def secrets(story: Story) -> dict[str, str]:
    """All that must not be found, by the shape in which it is looked for: which canary it is."""
    names = {value: name for name, value in CANARIES.items()}
    wanted = {shape: names[value] for shape, value in shapes(CANARIES.values()).items()}
    for name, key in story.keys.items():
        wanted.update(dict.fromkeys(key.splitlines()[1:-1], name))
    return wanted


def hits(found: dict[str, list[Path]], secrets: dict[str, str]) -> dict[str, list[str]]:
    """What was found, by canary."""
    by_name: dict[str, list[str]] = {}
    for shape, paths in found.items():
        by_name.setdefault(secrets[shape], []).extend(str(path) for path in paths)
    return by_name


def cases(story: Story) -> list[Case]:
    return [case for some in story.cases.values() for case in some]


def ending(lines: Iterable[dict[str, Any]]) -> str:
    """How a task ended."""
    (last, *_more) = reversed(list(lines))
    if not last["failed"]:
        return "ok"
    kind = (last["result"].get("error") or {}).get("kind")
    return kind or (REFUSED if "Unsupported parameters" in last["result"]["msg"] else str(last["result"]["msg"]))


def test_every_case_ended_as_it_should(story: Story) -> None:
    by_task: dict[str, list[dict[str, Any]]] = {}
    for line in story.results:
        by_task.setdefault(line["task"], []).append(line)
    ended = {case.name: ending(by_task[case.name]) if case.name in by_task else "not run" for case in cases(story)}
    assert ended == {case.name: case.ends for case in cases(story)}
    assert story.first.status == 0
    roles = [line for line in story.results if line["host"] in story.orders]
    assert [line["task"].rpartition(" : ")[2] for line in roles if line["failed"]] == (
        ["Install the certificate and prove that it is served"] * 2
    )


def test_no_canary_stays_anywhere(story: Story, secrets: dict[str, str], figures: list[str]) -> None:
    files = [path for place in story.places.values() for path in place.rglob("*") if path.is_file()]
    searched = [path for path in files if path not in story.profiles]
    filled = {name for name, place in story.places.items() if any(path.is_relative_to(place) for path in searched)}
    # Ansible has tidied up after itself here.
    assert set(story.places) - filled <= {"tmp"}
    found = hits(found_in(story.places.values(), secrets, except_for=story.profiles), secrets)
    planted = len(set(secrets.values()))
    megabytes = sum(path.stat().st_size for path in searched) / 1e6
    figures.append(
        f"canaries: {planted} ({len(secrets)} shapes) x {len(story.places)} places ({len(searched)} files, "
        f"{megabytes:.1f} MB) after {len(cases(story))} cases of modules and {len(story.orders)} of the role: "
        f"{sum(map(len, found.values()))} hits"
    )
    assert found == {}
    assert {name for name in story.keys if name.startswith("key of the cloud")} <= set(secrets.values())


def test_no_private_key_is_shown_in_any_shape(story: Story) -> None:
    assert found_in(story.places.values(), [PEM], except_for=story.profiles) == {}


def test_no_process_shows_a_canary(story: Story, secrets: dict[str, str], figures: list[str]) -> None:
    inherited = {CANARIES[name] for name in INHERITED}
    shown = story.watch.shown(secrets, within=["cmdline"])
    shown += [each for each in story.watch.shown(secrets, within=["environ"]) if each not in shapes(inherited)]
    figures.append(
        f"canaries: {len(story.watch.processes)} processes looked at {story.watch.looks} times: {len(shown)} hits"
    )
    assert [secrets[each] for each in shown] == []
    assert story.watch.looks > 100 and len(story.watch.processes) > 50
    # The same look does see modules run, with what they have inherited.
    assert story.watch.shown(["AnsiballZ_alibaba_dv_order"], within=["cmdline"])
    assert set(story.watch.shown(inherited, within=["environ"])) == inherited


def test_the_same_search_finds_every_canary_where_it_was_planted(story: Story, secrets: dict[str, str]) -> None:
    planted = [story.folder / "sandbox", *(path.parent for path in story.profiles)]
    inventory = json.loads((story.folder / "inventory.json").read_text())
    (story.folder / "planted").mkdir()
    (story.folder / "planted" / "inventory").write_text(json.dumps(inventory, ensure_ascii=False))
    found = hits(found_in([story.folder / "planted"], secrets), secrets)
    assert set(CANARIES) <= set(found)
    assert {"tencent key", "key in a broken file", "key of a role"} <= set(hits(found_in(planted, secrets), secrets))
    # Keys lie where they belong: on the host, and there only.
    on_host = hits(found_in([story.folder / "host"], secrets), secrets)
    for flow, order_id in story.orders.items():
        paths = on_host[f"key of the cloud for {order_id}"]
        assert {Path(path).name for path in paths} == {"key.pem"} and all(f"/host/{flow}/" in path for path in paths)


def test_state_directory_is_there_and_holds_orders_only(story: Story) -> None:
    state = story.places["home"] / ".local" / "state" / "certwright"
    lines = [json.loads(line) for line in (state / "audit.jsonl").read_text().splitlines()]
    assert {line["action"] for line in lines} >= {"CertificateOrderSubmit", "CreateDVOrderAudit", "CreateRecord"}
    assert {line["outcome"] for line in lines} >= {"sending", "accepted", "refused", "unknown"}
    assert len(list((state / "orders").iterdir())) > 5


def test_kept_files_hold_the_options_of_a_task_and_nothing_from_environment_or_profiles(
    story: Story, secrets: dict[str, str]
) -> None:
    found = hits(found_in([story.kept], secrets), secrets)
    assert set(found) == {"alibaba key", "alibaba token", "key that does not fit"}
    assert {Path(path).name for path in found["key that does not fit"]} == {"AnsiballZ_certificate_install.py"}
    assert len(list(story.kept.rglob("AnsiballZ_*.py"))) == 5
    # They are for the user's eyes only.
    assert all(path.parent.stat().st_mode & 0o077 == 0 for path in story.kept.rglob("AnsiballZ_*.py"))
    # What Ansible shows by itself: the environment of a task is part of a command line.
    assert set(hits(found_in([story.folder / "second"], secrets), secrets)) == {"token of a task's environment"}
    # What was not kept on purpose is gone: the first run has left no module anywhere.
    assert [path for place in story.places.values() for path in place.rglob("AnsiballZ_*")] == []
