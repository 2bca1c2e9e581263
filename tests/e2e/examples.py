# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The examples of the documentation, found where they stand, and the tests that run them.

An example counts as run when what runs it has seen it do so (`ran`), not when a test names it.
"""

from __future__ import annotations

import ast
import functools
import json
import os
import re
import shlex
import textwrap
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

__all__ = ["CALL", "COMMAND", "DECLARED", "INLINE", "PLAY", "TASK", "Example", "chosen", "found", "ran", "runs"]

COLLECTION = Path(__file__).resolve().parents[2]
# What is no documentation of the collection.
PRUNED = ("tests", "changelogs")
# What the tests say that they run, by test.
DECLARED: dict[str, tuple[str, ...]] = {}
# Kinds of examples. A block in another language has the language as its kind.
PLAY, TASK, SETTINGS, COMMAND, CALL, INLINE = "play", "task", "settings", "command", "call", "inline"
PROGRAMS = r"(?:ansible[a-z-]*|make|curl|pip3?|python3?) "
FENCE = re.compile(r" *(`{3,}|~{3,}) *(\w*)")
DIRECTIVE = re.compile(r"( *)\.\. (?:code-block|code|sourcecode):: *(\w*)$")
# A paragraph that ends in two colons; other directives do not matter.
LITERAL = re.compile(r"( *)(?!\.\.)\S.*::$")


@dataclass(frozen=True)
class Example:
    """What a reader would copy as one piece.

    Arguments:
        source: path of its file in the collection.
        kind: one of the kinds above, or the language of a block.
        text: as it stands; of YAML, the content as JSON.
    """

    source: str
    kind: str
    text: str

    @property
    def content(self) -> Any:
        """What is in the YAML."""
        return json.loads(self.text)

    @property
    def words(self) -> list[str]:
        """The words of a command, without comments."""
        return shlex.split(self.text.replace("\\\n", " "), comments=True)

    @property
    def title(self) -> str:
        """A name for people: that of a play or task, a command in one line, or the first line of a block."""
        if self.kind in (PLAY, TASK):
            return str(self.content.get("name", ""))
        if self.kind in (COMMAND, CALL, INLINE):
            return " ".join(self.words)
        return self.text.splitlines()[0]

    @property
    def meaning(self) -> tuple[str, str]:
        """What two examples have in common that are the same wherever they stand."""
        if self.kind in (COMMAND, CALL, INLINE):
            return COMMAND, self.title
        return self.kind, self.text

    def __str__(self) -> str:
        return f"{self.source}: {self.kind}: {self.title}"


# What the running test has seen to run.
_SEEN: set[tuple[str, str]] = set()


def ran(examples: Iterable[Example]) -> None:
    """Says that examples did what they are for; for what runs them, once it has seen that they ran."""
    _SEEN.update(example.meaning for example in examples)


def runs(*selectors: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Declares which examples a test runs (see `chosen`). The test fails if it leaves one of them out."""

    def declare(test: Callable[..., None]) -> Callable[..., None]:
        DECLARED[f"{test.__module__}.{test.__name__}"] = selectors

        @functools.wraps(test)
        def checked(*args: Any, **kwargs: Any) -> None:
            _SEEN.clear()
            test(*args, **kwargs)
            declared = [example for selector in selectors for example in chosen(selector)]
            left = [str(example) for example in declared if example.meaning not in _SEEN]
            assert not left, f"declared and not run: {left}"

        return checked

    return declare


@functools.cache
def found() -> tuple[Example, ...]:
    """All examples of the collection, in the order in which they stand."""
    return tuple(example for path in _documents() for example in _examples(path))


def chosen(selector: str) -> list[Example]:
    """The examples of a file, as far as wanted: 'SOURCE', 'SOURCE:KIND' or 'SOURCE:KIND:BEGINNING OF THE TITLE'."""
    source, kind, title = (*selector.split(":", 2), "", "")[:3]
    return [
        example
        for example in found()
        if example.source == source and kind in ("", example.kind) and example.title.startswith(title)
    ]


def _documents() -> Iterator[Path]:
    for folder, folders, names in os.walk(COLLECTION):
        own = [name for name in folders if not name.startswith(".")]
        folders[:] = sorted(set(own) - set(PRUNED if folder == str(COLLECTION) else ()))
        yield from (Path(folder, name) for name in sorted(names))


def _examples(path: Path) -> Iterator[Example]:
    read = {".md": _markdown, ".rst": _restructured, ".py": _plugin, ".yml": _commented}.get(path.suffix)
    if read is None:
        return
    source = path.relative_to(COLLECTION).as_posix()
    for language, block in read(path.read_text(encoding="utf-8")):
        if language == "yaml":
            yield from _yaml(source, yaml.safe_load(block))
        elif language in ("console", "sh", "bash", "shell"):
            yield from (Example(source, _kind(command), command) for command in _commands(block))
        else:
            yield Example(source, language or "text", block)


def _yaml(source: str, content: Any) -> Iterator[Example]:
    for item in content if isinstance(content, list) else [content]:
        kind = SETTINGS if not isinstance(content, list) else PLAY if "hosts" in item else TASK
        yield Example(source, kind, json.dumps(item))


def _commands(block: str) -> Iterator[str]:
    """The commands of a block; one goes on while a quote is open or a line ends in a backslash."""
    lines: list[str] = []
    for line in block.splitlines():
        lines.append(line)
        command = "\n".join(lines)
        try:
            whole = not line.endswith("\\") and shlex.split(command, comments=True) is not None
        except ValueError:
            whole = False
        if whole:
            if shlex.split(command, comments=True):
                yield command.strip()
            lines = []
    assert lines == [], f"this command has no end: {lines}"


def _kind(command: str) -> str:
    return CALL if command.startswith("curl ") else COMMAND


def _inline(texts: list[str]) -> Iterator[tuple[str, str]]:
    for text in texts:
        command = " ".join(text.split())
        if re.match(PROGRAMS, command):
            yield INLINE, command


def _markdown(text: str) -> Iterator[tuple[str, str]]:
    prose: list[str] = []
    block: list[str] = []
    fence = language = ""
    for line in text.splitlines():
        mark = FENCE.match(line)
        if fence and line.strip() == fence:
            yield language, textwrap.dedent("\n".join(block))
            fence = ""
        elif fence:
            block.append(line)
        elif mark:
            fence, language, block = mark[1], mark[2], []
        else:
            prose.append(line)
    assert not fence, "a block has no end"
    yield from _inline(re.findall(r"`([^`]+)`", "\n".join(prose)))


def _restructured(text: str) -> Iterator[tuple[str, str]]:
    lines = text.splitlines()
    for number, line in enumerate(lines):
        start = DIRECTIVE.match(line) or LITERAL.match(line)
        if start:
            block = "\n".join(_indented(lines[number + 1 :], len(start[1])))
            yield start[2] if start.re is DIRECTIVE else "text", textwrap.dedent(block).strip("\n")
    yield from _inline(re.findall(r"``(.+?)``", text, re.DOTALL))


def _indented(lines: list[str], indent: int) -> Iterator[str]:
    for line in lines:
        if line.strip() and len(line) - len(line.lstrip()) <= indent:
            return
        # Options of the directive are not part of the block.
        if not re.match(r" +:[\w-]+:", line):
            yield line


def _plugin(text: str) -> Iterator[tuple[str, str]]:
    for node in ast.parse(text).body:
        if (
            isinstance(node, ast.Assign)
            and isinstance(node.value, ast.Constant)
            and isinstance(node.targets[0], ast.Name)
        ):
            if node.targets[0].id == "EXAMPLES":
                yield "yaml", str(node.value.value)
            if node.targets[0].id == "DOCUMENTATION":
                marked = re.findall(r"C\(((?:[^)\\]|\\.)+)\)", str(node.value.value))
                yield from _inline([re.sub(r"\\(.)", r"\1", each) for each in marked])


def _commented(text: str) -> Iterator[tuple[str, str]]:
    """Commands in the comments of a playbook or role, and in the descriptions of argument specs."""
    yield from _inline(re.findall(r"^# +(\S.*)$", text, re.MULTILINE))
    yield from _inline(re.findall(r"C\(([^)]+)\)", text))
