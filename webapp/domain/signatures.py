"""What is the cause of a failure: its headline, told apart from others by what is no name, number, time or place.

Two messages have the same signature when their headlines differ only in variable parts: names of devices, addresses,
paths, interfaces, what the built-in masks know (times, durations, ids, counters), and all other numbers.
Source of the rules: docs/comparing.md, section "Causes".
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import itemgetter

from webapp.diff.masks import hidden_parts, shape_of
from webapp.domain.ansi import strip_escapes

LONGEST = 300  # characters of a headline

_MOST_SHAPES = 20_000  # those beyond are looked at again each time they come
_TRACEBACK = "Traceback (most recent call last):"
_FRAME = '  File "'
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
_NAME = "\x02"  # stands for a device's name: a headline has no control characters
_WORD = re.compile(r"\x02|\w[\w.-]*")

# First what stands as a whole, whatever lies in it; the built-in masks come next, and then these and all numbers left.
_WHOLE = re.compile(
    rb"(?P<device>\x02)"
    rb"|(?P<address>\b[a-z][a-z0-9+.-]*://[^\s'\"<>)\]]+)"
    rb"|(?P<path>(?<![\w./~-])(?:[A-Za-z]:\\|~?/|\.\.?/)[^\s'\"<>:;,()\[\]]+)"
)
_IPV4 = rb"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?:/\d{1,2}|:\d{1,5})?(?!\w|\.\w)"
_IPV6 = (
    rb"(?<![\w:.])(?=[0-9A-Fa-f:]*::|(?:[0-9A-Fa-f]{1,4}:){7})(?=:*[0-9A-Fa-f])"
    rb"[0-9A-Fa-f:]+(?:/\d{1,3})?(?![\w:])"
)
_REST = re.compile(
    rb"(?P<address>" + _IPV4 + rb"|" + _IPV6 + rb")"
    rb"|(?P<interface>\b[A-Za-z][A-Za-z-]*\d+(?:/\d+)+(?:[.:]\d+)?\b)"
    rb"|(?P<number>\d+(?:(?:\.|,|, )\d+)*)"
)

_Span = tuple[str, int, int]  # kind, start, end


@dataclass(frozen=True, slots=True)
class Signature:
    """What is left of a headline, and the kinds of its variable parts: `fixed` has one text more than `kinds`."""

    fixed: tuple[str, ...]
    kinds: tuple[str, ...]

    @property
    def key(self) -> str:
        """Return it as text; equal keys are the same cause."""
        pairs = zip(self.kinds, self.fixed[1:], strict=True)
        return self.fixed[0] + "".join(f"<{kind}>{text}" for kind, text in pairs)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a template: a text that all messages have, or the kind of what differs between them."""

    text: str
    is_variable: bool


class Template:
    """What the messages of one signature have in common, as far as they were added."""

    def __init__(self, signature: Signature, values: Sequence[str]) -> None:
        self._signature = signature
        self._values: list[str | None] = list(values)

    def add(self, values: Sequence[str]) -> None:
        """Look at the variable parts of one more message."""
        for place, (known, value) in enumerate(zip(self._values, values, strict=True)):
            if known != value:
                self._values[place] = None

    def parts(self) -> list[Part]:
        """Return the headline; variable parts that are the same in all messages stand as they are."""
        fixed, kinds = self._signature.fixed, self._signature.kinds
        parts = [Part(fixed[0], is_variable=False)]
        for kind, value, text in zip(kinds, self._values, fixed[1:], strict=True):
            parts.append(Part(kind if value is None else value, is_variable=value is None))
            parts.append(Part(text, is_variable=False))
        return _joined(parts)


def headline(message: str) -> str:
    """Return the line of a message that names the cause, without escapes, at most 300 characters; maybe empty.

    It is the first line that says something; in a Python traceback that of the exception. A line that ends in a colon
    goes on with the next one.
    """
    if "\x1b" in message:
        message = strip_escapes(message.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogatepass")
    lines = [line for line in message.splitlines() if line.strip()]
    if lines and lines[0].strip() == _TRACEBACK:
        lines = _raised(lines)
    found = ""
    for line in lines:
        found = f"{found} {_CONTROLS.sub(' ', line)}".rstrip()
        if not found.endswith(":") or len(found) > LONGEST:
            break
    return " ".join(found.split())[:LONGEST]


def _raised(lines: list[str]) -> list[str]:
    """Return the lines of a traceback from the exception on: what is not indented after the last frame."""
    frame = max((place for place, line in enumerate(lines) if line.startswith(_FRAME)), default=0)
    return next((lines[place:] for place in range(frame + 1, len(lines)) if not lines[place].startswith(" ")), lines)


class Signer:
    """Reads signatures; headlines that differ in digits alone are looked at once.

    Args:
        devices: names that are variable wherever they stand as a word, letter case ignored.
    """

    def __init__(self, devices: Iterable[str] = ()) -> None:
        self._devices = frozenset(name.casefold() for name in devices)
        self._known: dict[bytes, tuple[Signature, list[_Span]]] = {}

    def read(self, line: str, *, device: str = "") -> tuple[Signature, list[str]]:
        """Return the signature of a headline, and what stands in its variable parts.

        Args:
            line: a headline.
            device: the device that it is about: its name is variable even if it is no single word.
        """
        text, names = self._without_names(line, device)
        raw = text.encode("utf-8", "surrogatepass")
        shape = shape_of(raw)
        found = self._known.get(shape)
        if found is None:
            spans = _spans(raw, shape)
            found = (_signature(raw, spans), spans)
            if len(self._known) < _MOST_SHAPES:
                self._known[shape] = found
        signature, spans = found
        values = [_text(raw[start:end]) for _, start, end in spans]
        if names:
            later = iter(names)
            values = [re.sub(_NAME, lambda _: next(later), value) for value in values]
        return signature, values

    def _without_names(self, text: str, device: str) -> tuple[str, list[str]]:
        """Put a mark in the place of every device's name; return the names in the order of the marks."""
        if device and device in text and not _WORD.fullmatch(device):
            text = text.replace(device, _NAME)
        names: list[str] = []
        pieces: list[str] = []
        place = 0
        for match in _WORD.finditer(text):
            name = device if match[0] == _NAME else self._find_name(match[0])
            if name:
                names.append(name)
                pieces += (text[place : match.start()], _NAME)
                place = match.start() + (1 if match[0] == _NAME else len(name))
        return ("".join(pieces) + text[place:], names) if names else (text, names)

    def _find_name(self, word: str) -> str:
        """Return the name that a word is, or begins with when its domain follows; empty when it is none."""
        word = word.rstrip(".-")
        if word.casefold() in self._devices:
            return word
        host = word.partition(".")[0]
        return host if host != word and host.casefold() in self._devices else ""


def _spans(line: bytes, shape: bytes) -> list[_Span]:
    """Find the variable parts of a line, in order; no digit is left outside of them."""
    spans = [_span(match) for match in _WHOLE.finditer(shape)]
    for mask in hidden_parts(line):
        if not any(start < mask[2] and mask[1] < end for _, start, end in spans):
            spans.append(mask)
    spans.sort(key=itemgetter(1))
    starts = [0, *(end for _, _, end in spans)]
    ends = [*(start for _, start, _ in spans), len(line)]
    for start, end in zip(starts, ends, strict=True):
        spans += map(_span, _REST.finditer(shape, start, end))
    return sorted(spans, key=itemgetter(1))


def _span(match: re.Match[bytes]) -> _Span:
    return match.lastgroup or "", match.start(), match.end()


def _signature(line: bytes, spans: Sequence[_Span]) -> Signature:
    starts = [0, *(end for _, _, end in spans)]
    ends = [*(start for _, start, _ in spans), len(line)]
    fixed = tuple(_text(line[start:end]) for start, end in zip(starts, ends, strict=True))
    return Signature(fixed, tuple(kind for kind, _, _ in spans))


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


def _joined(parts: Iterable[Part]) -> list[Part]:
    """Join neighbouring fixed parts and leave out empty ones."""
    joined: list[Part] = []
    for part in parts:
        if joined and not part.is_variable and not joined[-1].is_variable:
            joined[-1] = Part(joined[-1].text + part.text, is_variable=False)
        elif part.text or part.is_variable:
            joined.append(part)
    return joined
