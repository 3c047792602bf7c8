"""What do the tests of JSON comparison share: random values, edits, and a way to apply changes."""

import copy
import re
from random import Random
from typing import Any

from webapp.diff.values import Change

Json = Any

_STEP = re.compile(r"\.([A-Za-z_]\w*)|\[(\d+)\]")


def random_json(random: Random, depth: int = 4) -> Json:
    """Make a value of few kinds of parts, so that parts repeat."""
    kind = random.randrange(8 if depth else 5)
    if kind < 5:
        return random.choice((None, True, False, 0, 1, 1.5, "a", "b", "", 2**63, random.randrange(4)))
    size = random.randrange(5)
    if kind == 5:
        return {random.choice("abcd"): random_json(random, depth - 1) for _ in range(size)}
    return [random_json(random, depth - 1) for _ in range(size)]


def edited_json(random: Random, value: Json) -> Json:
    """Copy a value with some of its parts replaced, removed or added."""
    if isinstance(value, dict):
        members = {key: edited_json(random, each) for key, each in value.items() if random.random() > 0.1}
        if random.random() < 0.2:
            members[random.choice("abcde")] = random_json(random, 1)
        return members
    if isinstance(value, list):
        elements = [edited_json(random, each) for each in value if random.random() > 0.1]
        if random.random() < 0.3:
            elements.insert(random.randrange(len(elements) + 1), random_json(random, 2))
        return elements
    return random_json(random, 1) if random.random() < 0.1 else copy.deepcopy(value)


def steps_of(path: str) -> list[str | int]:
    """Read a path without identity members."""
    place, steps = 1, []
    while place < len(path):
        match = _STEP.match(path, place)
        assert match, path
        steps.append(match[1] if match[1] is not None else int(match[2]))
        place = match.end()
    return [*steps]


def changed(a: Json, changes: list[Change]) -> Json:
    """Apply changes to a copy of a value: paths count elements of the old lists, of the new ones where added."""
    below: list[tuple[list[str | int], Change]] = [(steps_of(change.path), change) for change in changes]
    return _changed(a, below)


def _changed(value: Json, below: list[tuple[list[str | int], Change]]) -> Json:
    if not below:
        return copy.deepcopy(value)
    for steps, change in below:
        if not steps:
            assert len(below) == 1
            return copy.deepcopy(change.new)
    of: dict[str | int, list[tuple[list[str | int], Change]]] = {}
    added: list[tuple[str | int, Json]] = []
    removed: list[str | int] = []
    for (step, *rest), change in below:
        if not rest and change.kind == "added":
            added.append((step, change.new))
        elif not rest and change.kind == "removed":
            removed.append(step)
        else:
            of.setdefault(step, []).append((rest, change))
    if isinstance(value, dict):
        members = {key: _changed(each, of.get(key, [])) for key, each in value.items() if key not in removed}
        assert not set(members).intersection(dict(added))
        return {**members, **dict(added)}
    elements = [_changed(each, of.get(index, [])) for index, each in enumerate(value) if index not in removed]
    for index, each in sorted(added, key=lambda pair: int(pair[0])):
        elements.insert(int(index), each)
    return elements
