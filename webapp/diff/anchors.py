"""Which stretches of two long sequences surely belong together: chained anchors around what is unique in both."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Container
from itertools import compress, islice
from operator import ne

from webapp.diff.deadline import Deadline
from webapp.diff.trim import common_prefix, common_suffix

Run = tuple[int, int, int]  # start in a, start in b, length
Region = tuple[int, int, int, int]  # a_start, a_end, b_start, b_end

SHINGLE = 8
SAMPLE = 4  # on one side every few shingles are enough: a stretch a little longer has one of them

_LARGE = 400_000  # items beyond which half as many shingles are taken
_LOOK = 4096  # runs between two looks at the clock


def find_anchors(
    a: list[int], b: list[int], region: Region, *, deadline: Deadline, size: int = 1
) -> tuple[list[Run], int]:
    """Chain the equal stretches around the items (or shingles of `size` items) that occur once on each side.

    Returns the chain and how many such items there are.

    A line that is unique by coincidence has neighbours that differ, a real common stretch does not: each anchor is
    grown as far as both sides agree, and the chain of the largest sum of squared lengths wins.
    """
    a_start, a_end, b_start, b_end = region
    x, y = a[a_start:a_end], b[b_start:b_end]
    step = 1
    if size > 1:
        step = SAMPLE if len(x) < _LARGE else 2 * SAMPLE
        x, y = _shingles(x, size=size, step=step), _shingles(y, size=size, step=1)
    once = _once(x)
    places = list(compress(range(len(y)), map(once.__contains__, y)))
    found = list(map(y.__getitem__, places))
    del y
    place = dict(zip(found, places, strict=True))
    if len(place) < len(found):
        for item in set(compress(found, map(ne, map(place.__getitem__, found), places))):
            del place[item]
    if not place:
        return [], 0
    is_unique = bytes(map(place.__contains__, x))
    del once, places, found  # what is alive is walked through by each collection of garbage
    runs: list[Run] = []
    p = -1
    while (p := is_unique.find(1, p + 1)) >= 0:
        if not len(runs) % _LOOK and deadline.is_over():
            break
        i, j = p * step + a_start, place[x[p]] + b_start
        if size > 1 and a[i : i + size] != b[j : j + size]:
            continue  # equal hashes of unequal shingles
        i_end, j_end = i + size, j + size
        if not (i_end < a_end and j_end < b_end and a[i_end] == b[j_end]) and not (
            i > a_start and j > b_start and a[i - 1] == b[j - 1]
        ):
            runs.append((i, j, size))
            continue
        run = _grown(a, b, region, (i, j, size))
        runs.append(run)
        # what is unique inside the run belongs to it; only an item that reaches over its end can say something new
        p = max(p, (run[0] + run[2] - a_start - size) // step)
    runs.sort()
    return _heaviest_chain(runs) if runs else [], is_unique.count(1)


def _shingles(items: list[int], *, size: int, step: int) -> list[int]:
    """Return the hash of every stretch of `size` items, or of every few: one side needs no more to be found."""
    return list(map(hash, zip(*(islice(items, start, None, step) for start in range(size)), strict=False)))


def _once(items: list[int]) -> Container[int]:
    """Return the items that occur once; no copy is made where all do."""
    times = Counter(items)
    return times if len(times) == len(items) else set(compress(times, map((1).__eq__, times.values())))


def _grown(a: list[int], b: list[int], region: Region, run: Run) -> Run:
    """Extend a run over its equal neighbours on both sides."""
    a_start, a_end, b_start, b_end = region
    i, j, size = run
    i_end, j_end = i + size, j + size
    if i_end < a_end and j_end < b_end and a[i_end] == b[j_end]:
        more = common_prefix(a, b, a_range=(i_end, a_end), b_range=(j_end, b_end))
        i_end, j_end = i_end + more, j_end + more
    if i > a_start and j > b_start and a[i - 1] == b[j - 1]:
        more = common_suffix(a, b, a_range=(a_start, i), b_range=(b_start, j))
        i, j = i - more, j - more
    return i, j, i_end - i


def _heaviest_chain(runs: list[Run]) -> list[Run]:
    """Pick runs with increasing starts on both sides whose squared lengths sum up highest.

    The front keeps, ordered by start in b, the best total of any chain that ends there.
    """
    starts: list[int] = []
    totals: list[int] = []
    ends: list[int] = []
    before = [-1] * len(runs)
    for index, (_, start, length) in enumerate(runs):
        p = bisect_left(starts, start)
        total = length * length + (totals[p - 1] if p else 0)
        before[index] = ends[p - 1] if p else -1
        if p < len(starts) and starts[p] == start and totals[p] >= total:
            continue
        q = p
        while q < len(starts) and totals[q] <= total:
            q += 1
        if q == p + 1:
            starts[p], totals[p], ends[p] = start, total, index
        else:
            starts[p:q] = [start]
            totals[p:q] = [total]
            ends[p:q] = [index]
    chain: list[Run] = []
    index = ends[-1]
    while index >= 0:
        chain.append(runs[index])
        index = before[index]
    chain.reverse()
    return chain
