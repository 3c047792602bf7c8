"""Which texts do the rules of a service make equal? A program of its own, for its regular expressions may never end.

Its task is JSON, and its answer one line for each text: the text's key, in hexadecimal digits.
"""

from collections.abc import Iterator, Sequence

import msgspec

from webapp.compare.programs import answer, run_program
from webapp.diff.likeness import text_key
from webapp.diff.noise import Level
from webapp.diff.rules import Rule, check_rules


class Task(msgspec.Struct, frozen=True):
    """Texts, the level, and the rules: each a pattern and whether it leaves out whole lines."""

    texts: list[str]
    level: Level
    rules: list[tuple[str, bool]]


def find_text_keys(
    texts: Sequence[str], *, level: Level, rules: Sequence[Rule], budget_s: float
) -> dict[str, bytes] | None:
    """Return a key for each text, equal for texts that are the same at a level and under rules.

    Without rules they are computed here, else in a process that is killed when the time is over.

    Args:
        texts: different texts, of valid Unicode.
        level: `volatile` or `numbers`.
        rules: the service's.
        budget_s: seconds for the rules.

    Returns:
        The keys, or None when the rules took longer than that.
    """
    if not rules:
        return {text: text_key(text, level=level) for text in texts}
    task = Task(texts=list(texts), level=level, rules=[(rule.pattern, rule.whole_line) for rule in rules])
    found = run_program(__name__, msgspec.json.encode(task), budget_s=budget_s)
    if not found.is_whole:
        return None
    return {text: bytes.fromhex(line.decode()) for text, line in zip(texts, found.lines, strict=True)}


def work(raw: bytes) -> Iterator[bytes]:
    """Yield the keys of the texts of a task."""
    task = msgspec.json.decode(raw, type=Task)
    rules = check_rules([Rule(pattern=pattern, whole_line=whole_line) for pattern, whole_line in task.rules])
    for text in task.texts:
        yield text_key(text, level=task.level, rules=rules).hex().encode()


if __name__ == "__main__":
    answer(work)
