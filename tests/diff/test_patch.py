"""Is a patch what Git and patch take, byte for byte?"""

import subprocess
from pathlib import Path
from random import Random

import pytest

from tests.diff.scripts import edited, numbered_lines
from tests.diff.test_lines import EDGE_CASES
from tests.programs import needs_program
from webapp.diff.lines import diff_bytes
from webapp.diff.noise import split_lines
from webapp.diff.patch import unified_patch

pytestmark = pytest.mark.unit


def patch_of(a: bytes, b: bytes, *, context: int | None = 3, name: str = "run.log") -> bytes:
    pieces = unified_patch(
        diff_bytes(a, b).hunks, split_lines(a), split_lines(b), a_name=name, b_name=name, context=context
    )
    return b"".join(pieces)


def applied_by_git(folder: Path, a: bytes, patch: bytes, *, name: str = "run.log") -> bytes:
    (folder / name).write_bytes(a)
    (folder / "change.patch").write_bytes(patch)
    command = ["git", "apply", "--unidiff-zero", "--whitespace=nowarn", "change.patch"]
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    return (folder / name).read_bytes()


def test_patch_reads_as_everywhere() -> None:
    a = b"".join(numbered_lines(12))
    b = a.replace(b"line 1 of", b"row 1 of").replace(b"line 11 of many\n", b"row 11 of many")
    assert patch_of(a, b, context=1) == (
        b"--- a/run.log\n+++ b/run.log\n"
        b"@@ -1,3 +1,3 @@\n line 0 of many\n-line 1 of many\n+row 1 of many\n line 2 of many\n"
        b"@@ -11,2 +11,2 @@\n line 10 of many\n-line 11 of many\n+row 11 of many\n\\ No newline at end of file\n"
    )
    assert patch_of(a, a) == b""
    assert patch_of(b"", b"x\n") == b"--- a/run.log\n+++ b/run.log\n@@ -0,0 +1 @@\n+x\n"
    assert patch_of(a, b, context=None).count(b"@@ -") == 1


@needs_program("git")
@pytest.mark.parametrize("name", [name for name, (a, b) in EDGE_CASES.items() if a != b])
@pytest.mark.parametrize("context", [0, 3, None])
def test_git_applies_every_edge_case(name: str, context: int | None, tmp_path: Path) -> None:
    a, b = EDGE_CASES[name]
    assert applied_by_git(tmp_path, a, patch_of(a, b, context=context)) == b


@needs_program("git")
@pytest.mark.parametrize("seed", range(4))
def test_git_applies_random_patches(seed: int, tmp_path: Path) -> None:
    random = Random(seed)
    for context in (0, 1, 3, 10, None):
        x = [random.randrange(30) for _ in range(400)]
        y = edited(random, x, edits=25, kinds=30)
        a, b = (b"\n".join(b"item %d" % item for item in each) for each in (x, y))
        assert applied_by_git(tmp_path, a, patch_of(a, b, context=context)) == b


@needs_program("git")
@pytest.mark.parametrize("name", ["with space.log", 'qu"ote\\.log', "tab\there.log", "new\nline.log", "ünï.log"])
def test_any_name_stays_on_its_line(name: str, tmp_path: Path) -> None:
    patch = patch_of(b"a\n", b"b\n", name=name)
    assert patch.count(b"\n") == 5
    assert applied_by_git(tmp_path, b"a\n", patch, name=name) == b"b\n"


def test_patch_at_a_level_applies_to_the_older_text() -> None:
    a = b"10:00:00 start\nkeep\nold\n"
    b = b"11:11:11 start\nkeep\nnew\n"
    diff = diff_bytes(a, b, level="volatile")
    patch = b"".join(unified_patch(diff.hunks, split_lines(a), split_lines(b)))
    assert b" 10:00:00 start\n keep\n-old\n+new\n" in patch
    assert b"11:11:11" not in patch
