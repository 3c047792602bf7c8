"""Is JSON told from what is none, and do equal meanings get equal canonical texts?"""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.domain import jsontext
from webapp.domain.jsontext import MAX_DEPTH, canonical, check_depth
from webapp.errors import InvalidError

pytestmark = pytest.mark.unit

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
    max_leaves=20,
)


def checked(raw: bytes) -> bytes:
    check_depth(raw, path="result")
    return canonical(raw, path="result")


def fault_of(raw: bytes) -> str:
    with pytest.raises(InvalidError) as caught:
        checked(raw)
    [(path, message)] = caught.value.faults
    assert path == "result"
    return message


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b' {"b" : 1,\n"a":[ ]} ', b'{"a":[],"b":1}'),
        (b"[1.0, 1e0, 10E-1, 1, 100e-2]", b"[1,1,1,1,1]"),
        (b"[-0, -0.0, 0e9, 0]", b"[0,0,0,0]"),
        (b"[0.10, 1.50, 1e-7, -2.5e3]", b"[0.1,1.5,0.0000001,-2500]"),
        (b"0.1000000000000000055511151231257827", b"0.1000000000000000055511151231257827"),
        (b"18446744073709551617", b"18446744073709551617"),
        (b"1e9999", b"1e9999"),
        (b"1" * 5000, b"1" * 5000),
        (b'"\\u0041\\/\\ud83d\\ude00"', '"A/😀"'.encode()),
        (b'{"a":1,"a":2}', b'{"a":1,"a":2}'),
        (b'{"a":2,"b":0,"a":1}', b'{"a":2,"a":1,"b":0}'),
        (b'{"a" :1,"a":1}', b'{"a":1,"a":1}'),
        (b'["\\u003a",{"a":1,"a":2,"x":":"}]', b'[":",{"a":1,"a":2,"x":":"}]'),
        (b'{"a":{"x":1,"x":1},"b":"\\":"}', b'{"a":{"x":1,"x":1},"b":"\\":"}'),
    ],
)
def test_canonical_text_is_exact(raw: bytes, expected: bytes) -> None:
    assert canonical(raw) == expected


@given(VALUES)
def test_large_texts_get_the_same_canonical_text(value: Any) -> None:
    raw = json.dumps(value, indent=1).encode()
    large = raw + b" " * (jsontext.LARGE + 1)
    assert canonical(raw) == canonical(large)
    assert canonical(raw) == canonical(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())


@given(VALUES)
def test_canonical_text_means_the_same(value: Any) -> None:
    raw = json.dumps(value).encode()
    assert _meaning(canonical(raw)) == _meaning(raw)


@given(VALUES, VALUES)
def test_equal_texts_are_those_of_equal_meaning(one: Any, other: Any) -> None:
    first, second = json.dumps(one).encode(), json.dumps(other).encode()
    assert (canonical(first) == canonical(second)) == (_meaning(first) == _meaning(second))


def _meaning(raw: bytes) -> Any:
    """Read JSON with exact numbers, which are told from true and false."""
    return json.loads(raw, parse_int=_exact, parse_float=_exact)


def _exact(text: str) -> tuple[str, Decimal]:
    return "number", Decimal(text)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"NaN", "expected JSON, which has no NaN (byte 0)"),
        (b"[1, -Infinity]", "which has no Infinity (byte 5)"),
        (b'{"a":"\\ud800"}', "expected valid Unicode, got the escape of a lone surrogate (byte 6)"),
        (b'"\\udc00\\ud800"', "lone surrogate (byte 1)"),
        (b'"\xff"', "expected UTF-8, got the byte 0xFF (byte 1)"),
        (b"[1,", "expected JSON"),
        (b"", "expected JSON"),
        (b"01", "expected JSON"),
        (b"{'a':1}", "expected JSON"),
        (b'"a\x01"', "(byte 2)"),
        (b"1 2", "expected JSON"),
        (b"\xef\xbb\xbf{}", "(byte 0)"),
        (b"[" * 100_000, "expected at most 512 levels of nesting (byte 512)"),
    ],
)
def test_what_is_no_json_is_refused_with_its_place(raw: bytes, expected: str) -> None:
    assert expected in fault_of(raw)


@pytest.mark.parametrize("raw", [b'["NaN"', b"[NaN]", b'"\\ud800"', b'"\xff"', b"[1,]", b"[-Infinity]"])
def test_large_text_that_is_no_json_is_refused(raw: bytes) -> None:
    assert "(byte " in fault_of(raw + b" " * (jsontext.LARGE + 1))


def test_depth_counts_brackets_outside_of_strings() -> None:
    deep = b"[" * MAX_DEPTH + b"]" * MAX_DEPTH
    assert canonical(deep) == deep
    assert "nesting" in fault_of(b"[" + deep + b"]")
    brackets = b'["' + b"[{" * 600 + b'\\"[\\\\",{"]":"}"}]'
    assert checked(brackets) == brackets
