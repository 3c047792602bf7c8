"""Are lines cut at line ends alone, and is a level found where a reader would see one?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.domain.ansi import PLAIN
from webapp.domain.loglines import (
    LEVEL_HEAD,
    LINE_END,
    LineLevel,
    count_levels,
    cut_line,
    find_marked,
    find_newline,
    level_of,
)

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("line", "level"),
    [
        (b"2026-11-22 08:00:00,123 ERROR    [main] boom", "error"),
        (b"CRITICAL: no disk", "error"),
        (b"FATAL x", "error"),
        (b"PANIC", "error"),
        (b"<3>ERR link", "error"),
        (b"[WARN] slow", "warning"),
        (b"|WARNING|x", "warning"),
        (b"NOTICE x", "info"),
        (b"INFO no ERROR here", "info"),
        (b"ERROR beats the later INFO", "error"),
        (b"TRACE x", "debug"),
        (b"\x1b[1;31mERROR\x1b[0m coloured", "error"),
        (b"time=1 level=warn msg=x", "warning"),
        (b'{"level": "error", "msg": "x"}', "error"),
        (b'{"level":"info","msg":"ERROR was cleared"}', "info"),
        (b"severity=Critical", "error"),
        (b"loglevel: debug", "debug"),
        (b"a.c:10:5: error: expected ';'", "error"),
        (b"fatal: not a git repository", "error"),
        (b"Warning: x", "warning"),
        (b"2026/11/22 [error] 12#0: x", "error"),
        (b"ERROR.", "error"),
        (b"ERROR", "error"),
        (b"\xe9\xffERROR x", "error"),
    ],
)
def test_level_of_a_line_that_names_one(line: bytes, level: str) -> None:
    assert level_of(line) == level


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"/var/log/ERROR/today",
        b"wrote ERROR.log",
        b"C:\\ERROR\\x",
        b"GET /ERROR HTTP/1.1",
        b"test-ERROR passed",
        b"MY_ERROR_COUNT",
        b"ERROR=0",
        b"ERROR_CODE",
        b"0 ERROR(s), 0 WARNING(s)",
        b"no errors, 0 warnings",
        b"the error was fixed",
        b"ValueError: x",
        b"std::error::code",
        b"WARNINGS follow",
        b"sublevel error",
        b"x" * LEVEL_HEAD + b" ERROR",
    ],
)
def test_level_of_a_line_without_one(line: bytes) -> None:
    assert level_of(line) is LineLevel.NONE


WORDS = b"ERROR WARN ING INFO error : [ ] E RROR err level= warn / = S severity critical".split()
PARTS = st.sampled_from([*WORDS, b"\n", b" ", b"x" * 380, b"\x1b[31m"])


@given(st.lists(PARTS, max_size=30))
def test_counts_of_a_block_are_those_of_its_lines(parts: list[bytes]) -> None:
    block = b"".join(parts)
    levels = [level_of(line) for line in block.split(b"\n")]
    assert count_levels(block) == (levels.count(LineLevel.ERROR), levels.count(LineLevel.WARNING))
    starts = [0, *(position + 1 for position, byte in enumerate(block) if byte == 10)]
    expected = {start: level for start, level in zip(starts, levels, strict=True) if level in ("error", "warning")}
    assert find_marked(block) == expected


@given(st.lists(st.sampled_from([b"\n", b"a", b"b" * 5000, b"\n" * 5000]), max_size=12))
def test_find_newline_counts_from_one(parts: list[bytes]) -> None:
    data = b"".join(parts)
    positions = [position for position, byte in enumerate(data) if byte == 10]
    for number in {1, len(positions) // 2, len(positions)} - {0}:
        if number <= len(positions):
            assert find_newline(data, number) == positions[number - 1]
    with pytest.raises(ValueError, match="subsection not found"):
        find_newline(data, len(positions) + 1)


def test_a_line_is_handed_over_whole_up_to_16_kib() -> None:
    data = b"a" * (2 * LINE_END) + b"\n"
    line = cut_line(data, 0, 2 * LINE_END, style=PLAIN)
    assert (line.head, line.size, line.tail) == (data[:-1], 2 * LINE_END, b"")


def test_a_longer_line_is_handed_over_as_its_ends_with_the_colours_between() -> None:
    data = b"a" * LINE_END + b"\x1b[32m" + b"m" * LINE_END + b"z" * LINE_END
    line = cut_line(data, 0, len(data), style=PLAIN)
    assert (line.head, line.tail, line.tail_sgr) == (b"a" * LINE_END, b"z" * LINE_END, "32")
    assert line.size == len(data)


def test_the_end_of_a_line_splits_no_escape() -> None:
    data = b"a" * (2 * LINE_END) + b"\x1b[1;31m" + b"z" * (LINE_END - 3)
    line = cut_line(data, 0, len(data), style=PLAIN)
    assert line.tail.startswith(b"\x1b[1;31m")
    assert line.tail_sgr == ""
