"""Is a text found whatever its case, in any script, and also across colours?"""

import pytest

from webapp.domain.logsearch import MAX_QUERY, find_query_fault, make_matcher

pytestmark = pytest.mark.unit

BLOCK = "first Needle\nnothing\n\x1b[31mnee\x1b[0mDLE twice needle\nGröße und GRÖSSE\n\nžluťoučký KŮŇ".encode()


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("needle", [0, 2]),
        ("NEEDLE T", [2]),
        ("31", []),
        ("größe", [3]),
        ("GRÖ", [3]),
        ("kůň", [5]),
        ("ŽLUŤ", [5]),
        (".", []),
        ("(", []),
        ("ß", [3]),
        ("n", [0, 1, 2, 3]),
    ],
)
def test_find_lines(text: str, lines: list[int]) -> None:
    assert list(make_matcher(text).find_lines(BLOCK)) == lines


def test_size_bounds_an_occurrence() -> None:
    assert make_matcher("abc").size == 3
    assert make_matcher("aß").size == 3


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "expected a text to look for"),
        ("a\nb", "expected a text of one line"),
        ("x" * (MAX_QUERY + 1), "expected at most 1,000 characters, got 1,001"),
        ("fine", None),
    ],
)
def test_find_query_fault(text: str, fault: str | None) -> None:
    assert find_query_fault(text) == fault
