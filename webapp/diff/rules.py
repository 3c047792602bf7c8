"""Which parts of a log does its service want ignored: regular expressions by users, checked before they are used.

A rule can still be slow on some line: compare with rules in a process that can be killed.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

MOST_RULES = 50
LONGEST_PATTERN = 500
LONGEST_NAME = 80
LONGEST_LINE = 16_000  # a rule looks at so many characters of a line

_REPEATS_FOREVER = re.compile(r"[*+]|\{\d*,\}")
_REPEAT = re.compile(r"[*+?]|\{\d+(?:,\d*)?\}|\{,\d+\}")


class RuleError(ValueError):
    """A rule that cannot be used; the sentence names it and says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What to ignore: the parts of lines that match a regular expression, or whole lines in which it is found."""

    pattern: str
    name: str = ""
    whole_line: bool = False

    @property
    def title(self) -> str:
        """The name to show for it."""
        return self.name or self.pattern


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyRule:
    """A checked rule with its compiled expression; its title is what comparisons call it, like no mask."""

    title: str
    regex: re.Pattern[str]
    whole_line: bool


def check_rules(rules: Sequence[Rule | str]) -> list[ReadyRule]:
    """Compile rules; a plain text is the pattern of a rule that masks what it matches.

    Raises:
        RuleError: too many, too long, not a regular expression, matches the empty text, or repeats a repetition.
    """
    if len(rules) > MOST_RULES:
        raise RuleError(f"{len(rules)} rules are too many: {MOST_RULES} are allowed")
    return [_check(number, rule) for number, rule in enumerate(_as_rules(rules), 1)]


def _as_rules(rules: Iterable[Rule | str]) -> Iterable[Rule]:
    return (Rule(pattern=rule) if isinstance(rule, str) else rule for rule in rules)


def _check(number: int, rule: Rule) -> ReadyRule:
    """Check one rule and compile it."""
    place = f"rule {number}" + (f" ({rule.name[:LONGEST_NAME]})" if rule.name else "")
    if len(rule.name) > LONGEST_NAME:
        raise RuleError(f"{place}: its name has {len(rule.name)} characters, {LONGEST_NAME} are allowed")
    if len(rule.pattern) > LONGEST_PATTERN:
        raise RuleError(f"{place}: its pattern has {len(rule.pattern)} characters, {LONGEST_PATTERN} are allowed")
    try:
        regex = re.compile(rule.pattern)
    except re.error as error:
        where = "" if error.pos is None else f" at character {error.pos + 1}"
        raise RuleError(f"{place}: not a regular expression{where}: {error.msg}") from error
    except (OverflowError, RecursionError) as error:
        raise RuleError(f"{place}: not a usable regular expression: {error}") from error
    if regex.search("") and not rule.whole_line:
        raise RuleError(f"{place}: matches the empty text, so it would match everywhere")
    repeated = nested_repeat(rule.pattern)
    if repeated:
        raise RuleError(
            f"{place}: {repeated} repeats a repetition and may never end;"
            " make the inner one possessive (like \\d++) or drop one of them"
        )
    title = rule.title if len(rule.title) <= LONGEST_NAME else f"{rule.title[: LONGEST_NAME - 1]}…"
    return ReadyRule(title=f"rule '{title}'", regex=regex, whole_line=rule.whole_line)


def nested_repeat(pattern: str) -> str:
    """Find a group that repeats without end and holds another such repetition, the usual cause of endless matching."""
    starts: list[int] = []
    loops: list[bool] = [False]  # for each open group: whether something in it repeats without end
    place = 0
    while place < len(pattern):
        char = pattern[place]
        start = place
        closed_loop = False
        if char == "\\":
            place += 2
        elif char == "[":
            place = _end_of_class(pattern, place)
        elif char == "(":
            starts.append(place)
            loops.append(False)
            place += 1
            continue
        elif char == ")" and starts:
            start, closed_loop = starts.pop(), loops.pop()
            closed_loop = closed_loop and not pattern.startswith("(?>", start)
            loops[-1] = loops[-1] or closed_loop
            place += 1
        else:
            place += 1
        repeat = _REPEAT.match(pattern, place)
        if repeat:
            place = repeat.end()
            is_possessive = pattern.startswith("+", place)
            place += is_possessive or pattern.startswith("?", place)
            if _REPEATS_FOREVER.match(repeat[0]) and not is_possessive:
                if closed_loop:
                    return pattern[start:place]
                loops[-1] = True
    return ""


def _end_of_class(pattern: str, place: int) -> int:
    """Find the place behind a character class that starts at `place`."""
    place += 1
    place += pattern.startswith("^", place)
    place += pattern.startswith("]", place)
    while place < len(pattern) and pattern[place] != "]":
        place += 2 if pattern[place] == "\\" else 1
    return place + 1
