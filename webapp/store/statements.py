"""How are many rows written at once, in the words of each database?"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Dialect, Insert, Select, Table, Update, bindparam, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase, Session

# Rows or values a statement: below the limits on parameters of every database.
CHUNK = 500

Item = TypeVar("Item")
Columns = Mapping[str, Sequence[Any]]


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


def insert_rows(session: Session, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert the rows."""
    if rows:
        session.connection().execute(table.insert(), rows)


class ManyRows:
    """One statement for very many rows, compiled once a dialect and handed to the driver as it is.

    Every column that is written must be in every row: defaults of columns are not filled in. It takes half the time of
    an ordinary execution of the same rows.
    """

    def __init__(self, make: Callable[[str], Insert | Update], names: Sequence[str] | None = None) -> None:
        """Keep how the statement is made.

        Args:
            make: returns the statement for the name of a dialect.
            names: the columns of an insert; an update names its own.
        """
        self._make = make
        self._names = names
        self._compiled: dict[str, _Compiled] = {}

    def execute(self, session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
        """Execute the statement for the rows."""
        if rows:
            self.execute_columns(session, {name: [row[name] for row in rows] for name in rows[0]})

    def execute_columns(self, session: Session, columns: Columns) -> None:
        """Execute the statement for rows that are given column by column."""
        connection = session.connection()
        dialect = connection.dialect
        compiled = self._compiled.get(dialect.name)
        if compiled is None:
            compiled = self._compiled[dialect.name] = _compile(self._make(dialect.name), dialect, self._names)
        for chunk in in_chunks(compiled.parameters(columns)):
            connection.exec_driver_sql(compiled.text, chunk)


def inserting(table: Table, names: Sequence[str]) -> ManyRows:
    """Return the statement that inserts these columns of a table."""
    return ManyRows(lambda _dialect: table.insert().inline(), names)


def inserting_missing(table: Table, names: Sequence[str]) -> ManyRows:
    """Return the statement that inserts the rows whose unique key is not there yet, and leaves the others alone."""

    def make(dialect: str) -> Insert:
        if dialect == "postgresql":
            return postgresql.insert(table).on_conflict_do_nothing().inline()
        return sqlite.insert(table).on_conflict_do_nothing()

    return ManyRows(make, names)


class KeyedRows:
    """Rows of a table by a unique key: the ids of those that are there, and new ones for the others."""

    SIZES = (8, 64, CHUNK)

    def __init__(self, table: Table, key: str, names: Sequence[str], *, is_locked: bool = False) -> None:
        """Keep what to look for and what to insert.

        Args:
            table: has an `id`.
            key: the unique column.
            names: the columns that new rows have, the key among them.
            is_locked: keep found rows from being removed until the transaction ends (PostgreSQL).
        """
        self._key = table.c[key]
        self._query = select(self._key, table.c.id)
        if is_locked:
            self._query = self._query.with_for_update(read=True, key_share=True)
        self._last_id = select(func.max(table.c.id))
        self._insert_numbered = inserting(table, ("id", *names))
        self._insert_missing = inserting_missing(table, names)
        self._compiled: dict[tuple[str, int], _Compiled] = {}

    def find(self, session: Session, keys: Iterable[Any]) -> dict[Any, int]:
        """Return the ids of the rows that are there, by key."""
        connection = session.connection()
        found: dict[Any, int] = {}
        for chunk in in_chunks(list(keys)):
            size = next(size for size in self.SIZES if size >= len(chunk))
            compiled = self._compiled.get((connection.dialect.name, size))
            if compiled is None:
                compiled = self._compiled[connection.dialect.name, size] = self._compile(connection.dialect, size)
            padded = [*chunk, *([chunk[-1]] * (size - len(chunk)))]
            row = {f"key_{number}": [value] for number, value in enumerate(padded)}
            found.update(iter(connection.exec_driver_sql(compiled.text, compiled.parameters(row)[0])))
        return found

    def add(self, session: Session, columns: Columns) -> dict[Any, int]:
        """Insert rows, given column by column, that were not there a moment ago; return their ids by key.

        On SQLite nobody else writes now, so the ids are given here. Elsewhere somebody may have been quicker.
        """
        keys = columns[self._key.name]
        if not keys:
            return {}
        if session.connection().dialect.name != "sqlite":
            self._insert_missing.execute_columns(session, columns)
            return self.find(session, keys)
        first = (session.scalar(self._last_id) or 0) + 1
        numbers = range(first, first + len(keys))
        self._insert_numbered.execute_columns(session, {"id": numbers, **columns})
        return dict(zip(keys, numbers, strict=True))

    def _compile(self, dialect: Dialect, size: int) -> "_Compiled":
        keys = [bindparam(f"key_{number}", type_=self._key.type) for number in range(size)]
        return _compile(self._query.where(self._key.in_(keys)), dialect, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Compiled:
    """A statement in the words of a driver, and how each of its values is made ready."""

    text: str
    is_positional: bool
    processors: Sequence[tuple[str, Callable[[Any], Any] | None]]

    def parameters(self, columns: Columns) -> list[Any]:
        made = [_processed(columns[name], process) for name, process in self.processors]
        values = list(zip(*made, strict=True))
        if self.is_positional:
            return values
        names = [name for name, _ in self.processors]
        return [dict(zip(names, each, strict=True)) for each in values]


def _processed(values: Sequence[Any], process: Callable[[Any], Any] | None) -> Sequence[Any]:
    if process is None or values.count(None) == len(values):
        return values
    return [process(value) for value in values]


def _compile(statement: Insert | Update | Select[Any], dialect: Dialect, names: Sequence[str] | None) -> _Compiled:
    compiled = statement.compile(dialect=dialect, column_keys=names)
    order = compiled.positiontup if compiled.positiontup is not None else list(compiled.binds)
    processors = [(name, compiled.binds[name].type.bind_processor(dialect)) for name in order]
    return _Compiled(text=str(compiled), is_positional=compiled.positiontup is not None, processors=processors)
