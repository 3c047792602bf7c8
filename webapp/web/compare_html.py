"""How are rows of a difference written as HTML? Hundreds a page, so without a template, which takes twice as long."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from html import escape
from typing import Literal

from markupsafe import Markup

from webapp.diff.fold import RowKind
from webapp.diff.layout import View
from webapp.web.compare_rows import Cell, ShownRow

Letter = Literal["A", "B"]

SIGNS: dict[RowKind, tuple[str, str]] = {
    "replace": ("−", "+"),  # noqa: RUF001  (the sign of subtraction is meant)
    "delete": ("−", ""),  # noqa: RUF001  (same)
    "insert": ("", "+"),
    "moved": ("⇢", "⇢"),
    "ignored": ("≈", "≈"),
    "equal": ("", ""),
}
CHANGED: frozenset[RowKind] = frozenset({"replace", "delete", "insert", "moved"})
COLUMNS: dict[View, tuple[str, ...]] = {
    "side": ("num", "sign", "text", "num", "sign", "text"),
    "unified": ("num", "num", "sign", "text"),
}
CAPTION = '<caption class="sr">Lines of A and B</caption>'


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Where the links of rows lead.

    Args:
        whole: the page with all lines, at a line of A.
        unfold: the rows that the fold in a row hides, by its number and theirs.
        line: one line whole, by its side (`a`, `b`) and number.
    """

    whole: Callable[[int], str]
    unfold: Callable[[int, int], str]
    line: Callable[[str, int], str]


def write_table(
    rows: Iterable[ShownRow],
    *,
    view: View,
    addresses: Addresses,
    hits: Collection[int] = (),
    hit: int | None = None,
) -> Markup:
    """Write rows as a table.

    Args:
        rows: the rows.
        view: side by side or unified.
        addresses: where their links lead.
        hits: the numbers of the rows in which something that was searched for is found.
        hit: the one of them that is shown.
    """
    write = _Writer(view, addresses, hits, hit).write
    css = "diff" if view == "side" else "diff uni"
    columns = "".join(f'<col class="{name}">' for name in COLUMNS[view])
    body = "".join(map(write, rows))
    table = f'<table class="{css}">{CAPTION}<colgroup>{columns}</colgroup><tbody>\n{body}</tbody></table>'
    return Markup(table)  # noqa: S704  (every text in it is escaped)


class _Writer:
    """Writes rows one by one."""

    def __init__(self, view: View, addresses: Addresses, hits: Collection[int], hit: int | None) -> None:
        self._is_unified = view == "unified"
        self._addresses = addresses
        self._hits = hits
        self._hit = hit
        self._follows = 0  # where the next line of a moved block is on the other side

    def write(self, row: ShownRow) -> str:
        """Write one row; numbers link to their line: #A12 of the older text, #B12 of the newer."""
        anchor = '<tr class="anchor" id="hit"></tr>' if row.row == self._hit else ""
        if row.kind == "fold":
            return anchor + self._fold(row)
        place = f' id="h{row.hunk}"' if row.hunk else ""
        css = (' class="hit here"' if anchor else ' class="hit"') if row.row in self._hits else ""
        return f"{anchor}<tr{place}{css}>{self._one(row) if self._is_unified else self._two(row)}</tr>\n"

    def _two(self, row: ShownRow) -> str:
        minus, plus = SIGNS[row.kind]
        return self._half(row, row.a, "A", minus) + self._half(row, row.b, "B", plus)

    def _half(self, row: ShownRow, cell: Cell | None, letter: Letter, sign: str) -> str:
        middle = " mid" if letter == "B" else ""
        if cell is None:
            return f'<td class="ln nil{middle}"></td><td class="sg nil"></td><td class="tx nil"></td>'
        css = _tone(row.kind, letter)
        return (
            f"{_number(cell, letter, css + middle)}"
            f'<td class="sg{css}">{sign}</td><td class="tx{css}">{self._text(row, cell, letter)}</td>'
        )

    def _one(self, row: ShownRow) -> str:
        is_a = row.b is None
        cell, letter = (row.a, "A") if is_a else (row.b, "B")
        assert cell is not None  # noqa: S101  (a row has a line)
        css = _tone(row.kind, letter)
        sign = SIGNS[row.kind][not is_a]
        return (
            f"{_number(row.a, 'A', css)}{_number(row.b, 'B', css)}"
            f'<td class="sg{css}">{sign}</td><td class="tx{css}">{self._text(row, cell, letter)}</td>'
        )

    def _text(self, row: ShownRow, cell: Cell, letter: str) -> str:
        """Write a line with the words that changed, and what else is to be said of it."""
        tag = "del" if letter == "A" else "ins"
        text = "".join(
            f"<{tag}>{escape(piece.text, quote=False)}</{tag}>" if piece.is_changed else escape(piece.text, quote=False)
            for piece in cell.pieces
        )
        if cell.size:
            url = escape(self._addresses.line(letter.lower(), cell.number))
            text += f' <a class="link nowrap" href="{url}" data-whole>Show whole line ({cell.size:,} bytes)</a>'
        return text + self._move(row, letter)

    def _move(self, row: ShownRow, letter: str) -> str:
        """Say where a block moved, at its first line."""
        if row.kind != "moved" or row.partner is None:
            self._follows = 0
            return ""
        is_first, self._follows = row.partner != self._follows, row.partner + 1
        other, way = ("B", "to") if letter == "A" else ("A", "from")
        return (
            f' <a class="muted" href="#{other}{row.partner}">moved {way} line {row.partner:,}</a>' if is_first else ""
        )

    def _fold(self, row: ShownRow) -> str:
        whole = escape(self._addresses.whole(row.a.number if row.a else 1))
        source = escape(self._addresses.unfold(row.row, row.hidden))
        lines = f"{row.hidden:,} unchanged line{'' if row.hidden == 1 else 's'}"
        return (
            f'<tr class="fold"><td colspan="{4 if self._is_unified else 6}"><div class="fold-line">'
            f'<a href="{whole}" data-unfold="{source}">Show {lines}</a></div></td></tr>\n'
        )


def _tone(kind: RowKind, letter: str) -> str:
    if kind in CHANGED:
        return " del" if letter == "A" else " add"
    return " noise" if kind == "ignored" else ""


def _number(cell: Cell | None, letter: str, css: str) -> str:
    if cell is None:
        return f'<td class="ln{css}"></td>'
    place = f"{letter}{cell.number}"
    return f'<td class="ln{css}" id="{place}"><a href="#{place}">{cell.number}</a></td>'
