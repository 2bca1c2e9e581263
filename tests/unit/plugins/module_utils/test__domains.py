# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names: normal form, faults, wildcards and zones."""

from __future__ import annotations

import pytest
from ansible_collections.certwright.cloud.plugins.module_utils._domains import (
    base_name,
    covers,
    holding_zone,
    is_wildcard,
    name_fault,
    normalise,
    relative_name,
)


@pytest.mark.parametrize(
    ("given", "normal"),
    [
        ("example.com", "example.com"),
        ("WWW.Example.COM.", "www.example.com"),
        (" example.com ", "example.com"),
        ("*.Example.com", "*.example.com"),
        ("_DNSAUTH.example.com", "_dnsauth.example.com"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("BÜCHER.example", "xn--bcher-kva.example"),
        ("bu\u0308cher.example", "xn--bcher-kva.example"),
        ("*.bücher.example", "*.xn--bcher-kva.example"),
        ("_dnsauth.bücher.example", "_dnsauth.xn--bcher-kva.example"),
        ("例子.example", "xn--fsqu00a.example"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        # No A-labels exist for these, so they stay as they are, for a fault that quotes them.
        ("bücher" * 20 + ".example", "bücher" * 20 + ".example"),
        ("", ""),
    ],
)
def test_name_is_lowered_and_encoded(given: str, normal: str) -> None:
    assert normalise(given) == normal
    assert normalise(normal) == normal


@pytest.mark.parametrize("name", ["straße.example", "faς.example", "\uff45xample.com", "a\u200db.example"])
def test_name_that_old_idna_turns_into_another_domain_is_refused(name: str) -> None:
    assert not normalise(name).isascii()
    assert "give it as an A-label" in (name_fault(name) or "")


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("example.com", None),
        ("*.example.com", None),
        ("a.b.c.example.com.", None),
        ("_dnsauth.example.com", None),
        ("bücher.example", None),
        ("xn--bcher-kva.example", None),
        ("1.example.com", None),
        (f"{'a' * 63}.example.com", None),
        ("", "is empty; give a domain name"),
        ("*.", "is empty; give a domain name"),
        (".".join(["a" * 49] * 5) + ".example", "has 257 characters; a domain name has at most 253"),
        ("localhost", "has no dot; give a full domain name"),
        ("*", "has no dot; give a full domain name"),
        ("*.com", "has no dot; give a full domain name"),
        ("192.0.2.1", "is an IP address, not a domain name"),
        ("2001:db8::1", "is an IP address, not a domain name"),
        ("a..example.com", "has the malformed label ''"),
        (".example.com", "has the malformed label ''"),
        ("-a.example.com", "has the malformed label '-a'"),
        ("a-.example.com", "has the malformed label 'a-'"),
        ("a b.example.com", "has the malformed label 'a b'"),
        ("www.*.example.com", "has the malformed label '*'"),
        ("*.*.example.com", "has the malformed label '*'"),
        ("w*.example.com", "has the malformed label 'w*'"),
        ("https://example.com", "has the malformed label 'https://example'"),
        ("example.com:443", "has the malformed label 'com:443'"),
        (f"{'a' * 64}.example.com", f"has the malformed label '{'a' * 64}'"),
        ("example.com\n.example.com", "has the malformed label 'com\n'"),
    ],
)
def test_name_is_judged_with_a_reason(name: str, fault: str | None) -> None:
    if fault and "malformed" in fault:
        fault += "; a label is 1 to 63 letters, digits and inner hyphens"
    assert name_fault(name) == fault


@pytest.mark.parametrize(
    ("name", "wildcard", "base"),
    [
        ("*.Example.com", True, "example.com"),
        ("www.example.com.", False, "www.example.com"),
        ("w*.example.com", False, "w*.example.com"),
    ],
)
def test_wildcard_is_proved_at_its_parent(name: str, wildcard: bool, base: str) -> None:
    assert (is_wildcard(name), base_name(name)) == (wildcard, base)


@pytest.mark.parametrize(
    ("name", "zones", "zone"),
    [
        pytest.param("_dnsauth.www.example.com", ["example.com", "www.example.com"], "www.example.com", id="longest"),
        pytest.param("www.example.com", ["www.example.com", "example.com"], "www.example.com", id="the zone itself"),
        pytest.param("www.badexample.com", ["example.com"], None, id="not on a label border"),
        pytest.param("example.com", ["www.example.com"], None, id="above the zone"),
        pytest.param("WWW.EXAMPLE.COM.", ["Example.com."], "Example.com.", id="case and final dot"),
        pytest.param("a.www.bücher.de", ["xn--bcher-kva.de", "www.bücher.de"], "www.bücher.de", id="by encoded length"),
        pytest.param("example.com", [], None, id="no zones"),
    ],
)
def test_zone_that_holds_a_name_is_the_longest_suffix(name: str, zones: list[str], zone: str | None) -> None:
    assert holding_zone(name, zones) == zone


@pytest.mark.parametrize(
    ("name", "zone", "relative"),
    [
        ("_dnsauth.www.example.com", "example.com", "_dnsauth.www"),
        ("example.com", "example.com", "@"),
        ("Example.com.", "EXAMPLE.com", "@"),
        ("*.example.com", "example.com", "*"),
        ("www.bücher.de", "xn--bcher-kva.de", "www"),
    ],
)
def test_record_name_loses_its_zone(name: str, zone: str, relative: str) -> None:
    assert relative_name(name, zone) == relative


@pytest.mark.parametrize(
    ("held", "name", "covered"),
    [
        (["example.com"], "Example.com.", True),
        (["example.com"], "www.example.com", False),
        (["*.example.com"], "www.example.com", True),
        (["*.example.com"], "example.com", False),
        (["*.example.com"], "a.www.example.com", False),
        (["*.example.com"], "*.example.com", True),
        (["www.example.com"], "*.example.com", False),
        (["*.example.com"], "*.www.example.com", False),
        (["BÜCHER.example"], "xn--bcher-kva.example", True),
        ([], "example.com", False),
    ],
)
def test_certificate_covers_a_name_by_itself_or_by_one_label(held: list[str], name: str, covered: bool) -> None:
    assert covers(held, name) is covered
