"""How does a filter text change when a chip, a cell or a form narrows or widens it: text in, text out.

Only what holds for the whole filter is edited: terms inside parentheses, or of a text with OR, stay as they are. Fields
are taken as they are written, an alias is a field of its own. A text that cannot be read counts as empty, so that a
link on the page of an error leads out of it.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from webapp.errors import QueryError
from webapp.query.expressions import Op
from webapp.query.lexer import Mark, MarkKind, Pair, Token, Word, tokenize
from webapp.query.quoting import quote_value


@dataclass(frozen=True, slots=True, kw_only=True)
class _Piece:
    """A part of the text that holds beside the others: a term that is asked for (`pair`) or excluded, or anything."""

    text: str
    field: str = ""
    pair: Pair | None = None
    has_alternatives: bool = False

    def words_of(self, field: str) -> tuple[Word, ...]:
        """Return the values asked of a field."""
        return self.pair.values if self.pair and self.field == field else ()


def terms_of(text: str, field: str) -> tuple[str, ...]:
    """Return the values that a filter asks of a field, without their quotes; excluded ones are not among them."""
    return tuple(dict.fromkeys(word.text for piece in _pieces(text) for word in piece.words_of(field)))


def with_term(text: str, field: str, value: str, *, op: Op = Op.IS) -> str:
    """Return the filter with this as its only term of the field, in the place of the first one it had.

    Args:
        text: the filter.
        field: the name before the colon.
        value: the value as it is, quoted here where it needs it; an empty one removes the field.
        op: a comparison to write before the value.
    """
    if not value:
        return without_field(text, field)
    sign = "" if op in {Op.IS, Op.HAS} else op.value
    term = _Piece(text=f"{field}:{sign}{quote_value(value)}", field=field)
    pieces = _pieces(text)
    place = next((index for index, piece in enumerate(pieces) if piece.field == field), len(pieces))
    before = pieces[:place]
    return _joined([*before, term, *(piece for piece in pieces[place:] if piece.field != field)])


def with_value(text: str, field: str, value: str) -> str:
    """Return the filter with one more value in the list of the field's first term: any of them will do."""
    if value in terms_of(text, field):
        return text
    pieces = _pieces(text)
    place = next((index for index, piece in enumerate(pieces) if piece.words_of(field)), None)
    if place is None:
        return _joined([*pieces, _Piece(text=f"{field}:{quote_value(value)}")])
    pieces[place] = _Piece(text=f"{pieces[place].text},{quote_value(value)}")
    return _joined(pieces)


def without_value(text: str, field: str, value: str) -> str:
    """Return the filter without one value of the field's lists; a list that is left empty goes too."""
    kept: list[_Piece] = []
    for piece in _pieces(text):
        words = piece.words_of(field)
        left = [text[word.start : word.end] for word in words if word.text != value]
        if len(left) == len(words):
            kept.append(piece)
        elif left:
            kept.append(_Piece(text=f"{field}:{','.join(left)}"))
    return _joined(kept)


def without_field(text: str, *fields: str) -> str:
    """Return the filter without the terms of these fields, excluded ones too."""
    return _joined(piece for piece in _pieces(text) if piece.field not in fields)


def _joined(pieces: Iterable[_Piece]) -> str:
    found = list(pieces)
    is_alone = len(found) == 1
    return " ".join(f"({p.text})" if p.has_alternatives and not is_alone else p.text for p in found)


def _pieces(text: str) -> list[_Piece]:
    try:
        tokens = tokenize(text)
    except QueryError:
        return []
    units = _units(tokens)
    if any(isinstance(unit[0], Mark) and unit[0].kind is MarkKind.OR for unit in units):
        return [_Piece(text=text.strip(), has_alternatives=True)]
    pieces: list[_Piece] = []
    for unit in units:
        last = unit[-1]
        if isinstance(last, Mark) and last.kind is not MarkKind.CLOSE:
            continue
        whole = text[unit[0].start : last.end]
        if isinstance(last, Pair):
            pieces.append(_Piece(text=whole, field=last.name, pair=last if len(unit) == 1 else None))
        else:
            pieces.append(_Piece(text=whole))
    return pieces


def _units(tokens: list[Token]) -> list[list[Token]]:
    """Group tokens: an operator alone, a word or parenthesis with the minus before it; none if unbalanced."""
    units: list[list[Token]] = []
    open_unit: list[Token] = []
    depth = 0
    for token in tokens:
        open_unit.append(token)
        kind = token.kind if isinstance(token, Mark) else None
        depth += (kind is MarkKind.OPEN) - (kind is MarkKind.CLOSE)
        if depth < 0:
            return []
        if depth == 0 and kind is not MarkKind.NOT:
            units.append(open_unit)
            open_unit = []
    return [] if open_unit else units
