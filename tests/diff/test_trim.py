"""Is the common front and back measured exactly, at steps of every size?"""

from random import Random

import pytest

from webapp.diff.trim import common_lines, common_prefix, common_suffix

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("size", [0, 1, 15, 16, 17, 79, 80, 81, 500, 5000, 300_000])
def test_common_ends_of_every_size(size: int) -> None:
    a, b = b"s" * size + b"x" + b"e" * size, b"s" * size + b"yz" + b"e" * size
    assert common_prefix(a, b, a_range=(0, len(a)), b_range=(0, len(b))) == size
    assert common_suffix(a, b, a_range=(size, len(a)), b_range=(size, len(b))) == size


def test_common_ends_stay_in_their_ranges() -> None:
    a, b = [1] * 40, [1] * 90
    assert common_prefix(a, b, a_range=(10, 40), b_range=(0, 90)) == 30
    assert common_suffix(a, b, a_range=(0, 40), b_range=(60, 90)) == 30


@pytest.mark.parametrize("seed", range(3))
def test_common_lines_are_whole_lines(seed: int) -> None:
    random = Random(seed)
    for _ in range(1000):
        front, a, b, back = (bytes(random.choices(b"ab\n", k=random.randrange(6))) for _ in range(4))
        x, y = front + a + back, front + b + back
        head, tail = common_lines(x, y)
        assert x[:head] == y[:head]
        assert x[len(x) - tail :] == y[len(y) - tail :]
        assert head + tail <= min(len(x), len(y))
        for text in (x, y):
            assert x == y or head == 0 or text[head - 1] == 10
            assert tail == 0 or len(text) == tail or text[len(text) - tail - 1] == 10
