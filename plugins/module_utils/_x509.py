# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads keys, requests, certificates and chains. No message ever quotes the material."""

from __future__ import annotations

import base64
import functools
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, Callable, TypeVar, cast

from ansible_collections.certwright.cloud.plugins.module_utils._domains import normalise
from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError, ErrorKind
from ansible_collections.certwright.cloud.plugins.module_utils._orders import CertificateFacts
from ansible_collections.certwright.cloud.plugins.module_utils._redact import KEY_BLOCK

try:
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.x509.oid import ExtensionOID, NameOID
except ImportError:
    # The module runner reports the missing library before anything here is called.
    pass

__all__ = [
    "CsrFacts",
    "certificate_facts",
    "csr_facts",
    "key_fits",
    "load_key",
    "order_chain",
    "public_key_sha256_of_key",
    "split_pem",
    "unusable",
]

# No dash can stand in base64, so a text full of beginnings is read once.
_CERTIFICATE = re.compile(
    r"-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----([^-]*)-----END (?:X509 |TRUSTED )?CERTIFICATE-----"
)
# Chains have two or three; comparing all with all takes long where somebody sends thousands.
_MOST_CERTIFICATES = 50

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class CsrFacts:
    """What a certificate request says; names are the SAN names as A-labels, in their order."""

    common_name: str | None
    names: tuple[str, ...]
    public_key_sha256: str


def _reading(function: F) -> F:
    """Lets nothing but CertwrightError out of a function that reads what others have made.

    cryptography raises many kinds of errors for material that is broken on purpose, different ones in each version, and
    reads much of it only when it is asked for.
    """

    @functools.wraps(function)
    def guarded(*args: Any, **options: Any) -> Any:
        try:
            return function(*args, **options)
        except CertwrightError:
            raise
        except Exception as error:
            what = f"malformed or of a kind that cannot be read here ({type(error).__name__})"
            raise unusable(f"The certificate, request or key is {what}") from None

    return cast("F", guarded)


@_reading
def csr_facts(csr_pem: str) -> CsrFacts:
    """What a PEM certificate request says. Raises CertwrightError (invalid_input)."""
    try:
        request = x509.load_pem_x509_csr(csr_pem.strip().encode("utf-8"))
        common_names = request.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        common_name = normalise(str(common_names[0].value)) if common_names else None
        return CsrFacts(common_name, _names(request), _spki_sha256(request.public_key()))
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise unusable("The certificate request is no PEM text that can be read (BEGIN CERTIFICATE REQUEST)") from None


@_reading
def certificate_facts(pem: str) -> CertificateFacts:
    """What a certificate says; of several in one text, the first. Raises CertwrightError (invalid_input).

    Serial: lower-case hex with an even number of digits. Times: ISO 8601, UTC. Issuer: RFC 4514.
    """
    certificate = _load_certificate(pem)
    not_before, not_after = _times(certificate)
    serial = f"{certificate.serial_number:x}"
    return CertificateFacts(
        serial=serial.zfill(len(serial) + len(serial) % 2),
        fingerprint_sha256=certificate.fingerprint(hashes.SHA256()).hex(),
        public_key_sha256=_public_key_sha256(certificate),
        issuer=_name(certificate.issuer),
        not_before=not_before.strftime("%Y-%m-%dT%H:%M:%SZ"),
        not_after=not_after.strftime("%Y-%m-%dT%H:%M:%SZ"),
        domains=_names(certificate),
    )


@_reading
def split_pem(text: str) -> list[str]:
    """Every certificate in a text, each as normal PEM with a final newline; an empty list if there is none.

    Windows line ends, blank lines and text around the certificates are tolerated; other PEM blocks are passed over.
    Raises CertwrightError (invalid_input) for a block that is no certificate.
    """
    return [_dump(_load_der(body)) for body in _CERTIFICATE.findall(text)]


@_reading
def order_chain(pems: Iterable[str], leaf: str | None = None) -> list[str]:
    """Leaf and intermediates in issuing order, as servers want them, each as normal PEM.

    Arguments:
        pems: PEM texts with one or more certificates each, in any order; duplicates are removed and self-signed roots
            dropped.
        leaf: the leaf, where it is known; else it is the only certificate that is not a CA's.

    Raises CertwrightError (invalid_input) for a missing link, a certificate that does not belong to the chain, or
    where the leaf cannot be told.
    """
    pool = list(dict.fromkeys(_load_certificate(pem) for text in pems for pem in split_pem(text)))
    if len(pool) > _MOST_CERTIFICATES:
        raise unusable(f"There are {len(pool)} certificates in the text, and no chain has that many")
    chain = [_load_certificate(leaf) if leaf else _find_leaf(pool)]
    rest = [each for each in pool if each != chain[0]]
    issuer = _issuer_among(rest, chain)
    while issuer:
        chain.append(issuer)
        issuer = _issuer_among(rest, chain)
    strange = [each for each in rest if each not in chain and not any(_issued(each, member) for member in chain)]
    if strange:
        raise unusable(
            f"The chain is broken: '{_name(chain[-1].subject)}' was issued by '{_name(chain[-1].issuer)}', "
            f"whose certificate is not there, and '{_name(strange[0].subject)}' issued none of the others",
            hint="Give exactly the leaf and the intermediates that lead from it to the root.",
        )
    return [_dump(certificate) for certificate in chain]


def _issuer_among(pool: Sequence[x509.Certificate], chain: Sequence[x509.Certificate]) -> x509.Certificate | None:
    if chain[-1].issuer == chain[-1].subject:
        return None
    fitting = (each for each in pool if each not in chain and each.issuer != each.subject)
    return next((each for each in fitting if _issued(each, chain[-1])), None)


def _find_leaf(pool: Sequence[x509.Certificate]) -> x509.Certificate:
    if not pool:
        raise unusable("There is no PEM certificate (BEGIN CERTIFICATE) in the text")
    if len(pool) == 1:
        return pool[0]
    leaves = [certificate for certificate in pool if not _is_ca(certificate)]
    if len(leaves) != 1:
        found = ", ".join(f"'{_name(each.subject)}'" for each in leaves) or "none"
        raise unusable(f"Exactly one certificate of a server is expected beside the intermediates; found: {found}")
    return leaves[0]


@_reading
def public_key_sha256_of_key(key_pem: str) -> str:
    """SHA-256 of the DER SubjectPublicKeyInfo that belongs to a private key. Raises CertwrightError (invalid_input)."""
    return _spki_sha256(load_key(key_pem).public_key())


@_reading
def key_fits(key_pem: str, certificate_pem: str) -> bool:
    """Whether the private key belongs to the (first) certificate. Raises CertwrightError (invalid_input)."""
    return public_key_sha256_of_key(key_pem) == _public_key_sha256(_load_certificate(certificate_pem))


@_reading
def load_key(pem: str) -> Any:
    """A private key as an object of cryptography. Raises CertwrightError (invalid_input)."""
    # An EC key may stand below its parameters, which OpenSSL skips and cryptography does not.
    found = KEY_BLOCK.search(pem)
    try:
        return serialization.load_pem_private_key((found.group() if found else pem).encode("utf-8"), password=None)
    except TypeError:
        raise unusable("The private key is encrypted; give it without a passphrase") from None
    except (ValueError, UnsupportedAlgorithm):
        raise unusable("The private key is no PEM text that can be read (BEGIN PRIVATE KEY)") from None


def _load_certificate(pem: str) -> x509.Certificate:
    found = _CERTIFICATE.search(pem)
    if not found:
        raise unusable("There is no PEM certificate (BEGIN CERTIFICATE) in the text")
    return _load_der(found.group(1))


def _load_der(body: str) -> x509.Certificate:
    try:
        return x509.load_der_x509_certificate(base64.b64decode("".join(body.split()), validate=True))
    except (ValueError, TypeError):
        raise unusable("A PEM block that is named CERTIFICATE holds none that can be read") from None


def _dump(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode("ascii")


def _times(certificate: x509.Certificate) -> tuple[datetime, datetime]:
    # The names with _utc came with cryptography 42; targets often have an older one.
    if hasattr(certificate, "not_valid_after_utc"):
        return certificate.not_valid_before_utc, certificate.not_valid_after_utc
    before, after = certificate.not_valid_before, certificate.not_valid_after
    return before.replace(tzinfo=timezone.utc), after.replace(tzinfo=timezone.utc)


def _names(holder: x509.Certificate | x509.CertificateSigningRequest) -> tuple[str, ...]:
    try:
        extension = holder.extensions.get_extension_for_oid(ExtensionOID.SUBJECT_ALTERNATIVE_NAME)
    except x509.ExtensionNotFound:
        return ()
    except ValueError:
        raise unusable("The list of names in the certificate or request cannot be read") from None
    names = cast("x509.SubjectAlternativeName", extension.value)
    return tuple(normalise(name) for name in names.get_values_for_type(x509.DNSName))


def _spki_sha256(public_key: Any) -> str:
    der = public_key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(der).hexdigest()


def _public_key_sha256(certificate: x509.Certificate) -> str:
    try:
        return _spki_sha256(certificate.public_key())
    except (ValueError, UnsupportedAlgorithm):
        raise unusable(
            "The certificate has a kind of key that this machine's cryptography library does not know"
        ) from None


def _is_ca(certificate: x509.Certificate) -> bool:
    try:
        extension = certificate.extensions.get_extension_for_oid(ExtensionOID.BASIC_CONSTRAINTS)
    except (x509.ExtensionNotFound, ValueError):
        return certificate.issuer == certificate.subject
    return cast("x509.BasicConstraints", extension.value).ca


def _issued(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    if certificate.issuer != issuer.subject:
        return False
    # Before cryptography 40 only the names can be compared with little code.
    if not hasattr(certificate, "verify_directly_issued_by"):
        return True
    try:
        certificate.verify_directly_issued_by(issuer)
    except Exception:
        # A wrong signature, a key of another kind and an algorithm nobody knows here all mean "no".
        return False
    return True


def _name(name: x509.Name) -> str:
    return name.rfc4514_string()


def unusable(message: str, hint: str | None = None) -> CertwrightError:
    """The error for material that cannot be used; the message must not quote it."""
    return CertwrightError(message, kind=ErrorKind.INVALID_INPUT, hint=hint)
