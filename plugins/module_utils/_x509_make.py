# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes keys and certificate requests."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ansible_collections.certwright.cloud.plugins.module_utils._domains import normalise
from ansible_collections.certwright.cloud.plugins.module_utils._x509 import load_key, unusable

try:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.x509.oid import NameOID
except ImportError:
    # The module runner reports the missing library before anything here is called.
    pass

__all__ = ["KEY_TYPES", "Subject", "key_type_of", "make_csr", "make_key"]

KEY_TYPES = ("rsa2048", "rsa3072", "rsa4096", "ecdsa-p256", "ecdsa-p384")

_CURVES = {"secp256r1": "ecdsa-p256", "secp384r1": "ecdsa-p384"}


@dataclass(frozen=True)
class Subject:
    """What a request says of its owner beside the common name; country is a code of two letters."""

    organization: str | None = None
    organizational_unit: str | None = None
    country: str | None = None
    state_or_province: str | None = None
    locality: str | None = None
    email: str | None = None


def make_key(key_type: str) -> str:
    """A new private key as unencrypted PKCS#8 PEM ("BEGIN PRIVATE KEY"), which every server and both clouds take.

    Arguments:
        key_type: one of KEY_TYPES.
    """
    key: Any
    if key_type.startswith("rsa"):
        key = rsa.generate_private_key(public_exponent=65537, key_size=int(key_type[3:]))
    else:
        key = ec.generate_private_key(ec.SECP256R1() if key_type == "ecdsa-p256" else ec.SECP384R1())
    pem: bytes = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return pem.decode("ascii")


def make_csr(key_pem: str, common_name: str, names: Iterable[str], subject: Subject | None = None) -> str:
    """A certificate request (PKCS#10, SHA-256) as PEM; the SAN holds the common name and all names, as A-labels.

    Raises CertwrightError (invalid_input) for an unusable key, name or subject field.
    """
    key = load_key(key_pem)
    unique = list(dict.fromkeys(normalise(name) for name in (common_name, *names)))
    try:
        builder = x509.CertificateSigningRequestBuilder(_subject_name(unique[0], subject or Subject()))
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(n) for n in unique]), critical=False)
        request = builder.sign(key, hashes.SHA256())
    except ValueError as error:
        # Only names and subject fields can be refused here, and they are no secret.
        raise unusable(f"No certificate request can be made for '{common_name}': {error}") from None
    return request.public_bytes(serialization.Encoding.PEM).decode("ascii")


def _subject_name(common_name: str, subject: Subject) -> x509.Name:
    fields = [
        (NameOID.COUNTRY_NAME, subject.country),
        (NameOID.STATE_OR_PROVINCE_NAME, subject.state_or_province),
        (NameOID.LOCALITY_NAME, subject.locality),
        (NameOID.ORGANIZATION_NAME, subject.organization),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, subject.organizational_unit),
        (NameOID.COMMON_NAME, common_name),
        (NameOID.EMAIL_ADDRESS, subject.email),
    ]
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in fields if value])


def key_type_of(key_pem: str) -> str:
    """What kind of key it is, in the words of KEY_TYPES where it is one of them. Raises CertwrightError."""
    key = load_key(key_pem)
    if isinstance(key, rsa.RSAPrivateKey):
        return f"rsa{key.key_size}"
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return _CURVES.get(key.curve.name, key.curve.name)
    return type(key).__name__.strip("_")
