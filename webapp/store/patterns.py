"""How is a column held against a glob, in the words that its database has for patterns?"""

from sqlalchemy import ColumnElement, func, literal
from sqlalchemy.orm import InstrumentedAttribute

from webapp.query.expressions import Op
from webapp.query.globs import Glob, Wildcard

Clause = ColumnElement[bool]
Column = ColumnElement[object] | InstrumentedAttribute[object]

ESCAPE = "\\"
ANY = Glob(parts=(Wildcard.ANY,))


def matches(column: Column, op: Op, glob: Glob) -> Clause:
    """Hold a column against one glob, letter case ignored as far as the database knows letters."""
    if glob == ANY:
        return column != ""
    if op is Op.IS and glob.literal is not None:
        return func.lower(column) == func.lower(glob.literal)
    pattern = _like_pattern(glob)
    return func.lower(column).like(func.lower(f"%{pattern}%" if op is Op.HAS else pattern), escape=ESCAPE)


def matches_exactly(column: Column, glob: Glob, *, is_sqlite: bool) -> Clause:
    """Hold a column against one glob, in which letter case counts; SQLite's LIKE knows no such case."""
    if glob == ANY:
        return column != ""
    if glob.literal is not None:
        return column == literal(glob.literal)
    if is_sqlite:
        return column.op("GLOB")(_sqlite_glob(glob))
    return column.like(_like_pattern(glob), escape=ESCAPE)


def _like_pattern(glob: Glob) -> str:
    wild = {Wildcard.ANY: "%", Wildcard.ONE: "_"}
    return "".join(wild[part] if isinstance(part, Wildcard) else _escape_like(part) for part in glob.parts)


def _escape_like(text: str) -> str:
    return text.replace(ESCAPE, ESCAPE * 2).replace("%", ESCAPE + "%").replace("_", ESCAPE + "_")


def _sqlite_glob(glob: Glob) -> str:
    escaped = str.maketrans({"*": "[*]", "?": "[?]", "[": "[[]"})
    return "".join(part.value if isinstance(part, Wildcard) else part.translate(escaped) for part in glob.parts)
