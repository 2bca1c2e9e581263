# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is read from PEM text, and how chains are put in order."""

from __future__ import annotations

import itertools

import pytest
from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError, ErrorKind
from ansible_collections.certwright.cloud.plugins.module_utils._x509 import (
    certificate_facts,
    csr_facts,
    key_fits,
    order_chain,
    public_key_sha256_of_key,
    split_pem,
)
from ansible_collections.certwright.cloud.plugins.module_utils._x509_make import (
    KEY_TYPES,
    Subject,
    key_type_of,
    make_csr,
    make_key,
)
from ansible_collections.certwright.cloud.tests.unit.plugins.pki import Ca, new_key
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

CA = Ca()
KEY = new_key()
LEAF = CA.leaf(KEY, "www.example.com", "*.example.com")


def test_facts_say_what_the_certificate_says() -> None:
    facts = certificate_facts(LEAF)
    loaded = x509.load_pem_x509_certificate(LEAF.encode())
    assert int(facts.serial, 16) == loaded.serial_number
    assert len(facts.serial) % 2 == 0
    assert facts.public_key_sha256 == public_key_sha256_of_key(KEY)
    assert facts.issuer == "CN=Test Issuing"
    assert facts.not_before == loaded.not_valid_before_utc.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert facts.not_after == loaded.not_valid_after_utc.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert facts.domains == ("www.example.com", "*.example.com")
    assert len(facts.fingerprint_sha256) == 64


def test_facts_of_a_certificate_without_names_have_none() -> None:
    assert certificate_facts(CA.intermediate).domains == ()


@pytest.mark.parametrize(
    "text",
    [
        LEAF + CA.intermediate,
        (LEAF + CA.intermediate).replace("\n", "\r\n"),
        LEAF.replace("\n", "\n\n") + CA.intermediate,
        "Bag Attributes\n  friendlyName: x\n" + LEAF + "subject=/CN=x\nissuer=/CN=y\n" + CA.intermediate + "the end",
        LEAF.replace("\n", "\n  ") + CA.intermediate.rstrip("\n"),
        LEAF.replace("CERTIFICATE", "X509 CERTIFICATE") + KEY + CA.intermediate,
    ],
    ids=["plain", "CRLF", "blank lines", "text around", "indented", "other blocks"],
)
def test_split_finds_every_certificate(text: str) -> None:
    assert split_pem(text) == [LEAF, CA.intermediate]


def test_split_of_text_without_certificates_is_empty() -> None:
    assert split_pem("nothing here") == []


def test_split_refuses_a_block_that_is_none_and_does_not_quote_it() -> None:
    with pytest.raises(CertwrightError) as caught:
        split_pem("-----BEGIN CERTIFICATE-----\nc2VjcmV0\n-----END CERTIFICATE-----\n")
    assert caught.value.kind is ErrorKind.INVALID_INPUT
    assert "c2VjcmV0" not in caught.value.text


def test_chain_is_put_in_order_from_any_order() -> None:
    pems = [LEAF, CA.intermediate, CA.root, CA.intermediate]
    for some in itertools.permutations(pems):
        assert order_chain(some) == [LEAF, CA.intermediate]
        assert order_chain(["".join(some)]) == [LEAF, CA.intermediate]
    assert order_chain([CA.root, CA.intermediate], LEAF) == [LEAF, CA.intermediate]


def test_chain_of_several_intermediates_is_put_in_order() -> None:
    keys = [new_key() for _each in range(4)]
    root = CA.issue("r", keys[0], "r", keys[0], ca=True)
    upper = CA.issue("u", keys[1], "r", keys[0], ca=True)
    lower = CA.issue("l", keys[2], "u", keys[1], ca=True)
    leaf = CA.issue("x", keys[3], "l", keys[2], ["x.example.com"])
    for some in itertools.permutations([root, upper, lower, leaf]):
        assert order_chain(some) == [leaf, lower, upper]


def test_root_that_is_also_cross_signed_is_kept_as_the_intermediate_only() -> None:
    keys = [new_key() for _each in range(3)]
    old = CA.issue("old", keys[0], "old", keys[0], ca=True)
    new = CA.issue("new", keys[1], "new", keys[1], ca=True)
    crossed = CA.issue("new", keys[1], "old", keys[0], ca=True)
    leaf = CA.issue("x", keys[2], "new", keys[1], ["x.example.com"])
    assert order_chain([new, leaf, old, crossed]) == [leaf, crossed]


def test_single_certificate_is_its_own_chain() -> None:
    alone = CA.issue("alone", KEY, "alone", KEY, ["alone.example.com"])
    assert order_chain([LEAF]) == [LEAF]
    assert order_chain([alone]) == [alone]


OTHER = Ca("Other")
TWIN = Ca()

BROKEN = {
    "unrelated certificate": (
        [LEAF, CA.intermediate, OTHER.intermediate],
        "'CN=Other Issuing' issued none of the others",
    ),
    "missing link": ([LEAF, CA.root], "was issued by 'CN=Test Issuing', whose certificate is not there"),
    "issuer of the same name with another key": ([LEAF, TWIN.intermediate], "whose certificate is not there"),
    "two leaves": (
        [LEAF, CA.leaf(KEY, "b.example.com"), CA.intermediate],
        "found: 'CN=www.example.com', 'CN=b.example.com'",
    ),
    "no leaf": ([CA.intermediate, CA.root], "found: none"),
    "nothing": (["", "text"], "There is no PEM certificate"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_chain_that_does_not_hold_together_is_reported(what: str) -> None:
    pems, words = BROKEN[what]
    with pytest.raises(CertwrightError) as caught:
        order_chain(pems)
    assert caught.value.kind is ErrorKind.INVALID_INPUT
    assert words in caught.value.text


def test_key_fits_its_own_certificate_only() -> None:
    assert key_fits(KEY, LEAF)
    assert not key_fits(new_key(), LEAF)


@pytest.mark.parametrize("key_type", KEY_TYPES)
def test_request_carries_names_and_key(key_type: str) -> None:
    key = make_key(key_type)
    facts = csr_facts(make_csr(key, "WWW.example.com", ["Bücher.example", "www.example.com."]))
    assert facts.common_name == "www.example.com"
    assert facts.names == ("www.example.com", "xn--bcher-kva.example")
    assert facts.public_key_sha256 == public_key_sha256_of_key(key)
    assert key_type_of(key) == key_type


def test_subject_that_x509_refuses_is_one_clear_message() -> None:
    with pytest.raises(CertwrightError) as caught:
        make_csr(KEY, "www.example.com", [], Subject(country="China"))
    assert "No certificate request can be made for 'www.example.com'" in caught.value.text


def test_key_of_another_kind_is_named() -> None:
    pem = ed25519.Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    assert key_type_of(pem.decode()) == "Ed25519PrivateKey"


def test_key_after_its_parameters_is_read() -> None:
    parameters = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
    assert key_fits(parameters + KEY, LEAF)


def encrypted() -> str:
    key = serialization.load_pem_private_key(KEY.encode(), None)
    locked = serialization.BestAvailableEncryption(b"word")
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, locked).decode()


UNREADABLE = {
    "key": (lambda: key_fits("c2VjcmV0", LEAF), "The private key is no PEM text"),
    "encrypted key": (lambda: key_fits(encrypted(), LEAF), "The private key is encrypted"),
    "cut key": (lambda: key_fits(KEY[:80], LEAF), "The private key is no PEM text"),
    "certificate": (lambda: certificate_facts("c2VjcmV0"), "There is no PEM certificate"),
    "request": (lambda: csr_facts("c2VjcmV0"), "The certificate request is no PEM text"),
}


@pytest.mark.parametrize("what", UNREADABLE)
def test_unreadable_material_is_reported_and_never_quoted(what: str) -> None:
    call, words = UNREADABLE[what]
    with pytest.raises(CertwrightError) as caught:
        call()
    assert caught.value.kind is ErrorKind.INVALID_INPUT
    assert words in caught.value.text
    assert "c2VjcmV0" not in str(caught.getrepr(style="value"))
    assert KEY.splitlines()[1] not in caught.value.text


# Libraries of another age than this machine's, as servers have them


class OldCertificate:
    """A certificate as cryptography before version 40 shows it: times without a zone, nothing that verifies."""

    def __init__(self, loaded: x509.Certificate) -> None:
        self._loaded = loaded

    def __getattr__(self, name: str) -> object:
        if name.endswith("_utc") or name == "verify_directly_issued_by":
            raise AttributeError(name)
        if name in ("not_valid_before", "not_valid_after"):
            return getattr(self._loaded, f"{name}_utc").replace(tzinfo=None)
        return getattr(self._loaded, name)


def show_as(monkeypatch: pytest.MonkeyPatch, kind: type) -> None:
    """Lets the library show every certificate as one of this kind."""
    load = x509.load_der_x509_certificate
    monkeypatch.setattr(x509, "load_der_x509_certificate", lambda data: kind(load(data)))


def test_old_library_tells_the_same_facts_and_the_same_order(monkeypatch: pytest.MonkeyPatch) -> None:
    facts, chain = certificate_facts(LEAF), order_chain([CA.intermediate, LEAF])
    show_as(monkeypatch, OldCertificate)
    assert certificate_facts(LEAF) == facts
    assert order_chain([CA.intermediate, LEAF]) == chain


def broken(what: str, error: Exception) -> type:
    """A certificate one part of which this machine's library cannot read."""

    class Broken(OldCertificate):
        def __getattr__(self, name: str) -> object:
            if name == what:
                raise error
            return super().__getattr__(name)

        def public_key(self) -> object:
            if what == "public_key":
                raise error
            return self._loaded.public_key()

    return Broken


@pytest.mark.parametrize(
    ("what", "error", "words"),
    [
        ("extensions", ValueError("no DER"), "list of names in the certificate or request cannot be read"),
        ("public_key", UnsupportedAlgorithm("new"), "kind of key that this machine's cryptography library does not"),
    ],
)
def test_part_that_cannot_be_read_is_said(
    monkeypatch: pytest.MonkeyPatch, what: str, error: Exception, words: str
) -> None:
    show_as(monkeypatch, broken(what, error))
    with pytest.raises(CertwrightError, match=words):
        certificate_facts(LEAF)
