"""Where in a JSON value is something, and is that place to be ignored?

A path reads `$.interfaces[name=eth0].counters[3]["odd key"]`. Patterns of places to ignore are paths that may also have
`[*]` or `.*` for any one step and `..` before a step for any number of steps between.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

Step = str | int | tuple[str, str | int]  # key of an object, index in a list, or (identity key, its value)
States = frozenset[tuple[int, int]]  # (number of a pattern, how many of its steps have been met)

MOST_PATTERNS = 100
LONGEST_PATTERN = 500

_PLAIN = re.compile(r"[^\W\d][\w-]*")
_PLAIN_VALUE = re.compile(r"(?!-?\d+$)[\w./:-]+")
_STEP = re.compile(
    r"""(?P<deep>\.\.)?(?:
        (?P<any>\.?\*|\[\*\])
      | \.?(?P<key>[^.\[\]"*]+)
      | \[(?P<index>\d+)\]
      | \[(?P<quoted>"(?:[^"\\]|\\.)*")\]
      | \[(?P<name>[^=\]"]+)=(?:(?P<text>"(?:[^"\\]|\\.)*")|(?P<number>-?\d+)|(?P<value>[^"\]]+))\]
    )""",
    re.VERBOSE,
)
_MOST_REMEMBERED = 100_000
_LONGEST = 16_000_000  # characters of paths written in full; later ones of great depth show their end alone
_TAIL = 100


class PathError(ValueError):
    """A pattern that cannot be used; the sentence says where and why."""


@dataclass(frozen=True, slots=True)
class Place:
    """One step below another place; the top has none."""

    parent: "Place | None"
    step: Step
    depth: int


def below(parent: Place | None, step: Step) -> Place:
    """Name the place one step below another."""
    return Place(parent, step, parent.depth + 1 if parent else 1)


class PathWriter:
    """Writes places as text, bounded in all: a value of absurd depth with many changes must not fill the memory."""

    def __init__(self, budget: int = _LONGEST) -> None:
        self._left = budget

    def write(self, place: Place | None) -> str:
        """Write one place as text."""
        steps: list[str] = []
        short = self._left <= 0 and place is not None and place.depth > _TAIL
        while place and not (short and len(steps) == _TAIL):
            steps.append(step_text(place.step))
            place = place.parent
        text = ("$…" if short else "$") + "".join(reversed(steps))
        self._left -= len(text)
        return text


def step_text(step: Step) -> str:
    """Write one step."""
    if isinstance(step, int):
        return f"[{step}]"
    if isinstance(step, str):
        return f".{step}" if _PLAIN.fullmatch(step) else f"[{json.dumps(step, ensure_ascii=False)}]"
    name, value = step
    if isinstance(value, str) and not _PLAIN_VALUE.fullmatch(value):
        value = json.dumps(value, ensure_ascii=False)
    return f"[{name}={value}]"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Want:
    """One step of a pattern: a certain one, or any; possibly after any number of others."""

    step: Step | None
    deep: bool


class Ignore:
    """The places to ignore, followed step by step from the top."""

    def __init__(self, patterns: Sequence[str] = ()) -> None:
        if len(patterns) > MOST_PATTERNS:
            raise PathError(f"{len(patterns)} paths are too many: {MOST_PATTERNS} are allowed")
        self._patterns = [_parse(pattern) for pattern in patterns]
        self._known: dict[tuple[States, Step], States | None] = {}
        self.top: States = frozenset((number, 0) for number in range(len(self._patterns)))

    def follow(self, states: States, step: Step) -> States | None:
        """Go one step down; None when that place is to be ignored, an empty set when nothing below it is."""
        if not states:
            return states
        if (states, step) not in self._known:
            if len(self._known) >= _MOST_REMEMBERED:
                self._known.clear()
            self._known[states, step] = self._follow(states, step)
        return self._known[states, step]

    def _follow(self, states: States, step: Step) -> States | None:
        met: set[tuple[int, int]] = set()
        for number, done in states:
            pattern = self._patterns[number]
            want = pattern[done]
            if want.deep:
                met.add((number, done))
            if want.step is None or (want.step == step and type(want.step) is type(step)):
                if done + 1 == len(pattern):
                    return None
                met.add((number, done + 1))
        return frozenset(met)


def _parse(pattern: str) -> list[_Want]:
    """Read one pattern."""
    if len(pattern) > LONGEST_PATTERN:
        raise PathError(f"a path has {len(pattern)} characters, {LONGEST_PATTERN} are allowed")
    if not pattern.startswith("$") or len(pattern) == 1:
        raise PathError(f"a path starts with $ and goes on, like $.device.uptime: {pattern!r}")
    wants: list[_Want] = []
    place = 1
    while place < len(pattern):
        match = _STEP.match(pattern, place)
        if not match or not (match["deep"] or pattern[place] in ".["):
            raise PathError(f"{pattern!r}: no step of a path at character {place + 1}")
        wants.append(_Want(step=_wanted(match), deep=bool(match["deep"])))
        place = match.end()
    return wants


def _wanted(match: re.Match[str]) -> Step | None:
    """Read what one step of a pattern asks for."""
    if match["any"]:
        return None
    if match["key"]:
        return match["key"]
    if match["index"]:
        return int(match["index"])
    if match["quoted"]:
        return _unquoted(match["quoted"])
    if match["number"]:
        return match["name"], int(match["number"])
    return match["name"], _unquoted(match["text"]) if match["text"] else match["value"]


def _unquoted(text: str) -> str:
    try:
        return str(json.loads(text))
    except ValueError as error:
        raise PathError(f"{text} is no JSON text: {error}") from error
