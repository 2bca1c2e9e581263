# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every example of the documentation is run by a test, or stands here with the reason why it is not."""

from __future__ import annotations

import importlib
import re
from collections import Counter
from pathlib import Path

import examples
import pytest
import yaml
from ansible_collections.certwright.cloud.tests.e2e import examples as for_other_folders
from examples import COMMAND, DECLARED, INLINE, PLAY, TASK, Example, chosen, found, ran, runs

COLLECTION = Path(__file__).resolve().parents[2]
# The tests that declare what they run. What a test leaves out fails that test.
MODULES = ("test_ad_hoc", "test_guides", "test_module_examples", "test_role_tls_certificate")
SLICES = "ansible_collections.certwright.cloud.tests.slices"
OTHERS = tuple(f"{SLICES}.test_{name}" for name in ("credentials", "execution_environment", "slices"))
SERVERS = "docs/docsite/rst/guide_servers.rst"
SCALE = "docs/docsite/rst/guide_scale.rst"
# Where the same is run, and words that stand there.
ELSEWHERE = {
    "make rehearse": ("tests/e2e/test_make.py", 'step("first", "rehearse")'),
    "make rehearse-clean": ("tests/e2e/test_make.py", 'step("clean", "rehearse-clean")'),
    "make test": (".ci/run", "make --no-print-directory test"),
    "ansible-playbook certwright.cloud.rehearse": (
        "tests/e2e/test_rehearsal.py",
        'run_playbook("certwright.cloud.rehearse"',
    ),
    "ansible-playbook certwright.cloud.rehearse -e rehearse_clean=true": (
        "tests/e2e/test_rehearsal.py",
        "rehearse(home, rehearse_clean=True)",
    ),
    "ansible-galaxy collection build && ansible-galaxy collection install certwright-cloud-0.1.0.tar.gz": (
        "tests/run.py",
        'step.check("ansible-galaxy", "collection", "install"',
    ),
    "ansible-doc certwright.cloud.tencent_order": ("tests/run.py", 'exec ansible-doc --json "$@"'),
    "ansible-doc -t role certwright.cloud.tls_certificate": ("tests/run.py", 'exec ansible-doc --json "$@"'),
}
# Why it cannot be run.
NOT_RUN = {
    "python3 -m pip install requests cryptography dnspython": "would change the Python that runs the tests",
    "podman build -f context/Containerfile -t certwright-ee context": "would fetch an image from far away",
    "make troubles": "runs these very tests once more, only to print what they were told",
    f"{SERVERS}: nginx: server {{": "is part of a machine's configuration; tests/served runs nginx with such lines",
    f"{SERVERS}: apache: <VirtualHost *:443>": "is part of a machine's configuration, and the tests have no Apache",
    f"{SERVERS}: text: frontend https": "is part of a machine's configuration, and the tests have no HAProxy",
    f"{SCALE}: text: TASK [Wait for both certificates] ***": "shows a wait; tests/paths/test_speech.py has one",
}


def declared() -> list[str]:
    """What the tests say that they run."""
    return [selector for selectors in declarations().values() for selector in selectors]


def declarations() -> dict[str, tuple[str, ...]]:
    """The same, by test."""
    for name in (*MODULES, *OTHERS):
        importlib.import_module(name)
    every = {**DECLARED, **for_other_folders.DECLARED}
    return {test: selectors for test, selectors in every.items() if test.rpartition(".")[0] in (*MODULES, *OTHERS)}


def known_as(example: Example) -> str:
    """A command is the same wherever it stands; anything else is known with its place."""
    return example.title if example.kind in (COMMAND, INLINE) else str(example)


def test_every_example_is_run_by_a_test_or_has_a_reason_not_to_be() -> None:
    run = {example.meaning for selector in declared() for example in chosen(selector)}
    left = [example for example in found() if example.meaning not in run]
    assert [str(example) for example in left if known_as(example) not in {**ELSEWHERE, **NOT_RUN}] == []
    # Nothing stands here in vain.
    assert {known_as(example) for example in left} == {*ELSEWHERE, *NOT_RUN}


def test_every_kind_of_documentation_has_examples() -> None:
    modules = [path.name for path in (COLLECTION / "plugins" / "modules").glob("*.py")]
    roles = [path.parent.name for path in (COLLECTION / "roles").glob("*/meta")]
    expected = {f"plugins/modules/{name}" for name in modules} | {f"roles/{name}/README.md" for name in roles}
    assert {example.source for example in found()} >= expected | {"README.md", "README.zh-CN.md"}


def test_declarations_are_of_tests_and_of_examples_that_are_there() -> None:
    assert [selector for selector in declared() if not chosen(selector)] == []
    for test in declarations():
        module, _dot, name = test.rpartition(".")
        assert name.startswith("test_") and callable(getattr(importlib.import_module(module), name))


@pytest.mark.parametrize("title", ELSEWHERE)
def test_what_is_run_elsewhere_is_there(title: str) -> None:
    path, words = ELSEWHERE[title]
    assert words in (COLLECTION / path).read_text(encoding="utf-8")


def test_plays_and_tasks_have_names_that_tell_them_apart() -> None:
    titles = Counter((each.source, each.title) for each in found() if each.kind in (PLAY, TASK))
    assert [key for key, count in titles.items() if count > 1 or not key[1]] == []


def test_declared_example_that_a_test_does_not_run_fails_the_test(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examples, "DECLARED", {})
    first, *others = chosen("plugins/modules/dns_wait.py")
    with pytest.raises(AssertionError, match="Wait for all records"):
        runs("plugins/modules/dns_wait.py")(lambda: ran([first]))()
    runs("plugins/modules/dns_wait.py")(lambda: ran([first, *others]))()
    # What an earlier test has run does not count.
    with pytest.raises(AssertionError, match="Wait for all records"):
        runs("plugins/modules/dns_wait.py")(lambda: None)()


MARKDOWN = """
Say `make this` and `that`.

- In a list:

  ~~~yaml
  - name: A task
    a.b.c:
  ~~~

```console
make one   # says so
ansible -a 'two
    lines' && \\
    three
```
"""
RESTRUCTURED = """
Say ``curl
it`` or, literally::

    some text

    more of it

*term*
    .. code-block:: yaml
       :caption: A play

       - name: A play
         hosts: all

.. code:: console

    curl -d '{}' url
"""
PLUGIN = '''
DOCUMENTATION = r"""
notes:
  - Say C(ansible -a "$(cat
    it\\)") or C(this).
"""
EXAMPLES = r"""
- name: A task
  a.b.c:
"""
'''


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        (
            "a.md",
            MARKDOWN,
            ["task: A task", "command: make one", "command: ansible -a two\n    lines && three", "inline: make this"],
        ),
        ("a.rst", RESTRUCTURED, ["text: some text", "play: A play", "call: curl -d {} url", "inline: curl it"]),
        ("a.py", PLUGIN, ["inline: ansible -a $(cat it)", "task: A task"]),
        ("a.yml", "# Like this:\n#   make it\n", ["inline: make it"]),
    ],
)
def test_examples_are_found_in_all_forms(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, text: str, expected: list[str]
) -> None:
    monkeypatch.setattr(examples, "COLLECTION", tmp_path)
    (tmp_path / name).write_text(text)
    assert [f"{each.kind}: {each.title}" for each in found.__wrapped__()] == expected


def test_what_is_to_be_installed_is_what_the_collection_is_and_needs() -> None:
    galaxy = yaml.safe_load((COLLECTION / "galaxy.yml").read_text(encoding="utf-8"))
    tarball = "{namespace}-{name}-{version}.tar.gz".format(**galaxy)
    lines = (COLLECTION / "requirements.txt").read_text(encoding="utf-8").splitlines()
    needed = {line for line in lines if not line.startswith("#")}
    for readme in ("README.md", "README.zh-CN.md"):
        (collection,) = chosen(f"{readme}:command:ansible-galaxy ")
        (libraries,) = chosen(f"{readme}:command:python3 -m pip ")
        assert collection.words[-1] == tarball and set(libraries.words[4:]) == needed


def test_configurations_of_servers_name_files_that_are_there() -> None:
    (drawing,) = chosen(f"{SERVERS}:text:/etc/certwright/")
    (paths,) = chosen(f"{SERVERS}:settings")
    in_drawing = set(re.findall(r"^ +(\w+\.pem) ", drawing.text, re.MULTILINE))
    for configuration in (*chosen(f"{SERVERS}:nginx"), *chosen(f"{SERVERS}:apache")):
        assert named(configuration, drawing.title + "live/") == {"fullchain.pem", "key.pem"} <= in_drawing
    (haproxy,) = chosen(f"{SERVERS}:text:frontend ")
    certificate, key = paths.content.values()
    assert key == f"{certificate}.key" and f"crt {certificate}" in haproxy.text


def named(configuration: Example, folder: str) -> set[str]:
    return set(re.findall(rf"{re.escape(folder)}([\w.]+)", configuration.text))
