# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A listener on loopback that records requests as they arrive, byte for byte, and passes them on to the sandbox."""

from __future__ import annotations

import http.client
import ssl
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

__all__ = ["Recorded", "Recorder"]


@dataclass(frozen=True)
class Recorded:
    """One request: header names in lower case, and never twice the same."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


class Recorder:
    """Runs from the moment it is made until stop().

    Arguments:
        address: host:port of the sandbox's http listener. It sees every request as it was sent, Host included, and so
            judges its signature.
        certificate: the chain and the key to speak TLS with.
    """

    def __init__(self, address: str, certificate: tuple[Path, Path] | None = None) -> None:
        self.requests: list[Recorded] = []
        recorder = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                recorder._pass_on(self, address)

            def log_message(self, *_arguments: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.address = f"127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    def _pass_on(self, handler: BaseHTTPRequestHandler, address: str) -> None:
        headers = {name.lower(): value for name, value in handler.headers.items()}
        assert len(headers) == len(handler.headers), "a header came twice"
        body = handler.rfile.read(int(headers.get("content-length", "0")))
        self.requests.append(Recorded(handler.command, handler.path, headers, body))
        connection = http.client.HTTPConnection(address, timeout=60)
        try:
            connection.request(handler.command, handler.path, body, headers)
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        handler.send_response_only(answer.status)
        for name in ("Content-Type", "Date"):
            handler.send_header(name, answer.headers[name])
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    def stop(self) -> None:
        """Ends the listener."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
