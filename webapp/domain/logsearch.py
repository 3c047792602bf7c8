"""Where does a text occur in a log: the lines that hold it, whatever its case, as a reader sees them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from webapp.domain.ansi import strip_escapes

MAX_QUERY = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Matcher:
    """A text to look for.

    Args:
        lowered: the text in lower case, when it is ASCII: the fast way.
        pattern: any other text as a pattern over UTF-8 bytes with both cases of each letter.
        size: the greatest number of bytes an occurrence can have.
    """

    lowered: bytes
    pattern: re.Pattern[bytes] | None
    size: int

    def find_lines(self, block: bytes) -> Iterator[int]:
        """Yield the numbers of the lines, from 0 at the block's start, that hold the text; escapes are looked past."""
        block = strip_escapes(block)
        block = block if self.pattern else block.lower()
        line = counted = 0
        position = self._find(block, 0)
        while position >= 0:
            line += block.count(b"\n", counted, position)
            counted = position
            yield line
            end = block.find(b"\n", position)
            position = self._find(block, end) if end >= 0 else -1

    def _find(self, block: bytes, start: int) -> int:
        if self.pattern is None:
            return block.find(self.lowered, start)
        found = self.pattern.search(block, start)
        return found.start() if found else -1


def find_query_fault(text: str) -> str | None:
    """Say why a text cannot be looked for, or None when it can."""
    if not text:
        return "expected a text to look for"
    if len(text) > MAX_QUERY:
        return f"expected at most {MAX_QUERY:,} characters, got {len(text):,}"
    return "expected a text of one line" if "\n" in text else None


def make_matcher(text: str) -> Matcher:
    """Return what finds a text, case-insensitively; the text is not empty and holds no line end."""
    if text.isascii():
        return Matcher(lowered=text.lower().encode(), pattern=None, size=len(text))
    letters = [_cases(character) for character in text]
    pattern = b"".join(b"(?:" + b"|".join(map(re.escape, cases)) + b")" for cases in letters)
    return Matcher(lowered=b"", pattern=re.compile(pattern), size=sum(max(map(len, cases)) for cases in letters))


def _cases(character: str) -> list[bytes]:
    """Return the ways to write a letter, in UTF-8; those of several letters are left out, and lone surrogates too."""
    cases = {character, character.lower(), character.upper()}
    return sorted({case.encode(errors="replace") for case in cases if len(case) == 1})
