"""Short ways to read filters in tests: one moment, one view unless said otherwise."""

from datetime import UTC, datetime

import pytest

from webapp.errors import QueryError
from webapp.query.expressions import Expression, Op, Term, Value
from webapp.query.globs import Glob, Wildcard, glob_of
from webapp.query.parser import parse

NOW = datetime(2026, 11, 22, 15, 30, 20, 5, tzinfo=UTC)


def read(text: str, view: str = "runs") -> Expression:
    """Parse a filter at the tests' moment."""
    return parse(text, view=view, now=NOW)


def refused(text: str, view: str = "runs") -> QueryError:
    """Return the error that a filter is refused with."""
    with pytest.raises(QueryError) as caught:
        read(text, view)
    return caught.value


def term(field: str, *values: Value, op: Op = Op.IS) -> Term:
    """Return a term, with plain strings as they are."""
    return Term(field=field, op=op, values=values)


def glob(pattern: str) -> Glob:
    """Return the glob of a pattern without escapes."""
    return glob_of(Wildcard(char) if char in "*?" else char for char in pattern)


def day(number: int, month: int = 11) -> datetime:
    """Return the start of a day of 2026."""
    return datetime(2026, month, number, tzinfo=UTC)
