"""Is a change noticed soon, wherever it was made, and do streams end when they should?"""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from tests.conftest import TEST_CONFIG
from tests.programs import needs_program
from webapp.app import create_app
from webapp.clock import now
from webapp.errors import BusyError
from webapp.store.changes import Hub, hub_of
from webapp.store.db import db, writing
from webapp.store.models import Base
from webapp.store.preferences import put_setting
from webapp.web.live import event_stream

pytestmark = pytest.mark.integration


@pytest.fixture
def hub(app: Flask) -> Iterator[Hub]:
    """Return a hub that lets two follow."""
    made = Hub(db.engine, max_streams=2)
    yield made
    made.close()


def _change(value: str) -> None:
    with writing() as session:
        put_setting(session, "X", value, by_id=None, now=now())


def _wait_until_quiet(hub: Hub) -> int:
    count = hub.wait(0, 20)  # the watcher has begun
    while (following := hub.wait(count, 0.6)) != count:
        count = following
    return count


def _time_to_notice(hub: Hub, value: str) -> float:
    quiet = _wait_until_quiet(hub)
    began = time.monotonic()
    _change(value)
    assert hub.wait(quiet, 20) != quiet
    return time.monotonic() - began


def test_change_is_noticed_within_a_second(hub: Hub) -> None:
    assert any(_time_to_notice(hub, value) < 1 for value in "123")


def test_silence_lasts_until_the_timeout(hub: Hub) -> None:
    quiet = _wait_until_quiet(hub)
    began = time.monotonic()
    assert hub.wait(quiet, 0.3) == quiet
    assert time.monotonic() - began >= 0.3


def test_stream_tells_only_versions_that_moved(hub: Hub) -> None:
    versions = iter([1, 1, 2, None])
    stream = hub.follow(lambda: next(versions), heartbeat_s=0.05)
    assert next(stream) == b"retry: 3000\n\n"
    assert next(stream) == b'event: changed\ndata: {"v": 1}\n\n'
    told: list[bytes] = []
    for value in ("1", "2", "3", "4"):
        _change(value)
        told += [piece for _ in range(10) if (piece := next(stream, b"")).startswith(b"event")]
    assert told == [b'event: changed\ndata: {"v": 2}\n\n']


def test_quiet_stream_says_that_it_is_still_there(hub: Hub) -> None:
    _wait_until_quiet(hub)
    stream = hub.follow(lambda: 1, heartbeat_s=0.05)
    pieces = [next(stream) for _ in range(4)]
    assert pieces[-1] == b": still here\n\n"


def test_stream_says_that_it_is_there_while_other_things_change(hub: Hub) -> None:
    began = time.monotonic()

    def version() -> int | None:
        hub._move()
        return 1 if time.monotonic() - began < 5 else None

    stream = hub.follow(version, heartbeat_s=0.05)
    assert [next(stream, b"") for _ in range(4)][-1] == b": still here\n\n"
    stream.close()  # type: ignore[attr-defined]


def test_streams_are_limited_and_give_their_place_back(hub: Hub) -> None:
    streams = [hub.follow(lambda: 1), hub.follow(lambda: 1)]
    with pytest.raises(BusyError, match="too many live pages"):
        hub.follow(lambda: 1)
    for stream in streams:
        stream.close()  # type: ignore[attr-defined]
        stream.close()  # type: ignore[attr-defined]
    assert hub.streams == 0
    hub.follow(lambda: 1)


def test_closed_hub_ends_its_streams_at_once(hub: Hub) -> None:
    stream = hub.follow(lambda: 1)
    next(stream)
    next(stream)
    threading.Timer(0.2, hub.close).start()
    began = time.monotonic()
    list(stream)
    assert time.monotonic() - began < 5
    assert hub.streams == 0
    assert hub.is_closed
    with pytest.raises(BusyError):
        hub.follow(lambda: 1)


def test_failing_version_gives_the_place_back(hub: Hub) -> None:
    def fail() -> int:
        raise ZeroDivisionError

    stream = hub.follow(fail)
    next(stream)
    with pytest.raises(ZeroDivisionError):
        next(stream)
    assert hub.streams == 0


def test_page_follows_by_server_sent_events(app: Flask) -> None:
    with app.test_request_context():
        response = event_stream(lambda: 7)
    pieces = response.iter_encoded()
    assert next(pieces).startswith(b"retry")
    assert next(pieces) == b'event: changed\ndata: {"v": 7}\n\n'
    assert response.mimetype == "text/event-stream"
    response.close()
    hub_of(db.engine).close()


@needs_program("postgres")
def test_change_is_noticed_on_postgres(tmp_path: Path, fresh_postgres_url: str) -> None:
    app = create_app(tmp_path, config={**TEST_CONFIG, "DATABASE_URL": fresh_postgres_url})
    with app.app_context():
        Base.metadata.create_all(db.engine)
        hub = hub_of(db.engine)
        try:
            assert any(_time_to_notice(hub, value) < 1 for value in "123")
        finally:
            hub.close()
            db.engine.dispose()


@needs_program("postgres")
def test_lost_listener_comes_back(tmp_path: Path, fresh_postgres_url: str) -> None:
    app = create_app(tmp_path, config={**TEST_CONFIG, "DATABASE_URL": fresh_postgres_url})
    with app.app_context():
        Base.metadata.create_all(db.engine)
        hub = hub_of(db.engine)
        try:
            quiet = _wait_until_quiet(hub)
            with db.engine.begin() as connection:
                ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%%'"
                connection.exec_driver_sql(ended)
            assert hub.wait(quiet, 20) != quiet  # it listens again, and says so
            _time_to_notice(hub, "1")
        finally:
            hub.close()
            db.engine.dispose()
