"""Are the lines of a text on disk those of the text, whatever its bytes?"""

from pathlib import Path

import pytest

from tests.diff.test_lines import EDGE_CASES
from webapp.compare import linefile
from webapp.compare.linefile import FileLines, count_lines, write_index
from webapp.diff.noise import split_lines

pytestmark = pytest.mark.unit

TEXTS = {f"{name}, {side}": pair[side == "b"] for name, pair in EDGE_CASES.items() for side in ("a", "b")}


def file_of(folder: Path, data: bytes) -> FileLines:
    (folder / "text").write_bytes(data)
    write_index(folder)
    return FileLines(folder)


@pytest.mark.parametrize("name", TEXTS)
def test_lines_are_those_of_the_text(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linefile, "BLOCK", 7)
    expected = split_lines(TEXTS[name])
    with file_of(tmp_path, TEXTS[name]) as lines:
        assert len(lines) == len(expected) == count_lines(tmp_path)
        assert lines[:] == expected
        assert [lines[place] for place in range(min(len(lines), 30))] == expected[:30]
        assert lines[1:3] == expected[1:3]
        assert lines[5:2] == []
        assert b"".join(lines.blocks()) == TEXTS[name]
        assert all(block.endswith(b"\n") for block in list(lines.blocks())[:-1])


def test_only_the_head_of_a_long_line_is_read(tmp_path: Path) -> None:
    with file_of(tmp_path, b"one\n" + b"x" * 1000 + b"\n") as lines:
        assert lines.head(1, 5) == (b"xxxxx", 1001)
        assert lines.head(0, 100) == (b"one\n", 4)
        for place in (2, -1):
            with pytest.raises(IndexError):
                lines[place]
