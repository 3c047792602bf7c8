"""Does a suggested rule pass the check, match the line it was made of and its like, and make two lines equal?"""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.diff.noise import keys_of
from webapp.diff.rules import Rule, check_rules
from webapp.domain.compare_options import RuleKind
from webapp.domain.rule_suggestions import generalise, suggest_rules

pytestmark = pytest.mark.unit

LINES = {
    "10:00:00 session 4f2a9 opened for user root by (uid=0)": r"session \w+ opened for user root by \(uid=\d+\)",
    "2026-11-22 10:00:00,123 took 12 ms [a+b]": r"took \S+ +\S+ \[a\+b\]",
    "peer 10.0.0.1 down, 17.3.1 of 5": r"peer \S+ down, \d[\d.,]* of \d+",
    "vlans 10, 20, 30 missing": r"vlans \d[\d., ]* missing",
    "serial AX12b, up $5 ^": r"serial \w+, up \$\d+ \^",
    "id 9f31c0e at 2026-11-22T10:00:00Z": r"id \w+ at \S+",
    "   plain words   ": "plain words",
}
PAIRS = {
    ("Processor board ID 9ESG0000", "Processor board ID 9ESG0012"): r"Processor board ID \S+",
    ("took 12 ms", "took 99 ms"): r"took \S+",
    ("lease of 10.0.0.1 until 10:00, 5 left", "lease of 10.0.0.2 until 11:00, 6 left"): (
        r"lease of \S+|until \S+|\S+(?= left)"
    ),
    ("[3/10] copying a.txt", "[4/10] copying b.txt"): r"copying \S+",
    ("edge-1 lost peer a", "edge-2 lost peer b"): r"\S+(?= lost)|lost peer \S+",
    ("abc def", "xyz def"): r"\S+(?= def)",
    ("user is john smith here", "user is ada here"): r"user is .+(?= here)",
    ("core-1: ok after 7.0 s", "core-1: failed after 3.4 s"): r"\S+(?= after)",
    ("job 7 of ann at 10:00:01 done", "job 7 of bob at 10:00:02 done"): r"of \S+",
}
NO_PARTS = [("one", "two"), ("nothing alike", "totally other words here"), ("a b", "a b c"), ("x", "")]


@pytest.mark.parametrize("line", LINES)
def test_one_line_becomes_a_rule_for_lines_like_it(line: str) -> None:
    (rule,) = suggest_rules(line)
    assert (rule.kind, rule.pattern) == (RuleKind.LINE, LINES[line])
    assert re.search(rule.pattern, line)
    check_rules([Rule(pattern=rule.pattern, whole_line=True)])


@pytest.mark.parametrize("pair", PAIRS)
def test_two_lines_become_a_mask_of_what_differs(pair: tuple[str, str]) -> None:
    mask, line = suggest_rules(*pair)
    assert (mask.kind, mask.pattern, line.kind) == (RuleKind.MASK, PAIRS[pair], RuleKind.LINE)
    rules = check_rules([Rule(pattern=mask.pattern)])
    keys = [keys_of(text.encode(), level="volatile", rules=rules).lines for text in pair]
    assert keys[0] == keys[1]


@pytest.mark.parametrize("pair", NO_PARTS)
def test_lines_without_common_words_have_no_mask(pair: tuple[str, str]) -> None:
    assert [rule.kind for rule in suggest_rules(*pair)] == [RuleKind.LINE]


def test_nothing_is_suggested_for_an_empty_line() -> None:
    assert suggest_rules("") == suggest_rules(" \t", "x") == suggest_rules("2026-11-22 10:00:00 ") == []


def test_long_lines_are_cut_behind_a_word() -> None:
    (rule,) = suggest_rules("word " * 1_000)
    assert 100 < len(rule.pattern) <= 160
    assert rule.pattern.endswith("word")
    (rule,) = suggest_rules("(" * 10_000)
    assert len(rule.pattern) <= 500


def test_a_like_line_is_matched_and_another_is_not() -> None:
    pattern = generalise("session 4f2a9 opened by (uid=0)")
    assert re.search(pattern, "session 77b1c opened by (uid=1000)")
    assert not re.search(pattern, "session closed")


@given(st.text(max_size=300), st.text(max_size=300))
def test_suggestions_can_be_used_as_they_are(line: str, other: str) -> None:
    for rule in suggest_rules(line, other):
        check_rules([Rule(pattern=rule.pattern, whole_line=rule.kind is RuleKind.LINE)])
        assert re.search(rule.pattern, line)
