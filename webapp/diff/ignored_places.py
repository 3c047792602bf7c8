"""Which places in a JSON value do paths to ignore leave out?"""

from collections.abc import Iterator

from webapp.diff.canonical import Json
from webapp.diff.paths import Ignore, PathWriter, Place, States, Step, below
from webapp.diff.values import IDENTITY


def ignored_places(value: Json, ignore: Ignore) -> Iterator[str]:
    """Yield the paths of the places that are ignored, the highest ones alone, in no certain order; no recursion."""
    writer = PathWriter()
    tasks: list[tuple[Json, Place | None, States]] = [(value, None, ignore.top)]
    while tasks:
        content, place, states = tasks.pop()
        for step, child, followed in follow_below(content, states, ignore):
            at = below(place, step)
            if followed is None:
                yield writer.write(at)
            elif followed:
                tasks.append((child, at, followed))


def follow_below(value: Json, states: States, ignore: Ignore) -> Iterator[tuple[Step, Json, States | None]]:
    """Yield each step from an object or list, what is there, and what to ignore below: None when itself is ignored.

    An element of a list is ignored by its index, or by a member such as `name`; its step is the index.
    """
    if isinstance(value, dict):
        for key, child in value.items():
            yield key, child, ignore.follow(states, key)
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield index, child, _follow_element(states, index, child, ignore)


def _follow_element(states: States, index: int, child: Json, ignore: Ignore) -> States | None:
    steps: list[Step] = [index]
    if states and isinstance(child, dict):
        steps += [(name, child[name]) for name in IDENTITY if type(child.get(name)) in (str, int)]
    met: States = frozenset()
    for step in steps:
        followed = ignore.follow(states, step)
        if followed is None:
            return None
        met |= followed
    return met
