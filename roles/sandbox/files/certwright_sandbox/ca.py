# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sandbox's certificate authority: a root, an intermediate and the certificates they sign.

Everything is real X.509, so that a TLS client, a web server and the code under test treat it as they would treat
a certificate that was bought. The root is `ca.pem` in the state directory.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import ipaddress
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

__all__ = [
    "CaError",
    "CsrContent",
    "IssuedCertificate",
    "TestCa",
    "lifetime_days",
    "make_key",
    "make_key_and_csr",
    "make_self_signed",
    "read_csr",
    "write_private",
]

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey

#: First day (UTC) from which a longest lifetime in days holds (landscape reference, section B).
LIFETIMES = (
    (dt.date(2029, 3, 15), 47),
    (dt.date(2027, 3, 15), 100),
    (dt.date(2026, 3, 15), 200),
    (dt.date.min, 398),
)

#: Names of the sandbox's own https listener: loopback and the clouds' hosts, for clients that map them to loopback.
LISTENER_NAMES = (
    "localhost",
    "*.tencentcloudapi.com",
    "*.intl.tencentcloudapi.com",
    "*.aliyuncs.com",
    "*.ap-southeast-1.aliyuncs.com",
    "127.0.0.1",
    "::1",
)
LISTENER_DAYS = 397

#: Longest common name that X.509 allows (RFC 5280, ub-common-name).
LONGEST_COMMON_NAME = 64

CURVES: dict[str, type[ec.EllipticCurve]] = {
    "prime256v1": ec.SECP256R1,
    "secp256r1": ec.SECP256R1,
    "secp384r1": ec.SECP384R1,
}


class CaError(ValueError):
    """A CSR, key parameter or list of names that the CA cannot use; the message says why."""


@dataclass(frozen=True)
class IssuedCertificate:
    """A signed certificate.

    `chain_pem` holds the intermediate only (no leaf, no root); `serial_hex` and `fingerprint_sha256` are lower-case
    hex without separators; both times are aware and in UTC.
    """

    leaf_pem: str
    chain_pem: str
    serial_hex: str
    fingerprint_sha256: str
    not_before: dt.datetime
    not_after: dt.datetime

    @property
    def full_chain_pem(self) -> str:
        """The leaf followed by the intermediate, as servers want it."""
        return self.leaf_pem + self.chain_pem


@dataclass(frozen=True)
class CsrContent:
    """What a CSR asks for: its common name ("" without one), its DNS names in lower case, its public key."""

    common_name: str
    dns_names: tuple[str, ...]
    public_key: PublicKey


def lifetime_days(moment: dt.datetime) -> int:
    """Return the longest lifetime, in days, of a certificate issued at `moment` (aware)."""
    day = moment.astimezone(dt.UTC).date()
    return next(days for first_day, days in LIFETIMES if day >= first_day)


def read_csr(csr_pem: str) -> CsrContent:
    """Parse a PEM CSR and check its signature; raises CaError when it is unusable."""
    try:
        csr = x509.load_pem_x509_csr(csr_pem.encode())
        valid = csr.is_signature_valid
    except (ValueError, TypeError) as exc:
        raise CaError(f"the CSR cannot be read: {exc}") from exc
    if not valid:
        raise CaError("the CSR's signature does not fit its key")
    key = csr.public_key()
    if not isinstance(key, (rsa.RSAPublicKey, ec.EllipticCurvePublicKey)):
        raise CaError("the CSR's key is neither RSA nor ECDSA")
    common_names = csr.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return CsrContent(str(common_names[0].value).lower() if common_names else "", _csr_dns_names(csr), key)


def make_key_and_csr(names: list[str], algo: str = "RSA", param: str = "2048") -> tuple[str, str]:
    """Make what a cloud makes for a customer without a CSR: `(key_pem, csr_pem)`.

    `algo` is RSA or ECC, `param` the RSA size or the curve (prime256v1, secp384r1), as the clouds spell them. The key
    is in the traditional format (`BEGIN RSA PRIVATE KEY`), like those in Alibaba's samples.
    """
    key = make_key(algo, param)
    builder = x509.CertificateSigningRequestBuilder().subject_name(_subject(names[0]))
    builder = builder.add_extension(_alternative_names(names), critical=False)
    csr = builder.sign(key, hashes.SHA256())
    return _traditional_pem(key), csr.public_bytes(serialization.Encoding.PEM).decode()


def make_key(algo: str, param: str) -> PrivateKey:
    """Make a private key (parameters as for `make_key_and_csr`); raises CaError for an unknown one."""
    if algo.upper() == "RSA" and param in ("2048", "3072", "4096"):
        return rsa.generate_private_key(public_exponent=65537, key_size=int(param))
    if algo.upper() in ("ECC", "EC", "ECDSA") and param in CURVES:
        return ec.generate_private_key(CURVES[param]())
    raise CaError(f"no key can be made with algorithm '{algo}' and parameter '{param}'")


def make_self_signed(name: str, now: dt.datetime, days: int) -> tuple[bytes, bytes]:
    """Make a pair that no client trusts, for `name`, as `(key_pem, certificate_pem)`."""
    key = make_key("ECC", "prime256v1")
    builder = _certificate(_subject(name), _subject(name), key.public_key(), now, now + dt.timedelta(days=days))
    builder = builder.add_extension(_alternative_names([name]), critical=False)
    return _pkcs8_pem(key), _pem(builder.sign(key, hashes.SHA256())).encode()


def write_private(path: Path, content: bytes) -> None:
    """Replace `path` in one step by a file that only its owner can read, from the first byte on."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise


class TestCa:
    """A root and an intermediate kept in `directory`, made there when they are missing."""

    __test__ = False  # the name is not a test case

    def __init__(self, directory: Path) -> None:
        """Load the CA from `directory` (which must exist), or make it."""
        self.directory = Path(directory)
        self.root_file = self.directory / "ca.pem"
        self._intermediate_file = self.directory / "intermediate.pem"
        self._intermediate_key_file = self.directory / "intermediate.key"
        # ca.pem is written last: without it a start was interrupted and nothing has been issued yet.
        if not self.root_file.exists():
            self._create()
        self._intermediate = x509.load_pem_x509_certificate(self._intermediate_file.read_bytes())
        self._key = serialization.load_pem_private_key(self._intermediate_key_file.read_bytes(), password=None)

    def issue(
        self,
        csr_pem: str | None,
        public_key: PublicKey | None,
        names: list[str],
        not_before: dt.datetime,
        days: int,
        serial: int | None = None,
    ) -> IssuedCertificate:
        """Sign a server certificate for `names` (the first one becomes the common name).

        The key comes from `csr_pem`, or is `public_key`. The validity begins at `not_before` (aware) and lasts a
        second less than `days` days: both ends count, and the limit must not be passed. A random serial number is
        taken when none is given. Raises CaError.
        """
        if csr_pem is not None:
            public_key = read_csr(csr_pem).public_key
        if public_key is None or not names:
            raise CaError("a certificate needs a public key and at least one name")
        start = not_before.astimezone(dt.UTC).replace(microsecond=0)
        end = start + dt.timedelta(days=days, seconds=-1)
        builder = _certificate(_subject(names[0]), self._intermediate.subject, public_key, start, end, serial)
        for extension, critical in self._leaf_extensions(public_key, names):
            builder = builder.add_extension(extension, critical)
        return self._issued(builder.sign(self._key, hashes.SHA256()), start, end)

    def listener_pair(self, now: dt.datetime) -> tuple[Path, Path]:
        """Make a fresh pair for the https listener, valid from an hour before `now`; returns (full chain, key)."""
        key = make_key("ECC", "prime256v1")
        start = now - dt.timedelta(hours=1)
        issued = self.issue(None, key.public_key(), list(LISTENER_NAMES), start, LISTENER_DAYS)
        chain_file, key_file = self.directory / "https.pem", self.directory / "https.key"
        write_private(key_file, _pkcs8_pem(key))
        write_private(chain_file, issued.full_chain_pem.encode())
        return chain_file, key_file

    def _issued(self, leaf: x509.Certificate, start: dt.datetime, end: dt.datetime) -> IssuedCertificate:
        return IssuedCertificate(
            leaf_pem=_pem(leaf),
            chain_pem=_pem(self._intermediate),
            serial_hex=format(leaf.serial_number, "x"),
            fingerprint_sha256=leaf.fingerprint(hashes.SHA256()).hex(),
            not_before=start,
            not_after=end,
        )

    def _leaf_extensions(self, public_key: PublicKey, names: list[str]) -> list[tuple[x509.ExtensionType, bool]]:
        issuer_key = self._intermediate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        return [
            # Critical when the subject is empty (RFC 5280, 4.2.1.6).
            (_alternative_names(names), len(names[0]) > LONGEST_COMMON_NAME),
            (x509.BasicConstraints(ca=False, path_length=None), True),
            (_key_usage(sign_certificates=False, encipher=isinstance(public_key, rsa.RSAPublicKey)), True),
            (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False),
            (x509.SubjectKeyIdentifier.from_public_key(public_key), False),
            (x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(issuer_key), False),
        ]

    def _create(self) -> None:
        now = dt.datetime.now(dt.UTC).replace(microsecond=0)
        root_key, key = make_key("ECC", "prime256v1"), make_key("ECC", "prime256v1")
        root_name = _authority_name("certwright sandbox root")
        root = _authority(root_name, root_name, root_key, root_key, now, None)
        inner = _authority(_authority_name("certwright sandbox CA 1"), root_name, key, root_key, now, 0)
        # The root's key is not kept: nothing but the intermediate is ever signed with it.
        write_private(self._intermediate_key_file, _pkcs8_pem(key))
        write_private(self._intermediate_file, _pem(inner).encode())
        write_private(self.root_file, _pem(root).encode())


def _certificate(
    subject: x509.Name,
    issuer: x509.Name,
    public_key: PublicKey,
    start: dt.datetime,
    end: dt.datetime,
    serial: int | None = None,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number() if serial is None else serial)
        .not_valid_before(start)
        .not_valid_after(end)
    )


def _authority(
    name: x509.Name,
    issuer: x509.Name,
    key: PrivateKey,
    issuer_key: PrivateKey,
    now: dt.datetime,
    path_length: int | None,
) -> x509.Certificate:
    # Valid for decades both ways, so that business time can be moved without leaving the CA's lifetime.
    start, end = now - dt.timedelta(days=3650), now + dt.timedelta(days=10950)
    builder = (
        _certificate(name, issuer, key.public_key(), start, end)
        .add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
        .add_extension(_key_usage(sign_certificates=True, encipher=False), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )
    return builder.sign(issuer_key, hashes.SHA256())


def _authority_name(common_name: str) -> x509.Name:
    # A random part keeps the CAs of two state directories apart in one trust store.
    suffix = format(x509.random_serial_number(), "x")[:8]
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "certwright sandbox"),
            x509.NameAttribute(NameOID.COMMON_NAME, f"{common_name} {suffix}"),
        ]
    )


def _subject(name: str) -> x509.Name:
    if len(name) > LONGEST_COMMON_NAME:
        return x509.Name([])
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _alternative_names(names: list[str]) -> x509.SubjectAlternativeName:
    found: list[x509.GeneralName] = []
    for name in names:
        try:
            found.append(x509.IPAddress(ipaddress.ip_address(name)))
        except ValueError:
            found.append(_dns_name(name))
    return x509.SubjectAlternativeName(found)


def _dns_name(name: str) -> x509.DNSName:
    try:
        return x509.DNSName(name)
    except ValueError as exc:
        raise CaError(f"'{name}' cannot stand in a certificate; write international names in their xn-- form") from exc


def _csr_dns_names(csr: x509.CertificateSigningRequest) -> tuple[str, ...]:
    try:
        names = csr.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    return tuple(name.lower() for name in names.get_values_for_type(x509.DNSName))


def _key_usage(sign_certificates: bool, encipher: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=encipher,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=sign_certificates,
        crl_sign=sign_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _pkcs8_pem(key: PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _traditional_pem(key: PrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    ).decode()
