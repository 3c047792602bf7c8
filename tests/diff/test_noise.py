"""Are keys equal exactly when a level says so, one for every line?"""

import re
from random import Random

import pytest

from webapp.diff.deadline import Deadline
from webapp.diff.noise import LEVELS, MARK, Level, collapse, hidden_by, keys_of, mask, split_lines
from webapp.diff.rules import LONGEST_LINE, Rule, check_rules

pytestmark = pytest.mark.unit

LINES = (
    b"2026-11-22T10:00:00Z sshd[12]: open from 10.0.0.1 port 22\n",
    b"caf\xe9 \xff\xfe 12 ms\n",
    b"a\rb\x0bc\x0cd\x85e 3s\n",
    b"\n",
    "U+2028 \u2028 and 10:00:00\n".encode(),
    b"[1/2] 0x1f 99 bytes\r\n",
    b"no newline 5s",
)


@pytest.mark.parametrize("level", LEVELS)
def test_every_line_has_one_key_with_its_newline(level: Level) -> None:
    keys = keys_of(b"".join(LINES), level=level).lines
    assert len(keys) == len(LINES)
    assert [key.endswith(b"\n") for key in keys] == [line.endswith(b"\n") for line in LINES]
    assert not any(b"\n" in key[:-1] for key in keys)


def test_key_depends_on_its_line_alone() -> None:
    together = keys_of(b"".join(LINES), level="numbers").lines
    assert together == [keys_of(line, level="numbers").lines[0] for line in LINES]


def test_split_is_at_newlines_alone() -> None:
    assert split_lines(b"a\rb\x0bc\x0c\x1c\x1d\x1e\xc2\x85\xe2\x80\xa8\r\nb") == [
        b"a\rb\x0bc\x0c\x1c\x1d\x1e\xc2\x85\xe2\x80\xa8\r\n",
        b"b",
    ]
    assert split_lines(b"") == []


@pytest.mark.parametrize("seed", range(3))
def test_collapse_is_one_zero_for_each_number(seed: int) -> None:
    random = Random(seed)
    for _ in range(300):
        text = "".join(random.choices("a.:0123456789", weights=[1, 1, 1] + [3] * 10, k=random.randrange(200))).encode()
        assert collapse(text) == re.sub(rb"[0-9]+", b"0", text)
    assert collapse(b"1" * 100_000) == b"0"


def test_each_level_hides_what_the_one_before_hides() -> None:
    random = Random(1)
    pool = [line for line in LINES for _ in range(20)]
    changed = [bytes(random.choice(b"0123456789") if byte in b"0123456789" else byte for byte in line) for line in pool]
    volatile = [a == b for a, b in zip(mask(b"".join(pool[:-20])), mask(b"".join(changed[:-20])), strict=True)]
    numbers = [keys_of(b"".join(each[:-20]), level="numbers").lines for each in (pool, changed)]
    both = [a == b for a, b in zip(*numbers, strict=True)]
    assert any(volatile)
    assert all(hidden for was, hidden in zip(volatile, both, strict=True) if was)


def test_rules_are_not_used_at_the_exact_level() -> None:
    rules = check_rules([Rule(pattern="a", whole_line=True)])
    assert keys_of(b"abc\n", level="exact", rules=rules).lines == [b"abc\n"]


def test_rule_may_use_ends_of_line_and_cannot_reach_over_them() -> None:
    rules = check_rules([r"^\w+", r"\s+z?$"])
    assert keys_of(b"one \ntwo z\n", level="volatile", rules=rules).lines == [MARK + MARK + b"\n"] * 2


def test_rule_sees_letters_of_all_scripts_and_keeps_broken_bytes() -> None:
    rules = check_rules(["[é-ü]+"])
    assert keys_of("caf\u00e9\n".encode() + b"\xe9\xff\n", level="volatile", rules=rules).lines == [
        b"caf" + MARK + b"\n",
        b"\xe9\xff\n",
    ]


def test_rule_looks_at_the_start_of_a_very_long_line() -> None:
    rules = check_rules(["secret"])
    line = b"secret " + b"x" * LONGEST_LINE + b" secret\n"
    assert keys_of(line, level="volatile", rules=rules).lines == [MARK + line[6:]]


def test_rules_stop_with_the_deadline() -> None:
    deadline = Deadline(0.0)
    assert keys_of(b"abc\n", level="volatile", rules=check_rules(["abc"]), deadline=deadline).lines == [b"abc\n"]
    assert deadline.cut


def test_left_out_lines_carry_the_rule() -> None:
    rules = check_rules([Rule(pattern="never"), Rule(name="beat", pattern="beat", whole_line=True)])
    keys = keys_of(b"a\nheartbeat\nb\n", level="volatile", rules=rules)
    assert keys.left_out == {1: "rule 'beat'"}


def test_hidden_differences_are_counted_by_name() -> None:
    rules = check_rules([Rule(name="user", pattern=r"user \w+"), Rule(name="line", pattern="x", whole_line=True)])
    pairs = [
        (b"10:00:00 user ann\n", b"10:00:01 user bob\n"),
        (b"10:00:00 port 1\n", b"10:00:00 port 2\n"),
        (b"3 ms 3 ms\n", b"4 ms 5 ms\n"),
    ]
    assert hidden_by(pairs, level="numbers", rules=rules) == {"time": 1, "rule 'user'": 1, "numbers": 1, "duration": 1}
