"""How are many rows written at once, in the words of each database?"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import Insert, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase, Session

# Rows or values a statement: below the limits on parameters of every database.
CHUNK = 500

Item = TypeVar("Item")


def table_of(row: type[DeclarativeBase]) -> Table:
    """Return the table behind an ORM class, for statements on many rows."""
    table = row.__table__
    if not isinstance(table, Table):
        raise TypeError(f"{row.__name__} is not kept in a table")
    return table


def in_chunks(items: Sequence[Item], size: int = CHUNK) -> Iterator[Sequence[Item]]:
    """Yield the items in pieces that fit one statement."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def insert_missing(session: Session, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert the rows whose unique key is not there yet, and leave the others alone."""
    if not rows:
        return
    connection = session.connection()
    insert: Insert
    if connection.dialect.name == "postgresql":
        insert = postgresql.insert(table).on_conflict_do_nothing()
    else:
        insert = sqlite.insert(table).on_conflict_do_nothing()
    connection.execute(insert, rows)


def insert_rows(session: Session, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert the rows."""
    if rows:
        session.connection().execute(table.insert(), rows)
