"""Are the rows of a comparison complete, in order, and the same however they are asked for?"""

from random import Random
from typing import Literal

import pytest

from tests.diff.scripts import edited, numbered_lines
from webapp.diff.fold import CONTEXTS, Fold, Row
from webapp.diff.layout import View, lay_out
from webapp.diff.lines import diff_bytes, diff_keys
from webapp.diff.noise import Level, split_lines
from webapp.diff.pairing import align
from webapp.diff.rules import Rule

pytestmark = pytest.mark.unit

VIEWS: tuple[View, ...] = ("side", "unified")


def fold_of(
    a: bytes,
    b: bytes,
    *,
    view: View = "side",
    context: int | None = 3,
    level: Level = "exact",
    unfold_ignored: bool = False,
) -> Fold:
    rules = [Rule(pattern="^noise", whole_line=True)] if level != "exact" else []
    lines = split_lines(a), split_lines(b)
    diff = diff_bytes(a, b, level=level, rules=rules)
    return Fold(lay_out(diff, align(diff, *lines), view=view, context=context, unfold_ignored=unfold_ignored))


def short(rows: list[Row]) -> list[tuple[str, int | None, int | None]]:
    return [(row.kind, row.a, row.b) for row in rows]


def unfolded(fold: Fold) -> list[Row]:
    rows = enumerate(fold.rows(0, fold.row_count))
    return [each for number, row in rows for each in (fold.unfold(number) if row.kind == "fold" else [row])]


A = b"".join([*numbered_lines(20), b"old\n", *numbered_lines(20, start=20)])
B = b"".join([*numbered_lines(20), b"new\n", b"more\n", *numbered_lines(20, start=20)])


def test_side_by_side_shows_pairs_in_one_row() -> None:
    fold = fold_of(A, B)
    assert short(fold.rows(0, 99)) == [
        ("fold", 1, 1),
        ("equal", 18, 18),
        ("equal", 19, 19),
        ("equal", 20, 20),
        ("replace", 21, 21),
        ("insert", None, 22),
        ("equal", 22, 23),
        ("equal", 23, 24),
        ("equal", 24, 25),
        ("fold", 25, 26),
    ]
    assert fold.row_count == 10
    assert fold.hunk_rows.tolist() == [4]
    assert [row.hunk for row in fold.rows(3, 6)] == [None, 0, None]
    assert [row.hidden for row in fold.rows(0, 99) if row.kind == "fold"] == [17, 17]


def test_unified_shows_what_went_then_what_came() -> None:
    fold = fold_of(A, B, view="unified", context=1)
    assert fold.rows(1, 6) == [
        Row(kind="equal", a=20, b=20),
        Row(kind="delete", a=21, b=None, partner=21, hunk=0),
        Row(kind="insert", a=None, b=21, partner=21),
        Row(kind="insert", a=None, b=22),
        Row(kind="equal", a=22, b=23),
    ]


def test_everything_shows_with_all_context() -> None:
    fold = fold_of(A, B, context=None)
    assert {row.kind for row in fold.rows(0, 99)} == {"equal", "replace", "insert"}
    assert fold.row_count == 42


def test_a_fold_opens_whole_or_in_part() -> None:
    fold = fold_of(A, B)
    assert short(fold.unfold(0)) == [("equal", n, n) for n in range(1, 18)]
    assert short(fold.unfold(9, 2, 4)) == [("equal", 27, 28), ("equal", 28, 29)]
    assert short(fold.unfold(9, 15, 99)) == [("equal", 40, 41), ("equal", 41, 42)]
    assert fold.unfold(1) == fold.unfold(-1) == fold.unfold(10) == []


def test_a_single_line_is_not_folded() -> None:
    lines = numbered_lines(9)
    changed = [b"new\n", *lines[1:8], b"new too\n"]
    rows = fold_of(b"".join(lines), b"".join(changed)).rows(0, 99)
    assert {row.kind for row in rows} == {"equal", "replace"}


def test_equal_texts_are_one_fold_and_empty_ones_nothing() -> None:
    assert short(fold_of(A, A).rows(0, 9)) == [("fold", 1, 1)]
    assert fold_of(b"", b"").rows(0, 9) == []
    assert fold_of(b"", b"").row_of("a", 1) is None


def test_moved_lines_know_their_other_place() -> None:
    lines = numbered_lines(30)
    moved = lines[:5] + lines[8:20] + lines[5:8] + lines[20:]
    for view in VIEWS:
        rows = fold_of(b"".join(lines), b"".join(moved), view=view, context=None).rows(0, 99)
        went = [row for row in rows if row.kind == "moved" and row.a]
        came = [row for row in rows if row.kind == "moved" and row.b]
        assert [(row.a, row.b, row.partner) for row in went] == [(6, None, 18), (7, None, 19), (8, None, 20)]
        assert [(row.a, row.b, row.partner) for row in came] == [(None, 18, 6), (None, 19, 7), (None, 20, 8)]


def test_ignored_rows_are_marked_folded_and_unfolded() -> None:
    a = b"".join(b"10:00:00 step %s\n" % word for word in (b"a", b"b", b"c", b"d", b"e", b"f", b"g", b"h"))
    b = a.replace(b"10:00:00 step d", b"10:00:09 step d").replace(b"step h", b"stop h")
    folded = fold_of(a, b, level="volatile", context=1)
    assert short(folded.rows(0, 9)) == [("fold", 1, 1), ("equal", 7, 7), ("replace", 8, 8)]
    assert [row.kind for row in folded.unfold(0)].count("ignored") == 1
    shown = fold_of(a, b, level="volatile", context=1, unfold_ignored=True)
    assert short(shown.rows(0, 9)) == [
        ("fold", 1, 1),
        ("equal", 3, 3),
        ("ignored", 4, 4),
        ("equal", 5, 5),
        ("equal", 6, 6),
        ("equal", 7, 7),
        ("replace", 8, 8),
    ]


@pytest.mark.parametrize("view", VIEWS)
def test_lines_left_out_are_ignored_rows(view: View) -> None:
    a, b = b"a\nnoise 1\nnoise 2\nb\nc\nd\n", b"a\nnoise 3\nb\nc\nnoise 4\nX\n"
    fold = fold_of(a, b, level="volatile", view=view, context=None)
    ignored = [(row.a, row.b) for row in fold.rows(0, 99) if row.kind == "ignored"]
    assert ignored == [(2, 2), (3, None), (None, 5)]
    folded = fold_of(a, b, level="volatile", view=view, context=0)
    assert folded.rows(0, 1)[0].kind == "fold"
    assert sorted(row.a for row in unfolded(folded) if row.a) == [1, 2, 3, 4, 5, 6]
    assert sorted(row.b for row in unfolded(folded) if row.b) == [1, 2, 3, 4, 5, 6]
    assert fold_of(a, b, level="volatile", view=view, unfold_ignored=True).rows(1, 2)[0].kind == "ignored"


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("context", CONTEXTS)
def test_rows_are_complete_and_every_line_finds_its_row(view: View, context: int | None) -> None:
    random = Random(7)
    x = [random.randrange(200) for _ in range(700)]
    y = edited(random, x, edits=12, kinds=200)
    words = (b"10:00:%02d up %d\n", b"noise %d of %d\n", b"at 11:00:%02d down %d\n")
    for level in ("exact", "volatile"):
        texts = [b"".join(words[n % 3] % (random.randrange(60), n) for n in each) for each in (x, y)]
        for unfold in (False, True):
            fold = fold_of(*texts, view=view, context=context, level=level, unfold_ignored=unfold)
            check_rows(fold, len(x), len(y), random)


def check_rows(fold: Fold, a_size: int, b_size: int, random: Random) -> None:
    rows = fold.rows(0, fold.row_count)
    assert len(rows) == fold.row_count
    assert [number for number, row in enumerate(rows) if row.hunk is not None] == list(fold.hunk_rows)
    everything = unfolded(fold)
    assert [row.a for row in everything if row.a] == list(range(1, a_size + 1))
    assert [row.b for row in everything if row.b] == list(range(1, b_size + 1))
    start = random.randrange(fold.row_count)
    assert fold.rows(start, start + 50) == rows[start : start + 50]
    sides: tuple[tuple[Literal["a", "b"], int], ...] = (("a", a_size), ("b", b_size))
    for side, size in sides:
        for line in random.sample(range(1, size + 1), 30):
            place = fold.row_of(side, line)
            assert place is not None
            shown = fold.unfold(place) if rows[place].kind == "fold" else [rows[place]]
            assert line in [getattr(row, side) for row in shown]
        assert fold.row_of(side, 0) is None
        assert fold.row_of(side, size + 1) is None


def test_a_few_rows_of_many_come_without_the_others() -> None:
    a = [b"%d\n" % n for n in range(200_000)]
    b = [b"x\n" if n % 1000 == 7 else line for n, line in enumerate(a)]
    diff = diff_keys(a, b)
    fold = Fold(lay_out(diff, align(diff, a, b), view="side", context=None, unfold_ignored=False))
    assert fold.row_count == 200_000
    assert len(fold.hunk_rows) == 200
    assert [row.kind for row in fold.rows(100_006, 100_009)] == ["equal", "replace", "equal"]
    assert fold.rows(100_007, 100_008)[0].hunk == 100
    assert fold.rows(200_000, 200_400) == fold.rows(5, 5) == []
