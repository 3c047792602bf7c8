"""Is the database sound: does it read, write, and tell the same time as we do?"""

import contextlib
import sqlite3
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import text

from webapp.errors import AfterrunError
from webapp.store.db import Session, db, reading, writing
from webapp.store.models.tables import EPOCH
from webapp.store.preferences import find_setting, put_setting, remove_setting

PROBE = "selfcheck"
STEPS = 100_000


class UnsoundError(AfterrunError):
    """The database has a fault; the text says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseFacts:
    """What was found; `is_checked` says that its pages were all looked at within the time allowed."""

    kind: str
    version: str
    size: int
    is_checked: bool
    write_s: float


def check_database(*, now: datetime, budget_s: float) -> DatabaseFacts:
    """Look through the database and write to it.

    Args:
        now: the current moment.
        budget_s: how long the look through a SQLite file may take.

    Raises:
        UnsoundError: a page is damaged, or what was written cannot be read.
    """
    began = time.perf_counter()
    with writing() as session:
        put_setting(session, PROBE, now.isoformat(), by_id=None, now=now)
        session.flush()
        if find_setting(session, PROBE) != now.isoformat():
            raise UnsoundError("what was written cannot be read")
        remove_setting(session, PROBE)
    write_s = time.perf_counter() - began
    engine = db.engine
    if engine.dialect.name == "sqlite":
        path = Path(engine.url.database or "")
        is_checked = _look_through(path, budget_s)
        version, size = sqlite3.sqlite_version, path.stat().st_size
    else:
        is_checked, (version, size) = True, _ask_postgres()
    return DatabaseFacts(kind=engine.dialect.name, version=version, size=size, is_checked=is_checked, write_s=write_s)


def find_database_time(session: Session) -> datetime:
    """Return the time by the database's own clock."""
    if session.get_bind().dialect.name == "sqlite":
        seconds = session.scalar(text("SELECT (julianday('now') - 2440587.5) * 86400.0"))
    else:
        seconds = session.scalar(text("SELECT extract(epoch FROM clock_timestamp())"))
    return EPOCH + timedelta(seconds=float(seconds or 0))


def _look_through(path: Path, budget_s: float) -> bool:
    """Check every page of a SQLite file on a connection of its own; False when the time was not enough."""
    deadline = time.monotonic() + budget_s
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        connection.set_progress_handler(lambda: time.monotonic() > deadline, STEPS)
        try:
            rows = connection.execute("PRAGMA quick_check(3)").fetchall()
        except sqlite3.OperationalError as error:
            if "interrupt" in str(error):
                return False
            raise UnsoundError(str(error)) from error
        except sqlite3.DatabaseError as error:
            raise UnsoundError(str(error)) from error
    if rows != [("ok",)]:
        raise UnsoundError("; ".join(str(row[0]) for row in rows))
    return True


def _ask_postgres() -> tuple[str, int]:
    with reading() as session:
        version = session.scalar(text("SHOW server_version"))
        size = session.scalar(text("SELECT pg_database_size(current_database())"))
    return str(version), int(size or 0)
