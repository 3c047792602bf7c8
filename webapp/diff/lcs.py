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

Run = tuple[int, int, int]  # start in x, start in y, length

ROW_BYTES = 32 << 20  # above this the rows of one exact solution are not kept: halves are solved instead
WINDOW = 4096

_FEW = 8
_NARROW = 512  # items whose bits are set one by one: shifting so short a number costs less than a list
_BITS_TO_ONES = bytes.maketrans(b"01", b"\x01\x00")


def lcs_exact(x: Sequence[Hashable], y: Sequence[Hashable]) -> list[Run]:
    """Return the runs of one longest common subsequence; memory is len(x) * len(y) / 8 bytes."""
    if len(x) >= len(y):
        return _backtrack(x, y, _rows(x, y))
    return [(i, j, size) for j, i, size in _backtrack(y, x, _rows(y, x))]


def lcs_halved(
    x: Sequence[Hashable], y: Sequence[Hashable], *, deadline: Deadline, row_bytes: int = ROW_BYTES
) -> list[Run]:
    """Return a longest common subsequence in bounded memory by halving y (Hirschberg); late parts stay unmatched."""
    found: list[Run] = []
    todo = [(0, len(x), 0, len(y))]
    while todo:
        i, i_end, j, j_end = todo.pop()
        if i == i_end or j == j_end:
            continue
        part, other = x[i:i_end], y[j:j_end]
        if j_end - j == 1 or len(part) * len(other) // 8 <= row_bytes:
            found.extend((i + p, j + q, size) for p, q, size in lcs_exact(part, other))
            continue
        if deadline.is_over():
            continue
        half = len(other) // 2
        cut = _best_cut(part, other, half)
        todo.append((i, i + cut, j, j + half))
        todo.append((i + cut, i_end, j + half, j_end))
    found.sort()
    return found


def lcs_window(x: Sequence[Hashable], y: Sequence[Hashable], *, deadline: Deadline, window: int = WINDOW) -> list[Run]:
    """Return a good common subsequence in time linear in the length: exact inside a window that slides by halves."""
    found: list[Run] = []
    i = j = 0
    half = window // 2
    while i < len(x) and j < len(y):
        equal = common_prefix(x, y, a_range=(i, len(x)), b_range=(j, len(y)))
        if equal:
            found.append((i, j, equal))
            i, j = i + equal, j + equal
            continue
        if deadline.is_over():
            break
        runs = lcs_exact(x[i : i + window], y[j : j + window])
        if i + window >= len(x) and j + window >= len(y):
            found.extend((i + p, j + q, size) for p, q, size in runs)
            break
        kept = [(i + p, j + q, min(size, half - p, half - q)) for p, q, size in runs if p < half and q < half]
        found.extend(kept)
        i, j = (kept[-1][0] + kept[-1][2], kept[-1][1] + kept[-1][2]) if kept else (i + half, j + half)
    return found


def _bits(x: Sequence[Hashable]) -> dict[Hashable, int]:
    """Map each distinct item to an integer whose bits are the item's positions."""
    if len(x) <= _NARROW:
        return _narrow_bits(x)
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


def _narrow_bits(x: Sequence[Hashable]) -> dict[Hashable, int]:
    """Do the same for a few items."""
    masks: dict[Hashable, int] = {}
    known = masks.get
    bit = 1
    for item in x:
        masks[item] = known(item, 0) | bit
        bit <<= 1
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


def _backtrack(x: Sequence[Hashable], y: Sequence[Hashable], rows: list[int]) -> list[Run]:
    """Walk back from the corner: over equal items as they stand, else by the rows to where the subsequence grew."""
    runs: list[Run] = []
    i, j = len(x), len(y)
    while i and j:
        i_end = i
        while i and j and x[i - 1] == y[j - 1]:
            i -= 1
            j -= 1
        if i < i_end:
            runs.append((i, j, i_end - i))
        elif (rows[j - 1] >> (i - 1)) & 1:
            i = (~rows[j - 1] & ((1 << i) - 1)).bit_length()
        else:
            j -= 1
    runs.reverse()
    return runs


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
