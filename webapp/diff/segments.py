"""How are hundreds of thousands of segments of a page kept: in columns of numbers, which also a file can hold."""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, get_args

SegmentKind = Literal["pair", "ignored", "replace", "delete", "insert", "away", "here", "only_a", "only_b", "fold"]
Segment = tuple[SegmentKind, int, int, int]
"""What, first line of a, first line of b, lines. A line that stands on one side alone has its partner, or -1, as the
other; lines that a rule leaves out (`only_a`, `only_b`) have the place where they would stand."""

KINDS: tuple[SegmentKind, ...] = get_args(SegmentKind)
_CODES = {kind: code for code, kind in enumerate(KINDS)}


class Segments(Sequence[Segment]):
    """Segments in order.

    Args:
        kinds: For each the place of its kind in `KINDS`.
        numbers: For each its first line of a, its first line of b, and its lines.
    """

    def __init__(self, kinds: bytearray | None = None, numbers: "array[int] | None" = None) -> None:
        self.kinds = bytearray() if kinds is None else kinds
        self.numbers = array("i") if numbers is None else numbers

    def append(self, segment: Segment) -> None:
        """Add one at the end."""
        self.kinds.append(_CODES[segment[0]])
        self.numbers.extend(segment[1:])

    def extend(self, segments: Iterable[Segment]) -> None:
        """Add several at the end."""
        for segment in segments:
            self.append(segment)

    def __len__(self) -> int:
        return len(self.kinds)

    def __getitem__(self, place: int) -> Segment:  # type: ignore[override]  # ranges come from `between`
        kind = KINDS[self.kinds[place]]
        a, b, size = self.numbers[3 * place : 3 * place + 3]
        return kind, a, b, size

    def between(self, start: int, stop: int) -> Iterator[Segment]:
        """Yield a range of them."""
        return map(self.__getitem__, range(start, stop))

    def kinds_between(self, start: int, stop: int) -> set[SegmentKind]:
        """Say which kinds occur in a range."""
        return {KINDS[code] for code in set(self.kinds[start:stop])}
