# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificates, DNS answers, HTTP answers and lists that are broken on purpose: one clean error each."""

from __future__ import annotations

import base64
import gzip
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Callable

import dns.message
import dns.name
import dns.rrset
import pytest
from ansible_collections.certwright.cloud.plugins.module_utils import _transport, _x509
from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError, ErrorKind
from ansible_collections.certwright.cloud.plugins.module_utils._http import (
    Connection,
    HttpRequest,
    HttpResponse,
    TransportError,
)
from ansible_collections.certwright.cloud.plugins.module_utils._json import json_object
from ansible_collections.certwright.cloud.plugins.module_utils._transport import RequestsTransport
from ansible_collections.certwright.cloud.plugins.module_utils._x509_make import make_csr, make_key
from ansible_collections.certwright.cloud.plugins.modules import (
    alibaba_dv_order_info,
    alidns_record,
    dns_wait,
    dnspod_record,
    tencent_order_info,
)
from ansible_collections.certwright.cloud.tests.unit.plugins.alibaba_helpers import Chain
from ansible_collections.certwright.cloud.tests.unit.plugins.helpers import context, json_response, run_use_case
from ansible_collections.certwright.cloud.tests.unit.plugins.hostile_answers import TEXTS, examples
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from dns.rdata import from_text as rdata_from_text
from dns.rdataclass import RdataClass
from dns.rdatatype import RdataType
from dns.rdtypes.ANY.CNAME import CNAME
from hypothesis import given
from hypothesis import strategies as st

KEY = make_key("ecdsa-p256")
LEAF = Chain(["www.example.com", "*.example.com"])
DER = {
    "CERTIFICATE": x509.load_pem_x509_certificate(LEAF.leaf_pem.encode()).public_bytes(Encoding.DER),
    "CERTIFICATE REQUEST": x509.load_pem_x509_csr(
        make_csr(KEY, "www.example.com", ["example.com"]).encode()
    ).public_bytes(Encoding.DER),
    "PRIVATE KEY": load_pem_private_key(KEY.encode(), None).private_bytes(
        Encoding.DER, PrivateFormat.PKCS8, NoEncryption()
    ),
}
READERS: dict[str, list[Callable[[str], Any]]] = {
    "CERTIFICATE": [
        _x509.certificate_facts,
        _x509.split_pem,
        lambda pem: _x509.order_chain([pem]),
        lambda pem: _x509.order_chain([pem, LEAF.issuer_pem]),
        lambda pem: _x509.order_chain([LEAF.pem], leaf=pem),
        lambda pem: _x509.key_fits(KEY, pem),
    ],
    "CERTIFICATE REQUEST": [_x509.csr_facts],
    "PRIVATE KEY": [_x509.load_key, _x509.public_key_sha256_of_key, lambda pem: _x509.key_fits(pem, LEAF.leaf_pem)],
}


def pem_of(kind: str, der: bytes) -> str:
    return f"-----BEGIN {kind}-----\n{base64.encodebytes(der).decode()}-----END {kind}-----\n"


@st.composite
def damaged(draw: st.DrawFn, good: bytes, most: int = 4) -> bytes:
    """Bytes with some of them changed, removed, doubled, or cut off."""
    data = bytearray(good)
    for _change in range(draw(st.integers(1, most))):
        place = draw(st.integers(0, max(0, len(data) - 1)))
        how = draw(st.sampled_from(["change", "change", "change", "remove", "insert", "cut"]))
        if how == "cut":
            del data[place:]
        elif how == "insert":
            data[place:place] = draw(st.binary(min_size=1, max_size=4))
        else:
            data[place : place + 1] = b"" if how == "remove" else draw(st.binary(min_size=1, max_size=1))
    return bytes(data)


DAMAGED = st.one_of([st.tuples(st.just(kind), damaged(der)) for kind, der in DER.items()])


@examples(500)
@given(broken=DAMAGED)
def test_broken_certificate_request_or_key_is_refused_cleanly(broken: tuple[str, bytes]) -> None:
    kind, der = broken
    for read in READERS[kind]:
        with suppress(CertwrightError):
            read(pem_of(kind, der))


@examples(200, full=5_000)
@given(text=TEXTS, kind=st.sampled_from(sorted(READERS)))
def test_text_that_is_no_pem_is_refused_cleanly(text: str, kind: str) -> None:
    for read in READERS[kind]:
        for shaped in (text, f"-----BEGIN {kind}-----\n{text}\n-----END {kind}-----"):
            with suppress(CertwrightError):
                read(shaped)


# Replaced in a certificate, byte for byte: what cryptography reads late, and complains of in ways of its own.
SLY = {
    "version": (b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x07"),
    "month 13": (b"0101000000Z", b"1301000000Z"),
    "name of an unknown kind": (b"\x82\x0fwww.example.com", b"\x83\x0fwww.example.com"),
    "name that is no ASCII": (b"\x82\x0fwww.example.com", b"\x82\x0fww\xff.example.com"),
    "extension of an unknown kind": (b"\x06\x03\x55\x1d\x11", b"\x06\x03\x55\x1d\x7f"),
    "extension that holds another": (b"\x06\x03\x55\x1d\x11", b"\x06\x03\x55\x1d\x13"),
    "curve": (b"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07", b"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x7f"),
    "key": (b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01", b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x7f"),
    "text of the subject": (b"\x0c\x0fwww.example.com", b"\x0c\x0fww\xff.example.com"),
    "kind of the subject's text": (b"\x0c\x0fwww.example.com", b"\x01\x0fwww.example.com"),
}


@pytest.mark.parametrize("what", SLY)
def test_certificate_that_shows_its_fault_late_is_refused_cleanly(what: str) -> None:
    old, new = SLY[what]
    assert old in DER["CERTIFICATE"], "the certificate of this test has changed"
    for read in READERS["CERTIFICATE"]:
        with suppress(CertwrightError):
            read(pem_of("CERTIFICATE", DER["CERTIFICATE"].replace(old, new)))


def test_text_full_of_beginnings_and_a_chain_of_thousands_end_soon() -> None:
    # Compared with each other, or each read to the end of the text, they would keep a machine busy for hours.
    assert _x509.split_pem("-----BEGIN CERTIFICATE-----" * 300_000) == []
    crowd = [LEAF.leaf_pem, *(pem_of("CERTIFICATE", der) for der in many_certificates(60))]
    with pytest.raises(CertwrightError, match="and no chain has that many"):
        _x509.order_chain(["".join(crowd)])


def many_certificates(count: int) -> Iterator[bytes]:
    """Different certificates, with signatures that nobody made."""
    good = DER["CERTIFICATE"]
    yield from (good[:-2] + number.to_bytes(2, "big") for number in range(count))


BODIES = [
    (b'{"a": 1}', {"a": 1}),
    ('{"a": "\u5bc6\\ud83d\\ude00"}'.encode(), {"a": "\u5bc6\U0001f600"}),
    *((body, None) for body in (b"", b"null", b"[]", b"{", b"{}x", b"\xff", b"\xef\xbb\xbf{}", b'{"a": NaN}')),
    *((body, None) for body in (b'{"a": -Infinity}', b'{"a": "\\ud800"}', b'{"\\uDFFF": 1}', b'{"a": "\xed\xa0\x80"}')),
    (b'{"a":' * 100_000, None),
    (b'{"a": ' + b"9" * 101 + b"}", None),
    ('{"a": 1}'.encode("utf-16"), None),
]


@pytest.mark.parametrize(("body", "data"), BODIES, ids=[repr(body[:20]) for body, _data in BODIES])
def test_only_json_that_can_go_out_again_is_read(body: bytes, data: Any) -> None:
    assert json_object(body) == data


# Lists


class Endless:
    """A cloud whose lists have no end: every page is full of what was never there before."""

    def __init__(self, page: Callable[[int], Any]) -> None:
        self._page = page
        self.count = 0

    def send(self, request: HttpRequest) -> HttpResponse:
        self.count += 1
        assert self.count < 2000, "this would go on for ever"
        return json_response(self._page(self.count))


ENDLESS: list[tuple[Any, dict[str, Any], Callable[[int], Any]]] = [
    (
        tencent_order_info.USE_CASE,
        {},
        lambda number: {"Response": {"Certificates": [{"CertificateId": f"c{number}", "Status": 0}]}},
    ),
    (
        alibaba_dv_order_info.USE_CASE,
        {},
        lambda number: {"OrderList": [{"InstanceId": f"c{number}", "Status": "PAYED"}], "TotalCount": 10**9},
    ),
    (
        alidns_record.USE_CASE,
        {"name": "a.example.com", "value": "v"},
        lambda number: {"Domains": {"Domain": [{"DomainName": "example.org"}]}, "TotalCount": 10**9},
    ),
]
KEYS = {
    "secret_id": {"secret_id": "id", "secret_key": "key-of-tests"},
    "access_key_id": {"access_key_id": "id", "access_key_secret": "key-of-tests"},
}


@pytest.mark.parametrize(("use_case", "wish", "page"), ENDLESS, ids=["tencent", "alibaba", "alidns"])
def test_list_without_an_end_is_given_up(use_case: Any, wish: dict[str, Any], page: Callable[[int], Any]) -> None:
    keys = next(keys for name, keys in KEYS.items() if name in use_case.argument_spec)
    with pytest.raises(CertwrightError, match="has no end") as caught:
        run_use_case(use_case, context(Endless(page)), **keys, **wish)
    assert caught.value.kind is ErrorKind.SERVER


@pytest.mark.parametrize("rows", ["DomainList", "RecordList"])
def test_full_pages_of_records_without_an_end_are_given_up(monkeypatch: pytest.MonkeyPatch, rows: str) -> None:
    # Pages of three thousand rows take their time, so these are of one.
    monkeypatch.setattr("ansible_collections.certwright.cloud.plugins.module_utils._tencent._dnspod._PAGE", 1)
    zone = {"Name": "example.com", "DomainId": 1}

    def page(number: int) -> Any:
        zones = [{"Name": f"z{number}.example"}] if rows == "DomainList" else [zone][: 2 - number]
        return {"Response": {"DomainList": zones, "RecordList": [{"RecordId": number, "Name": "a"}]}}

    wish = {"name": "a.example.com", "value": "v"}
    with pytest.raises(CertwrightError, match="has no end"):
        run_use_case(dnspod_record.USE_CASE, context(Endless(page)), **KEYS["secret_id"], **wish)


# DNS


@contextmanager
def name_server(answer: Callable[[bytes], bytes]) -> Iterator[str]:
    """A name server on loopback that says what it likes, over UDP only."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))

        def serve() -> None:
            with suppress(OSError):
                while True:
                    query, sender = listener.recvfrom(4096)
                    listener.sendto(answer(query), sender)

        threading.Thread(target=serve, daemon=True).start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"


QUERY = dns.message.make_query("_dnsauth.example.com", "TXT", use_edns=0, id=1)


def dns_answer(*labels: bytes) -> bytes:
    """A good answer: the value itself, or an alias of these labels, and the value there."""
    response = dns.message.make_response(QUERY)
    name = response.question[0].name
    value = rdata_from_text(RdataClass.IN, RdataType.TXT, '"2026112100"')
    if labels:
        alias = dns.name.Name([*labels, b""])
        response.answer = [dns.rrset.from_rdata(name, 60, CNAME(RdataClass.IN, RdataType.CNAME, alias))]
        name = alias
    if not labels or len(labels) > 1:
        response.answer.append(dns.rrset.from_rdata(name, 60, value))
    return response.to_wire()


LABELS = st.lists(
    st.binary(min_size=1, max_size=63) | st.sampled_from([b"foo.", b".", b"\\", b"*", b"\x00"]), max_size=3
)


def test_broken_dns_answers_are_told_in_half_a_sentence() -> None:
    said: list[bytes] = [b""]
    options = {"name": "_dnsauth.example.com", "value": "2026112100", "query_timeout": 5.0}

    # The id has to be right, or the answer is somebody else's.
    with name_server(lambda query: query[:2] + said[0]) as server:

        @examples(200, full=5_000)
        @given(data=st.data())
        def tried(data: st.DataObject) -> None:
            good = dns_answer(*data.draw(LABELS))[2:]
            said[0] = data.draw(st.just(good) | damaged(good) | st.binary(max_size=40))
            result = run_use_case(dns_wait.USE_CASE, context(None), **options, servers=[server], wait_timeout=0)
            json.dumps(result, ensure_ascii=False).encode()

        tried()


# HTTP

GOOD = (
    b"HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 2026 02:00:00 GMT\r\nContent-Type: application/json\r\n"
    b"Set-Cookie: a=b; expires=Thu, 01 Jan 2026 02:00:00 GMT\r\n%s\r\n\r\n%s"
)
HTTP_ANSWERS = (
    GOOD % (b"Content-Length: 2", b"{}"),
    GOOD % (b"Transfer-Encoding: chunked", b"2\r\n{}\r\n0\r\n\r\n"),
    GOOD % (b"Content-Encoding: gzip", gzip.compress(b'{"a": "b"}', mtime=0)),
    GOOD % (b"Content-Encoding: deflate", b"x\x9c\xab\xae\x05\x00\x01u\x00\xf9"),
    b"HTTP/1.1 100 Continue\r\n\r\n" + GOOD % (b"Connection: close", b"{}"),
    b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n{}",
    b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000 + b"\r\n\r\n{}",
    b"HTTP/1.1 302 Found\r\nLocation: http://[\r\nContent-Length: 0\r\n\r\n",
)


@contextmanager
def http_server(answer: Callable[[], bytes]) -> Iterator[str]:
    """A server on loopback that says what it likes and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    connection, _peer = listener.accept()
                    with connection, suppress(OSError):
                        connection.settimeout(10)
                        connection.recv(65536)
                        connection.sendall(answer())
                        connection.shutdown(socket.SHUT_WR)
                        # So that what was sent arrives before the end does.
                        while connection.recv(65536):
                            pass

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"


def sent(url: str) -> HttpResponse:
    return RequestsTransport(Connection(timeout=10)).send(HttpRequest("POST", url, {}, b"{}"))


def test_broken_http_answers_are_no_usable_answer() -> None:
    said: list[bytes] = [b""]

    with http_server(lambda: said[0]) as url:

        @examples(150, full=2_500)
        @given(answer=st.sampled_from(HTTP_ANSWERS).flatmap(damaged) | st.sampled_from(HTTP_ANSWERS))
        def tried(answer: bytes) -> None:
            said[0] = answer
            try:
                response = sent(url)
            except TransportError as error:
                assert error.reason and error.reached
            else:
                assert isinstance(response.body, bytes) and 100 <= response.status <= 999

        tried()


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_gzip_bomb_is_given_up_before_it_is_unpacked(monkeypatch: pytest.MonkeyPatch, layers: int) -> None:
    bomb = gzip.compress(bytes(64 * 1024 * 1024))
    for _layer in range(layers - 1):
        bomb = gzip.compress(bomb)
    encoding = ", ".join(["gzip"] * layers).encode()
    seen: list[int] = []
    bounded = _transport._bounded_body

    def counted(answer: Any) -> bytes:
        chunks = answer.iter_content

        def counting(size: int) -> Iterator[bytes]:
            for chunk in chunks(size):
                seen.append(len(chunk))
                yield chunk

        answer.iter_content = counting
        return bounded(answer)

    monkeypatch.setattr(_transport, "_bounded_body", counted)
    with (
        http_server(lambda: GOOD % (b"Content-Encoding: " + encoding, bomb)) as url,
        pytest.raises(TransportError) as caught,
    ):
        sent(url)
    assert caught.value.reached and ("10 MB" in caught.value.reason) is (layers == 1)
    assert sum(seen) <= _transport.MAX_ANSWER_BYTES + 65536
