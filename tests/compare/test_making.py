"""Does every text give a right comparison on disk, whatever its bytes, at every level, and is it searched rightly?"""

from pathlib import Path
from typing import get_args

import pytest
from msgspec import structs

from tests.diff.scripts import applied
from tests.diff.test_lines import EDGE_CASES
from webapp.compare import linefile, making
from webapp.compare.difference import open_difference
from webapp.compare.making import Order, Origin, make, make_messages, written_out
from webapp.compare.texts import Text
from webapp.diff.noise import Level, split_lines
from webapp.errors import TooLargeError

pytestmark = pytest.mark.unit


def order_of(folder: Path, a: bytes, b: bytes, **wanted: object) -> Order:
    for name, data in (("a", a), ("b", b)):
        (folder / name).mkdir()
        (folder / name / "raw").write_bytes(data)
    (folder / "pair").mkdir()
    origins = [Origin(folder=str(folder / name), name=name) for name in ("a", "b")]
    return structs.replace(Order(a=origins[0], b=origins[1], folder=str(folder / "pair")), **wanted)


def made(order: Order, said: list[str] | None = None) -> Order:
    make(order, (said if said is not None else []).append)
    make_messages(order)
    return order


NOBODY = Text(key=(), name="", size=0, pieces=lambda: iter(()))


@pytest.mark.parametrize("level", get_args(Level))
@pytest.mark.parametrize("name", EDGE_CASES)
def test_every_byte_case(name: str, level: Level, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linefile, "BLOCK", 1_000)
    a, b = EDGE_CASES[name]
    order = made(order_of(tmp_path, a, b, level=level, context=None))
    difference = open_difference(order, (NOBODY, NOBODY))
    with difference.lines() as (lines_a, lines_b):
        assert (b"".join(lines_a[:]), b"".join(lines_b[:])) == (a, b)
    if level == "exact":
        assert b"".join(applied(difference.hunks(), split_lines(a), split_lines(b))) == b
        assert (difference.summary.verdict == "Identical") == (a == b)
    rows = difference.fold().rows(0, 5_000)
    assert [row.a for row in rows if row.a] == list(range(1, len(split_lines(a)) + 1))
    assert [row.b for row in rows if row.b] == list(range(1, len(split_lines(b)) + 1))
    assert difference.messages() is not None


def test_a_step_that_was_taken_is_not_taken_again(tmp_path: Path) -> None:
    order = order_of(tmp_path, b"x\ny\n", b"x\nz\n")
    said: list[str] = []
    made(order, said)
    assert said == ["reading a", "reading b", "comparing the lines", "laying out the rows"]
    said.clear()
    made(structs.replace(order, find="y", view="unified"), said)
    assert said == ["reading a", "reading b", "laying out the rows", "searching"]


def test_search_counts_each_line_once_across_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linefile, "BLOCK", 10)
    a = b"".join(b"Eth%d eth eth\nother\n" % number for number in range(30)) + b"eth"
    order = made(order_of(tmp_path, a, b"ETH\n", context=None, find="eth"))
    difference = open_difference(order, (NOBODY, NOBODY))
    fold = difference.fold()
    with difference.lines() as lines:
        found = list(difference.hits())
        for number, row in enumerate(fold.rows(0, fold.row_count)):
            texts = (
                each[line - 1].lower() for each, line in zip(lines, (row.a, row.b), strict=True) if line is not None
            )
            assert (number in found) == any(b"eth" in text for text in texts)


def test_only_so_many_hits_are_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(making, "MAX_HITS", 5)
    order = made(order_of(tmp_path, b"x\n" * 50, b"x\n" * 50, context=None, find="x"))
    assert len(open_difference(order, (NOBODY, NOBODY)).hits()) == 5


def test_ranges_of_lines(tmp_path: Path) -> None:
    order = order_of(tmp_path, b"1\n2\n3\n4\n", b"1\n2\n3\n4\n")
    order = structs.replace(order, a=structs.replace(order.a, first=1, stop=3), b=structs.replace(order.b, first=2))
    difference = open_difference(made(order), (NOBODY, NOBODY))
    with difference.lines() as (a, b):
        assert (a[:], b[:]) == ([b"2\n", b"3\n"], [b"3\n", b"4\n"])


def test_long_messages_and_values_are_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(making, "MAX_MESSAGES", 1)
    order = made(order_of(tmp_path, b"one\ntwo\n", b"x" * 5_000 + b"\nother\n"))
    messages = open_difference(order, (NOBODY, NOBODY)).messages()
    assert messages is not None
    assert (messages.new_count, messages.gone_count, len(messages.new)) == (2, 2, 1)
    assert messages.new[0].text == "x" * 300
    (tmp_path / "json").mkdir()
    order = order_of(tmp_path / "json", b'["a"]', b'["' + b"b" * 5_000 + b'"]')
    origins = [structs.replace(each, is_json=True) for each in (order.a, order.b)]
    order = made(structs.replace(order, a=origins[0], b=origins[1], values=True))
    values = open_difference(order, (NOBODY, NOBODY)).values()
    assert values is not None
    assert values.items[0].new == '"' + "b" * 399 + "…"


def test_long_values_show_where_they_differ(tmp_path: Path) -> None:
    texts = [b'["' + b"a" * 5_000 + each + b'"]' for each in (b"old", b"new")]
    order = order_of(tmp_path, *texts)
    origins = [structs.replace(each, is_json=True) for each in (order.a, order.b)]
    values = open_difference(
        made(structs.replace(order, a=origins[0], b=origins[1], values=True)), (NOBODY, NOBODY)
    ).values()
    assert values is not None
    before = "…" + "a" * making.LEAD
    assert (values.items[0].old, values.items[0].new) == (f'{before}old"', f'{before}new"')


def test_json_is_written_out_with_a_value_and_a_line_of_text_each() -> None:
    assert written_out(b'{"a":"x\\ny\\n","b":[1,2],"c":"\\\\n"}').splitlines() == [
        b"{",
        b'  "a": "x\\n',
        b'y\\n",',
        b'  "b": [',
        b"    1,",
        b"    2",
        b"  ],",
        b'  "c": "\\\\n"',
        b"}",
    ]


def test_too_many_lines_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(making, "MAX_LINES", 1)
    with pytest.raises(TooLargeError, match="b has 2 lines; up to 1 lines are compared at once"):
        made(order_of(tmp_path, b"x\n", b"x\ny\n"))
