"""How the database is opened: engines, transaction modes, and the two kinds of session.

`db.session` is the request's session and only reads; every change goes through `writing()`. On SQLite readers begin
with `BEGIN` and writers with `BEGIN IMMEDIATE`, one writer at a time in a process: with the driver's defaults
concurrent updates are lost (docs/decisions).
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session as FlaskSession
from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry

from webapp.store.refusals import explain_refusals

__all__ = ["Session", "configure", "db", "migrate", "reading", "writing"]

SQLITE_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=NORMAL",
    "busy_timeout=10000",
    "foreign_keys=ON",
    "cache_size=-1024",
    "temp_store=MEMORY",
    "wal_autocheckpoint=4000",
)

# Tells every process that listens (store/changes.py) once the transaction is there for all to see.
NOTIFY = text("SELECT pg_notify('afterrun', '')")

_one_writer = threading.Lock()


class ReadSession(FlaskSession):
    """The request's session: its transactions only read."""

    _reader: Engine | Connection | None = None

    def get_bind(self, *args: Any, **kwargs: Any) -> Engine | Connection:
        """Return the engine marked so that its transactions begin as readers.

        It must be the same object every time: a session opens a connection for each engine it is given.
        """
        if self._reader is None:
            self._reader = _marked_as_reader(super().get_bind(*args, **kwargs))
        return self._reader


def _marked_as_reader(bind: Engine | Connection) -> Engine | Connection:
    """Mark the transactions of an engine as reading ones that see one moment, as SQLite's always do."""
    options: dict[str, Any] = {"read_only": True}
    if bind.dialect.name == "postgresql":
        options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    return bind.execution_options(**options)


db = SQLAlchemy(session_options={"class_": ReadSession, "expire_on_commit": False})
migrate = Migrate()


def configure(engine: Engine) -> None:
    """Give an engine its connection settings and transaction modes; call it once for each engine."""
    explain_refusals(engine)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_pragmas)
        event.listen(engine, "begin", _begin)


def _set_pragmas(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in SQLITE_PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    is_reader = connection.get_execution_options().get("read_only", False)
    connection.exec_driver_sql("BEGIN" if is_reader else "BEGIN IMMEDIATE")


@contextmanager
def writing() -> Iterator[Session]:
    """Yield a session whose changes commit together at the end, or not at all when the block raises.

    Needs an application context. On SQLite the writers of this process take turns.
    """
    engine = db.engine
    if engine.dialect.name == "sqlite":
        with _one_writer, Session(engine, expire_on_commit=False) as session, session.begin():
            yield session
    else:
        with Session(engine, expire_on_commit=False) as session, session.begin():
            yield session
            session.execute(NOTIFY)


@contextmanager
def reading() -> Iterator[Session]:
    """Yield a short-lived reading session for code outside a request, such as a stream or a worker."""
    with later_reading()() as session:
        yield session


def later_reading() -> Callable[[], Session]:
    """Return what opens reading sessions later, when no application context is there any more."""
    return partial(Session, _marked_as_reader(db.engine), expire_on_commit=False)
