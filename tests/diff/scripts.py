"""What do the tests of the engines share: scripts applied, a reference solution, seeded pairs of texts."""

from collections.abc import Sequence
from random import Random
from typing import TypeVar

from webapp.diff.hunks import Hunk

Item = TypeVar("Item")


def applied(hunks: Sequence[Hunk], a: Sequence[Item], b: Sequence[Item]) -> list[Item]:
    """Apply a script to a, taking only inserted items from b; ranges must be in order."""
    result: list[Item] = []
    place = 0
    for a_start, a_end, b_start, b_end in hunks:
        assert place <= a_start <= a_end <= len(a)
        assert 0 <= b_start <= b_end <= len(b)
        assert a_end > a_start or b_end > b_start
        result.extend(a[place:a_start])
        assert len(result) == b_start
        result.extend(b[b_start:b_end])
        place = a_end
    result.extend(a[place:])
    return result


def changed_items(hunks: Sequence[Hunk]) -> int:
    """Count deleted and inserted items."""
    return sum(a_end - a_start + b_end - b_start for a_start, a_end, b_start, b_end in hunks)


def longest_common(x: Sequence[object], y: Sequence[object]) -> int:
    """Measure a longest common subsequence by the textbook table."""
    above = [0] * (len(y) + 1)
    for item in x:
        row = [0]
        for j, other in enumerate(y):
            row.append(above[j] + 1 if item == other else max(above[j + 1], row[j]))
        above = row
    return above[-1]


def random_pair(random: Random, *, most: int, edits: int) -> tuple[list[int], list[int]]:
    """Make a sequence of few or many kinds of items, and an edited copy (or another one)."""
    kinds = random.choice((1, 2, 3, 10, 100))
    x = [random.randrange(kinds) for _ in range(random.randrange(most))]
    y = list(x) if random.random() < 0.6 else [random.randrange(kinds) for _ in range(random.randrange(most))]
    for _ in range(random.randrange(edits)):
        if y and random.random() < 0.5:
            y.pop(random.randrange(len(y)))
        else:
            y.insert(random.randrange(len(y) + 1), random.randrange(kinds))
    return x, y


def edited(random: Random, x: Sequence[int], *, edits: int, kinds: int) -> list[int]:
    """Copy a sequence with blocks deleted, inserted, replaced and moved."""
    y = list(x)
    for _ in range(edits):
        place = random.randrange(len(y) + 1)
        size = random.randrange(1, 20)
        act = random.random()
        if act < 0.3:
            del y[place : place + size]
        elif act < 0.6:
            y[place:place] = [random.randrange(kinds) for _ in range(size)]
        elif act < 0.8:
            y[place : place + 1] = [random.randrange(kinds)]
        else:
            block = y[place : place + 30]
            del y[place : place + 30]
            target = random.randrange(len(y) + 1)
            y[target:target] = block
    return y


def numbered_lines(count: int, *, start: int = 0) -> list[bytes]:
    """Make lines that all differ."""
    return [b"line %d of many\n" % number for number in range(start, start + count)]
