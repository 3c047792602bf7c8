"""Which kinds of messages are new in a log, and which are gone: lines told apart by what stays of them."""

from collections import Counter
from dataclasses import dataclass
from operator import itemgetter

from webapp.diff.masks import Picks
from webapp.diff.noise import collapse, mask
from webapp.diff.sources import Lines


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A kind of message: how often it comes and the first line (from 1) that has it."""

    line: int
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Messages:
    """The kinds of messages that one side alone has, in the order of their first lines."""

    new: list[Message]
    gone: list[Message]


def compare_messages(a: Lines, b: Lines) -> Messages:
    """Find the kinds of messages that only the newer text has, and those that only the older one has."""
    kinds_a, kinds_b = _kinds(a), _kinds(b)
    return Messages(new=_only_in(kinds_b, kinds_a), gone=_only_in(kinds_a, kinds_b))


def _kinds(text: Lines) -> dict[bytes, Message]:
    """Count what stays of the lines without volatile parts, numbers and line ends, in the order of first lines."""
    counts: Counter[bytes] = Counter()
    first: dict[bytes, int] = {}
    picks = Picks()
    number = 1
    for block in text.blocks():
        keys = collapse(b"".join(mask(block, picks))).replace(b"\r\n", b"\n").split(b"\n")
        counts.update(keys)
        first |= {key: number + place for key, place in _firsts(keys).items() if key not in first}
        number += block.count(b"\n")
    return {key: Message(line=line, count=counts[key]) for key, line in first.items() if key}


def _firsts(keys: list[bytes]) -> dict[bytes, int]:
    """Say where each key comes first."""
    backwards = dict(zip(reversed(keys), range(len(keys) - 1, -1, -1), strict=True))
    return dict(sorted(backwards.items(), key=itemgetter(1)))


def _only_in(kinds: dict[bytes, Message], others: dict[bytes, Message]) -> list[Message]:
    """List the kinds that do not occur on the other side."""
    return [message for key, message in kinds.items() if key not in others]
