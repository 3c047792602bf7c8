"""Which rows does a comparison have on the page: unified or side by side, equal parts folded, by row number.

No row is made before it is asked for: a fold knows where its segments start, so a few hundred rows out of a million
come at once.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Literal

from webapp.diff.layout import Layout, Segment, View, lay_out, take
from webapp.diff.lines import LineDiff
from webapp.diff.pairing import Alignment

RowKind = Literal["equal", "ignored", "replace", "delete", "insert", "moved", "fold"]
Side = Literal["a", "b"]

CONTEXTS = (1, 3, 10, 100, None)

_SHOWS: dict[Side, frozenset[str]] = {
    "a": frozenset({"pair", "replace", "delete", "away", "only_a", "fold"}),
    "b": frozenset({"pair", "replace", "insert", "here", "only_b", "fold"}),
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
    """A laid-out comparison: its rows by number, and the way back from lines to rows.

    Args:
        diff: The comparison.
        alignment: Its hunks' lines, paired.
        a: The lines of the older text, as they are.
        b: The lines of the newer text.
        view: `side` by side, or `unified`: in each hunk first what went, then what came.
        context: Equal rows to keep around every hunk; None keeps all.
        unfold_ignored: Keep rows whose difference the level ignores out of the folds.
    """

    def __init__(  # noqa: PLR0913 -- the three parts of a comparison and the three choices of a reader
        self,
        diff: LineDiff,
        alignment: Alignment,
        a: Sequence[bytes],
        b: Sequence[bytes],
        *,
        view: View = "side",
        context: int | None = 3,
        unfold_ignored: bool = False,
    ) -> None:
        self._a = a
        self._b = b
        self._layout: Layout = lay_out(diff, alignment, view=view, context=context, unfold_ignored=unfold_ignored)
        self._segments = self._layout.segments
        self._starts = list(accumulate((1 if each[0] == "fold" else each[3] for each in self._segments), initial=0))
        self._indexes: dict[Side, tuple[list[int], list[int]]] = {}
        self.row_count = self._starts[-1]
        self.hunk_rows = [self._starts[number] for number in self._layout.hunk_segments]
        self.ignored_count = diff.ignored.rows

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
        number = bisect_right(self._starts, row) - 1
        if not 0 <= row < self.row_count or number not in self._layout.behind:
            return []
        size = self._segments[number][3]
        hidden = take(self._layout.behind[number], max(0, start), size if stop is None else min(stop, size))
        return [each for segment in hidden for each in self._rows_of(segment, 0, segment[3], None)]

    def row_of(self, side: Side, line: int) -> int | None:
        """Return the row that shows a line (counted from 1) of a side, or the fold that hides it; None if none does."""
        firsts, numbers = self._index(side)
        place = bisect_right(firsts, line - 1) - 1
        if line < 1 or line > len(self._a if side == "a" else self._b) or place < 0:
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
        if kind == "pair":
            return Row(kind="equal" if self._a[a] == self._b[b] else "ignored", a=a + 1, b=b + 1)
        if kind == "replace":
            return Row(kind="replace", a=a + 1, b=b + 1, hunk=hunk)
        if kind == "only_a":
            return Row(kind="ignored", a=a + 1, b=None)
        if kind == "only_b":
            return Row(kind="ignored", a=None, b=b + 1)
        if kind in ("delete", "away"):
            shown: RowKind = "delete" if kind == "delete" else "moved"
            return Row(kind=shown, a=a + 1, b=None, partner=b + 1 if has_other else None, hunk=hunk)
        shown = "insert" if kind == "insert" else "moved"
        return Row(kind=shown, a=None, b=b + 1, partner=a + 1 if has_other else None, hunk=hunk)
