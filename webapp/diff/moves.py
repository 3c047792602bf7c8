"""Which blocks of lines were not changed but moved?"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import chain

from webapp.diff.anchors import Run
from webapp.diff.hunks import Hunk
from webapp.diff.trim import common_prefix

SHORTEST = 3
_CANDIDATES = 8  # places looked at for a block whose first lines occur often


def find_moves(hunks: Sequence[Hunk], a: Sequence[int], b: Sequence[int], *, shortest: int = SHORTEST) -> list[Run]:
    """List blocks of at least `shortest` deleted lines that occur among the inserted ones: (a_start, b_start, length).

    Greedy from the top of a, the longest of the first few places each; every line belongs to one block at most.
    """
    deleted = _Lines([(start, end) for start, end, _, _ in hunks], a, shortest)
    inserted = _Lines([(start, end) for _, _, start, end in hunks], b, shortest)
    if set(inserted.items()).isdisjoint(deleted.items()):
        return []
    gone = list(deleted.blocks())
    wanted = {block for _, block in gone}
    places: dict[tuple[int, ...], list[int]] = {}
    for j, block in inserted.blocks():
        if block in wanted:
            places.setdefault(block, []).append(j)
    used: set[int] = set()
    moves: list[Run] = []
    free = 0  # the first line of a that no block has
    for i, block in gone:
        if i < free or block not in places:
            continue
        best, best_j = 0, 0
        for j in places[block][:_CANDIDATES]:
            size = common_prefix(a, b, a_range=(i, deleted.end(i)), b_range=(j, inserted.end(j)))
            size = next((s for s in range(size) if j + s in used), size)
            if size > best:
                best, best_j = size, j
        if best >= shortest:
            moves.append((i, best_j, best))
            used.update(range(best_j, best_j + best))
            free = i + best
    return moves


class _Lines:
    """The changed lines of one side, in ranges that are long enough."""

    def __init__(self, ranges: list[tuple[int, int]], lines: Sequence[int], shortest: int) -> None:
        self.lines = lines
        self.shortest = shortest
        self.ranges = [(start, end) for start, end in ranges if end - start >= shortest]
        self.starts = [start for start, _ in self.ranges]

    def items(self) -> chain[int]:
        """Go through all lines in the ranges."""
        return chain.from_iterable(self.lines[start:end] for start, end in self.ranges)

    def blocks(self) -> Iterator[tuple[int, tuple[int, ...]]]:
        """Go through the places where a block may start, each with its first lines."""
        for start, end in self.ranges:
            yield from enumerate(zip(*(self.lines[start + s : end] for s in range(self.shortest)), strict=False), start)

    def end(self, place: int) -> int:
        """Return where the range ends that holds a place."""
        return self.ranges[bisect_right(self.starts, place) - 1][1]
