"""Which items do two sequences have in common, in order: exact longest common subsequences, and a bounded one.

One bit per item of the longer side and one step of big-integer arithmetic per item of the shorter one
(Hyyro's form of the bit-parallel recurrence): a zero bit at position p of row j says that the subsequence of the first
j items grows by one at p.
"""

from collections import defaultdict
from collections.abc import Hashable, Sequence
from itertools import accumulate
from operator import add

from webapp.diff.deadline import Deadline
from webapp.diff.trim import common_prefix

Pairs = list[tuple[int, int]]

ROW_BYTES = 32 << 20  # above this the rows of one exact solution are not kept: halves are solved instead
WINDOW = 4096

_FEW = 8
_BITS_TO_ONES = bytes.maketrans(b"01", b"\x01\x00")


def lcs_exact(x: Sequence[Hashable], y: Sequence[Hashable]) -> Pairs:
    """Return the index pairs of one longest common subsequence; memory is len(x) * len(y) / 8 bytes."""
    if len(x) >= len(y):
        return _backtrack(len(x), _rows(x, y))
    return [(i, j) for j, i in _backtrack(len(y), _rows(y, x))]


def lcs_halved(
    x: Sequence[Hashable], y: Sequence[Hashable], *, deadline: Deadline, row_bytes: int = ROW_BYTES
) -> Pairs:
    """Return a longest common subsequence in bounded memory by halving y (Hirschberg); late parts stay unmatched."""
    found: Pairs = []
    todo = [(0, len(x), 0, len(y))]
    while todo:
        i, i_end, j, j_end = todo.pop()
        if i == i_end or j == j_end:
            continue
        part, other = x[i:i_end], y[j:j_end]
        if j_end - j == 1 or len(part) * len(other) // 8 <= row_bytes:
            found.extend((i + p, j + q) for p, q in lcs_exact(part, other))
            continue
        if deadline.is_over():
            continue
        half = len(other) // 2
        cut = _best_cut(part, other, half)
        todo.append((i, i + cut, j, j + half))
        todo.append((i + cut, i_end, j + half, j_end))
    found.sort()
    return found


def lcs_window(x: Sequence[Hashable], y: Sequence[Hashable], *, deadline: Deadline, window: int = WINDOW) -> Pairs:
    """Return a good common subsequence in time linear in the length: exact inside a window that slides by halves."""
    found: Pairs = []
    i = j = 0
    half = window // 2
    while i < len(x) and j < len(y):
        equal = common_prefix(x, y, a_range=(i, len(x)), b_range=(j, len(y)))
        if equal:
            found.extend(zip(range(i, i + equal), range(j, j + equal), strict=True))
            i, j = i + equal, j + equal
            continue
        if deadline.is_over():
            break
        pairs = lcs_exact(x[i : i + window], y[j : j + window])
        if i + window >= len(x) and j + window >= len(y):
            found.extend((i + p, j + q) for p, q in pairs)
            break
        kept = [(i + p, j + q) for p, q in pairs if p < half and q < half]
        found.extend(kept)
        i, j = (kept[-1][0] + 1, kept[-1][1] + 1) if kept else (i + half, j + half)
    return found


def _bits(x: Sequence[Hashable]) -> dict[Hashable, int]:
    """Map each distinct item to an integer whose bits are the item's positions."""
    positions: defaultdict[Hashable, list[int]] = defaultdict(list)
    for index, item in enumerate(x):
        positions[item].append(index)
    size = (len(x) + 7) // 8
    masks: dict[Hashable, int] = {}
    for item, where in positions.items():
        if len(where) < _FEW:
            mask = 0
            for p in where:
                mask |= 1 << p
        else:
            packed = bytearray(size)
            for p in where:
                packed[p >> 3] |= 1 << (p & 7)
            mask = int.from_bytes(packed, "little")
        masks[item] = mask
    return masks


def _rows(x: Sequence[Hashable], y: Sequence[Hashable]) -> list[int]:
    """Compute one row of the recurrence for every item of y."""
    mask_of = _bits(x).get
    full = (1 << len(x)) - 1
    row = full
    rows: list[int] = []
    for item in y:
        mask = mask_of(item)
        if mask:
            hit = row & mask
            row = ((row + hit) | (row - hit)) & full
        rows.append(row)
    return rows


def _last_row(x: Sequence[Hashable], y: Sequence[Hashable]) -> int:
    """Compute the last row of the recurrence alone."""
    mask_of = _bits(x).get
    full = (1 << len(x)) - 1
    row = full
    for item in y:
        mask = mask_of(item)
        if mask:
            hit = row & mask
            row = ((row + hit) | (row - hit)) & full
    return row


def _backtrack(width: int, rows: list[int]) -> Pairs:
    """Walk the rows backwards from the corner and collect the pairs where the subsequence grew."""
    pairs: Pairs = []
    i, j = width, len(rows)
    while i and j:
        i = (~rows[j - 1] & ((1 << i) - 1)).bit_length()
        if not i:
            break
        j -= 1
        while j and not (rows[j - 1] >> (i - 1)) & 1:
            j -= 1
        i -= 1
        pairs.append((i, j))
    pairs.reverse()
    return pairs


def _best_cut(x: Sequence[Hashable], y: Sequence[Hashable], half: int) -> int:
    """Find where to cut x when y is cut at its half so that the two parts together lose nothing."""
    size = len(x)
    front = _lengths(_last_row(x, y[:half]), size)
    back = _lengths(_last_row(x[::-1], y[half:][::-1]), size)
    totals = list(map(add, front, reversed(back)))
    return totals.index(max(totals))


def _lengths(row: int, size: int) -> list[int]:
    """Turn a row into the subsequence's length for every prefix of x: 0 .. size."""
    ones = f"{row:0{size}b}".encode()[::-1].translate(_BITS_TO_ONES)
    return list(accumulate(ones, initial=0))
