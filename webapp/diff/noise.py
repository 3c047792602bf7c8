"""What counts as the same line: the keys by which lines are compared at each level, and which mask hid what.

A key stands for a line in the comparison alone; what is shown is always the line itself. Every line has one key and
keeps its final newline, so positions among keys are positions among lines. Keys depend on nothing but the line, so
they can be computed once, when a log arrives.
"""

import io
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, count
from typing import Literal, get_args

from webapp.diff.deadline import Deadline
from webapp.diff.masks import Picks, hidden_parts, shape_of
from webapp.diff.rules import LONGEST_LINE, ReadyRule

Level = Literal["exact", "volatile", "numbers"]
LEVELS: tuple[Level, ...] = get_args(Level)

NUMBERS = "numbers"
MARK = b"\x00\xff*\xff\x00"  # stands for a masked part; no text in any usual encoding holds it
_MARK_TEXT = MARK.decode("utf-8", "surrogateescape")

_BLOCK = 2_000  # lines between two looks at the clock
_ZEROS = bytes.maketrans(b"123456789", b"000000000")


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """The keys of a text, one a line, and the lines a rule leaves out of the comparison (with the rule's title)."""

    lines: list[bytes]
    left_out: dict[int, str]


def split_lines(data: bytes) -> list[bytes]:
    r"""Split at ``\n`` alone; every line keeps its own, so a missing final newline makes a different line."""
    return io.BytesIO(data).readlines()


def collapse(data: bytes) -> bytes:
    """Turn every run of digits into one 0."""
    data = data.translate(_ZEROS)
    for size in (16, 8, 4, 3, 2):
        data = data.replace(b"0" * size, b"0")
    while b"00" in data:
        data = data.replace(b"00", b"0")
    return data


def mask(data: bytes, picks: Picks | None = None) -> list[bytes]:
    """Compute the key of every line with the built-in masks applied; shapes already known may be handed in."""
    picks = Picks() if picks is None else picks
    lines, shapes = io.BytesIO(data), io.BytesIO(shape_of(data))
    return [MARK.join(picks[shape](line)) for line, shape in zip(lines, shapes, strict=True)]


def keys_of(
    data: bytes,
    *,
    level: Level,
    rules: Sequence[ReadyRule] = (),
    deadline: Deadline | None = None,
    picks: Picks | None = None,
) -> Keys:
    """Compute the keys of a text at a level; each level hides all that the one before it hides.

    Args:
        data: The text.
        level: `exact` takes lines as they are, `volatile` masks what usually differs and what the rules match,
            `numbers` masks all numbers too.
        rules: The service's own rules; not used at `exact`.
        deadline: When it is over, the rest of the lines goes without the rules.
        picks: Shapes of lines already known.
    """
    if level not in LEVELS:
        raise ValueError(f"level must be one of {', '.join(LEVELS)}, not {level!r}")
    if level == "exact":
        return Keys(lines=split_lines(data), left_out={})
    left_out: dict[int, str] = {}
    if rules:
        data = _apply(data, rules, left_out, deadline or Deadline())
    lines = mask(data, picks)
    if level == "numbers":
        lines = split_lines(collapse(b"".join(lines)))
    return Keys(lines=lines, left_out=left_out)


def stream_keys(
    blocks: Iterable[bytes],
    left_out: dict[int, str],
    *,
    level: Level,
    rules: Sequence[ReadyRule] = (),
    until: Deadline | None = None,
) -> Iterator[bytes]:
    """Compute the key of every line of a text that comes in blocks of whole lines; see `keys_of`.

    Args:
        blocks: The text.
        left_out: Gets the lines (from 0) that a rule leaves out, with the rule's title, as they come.
        level: What is masked.
        rules: The service's own rules.
        until: When it is over, the rest of the lines goes without the rules.
    """
    if level == "exact":  # line by line: most are known already and need not be kept
        return chain.from_iterable(map(io.BytesIO, blocks))
    picks = Picks()
    numbers = count()

    def keys(block: bytes) -> list[bytes]:
        found = keys_of(block, level=level, rules=rules, deadline=until, picks=picks)
        if rules:
            for place, number in zip(range(len(found.lines)), numbers, strict=False):
                if place in found.left_out:
                    left_out[number] = found.left_out[place]
        return found.lines

    return chain.from_iterable(map(keys, blocks))


def hidden_by(pairs: Iterable[tuple[bytes, bytes]], *, level: Level, rules: Sequence[ReadyRule] = ()) -> Counter[str]:
    """Count, by the name of the mask, the pairs of lines whose difference it hid; a pair may count for several."""
    counts: Counter[str] = Counter()
    picks = Picks()
    maskers = [rule for rule in rules if not rule.whole_line]
    for a, b in pairs:
        names: set[str] = set()
        names.update(rule.title for rule in maskers if _matched(rule, a) != _matched(rule, b))
        a, b = _without(maskers, a), _without(maskers, b)
        parts_a, parts_b = hidden_parts(a), hidden_parts(b)
        for (name, start, end), (_, other_start, other_end) in zip(parts_a, parts_b, strict=False):
            if a[start:end] != b[other_start:other_end]:
                names.add(name)
        if level == "numbers" and mask(a, picks) != mask(b, picks):
            names.add(NUMBERS)
        counts.update(names)
    return counts


def _apply(data: bytes, rules: Sequence[ReadyRule], left_out: dict[int, str], deadline: Deadline) -> bytes:
    """Mask what the rules match and note the lines they leave out."""
    lines = split_lines(data)
    droppers = [rule for rule in rules if rule.whole_line]
    maskers = [rule for rule in rules if not rule.whole_line]
    for block in range(0, len(lines), _BLOCK):
        if deadline.is_over():
            break
        for index in range(block, min(block + _BLOCK, len(lines))):
            line = lines[index]
            for rule in droppers:
                if rule.regex.search(_text(line)[0]):
                    left_out[index] = rule.title
                    break
            else:
                lines[index] = _without(maskers, line)
    return b"".join(lines)


def _text(line: bytes) -> tuple[str, str]:
    """Decode a line: what rules look at, and the rest with the newline."""
    text = line.decode("utf-8", "surrogateescape")
    size = min(len(text) - text.endswith("\n"), LONGEST_LINE)
    return text[:size], text[size:]


def _without(rules: Sequence[ReadyRule], line: bytes) -> bytes:
    """Mask what the rules match in one line."""
    if not rules:
        return line
    head, tail = _text(line)
    for rule in rules:
        head = rule.regex.sub(_MARK_TEXT, head)
    return (head + tail).encode("utf-8", "surrogateescape")


def _matched(rule: ReadyRule, line: bytes) -> list[str]:
    """List the texts that a rule matches in one line."""
    return [match[0] for match in rule.regex.finditer(_text(line)[0])]
