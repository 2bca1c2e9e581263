# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A local stand-in for the certificate and DNS services of Tencent Cloud and Alibaba Cloud, with its own DNS and CA."""

from __future__ import annotations

__all__ = ["VERSION"]

VERSION = "0.1.0"
