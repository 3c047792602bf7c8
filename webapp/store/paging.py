"""Where does a page of a list begin: positions that stay valid while rows come and go."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from webapp.errors import InvalidError

POSITION = re.compile(r"(?:(?P<value>-?[0-9]{1,18})\.)?(?P<id>[0-9]{1,18})", re.ASCII)

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """A place between two rows: the sort value and id of the row beside it.

    Args:
        value: the sort value as a whole number, or None in lists that are sorted by id alone.
        id: the row's id.
    """

    value: int | None
    id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[Item]):
    """One page of a list.

    Args:
        items: the rows in the order of the list.
        older: where the next page begins, or None at the end.
        newer: where the page before begins, or None at the beginning.
        is_cut: the search stopped before the end of the list; `older` goes on from there.
    """

    items: Sequence[Item]
    older: Position | None = None
    newer: Position | None = None
    is_cut: bool = False


def write_position(position: Position | None) -> str | None:
    """Return a position as the text that goes into a URL."""
    if position is None:
        return None
    return str(position.id) if position.value is None else f"{position.value}.{position.id}"


def read_position(text: str | None) -> Position | None:
    """Return the position that a text from a URL stands for.

    Raises:
        InvalidError: it was not made by `write_position`.
    """
    if not text:
        return None
    found = POSITION.fullmatch(text)
    if found is None:
        raise InvalidError(("cursor", "expected the cursor of the answer before"))
    value = found["value"]
    return Position(value=None if value is None else int(value), id=int(found["id"]))
