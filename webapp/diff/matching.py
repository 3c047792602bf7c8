"""Which stretches of two sequences of numbers are the same: the engine behind every comparison of lines.

Region by region: agree from both ends, solve small regions exactly, split large ones at anchors, solve what has no
anchors exactly when that is predicted to be cheap and inside a sliding window when it is not. The result is always a
valid common subsequence; small inputs get a longest one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress

from webapp.diff.anchors import SHINGLE, Region, Run, find_anchors
from webapp.diff.deadline import Deadline
from webapp.diff.lcs import ROW_BYTES, WINDOW, lcs_exact, lcs_halved, lcs_window
from webapp.diff.trim import common_prefix, common_suffix

_WORD_S = 5e-9  # seconds for one 64-bit word of the recurrence
_ROW_S = 5e-7  # seconds for one row whatever its width
_AFFORDABLE_S = 0.25
_NEARLY_ALL = 0.97  # leaving out less than the rest is not worth a copy
_SAMPLED = 20_000
_HUGE = 200_000  # lines from which looking for unique ones is not tried where a sample has few
_SMALL_CELLS = 40_000  # up to here looking for what both sides share costs more than it spares


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """The thresholds of the engine; tests set small ones to reach every path with small inputs."""

    exact_cells: int = 4_000_000  # a region of at most so many pairs is solved exactly at once
    row_bytes: int = ROW_BYTES
    window: int = WINDOW
    affordable_s: float = _AFFORDABLE_S


DEFAULT = Tuning()


def match_ids(a: list[int], b: list[int], *, deadline: Deadline, tuning: Tuning = DEFAULT) -> list[Run]:
    """Return the equal runs (start in a, start in b, length), increasing on both sides.

    Args:
        a: One number per line; equal numbers mean equal lines.
        b: The same for the other side.
        deadline: Regions that are still open when it is over stay unmatched.
        tuning: Thresholds.
    """
    return _Search(a, b, deadline, tuning).run()


def _shared(x: list[int], y: list[int]) -> tuple[Sequence[int], Sequence[int]]:
    """List the positions in x and in y of the items that occur on both sides; all where nearly all do."""
    in_x, in_y = set(x), set(y)
    return _places(x, in_x, in_y), _places(y, in_y, in_x)


def _places(items: list[int], kinds: set[int], others: set[int]) -> Sequence[int]:
    """List the positions of the items that the other side has, given the kinds of items on both sides."""
    sample = _sample(items)
    if kinds <= others or sum(map(others.__contains__, sample)) >= len(sample) * _NEARLY_ALL:
        return range(len(items))
    return list(compress(range(len(items)), map(others.__contains__, items)))


def _at(items: list[int], places: Sequence[int]) -> list[int]:
    """Take the items at some places; they are not copied when those are all."""
    return items if isinstance(places, range) else list(map(items.__getitem__, places))


def _sample(items: list[int]) -> list[int]:
    """Take items from all over a sequence."""
    return items[:: len(items) // _SAMPLED + 1]


def _covered(anchors: list[Run]) -> int:
    """Count the items in anchors."""
    return sum(size for _, _, size in anchors)


class _Search:
    """One matching in progress: the regions still open and the runs found so far."""

    def __init__(
        self, x: list[int], y: list[int], deadline: Deadline, tuning: Tuning, *, is_reduced: bool = False
    ) -> None:
        self.x = x
        self.y = y
        self.deadline = deadline
        self.tuning = tuning
        self.is_reduced = is_reduced  # every item occurs on both sides
        self.found: list[Run] = []
        self.open: list[tuple[Region, bool]] = [((0, len(x), 0, len(y)), True)]

    def run(self) -> list[Run]:
        """Solve region after region until none is open."""
        while self.open:
            region, may_split = self.open.pop()
            region = self._trimmed(region)
            i, i_end, j, j_end = region
            cells = (i_end - i) * (j_end - j)
            if not cells or self.deadline.is_over():
                continue
            if cells > self.tuning.exact_cells and may_split and self._split(region):
                continue
            self._reduce(region, may_split=may_split)
        self.found.sort()
        return self.found

    def _trimmed(self, region: Region) -> Region:
        """Take the equal items off both ends of a region."""
        i, i_end, j, j_end = region
        front = common_prefix(self.x, self.y, a_range=(i, i_end), b_range=(j, j_end))
        if front:
            self.found.append((i, j, front))
            i, j = i + front, j + front
        back = common_suffix(self.x, self.y, a_range=(i, i_end), b_range=(j, j_end))
        if back:
            i_end, j_end = i_end - back, j_end - back
            self.found.append((i_end, j_end, back))
        return i, i_end, j, j_end

    def _split(self, region: Region) -> bool:
        """Cut a region at its anchors; False when it has none worth trusting."""
        i, i_end, j, j_end = region
        cells = (i_end - i) * (j_end - j)
        anchors = self._anchors(region)
        if not anchors:
            return False
        pieces: list[Region] = []
        for p, q, size in anchors:
            late = max(i - p, j - q, 0)  # a grown run may reach into the one before it
            if size <= late:
                continue
            p, q = p + late, q + late
            self.found.append((p, q, size - late))
            if p > i and q > j:
                pieces.append((i, p, j, q))
            i, j = p + size - late, q + size - late
        if i < i_end and j < j_end:
            pieces.append((i, i_end, j, j_end))
        for piece in pieces:
            left = (piece[1] - piece[0]) * (piece[3] - piece[2])
            self.open.append((piece, left * 2 < cells))
        return True

    def _anchors(self, region: Region) -> list[Run]:
        """Find single unique lines, or unique shingles where those cover too little to be believed."""
        smaller = min(region[1] - region[0], region[3] - region[2])
        shingles: list[Run] = []
        if self.is_reduced:
            shingles, _ = find_anchors(self.x, self.y, region, deadline=self.deadline, size=SHINGLE)
            if _covered(shingles) * 4 >= smaller:
                return shingles
        elif self._is_repetitive(region):
            return []  # to be looked at again by shingles
        single, uniques = find_anchors(self.x, self.y, region, deadline=self.deadline)
        covered = _covered(single)
        if covered * 4 >= smaller or uniques * 2 >= smaller:
            return single
        if _covered(shingles) > covered:
            return shingles
        # without shingles, look again without the lines of one side alone; isolated coincidences are not worth a cut
        return single if self.is_reduced and covered * 50 >= smaller else []

    def _is_repetitive(self, region: Region) -> bool:
        """Say whether most lines of a huge region are like others, so that few can be unique."""
        if min(region[1] - region[0], region[3] - region[2]) < _HUGE:
            return False
        sample = _sample(self.x[region[0] : region[1]])
        return len(set(sample)) * 2 < len(sample)

    def _reduce(self, region: Region, *, may_split: bool) -> None:
        """Solve a region, a large one without the items that occur on one side of it alone."""
        i, i_end, j, j_end = region
        xs, ys = self.x[i:i_end], self.y[j:j_end]
        if len(xs) * len(ys) <= _SMALL_CELLS:
            self.found.extend([(p + i, q + j, size) for p, q, size in lcs_exact(xs, ys)])
            return
        at_x, at_y = _shared(xs, ys)
        if not at_x:
            return
        xs, ys = _at(xs, at_x), _at(ys, at_y)
        if self.is_reduced or not may_split or len(xs) * len(ys) <= self.tuning.exact_cells:
            runs = self._solved(xs, ys)
        else:
            runs = _Search(xs, ys, self.deadline, self.tuning, is_reduced=True).run()
        for p, q, size in runs:
            if at_x[p + size - 1] - at_x[p] == size - 1 and at_y[q + size - 1] - at_y[q] == size - 1:
                self.found.append((at_x[p] + i, at_y[q] + j, size))
            else:
                self.found.extend((at_x[p + s] + i, at_y[q + s] + j, 1) for s in range(size))

    def _solved(self, xs: list[int], ys: list[int]) -> list[Run]:
        """Choose between the exact solution and the window by the predicted cost."""
        cells = len(xs) * len(ys)
        twice = 2.2 if cells // 8 > self.tuning.row_bytes else 1.2
        cost_s = cells / 64 * _WORD_S * twice + (len(xs) + len(ys)) * _ROW_S
        cheap = cost_s <= self.tuning.affordable_s and cost_s < self.deadline.left_s() / 4
        if cheap or cells <= self.tuning.exact_cells:
            return lcs_halved(xs, ys, deadline=self.deadline, row_bytes=self.tuning.row_bytes)
        return lcs_window(xs, ys, deadline=self.deadline, window=self.tuning.window)
