"""Is what a line shows harmless and true, whatever bytes it has?"""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.domain.ansi import PLAIN, Span, restyle, style_after, style_of, tokens
from webapp.domain.logdisplay import MAX_SHOWN, plain_line, plain_text, show_line, show_lines, show_spans, split_stamp
from webapp.domain.loglines import LINE_END, LogLine, LogLines, cut_line

pytestmark = pytest.mark.unit


def shown(raw: bytes) -> str:
    """Return what a line with these bytes shows."""
    return show_line(cut_line(raw, 0, len(raw), style=PLAIN), PLAIN)[0]


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"plain", "plain"),
        (b"", ""),
        ("größe 測試".encode(), "größe 測試"),
        ("läuft".encode("latin-1"), "l�uft"),
        (b"\xe2\x82 euro", "� euro"),
        (b"ok \x00\x01", "ok ␀␁"),
        (b"tab\tstays", "tab\tstays"),
        (b"bell\x07", "bell"),
        (b"\x7f", "␡"),
        (b"windows\r", "windows"),
        ("\ufeffBOM".encode(), "BOM"),
        ("a\u2028b\u2029c".encode(), "a<U+2028>b<U+2029>c"),
        ("\u202egpj.exe".encode(), "<U+202E>gpj.exe"),
        ("x\u0085y\u009by".encode(), "x�y�y"),
        (b"form\x0cfeed\x0b", "form␌feed␋"),
        (b"50%\r60%\r100% done\r", "100% done"),
        (b"100%\r\x1b[2K\r      \r", "100%"),
        (b"\r\r", ""),
        (b"ab\x08c", "ac"),
        (b"\x08\x08x", "x"),
        (b"\x1b]0;title\x07\x1b[2Jscreen", "screen"),
        (b"\x1b]8;;http://example.com\x1b\\link\x1b]8;;\x1b\\", "link"),
        (b"<script>alert(1)</script>", "<script>alert(1)</script>"),
        (b"\x1b[31mred\x1b[0m", "\x1b[0;31mred\x1b[m"),
        (b"\x1b[31m10%\r20%", "\x1b[0;31m20%"),
        (b"a\x1b[1m\x1b[31mb", "a\x1b[0;1;31mb"),
        (b"\x1b[31", ""),
        (b"end \x1b[32m", "end \x1b[0;32m"),
    ],
)
def test_show_line(raw: bytes, text: str) -> None:
    assert shown(raw) == text


def test_plain_line_is_whole_and_without_colours() -> None:
    assert plain_line(b"x" * 3_000) == "x" * 3_000
    assert plain_line(b"10%\r\x1b[31m20%\x00\x1b[0m" + b"y" * 3_000) == "20%␀" + "y" * 3_000


def test_a_long_line_is_cut_with_a_note() -> None:
    text = shown(b"x" * 2_000_000 + b" end of a 2 MB line")
    assert text == "x" * MAX_SHOWN + " … [cut here, the line has 2,000,019 bytes]"
    assert shown(b"y" * (MAX_SHOWN + 1)) == "y" * MAX_SHOWN + " … [cut here, the line has 2,001 bytes]"
    assert shown(b"y" * MAX_SHOWN) == "y" * MAX_SHOWN


def test_a_long_progress_bar_shows_its_last_segment() -> None:
    assert shown(b"".join(b"%d%%\r" % number for number in range(100_000)) + b"done") == "done"


def test_colours_behind_the_cut_reach_the_next_line() -> None:
    raw = b"x" * 3_000 + b"\x1b[32m"
    text, style = show_line(LogLine(head=raw, size=len(raw)), PLAIN)
    assert text.endswith("bytes]\x1b[0;32m")
    assert style.sgr == "32"


BYTES = st.one_of(
    st.binary(max_size=60),
    st.lists(st.sampled_from([b"\x1b[3", b"1m", b"\x1b[0m", b"\r", b"\b", b"x" * 900, b"\x1b]", b"\x07"])).map(
        b"".join
    ),
    st.lists(st.sampled_from([b"\x1b[31m" * 900, b"a" * 9_000, b"\r", b"\x1b[4"])).map(b"".join),
)


@given(raw=BYTES, sgr=st.sampled_from(["", "31", "1;4;38;5;9"]))
def test_shown_text_is_harmless_and_leads_to_the_style_behind_it(raw: bytes, sgr: str) -> None:
    raw = raw.replace(b"\n", b"")
    start = style_of(sgr)
    line = cut_line(raw, 0, len(raw), style=start)
    text, after = show_line(line, start)
    followed = start
    for _, parameters in tokens(text):
        followed = restyle(followed, parameters) if parameters is not None else followed
    assert followed == after
    if not line.tail:
        assert after == style_after(start, raw)
    bare = plain_text(text)
    assert "\x1b" not in bare
    assert all(unicodedata.category(char) not in ("Cc", "Cs", "Zl", "Zp") or char == "\t" for char in bare)
    assert len(bare) <= MAX_SHOWN + len(" … [cut here, the line has 1,000,000 bytes]")
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", bare)


def test_show_lines_carries_colours_and_takes_levels_from_the_bytes() -> None:
    lines = [LogLine(head=raw, size=len(raw)) for raw in (b"ERROR \x1b[31mx", b"red still", b"\x1b[0mWARNING plain")]
    page = show_lines(LogLines(first=7, lines=lines, sgr="1"))
    assert [line.text for line in page] == ["ERROR \x1b[0;1;31mx", "red still", "\x1b[mWARNING plain"]
    assert [line.level for line in page] == ["error", "", "warning"]


@pytest.mark.parametrize(
    ("text", "stamp"),
    [
        ("2026-11-22 08:00:00,123 INFO x", "2026-11-22 08:00:00,123 "),
        ("2026-11-22T08:00:00.5Z x", "2026-11-22T08:00:00.5Z "),
        ("2026-11-22T08:00:00+01:00 x", "2026-11-22T08:00:00+01:00 "),
        ("[2026-11-22 08:00:00] x", "[2026-11-22 08:00:00] "),
        ("2026/11/22 08:00:00 [error] x", "2026/11/22 08:00:00 "),
        ("Nov 22 08:00:00 host x", "Nov 22 08:00:00 "),
        ("Sun Nov  2 08:00:00 2026 x", "Sun Nov  2 08:00:00 2026 "),
        ("08:00:00.123 x", "08:00:00.123 "),
        ("[   12.345678] usb 1-1", "[   12.345678] "),
        ("[22/Nov/2026:08:00:00 +0000] x", "[22/Nov/2026:08:00:00 +0000] "),
        ("08:00:00: x", "08:00:00: "),
        ("at 08:00:00 x", ""),
        ("10.0.0.1 x", ""),
        ("12:34 x", ""),
        ("", ""),
    ],
)
def test_split_stamp(text: str, stamp: str) -> None:
    assert split_stamp(text) == (stamp, text.removeprefix(stamp))


def test_show_spans_sets_the_timestamp_apart() -> None:
    pieces, style = show_spans("08:00:00 a\x1b[31mb", PLAIN)
    assert pieces == [Span(text="08:00:00 ", css="stamp"), Span(text="a", css=""), Span(text="b", css="a31")]
    assert style.sgr == "31"
    assert show_spans("08:00:00", style)[0] == [Span(text="08:00:00", css="stamp a31")]
    assert show_spans("", PLAIN) == ([], PLAIN)


def test_a_giant_line_without_a_progress_bar_shows_its_beginning() -> None:
    line = LogLine(head=b"start " + b"h" * LINE_END, size=3_000_000, tail=b"tail\r\r", tail_sgr="31")
    text, style = show_line(line, PLAIN)
    assert text.startswith("start hhh")
    assert "[cut here, the line has 3,000,000 bytes]" in text
    assert style.sgr == "31"
