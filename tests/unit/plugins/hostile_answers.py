# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Answers of clouds that are broken, in the wrong hands or out to do harm, for property-based tests."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ansible_collections.certwright.cloud.plugins.module_utils._http import HttpResponse
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

__all__ = ["NASTY_TEXTS", "PRIVATE_KEY", "SECRETS", "TEXTS", "examples", "hostile_answers", "nearly_good_answers"]

# Set by the full run, which tries far more.
FULL = os.environ.get("CERTWRIGHT_FULL") == "1"

# What is planted in answers and must not come out again.
SECRETS = {
    "key": "kEyOfTheHostileTests0123",
    "token": "tOkEnOfTheHostileTests/+=",
    "cloud key": "MIIhostileHOSTILEkey0123456789",
}
PRIVATE_KEY = f"-----BEGIN PRIVATE KEY-----\n{SECRETS['cloud key']}\n-----END PRIVATE KEY-----\n"

NASTY_TEXTS = (
    *(
        "../../etc/passwd",
        "/etc/passwd",
        "..\\..\\windows",
        "/.well-known/../../../etc/passwd",
        "a/./b",
        "%2e%2e/%2e%2e",
    ),
    *("http://[", "http://[::1", "http://h:99999999/", "//host/x", "https://user:pw@host/../x", "file:///etc/passwd"),
    *("", " ", "\x00", "a\x00b", "\ud800", "a\udfffb", "\u202e", "\x1b[31m", "\r\nSet-Cookie: x", "\u2028", "\ufeff"),
    *(
        ".",
        "..",
        "*",
        "*.",
        "*.*.x",
        "-a.b",
        "a" * 64 + ".b",
        "a." * 130,
        "xn--a",
        "xn--\xff",
        "\xdf.example",
        "\u3002",
    ),
    *("--5", "-", "+1", "1_000", "0x10", "1" * 5000, "\u0663", "\xb2", "1e999", "NaN", "-0", "9" * 30, "True", "null"),
    *("{{ lookup('env', 'HOME') }}", "$(id)", "; id", "%s%n"),
    *("-----BEGIN CERTIFICATE-----", "-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----", PRIVATE_KEY),
    *("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----", "-----BEGIN CERTIFICATE REQUEST-----\nMAA=\n"),
    *(f"said {SECRETS['key']}", f"{SECRETS['token']}: no", "server string to sign is:POST " + SECRETS["token"]),
)


def examples(usual: int, full: int = 10_000) -> settings:
    """As many examples as wanted, always the same ones, however long each takes."""
    return settings(
        max_examples=full if FULL else usual,
        deadline=None,
        derandomize=True,
        database=None,
        # A failure is shown as it was found: making it smaller takes minutes, and it names the answer anyway.
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
    )


# Made once: making a strategy takes longer than drawing from it.
TEXTS = st.sampled_from(NASTY_TEXTS) | st.text(max_size=30)
_NUMBERS = st.integers() | st.sampled_from([0, 1, -1, 2**63, 2**64, -(2**70), 10**400]) | st.floats()
_LEAVES = st.none() | st.booleans() | _NUMBERS | TEXTS
# Any JSON value, also those that no JSON should hold.
VALUES: st.SearchStrategy[Any] = (
    _LEAVES | TEXTS | st.lists(_LEAVES, max_size=3) | st.dictionaries(TEXTS, st.lists(_LEAVES, max_size=1), max_size=2)
)
_COUNTS = st.sampled_from([0, 1, 1, 1, 2, 3])
_CHANGES = st.sampled_from(["replace", "replace", "replace", "remove", "double", "wrap"])
_INDEXES = st.integers(0, 10**6)


def _paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where something can be changed in a value."""
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, member in members:
        yield (*path, name)
        yield from _paths(member, (*path, name))


@st.composite
def spoilt(draw: st.DrawFn, data: Mapping[str, Any], counts: st.SearchStrategy[int] = _COUNTS) -> Any:
    """A good answer with some members replaced, removed, doubled or wrapped."""
    changed: Any = copy.deepcopy(dict(data))
    for _change in range(draw(counts)):
        paths = list(_paths(changed))
        if not paths:
            break
        *way, last = paths[draw(_INDEXES) % len(paths)]
        holder = changed
        for step in way:
            holder = holder[step]
        how = draw(_CHANGES)
        if how == "replace":
            holder[last] = draw(VALUES)
        elif how == "remove":
            del holder[last]
        elif how == "double":
            holder[last] = [holder[last], holder[last]]
        else:
            holder[last] = {"Response": holder[last]}
    return changed


# Functions, because a value that is shown in a failure must not be a hundred thousand characters.
_HUGE: tuple[Callable[[], bytes], ...] = (
    lambda: b"[" * 100_000,
    lambda: b'{"Response":' * 20_000,
    lambda: b'{"Response":' * 900 + b"1" + b"}" * 900,
    lambda: b'{"Response":' + b"[" * 900 + b"]" * 900 + b"}",
    lambda: b"9" * 10_000,
    lambda: b'{"Response":{"Status":' + b"9" * 5000 + b"}}",
    lambda: b'{"Response":{"StatusMsg":"' + b"x" * 200_000 + b'","Status":0}}',
    lambda: b'{"OrderStatus":"' + b"x" * 200_000 + b'"}',
)
_BROKEN = (
    *(b"", b"null", b"[]", b'""', b"1e999", b"NaN", b'{"Response":', b"{} {}", b"\xef\xbb\xbf{}", b'{"a":1,}'),
    b'{"Response":{"RequestId":"\\ud800","Status":0}}',
    b'{"RequestId":"\\udc80x","OrderStatus":"\\ud800"}',
    b'{"OrderStatus":"\xed\xa0\x80"}',
    '{"OrderStatus":"checking"}'.encode("utf-16"),
    '{"Response":{"Status":0}}'.encode("utf-32"),
    b"<?xml version='1.0'?><Error><Code>SignatureDoesNotMatch</Code></Error>",
    b"<html><body><h1>502 Bad Gateway</h1></body></html>",
    b'{"Response":{"Error":"x"}}',
    b'{"Response":{"Error":["x"]}}',
    b'{"Response":{"Error":{"Code":{"a":1},"Message":[1]}}}',
    b'{"Code":{"a":1},"Message":[]}',
)


# Bodies that are no good JSON object.
_RAW = st.binary(max_size=60) | st.sampled_from(_BROKEN) | st.sampled_from(_HUGE).map(lambda make: make())
_STATUSES = st.sampled_from([200, 200, 200, 400, 404, 500, 503, 302])
_HEADERS = st.sampled_from(
    [
        {},
        {"content-type": "application/json", "date": "Thu, 01 Jan 2026 02:00:00 GMT"},
        *({"date": "Fri, 31 Dec 9999 23:59:59 GMT"}, {"date": "Mon, 01 Jan 0001 00:00:00 -0000"}, {"date": "soon"}),
        *({"date": ""}, {"date": "99 Foo 0 99:99:99"}, {"date": "1 1 1 1"}, {"date": "9" * 400}, {"date": "\x00"}),
        *({"content-type": "text/html; charset=\x00"}, {"content-type": ""}, {"content-type": ";;"}),
        *({"retry-after": "0"}, {"retry-after": "-1"}, {"retry-after": "1e999"}, {"retry-after": "nan"}),
        *({"retry-after": "9" * 30}, {"x-acs-request-id": "\xff" * 99}, {"x-acs-request-id": SECRETS["key"]}),
    ]
)


def nearly_good_answers(good: Mapping[str, Any], wrap: Callable[[Any], Any]) -> st.SearchStrategy[Any]:
    """Answers to one action in which a single thing is odd; see hostile_answers."""
    spoilt_ones = spoilt(good, st.just(1)).map(lambda data: json.dumps(wrap(data)).encode())
    return st.builds(HttpResponse, st.just(200), st.just({}), spoilt_ones)


def hostile_answers(
    good: Mapping[str, Any], wrap: Callable[[Any], Any], codes: tuple[str, ...]
) -> st.SearchStrategy[Any]:
    """Answers to one action.

    Arguments:
        good: what a healthy cloud answers.
        wrap: puts the vendor's envelope around it.
        codes: error codes that lead somewhere.
    """
    refusal = st.fixed_dictionaries(
        {"Code": st.sampled_from(codes) | TEXTS, "Message": TEXTS},
        optional={"RequestId": VALUES},
    )
    refused = refusal.map(lambda error: {"Response": {"Error": error}} if wrap({}) else error)
    text = (spoilt(good).map(wrap) | spoilt(wrap(dict(good))) | refused).map(lambda data: json.dumps(data).encode())
    return st.builds(HttpResponse, _STATUSES, _HEADERS, st.one_of(text, text, text, _RAW))
