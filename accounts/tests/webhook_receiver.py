"""A real receiver on this machine: keeps what it is sent and answers as it is told."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from spbe_portal.env import WebhookHost


@dataclass
class Receiver:
    """`answers` are given one after the other, the last again and again; `received` holds path, headers and body."""

    port: int = 0
    answers: list[int] = field(default_factory=lambda: [200])
    location: str = ""
    drips: bool = False
    received: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/terima?dari=spbe"

    @property
    def host(self) -> WebhookHost:
        return WebhookHost("http", "127.0.0.1", self.port)


@contextmanager
def receiving(ssl_context: Any = None) -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.received.append((self.path, dict(self.headers.items()), body))
            status = receiver.answers.pop(0) if len(receiver.answers) > 1 else receiver.answers[0]
            if receiver.drips:
                self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Lama: ")
                while not receiver.ended.wait(0.05):
                    self.wfile.write(b"a")
                return
            self.send_response(status)
            if receiver.location:
                self.send_header("Location", receiver.location)
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            """Whoever was sent to hangs up on whom they will not hear out."""

    server = Server(("127.0.0.1", 0), Handler)
    if ssl_context is not None:
        server.socket = ssl_context.wrap_socket(server.socket, server_side=True)
    receiver.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield receiver
    finally:
        receiver.ended.set()
        server.shutdown()
        thread.join(timeout=5)
        server.server_close()
