"""Are moved blocks found, each line once, and nothing that is no move?"""

from random import Random

import pytest

from tests.diff.scripts import edited
from webapp.diff.lines import diff_keys
from webapp.diff.moves import find_moves

pytestmark = pytest.mark.unit


def test_short_blocks_are_no_moves() -> None:
    x = list(range(50))
    assert diff_keys(x, x[:10] + x[12:30] + x[10:12] + x[30:]).moves == []
    assert diff_keys(x, x[:10] + x[13:30] + x[10:13] + x[30:]).moves == [(10, 27, 3)]


def test_longest_place_wins() -> None:
    a = [1, 2, 3, 4, 5]
    b = [1, 2, 3, 9, 1, 2, 3, 4, 5]
    assert find_moves([(0, 5, 0, 0), (5, 5, 0, 9)], a, b) == [(0, 4, 5)]


def test_a_line_moves_to_one_place_only() -> None:
    a = [1, 2, 3, 7, 1, 2, 3]
    assert find_moves([(0, 7, 0, 0), (7, 7, 0, 3)], a, [1, 2, 3]) == [(0, 0, 3)]
    # the first block is taken, the second may not run into it
    b = [1, 2, 3, 1, 2, 3]
    assert find_moves([(0, 7, 0, 0), (7, 7, 0, 6)], a, b) == [(0, 0, 3), (4, 3, 3)]


@pytest.mark.parametrize("seed", range(3))
def test_moves_are_equal_blocks_of_changed_lines(seed: int) -> None:
    random = Random(seed)
    for _ in range(40):
        x = [random.randrange(60) for _ in range(600)]
        y = edited(random, x, edits=30, kinds=60)
        diff = diff_keys(x, y)
        deleted = {i for start, end, _, _ in diff.hunks for i in range(start, end)}
        inserted = {j for _, _, start, end in diff.hunks for j in range(start, end)}
        for i, j, size in diff.moves:
            assert size >= 3
            assert x[i : i + size] == y[j : j + size]
            for moved, of in ((range(i, i + size), deleted), (range(j, j + size), inserted)):
                assert of.issuperset(moved)
                of.difference_update(moved)  # no line moves twice
