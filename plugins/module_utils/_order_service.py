# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The domain: what a flow offers to the use cases, for every cloud."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Callable, Protocol

from ansible_collections.certwright.cloud.plugins.module_utils._orders import Bundle, Order, OrderState

__all__ = ["OrderReader", "OrderWriter", "Step"]


@dataclass(frozen=True)
class Step:
    """One write that an order still needs.

    name is for diffs and messages ("submit documents"); send performs the call and returns its request id; resulting
    is the state that check mode predicts after it, and domains the names, where the step sets them. sends are names
    that it sends, but that the order will not show; they are for the diff. Of an optional step a failure is a warning
    and no change. ``once`` marks a call that consumes money, quota or a review of the CA (see CallClass.ONCE).
    """

    name: str
    send: Callable[[], str | None]
    resulting: OrderState
    optional: bool = False
    once: bool = False
    domains: tuple[str, ...] | None = None
    sends: tuple[str, ...] = ()


class OrderReader(Protocol):
    """What the info use case needs of a flow."""

    def read(self, order_id: str) -> Order:
        """The order as the cloud has it now. Raises CertwrightError, kind not_found where there is none."""

    def read_all(self, order_ids: Sequence[str]) -> list[Order]:
        """Several orders as the cloud has them now, in the given order, side by side. Raises as read does."""

    def listed(self, order_ids: Sequence[str], most_calls: int | None = None) -> dict[str, Order] | None:
        """Orders as the cloud's list shows them, by their ids: in far fewer calls, but without validations and
        certificates. An order that the list does not show is left out.

        Arguments:
            most_calls: None is returned instead where the list would take more.
        """

    def bundle(self, order_id: str, with_key: bool) -> Bundle:
        """The issued certificate; the private key only with with_key and only where the cloud made it."""

    def search(self, criteria: dict[str, Any]) -> list[Order]:
        """All orders that fit; paging is done here. The criteria are the flow's own."""


class OrderWriter(OrderReader, Protocol):
    """What the submitting use case needs beside reading."""

    def steps(self, order: Order, application: Any, until: OrderState) -> list[Step]:
        """The writes still missing from the order's state to ``until`` (PREPARED or VALIDATING).

        Raises CertwrightError (conflict) where the order contradicts the application, was made with another key, or
        stands where nothing can be sent any more.
        """
