"""What do terminal escapes in a log mean for its display: colours are kept as a style, all others are dropped."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

# Longer parameter lists are no colours that any program sends; they are dropped like other escapes.
MAX_SGR = 64
ESC = "\x1b"

_SGR = rf"\x1b\[([0-9;:]{{0,{MAX_SGR}}})m"
# CSI: cursor, erase, modes.
_CONTROL = r"\x1b\[[0-?]*[ -/]*[@-~]?"
# OSC (titles, links), DCS, SOS, PM and APC with their text; one without an end loses its introducer alone.
_STRING = r"\x1b[\]PX^_][^\x07\x1b\n]*(?:\x07|\x1b\\)"
# Escapes of two or three characters, and what is left of a broken one.
_SHORT = r"\x1b[ -/]*[0-~]?"
_ESCAPES = re.compile(f"{_SGR}|{_CONTROL}|{_STRING}|{_SHORT}")
_RAW_ESCAPES = re.compile(f"{_SGR}|{_CONTROL}|{_STRING}|{_SHORT}".encode())
_RAW_SGR = re.compile(_SGR.encode())
_RESETS = (b"\x1b[0m", b"\x1b[m")

# Flags of a style in the order of their SGR numbers; 8 (conceal) is not one: a log hides nothing.
_FLAGS = (1, 2, 3, 4, 7, 9)
_SET = {1: 1, 2: 2, 3: 3, 4: 4, 5: 0, 7: 7, 9: 9, 21: 4}
_CLEAR: dict[int, tuple[int, ...]] = {22: (1, 2), 23: (3,), 24: (4,), 27: (7,), 29: (9,)}
_FOREGROUND = frozenset({*range(30, 38), *range(90, 98)})
_BACKGROUND = frozenset({*range(40, 48), *range(100, 108)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How text looks at one place of a log.

    Args:
        foreground: SGR parameters of the text's colour, such as `31`, `38;5;208` or `38;2;1;2;3`; empty is the default.
        background: the same for what is behind it.
        flags: the SGR numbers that hold: 1 bold, 2 faint, 3 italic, 4 underline, 7 inverse, 9 struck out.
    """

    foreground: str = ""
    background: str = ""
    flags: tuple[int, ...] = ()

    @property
    def sgr(self) -> str:
        """Return the SGR parameters that lead from the plain style to this one; empty for the plain style."""
        return ";".join([*map(str, self.flags), *filter(None, (self.foreground, self.background))])

    @property
    def css(self) -> str:
        """Return the class names of this style, such as `a1 a31` or `f208`; empty for the plain style."""
        colours = (_colour_class(self.foreground, "f"), _colour_class(self.background, "g"))
        return " ".join([*(f"a{flag}" for flag in self.flags), *filter(None, colours)])


PLAIN = Style()


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A piece of displayed text with the class names of its style."""

    text: str
    css: str


@lru_cache(maxsize=4096)
def restyle(style: Style, parameters: str) -> Style:
    """Return the style after `ESC [ parameters m`."""
    items = parameters.split(";")
    position = 0
    while position < len(items):
        fields = items[position].split(":")
        number = _number(fields[0])
        if number in (38, 48):
            colour, used = _extended(fields) if len(fields) > 1 else _extended(items[position : position + 5])
            position += used if len(fields) == 1 else 1
            if colour and number == 38:
                style = replace(style, foreground=f"38;{colour}")
            elif colour:
                style = replace(style, background=f"48;{colour}")
            continue
        style = _apply(style, number, fields)
        position += 1
    return style


def _apply(style: Style, number: int, fields: list[str]) -> Style:
    """Apply one SGR number other than an extended colour; an unknown one changes nothing."""
    if number == 0:
        return PLAIN
    if number in _FOREGROUND or number == 39:
        return replace(style, foreground="" if number == 39 else str(number))
    if number in _BACKGROUND or number == 49:
        return replace(style, background="" if number == 49 else str(number))
    if number == 4 and fields[1:2] == ["0"]:
        number = 24
    if flag := _SET.get(number, 0):
        return replace(style, flags=tuple(known for known in _FLAGS if known in style.flags or known == flag))
    cleared = _CLEAR.get(number, ())
    return replace(style, flags=tuple(known for known in style.flags if known not in cleared))


def _extended(fields: list[str]) -> tuple[str, int]:
    """Read `38;5;n` or `38;2;r;g;b`; return the colour, empty when it is broken, and how many fields it took."""
    kind = _number(fields[1]) if len(fields) > 1 else -1
    if kind == 5:
        index = _number(fields[2]) if len(fields) > 2 else -1
        return (f"5;{index}" if 0 <= index <= 255 else ""), 3
    if kind == 2:
        channels = [_number(field) for field in (fields[-3:] if len(fields) > 5 else fields[2:5])]
        is_whole = len(channels) == 3 and all(0 <= channel <= 255 for channel in channels)
        return ("2;" + ";".join(map(str, channels)) if is_whole else ""), 5
    return "", 1


def _number(field: str) -> int:
    """Read a number of at most five digits; nothing is 0, anything else is -1, which means nothing."""
    return int(field or 0) if len(field) <= 5 and (not field or (field.isascii() and field.isdigit())) else -1


@lru_cache(maxsize=1024)
def _colour_class(colour: str, palette: str) -> str:
    fields = colour.split(";")
    if len(fields) == 1:
        return f"a{colour}" if colour else ""
    if fields[1] == "5":
        return f"{palette}{fields[2]}"
    red, green, blue = (round(int(channel) / 51) for channel in fields[2:5])
    return f"{palette}{16 + 36 * red + 6 * green + blue}"


def style_of(sgr: str) -> Style:
    """Return the style that `Style.sgr` described."""
    return restyle(PLAIN, sgr) if sgr else PLAIN


def style_after(style: Style, raw: bytes) -> Style:
    """Return the style that holds after these bytes."""
    if b"\x1b" not in raw:
        return style
    reset = max(raw.rfind(sequence) for sequence in _RESETS)
    if reset >= 0:
        style = PLAIN
    for found in _RAW_SGR.finditer(raw, max(reset, 0)):
        style = restyle(style, found[1].decode())
    return style


def clear_of_escape(raw: bytes, position: int) -> int:
    """Return the position, or where the SGR escape begins that a cut at the position would split."""
    start = raw.rfind(b"\x1b", max(position - MAX_SGR - len("\x1b[m"), 0), position)
    found = _RAW_SGR.match(raw, start) if start >= 0 else None
    return start if found and found.end() > position else position


def tokens(text: str) -> Iterator[tuple[str, str | None]]:
    """Yield (text, None) for each piece of text, ("", parameters) for each SGR escape, nothing for others."""
    position = 0
    for found in _ESCAPES.finditer(text):
        if found.start() > position:
            yield text[position : found.start()], None
        if found[1] is not None:
            yield "", found[1]
        position = found.end()
    if position < len(text):
        yield text[position:], None


def strip_escapes(raw: bytes) -> bytes:
    """Return the bytes without any escapes; line ends stay where they are."""
    return _RAW_ESCAPES.sub(b"", raw) if b"\x1b" in raw else raw


def spans(text: str, style: Style) -> tuple[list[Span], Style]:
    """Cut a displayed line at its colours; return the pieces and the style that holds after it."""
    pieces: list[Span] = []
    for piece, parameters in tokens(text):
        if parameters is not None:
            style = restyle(style, parameters)
        elif pieces and pieces[-1].css == style.css:
            pieces[-1] = Span(text=pieces[-1].text + piece, css=style.css)
        else:
            pieces.append(Span(text=piece, css=style.css))
    return pieces, style
