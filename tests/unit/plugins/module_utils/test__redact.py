# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the redactor masks, in which shapes, and what it leaves alone."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from ansible_collections.certwright.cloud.plugins.module_utils._redact import MASK, Redactor, is_too_short
from ansible_collections.certwright.cloud.plugins.module_utils._x509_make import make_key
from hypothesis import given, settings
from hypothesis import strategies as st

# As awkward as a secret can be: what JSON, HTML, addresses and Python write in another way.
AWKWARD = 'p/a+s=s "w\\o&r<d\u00e9%'

SHAPES: dict[str, Callable[[str], str]] = {
    "plain": str,
    "percent-encoded": lambda secret: quote(secret, safe=""),
    "percent-encoded as a path": quote,
    "percent-encoded in lower case": lambda secret: re.sub("%..", lambda hit: hit[0].lower(), quote(secret, safe="")),
    "percent-encoded twice": lambda secret: quote(quote(secret, safe=""), safe=""),
    "in a form": quote_plus,
    "in JSON": json.dumps,
    "in JSON with slashes escaped": lambda secret: json.dumps(secret).replace("/", "\\/"),
    "in JSON with its letters": lambda secret: json.dumps(secret, ensure_ascii=False),
    "in HTML": html.escape,
    "in Python": repr,
    "in base64": lambda secret: base64.b64encode(secret.encode()).decode(),
    "in base64 for addresses": lambda secret: base64.urlsafe_b64encode(secret.encode()).decode(),
    "in Basic authentication": lambda secret: base64.b64encode(f"user:{secret}".encode()).decode(),
    "amid base64": lambda secret: base64.b64encode(f"user1:{secret} and more".encode()).decode(),
}


def knowing(*secrets: str | None) -> Redactor:
    redactor = Redactor()
    redactor.know(*secrets)
    return redactor


def hides(shown: str, secret: str) -> bool:
    """Whether no half of a secret is left in a text."""
    half = len(secret) // 2
    return secret[:half] not in shown and secret[half:] not in shown


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("secret", ["s3cretS3cret", AWKWARD, "\u5bc6\u7801\u5bc6\u7801\u5bc6\u7801\u5bc6\u7801"])
def test_secret_is_masked_in_every_shape(shape: str, secret: str) -> None:
    shaped = SHAPES[shape](secret)
    shown = knowing("another-secret", secret).text(f"before {shaped} after")
    assert shown.startswith("before ") and shown.endswith(" after") and MASK in shown
    assert hides(shown, secret)
    # Only characters that also hold bits of the neighbours are left of base64.
    assert len(shown.replace(MASK, "")) < len("before  after") + 20 or shape == "amid base64"


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(
    secret=st.text(st.characters(exclude_categories=["Cs", "Cc", "Zs"]), min_size=8, max_size=60),
    shape=st.sampled_from(sorted(SHAPES)),
    before=st.text(max_size=20),
    after=st.text(max_size=20),
)
def test_whatever_the_secret_it_does_not_come_through(secret: str, shape: str, before: str, after: str) -> None:
    shown = knowing(secret).text(f"{before}{SHAPES[shape](secret)}{after}")
    assert secret not in shown and SHAPES[shape](secret) not in shown


def test_secret_within_another_one_leaves_nothing_of_either() -> None:
    redactor = knowing("secret-key", "long-secret-key-and-more")
    assert redactor.text("x long-secret-key-and-more y secret-key z") == f"x {MASK} y {MASK} z"


def test_secret_is_masked_where_it_stands_with_blanks_around_it() -> None:
    assert knowing("  s3cretS3cret\n").text("<s3cretS3cret>") == f"<{MASK}>"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("said: s3cretS3cr", f"said: {MASK}"),
        ("cretS3cret was said", f"{MASK} was said"),
        ("s3cretS3cre", MASK),
        # So little of it could be anything.
        ("said: s3cretS", "said: s3cretS"),
        ("s3cretS3cr, it said", "s3cretS3cr, it said"),
        (f"Basic {base64.b64encode(b'user:s3cretS3cret')[:20].decode()}", f"Basic dXNlcjp{MASK}"),
    ],
)
def test_secret_that_was_cut_off_is_masked_at_the_edge_of_a_text(text: str, shown: str) -> None:
    assert knowing("s3cretS3cret").text(text) == shown


@pytest.mark.parametrize("empty", [None, "", "   "])
def test_nothing_is_no_secret(empty: str | None) -> None:
    assert knowing(empty).text("a text  with blanks") == "a text  with blanks"


@pytest.mark.parametrize(
    ("short", "text", "shown"),
    [
        ("5551234", "call 5551234.", f"call {MASK}."),
        ("5551234", "order 95551234a", "order 95551234a"),
        ("95533", "id=95533;95533", f"id={MASK};{MASK}"),
        ("110", "port 110", "port 110"),
    ],
)
def test_of_what_is_short_only_whole_words_are_masked(short: str, text: str, shown: str) -> None:
    assert knowing(short).text(text) == shown


@pytest.mark.parametrize(("value", "short"), [("", False), ("   ", False), ("1234567", True), ("12345678", False)])
def test_fewer_than_eight_characters_are_too_short(value: str, short: bool) -> None:
    assert is_too_short(value) is short


@pytest.mark.parametrize(
    ("url", "text", "shown"),
    [
        ("http://user:hidden-word@proxy:3128", "at user:hidden-word@proxy", f"at {MASK}@proxy"),
        ("http://user:hidden-word@proxy:3128", "said hidden-word", f"said {MASK}"),
        ("user:hidden%2Dword@proxy", "said hidden-word or hidden%2Dword", f"said {MASK} or {MASK}"),
        (
            "http://user:hidden-word@proxy",
            f"Basic {base64.b64encode(b'user:hidden-word').decode()}",
            f"Basic {MASK}A==",
        ),
        # By itself a short one is no word to mask.
        ("http://user:pass@proxy:3128", "pass by user:pass@proxy", f"pass by {MASK}@proxy"),
        ("http://user@proxy:3128", "user at proxy", "user at proxy"),
        ("http://proxy:3128", "http://proxy:3128", "http://proxy:3128"),
        ("http://[::1:x@y", "x", "x"),
        (None, "nothing", "nothing"),
    ],
)
def test_password_of_a_proxy_is_masked(url: str | None, text: str, shown: str) -> None:
    redactor = Redactor()
    redactor.know_url(url)
    assert redactor.text(text) == shown


KEY = make_key("ecdsa-p256")


@pytest.mark.parametrize(
    "shaped",
    [
        KEY,
        KEY.replace("\n", "\r\n"),
        json.dumps(KEY)[1:-1],
        repr(KEY)[1:-1],
        quote(KEY),
        quote_plus(KEY),
        KEY.replace("PRIVATE", "RSA PRIVATE"),
        KEY.replace("PRIVATE", "ENCRYPTED PRIVATE"),
        # Cut off by whoever had too little room.
        KEY[: len(KEY) // 2],
    ],
)
def test_private_key_is_masked_although_nobody_named_it(shaped: str) -> None:
    shown = Redactor().text(f"the answer was: {shaped}")
    assert shown.startswith(f"the answer was: {MASK}")
    assert hides(shown, KEY.splitlines()[1])


def test_key_that_was_named_is_masked_line_by_line() -> None:
    lines = KEY.splitlines()
    shown = knowing(KEY).text(f"line 2 is {lines[1]}, the end is here")
    assert shown == f"line 2 is {MASK}, the end is here"


def test_certificates_and_other_text_stay() -> None:
    text = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n and a PRIVATE matter"
    assert knowing("s3cretS3cret").text(text) == text


def test_text_full_of_beginnings_is_read_once() -> None:
    # A search from every beginning to the end would take hours.
    assert Redactor().text("-----BEGIN PRIVATE KEY-----" * 300_000) == MASK


def test_result_is_masked_at_every_depth_and_keeps_its_shape() -> None:
    redactor = knowing("s3cretS3cret", "13800000000")
    result = {
        "msg": "it was s3cretS3cret",
        "order": {"names": ["a", "s3cretS3cret"], "s3cretS3cret": None, "count": 3, "done": True, "phone": 13800000000},
        "pair": ("s3cretS3cret", 1.5),
    }
    assert redactor.result(result) == {
        "msg": f"it was {MASK}",
        "order": {"names": ["a", MASK], MASK: None, "count": 3, "done": True, "phone": MASK},
        "pair": [MASK, 1.5],
    }


def test_member_that_is_to_be_kept_is_kept() -> None:
    result = {"bundle": {"private_key": KEY, "certificate": "c"}, "note": KEY}
    assert Redactor().result(result, keep=("private_key",)) == {
        "bundle": {"private_key": KEY, "certificate": "c"},
        "note": f"{MASK}\n",
    }


def test_others_are_told_every_secret_once() -> None:
    told: list[Any] = []
    redactor = Redactor(told.append)
    redactor.know("s3cretS3cret", "5551234", None)
    redactor.know("s3cretS3cret", "another-secret")
    assert told == ["s3cretS3cret", "another-secret"]
