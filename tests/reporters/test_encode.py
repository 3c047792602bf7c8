"""Does every value become JSON that a server accepts, and does every uid sort by its time?"""

import ast
import datetime as dt
import json
import sys
import time
import uuid
from pathlib import Path, PurePosixPath

import pytest

import webapp
from webapp.reporters import afterrun
from webapp.reporters.afterrun import encode, new_uid

pytestmark = pytest.mark.unit


class Silent:
    """Something that cannot be shown."""

    def __repr__(self) -> str:
        raise RuntimeError("no words")


class Plain:
    """Something with a repr."""

    def __repr__(self) -> str:
        return "<plain>"


def test_uid_is_a_uuid7_of_now() -> None:
    before = time.time_ns() // 1_000_000
    made = uuid.UUID(new_uid())
    after = time.time_ns() // 1_000_000
    assert made.version == 7
    assert made.variant == uuid.RFC_4122
    assert before <= made.int >> 80 <= after


def test_uids_are_never_the_same() -> None:
    assert len({new_uid() for _ in range(10_000)}) == 10_000


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": 1, "a": [True, None]}, '{"b":1,"a":[true,null]}'),
        (2**70, str(2**70)),
        ("é\u2028\x00", '"é\u2028\\u0000"'),
        (b"\xffok", '"\ufffdok"'),
        ({"z", "a"}, '["a","z"]'),
        (dt.date(2026, 1, 2), '"2026-01-02"'),
        (PurePosixPath("/etc/hosts"), '"/etc/hosts"'),
        (Plain(), '"<plain>"'),
        (Silent(), '"<Silent without a repr>"'),
        ({("a", 1): 2}, "{\"('a', 1)\":2}"),
        ("a\ud800b", '"a\ufffdb"'),
        ({"\udfff": 1}, '{"\ufffd":1}'),
        ({1: {2.5: "x"}}, '{"1":{"2.5":"x"}}'),
    ],
)
def test_value_becomes_json(value: object, text: str) -> None:
    assert encode(value) == text.encode()


def test_number_without_json_becomes_null_with_a_note() -> None:
    notes: list[str] = []
    data = encode({"cpu": [1.5, float("nan")], "io": {"rate": float("-inf")}}, notes)
    assert json.loads(data) == {"cpu": [1.5, None], "io": {"rate": None}}
    assert notes == ["cpu[1]: nan became null", "io.rate: -inf became null"]


def test_circle_is_cut_with_a_note() -> None:
    circle: list[object] = []
    circle.append(circle)
    notes: list[str] = []
    assert b"nested too deep" in encode(circle, notes)
    assert len(notes) == 1
    assert "nested too deep" in notes[0]


def test_file_keeps_to_old_python_and_the_standard_library() -> None:
    path = Path(afterrun.__file__)
    tree = ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 8))
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    names = {alias.name for node in imports if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in imports if isinstance(node, ast.ImportFrom)}
    roots = {name.partition(".")[0] for name in names}
    assert roots <= sys.stdlib_module_names
    assert "webapp" not in roots


def test_version_is_the_products() -> None:
    assert webapp.__version__ == afterrun.VERSION
