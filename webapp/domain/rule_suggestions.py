"""Which rule would ignore lines like this one? Suggestions to be edited, made of one line or of two that differ.

A pattern keeps the words of the line and replaces numbers, names, times and identifiers by what matches their like.
"""

import re
from collections.abc import Iterator, Sequence

from webapp.diff.noise import Level, keys_of
from webapp.diff.rules import LONGEST_PATTERN
from webapp.diff.words import Span, changed_words
from webapp.domain.compare_options import NoiseRule, RuleKind
from webapp.domain.logdisplay import split_stamp
from webapp.domain.signatures import Signer

LONGEST_TEXT = 160  # characters of a line that a pattern is made of
MOST_PARTS = 4  # parts of a line that one pattern hides

_BYTES = ("utf-8", "surrogatepass")
_SPECIAL = re.compile(r"[.^$*+?{}\[\]\\|()]")
_WORD = re.compile(r"\w+")
_MIXED = re.compile(r"(?:\d+[A-Za-z_]+|[A-Za-z_]+\d+)\d*[A-Za-z_]+\w*|\d+[A-Za-z_]+\d\w*")  # such as 4f2a9, AX12b
_LEAD = re.compile(r"(?:[^\W\d]\w*\W{1,2}){1,3}$")  # some words before a place
_NEXT = re.compile(r"\s*\S+")


def suggest_rules(line: str, other: str = "") -> list[NoiseRule]:
    """Return rules that would ignore a line, the narrowest first; maybe none for an empty line.

    Args:
        line: the line.
        other: the line that stands in its place on the other side of a comparison, if there is one.
    """
    found: list[NoiseRule] = []
    text, counterpart = (split_stamp(each)[1].strip() for each in (line, other))
    pattern = ""
    if counterpart and counterpart != text:
        # Rules count where the masks do too: what those hide is no part of a rule, unless nothing else differs.
        pattern = _parts_pattern(text, counterpart, "volatile") or _parts_pattern(text, counterpart, "exact")
    if pattern:
        found.append(NoiseRule(kind=RuleKind.MASK, pattern=pattern))
    whole = generalise(_cut(text))
    if whole:
        found.append(NoiseRule(kind=RuleKind.LINE, pattern=whole))
    return found


def generalise(text: str) -> str:
    """Return a regular expression that matches a text and its like."""
    pattern: list[str] = []
    place = 0
    for kind, start, end in _variable_parts(text):
        pattern += (_escape(text[place:start]), _class_of(kind, text[start:end]))
        place = end
    return "".join(pattern) + _escape(text[place:])


def _variable_parts(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield what of a text varies, in order; words of letters and digits mixed are identifiers."""
    signature, values = Signer().read(text)
    spans: list[tuple[str, int, int]] = []
    place = len(signature.fixed[0])
    for kind, value, fixed in zip(signature.kinds, values, signature.fixed[1:], strict=True):
        spans.append((kind, place, place + len(value)))
        place += len(value) + len(fixed)
    mixed = [match.span() for match in _WORD.finditer(text) if _MIXED.fullmatch(match[0])]
    whole = [(start, end) for kind, start, end in spans if kind != "number"]
    for start, end in mixed:
        if not any(first < end and start < last for first, last in whole):
            spans = [span for span in spans if span[2] <= start or span[1] >= end]
            spans.append(("identifier", start, end))
    yield from sorted(spans, key=lambda span: span[1])


def _class_of(kind: str, value: str) -> str:
    """Return what matches the like of a variable part."""
    if kind == "identifier":
        return r"\w+"
    if kind == "number":
        return r"\d+" if value.isdigit() else r"\d[\d., ]*" if " " in value else r"\d[\d.,]*"
    return " +".join(r"\S+" for _ in value.split()) or r"\s+"


def _parts_pattern(text: str, other: str, level: Level) -> str:
    """Return a pattern for what differs between two lines, with the words before it; empty when there is none.

    What it matches is hidden in both lines, so that they become equal at a level.
    """
    changed = changed_words(text, other, level=level)
    spans, others = (_widened(side, each) for side, each in zip((text, other), changed, strict=True))
    if len(spans) != len(others) or not 0 < len(spans) <= MOST_PARTS:
        return ""
    patterns: list[str] = []
    floor = 0
    for (start, end), theirs in zip(spans, others, strict=True):
        is_word = not re.search(r"\s", text[start:end] + other[slice(*theirs)])
        patterns.append(_part_pattern(text[floor:start], r"\S+" if is_word else ".+", text[end:]))
        floor = end
    joined = "|".join(dict.fromkeys(patterns))
    if "" in patterns or len(joined) > LONGEST_PATTERN:
        return ""
    keys = [keys_of(re.sub(joined, "", each).encode(*_BYTES), level=level).lines for each in (text, other)]
    return joined if keys[0] == keys[1] else ""


def _widened(text: str, spans: Sequence[Span]) -> list[Span]:
    """Take in all of the words, as blanks separate them, that spans lie in."""
    words = [match.span() for match in re.finditer(r"\S+", text)]
    widened: list[Span] = []
    for start, end in spans:
        touched = [word for word in words if word[0] < end and start < word[1]]
        first = min([start, *(word[0] for word in touched)])
        last = max([end, *(word[1] for word in touched)])
        if widened and first < widened[-1][1]:
            first = widened.pop()[0]
        widened.append((first, last))
    return widened


def _part_pattern(before: str, like: str, behind: str) -> str:
    """Return a pattern for a part that differs: led by the words before it, or else followed by those behind it."""
    lead = _LEAD.search(before)
    word = _NEXT.match(behind)
    ahead = f"(?={_escape(word[0])})" if word else ""
    if lead:
        return _escape(lead[0]) + like + (ahead if like == ".+" else "")
    return like + ahead if ahead else ""


def _cut(text: str) -> str:
    """Cut a long text behind a word."""
    return text if len(text) <= LONGEST_TEXT else text[:LONGEST_TEXT].rsplit(" ", 1)[0]


def _escape(text: str) -> str:
    """Write a text as a regular expression, blanks as they are."""
    return _SPECIAL.sub(r"\\\g<0>", text)
