"""How many statements does a block of code send to the database?"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy import Connection, Engine, event

# How a transaction begins and ends says nothing about the page.
FRAME = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "PRAGMA")


@dataclass(slots=True, kw_only=True)
class Queries:
    """The statements sent so far, in order."""

    statements: list[str] = field(default_factory=list)

    @property
    def count(self) -> int:
        """Return how many there are."""
        return len(self.statements)


@contextmanager
def counted_queries() -> Iterator[Queries]:
    """Collect every statement that any engine of this process sends within the block."""
    queries = Queries()

    def note(_connection: Connection, _cursor: object, statement: str, *_more: object) -> None:
        if not statement.lstrip().upper().startswith(FRAME):
            queries.statements.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield queries
    finally:
        event.remove(Engine, "before_cursor_execute", note)
