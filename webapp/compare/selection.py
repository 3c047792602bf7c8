"""Which changes of a comparison are asked for: one class, one cell of the matrix, or all that is not the same?"""

from collections.abc import Sequence

from webapp.compare.runs import Comparison, list_same
from webapp.domain.changes import Change, ChangeClass
from webapp.errors import InvalidError
from webapp.store.db import Session

ABSENT = "-"  # the word of what is not there

Words = tuple[str, str]


def read_pair(text: str) -> Words | None:
    """Return the words of a cell of the matrix, such as `ok:failed` or `ok:-`; None for an empty text.

    Raises:
        InvalidError: these are not two words.
    """
    if not text:
        return None
    a, colon, b = text.partition(":")
    if not colon or not a or not b or ":" in b:
        raise InvalidError(("pair", f"expected two words such as ok:failed, got {text[:40]!r}"))
    return a, b


def write_pair(a: str | None, b: str | None) -> str:
    """Return a cell of the matrix as the text that goes into an address."""
    return f"{a or ABSENT}:{b or ABSENT}"


def select_changes(
    session: Session, comparison: Comparison, *, kind: ChangeClass | None, pair: Words | None
) -> Sequence[Change]:
    """Return the changes of a class or of a cell of the matrix, which comes first; else all that is not the same."""
    if pair is not None:
        same = list_same(session, comparison) if pair[0] == pair[1] else []
        return [change for change in (*comparison.changes, *same) if _words(change) == pair]
    if kind is ChangeClass.SAME:
        return list_same(session, comparison)
    if kind is not None:
        return [change for change in comparison.changes if change.kind is kind]
    return comparison.changes


def _words(change: Change) -> Words:
    return (change.a.word if change.a else ABSENT), (change.b.word if change.b else ABSENT)
