# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificates and answers for the tests of Alibaba's modules."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import parse_qsl

from ansible_collections.certwright.cloud.plugins.module_utils._http import HttpRequest, HttpResponse
from ansible_collections.certwright.cloud.tests.unit.plugins.helpers import json_response
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

__all__ = ["KEYS", "Chain", "action", "dns_zones", "listed", "parameters", "refusal", "result"]

KEYS = {"access_key_id": "id", "access_key_secret": "s3cret-of-tests"}


class Chain:
    """A leaf and the intermediate that issued it, as PEM."""

    def __init__(self, names: list[str], until: datetime | None = None) -> None:
        until = until or datetime(2030, 1, 1, tzinfo=timezone.utc)
        ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        root, ca = _name(f"root for {names[0]}"), _name(f"CA for {names[0]}")
        # Signed by a key of nobody's: the root's own certificate is not needed.
        issuer = _builder(ca, root, ca_key, until).add_extension(x509.BasicConstraints(True, 0), critical=True)
        leaf = _builder(_name(names[0]), ca, key, until).add_extension(
            x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False
        )
        certificate = leaf.sign(ca_key, hashes.SHA256())
        self.serial = certificate.serial_number
        self.leaf_pem = _pem(certificate)
        self.issuer_pem = _pem(issuer.sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256()))
        self.pem = self.leaf_pem + self.issuer_pem


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _builder(subject: x509.Name, issuer: x509.Name, key: Any, until: datetime) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    return builder.not_valid_before(until - timedelta(days=200)).not_valid_after(until)


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def result(status: str | None = None, **more: Any) -> HttpResponse:
    """An answer to DescribeDVOrderResult."""
    return json_response({"RequestId": "R-result", **({"OrderStatus": status} if status else {}), **more})


def listed(*rows: tuple[str, str], total: int | None = None, kind: str = "DV") -> HttpResponse:
    """An answer to DescribeOrderInstanceList with rows of id and status."""
    orders = [{"Id": 1, "InstanceId": order, "CertType": kind, "Status": status} for order, status in rows]
    return json_response({"RequestId": "R-list", "OrderList": orders, "TotalCount": total or len(orders)})


def refusal(code: str, message: str = "No.", status: int = 400) -> HttpResponse:
    """An error answer."""
    return json_response({"RequestId": "R-refused", "Code": code, "Message": message}, status)


def dns_zones(*names: str) -> HttpResponse:
    """An answer to DescribeDomains."""
    zones = [{"DomainName": name, "PunyCode": name} for name in names]
    return json_response({"RequestId": "R-zones", "Domains": {"Domain": zones}, "TotalCount": len(zones)})


def action(request: HttpRequest) -> str:
    """The action that a request asks for."""
    return request.headers["x-acs-action"]


def parameters(request: HttpRequest) -> dict[str, str]:
    """The parameters of a request."""
    return dict(parse_qsl(request.body.decode(), keep_blank_values=True))
