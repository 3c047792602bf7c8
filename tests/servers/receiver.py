"""What does a receiver of HTTP do: answer well or badly, slowly, never, or nonsense, and keep what it was sent?"""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

DRIP_S = 0.05
HELD_S = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """One request as it came in."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a path is answered with."""

    status: int = 200
    body: bytes = b"ok"
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True, kw_only=True)
class Receiver:
    """A running receiver.

    `/drip` sends a good status and then a byte now and then, `/slowhead` its headers so, `/never` nothing, `/garbage`
    what is no HTTP, `/close` nothing at all, `/large` 1 MB; every other path is answered by `replies`, or with 200, and
    `/held` not before it is released.

    Args:
        url: where it listens, without a slash at the end.
        replies: what a path is answered with.
        taken: what came in, in order.
        is_released: lets `/held` be answered.
    """

    url: str = ""
    replies: dict[str, Reply] = field(default_factory=dict)
    taken: list[Taken] = field(default_factory=list)
    is_over: threading.Event = field(default_factory=threading.Event)
    is_released: threading.Event = field(default_factory=threading.Event)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, receiver: Receiver, context: ssl.SSLContext | None) -> None:
        self.receiver = receiver
        self.context = context
        super().__init__(("127.0.0.1", 0), _Handler)

    def finish_request(self, request: object, client_address: Any) -> None:
        """Speak TLS in the connection's own thread, so that a client that breaks off holds nobody up."""
        if self.context is None:
            super().finish_request(cast("socket.socket", request), client_address)
            return
        with self.context.wrap_socket(cast("socket.socket", request), server_side=True) as secure:
            super().finish_request(secure, client_address)

    def handle_error(self, _request: object, _client_address: object) -> None:
        """Say nothing of clients that break off."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def receiver(self) -> Receiver:
        return cast("_Server", self.server).receiver

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""

    def handle_all(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.receiver.taken.append(Taken(method=self.command, path=self.path, headers=headers, body=body))
        odd = ODD.get(self.path.partition("?")[0])
        if odd is not None:
            odd(self)
            self.close_connection = True
            return
        if self.path == "/held":
            self.receiver.is_released.wait(HELD_S)
        reply = self.receiver.replies.get(self.path.partition("?")[0], Reply())
        self.send_response(reply.status)
        for name, value in reply.headers:
            self.send_header(name, value)
        if reply.status != 204:
            self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        if reply.status != 204:
            self.wfile.write(reply.body)

    def say_nothing(self) -> None:
        self.receiver.is_over.wait()

    def drip(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while not self.receiver.is_over.wait(DRIP_S):
            self.wfile.write(b"x")

    def drip_headers(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        while not self.receiver.is_over.wait(DRIP_S):
            self.wfile.write(b"X-More: 1\r\n")

    def speak_nonsense(self) -> None:
        self.wfile.write(b"\xff\x00 220 this is no HTTP\r\n\r\n")

    def close(self) -> None:
        """Say nothing and hang up."""

    def send_much(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 1_000_000)

    do_GET = handle_all  # noqa: N815
    do_POST = handle_all  # noqa: N815


ODD = {
    "/drip": _Handler.drip,
    "/slowhead": _Handler.drip_headers,
    "/never": _Handler.say_nothing,
    "/garbage": _Handler.speak_nonsense,
    "/close": _Handler.close,
    "/large": _Handler.send_much,
}


@contextmanager
def running_receiver(context: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """Start a receiver on loopback, with TLS when a context is given; yield it and stop it at the end."""
    receiver = Receiver()
    with _Server(receiver, context) as server:
        port = server.server_address[1]
        receiver.url = f"https://localhost:{port}" if context else f"http://127.0.0.1:{port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, name="receiver")
        thread.start()
        try:
            yield receiver
        finally:
            receiver.is_over.set()
            receiver.is_released.set()
            server.shutdown()
            thread.join()
