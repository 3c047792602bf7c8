"""Which blocks of lines were not changed but moved?"""

from collections.abc import Iterable, Sequence
from itertools import compress

from webapp.diff.anchors import Run
from webapp.diff.hunks import Hunk
from webapp.diff.trim import common_prefix

SHORTEST = 3
_CANDIDATES = 8  # places looked at for a block whose first lines occur often


def find_moves(hunks: Sequence[Hunk], a: Sequence[int], b: Sequence[int], *, shortest: int = SHORTEST) -> list[Run]:
    """List blocks of at least `shortest` deleted lines that occur among the inserted ones: (a_start, b_start, length).

    Greedy from the top of a, the longest of the first few places each; every line belongs to one block at most.

    Args:
        hunks: The changes.
        a: One number from 0 per line; equal numbers mean equal lines.
        b: The same for the other side.
        shortest: Lines of the shortest block.
    """
    deleted = _Lines([(start, end) for start, end, _, _ in hunks], a, shortest, mark=-1)
    inserted = _Lines([(start, end) for _, _, start, end in hunks], b, shortest, mark=-2)
    shared = set(deleted.blocks).intersection(inserted.blocks)
    if not shared:
        return []
    targets: dict[int, list[int]] = {}
    for q in inserted.where(shared):
        targets.setdefault(inserted.blocks[q], []).append(q)
    used = bytearray(len(inserted.lines))
    moves: list[Run] = []
    free = 0  # the first deleted line that no block has
    for p in deleted.where(shared):
        if p < free:
            continue
        best, best_q = 0, 0
        for q in targets[deleted.blocks[p]][:_CANDIDATES]:
            if used[q]:
                continue
            size = common_prefix(
                deleted.lines, inserted.lines, a_range=(p, len(deleted.lines)), b_range=(q, len(inserted.lines))
            )
            taken = used.find(1, q, q + size)
            size = size if taken < 0 else taken - q
            if size > best:
                best, best_q = size, q
        if best >= shortest:
            moves.append((deleted.places[p], inserted.places[best_q], best))
            used[best_q : best_q + best] = b"\1" * best
            free = p + best
    return moves


class _Lines:
    """The changed lines of one side in one sequence, with a mark behind every range that the other side never has."""

    def __init__(self, ranges: Iterable[tuple[int, int]], lines: Sequence[int], shortest: int, *, mark: int) -> None:
        self.lines: list[int] = []
        self.places: list[int] = []
        for start, end in ranges:
            if end - start >= shortest:
                self.lines += lines[start:end]
                self.lines.append(mark)
                self.places += range(start, end + 1)
        # Their hashes: tuples kept by the hundred thousand are garbage to look for, and hits are compared anyway.
        self.blocks = list(map(hash, zip(*(self.lines[step:] for step in range(shortest)), strict=False)))

    def where(self, blocks: set[int]) -> Iterable[int]:
        """Go through the places at which one of these blocks starts."""
        return compress(range(len(self.blocks)), map(blocks.__contains__, self.blocks))
