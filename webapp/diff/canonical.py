"""When are two JSON values the same: one key for a value, whatever the order of its objects' members and its depth."""

import json
import marshal
from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from itertools import count
from typing import Any

from webapp.diff.paths import Ignore, States, Step

Json = Any  # null, true, false, numbers, texts, lists and objects of them

_PLAIN_FORMAT = 2  # the last one that writes equal values equally, without references
_write = json.JSONEncoder(sort_keys=True, check_circular=False, separators=(",", ":")).encode


def scalar_key(value: Json) -> Hashable:
    """Return a key for a value that is no list and no object; numbers that are equal share one, true and 1 do not."""
    if isinstance(value, bool):
        return "bool", value
    if isinstance(value, float) and value != value:  # noqa: PLR0124 -- not a number is the one that differs from itself
        return ("nan",)
    return value  # type: ignore[no-any-return]


def are_equal(a: Json, b: Json) -> bool:
    """Say at once that two values are the same; False when they differ, or are too deep or too odd to be sure."""
    try:
        return marshal.dumps(a, _PLAIN_FORMAT) == marshal.dumps(b, _PLAIN_FORMAT)
    except ValueError:
        return False


class Keys:
    """Makes keys of values: their text where that is quick, else numbers for equal structures from the bottom up."""

    def __init__(self, ignore: Ignore) -> None:
        self._ignore = ignore
        self._numbers: defaultdict[Hashable, int] = defaultdict(count().__next__)
        self._known: dict[tuple[int, States], int] = {}

    def of_lists(self, a: Sequence[Json], b: Sequence[Json], *, states: States, is_deep: bool) -> list[list[Hashable]]:
        """Return a key for every element of two lists; equal keys mean equal elements.

        Args:
            a: One list.
            b: The other.
            states: What is to be ignored below the lists.
            is_deep: The lists lie inside many others, so texts would be written again and again.
        """
        if not is_deep and not states:
            try:
                return _quick_keys(a, b)
            except (RecursionError, ValueError):
                pass  # too deep, or a number too long to write
        return [[self._key(value, step, states) for step, value in enumerate(each)] for each in (a, b)]

    def _key(self, value: Json, step: Step, states: States) -> Hashable:
        """Return the key of one element of a list."""
        if not isinstance(value, (dict, list)):
            return scalar_key(value)
        followed = self._ignore.follow(states, step)
        return ("ignored",) if followed is None else (0, self._number(value, followed))

    def _number(self, top: Json, states: States) -> int:
        """Number a list or an object: equal numbers mean equal structures. No recursion, every value is seen once."""
        open_values: list[tuple[Json, States]] = [(top, states)]
        while open_values:
            value, at = open_values[-1]
            if (id(value), at) in self._known:
                open_values.pop()
                continue
            children = list(self._children(value, at))
            missing = [
                (child, below)
                for _, child, below in children
                if isinstance(child, (dict, list)) and (id(child), below) not in self._known
            ]
            if missing:
                open_values.extend(missing)
                continue
            members = ((step, self._child_key(child, below)) for step, child, below in children)
            shape: Hashable
            if isinstance(value, dict):
                shape = ("{", *sorted(members, key=lambda member: str(member[0])))
            else:
                shape = ("[", *(key for _, key in members))
            self._known[id(value), at] = self._numbers[shape]
            open_values.pop()
        return self._known[id(top), states]

    def _children(self, value: Json, states: States) -> Iterator[tuple[Step, Json, States]]:
        """List what a list or an object holds, without what is to be ignored."""
        for step, child in value.items() if isinstance(value, dict) else enumerate(value):
            below = self._ignore.follow(states, step)
            if below is not None:
                yield step, child, below

    def _child_key(self, child: Json, states: States) -> Hashable:
        if isinstance(child, (dict, list)):
            return 0, self._known[id(child), states]
        return scalar_key(child)


def _quick_keys(a: Sequence[Json], b: Sequence[Json]) -> list[list[Hashable]]:
    """Return the keys of the elements of two lists: as they stand where that has its like, else by canonical text."""
    keys = [[_packed(value) for value in each] for each in (a, b)]
    shared = set(keys[0]).intersection(keys[1])
    return [
        [
            key if key in shared or not isinstance(value, (dict, list)) else _write(value).encode()
            for key, value in zip(side, each, strict=True)
        ]
        for side, each in zip(keys, (a, b), strict=True)
    ]


def _packed(value: Json) -> Hashable:
    """Pack a list or an object, members in the order they have; a scalar stands for itself."""
    return marshal.dumps(value, _PLAIN_FORMAT) if isinstance(value, (dict, list)) else scalar_key(value)
