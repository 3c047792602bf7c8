"""What do rules hit in texts? A program of its own, for regular expressions of people may never end.

Its task is MessagePack. Its answer is a line of JSON for each rule and source, rule by rule, as soon as that is done.
"""

import json
import re
from collections.abc import Iterator

import msgspec

from webapp.compare.programs import answer
from webapp.diff.ignored_places import ignored_places
from webapp.diff.likeness import texts_in
from webapp.diff.noise import split_lines
from webapp.diff.paths import Ignore
from webapp.diff.rules import LONGEST_LINE, ReadyRule, Rule, check_rules
from webapp.domain.compare_options import RuleKind

SAMPLES = 3  # of a rule in a source
SHOWN = 200  # characters of a sample
LEAD = 60  # of them before the first hit
_SHOWN_AS = {
    **{code: 0x2400 + code for code in range(0x20)},
    0x7F: 0x2421,
    **dict.fromkeys(range(0xD800, 0xE000), 0xFFFD),
}

Spans = list[tuple[int, int]]


class TrialSource(msgspec.Struct, frozen=True):
    """A log, or a JSON result."""

    content: bytes
    is_json: bool


class TrialTask(msgspec.Struct, frozen=True):
    """Rules that were checked, each a kind and a pattern, and what to look at."""

    rules: list[tuple[RuleKind, str]]
    sources: list[TrialSource]


class Sample(msgspec.Struct, frozen=True):
    """A line with the places that a rule hits, or the path of a place; `line` counts from 1, 0 in a JSON result."""

    line: int
    text: str
    spans: Spans


class Found(msgspec.Struct, frozen=True):
    """How many lines, or places, a rule hits in a source, and the first of them."""

    rule: int
    source: int
    hits: int
    samples: list[Sample]


def work(raw: bytes) -> Iterator[bytes]:
    """Yield what was found, rule by rule."""
    task = msgspec.msgpack.decode(raw, type=TrialTask)
    for number, (kind, pattern) in enumerate(task.rules):
        ready = (
            None if kind is RuleKind.PATH else check_rules([Rule(pattern=pattern, whole_line=kind is RuleKind.LINE)])
        )
        for place, source in enumerate(task.sources):
            if ready is None:
                hits, samples = _find_places(source, pattern)
            else:
                hits, samples = _find_lines(source, ready[0])
            yield msgspec.json.encode(Found(rule=number, source=place, hits=hits, samples=samples))


def _find_places(source: TrialSource, pattern: str) -> tuple[int, list[Sample]]:
    places = list(ignored_places(json.loads(source.content), Ignore([pattern]))) if source.is_json else []
    return len(places), [Sample(line=0, text=place[:SHOWN], spans=[]) for place in sorted(places)[:SAMPLES]]


def _find_lines(source: TrialSource, rule: ReadyRule) -> tuple[int, list[Sample]]:
    hits = 0
    samples: list[Sample] = []
    for number, line in enumerate(_lines(source), start=1):
        if not rule.regex.search(line):
            continue
        hits += 1
        if len(samples) < SAMPLES:
            samples.append(_sample(0 if source.is_json else number, line, rule.regex))
    return hits, samples


def _lines(source: TrialSource) -> Iterator[str]:
    """Yield the lines of a log, or of the texts in a JSON result, as far as rules look at them."""
    if source.is_json:
        for text in sorted(texts_in(json.loads(source.content), Ignore())):
            yield from (line[:LONGEST_LINE] for line in text.split("\n"))
    else:
        for raw in split_lines(source.content):
            yield raw.removesuffix(b"\n").decode("utf-8", "surrogateescape")[:LONGEST_LINE]


def _sample(number: int, line: str, regex: re.Pattern[str]) -> Sample:
    """Return what of a line is shown around the first hit; every character is printable."""
    spans = [match.span() for match in regex.finditer(line) if match.end() > match.start()]
    start = max(spans[0][0] - LEAD, 0) if spans else 0
    shown = line[start : start + SHOWN].translate(_SHOWN_AS)
    inside = [(first - start, min(last - start, len(shown))) for first, last in spans if first - start < len(shown)]
    return Sample(line=number, text=shown, spans=inside)


if __name__ == "__main__":
    answer(work)
