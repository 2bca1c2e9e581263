# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What all tests may ask for."""

from ansible_collections.certwright.cloud.tests.troubles import tell

__all__ = ["tell"]
