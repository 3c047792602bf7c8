"""Is a difference told that matters, and nothing that a service ignores?"""

import json
from typing import Any

import pytest

from webapp.compare.meaning import are_alike
from webapp.domain.compare_options import read_compare_options

pytestmark = pytest.mark.unit

RULES = {
    "compare": {
        "rules": [
            {"kind": "path", "pattern": "$..uptime"},
            {"kind": "tolerance", "tolerance": 0.5},
            {"kind": "mask", "pattern": "session [0-9a-f]+"},
            {"kind": "line", "pattern": "^DEBUG"},
        ]
    }
}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({"uptime": 1, "a": 1}, {"uptime": 9, "a": 1}, True),
        ({"load": 1.0}, {"load": 1.4}, True),
        ({"load": 1.0}, {"load": 1.6}, False),
        ({"text": "session ab12 up"}, {"text": "session ff up"}, True),
        ({"text": "session ab12 up"}, {"text": "session ab12 down"}, False),
        ({"text": "DEBUG a\nup"}, {"text": "DEBUG b\nup"}, True),
        ({"text": "at 2026-11-22T10:11:12Z"}, {"text": "at 2026-11-23T01:02:03Z"}, True),
        ({"text": "1"}, {"text": 1}, False),
        ({"a": 1}, {"a": 1, "b": 2}, False),
        ({"a": 1}, {"a": 1}, True),
    ],
)
def test_pair_is_alike_or_not(old: Any, new: Any, *, expected: bool) -> None:
    pair = (json.dumps(old).encode(), json.dumps(new).encode())
    assert are_alike([pair], read_compare_options(RULES)) == [expected]


def test_what_is_no_json_has_changed() -> None:
    assert are_alike([(b"no JSON", b"{}"), (b"[" * 100_000, b"{}")], read_compare_options({})) == [False, False]
    assert are_alike([], read_compare_options({})) == []


def test_rules_that_never_end_make_no_pair_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webapp.compare.meaning.BUDGET_S", 0.001)
    pair = (b'{"a": "session 1"}', b'{"a": "session 2"}')
    assert are_alike([pair, (b'{"uptime": 1}', b'{"uptime": 2}')], read_compare_options(RULES)) == [False, True]
