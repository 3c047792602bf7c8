"""Are a service's options for comparing read, checked with every fault at its place, and written as they were?"""

from typing import Any

import pytest

from webapp.diff.rules import Rule
from webapp.domain.compare_options import (
    CompareOptions,
    NoiseRule,
    RuleKind,
    check_compare_options,
    read_compare_options,
)
from webapp.errors import InvalidError

pytestmark = pytest.mark.unit

OPTIONS: dict[str, Any] = {
    "baseline": "pinned",
    "pinned": "0193a5b2-0000-7000-8000-000000000001",
    "rules": [
        {"kind": "mask", "pattern": "session [0-9a-f]+", "name": "session"},
        {"kind": "line", "pattern": "^DEBUG "},
        {"kind": "path", "pattern": "$..uptime"},
        {"kind": "tolerance", "tolerance": 0.5},
    ],
}


def test_options_are_read_and_written_as_they_were() -> None:
    read = check_compare_options({"compare": OPTIONS, "notify": {}})
    assert read.write() == OPTIONS
    assert read.line_rules == (
        Rule(pattern="session [0-9a-f]+", name="session"),
        Rule(pattern="^DEBUG ", whole_line=True),
    )
    assert read.ignored_paths == ("$..uptime",)
    assert read.tolerance == 0.5
    assert [rule.title for rule in read.rules] == ["session", "^DEBUG ", "$..uptime", "differences up to 0.5"]


@pytest.mark.parametrize("options", [{}, {"compare": {}}, {"compare": None}])
def test_options_without_anything_are_the_usual_ones(options: dict[str, Any]) -> None:
    assert check_compare_options(options) == CompareOptions()
    assert check_compare_options(options).write() == {}


@pytest.mark.parametrize("word", ["previous", "last-ok", "pinned", "query:anna/nightly", "query:anna/with/slash"])
def test_baseline_takes_each_of_its_words(word: str) -> None:
    assert check_compare_options({"compare": {"baseline": word}}).baseline == word


@pytest.mark.parametrize(
    ("compare", "place", "message"),
    [
        ([], None, ""),
        ("x", "compare", "expected a mapping"),
        ({"base": 1}, "compare.base", "no other member than baseline, pinned, rules"),
        ({"baseline": "newest"}, "compare.baseline", "expected previous, last-ok, pinned or query:<owner>/<name>"),
        ({"baseline": "query:nightly"}, "compare.baseline", "expected previous"),
        ({"baseline": 7}, "compare.baseline", "expected previous"),
        ({"pinned": 7}, "compare.pinned", "expected a text"),
        ({"rules": {}}, "compare.rules", "expected a list"),
        ({"rules": [{"kind": "path", "pattern": "$.a"}] * 51}, "compare.rules", "at most 50 rules, got 51"),
        ({"rules": ["x"]}, "compare.rules[0]", "expected a mapping"),
        ({"rules": [{"pattern": "x"}]}, "compare.rules[0].kind", "expected one of mask, line, path, tolerance"),
        ({"rules": [{"kind": []}]}, "compare.rules[0].kind", "expected one of mask"),
        ({"rules": [{"kind": "mask"}]}, "compare.rules[0].pattern", "expected a text that is not empty"),
        ({"rules": [{"kind": "mask", "pattern": "(x"}]}, "compare.rules[0].pattern", "not a regular expression"),
        ({"rules": [{"kind": "mask", "pattern": "(a+)+"}]}, "compare.rules[0].pattern", "repeats a repetition"),
        ({"rules": [{"kind": "path", "pattern": "uptime"}]}, "compare.rules[0].pattern", "a path starts with $"),
        ({"rules": [{"kind": "tolerance", "tolerance": True}]}, "compare.rules[0].tolerance", "a number above 0"),
        ({"rules": [{"kind": "line", "pattern": "x", "name": "n" * 81}]}, "compare.rules[0].name", "at most 80"),
        ({"rules": [{"kind": "line", "pattern": "x", "flags": "i"}]}, "compare.rules[0].flags", "no other member"),
    ],
)
def test_fault_is_told_at_its_place(compare: object, place: str | None, message: str) -> None:
    read = read_compare_options({"compare": compare})
    assert read.rules == () or len(read.rules) == 50
    if place is None:
        assert read.faults == ()
        return
    assert next(fault[0] for fault in read.faults) == place
    assert message in dict(read.faults)[place]
    with pytest.raises(InvalidError) as raised:
        check_compare_options({"compare": compare})
    assert raised.value.faults == list(read.faults)


def test_rules_without_a_fault_stay_in_force_beside_a_faulty_one() -> None:
    rules = [{"kind": "mask", "pattern": "("}, {"kind": "path", "pattern": "$.uptime"}]
    read = read_compare_options({"compare": {"rules": rules, "baseline": "last-ok"}})
    assert read.rules == (NoiseRule(kind=RuleKind.PATH, pattern="$.uptime"),)
    assert read.baseline == "last-ok"
    assert len(read.faults) == 1
