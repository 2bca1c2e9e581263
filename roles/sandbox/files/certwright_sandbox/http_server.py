# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The listeners: HTTP/1.1 and HTTPS on loopback, a thread per connection, connections kept open."""

from __future__ import annotations

import contextlib
import select
import socket
import socketserver
import ssl
import struct
import sys
import threading
import traceback
from collections.abc import Callable
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler
from typing import Any

from certwright_sandbox.messages import Request, Response

__all__ = ["LARGEST_BODY", "Listener"]

#: Size of a request body that the clouds still take (Tencent reference 3.1); more is read to be able to say so.
LARGEST_BODY = 10 * 1024 * 1024
_IDLE_SECONDS = 75.0
_HANDSHAKE_SECONDS = 10.0


class _Handler(BaseHTTPRequestHandler):
    """Reads a request, asks the application, sends the answer, spoiled where a fault wants that."""

    protocol_version = "HTTP/1.1"
    server: Listener
    timeout = _IDLE_SECONDS
    disable_nagle_algorithm = True
    wbufsize = -1
    _reset = False

    def setup(self) -> None:
        """Do the TLS handshake in the connection's own thread, so that no client can hold up the others."""
        if self.server.tls is not None:
            self.request.settimeout(_HANDSHAKE_SECONDS)
            self.request = self.server.tls.wrap_socket(self.request, server_side=True)
        super().setup()

    def _answer(self) -> None:
        body = self._body()
        if body is None:
            return
        request = Request.make(self.command, self.path, list(self.headers.items()), body)
        try:
            answer = self.server.application(request)
        except Exception:  # a fault of the sandbox itself must not look like an injected one
            traceback.print_exc(file=sys.stderr)
            answer = Response(500, b"The sandbox failed; its standard error says why.\n", "text/plain")
        self._send(answer)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = do_OPTIONS = _answer

    def _body(self) -> bytes | None:
        """The request's body; None when it cannot be read (answered here)."""
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            self._send(Response(411, b"Send a Content-Length.\n", "text/plain"), last=True)
            return None
        text = self.headers.get("Content-Length", "0")
        if not text.isdecimal() or int(text) > 2 * LARGEST_BODY:
            self._send(Response(413, b"The request is too large.\n", "text/plain"), last=True)
            return None
        body = self.rfile.read(int(text))
        if len(body) < int(text):
            self.close_connection = True  # the client went away; half a request is no request
            return None
        return body

    def _send(self, answer: Response, last: bool = False) -> None:
        stopping = self.server.stopping
        if answer.hold is not None:
            stopping.wait(answer.hold)
            answer = Response(hang_up="drop")
        if answer.delay:
            stopping.wait(answer.delay)
        if answer.hang_up:
            self._hang_up(reset=answer.hang_up == "reset")
            return
        body = answer.body if answer.cut is None else answer.body[: answer.cut]
        self.close_connection = self.close_connection or last or answer.cut is not None
        self.send_response_only(answer.status)
        # A client may correct its clock by this header, so it shows the gateway's time.
        self.send_header("Date", formatdate(self.server.now(), usegmt=True))
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(b"" if self.command == "HEAD" else body)
        self.wfile.flush()

    def _hang_up(self, reset: bool) -> None:
        self.close_connection = True
        if reset:
            # Lingering for zero seconds makes close() send RST in place of FIN.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._reset = True

    def finish(self) -> None:
        """Flush and close; the listener itself only knows the socket below TLS, and would send FIN before RST."""
        with contextlib.suppress(OSError):
            super().finish()
        if self._reset or self.server.tls is not None:
            self.connection.close()

    def log_message(self, *args: Any) -> None:
        """Stay silent: the journal tells what happened."""


class Listener(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """One listening socket and the threads behind it."""

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(
        self,
        address: tuple[str, int],
        application: Callable[[Request], Response],
        now: Callable[[], float],
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Bind; nothing is answered before :meth:`start`.

        Args:
            address: loopback host and port, 0 for any free one.
            application: answers a request.
            now: Unix seconds for the Date header.
            tls: makes this an HTTPS listener.
        """
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        super().__init__(address, _Handler)
        self.application, self.now, self.tls = application, now, tls
        #: Set when the sandbox stops, so that no held answer keeps it waiting.
        self.stopping = threading.Event()
        self._wake_up, self._woken = socket.socketpair()
        self._thread = threading.Thread(target=self._serve, name="http", daemon=True)

    @property
    def url(self) -> str:
        """``http(s)://HOST:PORT`` of this listener."""
        host, port = str(self.server_address[0]), self.server_address[1]
        shown = f"[{host}]" if ":" in host else host
        return f"{'https' if self.tls else 'http'}://{shown}:{port}"

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Answer no more and close the socket."""
        self.stopping.set()
        self._wake_up.send(b"\0")
        if self._thread.is_alive():
            self._thread.join(timeout=5)
        self.server_close()
        self._wake_up.close()
        self._woken.close()

    def _serve(self) -> None:
        """Accept until told to stop; ``serve_forever`` would poll, which delays stops and costs time while idle."""
        while True:
            ready = select.select([self.socket, self._woken], [], [])[0]
            if self._woken in ready:
                return
            with contextlib.suppress(OSError, RuntimeError):  # a client that left; no thread to be had
                self.process_request(*self.get_request())

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away, or speaks no TLS, is its own business."""
