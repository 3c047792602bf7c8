"""Which names are fine, and what is said of the others?"""

import pytest

from webapp.domain.names import find_name_fault, find_slug_fault, find_text_fault

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    "name", ["a", "../../x", "<script>alert(1)</script>", "Zürich 1", "日本", "a'b\"c", "%2F", "x" * 255, "a\u200fb"]
)
def test_name_is_fine(name: str) -> None:
    assert find_name_fault(name) is None


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("", "expected a name, got an empty text"),
        (" \t", "expected a name, got only blanks"),
        ("a ", "expected a name without blanks at its start and end"),
        ("\u00a0a", "expected a name without blanks at its start and end"),
        ("x" * 256, "expected at most 255 characters, got 256"),
        ("a\0b", "expected no control characters, got U+0000 at character 2"),
        ("a\x1b[31m", "expected no control characters, got U+001B at character 2"),
        ("a\x85b", "expected no control characters, got U+0085 at character 2"),
        ("a\u2028b", "expected no control characters, got U+2028 at character 2"),
        ("a\u202eb", "expected no characters that change the direction of text, got U+202E at character 2"),
        ("\u2066a", "expected no characters that change the direction of text, got U+2066 at character 1"),
        ("a\ud800", "expected no lone surrogates, got U+D800 at character 2"),
    ],
)
def test_name_is_refused_with_a_sentence(name: str, sentence: str) -> None:
    assert find_name_fault(name) == sentence


def test_text_may_be_empty() -> None:
    assert find_text_fault("") is None
    assert find_text_fault("a\tb") == "expected no control characters, got U+0009 at character 2"


@pytest.mark.parametrize("slug", ["backup", "nightly backup", "a.b-c_d", "Ü"])
def test_slug_is_fine(slug: str) -> None:
    assert find_slug_fault(slug) is None


@pytest.mark.parametrize("slug", ["a/b", "/", ".", "..", "", "a\0"])
def test_slug_is_refused(slug: str) -> None:
    assert find_slug_fault(slug) is not None
