"""How far do two sequences agree, counted from the front and from the back?"""

from collections.abc import Hashable, Sequence
from itertools import compress, count
from operator import ne

_FIRST_STEP = 64
_SEARCHED = 64  # in an unequal slice of so many items the first unequal one is searched for
_LARGEST_STEP = 65_536


def common_prefix(
    a: Sequence[Hashable], b: Sequence[Hashable], *, a_range: tuple[int, int], b_range: tuple[int, int]
) -> int:
    """Count the equal items at the front of two ranges: slice by growing slice, then inside an unequal one."""
    i, j = a_range[0], b_range[0]
    size = min(a_range[1] - i, b_range[1] - j)
    done, step = 0, _FIRST_STEP
    while done < size:
        end = min(size, done + step)
        part_a, part_b = a[i + done : i + end], b[j + done : j + end]
        if part_a == part_b:
            done, step = end, min(step * 4, _LARGEST_STEP)
        elif end - done <= _SEARCHED:
            return done + next(compress(count(), map(ne, part_a, part_b)))
        else:
            step = (end - done) // 4
    return done


def common_suffix(
    a: Sequence[Hashable], b: Sequence[Hashable], *, a_range: tuple[int, int], b_range: tuple[int, int]
) -> int:
    """Count the equal items at the back of two ranges."""
    i, j = a_range[1], b_range[1]
    size = min(i - a_range[0], j - b_range[0])
    done, step = 0, _FIRST_STEP
    while done < size:
        end = min(size, done + step)
        part_a, part_b = a[i - end : i - done], b[j - end : j - done]
        if part_a == part_b:
            done, step = end, min(step * 4, _LARGEST_STEP)
        elif end - done <= _SEARCHED:
            return done + next(compress(count(), map(ne, reversed(part_a), reversed(part_b))))
        else:
            step = (end - done) // 4
    return done


def common_lines(a: bytes, b: bytes) -> tuple[int, int]:
    r"""Measure the whole lines two texts share: bytes at the front, then bytes at the back of what remains.

    Both ends stand behind a ``\n`` (or at an end of both texts), so the cut never splits a line.
    """
    if a == b:
        return len(a), 0
    front = common_prefix(a, b, a_range=(0, len(a)), b_range=(0, len(b)))
    front = a.rfind(b"\n", 0, front) + 1
    back = common_suffix(a, b, a_range=(front, len(a)), b_range=(front, len(b)))
    return front, _whole_lines(a, b, front=front, back=back)


def _whole_lines(a: bytes, b: bytes, *, front: int, back: int) -> int:
    """Shorten a common end so that it starts at the start of a line on both sides."""
    i, j = len(a) - back, len(b) - back
    if back and (i == front or a[i - 1] == 10) and (j == front or b[j - 1] == 10):
        return back
    newline = a.find(b"\n", i)
    return 0 if newline < 0 else len(a) - newline - 1
