"""Is a comparison that was kept the one that was made?"""

from pathlib import Path
from random import Random

import pytest

from tests.diff.scripts import edited
from webapp.compare.drafts import draft
from webapp.compare.saved import load_diff, load_hunks, load_layout, load_summary, save_diff, save_layout
from webapp.diff.fold import Fold
from webapp.diff.layout import lay_out
from webapp.diff.lines import diff_bytes
from webapp.diff.noise import split_lines
from webapp.diff.pairing import align
from webapp.diff.rules import Rule

pytestmark = pytest.mark.unit


def texts(seed: int) -> tuple[bytes, bytes]:
    random = Random(seed)
    x = [random.randrange(80) for _ in range(400)]
    y = edited(random, x, edits=30, kinds=80)
    words = ("noise %d", "10:00:%02d step", "took %d ms", "line %d")
    return tuple(b"".join(f"{words[n % 4] % n}\n".encode() for n in each) for each in (x, y))  # type: ignore[return-value]


@pytest.mark.parametrize("seed", range(4))
def test_what_is_loaded_is_what_was_saved(seed: int, tmp_path: Path) -> None:
    a, b = texts(seed)
    diff = diff_bytes(a, b, level="volatile", rules=[Rule(pattern="^noise", whole_line=True)])
    alignment = align(diff, split_lines(a), split_lines(b))
    save_diff(tmp_path / "diff", diff, alignment)
    assert load_diff(tmp_path / "diff") == (diff, alignment)
    assert list(load_hunks(tmp_path / "diff")) == diff.hunks
    summary = load_summary(tmp_path / "diff")
    assert (summary.deleted, summary.inserted, summary.hunks) == (diff.deleted, diff.inserted, len(diff.hunks))
    assert (summary.ignored, summary.ignored_by) == (diff.ignored.rows, diff.ignored.by_mask)
    laid = lay_out(diff, alignment, view="unified", context=1, unfold_ignored=False)
    save_layout(tmp_path / "rows", laid)
    before, after = Fold(laid), Fold(load_layout(tmp_path / "rows"))
    assert after.rows(0, after.row_count) == before.rows(0, before.row_count)
    assert after.unfold(0) == before.unfold(0)


def test_hunks_are_a_sequence(tmp_path: Path) -> None:
    diff = diff_bytes(b"a\nb\nc\nd\n", b"x\nb\ny\nd\n")
    save_diff(tmp_path / "diff", diff, align(diff, [b""] * 4, [b""] * 4))
    hunks = load_hunks(tmp_path / "diff")
    assert (hunks[1], list(hunks[:1])) == ((2, 3, 2, 3), [(0, 1, 0, 1)])
    with pytest.raises(IndexError):
        hunks[2]


def write_half(path: Path) -> None:
    with draft(path) as made:
        made.write_text("half")
        raise RuntimeError("the disk is full")


def test_a_draft_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("before")
    with pytest.raises(RuntimeError, match="full"):
        write_half(path)
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]
