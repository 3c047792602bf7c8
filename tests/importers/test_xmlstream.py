"""Is XML read safely, piece by piece, with what tools write wrongly?"""

import io
import tracemalloc
from typing import TYPE_CHECKING

import pytest

from webapp.errors import InvalidError, TooLargeError
from webapp.importers import xmlstream
from webapp.importers.texts import CUT
from webapp.importers.xmlstream import End, Start, iterate_xml

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

pytestmark = pytest.mark.unit

ELEMENT = b"<b>" + b"text " * 200 + b"</b>"
MANY = " ".join(f"k{number}=''" for number in range(1500))


def read(data: bytes | str, *texts: str) -> list[Start | End]:
    stream = io.BytesIO(data.encode() if isinstance(data, str) else data)
    return list(iterate_xml(stream, texts=texts))


def text_of(data: bytes | str) -> str:
    """Return the text of the only element."""
    (_, end) = read(data, "a")
    assert isinstance(end, End)
    return end.text


def test_elements_come_with_attributes_text_and_lines() -> None:
    found = read('<x:a k="1">\n<b>in</b>text</x:a>', "b")
    assert found == [Start("a", {"k": "1"}, 1), Start("b", {}, 2), End("b", "in"), End("a", "")]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (b"<a>\x1b[31mred\x00</a>", "\x1b[31mred\x00"),
        (b"<a>&#27;&#x1B;&#0;</a>", "\x1b\x1b\x00"),
        (b"<a>&#xD800;&#99999999;</a>", "\ufffd\ufffd"),
        (b"<a>\xff\xc3\xa4</a>", "\ufffd\xe4"),
        (b"<a>&lt;&amp;&#65;&quot;</a>", '<&A"'),
        (b"<a><![CDATA[<b>&]]></a>", "<b>&"),
        (b"\n \t<a>x</a>", "x"),
        (b"\xef\xbb\xbf<a>x</a>", "x"),
        ("<a>ä</a>".encode("utf-16"), "ä"),
        ("<a>ä</a>".encode("utf-16-be").replace(b"\x00<\x00a", b"\xfe\xff\x00<\x00a", 1), "ä"),
        (b"<?xml version='1.0' encoding='ISO-8859-1'?><a>\xe4</a>", "ä"),
        (b"<?xml version='1.0' encoding='utf-16'?><a>x</a>", "x"),
        ("<a>\ufffe</a>".encode(), "\ufffd"),
        (b"<a>1\r\n2</a>", "1\n2"),
    ],
)
def test_what_tools_write_is_read(written: bytes, meant: str) -> None:
    assert text_of(written) == meant


def test_references_are_whole_across_pieces() -> None:
    for shift in range(12):
        text = "x" * (xmlstream.PIECE - 3 - shift) + "&#27;&#x1b;&amp;"
        assert text_of(f"<a>{text}</a>") == "x" * (xmlstream.PIECE - 3 - shift) + "\x1b\x1b&"


def test_attributes_are_read_the_same_way() -> None:
    (start, _) = read(b'<a k="&#27;\x01"/>')
    assert start == Start("a", {"k": "\x1b\x01"}, 1)


@pytest.mark.parametrize(
    ("written", "place", "reason"),
    [
        ("<a>\n<b></a>", "line 2", "mismatched tag"),
        ("<a>\n<b", "line 2", "the file ends too early"),
        ("", "line 1", "the file ends too early"),
        ("<a>&nbsp;</a>", "line 1", "undefined entity"),
        ("\n<!DOCTYPE a>\n<a/>", "line 1", "expected no document type"),
        ("<?xml version='1.0' encoding='utf-7'?><a/>", "line 1: encoding", "got 'utf-7'"),
        ("<?xml version='1.0' encoding='no-such'?><a/>", "line 1: encoding", "got 'no-such'"),
        ("<a>" * 200, "line 1", "expected at most 100 levels of elements"),
        (f"<a {MANY}/>", "line 1", "expected at most 1,000 attributes"),
    ],
)
def test_what_is_no_xml_is_refused_with_its_line(written: str, place: str, reason: str) -> None:
    with pytest.raises(InvalidError) as caught:
        read(written)
    assert caught.value.faults[0][0] == place
    assert reason in caught.value.faults[0][1]


def test_tag_without_an_end_is_refused_early() -> None:
    with pytest.raises(TooLargeError, match="line 1: a tag may have at most 4,194,304 bytes"):
        read(b'<a k="' + b"x" * 6_000_000)


def test_long_text_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xmlstream, "MAX_TEXT", 10)
    assert text_of("<a>0123456789</a>") == "0123456789"
    assert text_of("<a>0123456789x</a>") == "0123456789" + CUT


class Endless(io.RawIOBase):
    """A file of many elements that never ends well."""

    def __init__(self, size: int) -> None:
        self._left = size
        self._head = b"<a>"

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        """Fill a buffer with whole elements."""
        room = memoryview(buffer)
        piece = self._head + ELEMENT * ((len(room) - 3) // len(ELEMENT))
        self._head = b""
        self._left -= len(piece)
        if self._left <= 0:
            return 0
        room[: len(piece)] = piece
        return len(piece)


def test_memory_does_not_grow_with_the_file() -> None:
    tracemalloc.start()
    with pytest.raises(InvalidError, match="the file ends too early"):
        sum(1 for _ in iterate_xml(io.BufferedReader(Endless(8_000_000)), texts=["b"]))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4_000_000
