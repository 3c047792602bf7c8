"""How is a block read so that every fault is found at once, each with its path and what was expected there?"""

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from enum import StrEnum
from typing import Any, TypeVar

from webapp.domain.names import find_text_fault

Word = TypeVar("Word", bound=StrEnum)
MAX_TEXT = 2048
MAX_ITEMS = 200
SHOWN = 60


class Reader:
    """Reads values out of a block and notes what is wrong with it."""

    def __init__(self) -> None:
        self.faults: list[tuple[str, str]] = []

    def fault(self, path: str, message: str) -> None:
        """Note a fault."""
        self.faults.append((path, message))

    def mapping(self, value: object, path: str, known: Sequence[str]) -> Mapping[str, Any] | None:
        """Return a mapping of known keys; unknown ones are faults."""
        if not isinstance(value, Mapping):
            self.fault(path, f"expected a mapping with {', '.join(known)}, got {shown(value)}")
            return None
        for key in value:
            if key not in known:
                self.fault(f"{path}.{place(str(key))}", f"expected one of {', '.join(known)}{suggest(str(key), known)}")
        return value

    def items(self, value: object, path: str, what: str) -> Sequence[Any]:
        """Return the items of a list."""
        if not isinstance(value, list | tuple):
            self.fault(path, f"expected a list of {what}, got {shown(value)}")
            return ()
        if len(value) > MAX_ITEMS:
            self.fault(path, f"expected at most {MAX_ITEMS} items, got {len(value):,}")
            return ()
        return value

    def text(self, block: Mapping[str, Any], key: str, path: str, *, is_required: bool = False) -> str:
        """Return a one-line text; empty when it is not there or at fault."""
        if key not in block:
            if is_required:
                self.fault(f"{path}.{key}", "expected a text, because it is required")
            return ""
        return self.line(block[key], f"{path}.{key}", is_required=is_required)

    def line(self, value: object, path: str, *, is_required: bool = True) -> str:
        """Return a value that is a one-line text; empty when it is at fault."""
        if not isinstance(value, str):
            # Not the number itself: it may be a token.
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            self.fault(path, f"expected a text, got {'a number: put it in quotes' if is_number else shown(value)}")
            return ""
        fault = find_text_fault(value)
        if fault is None and len(value) > MAX_TEXT:
            fault = f"expected at most {MAX_TEXT:,} characters, got {len(value):,}"
        if fault is None and is_required and not value.strip():
            fault = "expected a text, got an empty one"
        if fault is not None:
            self.fault(path, fault)
            return ""
        return value

    def word(self, value: object, path: str, words: type[Word]) -> Word | None:
        """Return one of an enumeration's words."""
        known = [str(word) for word in words]
        if isinstance(value, str) and value in known:
            return words(value)
        hint = suggest(value, known) if isinstance(value, str) else ""
        self.fault(path, f"{shown(value)} is not one of {', '.join(known)}{hint}")
        return None

    def words(self, value: object, path: str, words: type[Word]) -> tuple[Word, ...]:
        """Return one word or a list of them, each once."""
        if not isinstance(value, list | tuple):
            found = [self.word(value, path, words)]
        else:
            items = self.items(value, path, f"words ({', '.join(words)})")
            if not value:
                self.fault(path, f"expected at least one of {', '.join(words)}")
            found = [self.word(item, f"{path}[{number}]", words) for number, item in enumerate(items)]
        return tuple(dict.fromkeys(word for word in found if word is not None))


def place(key: str) -> str:
    """Return a key as a path shows it."""
    return key[:SHOWN] if key.isprintable() else ascii(key[:SHOWN])[1:-1]


def shown(value: object) -> str:
    """Return a value as a fault shows it."""
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    if value is None:
        return "nothing"
    text = ascii(str(value)[:SHOWN]) if isinstance(value, str) else str(value)[:SHOWN]
    return text if len(str(value)) <= SHOWN else f"{text}…"


def suggest(word: str, known: Iterable[str]) -> str:
    """Return "; did you mean 'x'?" for a known word that is close, else nothing."""
    close = get_close_matches(word, list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""
