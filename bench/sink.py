"""What receives the deliveries of a benchmark: a fast HTTP server on loopback that notes what came and when.

`/dead` never answers, `/drip` sends a byte now and then, `/flaky` fails a share of its requests; every other path is
answered with 200 at once.
"""

import random
import socket
import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import cast

HEAD = 65_536
DRIP_S = 1.0
GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
BAD = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\nConnection: close\r\n\r\nlate"
SLOW = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nConnection: close\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Arrival:
    """One request.

    Args:
        path: its path.
        query: what stands behind the question mark.
        message_id: its `webhook-id`.
        at: when its last byte came, in seconds of the monotonic clock.
        is_taken: whether it was answered with 200.
    """

    path: str
    query: str
    message_id: str
    at: float
    is_taken: bool


@dataclass(slots=True, kw_only=True)
class Sink:
    """A running sink.

    Args:
        failing: the share of requests to `/flaky` that is answered with 503, 0 to 1.
        url: where it listens.
        arrivals: what came, in order.
    """

    failing: float = 0.15
    url: str = ""
    arrivals: list[Arrival] = field(default_factory=list)
    is_over: threading.Event = field(default_factory=threading.Event)

    def ids_taken(self) -> list[str]:
        """Return the ids of the requests that were answered with 200, repeated ones included."""
        return [arrival.message_id for arrival in list(self.arrivals) if arrival.is_taken]


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 512

    def __init__(self, sink: Sink) -> None:
        self.sink = sink
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, _request: object, _client_address: object) -> None:
        """Say nothing of clients that break off."""


class _Handler(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        connection = cast("socket.socket", self.request)
        sink = cast("_Server", self.server).sink
        head, rest = _read_head(connection)
        if not head:
            return
        lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        left = int(headers.get("content-length", "0")) - len(rest)
        while left > 0 and (piece := connection.recv(HEAD)):
            left -= len(piece)
        path, _, query = lines[0].split(" ")[1].partition("?")
        is_taken = path not in ("/dead", "/drip") and not (path == "/flaky" and random.random() < sink.failing)
        sink.arrivals.append(Arrival(path, query, headers.get("webhook-id", ""), time.monotonic(), is_taken))
        with suppress(OSError):
            _answer(connection, path, sink, is_taken=is_taken)


def _read_head(connection: socket.socket) -> tuple[bytes, bytes]:
    data = b""
    while b"\r\n\r\n" not in data and len(data) < HEAD:
        piece = connection.recv(HEAD)
        if not piece:
            return b"", b""
        data += piece
    head, _, rest = data.partition(b"\r\n\r\n")
    return head, rest


def _answer(connection: socket.socket, path: str, sink: Sink, *, is_taken: bool) -> None:
    if path == "/dead":
        sink.is_over.wait()
    elif path == "/drip":
        connection.sendall(SLOW)
        while not sink.is_over.wait(DRIP_S):
            connection.sendall(b"x")
    else:
        connection.sendall(GOOD if is_taken else BAD)


@contextmanager
def running_sink(*, failing: float = 0.15) -> Iterator[Sink]:
    """Start a sink, yield it, and stop it at the end."""
    sink = Sink(failing=failing)
    with _Server(sink) as server:
        sink.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, name="sink")
        thread.start()
        try:
            yield sink
        finally:
            sink.is_over.set()
            server.shutdown()
            thread.join()
