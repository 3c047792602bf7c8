"""Are colours kept as a style, and all other escapes dropped?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.domain.ansi import (
    PLAIN,
    Span,
    Style,
    clear_of_escape,
    restyle,
    spans,
    strip_escapes,
    style_after,
    style_of,
)

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("parameters", "css"),
    [
        ("31", "a31"),
        ("1;31;44", "a1 a31 a44"),
        ("97;107", "a97 a107"),
        ("38;5;208", "f208"),
        ("48;5;17", "g17"),
        ("38:5:208", "f208"),
        ("38;2;255;0;0", "f196"),
        ("38:2::255:0:0", "f196"),
        ("48;2;1;2;3", "g16"),
        ("38;5;208;1", "a1 f208"),
        ("31;39", ""),
        ("41;49", ""),
        ("1;2;22", ""),
        ("3;23;4;24;7;27;9;29", ""),
        ("4:3", "a4"),
        ("4;4:0", ""),
        ("21", "a4"),
        ("1;0;32", "a32"),
        ("1;", ""),
        ("8", ""),
        ("38;5;256", ""),
        ("38;5", ""),
        ("38", ""),
        ("38;2;1;2", ""),
        ("38;9;1", "a1 a9"),
        ("999999;31", "a31"),
        ("::;31", "a31"),
    ],
)
def test_restyle_follows_sgr_parameters(parameters: str, css: str) -> None:
    assert restyle(PLAIN, parameters).css == css


def test_restyle_without_parameters_resets() -> None:
    assert restyle(Style(foreground="31", flags=(1,)), "") == PLAIN


@given(st.lists(st.sampled_from(["0", "1", "2", "22", "31", "38;5;9", "48;2;9;8;7", "39", "49", "97", "4:3", "5"])))
def test_sgr_of_a_style_leads_to_the_same_style(changes: list[str]) -> None:
    style = PLAIN
    for change in changes:
        style = restyle(style, change)
    assert style_of(style.sgr) == style
    assert len(style.sgr) <= 64


def test_strip_escapes_drops_titles_links_and_cursor_moves() -> None:
    raw = b"\x1b]0;title\x07a\x1b[2J\x1b[1;31mb\x1b[?25lc\x1b]8;;http://x\x1b\\d\x1b]8;;\x1b\\e\x1bPq\x1b\\\x1b(Bf\x1b"
    assert strip_escapes(raw) == b"abcdef"


def test_strip_escapes_shows_the_text_of_a_title_without_an_end() -> None:
    assert strip_escapes(b"\x1b]0;rest of line\nnext") == b"0;rest of line\nnext"


@given(st.lists(st.sampled_from([b"\x1b", b"[", b"]", b"31", b";", b"m", b"\x07", b"\\", b"\n", b"P", b"x", b"("])))
def test_strip_escapes_leaves_no_escape_and_every_line_end(parts: list[bytes]) -> None:
    raw = b"".join(parts)
    assert b"\x1b" not in strip_escapes(raw)
    assert strip_escapes(raw).count(b"\n") == raw.count(b"\n")


def test_style_after_begins_at_the_last_reset() -> None:
    assert style_after(PLAIN, b"\x1b[31m\x1b[1mx\x1b[0my\x1b[4m").sgr == "4"
    assert style_after(style_of("31"), b"no escapes") == style_of("31")
    assert style_after(style_of("31"), b"\x1b[1mx\x1b[m") == PLAIN


def test_clear_of_escape_moves_before_a_split_escape_only() -> None:
    raw = b"text \x1b[1;31mred"
    assert clear_of_escape(raw, 7) == 5
    assert clear_of_escape(raw, 12) == 12
    assert clear_of_escape(raw, 3) == 3
    assert clear_of_escape(b"text \x1b[1;31", 8) == 8


def test_spans_are_cut_at_colours_and_carry_the_style_on() -> None:
    pieces, style = spans("a\x1b[31mb\x1b[1mc\x1b[1md", PLAIN)
    assert pieces == [Span(text="a", css=""), Span(text="b", css="a31"), Span(text="cd", css="a1 a31")]
    assert style.sgr == "1;31"
