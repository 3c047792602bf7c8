"""Did the database change? One watcher a process, many who wait for it, and a limit to how many.

On SQLite a thread asks `PRAGMA data_version` five times a second, which also sees what other processes commit; on
PostgreSQL every writing transaction notifies the channel `afterrun`, and the thread listens to it.
"""

import contextlib
import logging
import sqlite3
import threading
import time
import weakref
from collections.abc import Callable, Iterator

from sqlalchemy import Engine

from webapp.errors import BusyError

POLL_S = 0.2
HEARTBEAT_S = 15.0
RECONNECT_S = 2.0
CHANNEL = "afterrun"
RETRY_MS = 3000

log = logging.getLogger(__name__)


class Hub:
    """Counts the changes of one database.

    Args:
        engine: the database.
        max_streams: how many may follow at the same moment.
    """

    def __init__(self, engine: Engine, *, max_streams: int) -> None:
        self._engine = engine
        self._max_streams = max_streams
        self._streams = 0
        self._count = 0
        self._moved = threading.Condition()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def streams(self) -> int:
        """Return how many follow just now."""
        return self._streams

    @property
    def is_closed(self) -> bool:
        """Say whether everybody who follows has to end."""
        return self._closing.is_set()

    def wait(self, last: int, timeout: float) -> int:
        """Return the count as soon as it is not `last` any more, or after the timeout; -1 never waits."""
        self._watch()
        with self._moved:
            self._moved.wait_for(lambda: self._count != last or self._closing.is_set(), timeout)
            return self._count

    def close(self) -> None:
        """End the watcher and everybody who waits."""
        self._closing.set()
        with self._moved:
            self._moved.notify_all()
        if self._thread is not None:
            self._thread.join(2 * POLL_S + 1)

    def follow(self, version: Callable[[], int | None], *, heartbeat_s: float = HEARTBEAT_S) -> Iterator[bytes]:
        """Return the bytes of a server-sent event stream that tells when a version moved.

        Args:
            version: asked after each change of the database, outside of any request; None ends the stream.
            heartbeat_s: a comment is sent this often, so that a reader who left is noticed.

        Raises:
            BusyError: as many as are allowed follow already.
        """
        with self._moved:
            if self._streams >= self._max_streams or self._closing.is_set():
                raise BusyError("too many live pages are open; this one asks again by itself")
            self._streams += 1
        return _Stream(self._events(version, heartbeat_s), self._leave)

    def _events(self, version: Callable[[], int | None], heartbeat_s: float) -> Iterator[bytes]:
        yield f"retry: {RETRY_MS}\n\n".encode()
        count, told, spoke_at = -1, None, time.monotonic()
        while not self._closing.is_set():
            # Changes of other things must not put it off: only who is spoken to can be found to have left.
            if time.monotonic() - spoke_at >= heartbeat_s:
                spoke_at = time.monotonic()
                yield b": still here\n\n"
            before, count = count, self.wait(count, max(spoke_at + heartbeat_s - time.monotonic(), 0))
            if before == count:
                continue
            current = version()
            if current is None:
                return
            if current != told:
                told, spoke_at = current, time.monotonic()
                yield f'event: changed\ndata: {{"v": {current}}}\n\n'.encode()

    def _leave(self) -> None:
        with self._moved:
            self._streams -= 1

    def _watch(self) -> None:
        with self._moved:
            if self._thread is None and not self._closing.is_set():
                target = self._poll_sqlite if self._engine.dialect.name == "sqlite" else self._listen_postgres
                self._thread = threading.Thread(target=target, name="changes", daemon=True)
                self._thread.start()

    def _move(self) -> None:
        with self._moved:
            self._count += 1
            self._moved.notify_all()

    def _poll_sqlite(self) -> None:
        address = f"file:{self._engine.url.database}?mode=ro"
        with contextlib.closing(sqlite3.connect(address, uri=True, isolation_level=None)) as connection:
            seen = None
            while not self._closing.wait(POLL_S):
                version = connection.execute("PRAGMA data_version").fetchone()[0]
                if version != seen:
                    seen = version
                    self._move()

    def _listen_postgres(self) -> None:
        while not self._closing.is_set():
            try:
                self._listen_once()
            except self._engine.dialect.loaded_dbapi.OperationalError as error:
                log.warning("lost the connection that listens for changes: %s", error)
                self._closing.wait(RECONNECT_S)

    def _listen_once(self) -> None:
        words, options = self._engine.dialect.create_connect_args(self._engine.url)
        with contextlib.closing(self._engine.dialect.connect(*words, **options)) as connection:
            connection.autocommit = True
            connection.execute(f"LISTEN {CHANNEL}")
            self._move()
            while not self._closing.is_set():
                if list(connection.notifies(timeout=POLL_S, stop_after=1)):
                    self._move()


class _Stream:
    """An iterator that gives its place back when it is closed, even when it was never begun."""

    def __init__(self, events: Iterator[bytes], leave: Callable[[], None]) -> None:
        self._events = events
        self._leave: Callable[[], None] | None = leave

    def __iter__(self) -> "_Stream":
        return self

    def __next__(self) -> bytes:
        try:
            return next(self._events)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        leave, self._leave = self._leave, None
        if leave is not None:
            leave()


_hubs: weakref.WeakKeyDictionary[Engine, Hub] = weakref.WeakKeyDictionary()


def open_hub(engine: Engine, *, max_streams: int) -> Hub:
    """Make the hub of a database; call it once for each engine."""
    hub = _hubs[engine] = Hub(engine, max_streams=max_streams)
    return hub


def hub_of(engine: Engine) -> Hub:
    """Return the hub of a database."""
    return _hubs[engine]
