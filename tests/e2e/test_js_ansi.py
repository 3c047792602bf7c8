"""Do terminal colours become classes, is the state carried over lines, and is every other escape dropped?"""

import pytest
from playwright.sync_api import Page

from tests.e2e.parts import probe

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize(
    ("line", "pieces"),
    [
        ("plain", [["plain", ""]]),
        ("\x1b[31mred\x1b[0m plain", [["red", "a31"], [" plain", ""]]),
        ("\x1b[1;4;31mx\x1b[22my\x1b[24;39mz", [["x", "a31 a1 a4"], ["y", "a31 a4"], ["z", ""]]),
        ("\x1b[38;5;208mo\x1b[48;5;17mb", [["o", "f208"], ["b", "f208 g17"]]),
        ("\x1b[38;2;255;0;0mr", [["r", "f196"]]),
        ("\x1b[38:2::255:0:0mr\x1b[4:3mu\x1b[4:0mn", [["r", "f196"], ["u", "f196 a4"], ["n", "f196"]]),
        ("\x1b[38;5;999mx\x1b[38;2;1;999;3my", [["x", ""], ["y", ""]]),
        ("\x1b[38mx\x1b[38;9my", [["x", ""], ["y", "a9"]]),
        ("\x1b[93;101mw\x1b[49mv", [["w", "a93 a101"], ["v", "a93"]]),
        ("a\x1b[2Kb\x1b[?25lc\x1b]0;title\x07d\x1b(Be\x00f\x1b[", [[letter, ""] for letter in "abcdef"]),
        ("<script>alert(1)</script>", [["<script>alert(1)</script>", ""]]),
        ("a\tb\u2028c", [["a\tb\u2028c", ""]]),
    ],
)
def test_escapes_become_classes(tab: Page, line: str, pieces: list[list[str]]) -> None:
    tab.goto("/")
    assert probe(tab, "ansi.piecesOf", line) == pieces


def test_state_of_a_chunk_start_colours_its_first_line(tab: Page) -> None:
    tab.goto("/")
    assert probe(tab, "ansi.piecesOf", "red\x1b[m off", "1;31") == [["red", "a31 a1"], [" off", ""]]


def test_state_is_carried_to_the_next_line(tab: Page) -> None:
    tab.goto("/")
    assert probe(tab, "ansi.classesAfter", "x\x1b[1mbold\x1b[36m and cyan") == "a36 a1"


def test_hits_are_marked_across_colours_and_stamps_wrapped(tab: Page) -> None:
    tab.goto("/")
    assert probe(tab, "ansi.marked", "08:00:00 \x1b[31mbo\x1b[0mth Both <b>", "both", 9) == (
        '<span class="stamp">08:00:00 </span><mark class="">bo</mark><mark>th</mark> <mark>Both</mark> &lt;b&gt;'
    )
