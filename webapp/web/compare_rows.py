"""How does a row of a difference look: numbers, marks, and the words that changed?"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from webapp.compare.texts import ComparedTexts
from webapp.diff.fold import Row
from webapp.diff.words import Span, changed_words
from webapp.domain.ansi import PLAIN
from webapp.domain.logdisplay import plain_text, show_line
from webapp.domain.loglines import LINE_END, LogLine

SHOWN = 2_000
NO_NEWLINE = " [no line end]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A part of a line; `is_changed` marks the words that the other side doesn't have."""

    text: str
    is_changed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One side of a row: the line's number and pieces; None where the side has no line here."""

    number: int
    pieces: Sequence[Piece]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRow:
    """A row of the page; `row` is its number, `hunk` the change (from 1) that begins with it."""

    row: int
    kind: str
    a: Cell | None
    b: Cell | None
    hidden: int
    hunk: int | None
    partner: int | None


def show_rows(compared: ComparedTexts, rows: Sequence[Row], *, first: int, is_log: bool) -> Iterator[ShownRow]:
    """Yield rows as they are shown; `first` is the number of the first one."""
    for number, row in enumerate(rows, start=first):
        text_a = _text(compared.a, row.a, is_log=is_log)
        text_b = _text(compared.b, row.b, is_log=is_log)
        spans_a, spans_b = _spans(compared, row, text_a, text_b, is_log=is_log)
        yield ShownRow(
            row=number,
            kind=row.kind,
            a=_cell(row.a, text_a, spans_a),
            b=_cell(row.b, text_b, spans_b),
            hidden=row.hidden,
            hunk=None if row.hunk is None else row.hunk + 1,
            partner=row.partner,
        )


def _spans(
    compared: ComparedTexts, row: Row, text_a: str | None, text_b: str | None, *, is_log: bool
) -> tuple[Sequence[Span], Sequence[Span]]:
    """Return which words changed: against the line beside, or in the unified view against the line it replaces."""
    if row.kind == "delete" and row.partner:
        text_b = _text(compared.b, row.partner, is_log=is_log)
    elif row.kind == "insert" and row.partner:
        text_a = _text(compared.a, row.partner, is_log=is_log)
    elif row.kind != "replace":
        return (), ()
    return changed_words(text_a, text_b) if text_a is not None and text_b is not None else ((), ())


def _text(lines: Sequence[bytes], number: int | None, *, is_log: bool) -> str | None:
    if number is None or number > len(lines):
        return None
    raw = lines[number - 1]
    body = raw.removesuffix(b"\n")
    if is_log:
        text = plain_text(show_line(LogLine(head=body[: 2 * LINE_END], size=len(body)), PLAIN)[0])
    else:
        text = body.decode("utf-8", "replace")
        if len(text) > SHOWN:
            text = f"{text[:SHOWN]} … [{len(text) - SHOWN:,} more characters]"
    return text if raw.endswith(b"\n") else text + NO_NEWLINE


def _cell(number: int | None, text: str | None, spans: Sequence[Span]) -> Cell | None:
    if number is None or text is None:
        return None
    pieces: list[Piece] = []
    place = 0
    for start, end in spans:
        if start > place:
            pieces.append(Piece(text=text[place:start], is_changed=False))
        pieces.append(Piece(text=text[start:end], is_changed=True))
        place = end
    if place < len(text) or not pieces:
        pieces.append(Piece(text=text[place:], is_changed=False))
    return Cell(number=number, pieces=pieces)
