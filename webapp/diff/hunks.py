"""Which ranges changed, and where do they read best: hunks made from equal runs, slid together where they may be."""

from collections.abc import Iterable, Sequence

from webapp.diff.anchors import Run

Hunk = tuple[int, int, int, int]  # a_start, a_end, b_start, b_end; 0-based, half-open

_REACH = 64  # how far apart two hunks may stand to be slid together


def hunks_between(runs: Iterable[Run], *, a_size: int, b_size: int) -> list[Hunk]:
    """List the ranges that lie between equal runs, in order."""
    hunks: list[Hunk] = []
    i = j = 0
    for p, q, size in runs:
        if p > i or q > j:
            hunks.append((i, p, j, q))
        i, j = p + size, q + size
    if i < a_size or j < b_size:
        hunks.append((i, a_size, j, b_size))
    return hunks


def runs_between(hunks: Iterable[Hunk], *, a_size: int) -> Iterable[Run]:
    """List the equal runs that lie between hunks, in order: the inverse of `hunks_between`."""
    i = j = 0
    for a_start, a_end, _, b_end in hunks:
        if a_start > i:
            yield i, j, a_start - i
        i, j = a_end, b_end
    if a_size > i:
        yield i, j, a_size - i


def fill_gaps(runs: Iterable[Run], *, a_size: int, b_size: int) -> Iterable[Run]:
    """Add to runs what lies between them, paired in order as far as both sides have something."""
    i = j = 0
    for p, q, size in [*runs, (a_size, b_size, 0)]:
        in_order = min(p - i, q - j)
        if in_order:
            yield i, j, in_order
        if size:
            yield p, q, size
        i, j = p + size, q + size


def slide(hunks: Sequence[Hunk], a: Sequence[int], b: Sequence[int]) -> list[Hunk]:
    """Join neighbouring hunks where a pure insertion or deletion can be moved, line by equal line, to its neighbour.

    The number of changed lines stays the same; there are fewer, larger hunks.
    """
    slid: list[Hunk] = []
    for hunk in hunks:
        joined = _joined(slid[-1], hunk, a, b) if slid and hunk[0] - slid[-1][1] <= _REACH else None
        if joined:
            slid[-1] = joined
        else:
            slid.append(hunk)
    return slid


def _joined(first: Hunk, second: Hunk, a: Sequence[int], b: Sequence[int]) -> Hunk | None:
    """Move the second hunk up to the first, or the first down to the second; None when neither is possible."""
    gap = second[0] - first[1]
    lines, start, end = (a, second[0], second[1]) if second[2] == second[3] else (b, second[2], second[3])
    is_pure = second[0] == second[1] or second[2] == second[3]
    if is_pure and lines[start - gap : start] == lines[end - gap : end]:
        return first[0], second[1] - gap, first[2], second[3] - gap
    lines, start, end = (a, first[0], first[1]) if first[2] == first[3] else (b, first[2], first[3])
    is_pure = first[0] == first[1] or first[2] == first[3]
    if is_pure and lines[start : start + gap] == lines[end : end + gap]:
        return first[0] + gap, second[1], first[2] + gap, second[3]
    return None
