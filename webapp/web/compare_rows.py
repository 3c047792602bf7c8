"""How does a row of a difference look: numbers, marks, and the words that changed?"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from webapp.compare.linefile import FileLines
from webapp.diff.fold import Row, RowKind
from webapp.diff.noise import Level
from webapp.diff.words import Span, changed_words
from webapp.domain.logdisplay import plain_line

SHOWN = 2_000
# A character takes at most four bytes.
READ = 4 * SHOWN
NO_NEWLINE = " [no line end]"


class Piece(NamedTuple):
    """A part of a line; `is_changed` marks the words that the other side doesn't have."""

    text: str
    is_changed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One side of a row: the line's number and pieces; the bytes of the line where not all of it is shown, else 0."""

    number: int
    pieces: Sequence[Piece]
    size: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """What is shown of a line."""

    number: int
    text: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRow:
    """A row of the page; `row` is its number, `hunk` the change (from 1) that begins with it."""

    row: int
    kind: RowKind
    a: Cell | None
    b: Cell | None
    hidden: int
    hunk: int | None
    partner: int | None


class RowWriter:
    """Shows rows of a difference; of a line no more is read than is shown.

    Args:
        lines: the lines of A and B.
        firsts: the numbers before the first lines, where only ranges of the texts are compared.
        level: what counts as the same line; the words that it ignores are not marked.
        is_log: they are lines of logs, not of JSON.
    """

    def __init__(
        self, lines: tuple[FileLines, FileLines], firsts: tuple[int, int], *, level: Level, is_log: bool
    ) -> None:
        self._lines = lines
        self._firsts = firsts
        self._level = level
        self._is_log = is_log

    def write(self, rows: Sequence[Row], *, first: int) -> Iterator[ShownRow]:
        """Yield rows as they are shown; `first` is the number of the first one."""
        for number, row in enumerate(rows, start=first):
            a, b = self._line(0, row.a), self._line(1, row.b)
            spans_a, spans_b = self._spans(row, a, b)
            yield ShownRow(
                row=number,
                kind=row.kind,
                a=_cell(a, spans_a),
                b=_cell(b, spans_b),
                hidden=row.hidden,
                hunk=None if row.hunk is None else row.hunk + 1,
                partner=None if row.partner is None else row.partner + self._firsts[row.a is not None],
            )

    def _spans(self, row: Row, a: _Line | None, b: _Line | None) -> tuple[Sequence[Span], Sequence[Span]]:
        """Return which words changed: against the line beside, or in the unified view against the line it replaces."""
        if row.kind == "delete" and row.partner:
            b = self._line(1, row.partner)
        elif row.kind == "insert" and row.partner:
            a = self._line(0, row.partner)
        elif row.kind != "replace":
            return (), ()
        return changed_words(a.text, b.text, level=self._level) if a is not None and b is not None else ((), ())

    def _line(self, side: int, number: int | None) -> _Line | None:
        """Read what is shown of a line, by its number from 1."""
        lines = self._lines[side]
        if number is None or number > len(lines):
            return None
        raw, size = lines.head(number - 1, READ)
        body = raw.removesuffix(b"\n")
        text = plain_line(body) if self._is_log else body.decode("utf-8", "replace")
        is_cut = size > len(raw) or len(text) > SHOWN
        ends = size > len(raw) or raw.endswith(b"\n")
        return _Line(
            number=number + self._firsts[side],
            text=text[:SHOWN] if is_cut else text if ends else text + NO_NEWLINE,
            size=size if is_cut else 0,
        )


def _cell(line: _Line | None, spans: Sequence[Span]) -> Cell | None:
    if line is None:
        return None
    pieces: list[Piece] = []
    place = 0
    for start, end in spans:
        if start > place:
            pieces.append(Piece(text=line.text[place:start], is_changed=False))
        pieces.append(Piece(text=line.text[start:end], is_changed=True))
        place = end
    if place < len(line.text) or not pieces:
        pieces.append(Piece(text=line.text[place:], is_changed=False))
    return Cell(number=line.number, pieces=pieces, size=line.size)
