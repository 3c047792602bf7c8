"""Is the comparison of two texts right for every byte, at every size, and whatever the time allows?"""

import subprocess
from pathlib import Path
from random import Random

import pytest

from tests.diff.scripts import applied, changed_items, edited, longest_common, numbered_lines, random_pair
from tests.programs import needs_program
from webapp.diff.lines import LineDiff, diff_bytes, diff_keys, verdict, with_ignored
from webapp.diff.matching import Tuning
from webapp.diff.noise import keys_of, split_lines
from webapp.diff.rules import Rule, RuleError, check_rules

pytestmark = pytest.mark.unit

NO_NEWLINE = b"\\ No newline at end of file"
EDGE_CASES: dict[str, tuple[bytes, bytes]] = {
    "both empty": (b"", b""),
    "first empty": (b"", b"a\n"),
    "second empty": (b"a\n", b""),
    "one newline": (b"\n", b""),
    "final newline gained": (b"a\nb", b"a\nb\n"),
    "final newline lost": (b"a\nb\n", b"a\nb"),
    "no final newline, same": (b"a\nb", b"a\nb"),
    "no final newline, other": (b"a\nb", b"a\nc"),
    "CRLF against LF": (b"a\r\nb\r\nc\r\n", b"a\nb\nc\n"),
    "CRLF, one inserted": (b"a\r\nb\r\n", b"a\r\nx\r\nb\r\n"),
    "lone CR": (b"a\rb\rc\nd\n", b"a\rb\rX\nd\n"),
    "NUL": (b"a\0b\nc\n", b"a\0b\nd\n"),
    "NUL at the start": (b"\0\0\0\nx\n", b"\0\0\0\ny\n"),
    "latin-1": (b"caf\xe9\nx\n", b"caf\xe9\ny\n"),
    "invalid UTF-8 that differs": (b"\xff\xfe\nx\n", b"\xff\xfd\nx\n"),
    "FF, VT, FS, GS, RS, NEL": (b"a\x0bb\x0cc\x1cd\x1de\x1ef\x85g\nz\n", b"a\x0bb\x0cX\x1cd\x1de\x1ef\x85g\nz\n"),
    "U+2028": ("a\u2028b\nc\n".encode(), "a\u2028b\nd\n".encode()),
    "U+2028 against newline": ("a\u2028b\n".encode(), b"a\nb\n"),
    "byte order mark": (b"\xef\xbb\xbfa\nb\n", b"a\nb\n"),
    "a line of 5 MB": (b"x" * 5_000_000 + b"\ny\n", b"x" * 4_999_999 + b"z\ny\n"),
    "only blank lines": (b"\n" * 1000, b"\n" * 990),
    "lines like a diff": (b"--- a\n+++ b\n@@ -1 +1 @@\n", b"--- a\n+++ c\n@@ -1 +2 @@\n"),
    "line like the remark": (b"a\n" + NO_NEWLINE + b"\n", b"a\n" + NO_NEWLINE),
    "repeated": (b"a\n" * 3, b"a\n" * 5),
}


@pytest.mark.parametrize("name", EDGE_CASES)
def test_script_leads_from_one_text_to_the_other(name: str) -> None:
    a, b = EDGE_CASES[name]
    lines_a, lines_b = split_lines(a), split_lines(b)
    diff = diff_bytes(a, b)
    assert b"".join(applied(diff.hunks, lines_a, lines_b)) == b
    assert (diff.hunks == []) == (a == b)
    assert (diff.a_size, diff.b_size, diff.partial) == (len(lines_a), len(lines_b), False)
    assert changed_items(diff_bytes(b, a).hunks) == changed_items(diff.hunks)


@pytest.mark.parametrize("seed", range(8))
def test_fuzz_is_valid_and_shortest_on_small_texts(seed: int) -> None:
    random = Random(seed)
    for _ in range(500):
        x, y = random_pair(random, most=40, edits=8)
        a, b = (b"".join(b"%d\n" % item for item in each) for each in (x, y))
        if random.random() < 0.3:
            b = b.removesuffix(b"\n")
        lines_a, lines_b = split_lines(a), split_lines(b)
        diff = diff_bytes(a, b)
        assert applied(diff.hunks, lines_a, lines_b) == lines_b
        common = longest_common(lines_a, lines_b)
        assert changed_items(diff.hunks) == len(lines_a) + len(lines_b) - 2 * common
        assert diff.deleted == len(lines_a) - common
        assert diff.inserted == len(lines_b) - common


@pytest.mark.parametrize("seed", range(4))
def test_fuzz_through_anchors_windows_and_halves_is_valid(seed: int) -> None:
    random = Random(seed)
    for _ in range(60):
        kinds = random.choice((2, 5, 50, 1_000_000))
        x = [random.randrange(kinds) for _ in range(random.randrange(50, 1500))]
        y = edited(random, x, edits=random.randrange(60), kinds=kinds)
        tuning = Tuning(
            exact_cells=random.choice((0, 100, 5000)),
            row_bytes=random.choice((200, 32 << 20)),
            window=64,
            affordable_s=random.choice((0.0, 0.25)),
        )
        budget_s = random.choice((None, 5.0, 0.0))
        diff = diff_keys(x, y, budget_s=budget_s, tuning=tuning)
        assert applied(diff.hunks, x, y) == y
        assert not diff.partial or budget_s is not None


@needs_program("git")
@pytest.mark.parametrize("seed", range(3))
def test_never_much_longer_than_git(seed: int, tmp_path: Path) -> None:
    random = Random(seed)
    x = [random.randrange(300) for _ in range(4000)]
    y = edited(random, x, edits=150, kinds=300)
    texts = [b"".join(b"message of kind %d\n" % item for item in each) for each in (x, y)]
    for name, text in zip(("a", "b"), texts, strict=True):
        (tmp_path / name).write_bytes(text)
    command = ["git", "diff", "--no-index", "--minimal", "--numstat", "a", "b"]
    out = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).stdout
    inserted, deleted = map(int, out.split()[:2])
    assert changed_items(diff_bytes(*texts).hunks) <= 1.02 * (inserted + deleted)


def test_no_time_left_gives_a_valid_partial_script() -> None:
    random = Random(5)
    a, b = (b"".join(b"%d\n" % random.randrange(50) for _ in range(3000)) for _ in range(2))
    diff = diff_bytes(b"same\n" + a, b"same\n" + b + b"more\n", budget_s=0.0)
    assert diff.partial
    assert diff.moves == []
    assert diff.hunks[0][0] == 1
    assert b"".join(applied(diff.hunks, split_lines(b"same\n" + a), split_lines(b"same\n" + b + b"more\n")))
    assert verdict(diff).endswith("as far as the time allowed")


def test_moved_block_is_found_at_its_places() -> None:
    lines = numbered_lines(100)
    moved = lines[:20] + lines[30:70] + lines[20:30] + lines[70:]
    diff = diff_bytes(b"".join(lines), b"".join(moved))
    assert diff.moves == [(20, 60, 10)]
    assert (diff.deleted, diff.inserted) == (10, 10)


def test_levels_hide_more_and_more() -> None:
    a = b"2026-11-22T10:00:00Z job took 3 ms\nport 80 open\nport 81 open\nstate ok\n"
    b = b"2026-11-23T11:12:13Z job took 9 ms\nport 80 open\nport 82 open\nstate bad\n"
    exact, volatile, numbers = (diff_bytes(a, b, level=level) for level in ("exact", "volatile", "numbers"))
    assert exact.hunks == [(0, 1, 0, 1), (2, 4, 2, 4)]
    assert volatile.hunks == [(2, 4, 2, 4)]
    assert volatile.ignored.runs == [(0, 0, 1)]
    assert volatile.ignored.by_mask == {"timestamp": 1, "duration": 1}
    assert numbers.hunks == [(3, 4, 3, 4)]
    assert numbers.ignored.by_mask["numbers"] == 1
    assert (exact.ignored.rows, volatile.ignored.rows, numbers.ignored.rows) == (0, 1, 2)
    assert (exact.level, volatile.level, numbers.level) == ("exact", "volatile", "numbers")


@pytest.mark.parametrize(
    ("a", "b", "sentence"),
    [
        (b"a\n", b"a\n", "Identical"),
        (b"at 10:00:00\nend\n", b"at 11:00:00\nend\n", "Only ignored parts differ: 1 line by time"),
        (b"a\nb\n", b"c\n", "2 lines deleted, 1 line inserted"),
    ],
)
def test_verdict_is_one_sentence(a: bytes, b: bytes, sentence: str) -> None:
    assert verdict(diff_bytes(a, b, level="volatile")) == sentence


def test_rule_masks_what_it_matches() -> None:
    rules = [Rule(name="session", pattern=r"session=\w+")]
    diff = diff_bytes(b"open session=ab12 ok\n", b"open session=zz ok\n", level="volatile", rules=rules)
    assert diff.hunks == []
    assert diff.ignored.by_mask == {"rule 'session'": 1}
    assert diff_bytes(b"open session=ab\n", b"open session=zz\n", rules=rules).hunks == [(0, 1, 0, 1)]
    assert diff_bytes(b"x=a y\n", b"x=b y\n", level="volatile", rules=[r"x=\w"]).ignored.by_mask == {r"rule 'x=\w'": 1}


def test_rule_leaves_whole_lines_out() -> None:
    rules = [Rule(name="chatter", pattern="^noise", whole_line=True)]
    a = b"start\nnoise one\nx\ny\nz\nend\n"
    b = b"start\nx\ny\nz\nnoise two\nnoise three\nend\nnoise last\nnew\n"
    diff = diff_bytes(a, b, level="volatile", rules=rules)
    assert diff.hunks == [(6, 6, 8, 9)]
    assert diff.ignored.left_out == [(1, 2, 1, 1), (5, 5, 4, 6), (6, 6, 7, 8)]
    assert diff.ignored.by_mask == {"rule 'chatter'": 4}
    assert diff.ignored.rows == 4
    assert diff.blocks == [(1, 2, 1, 1), (5, 5, 4, 6), (6, 6, 7, 8), (6, 6, 8, 9)]


def test_lines_left_out_on_one_side_alone_are_no_change() -> None:
    rules = [Rule(pattern="noise", whole_line=True)]
    diff = diff_bytes(b"x\n", b"noise\nx\nnoise\n", level="volatile", rules=rules)
    assert diff.hunks == []
    assert verdict(diff) == "Only ignored parts differ: 2 lines by rule 'noise'"
    around = diff_bytes(b"a\nnoise\nold\nnoise\nb\n", b"a\nnew\nnoise\nb\n", level="volatile", rules=rules)
    assert around.hunks == [(2, 3, 1, 2)]
    assert around.ignored.left_out == [(1, 2, 1, 1)]


def test_lines_left_out_that_both_sides_have_are_pairs() -> None:
    rules = [Rule(name="chatter", pattern="noise", whole_line=True)]
    a = b"noise 1 a\nx\nnoise b\nnoise c\ny\n10:00:00 noise\n"
    b = b"noise 1 a\nx\nnoise b\nnoise new\nnoise c\ny\n10:00:01 noise\n"
    assert diff_bytes(a, a, level="volatile", rules=rules).ignored.rows == 0
    assert verdict(diff_bytes(a, a, level="volatile", rules=rules)) == "Identical"
    diff = diff_bytes(a, b, level="volatile", rules=rules)
    assert diff.hunks == []
    assert diff.ignored.left_out == [(3, 3, 3, 4)]
    assert diff.ignored.by_mask == {"rule 'chatter'": 1, "time": 1}
    assert diff.ignored.rows == 2
    swapped = diff_bytes(b, a, level="volatile", rules=rules)
    assert swapped.ignored.left_out == [(3, 4, 3, 3)]


def test_moves_across_lines_left_out_are_kept_where_they_stay_whole() -> None:
    rules = [Rule(pattern="noise", whole_line=True)]
    lines = numbered_lines(60)
    a = b"".join(lines[:10] + lines[10:20] + lines[20:])
    whole = b"".join(lines[:10] + lines[20:40] + lines[10:20] + lines[40:] + [b"noise\n"])
    cut = b"".join(lines[:10] + lines[20:40] + lines[10:15] + [b"noise\n"] + lines[15:20] + lines[40:])
    assert diff_bytes(a, whole, level="volatile", rules=rules).moves == [(10, 30, 10)]
    assert diff_bytes(a, cut, level="volatile", rules=rules).moves == []


def test_stored_keys_give_the_same_result_as_the_texts() -> None:
    a, b = b"x\nat 10:00:00 up\ny\n", b"x\nat 11:00:00 up\nz\n"
    keys = [keys_of(text, level="volatile").lines for text in (a, b)]
    stored = with_ignored(diff_keys(*keys), split_lines(a), split_lines(b), level="volatile")
    assert stored == diff_bytes(a, b, level="volatile")


def test_only_so_many_ignored_rows_are_named() -> None:
    a, b = (b"".join(b"%d at %s\n" % (n % 7, clock) for n in range(20_500)) for clock in (b"10:00:00", b"10:00:01"))
    ignored = diff_bytes(a, b, level="volatile").ignored
    assert (ignored.rows, ignored.by_mask, ignored.unnamed) == (20_500, {"time": 20_000}, 500)


def test_bad_rules_and_levels_are_refused() -> None:
    with pytest.raises(RuleError, match="rule 1"):
        diff_bytes(b"", b"", rules=["("])
    with pytest.raises(ValueError, match="level must be one of exact, volatile, numbers, not 'all'"):
        diff_bytes(b"", b"x", level="all")  # type: ignore[arg-type]


def test_rules_stop_when_the_time_is_over() -> None:
    a, b = (b"".join(b"value %s %d\n" % (word, n) for n in range(10)) for word in (b"old", b"new"))
    assert diff_bytes(a, b, level="volatile", rules=["old|new"]).hunks == []
    late = diff_bytes(a, b, level="volatile", rules=["old|new"], budget_s=0.0)
    assert late.partial
    assert late.hunks == [(0, 10, 0, 10)]


def test_empty_comparison_has_no_rows() -> None:
    assert LineDiff(hunks=[], partial=False).blocks == []
    assert check_rules([]) == []
