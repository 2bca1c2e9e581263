# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The transport against real sockets on loopback: what arrives, and what a broken connection is taken for."""

from __future__ import annotations

import contextlib
import datetime
import gzip
import ipaddress
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Union

import pytest
from ansible_collections.certwright.cloud.plugins.module_utils import _transport
from ansible_collections.certwright.cloud.plugins.module_utils._http import (
    Connection,
    HttpRequest,
    HttpResponse,
    TransportError,
)
from ansible_collections.certwright.cloud.plugins.module_utils._module._use_case import Context
from ansible_collections.certwright.cloud.plugins.module_utils._transport import RequestsTransport
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
PATIENT = 10.0
IMPATIENT = 0.2


@dataclass
class Received:
    """A request as it came over the wire, and the number of the connection it came by."""

    connection: int
    head: str
    body: bytes


Behaviour = Union[bytes, Callable[[socket.socket], None]]


class Server:
    """A server on a free loopback port that answers the n-th request as the n-th behaviour says.

    A behaviour is the bytes of an answer, or a function that does what it likes with the connection, which is closed
    after it.
    """

    def __init__(self, *behaviours: Behaviour, tls: ssl.SSLContext | None = None) -> None:
        self.received: list[Received] = []
        self.closed = threading.Event()
        self._behaviours = list(behaviours)
        self._tls = tls
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    def close(self) -> None:
        self._listener.close()
        for connection in self._open:
            connection.close()

    def _accept(self) -> None:
        number = 0
        while True:
            try:
                connection, _peer = self._listener.accept()
            except OSError:
                return
            number += 1
            self._open.append(connection)
            threading.Thread(target=self._serve, args=(connection, number), daemon=True).start()

    def _serve(self, connection: socket.socket, number: int) -> None:
        try:
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
                self._open.append(connection)
            while self._answer(connection, number):
                pass
        except OSError:
            pass
        connection.close()
        self.closed.set()

    def _answer(self, connection: socket.socket, number: int) -> bool:
        request = read_request(connection)
        if request is None:
            return False
        self.received.append(Received(number, *request))
        behaviour = self._behaviours.pop(0)
        if isinstance(behaviour, bytes):
            connection.sendall(behaviour)
            return True
        behaviour(connection)
        return False


def read_request(connection: socket.socket) -> tuple[str, bytes] | None:
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            return None
        data += more
    head, body = data.split(b"\r\n\r\n", 1)
    text = head.decode("latin-1")
    lengths = [line.split(":")[1] for line in text.splitlines() if line.lower().startswith("content-length:")]
    while lengths and len(body) < int(lengths[0]):
        body += connection.recv(65536)
    return text, body


def hang(connection: socket.socket) -> None:
    """Says nothing until the other side gives up."""
    connection.recv(1)


def hang_up(_connection: socket.socket) -> None:
    """Closes without an answer."""


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def say_and_close(answer: bytes) -> Callable[[socket.socket], None]:
    return lambda connection: connection.sendall(answer)


def say_and_hang(answer: bytes) -> Callable[[socket.socket], None]:
    def behave(connection: socket.socket) -> None:
        connection.sendall(answer)
        hang(connection)

    return behave


def answer_of(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def tunnel(connection: socket.socket) -> None:
    """What a proxy does after CONNECT: carries bytes both ways until one side closes."""
    connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
    with socket.create_connection(("127.0.0.1", tunnel.port)) as upstream:  # type: ignore[attr-defined]

        def carry_back() -> None:
            with contextlib.suppress(OSError):
                while data := upstream.recv(65536):
                    connection.sendall(data)
                connection.shutdown(socket.SHUT_RDWR)

        threading.Thread(target=carry_back, daemon=True).start()
        while data := connection.recv(65536):
            upstream.sendall(data)


@pytest.fixture(autouse=True)
def _quiet_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The proxies and CA settings of the machine that runs the tests are not those of the tests."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "requests_ca_bundle", "curl_ca_bundle"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    servers: list[Server] = []

    def start(*behaviours: Behaviour, tls: ssl.SSLContext | None = None) -> Server:
        servers.append(Server(*behaviours, tls=tls))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@dataclass
class Identity:
    """A self-signed certificate for a name: the file to trust, and the context to serve it."""

    file: Path
    context: ssl.SSLContext


def make_identity(directory: Path, name: x509.GeneralName) -> Identity:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "transport test")])
    now = datetime.datetime.now(datetime.timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([name]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file, key_file = directory / "certificate.pem", directory / "key.pem"
    file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file, key_file)
    return Identity(file, context)


@pytest.fixture(scope="module")
def identity(tmp_path_factory: pytest.TempPathFactory) -> Identity:
    return make_identity(tmp_path_factory.mktemp("tls"), x509.IPAddress(ipaddress.ip_address("127.0.0.1")))


def send(url: str, body: bytes = b"{}", headers: dict[str, str] | None = None, **connection: Any) -> HttpResponse:
    """One request by a transport of its own."""
    transport = RequestsTransport(Connection(**{"timeout": PATIENT, **connection}))
    return transport.send(HttpRequest("POST", url + "/", headers or {}, body))


def failure(url: str, **connection: Any) -> TransportError:
    with pytest.raises(TransportError) as caught:
        send(url, **connection)
    return caught.value


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


# What is sent and what comes back


def test_request_arrives_as_it_was_signed(serve: Callable[..., Server]) -> None:
    server = serve(OK)
    send(server.url, b'{"a": "\xc3\xbc"}', {"authorization": "signature", "content-type": "application/json"})
    lines = server.received[0].head.splitlines()
    assert lines[0] == "POST / HTTP/1.1"
    assert "authorization: signature" in lines
    assert "content-type: application/json" in lines
    assert f"Host: 127.0.0.1:{server.port}" in lines
    assert server.received[0].body == b'{"a": "\xc3\xbc"}'


def test_run_that_is_told_nothing_else_goes_over_the_network(serve: Callable[..., Server]) -> None:
    server = serve(OK)
    transport = Context().open_transport(Connection(timeout=PATIENT))
    assert transport.send(HttpRequest("POST", server.url + "/", {}, b"x")).body == b"ok"
    assert [each.body for each in server.received] == [b"x"]


def test_answer_has_status_and_lower_case_headers(serve: Callable[..., Server]) -> None:
    server = serve(answer_of(b"no", "X-Request-Id: 7", status="403 Forbidden"))
    assert send(server.url) == HttpResponse(403, {"content-length": "2", "x-request-id": "7"}, b"no")


def test_connection_is_reused_for_the_next_request(serve: Callable[..., Server]) -> None:
    server = serve(OK, OK, OK)
    transport = RequestsTransport(Connection())
    for number in range(3):
        transport.send(HttpRequest("POST", server.url + "/", {}, str(number).encode()))
    assert [(each.connection, each.body) for each in server.received] == [(1, b"0"), (1, b"1"), (1, b"2")]


def test_kept_connection_that_the_server_closed_is_replaced(serve: Callable[..., Server]) -> None:
    server = serve(say_and_close(OK), OK)
    transport = RequestsTransport(Connection())
    request = HttpRequest("POST", server.url + "/", {}, b"x")
    transport.send(request)
    assert server.closed.wait(PATIENT)
    assert transport.send(request).status == 200
    assert [each.connection for each in server.received] == [1, 2]


@pytest.mark.parametrize(
    ("answer", "status", "body"),
    [
        pytest.param(answer_of(gzip.compress(b"{}"), "Content-Encoding: gzip"), 200, b"{}", id="gzip"),
        pytest.param(answer_of(b""), 200, b"", id="empty"),
        pytest.param(answer_of(b"", "Date:", "X-Empty:"), 200, b"", id="empty headers"),
        pytest.param(answer_of(b"big", "Retry-After: 0", status="413 Too Large"), 413, b"big", id="413"),
        pytest.param(answer_of(b"wait", "Retry-After: 0", status="503 Busy"), 503, b"wait", id="503"),
        pytest.param(answer_of(b"who", "WWW-Authenticate: Basic", status="401 No"), 401, b"who", id="401"),
        pytest.param(answer_of(b"go", "Location: /x", status="302 Found"), 302, b"go", id="redirect"),
        pytest.param(answer_of(b"go", "Location: /x", status="307 Again"), 307, b"go", id="redirect of a POST"),
        pytest.param(answer_of(b"go", "Location: http://[", status="302 Found"), 302, b"go", id="redirect nowhere"),
        pytest.param(answer_of(b"\xff\xfe"), 200, b"\xff\xfe", id="no text"),
    ],
)
def test_any_answer_is_handed_on_after_one_request(
    serve: Callable[..., Server], answer: bytes, status: int, body: bytes
) -> None:
    server = serve(answer, OK)
    response = send(server.url)
    assert (response.status, response.body) == (status, body)
    assert len(server.received) == 1


def test_netrc_is_ignored(serve: Callable[..., Server], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    server = serve(OK, OK)
    send(server.url, headers={"authorization": "signature"})
    send(server.url)
    assert "authorization: signature" in server.received[0].head
    assert "authorization" not in server.received[1].head.lower()


# What a broken connection is taken for


@pytest.mark.parametrize(
    ("behaviour", "said"),
    [
        pytest.param(hang, "no answer within 0.2 s", id="silent"),
        pytest.param(say_and_hang(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"), "no answer within", id="stuck"),
        pytest.param(hang_up, "connection lost: Remote end closed connection without response", id="closed"),
        pytest.param(reset, "connection lost: [Errno 104] Connection reset by peer", id="reset"),
        pytest.param(
            say_and_close(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"), "connection lost: ", id="truncated"
        ),
        pytest.param(
            say_and_close(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"),
            "connection lost: ",
            id="chunk",
        ),
        pytest.param(say_and_close(b"220 smtp.example.com\r\n\r\n"), "connection lost: ", id="another protocol"),
        pytest.param(answer_of(b"no gzip", "Content-Encoding: gzip"), "decode", id="bad gzip"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nok", "Content-Length", id="two lengths"
        ),
    ],
)
def test_request_may_have_arrived_when_no_usable_answer_came(
    serve: Callable[..., Server], behaviour: Behaviour, said: str
) -> None:
    server = serve(behaviour, OK)
    error = failure(server.url, timeout=IMPATIENT)
    assert said in error.reason
    assert "object at" not in error.reason
    assert error.reached
    assert len(server.received) == 1


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\n"])
def test_answer_over_ten_megabytes_is_given_up(serve: Callable[..., Server], head: bytes) -> None:
    error = failure(serve(say_and_hang(head + b"x" * (_transport.MAX_ANSWER_BYTES + 65536))).url)
    assert error.reason == "the answer is larger than 10 MB"
    assert error.reached


def test_answer_that_unpacks_to_over_ten_megabytes_is_given_up(serve: Callable[..., Server]) -> None:
    packed = gzip.compress(bytes(_transport.MAX_ANSWER_BYTES + 1))
    error = failure(serve(answer_of(packed, "Content-Encoding: gzip")).url)
    assert error.reason == "the answer is larger than 10 MB"


def test_refused_connection_was_not_reached() -> None:
    error = failure(f"http://127.0.0.1:{closed_port()}")
    assert error.reason == "Failed to establish a new connection: [Errno 111] Connection refused"
    assert not error.reached


def test_unknown_host_was_not_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: Any, **_kwargs: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    error = failure("https://cas.example.test")
    assert "Name or service not known" in error.reason
    assert not error.reached


def test_connection_that_is_never_accepted_was_not_reached() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        # The one place in the queue is taken, so the next connection gets no answer.
        with socket.create_connection(listener.getsockname()):
            error = failure(f"http://127.0.0.1:{listener.getsockname()[1]}", timeout=IMPATIENT)
    assert error.reason == "no connection within 0.2 s"
    assert not error.reached


@pytest.mark.parametrize("url", [f"https://{'a' * 64}.example.com", "https://*.example.com", "https://a b"])
def test_host_that_cannot_be_was_not_reached(url: str) -> None:
    assert not failure(url).reached


# TLS


def test_answer_comes_over_tls_when_ca_path_holds_the_issuer(serve: Callable[..., Server], identity: Identity) -> None:
    server = serve(OK, tls=identity.context)
    assert send(server.url, ca_path=str(identity.file)).body == b"ok"


def test_ca_path_counts_more_than_the_environment(
    serve: Callable[..., Server], identity: Identity, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    other = make_identity(tmp_path, x509.DNSName("other.example.com"))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(other.file))
    server = serve(OK, tls=identity.context)
    assert send(server.url, ca_path=str(identity.file)).body == b"ok"


@pytest.mark.parametrize("through_proxy", [False, True])
def test_ca_bundle_of_the_environment_is_respected(
    serve: Callable[..., Server], identity: Identity, monkeypatch: pytest.MonkeyPatch, through_proxy: bool
) -> None:
    server = serve(OK, tls=identity.context)
    monkeypatch.setattr(tunnel, "port", server.port, raising=False)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(identity.file))
    assert send(server.url, proxy=serve(tunnel).url if through_proxy else None).body == b"ok"


def test_untrusted_certificate_was_not_reached(serve: Callable[..., Server], identity: Identity) -> None:
    server = serve(OK, tls=identity.context)
    error = failure(server.url)
    assert error.reason.startswith("TLS: ")
    assert "CERTIFICATE_VERIFY_FAILED" in error.reason
    assert not error.reached
    assert server.received == []


def test_certificate_of_another_host_was_not_reached(serve: Callable[..., Server], tmp_path: Path) -> None:
    other = make_identity(tmp_path, x509.DNSName("other.example.com"))
    server = serve(OK, tls=other.context)
    error = failure(server.url, ca_path=str(other.file))
    assert error.reason.startswith("TLS: ")
    assert not error.reached
    assert server.received == []


def test_missing_ca_file_was_not_reached(serve: Callable[..., Server], identity: Identity, tmp_path: Path) -> None:
    server = serve(OK, tls=identity.context)
    error = failure(server.url, ca_path=str(tmp_path / "missing.pem"))
    assert "missing.pem" in error.reason
    assert not error.reached
    assert server.received == []


def test_connection_lost_after_the_handshake_may_have_arrived(serve: Callable[..., Server], identity: Identity) -> None:
    server = serve(reset, tls=identity.context)
    assert failure(server.url, ca_path=str(identity.file)).reached
    assert len(server.received) == 1


# Proxies


def by_option(_monkeypatch: pytest.MonkeyPatch, url: str) -> str | None:
    return url


def by_environment(monkeypatch: pytest.MonkeyPatch, url: str) -> str | None:
    monkeypatch.setenv("HTTP_PROXY", url)
    monkeypatch.setenv("HTTPS_PROXY", url)
    return None


Way = Callable[[pytest.MonkeyPatch, str], "str | None"]
WAYS = pytest.mark.parametrize("way", [by_option, by_environment])


@WAYS
def test_proxy_is_used_for_http(serve: Callable[..., Server], monkeypatch: pytest.MonkeyPatch, way: Way) -> None:
    proxy = serve(OK)
    assert send("http://cas.example.test", proxy=way(monkeypatch, proxy.url)).body == b"ok"
    assert proxy.received[0].head.startswith("POST http://cas.example.test/ HTTP/1.1")


@WAYS
def test_proxy_is_asked_for_a_tunnel_to_https(
    serve: Callable[..., Server], monkeypatch: pytest.MonkeyPatch, way: Way
) -> None:
    proxy = serve(answer_of(b"", status="407 Log in"))
    error = failure("https://cas.example.test", proxy=way(monkeypatch, proxy.url))
    assert proxy.received[0].head.startswith("CONNECT cas.example.test:443 ")
    assert error.reason == "the proxy: Tunnel connection failed: 407 Log in"
    assert not error.reached


def test_https_goes_through_the_tunnel(
    serve: Callable[..., Server], identity: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(OK, tls=identity.context)
    monkeypatch.setattr(tunnel, "port", server.port, raising=False)
    assert send(server.url, proxy=serve(tunnel).url, ca_path=str(identity.file)).body == b"ok"
    assert len(server.received) == 1


def test_proxy_option_counts_more_than_the_environment(
    serve: Callable[..., Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    by_environment(monkeypatch, f"http://127.0.0.1:{closed_port()}")
    monkeypatch.setenv("NO_PROXY", "cas.example.test")
    proxy = serve(OK)
    assert send("http://cas.example.test", proxy=proxy.url).body == b"ok"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_loopback_is_not_reached_through_the_environments_proxy(
    serve: Callable[..., Server], monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    by_environment(monkeypatch, f"http://127.0.0.1:{closed_port()}")
    server = serve(OK)
    assert send(f"http://{host}:{server.port}").body == b"ok"


def test_no_proxy_of_the_environment_is_respected(
    serve: Callable[..., Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = serve(OK)
    by_environment(monkeypatch, proxy.url)
    monkeypatch.setenv("NO_PROXY", "example.test")
    assert not failure("http://cas.example.test").reached
    assert proxy.received == []


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_request_did_not_arrive_when_the_proxy_refuses_the_connection(scheme: str) -> None:
    error = failure(f"{scheme}://cas.example.test", proxy=f"http://user:hidden@127.0.0.1:{closed_port()}")
    assert error.reason == "the proxy: Failed to establish a new connection: [Errno 111] Connection refused"
    assert not error.reached


@pytest.mark.parametrize("behaviour", [hang_up, reset])
def test_request_may_have_arrived_when_the_proxy_loses_it(serve: Callable[..., Server], behaviour: Behaviour) -> None:
    proxy = serve(behaviour)
    assert failure("http://cas.example.test", proxy=proxy.url).reached
    assert len(proxy.received) == 1


def test_request_may_have_arrived_when_the_tunnel_breaks_after_it(
    serve: Callable[..., Server], identity: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(hang_up, tls=identity.context)
    monkeypatch.setattr(tunnel, "port", server.port, raising=False)
    assert failure(server.url, proxy=serve(tunnel).url, ca_path=str(identity.file)).reached
    assert len(server.received) == 1


def test_untrusted_certificate_behind_a_tunnel_was_not_reached(
    serve: Callable[..., Server], identity: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(OK, tls=identity.context)
    monkeypatch.setattr(tunnel, "port", server.port, raising=False)
    error = failure(server.url, proxy=serve(tunnel).url)
    assert error.reason.startswith("TLS: ")
    assert not error.reached
    assert server.received == []
