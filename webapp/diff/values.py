"""What changed between two JSON values?"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Literal

from webapp.diff.anchors import Run
from webapp.diff.canonical import Json, Keys, are_equal
from webapp.diff.deadline import Deadline
from webapp.diff.hunks import Hunk, fill_gaps, hunks_between
from webapp.diff.matching import match_ids
from webapp.diff.paths import Ignore, PathWriter, Place, States, Step, below
from webapp.diff.trim import common_prefix, common_suffix

Kind = Literal["added", "removed", "changed", "type", "order"]

# Members by which elements of a list are told apart, in the order in which they are tried.
IDENTITY = (
    "name",
    "id",
    "interface",
    "key",
    "uuid",
    "path",
    "device",
    "host",
    "hostname",
    "nodeid",
    "neighbor",
    "address",
    "prefix",
    "vlan",
)

_DEEP = 4  # lists inside so many others get keys that are made once
_SMALL = 64  # elements of a list that is looked at as a whole first


class _Missing:
    """Stands for what a side does not have."""


_MISSING = _Missing()
_Task = tuple[Json, Json, Place | None, States, int]  # old, new, where, what to ignore below, how many lists above


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One difference. In lists without identity a path counts elements of the old list, of the new one when added."""

    path: str
    kind: Kind
    old: Json
    new: Json


def diff_json(
    a: Json,
    b: Json,
    *,
    identity: Sequence[str] = IDENTITY,
    tolerance: float = 0.0,
    ignore: Sequence[str] = (),
) -> list[Change]:
    """List the differences between two JSON values, in the order of the document.

    Objects are compared member by member. Lists of objects that all have one of the identity members, each with another
    text or integer, are compared by it, and a changed order is one change of kind `order`; other lists are compared
    like lines. Numbers are compared by their exact value; 1 and 1.0 are the same number, 1 and true are not.

    Args:
        a: The older value: null, booleans, numbers, texts, lists, objects with texts as keys; of any depth.
        b: The newer value.
        identity: Members that may tell elements of a list apart, the first that does is taken.
        tolerance: Numbers that differ by no more are equal.
        ignore: Places to leave out, such as `$.interfaces[*].uptime` or `$..last_seen`.

    Raises:
        PathError: a path in `ignore` cannot be used.
        ValueError: the tolerance is no number from 0 up.
    """
    if not tolerance >= 0:
        raise ValueError(f"tolerance must be a number from 0 up, not {tolerance!r}")
    return _Comparison(identity=tuple(identity), tolerance=tolerance, ignore=Ignore(ignore)).run(a, b)


class _Comparison:
    """One comparison in progress."""

    def __init__(self, *, identity: tuple[str, ...], tolerance: float, ignore: Ignore) -> None:
        self.identity = identity
        self.tolerance = tolerance
        self.ignore = ignore
        self.keys = Keys(ignore)
        self.paths = PathWriter()
        self.changes: list[Change] = []

    def run(self, a: Json, b: Json) -> list[Change]:
        """Work through pair after pair; what is inside of one comes before what follows it."""
        tasks: list[_Task] = [(a, b, None, self.ignore.top, 0)]
        while tasks:
            task = tasks.pop()
            old, new, *_ = task
            if isinstance(old, dict) and isinstance(new, dict):
                tasks.extend(reversed(self._members(task)))
            elif isinstance(old, list) and isinstance(new, list):
                tasks.extend(reversed(self._elements(task)))
            else:
                self._compare(old, new, task[2])
        return self.changes

    def _compare(self, old: Json, new: Json, place: Place | None) -> None:
        """Compare two values that are not both lists or both objects."""
        if old is _MISSING:
            self._note("added", place, None, new)
        elif new is _MISSING:
            self._note("removed", place, old, None)
        elif not self._is_same(old, new):
            self._note("changed" if _json_type(old) == _json_type(new) else "type", place, old, new)

    def _note(self, kind: Kind, place: Place | None, old: Json, new: Json) -> None:
        self.changes.append(Change(path=self.paths.write(place), kind=kind, old=old, new=new))

    def _is_same(self, old: Json, new: Json) -> bool:
        """Compare two scalars, numbers within the tolerance."""
        if _json_type(old) != _json_type(new) or isinstance(old, (dict, list)):
            return False
        if old == new or not isinstance(old, (int, float)):
            return bool(old == new)
        if old != old or new != new:  # noqa: PLR0124 -- not a number is the one that differs from itself
            return old != old and new != new  # noqa: PLR0124 -- same
        if not self.tolerance:
            return False  # unequal: never by a difference, which loses digits of long integers
        try:
            return bool(abs(old - new) <= self.tolerance)
        except OverflowError:  # an integer beyond all floats
            return False

    def _members(self, task: _Task) -> list[_Task]:
        """List the members of two objects that may differ."""
        old, new, place, states, level = task
        tasks: list[_Task] = []
        inner = states
        for key, value in old.items():
            other = new.get(key, _MISSING)
            if type(value) is type(other) and not isinstance(value, (dict, list)) and value == other:
                continue
            if states:
                followed = self.ignore.follow(states, key)
                if followed is None:
                    continue
                inner = followed
            tasks.append((value, other, below(place, key), inner, level))
        for key, other in new.items():
            if key not in old and self.ignore.follow(states, key) is not None:
                tasks.append((_MISSING, other, below(place, key), states, level))
        return tasks

    def _elements(self, task: _Task) -> list[_Task]:
        """List the elements of two lists that may differ."""
        old, new, place, states, level = task
        if level < _DEEP and len(old) <= _SMALL and are_equal(old, new):
            return []
        name = self._identity(old, new)
        if name is not None:
            return self._by_identity(task, name)
        if len(old) == len(new) == 1:
            return self._below(place, states, level + 1, [(0, old[0], new[0])])
        keys_a, keys_b = self.keys.of_lists(old, new, states=states, is_deep=level >= _DEEP)
        if keys_a == keys_b:
            return []
        steps: list[tuple[Step, Json, Json]] = []
        for a_start, a_end, b_start, b_end in _changed(keys_a, keys_b):
            i, j = a_start, b_start
            for p, q, size in [
                *_belonging(old[a_start:a_end], new[b_start:b_end]),
                (a_end - a_start, b_end - b_start, 0),
            ]:
                steps.extend((s, old[s], _MISSING) for s in range(i, a_start + p))
                steps.extend((s, _MISSING, new[s]) for s in range(j, b_start + q))
                i, j = a_start + p + size, b_start + q + size
                steps.extend((i - size + s, old[i - size + s], new[j - size + s]) for s in range(size))
        return self._below(place, states, level + 1, steps)

    def _by_identity(self, task: _Task, name: str) -> list[_Task]:
        """Compare two lists by a member that tells their elements apart."""
        old, new, place, states, level = task
        of_new = {value[name]: value for value in new}
        of_old = {value[name] for value in old}
        steps: list[tuple[Step, Json, Json]]
        steps = [((name, value[name]), value, of_new.get(value[name], _MISSING)) for value in old]
        steps.extend(((name, value[name]), _MISSING, value) for value in new if value[name] not in of_old)
        order_a = [value[name] for value in old if value[name] in of_new]
        order_b = [value[name] for value in new if value[name] in of_old]
        if order_a != order_b:
            self._note("order", place, order_a, order_b)
        if level < _DEEP:
            steps = [step for step in steps if not are_equal(step[1], step[2])]
        return self._below(place, states, level + 1, steps)

    def _below(
        self, place: Place | None, states: States, level: int, steps: Iterable[tuple[Step, Json, Json]]
    ) -> list[_Task]:
        """Make tasks of the elements of two lists, without those to be ignored."""
        tasks: list[_Task] = []
        for step, old, new in steps:
            followed = self.ignore.follow(states, step)
            if followed is not None:
                tasks.append((old, new, below(place, step), followed, level))
        return tasks

    def _identity(self, old: list[Json], new: list[Json]) -> str | None:
        """Find the member that tells the elements of both lists apart."""
        if not all(isinstance(value, dict) for each in (old, new) for value in each):
            return None
        for name in self.identity:
            ids = [[value.get(name) for value in each] for each in (old, new)]
            if not all(type(each) in (str, int) for side in ids for each in side):
                continue
            sets = [set(side) for side in ids]
            apart = len(sets[0]) == len(old) and len(sets[1]) == len(new)
            if apart and (not old or not new or not sets[0].isdisjoint(sets[1])):
                return name
        return None


def _json_type(value: Json) -> str:
    """Name the JSON type of a value."""
    if isinstance(value, bool) or value is None:
        return "null" if value is None else "boolean"
    if isinstance(value, (int, float)):
        return "number"
    return "text" if isinstance(value, str) else "list" if isinstance(value, list) else "object"


def _coarse_key(value: Json) -> Hashable:
    """Return what of a value stays the same most of the time, to find out which changed elements belong together."""
    if isinstance(value, dict):
        return frozenset((key, each if isinstance(each, str) else None) for key, each in value.items())
    return _json_type(value)


def _belonging(a: list[Json], b: list[Json]) -> Iterable[Run]:
    """Pair changed elements: first those that look alike, then in order."""
    if min(len(a), len(b)) == 0 or max(len(a), len(b)) == 1:
        return [(0, 0, 1)] if a and b else []
    runs = _runs(list(map(_coarse_key, a)), list(map(_coarse_key, b)))
    return fill_gaps(runs, a_size=len(a), b_size=len(b))


def _runs(a: Sequence[Hashable], b: Sequence[Hashable]) -> list[Run]:
    """Match two sequences of keys."""
    number_of: defaultdict[Hashable, int] = defaultdict(count().__next__)
    x, y = list(map(number_of.__getitem__, a)), list(map(number_of.__getitem__, b))
    return match_ids(x, y, deadline=Deadline())


def _changed(a: list[Hashable], b: list[Hashable]) -> list[Hunk]:
    """List the ranges in which two lists of keys differ; the engine is asked when more than one element is open."""
    front = common_prefix(a, b, a_range=(0, len(a)), b_range=(0, len(b)))
    back = common_suffix(a, b, a_range=(front, len(a)), b_range=(front, len(b)))
    a_end, b_end = len(a) - back, len(b) - back
    if min(a_end - front, b_end - front) == 0 or max(a_end - front, b_end - front) == 1:
        return [(front, a_end, front, b_end)]
    hunks = hunks_between(_runs(a[front:a_end], b[front:b_end]), a_size=a_end - front, b_size=b_end - front)
    return [(i + front, i_end + front, j + front, j_end + front) for i, i_end, j, j_end in hunks]
