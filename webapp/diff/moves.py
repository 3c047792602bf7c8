"""Which blocks of lines were not changed but moved?"""

from collections.abc import Iterator, Sequence
from itertools import chain

from webapp.diff.anchors import Run
from webapp.diff.hunks import Hunk

SHORTEST = 3
_CANDIDATES = 8  # places looked at for a block whose first lines occur often


def find_moves(hunks: Sequence[Hunk], a: Sequence[int], b: Sequence[int], *, shortest: int = SHORTEST) -> list[Run]:
    """List blocks of at least `shortest` deleted lines that occur among the inserted ones: (a_start, b_start, length).

    Greedy from the top of a, the longest of the first few places each; every line belongs to one block at most.
    """
    deleted = _Lines([(start, end) for start, end, _, _ in hunks], a, shortest)
    inserted = _Lines([(start, end) for _, _, start, end in hunks], b, shortest)
    deleted.keep(set(inserted.items()))
    inserted.keep(set(deleted.items()))
    starts = {start for _, start in deleted.starts()}
    places: dict[tuple[int, ...], list[int]] = {}
    for j, start in inserted.starts():
        if start in starts:
            places.setdefault(start, []).append(j)
    if not places:
        return []
    end_of = {j: end for start, end in inserted.ranges for j in range(start, end)}
    used: set[int] = set()
    moves: list[Run] = []
    for start, end in deleted.ranges:
        i = start
        while i <= end - shortest:
            best, best_j = 0, 0
            for j in places.get(tuple(a[i : i + shortest]), ())[:_CANDIDATES]:
                size = _length(a[i:end], b[j : end_of[j]], j, used) if j not in used else 0
                if size > best:
                    best, best_j = size, j
            if best < shortest:
                i += 1
                continue
            moves.append((i, best_j, best))
            used.update(range(best_j, best_j + best))
            i += best
    return moves


def _length(a: Sequence[int], b: Sequence[int], j: int, used: set[int]) -> int:
    """Count how many lines from the start of both agree and are not taken."""
    size = 0
    for x, y in zip(a, b, strict=False):
        if x != y or j + size in used:
            break
        size += 1
    return size


class _Lines:
    """The changed lines of one side as ranges."""

    def __init__(self, ranges: list[tuple[int, int]], lines: Sequence[int], shortest: int) -> None:
        self.lines = lines
        self.shortest = shortest
        self.ranges = [(start, end) for start, end in ranges if end - start >= shortest]

    def items(self) -> chain[int]:
        """Go through the numbers of all lines in the ranges."""
        return chain.from_iterable(self.lines[start:end] for start, end in self.ranges)

    def starts(self) -> Iterator[tuple[int, tuple[int, ...]]]:
        """Go through the places where a block may start, with the first lines it would have."""
        for start, end in self.ranges:
            yield from enumerate(zip(*(self.lines[start + s : end] for s in range(self.shortest)), strict=False), start)

    def keep(self, wanted: set[int]) -> None:
        """Reduce the ranges to stretches of wanted lines that are long enough."""
        kept: list[tuple[int, int]] = []
        for start, end in self.ranges:
            first = start
            for index in range(start, end + 1):
                if index == end or self.lines[index] not in wanted:
                    if index - first >= self.shortest:
                        kept.append((first, index))
                    first = index + 1
        self.ranges = kept
