"""Are texts equal but for what regular expressions match? A program of its own, because it may have to be ended.

It reads a task as JSON from its input and writes one line for each list of pairs, in order: `same` or `other`.
"""

import re
from collections.abc import Iterable, Iterator

import msgspec

from webapp.compare.programs import answer
from webapp.diff.rules import LONGEST_LINE, ReadyRule, Rule, check_rules

SAME = b"same"
MARK = "\0"  # stands for a masked part; no JSON text that is stored holds it alone


class Task(msgspec.Struct, frozen=True):
    """The rules, each a pattern and whether it leaves out whole lines, and lists of pairs of texts."""

    rules: list[tuple[str, bool]]
    texts: list[list[tuple[str, str]]]


def compare(task: Task) -> Iterator[bool]:
    """Say of each list whether the texts of every pair are equal but for what the rules ignore."""
    rules = check_rules([Rule(pattern=pattern, whole_line=whole_line) for pattern, whole_line in task.rules])
    maskers = [rule.regex for rule in rules if not rule.whole_line]
    droppers = [rule for rule in rules if rule.whole_line]
    for pairs in task.texts:
        yield all(_kept(a, maskers, droppers) == _kept(b, maskers, droppers) for a, b in pairs)


def _kept(text: str, maskers: Iterable[re.Pattern[str]], droppers: Iterable[ReadyRule]) -> list[str]:
    kept: list[str] = []
    for line in text.split("\n"):
        head, tail = line[:LONGEST_LINE], line[LONGEST_LINE:]
        if any(rule.regex.search(head) for rule in droppers):
            continue
        for masker in maskers:
            head = masker.sub(MARK, head)
        kept.append(head + tail)
    return kept


def work(raw: bytes) -> Iterator[bytes]:
    """Yield the answers to a task."""
    for is_same in compare(msgspec.json.decode(raw, type=Task)):
        yield SAME if is_same else b"other"


if __name__ == "__main__":
    answer(work)
