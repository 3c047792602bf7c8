"""Are the changed words of two lines marked, few and readable, and nothing else?"""

from random import Random

import pytest

from webapp.diff.noise import Level
from webapp.diff.words import LONGEST, Span, changed_words

pytestmark = pytest.mark.unit


def marked(text: str, spans: list[Span]) -> list[str]:
    return [text[start:end] for start, end in spans]


def unmarked(text: str, spans: list[Span]) -> str:
    for start, end in reversed(spans):
        text = text[:start] + text[end:]
    return text


@pytest.mark.parametrize(
    ("a", "b", "in_a", "in_b"),
    [
        ("same", "same", [], []),
        ("", "new", [], ["new"]),
        ("alpha beta", "alpha gamma", ["beta"], ["gamma"]),
        ("took 15 ms on eth0 ok", "took 17 ms on eth1 ok", ["15", "eth0"], ["17", "eth1"]),
        ("aaa bbb ccc", "bbb ccc", ["aaa "], []),
        ("a b", "a  b", [" "], ["  "]),
        ("10.0.0.1 up", "10.0.0.2 up", ["1"], ["2"]),
        ("x = 1, port = 2, end", "x = 3, port = 4, end", ["1", "2"], ["3", "4"]),
        ("x = 1, y = 2, end", "x = 3, z = 4, end", ["1, y = 2"], ["3, z = 4"]),
        ("one two three four", "alles ganz anders hier", ["one two three four"], ["alles ganz anders hier"]),
    ],
)
def test_changed_words_are_marked(a: str, b: str, in_a: list[str], in_b: list[str]) -> None:
    spans_a, spans_b = changed_words(a, b)
    assert (marked(a, spans_a), marked(b, spans_b)) == (in_a, in_b)


@pytest.mark.parametrize(
    ("level", "a", "b", "in_a", "in_b"),
    [
        ("exact", "10:00:01 eth0 up", "10:00:02 eth1 up", ["01 eth0"], ["02 eth1"]),
        ("volatile", "10:00:01 eth0 up", "10:00:02 eth1 up", ["eth0"], ["eth1"]),
        ("numbers", "10:00:01 eth0 up 7", "10:00:02 eth1 down 8", ["up"], ["down"]),
        ("volatile", "10:00:01 up", "10:00:02 up", [], []),
        ("volatile", "10:00:01 up", "up", ["10:00:01 "], []),
        ("volatile", "uptime is 2 days, 1 hour, cpu 5 %", "uptime is 1 year, cpu 6 %", ["5"], ["6"]),
        ("volatile", "é µ 10:00:01 \u2028 old", "é µ 10:00:02 \u2028 new", ["old"], ["new"]),
        ("volatile", "took 15 µs for ü1", "took 16 µs for ü2", ["ü1"], ["ü2"]),
        ("numbers", "\ud800 7 old", "\ud800 8 new", ["old"], ["new"]),
    ],
)
def test_words_that_a_level_ignores_are_not_marked(
    level: Level, a: str, b: str, in_a: list[str], in_b: list[str]
) -> None:
    spans_a, spans_b = changed_words(a, b, level=level)
    assert (marked(a, spans_a), marked(b, spans_b)) == (in_a, in_b)


def test_long_lines_are_marked_from_their_ends() -> None:
    a, b = "w " * LONGEST + "old middle one" + "x" * 9, "w " * LONGEST + "new middle two" + "x" * 9
    spans_a, spans_b = changed_words(a, b)
    assert marked(a, spans_a) == ["old middle one"]
    assert marked(b, spans_b) == ["new middle two"]
    assert len(changed_words(a[-100:], b[-100:])[0]) == 2


@pytest.mark.parametrize("seed", range(4))
def test_what_is_not_marked_is_equal_and_marks_are_apart(seed: int) -> None:
    random = Random(seed)
    for _ in range(500):
        a = "".join(random.choices("ab .-", k=random.randrange(30)))
        b = "".join(random.choices("ab .-", k=random.randrange(30))) if random.random() < 0.3 else a[3:] + "a" + a[:2]
        spans_a, spans_b = changed_words(a, b)
        assert unmarked(a, spans_a) == unmarked(b, spans_b)
        for text, spans in ((a, spans_a), (b, spans_b)):
            places = [place for span in spans for place in span]
            assert places == sorted(places)
            assert len(set(places)) == len(places)
            assert all(0 <= place <= len(text) for place in places)
        assert bool(spans_a or spans_b) == (a != b)
