# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sandbox's CA: what it signs is what a TLS client and a customer expect."""

from __future__ import annotations

import contextlib
import datetime as dt
import ssl
import stat
import threading
from socket import socketpair

import pytest
from certwright_sandbox.ca import CaError, TestCa, lifetime_days, make_key, make_key_and_csr, read_csr
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

NOW = dt.datetime(2026, 11, 21, 12, 0, 0, 500, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def state(tmp_path_factory):
    return tmp_path_factory.mktemp("ca")


@pytest.fixture(scope="module")
def ca(state):
    return TestCa(state)


def shake_hands(ca_file, chain, key, name):
    """Return the certificate that a verifying client sees, in a handshake over a socket pair."""
    server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_context.load_cert_chain(chain, key)
    client_context = ssl.create_default_context(cafile=ca_file)
    client_context.verify_flags |= ssl.VERIFY_X509_STRICT
    near, far = socketpair()

    def serve():
        # A client that refuses the certificate ends the handshake here too.
        with contextlib.suppress(OSError), server_context.wrap_socket(far, server_side=True) as stream:
            stream.recv(1)

    thread = threading.Thread(target=serve)
    thread.start()
    with client_context.wrap_socket(near, server_hostname=name) as client:
        seen = client.getpeercert()
    thread.join()
    return seen


@pytest.mark.parametrize(
    ("moment", "days"),
    [
        ("2026-03-14T23:59:59", 398),
        ("2026-03-15T00:00:00", 200),
        ("2027-03-14T23:59:59", 200),
        ("2027-03-15T00:00:00", 100),
        ("2029-03-14T23:59:59", 100),
        ("2029-03-15T00:00:00", 47),
    ],
)
def test_lifetime_is_the_longest_allowed_on_the_day(moment, days):
    assert lifetime_days(dt.datetime.fromisoformat(moment).replace(tzinfo=dt.UTC)) == days


@pytest.mark.parametrize(
    ("algo", "param", "kind", "bits"),
    [
        ("RSA", "2048", rsa.RSAPublicKey, 2048),
        ("RSA", "3072", rsa.RSAPublicKey, 3072),
        ("ECC", "prime256v1", ec.EllipticCurvePublicKey, 256),
        ("ECC", "secp384r1", ec.EllipticCurvePublicKey, 384),
    ],
)
def test_certificate_for_a_csr_carries_its_key_names_and_dates(ca, algo, param, kind, bits):
    key_pem, csr_pem = make_key_and_csr(["example.com", "*.example.com"], algo, param)
    issued = ca.issue(csr_pem, None, ["example.com", "*.example.com"], NOW, 200)
    leaf = x509.load_pem_x509_certificate(issued.leaf_pem.encode())
    key = serialization.load_pem_private_key(key_pem.encode(), None)
    assert isinstance(leaf.public_key(), kind) and leaf.public_key().key_size == bits
    assert leaf.public_key() == key.public_key()
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["example.com", "*.example.com"]
    assert leaf.subject.rfc4514_string() == "CN=example.com"
    assert (leaf.not_valid_before_utc, leaf.not_valid_after_utc) == (issued.not_before, issued.not_after)
    assert issued.not_before == NOW.replace(microsecond=0)
    # Both ends of a validity count: 200 days are over a second before the 200th midnight.
    assert issued.not_after - issued.not_before == dt.timedelta(days=200, seconds=-1)
    assert issued.serial_hex == format(leaf.serial_number, "x")
    assert issued.full_chain_pem.count("BEGIN CERTIFICATE") == 2


def test_cloud_made_rsa_key_has_the_traditional_format():
    assert make_key_and_csr(["example.com"])[0].startswith("-----BEGIN RSA PRIVATE KEY-----")


def test_serial_is_random_unless_given(ca):
    key = make_key("ECC", "prime256v1").public_key()
    serials = {ca.issue(None, key, ["example.com"], NOW, 10).serial_hex for _unused in range(3)}
    assert len(serials) == 3
    assert ca.issue(None, key, ["example.com"], NOW, 10, serial=0xA1).serial_hex == "a1"


def test_listener_pair_is_trusted_for_loopback_and_the_clouds_hosts(ca):
    chain, key = ca.listener_pair(dt.datetime.now(dt.UTC))
    for name in (
        "localhost",
        "127.0.0.1",
        "ssl.tencentcloudapi.com",
        "ssl.intl.tencentcloudapi.com",
        "cas.aliyuncs.com",
    ):
        assert shake_hands(ca.root_file, chain, key, name)
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(ca.root_file, chain, key, "example.com")


def test_authority_stays_the_same_after_a_restart(ca, state):
    root = ca.root_file.read_bytes()
    again = TestCa(state)
    key = make_key("ECC", "prime256v1").public_key()
    assert again.root_file.read_bytes() == root
    assert again.issue(None, key, ["a"], NOW, 1).chain_pem == ca.issue(None, key, ["a"], NOW, 1).chain_pem


def test_authority_is_made_again_when_its_making_was_interrupted(tmp_path):
    TestCa(tmp_path).root_file.unlink()
    chain, key = TestCa(tmp_path).listener_pair(dt.datetime.now(dt.UTC))
    assert shake_hands(tmp_path / "ca.pem", chain, key, "localhost")


def test_every_key_file_is_for_its_owner_only(ca, state):
    ca.listener_pair(NOW)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in state.iterdir() if path.is_file()}
    assert modes and set(modes.values()) == {0o600}
    assert set(modes) == {"ca.pem", "intermediate.pem", "intermediate.key", "https.pem", "https.key"}


def test_long_name_is_an_alternative_name_only(ca):
    name = ".".join(["a" * 60, "b" * 10, "example.com"])
    leaf = x509.load_pem_x509_certificate(
        ca.issue(None, make_key("ECC", "prime256v1").public_key(), [name], NOW, 1).leaf_pem.encode()
    )
    assert leaf.subject.rfc4514_string() == ""
    assert leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).critical


def test_csr_is_read_with_lower_case_names():
    content = read_csr(make_key_and_csr(["WWW.Example.com"], "ECC", "prime256v1")[1])
    assert (content.common_name, content.dns_names) == ("www.example.com", ("www.example.com",))


@pytest.mark.parametrize(
    "text", ["", "no PEM", "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n"]
)
def test_unreadable_csr_is_refused(ca, text):
    with pytest.raises(CaError, match="CSR"):
        ca.issue(text, None, ["example.com"], NOW, 1)


@pytest.mark.parametrize(("algo", "param"), [("RSA", "1024"), ("ECC", "2048"), ("SM2", "SM2")])
def test_unknown_key_parameters_are_refused(algo, param):
    with pytest.raises(CaError, match=param):
        make_key(algo, param)


@pytest.mark.parametrize("names", [[], ["bücher.example"]])
def test_names_that_no_certificate_can_hold_are_refused(ca, names):
    with pytest.raises(CaError):
        ca.issue(None, make_key("ECC", "prime256v1").public_key(), names, NOW, 1)
