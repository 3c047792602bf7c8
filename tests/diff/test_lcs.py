"""Are the subsequences common, increasing and, where promised, longest?"""

from itertools import pairwise
from random import Random

import pytest

from tests.diff.scripts import longest_common, random_pair
from webapp.diff.deadline import Deadline
from webapp.diff.lcs import Run, lcs_exact, lcs_halved, lcs_window

pytestmark = pytest.mark.unit


def assert_common(runs: list[Run], x: list[int], y: list[int]) -> None:
    assert all(size > 0 and x[i : i + size] == y[j : j + size] for i, j, size in runs)
    assert all(p[0] + p[2] <= q[0] and p[1] + p[2] <= q[1] for p, q in pairwise(runs))


def length(runs: list[Run]) -> int:
    return sum(size for _, _, size in runs)


@pytest.mark.parametrize("seed", range(4))
def test_exact_and_halved_are_longest(seed: int) -> None:
    random = Random(seed)
    for _ in range(150):
        x, y = random_pair(random, most=60, edits=20)
        best = longest_common(x, y)
        for runs in (lcs_exact(x, y), lcs_halved(x, y, deadline=Deadline(), row_bytes=8)):
            assert_common(runs, x, y)
            assert length(runs) == best


@pytest.mark.parametrize("seed", range(4))
def test_window_is_common_and_near_the_longest(seed: int) -> None:
    random = Random(seed)
    x = [random.randrange(40) for _ in range(900)]
    y = [item for item in x if random.random() > 0.05] + [1, 2, 3]
    runs = lcs_window(x, y, deadline=Deadline(), window=64)
    assert_common(runs, x, y)
    assert length(runs) >= 0.95 * longest_common(x, y)


def test_window_steps_over_stretches_without_anything_in_common() -> None:
    x, y = [*range(100), 7], [*range(200, 300), 7]
    assert lcs_window(x, y, deadline=Deadline(), window=16) == [(100, 100, 1)]


def test_window_ends_with_a_common_end() -> None:
    x, y = [1, *range(10, 60)], [2, *range(10, 60)]
    assert length(lcs_window(x, y, deadline=Deadline(), window=8)) == 50


def test_nothing_is_found_when_the_time_is_over() -> None:
    deadline = Deadline(0.0)
    x = [number % 9 for number in range(300)]
    assert lcs_halved(x, x[5:], deadline=deadline, row_bytes=8) == []
    assert lcs_window([1, *x], [2, *x], deadline=deadline, window=8) == []
    assert deadline.cut
