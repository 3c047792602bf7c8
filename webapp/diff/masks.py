r"""Which parts of a line are volatile: the built-in masks for times, durations, process numbers, identifiers, counters.

All masks are one alternation behind a guard on the first character. It reads the *shape* of a line, in which every
digit is a 0, so lines that differ in their digits alone share one look-up; no mask may depend on which digit it sees.
(A literal ``0x`` is kept apart as ``\x01x``.) What should be seen stays: addresses, interface names, error counts.
"""

import re
from collections.abc import Callable
from operator import itemgetter

Pick = Callable[[bytes], tuple[bytes, ...]]  # from a line to its parts outside the masks
Hidden = list[tuple[str, int, int]]  # name of the mask, start, end

_MONTH = rb"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_DAY = rb"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_CLOCK = rb"\d\d?:\d\d:\d\d(?:[.,]\d+)?"
_ZONE = rb"(?: ?(?:Z|UTC|GMT|[+-]\d\d:?\d\d)\b)?"
_YEAR = rb"(?: [A-Z]{3,4}\b)?(?: \d{4}\b)?"
_UNIT = (
    rb"(?:ns|us|\xc2\xb5s|ms|s|secs?|seconds?|msecs?|milliseconds?|microseconds?"
    rb"|m|mins?|minutes?|h|hrs?|hours?|d|days?|w|weeks?|years?)"
)
_LONG_UNIT = rb"(?:years?|weeks?|days?|hours?|hrs?|minutes?|mins?|seconds?|secs?)"

_Masks = tuple[tuple[str, bytes], ...]
_HEX: _Masks = (
    ("uuid", rb"\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b"),
    ("mac", rb"\b[0-9a-fA-F]{2}(?:[:-][0-9a-fA-F]{2}){5}\b(?![:-])"),
    ("mac", rb"\b[0-9a-fA-F]{4}\.[0-9a-fA-F]{4}\.[0-9a-fA-F]{4}\b(?!\.)"),
    ("hash", rb"(?<=commit )[0-9a-f]{7,40}\b"),
    ("hash", rb"\b[0-9a-fA-F]{16}(?<=[0-9a-fA-F]{16})[0-9a-fA-F]{0,112}\b(?<!\d{16})"),
)
_NAMES: _Masks = (
    ("timestamp", rb"(?:" + _DAY + rb",? +)?" + _MONTH + rb" {1,2}\d\d?,? (?:\d{4} )?" + _CLOCK + _YEAR),
    ("timestamp", rb"" + _DAY + rb",? +\d\d?[ -]" + _MONTH + rb"[ -]\d{4} " + _CLOCK + _ZONE),
)
_DATES: _Masks = (
    ("timestamp", rb"\b\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?" + _ZONE),
    ("timestamp", rb"\b\d{8}T\d{6}(?:\.\d+)?Z?\b"),
    ("timestamp", rb"\b\d\d?[ /-]" + _MONTH + rb"[ /-]\d{4}[ :]" + _CLOCK + _ZONE),
    ("timestamp", rb"(?<![\w.])\d{10}\.\d{3,9}\b"),
    ("date", rb"\b\d{4}[-/]\d\d[-/]\d\d\b"),
)
_AFTER_WORDS: _Masks = (
    ("uptime", rb"(?<=uptime is )\d+ " + _LONG_UNIT + rb"(?:, \d+ " + _LONG_UNIT + rb")*"),
    ("uptime", rb"(?<=\bup )\d+ days?,? +\d+:\d\d\b"),
    ("uptime", rb"(?<=\bup )(?:\d+:\d\d\b|\d+ min\b)"),
    ("pid", rb"(?<=\b[pP][iI][dD] )\d+\b|(?<=\b[pP][iI][dD]: )\d+\b"),
    ("counter", rb"(?<=\bseq )\d+\b|(?<=\bsequence )\d+\b"),
)
_AFTER_SIGNS: _Masks = (
    ("pid", rb"(?<=\w\[)\d+(?=\]:)"),
    ("pid", rb"(?<=\[)\d{3,8}(?=\] )"),
    ("pid", rb"(?<=\b[pP][iI][dD][=:#])\d+\b"),
    ("counter", rb"(?<=#)\d+\b"),
    ("counter", rb"(?<=\bseq[=:])\d+\b|(?<=\bid[=:])\d+\b"),
    ("counter", rb"(?<=\bpackets[=:])\d+|(?<=\boctets[=:])\d+|(?<=\bbytes[=:])\d+"),
    ("counter", rb"(?<=[\[(])\d+/\d+(?=[\])])"),
)
_AMOUNTS: _Masks = (
    ("uptime", rb"\b\d+d \d\d?:\d\d:\d\d\b"),
    ("uptime", rb"\b\d+[ywdhm]\d+[wdhms](?:\d+[dhms])*\b"),
    ("time", rb"(?<![\w:.])" + _CLOCK + rb"(?![:\d])" + _ZONE),
    ("counter", rb"\b\d+(?= (?:packets|bytes|octets|frames)\b)"),
    ("duration", rb"(?<![\w.])\d+m\d+(?:\.\d+)?s\b"),
    ("duration", rb"(?<![\w.])\d+(?:\.\d+)? ?" + _UNIT + rb"\b"),
)
_MARKS: _Masks = (
    ("uptime", rb"\[ *\d+\.\d{6}\]"),
    ("hex", rb"(?<!\w)\x01x[0-9a-fA-F]+\b"),
)
# In this order, so that the longest comes first where several fit.
MASKS: _Masks = (*_HEX, *_NAMES, *_DATES, *_AFTER_WORDS, *_AFTER_SIGNS, *_AMOUNTS, *_MARKS)


def _either(*masks: tuple[str, bytes]) -> bytes:
    """Join masks to one alternation."""
    return rb"(?:" + rb"|".join(pattern for _, pattern in masks) + rb")"


# The guards look at one or two characters and spare most places most of the alternation.
_ANY = re.compile(
    rb"(?=[0-9\[\x01]|\b[A-Fa-fJMSONDTW])(?:"
    rb"(?=[0-9])(?<![0-9])(?:"
    + (rb"(?=[0-9A-Fa-f]{2}[0-9A-Fa-f:-])" + _either(*_HEX))
    + (rb"|(?=\d{4}|\d\d?[ /-][JFMASOND])" + _either(*_DATES))
    + (rb"|(?<=[spdDqe:] )" + _either(*_AFTER_WORDS))
    + (rb"|(?<=[\[#(=:])" + _either(*_AFTER_SIGNS))
    + (rb"|(?=\d+[.: a-z\xc2])" + _either(*_AMOUNTS))
    + (rb")|\b(?:(?=[A-Fa-f][0-9A-Fa-f])" + _either(*_HEX))
    + (rb"|(?=[JFMASONDTW][a-z]{2})" + _either(*_NAMES))
    + (rb")|" + _either(*_MARKS) + rb")")
)
_EACH = tuple((name, re.compile(pattern)) for name, pattern in MASKS)
_ZEROS = bytes.maketrans(b"123456789", b"000000000")
_MOST_SHAPES = 50_000  # those beyond are looked at again each time they come


def shape_of(data: bytes) -> bytes:
    """Turn every digit into 0; the length stays."""
    return data.replace(b"0x", b"\x01x").translate(_ZEROS)


class Picks(dict[bytes, Pick]):
    """From the shape of a line to the function that picks what no mask hides; grows up to `most` shapes."""

    def __init__(self, most: int = _MOST_SHAPES) -> None:
        super().__init__()
        self._most = most

    def __missing__(self, shape: bytes) -> Pick:
        pick = _pick(_spans(shape))
        if len(self) < self._most:
            self[shape] = pick
        return pick


def hidden_spans(line: bytes) -> list[tuple[int, int]]:
    """Find the hidden parts of a line: their starts and ends in bytes."""
    return _spans(shape_of(line))


def _spans(shape: bytes) -> list[tuple[int, int]]:
    return [match.span() for match in _ANY.finditer(shape) if match.end() > match.start()]


def hidden_parts(line: bytes) -> Hidden:
    """Name the mask behind each hidden part of a line."""
    shape = shape_of(line)
    return [(_name_at(shape, *match.span()), *match.span()) for match in _ANY.finditer(shape)]


def _name_at(shape: bytes, start: int, end: int) -> str:
    """Find the first mask that fits a hidden part exactly: the one the alternation took."""
    return next(name for name, mask in _EACH if (match := mask.match(shape, start)) and match.end() == end)


def _whole(line: bytes) -> tuple[bytes, ...]:
    """Pick a line without masked parts: all of it."""
    return (line,)


def _pick(spans: list[tuple[int, int]]) -> Pick:
    """Make a function that slices a line around spans."""
    if not spans:
        return _whole
    starts = [0, *(end for _, end in spans)]
    ends: list[int | None] = [*(start for start, _ in spans), None]
    return itemgetter(*(slice(start, end) for start, end in zip(starts, ends, strict=True)))
