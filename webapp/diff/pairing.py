"""Which changed lines belong side by side?

Inside a hunk lines are paired by the engine itself, on keys without numbers and other volatile parts; what is left
between two pairs is paired in order. Lines that only moved stand alone.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from operator import itemgetter
from typing import Literal

from webapp.diff.anchors import Run
from webapp.diff.deadline import Deadline
from webapp.diff.hunks import Hunk, fill_gaps
from webapp.diff.lines import LineDiff
from webapp.diff.masks import Picks
from webapp.diff.matching import match_ids
from webapp.diff.noise import collapse, mask, split_lines

PartKind = Literal["replace", "delete", "insert", "away", "here"]
Part = tuple[PartKind, int, int, int]
"""What, line of a, line of b, rows. Of `away` (left a) and `here` (came to b) the other line tells where to."""

_BATCH = 20_000  # lines whose keys are computed between two looks at the clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Alignment:
    """For each hunk its parts in the order in which they stand side by side."""

    parts: list[tuple[Part, ...]]
    partial: bool  # the time was over: the rest is paired in order


def align(diff: LineDiff, a: Sequence[bytes], b: Sequence[bytes], *, budget_s: float | None = None) -> Alignment:
    """Pair the lines of every hunk.

    Args:
        diff: The comparison.
        a: The lines of the older text, as they are.
        b: The lines of the newer text.
        budget_s: Seconds after which the rest is paired in order.
    """
    deadline = Deadline(budget_s)
    moves = _Moves(diff.moves)
    number_of: defaultdict[bytes, int] = defaultdict(count().__next__)
    picks = Picks()
    parts: list[tuple[Part, ...]] = []
    for batch in _batches(diff.hunks):
        needed = [] if deadline.is_over() else [hunk for hunk in batch if _needs_keys(hunk)]
        keys_a = _numbers([a[start:end] for start, end, _, _ in needed], number_of, picks)
        keys_b = _numbers([b[start:end] for _, _, start, end in needed], number_of, picks)
        keys = dict(zip(needed, zip(keys_a, keys_b, strict=True), strict=True))
        parts.extend(tuple(_parts(hunk, keys.get(hunk), moves, deadline)) for hunk in batch)
    return Alignment(parts=parts, partial=deadline.cut)


class _Moves:
    """The moved blocks, found by their place on either side."""

    def __init__(self, moves: Iterable[Run]) -> None:
        self.by_a = sorted(moves)
        self.by_b = sorted(self.by_a, key=itemgetter(1))
        self.a_starts = [i for i, _, _ in self.by_a]
        self.b_starts = [j for _, j, _ in self.by_b]

    def from_a(self, start: int, end: int) -> list[Run]:
        """List the blocks that left a range of a."""
        return self.by_a[bisect_left(self.a_starts, start) : bisect_left(self.a_starts, end)]

    def into_b(self, start: int, end: int) -> list[Run]:
        """List the blocks that came into a range of b."""
        return self.by_b[bisect_left(self.b_starts, start) : bisect_left(self.b_starts, end)]


def _batches(hunks: Sequence[Hunk]) -> Iterator[list[Hunk]]:
    """Group hunks so that each group has about the same number of lines."""
    batch: list[Hunk] = []
    size = 0
    for hunk in hunks:
        batch.append(hunk)
        size += hunk[1] - hunk[0] + hunk[3] - hunk[2]
        if size >= _BATCH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _needs_keys(hunk: Hunk) -> bool:
    """Say whether a hunk can be paired in more than one way."""
    a_size, b_size = hunk[1] - hunk[0], hunk[3] - hunk[2]
    return a_size > 0 and b_size > 0 and a_size + b_size > 2


def _numbers(blocks: list[Sequence[bytes]], number_of: defaultdict[bytes, int], picks: Picks) -> list[list[int]]:
    """Number the lines of blocks by their keys: the same number where only volatile parts and numbers differ."""
    text = b"".join(line if line.endswith(b"\n") else line + b"\n" for block in blocks for line in block)
    numbers = map(number_of.__getitem__, split_lines(collapse(b"".join(mask(text, picks)))))
    return [[next(numbers) for _ in block] for block in blocks]


def _parts(hunk: Hunk, keys: tuple[list[int], list[int]] | None, moves: _Moves, deadline: Deadline) -> Iterator[Part]:
    """Arrange one hunk: pairs, and between them what stands on one side alone."""
    away, here = moves.from_a(*hunk[:2]), moves.into_b(*hunk[2:])
    i, i_end, j, j_end = hunk
    own_a = _without(range(i, i_end), [(start, start + size) for start, _, size in away])
    own_b = _without(range(j, j_end), [(start, start + size) for _, start, size in here])
    runs: list[Run] = []
    if keys and own_a and own_b:
        x, y = [keys[0][p - i] for p in own_a], [keys[1][q - j] for q in own_b]
        runs = match_ids(x, y, deadline=deadline)
    for p, q, size in [*_paired(runs, own_a, own_b), (i_end, j_end, 0)]:
        yield from _one_side("delete", "away", (i, p), moves.from_a(i, p))
        yield from _one_side("insert", "here", (j, q), [(b, a, rows) for a, b, rows in moves.into_b(j, q)])
        if size:
            yield "replace", p, q, size
        i, j = p + size, q + size


def _without(lines: range, gaps: list[tuple[int, int]]) -> Sequence[int]:
    """List the lines of a range that lie in none of the gaps."""
    if not gaps:
        return lines
    inside = {line for start, end in gaps for line in range(start, end)}
    return [line for line in lines if line not in inside]


def _paired(runs: list[Run], own_a: Sequence[int], own_b: Sequence[int]) -> Iterator[Run]:
    """Pair all that can be paired, in line numbers."""
    for i, j, rows in fill_gaps(runs, a_size=len(own_a), b_size=len(own_b)):
        yield from _cut(own_a, own_b, i, j, rows)


def _cut(own_a: Sequence[int], own_b: Sequence[int], i: int, j: int, rows: int) -> Iterator[Run]:
    """Translate one run to line numbers, cut where lines are missing on a side."""
    start = 0
    for row in range(1, rows + 1):
        if row < rows and own_a[i + row] == own_a[i + row - 1] + 1 and own_b[j + row] == own_b[j + row - 1] + 1:
            continue
        yield own_a[i + start], own_b[j + start], row - start
        start = row


def _one_side(plain: PartKind, moved: PartKind, lines: tuple[int, int], blocks: list[Run]) -> Iterator[Part]:
    """Arrange lines that stand on one side alone; blocks are (line here, line there, rows) of what moved among them."""
    place, end = lines
    is_a = plain == "delete"
    for start, other, rows in blocks:
        if start > place:
            yield plain, place, place, start - place
        yield (moved, start, other, rows) if is_a else (moved, other, start, rows)
        place = start + rows
    if place < end:
        yield plain, place, place, end - place
