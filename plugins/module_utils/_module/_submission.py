# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is to be submitted, and what is still missing for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError
from ansible_collections.certwright.cloud.plugins.module_utils._order_service import OrderWriter, Step
from ansible_collections.certwright.cloud.plugins.module_utils._orders import Order, OrderState

__all__ = ["Submission"]


@dataclass(frozen=True)
class Submission:
    """What a module wants: this application on this order, up to PREPARED or VALIDATING.

    Arguments:
        provider: whose order it is (see Order).
        look: the command that looks the order up, for messages.
    """

    service: OrderWriter
    provider: str
    order_id: str
    application: Any
    look: str
    until: OrderState = OrderState.VALIDATING

    def missing(self, order: Order) -> list[Step]:
        """See OrderWriter.steps; what it raises says where the order stands."""
        try:
            return self.service.steps(order, self.application, self.until)
        except CertwrightError as error:
            error.order = error.order or order
            raise
