"""Is what a database refuses said as what it is to whoever asked: a clash, a full disk, or nobody there?"""

import errno
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, text
from sqlalchemy.engine.interfaces import DBAPIConnection

from tests.conftest import MakeToken
from tests.databases import is_on_postgres
from tests.factories.runs import NOW, SERVER
from webapp.accounts.queries import QueryFields, put_query
from webapp.errors import AfterrunError, BusyError, ConflictError, StorageError
from webapp.ingest.runs import RunFields, put_run
from webapp.store import accounts
from webapp.store.db import db, reading, writing
from webapp.store.runs import find_run

pytestmark = pytest.mark.integration

SENDERS = 4
ROUNDS = 6


def errors_of(app: Flask, *works: Callable[[], object]) -> list[AfterrunError]:
    """Do works at once, each in a thread of its own; return what was refused."""
    refused: list[AfterrunError] = []
    others: list[BaseException] = []
    ready = threading.Barrier(len(works))

    def run(work: Callable[[], object]) -> None:
        with app.app_context():
            ready.wait(30)
            try:
                work()
            except AfterrunError as error:
                refused.append(error)
            except BaseException as error:  # noqa: BLE001  (handed to the test)
                others.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert others == []
    return refused


def put(uid: str, fields: RunFields) -> None:
    with writing() as session:
        put_run(session, uid, fields, caller=SERVER, now=NOW)


def test_one_uid_under_two_services_is_one_run(any_app: Flask) -> None:
    for _ in range(ROUNDS):
        uid = str(uuid4())
        fields = [RunFields(service=f"s{number % 2}") for number in range(SENDERS)]
        refused = errors_of(any_app, *[partial(put, uid, each) for each in fields])
        assert [type(error) for error in refused] == [ConflictError] * (SENDERS // 2)
        with reading() as session:
            assert find_run(session, uid) is not None


def test_one_request_many_times_at_once_makes_one_run(any_app: Flask) -> None:
    for _ in range(ROUNDS):
        uid = str(uuid4())
        assert errors_of(any_app, *[partial(put, uid, RunFields(service="s", external_key=uid))] * SENDERS) == []


def test_one_query_saved_twice_at_once_is_there_once(any_app: Flask) -> None:
    with writing() as session:
        accounts.add_user(session, accounts.NewUser(name="server", email="", role=SERVER.role), now=NOW)

    def save(name: str) -> None:
        with writing() as session:
            put_query(session, "server", name, QueryFields(text="level:failed", is_shared=True), caller=SERVER, now=NOW)

    for number in range(ROUNDS):
        refused = errors_of(any_app, *[partial(save, f"q{number}")] * SENDERS)
        assert all(isinstance(error, ConflictError) for error in refused)


def test_two_that_wait_for_each_other_are_asked_to_come_again(postgres_app: Flask) -> None:
    met = threading.Barrier(2)

    def cross(first: int, second: int) -> None:
        with writing() as session:
            session.execute(text(f"SELECT pg_advisory_xact_lock({first})"))
            met.wait(30)
            session.execute(text(f"SELECT pg_advisory_xact_lock({second})"))

    (error,) = errors_of(postgres_app, lambda: cross(1, 2), lambda: cross(2, 1))
    assert isinstance(error, BusyError)
    assert not isinstance(error, StorageError)


def test_a_database_that_is_away_is_said_to_be(app: Flask, client: FlaskClient) -> None:
    def refuse(*_: object) -> None:
        raise StorageError("the database cannot be reached")

    event.listen(db.engine, "before_cursor_execute", refuse)
    try:
        page = client.get("/welcome/secret")
    finally:
        event.remove(db.engine, "before_cursor_execute", refuse)
    assert (page.status_code, page.headers["Retry-After"]) == (503, "5")
    assert "cannot be reached" in page.text


def test_a_postgres_that_is_gone_is_a_reason_to_wait(postgres_app: Flask) -> None:
    with pytest.raises(StorageError), writing() as session:
        session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
    with reading() as session:
        assert session.scalar(text("SELECT 1")) == 1


@contextmanager
def full_disk() -> Iterator[None]:
    """Let the file of SQLite not grow any more."""

    def bound(connection: DBAPIConnection, _record: object) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA max_page_count=1")
        cursor.close()

    db.engine.dispose()
    event.listen(db.engine, "connect", bound)
    yield
    event.remove(db.engine, "connect", bound)
    db.engine.dispose()


@pytest.mark.skipif(is_on_postgres(), reason="bounds the pages of a SQLite file")
def test_a_full_disk_refuses_the_whole_batch_and_takes_it_later(
    app: Flask, api: Callable[[str], FlaskClient], make_token: MakeToken
) -> None:
    caller = api(make_token(["admin"]))
    lines = [{"type": "run.start", "service": "s"}] + [
        {"type": "device.end", "device": f"d{n}", "status": "ok", "result": [uuid4().hex for _ in range(200)]}
        for n in range(100)
    ]
    body = "\n".join(json.dumps({"seq": n, "ts": NOW.isoformat(), **line}) for n, line in enumerate(lines, 1))
    address = f"/api/v1/runs/{uuid4()}/events?stream=s"

    with full_disk():
        refused = caller.post(address, data=body)
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")
    assert "disk is full" in refused.text
    assert caller.post(address, data=body).json == {"acked": 101, "duplicates": 0, "cancel": False}


def test_a_token_reads_where_nothing_can_be_written(
    app: Flask, api: Callable[[str], FlaskClient], make_token: MakeToken
) -> None:
    caller = api(make_token(["read"]))

    def refuse(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("UPDATE"):
            raise StorageError("the disk is full")

    event.listen(db.engine, "before_cursor_execute", refuse)
    try:
        assert caller.get("/api/v1/runs").status_code == 200
    finally:
        event.remove(db.engine, "before_cursor_execute", refuse)


def test_no_room_for_a_file_is_said_to_be(app: Flask, client: FlaskClient) -> None:
    def write() -> str:
        raise OSError(errno.ENOSPC, "No space left on device")

    def fail() -> str:
        raise OSError(errno.EIO, "Input/output error")

    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.view_functions["health.show"] = write
    assert client.get("/healthz").status_code == 503
    app.view_functions["health.show"] = fail
    assert client.get("/healthz").status_code == 500
