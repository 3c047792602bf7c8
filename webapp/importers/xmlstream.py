"""What does an XML file of any size and origin say: its elements one by one, safely and with what tools write wrongly.

No document type is accepted, so there are no entities to expand and no files or addresses to fetch. Control characters
and faulty bytes, which XML forbids and tools write nevertheless, are read.
"""

import codecs
import re
from collections import deque
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import BinaryIO
from xml.parsers import expat  # no document type is accepted, so nothing can be declared that expands

from webapp.errors import InvalidError, TooLargeError
from webapp.importers.texts import CUT

PIECE = 64 * 1024
MAX_TEXT = 16 * 1024 * 1024
MAX_TAG = 4 * 1024 * 1024
MAX_DEPTH = 100
MAX_ATTRIBUTES = 1000

ENCODINGS = ("utf-8", "utf-16", "us-ascii", "iso-8859-1", "iso-8859-15", "windows-1252")
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]*?\sencoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_REFERENCE = re.compile(r"&#(?:[xX]([0-9a-fA-F]{1,8})|([0-9]{1,8}));")
_REFERENCE_ROOM = 12

# XML can't hold these characters. While they pass the parser they stand as Unicode's 32 noncharacters for own use.
_SHELTER = 0xFDD0
_FORBIDDEN = [code for code in range(32) if code not in (9, 10, 13)]
_HIDE = {code: _SHELTER + code for code in _FORBIDDEN} | {0xFFFE: 0xFFFD, 0xFFFF: 0xFFFD}
_SHOW = {_SHELTER + code: code for code in _FORBIDDEN}
_HIDDEN = re.compile("[\ufdd0-\ufdef]")
_TOO_EARLY = frozenset(
    {
        expat.errors.codes[expat.errors.XML_ERROR_NO_ELEMENTS],
        expat.errors.codes[expat.errors.XML_ERROR_UNCLOSED_TOKEN],
        expat.errors.codes[expat.errors.XML_ERROR_UNCLOSED_CDATA_SECTION],
        expat.errors.codes[expat.errors.XML_ERROR_PARTIAL_CHAR],
    }
)


@dataclass(frozen=True, slots=True)
class Start:
    """An element begins."""

    tag: str
    attributes: dict[str, str]
    line: int


@dataclass(frozen=True, slots=True)
class End:
    """An element is over; `text` is its own text if that was asked for."""

    tag: str
    text: str


class _Text:
    """The text of an element, as far as there is room for it."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._room = MAX_TEXT

    def add(self, data: str) -> None:
        if self._room >= 0:
            self._pieces.append(data[: self._room])
            self._room -= len(data)

    def __str__(self) -> str:
        return _shown("".join(self._pieces)) + (CUT if self._room < 0 else "")


def iterate_xml(stream: BinaryIO, *, texts: Collection[str]) -> Iterator[Start | End]:
    """Yield where elements begin and end; names lose their namespaces.

    Args:
        stream: the file.
        texts: the elements whose text is wanted; each is kept up to 16 MiB characters.

    Raises:
        InvalidError: the file is not well-formed, has a document type or ends too early; it says the line.
        TooLargeError: a tag or comment is larger than 4 MiB.
    """
    handler = _Handler(frozenset(texts))
    fed = 0
    for piece in _decoded(stream):
        data = piece.encode()
        fed += len(data)
        yield from handler.feed(data)
        if fed - handler.position > MAX_TAG:
            raise TooLargeError(f"line {handler.line}: a tag may have at most {MAX_TAG:,} bytes")
    yield from handler.feed(b"", is_last=True)


class _Handler:
    def __init__(self, texts: frozenset[str]) -> None:
        self._texts = texts
        self._open: list[_Text | None] = []
        self._found: deque[Start | End] = deque()
        self._parser = expat.ParserCreate("utf-8")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._parser.StartDoctypeDeclHandler = self._refuse_doctype

    @property
    def position(self) -> int:
        return self._parser.CurrentByteIndex

    @property
    def line(self) -> int:
        return self._parser.CurrentLineNumber

    def feed(self, data: bytes, *, is_last: bool = False) -> Iterator[Start | End]:
        fault = None
        try:
            self._parser.Parse(data, is_last)
        except expat.ExpatError as error:
            fault = error
        while self._found:
            yield self._found.popleft()
        if fault is not None:
            is_early = is_last and fault.code in _TOO_EARLY
            reason = "the file ends too early" if is_early else expat.ErrorString(fault.code)
            raise InvalidError((f"line {fault.lineno}", f"expected well-formed XML: {reason}")) from fault

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if len(self._open) >= MAX_DEPTH:
            raise InvalidError((f"line {self.line}", f"expected at most {MAX_DEPTH} levels of elements"))
        if len(attributes) > MAX_ATTRIBUTES:
            raise InvalidError((f"line {self.line}", f"expected at most {MAX_ATTRIBUTES:,} attributes"))
        name = _local(tag)
        self._open.append(_Text() if name in self._texts else None)
        known = {_local(key): _shown(value) for key, value in attributes.items()}
        self._found.append(Start(name, known, self.line))

    def _end(self, tag: str) -> None:
        text = self._open.pop()
        self._found.append(End(_local(tag), "" if text is None else str(text)))

    def _text(self, data: str) -> None:
        text = self._open[-1]
        if text is not None:
            text.add(data)

    def _refuse_doctype(self, *_args: object) -> None:
        raise InvalidError(
            (f"line {self.line}", "expected no document type (<!DOCTYPE ...>): it could declare entities")
        )


def _decoded(stream: BinaryIO) -> Iterator[str]:
    """Yield the file as text that the parser accepts, in pieces."""
    data = stream.read(PIECE)
    decoder = codecs.getincrementaldecoder(_encoding_of(data))(errors="replace")
    rest = ""
    is_first = True
    while data:
        text = rest + decoder.decode(data)
        if is_first:
            text = text.lstrip()
            is_first = not text
        data = stream.read(PIECE)
        cut = text.rfind("&", max(0, len(text) - _REFERENCE_ROOM)) if data else -1
        text, rest = (text[:cut], text[cut:]) if cut >= 0 else (text, "")
        yield _hidden(text)
    yield _hidden(rest + decoder.decode(b"", final=True))


def _encoding_of(head: bytes) -> str:
    for bom, encoding in _BOMS:
        if head.startswith(bom):
            return encoding
    found = _DECLARED.match(head)
    declared = found.group(1).decode() if found else "utf-8"
    try:
        known = codecs.lookup(declared).name
    except LookupError:
        known = declared
    if known not in {codecs.lookup(name).name for name in ENCODINGS}:
        raise InvalidError(("line 1: encoding", f"expected one of {', '.join(ENCODINGS)}, got {declared!r}"))
    # Read as declared this was, so UTF-16 without its mark has one byte a character here.
    return "utf-8" if known == "utf-16" else known


def _hidden(text: str) -> str:
    """Shelter what XML forbids, also where it is written as a reference such as `&#27;`."""
    return _REFERENCE.sub(_hidden_reference, text.translate(_HIDE)) if text else text


def _hidden_reference(found: re.Match[str]) -> str:
    code = int(found[1], 16) if found[1] else int(found[2])
    if code in _HIDE:
        return chr(_HIDE[code])
    return "\N{REPLACEMENT CHARACTER}" if 0xD800 <= code <= 0xDFFF or code > 0x10FFFF else found[0]


def _shown(text: str) -> str:
    return text.translate(_SHOW) if not text.isascii() and _HIDDEN.search(text) else text


def _local(name: str) -> str:
    return name.rpartition(":")[2]
