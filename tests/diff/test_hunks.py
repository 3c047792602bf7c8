"""Do hunks and runs tell the same, and do hunks slide to where they join?"""

from random import Random

import pytest

from tests.diff.scripts import applied, changed_items, random_pair
from webapp.diff.deadline import Deadline
from webapp.diff.hunks import Hunk, fill_gaps, hunks_between, runs_between, slide
from webapp.diff.matching import match_ids

pytestmark = pytest.mark.unit


def test_hunks_and_runs_are_inverse() -> None:
    runs = [(0, 0, 2), (3, 2, 1), (5, 6, 4)]
    hunks = hunks_between(runs, a_size=9, b_size=11)
    assert hunks == [(2, 3, 2, 2), (4, 5, 3, 6), (9, 9, 10, 11)]
    assert list(runs_between(hunks, a_size=9)) == runs
    assert list(runs_between([(0, 9, 0, 11)], a_size=9)) == []


@pytest.mark.parametrize(
    ("hunks", "a", "b", "slid"),
    [
        # a deletion moves up to the one before it
        ([(0, 1, 0, 0), (2, 3, 1, 1)], "xyy", "y", [(0, 2, 0, 0)]),
        # an insertion moves up to the one before it
        ([(0, 0, 0, 1), (1, 1, 2, 3)], "y", "xyy", [(0, 0, 0, 2)]),
        # a deletion moves down to a replacement
        ([(0, 1, 0, 0), (2, 3, 1, 2)], "aab", "ac", [(1, 3, 1, 2)]),
        # an insertion moves down to a replacement
        ([(0, 0, 0, 1), (1, 2, 2, 3)], "ab", "aac", [(1, 2, 1, 3)]),
        # replacements stay where they are
        ([(0, 1, 0, 1), (2, 3, 2, 3)], "xyz", "ayb", [(0, 1, 0, 1), (2, 3, 2, 3)]),
    ],
)
def test_hunks_slide_to_their_neighbours(hunks: list[Hunk], a: str, b: str, slid: list[Hunk]) -> None:
    x, y = [ord(each) for each in a], [ord(each) for each in b]
    assert slide(hunks, x, y) == slid
    assert applied(slid, x, y) == y


def test_distant_hunks_stay_apart() -> None:
    same = [1] * 100
    x = [2, *same, 3]
    hunks = [(0, 1, 0, 0), (101, 102, 100, 100)]
    assert slide(hunks, x, same) == hunks


@pytest.mark.parametrize("seed", range(4))
def test_sliding_keeps_scripts_valid_and_as_short(seed: int) -> None:
    random = Random(seed)
    joined = 0
    for _ in range(300):
        x, y = random_pair(random, most=60, edits=20)
        hunks = hunks_between(match_ids(x, y, deadline=Deadline()), a_size=len(x), b_size=len(y))
        slid = slide(hunks, x, y)
        assert applied(slid, x, y) == y
        assert changed_items(slid) == changed_items(hunks)
        joined += len(hunks) - len(slid)
    assert joined > 0


def test_gaps_are_filled_in_order() -> None:
    assert list(fill_gaps([(2, 1, 2)], a_size=5, b_size=6)) == [(0, 0, 1), (2, 1, 2), (4, 3, 1)]
    assert list(fill_gaps([], a_size=0, b_size=3)) == []
