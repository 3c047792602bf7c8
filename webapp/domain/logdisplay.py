"""What does a line of a log show: harmless text and its colours, the end of a progress bar, a bounded length."""

import re
from dataclasses import dataclass

from webapp.domain.ansi import PLAIN, Span, Style, restyle, spans, strip_escapes, style_after, style_of, tokens
from webapp.domain.loglines import LineLevel, LogLine, LogLines, level_of

# This many characters of a line are shown.
MAX_SHOWN = 2_000

# Characters that are not shown as they are: controls, direction overrides, foreign line ends, a byte order mark.
_AWKWARD = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]")
_VISIBLE_CODES = (0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
_SHOWN_AS: dict[int, str | None] = {
    **{code: chr(0x2400 + code) for code in range(0x20) if code != 0x09},
    **dict.fromkeys(range(0x80, 0xA0), "\N{REPLACEMENT CHARACTER}"),
    **{code: f"<U+{code:04X}>" for code in _VISIBLE_CODES},
    0x7F: "\N{SYMBOL FOR DELETE}",
    0x07: None,
    0xFEFF: None,
}
_STAMP = re.compile(
    r"\s*(?:"
    r"\[?\d{4}[-/]\d\d[-/]\d\d(?:[T_ -]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?)?(?: ?(?:Z|UTC|[+-]\d\d:?\d\d)\b)?\]?"
    r"|\[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d(?: [+-]\d{4})?\]"
    r"|(?:[A-Z][a-z]{2} )?[A-Z][a-z]{2} [ \d]\d (?:\d{4} )?\d\d:\d\d:\d\d(?:\.\d{1,9})?(?: [A-Z]{3,4})?(?: \d{4})?"
    r"|\[?\d\d:\d\d:\d\d(?:[.,]\d{1,9})?\]?"
    r"|\[ *\d{1,9}\.\d{3,9}\]"
    r")(?=[\s:|,;-]|$)[:|,;]?\s?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownLine:
    """What a line shows, with SGR escapes for its colours, and the level it has."""

    text: str
    level: LineLevel


def show_lines(page: LogLines) -> list[ShownLine]:
    """Return what the lines of a page show; following their SGR escapes from `page.sgr` gives each line its colours."""
    style = style_of(page.sgr)
    shown: list[ShownLine] = []
    for line in page.lines:
        text, style = show_line(line, style)
        shown.append(ShownLine(text=text, level=level_of(line.head)))
    return shown


def plain_text(text: str) -> str:
    """Return a shown text without its colours."""
    return "".join(piece for piece, _ in tokens(text)) if "\x1b" in text else text


def show_line(line: LogLine, style: Style) -> tuple[str, Style]:
    """Return what a line shows and the style that holds after it.

    The text is valid Unicode without controls other than tabs and SGR escapes, at most 2,000 characters and a note
    that it was cut. Following its SGR escapes from `style` leads to the returned style.

    Args:
        line: the stored line.
        style: the style at its first byte.
    """
    if not line.tail:
        text = line.head.decode(errors="replace")
        if _AWKWARD.search(text) is None:
            return (text if len(text) <= MAX_SHOWN else text[:MAX_SHOWN] + _note(line)), style
    raw, start = line.head, style
    after = style_after(style_of(line.tail_sgr), line.tail) if line.tail else style_after(style, line.head)
    if b"\r" in line.tail.rstrip(b"\r"):
        raw, start = line.tail, style_of(line.tail_sgr)
    before, segment = _last_segment(raw)
    text, is_whole, end = _render(segment, current=style, style=style_after(start, before))
    if not is_whole or (line.tail and raw is line.head):
        text += _note(line)
    return text + _switch(end, after), after


def plain_line(raw: bytes) -> str:
    """Return all that a line shows, without colours and however long it is."""
    text = raw.decode(errors="replace")
    if _AWKWARD.search(text) is None:
        return text
    segment = _last_segment(raw)[1].decode(errors="replace")
    return "".join(_erase(piece).translate(_SHOWN_AS) for piece, _ in tokens(segment))


def split_stamp(text: str) -> tuple[str, str]:
    """Split a line's leading timestamp, with the space behind it, from the rest; it is empty when there is none."""
    found = _STAMP.match(text)
    return (text[: found.end()], text[found.end() :]) if found else ("", text)


def show_spans(text: str, style: Style) -> tuple[list[Span], Style]:
    """Cut a shown line at its colours and behind its timestamp, which gets the class `stamp`."""
    pieces, style = spans(text, style)
    if pieces:
        stamp, rest = split_stamp(pieces[0].text)
        if stamp:
            head = [Span(text=stamp, css=f"stamp {pieces[0].css}".rstrip())]
            pieces = head + ([Span(text=rest, css=pieces[0].css)] if rest else []) + pieces[1:]
    return pieces, style


def _last_segment(raw: bytes) -> tuple[bytes, bytes]:
    """Split the last segment that shows something from what carriage returns have overwritten."""
    body = raw.rstrip(b"\r")
    stop = len(body)
    while True:
        start = body.rfind(b"\r", 0, stop) + 1
        if not start or strip_escapes(body[start:stop]).strip():
            return body[:start], body[start:stop]
        stop = start - 1


def _render(segment: bytes, *, current: Style, style: Style) -> tuple[str, bool, Style]:
    """Return the shown text of a segment, whether that is all of it, and the style the text has led to.

    Args:
        segment: the bytes to show.
        current: the style that whoever shows the text is in.
        style: the style that the segment begins with.
    """
    pieces: list[str] = []
    room = MAX_SHOWN
    for piece, parameters in tokens(segment.decode(errors="replace")):
        if parameters is not None:
            style = restyle(style, parameters)
            continue
        shown = _erase(piece).translate(_SHOWN_AS)
        if shown:
            pieces.append(_switch(current, style) + shown[:room])
            current = style
        if len(shown) > room:
            return "".join(pieces), False, current
        room -= len(shown)
    return "".join(pieces), True, current


def _erase(text: str) -> str:
    """Let every backspace take back the character before it."""
    if "\b" not in text:
        return text
    kept: list[str] = []
    for character in text:
        if character != "\b":
            kept.append(character)
        elif kept:
            kept.pop()
    return "".join(kept)


def _switch(current: Style, wanted: Style) -> str:
    """Return the escape that leads from one style to another."""
    if current == wanted:
        return ""
    return "\x1b[m" if wanted == PLAIN else f"\x1b[0;{wanted.sgr}m"


def _note(line: LogLine) -> str:
    return f" … [cut here, the line has {line.size:,} bytes]"
