"""Do changed lines stand beside those they belong to, each line once?"""

from random import Random

import pytest

from tests.diff.scripts import edited
from webapp.diff.lines import LineDiff, diff_bytes, diff_keys
from webapp.diff.noise import split_lines
from webapp.diff.pairing import Alignment, align

pytestmark = pytest.mark.unit


def assert_complete(diff: LineDiff, alignment: Alignment) -> None:
    """Every line of every hunk stands in exactly one part, in order."""
    for (a_start, a_end, b_start, b_end), parts in zip(diff.hunks, alignment.parts, strict=True):
        in_a = [a + s for kind, a, _, rows in parts if kind in ("replace", "delete", "away") for s in range(rows)]
        in_b = [b + s for kind, _, b, rows in parts if kind in ("replace", "insert", "here") for s in range(rows)]
        assert in_a == list(range(a_start, a_end))
        assert in_b == list(range(b_start, b_end))


def test_lines_pair_by_what_stays_of_them() -> None:
    a = [b"10:00:00 open door 1\n", b"10:00:01 walk in\n", b"10:00:02 close door 1\n"]
    b = [b"11:00:00 ring bell\n", b"11:00:01 open door 2\n", b"11:00:02 close door 2\n"]
    alignment = align(diff_keys(a, b), a, b)
    assert alignment.parts == [
        (("insert", 0, 0, 1), ("replace", 0, 1, 1), ("delete", 1, 1, 1), ("replace", 2, 2, 1)),
    ]
    assert not alignment.partial


def test_lines_without_likeness_pair_in_order() -> None:
    a, b = [b"red\n", b"green\n"], [b"one\n", b"two\n", b"three"]
    assert align(diff_keys(a, b), a, b).parts == [(("replace", 0, 0, 2), ("insert", 2, 2, 1))]


def test_one_line_for_another_needs_no_keys() -> None:
    a, b = [b"x\n", b"y\n"], [b"x\n", b"z"]
    assert align(diff_keys(a, b), a, b).parts == [(("replace", 1, 1, 1),)]


def test_no_time_left_pairs_in_order() -> None:
    a, b = [b"open 1\n", b"shut 1\n"], [b"shut 2\n", b"ring 2\n", b"open 2\n"]
    alignment = align(diff_keys(a, b), a, b, budget_s=0.0)
    assert alignment == Alignment(parts=[(("replace", 0, 0, 2), ("insert", 2, 2, 1))], partial=True)


def test_moved_blocks_stand_alone_and_know_where_they_went() -> None:
    a = [b"%d\n" % n for n in (1, 2, 3, 50, 51, 52, 53, 4, 5, 6)]
    b = [b"%d\n" % n for n in (1, 2, 3, 4, 5, 6, 50, 51, 52, 53)]
    diff = diff_keys(a, b)
    parts = [part for each in align(diff, a, b).parts for part in each]
    (i, j, size) = diff.moves[0]
    assert sorted(parts) == [("away", i, j, size), ("here", i, j, size)]


def test_moved_lines_inside_a_replaced_block_are_left_out_of_the_pairs() -> None:
    block = [b"m1\n", b"m2\n", b"m3\n"]
    anchor = [b"anchor %s\n" % word for word in (b"q", b"w", b"e", b"r")]
    a = [b"old 1\n", *block, b"old 2\n", *anchor, b"end\n"]
    b = [b"new 1\n", b"new 2\n", *anchor, b"fin\n", *block]
    diff = diff_keys(a, b)
    alignment = align(diff, a, b)
    assert_complete(diff, alignment)
    assert diff.moves == [(1, 7, 3)]
    assert alignment.parts == [
        (("replace", 0, 0, 1), ("away", 1, 7, 3), ("replace", 4, 1, 1)),
        (("replace", 9, 6, 1), ("here", 1, 7, 3)),
    ]


@pytest.mark.parametrize("seed", range(4))
def test_every_line_stands_once(seed: int) -> None:
    random = Random(seed)
    for _ in range(20):
        kinds = random.choice((3, 40, 500))
        x = [random.randrange(kinds) for _ in range(random.randrange(300))]
        y = edited(random, x, edits=random.randrange(20), kinds=kinds)
        words = [b"up", b"down %d", b"count %d x", b"a%d"]
        texts = [b"".join(words[n % 4].replace(b"%d", b"%d" % n) + b"\n" for n in each) for each in (x, y)]
        diff = diff_bytes(*texts)
        assert_complete(diff, align(diff, *map(split_lines, texts)))


def test_many_hunks_are_paired_in_batches() -> None:
    a = [b"%s %d\n" % (b"same" if n % 3 else b"old", n) for n in range(45_000)]
    b = [line.replace(b"old", b"new") for line in a]
    diff = diff_keys(a, b)
    alignment = align(diff, a, b)
    assert len(alignment.parts) == 15_000
    assert_complete(diff, alignment)
