"""How a text is cut into words: quotes, escapes, lists, and the characters that are refused."""

import pytest

from tests.query.asking import refused
from webapp.query.lexer import Bare, Mark, MarkKind, Pair, tokenize

pytestmark = pytest.mark.unit


def bare(text: str) -> list[str]:
    return [token.word.text for token in tokenize(text) if isinstance(token, Bare)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a  b\tc\nd", ["a", "b", "c", "d"]),
        ('"a b" c', ["a b", "c"]),
        ('a" b "c', ["a b c"]),
        (r'"say \"hi\" \\ \n"', [r'say "hi" \ \n']),
        (r"a\ b \(c\) \"", ["a b", "(c)", '"']),
        (r"1C:\temp\ ", [r"1C:\temp "]),
        (r"tail\\", ["tail\\"]),
        (r"\-x", ["-x"]),
        ('"status":x', ["status:x"]),
        (r"status\:x", ["status:x"]),
        (":x", [":x"]),
        ("a,b", ["a,b"]),
        ("日本 naïve", ["日本", "naïve"]),
        ('"a(b)"', ["a(b)"]),
    ],
)
def test_words_are_cut(text: str, words: list[str]) -> None:
    assert bare(text) == words


def test_a_field_has_a_list_of_values() -> None:
    (token,) = tokenize('Status:a,"b,c",d:e')
    assert isinstance(token, Pair)
    assert (token.name, token.name_end, token.end) == ("status", 6, 18)
    assert [value.text for value in token.values] == ["a", "b,c", "d:e"]
    assert [(value.start, value.end) for value in token.values] == [(7, 8), (9, 14), (15, 18)]


def test_operators_stand_alone() -> None:
    kinds = [token.kind for token in tokenize("-(a OR b) AND NOT c") if isinstance(token, Mark)]
    assert kinds == [MarkKind.NOT, MarkKind.OPEN, MarkKind.OR, MarkKind.CLOSE, MarkKind.AND, MarkKind.NOT]


def test_unquoted_signs_are_found_behind_quoted_ones() -> None:
    (token,) = tokenize('"a..b"..c')
    assert isinstance(token, Bare)
    assert token.word.find_plain("..") == 4
    assert token.word.find_plain("b") == -1


@pytest.mark.parametrize(
    ("text", "message", "position", "length"),
    [
        ('a "b c', "this quote is not closed", 2, 4),
        ("tail\\", "there is nothing after this backslash", 4, 1),
        ("label:\\", "there is nothing after this backslash", 6, 1),
        ('""', "there is nothing between these quotes", 0, 2),
        ("foo(bar)", "a parenthesis inside a word", 3, 1),
        ("device:eth(0)", "a parenthesis inside a word", 10, 1),
        ("status:", '"status" needs a value right after the colon', 6, 1),
        ("status: failed", '"status" needs a value right after the colon', 6, 1),
        ('service:""', '"service" needs a value right after the colon', 7, 1),
        ("status:a,", "a value is missing beside this comma", 8, 1),
        ("status:a,,b", "a value is missing beside this comma", 8, 1),
        ("a - b", "a minus excludes the word right after it", 2, 1),
        ("--x", "a minus excludes the word right after it", 0, 1),
        ("-", "a minus excludes the word right after it", 0, 1),
    ],
)
def test_loose_ends_are_refused(text: str, message: str, position: int, length: int) -> None:
    error = refused(text)
    assert str(error).startswith(message)
    assert (error.position, error.length) == (position, length)


@pytest.mark.parametrize(
    "char",
    ["\x00", "\x07", "\x1b", "\x7f", "\x85", "\u200e", "\u202e", "\u2028", "\u2066", "\ud800", "\ufeff"],
)
@pytest.mark.parametrize("text", ["x{}y", '"x{}y"', "label:x{}y"])
def test_invisible_characters_are_refused_everywhere(char: str, text: str) -> None:
    error = refused(text.format(char))
    assert f"U+{ord(char):04X}" in str(error)
    assert error.position == text.index("{")
