#!/usr/bin/env python3
"""How does a program tell an Afterrun server what it does, without ever waiting for it or losing a fact?

One file, standard library only (Python 3.8 or newer, POSIX): copy, or fetch `/reporters/afterrun.py` from a server.

    from afterrun import Reporter

    with Reporter("https://afterrun.example", "TOKEN", service="backup") as run:
        run.device_end("edge-1", "ok", result={"bytes": 1234})

    export AFTERRUN_URL=https://afterrun.example AFTERRUN_TOKEN=TOKEN
    python3 afterrun.py exec --service backup -- ./backup.sh

Everything is first written to a folder on disk (the spool) and sent from there by a thread, in order and once. What
could not be sent stays in the spool for `python3 afterrun.py flush`.
"""

from __future__ import annotations

import argparse
import atexit
import bisect
import configparser
import contextlib
import datetime as dt
import fcntl
import functools
import gzip
import http.client
import ipaddress
import json
import math
import mimetypes
import os
import random
import re
import resource
import secrets
import select
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import IO, TYPE_CHECKING, Any, NamedTuple, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import FrameType, TracebackType

VERSION = "0.1.0"
BATCH_EVENTS = 500
BATCH_BYTES = 256 * 1024
FULL_ENOUGH = 192 * 1024  # a batch is not worth another look at the disk
LINGER_S = 0.5
HEARTBEAT_S = 15.0
TIMEOUT_S = 20.0
MAX_DELAY_S = 60.0
PASSING = (407, 408, 425, 429)  # refusals that have nothing to do with what was sent
NO_SUCH_API = (404, 405)
MAX_ANSWER = 1024 * 1024
MAX_RESULT = 2 * 1024 * 1024
MAX_OUTPUT = 1024 * 1024
MAX_TEXT = 1024 * 1024
MAX_MESSAGE = 65_536
MAX_PLAN = 100_000
MAX_DEPTH = 400
MAX_MEMORY = 32 * 1024 * 1024
MAX_NOTES = 100
MAX_OPEN_LOGS = 16
LOG_PIECE = 1024 * 1024
LOG_SEGMENT = 16 * 1024 * 1024
MIN_PIECE = 4096
DISK_RETRY_S = 1.0
ENDS = ("complete", "incomplete", "canceled")
NOTES = "reporter"  # the log stream where the reporter itself says what it could not report
OPTIONAL_FIELDS = frozenset(
    [
        "duration_s",
        "errors",
        "host",
        "level",
        "measurement",
        "message",
        "output",
        "raw_result",
        "raw_status",
        "reason",
        "result",
        "started_at",
        "trigger",
        "units",
        "versions",
        "warnings",
    ]
)  # may be left out when they are refused
EVENT_HEAD = b'{"seq":'
LINE_FAULT = re.compile(r"line (\d+)(?:\W+(\w+))?")


# ---------------------------------------------------------------------------------------------------------------------
# Values


def new_uid() -> str:
    """Return a UUIDv7: sorted by time, made without asking anybody."""
    millis = time.time_ns() // 1_000_000
    number = (millis & (2**48 - 1)) << 80 | 7 << 76 | secrets.randbits(12) << 64 | 2 << 62 | secrets.randbits(62)
    return str(uuid.UUID(int=number))


def encode(value: object, notes: list[str] | None = None) -> bytes:
    """Return a value as JSON that every server accepts, whatever the value is.

    Args:
        value: anything; what JSON has no word for becomes its repr().
        notes: receives one sentence for each number that had to become null.
    """
    try:
        return _dump(value)
    except (ValueError, TypeError, RecursionError):  # NaN, lone surrogates, odd keys, circles
        return _dump(_clean(value, "", [] if notes is None else notes, 0))


def _dump(value: object) -> bytes:
    return _ENCODER.encode(value).encode()


def _plain(value: object) -> object:
    """Return the nearest JSON value of something that JSON does not know."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value).decode("utf-8", "replace")
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat()
    if isinstance(value, PurePath):
        return str(value)
    try:
        return sorted(value, key=repr) if isinstance(value, (set, frozenset)) else repr(value)
    except Exception:
        return f"<{type(value).__name__} without a repr>"


_ENCODER = json.JSONEncoder(default=_plain, allow_nan=False, ensure_ascii=False, separators=(",", ":"))


def _clean(value: object, path: str, notes: list[str], depth: int) -> object:
    """Return a copy that JSON can say: the slow way, taken only when the fast one refused."""
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, float):
        if math.isfinite(value):
            return value
        notes.append(f"{path or 'value'}: {value} became null")
        return None
    if isinstance(value, str):
        return _whole_text(value)
    try:
        if depth < MAX_DEPTH:
            return _clean_inner(value, path, notes, depth)
    except RecursionError:  # the program itself is deep in its calls already
        pass
    notes.append(f"{path[:80]}...: nested too deep, cut")
    return f"<{type(value).__name__} nested too deep>"


def _clean_inner(value: object, path: str, notes: list[str], depth: int) -> object:
    if isinstance(value, Mapping):
        cleaned = {}
        for key, item in list(value.items()):
            name = _whole_text(key if isinstance(key, str) else str(_plain(key)))
            cleaned[name] = _clean(item, f"{path}.{name}" if path else name, notes, depth + 1)
        return cleaned
    if isinstance(value, (list, tuple)):
        return [_clean(item, f"{path}[{index}]", notes, depth + 1) for index, item in enumerate(value)]
    return _clean(_plain(value), path, notes, depth + 1)


def _whole_text(text: str) -> str:
    """Return text without lone surrogates."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _utf8(text: str) -> bytes:
    return _whole_text(str(text)).encode()


def _cut(text: str, limit: int) -> str:
    """Return the beginning and the end of a text that is longer than a limit."""
    if len(text) <= limit:
        return text
    half = limit // 2 - 32
    return f"{text[:half]}\n[... {len(text) - 2 * half} characters cut ...]\n{text[-half:]}"


def _pieces(text: str) -> Iterator[str]:
    """Yield a text in pieces of bounded size, cut between lines where there is one to cut at."""
    start = 0
    while len(text) - start > MAX_TEXT:
        stop = text.rfind("\n", start, start + MAX_TEXT) + 1
        stop = stop if stop > start else start + MAX_TEXT
        yield text[start:stop]
        start = stop
    yield text[start:]


def _quote(name: str) -> str:
    return urllib.parse.quote(_whole_text(name), safe="")


@functools.lru_cache(maxsize=2)
def _second(number: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(number))


def _timestamp() -> str:
    seconds, rest = divmod(time.time_ns(), 1_000_000_000)
    return f"{_second(seconds)}.{rest // 1000:06d}Z"


def _warn(text: str) -> None:
    """Say something to the person at the terminal; a closed stderr is nobody's fault."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        sys.stderr.write(f"afterrun: {text}\n")
        sys.stderr.flush()


# ---------------------------------------------------------------------------------------------------------------------
# Settings


class Settings(NamedTuple):
    """Where to report: the server's address (empty: nowhere), a token, and the folder wished for as spool."""

    url: str
    token: str
    spool: str


def read_settings(url: str | None = None, token: str | None = None, spool: str | None = None) -> Settings:
    """Return the settings: arguments, AFTERRUN_URL, _TOKEN and _SPOOL, then [afterrun] of `~/.config/afterrun.ini`."""
    asked = {"url": url, "token": token, "spool": spool}
    kept = _read_config()
    found = {
        name: (value or os.environ.get(f"AFTERRUN_{name.upper()}") or kept.get(name) or "").strip()
        for name, value in asked.items()
    }
    return Settings(found["url"].rstrip("/"), found["token"], found["spool"])


def _read_config() -> Mapping[str, str]:
    home = _home()
    folder = os.environ.get("XDG_CONFIG_HOME") or (str(home / ".config") if home else "")
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read(Path(folder) / "afterrun.ini", encoding="utf-8")
        return dict(parser["afterrun"]) if parser.has_section("afterrun") else {}
    except (OSError, ValueError, configparser.Error) as error:
        _warn(f"{folder}/afterrun.ini is not used: {str(error).splitlines()[0]}")
        return {}


def _home() -> Path | None:
    try:
        return Path.home()
    except (RuntimeError, KeyError):
        return None


def _fault_of_url(url: str) -> str:
    """Return what is wrong with a server's address, or nothing."""
    if not url:
        return (
            "no server is configured (AFTERRUN_URL and AFTERRUN_TOKEN, or ~/.config/afterrun.ini): nothing is reported"
        )
    try:
        parts = urllib.parse.urlsplit(url)
        is_good = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        is_good = False
    return "" if is_good else f"the server's address {url!r} is not an http or https address: nothing is reported"


def _spools(wanted: str) -> list[Path]:
    """Return the folders that may serve as spool, best first."""
    home = _home()
    state = os.environ.get("XDG_STATE_HOME") or (str(home / ".local" / "state") if home else "")
    folders = [Path(wanted).expanduser().absolute()] if wanted else []
    if not wanted and state:
        folders.append(Path(state).absolute() / "afterrun")
    with contextlib.suppress(OSError):
        folders.append(Path(tempfile.gettempdir()) / f"afterrun-{os.getuid()}")
    return folders


def _is_private(folder: Path) -> bool:
    """Tell whether a folder is ours alone: among temporary files it could have been laid out by somebody else."""
    facts = os.lstat(folder)
    return stat.S_ISDIR(facts.st_mode) and facts.st_uid == os.geteuid() and not facts.st_mode & 0o022


# ---------------------------------------------------------------------------------------------------------------------
# The spool


class Tape:
    """Bytes appended once and read by offset: on disk, and in memory while the disk refuses them.

    Args:
        path: the files' name without their number; None keeps everything in memory.
        segment: begin another file after so many bytes, so that what was delivered can be deleted; 0 keeps one file.
    """

    def __init__(self, path: Path | None, segment: int = 0) -> None:
        self._path = path
        self._segment = segment
        self._memory = bytearray()
        self._fd: int | None = None
        self._retry_at = 0.0 if path else math.inf
        self._lock = threading.RLock()
        self._starts = [0]
        self._written = 0
        if path:
            found = sorted(
                int(file.suffix[1:]) for file in path.parent.glob(f"{path.name}.*") if file.suffix[1:].isdigit()
            )
            self._starts = found or [0]
            self._written = found[-1] + self._file(found[-1]).stat().st_size if found else 0

    @property
    def size(self) -> int:
        """Return how many bytes were appended in all."""
        return self._written + len(self._memory)

    @property
    def first(self) -> int:
        """Return the offset of the first byte that may still be there."""
        return self._starts[0]

    def append(self, data: bytes) -> bool:
        """Keep bytes; False when neither disk nor memory has room for them."""
        with self._lock:
            if self._memory:
                del self._memory[: self._write(self._memory)]
            done = 0 if self._memory else self._write(data)
            if done < len(data):
                if len(self._memory) + len(data) - done > MAX_MEMORY and not done:
                    return False
                self._memory += data[done:]
            return True

    def read(self, offset: int, limit: int) -> bytes:
        """Return up to `limit` bytes from an offset on; nothing at the end and inside a hole."""
        parts = []
        with self._lock:
            while limit > 0:
                if offset >= self._written:
                    start = offset - self._written
                    piece = bytes(self._memory[start : start + limit])
                else:
                    piece = self._read_disk(offset, limit)
                if not piece:
                    break
                parts.append(piece)
                offset += len(piece)
                limit -= len(piece)
        return b"".join(parts)

    def after_hole(self, offset: int) -> int:
        """Return where bytes go on after an offset that cannot be read."""
        with self._lock:
            return next((start for start in self._starts if start > offset), max(self._written, offset))

    def trim(self, offset: int) -> None:
        """Forget what lies before an offset: whole files, and whatever is only in memory."""
        with self._lock:
            if offset > self._written:  # delivered although the disk never took it
                self.rest()
                del self._memory[: offset - self._written]
                self._written = offset
                self._starts.append(offset)
            while len(self._starts) > 1 and self._starts[1] <= offset:
                if self._path:
                    with contextlib.suppress(OSError):
                        self._file(self._starts[0]).unlink()
                del self._starts[0]

    def rest(self) -> None:
        """Give the file descriptor back."""
        with self._lock:
            if self._fd is not None:
                os.close(self._fd)
                self._fd = None

    def _file(self, start: int) -> Path:
        assert self._path is not None  # noqa: S101 (without a path nothing is ever on disk)
        return self._path.with_name(f"{self._path.name}.{start}")

    def _write(self, data: bytes | bytearray) -> int:
        """Return how many bytes the disk took; after a refusal it is asked again only a little later."""
        if self._retry_at and time.monotonic() < self._retry_at:
            return 0
        if self._segment and self._written - self._starts[-1] >= self._segment:
            self.rest()
            self._starts.append(self._written)
        count = 0
        try:
            if self._fd is None:
                flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
                self._fd = os.open(self._file(self._starts[-1]), flags, 0o600)
            count = os.write(self._fd, data)
        except OSError:
            count = 0
        self._retry_at = time.monotonic() + DISK_RETRY_S if count < len(data) else 0.0
        self._written += count
        return count

    def _read_disk(self, offset: int, limit: int) -> bytes:
        index = max(bisect.bisect_right(self._starts, offset) - 1, 0)
        start = self._starts[index]
        stop = self._starts[index + 1] if index + 1 < len(self._starts) else self._written
        if offset < start:
            return b""
        with contextlib.suppress(OSError):
            if self._fd is not None and index == len(self._starts) - 1:
                return os.pread(self._fd, min(limit, stop - offset), offset - start)
            with self._file(start).open("rb") as file:
                file.seek(offset - start)
                return file.read(min(limit, stop - offset))
        return b""


class LogTape:
    """The raw bytes of one log: `acked` counts our bytes, and the server's offset is `acked + shift`."""

    def __init__(self, stream: str, tape: Tape, acked: int = 0, shift: int = 0) -> None:
        self.stream = stream
        self.tape = tape
        self.acked = acked
        self.shift = shift


class Box:
    """The folder of one stream of events: a journal of events and requests, logs, and bodies too large for the journal.

    Args:
        folder: where; None keeps all in memory, for a machine where nothing can be written.
        uid: the run.
        stream: the producer's own numbering within the run.
        url: the server that it is for.
        lock_fd: the open lock that makes this process the folder's only one.
    """

    def __init__(self, folder: Path | None, uid: str, stream: str, url: str, lock_fd: int | None = None) -> None:
        self.folder = folder
        self.uid = uid
        self.stream = stream
        self.url = url
        self.offset = 0
        self.journal = Tape(folder / "journal" if folder else None)
        self.logs: dict[str, LogTape] = {}
        self._lock_fd = lock_fd
        self._bodies = 0

    @classmethod
    def create(cls, spool: Path, uid: str, stream: str, url: str) -> Box:
        """Make a new folder, locked by this process."""
        spool.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not _is_private(spool):
            raise PermissionError(f"{spool} belongs to others too")
        folder = spool / f"{_quote(uid)}.{_quote(stream)}"
        folder.mkdir(mode=0o700)
        box = cls(folder, uid, stream, url, _lock(folder))
        about = {"url": url, "uid": uid, "stream": stream, "version": VERSION, "pid": os.getpid()}
        _replace(folder / "about.json", encode(about))
        return box

    @classmethod
    def load(cls, folder: Path) -> Box | None:
        """Open the folder that an earlier process left; None when a living one has it, or when it is none of ours."""
        try:
            lock_fd = _lock(folder)
        except OSError:
            return None
        about = _read_object(folder / "about.json")
        if lock_fd is None or not {"uid", "stream", "url"} <= set(about):
            if lock_fd is not None:
                os.close(lock_fd)
            return None
        box = cls(folder, str(about["uid"]), str(about["stream"]), str(about["url"]), lock_fd)
        state = _read_object(folder / "state.json")
        with contextlib.suppress(KeyError, TypeError, ValueError):  # a torn state only means that more is sent again
            box.offset = int(state["offset"])
            for name, (log, acked, shift) in state["logs"].items():
                box.add_log(str(log), name, acked=int(acked), shift=int(shift))
        return box

    def close(self) -> None:
        """Let go of the folder."""
        for tape in [self.journal, *(log.tape for log in list(self.logs.values()))]:
            tape.rest()
        if self._lock_fd is not None:
            os.close(self._lock_fd)
            self._lock_fd = None

    def remove(self) -> None:
        """Delete the folder: everything in it was delivered."""
        if self.folder:
            shutil.rmtree(self.folder, ignore_errors=True)

    def add_log(self, stream: str, name: str = "", *, acked: int = 0, shift: int = 0) -> str:
        """Begin, or find again, the raw log of a stream; return its short name."""
        name = name or f"log-{len(self.logs) + 1}"
        if name not in self.logs:
            path = self.folder / Path(name).name if self.folder else None
            self.logs[name] = LogTape(stream, Tape(path, LOG_SEGMENT), acked, shift)
        return name

    def add_body(self, source: bytes | Path) -> str:
        """Keep a body beside the journal and return its file's name."""
        if self.folder is None:
            raise OSError("there is no folder to keep it in")
        self._bodies += 1
        target = self.folder / f"body-{self._bodies}"
        if isinstance(source, bytes):
            target.write_bytes(source)
        else:
            shutil.copyfile(source, target)
        return target.name

    def save(self) -> None:
        """Remember what was delivered; when the disk refuses, more is sent again after a crash, and dropped there."""
        if self.folder:
            logs = {name: [log.stream, log.acked, log.shift] for name, log in list(self.logs.items())}
            with contextlib.suppress(OSError):
                _replace(self.folder / "state.json", encode({"offset": self.offset, "logs": logs}))

    @property
    def rejected(self) -> Path | None:
        """Return the file beside the folder that keeps what the server refused; nothing deletes it."""
        return self.folder.with_name(f"{self.folder.name}.rejected") if self.folder else None

    def reject(self, what: str, content: str, errors: object, body: Path | None = None) -> None:
        """Keep what the server refused, with its reasons."""
        kept = self.rejected
        if kept is None:
            return
        line = encode({"at": _timestamp(), what: content, "errors": errors}) + b"\n"
        with contextlib.suppress(OSError):
            fd = os.open(kept, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                os.write(fd, line)
            finally:
                os.close(fd)
            if body and body.exists():
                body.rename(kept.with_name(f"{kept.name}.{body.name}"))


def _lock(folder: Path) -> int | None:
    """Return an open lock that makes this process the folder's only one, or None when another process has it."""
    fd = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        return None
    except OSError:  # a file system without locks: nobody can be kept out
        pass
    return fd


def _replace(path: Path, data: bytes) -> None:
    part = path.with_name(f"{path.name}.part")
    part.write_bytes(data)
    part.replace(path)


def _read_object(path: Path) -> dict[str, Any]:
    try:
        return _json_object(path.read_bytes())
    except OSError:
        return {}


def _json_object(data: bytes) -> dict[str, Any]:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _lines(tape: Tape, offset: int) -> Iterator[tuple[int, bytes]]:
    """Yield every complete line from an offset on, each with the offset behind it; a torn last line is not there."""
    rest = b""
    while True:
        chunk = tape.read(offset + len(rest), BATCH_BYTES)
        if not chunk:
            jump = tape.after_hole(offset + len(rest))
            if jump <= offset + len(rest):
                return
            offset, rest = jump, b""
            continue
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            offset += len(line) + 1
            yield offset, line + b"\n"


def _seq_of(line: bytes) -> int | None:
    """Return an event's number, or None for everything else that stands in a journal."""
    if not line.startswith(EVENT_HEAD):
        return None
    digits = line[len(EVENT_HEAD) : line.find(b",")]
    return int(digits) if digits.isdigit() else None


# ---------------------------------------------------------------------------------------------------------------------
# The wire


class AwayError(Exception):
    """The server cannot be reached, or cannot answer now; worth another try."""

    def __init__(self, reason: str, retry_after_s: float = 0.0) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(reason)


class DeniedError(Exception):
    """The server does not accept the token; no further try will help."""


class RefusedError(Exception):
    """The server refuses what was sent, and says why."""

    def __init__(self, status: int, answer: Mapping[str, Any]) -> None:
        self.status = status
        self.answer = answer
        found = answer.get("errors")
        faults = [fault for fault in found if isinstance(fault, dict)] if isinstance(found, list) else []
        self.faults = [(str(fault.get("path", "")), str(fault.get("message", ""))) for fault in faults]
        text = "; ".join(": ".join(part for part in fault if part) for fault in self.faults)
        super().__init__(text or f"HTTP {status}")

    def number(self, *names: str) -> int | None:
        """Return the first of these members of the answer that is a whole number."""
        values = (self.answer.get(name) for name in names)
        return next((value for value in values if isinstance(value, int) and value >= 0), None)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect would turn a POST into a GET and hand the token to another host."""

    def redirect_request(self, *_args: object, **_more: object) -> None:
        return None


def _is_loopback(url: str) -> bool:
    host = urllib.parse.urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Wire:
    """HTTP to one server, one request at a time; the environment's proxies count except for this machine itself."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url
        self.timeout_s = TIMEOUT_S
        self._headers = {"User-Agent": f"afterrun-reporter/{VERSION}", "Accept": "application/json"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"
        handlers: list[urllib.request.BaseHandler] = [_NoRedirect()]
        if _is_loopback(url):
            handlers.append(urllib.request.ProxyHandler({}))
        self._opener = urllib.request.build_opener(*handlers)

    def send(self, method: str, path: str, body: bytes | IO[bytes], content_type: str) -> dict[str, Any]:
        """Return the JSON object that the server answers.

        Args:
            method: the HTTP method.
            path: what follows `/api/v1`.
            body: bytes, which are sent packed, or an open file, which is sent as it is.
            content_type: the type of the body.

        Raises:
            AwayError, DeniedError, RefusedError: see there.
        """
        headers = {**self._headers, "Content-Type": content_type}
        data: bytes | IO[bytes] = body
        if isinstance(body, bytes):
            data = gzip.compress(body, 1)
            headers["Content-Encoding"] = "gzip"
        else:
            headers["Content-Length"] = str(os.fstat(body.fileno()).st_size)
        request = urllib.request.Request(f"{self.url}/api/v1{path}", data=data, headers=headers, method=method)
        try:
            with self._opener.open(request, timeout=self.timeout_s) as reply:
                return _json_object(reply.read(MAX_ANSWER))
        except urllib.error.HTTPError as error:
            raise self._fault(error) from None
        except ValueError as error:  # its text could show a faulty token
            raise AwayError(f"{self.url} cannot be asked ({type(error).__name__})") from None
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", None) or error
            raise AwayError(f"{self.url} does not answer ({reason or type(error).__name__})") from None

    def _fault(self, error: urllib.error.HTTPError) -> Exception:
        answer: dict[str, Any] = {}
        with error, contextlib.suppress(OSError, http.client.HTTPException):
            answer = _json_object(error.read(MAX_ANSWER))
        if error.code in (401, 403):
            return DeniedError(str(RefusedError(error.code, answer)))
        if 400 <= error.code < 500 and error.code not in PASSING:
            return RefusedError(error.code, answer)
        hint = f", which points to {error.headers.get('Location')}" if 300 <= error.code < 400 else ""
        wait = error.headers.get("Retry-After") or ""
        return AwayError(f"{self.url} answers HTTP {error.code}{hint}", float(wait) if wait.isdigit() else 0.0)


class Sender:
    """Delivers what a box holds, piece by piece and in order; it knows nothing of who filled it."""

    def __init__(self, box: Box, wire: Wire, say: Callable[[str, str], None]) -> None:
        self.box = box
        self.acked = 0
        self.sent = 0
        self.posted_at = time.monotonic()
        self.is_canceled = False
        self._wire = wire
        self._say = say
        self._run = f"/runs/{_quote(box.uid)}"
        self._max_events = BATCH_EVENTS
        self._piece = LOG_PIECE
        self._edits: dict[int, bytes] = {}
        self._tries: dict[int, int] = {}
        self._faulty_fields: set[str] = set()
        self._rewound_to = 0

    def step(self) -> bool:
        """Send one piece; False when there is nothing left to send.

        Raises:
            AwayError, DeniedError: nothing moved.
        """
        batch: list[tuple[int, bytes]] = []
        size = 0
        stop = self.box.offset
        for end, line in _lines(self.box.journal, self.box.offset):
            seq = _seq_of(line)
            if seq is None:
                order = _json_object(line)
                if order.get("op") != "log" or self.sent == 0:  # the start of a run comes before its logs
                    if batch:
                        break
                    self._obey(order, line, end)
                    return True
                if self._send_log_until(order):
                    return True
            elif batch and size + len(line) > BATCH_BYTES:
                break
            else:
                batch.append((seq, line))
                size += len(line)
            stop = end
            if len(batch) >= self._max_events or size >= FULL_ENOUGH:
                break
        if batch:
            self._send_events(batch, stop)
            return True
        self._advance(stop)
        for log in list(self.box.logs.values()):
            if log.acked < log.tape.size:
                self._send_log(log)
                return True
        return False

    def backlog(self) -> int:
        """Return how many bytes wait."""
        logs = list(self.box.logs.values())
        return self.box.journal.size - self.box.offset + sum(log.tape.size - log.acked for log in logs)

    def _advance(self, offset: int) -> None:
        if offset == self.box.offset:
            return
        self.box.offset = offset
        self.box.journal.trim(offset)
        self.box.save()

    # Events

    def _send_events(self, batch: list[tuple[int, bytes]], stop: int) -> None:
        try:
            answer = self._post_events(b"".join(self._edits.get(seq, line) for seq, line in batch))
        except RefusedError as error:
            self._events_refused(batch, error)
            return
        acked = answer.get("acked")
        if not isinstance(acked, int):
            raise AwayError(f"{self._wire.url} does not answer like an Afterrun server")
        if acked < batch[-1][0]:
            self._rewind(acked + 1)
            return
        self._rewound_to = 0
        self.acked = batch[-1][0]
        self.sent += len(batch)
        self._max_events = min(self._max_events * 2, BATCH_EVENTS)
        for seq, _ in batch:
            self._edits.pop(seq, None)
            self._tries.pop(seq, None)
        self._advance(stop)

    def _post_events(self, body: bytes) -> dict[str, Any]:
        path = f"{self._run}/events?stream={_quote(self.box.stream)}"
        answer = self._wire.send("POST", path, body, "application/x-ndjson")
        self.posted_at = time.monotonic()
        self.is_canceled = self.is_canceled or answer.get("cancel") is True
        return answer

    def _events_refused(self, batch: list[tuple[int, bytes]], error: RefusedError) -> None:
        """Make the next try a better one: rewind, send less at once, or mend the event that is at fault."""
        expected = error.number("expected")
        if error.status in NO_SUCH_API:
            raise AwayError(f"{self._wire.url} knows no events API: is the address right? ({error})")
        if error.status == 409 and expected is not None:
            self._rewind(expected)
            return
        places = [match for match in (LINE_FAULT.match(path) for path, _ in error.faults) if match]
        line = int(places[0].group(1)) if places and error.status != 413 else 0
        if not 1 <= line <= len(batch):
            if len(batch) > 1:
                self._max_events = max(len(batch) // 2, 1)
                return
            line = 1
        fields = {place.group(2) for place in places if int(place.group(1)) == line}
        self._mend(*batch[line - 1], fields, error)

    def _mend(self, seq: int, line: bytes, fields: set[str], error: RefusedError) -> None:
        """Put in the place of a refused event: the same without its faulty fields, then a note, then a heartbeat."""
        tries = self._tries.get(seq, 0)
        event = _json_object(line)
        title = " ".join(str(event[name]) for name in ("type", "device", "name") if event.get(name))
        faulty = fields & OPTIONAL_FIELDS & set(event)
        if tries == 0:
            self.box.reject("event", line.decode("utf-8", "replace"), error.answer.get("errors") or str(error))
            self._say("event", f"refused, and kept in {self.box.rejected}: {title}: {error}")
        if tries == 0 and faulty:
            self._edits[seq] = encode({name: event[name] for name in event if name not in faulty}) + b"\n"
            self._tries[seq] = 1
        elif tries < 2:
            self._edits[seq] = _note_line(seq, f"{title} was refused: {_cut(str(error), 2000)}")
            self._tries[seq] = 2
        elif tries == 2:
            self._edits[seq] = _event_line(seq, "heartbeat", b"{}")
            self._tries[seq] = 3
        else:
            raise DeniedError(f"run {self.box.uid} is refused as a whole: {error}")

    def _rewind(self, expected: int) -> None:
        """Go on from the event that the server expects; what the spool itself lost is filled with a note."""
        if expected == self._rewound_to:
            self._rewound_to = 0
            raise AwayError(f"{self._wire.url} asks for event {expected} again and again")
        self._rewound_to = expected
        offset = self.box.journal.first
        found = 0
        for end, line in _lines(self.box.journal, offset):
            found = _seq_of(line) or 0
            if found >= expected:
                break
            offset = end
        if found > expected:
            self._fill(expected, found)
        self.box.offset = offset
        self.box.save()

    def _fill(self, start: int, stop: int) -> None:
        count = min(stop - start, BATCH_EVENTS)
        text = f"events {start} to {stop - 1} of stream {self.box.stream} were lost on the reporter's disk"
        note = _note_line(start, text)
        try:
            self._post_events(note + b"".join(_event_line(start + n, "heartbeat", b"{}") for n in range(1, count)))
        except RefusedError as error:
            raise DeniedError(f"run {self.box.uid} cannot be continued: {error}") from None
        self._rewound_to = 0

    # Orders: lines of the journal that are no events

    def _obey(self, order: dict[str, Any], line: bytes, end: int) -> None:
        if order.get("op") == "log":
            if self._send_log_until(order):
                return
        elif order.get("op") == "put" and isinstance(order.get("path"), str):
            if not self._put(order):
                return
        else:
            self.box.reject("line", line.decode("utf-8", "replace"), "unreadable")
        self._advance(end)

    def _send_log_until(self, order: dict[str, Any]) -> bool:
        """Send a piece of a log unless all that the order asks for has been sent; True when a piece was sent."""
        log = self.box.logs[self.box.add_log(str(order.get("stream")), str(order.get("tape")))]
        end = order.get("end")
        if log.acked >= min(end if isinstance(end, int) else 0, log.tape.size):
            return False
        self._send_log(log)
        return True

    def _put(self, order: dict[str, Any]) -> bool:
        """Send one PUT, from the journal or from a file; True when the journal may go on."""
        fields = order.get("body") or {}
        content = encode({name: fields[name] for name in fields if name not in self._faulty_fields})
        file = self.box.folder / Path(str(order["file"])).name if self.box.folder and "file" in order else None
        path = self._run + order["path"]
        content_type = str(order.get("type") or "application/json")
        try:
            if file is None:
                self._wire.send("PUT", path, content, content_type)
            elif file.exists():
                with file.open("rb") as body:
                    self._wire.send("PUT", path, body, content_type)
                with contextlib.suppress(OSError):
                    file.unlink()
        except RefusedError as error:
            if error.status in NO_SUCH_API and not self.sent:
                raise AwayError(f"{self._wire.url} knows no runs API: is the address right? ({error})") from None
            return not self._has_less_to_put(order, file, error)
        return True

    def _has_less_to_put(self, order: dict[str, Any], file: Path | None, error: RefusedError) -> bool:
        """Keep a refused PUT; True when it is worth another try without the fields that were named."""
        self.box.reject("put", encode(order).decode(), error.answer.get("errors") or str(error), file)
        title = order["path"].lstrip("/") or "the run's own fields"
        self._say("put", f"refused, and kept in {self.box.rejected}: {title}: {error}")
        named = {re.split(r"[.\[:]", path, maxsplit=1)[0] for path, _ in error.faults}
        if error.status == 409:
            named.add("external_key")
        fresh = (named & set(order.get("body") or {})) - self._faulty_fields - {"service"}
        self._faulty_fields |= fresh
        return bool(fresh)

    # Logs

    def _send_log(self, log: LogTape) -> None:
        data = log.tape.read(log.acked, self._piece)
        if not data:
            self._skip(log, max(log.tape.after_hole(log.acked) - log.acked, 1), "", "lost on the reporter's disk")
            return
        path = f"{self._run}/logs/{_quote(log.stream)}?offset={log.acked + log.shift}"
        try:
            answer = self._wire.send("POST", path, data, "application/octet-stream")
        except RefusedError as error:
            self._log_refused(log, data, error)
            return
        have = answer.get("offset")
        if not isinstance(have, int) or have - log.shift <= log.acked:
            raise AwayError(f"{self._wire.url} does not answer like an Afterrun server")
        log.acked = min(have - log.shift, log.tape.size)
        log.tape.trim(log.acked)
        self.box.save()

    def _log_refused(self, log: LogTape, data: bytes, error: RefusedError) -> None:
        have = error.number("offset", "expected")
        if error.status in NO_SUCH_API or (error.status == 409 and have is None):
            raise AwayError(f"{self._wire.url} does not take the log {log.stream}: {error}")
        if have is not None and log.tape.first <= have - log.shift <= log.tape.size and have - log.shift != log.acked:
            log.acked = have - log.shift
        elif error.status == 409 and have is not None:
            if have - log.shift == log.acked:
                raise AwayError(f"{self._wire.url} asks for byte {have} of the log {log.stream} again and again")
            # It has less than is still here, or more than ever was: go on behind what it has.
            log.acked = log.tape.first if have - log.shift < log.tape.first else log.acked
            log.shift = have - log.acked
        elif error.status == 413 and len(data) > MIN_PIECE:
            self._piece = max(len(data) // 2, MIN_PIECE)
        else:
            self._skip(log, len(data), data.decode("utf-8", "backslashreplace"), str(error))

    def _skip(self, log: LogTape, count: int, text: str, why: str) -> None:
        """Leave bytes out that cannot be delivered, and go on behind them."""
        self.box.reject("log", text, f"{log.stream}: {count} bytes from {log.acked}: {why}")
        self._say("log", f"{count} bytes of the log {log.stream} are not delivered ({why}); see {self.box.rejected}")
        log.acked += count
        log.shift -= count


def _event_line(seq: int, kind: str, body: bytes) -> bytes:
    """Return one line of a journal, from the JSON object with the event's own fields."""
    rest = b"," + body[1:] if len(body) > 2 else b"}"
    return EVENT_HEAD + b'%d,"ts":"%s","type":"%s"%s\n' % (seq, _timestamp().encode(), kind.encode(), rest)


def _note_line(seq: int, text: str) -> bytes:
    return _event_line(seq, "log", encode({"stream": NOTES, "level": "warning", "text": text}))


# ---------------------------------------------------------------------------------------------------------------------
# The reporter


Call = TypeVar("Call", bound="Callable[..., bool]")


def _never_raising(method: Call) -> Call:
    """Make a method count what it cannot do, and say so once, where it would raise into the program that reports."""

    @functools.wraps(method)
    def safely(self: Reporter, *values: object, **named: object) -> bool:
        try:
            return method(self, *values, **named)
        except Exception as error:
            return self._drop(error)

    return cast("Call", safely)


class Reporter:
    """Tells a server about one run; no call waits for the network, and none raises into the program that reports.

    Args:
        url, token, spool: see `read_settings`; without an address nothing is reported, and that is said once.
        service: the service that runs; it is created when it is new.
        uid: the run; by default a new one.
        stream: this process' own numbering of events within the run, never used twice; by default a new one.
        devices: the names of the devices that the run is going to work on.
        is_joining: add to a run that another process begins and ends.
        labels ... parent_step: facts of the run as a whole, see `docs/reporting.md`.
        versions: what took part, such as {"ansible": "2.19"}.
        heartbeat_s: say "alive" when nothing else was said for so long.
    """

    def __init__(  # noqa: PLR0913 (every fact of a run is a keyword of its own)
        self,
        url: str | None = None,
        token: str | None = None,
        *,
        service: str,
        spool: str | os.PathLike[str] | None = None,
        uid: str | None = None,
        stream: str | None = None,
        is_joining: bool = False,
        devices: Sequence[str] | None = None,
        labels: Sequence[str] | None = None,
        external_key: str | None = None,
        trigger: str | None = None,
        notify: object = None,
        submitter: str | None = None,
        metadata: Mapping[str, object] | None = None,
        parameters: Mapping[str, object] | None = None,
        environment: Mapping[str, object] | None = None,
        definition: str | None = None,
        priority: int | None = None,
        parent_run: str | None = None,
        parent_step: str | None = None,
        versions: Mapping[str, str] | None = None,
        heartbeat_s: float = HEARTBEAT_S,
    ) -> None:
        self.uid = uid or new_uid()
        self.url = ""
        self.service = service
        self.dropped = self._notes = 0
        self.is_delivered = self._has_ended = False
        self._heartbeat_s = heartbeat_s
        self._is_joining = is_joining
        self._said: set[str] = set()
        self._problem = ""
        self._texts: set[str] = set()
        self._raw: OrderedDict[str, str] = OrderedDict()
        self._unmarked: set[str] = set()
        self._box: Box | None = None
        fields = {
            "submitter": submitter,
            "devices": None if devices is None else list(devices),
            "labels": None if labels is None else list(labels),
            "metadata": metadata,
            "parameters": parameters,
            "environment": environment,
            "notify": notify,
            "definition": definition,
            "priority": priority,
            "external_key": external_key,
            "parent_run": parent_run,
            "parent_step": parent_step,
        }
        try:
            self._settings = read_settings(url, token, os.fspath(spool) if spool else None)
            self._open(stream)
            if not is_joining:
                self._begin({name: value for name, value in fields.items() if value is not None}, trigger, versions)
        except Exception as error:
            self._say("start", f"run {self.uid} is not reported: {type(error).__name__}: {error}")

    def __enter__(self) -> Reporter:  # noqa: PYI034 (Self is too new)
        """Return the reporter itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """End the run as the block ended: complete, incomplete with the exception's text, or canceled."""
        has_failed = kind is not None and not (isinstance(error, SystemExit) and not error.code)
        if self.canceled or kind is KeyboardInterrupt:
            self.close("canceled", message="canceled on the server" if self.canceled else "interrupted")
        elif has_failed and kind is not None:
            text = ""
            with contextlib.suppress(Exception):
                text = str(error)
            self.close("incomplete", message=f"{kind.__name__}: {text}" if text else kind.__name__)
        else:
            self.close()

    @property
    def run_url(self) -> str:
        """Return the address of the run's page."""
        return f"{self.url}/runs/{_quote(self.uid)}" if self.url else ""

    @property
    def canceled(self) -> bool:
        """Tell whether somebody canceled the run on the server; the program should come to its end."""
        return self._box is not None and self._sender.is_canceled

    @property
    def kept_in(self) -> Path | None:
        """Return the folder that holds what was not delivered yet."""
        return self._box.folder if self._box else None

    # What a program says

    @_never_raising
    def event(self, kind: str, **fields: object) -> bool:
        """Say anything, by the wire name of an event; fields that are None are left out.

        Returns:
            Whether it was kept; False after close() and when neither disk nor memory has room.
        """
        notes: list[str] = []
        body = encode({name: value for name, value in fields.items() if value is not None}, notes)
        is_kept = self._append(kind, body)
        self._note(notes, str(fields.get("device") or fields.get("name") or kind))
        return is_kept

    @_never_raising
    def plan(self, devices: Sequence[str] | int | None = None, cases: Sequence[str] | int | None = None) -> bool:
        """Say what the run intends to do: names, or only how many."""
        return self.event("plan", devices=_planned(devices), cases=_planned(cases))

    @_never_raising
    def attempt_start(self, attempt: int = 1, reason: str | None = None) -> bool:
        """Say that an attempt begins; a second one is a retry unless another reason is given."""
        return self.event("attempt.start", attempt=attempt, reason=reason or ("initial" if attempt == 1 else "retry"))

    @_never_raising
    def attempt_end(self, attempt: int = 1) -> bool:
        """Say that an attempt is over."""
        return self.event("attempt.end", attempt=attempt)

    @_never_raising
    def device_start(self, device: str, attempt: int = 1) -> bool:
        """Say that work on a device begins."""
        return self.event("device.start", device=device, attempt=attempt)

    @_never_raising
    def device_end(  # noqa: PLR0913 (the fields of the event)
        self,
        device: str,
        status: str,
        *,
        attempt: int = 1,
        message: str | None = None,
        duration_s: float | None = None,
        result: object = None,
        raw_status: str | None = None,
    ) -> bool:
        """Say how work on a device ended, with anything as its result; a large result travels by itself."""
        fields = {
            "device": device,
            "status": status,
            "attempt": attempt,
            "message": None if message is None else _cut(str(message), MAX_MESSAGE),
            "duration_s": duration_s,
            "raw_status": raw_status,
        }
        notes: list[str] = []
        known = {name: value for name, value in fields.items() if value is not None}
        body = encode(known if result is None else {**known, "result": result}, notes)
        if len(body) <= MAX_RESULT:
            is_kept = self._append("device.end", body)
        else:
            data = encode(result)
            is_kept = self._append("device.end", encode(known))
            self._put_body(f"/devices/{_quote(device)}/result?attempt={attempt:d}", data, "application/json")
        self._note(notes, str(device))
        return is_kept

    @_never_raising
    def case(  # noqa: PLR0913 (the fields of the event)
        self,
        name: str,
        result: str,
        *,
        suite: str = "",
        attempt: int = 1,
        device: str | None = None,
        message: str | None = None,
        duration_s: float | None = None,
        measurement: float | None = None,
        units: str | None = None,
        output: str | None = None,
        raw_result: str | None = None,
        started_at: str | dt.datetime | None = None,
    ) -> bool:
        """Say how one test case was decided; an output over 1 MiB is cut, and attached as a whole."""
        if output is not None and len(output) > MAX_OUTPUT:
            self._put_body(
                f"/attachments/output-{secrets.token_hex(8)}.txt", _utf8(output), "text/plain; charset=utf-8"
            )
            output = _cut(output, MAX_OUTPUT)
        return self.event(
            "case",
            suite=suite,
            name=name,
            result=result,
            attempt=attempt,
            device=device,
            message=None if message is None else _cut(str(message), MAX_MESSAGE),
            duration_s=duration_s,
            measurement=measurement,
            units=units,
            output=output,
            raw_result=raw_result,
            started_at=started_at,
        )

    @_never_raising
    def measurement(
        self, name: str, value: float, units: str = "", *, suite: str = "", device: str | None = None, attempt: int = 1
    ) -> bool:
        """Say what was measured."""
        return self.event(
            "measurement", name=name, value=value, units=units, suite=suite, device=device, attempt=attempt
        )

    @_never_raising
    def log(self, text: str, stream: str = "run", level: str | None = None) -> bool:
        """Add a line, or more, to a log; a level makes it count whatever the words in it."""
        if stream in self._raw:
            return self.write_log(stream, _utf8(text) + (b"" if text.endswith("\n") else b"\n"))
        self._texts.add(stream)
        kept = [self.event("log", stream=stream, level=level, text=piece) for piece in _pieces(str(text))]
        return all(kept)

    @_never_raising
    def write_log(self, stream: str, data: bytes) -> bool:
        """Add raw bytes to a log, exactly as they are; only one process may do so for one log of a run."""
        if stream in self._texts:
            return self.log(data.decode("utf-8", "replace"), stream)
        self._enter_child()
        with self._lock:
            if self._box is None or self._has_ended:
                return self._drop("it came after close()" if self._box else "")
            log = self._box.logs[self._raw_log(stream)]
            if not log.tape.append(data):
                return self._drop("the spool is full")
            self._unmarked.add(stream)
        if log.tape.size - log.acked >= BATCH_BYTES:
            self._wake.set()
        return True

    @_never_raising
    def put_result(self, device: str, data: bytes, attempt: int = 1) -> bool:
        """Hand in a device's result as JSON bytes, byte for byte."""
        return self._put_body(f"/devices/{_quote(device)}/result?attempt={attempt:d}", data, "application/json")

    @_never_raising
    def attach(self, name: str, path: str | os.PathLike[str]) -> bool:
        """Hand in a file with the run; it is copied to the spool at once, so it may be deleted afterwards."""
        content_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
        return self._put_body(f"/attachments/{_quote(name)}", Path(path), content_type)

    @_never_raising
    def heartbeat(self) -> bool:
        """Say that the program is alive; it happens by itself."""
        return self.event("heartbeat")

    @_never_raising
    def close(
        self,
        status: str = "complete",
        deadline: float = 10.0,
        *,
        message: str | None = None,
        warnings: int | None = None,
        errors: int | None = None,
    ) -> bool:
        """End the run and wait for the delivery, at most `deadline` seconds.

        Args:
            status: complete (it ran to its end, however its devices fared), incomplete or canceled.
            deadline: seconds; what is not delivered by then stays in the spool.
            message: why it is incomplete or canceled.
            warnings: how many warnings the program counted itself.
            errors: how many errors the program counted itself.

        Returns:
            Whether everything was delivered.
        """
        if self._has_ended or self._box is None:
            return self.is_delivered
        if status not in ENDS:
            message = f"ended as {status!r}{f': {message}' if message else ''}"
            status = "incomplete"
        if self.dropped:
            self.log(f"{self.dropped} events or pieces of logs could not be kept and are lost", NOTES, "warning")
        if not self._is_joining:
            text = None if message is None else _cut(str(message), MAX_MESSAGE)
            self.event("run.end", status=status, message=text, warnings=warnings, errors=errors)
        self._finish(deadline)
        return self.is_delivered

    # The spool

    def _open(self, stream: str | None) -> None:
        """Begin a stream of events: its folder, its thread."""
        self._pid = os.getpid()
        self._lock = threading.RLock()
        self._seq = self._fresh_bytes = 0
        self._wake_at = BATCH_EVENTS
        self._wake = threading.Event()
        self._closing = threading.Event()
        self._deadline = math.inf
        settings = self._settings
        fault = _fault_of_url(settings.url)
        if fault:
            self._say("url", fault)
            return
        self.url = settings.url
        stream = stream or f"{self._pid}-{secrets.token_hex(4)}"
        box = None
        for spool in _spools(settings.spool):
            try:
                box = Box.create(spool, self.uid, stream, settings.url)
                break
            except (OSError, ValueError) as error:
                self._problem = f"{spool} cannot be the spool ({error})"
        if box is None:
            self._say("spool", f"{self._problem}; what is not delivered is lost when this process ends")
            box = Box(None, self.uid, stream, settings.url)
        elif settings.spool and self._problem:
            self._say("spool", f"{self._problem}; {box.folder} is used")
        self._problem = ""
        self._wire = Wire(settings.url, settings.token)
        self._sender = Sender(box, self._wire, self._say)
        self._box = box
        atexit.register(self._end_unasked)
        self._thread = threading.Thread(target=self._deliver, name="afterrun", daemon=True)
        self._thread.start()

    def _begin(self, fields: Mapping[str, object], trigger: str | None, versions: Mapping[str, str] | None) -> None:
        if fields and self._box is not None:
            notes: list[str] = []
            body = encode({"service": self.service, "trigger": trigger or "", **fields}, notes)
            self._box.journal.append(b'{"op":"put","path":"","body":%s}\n' % body)
            self._note(notes, "the run")
        known = {"python": ".".join(str(part) for part in sys.version_info[:3]), "afterrun": VERSION}
        self.event(
            "run.start",
            service=self.service,
            trigger=trigger,
            host=socket.gethostname(),
            versions={**known, **{str(name): str(text) for name, text in (versions or {}).items()}},
        )

    def _enter_child(self) -> None:
        """After a fork the child goes on by itself: same run, a stream of its own, no end of its own."""
        if self._box is not None and self._pid != os.getpid():
            self._is_joining = True
            self._raw.clear()
            self._unmarked.clear()
            self._open(None)

    def _append(self, kind: str, body: bytes) -> bool:
        self._enter_child()
        with self._lock:
            if self._box is None or self._has_ended:
                return self._drop("it came after close()" if self._box else "")
            if self._unmarked:
                self._mark_logs()
            line = _event_line(self._seq + 1, kind, body)
            if not self._box.journal.append(line):
                return self._drop("the spool is full")
            self._seq += 1
            self._fresh_bytes += len(line)
            if self._fresh_bytes >= BATCH_BYTES or self._seq >= self._wake_at:
                self._fresh_bytes = 0
                self._wake_at = self._seq + BATCH_EVENTS
                self._wake.set()
        return True

    def _mark_logs(self) -> None:
        """Put an order into the journal: send the logs so far before the event that follows."""
        if self._box is None:
            return
        for stream in sorted(self._unmarked):
            name = self._raw[stream]
            order = {"op": "log", "stream": stream, "tape": name, "end": self._box.logs[name].tape.size}
            self._box.journal.append(encode(order) + b"\n")
        self._unmarked.clear()

    def _raw_log(self, stream: str) -> str:
        """Return the short name of a raw log; only the last few used ones keep their file open."""
        if self._box is None:
            return ""
        if stream not in self._raw:
            self._raw[stream] = self._box.add_log(stream)
            order = {"op": "log", "stream": stream, "tape": self._raw[stream], "end": 0}
            self._box.journal.append(encode(order) + b"\n")
        self._raw.move_to_end(stream)
        if len(self._raw) > MAX_OPEN_LOGS:
            idle = list(self._raw.values())[-MAX_OPEN_LOGS - 1]
            self._box.logs[idle].tape.rest()
        return self._raw[stream]

    def _put_body(self, path: str, source: bytes | Path, content_type: str) -> bool:
        """Keep a large body in the spool, and order it to be sent behind what was said so far."""
        try:
            self._enter_child()
            with self._lock:
                if self._box is None or self._has_ended:
                    return self._drop("it came after close()" if self._box else "")
                order = {"op": "put", "path": path, "file": self._box.add_body(source), "type": content_type}
                self._box.journal.append(encode(order) + b"\n")
        except Exception as error:
            self.log(f"{path.lstrip('/')} is not reported: {error}", NOTES, "warning")
            return self._drop(error)
        return True

    def _note(self, notes: list[str], subject: str) -> None:
        """Say in the run's own notes what could not be said as it was."""
        if not notes:
            return
        self._notes += len(notes)
        if self._notes <= MAX_NOTES:
            self._texts.add(NOTES)
            self._append("log", encode({"stream": NOTES, "text": _cut(f"{subject}: {', '.join(notes)}", 4000)}))

    def _drop(self, reason: object) -> bool:
        """Count what cannot be reported; it is said once."""
        if reason:
            self.dropped += 1
            self._say("drop", f"something of run {self.uid} is not reported: {reason}")
        return False

    def _say(self, subject: str, text: str) -> None:
        if subject not in self._said:
            self._said.add(subject)
            _warn(text)

    # The thread

    def _deliver(self) -> None:
        """Send until the end, or until the token is refused."""
        failures = 0
        try:
            while time.monotonic() < self._deadline:
                is_closing = self._closing.is_set()
                try:
                    has_moved = self._sender.step()
                except (AwayError, OSError) as error:
                    failures += 1
                    self._problem = str(error)
                    self._pause(failures, getattr(error, "retry_after_s", 0.0))
                    continue
                failures = 0
                if is_closing and not has_moved:
                    self.is_delivered = self._sender.backlog() == 0
                    return
                is_behind = self._sender.backlog() >= BATCH_BYTES or self._seq - self._sender.acked >= BATCH_EVENTS
                if not is_closing and not is_behind:
                    self._beat()
                    self._wake.wait(LINGER_S)
                    self._wake.clear()
        except DeniedError as error:
            self._problem = f"the server refuses: {error}"
            self._say("denied", f"{self._problem}; run {self.uid} is kept in {self.kept_in}")
        except Exception as error:
            self._problem = f"{type(error).__name__}: {error}"
            self._say("thread", f"sending has stopped ({self._problem}); run {self.uid} is kept in {self.kept_in}")
        finally:
            if self._closing.is_set():
                self._settle()

    def _pause(self, failures: int, retry_after_s: float) -> None:
        delay = min(0.25 * 2 ** min(failures, 16), MAX_DELAY_S) * random.uniform(0.5, 1)  # noqa: S311
        if self._closing.is_set():
            time.sleep(min(delay, 0.3, max(self._deadline - time.monotonic(), 0)))
        else:
            self._closing.wait(max(delay, min(retry_after_s, 300)))

    def _beat(self) -> None:
        if self._seq == self._sender.acked and time.monotonic() - self._sender.posted_at >= self._heartbeat_s:
            self._append("heartbeat", b"{}")

    def _finish(self, deadline: float) -> None:
        with self._lock:
            self._mark_logs()
            self._has_ended = True
        atexit.unregister(self._end_unasked)
        self._deadline = time.monotonic() + deadline
        self._wire.timeout_s = max(min(TIMEOUT_S, deadline), 0.1)
        self._closing.set()
        self._wake.set()
        self._thread.join(deadline)
        if not self.is_delivered and not self._said & {"denied", "thread"}:
            problem = self._problem or "there was not enough time"
            self._say("kept", f"not all is delivered ({problem}); `afterrun flush` sends the rest from {self.kept_in}")
        if not self._thread.is_alive():
            self._settle()

    def _settle(self) -> None:
        """Let go of the folder, and delete it when nothing in it is left to send."""
        with self._lock:
            if self._box is not None:
                if self.is_delivered:
                    self._box.remove()
                self._box.close()

    def _end_unasked(self) -> None:
        """Close a run whose program ended without doing so."""
        if self._pid == os.getpid():
            self.close("incomplete", 2.0, message="the program ended without closing its run")


def _planned(asked: Sequence[str] | int | None) -> object:
    """Return what a plan may hold: the names, or only their number when there are too many."""
    if asked is None or isinstance(asked, int):
        return asked
    names = list(asked)
    is_short = len(names) <= MAX_PLAN and sum(len(str(name)) for name in names) < MAX_RESULT
    return names if is_short else len(names)


# ---------------------------------------------------------------------------------------------------------------------
# What was left


class Flushed(NamedTuple):
    """What a flush did: runs and events sent, runs that are left, and why the last of those is left."""

    runs: int
    events: int
    left: int
    reason: str


def flush(url: str | None = None, token: str | None = None, spool: str | None = None) -> Flushed:
    """Send what earlier processes left in the spool; what a living process is sending is its own business.

    The token goes to the configured server only: what was meant for another one is left, unless `url` says otherwise.
    """
    settings = read_settings(url, token, spool)
    runs = events = left = 0
    reason = ""
    fault = _fault_of_url(settings.url)
    for folder in sorted(folder for root in _spools(settings.spool) for folder in _folders(root)):
        box = Box.load(folder)
        if box is None:
            continue
        sender = Sender(box, Wire(settings.url, settings.token), lambda _, text: _warn(text))
        try:
            if fault:
                raise DeniedError(fault)
            if box.url != settings.url and not url:
                raise DeniedError(f"{folder.name} is for {box.url}: name that server with --url")
            while sender.step():
                pass
            box.remove()
            runs += 1
        except (AwayError, DeniedError, OSError) as error:
            reason = str(error)
            left += 1
        finally:
            box.close()
        events += sender.sent
    return Flushed(runs, events, left, reason)


def _folders(spool: Path) -> list[Path]:
    try:
        return [folder for folder in spool.iterdir() if folder.is_dir()] if _is_private(spool) else []
    except OSError:
        return []


# ---------------------------------------------------------------------------------------------------------------------
# Running a command

TICK_S = 0.1
STALE_S = 1.0
PIPE_PIECE = 4096
MAX_PARTIAL = 8192
EXIT_TIMEOUT = 124  # as coreutils' timeout
EXIT_CANNOT_RUN = 126
EXIT_NOT_FOUND = 127
STOPPING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT)
FORWARDED = (*STOPPING, signal.SIGUSR1, signal.SIGUSR2)
ESCAPES = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|.)?|[\x00-\x08\x0b-\x1f\x7f]")
CI_LINKS = ("BUILD_URL", "CI_JOB_URL", "GITHUB_RUN_ID", "CI_PIPELINE_ID", "GITHUB_RUN_ATTEMPT", "GITHUB_REPOSITORY")


class Outcome(NamedTuple):
    """How one attempt of a command ended.

    Args:
        exit_code: the command's own; None when a signal killed it.
        signal: the number of that signal.
        ended_by: "timeout" or "canceled" when it was ended from here, else nothing.
        problem: one line for people when it did not end well.
        lines: lines of output.
        size: bytes of output.
        duration_s: how long it ran.
    """

    exit_code: int | None
    signal: int | None
    ended_by: str
    problem: str
    lines: int
    size: int
    duration_s: float

    @property
    def status(self) -> str:
        """Return the status of the device that the command ran on."""
        return self.ended_by or ("ok" if self.exit_code == 0 else "failed")

    @property
    def result(self) -> dict[str, object]:
        """Return what is kept as the device's result."""
        name = None if self.signal is None else _signal_name(self.signal)
        return {"exit_code": self.exit_code, "signal": name, "lines": self.lines, "bytes": self.size}


class Pump:
    """Moves one output of a command on: at once to our own, line by line to the log."""

    def __init__(self, source: IO[bytes], target: int, write_log: Callable[[bytes], object]) -> None:
        self.source = source
        self.target: int | None = target
        self.lines = 0
        self.size = 0
        self.tail = b""
        self._partial = b""
        self._moved_at = 0.0
        self._write_log = write_log

    def feed(self, data: bytes) -> None:
        """Take what the command said; a line goes to the log when it is complete, so that two outputs do not mix."""
        self.lines += data.count(b"\n")
        self.size += len(data)
        self.tail = (self.tail + data)[-PIPE_PIECE:]
        self._moved_at = time.monotonic()
        whole, newline, self._partial = (self._partial + data).rpartition(b"\n")
        if newline:
            self._write_log(whole + newline)
        if len(self._partial) > MAX_PARTIAL:
            self.settle()

    def settle(self) -> None:
        """Give a line to the log that may never be completed."""
        if self._partial:
            self._write_log(self._partial)
            self._partial = b""

    def settle_stale(self) -> None:
        """Settle a prompt, or a progress bar, that has stood for a while."""
        if self._partial and time.monotonic() - self._moved_at > STALE_S:
            self.settle()


class Command:
    """Runs a command, as often as asked, in a process group of its own.

    Args:
        argv: the program and its arguments; no shell.
        write_log: takes both outputs, in the order in which they came.
        is_canceled: asked all the time; once it says so the command is ended.
        timeout_s: end an attempt that takes longer.
        grace_s: between SIGTERM and SIGKILL when it is ended from here.
        environment: the command's environment.
    """

    def __init__(
        self,
        argv: Sequence[str],
        *,
        write_log: Callable[[bytes], object],
        is_canceled: Callable[[], bool],
        timeout_s: float | None = None,
        grace_s: float = 5.0,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.received: int | None = None
        self._argv = list(argv)
        self._write_log = write_log
        self._is_canceled = is_canceled
        self._timeout_s = timeout_s
        self._grace_s = grace_s
        self._environment = None if environment is None else dict(environment)
        self._process: subprocess.Popen[bytes] | None = None
        self._ended_by = ""
        self._end_at = math.inf

    @contextlib.contextmanager
    def forwarding(self) -> Iterator[None]:
        """Hand the signals that reach this process to the command's group while the block runs."""
        former = {number: signal.getsignal(number) for number in FORWARDED}
        for number in FORWARDED:
            if former[number] is not signal.SIG_IGN:  # nohup stays nohup
                signal.signal(number, self._forward)
        try:
            yield
        finally:
            for number, handler in former.items():
                if handler is not None:
                    signal.signal(number, handler)

    def run(self) -> Outcome:
        """Run one attempt to its end."""
        start = time.monotonic()
        self._ended_by = ""
        self._end_at = start + self._timeout_s if self._timeout_s else math.inf
        try:
            process = subprocess.Popen(
                self._argv,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                start_new_session=True,
                env=self._environment,
            )
        except (OSError, ValueError) as error:
            problem = f"{self._argv[0]} cannot be run: {getattr(error, 'strerror', None) or error}"
            _warn(problem)
            code = EXIT_NOT_FOUND if isinstance(error, FileNotFoundError) else EXIT_CANNOT_RUN
            return Outcome(code, None, "", problem, 0, 0, 0.0)
        self._process = process
        if self.received is not None:  # it came before there was anybody to hand it to
            self._kill(self.received)
        outputs = [(process.stdout, 1), (process.stderr, 2)]
        pumps = [Pump(source, target, self._write_log) for source, target in outputs if source]
        self._pump({pump.source.fileno(): pump for pump in pumps})
        for pump in pumps:
            pump.settle()
            pump.source.close()
        code = self._wait()
        if self._ended_by:
            self._kill(signal.SIGKILL)
        return self._outcome(code, pumps, time.monotonic() - start)

    def _outcome(self, code: int, pumps: Sequence[Pump], duration_s: float) -> Outcome:
        number = -code if code < 0 else None
        problem = {"timeout": f"no end within {self._timeout_s or 0:g} s", "canceled": "canceled on the server"}.get(
            self._ended_by, f"killed by {_signal_name(number)}" if number else f"exit code {code}" if code else ""
        )
        said = ESCAPES.sub("", pumps[-1].tail.decode("utf-8", "replace")).strip().rpartition("\n")[2].strip()
        if problem and said:
            problem = f"{problem}: {_cut(said, 500)}"
        lines = sum(pump.lines + (bool(pump.tail) and not pump.tail.endswith(b"\n")) for pump in pumps)
        size = sum(pump.size for pump in pumps)
        return Outcome(None if number else code, number, self._ended_by, problem, lines, size, round(duration_s, 6))

    def _pump(self, pumps: dict[int, Pump]) -> None:
        """Move both outputs until they end; a background process that keeps them open is not waited for."""
        while pumps:
            ready = select.select(list(pumps), [], [], TICK_S)[0]
            self._tick()
            for fd in ready:
                data = os.read(fd, 65536)
                pump = pumps[fd]
                if data:
                    pump.feed(data)
                if not data or not self._pass_on(pump, data):
                    pump.settle()
                    pump.source.close()
                    del pumps[fd]
            for pump in pumps.values():
                pump.settle_stale()
            if not ready and self._process and self._process.poll() is not None:
                return

    def _pass_on(self, pump: Pump, data: bytes) -> bool:
        """Write to our own output without ever being stuck in it; False when its reader has gone."""
        view = memoryview(data)
        while view and pump.target is not None:
            try:
                if select.select([], [pump.target], [], TICK_S)[1]:
                    view = view[os.write(pump.target, view[:PIPE_PIECE]) :]
            except BlockingIOError:
                time.sleep(TICK_S / 10)
            except BrokenPipeError:
                return False  # closing our end tells the command, as without us
            except OSError:
                pump.target = None  # closed from the start, or its disk is full: the log still takes it
            self._tick()
        return True

    def _wait(self) -> int:
        while self._process is not None:
            try:
                return self._process.wait(TICK_S)
            except subprocess.TimeoutExpired:
                self._tick()
        return 0

    def _tick(self) -> None:
        """End the command when its time is over or somebody canceled the run: politely, then not."""
        now = time.monotonic()
        if self._ended_by:
            if now >= self._end_at:
                self._end_at = math.inf
                self._kill(signal.SIGKILL)
        elif now >= self._end_at or self._is_canceled():
            self._ended_by = "canceled" if self._is_canceled() else "timeout"
            self._end_at = now + self._grace_s
            self._kill(signal.SIGTERM)

    def _forward(self, number: int, _frame: FrameType | None) -> None:
        if number in STOPPING:
            self.received = number
        self._kill(number)

    def _kill(self, number: int) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, number)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _die_of(number: int) -> int:
    """End this process by the signal that ended the command, so that whoever waits sees the same; no core of ours."""
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError, ValueError):
        signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
    return 128 + number


# ---------------------------------------------------------------------------------------------------------------------
# Command line


def run_exec(options: argparse.Namespace) -> int:
    """Run a command as a run of a service; the exit code is the command's own."""
    argv = options.command[1:] if options.command[:1] == ["--"] else options.command
    if not argv:
        _warn("exec: a command is missing, as in: exec --service backup -- ./backup.sh")
        return 2
    links = {name: os.environ[name] for name in CI_LINKS if name in os.environ}
    reporter = Reporter(
        options.url,
        service=options.service,
        spool=options.spool,
        labels=options.label or None,
        trigger=options.trigger or ("ci" if links else "exec"),
        external_key=options.external_key,
        notify=_read_text(options.notify),
        parent_run=os.environ.get("AFTERRUN_RUN") or None,
        parameters={"command": argv},
        environment={"cwd": _working_folder(), **({"ci": links} if links else {})},
        heartbeat_s=5.0,  # its answer brings the news of a cancel
    )
    command = Command(
        argv,
        write_log=lambda data: reporter.write_log("run", data),
        is_canceled=lambda: reporter.canceled,
        timeout_s=options.timeout,
        grace_s=options.grace,
        environment={**os.environ, "AFTERRUN_RUN": reporter.uid},
    )
    with command.forwarding():
        outcome = _run_attempts(command, reporter, options)
    status, message = _end_of(command, outcome)
    with contextlib.suppress(KeyboardInterrupt):
        is_delivered = reporter.close(status, options.deadline, message=message)
        if reporter.run_url and not options.quiet:
            _warn(reporter.run_url if is_delivered else f"{reporter.run_url} (as soon as the rest is sent)")
    if outcome is not None and outcome.ended_by == "timeout":
        return EXIT_TIMEOUT
    if outcome is None or outcome.signal:
        return _die_of(outcome.signal if outcome and outcome.signal else command.received or signal.SIGTERM)
    return outcome.exit_code or 0


def _read_text(path: str | None) -> str | None:
    """Return a file's text; a command is not kept from running by a notify block that cannot be read."""
    try:
        return Path(path).read_text(encoding="utf-8") if path else None
    except (OSError, ValueError) as error:
        _warn(f"{path} is not used: {error}")
        return None


def _working_folder() -> str:
    try:
        return str(Path.cwd())
    except OSError:  # deleted under our feet
        return ""


def _run_attempts(command: Command, reporter: Reporter, options: argparse.Namespace) -> Outcome | None:
    """Return the last attempt's outcome; None when a signal came before the first."""
    outcome: Outcome | None = None
    for attempt in range(1, options.retries + 2):
        resume_at = time.monotonic() + (options.retry_delay if attempt > 1 else 0)
        while time.monotonic() < resume_at and command.received is None and not reporter.canceled:
            time.sleep(min(TICK_S, options.retry_delay))
        if command.received is not None or reporter.canceled:
            break
        reporter.attempt_start(attempt)
        reporter.device_start(options.device, attempt)
        outcome = command.run()
        reporter.device_end(
            options.device,
            outcome.status,
            attempt=attempt,
            message=outcome.problem or None,
            duration_s=outcome.duration_s,
            result=outcome.result,
            raw_status=outcome.problem.partition(":")[0] or "exit code 0",
        )
        reporter.attempt_end(attempt)
        if outcome.status in ("ok", "canceled"):
            break
    return outcome


def _end_of(command: Command, outcome: Outcome | None) -> tuple[str, str | None]:
    """Return the status of the run and why: a command that ran to its end makes it complete, however it fared."""
    if outcome is None:
        return "canceled", "ended before the command began"
    if outcome.ended_by == "canceled":
        return "canceled", outcome.problem
    if command.received is not None and outcome.exit_code != 0:
        name = _signal_name(command.received)
        return ("canceled" if command.received == signal.SIGINT else "incomplete"), f"stopped by {name}"
    if outcome.signal and not outcome.ended_by:
        return "incomplete", outcome.problem
    if outcome.exit_code in (EXIT_CANNOT_RUN, EXIT_NOT_FOUND):
        return "incomplete", outcome.problem
    return "complete", None


def _counted(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def run_flush(options: argparse.Namespace) -> int:
    """Send what was left; 0 when nothing is left any more."""
    done = flush(options.url, spool=options.spool)
    if options.json:
        sys.stdout.write(json.dumps(done._asdict()) + "\n")
    else:
        events, runs, left = _counted(done.events, "event"), _counted(done.runs, "run"), _counted(done.left, "run")
        sys.stdout.write(f"{events} of {runs} sent, {left} left\n")
        if done.left:
            _warn(done.reason)
    return 1 if done.left else 0


def run_event(options: argparse.Namespace) -> int:
    """Say one event of a run, from a shell script; the run's uid is printed."""
    fields: dict[str, object] = {}
    for pair in options.fields:
        name, mark, text = pair.partition("=")
        if not mark or not name.rstrip(":"):
            _warn(f"event: expected name=text or name:=JSON, got {pair!r}")
            return 2
        try:
            fields[name.rstrip(":")] = json.loads(text) if name.endswith(":") else text
        except ValueError as error:
            _warn(f"event: {name.rstrip(':')}: expected JSON after ':=': {error}")
            return 2
    service = str(fields.get("service", ""))
    reporter = Reporter(options.url, service=service, spool=options.spool, uid=options.run, is_joining=True)
    reporter.event(options.type, **fields)
    is_delivered = reporter.close(deadline=options.deadline)
    sys.stdout.write(f"{reporter.uid}\n")
    return 0 if is_delivered else 1


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    options = _parser().parse_args(argv)
    try:
        code: int = options.action(options)
    except KeyboardInterrupt:
        code = 128 + signal.SIGINT
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="afterrun", description="Report runs to an Afterrun server.")
    parser.add_argument("--version", action="version", version=f"afterrun reporter {VERSION}")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="exec|flush|event")
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--url", help="the server (default: AFTERRUN_URL, then ~/.config/afterrun.ini)")
    shared.add_argument(
        "--spool", help="where to keep what is not delivered yet (default: AFTERRUN_SPOOL, then ~/.local/state)"
    )

    verb = verbs.add_parser("exec", parents=[shared], help="run a command and report it", description=run_exec.__doc__)
    verb.add_argument("--service", required=True, help="the service that the command is a run of")
    verb.add_argument("--device", default=socket.gethostname(), help="what it works on (default: this host)")
    verb.add_argument("--retries", type=_count, default=0, metavar="N", help="try again so often when it fails")
    verb.add_argument("--retry-delay", type=_seconds, default=0.0, metavar="S", help="seconds before each retry")
    verb.add_argument(
        "--timeout", type=_seconds, metavar="S", help="end an attempt after so many seconds (exit code 124)"
    )
    verb.add_argument("--grace", type=_seconds, default=5.0, metavar="S", help="seconds between SIGTERM and SIGKILL")
    verb.add_argument("--label", action="append", help="a label of the run; may be repeated")
    verb.add_argument("--notify", metavar="FILE", help="who hears of it: a file with a notify block, YAML or JSON")
    verb.add_argument("--trigger", help="why it runs, such as cron")
    verb.add_argument("--external-key", help="the run's name elsewhere, such as gh:123")
    verb.add_argument(
        "--deadline", type=_seconds, default=10.0, metavar="S", help="wait so long for the server at the end"
    )
    verb.add_argument("--quiet", action="store_true", help="do not print the run's address")
    verb.add_argument("command", nargs=argparse.REMAINDER, help="-- and the command with its arguments")
    verb.set_defaults(action=run_exec)

    verb = verbs.add_parser("flush", parents=[shared], help="send what was left", description=run_flush.__doc__)
    verb.add_argument("--json", action="store_true", help="print JSON")
    verb.set_defaults(action=run_flush)

    verb = verbs.add_parser("event", parents=[shared], help="say one event of a run", description=run_event.__doc__)
    verb.add_argument("type", help="such as run.start, device.end, log, run.end")
    verb.add_argument("fields", nargs="*", help="name=text, or name:=JSON for everything that is not text")
    verb.add_argument(
        "--run", default=os.environ.get("AFTERRUN_RUN") or None, help="the run (default: AFTERRUN_RUN, or a new one)"
    )
    verb.add_argument("--deadline", type=_seconds, default=10.0, metavar="S", help="wait so long for the server")
    verb.set_defaults(action=run_event)
    return parser


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 <= value < 1e9:
        raise argparse.ArgumentTypeError(f"expected seconds from 0 on, got {text}")
    return value


def _count(text: str) -> int:
    value = int(text)
    if not 0 <= value <= 1000:
        raise argparse.ArgumentTypeError(f"expected 0 to 1000, got {text}")
    return value


if __name__ == "__main__":
    sys.exit(main())
