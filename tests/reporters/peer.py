"""What does a reporter do when the server misbehaves? A peer that speaks the events API and can be told to fail.

The ordinary behaviour is tested against the application itself; this peer exists for what it cannot do on demand.
"""

import gzip
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self, cast
from urllib.parse import parse_qs, unquote, urlsplit

Event = dict[str, Any]
Faults = list[dict[str, str]]


@dataclass(kw_only=True)
class Misstep:
    """What to do instead of answering: a status with a body, cutting the line, or waiting first for something."""

    part: str
    times: int
    status: int = 0
    body: bytes = b"{}"
    headers: tuple[tuple[str, str], ...] = ()
    is_after_storing: bool = False
    until: threading.Event | None = None


class Peer:
    """The state of the events API in memory, and the missteps to come."""

    def __init__(self) -> None:
        self.events: dict[str, list[Event]] = {}
        self.logs: dict[str, bytearray] = {}
        self.puts: dict[str, bytes] = {}
        self.order: list[str] = []
        self.requests: list[tuple[str, str]] = []
        self.tokens: list[str] = []
        self.missteps: list[Misstep] = []
        self.duplicates = 0
        self.max_events = 1000
        self.max_log = 1 << 30
        self.is_canceled = False
        self.is_vague = False
        self.token = "secret"
        self.refuse: Callable[[Event], tuple[str, str] | None] = lambda _: None
        self.refuse_put: Callable[[str, bytes], Faults | None] = lambda _path, _body: None
        self.lock = threading.Lock()
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def misstep(self, part: str, times: int = 1, **what: Any) -> None:
        """Plan a misstep for the next requests whose path holds `part`."""
        self.missteps.append(Misstep(part=part, times=times, **what))

    def next_misstep(self, path: str) -> Misstep | None:
        """Return the misstep that this request meets."""
        with self.lock:
            for misstep in self.missteps:
                if misstep.part in path and misstep.times:
                    misstep.times -= 1
                    return misstep
        return None

    @property
    def all_events(self) -> list[Event]:
        """Return what was stored, stream after stream."""
        return [event for stream in self.events.values() for event in stream]

    def of_type(self, kind: str) -> list[Event]:
        """Return the stored events of one type."""
        return [event for event in self.all_events if event["type"] == kind]

    def take_events(self, stream: str, body: bytes) -> tuple[int, Event]:
        """Store a batch, whole or not at all."""
        lines = body.splitlines()
        if len(lines) > self.max_events:
            return 413, {"errors": [{"path": "", "message": f"more than {self.max_events} events"}]}
        stored = self.events.setdefault(stream, [])
        fresh: list[Event] = []
        for number, line in enumerate(lines, 1):
            event = json.loads(line)
            high = len(stored) + len(fresh)
            if event["seq"] > high + 1:
                errors = [{"path": f"line {number}", "message": "a gap"}]
                return 409, {"errors": errors, "expected": len(stored) + 1, "acked": len(stored)}
            if event["seq"] <= high:
                self.duplicates += 1
                continue
            fault = self.refuse(event)
            if fault:
                path = "" if self.is_vague else f"line {number}: {fault[0]}"
                return 422, {"errors": [{"path": path, "message": fault[1]}], "acked": len(stored)}
            fresh.append(event)
        stored += fresh
        self.order += [event["type"] for event in fresh]
        return 200, {"acked": len(stored), "duplicates": len(lines) - len(fresh), "cancel": self.is_canceled}

    def take_log(self, name: str, offset: int, body: bytes) -> tuple[int, Event]:
        """Store bytes of a log behind what is there."""
        log = self.logs.setdefault(name, bytearray())
        if len(body) > self.max_log:
            return 413, {"errors": []}
        if offset > len(log):
            return 409, {"errors": [{"path": "offset", "message": "a gap"}], "offset": len(log)}
        log += body[len(log) - offset :]
        self.order.append(f"log {name}")
        return 200, {"offset": len(log)}

    def take_put(self, path: str, body: bytes) -> tuple[int, Event]:
        """Store what was put."""
        faults = self.refuse_put(path, body)
        if faults is not None:
            return 422, {"errors": faults}
        self.puts[path] = body
        self.order.append(f"put {path}")
        return 200, {}


class _Server(ThreadingHTTPServer):
    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def peer(self) -> Peer:
        return cast("_Server", self.server).peer

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""

    def handle_all(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        self.peer.requests.append((self.command, self.path))
        self.peer.tokens.append(self.headers.get("Authorization", ""))
        misstep = self.peer.next_misstep(self.path)
        if misstep and misstep.until:
            misstep.until.wait(60)
        elif misstep and not misstep.is_after_storing:
            self.stumble(misstep)
            return
        status, answer = self.take(body)
        if misstep and misstep.is_after_storing:
            self.stumble(misstep)
            return
        self.answer(status, json.dumps(answer).encode())

    def take(self, body: bytes) -> tuple[int, Event]:
        if self.headers.get("Authorization") != f"Bearer {self.peer.token}":
            return 401, {"errors": [{"path": "", "message": "an unknown token"}]}
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        run = parts.path.split("/")[4:]
        with self.peer.lock:
            if run[1:] == ["events"]:
                return self.peer.take_events(query["stream"], body)
            if run[1:2] == ["logs"]:
                return self.peer.take_log(unquote(run[2]), int(query["offset"]), body)
            return self.peer.take_put("/".join(run[1:]) + (f"?{parts.query}" if parts.query else ""), body)

    def stumble(self, misstep: Misstep) -> None:
        if misstep.status:
            self.answer(misstep.status, misstep.body, misstep.headers)
        else:
            self.close_connection = True
            self.connection.close()

    def answer(self, status: int, body: bytes, headers: tuple[tuple[str, str], ...] = ()) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_POST = handle_all  # noqa: N815
    do_PUT = handle_all  # noqa: N815
