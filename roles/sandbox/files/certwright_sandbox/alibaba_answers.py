# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Alibaba's answers on the wire, as JSON or as XML (Alibaba reference 3.4)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape

from certwright_sandbox.messages import Response

__all__ = ["answer", "wants_xml"]

JSON_TYPE = "application/json;charset=utf-8"
#: The vendor's SDK takes an error for XML only when the type is spelled exactly like this (reference 3.4).
XML_TYPE = "text/xml;charset=utf-8"
#: Characters that XML 1.0 cannot hold.
FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def wants_xml(format_parameter: Any, accept: str) -> bool:
    """Whether XML was asked for: by the parameter Format in any case, without one by the Accept header."""
    if format_parameter is not None:
        return str(format_parameter).lower() == "xml"
    return accept.partition(",")[0].partition(";")[0].strip().lower() in ("application/xml", "text/xml")


def answer(status: int, fields: Mapping[str, Any], root: str, as_xml: bool) -> Response:
    """An answer with these fields; those that are None are left out. `root` is the name of XML's outer element."""
    kept = {name: value for name, value in fields.items() if value is not None}
    if as_xml:
        text = f"<?xml version='1.0' encoding='UTF-8'?>{_element(root, kept)}"
        return Response(status, text.encode(), XML_TYPE)
    return Response(status, json.dumps(kept, ensure_ascii=False).encode(), JSON_TYPE)


def _element(name: str, value: Any) -> str:
    """A list is its elements one after the other, without anything around them."""
    if isinstance(value, list):
        return "".join(_element(name, each) for each in value)
    if isinstance(value, Mapping):
        return f"<{name}>{''.join(_element(key, each) for key, each in value.items())}</{name}>"
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"<{name}>{escape(FORBIDDEN.sub('', text), {chr(13): '&#13;'})}</{name}>"
