"""Are anchors common stretches in a chain, and are coincidences outweighed?"""

from random import Random

import pytest

from tests.diff.scripts import edited
from webapp.diff.anchors import SHINGLE, Run, find_anchors
from webapp.diff.deadline import Deadline

pytestmark = pytest.mark.unit


def anchors_of(a: list[int], b: list[int], *, size: int = 1) -> list[Run]:
    return find_anchors(a, b, (0, len(a), 0, len(b)), deadline=Deadline(), size=size)[0]


def test_anchor_grows_over_lines_that_are_not_unique() -> None:
    assert anchors_of([9, 1, 1, 5, 1, 1, 8], [7, 1, 1, 5, 1, 1, 6]) == [(1, 1, 5)]
    assert find_anchors([1, 1], [1, 1], (0, 2, 0, 2), deadline=Deadline()) == ([], 0)
    assert find_anchors([1, 2, 3], [1, 2, 3], (0, 3, 0, 3), deadline=Deadline(), size=SHINGLE) == ([], 0)


def test_anchors_stay_in_their_region() -> None:
    a = b = list(range(20))
    assert find_anchors(a, b, (5, 9, 5, 12), deadline=Deadline()) == ([(5, 5, 4)], 4)


def test_no_anchor_is_grown_when_the_time_is_over() -> None:
    deadline = Deadline(0.0)
    assert find_anchors([1, 2], [1, 2], (0, 2, 0, 2), deadline=deadline) == ([], 2)
    assert deadline.cut


def test_coincidence_loses_against_a_real_stretch() -> None:
    stretch = list(range(10, 30))
    assert anchors_of([*stretch, 99], [99, *stretch]) == [(0, 1, 20)]


def test_of_two_runs_to_one_place_the_longer_wins() -> None:
    # 5 and 6 are unique on both sides; grown to the front both runs start at the same line of b
    a = [1, 2, 5, 7, 8, 1, 2, 9, 6]
    b = [1, 2, 5, 3, 6]
    for chain in (anchors_of(a, b), anchors_of(b, a)):
        assert [run[2] for run in chain] == [3, 1]


def test_equal_hashes_of_unequal_shingles_are_no_anchor() -> None:
    front, back = [1, 2, 3, 4], [5, 6, 7]
    a, b = [*front, -1, *back], [*front, -2, *back]
    assert hash(tuple(a)) == hash(tuple(b))
    assert anchors_of(a, b, size=SHINGLE) == []
    assert anchors_of(a, a, size=SHINGLE) == [(0, 0, 8)]


@pytest.mark.parametrize("size", [1, SHINGLE])
@pytest.mark.parametrize("seed", range(3))
def test_chain_increases_and_holds_equal_lines(seed: int, size: int) -> None:
    random = Random(seed)
    for _ in range(60):
        kinds = random.choice((4, 60, 3000))
        a = [random.randrange(kinds) for _ in range(600)]
        b = edited(random, a, edits=25, kinds=kinds)
        i = j = -1
        for p, q, length in anchors_of(a, b, size=size):
            assert p > i
            assert q > j
            assert length >= size
            assert a[p : p + length] == b[q : q + length]
            i, j = p, q


def test_a_few_lines_more_than_a_shingle_are_found_at_every_offset() -> None:
    common = [1, 2, 1, 2, 1, 1, 2, 2, 1, 2, 2]
    for offset in range(8):
        a, b = [3] * offset + common + [4], [5, *common, 6]
        assert anchors_of(a, b, size=SHINGLE) == [(offset, 1, 11)]
