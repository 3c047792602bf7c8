"""Are paths written so that they can be read back, and patterns read with a clear word on what is wrong?"""

import pytest

from webapp.diff.paths import (
    LONGEST_PATTERN,
    MOST_PATTERNS,
    Ignore,
    PathError,
    PathWriter,
    Place,
    Step,
    below,
    step_text,
)

pytestmark = pytest.mark.unit


def place_of(*steps: Step) -> Place | None:
    place = None
    for step in steps:
        place = below(place, step)
    return place


def is_ignored(pattern: str, *steps: Step) -> bool:
    ignore = Ignore([pattern])
    states = ignore.top
    for step in steps:
        followed = ignore.follow(states, step)
        if followed is None:
            return True
        states = followed
    return False


@pytest.mark.parametrize(
    ("steps", "path"),
    [
        ((), "$"),
        (("a", 3, "b-c"), "$.a[3].b-c"),
        (("odd key", "", "7"), '$["odd key"][""]["7"]'),
        ((("name", "Gi0/1.20"), ("id", 7)), "$[name=Gi0/1.20][id=7]"),
        ((("name", "7"), ("name", "a]b")), '$[name="7"][name="a]b"]'),
        (('say "x"',), '$["say \\"x\\""]'),
    ],
)
def test_path_is_written_and_ignores_its_own_place(steps: tuple[Step, ...], path: str) -> None:
    assert PathWriter().write(place_of(*steps)) == path
    assert not steps or is_ignored(path, *steps)
    assert "".join(["$", *map(step_text, steps)]) == path


@pytest.mark.parametrize(
    ("pattern", "steps", "ignored"),
    [
        ("$.a[*].up", ("a", 3, "up"), True),
        ("$.a[*].up", ("a", ("name", "x"), "up"), True),
        ("$.a[*].up", ("a", 3, "upper"), False),
        ("$.a[*].up", ("a", "up"), False),
        ("$.a", ("a", "anything", "below"), True),
        ("$.*.b", ("a", "b"), True),
        ("$..up", ("up",), True),
        ("$..up", ("a", 1, "b", "up"), True),
        ("$.a..b.c", ("a", "x", "b", "b", "c"), True),
        ("$.a..b.c", ("b", "c"), False),
        ("$..[0]", ("a", 0), True),
        ("$[0]", ("0",), False),
        ('$["0"]', (0,), False),
        ("$[id=7]", (("id", 7),), True),
        ("$[id=7]", (("id", "7"),), False),
        ('$[id="7"]', (("id", "7"),), True),
        ("$[id=7]", (("key", 7),), False),
        ("$..*", ("a",), True),
    ],
)
def test_pattern_meets_its_places(pattern: str, steps: tuple[Step, ...], ignored: bool) -> None:
    assert is_ignored(pattern, *steps) == ignored


@pytest.mark.parametrize(
    ("patterns", "message"),
    [
        (["a.b"], r"a path starts with \$ and goes on"),
        (["$"], r"a path starts with \$ and goes on"),
        (["$a"], "no step of a path at character 2"),
        (["$.a[b]"], "no step of a path at character 4"),
        (["$.a."], "no step of a path at character 4"),
        (['$["\\x"]'], "is no JSON text"),
        (["$." + "a" * LONGEST_PATTERN], "a path has 502 characters, 500 are allowed"),
        (["$.a"] * (MOST_PATTERNS + 1), "101 paths are too many: 100 are allowed"),
    ],
)
def test_bad_pattern_is_refused_with_the_place(patterns: list[str], message: str) -> None:
    with pytest.raises(PathError, match=message):
        Ignore(patterns)


def test_following_is_remembered_within_bounds() -> None:
    ignore = Ignore(["$..up"])
    for number in range(100_010):
        assert ignore.follow(ignore.top, number) == ignore.top
    assert ignore.follow(ignore.top, "up") is None


def test_paths_of_absurd_depth_are_shortened_when_they_are_many() -> None:
    deep = place_of(*range(1000))
    writer = PathWriter(budget=5000)
    texts = [writer.write(deep) for _ in range(4)]
    assert texts[0] == texts[1] == "$" + "".join(f"[{n}]" for n in range(1000))
    assert texts[3] == "$…" + "".join(f"[{n}]" for n in range(900, 1000))
    assert writer.write(place_of("a")) == "$.a"
