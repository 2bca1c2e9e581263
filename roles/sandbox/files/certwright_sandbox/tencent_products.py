# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tencent's certificate products (Tencent reference 2.3), but for those of Chinese cryptography (SM2)."""

from __future__ import annotations

from typing import Any

from certwright_sandbox.orders import Product

__all__ = ["CNAME_BRANDS", "product", "type_number"]

#: Brand and level, then ``id:kind``; kinds: s single, m multi-domain, w wildcard, mw multi-wildcard.
_TABLE = """
SecureSite EV Pro|3:s 59:m 94:m 96:s
SecureSite EV|4:s 60:m 77:s 95:m
SecureSite OV Pro|5:s 57:m 92:m 97:s
SecureSite OV|6:s 7:w 58:m 75:s 76:w 93:m
GeoTrust EV|8:s 61:m
GeoTrust OV|9:s 10:w
TrustAsia DV|11:m 12:w 42:mw 104:s
TrustAsia OV|13:w 14:s 15:m 21:mw
TrustAsia EV|16:s 17:m
GlobalSign OV|18:s 19:w 22:m 23:mw 81:s 82:w 88:mw 89:m
GlobalSign EV|20:s 24:m 85:s 90:m
WoTrus DV|25:s 26:m 27:w
WoTrus OV|28:s 29:m 30:w
WoTrus EV|31:s 32:m
DNSPod OV|43:s 44:w 45:m
DNSPod EV|46:s 47:m
DNSPod DV|48:s 49:w 50:m
CFCA OV|98:s 99:m 100:w
CFCA EV|101:s
Rapid DV|102:s 103:w
SSL DV|105:s
"""
_KINDS = {"s": "single", "m": "multi-domain", "w": "wildcard", "mw": "multi-wildcard"}
#: Words that POST orders accepts in place of a number.
_WORDS = {"single": "104", "wildcard": "12", "multi": "11", "dnspod": "48", "ov": "14", "ev": "16"}
#: Brands whose OV and EV products need a confirmation letter (Tencent reference 1.0).
_LETTER_BRANDS = ("SecureSite", "GeoTrust", "TrustAsia", "GlobalSign")
#: Brands validated by CNAME unless the application chooses another root (Tencent reference 6, rule 4).
CNAME_BRANDS = ("DNSPod",)


def _read() -> dict[str, Product]:
    products = {}
    for line in _TABLE.strip().splitlines():
        title, _bar, entries = line.partition("|")
        words = title.split()
        brand, level = words[0], words[1]
        for entry in entries.split():
            number, _colon, kind = entry.partition(":")
            products[number] = Product(
                id=number,
                name=f"{title} {_KINDS[kind]}",
                level=level,
                wildcard="w" in kind,
                multi="m" in kind,
                brand=brand,
                letter=level != "DV" and brand in _LETTER_BRANDS,
            )
    return products


_PRODUCTS = _read()


def product(wanted: Any) -> Product:
    """The product of an id, number or word (single, wildcard, multi, dnspod, ov, ev); None: 104, single-name DV.

    Raises:
        ValueError: there is no such product here.
    """
    text = str(wanted).lower() if wanted is not None else "single"
    number = _WORDS.get(text, text)
    if number not in _PRODUCTS:
        known = ", ".join([*_WORDS, *sorted(_PRODUCTS, key=int)])
        raise ValueError(f"'product' must be one of {known}, not '{wanted}'")
    return _PRODUCTS[number]


def type_number(bought: Product) -> int:
    """DomainType of DescribeCertificateDetail: 1 single, 2 multi, 3 wildcard, 4 multi-wildcard."""
    return 1 + int(bought.multi) + 2 * int(bought.wildcard)
