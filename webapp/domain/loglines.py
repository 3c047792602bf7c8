"""What is a line of a log: how bytes become lines, and which level a line has."""

import re
from dataclasses import dataclass
from enum import StrEnum

from webapp.domain.ansi import Style, clear_of_escape, strip_escapes, style_after

# A level is looked for in this many bytes at the start of a line.
LEVEL_HEAD = 400
# A line up to twice this many bytes is handed over whole, a longer one as its two ends.
LINE_END = 8 * 1024
# Newlines are counted in blocks of this size to find one by its number.
_BLOCK = 4096


class LineLevel(StrEnum):
    """How loud a line says it is; a line that says nothing has none."""

    NONE = ""
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"
    DEBUG = "debug"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """One line as it is stored, without its line end.

    Args:
        head: the whole line, or its beginning when it is longer than twice `LINE_END`.
        size: how many bytes the line has.
        tail: the end of a line that is longer; empty when `head` is the whole line.
        tail_sgr: the style at the first byte of `tail`, as SGR parameters.
    """

    head: bytes
    size: int
    tail: bytes = b""
    tail_sgr: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLines:
    """Consecutive lines of a log.

    Args:
        first: the number of the first line, from 0.
        lines: the lines, giant ones as their two ends.
        sgr: the colours (ANSI SGR parameters) that hold at the first byte.
    """

    first: int
    lines: list[LogLine]
    sgr: str


_LEVELS = {
    LineLevel.ERROR: ("critical", "fatal", "panic", "severe", "emerg", "alert", "error", "err"),
    LineLevel.WARNING: ("warning", "warn"),
    LineLevel.INFO: ("notice", "info"),
    LineLevel.DEBUG: ("debug", "trace"),
}
_MARKED = (LineLevel.ERROR, LineLevel.WARNING)
_LEVEL_OF = {word.encode(): level for level, words in _LEVELS.items() for word in words}
_WORDS = "|".join(word for words in _LEVELS.values() for word in words)
# What stands before a word that does not stand alone.
_JOINED = r"[\w/\\.-]"


def _capital(word: str) -> str:
    return rf"{word[0]}(?<!{_JOINED}{word[0]}){word[1:]}"


def _quiet(word: str) -> str:
    insides = rf"(?i:{word[1:]})(?:(?=:(?:\s|$))(?<!{_JOINED}(?i:{word}))|(?=\])(?<=\[(?i:{word})))"
    return rf"{word[0]}{insides}|{word[0].upper()}{insides}"


# The value of a level key counts first, however it is written: level=warn, "lvl": "ERROR".
_KEYED = re.compile(rf"(?:level|lvl|severity)(?:name)?[\"']?[ ]?[=:][ ]?[\"']?((?i:{_WORDS}))\b".encode())
# Then a word in capitals that stands alone: not in a path, a file name, an identifier, a key or "0 ERROR(s)".
# This and the next begin with letters and look behind later, so that the search can skip to what matters.
_CAPITAL = re.compile(
    rf"((?:{'|'.join(map(_capital, _WORDS.upper().split('|')))}))(?![\w/\\=-]|\.\w|\(s)".encode(),
)
# Then any word in square brackets or before a colon: "[warn] x", "error: no such file".
_QUIET = re.compile("|".join(map(_quiet, _WORDS.split("|"))).encode())
# Every word of an error or a warning begins with one of these.
_STEMS = (b"err", b"warn", b"crit", b"fatal", b"panic", b"severe", b"emerg", b"alert")
# The line of such a word is worth a look only where this holds; keys and escapes make every line worth one.
_WORTH = re.compile(rf"(?:{_WORDS.upper()})(?!\w)|(?i:{_WORDS})[:\]]".encode())
_KEYS = (b"level", b"lvl", b"severity")


def level_of(line: bytes) -> LineLevel:
    """Return the level that a line names in its own first 400 bytes."""
    head = strip_escapes(line[:LEVEL_HEAD])
    found = _KEYED.search(head) if any(key in head for key in _KEYS) else None
    found = found or _CAPITAL.search(head) or _QUIET.search(head)
    if found is None:
        return LineLevel.NONE
    return _LEVEL_OF[found[found.lastindex or 0].lower()]


def find_marked(block: bytes) -> dict[int, LineLevel]:
    """Return the errors and warnings among the lines of a block that begins at a line's start.

    Returns:
        The position of each such line's first byte, in order, and its level.
    """
    lowered = block.lower()
    levels: dict[int, LineLevel] = {}
    is_keyed = any(key in lowered for key in _KEYS)
    for stem in (*_STEMS, b"\x1b"):
        position = lowered.find(stem)
        while position >= 0:
            if not (is_keyed or stem == b"\x1b" or _WORTH.match(block, position)):
                position = lowered.find(stem, position + 1)
                continue
            start = block.rfind(b"\n", 0, position) + 1
            stop = block.find(b"\n", position)
            if start not in levels and position - start < LEVEL_HEAD:
                levels[start] = level_of(block[start : stop if stop >= 0 else len(block)])
            position = lowered.find(stem, stop) if stop >= 0 else -1
    return {start: levels[start] for start in sorted(levels) if levels[start] in _MARKED}


def count_levels(block: bytes) -> tuple[int, int]:
    """Return how many lines of a block that begins at a line's start are errors, and how many warnings."""
    levels = list(find_marked(block).values())
    errors = levels.count(LineLevel.ERROR)
    return errors, len(levels) - errors


def find_newline(data: bytes, number: int) -> int:
    """Return the position of the newline with this number, counted from 1.

    Raises:
        ValueError: the data has fewer newlines.
    """
    start = 0
    while start < len(data):
        inside = data.count(b"\n", start, start + _BLOCK)
        if inside >= number:
            break
        number -= inside
        start += _BLOCK
    position = start - 1
    for _ in range(number):
        position = data.index(b"\n", position + 1)
    return position


def cut_line(data: bytes, start: int, stop: int, *, style: Style) -> LogLine:
    """Return the line that lies in `data[start:stop]`; `style` holds at its first byte."""
    size = stop - start
    if size <= 2 * LINE_END:
        return LogLine(head=data[start:stop], size=size)
    tail = clear_of_escape(data, stop - LINE_END)
    return LogLine(
        head=data[start : start + LINE_END],
        size=size,
        tail=data[tail:stop],
        tail_sgr=style_after(style, data[start:tail]).sgr,
    )
