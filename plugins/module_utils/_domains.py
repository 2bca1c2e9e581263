# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names: normal form, wildcards and the zone that holds a name."""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Iterable

__all__ = ["base_name", "covers", "holding_zone", "is_wildcard", "name_fault", "normalise", "relative_name"]

_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")


def normalise(name: str) -> str:
    """Lower case, A-labels, no final dot. A name that IDNA refuses is only lowered, so that it can be reported.

    Python's IDNA is that of 2003, which turns some letters into others (a sharp s into ss) and so leads to another
    domain than today's IDNA does. Such a name counts as refused.
    """
    lowered = unicodedata.normalize("NFC", name.strip().rstrip(".").lower())
    if lowered.isascii():
        return lowered
    try:
        encoded = lowered.encode("idna")
        return encoded.decode("ascii") if encoded.decode("idna") == lowered else lowered
    except UnicodeError:
        return lowered


def is_wildcard(name: str) -> bool:
    """Whether the name's first label is an asterisk."""
    return name.startswith("*.")


def base_name(name: str) -> str:
    """The name that is proved for a name: a wildcard is proved at its parent."""
    return normalise(name[2:] if is_wildcard(name) else name)


def name_fault(name: str) -> str | None:
    """Why a name cannot stand in a certificate, as half a sentence; None if it can.

    Arguments:
        name: a host name, possibly with a leading ``*.``.
    """
    plain = base_name(name)
    if not plain:
        return "is empty; give a domain name"
    if len(plain) > 253:
        return f"has {len(plain)} characters; a domain name has at most 253"
    try:
        ipaddress.ip_address(plain)
    except ValueError:
        pass
    else:
        return "is an IP address, not a domain name"
    labels = plain.split(".")
    if len(labels) < 2:
        return "has no dot; give a full domain name"
    bad = [label for label in labels if not _LABEL.fullmatch(label)]
    if bad and not bad[0].isascii():
        return f"has the label '{bad[0]}', which cannot be encoded safely; give it as an A-label (xn--...)"
    if not bad:
        return None
    return f"has the malformed label '{bad[0]}'; a label is 1 to 63 letters, digits and inner hyphens"


def holding_zone(name: str, zones: Iterable[str]) -> str | None:
    """The longest of the zones that equals the name or is a suffix of it on a label border."""
    wanted = normalise(name)
    fitting = [zone for zone in zones if wanted == normalise(zone) or wanted.endswith("." + normalise(zone))]
    return max(fitting, key=lambda zone: len(normalise(zone)), default=None)


def relative_name(name: str, zone: str, apex: str = "@") -> str:
    """The name without its zone, as record APIs want it; apex stands for the zone itself."""
    wanted, suffix = normalise(name), normalise(zone)
    return apex if wanted == suffix else wanted[: -len(suffix) - 1]


def covers(certificate_names: Iterable[str], name: str) -> bool:
    """Whether a certificate for these names serves the name (a wildcard covers one label)."""
    wanted = normalise(name)
    names: tuple[str, ...] = tuple(normalise(each) for each in certificate_names)
    parent = "*." + wanted.split(".", 1)[1] if "." in wanted and not is_wildcard(wanted) else wanted
    return wanted in names or parent in names
