"""How is a comparison of two texts kept, so that a reload, a range of rows or a patch never compare again?"""

from array import array
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import overload

import msgspec

from webapp.compare.columns import read_columns, read_note, write_columns
from webapp.diff.hunks import Hunk
from webapp.diff.layout import Layout
from webapp.diff.lines import Ignored, LineDiff, verdict
from webapp.diff.noise import Level
from webapp.diff.pairing import Alignment, Part, PartKind
from webapp.diff.segments import Segments

_PARTS: tuple[PartKind, ...] = ("replace", "delete", "insert", "away", "here")
_CODES = {kind: code for code, kind in enumerate(_PARTS)}


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """What a comparison came to.

    Args:
        verdict: one sentence.
        is_partial: the time was over before its end.
        level: what counted as the same line.
        lines_a: the lines of A.
        lines_b: the lines of B.
        deleted: lines of A that are changed or gone.
        inserted: lines of B that are changed or new.
        hunks: the places where something changed.
        moved: blocks of lines that only moved.
        ignored: rows that the level hides.
        ignored_by: of those, by the name of the mask or rule that hid the difference; a row may count for several.
        ignored_unnamed: of those, rows that were not asked what hid them.
    """

    verdict: str
    is_partial: bool
    level: Level
    lines_a: int
    lines_b: int
    deleted: int
    inserted: int
    hunks: int
    moved: int
    ignored: int
    ignored_by: dict[str, int]
    ignored_unnamed: int


class Hunks(Sequence[Hunk]):
    """Hunks in one column of numbers."""

    def __init__(self, numbers: "array[int]") -> None:
        self._numbers = numbers

    def __len__(self) -> int:
        return len(self._numbers) // 4

    @overload
    def __getitem__(self, place: int) -> Hunk: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Hunk]: ...
    def __getitem__(self, place: int | slice) -> Hunk | Sequence[Hunk]:
        if isinstance(place, slice):
            start, stop, _ = place.indices(len(self))
            return Hunks(self._numbers[4 * start : 4 * stop])
        if not 0 <= place < len(self):
            raise IndexError(place)
        a, a_end, b, b_end = self._numbers[4 * place : 4 * place + 4]
        return a, a_end, b, b_end

    def __iter__(self) -> Iterator[Hunk]:
        numbers = iter(self._numbers)
        return zip(numbers, numbers, numbers, numbers, strict=True)


def save_diff(path: Path, diff: LineDiff, alignment: Alignment) -> None:
    """Keep a comparison and how its lines are paired."""
    parts = list(chain.from_iterable(alignment.parts))
    columns = {
        "hunks": _column(diff.hunks),
        "moves": _column(diff.moves),
        "ignored": _column(diff.ignored.runs),
        "left_out": _column(diff.ignored.left_out),
        "part_counts": array("i", map(len, alignment.parts)),
        "part_kinds": array("b", (_CODES[kind] for kind, _, _, _ in parts)),
        "part_numbers": _column(numbers for _, *numbers in parts),
    }
    write_columns(path, columns, note=_summary(diff))


def _column(rows: object) -> "array[int]":
    return array("i", chain.from_iterable(rows))  # type: ignore[arg-type]  # rows of numbers


def _summary(diff: LineDiff) -> Summary:
    return Summary(
        verdict=verdict(diff),
        is_partial=diff.partial,
        level=diff.level,
        lines_a=diff.a_size,
        lines_b=diff.b_size,
        deleted=diff.deleted,
        inserted=diff.inserted,
        hunks=len(diff.hunks),
        moved=len(diff.moves),
        ignored=diff.ignored.rows,
        ignored_by=diff.ignored.by_mask,
        ignored_unnamed=diff.ignored.unnamed,
    )


def load_summary(path: Path) -> Summary:
    """Read what a comparison came to."""
    return msgspec.json.decode(read_note(path), type=Summary)


def load_hunks(path: Path) -> Hunks:
    """Read the hunks of a comparison."""
    return Hunks(read_columns(path)[0]["hunks"])


def load_diff(path: Path) -> tuple[LineDiff, Alignment]:
    """Read a comparison and how its lines are paired."""
    columns, note = read_columns(path)
    known = msgspec.json.decode(note, type=Summary)
    ignored = Ignored(
        runs=list(_threes(columns["ignored"])),
        left_out=list(Hunks(columns["left_out"])),
        by_mask=known.ignored_by,
        unnamed=known.ignored_unnamed,
    )
    diff = LineDiff(
        hunks=list(Hunks(columns["hunks"])),
        partial=known.is_partial,
        a_size=known.lines_a,
        b_size=known.lines_b,
        level=known.level,
        moves=list(_threes(columns["moves"])),
        ignored=ignored,
    )
    parts: Iterator[Part] = (
        (_PARTS[code], *numbers)
        for code, numbers in zip(columns["part_kinds"], _threes(columns["part_numbers"]), strict=True)
    )
    counted = [tuple(next(parts) for _ in range(count)) for count in columns["part_counts"]]
    return diff, Alignment(parts=counted, partial=known.is_partial)


def _threes(numbers: "array[int]") -> Iterator[tuple[int, int, int]]:
    each = iter(numbers)
    return zip(each, each, each, strict=True)


def save_layout(path: Path, layout: Layout) -> None:
    """Keep the rows of a page."""
    columns: dict[str, array[int] | bytearray] = {
        "kinds": layout.segments.kinds,
        "numbers": layout.segments.numbers,
        "starts": layout.starts,
        "hidden_kinds": layout.hidden.kinds,
        "hidden_numbers": layout.hidden.numbers,
        "folds": layout.folds,
        "hidden_starts": layout.hidden_starts,
        "hunks": layout.hunks,
        "sizes": layout.sizes,
    }
    write_columns(path, columns, note=None)


def load_layout(path: Path) -> Layout:
    """Read the rows of a page."""
    columns, _ = read_columns(path)
    return Layout(
        segments=Segments(bytearray(columns["kinds"]), columns["numbers"]),
        starts=columns["starts"],
        hidden=Segments(bytearray(columns["hidden_kinds"]), columns["hidden_numbers"]),
        folds=columns["folds"],
        hidden_starts=columns["hidden_starts"],
        hunks=columns["hunks"],
        sizes=columns["sizes"],
    )
