"""Which rows does a comparison have on the page: unified or side by side, equal parts folded, by row number.

No row is made before it is asked for: a fold knows where its segments start, so a few hundred rows out of a million
come at once.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from webapp.diff.layout import Layout, take
from webapp.diff.segments import Segment, SegmentKind

RowKind = Literal["equal", "ignored", "replace", "delete", "insert", "moved", "fold"]
Side = Literal["a", "b"]

CONTEXTS = (1, 3, 10, 100, None)

_PAIRED: dict[str, RowKind] = {"pair": "equal", "ignored": "ignored", "replace": "replace"}
_CHANGES: frozenset[SegmentKind] = frozenset({"replace", "delete", "insert", "away", "here"})
_SHOWS: dict[Side, frozenset[str]] = {
    "a": frozenset({"pair", "ignored", "replace", "delete", "away", "only_a", "fold"}),
    "b": frozenset({"pair", "ignored", "replace", "insert", "here", "only_b", "fold"}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of the page. Lines are numbered from 1: the text of a line is `lines[number - 1]` of its side."""

    kind: RowKind
    a: int | None  # the line of a that stands here
    b: int | None  # the line of b that stands here
    partner: int | None = None  # the line of the other side that this one replaces, or where it moved to or from
    hidden: int = 0  # rows behind a fold
    hunk: int | None = None  # on the first row of a hunk: which one, from 0


class Fold:
    """The rows of a laid-out comparison by number, and the way back from lines to rows."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._segments = layout.segments
        self._starts = layout.starts
        self._indexes: dict[Side, tuple[list[int], list[int]]] = {}
        self.row_count = layout.starts[-1]
        self.hunk_rows = layout.hunks[::2]
        self._hunk_ends = layout.hunks[1::2]

    def kinds(self, start: int, stop: int) -> set[SegmentKind]:
        """Say what the changes are that the rows from `start` up to `stop` show; empty where nothing changed."""
        first = bisect_right(self._hunk_ends, start)
        if start >= stop or first == len(self.hunk_rows) or self.hunk_rows[first] >= stop:
            return set()
        segments = (bisect_right(self._starts, start) - 1, bisect_left(self._starts, stop))
        return self._segments.kinds_between(*segments) & _CHANGES

    def hunks_between(self, start: int, stop: int) -> range:
        """Return the numbers (from 0) of the hunks that begin in the rows from `start` up to `stop`."""
        return range(bisect_left(self.hunk_rows, start), bisect_left(self.hunk_rows, stop))

    def rows(self, start: int, stop: int) -> list[Row]:
        """Return the rows from `start` up to `stop`, counted from 0; fewer at the end."""
        start, stop = max(0, start), min(stop, self.row_count)
        rows: list[Row] = []
        number = bisect_right(self._starts, start) - 1
        hunk = bisect_left(self.hunk_rows, start)
        while start < stop:
            first, end = self._starts[number], min(self._starts[number + 1], stop)
            begins = hunk < len(self.hunk_rows) and self.hunk_rows[hunk] == start
            rows.extend(self._rows_of(self._segments[number], start - first, end - first, hunk if begins else None))
            hunk += begins
            start, number = end, number + 1
        return rows

    def unfold(self, row: int, start: int = 0, stop: int | None = None) -> list[Row]:
        """Return what the fold in a row hides, all or a range counted from 0; nothing when that row is no fold."""
        layout = self._layout
        number = bisect_right(self._starts, row) - 1
        place = bisect_left(layout.folds, number)
        if not 0 <= row < self.row_count or place == len(layout.folds) or layout.folds[place] != number:
            return []
        size = self._segments[number][3]
        behind = layout.hidden.between(*layout.hidden_starts[place : place + 2])
        hidden = take(behind, max(0, start), size if stop is None else min(stop, size))
        return [each for segment in hidden for each in self._rows_of(segment, 0, segment[3], None)]

    def row_of(self, side: Side, line: int) -> int | None:
        """Return the row that shows a line (counted from 1) of a side, or the fold that hides it; None if none does."""
        firsts, numbers = self._index(side)
        place = bisect_right(firsts, line - 1) - 1
        if line < 1 or line > self._layout.sizes[side == "b"] or place < 0:
            return None
        number = numbers[place]
        offset = line - 1 - firsts[place]
        return self._starts[number] + (0 if self._segments[number][0] == "fold" else offset)

    def _index(self, side: Side) -> tuple[list[int], list[int]]:
        """List the segments that show lines of a side: their first lines and their numbers; made once."""
        if side not in self._indexes:
            shown = [(number, each) for number, each in enumerate(self._segments) if each[0] in _SHOWS[side]]
            firsts = [each[1] if side == "a" else each[2] for _, each in shown]
            self._indexes[side] = firsts, [number for number, _ in shown]
        return self._indexes[side]

    def _rows_of(self, segment: Segment, start: int, end: int, hunk: int | None) -> Iterator[Row]:
        """Make the rows of a range of one segment; the first of a hunk carries its number."""
        kind, a, b, size = segment
        if kind == "fold":
            yield Row(kind="fold", a=a + 1, b=b + 1, hidden=size)
            return
        for offset in range(start, end):
            yield self._row(kind, a + offset, b + offset, has_other=min(a, b) >= 0, hunk=hunk)
            hunk = None

    def _row(self, kind: str, a: int, b: int, *, has_other: bool, hunk: int | None) -> Row:
        """Make the row of one line or pair, given by lines counted from 0."""
        if kind in ("pair", "ignored", "replace"):
            return Row(kind=_PAIRED[kind], a=a + 1, b=b + 1, hunk=hunk)
        if kind == "only_a":
            return Row(kind="ignored", a=a + 1, b=None)
        if kind == "only_b":
            return Row(kind="ignored", a=None, b=b + 1)
        if kind in ("delete", "away"):
            shown: RowKind = "delete" if kind == "delete" else "moved"
            return Row(kind=shown, a=a + 1, b=None, partner=b + 1 if has_other else None, hunk=hunk)
        shown = "insert" if kind == "insert" else "moved"
        return Row(kind=shown, a=None, b=b + 1, partner=a + 1 if has_other else None, hunk=hunk)
