"""Which words, fields and operators is a filter text made of, and where does each of them stand?"""

import re
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from webapp.errors import QueryError
from webapp.query.globs import Glob, Wildcard, glob_of
from webapp.query.quoting import OPERATORS

MAX_LENGTH = 2_000

_FIELD_NAME = re.compile(r"[A-Za-z][A-Za-z_]*")
# Control characters but tab and line ends, marks and overrides of direction, line separators, lone surrogates, the BOM.
_FORBIDDEN = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]"
)


class MarkKind(Enum):
    """What joins words."""

    OPEN = "("
    CLOSE = ")"
    OR = "OR"
    AND = "AND"
    NOT = "NOT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """Characters with quotes and escapes resolved; `is_plain` tells for each whether it stood there unquoted."""

    text: str
    is_plain: tuple[bool, ...]
    start: int
    end: int
    source: str

    def part(self, start: int, stop: int | None = None) -> "Word":
        """Return some of the characters, still standing at the place of the whole word."""
        return Word(
            text=self.text[start:stop],
            is_plain=self.is_plain[start:stop],
            start=self.start,
            end=self.end,
            source=self.source,
        )

    def find_plain(self, what: str) -> int:
        """Return where a text stands unquoted for the first time, or -1."""
        place = self.text.find(what)
        while place >= 0 and not all(self.is_plain[place : place + len(what)]):
            place = self.text.find(what, place + 1)
        return place

    def glob(self) -> Glob:
        """Return the characters with unquoted `*` and `?` as wildcards."""
        return glob_of(
            Wildcard(char) if plain and char in "*?" else char
            for char, plain in zip(self.text, self.is_plain, strict=True)
        )

    def fault(self, message: str) -> QueryError:
        """Return the error that says what is wrong with this word."""
        return QueryError(message, position=self.start, length=self.end - self.start, text=self.source)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A parenthesis or an operator between words."""

    kind: MarkKind
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Bare:
    """A word of free text."""

    word: Word
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A field (its name in lower case) and the values after its colon, parted by commas."""

    name: str
    name_end: int
    values: tuple[Word, ...]
    start: int
    end: int


Token: TypeAlias = Mark | Bare | Pair


def tokenize(text: str) -> list[Token]:
    """Return the tokens of a filter text.

    Raises:
        QueryError: too long, a forbidden character, an open quote, a sign or a comma without its word.
    """
    if len(text) > MAX_LENGTH:
        message = f"this filter has {len(text)} characters, at most {MAX_LENGTH} are read"
        raise QueryError(message, position=MAX_LENGTH, length=1, text=text[: MAX_LENGTH + 1])
    if found := _FORBIDDEN.search(text):
        message = f"the character U+{ord(found[0]):04X} is invisible or a control character and cannot be used here"
        raise QueryError(message, position=found.start(), length=1, text=text)
    return _Reader(text).tokens()


class _Reader:
    """Goes through a text once, from left to right."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.place = 0

    def tokens(self) -> list[Token]:
        found: list[Token] = []
        while True:
            while self._peek().isspace():
                self.place += 1
            if self.place == len(self.text):
                return found
            found.append(self._token())

    def _token(self) -> Token:
        start, char = self.place, self._peek()
        if char in "()":
            self.place += 1
            return Mark(kind=MarkKind(char), start=start, end=self.place)
        if char == "-":
            self.place += 1
            following = self._peek()
            if not following or following.isspace() or following in "-)":
                message = "a minus excludes the word right after it; put it in quotes to search for it"
                raise self._fault(message, start, 1)
            return Mark(kind=MarkKind.NOT, start=start, end=self.place)
        word, stopped_by = self._word("", field_allowed=True)
        if stopped_by == ":":
            return self._pair(word)
        if word.text in OPERATORS and all(word.is_plain):
            return Mark(kind=MarkKind[word.text], start=start, end=self.place)
        if not word.text:
            raise word.fault("there is nothing between these quotes")
        return Bare(word=word, start=start, end=self.place)

    def _pair(self, name: Word) -> Pair:
        values: list[Word] = []
        stopped_by = ":"
        while stopped_by:
            separator = self.place
            self.place += 1
            value, stopped_by = self._word(",", field_allowed=False)
            if not value.text:
                raise self._missing_value(name.text.lower(), separator, is_first=not values)
            values.append(value)
        start, end = name.start, self.place
        return Pair(name=name.text.lower(), name_end=name.end, values=tuple(values), start=start, end=end)

    def _missing_value(self, name: str, separator: int, *, is_first: bool) -> QueryError:
        if not is_first:
            return self._fault("a value is missing beside this comma", separator, 1)
        return self._fault(f'"{name}" needs a value right after the colon', separator, 1)

    def _word(self, separator: str, *, field_allowed: bool) -> tuple[Word, str]:
        """Read up to a blank, a parenthesis, a separator, or the colon after a field's name; say which sign it was."""
        start = self.place
        chars: list[str] = []
        plain: list[bool] = []
        stopped_by = ""
        while (char := self._peek()) and not char.isspace() and char != ")":
            if char == "(":
                message = "a parenthesis inside a word: put a blank before it, or the whole word in quotes"
                raise self._fault(message, self.place, 1)
            if separator and char == separator:
                stopped_by = char
                break
            if char == ":" and field_allowed and all(plain) and _FIELD_NAME.fullmatch("".join(chars)):
                stopped_by = char
                break
            if char == '"':
                quoted = self._quoted()
                chars.extend(quoted)
                plain.extend([False] * len(quoted))
                continue
            following = self.text[self.place + 1 : self.place + 2]
            if char == "\\" and not following:
                raise self._fault("there is nothing after this backslash; write two to search for one", self.place, 1)
            is_escape = char == "\\" and not following.isalnum()
            chars.append(following if is_escape else char)
            plain.append(not is_escape)
            self.place += 2 if is_escape else 1
        text, marks = "".join(chars), tuple(plain)
        return Word(text=text, is_plain=marks, start=start, end=self.place, source=self.text), stopped_by

    def _quoted(self) -> str:
        """Read from one quote to the next; inside, a backslash escapes only a quote or itself."""
        start = self.place
        self.place += 1
        chars: list[str] = []
        while (char := self._peek()) != '"':
            if not char:
                raise self._fault("this quote is not closed", start, len(self.text) - start)
            if char == "\\" and self.text[self.place + 1 : self.place + 2] in {'"', "\\"}:
                self.place += 1
                char = self._peek()
            chars.append(char)
            self.place += 1
        self.place += 1
        return "".join(chars)

    def _peek(self) -> str:
        return self.text[self.place : self.place + 1]

    def _fault(self, message: str, position: int, length: int) -> QueryError:
        return QueryError(message, position=position, length=length, text=self.text)
