"""How is a value written so that it is read back unchanged?"""

from webapp.query.globs import Glob

OPERATORS = frozenset({"OR", "AND", "NOT"})

_SAFE = frozenset("_./@+%~-")


def quote(text: str) -> str:
    """Write a text as one free word: as it is where nothing in it has a meaning, else in quotes."""
    if text and not text.startswith("-") and text not in OPERATORS and all(map(_is_safe, text)):
        return text
    return _quoted(text)


def quote_value(text: str) -> str:
    """Write a text as the value of a field, where colons and a leading minus have no meaning."""
    return text if text and all(_is_safe(char) or char == ":" for char in text) else _quoted(text)


def write_glob(glob: Glob, *, is_value: bool) -> str:
    """Write a glob as the value of a field, or as a free word."""
    if glob.literal is not None:
        return quote_value(glob.literal) if is_value else quote(glob.literal)
    written = "".join(_escaped(part) if isinstance(part, str) else part.value for part in glob.parts)
    return f"\\{written}" if written.startswith("-") and not is_value else written


def _is_safe(char: str) -> bool:
    return char.isalnum() or char in _SAFE


def _quoted(text: str) -> str:
    body = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{body}"'


def _escaped(text: str) -> str:
    return "".join(char if _is_safe(char) else f"\\{char}" for char in text)
