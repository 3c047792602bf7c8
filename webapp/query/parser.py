"""What does a filter text ask for: it becomes a tree of typed values, or an error that points at the faulty word."""

import re
from datetime import UTC, datetime

from webapp.errors import QueryError
from webapp.query.expressions import (
    EVERYTHING,
    Expression,
    Op,
    Term,
    Text,
    conjunction,
    disjunction,
    negation,
)
from webapp.query.fields import FIELDS, Kind, View, fields_of, find_field, find_shortcut, flags_of
from webapp.query.lexer import Bare, Mark, MarkKind, Pair, Token, Word, tokenize
from webapp.query.suggestions import clipped, did_you_mean, listed
from webapp.query.values import Scene, read_condition, read_glob

MAX_TERMS = 50
MAX_VALUES = 50
MAX_DEPTH = 20

_NUMBER = re.compile(r"#[0-9]+")


def parse(text: str, *, view: str, now: datetime) -> Expression:
    """Return what a filter text asks for in a view; a text without words asks for everything.

    Args:
        text: the filter, as a person typed it or a link carries it.
        view: which list it narrows, one of the names of `fields.View`.
        now: the moment that relative times count from, aware.

    Raises:
        QueryError: the text cannot be read; nothing else is ever raised for its sake.
    """
    if now.tzinfo is None:
        raise ValueError("now must be an aware datetime")
    scene = Scene(view=View(view), now=now.astimezone(UTC))
    return _Parser(text, scene).tree()


class _Parser:
    """Recursive descent over the tokens: alternatives of sequences of (excluded) units."""

    def __init__(self, text: str, scene: Scene) -> None:
        self.text = text
        self.scene = scene
        self.tokens = tokenize(text)
        self.place = 0
        self.depth = 0

    def tree(self) -> Expression:
        """Return the tree of the whole text."""
        words = [token for token in self.tokens if not isinstance(token, Mark)]
        if len(words) > MAX_TERMS:
            raise self._fault(f"this is word {MAX_TERMS + 1}: a filter has at most {MAX_TERMS}", words[MAX_TERMS])
        if not self.tokens:
            return EVERYTHING
        tree = self._alternatives()
        if self.place < len(self.tokens):
            raise self._fault("this parenthesis closes nothing", self.tokens[self.place])
        return tree

    def _alternatives(self) -> Expression:
        parts = [self._sequence()]
        while self._take(MarkKind.OR):
            parts.append(self._sequence())
        return disjunction(parts)

    def _sequence(self) -> Expression:
        parts = [self._unit()]
        while True:
            if self._take(MarkKind.AND) or not self._at_end_of_sequence():
                parts.append(self._unit())
            else:
                return conjunction(parts)

    def _at_end_of_sequence(self) -> bool:
        token = self._peek()
        return token is None or (isinstance(token, Mark) and token.kind in {MarkKind.OR, MarkKind.CLOSE})

    def _unit(self) -> Expression:
        is_excluded = False
        while self._take(MarkKind.NOT):
            is_excluded = not is_excluded
        tree = self._lone_unit()
        return negation(tree) if is_excluded else tree

    def _lone_unit(self) -> Expression:
        token = self._peek()
        if token is None or (isinstance(token, Mark) and token.kind is not MarkKind.OPEN):
            raise self._missing_unit(token)
        self.place += 1
        match token:
            case Mark():
                return self._parenthesis(token)
            case Bare():
                return _read_bare(token, self.scene)
            case Pair():
                return self._pair(token)

    def _parenthesis(self, opening: Mark) -> Expression:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self._fault(f"parentheses are nested more than {MAX_DEPTH} deep here", opening)
        if self._is_at(MarkKind.CLOSE):
            raise self._fault("there is nothing between these parentheses", opening)
        tree = self._alternatives()
        if not self._take(MarkKind.CLOSE):
            raise self._fault("this parenthesis is not closed", opening)
        self.depth -= 1
        return tree

    def _pair(self, pair: Pair) -> Expression:
        if len(pair.values) > MAX_VALUES:
            raise pair.values[MAX_VALUES].fault(f"one list has at most {MAX_VALUES} values")
        if pair.name == "is":
            return disjunction([_read_flag(word, pair.start, self.scene) for word in pair.values])
        field = find_field(pair.name, self.scene.view)
        if field is None:
            raise self._unknown_field(pair)
        if field.name == "text":
            return disjunction([Text(words=(read_glob(word),), position=pair.start) for word in pair.values])
        return read_condition(field, pair.values, position=pair.start, scene=self.scene)

    def _unknown_field(self, pair: Pair) -> QueryError:
        view = self.scene.view
        elsewhere = sorted({other.value for field in FIELDS if field.name == pair.name for other in field.views})
        names = [*(field.name for field in fields_of(view) if field.kind is not Kind.FLAG), "is"]
        if elsewhere:
            message = f'"{pair.name}" narrows {listed(elsewhere, last="and")}; {view} have {listed(names, last="and")}'
        else:
            meant = did_you_mean(pair.name, names)
            hint = meant or f"; {view} have {listed(names, last='and')};"
            message = f"there is no field {clipped(pair.name)}{hint} to search for this text, put it in quotes"
        return QueryError(message, position=pair.start, length=pair.name_end - pair.start, text=self.text)

    def _missing_unit(self, token: Token | None) -> QueryError:
        before = self.tokens[self.place - 1] if self.place else None
        if isinstance(before, Mark) and before.kind in {MarkKind.OR, MarkKind.AND, MarkKind.NOT}:
            return self._fault(f"a word is missing after this {before.kind.value}", before)
        if isinstance(token, Mark) and token.kind is MarkKind.CLOSE:
            return self._fault("this parenthesis closes nothing", token)
        return self._fault("a word is missing before this; put OR, AND and NOT in quotes to search for them", token)

    def _take(self, kind: MarkKind) -> bool:
        if not self._is_at(kind):
            return False
        self.place += 1
        return True

    def _is_at(self, kind: MarkKind) -> bool:
        token = self._peek()
        return isinstance(token, Mark) and token.kind is kind

    def _peek(self) -> Token | None:
        return self.tokens[self.place] if self.place < len(self.tokens) else None

    def _fault(self, message: str, token: Token | None) -> QueryError:
        start, end = (token.start, token.end) if token else (len(self.text), len(self.text))
        return QueryError(message, position=start, length=end - start, text=self.text)


def _read_bare(token: Bare, scene: Scene) -> Expression:
    """Return free text, or the run's number for `#118`."""
    word = token.word
    number = find_field("number", scene.view)
    if number and _NUMBER.fullmatch(word.text) and all(word.is_plain):
        return read_condition(number, (word.part(1),), position=token.start, scene=scene)
    _refuse_comparison(word, scene)
    return Text(words=(read_glob(word),), position=token.start)


def _refuse_comparison(word: Word, scene: Scene) -> None:
    """Refuse `duration>5m`, which would be looked for as a text and never be found."""
    places = [place for sign in "<>=" if (place := word.find_plain(sign)) > 0]
    name = word.text[: min(places)].lower() if places else ""
    if name and find_field(name, scene.view):
        rest = word.text[len(name) :].removeprefix("=")
        raise word.fault(f"a field needs its colon: {clipped(f'{name}:{rest}')}; to search for this text, quote it")


def _read_flag(word: Word, position: int, scene: Scene) -> Expression:
    name = word.text.lower()
    shortcut = find_shortcut(name, scene.view)
    if shortcut:
        meant = [token for token in tokenize(shortcut.text) if isinstance(token, Pair)]
        pairs = [(field, pair) for pair in meant if (field := find_field(pair.name, scene.view))]
        return conjunction(read_condition(field, pair.values, position=position, scene=scene) for field, pair in pairs)
    field = find_field(name, scene.view)
    if field and field.kind is Kind.FLAG:
        return Term(field=field.name, op=Op.IS, values=(True,), position=position)
    known = flags_of(scene.view)
    raise word.fault(f"is: {clipped(word.text)} is not one of {listed(known)}{did_you_mean(word.text, known)}")
