"""Where does a page of a list begin: positions that stay valid while rows come and go."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

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
