# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The installation as a transaction: written, linked, flipped, tested, reloaded, seen; or put back.

What has to be put back is noted on the disk before anything changes, so that a run that was killed can be finished, or
undone, by the next.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Sequence
from typing import Callable

from ansible_collections.certwright.cloud.plugins.module_utils._disk import disk_faults, tidy
from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError, ErrorKind
from ansible_collections.certwright.cloud.plugins.module_utils._links import (
    content_hash,
    is_placed,
    place,
    record_of,
    restore,
)
from ansible_collections.certwright.cloud.plugins.module_utils._module._install_plan import (
    LOOK_SECONDS,
    InstallationFailed,
    Notes,
    Plan,
    Tools,
    contents,
    not_served,
    shown,
)
from ansible_collections.certwright.cloud.plugins.module_utils._module._use_case import Context
from ansible_collections.certwright.cloud.plugins.module_utils._retry import wait_until
from ansible_collections.certwright.cloud.plugins.module_utils._serving import Served, look_at
from ansible_collections.certwright.cloud.plugins.module_utils._versions import FACTS, FULLCHAIN, KEY, Versions

__all__ = ["Installation"]

_LOOK_INTERVAL = 0.5
# Workers of the old configuration may answer for a while beside those of the new one, so one look proves nothing.
_STEADY_LOOKS = 4
_STEADY_INTERVAL = 0.1


class Installation:
    """One run. After run() served says what the endpoints serve."""

    def __init__(self, versions: Versions, plan: Plan, tools: Tools, context: Context) -> None:
        self.versions = versions
        self.plan = plan
        self.wish = plan.wish
        self.tools = tools
        self.context = context
        self.served: tuple[Served, ...] = plan.served
        # A run that was killed may have reloaded the server.
        self._reloaded = bool(versions.journal())

    def run(self) -> None:
        """Does it all. Raises InstallationFailed after everything was put back as far as possible."""
        notes: Notes | None = None
        try:
            notes = self._notes()
            if self._reloaded:
                self._tidy(notes)
            self.versions.begin(vars(notes))
            self._write()
            self._place(notes)
            if self.versions.live() != self.plan.version:
                self.versions.flip(self.plan.version)
            self._bring_into_service()
            self.versions.repair(self.plan.version, dry=False)
        except CertwrightError as error:
            raise self._failed(error, notes) from error
        try:
            self._forget(notes, keep_copies=True)
        except CertwrightError as error:
            # The new certificate is in service; what is left is removed by the next run.
            error.changed = True
            raise

    def _tidy(self, notes: Notes) -> None:
        """Removes half-written files of a run that was killed."""
        self.versions.tidy()
        with disk_faults():
            for path, record in notes.links.items():
                tidy(self.tools.disk, path)
                if record.get("copy"):
                    tidy(self.tools.disk, record["copy"])

    def _notes(self) -> Notes:
        old = self.versions.journal()
        old_links = old.get("links") or {}
        plan, live = self.plan, self.plan.live
        with disk_faults():
            links = {
                link.path: old_links.get(link.path)
                if is_placed(link)
                else record_of(link.path, old_links.get(link.path) or {})
                for link in plan.links
            }
            missing = [
                name
                for name in (KEY, FACTS, *contents(self.wish))
                if not os.path.lexists(self.versions.path(plan.version, name))
            ]
            unplaced = any(not is_placed(link) for link in plan.links)
            held = content_hash(tuple(link.path for link in plan.links)) if unplaced else None
        known_made = old.get("made") or () if old.get("version") == plan.version else ()
        killed = bool(old) and live in (old.get("version"), old.get("adopted"))
        return Notes(
            version=plan.version,
            previous=old.get("previous") if killed else live,
            adopted=f"before-certwright-{held}" if held else old.get("adopted"),
            made=tuple(dict.fromkeys((*missing, *known_made))),
            links={path: record for path, record in links.items() if record},
        )

    def _write(self) -> None:
        versions, version = self.versions, self.plan.version
        versions.make(version)
        if versions.read(version, KEY) is None:
            versions.put(version, KEY, self.plan.key, 0o600)
        if not versions.facts(version):
            facts = self.wish.facts
            noted = {"order_id": self.wish.order_id, "domains": list(facts.domains)}
            versions.note(version, {**noted, "public_key_sha256": facts.public_key_sha256})
        for name, text in contents(self.wish).items():
            if versions.read(version, name) != text:
                versions.put(version, name, text)
        self._load(versions.path(version, FULLCHAIN), versions.path(version, KEY))

    def _load(self, certificate: str, key: str) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        try:
            # A password is never asked for: an answer keeps OpenSSL from opening the terminal.
            context.load_cert_chain(certificate, key, password=lambda: "")
        except (OSError, ValueError) as error:
            reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or "unknown reason"
            raise CertwrightError(
                f"this host's OpenSSL does not load the pair ('{reason}')", kind=ErrorKind.INVALID_INPUT
            ) from error

    def _place(self, notes: Notes) -> None:
        with disk_faults():
            unplaced = [link for link in self.plan.links if not is_placed(link)]
        if not unplaced:
            return
        if notes.adopted:
            self._adopt(notes.adopted)
        with disk_faults():
            for link in unplaced:
                place(self.tools.disk, link, notes.links[link.path])

    def _adopt(self, adopted: str) -> None:
        """Makes the pair at the linked paths live first.

        Two links cannot appear in one instant. While both lead to what the paths held, nobody can see a mixed pair.
        """
        self.versions.make(adopted)
        for link in self.plan.links:
            self.versions.copy_in(adopted, os.path.basename(link.target), link.path)
        if self.versions.live() != adopted:
            self.versions.flip(adopted)

    def _bring_into_service(self) -> None:
        self._command("test", self.wish.test_command)
        if self.wish.reload_command:
            self._reloaded = True
        self._command("reload", self.wish.reload_command)
        if not self._watched(lambda each: each.matches, self.wish.verify_timeout):
            raise CertwrightError(
                f"after {self.wish.verify_timeout:g} s, {not_served(self.wish, self.plan.served, self.served)}",
                kind=ErrorKind.TIMEOUT,
                hint="Check that the server's configuration names the live files, that the reload command reloads this "
                "server, and that the endpoint is this server's.",
            )

    def _command(self, name: str, argv: Sequence[str]) -> None:
        result = self.tools.run(argv, self.wish.command_timeout) if argv else None
        if result is None or result.code == 0:
            return
        how = "failed" if result.code is None else f"ended with code {result.code}"
        raise CertwrightError(
            f"the {name} command '{' '.join(argv)}' {how}: {result.output or 'it said nothing'}",
            kind=ErrorKind.REJECTED,
            hint="Read what the command says.",
        )

    def _watched(self, good: Callable[[Served], bool], timeout: float) -> bool:
        """Looks at the endpoints until all are good and stay good; keeps what was seen last. Timeout 0: one look."""
        looks = _STEADY_LOOKS if timeout and self.wish.endpoints else 1

        def look() -> tuple[bool, None]:
            fingerprint = self.wish.facts.fingerprint_sha256
            for count in range(looks):
                self.context.clock.sleep(_STEADY_INTERVAL if count else 0)
                self.served = tuple(look_at(self.wish.endpoints, fingerprint, self.tools.look, LOOK_SECONDS))
                if not all(good(each) for each in self.served):
                    return False, None
            return True, None

        return wait_until(look, timeout=timeout, interval=_LOOK_INTERVAL, clock=self.context.clock)[0]

    def _failed(self, error: CertwrightError, notes: Notes | None) -> InstallationFailed:
        """Puts everything back and says what happened and what is in place now."""
        said, undone, clean = ["Nothing on the disk was changed."], False, True
        try:
            if notes is not None:
                undone = self._undo(notes)
                said = [_undone_sentence(undone, notes)]
                said += self._served_again(notes)
                self._forget(notes, keep_copies=False)
        except CertwrightError as second:
            clean = False
            said = [f"Going back failed too: {second.message}. Run again when that is mended; it goes on from there."]
        failed = InstallationFailed(
            error,
            f"The {self.wish.title} was not put into service: {error.message}",
            " ".join([*said, *([error.hint] if error.hint else [])]),
            rolled_back=undone and clean,
            facts={
                "served": [each.to_result() for each in self.served],
                "served_before": [each.to_result() for each in self.plan.served],
            },
        )
        failed.changed = not clean
        return failed

    def _undo(self, notes: Notes) -> bool:
        """Puts back links, files and the live version; returns whether the live pair or a link had changed."""
        versions, live = self.versions, self.versions.live()
        with disk_faults():
            placed = [link for link in self.plan.links if link.path in notes.links and is_placed(link)]
        foreign = any(notes.links[link.path]["kind"] != "absent" for link in placed)
        first: str | None
        if foreign and notes.adopted and versions.read(notes.adopted, FULLCHAIN) and versions.read(notes.adopted, KEY):
            first = notes.adopted
        else:
            first = notes.previous
        if first is not None and first != live:
            versions.flip(first)
        with disk_faults():
            for link in placed:
                restore(self.tools.disk, link, notes.links[link.path])
        if versions.live() != notes.previous:
            versions.flip(notes.previous)
        if notes.previous != notes.version:
            versions.discard(notes.version, notes.made)
        return bool(placed) or live != notes.previous

    def _served_again(self, notes: Notes) -> list[str]:
        """Reloads the server with what is back in place, unless that could only harm, and looks at it again."""
        said = []
        again = self._reloaded and (notes.anything_before or bool(self.wish.test_command))
        try:
            if again:
                self._command("test", self.wish.test_command)
                self._command("reload", self.wish.reload_command)
        except CertwrightError as error:
            said.append(f"Then {error.message}.")
        before = {each.endpoint: each for each in self.plan.served}

        def good(each: Served) -> bool:
            earlier = before[each.endpoint]
            return not each.matches if earlier.matches else each.fingerprint_sha256 == earlier.fingerprint_sha256

        if self.wish.endpoints:
            self._watched(good, self.wish.verify_timeout if again and not said else 0)
            said.append(f"Now {shown(self.served)}.")
        return said

    def _forget(self, notes: Notes, keep_copies: bool) -> None:
        """Removes what was only needed for going back."""
        if notes.adopted and notes.adopted != self.versions.live():
            self.versions.discard(notes.adopted, [KEY, FULLCHAIN])
        with disk_faults():
            for record in notes.links.values():
                if not keep_copies and record.get("made"):
                    self.tools.disk.unlink(record["copy"])
        self.versions.end()


def _undone_sentence(undone: bool, notes: Notes) -> str:
    if not undone:
        return "The live certificate was not touched."
    if notes.anything_before:
        return "What was there before is in place again."
    return "Nothing was installed before, so what this run had made was removed; a pending key and its request stay."
