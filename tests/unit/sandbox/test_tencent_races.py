# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What must hold when several things happen at once: transactions, and decisions made while the CA looks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from certwright_sandbox.app import App
from certwright_sandbox.ca import IssuedCertificate
from certwright_sandbox.orders import Validation
from certwright_sandbox.store import Store
from sandbox_client import Client, wait_for


def test_failed_transaction_leaves_nothing_behind(tmp_path: Path) -> None:
    store = Store(tmp_path / "state")
    called: list[str] = []

    def fail() -> None:
        with store.transaction():
            store.put("a", 1)
            store.after_commit(lambda: called.append("never"))
            with store.transaction():
                store.put("b", 2)
            raise KeyError("in the middle")

    with pytest.raises(KeyError):
        fail()
    assert (store.get("a"), store.get("b"), called) == (None, None, [])
    with store.transaction():
        store.put("a", 3)
        store.after_commit(lambda: called.append("later"))
        assert called == []
    assert (store.get("a"), called) == (3, ["later"])
    store.close()


def test_rejection_while_the_ca_looks_is_not_overwritten(client: Client, sandbox: App) -> None:
    order_id = client.order()
    looked: list[str] = []

    def look(validation: Validation) -> tuple[list[str], str | None]:
        with sandbox.store.transaction():
            order = sandbox.orders.get(order_id)
            assert order is not None
            sandbox.orders.decide(order, "reject", "meanwhile")
        looked.append(validation.domain)
        return [(validation.record or {})["value"]], None

    sandbox.prober.look = look  # type: ignore[method-assign]
    client.submitted(order_id=order_id)
    wait_for(lambda: bool(looked), "a look of the CA")
    client.control("POST", "clock", {"advance": 10})
    seen = client.control("GET", f"orders/{order_id}")
    assert (seen["state"], seen["message"], seen["certificate"]) == ("rejected", "meanwhile", None)


def test_values_of_an_older_submission_prove_nothing_for_the_next(client: Client, sandbox: App) -> None:
    client.control("POST", "settings", {"submission_guard": False})
    order_id = client.order()
    real, looked = sandbox.prober.look, []

    def look(validation: Validation) -> tuple[list[str], str | None]:
        if looked:
            return real(validation)
        with sandbox.store.transaction():
            order = sandbox.orders.get(order_id)
            assert order is not None
            sandbox.orders.submit(order)
        looked.append(validation.domain)
        return [(validation.record or {})["value"]], None

    sandbox.prober.look = look  # type: ignore[method-assign]
    client.submitted(order_id=order_id)
    wait_for(lambda: len(client.journal("ca")) >= 2, "two looks of the CA")
    seen = client.control("GET", f"orders/{order_id}")
    assert (seen["submissions"], seen["seen"], seen["state"]) == (2, False, "validating")


def test_rejection_while_the_certificate_is_made_is_not_overwritten(client: Client, sandbox: App) -> None:
    order_id = client.order()
    real, made = sandbox.ca.issue, []

    def issue(*args: Any) -> IssuedCertificate:
        with sandbox.store.transaction():
            order = sandbox.orders.get(order_id)
            assert order is not None
            sandbox.orders.decide(order, "reject", "meanwhile")
        made.append(real(*args))
        return made[0]

    sandbox.ca.issue = issue  # type: ignore[method-assign]
    client.submitted(order_id=order_id)
    client.publish(order_id)
    wait_for(lambda: bool(made), "the certificate to be made")
    sandbox.worker.stop()
    seen = client.control("GET", f"orders/{order_id}")
    assert (seen["state"], seen["message"], seen["certificate"]) == ("rejected", "meanwhile", None)
