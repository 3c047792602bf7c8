"""Are rules checked with a clear word before anything is done with them?"""

import pytest

from webapp.diff.rules import LONGEST_NAME, LONGEST_PATTERN, MOST_RULES, Rule, RuleError, check_rules, nested_repeat

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        (["ok", "(open"], r"^rule 2: not a regular expression at character 1: missing \), unterminated subpattern$"),
        ([Rule(name="mine", pattern="[z-a]")], r"^rule 1 \(mine\): not a regular expression at character 2: bad"),
        (["x" * (LONGEST_PATTERN + 1)], "its pattern has 501 characters, 500 are allowed"),
        ([Rule(name="n" * (LONGEST_NAME + 1), pattern="x")], "its name has 81 characters, 80 are allowed"),
        (["a*"], "matches the empty text"),
        (["|".join("ab")] * (MOST_RULES + 1), "51 rules are too many: 50 are allowed"),
        ([r"(a+)+$"], r"\(a\+\)\+ repeats a repetition and may never end"),
        (["a{1,99999999999}"], "not a usable regular expression"),
        (["(" * 240 + ")" * 240], "rule 1: "),
    ],
)
def test_bad_rule_is_refused_with_the_reason(rules: list[Rule | str], message: str) -> None:
    with pytest.raises(RuleError, match=message):
        check_rules(rules)


def test_whole_line_rule_may_match_the_empty_text() -> None:
    assert check_rules([Rule(pattern="^$", whole_line=True)])[0].whole_line


def test_titles_tell_rules_from_masks_and_are_not_long() -> None:
    assert check_rules(["word"])[0].title == "rule 'word'"
    assert check_rules([Rule(pattern="word", name="timestamp")])[0].title == "rule 'timestamp'"
    assert check_rules(["x" * 200])[0].title == f"rule '{'x' * (LONGEST_NAME - 1)}…'"


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        (r"(a+)+", "(a+)+"),
        (r"x((a|b*)c)*y", "((a|b*)c)*"),
        (r"(?:\w+\s*){2,}", r"(?:\w+\s*){2,}"),
        (r"((a+)b?)+?", "((a+)b?)+?"),
        (r"(a+){3}", ""),
        (r"(ab)+c+", ""),
        (r"(\w++ )+", ""),
        (r"(\w+ )++", ""),
        (r"(?>a+)+", ""),
        (r"[(+]+\(a+\)+", ""),
        (r"[]+)]+([^]]+)", ""),
        (r"[^\]+](x+)", ""),
        (r"a)+", ""),
        (r"[open", ""),
        (r"(a{2,5})*", ""),
    ],
)
def test_repeated_repetitions_are_found(pattern: str, found: str) -> None:
    assert nested_repeat(pattern) == found
