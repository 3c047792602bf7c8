"""What does a database's refusal mean to whoever asked: bad input, a clash with somebody else, or no room just now?

What is none of these stays the driver's own error, a fault of ours.
"""

import logging
import sqlite3
from collections.abc import Mapping
from types import MappingProxyType

from sqlalchemy import Engine, event
from sqlalchemy.engine.interfaces import ExceptionContext
from sqlalchemy.exc import DataError, OperationalError

from webapp.errors import AfterrunError, BusyError, ConflictError, InvalidError, StorageError

CLASH = "another request stored the same at the same moment; send this one again"
CROSSED = "this request and another one waited for each other; send it again"
IN_USE = "the database is in use; try again in some seconds"
FULL = "the server's disk is full; nothing of this was stored"
AWAY = "the database cannot be reached or written to now; nothing of this was stored"

# SQLSTATEs of PostgreSQL (its appendix A), whole or as far as the class.
OUT_OF_RANGE = "22003"
UNIQUE = "23505"
WAITED: Mapping[str, str] = MappingProxyType(
    {"40001": CROSSED, "40P01": CROSSED, "55P03": IN_USE, "53100": FULL, "53": AWAY, "57P": AWAY, "58": AWAY}
)
# Primary result codes of SQLite.
LITE: Mapping[int, str] = MappingProxyType(
    {
        sqlite3.SQLITE_BUSY: IN_USE,
        sqlite3.SQLITE_LOCKED: IN_USE,
        sqlite3.SQLITE_FULL: FULL,
        sqlite3.SQLITE_IOERR: AWAY,
        sqlite3.SQLITE_READONLY: AWAY,
        sqlite3.SQLITE_CANTOPEN: AWAY,
    }
)

log = logging.getLogger(__name__)


def explain_refusals(engine: Engine) -> None:
    """Raise our own errors for what the database refuses, once for each engine."""
    event.listen(engine, "handle_error", _raise_ours)


def _raise_ours(context: ExceptionContext) -> None:
    original = context.original_exception
    ours = _explain_lite(original) if isinstance(original, sqlite3.Error) else _explain_postgres(context)
    if ours is None:
        return
    if isinstance(ours, BusyError):
        log.log(logging.ERROR if isinstance(ours, StorageError) else logging.WARNING, "the database: %s", original)
    raise ours


def _explain_lite(original: sqlite3.Error) -> AfterrunError | None:
    sentence = LITE.get(getattr(original, "sqlite_errorcode", 0) & 0xFF)
    return None if sentence is None else _busy(sentence)


def _explain_postgres(context: ExceptionContext) -> AfterrunError | None:
    original, kind = context.original_exception, context.sqlalchemy_exception
    state = getattr(original, "sqlstate", None) or ""
    if state == UNIQUE:
        return ConflictError(CLASH)
    if isinstance(kind, DataError):
        if "NUL" in str(original):
            return InvalidError(("", "expected no NUL characters"))
        return InvalidError(("", "expected a smaller number")) if state == OUT_OF_RANGE else None
    for length in (5, 3, 2):
        if state[:length] in WAITED:
            return _busy(WAITED[state[:length]])
    # Without a state it is the driver that speaks: no connection was made, or it was lost.
    return StorageError(AWAY) if isinstance(kind, OperationalError) and not state else None


def _busy(sentence: str) -> BusyError:
    return StorageError(sentence) if sentence in (FULL, AWAY) else BusyError(sentence)
