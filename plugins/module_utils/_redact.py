# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Masks the live secrets of a run, known by value, in whatever leaves it.

This is the second line: the first is that nobody puts a secret into a text (design, section 3, "Secrets").
"""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Callable
from urllib.parse import quote, quote_plus, unquote, urlsplit

__all__ = ["KEY_BLOCK", "MASK", "SHORTEST", "Redactor", "is_too_short"]

# What ansible-core up to 2.21 puts in the place of a secret inside a text.
MASK = "********"

# Masking a shorter secret wherever it occurs would show by the holes in known words what it is (community.crypto#590).
SHORTEST = 8

# Of what is shorter, such as some telephone numbers, only whole words are masked, and nothing below this: a number of
# three digits is everywhere. ansible-core 2.22 has the same lower bound.
_SHORTEST_WORD = 4

# A private key, whole or cut off; its spaces may be percent-encoded. The end of the text ends it too, so that a text
# full of beginnings is read once.
KEY_BLOCK = re.compile(
    r"-----BEGIN[A-Z0-9 %+]{0,80}PRIVATE[20 %+]{1,3}KEY-----.*?(?:-----END[A-Z0-9 %+]{1,80}KEY-----|\Z)", re.DOTALL
)

# Lines of a key that are long enough to be no word.
_LINE = 16


def is_too_short(secret: str) -> bool:
    """Whether a secret cannot be masked without harm; what is blank is no secret."""
    return 0 < len(secret.strip()) < SHORTEST


class Redactor:
    """Knows secrets and masks them, also percent-encoded, escaped or in base64.

    Arguments:
        tell: is told every secret, so that others can mask it, too.
    """

    def __init__(self, tell: Callable[[str], object] | None = None) -> None:
        self._tell = tell
        # Longest first, so that a secret that holds another one is masked as a whole.
        self._forms: list[str] = []
        self._words: dict[str, None] = {}

    def know(self, *secrets: str | None) -> None:
        """Masks these from now on; what is empty is passed over."""
        forms = dict.fromkeys(self._forms)
        for secret in secrets:
            plain = (secret or "").strip()
            if not plain or plain in forms or plain in self._words:
                continue
            if len(plain) < SHORTEST:
                self._words[plain] = None
                continue
            forms.update(dict.fromkeys(_forms(plain)))
            if self._tell:
                self._tell(plain)
        self._forms = sorted(forms, key=len, reverse=True)

    def know_url(self, url: str | None) -> None:
        """Masks the password in a URL, and user name and password together, also as HTTP sends them."""
        if not url or "@" not in url:
            return
        try:
            user, found, password = (
                urlsplit(url if "://" in url else f"//{url}").netloc.rpartition("@")[0].partition(":")
            )
        except ValueError:
            return
        if not found:
            return
        plain = f"{unquote(user)}:{unquote(password)}"
        # By itself a short one is no word to mask; nobody but the proxy is told it.
        alone = [each for each in (password, unquote(password)) if not is_too_short(each)]
        self.know(f"{user}:{password}", plain, *alone)

    def text(self, text: str) -> str:
        """The text without the secrets and without any private key."""
        for form in self._forms:
            if form in text:
                text = text.replace(form, MASK)
            # What somebody has cut to a length can begin or end within a secret.
            if form[:SHORTEST] in text[-len(form) :]:
                text = _without_beginning(text, form)
            if form[-SHORTEST:] in text[: len(form)]:
                text = _without_beginning(text[::-1], form[::-1])[::-1]
        words = [word for word in self._words if len(word) >= _SHORTEST_WORD and word in text]
        if words:
            choice = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
            text = re.sub(rf"(?<![A-Za-z0-9])(?:{choice})(?![A-Za-z0-9])", MASK, text)
        return KEY_BLOCK.sub(MASK, text) if "PRIVATE" in text else text

    def result(self, value: Any, keep: Collection[str] = ()) -> Any:
        """A result of any depth without the secrets.

        Arguments:
            keep: names of members that are left as they are.
        """
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {
                self.result(name): member if name in keep else self.result(member, keep)
                for name, member in value.items()
            }
        if isinstance(value, (list, tuple)):
            return [self.result(member, keep) for member in value]
        if isinstance(value, int) and not isinstance(value, bool):
            return MASK if self.text(str(value)) == MASK else value
        return value


def _without_beginning(text: str, form: str) -> str:
    """The text, whose end is masked where it is the beginning of a secret."""
    sizes = range(min(len(form), len(text)), SHORTEST - 1, -1)
    size = next((size for size in sizes if text.endswith(form[:size])), 0)
    return text[: len(text) - size] + MASK if size else text


def _forms(secret: str) -> Iterator[str]:
    """A secret as it may come back in a text: an address, JSON, HTML, Python's own notation, Basic authentication."""
    for plain in (secret, *_long_lines(secret)):
        quoted = quote(plain, safe="")
        yield from (plain, quoted, quote(plain), quote_plus(plain), quote(quoted, safe=""))
        yield re.sub("%[0-9A-F]{2}", lambda found: found.group().lower(), quoted)
        for escaped in (json.dumps(plain)[1:-1], json.dumps(plain, ensure_ascii=False)[1:-1]):
            yield from (escaped, escaped.replace("/", "\\/"))
        yield from (repr(plain)[1:-1], html.escape(plain))
        yield from _in_base64(plain)


def _long_lines(secret: str) -> list[str]:
    lines = [line.strip() for line in secret.splitlines()]
    # The first and the last line of a PEM text are no secret.
    return [line for line in lines if len(line) >= _LINE and not line.startswith("-----")] if len(lines) > 1 else []


def _in_base64(secret: str) -> Iterator[str]:
    """The characters that a secret becomes wherever it stands in a text that is in base64."""
    data = secret.encode("utf-8", "surrogatepass")
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + data).decode("ascii")
        # A character of base64 holds six bits; those that hold bits of a neighbour are not ours.
        own = encoded[-(-before * 8 // 6) : (before + len(data)) * 8 // 6]
        yield from (own, own.replace("/", "\\/"), own.translate(str.maketrans("+/", "-_")))
        yield quote(own, safe="")
