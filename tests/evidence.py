# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Looks for words where they must not be: in files, packed or not, and in what processes show of themselves."""

from __future__ import annotations

import base64
import binascii
import io
import os
import re
import threading
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

__all__ = ["Watch", "found_in"]

_BASE64 = re.compile(rb"[A-Za-z0-9+/]{200,}={0,2}")


def found_in(
    places: Iterable[Path], words: Iterable[str], without: Path | None = None, except_for: Iterable[Path] = ()
) -> dict[str, list[Path]]:
    """The files below the places that hold a word, by word; zip archives in base64, as Ansible sends them, included.

    Arguments:
        without: a folder below one of the places that is not looked at.
        except_for: files that are not looked at.
    """
    wanted = {word: word.encode() for word in words}
    passed_over = set(except_for)
    found: dict[str, list[Path]] = {}
    for path in _files(places, without):
        if path in passed_over:
            continue
        with suppress(OSError):
            data = path.read_bytes()
            for text in (data, *_unpacked(data)):
                for word, needle in wanted.items():
                    if needle in text and path not in found.setdefault(word, []):
                        found[word].append(path)
    return {word: paths for word, paths in found.items() if paths}


def _files(places: Iterable[Path], without: Path | None) -> Iterator[Path]:
    for place in places:
        for folder, folders, names in os.walk(place):
            folders[:] = [name for name in folders if Path(folder, name) != without]
            for name in names:
                path = Path(folder, name)
                if path.is_file() and not path.is_symlink():
                    yield path


def _unpacked(data: bytes) -> Iterator[bytes]:
    for run in _BASE64.findall(data):
        with suppress(binascii.Error, zipfile.BadZipFile):
            plain = base64.b64decode(run)
            yield plain
            if plain.startswith(b"PK"):
                archive = zipfile.ZipFile(io.BytesIO(plain))
                yield from (archive.read(name) for name in archive.namelist())


class Watch:
    """Notes command lines and environments of processes, many times a second, in the background.

    Arguments:
        processes: gives the /proc folders to look at.
        interval: seconds between two looks.
    """

    def __init__(self, processes: Callable[[], Iterable[Path]], interval: float = 0.05) -> None:
        self._processes = processes
        self._interval = interval
        self._seen: dict[str, set[bytes]] = {"cmdline": set(), "environ": set()}
        self.processes: set[str] = set()
        self.looks = 0
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_unused: object) -> None:
        self._end.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._end.wait(self._interval):
            for folder in self._processes():
                self.processes.add(folder.name)
                for name, seen in self._seen.items():
                    with suppress(OSError):
                        seen.add((folder / name).read_bytes())
            self.looks += 1

    def shown(self, words: Iterable[str], within: Iterable[str] = ("cmdline", "environ")) -> list[str]:
        """Those of the words that a process showed, in its command line or its environment."""
        texts = set().union(*(self._seen[name] for name in within))
        return [word for word in words if any(word.encode() in text for text in texts)]
