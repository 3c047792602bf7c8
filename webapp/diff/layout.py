"""In which order do the parts of a comparison stand on the page, and what is folded away?"""

import heapq
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from webapp.diff.hunks import Hunk
from webapp.diff.lines import LineDiff
from webapp.diff.pairing import Alignment, Part
from webapp.diff.segments import Segment, Segments

View = Literal["side", "unified"]

_Block = tuple[Hunk, list[Segment], bool]  # where, what to show, whether it is one of the hunks


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Segments in the order of the page, and where its rows are.

    Args:
        segments: What the page shows.
        starts: For each segment its first row; at the end how many rows there are.
        hidden: What the folds hide.
        folds: The numbers of the segments that are folds.
        hidden_starts: For each fold where in `hidden` it begins; at the end how many there are.
        hunks: For each hunk its first row and the row behind its last one.
        sizes: How many lines a and b have.
    """

    sizes: "array[int]"
    segments: Segments = field(default_factory=Segments)
    starts: "array[int]" = field(default_factory=lambda: array("i", [0]))
    hidden: Segments = field(default_factory=Segments)
    folds: "array[int]" = field(default_factory=lambda: array("i"))
    hidden_starts: "array[int]" = field(default_factory=lambda: array("i", [0]))
    hunks: "array[int]" = field(default_factory=lambda: array("i"))

    def add(self, segments: Iterable[Segment]) -> None:
        """Add segments at the end of the page."""
        for segment in segments:
            self.segments.append(segment)
            self.starts.append(self.starts[-1] + (1 if segment[0] == "fold" else segment[3]))

    def add_fold(self, hidden: list[Segment]) -> None:
        """Add a fold at the end of the page, which takes one row."""
        self.folds.append(len(self.segments))
        self.hidden.extend(hidden)
        self.hidden_starts.append(len(self.hidden))
        self.add([("fold", hidden[0][1], hidden[0][2], sum(size for _, _, _, size in hidden))])


def lay_out(diff: LineDiff, alignment: Alignment, *, view: View, context: int | None, unfold_ignored: bool) -> Layout:
    """Put hunks, equal parts and folds in order.

    Args:
        diff: The comparison.
        alignment: Its hunks' lines, paired.
        view: `side` by side, or `unified`.
        context: Equal rows to keep around every hunk; None keeps all.
        unfold_ignored: Treat rows whose difference the level ignores like hunks: never fold them.
    """
    laid = Layout(sizes=array("i", (diff.a_size, diff.b_size)))
    quiet: list[Segment] = []
    i = j = 0
    for hunk, segments, is_hunk in _blocks(diff, alignment, view):
        if hunk[0] > i:
            quiet.append(("pair", i, j, hunk[0] - i))
        i, j = hunk[1], hunk[3]
        if not is_hunk and not unfold_ignored:
            quiet.extend(segments)
            continue
        _lay_quiet(laid, quiet, head=context if laid.segments else 0, tail=context)
        quiet = []
        first = laid.starts[-1]
        laid.add(segments)
        if is_hunk:
            laid.hunks.extend((first, laid.starts[-1]))
    if diff.a_size > i:
        quiet.append(("pair", i, j, diff.a_size - i))
    _lay_quiet(laid, quiet, head=context if laid.segments or context is None else 0, tail=0)
    return laid


def take(segments: Iterable[Segment], start: int, stop: int) -> Iterator[Segment]:
    """Cut a range of lines out of equal and ignored segments."""
    if stop <= start:
        return
    for kind, a, b, size in segments:
        first, end = max(start, 0), min(stop, size)
        if first < end:
            yield kind, a + first * (kind != "only_b"), b + first * (kind != "only_a"), end - first
        start, stop = start - size, stop - size


def _lay_quiet(laid: Layout, quiet: list[Segment], *, head: int | None, tail: int | None) -> None:
    """Add what lies between two hunks; fold it when more than one line is left between the contexts."""
    total = sum(size for _, _, _, size in quiet)
    if head is None or tail is None or total - head - tail <= 1:
        laid.add(quiet)
        return
    before, hidden, after = (
        list(take(quiet, *cut)) for cut in ((0, head), (head, total - tail), (total - tail, total))
    )
    laid.add(before)
    laid.add_fold(hidden)
    laid.add(after)


def _blocks(diff: LineDiff, alignment: Alignment, view: View) -> Iterator[_Block]:
    """List hunks and ignored rows in order, each with its segments."""
    arrange = _side_by_side if view == "side" else _unified
    hunks: Iterator[_Block] = (
        (hunk, arrange(parts), True) for hunk, parts in zip(diff.hunks, alignment.parts, strict=True)
    )
    if not diff.ignored.rows:
        return hunks
    equal: Iterator[_Block] = (
        ((i, i + size, j, j + size), [("ignored", i, j, size)], False) for i, j, size in diff.ignored.runs
    )
    left_out: Iterator[_Block] = ((hunk, _left_out(hunk), False) for hunk in diff.ignored.left_out)
    return heapq.merge(hunks, equal, left_out, key=lambda block: block[0])


def _side_by_side(parts: tuple[Part, ...]) -> list[Segment]:
    """Show pairs in one row."""
    segments: list[Segment] = []
    for kind, a, b, size in parts:
        if kind == "delete":
            segments.append((kind, a, -1, size))
        elif kind == "insert":
            segments.append((kind, -1, b, size))
        else:
            segments.append((kind, a, b, size))
    return segments


def _unified(parts: tuple[Part, ...]) -> list[Segment]:
    """Show all of a hunk that went, then all that came; pairs know each other."""
    went: list[Segment] = []
    came: list[Segment] = []
    for kind, a, b, size in parts:
        if kind == "replace":
            went.append(("delete", a, b, size))
            came.append(("insert", a, b, size))
        elif kind == "delete":
            went.append((kind, a, -1, size))
        elif kind == "insert":
            came.append((kind, -1, b, size))
        else:
            (went if kind == "away" else came).append((kind, a, b, size))
    return went + came


def _left_out(hunk: Hunk) -> list[Segment]:
    """Show lines that a rule leaves out: as pairs while both sides have some."""
    i, i_end, j, j_end = hunk
    both = min(i_end - i, j_end - j)
    segments: list[Segment] = [
        ("ignored", i, j, both),
        ("only_a", i + both, j + both, i_end - i - both),
        ("only_b", i + both, j + both, j_end - j - both),
    ]
    return [segment for segment in segments if segment[3]]
