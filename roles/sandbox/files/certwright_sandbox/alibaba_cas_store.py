# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Alibaba's certificate store, version 2018-07-13: uploaded certificates, and those of issued orders (reference 1.2).

How bad input is answered is documented in parts only (reference 1.9 and 7.6).
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.oid import NameOID, ObjectIdentifier

from certwright_sandbox.alibaba_api import Action, Actions, error, integer, text
from certwright_sandbox.gateway import ApiError, Call
from certwright_sandbox.orders import Order

if TYPE_CHECKING:
    from certwright_sandbox.app import App

__all__ = ["CertificateStore"]

VERSION = "2018-07-13"
#: Certificates have small numbers, other than orders (reference 0).
FIRST_ID = 18083870
LONGEST_NAME = 128
LARGEST_PAGE = 50
#: The cloud refuses a PEM that lost its newlines (reference 6), which parsers may take.
PEM_HEADER = re.compile(r"^-----BEGIN [A-Z ]+-----\r?$", re.MULTILINE)


@dataclass
class Stored:
    """A certificate in the store; `order_id` is that of the order it was bought with, None for an uploaded one."""

    name: str
    certificate: str
    key: str
    order_id: str | None = None
    id: int = 0

    def leaf(self) -> x509.Certificate:
        """The first certificate of the chain."""
        return x509.load_pem_x509_certificate(self.certificate.encode())


class CertificateStore:
    """The store of all accounts; every account sees its own part only."""

    def __init__(self, app: App) -> None:
        self._store, self._clock = app.store, app.clock

    def actions(self) -> Actions:
        """The actions of this version that concern the store."""
        upload = Action(self.create, 10, ("Name", "Cert", "Key"), writes=True)
        return {
            (VERSION, "CreateUserCertificate"): upload,
            (VERSION, "DeleteUserCertificate"): Action(self.delete, None, ("CertId",), writes=True),
            (VERSION, "DescribeUserCertificateDetail"): Action(self.describe, None, ("CertId",)),
            (VERSION, "DescribeUserCertificateList"): Action(self.list_all),
        }

    def keep_issued(self, order: Order) -> None:
        """Store the certificate of an order that was just issued, as the cloud seems to do (reference 1.1, a guess)."""
        issued = order.certificate or {}
        chain = issued["leaf_pem"] + issued["chain_pem"]
        self._add(order.owner, Stored(order.id, chain, order.private_key_pem or "", order.id))

    def create(self, call: Call) -> dict[str, Any]:
        """CreateUserCertificate."""
        name, certificate = text(call, "Name"), str(call.parameters["Cert"])
        key = str(call.parameters["Key"])
        if len(name) > LONGEST_NAME:
            raise error("DataTooLongException", f"The name is longer than {LONGEST_NAME} characters.")
        self._check_pair(call, name, certificate, key)
        if any(each.name == name for each in self._of(call)):
            raise error("NameRepeat", "名称重复, 请重新输入")
        call.effective = True
        return {"CertId": self._add(_owner(call), Stored(name, certificate, key))}

    def delete(self, call: Call) -> dict[str, Any]:
        """DeleteUserCertificate."""
        found = self._find(call)
        if found.order_id is not None and not self._expired(found.leaf()):
            raise error("OperationDenied.StatusNotSupport", "An issued certificate is deleted only when it expired.")
        self._store.write("DELETE FROM certificates WHERE seq = ?", found.id - FIRST_ID)
        call.effective = True
        return {}

    def describe(self, call: Call) -> dict[str, Any]:
        """DescribeUserCertificateDetail: the only answer with the private key."""
        found = self._find(call)
        return {**self._view(found), "Cert": found.certificate, "Key": found.key}

    def list_all(self, call: Call) -> dict[str, Any]:
        """DescribeUserCertificateList: newest first; its items are spelled in lower camel case."""
        number = max(1, integer(call, "CurrentPage", 1))
        size = min(max(1, integer(call, "ShowSize", LARGEST_PAGE)), LARGEST_PAGE)
        mine = self._of(call)
        views = [self._view(each) for each in mine[(number - 1) * size : number * size]]
        rows = [{name[0].lower() + name[1:]: value for name, value in view.items()} for view in views]
        return {"CertificateList": rows, "TotalCount": len(mine), "CurrentPage": number, "ShowSize": size}

    def _check_pair(self, call: Call, name: str, certificate: str, key: str) -> None:
        try:
            leaf = x509.load_pem_x509_certificates(certificate.encode())[0]
            private = load_pem_private_key(key.encode(), None)
        except (ValueError, TypeError) as exc:
            raise _malformed(call, name) from exc
        if not all(PEM_HEADER.search(each) for each in (certificate, key)):
            raise _malformed(call, name)
        if private.public_key() != leaf.public_key():
            raise error("NotMatch", "The certificate and the private key do not match.")
        if self._expired(leaf):
            raise error("CertificateExpired", "The certificate has expired.")

    def _expired(self, leaf: x509.Certificate) -> bool:
        return leaf.not_valid_after_utc.timestamp() < self._clock.business()

    def _add(self, owner: str, stored: Stored) -> int:
        body = json.dumps(asdict(stored))
        return FIRST_ID + self._store.write("INSERT INTO certificates (owner, body) VALUES (?, ?)", owner, body)

    def _of(self, call: Call) -> list[Stored]:
        sql = "SELECT seq, body FROM certificates WHERE owner = ? ORDER BY seq DESC"
        rows = self._store.rows(sql, _owner(call))
        return [Stored(**{**json.loads(body), "id": FIRST_ID + seq}) for seq, body in rows]

    def _find(self, call: Call) -> Stored:
        wanted = integer(call, "CertId", 0)
        for each in self._of(call):
            if each.id == wanted:
                return each
        raise error("NotFound", "The specified certificate does not exist.")

    def _view(self, stored: Stored) -> dict[str, Any]:
        leaf = stored.leaf()
        return {
            "Id": stored.id,
            "Name": stored.name,
            "Common": _part(leaf.subject, NameOID.COMMON_NAME),
            "Fingerprint": leaf.fingerprint(hashes.SHA1()).hex().upper(),
            "Issuer": _part(leaf.issuer, NameOID.ORGANIZATION_NAME) or _part(leaf.issuer, NameOID.COMMON_NAME),
            "OrgName": _part(leaf.subject, NameOID.ORGANIZATION_NAME),
            "Province": _part(leaf.subject, NameOID.STATE_OR_PROVINCE_NAME),
            "City": _part(leaf.subject, NameOID.LOCALITY_NAME),
            "Country": _part(leaf.subject, NameOID.COUNTRY_NAME),
            "StartDate": leaf.not_valid_before_utc.date().isoformat(),
            "EndDate": leaf.not_valid_after_utc.date().isoformat(),
            "Sans": ",".join(_names(leaf)),
            "Expired": self._expired(leaf),
            "BuyInAliyun": stored.order_id is not None,
        }


def _owner(call: Call) -> str:
    assert call.account is not None
    return call.account.key_id


def _part(name: x509.Name, part: ObjectIdentifier) -> str:
    found = name.get_attributes_for_oid(part)
    return str(found[0].value) if found else ""


def _names(leaf: x509.Certificate) -> list[str]:
    try:
        extension = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return []
    return [str(name) for name in extension.get_values_for_type(x509.DNSName)]


def _malformed(call: Call, name: str) -> ApiError:
    """The code that users reported for a PEM without its newlines (reference 1.2)."""
    return error("-1008", f"The certificate format is wrong. name={name},userId={_owner(call)}")
