"""A loopback server without an application: the files of static/, and what a test answers beside them."""

import json
import mimetypes
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

HERE = Path(__file__).resolve().parent
STATIC = HERE.parents[1] / "static"
BLANK = b'<!doctype html><html lang="en"><title>blank</title><link rel="icon" href="data:,"><body></body></html>'
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "worker-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a page asked for."""

    path: str
    query: dict[str, str]
    headers: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What it gets; `events` makes a stream of server-sent events that lasts as long as the iterator."""

    body: bytes = b""
    kind: str = "text/html; charset=utf-8"
    status: int = HTTPStatus.OK
    headers: dict[str, str] = field(default_factory=dict)
    events: Iterator[str] | None = None


def as_json(value: object) -> Answer:
    """Return a JSON answer."""
    return Answer(body=json.dumps(value).encode(), kind="application/json")


class StaticSite:
    """The server; `answers` maps a path to a function, `asked` lists every request that was not for a static file."""

    def __init__(self) -> None:
        self.answers: dict[str, Callable[[Asked], Answer]] = {"/": lambda _asked: Answer(body=BLANK)}
        self.asked: list[Asked] = []
        self.url = ""

    def put(self, path: str, answer: Answer) -> None:
        """Answer a path always the same."""
        self.answers[path] = lambda _asked: answer

    def answer(self, target: str, headers: dict[str, str]) -> Answer:
        """Return what a GET of `target` gets."""
        parts = urlsplit(target)
        for folder in (STATIC, HERE / "probes"):
            if parts.path.startswith(f"/{folder.name}/"):
                return self._file(folder, parts.path.removeprefix(f"/{folder.name}/"))
        query = {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        asked = Asked(path=parts.path, query=query, headers=headers)
        self.asked.append(asked)
        if parts.path not in self.answers:
            return Answer(status=HTTPStatus.NOT_FOUND)
        return self.answers[parts.path](asked)

    @staticmethod
    def _file(folder: Path, name: str) -> Answer:
        file = (folder / name).resolve()
        if not file.is_relative_to(folder) or not file.is_file():
            return Answer(status=HTTPStatus.NOT_FOUND)
        return Answer(body=file.read_bytes(), kind=mimetypes.guess_type(file.name)[0] or "application/octet-stream")


@contextmanager
def serving() -> Iterator[StaticSite]:
    """Run a site on a free port until the block ends."""
    site = StaticSite()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            answer = site.answer(self.path, {name.lower(): value for name, value in self.headers.items()})
            self.send_response(answer.status)
            self.send_header("Content-Security-Policy", POLICY)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            if answer.events is None:
                self.send_header("Content-Type", answer.kind)
                self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                with suppress(ConnectionError):  # the page asks for something newer and has hung up
                    self.wfile.write(answer.body)
            else:
                self._stream(answer.events)

        def _stream(self, events: Iterator[str]) -> None:
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Connection", "close")
            self.end_headers()
            self.close_connection = True
            for event in events:
                try:
                    self.wfile.write(event.encode())
                    self.wfile.flush()
                except OSError:  # the page has closed its stream
                    return

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the name it has in http.server)
            """Keep the test's output quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    site.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, name="static site")
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
