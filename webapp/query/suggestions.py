"""What was probably meant by a word that is not one of the known ones?"""

from collections.abc import Iterable
from difflib import get_close_matches

_LONGEST = 40


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """Return `; did you mean "x"?` for the choice closest to a word, or nothing if none is close."""
    close = get_close_matches(word[:_LONGEST].lower(), list(choices), n=1, cutoff=0.6)
    return f'; did you mean "{close[0]}"?' if close else ""


def listed(words: Iterable[str], *, last: str = "or") -> str:
    """Return words as a sentence has them: `a, b or c`."""
    *most, end = words
    return f"{', '.join(most)} {last} {end}" if most else end


def clipped(text: str) -> str:
    """Return a text in quotes, as much of it as fits into a message."""
    return f'"{text}"' if len(text) <= _LONGEST else f'"{text[:_LONGEST]}…"'
