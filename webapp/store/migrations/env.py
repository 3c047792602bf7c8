"""How do migrations run: in one transaction, and on SQLite with foreign keys off until they are checked at its end.

Changing a table on SQLite copies and drops it; with foreign keys on that would delete the rows that refer to it.
"""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from flask import current_app
from sqlalchemy import Connection, Engine, NullPool, create_engine, event, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.types import TypeDecorator

from webapp.store.models import Base

# Any number that no other program uses for its advisory locks.
LOCK = 4_127_001


def render_item(kind: str, item: Any, _context: AutogenContext) -> str | Literal[False]:
    """Write a column's type as the database sees it, so that a migration needs nothing of today's code."""
    if kind == "type" and isinstance(item, TypeDecorator):
        return f"sa.{type(item.impl_instance).__name__}()"
    return False


def migrating_engine() -> Engine:
    """Return an engine for this one task."""
    engine = create_engine(current_app.extensions["migrate"].db.engine.url, poolclass=NullPool)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _without_foreign_keys)
        event.listen(engine, "begin", _begin)
    return engine


def _without_foreign_keys(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "busy_timeout=60000", "foreign_keys=OFF"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def drop_empty(_context: Any, _revision: Any, directives: list[Any]) -> None:
    """Write no migration when nothing changed."""
    if directives and directives[0].upgrade_ops.is_empty():
        directives[:] = []


def run() -> None:
    """Run what was asked for."""
    engine = migrating_engine()
    is_sqlite = engine.dialect.name == "sqlite"
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            render_as_batch=True,
            render_item=render_item,
            compare_type=True,
            transactional_ddl=True,
            process_revision_directives=drop_empty,
        )
        with context.begin_transaction():
            if not is_sqlite:
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
            context.run_migrations()
            orphans = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall() if is_sqlite else []
            if orphans:
                raise RuntimeError(f"the migration left rows that refer to nothing: {orphans[:5]}")
    engine.dispose()


run()
