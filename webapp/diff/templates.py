"""Which kinds of messages are new in a log, and which are gone: lines told apart by what stays of them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from webapp.diff.noise import collapse, mask, split_lines


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


def compare_messages(a: bytes, b: bytes) -> Messages:
    """Find the kinds of messages that only the newer text has, and those that only the older one has."""
    keys_a, keys_b = message_keys(a), message_keys(b)
    return Messages(new=_only_in(keys_b, keys_a), gone=_only_in(keys_a, keys_b))


def message_keys(data: bytes) -> list[bytes]:
    """Compute for every line what stays of it without volatile parts and numbers."""
    return split_lines(collapse(b"".join(mask(data))))


def _only_in(keys: Sequence[bytes], others: Sequence[bytes]) -> list[Message]:
    """List the keys that do not occur on the other side; a missing final newline makes no new kind."""
    known = {key.rstrip(b"\r\n") for key in others}
    counts: Counter[bytes] = Counter()
    first: dict[bytes, int] = {}
    for number, key in enumerate(keys, 1):
        text = key.rstrip(b"\r\n")
        if text and text not in known:
            counts[text] += 1
            first.setdefault(text, number)
    return [Message(line=line, count=counts[text]) for text, line in first.items()]
