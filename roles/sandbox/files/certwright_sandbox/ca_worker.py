# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The CA at work: looks for validation values by real DNS queries and HTTP fetches, and issues certificates.

One background thread; it sleeps for as long as no order waits for anything.
"""

from __future__ import annotations

import http.client
import sys
import threading
import traceback
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from certwright_sandbox.ca import TestCa, lifetime_days, make_key_and_csr
from certwright_sandbox.clock import Clock
from certwright_sandbox.dns_lookup import DnsLookupError, lookup
from certwright_sandbox.journal import Journal
from certwright_sandbox.orders import Order, Orders, State, Validation
from certwright_sandbox.settings import Settings, split_address
from certwright_sandbox.store import Store

__all__ = ["CaWorker", "Prober"]

_FETCH_SECONDS = 2.0
_FETCH_BYTES = 65536
#: Looks at the full pace before the CA slows down to every fourth interval, to keep the journal readable.
_EAGER_LOOKS = 240


class Prober:
    """Looks for one validation the way a CA does: on the wire."""

    def __init__(self, settings: Settings, dns_address: str) -> None:
        """Args: settings: ``resolvers`` and ``hosts``; dns_address: HOST:PORT of the sandbox's own DNS server."""
        self._settings = settings
        self._dns_address = dns_address

    def look(self, validation: Validation) -> tuple[list[str], str | None]:
        """What is published for a validation.

        Returns:
            (values found, None) or ([], why the look-up failed).
        """
        try:
            if validation.record:
                record = validation.record
                return lookup(record["name"], record["type"], self._settings.resolvers, self._dns_address), None
            return self._fetch((validation.file or {})["url"]), None
        except (DnsLookupError, OSError, http.client.HTTPException, ValueError) as error:
            return [], str(error) or type(error).__name__

    def _fetch(self, url: str) -> list[str]:
        """The body of a file served with status 200 and without redirect (Tencent reference 6, rule 5)."""
        parts = urlsplit(url)
        address = self._settings.hosts.get((parts.hostname or "").lower())
        if address is None:
            raise ValueError(f"no address is set for the host '{parts.hostname}' (POST settings, 'hosts')")
        connection = http.client.HTTPConnection(*split_address(address), timeout=_FETCH_SECONDS)
        try:
            connection.request("GET", parts.path, headers={"Host": parts.netloc})
            answer = connection.getresponse()
            if answer.status != 200:
                raise ValueError(f"'{url}' answered with status {answer.status}")
            return [answer.read(_FETCH_BYTES).decode("utf-8", "replace").strip()]
        finally:
            connection.close()


def matches(validation: Validation, found: list[str]) -> bool:
    """Whether what was found proves the validation."""
    if validation.record:
        wanted = validation.record["value"]
        if validation.record["type"] == "CNAME":
            wanted = wanted.lower().rstrip(".")
            return wanted in [value.lower().rstrip(".") for value in found]
        return wanted in found
    return (validation.file or {})["content"] in found


class CaWorker:
    """Moves pending orders on; ``wake`` makes it look again at once."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        settings: Settings,
        journal: Journal,
        orders: Orders,
        ca: TestCa,
        prober: Prober,
    ) -> None:
        self._store, self._clock, self._settings, self._journal = store, clock, settings, journal
        self._orders, self._ca, self._prober = orders, ca, prober
        self._event = threading.Event()
        self._stop = False
        self._thread = threading.Thread(target=self._work, name="ca", daemon=True)
        self._looked: dict[tuple[str, int], float] = {}
        orders.wake = self.wake

    def start(self) -> None:
        """Begin, with what a former run left pending."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the step at hand and end."""
        self._stop = True
        self._event.set()
        if self._thread.is_alive():
            self._thread.join(timeout=10)

    def wake(self) -> None:
        """Look at pending orders now: something changed."""
        self._event.set()

    def look_again(self) -> None:
        """Forget when each validation was last looked for, and look now (records changed, check asked for)."""
        self._looked.clear()
        self.wake()

    def _work(self) -> None:
        while not self._stop:
            self._event.clear()
            try:
                pause = self.step()
            except Exception:
                traceback.print_exc(file=sys.stderr)
                pause = 1.0
            self._event.wait(pause)

    def step(self) -> float | None:
        """Do all that is due.

        Returns:
            Seconds until something may be due again, None when no order waits for anything.
        """
        pauses = [self._advance(order) for order in self._orders.list(active=True) if not self._stop]
        due = [pause for pause in pauses if pause is not None]
        return max(0.01, min(due)) if due else None

    def _advance(self, order: Order) -> float | None:
        """Move one order on; returns seconds until it has to be looked at again."""
        now = self._clock.business()
        if not order.visible(now):
            return (order.visible_at or now) - now
        if order.state is State.ISSUING:
            wait = (order.issue_at or now) - now
            return wait if wait > 0 else self._issue(order)
        results, wait = self._look(order)
        self._change(order, lambda fresh: self._record(fresh, results))
        return wait

    def _look(self, order: Order) -> tuple[dict[int, tuple[list[str], str | None]], float]:
        """Look for what was not seen and is due; returns the results by position, and seconds until the next look."""
        results, waits = {}, [3600.0]
        for position, validation in enumerate(order.validations):
            if validation.seen:
                continue
            key, now = (order.id, position), self._clock.real()
            pace = max(0.05, self._settings.ca_poll) * (1 if validation.looks < _EAGER_LOOKS else 4)
            wait = self._looked.get(key, 0.0) + pace - now
            if wait <= 0:
                self._looked[key], wait = now, pace
                results[position] = self._prober.look(validation)
            waits.append(wait)
        return results, min(waits)

    def _record(self, order: Order, results: dict[int, tuple[list[str], str | None]]) -> bool:
        now = self._clock.business()
        for position, (found, error) in results.items():
            validation = order.validations[position]
            validation.found, validation.error, validation.looks = found, error, validation.looks + 1
            validation.seen = matches(validation, found)
            self._note(order, validation)
        if order.validated and order.validated_at is None:
            order.validated_at = now
        before = order.state
        self._orders.move_on(order, now)
        return bool(results) or order.state is not before

    def _note(self, order: Order, validation: Validation) -> None:
        asked = validation.record or validation.file or {}
        name, kind = asked.get("name") or asked.get("url"), asked.get("type", "HTTP")
        request: dict[str, Any] = {"name": name, "type": kind, "found": validation.found, "error": validation.error}
        outcome = "error" if validation.error else "ok"
        self._journal.add("ca", kind, order_id=order.id, outcome=outcome, effective=validation.seen, request=request)

    def _issue(self, order: Order) -> float | None:
        """Make the certificate (and, where the cloud makes it, the key); slow work happens outside the transaction."""
        key_pem, csr_pem = order.private_key_pem, order.csr_pem
        if order.key_spec and key_pem is None:
            key_pem, csr_pem = make_key_and_csr(order.names, order.key_spec["algo"], order.key_spec["param"])
        start = datetime.fromtimestamp(int(self._clock.business()), UTC)
        issued = self._ca.issue(csr_pem, None, order.names, start, lifetime_days(start))

        def store(fresh: Order) -> bool:
            fresh.private_key_pem, fresh.csr_pem = key_pem, csr_pem
            fresh.certificate = {
                "leaf_pem": issued.leaf_pem,
                "chain_pem": issued.chain_pem,
                "serial": issued.serial_hex,
                "fingerprint_sha256": issued.fingerprint_sha256,
                "not_before": issued.not_before.timestamp(),
                "not_after": issued.not_after.timestamp(),
            }
            fresh.state = State.ISSUED
            self._orders.flows[fresh.flow].on_issued(fresh)
            return True

        self._change(order, store)
        return None

    def _change(self, order: Order, change: Callable[[Order], bool]) -> None:
        """Apply a change to the order as it is now, unless it was decided or sent again meanwhile."""
        with self._store.transaction():
            fresh = self._orders.get(order.id)
            if fresh is None or (fresh.submissions, fresh.state) != (order.submissions, order.state):
                self._store.after_commit(self.wake)
                return
            if change(fresh):
                self._orders.save(replace(fresh))
